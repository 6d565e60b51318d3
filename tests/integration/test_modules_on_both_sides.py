# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module and state in one playbook, on both sides of everything that Auth0 does not document.

test_both_sides turns one switch at a time, below the modules. Here all of them are turned at once, as often as it takes to see
every value of every switch. With the defaults ansible-playbook runs the tasks; on the other sides the modules run in the
process of the test, because Ansible's own part is the same.
"""

from __future__ import annotations

import pytest

from tests.emulator.switches import SWITCHES

from .conftest import Tenant, code_of, email
from .test_both_sides import other_values
from .test_failures import (
    ACTION,
    AUTHENTICATOR,
    BLOCK,
    BROWSER,
    CODE,
    FACTOR,
    INFO,
    REFRESH_TOKEN,
    SESSION,
    TICKET,
    TOKEN,
)

PHONE = "+442071838750"
OTP_OF_2 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
JS = 'exports.onExecutePostLogin = async (event, api) => { api.multifactor.enable("any"); };'
# These say what the tenant is, not what Auth0 leaves undocumented; with other values the same work has another outcome.
CONFIGURATION = {
    "action-build-outcome",
    "adaptive-mfa",
    "brute-force-protection",
    "brute-force-threshold",
    "custom-domains",
    "default-directory",
    "enabled-factors",
    "message-types",
    "mfa-policy",
    "password-policy",
    "recovery-code-factor",
    "session-management",
    "user-kinds",
    "user-quotas",
}
UNDOCUMENTED = sorted(set(SWITCHES) - CONFIGURATION)
SHORT = {"action-build-seconds": ["0"], "action-bind-delay-seconds": ["1"], "latency-tail": ["1"]}


def turned(number: int) -> dict[str, str]:
    """For every switch its other value of this number, or its last one."""
    values = {name: other_values(name) for name in UNDOCUMENTED}
    # Otherwise more time would be spent waiting, and a code would be too old.
    values |= SHORT
    return {name: others[min(number, len(others) - 1)] for name, others in values.items()}


def work(tenant: Tenant) -> list[tuple[str, dict]]:
    """What each task is called, and the task."""
    operator, user = tenant.operator, {**tenant.application, "mfa_token": tenant.user_token(1)}

    def as_operator(module, number=None, **options):
        return {module: {**operator, **({"email": email(number)} if number else {}), **options}}

    address = {"factor": "email", "email_address": "new@example.com"}
    phone = {"factor": "phone", "phone_number": "+15005550103", "masked_match": "accept"}
    login = {**tenant.user(2), "otp": code_of(OTP_OF_2, tenant.running), "offline_access": True}
    return [
        # First, because a code is soon too old.
        ("login", {TOKEN: login}),
        ("info of one", as_operator(INFO, 9)),
        ("info of many", as_operator(INFO, query="*")),
        ("info as the user", {INFO: user}),
        ("e-mail", as_operator(AUTHENTICATOR, 5, **address)),
        ("e-mail again", as_operator(AUTHENTICATOR, 5, **address)),
        ("name", as_operator(AUTHENTICATOR, 3, name="new", **phone)),
        ("name again", as_operator(AUTHENTICATOR, 3, name="new", **phone)),
        ("phone removed", as_operator(AUTHENTICATOR, 3, state="absent", allow_last_factor=True, **phone)),
        ("phone removed again", as_operator(AUTHENTICATOR, 3, state="absent", allow_last_factor=True, **phone)),
        (
            "all removed",
            as_operator(AUTHENTICATOR, 9, state="absent", selector="all", max_removals=5, allow_last_factor=True),
        ),
        (
            "all removed again",
            as_operator(AUTHENTICATOR, 9, state="absent", selector="all", max_removals=5, allow_last_factor=True),
        ),
        ("otp as the user", {AUTHENTICATOR: {**user, "factor": "otp"}}),
        ("otp as the user again", {AUTHENTICATOR: {**user, "factor": "otp"}}),
        ("otp removed as the user", {AUTHENTICATOR: {**user, "factor": "otp", "state": "absent"}}),
        ("otp removed as the user again", {AUTHENTICATOR: {**user, "factor": "otp", "state": "absent"}}),
        ("code", as_operator(CODE, 2)),
        ("code again", as_operator(CODE, 2)),
        ("code rotated", as_operator(CODE, 2, state="rotated")),
        ("ticket", as_operator(TICKET, 1)),
        ("ticket of a domain", as_operator(TICKET, 1, custom_domain="login.example.com")),
        ("browsers", as_operator(BROWSER, 1, state="absent")),
        # The login has left one. How long it is listed after it was revoked is not documented.
        ("refresh tokens", as_operator(REFRESH_TOKEN, 2, state="absent")),
        ("sessions", as_operator(SESSION, 1, state="absent")),
        ("blocks", as_operator(BLOCK, 1, state="absent")),
        ("factor", as_operator(FACTOR, enabled=["duo"], policy="confidence-score")),
        ("factor again", as_operator(FACTOR, enabled=["duo"], policy="confidence-score")),
        ("action", as_operator(ACTION, name="mine", code=JS)),
        ("action again", as_operator(ACTION, name="mine", code=JS)),
        ("action removed", as_operator(ACTION, name="mine", state="absent", force=True)),
        ("action removed again", as_operator(ACTION, name="mine", state="absent")),
        ("push sent", {TOKEN: {**tenant.user(4), "challenge": "push", "push_timeout": 0}}),
    ]


def login_with_the_code(tenant: Tenant, results: dict[str, dict]) -> dict:
    """What comes after the rest, because it needs the code that was made."""
    return {TOKEN: {**tenant.user(2), "recovery_code": results["code rotated"]["recovery_code"]}}


EXPECTED = {
    "info of one": "ok",
    "info of many": "ok",
    "info as the user": "ok",
    "e-mail": "changed",
    "e-mail again": "ok",
    "name": "changed",
    "name again": "ok",
    "phone removed": "changed",
    "phone removed again": "ok",
    "all removed": "changed",
    "all removed again": "ok",
    "otp as the user": "changed",
    "otp as the user again": "ok",
    "otp removed as the user": "changed",
    "otp removed as the user again": "ok",
    "code": "changed",
    "code again": "ok",
    "code rotated": "changed",
    "ticket": "changed",
    "ticket of a domain": "changed",
    "browsers": "changed",
    "refresh tokens": "changed",
    "sessions": "ok",
    "blocks": "ok",
    "factor": "changed",
    "factor again": "ok",
    "action": "changed",
    "action again": "ok",
    "action removed": "changed",
    "action removed again": "ok",
    "login": "ok",
    "login with the code": "changed",
    "push sent": "ok",
}


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(None, id="defaults"),
        pytest.param(0, id="others", marks=pytest.mark.run_by("module")),
        pytest.param(1, id="the rest", marks=pytest.mark.run_by("module")),
    ],
)
def test_every_module_does_the_same(tenant, number):
    if number is not None:
        tenant.running.reset(switches=turned(number))
    names, tasks = zip(*work(tenant))
    results = dict(zip(names, tenant.results({}, *tasks)))
    (results["login with the code"],) = tenant.results({}, login_with_the_code(tenant, results))
    assert {name: result["msg"] for name, result in results.items() if result.get("failed")} == {}
    assert {name: "changed" if result["changed"] else "ok" for name, result in results.items()} == EXPECTED


def test_every_value_of_every_switch_is_seen():
    seen = [turned(0), turned(1)]
    for name in set(UNDOCUMENTED) - set(SHORT):
        assert {values[name] for values in seen} == set(other_values(name)), name
