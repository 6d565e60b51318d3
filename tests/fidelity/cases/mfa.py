# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MFA API. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import NotSeen, equal, has_status, holds, refused
from ..lab import Lab
from ..tenant import encoded
from .token import with_recovery_code


def empty_list(lab: Lab) -> None:
    lab.bare()
    equal("rows", lab.rows(lab.mfa_jwt()), [])


def list_with_mfa_token(lab: Lab) -> None:
    lab.with_otp()
    equal("kinds", [row["authenticator_type"] for row in lab.rows(lab.mfa_token())], ["otp"])


def row_of_otp(lab: Lab) -> None:
    lab.with_otp()
    (row,) = lab.rows(lab.mfa_token())
    holds(
        re.fullmatch(r"totp\|dev_[A-Za-z0-9]{16}", row["id"]) is not None, "the id is not totp|dev_ and 16 characters"
    )
    equal("active", row["active"], True)


def content_type(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.mfa("GET", "/authenticators", lab.mfa_jwt()), 200)
    equal("content-type", answer.headers.get("content-type"), "application/json; charset=utf-8")


def list_without_token(lab: Lab) -> None:
    has_status(lab.mfa("GET", "/authenticators", None), 401)


def list_with_garbage(lab: Lab) -> None:
    answer = has_status(lab.mfa("GET", "/authenticators", "garbage"), 401, 403)
    holds(isinstance(answer.member("error"), str), "error is missing")


def list_needs_its_scope(lab: Lab) -> None:
    lab.bare()
    has_status(lab.mfa("GET", "/authenticators", lab.mfa_jwt("enroll")), 401, 403)


def associate_is_200(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.associate(lab.mfa_jwt(), "otp"), 200)
    equal("authenticator_type", answer.member("authenticator_type"), "otp")


def otp_secret(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.associate(lab.mfa_jwt(), "otp"), 200)
    holds(re.fullmatch(r"[A-Z2-7]{32}", answer.body["secret"]) is not None, "secret is not 32 base32 characters")
    uri = answer.body["barcode_uri"]
    for part in ("otpauth://totp/", "algorithm=SHA1", "digits=6", "period=30", "issuer="):
        holds(part in uri, f"barcode_uri lacks {part}")


def associate_email(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.associate(lab.mfa_jwt(), "email", email=lab.email), 200)
    members = {name: answer.member(name) for name in ("authenticator_type", "binding_method", "oob_channel")}
    equal("answer", members, {"authenticator_type": "oob", "binding_method": "prompt", "oob_channel": "email"})
    holds(answer.body["oob_code"].startswith("Fe26.2*"), "oob_code does not begin with Fe26.2*")


def associate_push(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.associate(lab.mfa_jwt(), "auth0"), 200)
    equal("oob_channel", answer.member("oob_channel"), "auth0")
    holds("binding_method" not in answer.body, "there is a binding_method")
    holds("enrollment_tx_id=" in answer.body["barcode_uri"], "barcode_uri lacks enrollment_tx_id")


