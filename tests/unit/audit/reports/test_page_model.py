# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import re
from datetime import date, timedelta

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Exemption, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import STATES, STATUSES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.page_model import (
    cut,
    page_model,
    share,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import Tally
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES, action_of

from tests.unit.audit.fake_tenant import NOW, authenticator
from tests.unit.audit.history import judged, reading
from tests.unit.audit.reports.test_html import figures, finding, user_with

EXEMPTED = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}


def tallied(*rows: dict) -> Tally:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally


def model(*rows: dict, earlier=(), changes=(), **more):
    tally = tallied(*rows)
    return page_model(figures(tally, **more), tally.worst(), changes, earlier, pseudonyms=False)


def earlier_run(days: float, **users: int) -> dict:
    """The summary of a run before."""
    made = copy.deepcopy(figures(tallied(user_with(1))))
    at = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {**made, "run": "earlier", "reported": at, "users": {**dict.fromkeys(STATES, 0), **users}}


def history(new=(), **statuses: int) -> dict:
    return {
        "base": "20260525T120000Z", "since": "2026-05-25T12:00:00.000Z", "until": "2026-06-01T12:00:00.000Z", "days": 7.0,
        "statuses": {**dict.fromkeys(STATUSES, 0), **{word.replace("_", "-"): count for word, count in statuses.items()}},
        "new": {"critical": 0, "high": 0, "medium": 0, "low": 0, **dict(new)},
    }  # fmt: skip


def gain(number: int, **more) -> dict:
    return {
        "user": f"admin{number}@example.com", "privileged": True, "break_glass": False, "change": "added", "factor": "otp",
        "device": None, "at": "2026-05-31T10:00:00.000Z", **more,
    }  # fmt: skip


def in_state(number: int, state: str, **more) -> dict:
    return user_with(number, protection=state, **more)


def test_protection_is_a_sentence_with_every_kind_that_somebody_has():
    shown = model(in_state(1, "strong"), in_state(2, "strong"), in_state(3, "weak"), in_state(4, "elsewhere"))
    assert (shown.protected, shown.sentence) == (
        "50 %",
        "of 4 users have a strong second factor; 1 only weak ones, and 1 is protected by the identity provider.",
    )
    assert sum(part.width for part in shown.stack) == 100 and [part.state for part in shown.stack] == [
        "strong", "weak", "elsewhere",
    ]  # fmt: skip


def test_users_who_stand_aside_are_in_a_section_of_their_own_and_in_no_other_figure():
    phone = judged(
        reading(2, authenticator("phone", created=900, used=1), authenticator("shoe-size", id="shoe-size|1"))
    )
    aside = {**phone, "protection": "none", "place": "aside", "why": "blocked", "findings": [finding("no-mfa", 2)]}
    shown = model(in_state(1, "strong"), aside)
    assert shown.protected == "100 %" and (shown.first, shown.rules, shown.findings, shown.factors) == ((), (), (), ())
    assert [(row.name, row.users[shown.used.index("no factor")]) for row in shown.aside] == [("blocked", 1)]
    assert shown.aside_note == "Their findings: 1 no-mfa. They are in findings.jsonl.gz."


@pytest.mark.parametrize(
    ("days", "before", "said"),
    [
        (7, {"strong": 1, "none": 1}, "Up 16.7 points from the run of 2026-05-25, 7 days before (+1 user)."),
        (1, {"strong": 3}, "Down 33.3 points from the run of 2026-05-31, 1 day before (-1 user)."),
        (0.1, {"strong": 2, "none": 1}, "As much as the run of 2026-06-01, 2 hours before (+0 users)."),
        (-1, {"strong": 2, "none": 1}, "As much as the run of 2026-06-02, which is after this report (+0 users)."),
        (7, {}, "It cannot be compared with the run of 2026-05-25, 7 days before."),
    ],
)
def test_the_change_since_the_run_before_is_told_with_the_gap(days, before, said):
    rows = [in_state(1, "strong"), in_state(2, "strong"), in_state(3, "none")]
    assert model(*rows, earlier=[earlier_run(days, **before)]).since == said


