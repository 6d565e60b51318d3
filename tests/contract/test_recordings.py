# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded Auth0 traffic, replayed: same status, same keys, same masks, same omissions."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyotp
import pytest

from .comparison import differences

MANAGEMENT = [
    "go-auth0__TestUserManager_AuthenticationMethods.json",
    "go-auth0__TestUserManager_InvalidateRememberBrowser.json",
    "go-auth0__TestUserManager_List.json",
    "go-auth0__TestUserManager_ListByEmail.json",
    "go-auth0__TestUserManager_RegenerateRecoveryCode.json",
]
SMS = "go-auth0__authentication_TestMFAAddAuthenticator_Should_return_response_for_OOB__SMS_channel_.json"
OTP = "go-auth0__authentication_TestMFAAddAuthenticator_Should_return_response_for_OTP.json"
LISTING = "go-auth0__authentication_TestMFAListAuthenticators.json"
CHALLENGE = "go-auth0__authentication_TestMFAChallenge_Should_make_a_challenge_request_using_OTP.json"
VERIFY_OTP = "go-auth0__authentication_TestMFAVerifyWithOTP_Should_return_tokens_for_a_valid_request.json"
VERIFY_RECOVERY_CODE = (
    "go-auth0__authentication_TestMFAVerifyWithRecoveryCode_Should_return_tokens_for_a_valid_request.json"
)
LOGS = "go-auth0__TestLogManager_CheckpointPagination.json"
# Recordings of tenants that were set up in another way.
NO_MFA = {"enabled-factors": "", "mfa-policy": "never", "recovery-code-factor": "off"}
SET_UP = {
    "go-auth0__TestActionManager_Bindings.json": {"action-build-seconds": 2},
    "go-auth0__TestActionManager_CreateWithDeploy.json": {"action-build-seconds": 1},
    "go-auth0__TestGuardian_Enrollment_CreateTicket.json": {},
    "go-auth0__TestGuardian_Enrollment_Get.json": {},
    "go-auth0__TestGuardian_MultiFactor_List.json": NO_MFA,
    "go-auth0__TestGuardian_MultiFactor_OTP_Enable.json": NO_MFA,
    "go-auth0__TestGuardian_MultiFactor_Policy.json": NO_MFA,
    "go-auth0__TestJobManager_ExportUsers.json": {},
    "go-auth0__TestUserManager_Enrollments.json": {},
}
# What has to be sent otherwise than recorded: the default runtime has moved on, and connections have own ids.
INSTEAD = {
    "/api/v2/actions/actions": {"runtime": "node16"},
    "/api/v2/jobs/users-exports": {"connection_id": "con_0000000000000001"},
}
SECRET = "HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF"
EMAIL = "user@example.com"
CLIENT = {"client_id": "app", "client_secret": "app-secret"}


@pytest.fixture
def tenant(run_tenant):
    """The recorded tenant had SMS without voice, and the recovery-code factor."""
    with run_tenant(users=3, switches={"message-types": "sms"}) as tenant:
        yield tenant


@pytest.fixture
def user(tenant):
    """A user with a verified e-mail and nothing else; returns a Management token and the user's path."""
    token = tenant.management_token()
    body = {
        "connection": "Username-Password-Authentication",
        "email": EMAIL,
        "email_verified": True,
        "password": "Correct-Horse-7",
    }
    created = tenant.call("POST", "/api/v2/users", token, json=body).json()
    return token, f"/api/v2/users/{created['user_id'].replace('|', '%7C')}"


def interactions(shared, name):
    return json.loads((shared / "recordings" / name).read_text(encoding="utf-8"))["interactions"]


