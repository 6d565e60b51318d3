# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The My Account API: what users see and change of their own authentication methods."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.emulator.state.clients import ME_SCOPES

from ..client import APP, DOMAIN, SECRET_2

METHODS = "/me/v1/authentication-methods"
AUDIENCE = f"https://{DOMAIN}/me/"
NUMBER = "+442071838750"


@pytest.fixture
def api(make_api):
    return make_api({"mfa-policy": "never", "poll-interval": 0})


def token(api, number=1, scope=None):
    return api.login(number, audience=AUDIENCE, scope=scope).json()["access_token"]


def path(method_id, verb=""):
    return f"{METHODS}/{quote(method_id, safe='')}{verb}"


def listed(api, bearer, **query):
    answer = api.call("GET", METHODS, bearer, params=query)
    assert answer.status_code == 200
    return answer.json()["authentication_methods"]


def enroll(api, bearer, kind, **body):
    answer = api.call("POST", METHODS, bearer, json={"type": kind, **body})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"https://{DOMAIN}{path(answer.json()['id'])}"
    return answer.json()


def verify(api, bearer, started, **body):
    body = {"auth_session": started["auth_session"], **body}
    return api.call("POST", path(started["id"], "/verify"), bearer, json=body)


def problem(answer, status):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) - {"validation_errors"} == {"type", "status", "title", "detail"}
    assert body["status"] == status
    assert body["type"].startswith(f"https://auth0.com/api-errors/A0E-{status}-")
    return body


# Bearers and scopes


@pytest.mark.parametrize(
    "bearer",
    [
        pytest.param(None, id="none"),
        pytest.param("garbage", id="garbage"),
        pytest.param("mfa", id="mfa token"),
        pytest.param("management", id="management token"),
    ],
)
def test_other_bearers_are_401(api, bearer):
    tokens = {"mfa": api.mfa_jwt(1), "management": api.management_token()}
    assert problem(api.call("GET", METHODS, tokens.get(bearer, bearer)), 401)["title"] == "Invalid Token"


def test_other_apis_refuse_the_token(api):
    assert api.call("GET", "/mfa/authenticators", token(api)).status_code == 401
    assert api.call("GET", "/api/v2/users", token(api)).status_code == 401


def test_token_has_all_scopes_unless_some_are_asked_for(api):
    assert api.login(1, audience=AUDIENCE).json()["scope"].split() == list(ME_SCOPES)
    assert api.login(1, audience=AUDIENCE).json()["expires_in"] == 86400


def test_expired_token_is_401(api):
    bearer = token(api)
    api.advance(86400)
    problem(api.call("GET", METHODS, bearer), 401)


def test_application_without_the_grant_gets_no_token(api):
    client = {"client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret"}
    answer = api.login(1, audience=AUDIENCE, **client)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


@pytest.mark.parametrize(
    ("method", "address", "scope"),
    [
        ("GET", "/me/v1/factors", "read:me:factors"),
        ("GET", METHODS, "read:me:authentication_methods"),
        ("POST", METHODS, "create:me:authentication_methods"),
        ("GET", METHODS + "/x", "read:me:authentication_methods"),
        ("PATCH", METHODS + "/x", "update:me:authentication_methods"),
        ("DELETE", METHODS + "/x", "delete:me:authentication_methods"),
        ("POST", METHODS + "/x/verify", "create:me:authentication_methods"),
    ],
)
def test_each_call_needs_its_scope(api, method, address, scope):
    others = " ".join(other for other in ME_SCOPES if other != scope)
    problem(api.call(method, address, token(api, scope=others), json={}), 403)
    assert api.call(method, address, token(api, scope=scope), json={}).status_code in (200, 400, 404)


def test_unknown_path_is_a_problem(api):
    problem(api.call("GET", "/me/v1/nothing"), 404)


# Enrollment


def test_only_factors_that_the_tenant_enables_are_listed(make_api):
    api = make_api({"mfa-policy": "never", "enabled-factors": "otp,phone,webauthn-roaming"})
    factors = api.call("GET", "/me/v1/factors", token(api)).json()["factors"]
    assert factors == [{"type": kind, "usage": ["secondary"]} for kind in ("totp", "phone", "recovery-code")]
    problem(api.call("POST", METHODS, token(api), json={"type": "email", "email": "a@b.example"}), 403)


def test_totp_is_enrolled_and_verified(api):
    bearer = token(api)
    started = enroll(api, bearer, "totp")
    assert f"secret={started['manual_input_code']}" in started["barcode_uri"]
    assert [item["confirmed"] for item in listed(api, bearer)] == [False]
    problem(verify(api, bearer, started, otp_code="000000x"), 400)
    answer = verify(api, bearer, started, otp_code=api.otp(started["manual_input_code"]))
    assert answer.status_code == 201
    item = answer.json()
    assert (item["id"], item["confirmed"], item["usage"]) == (started["id"], True, ["secondary"])
    assert item == api.call("GET", path(item["id"]), bearer).json()


