# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the published OpenAPI documents is driven, and every answer held against them."""

from __future__ import annotations

import re
from urllib.parse import quote

import pyotp
import pytest

from .observed import start
from .openapi import DEVIATIONS, Judge, operations
from .tenant import Tenant

DATABASE = "Username-Password-Authentication"
OTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of user 2
CALLBACK = "https://app.example.com/callback"


def user_path(tenant, token, number):
    query = f"/api/v2/users-by-email?email=user{number:05d}%40example.com"
    user = tenant.call("GET", query, token).json()[0]
    return f"/api/v2/users/{quote(user['user_id'], safe='')}"


def users(tenant):
    token = tenant.management_token()
    for query in (
        "",
        "?include_totals=true&per_page=100",
        "?q=email:user0000*&sort=created_at:-1",
        "?per_page=999",
        "?q=(",
        "?q=" + "x" * 9000,
    ):
        tenant.call("GET", f"/api/v2/users{query}", token)
    path = user_path(tenant, token, 2)
    tenant.call("PATCH", path, token, json={"user_metadata": {"text": "x" * 1_000_000}})
    tenant.call("GET", path, token)
    tenant.call("GET", "/api/v2/users/nobody", token)
    tenant.call("GET", "/api/v2/users-by-email", token)
    body = {"connection": DATABASE, "email": "new@example.com", "password": "Long-Enough-1"}
    for attempt in (body, body, {}):
        tenant.call("POST", "/api/v2/users", token, json=attempt)
    tenant.call("PATCH", path, token, json={"name": "New"})
    tenant.call("PATCH", "/api/v2/users/nobody", token, json={})
    tenant.call("POST", f"{path}/recovery-code-regeneration", token)
    tenant.call("POST", f"{path}/multifactor/actions/invalidate-remember-browser", token)
    tenant.call("POST", "/api/v2/users/nobody/multifactor/actions/invalidate-remember-browser", token)
    tenant.call("DELETE", path, token)


def authentication_methods_of_every_seeded_user(tenant):
    token = tenant.management_token()
    for number in range(1, 61):
        path = f"{user_path(tenant, token, number)}/authentication-methods"
        tenant.call("GET", f"{path}?include_totals=true", token)
        for item in tenant.call("GET", path, token).json():
            tenant.call("GET", f"{path}/{quote(item['id'], safe='')}", token)


def authentication_method_writes(tenant):
    token = tenant.management_token()
    path = f"{user_path(tenant, token, 1)}/authentication-methods"
    phone = {
        "type": "phone",
        "phone_number": "+44207183875044",
        "name": "Work",
        "preferred_authentication_method": "sms",
    }
    email = {"type": "email", "email": "foo@example.com"}
    totp = {"type": "totp", "totp_secret": "5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4SYJQXNBQ"}
    passkey = {"type": "passkey", "key_id": "k", "public_key": "cGs=", "credential_device_type": "multi_device"}
    for body in (phone, phone, email, totp, passkey, {}):
        tenant.call("POST", path, token, json=body)
    items = tenant.call("PUT", path, token, json=[email, phone, totp]).json()
    tenant.call("PUT", path, token, json=[email, email])
    for item in items:
        method_path = f"{path}/{quote(item['id'], safe='')}"
        tenant.call("PATCH", method_path, token, json={"name": "Other"})
        tenant.call("DELETE", method_path, token)
        tenant.call("DELETE", method_path, token)
    tenant.call("DELETE", path, token)
    nobody = "/api/v2/users/nobody/authentication-methods"
    tenant.call("PUT", nobody, token, json=[email])
    tenant.call("DELETE", nobody, token)


def older_endpoints_of_a_user(tenant):
    token = tenant.management_token()
    for number in range(1, 21):
        tenant.call("GET", f"{user_path(tenant, token, number)}/enrollments", token)
    tenant.call("GET", "/api/v2/users/nobody/enrollments", token)
    for provider in ("google-authenticator", "duo", "other"):
        tenant.call("DELETE", f"{user_path(tenant, token, 2)}/multifactor/{provider}", token)
        tenant.call("DELETE", f"/api/v2/users/nobody/multifactor/{provider}", token)
    tenant.call("DELETE", f"{user_path(tenant, token, 3)}/authenticators", token)
    tenant.call("DELETE", "/api/v2/users/nobody/authenticators", token)