def test_protection_is_compared_with_the_run_that_findings_are_compared_with():
    earlier = [earlier_run(7, strong=1), {**earlier_run(3, none=1), "run": "another"}]
    compared = {**history(), "base": "earlier"}
    assert "the run of 2026-05-25" in model(in_state(1, "strong"), earlier=earlier, history=compared).since
    assert "the run of 2026-05-29" in model(in_state(1, "strong"), earlier=earlier).since
    assert model(in_state(1, "strong"), earlier=earlier, history={**compared, "base": None}).since is None


def test_protection_is_compared_with_the_last_complete_run_and_the_page_says_which():
    complete = {**earlier_run(9, strong=1), "run": "complete"}
    older = {**earlier_run(20, none=1), "run": "older"}
    partial = {**earlier_run(2, none=1), "run": "partial", "partial": True}
    compared = {**history(), "base": "partial"}
    shown = model(in_state(1, "strong"), earlier=[older, complete, partial], history=compared)
    assert shown.since == "As much as the last complete run, of 2026-05-23, 9 days before (+0 users)."
    alone = model(in_state(1, "strong"), earlier=[partial], history=compared)
    assert alone.since == "There is no complete run before to compare with."


def test_a_report_by_another_policy_is_compared_with_its_own_run_though_that_is_partial():
    shown = figures(tallied(in_state(1, "strong")), history={**history(), "base": "same"})
    own = {**earlier_run(0, strong=1), "run": "same", "partial": True}
    complete = {**earlier_run(9, strong=1), "run": "complete"}
    made = page_model({**shown, "run": "same"}, {}, (), [complete, own], pseudonyms=False)
    assert made.since.startswith("As much as the run of 2026-06-01")


def test_a_comparison_across_policies_says_so():
    shown = model(in_state(1, "strong"), earlier=[earlier_run(7, strong=1)], policy=Policy(stale_days=30))
    assert shown.since.endswith("(+0 users), which another policy judged.")
    assert model(in_state(1, "strong")).since is None


def test_the_first_things_to_do_are_the_most_severe_then_those_of_most_privileged_people():
    rows = [user_with(number, finding("weak-only", number, severity="medium")) for number in range(9)]
    rows += [
        user_with(10 + number, finding("stale", number, severity="medium"), privileged=number == 0)
        for number in range(2)
    ]
    rows += [
        user_with(20, finding("unread", 20, severity="high")),
        user_with(21, finding("never-used", 21, severity="low")),
    ]
    assert [(each.rule, each.severity, each.whom) for each in model(*rows).first] == [
        ("unread", "high", "1 person"),
        ("stale", "medium", "2 people, 1 of them privileged"),
        ("weak-only", "medium", "9 people"),
    ]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["strong"], "Privileged: 1 person, who has a strong second factor."),
        (["none"], "Privileged: 1 person, who does not have a strong second factor."),
        (["none", "weak"], "Privileged: none of 2 people has a strong second factor."),
        (["strong", "strong"], "Privileged: all of 2 people have a strong second factor."),
        (["strong", "none"], "Privileged: 1 of 2 people has a strong second factor, 1 does not."),
        (["strong", "strong", "weak", "weak"], "Privileged: 2 of 4 people have a strong second factor, 2 do not."),
    ],
)
def test_one_is_one_and_not_several(states, said):
    shown = model(*(in_state(number, state, privileged=True) for number, state in enumerate(states)))
    assert shown.privileged == said
    alone = model(
        in_state(1, "strong", findings=[finding("stale", 1)], privileged=True),
        policy=Policy(stale_days=1, stale_warning_days=None, never_used_days=1),
    )
    said = "\n".join(
        [alone.coverage, alone.sentence, alone.first[0].whom, *map(" ".join, alone.run), alone.rules[0].figures]
    )
    assert "1 user read" in said and "of 1 user has" in said and "1 privileged person" in said
    assert not re.search(r"\b1 (users|people|days|findings)\b", said), said
    assert [mark.label for mark in alone.ages.marks] == ["stale from 1 day"]


def test_a_person_with_two_findings_of_a_rule_is_one_person():
    (thing,) = model(user_with(1, finding("stale", 1), finding("stale", 2))).first
    assert thing.whom == "1 person"
    (rule,) = model(user_with(1, finding("stale", 1), finding("stale", 2))).rules
    assert rule.figures == "2 findings · 1 person"
    (rule,) = model(user_with(1, finding("stale", 1), finding("stale", 2)), history=history()).rules
    assert rule.figures == "2 findings · 1 person · 2 new"