@pytest.mark.parametrize(
    ("kind", "body", "channel"),
    [
        pytest.param("phone", {"phone_number": NUMBER}, "sms", id="phone"),
        pytest.param(
            "phone",
            {"phone_number": NUMBER, "preferred_authentication_method": "voice"},
            "voice",
            id="phone with a preferred method",
        ),
        pytest.param("email", {"email": "other@example.com"}, "email", id="email"),
    ],
)
def test_phone_and_email_are_verified_by_the_code_that_is_sent(api, kind, body, channel):
    bearer = token(api)
    started = enroll(api, bearer, kind, **body)
    assert set(started) == {"id", "auth_session"}
    received = api.call("GET", "/_control/codes", params={"user_id": api.user_id(1)}).json()[-1]
    assert received["channel"] == channel
    answer = verify(api, bearer, started, otp_code=received["code"])
    assert answer.status_code == 201
    assert answer.json().items() >= body.items()


def test_push_is_verified_by_the_scan(api):
    bearer = token(api)
    started = enroll(api, bearer, "push-notification")
    assert started["id"].startswith("push-notification|dev_") and "barcode_uri" in started
    problem(verify(api, bearer, started), 400)
    api.call("POST", "/_control/push/approve", params={"user_id": api.user_id(1)})
    assert verify(api, bearer, started).status_code == 201
    assert [item["type"] for item in api.methods(1)] == ["push", "totp"]


def test_recovery_code_replaces_the_old_one_when_it_is_verified(api):
    bearer = token(api, 4)
    started = enroll(api, bearer, "recovery-code")
    assert api.verify("recovery-code", api.mfa_token(4), recovery_code=started["recovery_code"]).status_code == 403
    assert verify(api, bearer, started).status_code == 201
    assert api.call("GET", path(started["id"]), bearer).json()["confirmed"] is True
    assert api.verify("recovery-code", api.mfa_token(4), recovery_code=started["recovery_code"]).status_code == 200


def test_first_enrollment_gives_no_recovery_code_by_itself(api):
    bearer = token(api)
    assert "recovery_code" not in enroll(api, bearer, "totp")


@pytest.mark.parametrize("kind", ["passkey", "password", "webauthn-roaming", "webauthn-platform"])
def test_other_types_cannot_be_enrolled_here(api, kind):
    problem(api.call("POST", METHODS, token(api), json={"type": kind}), 400)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "type", id="no type"),
        pytest.param({"type": "fax"}, "type", id="unknown type"),
        pytest.param({"type": ["totp"]}, "type", id="type is a list"),
        pytest.param({"type": "totp", "name": "x"}, "name", id="unknown member"),
        pytest.param({"type": "phone"}, "phone_number", id="phone without a number"),
        pytest.param({"type": "phone", "phone_number": "12"}, "phone_number", id="malformed number"),
        pytest.param({"type": "phone", "phone_number": 12}, "phone_number", id="number is no text"),
        pytest.param(
            {"type": "phone", "phone_number": NUMBER, "preferred_authentication_method": "fax"},
            "preferred_authentication_method",
            id="unknown preferred method",
        ),
        pytest.param({"type": "email", "email": "nobody"}, "email", id="malformed email"),
    ],
)
def test_wrong_body_names_the_field(api, body, field):
    answer = api.call("POST", METHODS, token(api), json=body)
    assert [error["field"] for error in problem(answer, 400)["validation_errors"]] == [field]


def test_other_content_types_are_415(api):
    problem(api.call("POST", METHODS, token(api), content="type=totp"), 415)
    problem(api.call("POST", METHODS, token(api), content="{", headers={"content-type": "application/json"}), 400)


def test_auth_session_belongs_to_one_user_and_method_and_expires(api):
    bearer = token(api)
    started, other = enroll(api, bearer, "totp"), enroll(api, bearer, "totp")
    code = api.otp(started["manual_input_code"])
    problem(verify(api, bearer, {**started, "id": other["id"]}, otp_code=code), 400)
    problem(verify(api, token(api, 2), started, otp_code=code), 400)
    problem(verify(api, bearer, {**started, "auth_session": "x"}, otp_code=code), 400)
    problem(verify(api, bearer, started), 400)
    assert verify(api, bearer, started, otp_code=code).status_code == 201
    problem(verify(api, bearer, started, otp_code=code), 400)
    api.advance(600)
    problem(verify(api, bearer, other, otp_code=api.otp(other["manual_input_code"])), 400)


