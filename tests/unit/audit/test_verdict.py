# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import UNKNOWN, TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.people import Standing
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.verdict import Rulebook
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso

from tests.unit.audit.fake_tenant import NOW, authenticator, days_ago, user

# No warnings, so that each test says what it is about.
PLAIN = Policy(stale_warning_days=None)
EVERYBODY = Standing("in", None, False, False, False, False, (), ())


def judge(authenticators, policy=PLAIN, standing=EVERYBODY, facts=UNKNOWN, **profile):
    """What the rules make of a user who logs in, unless the profile says otherwise."""
    profile = {"last_login": iso(days_ago(0)), **profile}
    return Rulebook(policy, facts).judge(profile_record(user(1, **profile)), authenticators, standing, NOW)


def rules(authenticators, **more):
    return [each.rule for each in judge(authenticators, **more).findings]


def found(authenticators, policy=PLAIN, **more):
    """Rule and age of each finding about an authenticator."""
    findings = judge(authenticators, policy, **more).findings
    return [(each.rule, each.age_days, each.age_from) for each in findings if each.authenticator_id]


def standing(**more):
    return EVERYBODY._replace(**more)


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


@pytest.mark.parametrize("factor", ["recovery-code", "password", "email-verification"])
def test_what_is_not_a_second_factor_is_not_judged_by_age(factor):
    assert found([authenticator(factor, created=900)]) == []


STRICTEST_ORDER = [
    pytest.param(stale, never_used, id=f"stale {stale}, never used {never_used}")
    for stale in (1, 10, 90)
    for never_used in (1, 10, 30, 90, 365)
]


@pytest.mark.parametrize(("stale_days", "never_used_days"), STRICTEST_ORDER)
def test_no_pair_of_thresholds_leaves_a_gap(stale_days, never_used_days):
    policy = Policy(stale_days=stale_days, never_used_days=never_used_days, stale_warning_days=None)
    first = min(stale_days, never_used_days)
    for days in range(400):
        expected = [("never-used", days, "created_at")] if days >= first else []
        assert found([authenticator(created=days)], policy) == expected


@pytest.mark.parametrize(
    ("off", "rule", "days"), [("never-used", "stale", 90), ("stale", "never-used", 30)], ids=["never-used", "stale"]
)
def test_what_was_never_used_is_found_by_the_rule_that_is_left(off, rule, days):
    policy = Policy(off=frozenset({off}), stale_warning_days=None)
    assert found([authenticator(created=days - 0.01)], policy) == []
    assert found([authenticator(created=days)], policy) == [(rule, days, "created_at")]


def severities(authenticators, **more):
    return {each.authenticator_id: (each.rule, each.severity) for each in judge(authenticators, **more).findings}


@pytest.mark.parametrize(("days", "severity"), [(30, "low"), (89, "low"), (90, "medium"), (1000, "medium")], ids=str)
def test_never_used_is_as_severe_as_stale_once_it_is_as_old(days, severity):
    assert severities([authenticator(created=days)])["totp|dev_1"] == ("never-used", severity)


def test_a_stale_factor_is_worse_where_it_is_the_only_one_in_use():
    old = authenticator(created=900, used=100)
    fresh = authenticator("push", used=1, created=900)
    weak = authenticator("phone", used=1, created=900)
    other = replace(old, id="totp|dev_2")
    odd = authenticator("duo", created=-50)
    for rest, expected in (
        ([], "medium"),
        ([fresh], "low"),
        ([weak], "medium"),
        ([other], "medium"),
        ([odd], "medium"),
        ([other, fresh], "low"),
        ([replace(fresh, confirmed=False)], "medium"),
    ):
        assert severities([old, *rest])[old.id] == ("stale", expected)


