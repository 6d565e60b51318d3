# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings of the tenant's MFA are written, in which order, and what is reported when it is cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    ForbiddenError,
    RefusedError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import (
    TenantMfa,
    applied,
    asks_for_nothing,
    carry_out,
    for_diff,
    plan,
    prepare,
    wanted_from,
)

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import names

OFF = dict.fromkeys(names(lambda row: row.guardian_name), False)


def steps(wanted: TenantMfa, actual: TenantMfa) -> list[str]:
    return [str(setting) for setting in plan(wanted, actual)]


def brought(api, wanted, allow_no_factor, check_mode):
    """As a task does it."""
    needed = prepare(api, wanted, allow_no_factor)
    if not check_mode:
        carry_out(api, needed.settings)
    return needed.before, needed.after


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
    with pytest.raises(ConfigurationError, match="^" + says):
        wanted_from(*options)


def test_how_to_challenge_no_phone_is_told():
    with pytest.raises(ConfigurationError) as caught:
        wanted_from(None, None, [], None)
    assert "disabled" in caught.value.hint


def test_only_what_differs_is_written():
    actual = TenantMfa({**OFF, "otp": True}, ("sms", "voice"), "all-applications")
    assert steps(TenantMfa({"otp": True, "duo": False}, ("sms", "voice"), "all-applications"), actual) == []
    assert steps(TenantMfa({"otp": True, "duo": True}), actual) == ["duo=True"]
    assert steps(TenantMfa(message_types=("sms",)), actual) == ["phone_message_types=sms"]


def test_factors_come_on_before_others_go():
    wanted = TenantMfa({"phone": False, "otp": True, "email": False, "push": True})
    actual = TenantMfa({**OFF, "phone": True, "email": True})
    assert steps(wanted, actual) == ["otp=True", "push=True", "phone=False", "email=False"]


@pytest.mark.parametrize("policy", ["all-applications", "confidence-score"])
def test_mfa_is_asked_for_last(policy):
    wanted, actual = TenantMfa({"otp": True, "phone": False}, None, policy), TenantMfa(
        {**OFF, "phone": True}, None, "never"
    )
    assert steps(wanted, actual) == ["otp=True", "phone=False", "policy=%s" % policy]


def test_mfa_is_no_longer_asked_for_first():
    wanted = TenantMfa({"otp": True, "phone": False}, None, "never")
    actual = TenantMfa({**OFF, "phone": True}, None, "all-applications")
    assert steps(wanted, actual) == ["policy=never", "otp=True", "phone=False"]


def test_message_types_are_set_while_phones_are_on():
    """Auth0 answers 404 to message types without the phone factor (API.md §3.5)."""
    on = steps(TenantMfa({"phone": True}, ("sms",)), TenantMfa(OFF, ("sms", "voice")))
    off = steps(TenantMfa({"phone": False}, ("sms",)), TenantMfa({**OFF, "phone": True}, ("sms", "voice")))
    assert on == ["phone=True", "phone_message_types=sms"]
    assert off == ["phone_message_types=sms", "phone=False"]


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
    """Stands in for Guardian; keeps what is written, notes what is asked, and can fail a write.

    :ivar history: the tenant's state after each write
    """

    def __init__(self, actual, fails=None, error=None):
        self.actual, self.fails, self.error = actual, fails, error
        self.reads, self.writes, self.history = [], [], []

    def factors(self):
        self.reads.append("factors")
        return self.actual.factors

    def message_types(self):
        self.reads.append("message_types")
        return self.actual.message_types

    def policy(self):
        self.reads.append("policy")
        return self.actual.policy

    def set_factor(self, factor, enabled):
        self._write(factor, factors={**self.actual.factors, factor: enabled})

    def set_message_types(self, message_types):
        self._write("message_types", message_types=message_types)

    def set_policy(self, policy):
        self._write("policy", policy=policy)

    def _write(self, name, **fields):
        self.writes.append(name)
        if name == self.fails:
            raise self.error
        self.actual = replace(self.actual, **fields)
        self.history.append(self.actual)


@pytest.mark.parametrize(
    "wanted, reads",
    [
        pytest.param(TenantMfa(), [], id="nothing is asked for"),
        pytest.param(TenantMfa({"otp": True}), ["factors"], id="a factor on"),
        pytest.param(TenantMfa({"otp": False}), ["factors", "policy"], id="a factor off may lock users out"),
        pytest.param(TenantMfa(message_types=("sms",)), ["message_types"], id="message types"),
        pytest.param(TenantMfa(policy="never"), ["factors", "policy"], id="a policy needs factors"),
    ],
)
def test_only_what_the_decision_needs_is_read(wanted, reads):
    tenant = Tenant(TenantMfa({**OFF, "push": True}, ("sms", "voice"), "never"))
    brought(tenant, wanted, False, True)
    assert tenant.reads == reads


