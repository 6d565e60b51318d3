# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/mfa/*``: the bearer matrix, enrollment, pairs, challenges, expiry, limits."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ..client import APP, SECRET_2, refused

OTP = {"authenticator_types": ["otp"]}
NUMBER = "+442071838750"


def oob(channel, **values):
    return {"authenticator_types": ["oob"], "oob_channels": [channel], **values}


SMS = oob("sms", phone_number=NUMBER)


def associate(api, token, body):
    return api.call("POST", "/mfa/associate", token, json=body)


def rows(api, token):
    answer = api.call("GET", "/mfa/authenticators", token)
    assert answer.status_code == 200
    return answer.json()


def delete(api, token, row_id):
    return api.call("DELETE", f"/mfa/authenticators/{quote(row_id, safe='')}", token)


def challenge(api, mfa_token, **values):
    return api.call("POST", "/mfa/challenge", json={"mfa_token": mfa_token, **APP, **values})


# Bearers and scopes


def bearers(api):
    """One of each kind of bearer, for users without an active factor."""
    return {
        "mfa_token": api.mfa_token(1, audience=None),
        "jwt": api.mfa_jwt(1),
        "jwt without scope": api.mfa_jwt(1, scope="openid"),
        "management token": api.management_token(),
        "none": None,
        "garbage": "garbage",
        "sealed garbage": "Fe26.2*x",
    }


@pytest.mark.parametrize(
    ("bearer", "listing", "associating", "deleting"),
    [
        ("mfa_token", 200, 200, 401),
        ("jwt", 200, 200, 404),
        ("jwt without scope", 403, 403, 403),
        ("management token", 401, 401, 401),
        ("none", 401, 401, 401),
        ("garbage", 401, 401, 401),
        ("sealed garbage", 401, 401, 401),
    ],
)
def test_bearer_matrix(api, bearer, listing, associating, deleting):
    token = bearers(api)[bearer]
    assert api.call("GET", "/mfa/authenticators", token).status_code == listing
    assert associate(api, token, OTP).status_code == associating
    assert delete(api, token, "totp|dev_0000000000000000").status_code == deleting


@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param("Basic YTpi", id="basic"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="empty token"),
        pytest.param("bearer-ish x", id="unknown scheme"),
    ],
)
def test_other_authorization_headers_are_401(api, scheme):
    answer = api.call("GET", "/mfa/authenticators", headers={"authorization": scheme})
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize(
    ("scope", "listing", "associating", "deleting"),
    [("read:authenticators", 200, 403, 403), ("enroll", 403, 200, 403), ("remove:authenticators", 403, 403, 404)],
)
def test_each_scope_allows_one_operation(api, scope, listing, associating, deleting):
    token = api.mfa_jwt(1, scope=scope)
    assert api.call("GET", "/mfa/authenticators", token).status_code == listing
    assert associate(api, token, OTP).status_code == associating
    assert delete(api, token, "totp|dev_0000000000000000").status_code == deleting


def test_jwt_expires_after_600_seconds(api):
    token = api.mfa_jwt(1)
    api.advance(599)
    assert rows(api, token) == []
    api.advance(1)
    assert api.call("GET", "/mfa/authenticators", token).status_code == 401


def test_mfa_token_lists_a_users_factors_but_cannot_add_one(api):
    token = api.mfa_token(2)
    assert [row["authenticator_type"] for row in rows(api, token)] == ["otp", "oob"]
    refused(associate(api, token, OTP), 400, "invalid_request", "User is already enrolled.")


def test_mfa_token_can_enroll_for_a_user_with_only_a_verified_email(api):
    token = api.mfa_token(5, audience=None)
    assert [row["active"] for row in rows(api, token)] == [True]
    assert associate(api, token, OTP).status_code == 200


def test_the_challenge_refuses_a_jwt_as_mfa_token(api):
    answer = challenge(api, api.mfa_jwt(1), challenge_type="otp")
    refused(answer, 401, "invalid_grant", "Malformed mfa_token")


# Enrollment