def test_failed_codes_are_limited(api):
    bearer = token(api)
    started = enroll(api, bearer, "totp")
    answers = [verify(api, bearer, started, otp_code="000000x") for _failure in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    problem(answers[-1], 429)
    assert int(answers[-1].headers["retry-after"]) in range(350, 361)


# Views and changes


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(2, id="otp"),
        pytest.param(3, id="phone"),
        pytest.param(4, id="push"),
        pytest.param(7, id="security key"),
        pytest.param(8, id="recovery code"),
        pytest.param(9, id="otp and phone"),
        pytest.param(10, id="two phones"),
        pytest.param(18, id="passkey"),
        pytest.param(19, id="email"),
        pytest.param(20, id="phone by an administrator"),
    ],
)
def test_same_devices_as_in_the_management_view(api, number):
    kinds = {"push": "push-notification"}
    items = listed(api, token(api, number))
    managed = api.methods(number)
    assert [item["id"].partition("|")[2] for item in items] == [item["id"].partition("|")[2] for item in managed]
    assert [item["type"] for item in items] == [kinds.get(item["type"], item["type"]) for item in managed]
    assert [item.get("last_auth_at") for item in items] == [item.get("last_auth_at") for item in managed]


def test_list_can_be_filtered(api):
    bearer = token(api, 9)
    assert [item["type"] for item in listed(api, bearer, type="phone")] == ["phone"]
    assert listed(api, bearer, type="passkey") == []
    problem(api.call("GET", METHODS, bearer, params={"type": "fax"}), 400)


def test_passkey_is_primary_and_complete(api):
    (item,) = listed(api, token(api, 18))
    required = {"credential_backed_up", "credential_device_type", "identity_user_id", "key_id", "public_key"}
    assert item["usage"] == ["primary"] and required | {"user_handle", "relying_party_id"} <= set(item)


@pytest.mark.parametrize(("masked", "number"), [("off", "+15005550103"), ("on", "XXXXXXXX0103")])
def test_own_number_is_masked_only_by_the_switch(make_api, masked, number):
    api = make_api({"mfa-policy": "never", "my-account-masked": masked})
    assert listed(api, token(api, 3))[0]["phone_number"] == number


def test_name_and_preferred_method_can_be_changed(api):
    bearer = token(api, 3)
    method_id = listed(api, bearer)[0]["id"]
    body = {"name": "Mine", "preferred_authentication_method": "voice"}
    answer = api.call("PATCH", path(method_id), bearer, json=body)
    assert answer.status_code == 200 and answer.json().items() >= body.items()
    assert api.methods(3)[0].items() >= body.items()
    problem(api.call("PATCH", path(method_id), bearer, json={"phone_number": NUMBER}), 400)


def test_only_phones_have_a_preferred_method(api):
    bearer = token(api, 2)
    answer = api.call(
        "PATCH", path(listed(api, bearer)[0]["id"]), bearer, json={"preferred_authentication_method": "sms"}
    )
    problem(answer, 400)


def test_deleting_removes_the_pair(api):
    bearer = token(api, 4)
    push = next(item for item in listed(api, bearer) if item["type"] == "push-notification")
    answer = api.call("DELETE", path(push["id"]), bearer)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [item["type"] for item in api.methods(4)] == ["recovery-code"]


@pytest.mark.parametrize("status", [404, 400])
def test_the_status_of_a_missing_method_is_switchable(make_api, status):
    api = make_api({"mfa-policy": "never", "my-account-missing-status": status})
    bearer, missing = token(api), path("totp|dev_0000000000000000")
    problem(api.call("GET", missing, bearer), 404)
    problem(api.call("PATCH", missing, bearer, json={"name": "x"}), status)
    problem(api.call("DELETE", missing, bearer), status)


def test_enrolled_method_is_challenged_at_the_mfa_api(api):
    bearer = token(api)
    started = enroll(api, bearer, "totp")
    verify(api, bearer, started, otp_code=api.otp(started["manual_input_code"]))
    api.advance(30)
    login = api.verify("otp", api.mfa_token(1), otp=api.otp(started["manual_input_code"]), **APP)
    assert login.status_code == 200


# Limits


@pytest.mark.parametrize(("plan", "read", "filtered"), [("free", 2, 5), ("professional", 5, 10), ("enterprise", 5, 20)])
def test_requests_per_user_are_limited(make_api, plan, read, filtered):
    api = make_api({"mfa-policy": "never"}, plan=plan)
    bearer = token(api)
    for query, allowed in (({}, read), ({"type": "totp"}, filtered)):
        answers = [api.call("GET", METHODS, bearer, params=query) for _call in range(allowed)]
        left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
        assert left == list(range(allowed - 1, -1, -1))
        refusal = api.call("GET", METHODS, bearer, params=query)
        problem(refusal, 429)
        assert 1 <= int(refusal.headers["retry-after"]) <= 30
        assert refusal.headers["x-ratelimit-remaining"] == "0"


def test_budget_of_the_tenant_is_reported(make_api):
    api = make_api(plan="enterprise")
    answer = api.call("GET", METHODS)
    assert answer.headers["x-ratelimit-limit"] == "25"
    assert api.call("GET", METHODS, params={"type": "totp"}).headers["x-ratelimit-limit"] == "100"


def test_otp_app_used_at_login_shows_its_last_use(api):
    api.verify("otp", api.mfa_token(2), otp=api.otp(SECRET_2))
    assert listed(api, token(api, 2))[0]["last_auth_at"] == api.methods(2)[0]["last_auth_at"]
