# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings of the tenant's MFA are written, in which order, and what is reported when it is cut off."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    ForbiddenError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import (
    TenantMfa,
    applied,
    asks_for_nothing,
    converge_tenant,
    for_diff,
    plan,
    wanted_from,
)

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import names

OFF = dict.fromkeys(names(lambda row: row.guardian_name), False)


def steps(wanted: TenantMfa, actual: TenantMfa) -> list[tuple]:
    return [(setting.factor or setting.kind, setting.value) for setting in plan(wanted, actual)]


def test_options_become_one_state():
    assert wanted_from(["otp", "push"], ["phone"], ["voice", "sms", "sms"], "never") == TenantMfa(
        {"otp": True, "push": True, "phone": False}, ("sms", "voice"), "never"
    )
    assert wanted_from(None, None, None, None) == TenantMfa()


@pytest.mark.parametrize(
    "options, says",
    [
        ((["otp", "push"], ["push", "otp"], None, None), "otp, push cannot be both"),
        ((None, None, [], None), "phone_message_types is empty"),
    ],
)
def test_what_cannot_be_right(options, says):
    with pytest.raises(ConfigurationError, match=says):
        wanted_from(*options)


def test_only_what_differs_is_written():
    actual = TenantMfa({**OFF, "otp": True}, ("sms", "voice"), "all-applications")
    assert steps(TenantMfa({"otp": True, "duo": False}, ("sms", "voice"), "all-applications"), actual) == []
    assert steps(TenantMfa({"otp": True, "duo": True}), actual) == [("duo", True)]
    assert steps(TenantMfa(message_types=("sms",)), actual) == [("message_types", ("sms",))]


def test_factors_come_on_before_others_go():
    wanted = TenantMfa({"phone": False, "otp": True, "email": False, "push": True})
    actual = TenantMfa({**OFF, "phone": True, "email": True})
    assert steps(wanted, actual) == [("otp", True), ("push", True), ("phone", False), ("email", False)]


@pytest.mark.parametrize("policy", ["all-applications", "confidence-score"])
def test_mfa_is_asked_for_last(policy):
    wanted, actual = TenantMfa({"otp": True, "phone": False}, None, policy), TenantMfa(
        {**OFF, "phone": True}, None, "never"
    )
    assert steps(wanted, actual) == [("otp", True), ("phone", False), ("policy", policy)]


def test_mfa_is_no_longer_asked_for_first():
    wanted = TenantMfa({"otp": True, "phone": False}, None, "never")
    actual = TenantMfa({**OFF, "phone": True}, None, "all-applications")
    assert steps(wanted, actual) == [("policy", "never"), ("otp", True), ("phone", False)]


def test_message_types_are_set_while_phones_are_on():
    """Auth0 answers 404 to message types without the phone factor (API.md §3.5)."""
    on = steps(TenantMfa({"phone": True}, ("sms",)), TenantMfa(OFF, ("sms", "voice")))
    off = steps(TenantMfa({"phone": False}, ("sms",)), TenantMfa({**OFF, "phone": True}, ("sms", "voice")))
    assert on == [("phone", True), ("message_types", ("sms",))]
    assert off == [("message_types", ("sms",)), ("phone", False)]


def test_after_the_writes_nothing_differs():
    wanted = TenantMfa({"otp": True, "phone": False}, ("voice",), "confidence-score")
    actual = TenantMfa({**OFF, "phone": True}, ("sms", "voice"), "never")
    after = applied(actual, plan(wanted, actual))
    assert plan(wanted, after) == () and after.factors == {**OFF, "otp": True}
    assert actual.factors["phone"] is True


@pytest.mark.parametrize(
    "factors, policy, nothing",
    [
        ({**OFF, "otp": True}, "all-applications", False),
        (OFF, "all-applications", True),
        (OFF, "confidence-score", True),
        ({**OFF, "recovery-code": True}, "all-applications", True),
        (OFF, "never", False),
        (OFF, None, False),
        ({}, "all-applications", False),
    ],
)
def test_a_policy_without_a_factor(factors, policy, nothing):
    assert asks_for_nothing(TenantMfa(factors, None, policy)) is nothing


def test_the_diff_leaves_out_what_was_not_asked_for():
    assert for_diff(TenantMfa({"push": True, "duo": False})) == {"duo": "off", "push": "on"}
    assert for_diff(TenantMfa({}, ("sms",), "never")) == {"phone_message_types": ["sms"], "policy": "never"}


class Tenant:
    """Stands in for Guardian; notes the writes, and can fail one of them."""

    def __init__(self, actual, fails=None, error=None):
        self.actual, self.fails, self.error = actual, fails, error
        self.writes = []

    def factors(self):
        return self.actual.factors

    def message_types(self):
        return self.actual.message_types

    def policy(self):
        return self.actual.policy

    def set_factor(self, factor, enabled):
        self._note(factor)

    def set_message_types(self, message_types):
        self._note("message_types")

    def set_policy(self, policy):
        self._note("policy")

    def _note(self, write):
        self.writes.append(write)
        if write == self.fails:
            raise self.error


WANTED = TenantMfa({"otp": True, "duo": True}, None, "all-applications")
ACTUAL = TenantMfa(OFF, None, "never")


def test_check_mode_predicts_and_writes_nothing():
    checked, real = Tenant(ACTUAL), Tenant(ACTUAL)
    assert converge_tenant(checked, WANTED, False, True) == converge_tenant(real, WANTED, False, False)
    assert (checked.writes, real.writes) == ([], ["otp", "duo", "policy"])


@pytest.mark.parametrize("error", [ForbiddenError("no", status=403), AmbiguousWriteError("lost", hint="generic")])
@pytest.mark.parametrize("fails, done", [("otp", None), ("policy", ["otp=True", "duo=True"])])
def test_an_error_has_what_was_set_before(error, fails, done):
    tenant = Tenant(ACTUAL, fails, error)
    with pytest.raises(type(error)) as cut_off:
        converge_tenant(tenant, WANTED, False, False)
    facts = cut_off.value.facts()
    assert facts.get("applied") == done and facts.get("changed", False) is bool(done)
    assert tenant.writes.count(fails) == 1 and tenant.writes[-1] == fails