def test_a_factor_that_gets_a_warning_is_still_in_use():
    old, older = authenticator("push", created=900, used=50), authenticator(created=900, used=100)
    found = judge([old, older], Policy()).findings
    assert [(each.rule, each.severity, each.warning) for each in found if each.rule == "stale"] == [
        ("stale", "low", True),
        ("stale", "low", False),
    ]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param(44.99, None, id="before the warning"),
        pytest.param(45, ("stale", "low", True), id="on the day of the warning"),
        pytest.param(89.99, ("stale", "low", True), id="before the threshold"),
        pytest.param(90, ("stale", "high", False), id="on the day of the threshold"),
    ],
)
def test_a_warning_is_low_whoever_the_user_is(used, expected):
    findings = judge([authenticator(created=900, used=used)], Policy(), standing(privileged=True)).findings
    shown = [(each.rule, each.severity, each.warning) for each in findings if each.authenticator_id]
    assert shown == ([expected] if expected else [])


def test_a_warning_after_the_threshold_has_no_effect():
    policy = Policy(stale_days=10, stale_warning_days=45)
    assert [each.warning for each in judge([authenticator(created=99, used=12)], policy).findings][:1] == [False]


@pytest.mark.parametrize("rule", RULES)
def test_privileged_users_are_one_step_up(rule):
    book = Rulebook(PLAIN, UNKNOWN)
    for lower in (False, True):
        plain, up = (SEVERITIES.index(book.severity(rule, privileged, lower)) for privileged in (False, True))
        assert up == plain - 1


@pytest.mark.parametrize(
    ("own", "privileged", "expected"),
    [("high", False, "high"), ("high", True, "critical"), ("critical", True, "critical"), ("low", True, "medium")],
)
def test_a_severity_of_the_policy_counts_as_it_is_and_only_privileges_raise_it(own, privileged, expected):
    book = Rulebook(Policy(severities={"stale": own}), UNKNOWN)
    assert {book.severity("stale", privileged, lower) for lower in (False, True)} == {expected}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_off_finds_nothing(rule):
    several = [
        authenticator("phone", created=900, used=900),
        authenticator("email", created=None),
        authenticator("duo", created=900),
        authenticator("new"),
        authenticator(created=9, confirmed=False),
    ]
    policy = Policy(off=frozenset({rule}), too_many=1)
    for authenticators in (several, several[:1], []):
        assert rule not in rules(authenticators, policy=policy, standing=standing(break_glass=True))
        assert rule not in rules(authenticators, policy=policy, last_login=iso(days_ago(400)))
    assert rule not in [each.rule for each in Rulebook(policy, UNKNOWN).unread(EVERYBODY).findings]


@pytest.mark.parametrize(
    ("factors", "protection", "expected"),
    [
        pytest.param([], "none", ["no-mfa"], id="nothing"),
        pytest.param(["recovery-code"], "none", ["recovery-code-only"], id="a recovery code alone"),
        pytest.param(["password", "email-verification"], "none", ["no-mfa"], id="nothing that is a second factor"),
        pytest.param(["something-new"], "unknown", ["unknown-factor"], id="a type this version does not know"),
        pytest.param(
            ["something-new", "phone"],
            "weak",
            ["weak-only", "unknown-factor", "no-recovery-code"],
            id="weak and unknown",
        ),
        pytest.param(["something-new", "otp"], "strong", ["unknown-factor", "single-factor"], id="strong and unknown"),
        pytest.param(["email"], "weak", ["weak-only", "no-recovery-code"], id="e-mail"),
        pytest.param(["phone", "recovery-code"], "weak", ["weak-only"], id="phone and a recovery code"),
        pytest.param(["phone", "email", "recovery-code"], "weak", ["weak-only"], id="several weak ones"),
        pytest.param(["phone", "otp"], "strong", ["no-recovery-code"], id="a weak and a strong one"),
        pytest.param(["otp"], "strong", ["single-factor"], id="one strong one"),
        pytest.param(["otp", "recovery-code"], "strong", [], id="a strong one and a recovery code"),
        pytest.param(["passkey", "recovery-code"], "strong", [], id="passkey"),
        pytest.param(["webauthn-roaming", "duo"], "strong", ["no-recovery-code"], id="two strong ones"),
    ],
)
def test_how_well_a_user_is_protected(factors, protection, expected):
    judgment = judge([authenticator(factor, id="%s|dev" % factor) for factor in factors])
    assert (judgment.protection, [each.rule for each in judgment.findings]) == (protection, expected)


