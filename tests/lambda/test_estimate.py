# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The estimate of a run. The table is the one that the plan of this audit was made with."""

from __future__ import annotations

import json

import pytest

import estimate
import metrics
from tests.support.cloudformation import TEMPLATE, load
from tests.support.state_machines import DEFINITION

MINUTES, HOURS, DAYS = 60, 3600, 86400
# Users, limit, wall time, segments, dollars of the function. The last digit is rounded.
TABLE = [
    (10_000, 15, 12.3 * MINUTES, 1, 0.005),
    (10_000, 50, 3.7 * MINUTES, 1, 0.001),
    (10_000, 100, 1.9 * MINUTES, 1, 0.001),
    (1_000_000, 15, 20.6 * HOURS, 95, 0.49),
    (1_000_000, 50, 6.2 * HOURS, 29, 0.15),
    (1_000_000, 100, 3.1 * HOURS, 15, 0.07),
    (10_000_000, 15, 8.6 * DAYS, 950, 4.94),
    (10_000_000, 50, 2.6 * DAYS, 285, 1.48),
    (10_000_000, 100, 30.9 * HOURS, 143, 0.74),
]


@pytest.mark.parametrize("users, limit, seconds, segments, dollars", TABLE)
def test_a_run_takes_what_the_table_says(users, limit, seconds, segments, dollars):
    found = estimate.estimate(users, limit, memory=512)
    # The table has no segment for the reports, and no disk.
    disk = (found.seconds + found.report) * 3.5 * 0.0000000309
    reading = (found.function - disk) * found.seconds / (found.seconds + found.report)
    assert (found.requests, found.segments) == (users, segments)
    assert found.seconds == pytest.approx(seconds, rel=0.03)
    assert reading == pytest.approx(dollars, abs=0.0051 if dollars > 0.01 else 0.0006)


@pytest.mark.parametrize("segments, transitions", [(1, 5), (95, 193), (950, 1903)])
def test_the_table_s_machine_had_no_report_of_its_own_and_two_states_less_at_the_start(segments, transitions):
    users = segments * estimate.SEGMENT_SECONDS
    assert estimate.estimate(users, 1, share=1).transitions == transitions + 1 + estimate.TRANSITIONS_PER_SEGMENT


def test_the_transitions_are_those_of_the_state_machine():
    states = json.loads(DEFINITION.read_text())["States"]
    entered, at = [], "Who"
    rest = ["Segment", "Segment", "Finished"]  # what More decides, for a run of one segment and its reports
    while at:
        entered.append(at)
        each = states[at]
        if at == "More":
            at = rest.pop(1) if len(rest) > 2 else rest.pop()
        else:
            at = each.get("Default") or each.get("Next")
    assert len(entered) == estimate.estimate(1, 1).transitions


def test_who_gets_half_of_the_limit_takes_longer_and_an_intel_function_costs_more():
    whole, half = estimate.estimate(1_000_000, 50), estimate.estimate(1_000_000, 50, share=0.5)
    assert half.seconds == pytest.approx(1.8 * whole.seconds) and half.report == whole.report
    assert half.function / whole.function == pytest.approx(
        (half.seconds + half.report) / (whole.seconds + whole.report)
    )
    intel = estimate.estimate(1_000_000, 50, architecture="x86_64")
    assert intel.function == pytest.approx(1.25 * whole.function, rel=0.002)


def test_the_disk_of_the_template_is_paid_for_as_long_as_the_function_runs():
    function = load(TEMPLATE.read_text())["Resources"]["Function"]["Properties"]
    assert function["EphemeralStorage"] == {"Size": estimate.STORAGE}
    found = estimate.estimate(1_000_000, 50)
    memory = (found.seconds + found.report) * 1769 / 1024 * 0.0000133334
    assert found.function - memory == pytest.approx((found.seconds + found.report) * 3.5 * 0.0000000309, rel=0.001)


PARAMETER = load(TEMPLATE.read_text())["Parameters"]["Memory"]


def test_the_reports_of_a_million_users_have_three_times_the_time_that_they_need():
    function = load(TEMPLATE.read_text())["Resources"]["Function"]["Properties"]
    assert (PARAMETER["Default"], function["Timeout"]) == (estimate.MEMORY, estimate.TIMEOUT)
    assert function["MemorySize"] == {"Ref": "Memory"}
    assert estimate.advice(estimate.estimate(1_000_000, 50).report, estimate.MEMORY) == ""


