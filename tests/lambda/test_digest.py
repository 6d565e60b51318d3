# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message, as a person reads it: of real runs, or of one run with figures that a test changes."""

from __future__ import annotations

import importlib
import re
import textwrap
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from hypothesis import given
from hypothesis import strategies as st

from digest import ALWAYS, CHANGES, GOES_ON, body, failure_body, failure_subject, is_due, subject
from metrics import UNITS, values
from told import High, Place, Told, nobody

# The name of the folder is a word of Python's.
runs = importlib.import_module("tests.lambda.runs")
NOW = runs.NOW
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_aws.rst"
PLACE = Place.of(runs.FUNCTION, runs.BUCKET, "example/runs/R/report/report.html")
WEAK = [runs.authenticator("phone", created=300, used=0)]


def told_of(outcome, before=None, **changes) -> Told:
    earlier = before.summary if before else None
    return Told({**outcome.summary, **changes}, outcome.costs, PLACE, High(), earlier, earlier)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """Two runs with the same findings."""
    tenant = runs.Runs(runs.FolderStore(str(tmp_path_factory.mktemp("store"))))
    tenant.has = {1: [], 5: WEAK}
    return tenant.run(), tenant.run()


@pytest.fixture
def quiet(two_runs) -> Told:
    """The second one."""
    first, second = two_runs
    return told_of(second, first)


def due(told: Told, mode: str = CHANGES, last_run: str | None = "the one before", days: float = 1) -> bool:
    run = told.before["run"] if told.before and last_run == "the one before" else last_run
    return is_due(mode, told, run, (NOW - timedelta(days=days)).isoformat(), NOW)


def statuses(told: Told, **counts: int) -> Told:
    history = {**told.figures["history"]}
    history["statuses"] = {**history["statuses"], **{word.replace("_", "-"): n for word, n in counts.items()}}
    return replace(told, figures={**told.figures, "history": history})


def test_a_run_like_the_one_before_is_told_weekly_or_on_request(quiet):
    assert not due(quiet) and due(quiet, ALWAYS)
    assert [due(quiet, days=days) for days in (6.4, 6.5, 7, 30)] == [False, True, True, True]


@pytest.mark.parametrize("word", ["new", "reopened", "resolved"])
def test_what_became_of_findings_is_told_at_once(quiet, word):
    assert due(statuses(quiet, **{word: 1}))


def test_a_user_who_was_deleted_is_no_news(quiet):
    assert not due(statuses(quiet, gone=3))


def test_the_first_message_and_one_after_a_run_that_nobody_was_told_of_are_due(quiet):
    assert is_due(CHANGES, quiet, None, None, NOW)
    assert due(quiet, last_run="another") and due(replace(quiet, before=None))


def test_a_partial_run_is_told_each_time_and_so_is_the_first_complete_one_after_it(quiet):
    assert due(replace(quiet, figures={**quiet.figures, "partial": True, "reason": "The time limit was reached."}))
    assert due(replace(quiet, before={**quiet.before, "partial": True}))


def test_devices_count_as_news_where_they_give_access_to_a_privileged_account(quiet):
    changed = {"added": 4, "removed": 3, "added_to_privileged": 0}
    assert not due(replace(quiet, figures={**quiet.figures, "changes": changed}))
    assert due(replace(quiet, figures={**quiet.figures, "changes": {**changed, "added_to_privileged": 1}}))


@pytest.mark.parametrize("left, is_news", [(20, False), (14, True), (5, False), (-1, True), (-5, False)])
def test_an_exemption_is_news_on_the_day_on_which_it_soon_expires_and_when_it_has(quiet, left, is_news):
    # Both runs are a day apart, and the second one is on this day.
    today = date.fromisoformat(quiet.figures["reported"][:10])
    policy = {"exemptions": [{"expires": (today + timedelta(days=left)).isoformat()}]}
    figures, before = {**quiet.figures, "policy": policy}, {**quiet.before, "policy": policy}
    assert due(replace(quiet, figures=figures, before=before)) is is_news


def test_another_policy_is_news(quiet):
    assert due(replace(quiet, before={**quiet.before, "policy": {}}))


def test_the_first_line_of_a_partial_run_says_why_and_its_subject_how_much_was_read(tmp_path):
    tenant = runs.Runs(runs.FolderStore(str(tmp_path)))
    first = tenant.run()
    tenant.has = {7: runs.unreadable(7), 8: runs.unreadable(8)}
    told = told_of(tenant.run(), first)
    text = body(told)
    assert text.splitlines()[0] == "PARTIAL. Users who could not be read: 2. 18 of 20 users were read."
    assert subject(told) == "MFA audit: PARTIAL, 18 of 20 users read, example.eu.auth0.com"
    assert "1. See in the report why 2 people could not be read. The next run tries again." in text
    assert "2 fewer than on 2026-06-01 (100.0 %). This run is partial, so the difference may mean nothing." in text
    assert "2 unknown" in text


