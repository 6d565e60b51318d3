# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.past import KEPT, Differences, Past, Terms, missing
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Exemption, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import STATUSES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from hypothesis import given, strategies as st

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import Runs, found_of, judged, reading

DAY = "2026-06-%02dT12:00:00.000Z"
STALE = authenticator("otp", created=900, used=200)
USED = authenticator("otp", created=900, used=1)
OTHER = authenticator("push", created=900, used=1)
PATIENT = Policy(stale_days=365, stale_warning_days=None)
OFF = Policy(off=frozenset({"stale"}))
WORDS = {"stale"}


def words(runs: Runs) -> list[str]:
    """The word of the stale device."""
    return [each["status"] for each in runs.known if each["rule"] == "stale"]


def test_a_finding_is_new_once_and_then_goes_on():
    runs = Runs()
    for expected in ("new", "persisting", "persisting"):
        assert runs.run(reading(1, STALE, OTHER))["stale"] == expected
    (found,) = [each for each in runs.known if each["rule"] == "stale"]
    assert (found["first_seen"], found["last_seen"], found["closed_at"]) == (DAY % 1, DAY % 3, None)
    assert found["run"] == "run3"


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([USED], id="it was used"),
        pytest.param([OTHER], id="it was removed"),
    ],
)
def test_what_is_fixed_is_resolved_and_reopened_with_its_first_date(after):
    runs = Runs()
    runs.run(reading(1, STALE))
    assert runs.run(reading(1, *after))["stale"] == "resolved"
    (found,) = [each for each in runs.known if each["rule"] == "stale"]
    assert (found["first_seen"], found["last_seen"], found["closed_at"]) == (DAY % 1, DAY % 1, DAY % 2)
    runs.run(reading(1, *after))
    assert [(each["status"], each["closed_at"]) for each in runs.known if each["rule"] == "stale"] == [
        ("resolved", DAY % 2)
    ]
    assert runs.run(reading(1, STALE))["stale"] == "reopened"
    (found,) = [each for each in runs.known if each["rule"] == "stale"]
    assert (found["first_seen"], found["last_seen"], found["closed_at"]) == (DAY % 1, DAY % 4, None)


@pytest.mark.parametrize(
    "run, word",
    [
        pytest.param({"records": [reading(1, error="lost")]}, "not-read", id="the user could not be read"),
        pytest.param({"records": [], "missing": "not-read"}, "not-read", id="the run was cut off before the user"),
        pytest.param(
            {"records": [reading(1, USED)], "place": "out"}, "out-of-scope", id="the policy excludes the user"
        ),
        pytest.param({"records": [], "missing": "out-of-scope"}, "out-of-scope", id="a search does not find the user"),
        pytest.param({"records": [], "left": [("auth0|00001", "gone")]}, "gone", id="the user was deleted meanwhile"),
        pytest.param({"records": [], "missing": "gone"}, "gone", id="nobody lists the user"),
        pytest.param({"records": [reading(1, STALE)], "policy": OFF}, "not-asked", id="the rule is off"),
        pytest.param({"records": [reading(1, STALE)], "policy": PATIENT}, "not-asked", id="the threshold is higher"),
        pytest.param({"records": [reading(1, USED)], "policy": OFF}, "not-asked", id="fixed, but nobody asks"),
        pytest.param(
            {"records": [reading(1, USED)], "policy": PATIENT}, "resolved", id="a higher threshold, and a fix"
        ),
        pytest.param({"records": [reading(1)], "policy": PATIENT}, "resolved", id="a higher threshold, and removed"),
    ],
)
def test_whatever_else_makes_a_finding_disappear_has_a_word_of_its_own(run, word):
    runs = Runs()
    runs.run(reading(1, STALE))
    runs.run(*run.pop("records"), **run)
    assert words(runs) == [word]


@pytest.mark.parametrize("policy, expected", [(OFF, "not-asked"), (PATIENT, "not-asked")])
def test_what_nobody_asks_stays_so_until_it_is_fixed_and_is_no_news_when_asked_again(policy, expected):
    runs = Runs()
    runs.run(reading(1, STALE))
    for _turn in range(3):
        runs.run(reading(1, STALE), policy=policy)
        assert words(runs) == [expected]
    assert {each["closed_at"] for each in runs.known if each["rule"] == "stale"} == {DAY % 2}
    runs.run(reading(1, STALE))
    assert words(runs) == ["persisting"]


def test_what_nobody_asked_and_was_fixed_meanwhile_is_resolved_by_the_policy_that_found_it():
    runs = Runs()
    runs.run(reading(1, STALE))
    runs.run(reading(1, STALE), policy=PATIENT)
    runs.run(reading(1, USED), policy=PATIENT)
    assert words(runs) == ["resolved"]