def replay(tenant, interaction, token, ids, **values):
    """Send the recorded request with its placeholders and ids replaced; returns the answer and what differs."""
    request, recorded = interaction["request"], interaction["response"]
    parts = urlsplit(request["url"])
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    for old, new in ids.items():
        path = path.replace(old.replace("|", "%7C"), new.replace("|", "%7C"))
    body = request["body"]
    headers = {"content-type": request["headers"].get("Content-Type", "application/json")}
    if isinstance(body, str):
        body = urlencode({**dict(parse_qsl(body)), **values})
    elif body is not None:
        body = json.dumps({**body, **values} if values else body)
    answer = tenant.call(request["method"], path, token, data=body, headers=headers)
    actual = answer.json() if answer.content else None
    if parts.path == "/oauth/token":
        actual.pop("id_token", None)  # the recorder dropped it
    found = differences(recorded["body"], actual, ids)
    if answer.status_code != recorded["status"]:
        found.append(f"status {recorded['status']} is {answer.status_code}")
    if answer.headers["content-type"] != recorded["headers"]["Content-Type"]:
        found.append(f"content type {recorded['headers']['Content-Type']} is {answer.headers['content-type']}")
    return answer, [f"{request['method']} {parts.path}: {text}" for text in found]


@pytest.mark.parametrize("name", MANAGEMENT)
def test_management_recording(shared, tenant, name):
    token, ids = tenant.management_token(), {}
    for interaction in interactions(shared, name):
        _answer, found = replay(tenant, interaction, token, ids)
        assert found == []


def test_associating_and_listing(shared, tenant, user):
    """One story: SMS (with the recovery code), push and OTP (without), then the list with the verified e-mail."""
    token = tenant.mfa_jwt(EMAIL)
    (sms,), (otp,), (listing,) = (interactions(shared, name) for name in (SMS, OTP, LISTING))
    _answer, found = replay(tenant, sms, token, {}, phone_number="+913456789167")
    assert found == []
    push = tenant.call(
        "POST", "/mfa/associate", token, json={"authenticator_types": ["oob"], "oob_channels": ["auth0"]}
    )
    assert push.status_code == 200
    _answer, found = replay(tenant, otp, token, {})
    assert found == []
    _answer, found = replay(tenant, listing, token, {})
    assert found == []


def with_otp(tenant, user):
    management, path = user
    body = {"type": "totp", "totp_secret": SECRET}
    created = tenant.call("POST", f"{path}/authentication-methods", management, json=body)
    return created.json()["id"]


def test_otp_challenge(shared, tenant, user):
    method_id = with_otp(tenant, user)
    (interaction,) = interactions(shared, CHALLENGE)
    values = {**CLIENT, "mfa_token": tenant.mfa_token(EMAIL), "authenticator_id": method_id}
    _answer, found = replay(tenant, interaction, None, {}, **values)
    assert found == []


def test_otp_verification(shared, tenant, user):
    with_otp(tenant, user)
    (interaction,) = interactions(shared, VERIFY_OTP)
    mfa_token = tenant.mfa_token(EMAIL, scope="openid profile")
    values = {**CLIENT, "mfa_token": mfa_token, "otp": pyotp.TOTP(SECRET).now()}
    _answer, found = replay(tenant, interaction, None, {}, **values)
    assert found == []


def test_recovery_code_verification(shared, tenant, user):
    management, path = user
    with_otp(tenant, user)
    code = tenant.call("POST", f"{path}/recovery-code-regeneration", management).json()["recovery_code"]
    (interaction,) = interactions(shared, VERIFY_RECOVERY_CODE)
    mfa_token = tenant.mfa_token(EMAIL, scope="openid profile")
    answer, found = replay(tenant, interaction, None, {}, **CLIENT, mfa_token=mfa_token, recovery_code=code)
    assert found == []
    assert answer.json()["recovery_code"] != code


@pytest.mark.parametrize("name", SET_UP)
def test_recording_of_a_tenant_set_up_otherwise(shared, run_tenant, name):
    with run_tenant(users=3, switches={**SET_UP[name]}) as tenant:
        token, ids = tenant.management_token(), {}
        for interaction in interactions(shared, name):
            request = interaction["request"]
            if request["method"] == "GET":
                tenant.emulator.control("PUT", "clock", {"advance_seconds": 1})  # builds take their time
            path = urlsplit(request["url"]).path
            body = request["body"] if isinstance(request["body"], dict) else {}
            values = {} if "runtime" in body else INSTEAD.get(path, {})
            if "user_id" in body:
                values = {"user_id": ids[body["user_id"]]}
            _answer, found = replay(tenant, interaction, token, ids, **values)
            assert found == []