def test_exempted_findings_are_shown_and_are_nothing_to_do_first():
    shown = model(user_with(1, finding("stale", 1, exempted=EXEMPTED)))
    assert shown.first == () and shown.rules[0].figures == "1 exempted"
    assert shown.findings[0][0].exempted == "a safe (security), until 2026-12-31"
    assert shown.rules[0].command is None


def test_new_factors_of_privileged_people_are_the_first_news():
    figures_of_changes = {"added": 9, "removed": 1, "added_to_privileged": 6}
    changes = [gain(number) for number in range(6)] + [gain(7, privileged=False)]
    tally = tallied(user_with(1))
    made = figures(tally, changes=figures_of_changes, history=history([("high", 2)], resolved=3, reopened=1))
    news = page_model(made, tally.worst(), changes, (), pseudonyms=False).news
    assert news[0].text == "6 new factors on privileged accounts. Ask their owners whether they enrolled them."
    assert [each.who for each in news[0].items] == [f"admin{number}@example.com" for number in range(4)]
    assert news[0].items[0].what == "otp, enrolled 2026-05-31" and news[0].more == "and 2 more"
    assert [each.text for each in news[1:]] == [
        "New findings: 2 high, 1 of them reopened.",
        "Resolved since the run before: 3.",
        "Devices of all users: 9 added, 1 removed.",
    ]


def test_a_new_factor_of_a_break_glass_user_says_so():
    tally = tallied(user_with(1))
    made = figures(tally, changes={"added": 1, "removed": 0, "added_to_privileged": 1})
    changes = [gain(1, privileged=False, break_glass=True)]
    news = page_model(made, tally.worst(), changes, (), pseudonyms=False).news
    assert news[0].text == "1 new factor on privileged or break-glass accounts. Ask its owner who enrolled it."
    assert news[0].items[0].what == "otp, enrolled 2026-05-31 (break-glass)"


def test_what_is_not_found_any_more_is_resolved_only_where_that_is_known():
    news = model(user_with(1), history=history(not_read=1, out_of_scope=2, gone=3, not_asked=1200)).news
    assert [each.text for each in news] == [
        "New findings: none.",
        "Resolved since the run before: 0.",
        "Neither found again nor resolved: 1 not read, 2 out of scope, 3 deleted, 1,200 not asked by now.",
    ]


@pytest.mark.parametrize("before", [None, {**history(), "base": None}])
def test_a_first_run_says_that_it_is_one(before):
    (news,) = model(user_with(1), history=before).news
    assert news.text == "There is no earlier run to compare with, so every finding is new."


def test_the_trend_is_drawn_by_time():
    earlier = [earlier_run(10, strong=1, none=1), earlier_run(5, strong=3, none=1)]
    shown = model(in_state(1, "strong"), earlier=earlier)
    strong, findings = shown.lines
    assert strong.points == "0.0,50.0 50.0,26.0 100.0,2.0"
    assert (strong.since, strong.first, strong.until, strong.last) == ("2026-05-22", "50.0 %", "2026-06-01", "100.0 %")
    assert findings.points == "0.0,98.0 50.0,98.0 100.0,98.0"
    assert [point.day for point in shown.trend] == ["2026-05-22", "2026-05-27", "2026-06-01"]
    assert model(in_state(1, "strong")).lines == ()


def test_summaries_of_earlier_versions_are_in_the_trend():
    old = {
        "run": "old", "reported": "2026-05-01T00:00:00.000Z", "partial": True,
        "users": {"strong": 1, "weak": 0, "none": 1, "unknown": 0}, "findings": {"no-mfa": 1, "stale": 2},
        "policy": {"stale_days": 90},
    }  # fmt: skip
    shown = model(in_state(1, "strong"), earlier=[old])
    assert (shown.trend[0].findings, shown.trend[0].partial, shown.trend[0].strong) == (3, True, "50.0 %")


@pytest.mark.parametrize("moments", [(5, 10), (0, 0)], ids=["a clock that went back", "all at once"])
def test_a_trend_without_a_time_axis_goes_by_runs(moments):
    shown = model(in_state(1, "strong"), earlier=[earlier_run(days, strong=1) for days in moments])
    assert [point.partition(",")[0] for point in shown.lines[0].points.split()] == ["0.0", "50.0", "100.0"]