def test_what_is_compared_with_another_run_than_the_last_complete_one_says_so(quiet):
    text = body(quiet)
    assert "Since 2026-06-01:\n" in text and "the last complete run" not in text
    partial = {**quiet.before, "run": "000009-20260601T120000Z", "partial": True}
    text = body(replace(quiet, before=partial))
    assert "Since 2026-06-01, when a run was partial:\n" in text
    assert "That is as many as on 2026-06-01 (90.0 %, the last complete run)." in text


def test_a_run_that_was_cut_off_waits_for_the_next_one(quiet):
    coverage = {**quiet.figures["coverage"], "read": 5, "not_reached": 15, "listed_is_lower_bound": True}
    figures = {**quiet.figures, "partial": True, "reason": "The time limit was reached.", "coverage": coverage}
    text = body(replace(quiet, figures=figures))
    assert text.startswith("PARTIAL. The time limit was reached. 5 of at least 20 users were read.\n")
    assert "1. Wait for the next run, which goes on." in text


def test_a_complete_run_says_who_was_not_read_by_it(quiet):
    coverage = {**quiet.figures["coverage"], "carried": 12, "out_of_scope": 3, "gone": 1}
    text = body(replace(quiet, figures={**quiet.figures, "coverage": coverage}))
    first = "Complete. 20 users were read, 12 of them by an earlier run. 3 out of scope. 1 deleted meanwhile."
    assert text.splitlines()[0] == first


def test_new_high_findings_are_told_by_rule_and_privileged_people_as_a_number(quiet):
    high = High()
    high.new = Counter({"no-mfa": 3, "break-glass": 1})
    high.privileged_users, high.newly_privileged_users = set("abcde"), set("ab")
    told = replace(quiet, high=high)
    text = body(told)
    assert "- No usable second factor: 3\n- Break-glass user can be phished: 1\n" in text
    assert "Privileged people with critical or high findings: 5, 2 of them with a new one." in text
    assert subject(told) == "MFA audit: 4 new high findings, example.eu.auth0.com"


def test_a_person_with_findings_of_two_severities_is_one_person():
    high = High()
    line = {"closed_at": None, "place": "in", "exempted": None, "rule": "stale", "privileged": True}
    for severity, user, status in (("critical", "a", "new"), ("critical", "b", "persisting"), ("high", "a", "new")):
        high.add({**line, "severity": severity, "user_id": user, "status": status})
    assert (high.privileged, high.newly_privileged, high.new["stale"]) == (2, 1, 2)


def test_a_privileged_person_who_could_not_be_read_is_neither_affected_nor_news():
    high = High()
    line = {"closed_at": None, "place": "in", "exempted": None, "rule": "unread", "privileged": True}
    high.add({**line, "severity": "high", "user_id": "a", "status": "new"})
    assert (high.privileged, high.newly_privileged, sum(high.new.values())) == (0, 0, 0)


def test_one_user_is_not_several(quiet):
    one = {**quiet.figures["users"], **dict.fromkeys(quiet.figures["users"], 0), "strong": 1}
    coverage = {**quiet.figures["coverage"], "listed": 1, "read": 1, "carried": 0}
    text = body(replace(quiet, figures={**quiet.figures, "users": one, "coverage": coverage}))
    assert text.startswith("Complete. 1 user was read.\n") and "Strong second factor: 1 of 1 user (100.0 %)." in text


def test_a_new_device_of_a_privileged_user_comes_first(quiet):
    told = replace(quiet, figures={**quiet.figures, "changes": {"added": 9, "removed": 0, "added_to_privileged": 2}})
    assert "1. 2 new devices on privileged accounts. Ask their owners who enrolled them." in body(told)
    assert subject(told) == "MFA audit: 2 new devices on privileged accounts, example.eu.auth0.com"
    told.high.new["no-mfa"] = 1
    assert subject(told) == "MFA audit: 2 new devices on privileged accounts, 1 new high finding, example.eu.auth0.com"


def test_a_message_without_news_says_so_and_how_the_protection_is(quiet):
    text = body(quiet)
    assert subject(quiet) == "MFA audit: no new high findings, example.eu.auth0.com"
    assert "Since 2026-06-01:\n- none\n" in text
    assert "Strong second factor: 18 of 20 users (90.0 %).\nThat is as many as on 2026-06-01 (90.0 %).\n" in text
    assert "Others: 1 only weak factors, 1 no factor.\nPrivileged people with one: 1 of 2.\n" in text