def test_log_recording(shared, tenant):
    """The recorded entries about new users, and the checkpoint page: what follows, ascending."""
    search, checkpoint = interactions(shared, LOGS)
    recorded = {
        entry["type"]: entry for entry in reversed(search["response"]["body"]) if entry["type"] in ("ss", "sapi")
    }
    token = tenant.management_token()
    body = recorded["sapi"]["details"]["request"]["body"]
    for password in ("Very-Secret-9", "Very-Secret-10"):
        mail = f"{password.lower()}@example.com"
        sent = {**body, "email": mail, "password": password}
        assert tenant.call("POST", "/api/v2/users", token, json=sent).status_code == 201
    newest = tenant.call("GET", "/api/v2/logs?page=0&per_page=10", token)
    assert newest.headers["content-type"] == search["response"]["headers"]["Content-Type"]
    for kind in ("ss", "sapi"):
        entry = next(entry for entry in newest.json() if entry["type"] == kind)
        assert _shape(entry) == _shape(recorded[kind])
        assert {name for name, value in entry.items() if value is None} == {
            name for name, value in recorded[kind].items() if value is None
        }
    oldest = newest.json()[-1]["log_id"]
    page = tenant.call("GET", f"/api/v2/logs?from={oldest}&take=2", token)
    assert page.status_code == checkpoint["response"]["status"]
    assert [entry["log_id"] for entry in page.json()] == [entry["log_id"] for entry in newest.json()[-2:-4:-1]]
    assert [entry["log_id"] for entry in checkpoint["response"]["body"]] == [
        entry["log_id"] for entry in search["response"]["body"][-2:-4:-1]
    ]


def _shape(entry):
    """All keys, nested ones included; but not the token's scopes, which most recorded entries lack."""
    if isinstance(entry, dict):
        return {name: _shape(value) for name, value in entry.items() if name != "credentials"}
    return len(entry) if isinstance(entry, list) else None


def test_every_recording_is_replayed(shared):
    replayed = {*MANAGEMENT, *SET_UP, LOGS, SMS, OTP, LISTING, CHALLENGE, VERIFY_OTP, VERIFY_RECOVERY_CODE}
    assert set(json.loads((shared / "recordings" / "INDEX.json").read_text(encoding="utf-8"))) == replayed


def test_answers_quoted_in_public_threads(shared, run_tenant):
    """The quoted bodies with a status, each provoked."""
    observed = json.loads((shared / "recordings" / "observed-in-public-threads.json").read_text(encoding="utf-8"))
    with run_tenant(users=3) as tenant, run_tenant(users=3, plan="free") as poor:
        answers = [*_provoked(tenant), *_provoked_by_haste(poor)]
    for observation in observed["observations"]:
        expected = observation["response"]
        if expected["status"] is None or expected["status"] == 200:
            continue
        assert any(
            answer.status_code == expected["status"] and _same_quote(expected["body"], answer.json())
            for answer in answers
        ), expected


def _provoked(tenant):
    management = tenant.management_token()
    yield tenant.login("user00002@example.com")
    yield tenant.login("user00002@example.com", password="wrong")
    yield tenant.login("user00002@example.com", client_secret="wrong")
    yield tenant.call("POST", "/oauth/token", json={"grant_type": "client_credentials", **CLIENT})
    body = {"mfa_token": tenant.mfa_token("user00002@example.com"), "challenge_type": "oob", **CLIENT}
    # Without a verified e-mail there is nothing to challenge out of band.
    users = tenant.call("GET", "/api/v2/users?q=email:user00002*", management).json()
    path = f"/api/v2/users/{users[0]['user_id'].replace('|', '%7C')}"
    tenant.call("PATCH", path, management, json={"email_verified": False})
    yield tenant.call("POST", "/mfa/challenge", json=body)
    yield tenant.call("GET", "/api/v2/users?page=10&per_page=100", management)
    tenant.emulator.control("PUT", "clock", {"advance_seconds": 90_000})
    yield tenant.call("GET", "/api/v2/users?per_page=1", management)


def _provoked_by_haste(tenant):
    management = tenant.management_token()
    for _number in range(3):
        yield tenant.call("GET", "/api/v2/users?per_page=1", management)


def _same_quote(expected, actual):
    sealed = "mfa_token" in expected and actual.get("mfa_token", "").startswith("Fe26.2*")
    return actual == expected or (sealed and {**actual, "mfa_token": expected["mfa_token"]} == expected)