@pytest.mark.parametrize(
    ("factors", "protection", "expected"),
    [
        pytest.param([], "elsewhere", [], id="nothing"),
        pytest.param(["recovery-code"], "elsewhere", [], id="a recovery code"),
        pytest.param(["phone"], "weak", [], id="weak"),
        pytest.param(["otp"], "strong", [], id="strong"),
        pytest.param(["something-new"], "elsewhere", ["unknown-factor"], id="unknown"),
    ],
)
def test_factors_of_users_whose_identity_provider_does_mfa_are_nobodys_duty(factors, protection, expected):
    judgment = judge([authenticator(factor, id=factor) for factor in factors], standing=standing(by_idp=True))
    assert (judgment.protection, [each.rule for each in judgment.findings]) == (protection, expected)


def test_an_old_factor_of_such_a_user_is_found_and_is_not_urgent():
    old = [authenticator(created=900, used=200)]
    assert severities(old, standing=standing(by_idp=True))["totp|dev_1"] == ("stale", "low")


def test_an_unconfirmed_factor_protects_nobody():
    unconfirmed = [authenticator("otp", confirmed=False), authenticator("new", confirmed=False)]
    assert judge(unconfirmed).protection == "none" and "no-mfa" in rules(unconfirmed)


def test_a_recovery_code_that_is_not_confirmed_is_none():
    assert rules([authenticator("recovery-code", confirmed=False)]) == ["no-mfa"]
    assert rules([authenticator(), authenticator("recovery-code", confirmed=False)]) == ["single-factor"]


def test_which_factors_are_weak_is_policy():
    assert judge([authenticator("phone")], Policy(weak_factors=("email",))).protection == "strong"


@pytest.mark.parametrize(
    ("off", "codes", "expected"),
    [
        ("recovery-code-only", ["recovery-code"], ["no-mfa"]),
        ("single-factor", ["otp"], ["no-recovery-code"]),
        ("no-mfa", ["recovery-code"], ["recovery-code-only"]),
    ],
)
def test_with_the_narrower_rule_off_the_wider_one_finds_it(off, codes, expected):
    assert rules([authenticator(each) for each in codes], policy=Policy(off=frozenset({off}))) == expected


def test_a_new_account_need_not_have_a_factor_yet():
    new = standing(in_grace=True)
    assert rules([], standing=new) == rules([authenticator("recovery-code")], standing=new) == []
    assert judge([], standing=new).protection == "none"
    assert rules([authenticator("phone")], standing=new) == ["weak-only", "no-recovery-code"]


def test_out_of_scope_there_are_no_findings():
    out = standing(place="out", why="excluded")
    judgment = judge([authenticator("phone", created=900), authenticator("new")], standing=out)
    assert (judgment.protection, judgment.findings) == ("weak", [])
    assert Rulebook(PLAIN, UNKNOWN).unread(out).findings == []


def test_what_stands_aside_is_judged_as_everybody():
    assert rules([], standing=standing(place="aside", why="blocked")) == ["no-mfa"]