def test_the_first_run_is_compared_with_none(quiet):
    told = replace(quiet, before=None, complete=None)
    assert "There is no earlier run to compare with, so everything is new." in body(told)
    assert subject(told).startswith("MFA audit: first run, ") and "That is" not in body(told)


def test_nothing_to_do_is_said(quiet):
    rules = {
        rule: {**its, "severities": dict.fromkeys(its["severities"], 0)} for rule, its in quiet.figures["rules"].items()
    }
    assert "TO DO FIRST\n1. Nothing.\n" in body(replace(quiet, figures={**quiet.figures, "rules": rules}))


def test_what_another_policy_makes_of_a_comparison_is_said(quiet):
    before = {**quiet.complete, "policy": {}}
    assert "on 2026-06-01 (90.0 %, judged by another policy)." in body(replace(quiet, complete=before))


def test_the_protection_is_compared_with_a_complete_run_or_with_none(quiet):
    assert "There is no complete run before to compare with." in body(replace(quiet, complete=None))


def test_a_run_that_read_nobody_claims_nothing_of_protection_and_asks_to_check_the_tenant(quiet):
    coverage = dict.fromkeys(quiet.figures["coverage"], 0)
    figures = {**quiet.figures, "partial": True, "reason": "Nobody was audited.", "coverage": coverage}
    told = replace(quiet, figures=figures)
    assert "PROTECTION\nNobody was read, so nothing is known." in body(told)
    assert "1. Check the tenant and the application that the audit logs in with" in body(told)
    assert set(values(told, 0)) == {
        *("Complete", "Partial", "UsersUnread", "UsersNotReached", "Requests", "RateLimited", "RunDurationSeconds"),
        "OutputsFailed",
    }


def test_a_partial_run_does_not_count_what_there_is_and_so_shows_no_improvement(quiet):
    left_out = {name for name in UNITS if name.startswith(("Findings", "Users"))} - {"UsersUnread", "UsersNotReached"}
    partial = {**quiet.figures, "partial": True, "reason": "Enough."}
    for doubt in ({"not_reached": 1}, {"listed_is_lower_bound": True}):
        told = replace(quiet, figures={**partial, "coverage": {**quiet.figures["coverage"], **doubt}})
        assert set(UNITS) - set(values(told, 0)) == left_out | {"PrivilegedNotStrong"}
    assert set(values(quiet, 0)) == set(UNITS)


def test_one_user_who_can_never_be_read_does_not_hide_all_others(tmp_path):
    tenant = runs.Runs(runs.FolderStore(str(tmp_path)), has={1: runs.unreadable(1)})
    found = values(told_of(tenant.run()), 0)
    assert set(found) == set(UNITS) and (found["Partial"], found["UsersUnread"]) == (1, 1)
    assert (found["UsersStrong"], found["UsersUnknown"], found["PrivilegedNotStrong"]) == (19, 1, 1)


def test_a_run_before_on_the_same_day_is_told_with_its_time(quiet):
    before = {**quiet.before, "reported": quiet.figures["reported"][:10] + "T03:04:05.000Z"}
    text = body(replace(quiet, before=before, complete=before))
    assert "Since 2026-06-02, 03:04 UTC:\n" in text and "as on 2026-06-02, 03:04 UTC (90.0 %)" in text


def test_what_is_unknown_in_a_complete_run_is_not_said_to_be_of_users_who_were_not_read(quiet):
    assert "27 unknown because the user, a date or a type could not be read." in body(statuses(quiet, not_read=27))


def test_after_an_outage_there_is_nothing_to_correct():
    text = failure_body("example.eu.auth0.com", ["Nobody could be read for 3690 s"], GOES_ON)
    assert (
        "1. Check the status of what is named above (AWS, Auth0 or the tenant), and do what is said there. The next run"
        in text
    )
    assert "Correct this" not in text


def test_users_who_are_set_aside_are_told(quiet):
    figures = {**quiet.figures, "aside": {"blocked": {"strong": 2, "none": 1}}}
    assert " 3 of them set aside, and in no figure below." in body(replace(quiet, figures=figures)).splitlines()[0]


def test_who_could_not_be_read_is_no_new_finding():
    high = High()
    row = {"closed_at": None, "place": "in", "exempted": None, "severity": "high", "status": "new", "privileged": False}
    for rule in ("unread", "no-mfa"):
        high.add({**row, "rule": rule, "user_id": "auth0|1"})
    assert high.new == {"no-mfa": 1}