def test_otp_is_inactive_and_undated_until_confirmed(api):
    token = api.mfa_jwt(1)
    answer = associate(api, token, OTP).json()
    assert len(answer["secret"]) == 32
    assert f"secret={answer['secret']}" in answer["barcode_uri"]
    assert {row["active"] for row in rows(api, token)} == {False}
    assert api.methods(1) == []
    confirmed = api.verify("otp", token, otp=api.otp(answer["secret"]))
    assert confirmed.status_code == 200
    assert {row["active"] for row in rows(api, token)} == {True}
    totp = next(item for item in api.methods(1) if item["type"] == "totp")
    assert totp["confirmed"] and totp["enrolled_at"] == totp["last_auth_at"] > totp["created_at"][:10]


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_a_phone_gives_two_linked_authenticators_with_one_suffix(api, channel):
    token = api.mfa_jwt(1)
    answer = associate(api, token, oob(channel, phone_number=NUMBER)).json()
    assert (answer["binding_method"], answer["oob_channel"]) == ("prompt", channel)
    twins = [row for row in rows(api, token) if row.get("name")]
    assert [row["oob_channel"] for row in twins] == ["sms", "voice"]
    assert len({row["id"].partition("|")[2] for row in twins}) == 1
    assert {row["name"] for row in twins} == {"XXXXXXXXX8750"}
    done = api.verify("oob", token, oob_code=answer["oob_code"], binding_code=api.received_code(1))
    assert done.status_code == 200
    phone = next(item for item in api.methods(1) if item["type"] == "phone")
    assert phone["authentication_methods"] == [{"id": row["id"], "type": row["oob_channel"]} for row in twins]


def test_one_message_type_gives_one_row(make_api):
    api = make_api({"message-types": "sms", "recovery-code-factor": "off"})
    token = api.mfa_jwt(1)
    associate(api, token, SMS)
    assert [row["id"].partition("|")[0] for row in rows(api, token)] == ["sms"]
    refused(associate(api, token, oob("voice", phone_number=NUMBER)), 400, "invalid_request")


def test_push_has_no_binding_method_and_its_otp_has_another_suffix(api):
    token = api.mfa_jwt(1)
    answer = associate(api, token, oob("auth0")).json()
    assert "binding_method" not in answer and answer["oob_channel"] == "auth0"
    push, totp = rows(api, token)[:2]
    assert (push["oob_channel"], totp["authenticator_type"]) == ("auth0", "otp")
    assert push["id"].partition("|")[2] != totp["id"].partition("|")[2]
    pending = api.verify("oob", token, oob_code=answer["oob_code"])
    refused(pending, 400, "authorization_pending")


def test_email_is_confirmed_by_its_code_and_replaces_the_implicit_row(api):
    token = api.mfa_jwt(5)
    answer = associate(api, token, oob("email")).json()
    assert api.verify("oob", token, oob_code=answer["oob_code"], binding_code=api.received_code(5)).status_code == 200
    names = [row["name"] for row in rows(api, token) if row.get("oob_channel") == "email"]
    assert names == ["user*****@exam*******"]


def test_recovery_code_is_issued_once_and_becomes_active_with_the_first_factor(api):
    token = api.mfa_jwt(1)
    first, second = associate(api, token, SMS).json(), associate(api, token, OTP).json()
    assert len(first["recovery_codes"]) == 1 and len(first["recovery_codes"][0]) == 24
    assert "recovery_codes" not in second
    assert api.verify("otp", token, otp=api.otp(second["secret"])).status_code == 200
    active = {row["authenticator_type"] for row in rows(api, token) if row["active"]}
    assert active == {"otp", "recovery-code"}
    login = api.verify("recovery-code", api.mfa_token(1), recovery_code=first["recovery_codes"][0])
    assert login.status_code == 200


def test_no_recovery_code_when_the_factor_is_off(make_api):
    api = make_api({"recovery-code-factor": "off"})
    assert "recovery_codes" not in associate(api, api.mfa_jwt(1), OTP).json()


def test_pending_enrollments_vanish_after_a_day_with_their_recovery_code(api):
    associate(api, api.mfa_jwt(1), OTP)
    api.advance(86400)
    token = api.mfa_jwt(1)
    assert rows(api, token) == []
    assert "recovery_codes" in associate(api, token, OTP).json()


def test_the_51st_authenticator_is_refused(api):
    token = api.mfa_jwt(1)
    assert [associate(api, token, OTP).status_code for _number in range(50)] == [200] * 50
    text = "Guardian - User has created the maximum amount of authenticators"
    refused(associate(api, token, OTP), 400, "invalid_request", text)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty object"),
        pytest.param({"authenticator_types": "otp"}, id="types is no list"),
        pytest.param({"authenticator_types": ["otp", "oob"]}, id="two types"),
        pytest.param({"authenticator_types": ["webauthn-roaming"]}, id="type that cannot be enrolled"),
        pytest.param({"authenticator_types": ["oob"]}, id="no channel"),
        pytest.param(oob("fax"), id="unknown channel"),
        pytest.param(oob("sms"), id="no phone number"),
        pytest.param(oob("sms", phone_number="02071838750"), id="number without a country code"),
        pytest.param(oob("email", email="nobody"), id="malformed email"),
    ],
)
def test_wrong_association_is_400(api, body):
    refused(associate(api, api.mfa_jwt(1), body), 400, "invalid_request")