@pytest.mark.parametrize(("by_idp", "severity"), [(False, "high"), (True, "medium")])
def test_of_a_user_who_could_not_be_read_nothing_else_is_known(by_idp, severity):
    judgment = Rulebook(PLAIN, UNKNOWN).unread(standing(by_idp=by_idp, break_glass=True, privileged=False))
    assert judgment.protection == "unknown"
    assert [(each.rule, each.severity) for each in judgment.findings] == [("unread", severity)]


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        pytest.param([], ["no-mfa", "break-glass"], id="nothing"),
        pytest.param(["otp", "recovery-code"], ["break-glass"], id="can be relayed"),
        pytest.param(["phone", "recovery-code"], ["break-glass", "weak-only"], id="weak"),
        pytest.param(["webauthn-roaming", "recovery-code"], [], id="security key"),
        pytest.param(["otp", "webauthn-platform"], ["no-recovery-code"], id="one of two"),
    ],
)
def test_a_break_glass_user_has_a_factor_that_cannot_be_phished(factors, expected):
    assert rules([authenticator(each) for each in factors], standing=standing(break_glass=True)) == expected


def test_a_break_glass_user_depends_on_nobody_else():
    assert rules([], standing=standing(break_glass=True, by_idp=True)) == ["break-glass"]


@pytest.mark.parametrize("last_login", [iso(days_ago(900)), None], ids=["long ago", "never"])
def test_a_break_glass_user_is_neither_stale_nor_dormant(last_login):
    key = [authenticator("webauthn-roaming", created=900), authenticator("webauthn-platform", created=900, used=800)]
    assert rules(key, standing=standing(break_glass=True), last_login=last_login) == ["no-recovery-code"]


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_key_that_is_not_confirmed_saves_nobody(confirmed):
    key = [authenticator("webauthn-roaming", confirmed=confirmed, created=0)]
    assert ("break-glass" in rules(key, standing=standing(break_glass=True))) is not confirmed


def switched(*off):
    return TenantFacts(enabled_factors=frozenset(FACTORS) - set(off))


def test_a_factor_that_is_switched_off_in_the_tenant_does_not_protect():
    has = [authenticator("otp"), authenticator("phone"), authenticator("webauthn-roaming")]
    for off, protection, about in (
        ((), "strong", "no-recovery-code"),
        (("otp", "webauthn-roaming"), "weak", "weak-only"),
        (("otp", "phone", "webauthn-roaming"), "none", "no-mfa"),
        (("otp", "phone"), "strong", "single-factor"),
    ):
        judgment = judge(has, facts=switched(*off))
        assert judgment.protection == protection
        assert about in [each.rule for each in judgment.findings]
        assert judgment.protecting == {each.id for each in has if each.factor not in off}


def test_of_a_pair_the_otp_still_protects_when_push_is_off():
    pair = [authenticator("push", link_id="l"), authenticator("otp", link_id="l")]
    assert judge(pair, facts=switched("push")).protecting == {"totp|dev_1"}
    assert judge(pair, facts=switched("push", "otp")).protection == "none"


def test_nobody_is_told_to_have_a_code_that_the_tenant_does_not_give():
    off = switched("recovery-code")
    assert rules([authenticator("phone"), authenticator()], facts=off) == []
    assert rules([authenticator()], facts=off) == ["single-factor"]
    # A code that cannot be used is no way back, and no reason to say that there is one.
    assert rules([authenticator(), authenticator("recovery-code")], facts=off) == ["single-factor"]
    assert rules([authenticator("recovery-code")], facts=off) == ["no-mfa"]


def test_facts_that_could_not_be_read_change_nothing():
    has = [authenticator(each) for each in ("otp", "phone", "new", "duo")]
    assert judge(has, facts=UNKNOWN) == judge(has, facts=switched()) == judge(has, facts=TenantFacts(()))


@pytest.mark.parametrize(("count", "expected"), [(8, False), (9, True)])
def test_too_many_are_more_than_the_policy_says(count, expected):
    has = [authenticator("phone", id="phone|%d" % number) for number in range(count)]
    unconfirmed = [authenticator("phone", id="u|%d" % number, confirmed=False, created=0) for number in range(9)]
    pairs = [authenticator(each.factor, id="p" + each.id, link_id=each.id) for each in has]
    linked = [replace(each, link_id=each.id) for each in has]
    assert ("too-many" in rules(has + unconfirmed)) is expected
    assert ("too-many" in rules(linked + pairs)) is expected