def guardian(tenant):
    token = tenant.management_token()
    path = user_path(tenant, token, 4)
    user_id = tenant.call("GET", path, token).json()["user_id"]
    (enrollment,) = tenant.call("GET", f"{path}/enrollments", token).json()
    address = f"/api/v2/guardian/enrollments/{quote(enrollment['id'], safe='')}"
    for method in ("GET", "DELETE", "GET", "DELETE"):
        tenant.call(method, address, token)
    bodies = [{"user_id": user_id, "factor": factor} for factor in ("push-notification", "phone", "otp", "email")]
    bodies += [{"user_id": user_id, "email": "a@example.com", "send_mail": True, "allow_multiple_enrollments": True}]
    for body in (*bodies, {}, {"user_id": "nobody"}):
        tenant.call("POST", "/api/v2/guardian/enrollments/ticket", token, json=body)
    factors = "/api/v2/guardian/factors"
    for factor in tenant.call("GET", factors, token).json():
        for body in ({"enabled": False}, {"enabled": True}, {}):
            tenant.call("PUT", f"{factors}/{factor['name']}", token, json=body)
    tenant.call("PUT", f"{factors}/other", token, json={"enabled": True})
    tenant.call("GET", f"{factors}/phone/message-types", token)
    for body in ({"message_types": ["sms"]}, {"message_types": ["sms", "voice"]}, {}):
        tenant.call("PUT", f"{factors}/phone/message-types", token, json=body)
    for body in ([], ["confidence-score"], ["all-applications"], ["other"], {}):
        tenant.call("PUT", "/api/v2/guardian/policies", token, json=body)
        tenant.call("GET", "/api/v2/guardian/policies", token)


def tickets_of_several_domains(tenant):
    token = tenant.management_token()
    user_id = tenant.call("GET", user_path(tenant, token, 4), token).json()["user_id"]
    for headers, status in (
        ({}, 409),
        ({"auth0-custom-domain": "one.example.com"}, 200),
        ({"auth0-custom-domain": "three.example.com"}, 400),
    ):
        body = {"user_id": user_id}
        answer = tenant.call("POST", "/api/v2/guardian/enrollments/ticket", token, json=body, headers=headers)
        assert answer.status_code == status


def exports(tenant):
    token = tenant.management_token()
    jobs = "/api/v2/jobs"
    for body in (
        {"format": "json", "limit": 5, "fields": [{"name": "user_id"}, {"name": "multifactor"}]},
        {"format": "csv", "fields": [{"name": "email", "export_as": "address"}]},
        {},
        {"format": "xml"},
        {"connection_id": "con_0000000000000000"},
    ):
        answer = tenant.call("POST", f"{jobs}/users-exports", token, json=body)
        if answer.status_code != 200:
            continue
        job = f"{jobs}/{answer.json()['id']}"
        tenant.call("GET", job, token)
        tenant.emulator.control("PUT", "clock", {"advance_seconds": 60})
        assert tenant.call("GET", job, token).json()["status"] == "completed"
        tenant.call("GET", f"{job}/errors", token)
    for path in ("job_0000000000000000", "job_0000000000000000/errors"):
        tenant.call("GET", f"{jobs}/{path}", token)


def logs(tenant):
    token = tenant.management_token()
    path = user_path(tenant, token, 2)
    tenant.verify("otp", tenant.mfa_token("user00002@example.com"), otp=pyotp.TOTP(OTP).now())
    tenant.verify("otp", tenant.mfa_token("user00002@example.com"), otp="000000")
    tenant.call("PATCH", path, token, json={"name": "New"})
    user_id = tenant.call("GET", user_path(tenant, token, 1), token).json()["user_id"]
    ticket = tenant.call("POST", "/api/v2/guardian/enrollments/ticket", token, json={"user_id": user_id}).json()
    tenant.emulator.control("POST", "tickets/redeem", {"ticket": ticket["ticket_id"], "factor": "otp"})
    for query in (
        "",
        "?include_totals=true",
        "?per_page=1&sort=date:1",
        "?take=2",
        "?take=101",
        "?page=x",
        "?q=type:mfar",
    ):
        tenant.call("GET", f"/api/v2/logs{query}", token)
        tenant.call("GET", f"{path}/logs{query}", token)
    entry = tenant.call("GET", "/api/v2/logs?per_page=1", token).json()[0]
    tenant.call("GET", f"/api/v2/logs?from={entry['log_id']}&take=10", token)
    tenant.call("GET", f"/api/v2/logs/{entry['log_id']}", token)
    tenant.call("GET", "/api/v2/logs/90020230314144709188593000000000000001223372037868840734", token)
    tenant.call("GET", "/api/v2/users/nobody/logs", token)