def test_without_the_terms_that_found_it_nothing_is_called_resolved():
    runs = Runs()
    runs.run(reading(1, STALE))
    runs.terms["run1"] = None
    runs.run(reading(1, USED))
    assert words(runs) == ["not-asked"]


@pytest.mark.parametrize(
    "former, word",
    [("persisting", "not-read"), ("resolved", "resolved"), ("gone", "gone"), ("not-asked", "not-asked")]
    + [("out-of-scope", "out-of-scope")],
)
@pytest.mark.parametrize("unread", [{"missing": "not-read"}, {"left": [("auth0|00001", "not-read")]}])
def test_a_partial_run_leaves_their_word_to_those_it_did_not_read(former, word, unread):
    runs = Runs()
    runs.run(reading(1, STALE))
    for found in runs.known:
        found["status"] = former
    runs.run(**unread)
    assert words(runs) == [word]


def test_what_a_partial_run_read_counts():
    runs = Runs()
    runs.run(reading(1, STALE), reading(2, STALE))
    runs.run(reading(1, USED), missing="not-read")
    assert sorted(words(runs)) == ["not-read", "resolved"]
    runs.run(reading(1, USED), reading(2, STALE))
    assert sorted(words(runs)) == ["persisting", "resolved"]
    assert {each["first_seen"] for each in runs.known if each["rule"] == "stale"} == {DAY % 1}


OTP_ON, OTP_OFF = TenantFacts((), frozenset({"otp"})), TenantFacts((), frozenset())


@pytest.mark.parametrize(
    "facts, word",
    [
        pytest.param(OTP_ON, "resolved", id="the tenant has switched the factor on"),
        pytest.param(TenantFacts(), "not-asked", id="nobody knows any more whether it has"),
    ],
)
def test_a_setting_of_the_tenant_that_cannot_be_read_any_more_mends_nothing(tmp_path, facts, word):
    with Past(str(tmp_path), DAY % 2, Terms(Policy(), facts), lambda run: Terms(Policy(), OTP_OFF)) as past:
        known = found_of()
        past.know(known)
        row = judged(reading(1, USED))
        # As a rule would have it: a factor that is switched off protects nobody.
        (closed,) = past.mark(row, lambda terms: {known[0]["id"]} if terms.facts == OTP_OFF else set())
        assert closed["status"] == word


EXEMPTING = Policy(
    exemptions=(Exemption("stale", People(user_ids=("auth0|00001",)), "a safe", "security", date(2027, 12, 31)),)
)