@pytest.mark.parametrize("kind", ["otp", "phone", "passkey"])
@pytest.mark.parametrize(
    "change",
    [
        {"created_at": None, "enrolled_at": None, "last_auth_at": None},
        {"last_auth_at": days_ago(-400)},
        {"created_at": days_ago(-2), "enrolled_at": None, "last_auth_at": None},
        {"last_auth_at": days_ago(800)},
        {"unread_dates": frozenset({"last_auth_at"})},
    ],
    ids=["none", "used in the future", "created in the future", "used before the enrollment", "unreadable"],
)
def test_a_date_that_cannot_be_right_is_told(kind, change):
    one = replace(authenticator(kind, created=500, enrolled=500, used=1), **change)
    code = authenticator("recovery-code")
    first = {each.rule: each for each in judge([one, code]).findings}["odd-date"]
    assert (first.authenticator_id, first.severity, first.age_days) == (one.id, "medium", None)
    beside = judge([one, code, authenticator("duo", used=1)]).findings
    assert [each.severity for each in beside if each.rule == "odd-date"] == ["low"]


def test_a_use_before_the_enrollment_does_not_hide_an_age_that_is_sure():
    assert found([authenticator(created=500, enrolled=300, used=400)]) == [
        ("odd-date", None, None),
        ("never-used", 300, "enrolled_at"),
    ]


def test_an_unconfirmed_one_without_a_date_is_odd():
    assert found([authenticator(created=None, confirmed=False)]) == [("odd-date", None, None)]


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param({"unreadable": ["last_login"], "last_login": None}, id="last login unreadable"),
        pytest.param({"unreadable": ["created_at"], "created_at": None}, id="creation unreadable"),
        pytest.param({"last_login": iso(days_ago(-2))}, id="last login in the future"),
        pytest.param({"created_at": iso(days_ago(-2))}, id="created in the future"),
        pytest.param({"last_login": None, "created_at": None}, id="no date at all"),
    ],
)
def test_an_odd_date_of_the_account_is_told(profile):
    findings = judge([authenticator(used=1), authenticator("recovery-code")], **profile).findings
    assert [(each.rule, each.authenticator_id, each.severity) for each in findings] == [("odd-date", None, "low")]


def test_a_recovery_code_whose_last_use_cannot_be_known_is_told():
    code = authenticator("recovery-code", created=None)
    assert "odd-date" not in rules([authenticator(used=1), code])
    for change in ({"unread_dates": frozenset({"last_auth_at"})}, {"last_auth_at": days_ago(-3)}):
        assert rules([authenticator(used=1), replace(code, **change)]) == ["odd-date"]


@pytest.mark.parametrize(
    ("last_login", "expected"),
    [
        pytest.param(89.99, [], id="just before"),
        pytest.param(90, [("dormant-user", "medium", 90, "last_login")], id="on the day"),
        pytest.param(None, [("dormant-user", "medium", 999, "created_at")], id="never logged in"),
    ],
)
def test_a_user_who_does_not_log_in_is_dormant(last_login, expected):
    login = None if last_login is None else iso(days_ago(last_login))
    findings = judge([], last_login=login).findings
    assert [(each.rule, each.severity, each.age_days, each.age_from) for each in findings if each.rule != "no-mfa"] == (
        expected
    )


def test_the_dormant_are_warned_of():
    (warning,) = judge(
        [], Policy(dormant_warning_days=30, off=frozenset({"no-mfa"})), last_login=iso(days_ago(40))
    ).findings
    assert (warning.rule, warning.severity, warning.warning) == ("dormant-user", "low", True)


def test_who_is_blocked_need_not_be_blocked():
    assert rules([], last_login=iso(days_ago(400)), blocked=True) == ["no-mfa"]


def test_a_last_login_that_cannot_be_read_is_not_never():
    assert rules([], last_login=None, unreadable=["last_login"]) == ["no-mfa", "odd-date"]