def test_exemptions_are_numbers_and_days(quiet):
    policy = {"exemptions": [{"expires": end} for end in ("2026-05-01", "2026-06-12", "2026-06-09", "2027-01-01")]}
    text = body(replace(quiet, figures={**quiet.figures, "policy": policy}))
    assert "Expired: 1. Their findings count again." in text
    assert "Expire within 14 days: 2. The last day of the first one is 2026-06-09." in text


def test_what_became_of_other_outputs_and_where_the_report_is_stand_at_the_end(quiet):
    *_rest, notes, report = body(quiet, ["Security Hub: 7 sent."]).split("\n\n")
    assert notes == "Security Hub: 7 sent."
    assert report.splitlines()[0] == "Report: " + PLACE.link
    assert PLACE.link == (
        "https://eu-west-1.console.aws.amazon.com/s3/object/mfa-reports?region=eu-west-1"
        "&prefix=example/runs/R/report/report.html"
    )


@pytest.mark.parametrize(
    "arn, begin",
    [
        ("arn:aws-cn:lambda:cn-north-1:1:function:f", "https://cn-north-1.console.amazonaws.cn/s3/object/b?"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:1:function:f", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(arn, begin):
    assert Place.of(arn, "b", "k").link.startswith(begin)


@given(tenant=st.text(min_size=1, max_size=300), new=st.integers(0, 10**9), partial=st.booleans())
def test_a_subject_is_what_sns_takes(two_runs, tenant, new, partial):
    first, second = two_runs
    told = told_of(second, first, tenant=tenant, partial=partial)
    told.high.new["no-mfa"] = new
    made = subject(told)
    assert 0 < len(made) <= 100 and made.isascii() and made.startswith("MFA audit: ")
    assert not re.search(r"[\x00-\x1f\x7f]", made)


@given(
    user=st.text(alphabet="abcXYZ019._-+", min_size=1, max_size=20),
    form=st.sampled_from(["%s@example.com", "auth0|%s", "auth0%%7C%s", "google-oauth2|%s", "samlp|x|%s@y.com"]),
    around=st.sampled_from(["%s", "Nobody has %s.", "Not read: %s, others", "(%s)", "users/%s/authenticators"]),
)
def test_whoever_is_named_in_a_reason_is_not_named_in_the_message(user, form, around):
    text = nobody(around % form % user)
    assert "(a user)" in text and "@" not in text and "|" not in text and "%7" not in text


def test_a_reason_is_not_longer_than_a_person_reads():
    assert len(nobody("word " * 1000)) == 1000 and nobody("two\nlines") == "two lines"


def test_the_guide_shows_the_message_of_a_real_run(tmp_path):
    tenant = runs.Runs(runs.FolderStore(str(tmp_path)), users=500)
    tenant.policy = replace(tenant.policy, exemptions=(runs.exemption(date(2026, 6, 9)),))
    tenant.has = {number: WEAK for number in range(20, 60)} | {number: [] for number in range(3, 9)}
    first = tenant.run()
    tenant.has = {number: has for number, has in tenant.has.items() if number not in (5, 6)} | {1: [], 61: [], 62: []}
    second = tenant.run()
    place = Place.of(runs.FUNCTION, runs.BUCKET, "example/" + second.keys["report.html"])
    told = replace(told_of(second, first), place=place)
    with tenant.store.open(second.keys["findings.jsonl.gz"]) as file:
        for found in read_lines(file, "findings.jsonl.gz"):
            told.high.add(found)
    shown = textwrap.indent(body(told, ["Security Hub: 9 sent."]), "   ")
    assert shown in GUIDE.read_text(encoding="utf-8"), shown
    assert "``%s``" % subject(told) in GUIDE.read_text(encoding="utf-8"), subject(told)


def test_every_rule_can_be_told(quiet):
    high = High()
    high.new = Counter(RULES)
    for rule in RULES:
        high.new = Counter([rule])
        assert "1. %s: " % RULES[rule].title in body(replace(quiet, high=high))


def test_every_mistake_of_a_policy_is_a_line_of_its_own():
    lines = [
        "policies/default.yml has 2 mistakes:",
        "line 3, column 5: stale_days is not a number",
        "line 9: no rule x@y.com",
    ]
    text = failure_body("example.eu.auth0.com", lines)
    assert text.splitlines()[:4] == [
        "FAILED. policies/default.yml has 2 mistakes:",
        "line 3, column 5: stale_days is not a number",
        "line 9: no rule (a user)",
        "Tenant: example.eu.auth0.com",
    ]
    assert len(failure_subject("x" * 300)) == 100