def test_the_last_use_is_counted_where_there_was_one():
    rows = [judged(reading(1, authenticator("otp", created=6000, used=days))) for days in (0, 14, 15, 100, 5000)]
    rows += [judged(reading(2, authenticator("otp", created=50), authenticator("recovery-code", id="r|1", used=3)))]
    rows += [judged(reading(3, authenticator("phone", created=50, used=3, confirmed=False)))]
    ages = model(*rows).ages
    assert [(each.label, each.count) for each in ages.bars] == [
        ("0 to 14 days", 2),
        ("15 to 29 days", 1),
        ("90 to 104 days", 1),
        ("360 days or more", 1),
    ]
    assert ages.text == (
        "5 confirmed authenticators by days since their last use; 1 never used. "
        "40 % of the used ones at or past the threshold of 90 days."
    )


def test_thresholds_are_marked_where_they_are():
    def marks(**policy):
        return [(mark.label, mark.x, mark.anchor) for mark in model(user_with(1), policy=Policy(**policy)).ages.marks]

    left, width = 2.0, 996.0 / 25
    assert marks() == [
        ("warning from 45 days", round(left + 3 * width, 1), "start"),
        ("stale from 90 days", round(left + 6 * width, 1), "start"),
    ]
    assert [mark[0] for mark in marks(stale_days=30, stale_warning_days=45)] == ["stale from 30 days"]
    assert marks(stale_days=1000, stale_warning_days=None) == [("stale from 1,000 days →", 998.0, "end")]


def test_groups_are_the_largest_with_the_rest_together():
    rows = [user_with(number, email=f"a@d{number:02}.example", connections=["db"]) for number in range(40)]
    rows += [user_with(number, email="b@D07.example", connections=["db", "google"]) for number in range(40, 43)]
    rows += [user_with(50, email=None, connections=[])]
    connections, domains = model(*rows).groups
    assert [(row.name, sum(row.users)) for row in connections.rows] == [("db", 43), ("google", 3)]
    everybody = [*domains.rows, *domains.folded]
    assert (everybody[0].name, sum(everybody[0].users)) == ("d07.example", 4)
    assert (everybody[-1].name, sum(everybody[-1].users), len(everybody)) == ("10 others", 10, 31)


def exemption(expires: date, reason: str = "a safe", **people) -> Exemption:
    return Exemption("stale", People(**(people or {"emails": ("a@*",)})), reason, "security", expires)


def test_exemptions_that_somebody_should_look_at_come_first():
    today = NOW.date()
    policy = Policy(
        exemptions=(
            exemption(today + timedelta(days=200), "in force"),
            exemption(today + timedelta(days=201), "useless", user_ids=("auth0|1",)),
            exemption(today + timedelta(days=14), "soon"),
            exemption(today, "today"),
            exemption(today - timedelta(days=1), "over"),
        )
    )
    exempted = {"reason": "in force", "owner": "security", "expires": (today + timedelta(days=200)).isoformat()}
    shown = model(user_with(1, finding("stale", 1, exempted=exempted)), policy=policy).exemptions
    assert [(each.reason, each.state, each.loud, each.findings) for each in shown] == [
        ("over", "expired", True, 0),
        ("today", "expires today", True, 0),
        ("soon", "14 days left", True, 0),
        ("useless", "exempts nothing", True, 0),
        ("in force", "in force", False, 1),
    ]
    assert shown[3].users == "auth0|1" and shown[4].users == "a@*"


def test_a_long_list_of_ids_in_an_exemption_is_a_number():
    policy = Policy(exemptions=(exemption(NOW.date(), user_ids=tuple(f"auth0|{each}" for each in range(5000))),))
    assert model(user_with(1), policy=policy).exemptions[0].users == "5000 IDs"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (TenantFacts(), ["It takes the scope read:mfa_policies.", "It takes the scope read:guardian_factors."]),
        (
            TenantFacts((), frozenset({"otp"})),
            ["never requires a second factor", "Switched on: otp.", "phone (1 person)"],
        ),
        (
            TenantFacts(("all-applications",), frozenset({"otp", "phone"})),
            ["all-applications.", "Switched on: otp, phone."],
        ),
    ],
)
def test_what_is_known_of_the_tenant_is_said(facts, said):
    row = judged(reading(1, authenticator("phone", created=50, used=3)))
    shown = model(row, facts=facts)
    assert len(shown.facts) == len(said) and all(words in fact for words, fact in zip(said, shown.facts))
    (factor,) = shown.factors
    assert ("switched off in the tenant" in factor.notes) == ("phone (1 person)" in said)