CODE = authenticator("recovery-code")


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        pytest.param([authenticator(created=900, used=32)], None, id="within the 31 days"),
        pytest.param([authenticator(created=900, used=32.1)], (32, "last_auth_at"), id="longer ago"),
        pytest.param([authenticator(created=900, used=80), authenticator("phone", used=5)], None, id="another factor"),
        pytest.param([authenticator(created=900, used=80), authenticator("phone", created=5)], (80, "last_auth_at"), id="another that was never used"),
        pytest.param([authenticator("phone", created=60), authenticator("email", created=50)], (60, "created_at"), id="none was ever used"),
        pytest.param([authenticator("phone", created=60, enrolled=5)], None, id="not enrolled for long"),
        pytest.param([authenticator(created=900, used=80), replace(CODE, last_auth_at=days_ago(3))], None, id="by recovery code"),
        pytest.param([authenticator(created=900, used=80), authenticator("new", used=3)], None, id="by a type that is not known"),
        pytest.param([authenticator(created=900, used=80), authenticator("password", used=1)], (80, "last_auth_at"), id="a password is no factor"),
        pytest.param([authenticator(created=900, used=80, confirmed=False)], None, id="no factor to ask for"),
        pytest.param([CODE], None, id="no factor at all"),
        pytest.param([authenticator(created=900, used=80), authenticator("phone", created=None)], None, id="nobody knows"),
    ],
)  # fmt: skip
def test_a_login_long_after_the_last_use_of_a_factor_was_not_asked(has, expected):
    findings = judge(has, last_login=iso(days_ago(1))).findings
    shown = [(each.age_days, each.age_from) for each in findings if each.rule == "not-challenged"]
    assert shown == ([expected] if expected else [])


@pytest.mark.parametrize(("by_idp", "severity"), [(False, "medium"), (True, "low")])
def test_it_says_less_where_the_identity_provider_asks(by_idp, severity):
    findings = judge([authenticator(created=900, used=80)], standing=standing(by_idp=by_idp)).findings
    assert [each.severity for each in findings if each.rule == "not-challenged"] == [severity]


@pytest.mark.parametrize("last_login", [None, iso(days_ago(-2)), iso(days_ago(75))], ids=["never", "future", "before"])
def test_without_a_login_nobody_was_to_be_asked(last_login):
    assert "not-challenged" not in rules([authenticator(created=900, used=80)], last_login=last_login)


PUSH = {"id": "push|dev_1", "link_id": "link_1"}
ITS_OTP = {"id": "totp|dev_2", "link_id": "link_1"}


def shown(authenticators):
    return [(each.rule, each.authenticator_id) for each in judge(authenticators).findings if each.authenticator_id]


def test_a_pair_gives_one_finding_about_the_push():
    pair = [authenticator("otp", created=200, **ITS_OTP), authenticator("push", created=200, **PUSH)]
    assert shown(pair) == [("never-used", "push|dev_1")]
    assert "single-factor" in rules(pair)


def test_the_push_stands_for_the_pair_whatever_the_ids_are():
    pair = [
        authenticator("otp", created=200, id="a|1", link_id="l"),
        authenticator("push", created=200, id="b|2", link_id="l"),
    ]
    assert shown(pair) == [("never-used", "b|2")]


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
        CODE,
    ]
    findings = judge(several).findings
    assert [(each.rule, each.authenticator_id) for each in findings] == [
        ("weak-only", None),
        ("not-challenged", None),
        ("stale", "email|c"),
        ("never-used", "phone|a"),
        ("never-used", "phone|b"),
    ]
    assert judge(several[::-1]).findings == findings


def test_a_push_comes_in_its_place_among_the_findings():
    several = [authenticator(factor, id=factor + "|a", created=200) for factor in ("push", "otp")]
    assert [about for _rule, about in shown(several)] == ["otp|a", "push|a"]