def test_the_template_says_how_many_users_each_memory_is_enough_for():
    enough = {512: 300_000, 1024: 700_000, 1769: 1_000_000}
    said = "512 is enough for 300000 users, 1024 for 700000, and 1769 for a million"
    assert said in PARAMETER["Description"] and PARAMETER["AllowedValues"] == list(enough)
    for memory, users in enough.items():
        found = estimate.estimate(users, 50, memory=memory).report
        assert estimate.advice(found, memory) == "" != estimate.advice(1.3 * found, memory)


@pytest.mark.parametrize("memory, part_of_a_processor", [(512, 512 / 1769), (1024, 1024 / 1769), (1769, 1), (3008, 1)])
def test_a_processor_is_as_large_as_the_memory_and_one_is_all_that_the_reports_use(memory, part_of_a_processor):
    found = estimate.estimate(100_000, 50, memory=memory).report
    assert found == pytest.approx(100_000 * estimate.REPORT_SECONDS_PER_USER / part_of_a_processor)


def test_reports_that_may_not_be_ready_in_time_come_with_advice(capsys):
    said = []
    for users, memory in (("1000000", "1769"), ("1000000", "1024"), ("10000000", "1769")):
        assert estimate.main(["--users", users, "--limit", "50", "--memory", memory]) == 0
        (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Its reports take ")]
        said.append(line.partition(" of the 900 seconds that the function has, with %s MB." % memory)[2])
    assert said[0] == "" and "Memory=1769" in said[1] and "No function of Lambda is faster" in said[2]


def test_what_is_paid_by_the_month_is_what_the_template_and_the_function_make():
    kinds = [each["Type"] for each in load(TEMPLATE.read_text())["Resources"].values()]
    assert estimate.ALARMS == kinds.count("AWS::CloudWatch::Alarm") and estimate.METRICS == len(metrics.UNITS)
    assert estimate.a_month(0, estimate.estimate(1, 1)) == pytest.approx(33 * 0.3 + 6 * 0.1 + 0.4 + 3)
    assert kinds.count("AWS::CloudWatch::Dashboard") == 1


def test_what_is_created_is_what_the_template_has():
    written = load(TEMPLATE.read_text())["Resources"]
    assert estimate.created(TEMPLATE.read_text()) == [(name, each["Type"]) for name, each in written.items()]


def test_it_is_told_in_words(capsys):
    assert estimate.main(["--users", "1000000", "--limit", "50"]) == 0
    told = capsys.readouterr().out
    assert "  Timetable       AWS::Scheduler::Schedule\n" in told
    assert "A run that reads all of 1000000 users takes 1000000 requests beside those that list the users, 6.2" in told
    assert " hours and 29 segments," in told
    assert "costs $0.5198 for the function and $0.0016 for 64 transitions" in told


def test_one_of_a_kind_is_not_several(capsys):
    assert estimate.main(["--users", "1", "--limit", "1", "--runs", "1"]) == 0
    told = capsys.readouterr().out
    assert (
        "all of 1 user takes 1 request beside" in told and "and 1 segment," in told and "A month with 1 run of" in told
    )
    assert "Not counted: " in told


@pytest.mark.parametrize(
    "wrong, words",
    [
        (["--users", "0"], "'0' is not a number above 0"),
        (["--users", "100,000"], "'100,000' is not a number above 0, such as 1000"),
        (["--users", "abc"], "'abc' is not a number"),
        (["--users", "1e30"], "at most a billion"),
        (["--users", "nan"], "'nan' is not a number"),
        (["--users", "1.5"], "'1.5' is not a whole number"),
        (["--runs", "0.5"], "'0.5' is not a whole number"),
        (["--limit", "-1"], "'-1' is not a number above 0"),
        (["--share", "1.5"], "'1.5' is not a part"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_in_words(capsys, wrong, words):
    with pytest.raises(SystemExit):
        estimate.main(["--users", "1", "--limit", "1", *wrong])
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "seconds, words", [(5, "5 seconds"), (90, "1.5 minutes"), (7200, "2.0 hours"), (172800, "2.0 days")]
)
def test_a_duration_has_the_unit_that_people_would_choose(seconds, words):
    assert estimate.duration(seconds) == words