def actions(tenant):
    token = tenant.management_token()
    address, bindings = "/api/v2/actions/actions", "/api/v2/actions/triggers/post-login/bindings"
    tenant.call("GET", "/api/v2/actions/triggers", token)
    body = {
        "name": "no-remember-browser",
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "code": "exports.onExecutePostLogin = async (event, api) => {"
        " api.multifactor.enable('any', { allowRememberBrowser: false }); };",
        "runtime": "node22",
        "dependencies": [{"name": "lodash", "version": "4.17.21"}],
        "secrets": [{"name": "KEY", "value": "value"}],
    }
    action = tenant.call("POST", address, token, json=body).json()
    one = f"{address}/{action['id']}"
    for attempt in (body, {}, {**body, "supported_triggers": []}):
        tenant.call("POST", address, token, json=attempt)
    tenant.call("GET", one, token)
    tenant.call("POST", f"{one}/deploy", token)
    tenant.emulator.control("PUT", "clock", {"advance_seconds": 60})
    tenant.call("POST", f"{one}/deploy", token)
    tenant.call("GET", one, token)
    tenant.call("PATCH", one, token, json={"name": "renamed"})
    tenant.call("PATCH", one, token, json={"name": 7})
    for query in (
        "",
        "?triggerId=post-login&actionName=renamed",
        "?deployed=true",
        "?per_page=x",
        "?page=1&per_page=5",
    ):
        tenant.call("GET", f"{address}{query}", token)
    binding = {"ref": {"type": "action_id", "value": action["id"]}, "display_name": "renamed"}
    tenant.call("GET", bindings, token)
    for content in (
        [binding],
        [binding, binding],
        [{**binding, "ref": {"type": "action_name", "value": "missing"}}],
        [],
    ):
        tenant.call("PATCH", bindings, token, json={"bindings": content})
        tenant.call("GET", bindings, token)
    tenant.call("PATCH", bindings, token, json={"bindings": [binding]})
    for query in ("", "?force=true", ""):
        tenant.call("DELETE", f"{one}{query}", token)
    for method in ("GET", "PATCH"):
        tenant.call(method, one, token, json={})
    tenant.call("POST", f"{one}/deploy", token)


def refusals_of_the_management_api(tenant):
    """Every operation without a token, with a broken one and without the scope."""
    weak = tenant.management_token(scope="read:nothing")
    for operation in sorted(operations()):
        method, path = operation.split(" ")
        if path.startswith(("/mfa/", "/oauth/", "/authorize")):
            continue
        for token in (None, "garbage", weak):
            answer = tenant.call(method, "/api/v2" + re.sub(r"\{[^}]+\}", "x", path), token)
            assert answer.status_code in (400, 401, 403), operation


def tokens(tenant):
    client = {"client_id": "app", "client_secret": "app-secret"}
    email = "user00002@example.com"
    for body in (
        {},
        {"grant_type": "magic", **client},
        {"grant_type": "client_credentials", **client},
        {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "wrong"},
        {"grant_type": "refresh_token", "refresh_token": "garbage", **client},
        {"grant_type": "authorization_code", "code": "garbage", "redirect_uri": CALLBACK, **client},
    ):
        tenant.call("POST", "/oauth/token", json=body)
        tenant.call("POST", "/oauth/token", data=body)
    client_credentials = {"grant_type": "client_credentials", "audience": f"https://{tenant.domain}/api/v2/"}
    tenant.call("POST", "/oauth/token", json=client_credentials, auth=("m2m", "m2m-secret"))
    tenant.management_token(organization=None)
    tenant.login(email, password="wrong")
    realm = {"grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": DATABASE}
    audience = f"https://{tenant.domain}/mfa/"
    first = tenant.login("user00001@example.com", audience=audience, scope="enroll offline_access", **realm)
    refresh = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    tenant.call("POST", "/oauth/token", json={**refresh, **client})
    mfa_token = tenant.mfa_token(email)
    tenant.verify("otp", mfa_token, otp="000000")
    tenant.verify("otp", mfa_token, otp=pyotp.TOTP(OTP).now())
    tenant.verify("oob", mfa_token, oob_code="garbage")
    tenant.verify("recovery-code", mfa_token, recovery_code="garbage")


def authorization(tenant):
    query = {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK, "state": "s"}
    for change in (
        {},
        {"response_type": "token"},
        {"prompt": "none"},
        {"client_id": "nobody"},
        {"redirect_uri": "x:y"},
    ):
        tenant.call("GET", "/authorize", params={**query, **change}, allow_redirects=False)