@pytest.mark.parametrize(
    ("aside", "word"),
    [
        pytest.param({"policy": EXEMPTING}, "persisting", id="exempted"),
        pytest.param({"place": "aside"}, "persisting", id="set aside"),
        pytest.param({"place": "out", "findings": []}, "out-of-scope", id="out of scope"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_did_not_count_goes_on_and_is_news_when_it_counts_again(aside, word, first):
    runs = Runs()
    if first:
        runs.run(reading(1, STALE))
    expected = [word, word] if first else [{"persisting": "new"}.get(word), {"persisting": word}.get(word)]
    for each in expected:
        runs.run(reading(1, STALE), **aside)
        assert words(runs) == ([each] if each else [])
    # Who cannot be read for a night does not count again.
    runs.run(reading(1, error="lost"), **aside)
    for each in ("reopened" if first or word == "persisting" else "new", "persisting"):
        runs.run(reading(1, STALE))
        assert words(runs) == [each]
        differences = Differences(runs.at)
        for found in runs.known:
            if found["rule"] == "stale":
                differences.add(found)
        assert sum(differences.figures("run1", DAY % 1)["new"].values()) == (each != "persisting")
    assert {each["first_seen"] for each in runs.known if each["rule"] == "stale"} == {
        DAY % (1 if first or word == "persisting" else 4)
    }


def test_a_rule_that_this_version_does_not_know_is_not_asked():
    runs = Runs()
    runs.run(reading(1, STALE))
    for found in runs.known:
        found.update(rule="of-old", id="1")
    assert runs.run(reading(1, USED))["of-old"] == "not-asked"


def test_who_is_no_break_glass_user_any_more_is_not_asked_as_one():
    runs = Runs()
    runs.run(reading(1, STALE))
    for found in runs.known:
        found.update(rule="break-glass", break_glass=True)
    assert runs.run(reading(1, USED))["break-glass"] == "not-asked"


@pytest.mark.parametrize(
    "now, word",
    [
        pytest.param({"break_glass": True}, "not-asked", id="a break-glass user is never stale"),
        pytest.param({"break_glass": False}, "resolved", id="used"),
    ],
)
def test_who_becomes_a_break_glass_user_has_mended_nothing(now, word):
    runs = Runs()
    runs.run(reading(1, STALE, OTHER))
    assert runs.run(reading(1, USED, OTHER), **now)["stale"] == word
    # What is gone is mended, whoever the user is.
    runs = Runs()
    runs.run(reading(1, STALE, OTHER))
    assert runs.run(reading(1, OTHER), **now)["stale"] == "resolved"


def test_who_moves_to_an_identity_provider_is_not_asked_for_a_factor_any_more():
    runs = Runs()
    runs.run(reading(1))
    assert runs.run(reading(1, STALE), by_idp=True)["no-mfa"] == "not-asked"


@pytest.mark.parametrize("broken", [{"unread_dates": frozenset({"last_auth_at"})}, {"used": -3}])
def test_a_date_that_cannot_be_right_mends_nothing(broken):
    runs = Runs()
    runs.run(reading(1, STALE, OTHER))
    now = authenticator("otp", **{"created": 900, **broken})
    words_now = runs.run(reading(1, now, OTHER))
    assert (words_now["stale"], words_now["odd-date"]) == ("not-read", "new")
    # That of another device is another matter.
    runs = Runs()
    runs.run(reading(1, STALE, OTHER))
    odd = authenticator("phone", created=900, used=-3)
    assert runs.run(reading(1, USED, odd))["stale"] == "resolved"


PHONE = authenticator("phone", created=900, used=1)
CODE = authenticator("recovery-code", created=900)
NEW_TYPE = authenticator("of-tomorrow", id=STALE.id, created=900, used=1)


@pytest.mark.parametrize("policy", [Policy(), Policy(off=frozenset({"unknown-factor"}))])
@pytest.mark.parametrize(
    "before, now, rule",
    [
        pytest.param([STALE, OTHER], [NEW_TYPE, OTHER], "stale", id="the device"),
        pytest.param([PHONE], [NEW_TYPE], "weak-only", id="all there is"),
        pytest.param([], [NEW_TYPE], "no-mfa", id="the first there is"),
        pytest.param([STALE, OTHER], [NEW_TYPE], "no-recovery-code", id="what is left, of two"),
        pytest.param([OTHER], [NEW_TYPE, CODE], "single-factor", id="beside a recovery code"),
    ],
)
def test_a_type_that_is_not_known_mends_nothing(before, now, rule, policy):
    runs = Runs()
    runs.run(reading(1, *before), policy=policy)
    assert runs.run(reading(1, *now), policy=policy)[rule] == "not-read"


def test_one_of_many_whose_type_is_not_known_by_now_is_still_one():
    many = [authenticator("otp", id="totp|dev_%d" % number, used=1) for number in range(Policy().too_many + 1)]
    runs = Runs()
    runs.run(reading(1, *many))
    assert runs.run(reading(1, *many[1:], authenticator("of-tomorrow", used=1)))["too-many"] == "not-read"
    assert runs.run(reading(1, *many[1:]))["too-many"] == "resolved"


def test_a_type_that_is_not_known_hides_neither_a_login_nor_that_the_user_was_read():
    runs = Runs()
    runs.run(reading(1, PHONE, last_login="2025-01-01T00:00:00.000Z"))
    assert runs.run(reading(1, NEW_TYPE))["dormant-user"] == "resolved"
    runs.run(reading(2, error="lost"))
    assert runs.run(reading(2, NEW_TYPE))["unread"] == "resolved"


@pytest.mark.parametrize(
    "without, off, word",
    [
        pytest.param({"enrolled": 900}, set(), "not-read", id="as if it was never used"),
        pytest.param({"enrolled": 900}, {"never-used"}, "persisting", id="old, and nobody asks for more"),
        pytest.param({"enrolled": 5}, set(), "not-read", id="as if it was enrolled lately"),
        pytest.param({"unread_dates": frozenset({"last_auth_at"})}, {"odd-date"}, "not-read", id="nobody can read it"),
    ],
)
def test_a_last_use_that_vanished_is_no_use(without, off, word):
    runs, policy = Runs(), Policy(off=frozenset(off))
    runs.run(reading(1, STALE, OTHER), policy=policy)
    now = authenticator("otp", **{"created": 900, **without})
    assert runs.run(reading(1, now, OTHER), policy=policy)["stale"] == word
    assert runs.run(reading(1, USED, OTHER), policy=policy)["stale"] == "resolved"


def test_a_last_login_that_vanished_was_no_login_that_asked():
    runs = Runs()
    runs.run(reading(1, STALE))
    assert runs.run(reading(1, STALE, last_login=None))["not-challenged"] == "not-read"
    assert runs.run(reading(1, USED))["not-challenged"] == "resolved"


def test_another_finding_of_the_same_user_without_a_factor_mends_nothing():
    runs = Runs()
    for authenticators, word in (([], "new"), ([CODE], "not-asked"), ([], "persisting")):
        assert runs.run(reading(1, *authenticators))["no-mfa"] == word


@pytest.mark.parametrize("off", [set(), {"no-mfa"}])
@pytest.mark.parametrize(
    "before, now, rule",
    [
        ([CODE], [], "recovery-code-only"),
        ([PHONE], [], "weak-only"),
        ([PHONE], [CODE], "weak-only"),
        ([OTHER, USED], [OTHER], "no-recovery-code"),
        ([OTHER, USED], [], "no-recovery-code"),
        ([OTHER, USED], [CODE], "no-recovery-code"),
        ([OTHER], [], "single-factor"),
        ([OTHER], [PHONE], "single-factor"),
        ([STALE], [], "not-challenged"),
    ],
)
def test_who_is_worse_off_has_mended_nothing(before, now, rule, off):
    runs, policy = Runs(), Policy(off=frozenset(off))
    runs.run(reading(1, *before), policy=policy)
    assert runs.run(reading(1, *now), policy=policy)[rule] == "not-asked"


@pytest.mark.parametrize(
    "before, now, rule",
    [
        ([], [PHONE], "no-mfa"),
        ([CODE], [CODE, OTHER], "recovery-code-only"),
        ([PHONE], [PHONE, OTHER], "weak-only"),
        ([OTHER], [OTHER, USED], "single-factor"),
        ([OTHER], [OTHER, CODE], "single-factor"),
        ([OTHER, USED], [OTHER, USED, CODE], "no-recovery-code"),
        ([STALE], [USED], "not-challenged"),
    ],
)
def test_who_is_better_off_has_mended_it(before, now, rule):
    runs = Runs()
    runs.run(reading(1, *before))
    assert runs.run(reading(1, *now))[rule] == "resolved"


@pytest.mark.parametrize("factors", [frozenset({"otp", "push", "recovery-code"}), None])
@pytest.mark.parametrize(
    "before, rule, still_on",
    [
        ([STALE], "single-factor", {"phone"}),
        ([STALE], "not-challenged", {"phone"}),
        ([STALE, OTHER], "no-recovery-code", {"push"}),
        ([STALE, OTHER], "no-recovery-code", {"push", "otp"}),
    ],
)
def test_a_factor_that_the_tenant_has_switched_off_since_mends_nothing(before, rule, still_on, factors):
    runs = Runs()
    runs.run(reading(1, *before), facts=TenantFacts((), factors))
    assert runs.run(reading(1, *before), facts=TenantFacts((), frozenset(still_on)))[rule] == "not-asked"


def test_who_mended_it_while_another_factor_was_switched_off_has_mended_it():
    runs = Runs()
    runs.run(reading(1, OTHER), facts=TenantFacts((), frozenset({"push", "otp", "recovery-code", "phone"})))
    now = TenantFacts((), frozenset({"push", "recovery-code"}))
    assert runs.run(reading(1, OTHER, CODE), facts=now)["single-factor"] == "resolved"


def test_a_login_in_the_future_does_not_wake_up_who_is_dormant():
    runs = Runs()
    runs.run(reading(1, OTHER, last_login="2025-01-01T00:00:00.000Z"))
    assert runs.run(reading(1, OTHER, last_login="2036-01-01T00:00:00.000Z"))["dormant-user"] == "not-read"
    assert runs.run(reading(1, OTHER))["dormant-user"] == "resolved"


@pytest.mark.parametrize("order", [1, -1])
def test_an_id_stays_when_the_devices_twin_appears_and_the_order_changes(order):
    push = authenticator("push", id="push|dev_B", created=900, used=200, link_id="one")
    twin = authenticator("otp", id="totp|dev_A", created=900, link_id="one")
    stays = authenticator("phone", id="phone|dev_C", created=900, used=150)
    runs = Runs()
    runs.run(reading(1, push, stays))
    before = {each["id"] for each in runs.known}
    runs.run(reading(1, *[twin, stays, push][::order]))
    assert {each["id"] for each in runs.known if each["status"] == "persisting"} == before
    assert set(words(runs)) == {"persisting"}


def test_closed_findings_are_forgotten_after_a_time_and_unread_ones_never():
    runs = Runs()
    runs.run(reading(1, STALE), reading(2, STALE))
    runs.run(reading(1, USED), missing="not-read")
    for days, expected in ((KEPT.days / 3, ["not-read", "resolved"]), (KEPT.days, ["not-read"])):
        runs.run(reading(1, USED), missing="not-read", days=days)
        assert sorted(words(runs)) == expected


def test_findings_about_the_policy_have_their_past_too(tmp_path):
    about = {"id": "p1", "rule": "no-mfa", "user_id": None, "status": "new", "first_seen": DAY % 1, "closed_at": None}
    about.update({"exempted": None, "place": "in"})
    with Past(str(tmp_path), DAY % 5, Terms(Policy()), lambda run: None) as past:
        past.know([about, {**about, "id": "p2"}, {**about, "id": "p3", "rule": "of-old"}])
        now = [dict(about, first_seen=DAY % 5), dict(about, id="p4", first_seen="?")]
        closed = past.mark_policy(now, {})
        assert [(each["id"], each["status"], each["first_seen"]) for each in now] == [
            ("p1", "persisting", DAY % 1),
            ("p4", "new", DAY % 5),
        ]
        assert [(each["id"], each["status"]) for each in closed] == [("p2", "resolved"), ("p3", "not-asked")]
        assert list(past.rest("gone")) == []


@pytest.mark.parametrize(
    "complete, whole, word",
    [(False, True, "not-read"), (False, False, "not-read"), (True, True, "gone"), (True, False, "out-of-scope")],
)
def test_why_a_user_is_not_in_a_run(complete, whole, word):
    assert missing(complete, whole) == word


STATES = st.sampled_from(["stale", "used", "removed", "unread", "missing", "out", "off", "patient"])


@given(st.lists(STATES, min_size=1, max_size=6))
def test_a_known_finding_is_never_lost_and_resolved_means_that_the_policy_that_found_it_finds_it_no_more(states):
    runs = Runs()
    runs.run(reading(1, STALE))
    for turn, state in enumerate(states):
        if state == "missing":
            runs.run(missing="not-read")
        elif state == "unread":
            runs.run(reading(1, error="lost"))
        elif state in ("used", "removed"):
            runs.run(reading(1, *([USED] if state == "used" else [OTHER])))
        elif state == "out":
            runs.run(reading(1, STALE), place="out")
        else:
            runs.run(reading(1, STALE), policy={"off": OFF, "patient": PATIENT}.get(state, Policy()))
        (word,) = words(runs)
        assert word in STATUSES
        if state in ("used", "removed"):
            assert word == "resolved"
        if word == "resolved":
            assert {"used", "removed"} & set(states[: turn + 1])
    assert {each["first_seen"] for each in runs.known if each["rule"] == "stale"} == {DAY % 1}


def test_the_figures_tell_the_gap_what_became_of_each_and_what_is_new():
    runs, only_stale = Runs(), Policy(off=frozenset(RULES) - WORDS)
    runs.run(reading(1, STALE), reading(2, STALE), policy=only_stale)
    runs.run(reading(1, USED), reading(2, STALE), reading(3, STALE), policy=only_stale)
    old = {**runs.known[0], "status": "resolved", "closed_at": DAY % 1}
    aside = {**next(each for each in runs.known if each["status"] == "new"), "place": "aside"}
    differences = Differences(runs.at)
    for found in [*runs.known, old, aside]:
        differences.add(found)
    figures = differences.figures("run1", DAY % 1)
    assert (figures["base"], figures["since"], figures["until"], figures["days"]) == ("run1", DAY % 1, DAY % 2, 1.0)
    assert {word: count for word, count in figures["statuses"].items() if count} == {
        "new": 1,
        "persisting": 1,
        "resolved": 1,
    }
    assert sum(figures["new"].values()) == 1


def test_a_user_who_could_not_be_read_is_no_news_and_is_counted_all_the_same():
    runs = Runs()
    runs.run(reading(1, STALE, error="refused"), reading(2, STALE))
    assert {each["rule"] for each in runs.known} >= {"unread", "stale"}
    differences = Differences(runs.at)
    for found in runs.known:
        differences.add(found)
    figures = differences.figures(None, None)
    assert figures["statuses"]["new"] == len(runs.known) == sum(figures["new"].values()) + 1


def test_without_an_earlier_run_there_is_no_gap():
    figures = Differences(DAY % 1).figures(None, None)
    assert (figures["base"], figures["since"], figures["days"]) == (None, None, None)