def test_rules_that_found_nothing_are_one_line_and_those_that_are_off_are_named():
    shown = model(user_with(1, finding("no-mfa", 1)), policy=Policy(off=frozenset({"stale"})))
    assert [each.id for each in shown.rules] == ["no-mfa"]
    assert shown.quiet.endswith(f"Switched off by the policy: {RULES['stale'].title}.")
    assert RULES["weak-only"].title in shown.quiet and RULES["no-mfa"].title not in shown.quiet


def test_the_playbook_is_called_with_the_worst_findings_that_count():
    rows = [user_with(number, finding("stale", number, age_days=number)) for number in range(9)]
    rows += [
        user_with(
            20, finding("stale", 20, age_days=500, exempted=EXEMPTED), finding("stale", 21, age_days=50, warning=True)
        )
    ]
    (rule,) = model(*rows).rules
    expected = ", ".join('"%s"' % finding("stale", number)["id"] for number in (8, 7, 6, 5, 4))
    assert rule.command == (
        "ansible-playbook mfaops.auth0.remediate -e findings=findings.jsonl.gz -e '{\"reviewed\": [%s]}'" % expected
    )


@pytest.mark.parametrize("rule", sorted(RULES))
def test_there_is_a_command_for_each_finding_that_the_playbook_acts_on_and_for_no_other(rule):
    for authenticator_id in ("totp|dev_1", None):
        row = finding(rule, 1, authenticator_id=authenticator_id)
        (told,) = model(user_with(1, row)).rules
        assert (told.command is not None) == (action_of(rule, row["authenticator_id"]) is not None)


def test_the_odd_date_of_an_account_is_not_among_the_ids_of_the_command():
    account, device = finding("odd-date", 1), finding("odd-date", 2)
    account.update(authenticator_id=None, severity="high")
    (rule,) = model(user_with(1, account), user_with(2, device)).rules
    assert device["id"] in rule.command and account["id"] not in rule.command


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (1, 1000, "<1 %"), (999, 1000, ">99 %"), (9, 9, "100 %"), (1, 3, "33 %")],
)
def test_a_share_is_all_or_nothing_only_where_it_is(part, whole, said):
    assert share(part, whole) == said


@pytest.mark.parametrize("text", ["a" * 10_000, "\x00" * 10_000, "\u202e" * 81, "\ud800" * 81, "a" * 80, ""])
def test_a_text_is_cut_to_what_has_room(text):
    assert len(cut(text)) <= 80 and (cut(text) == text or cut(text).endswith("…"))


def test_of_findings_that_do_not_fit_those_that_count_are_kept():
    tally = Tally(shown_per_rule=2)
    tally.add(user_with(1, finding("stale", 1, severity="critical", exempted=EXEMPTED), privileged=True))
    tally.add(user_with(2, finding("stale", 2, severity="low")))
    tally.add(user_with(3, finding("stale", 3, severity="low"), privileged=True))
    tally.add(user_with(4, finding("stale", 4, severity="high")))
    assert [each["user_id"] for each in tally.worst()["stale"]] == ["auth0|00003", "auth0|00004"]
    assert tally.figures()["rules"]["stale"]["people"] == 3


def test_a_finding_about_the_policy_has_no_user_to_link_to():
    tally = tallied(user_with(1))
    person = {
        "user_id": None,
        "user": "exemption of a@* (security)",
        "privileged": False,
        "break_glass": False,
        "device": None,
    }
    tally.add_found({**finding("unread", 1), **person})
    shown = page_model(figures(tally), tally.worst(), (), (), pseudonyms=False)
    assert [(each.user, each.user_id, each.link) for each in shown.findings[0]] == [(person["user"], None, None)]
    assert shown.first[0].whom == "1 finding"