def push_brings_an_otp(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    has_status(lab.associate(token, "auth0"), 200)
    ids = {row["id"].partition("|")[0]: row["id"].partition("|")[2] for row in devices(lab, token)}
    equal("kinds", sorted(ids), ["push", "totp"])
    holds(ids["push"] != ids["totp"], "both have the same suffix")


def deleting_push_deletes_its_otp(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    has_status(lab.associate(token, "auth0"), 200)
    row = next(row for row in devices(lab, token) if row["id"].startswith("push|"))
    has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 204)
    equal("devices", devices(lab, token), [])


def inactive_until_confirmed(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    has_status(lab.associate(token, "otp"), 200)
    equal("active", [row["active"] for row in lab.rows(token)], [False] * len(lab.rows(token)))


def pending_one_is_not_challenged(lab: Lab) -> None:
    lab.bare()
    has_status(lab.associate(lab.mfa_jwt(), "otp"), 200)
    has_status(lab.login(), 200)


def confirm_otp(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    secret = has_status(lab.associate(token, "otp"), 200).body["secret"]
    has_status(lab.second_step("otp", token, otp=lab.code(secret)), 200)
    equal("active", [row["active"] for row in devices(lab, token)], [True])


def recovery_code_with_the_first(lab: Lab) -> None:
    if not lab.factors().get("recovery-code"):
        raise NotSeen("the tenant does not offer the factor recovery-code")
    lab.bare()
    token = lab.mfa_jwt()
    codes = has_status(lab.associate(token, "otp"), 200).body.get("recovery_codes")
    holds(isinstance(codes, list) and len(codes) == 1 and len(codes[0]) == 24, "not one recovery code of 24 characters")
    holds("recovery_codes" not in has_status(lab.associate(token, "otp"), 200).body, "the second one brings another")


def associate_with_mfa_token_when_enrolled(lab: Lab) -> None:
    lab.with_otp()
    answer = has_status(lab.associate(lab.mfa_token(), "otp"), 400, 401, 403)
    equal("error_description", answer.member("error_description"), "User is already enrolled.")


def associate_needs_its_scope(lab: Lab) -> None:
    lab.bare()
    has_status(lab.associate(lab.mfa_jwt("read:authenticators"), "otp"), 401, 403)


def challenge_otp(lab: Lab) -> None:
    lab.with_otp()
    answer = has_status(lab.challenge(lab.mfa_token(), challenge_type="otp"), 200)
    equal("body", answer.body, {"challenge_type": "otp"})


def challenge_without_match(lab: Lab) -> None:
    lab.with_otp()
    answer = lab.challenge(lab.mfa_token(), challenge_type="oob")
    refused(answer, (400, 401), "unsupported_challenge_type")


def challenge_with_jwt(lab: Lab) -> None:
    lab.bare()
    answer = lab.challenge(lab.mfa_jwt(), challenge_type="otp")
    refused(answer, (401, 403), "invalid_grant", "Malformed mfa_token")


def delete_with_mfa_token(lab: Lab) -> None:
    lab.with_otp()
    token = lab.mfa_token()
    (row,) = lab.rows(token)
    has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 401, 403)
    equal("rows left", len(lab.rows(token)), 1)


def delete(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    has_status(lab.associate(token, "otp"), 200)
    (row,) = devices(lab, token)
    answer = has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 204)
    equal("bytes of the body", len(answer.content), 0)
    equal("devices", devices(lab, token), [])


def delete_unknown(lab: Lab) -> None:
    lab.bare()
    has_status(lab.mfa("DELETE", f"/authenticators/{encoded('totp|dev_AAAAAAAAAAAAAAAA')}", lab.mfa_jwt()), 404)


def delete_needs_its_scope(lab: Lab) -> None:
    lab.bare()
    path = f"/authenticators/{encoded('totp|dev_AAAAAAAAAAAAAAAA')}"
    has_status(lab.mfa("DELETE", path, lab.mfa_jwt("read:authenticators")), 401, 403)


def verified_email_is_listed(lab: Lab) -> None:
    lab.bare(verified=True)
    (row,) = lab.rows(lab.mfa_jwt())
    equal("row", (row["authenticator_type"], row["oob_channel"], row["active"]), ("oob", "email", True))


def unverified_email_is_not_listed(lab: Lab) -> None:
    lab.bare()
    equal("rows", lab.rows(lab.mfa_jwt()), [])


def verified_email_cannot_be_deleted(lab: Lab) -> None:
    lab.bare(verified=True)
    token = lab.mfa_jwt()
    (row,) = lab.rows(token)
    has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 400, 401, 403, 404)
    equal("rows left", len(lab.rows(token)), 1)


def masked_email(lab: Lab) -> None:
    lab.bare(verified=True)
    (row,) = lab.rows(lab.mfa_jwt())
    local, _at, domain = lab.email.partition("@")
    equal("name", row["name"], f"{local[:4]}{'*' * (len(local) - 4)}@{masked(domain)}")


def phone_is_split(lab: Lab) -> None:
    types = has_status(lab.manage("GET", "/guardian/factors/phone/message-types"), 200).body["message_types"]
    lab.with_otp()
    has_status(lab.add(type="phone", phone_number="+15005550100"), 201)
    rows = [row for row in lab.rows(lab.mfa_token()) if row.get("oob_channel") in ("sms", "voice")]
    equal("channels", sorted(row["oob_channel"] for row in rows), sorted(types))
    equal("suffixes", len({row["id"].partition("|")[2] for row in rows}), min(1, len(types)))


def masked_phone(lab: Lab) -> None:
    lab.with_otp()
    has_status(lab.add(type="phone", phone_number="+15005550100"), 201)
    rows = [row for row in lab.rows(lab.mfa_token()) if row.get("oob_channel") in ("sms", "voice")]
    if not rows:
        raise NotSeen("the tenant has no message type for phones")
    equal("name", {row["name"] for row in rows}, {"XXXXXXXX0100"})


def active_recovery_code(lab: Lab) -> None:
    with_recovery_code(lab)
    rows = [row for row in lab.rows(lab.mfa_token()) if row["authenticator_type"] == "recovery-code"]
    equal("rows", [(row["id"].partition("|")[0], row["active"]) for row in rows], [("recovery-code", True)])


def masked(domain: str) -> str:
    """A domain of an address as it is shown: four characters, then asterisks, the dot included."""
    return domain[:4] + "*" * (len(domain) - 4)


def devices(lab: Lab, token: str) -> list[dict]:
    """The rows that are no recovery code."""
    return [row for row in lab.rows(token) if row["authenticator_type"] != "recovery-code"]
