# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about a refusal fits who asks: the operator by secret or by token, or the user."""

from __future__ import annotations

import pytest

from .conftest import email
from .test_failures import ACTION, AUTHENTICATOR, INFO, TICKET

pytestmark = pytest.mark.run_by("module")


def refused(tenant, module, options, **answer) -> dict:
    tenant.fault(kind="status", count=5, **answer)
    (result,) = tenant.results({}, {module: options})
    assert result["failed"], result
    return result


def answer_of(tenant, options) -> dict:
    (result,) = tenant.results({}, {INFO: {"email": email(1), "base_url": tenant.running.url, **options}})
    assert result["failed"]
    return result


def test_a_token_of_another_kind_is_told_by_its_option(tenant):
    for token in ("opaque", tenant.user_token(1)):
        result = answer_of(tenant, {"api_token": token})
        assert result["hint"].startswith("Set api_token to a whole access token for the audience http"), result
        assert "/api/v2/" in result["hint"] and "600" not in result["msg"]


def test_an_expired_operators_token_is_not_told_about_users_tokens(tenant):
    token = tenant.operator_token()
    tenant.running.control("PUT", "clock", {"advance_seconds": 100000})
    result = answer_of(tenant, {"api_token": token})
    assert "api_token has expired" in result["hint"] and "600" not in result["msg"], result


@pytest.mark.parametrize(
    "side, wanted, unwanted",
    [
        ("operator", "Authorize the application for the API", "realm"),
        ("user", "Check realm, the audience", "Authorize"),
    ],
)
def test_access_denied_names_what_the_grant_has(tenant, side, wanted, unwanted):
    options = {**tenant.operator, "email": email(1)} if side == "operator" else tenant.user(1)
    body = {"error": "access_denied", "error_description": "Client is not authorized to access this API."}
    result = refused(tenant, INFO, options, method="POST", path="/oauth/token", status=403, body=body)
    assert wanted in result["hint"] and unwanted not in result["hint"]


def test_a_conflict_is_told_as_what_it_is_about(tenant):
    body = {"statusCode": 409, "error": "Conflict", "message": "Already there."}
    about = {"method": "POST", "status": 409, "body": body}
    action = {**tenant.operator, "name": "mine", "code": "x"}
    phone = {**tenant.operator, "email": email(1), "factor": "phone", "phone_number": "+442071838750"}
    assert "authenticator" not in refused(tenant, ACTION, action, path="/api/v2/actions/actions", **about)["hint"]
    tenant.running.reset()
    told = refused(tenant, AUTHENTICATOR, phone, path="/api/v2/users/*/authentication-methods", **about)
    assert "List the user's authenticators" in told["hint"]


def test_what_the_plan_lacks_is_told(tenant):
    body = {"statusCode": 403, "error": "Forbidden", "message": "Not entitled.", "errorCode": "not_entitled"}
    options = {**tenant.operator, "email": email(1), "send_mail": False}
    result = refused(tenant, TICKET, options, method="POST", path="/api/v2/guardian/*", status=403, body=body)
    assert "plan does not include" in result["hint"]
