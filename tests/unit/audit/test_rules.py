# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.findings import finding_id
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES, age, assess, mfa_state, unread

from tests.unit.audit.fake_tenant import NOW, TENANT, authenticator

USER = "auth0|1"


def found(authenticators, policy=Policy()):
    """Rule, authenticator and age of each finding, the rules about the user as a whole left out."""
    findings = assess(TENANT, USER, authenticators, NOW, policy)
    return [(each.rule, each.age_days, each.age_from) for each in findings if each.authenticator_id]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param({"created": 400, "enrolled": 300, "used": 5}, (5, "last_auth_at"), id="last use first"),
        pytest.param({"created": 400, "enrolled": 300}, (300, "enrolled_at"), id="enrollment where no use is known"),
        pytest.param({"created": 400}, (400, "created_at"), id="creation where nothing else is known"),
        pytest.param({"created": None}, None, id="no date, no age"),
        pytest.param({"used": 0.99}, (0, "last_auth_at"), id="whole days"),
        pytest.param({"used": -1}, (0, "last_auth_at"), id="a date in the future"),
    ],
)
def test_age_says_which_date_it_was_counted_from(dates, expected):
    assert age([authenticator(**dates)], NOW) == expected


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param(89.99, [], id="just before"),
        pytest.param(90, [("stale", 90, "last_auth_at")], id="on the day"),
        pytest.param(400, [("stale", 400, "last_auth_at")], id="long after"),
    ],
)
def test_stale_begins_on_the_day_of_the_threshold(used, expected):
    assert found([authenticator(created=500, used=used)]) == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param({"created": 29.99}, [], id="too young"),
        pytest.param({"created": 30}, [("never-used", 30, "created_at")], id="no use known"),
        pytest.param(
            {"created": 60, "enrolled": 50}, [("never-used", 50, "enrolled_at")], id="counted from the enrollment"
        ),
        pytest.param(
            {"created": 200, "enrolled": 200, "used": 200 - 4 / 1440},
            [("never-used", 200, "enrolled_at")],
            id="the confirmation does not count as a use, and it is not stale as well",
        ),
        pytest.param(
            {"created": 200, "used": 200 - 5 / 1440},
            [("never-used", 200, "created_at")],
            id="the confirmation of one whose enrollment has no date",
        ),
        pytest.param(
            {"created": 80, "enrolled": 80, "used": 80 - 6 / 1440}, [], id="six minutes later counts as a use"
        ),
        pytest.param({"created": None, "used": 40}, [], id="used, but the enrollment has no date"),
    ],
)
def test_never_used_means_no_use_after_the_confirmation(dates, expected):
    assert found([authenticator(**dates)]) == expected


@pytest.mark.parametrize("created", [0.9, 0, -1])
def test_one_of_today_is_not_old_yet_however_strict_the_policy(created):
    strict = Policy(stale_days=1, never_used_days=1, unconfirmed_days=1)
    for dates in ({"created": created}, {"created": created, "enrolled": created}, {"created": 9, "used": created}):
        assert found([authenticator(**dates)], strict) == []


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        pytest.param(0.9, [], id="just before"),
        pytest.param(1, [("unconfirmed", 1, "created_at")], id="on the day"),
        pytest.param(400, [("unconfirmed", 400, "created_at")], id="long after, and neither stale nor never used"),
    ],
)
def test_an_unconfirmed_one_is_unconfirmed_and_nothing_else(created, expected):
    assert found([authenticator(created=created, confirmed=False)]) == expected


@pytest.mark.parametrize("factor", ["recovery-code", "password", "email-verification", "something-new"])
def test_what_is_not_a_second_factor_is_not_judged_by_age(factor):
    assert found([authenticator(factor, created=900)]) == []


def test_one_without_dates_is_not_judged_by_age():
    assert found([authenticator(created=None)]) == []


@pytest.mark.parametrize(
    ("factors", "state"),
    [
        pytest.param([], "none", id="nothing"),
        pytest.param(["recovery-code"], "none", id="a recovery code alone"),
        pytest.param(["password", "email-verification", "recovery-code"], "none", id="nothing that is a second factor"),
        pytest.param(["something-new"], "none", id="a type this version does not know"),
        pytest.param(["email"], "weak", id="e-mail"),
        pytest.param(["phone"], "weak", id="phone"),
        pytest.param(["phone", "email", "recovery-code"], "weak", id="several weak ones"),
        pytest.param(["phone", "otp"], "strong", id="a weak and a strong one"),
        pytest.param(["passkey"], "strong", id="passkey"),
        pytest.param(["webauthn-roaming"], "strong", id="security key"),
        pytest.param(["push"], "strong", id="push"),
    ],
)
def test_how_well_a_user_is_protected(factors, state):
    authenticators = [authenticator(factor, id="%s|dev" % factor) for factor in factors]
    about_user = [
        each.rule for each in assess(TENANT, USER, authenticators, NOW, Policy()) if each.authenticator_id is None
    ]
    assert mfa_state(authenticators, Policy()) == state
    assert about_user == {"none": ["no-mfa"], "weak": ["weak-only"], "strong": []}[state]