# Confirmation by code


def test_code_is_refused_when_wrong_used_or_missing(api):
    token = api.mfa_jwt(1)
    oob_code = associate(api, token, SMS).json()["oob_code"]
    code = api.received_code(1)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused(api.verify("oob", token, oob_code=oob_code), 400, "invalid_request")
    answer = api.verify("oob", token, oob_code=oob_code, binding_code=wrong)
    refused(answer, 403, "invalid_grant", "Invalid binding_code.")
    assert api.verify("oob", token, oob_code=oob_code, binding_code=code).status_code == 200
    refused(api.verify("oob", token, oob_code=oob_code, binding_code=code), 403, "invalid_grant")


def test_code_expires_after_five_minutes(api):
    token = api.mfa_jwt(1)
    oob_code = associate(api, token, SMS).json()["oob_code"]
    api.advance(300)
    answer = api.verify("oob", token, oob_code=oob_code, binding_code=api.received_code(1))
    refused(answer, 401, "expired_token", "oob_code is expired")


def test_code_of_another_login_is_refused(api):
    oob_code = challenge(api, api.mfa_token(3), challenge_type="oob").json()["oob_code"]
    answer = api.verify("oob", api.mfa_token(3), oob_code=oob_code, binding_code=api.received_code(3))
    refused(answer, 400, "invalid_request", "The oob_code doesn't match the mfa_token")


def test_jwt_without_enroll_cannot_confirm(api):
    secret = associate(api, api.mfa_jwt(1), OTP).json()["secret"]
    token = api.mfa_jwt(1, scope="read:authenticators")
    refused(api.verify("otp", token, otp=api.otp(secret)), 403, "insufficient_scope")


# Challenge


@pytest.mark.parametrize(
    ("channel", "received"),
    [
        pytest.param(None, "sms", id="preferred channel"),
        pytest.param("sms", "sms", id="sms"),
        pytest.param("voice", "voice", id="voice"),
    ],
)
def test_phone_challenge_sends_a_code_that_finishes_the_login(api, channel, received):
    token = api.mfa_token(3)
    wanted = {"oob_channel": channel} if channel else {}
    answer = challenge(api, token, challenge_type="oob", **wanted).json()
    assert (answer["challenge_type"], answer["binding_method"]) == ("oob", "prompt")
    message = api.call("GET", "/_control/codes", params={"user_id": api.user_id(3)}).json()[-1]
    assert (message["channel"], message["to"]) == (received, "+15005550103")
    done = api.verify("oob", token, oob_code=answer["oob_code"], binding_code=message["code"])
    assert done.status_code == 200


def test_otp_challenge_sends_nothing(api):
    assert challenge(api, api.mfa_token(2), challenge_type="otp").json() == {"challenge_type": "otp"}


def test_push_challenge_has_no_binding_method(api):
    answer = challenge(api, api.mfa_token(4), challenge_type="oob", oob_channel="auth0").json()
    assert set(answer) == {"challenge_type", "oob_code"}


def test_authenticator_can_be_chosen_by_id(api):
    token = api.mfa_token(9)
    voice = next(row["id"] for row in rows(api, token) if row.get("oob_channel") == "voice")
    answer = challenge(api, token, challenge_type="oob", authenticator_id=voice)
    assert answer.status_code == 200
    assert api.call("GET", "/_control/codes", params={"user_id": api.user_id(9)}).json()[-1]["channel"] == "voice"


def test_inactive_authenticator_is_not_challenged(api):
    token = api.mfa_token(6, audience=None)
    pending = rows(api, token)[0]["id"]
    refused(challenge(api, token, challenge_type="otp", authenticator_id=pending), 400, "invalid_request")


def test_challenge_type_without_authenticator_is_named(api):
    answer = challenge(api, api.mfa_token(7), challenge_type="otp")
    text = "User does not have any enrolled authenticator with the supported challenge type (otp)"
    refused(answer, 401, "unsupported_challenge_type", text)


def test_association_required_is_switchable(make_api):
    api = make_api({"unenrolled-challenge": "association_required"})
    refused(challenge(api, api.mfa_token(1, audience=None), challenge_type="otp"), 401, "association_required")