def mfa_api(tenant):
    token, weak = tenant.mfa_jwt("user00001@example.com"), tenant.mfa_jwt("user00001@example.com", scope="openid")
    bodies = [{"authenticator_types": ["otp"]}, {}]
    bodies += [
        {
            "authenticator_types": ["oob"],
            "oob_channels": [channel],
            "phone_number": "+442071838750",
            "email": "a@example.com",
        }
        for channel in ("sms", "voice", "auth0", "email")
    ]
    for bearer in (token, weak, None):
        for body in bodies:
            tenant.call("POST", "/mfa/associate", bearer, json=body)
        rows = tenant.call("GET", "/mfa/authenticators", bearer).json()
        tenant.call("DELETE", "/mfa/authenticators/totp%7Cdev_0000000000000000", bearer)
        if bearer == token:
            tenant.call("DELETE", f"/mfa/authenticators/{quote(rows[0]['id'], safe='')}", bearer)
    verified = tenant.mfa_jwt("user00005@example.com")
    (row,) = tenant.call("GET", "/mfa/authenticators", verified).json()
    tenant.call("DELETE", f"/mfa/authenticators/{quote(row['id'], safe='')}", verified)
    tenant.call("GET", "/mfa/authenticators", tenant.mfa_token("user00007@example.com"))
    for client_id in ("app", "app-without-mfa"):
        client = {"client_id": client_id, "client_secret": f"{client_id}-secret"}
        for number, kind in ((2, "otp"), (3, "oob"), (4, "oob"), (7, "otp"), (3, "otp oob")):
            mfa_token = tenant.mfa_token(f"user{number:05d}@example.com", **client)
            body = {"mfa_token": mfa_token, "challenge_type": kind, **client}
            tenant.call("POST", "/mfa/challenge", json=body)
    mfa_token = tenant.mfa_token("user00002@example.com")
    tenant.call(
        "POST", "/mfa/challenge", json={"mfa_token": mfa_token, "client_id": "app", "client_secret": "app-secret"}
    )
    tenant.call("POST", "/mfa/challenge", json={})


def spent_budget(tenant):
    """A tenant of the plan ``free``."""
    token = tenant.management_token()
    for path in ("/users", "/guardian/factors", "/users/x/recovery-code-regeneration"):
        for _attempt in range(4):
            tenant.call("POST" if path.endswith("regeneration") else "GET", f"/api/v2{path}", token)


SCENARIOS = [
    (users, {}),
    (authentication_methods_of_every_seeded_user, {}),
    (authentication_method_writes, {}),
    (authentication_method_writes, {"switches": {"delete-all-unknown-user-status": 404}}),
    (older_endpoints_of_a_user, {}),
    (older_endpoints_of_a_user, {"switches": {"delete-all-unknown-user-status": 404}}),
    (guardian, {}),
    (
        tickets_of_several_domains,
        {"switches": {"custom-domains": "one.example.com,two.example.com", "missing-custom-domain-status": 409}},
    ),
    (exports, {}),
    (logs, {}),
    (actions, {}),
    (refusals_of_the_management_api, {}),
    (tokens, {}),
    (authorization, {}),
    (mfa_api, {}),
    (spent_budget, {"plan": "free"}),
]


def test_every_operation_succeeds_and_every_deviation_is_met(shared):
    """One test, so that the scenarios run once; each of them ends with nothing found."""
    assert shared.is_dir()
    met = set()
    for scenario, options in SCENARIOS:
        with start(**{"users": 60, **options}) as emulator:
            tenant = Tenant(emulator)
            with tenant.http:
                scenario(tenant)
            met |= set(emulator.control("GET", "openapi")["met"])
    succeeded = {key.rpartition(" ")[0] for key in met if re.search(r" [23]\d\d$", key)}
    assert operations() - succeeded == set()
    assert set(DEVIATIONS) - met == set()


JSON = {"content-type": "application/json; charset=utf-8"}
USERS = b'[{"user_id": "auth0|x", "created_at": "2026-01-01T00:00:00.000Z"}]'


@pytest.mark.parametrize(
    "status, headers, body, finding",
    [
        (200, JSON, USERS, None),
        (200, JSON, b'[{"user_id": 7}]', "GET /users 200 /*/user_id"),
        (200, {"content-type": "text/html"}, USERS, "GET /users 200 content-type"),
        (418, JSON, b"{}", "GET /users 418"),
    ],
)
def test_the_judge_sees_what_is_wrong(shared, status, headers, body, finding):
    assert shared.is_dir()
    judge = Judge()
    judge.judge("GET", "/api/v2/users", ("", b""), status, headers, body)
    assert [text.partition(": ")[0] for text in judge.findings] == ([finding] if finding else [])
