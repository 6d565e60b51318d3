# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication methods in the Management API. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import equal, has_status, holds, refused_by_management
from ..lab import Lab, new_secret
from ..tenant import Answer, encoded
from .mfa import masked

PHONE = "+15005550100"
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN = encoded("totp|dev_AAAAAAAAAAAAAAAA")
NOBODY = "/users/" + encoded("auth0|ffffffffffffffffffffffff") + "/authentication-methods"


def empty_list(lab: Lab) -> None:
    lab.bare()
    equal("methods", lab.listed(), [])


def empty_envelope(lab: Lab) -> None:
    lab.bare()
    body = has_status(lab.manage("GET", lab.methods, query={"include_totals": "true"}), 200).body
    equal("authenticators", body["authenticators"], [])
    holds("total" not in body, "total is there although it is 0")


def envelope(lab: Lab) -> None:
    lab.with_otp()
    body = has_status(lab.manage("GET", lab.methods, query={"include_totals": "true", "per_page": 10}), 200).body
    equal("members", sorted(body), ["authenticators", "limit", "start", "total"])
    equal("start, limit, total", (body["start"], body["limit"], body["total"]), (0, 10, len(body["authenticators"])))


def total_past_the_end(lab: Lab) -> None:
    lab.with_otp()
    query = {"include_totals": "true", "page": 5}
    body = has_status(lab.manage("GET", lab.methods, query=query), 200).body
    holds("total" not in body, "total is there on a page past the end")


def default_page(lab: Lab) -> None:
    lab.bare()
    equal("limit", lab.manage("GET", lab.methods, query={"include_totals": "true"}).member("limit"), 50)


def page_of_101(lab: Lab) -> None:
    answer = lab.manage("GET", lab.methods, query={"per_page": 101})
    refused_by_management(answer, 400, code="invalid_query_string")


def unknown_user(lab: Lab) -> None:
    refused_by_management(lab.manage("GET", NOBODY), 404, "The user does not exist.", "inexistent_user")


def create_is_201(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.add(type="email", name="Test", email=lab.email), 201)
    equal("type and name", (answer.member("type"), answer.member("name")), ("email", "Test"))
    holds(re.fullmatch(r"email\|dev_[A-Za-z0-9]{16}", answer.body["id"]) is not None, "the id is not email|dev_...")


def create_answer_is_masked(lab: Lab) -> None:
    lab.bare()
    body = has_status(lab.add(type="email", email=lab.email), 201).body
    local, _at, domain = lab.email.partition("@")
    equal("email", body["email"], f"{local[:4]}{'*' * (len(local) - 4)}@{masked(domain)}")


def create_answer_lacks_confirmed(lab: Lab) -> None:
    lab.bare()
    body = has_status(lab.add(type="totp", totp_secret=new_secret()), 201).body
    holds("confirmed" not in body, "confirmed is there")


def created_one_is_confirmed(lab: Lab) -> None:
    lab.with_otp()
    equal("confirmed", [method.get("confirmed") for method in lab.listed()], [True])


def created_one_was_never_used(lab: Lab) -> None:
    lab.with_otp()
    (method,) = lab.listed()
    equal("dates of use", [name for name in ("last_auth_at", "enrolled_at") if name in method], [])


def use_sets_last_auth_at(lab: Lab) -> None:
    secret = lab.with_otp()
    has_status(lab.second_step("otp", lab.mfa_token(), otp=lab.code(secret)), 200)
    (method,) = lab.listed()
    holds(
        MILLISECONDS.fullmatch(method.get("last_auth_at", "")) is not None, "there is no last_auth_at in milliseconds"
    )


