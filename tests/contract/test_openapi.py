# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's answers against the published OpenAPI descriptions."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pyotp
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.emulator.launch import start

from .tenant import Tenant

# Answers whose status the description does not list although the service gives it, and why.
DEVIATIONS = {
    (
        "POST",
        "/mfa/challenge",
        403,
    ): "an application without the MFA grant: unauthorized_client, seen in public threads",
    ("GET", "/mfa/authenticators", 403): "a JWT without the scope; the status is undocumented",
    ("POST", "/mfa/associate", 403): "a JWT without the scope; the status is undocumented",
    ("DELETE", "/mfa/authenticators/{id}", 403): "a JWT without the scope; the status is undocumented",
}


class Description:
    """The two published documents, as validators of answers."""

    def __init__(self, folder):
        self.documents = {
            "": json.loads((folder / "authentication-subset.json").read_text(encoding="utf-8")),
            "/api/v2": json.loads((folder / "management-subset.json").read_text(encoding="utf-8")),
        }
        self.registry = Registry().with_resources(
            (f"urn:{prefix}", Resource.from_contents(document, default_specification=DRAFT202012))
            for prefix, document in self.documents.items()
        )
        self.seen = set()
        self.findings = []

    def check(self, method, path, response):
        """Note what differs in one answer; addresses and methods that no document describes are not looked at."""
        path = path.partition("?")[0]
        prefix = "/api/v2" if path.startswith("/api/v2") else ""
        for template, operations in self.documents[prefix]["paths"].items():
            pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(prefix + template))
            if re.fullmatch(pattern, path) and method.lower() in operations:
                break
        else:
            return
        responses = operations[method.lower()]["responses"]
        self.seen.add((method, template, response.status_code))
        if str(response.status_code) not in responses:
            if (method, template, response.status_code) not in DEVIATIONS:
                self.findings.append(f"{method} {path} answered {response.status_code}: {response.text}")
            return
        content = responses[str(response.status_code)].get("content")
        if content and response.status_code != 204:
            pointer = f"paths/{_escape(template)}/{method.lower()}/responses/{response.status_code}"
            reference = f"urn:{prefix}#/{quote(pointer, safe='/~')}/content/application~1json/schema"
            errors = Draft202012Validator({"$ref": reference}, registry=self.registry).iter_errors(response.json())
            self.findings += [f"{method} {path} {response.status_code}: {error.message}" for error in errors]


def _escape(template):
    return template.replace("~", "~0").replace("/", "~1")


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
    ):
        tenant.call("GET", f"/api/v2/users{query}", token)
    path = user_path(tenant, token, 2)
    tenant.call("GET", path, token)
    tenant.call("GET", "/api/v2/users/nobody", token)
    tenant.call("GET", "/api/v2/users-by-email", token)
    body = {"connection": "Username-Password-Authentication", "email": "new@example.com", "password": "Long-Enough-1"}
    for attempt in (body, body, {}):
        tenant.call("POST", "/api/v2/users", token, json=attempt)
    tenant.call("PATCH", path, token, json={"name": "New"})
    tenant.call("PATCH", "/api/v2/users/nobody", token, json={})
    tenant.call("POST", f"{path}/recovery-code-regeneration", token)
    tenant.call("POST", f"{path}/multifactor/actions/invalidate-remember-browser", token)
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


def refusals_of_the_management_api(tenant):
    weak = tenant.management_token(scope="read:logs")
    paths = ["/users", "/users/x", "/users-by-email", "/users/x/authentication-methods"]
    paths += ["/users/x/authentication-methods/y", "/users/x/recovery-code-regeneration"]
    paths += ["/users/x/multifactor/actions/invalidate-remember-browser"]
    for path in paths:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for token in (None, "garbage", weak):
                tenant.call(method, f"/api/v2{path}", token)


def tokens(tenant):
    client = {"client_id": "app", "client_secret": "app-secret"}
    email = "user00002@example.com"
    for body in (
        {},
        {"grant_type": "magic", **client},
        {"grant_type": "client_credentials", **client},
        {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "wrong"},
    ):
        tenant.call("POST", "/oauth/token", json=body)
    tenant.login(email, password="wrong")
    mfa_token = tenant.mfa_token(email)
    tenant.verify("otp", mfa_token, otp="000000")
    tenant.verify("otp", mfa_token, otp=pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").now())
    tenant.verify("oob", mfa_token, oob_code="garbage")
    tenant.verify("recovery-code", mfa_token, recovery_code="garbage")


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
    for client_id in ("app", "app-without-mfa"):
        client = {"client_id": client_id, "client_secret": f"{client_id}-secret"}
        for number, kind in ((2, "otp"), (3, "oob"), (4, "oob"), (7, "otp")):
            mfa_token = tenant.mfa_token(f"user{number:05d}@example.com", **client)
            body = {"mfa_token": mfa_token, "challenge_type": kind, **client}
            tenant.call("POST", "/mfa/challenge", json=body)
    tenant.call("POST", "/mfa/challenge", json={})


SCENARIOS = (
    users,
    authentication_methods_of_every_seeded_user,
    authentication_method_writes,
    refusals_of_the_management_api,
    tokens,
    mfa_api,
)


@pytest.fixture(scope="module")
def description(shared):
    """The descriptions, with what all scenarios met."""
    description = Description(shared)
    for scenario in SCENARIOS:
        with start(users=60) as emulator:
            tenant = Tenant(emulator, description.check)
            with tenant.http:
                scenario(tenant)
    return description


def test_no_answer_differs_from_its_description(description):
    assert description.findings == []


def test_every_listed_deviation_is_met(description):
    assert set(DEVIATIONS) <= description.seen


def test_every_operation_of_the_emulator_was_answered_with_success(description):
    seen = {(method, template) for method, template, status in description.seen if status < 300}
    assert seen == {
        ("POST", "/oauth/token"),
        ("POST", "/mfa/associate"),
        ("POST", "/mfa/challenge"),
        ("GET", "/mfa/authenticators"),
        ("DELETE", "/mfa/authenticators/{id}"),
        ("GET", "/users"),
        ("POST", "/users"),
        ("GET", "/users/{id}"),
        ("PATCH", "/users/{id}"),
        ("DELETE", "/users/{id}"),
        ("GET", "/users-by-email"),
        ("POST", "/users/{id}/recovery-code-regeneration"),
        ("POST", "/users/{id}/multifactor/actions/invalidate-remember-browser"),
        ("GET", "/users/{id}/authentication-methods"),
        ("POST", "/users/{id}/authentication-methods"),
        ("PUT", "/users/{id}/authentication-methods"),
        ("DELETE", "/users/{id}/authentication-methods"),
        ("GET", "/users/{id}/authentication-methods/{authentication_method_id}"),
        ("PATCH", "/users/{id}/authentication-methods/{authentication_method_id}"),
        ("DELETE", "/users/{id}/authentication-methods/{authentication_method_id}"),
    }
