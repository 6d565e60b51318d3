# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module and state: in check mode before, for real, for real again, in check mode after.

Check mode tells what the run then does, with the same diff, and writes nothing; the second run and the check after it find
nothing to do, where the module is idempotent.
"""

from __future__ import annotations

import re

import pytest

from .conftest import code_of, email
from .test_failures import ACTION, AUTHENTICATOR, BROWSER, CODE, FACTOR, INFO, TICKET, TOKEN

JS = "exports.onExecutePostLogin = async (event, api) => {};"
ONCE, ALWAYS, NEVER = [True, True, False, False], [True] * 4, [False] * 4


def as_operator(module, number=None, **options):
    return lambda tenant: {module: {**tenant.operator, **({"email": email(number)} if number else {}), **options}}


def as_user(module, number, **options):
    def task(tenant):
        return {module: {**tenant.application, "mfa_token": tenant.user_token(number), **options}}

    return task


def confirmation(tenant):
    token = tenant.user_token(1)
    headers = {"Authorization": "Bearer " + token}
    secret = tenant.post("/mfa/associate", {"authenticator_types": ["otp"]}, headers=headers)["secret"]
    code = code_of(secret, tenant.running)
    return {
        AUTHENTICATOR: {**tenant.application, "mfa_token": token, "state": "confirmed", "factor": "otp", "code": code}
    }


def pending(tenant):
    enrolled = confirmation(tenant)[AUTHENTICATOR]
    absent = {"state": "absent", "selector": "unconfirmed", "code": None}
    return {AUTHENTICATOR: {name: value for name, value in {**enrolled, **absent}.items() if value is not None}}


def existing_action(tenant):
    made = {ACTION: {**tenant.operator, "name": "mine", "code": JS}}
    tenant.results({}, made)
    return {ACTION: {**tenant.operator, "name": "mine", "state": "absent", "force": True}}


EMAIL = {"factor": "email", "email_address": "new@example.com"}
PHONE = {"factor": "phone", "phone_number": "+15005550103"}
GONE = {"state": "absent", "allow_last_factor": True}
CASES = {
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
    "authenticator present, user": (as_user(AUTHENTICATOR, 1, factor="otp"), ONCE),
    "authenticator confirmed, user": (confirmation, ONCE),
    "authenticator absent by selector, user": (pending, ONCE),
    "recovery_code present": (as_operator(CODE, 2), ONCE),
    "recovery_code rotated when old": (as_operator(CODE, 8, state="rotated", max_age="1d"), ONCE),
    "recovery_code rotated": (as_operator(CODE, 8, state="rotated"), ALWAYS),
    "enrollment_ticket": (as_operator(TICKET, 1), ALWAYS),
    "remembered_browser absent": (as_operator(BROWSER, 1, state="absent"), ALWAYS),
    "guardian_factor": (as_operator(FACTOR, enabled=["duo"], policy="never"), ONCE),
    "action present": (as_operator(ACTION, name="mine", code=JS), ONCE),
    "action absent": (existing_action, ONCE),
    "mfa_token": (lambda tenant: {TOKEN: tenant.user(1)}, NEVER),
}
WITHOUT_DIFF = {INFO, TICKET, BROWSER, TOKEN}


@pytest.mark.parametrize("case", CASES)
def test_check_run_run_check(tenant, case):
    make, expected = CASES[case]
    task = {**make(tenant), "diff": True}
    module = next(iter(task))
    tenant.forget_requests()
    (checked,) = tenant.results({}, {**task, "check_mode": True})
    assert tenant.writes() == []
    results = [checked, *tenant.results({}, task, task, {**task, "check_mode": True})]
    assert [result["msg"] for result in results if result.get("failed")] == []
    assert [result["changed"] for result in results] == expected
    if module in WITHOUT_DIFF:
        assert not any("diff" in result for result in results)
        return
    predicted, done, *later = [comparable(result["diff"]) for result in results]
    assert predicted == done and done["before"] != done["after"]
    if expected is ONCE:
        assert all(diff["before"] == diff["after"] for diff in later)


def comparable(diff: dict) -> dict:
    """A diff without what nobody knows before: the id of something new, and whether a recovery code comes along with it."""
    unknown = r"\(known after \w+\)|\b\w+\|dev_\w+"
    along = r"recovery-code\|.*\n"
    return {
        side: re.sub(unknown, "ID", re.sub(along, "", text)) if isinstance(text, str) else text
        for side, text in diff.items()
    }