# Deletion


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        pytest.param(4, "push", id="push of a push pair"),
        pytest.param(4, "totp", id="otp of a push pair"),
        pytest.param(3, "sms", id="sms of a phone"),
        pytest.param(3, "voice", id="voice of a phone"),
    ],
)
def test_deleting_one_of_two_linked_authenticators_removes_both(make_api, number, kind):
    api = make_api({"enabled-factors": ""})  # so that a user with factors gets a token without a challenge
    token = api.mfa_jwt(number)
    row_id = next(row["id"] for row in rows(api, token) if row["id"].startswith(kind))
    assert delete(api, token, row_id).status_code == 204
    left = {row["id"].partition("|")[0] for row in rows(api, token)}
    assert left <= {"recovery-code", "email"}
    assert delete(api, token, row_id).status_code == 404


def test_deleting_leaves_other_authenticators_alone(make_api):
    api = make_api({"enabled-factors": ""})
    token = api.mfa_jwt(10)
    first, second = (row["id"] for row in rows(api, token) if row.get("oob_channel") == "sms")
    assert delete(api, token, first).status_code == 204
    assert second in [row["id"] for row in rows(api, token)]


@pytest.mark.parametrize("status", [400, 403, 404])
def test_verified_email_cannot_be_deleted(make_api, status):
    api = make_api({"implicit-email-delete-status": status})
    token = api.mfa_jwt(5)
    (row,) = rows(api, token)
    assert delete(api, token, row["id"]).status_code == status
    assert rows(api, token) == [row]


def test_enrolled_email_can_be_deleted_and_the_implicit_one_shows_again(api):
    token = api.mfa_jwt(19)
    (row,) = rows(api, token)
    assert delete(api, token, row["id"]).status_code == 204
    (left,) = rows(api, token)
    assert left["id"] != row["id"] and left["active"]


@pytest.mark.parametrize(("status", "left"), [(204, 0), (400, 1)])
def test_deleting_a_recovery_code_is_switchable(make_api, status, left):
    api = make_api({"recovery-code-delete-status": status})
    token = api.mfa_jwt(8)
    row_id = next(row["id"] for row in rows(api, token) if row["authenticator_type"] == "recovery-code")
    assert delete(api, token, row_id).status_code == status
    assert sum(row["authenticator_type"] == "recovery-code" for row in rows(api, token)) == left


@pytest.mark.parametrize(
    "row_id",
    [
        pytest.param("totp|dev_x/y", id="slash in the id"),
        pytest.param("totp", id="type alone"),
        pytest.param("|", id="separator alone"),
        pytest.param("otp|dev_0000000000000000", id="well-formed id"),
    ],
)
def test_unknown_authenticator_is_404(api, row_id):
    refused(delete(api, api.mfa_jwt(1), row_id), 404, "not_found")


def test_passkeys_are_not_mfa_authenticators(api):
    assert all(row["authenticator_type"] == "oob" for row in rows(api, api.mfa_jwt(18)))


def test_otp_of_another_user_is_refused(api):
    refused(api.verify("otp", api.mfa_token(9), otp=api.otp(SECRET_2)), 403, "invalid_grant", "Invalid otp_code.")


# Switches of this API


def test_rows_with_what_newer_clients_read_are_switchable(make_api):
    bare_api = make_api()
    plain = rows(bare_api, bare_api.mfa_token(9))
    api = make_api({"authenticator-details": "on"})
    detailed = rows(api, api.mfa_token(9))
    assert [{name: row[name] for name in bare} for row, bare in zip(detailed, plain, strict=True)] == plain
    added = {row["id"].partition("|")[0]: sorted(row.keys() - bare.keys()) for row, bare in zip(detailed, plain)}
    assert added["totp"] == ["created_at", "last_auth", "type"]
    assert added["sms"] == ["created_at", "last_auth", "phone_number", "type"]
    assert added["email"] == ["type"]
    assert {row["type"] for row in detailed} == {"otp", "phone", "email"}


def test_a_factor_that_was_disabled_after_the_enrollment_is_switchable(make_api):
    asked = make_api()
    asked.manage("PUT", "/guardian/factors/otp", json={"enabled": False})
    assert challenge(asked, asked.mfa_token(2), challenge_type="otp").status_code == 200
    api = make_api({"disabled-factor": "passed-over"})
    mfa_token, both = api.mfa_token(2), api.mfa_token(9)
    api.manage("PUT", "/guardian/factors/otp", json={"enabled": False})
    refused(challenge(api, mfa_token, challenge_type="otp"), 401, "unsupported_challenge_type")
    refused(api.verify("otp", mfa_token, otp=api.otp(SECRET_2)), 403, "invalid_grant")
    assert challenge(api, both).json()["challenge_type"] == "oob"
    assert "otp" in {row["authenticator_type"] for row in rows(api, mfa_token)}
    assert "access_token" in api.login(2).json()  # as if there were no factor