def test_an_unconfirmed_factor_protects_nobody():
    assert mfa_state([authenticator("otp", confirmed=False)], Policy()) == "none"


def test_which_factors_are_weak_is_policy():
    assert mfa_state([authenticator("phone")], Policy(weak_factors=("email",))) == "strong"


PUSH = {"id": "push|dev_1", "link_id": "link_1"}
ITS_OTP = {"id": "totp|dev_2", "link_id": "link_1"}


def test_a_pair_gives_one_finding_about_the_push():
    pair = [authenticator("otp", created=200, **ITS_OTP), authenticator("push", created=200, **PUSH)]
    findings = assess(TENANT, USER, pair, NOW, Policy())
    assert [(each.rule, each.authenticator_id) for each in findings] == [("never-used", "push|dev_1")]


def test_the_push_stands_for_the_pair_whatever_the_ids_are():
    pair = [
        authenticator("otp", created=200, id="a|1", link_id="l"),
        authenticator("push", created=200, id="b|2", link_id="l"),
    ]
    assert [each.authenticator_id for each in assess(TENANT, USER, pair, NOW, Policy())] == ["b|2"]


@pytest.mark.parametrize(
    ("push_used", "otp_used"),
    [
        pytest.param(200, 3, id="the OTP lately"),
        pytest.param(3, 200, id="the push lately"),
        pytest.param(None, 3, id="the OTP alone"),
    ],
)
def test_a_pair_is_in_use_while_either_is(push_used, otp_used):
    pair = [
        authenticator("push", created=300, used=push_used, **PUSH),
        authenticator("otp", created=300, used=otp_used, **ITS_OTP),
    ]
    assert found(pair) == []


def test_devices_that_are_not_linked_are_judged_one_by_one():
    two = [
        authenticator("otp", id="totp|dev_1", created=200, used=100),
        authenticator("otp", id="totp|dev_2", created=50),
    ]
    assert found(two) == [("stale", 100, "last_auth_at"), ("never-used", 50, "created_at")]


def test_findings_come_in_the_order_of_the_rules_and_of_the_ids():
    several = [
        authenticator("phone", id="phone|b", created=200),
        authenticator("phone", id="phone|a", created=200),
        authenticator("email", id="email|c", created=500, used=200),
    ]
    findings = assess(TENANT, USER, several, NOW, Policy())
    assert [(each.rule, each.authenticator_id) for each in findings] == [
        ("weak-only", None),
        ("stale", "email|c"),
        ("never-used", "phone|a"),
        ("never-used", "phone|b"),
    ]
    assert assess(TENANT, USER, several[::-1], NOW, Policy()) == findings


def test_a_push_comes_in_its_place_among_the_findings():
    several = [authenticator(factor, id=factor + "|a", created=200) for factor in ("push", "otp")]
    assert [each.authenticator_id for each in assess(TENANT, USER, several, NOW, Policy())] == ["otp|a", "push|a"]


def test_a_finding_is_named_by_tenant_rule_user_and_authenticator():
    several = [authenticator("phone", id="phone|b", created=200), authenticator("email", id="email|c", created=0)]
    findings = [*assess(TENANT, USER, several, NOW, Policy()), unread(TENANT, USER)]
    assert [each.rule for each in findings] == ["weak-only", "never-used", "unread"]
    for each in findings:
        assert each.id == finding_id(TENANT, each.rule, USER, each.authenticator_id)
        assert re.fullmatch("[0-9a-f]{32}", each.id)


def test_a_finding_keeps_its_id_as_it_grows_older():
    young, old = (assess(TENANT, USER, [authenticator(created=days)], NOW, Policy()) for days in (40, 400))
    assert [each.id for each in young] == [each.id for each in old]
    assert young[0].age_days != old[0].age_days


def test_the_id_tells_tenants_rules_users_and_authenticators_apart():
    parts = ("a.example", "stale", "auth0|1", "totp|1")
    ids = {finding_id(*parts)} | {
        finding_id(*parts[:place], other, *parts[place + 1 :]) for place in range(4) for other in ("other", "auth0|1|")
    }
    assert len(ids) == 9
    assert finding_id("t", "r", "a|b", "c") != finding_id("t", "r", "a", "b|c")


def test_every_rule_is_explained():
    for name, rule in RULES.items():
        assert name == rule.id and rule.severity in SEVERITIES
        assert all((rule.title, rule.risk, rule.remediation))


def test_an_authenticator_with_a_date_that_cannot_be_read_is_not_judged_by_age():
    one = authenticator(created=500, enrolled=500)
    assert found([one]) and not found([replace(one, unread_dates=frozenset({"last_auth_at"}))])
