# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module and state: in check mode before, for real, for real again, in check mode after.

Check mode tells what the run then does, with the same diff, and writes nothing; the second run and the check after it find
nothing to do, where the module is idempotent. In the process of the test: test_playbooks.py has both modes of ansible-playbook.
"""

from __future__ import annotations

import re

import pytest

from .conftest import PASSWORD, REALM, code_of, email, writes_in
from .test_failures import (
    ACTION,
    API_TOKEN,
    AUDIT,
    AUTHENTICATOR,
    BLOCK,
    BROWSER,
    CODE,
    FACTOR,
    INFO,
    REFRESH_TOKEN,
    REMEDIATION,
    TICKET,
    TOKEN,
    decided,
)

JS = "exports.onExecutePostLogin = async (event, api) => {};"
ONCE, ALWAYS, NEVER = [True, True, False, False], [True] * 4, [False] * 4


def as_operator(module, number=None, **options):
    return lambda tenant: {module: {**tenant.operator, **({"email": email(number)} if number else {}), **options}}


def as_user(module, number, **options):
    def task(tenant):
        return {module: {**tenant.application, "mfa_token": tenant.user_token(number), **options}}

    return task


def new_user(number):
    """A user without a factor, made for one case."""

    def user(tenant):
        tenant.management("POST", "/users", {"connection": REALM, "email": email(number), "password": PASSWORD})
        return {**tenant.application, "mfa_token": tenant.user_token(number)}

    return user


def enrollment(number):
    return lambda tenant: {AUTHENTICATOR: {**new_user(number)(tenant), "factor": "otp"}}


def with_pending_otp(number, **options):
    def task(tenant):
        user = new_user(number)(tenant)
        headers = {"Authorization": "Bearer " + user["mfa_token"]}
        secret = tenant.post("/mfa/associate", {"authenticator_types": ["otp"]}, headers=headers)["secret"]
        code = {"code": code_of(secret, tenant.running)} if options["state"] == "confirmed" else {}
        return {AUTHENTICATOR: {**user, **code, **options}}

    return task


def refresh_tokens(number, **options):
    """The user has one."""

    def task(tenant):
        tenant.management("POST", "/users", {"connection": REALM, "email": email(number), "password": PASSWORD})
        tenant.log_in(number, scope="enroll offline_access")
        return {REFRESH_TOKEN: {**tenant.operator, "email": email(number), "state": "absent", **options}}

    return task


def blocked(number):
    """Brute-force protection has blocked the user."""

    def task(tenant):
        for _time in range(10):
            tenant.log_in(number, password="wrong")
        return {BLOCK: {**tenant.operator, "email": email(number), "state": "absent"}}

    return task


def existing_action(tenant):
    trigger = [{"id": "post-login", "version": "v3"}]
    tenant.management("POST", "/actions/actions", {"name": "old", "supported_triggers": trigger, "code": JS})
    return {ACTION: {**tenant.operator, "name": "old", "state": "absent"}}


def audit_of_some(tenant):
    # To list everybody it has Auth0 make an export, which is a job of its own.
    return {AUDIT: {**tenant.operator, "folder": str(tenant.folder / "audits"), "emails": [email(9), email(2)]}}


EMAIL = {"factor": "email", "email_address": "new@example.com"}
PHONE = {"factor": "phone", "phone_number": "+15005550103", "masked_match": "accept"}
GONE = {"state": "absent", "allow_last_factor": True}
# Cases of one group share a tenant, in this order.
CASES = {
    "authenticators": {
        "authenticator confirmed, user": (with_pending_otp(102, state="confirmed", factor="otp"), ONCE),
        "info, operator": (as_operator(INFO, 9), NEVER),
        "info, many": (as_operator(INFO, query="*"), NEVER),
        "info, user": (as_user(INFO, 3), NEVER),
        "authenticator present, operator": (as_operator(AUTHENTICATOR, 5, **EMAIL), ONCE),
        "authenticator present with a name, operator": (as_operator(AUTHENTICATOR, 3, name="new", **PHONE), ONCE),
        "authenticator absent, operator": (as_operator(AUTHENTICATOR, 3, **PHONE, **GONE), ONCE),
        "authenticator absent by selector, operator": (
            as_operator(AUTHENTICATOR, 9, selector="all", max_removals=3, **GONE),
            ONCE,
        ),
        "authenticator absent, everything, operator": (
            as_operator(AUTHENTICATOR, 4, selector="everything", max_removals=3, **GONE),
            ALWAYS,
        ),
        "authenticator present, user": (enrollment(101), ONCE),
        "authenticator absent by selector, user": (
            with_pending_otp(103, state="absent", selector="unconfirmed"),
            ONCE,
        ),
    },
    "the rest": {
        "recovery_code present": (as_operator(CODE, 2), ONCE),
        "recovery_code rotated when old": (as_operator(CODE, 8, state="rotated", max_age="1d"), ONCE),
        "recovery_code rotated": (as_operator(CODE, 8, state="rotated"), ALWAYS),
        "enrollment_ticket": (as_operator(TICKET, 1), ALWAYS),
        "remembered_browser absent": (as_operator(BROWSER, 1, state="absent"), ALWAYS),
        "refresh_token absent": (refresh_tokens(104), ONCE),
        "user_block absent": (blocked(1), ONCE),
        "api_token": (lambda tenant: {API_TOKEN: tenant.operator}, NEVER),
        "mfa_token": (lambda tenant: {TOKEN: tenant.user(1)}, NEVER),
        "guardian_factor": (as_operator(FACTOR, enabled=["duo"], policy="never"), ONCE),
        "action present": (as_operator(ACTION, name="mine", code=JS), ONCE),
        "action absent": (existing_action, ONCE),
        "audit": (audit_of_some, NEVER),
        "remediation": (lambda tenant: {REMEDIATION: {**tenant.operator, **decided(tenant)}}, ONCE),
    },
}
WITHOUT_DIFF = {INFO, TICKET, BROWSER, TOKEN, API_TOKEN, AUDIT}


@pytest.mark.run_by("module")
@pytest.mark.parametrize("group", CASES)
def test_check_run_run_check(tenant, group):
    for case, (make, expected) in CASES[group].items():
        task = {**make(tenant), "diff": True}
        tenant.forget_requests()
        (checked,) = tenant.results({}, {**task, "check_mode": True})
        assert writes_in(tenant.requests()) == [], case
        done = tenant.results({}, task, task, {**task, "check_mode": True})
        judge(case, next(iter(task)), expected, [checked, *done])


def judge(case: str, module: str, expected: list[bool], results: list[dict]) -> None:
    assert [result["msg"] for result in results if result.get("failed")] == [], case
    assert [result["changed"] for result in results] == expected, case
    if module in WITHOUT_DIFF:
        assert not any("diff" in result for result in results), case
        return
    predicted, done, *later = [comparable(result["diff"]) for result in results]
    assert predicted == done and done["before"] != done["after"], case
    if expected is ONCE:
        assert all(diff["before"] == diff["after"] for diff in later), case


def comparable(diff: dict) -> dict:
    """A diff without what nobody knows before: the id of something new, whether a recovery code comes along with it, and when it
    will be done.
    """
    unknown = r"\(known after \w+\)|\b\w+\|dev_\w+|\"at\": \"[^\"]+\""
    along = r"recovery-code\|.*\n"
    return {
        side: re.sub(unknown, "ID", re.sub(along, "", text)) if isinstance(text, str) else text
        for side, text in diff.items()
    }