def confirmation_counts_as_use(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    secret = has_status(lab.associate(token, "otp"), 200).body["secret"]
    has_status(lab.second_step("otp", token, otp=lab.code(secret)), 200)
    (method,) = (method for method in lab.listed() if method["type"] == "totp")
    equal("dates", sorted({"last_auth_at", "enrolled_at"} & set(method)), ["enrolled_at", "last_auth_at"])


def created_at(lab: Lab) -> None:
    lab.with_otp()
    holds(MILLISECONDS.fullmatch(lab.listed()[0]["created_at"]) is not None, "created_at is not in milliseconds with Z")


def phone_has_its_channels(lab: Lab) -> None:
    types = has_status(lab.manage("GET", "/guardian/factors/phone/message-types"), 200).body["message_types"]
    lab.bare()
    has_status(lab.add(type="phone", phone_number=PHONE), 201)
    (method,) = lab.listed()
    suffix = method["id"].partition("|")[2]
    expected = sorted((kind, f"{kind}|{suffix}") for kind in types)
    equal("channels", sorted((way["type"], way["id"]) for way in method.get("authentication_methods", [])), expected)


def phone_is_masked(lab: Lab) -> None:
    lab.bare()
    has_status(lab.add(type="phone", phone_number=PHONE), 201)
    equal("phone_number", lab.listed()[0]["phone_number"], "XXXXXXXX0100")


def unknown_property(lab: Lab) -> None:
    lab.bare()
    refused_by_management(lab.add(type="phone", phone_number=PHONE, color="red"), 400, code="invalid_body")


def unknown_type(lab: Lab) -> None:
    refused_by_management(lab.add(type="push"), 400, code="invalid_body")


def long_name(lab: Lab) -> None:
    answer = lab.add(type="phone", phone_number=PHONE, name="n" * 21)
    refused_by_management(answer, 400, code="invalid_body")
    holds(answer.body["message"].startswith("Payload validation error: "), f"got {answer.told()}")


def put_replaces(lab: Lab) -> None:
    lab.with_otp()
    has_status(put(lab, [{"type": "phone", "phone_number": PHONE}]), 200)
    equal("types", [method["type"] for method in lab.listed()], ["phone"])


def put_answers_in_order(lab: Lab) -> None:
    lab.bare()
    equal(
        "types", [method["type"] for method in has_status(put(lab, three(lab)), 200).body], ["email", "phone", "totp"]
    )


def put_is_not_masked(lab: Lab) -> None:
    lab.bare()
    email, phone, _totp = has_status(put(lab, three(lab)), 200).body
    equal("number", phone["phone_number"], PHONE)
    equal("address", email["email"], lab.email)


def put_lacks_confirmed(lab: Lab) -> None:
    lab.bare()
    body = has_status(put(lab, three(lab)), 200).body
    holds(not any("confirmed" in method for method in body), "confirmed is there")


def put_does_not_echo_the_secret(lab: Lab) -> None:
    lab.bare()
    secret = new_secret()
    answer = has_status(put(lab, [{"type": "totp", "totp_secret": secret}]), 200)
    holds(secret.encode() not in answer.content, "it comes back")


def put_nothing(lab: Lab) -> None:
    lab.with_otp()
    has_status(put(lab, []), 200)
    equal("methods", lab.listed(), [])


def patch_name(lab: Lab) -> None:
    lab.with_otp()
    path = f"{lab.methods}/{encoded(lab.listed()[0]['id'])}"
    answer = has_status(lab.manage("PATCH", path, json={"name": "New"}), 200)
    equal("name", answer.member("name"), "New")
    holds("confirmed" not in answer.body, "confirmed is there")


def patch_only_two_members(lab: Lab) -> None:
    lab.with_otp()
    path = f"{lab.methods}/{encoded(lab.listed()[0]['id'])}"
    refused_by_management(lab.manage("PATCH", path, json={"email": lab.email}), 400, code="invalid_body")


def get_one(lab: Lab) -> None:
    lab.with_otp()
    (method,) = lab.listed()
    equal("method", has_status(lab.manage("GET", f"{lab.methods}/{encoded(method['id'])}"), 200).body, method)


def delete_one(lab: Lab) -> None:
    lab.with_otp()
    answer = has_status(lab.manage("DELETE", f"{lab.methods}/{encoded(lab.listed()[0]['id'])}"), 204)
    equal("bytes of the body", len(answer.content), 0)
    equal("methods", lab.listed(), [])


def delete_all(lab: Lab) -> None:
    lab.with_otp()
    has_status(lab.add(type="phone", phone_number=PHONE), 201)
    has_status(lab.manage("DELETE", lab.methods), 204)
    equal("methods", lab.listed(), [])


def delete_all_twice(lab: Lab) -> None:
    lab.bare()
    has_status(lab.manage("DELETE", lab.methods), 204)


def pending_one_can_be_deleted(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    has_status(lab.associate(token, "otp"), 200)
    row = next(row for row in lab.rows(token) if row["authenticator_type"] == "otp")
    has_status(lab.manage("DELETE", f"{lab.methods}/{encoded(row['id'])}"), 204)
    equal("rows", [row for row in lab.rows(token) if row["authenticator_type"] == "otp"], [])


def insufficient_scope(lab: Lab) -> None:
    narrow = lab.client_credentials(scope="read:users")
    token = has_status(narrow, 200).body["access_token"]
    answer = lab.tenant.send("GET", f"/api/v2{lab.methods}", token=token)
    text = "Insufficient scope, expected any of: read:authentication_methods"
    refused_by_management(answer, 403, text, "insufficient_scope")


def three(lab: Lab) -> list[dict]:
    """A set of three methods."""
    return [
        {"type": "email", "email": lab.email},
        {"type": "phone", "phone_number": PHONE},
        {"type": "totp", "totp_secret": new_secret()},
    ]


def put(lab: Lab, methods: list[dict]) -> Answer:
    """``PUT`` these methods in the place of what the user has."""
    lab.dirty()
    return lab.manage("PUT", lab.methods, json=methods)
