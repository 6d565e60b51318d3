# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign: whatever Auth0 answers, a task ends with a result that is right or with one line that says what happened.

The answers of each scenario are recorded from the embedded tenant. Then the task runs again and again, and each time one of the
answers has something wrong with it. What the task sent is always told, and nothing is called right that could not be read.
"""

from __future__ import annotations


import pytest
from hypothesis import given, note

from tests.support.campaign import tried, trying
from tests.support.mutations import Exchanged, Mutation, mutations, recording, replaying

from .conftest import Tenant, email
from .test_failures import ACTION, AUTHENTICATOR, INFO, TOKEN
from .test_faults import ROWS, user_and_task
from .test_twice import CASES

pytestmark = pytest.mark.run_by("module")

OTP_OF_2 = "MJZRCQZQJNCVGTSQ"


def enrolling(**options):
    def task(tenant: Tenant) -> dict:
        return {AUTHENTICATOR: {**tenant.application, "mfa_token": tenant.user_token(1), **options}}

    return task


def with_recovery_code(tenant: Tenant) -> dict:
    path = "/users/%s/recovery-code-regeneration" % tenant.user_id(4).replace("|", "%7C")
    code = tenant.management("POST", path)["recovery_code"]
    return {TOKEN: {**tenant.user(4), "recovery_code": code}}


def with_challenge(tenant: Tenant) -> dict:
    return {TOKEN: {**tenant.user(3), "challenge": "sms"}}


def two_addresses(tenant: Tenant) -> dict:
    return {INFO: {**tenant.operator, "emails": [email(4), email(9)]}}


SCENARIOS = {
    **{f"fault: {row.name}": (lambda tenant, row=row: user_and_task(tenant, row, 101)) for row in ROWS},
    # An audit waits for minutes for an answer that it can use; test_audit_faults.py tries its answers without that time. Remediation
    # does nothing twice, so that no second answer would be asked for.
    **{
        name: make
        for group in CASES.values()
        for name, (make, _expected) in group.items()
        if name not in ("audit", "remediation")
    },
    "phone, user": enrolling(factor="sms", phone_number="+442071838750"),
    "push, user": enrolling(factor="push", qr_text=True),
    "email, user": enrolling(factor="email", email_address="me@example.com"),
    "recovery code, login": with_recovery_code,
    "challenge, login": with_challenge,
    "info, two addresses": two_addresses,
}
EACH = 40


def prepared(tenant: Tenant, name: str) -> dict:
    """The task of a scenario, for a tenant that has what it needs."""
    tenant.running.reset(switches={"action-build-seconds": 0})
    task = SCENARIOS[name](tenant)
    if ACTION in task:
        # Nothing is built later in what was recorded.
        task[ACTION]["build_timeout"] = 0
    return task


@pytest.mark.parametrize("name", SCENARIOS)
def test_any_answer_ends_in_a_right_result_or_in_one_line(tenant, name):
    task = prepared(tenant, name)
    with recording() as answers:
        (good,) = tenant.results({}, task)
    assert not good.get("failed"), good["msg"]

    @trying(EACH)
    @given(mutation=mutations(answers))
    def attempt(mutation):
        note(mutation)
        with replaying(mutation.applied(answers)) as asked:
            (result,) = tenant.results({}, task)
        tried("answers")
        judge(mutation, good, answers, result, asked)

    attempt()


def judge(mutation: Mutation, good: dict, answers: list[Exchanged], result: dict, asked: list[Exchanged]) -> None:
    """What no answer may lead to."""
    sent = [each for each in asked if each.is_write and each.answer.status_code < 300]
    if result.get("failed"):
        assert "exception" not in result and "Traceback" not in result["msg"], result
        assert result["msg"].isprintable() and len(result["msg"]) < 5000, result
        if sent:
            assert result["changed"] or "still there" in result["msg"], result
        return
    if sent:
        assert result["changed"], (result, sent)
    if any(each.is_write for each in answers) and not mutation.undetectable:
        assert result["changed"] == good["changed"], (result, sent)