@pytest.mark.parametrize("wanted", [TenantMfa({"otp": False}), TenantMfa({"otp": False}, policy="all-applications")])
def test_mfa_is_not_asked_for_while_no_factor_is_on_unless_that_is_meant(wanted):
    actual = TenantMfa({**OFF, "otp": True}, None, "all-applications")
    refused, allowed = Tenant(actual), Tenant(actual)
    with pytest.raises(RefusedError, match="no factor is on") as caught:
        brought(refused, wanted, False, False)
    assert refused.writes == [] and "allow_no_factor" in caught.value.hint
    brought(allowed, wanted, True, False)
    assert allowed.actual.factors == OFF


def test_a_tenant_that_already_asks_for_mfa_without_a_factor_is_not_refused_where_nothing_changes():
    tenant = Tenant(TenantMfa(OFF, None, "all-applications"))
    before, after = brought(tenant, TenantMfa({"otp": False}), False, False)
    assert before == after and tenant.writes == []


states = st.booleans()
message_types = st.sampled_from([("sms",), ("voice",), ("sms", "voice")])
policies = st.sampled_from(["all-applications", "confidence-score", "never"])


@given(
    wanted=st.builds(
        TenantMfa,
        st.dictionaries(st.sampled_from(sorted(OFF)), states),
        st.none() | message_types,
        st.none() | policies,
    ),
    actual=st.builds(TenantMfa, st.fixed_dictionaries(dict.fromkeys(OFF, states)), message_types, policies),
)
def test_a_run_leads_to_what_is_wanted_and_a_second_one_changes_nothing(wanted, actual):
    tenant = Tenant(actual)
    before, after = brought(tenant, wanted, True, False)
    now = tenant.actual
    assert now.factors == {**actual.factors, **wanted.factors}
    assert now.message_types == (wanted.message_types or actual.message_types)
    assert now.policy == (wanted.policy or actual.policy)
    # What was not read is not told.
    assert after.factors in ({}, now.factors) and after.message_types in (None, now.message_types)
    assert after.policy in (None, now.policy)
    if not asks_for_nothing(actual) and not asks_for_nothing(now):
        assert not any(map(asks_for_nothing, tenant.history)), "users were locked out between two writes"

    again = Tenant(now)
    assert brought(again, wanted, True, False) == (after, after) and again.writes == []


WANTED = TenantMfa({"otp": True, "duo": True}, None, "all-applications")
ACTUAL = TenantMfa(OFF, None, "never")


def test_check_mode_predicts_and_writes_nothing():
    checked, real = Tenant(ACTUAL), Tenant(ACTUAL)
    assert brought(checked, WANTED, False, True) == brought(real, WANTED, False, False)
    assert (checked.writes, real.writes) == ([], ["otp", "duo", "policy"])


@pytest.mark.parametrize("error", [ForbiddenError("no", status=403), AmbiguousWriteError("lost", hint="generic")])
@pytest.mark.parametrize("fails, done", [("otp", None), ("policy", ["otp=True", "duo=True"])])
def test_an_error_has_what_was_set_before(error, fails, done):
    tenant = Tenant(ACTUAL, fails, error)
    with pytest.raises(type(error)) as cut_off:
        brought(tenant, WANTED, False, False)
    assert ("Run the task again" in (cut_off.value.hint or "")) is isinstance(error, AmbiguousWriteError)
    facts = cut_off.value.facts()
    assert facts.get("applied") == done and facts.get("changed", False) is (
        bool(done) or isinstance(error, AmbiguousWriteError)
    )
    assert tenant.writes.count(fails) == 1 and tenant.writes[-1] == fails


def test_what_was_set_before_an_error_is_told_as_the_options_name_it():
    actual = TenantMfa({**OFF, "phone": True}, ("sms",), "never")
    wanted = TenantMfa({"otp": True}, ("sms", "voice"), "all-applications")
    with pytest.raises(ForbiddenError) as cut_off:
        brought(Tenant(actual, "policy", ForbiddenError("no", status=403)), wanted, False, False)
    assert cut_off.value.facts()["applied"] == ["otp=True", "phone_message_types=sms,voice"]


def test_lists_that_name_nothing_are_no_wish():
    with pytest.raises(ConfigurationError, match="names nothing to set"):
        wanted_from([], None, None, None)
    assert wanted_from([], [], None, "never").policy == "never"


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_factor_that_the_tenant_does_not_list_is_off_already(check_mode):
    tenant = Tenant(TenantMfa({"otp": True}, None, "all-applications"))
    before, after = brought(tenant, TenantMfa({"duo": False}), False, check_mode)
    assert before == after and tenant.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_factor_that_the_tenant_does_not_list_cannot_be_turned_on_and_nothing_is_written(check_mode):
    tenant = Tenant(TenantMfa({"otp": False, "push": True}, None, "never"))
    with pytest.raises(RefusedError, match="does not list duo and email among") as caught:
        brought(tenant, TenantMfa({"otp": True, "duo": True, "email": True}), True, check_mode)
    assert tenant.writes == [] and "remove it from enabled" in caught.value.hint
