# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A missing member is not nothing: no module acts, or says that all is well, on the word of an answer that is not complete."""

from __future__ import annotations

import pytest

from .conftest import email
from .test_failures import ACTION, AUTHENTICATOR, CODE, FACTOR, INFO

pytestmark = pytest.mark.run_by("module")

METHODS = "/api/v2/users/*/authentication-methods"
BINDINGS = "/api/v2/actions/triggers/*/bindings"
CONTRADICTION = {"kind": "status", "status": 200, "body": {"total": 3, "authenticators": []}}
ERROR_AS_SUCCESS = {"kind": "status", "status": 200, "body": {"statusCode": 500}}
BODIES = [
    pytest.param({"kind": "sparse", "members": ["authenticators"]}, id="no list"),
    pytest.param({"kind": "sparse", "members": ["total"]}, id="no total"),
    pytest.param({"kind": "sparse", "members": ["id"]}, id="no IDs"),
    pytest.param(ERROR_AS_SUCCESS, id="an error as a success"),
    pytest.param(CONTRADICTION, id="a total without rows"),
]


@pytest.mark.parametrize("fault", BODIES)
def test_a_missing_member_is_not_nothing(tenant, fault):
    before = tenant.methods(4)
    tenant.forget_requests()
    tasks = [
        {CODE: {"email": email(4), "state": "present"}},
        {AUTHENTICATOR: {"email": email(4), "state": "absent", "factor": "push"}},
        {AUTHENTICATOR: {"email": email(4), "state": "present", "factor": "phone", "phone_number": "+442071838750"}},
        {INFO: {"email": email(4)}},
    ]
    tenant.fault(method="GET", path=METHODS, count=99, **fault)
    results = tenant.results(tenant.operator, *tasks)
    for result in results:
        assert result["failed"] and not result["changed"] and "not in the documented format" in result["msg"]
    assert tenant.writes() == []
    tenant.running.control("DELETE", "faults")
    assert tenant.methods(4) == before


@pytest.mark.parametrize("fault", BODIES)
def test_a_user_whose_list_is_not_complete_is_unread_and_never_without_authenticators(tenant, fault):
    # Both are read at once, in any order.
    path = "/api/v2/users/%s/authentication-methods" % tenant.user_id(4)
    tenant.fault(method="GET", path=path, count=1, **fault)
    (result,) = tenant.results(tenant.operator, {INFO: {"emails": [email(4), email(5)]}})
    first, second = result["users"]
    assert result["unread"] == 1 and first["authenticators"] is None and second["authenticators"] is not None
    assert "not in the documented format" in first["error"]["msg"]


@pytest.mark.parametrize("members", [["users"], ["user_id"]], ids=lambda members: members[0])
def test_a_page_of_users_without_members_is_not_a_tenant_without_users(tenant, members):
    tenant.fault(method="GET", path="/api/v2/users", count=1, kind="sparse", members=members)
    (result,) = tenant.results(tenant.operator, {INFO: {"query": "*"}})
    assert result["failed"] and result["users"] == []


@pytest.mark.parametrize("member", ["bindings", "total", "id", "action", "display_name"])
def test_no_list_is_replaced_on_the_word_of_an_answer_that_is_not_complete(tenant, member):
    code = "exports.onExecutePostLogin = async (event, api) => {};"
    results = tenant.results(tenant.operator, *[{ACTION: {"name": name, "code": code}} for name in ("a", "b")])
    assert all(result["changed"] for result in results)
    tenant.forget_requests()
    tenant.fault(method="GET", path=BINDINGS, count=99, kind="sparse", members=[member])
    tasks = [{ACTION: {"name": "a", "code": code, "position": 2}}, {ACTION: {"name": "b", "state": "absent"}}]
    for result in tenant.results(tenant.operator, *tasks):
        assert result["failed"] and not result["changed"] and "not in the documented format" in result["msg"]
    assert tenant.writes() == []


@pytest.mark.parametrize("member", ["name", "enabled", "message_types"])
def test_a_setting_that_is_not_told_is_not_off(tenant, member):
    tenant.fault(method="GET", path="/api/v2/guardian/*", count=99, kind="sparse", members=[member])
    options = {"phone_message_types": ["voice"]} if member == "message_types" else {"disabled": ["otp"]}
    (result,) = tenant.results(tenant.operator, {FACTOR: options})
    assert result["failed"] and "not in the documented format" in result["msg"] and tenant.writes() == []


def test_a_write_that_is_answered_with_an_error_as_a_success_is_told(tenant):
    tenant.fault(**ERROR_AS_SUCCESS, method="PUT", path="/api/v2/guardian/*")
    (result,) = tenant.results(tenant.operator, {FACTOR: {"disabled": ["otp"], "allow_lockout": True}})
    assert result["failed"] and "Run the task again" in result["hint"]
