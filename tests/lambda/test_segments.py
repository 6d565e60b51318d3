# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes after a segment."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadline import Deadline, margin
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stopped
from outage import Outage, ParameterOutage, SecretOutage, StoreOutage
from segments import LONGEST_AWAY, LONGEST_HELD, PATIENCE, PAUSE, NoProgress, Walked, after, without
from settings import State

RUN = SimpleNamespace(run="000001-20261127T120000Z", first=12, to_read=40)
OVER = "The time limit was reached."


def test_when_everybody_is_read_the_reports_come_next():
    state = after(State(segment=2, idle=1), Walked(RUN, True, None, False))
    assert (state.next, state.wait, state.segment, state.idle, state.status) == ("report", 0, 3, 0, "running")
    assert (state.run, state.read, state.to_read) == (RUN.run, 12, 40)


def test_at_the_deadline_the_next_segment_goes_on_at_once():
    state = after(State(), Walked(RUN, True, OVER, in_time=True))
    assert (state.next, state.wait) == ("read", 0)


def test_what_the_rate_limit_asks_for_is_waited_for_outside():
    state = after(State(), Walked(RUN, True, "held", in_time=True, held=41.2))
    assert (state.next, state.wait, state.held) == ("read", 42, 0)


def test_a_tenant_that_is_away_is_asked_again_for_an_hour():
    away, state, waited = Walked(RUN, False, "no answer", in_time=False, took=29.5), State(), 0
    while waited + PAUSE + PATIENCE <= LONGEST_HELD:
        state, waited = after(state, away), waited + PAUSE + PATIENCE
        assert (state.next, state.wait, state.held, state.idle) == ("read", PAUSE, waited, 0)
    with pytest.raises(NoProgress, match="Nobody could be read for 3690 s: no answer. What was read is kept"):
        after(state, away)
    assert after(State(), away._replace(took=0.4)).held == PAUSE + 1
    assert after(state, away._replace(stored=True)).held == 0


def test_who_cannot_even_log_in_or_list_users_keeps_the_run_that_there_is():
    state = State(run=RUN.run, read=12, to_read=40)
    waits = after(state, Walked(None, False, "no answer", in_time=False))
    assert (waits.run, waits.read, waits.to_read, waits.wait) == (RUN.run, 12, 40, PAUSE)


def test_a_list_that_never_fits_into_a_segment_ends_the_run():
    first = after(State(), Walked(None, False, "The list does not fit.", in_time=True))
    assert (first.run, first.next, first.wait) == (None, "read", 0)
    with pytest.raises(NoProgress, match="The list does not fit"):
        after(first, Walked(None, False, "The list does not fit.", in_time=True))


def test_a_rate_limit_alone_is_no_lack_of_progress_for_an_hour():
    state, waited = State(), 0
    while waited + 90 <= LONGEST_HELD:
        state, waited = after(state, Walked(RUN, False, "held", in_time=True, held=90)), waited + 90
    with pytest.raises(NoProgress, match="Nobody could be read for 36.. s: held"):
        after(state, Walked(RUN, False, "held", in_time=True, held=90))


@pytest.mark.parametrize(
    ("outage", "service"), [(StoreOutage, "S3"), (SecretOutage, "Secrets Manager"), (ParameterOutage, "SSM")]
)
@pytest.mark.parametrize("took", [0.2, 80.0])
def test_a_service_of_aws_that_is_away_is_waited_for_in_growing_steps_for_an_hour(outage, service, took):
    away, state, waits = outage("Could not read lock.json", code="SlowDown", status=503), State(run=RUN.run), []
    with pytest.raises(NoProgress) as failure:
        while True:
            state = without(state, None, away, False, took)
            waits.append(state.wait)
            assert (state.run, state.next, state.segment) == (RUN.run, "read", len(waits))
    assert waits == sorted(waits) and waits[0] < 2 * took + 16 and waits[-1] == LONGEST_AWAY
    assert LONGEST_HELD - LONGEST_AWAY - 2 * took - 2 < sum(waits) + len(waits) * max(took, 1) <= LONGEST_HELD
    assert re.match(
        r"%s does not work, and nothing new was stored for 3\d\d\d s: Could not read lock.json \(status 503, SlowDown\)\. "
        "What was read is kept" % service,
        str(failure.value),
    )


def test_a_segment_that_stored_something_before_a_service_was_away_begins_to_wait_anew():
    before = State(run=RUN.run, next="read", segment=7, read=3, to_read=40, held=LONGEST_HELD)
    state = without(before, RUN, Outage("away"), True, 800.0)
    assert (state.read, state.to_read, state.wait, state.held) == (12, 40, 15, 15)
    reports = State(run=RUN.run, next="report", segment=7, read=40, to_read=40)
    assert without(reports, None, Outage("away"), False, 3.0).next == "report"


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([0.0, 7.5, 300.0])), max_size=60))
def test_a_run_that_stores_nothing_ends_and_one_that_stores_goes_on(segments):
    state, idle = State(), 0
    for stored, in_time, held in segments:
        held = held if in_time else 0.0
        try:
            state = after(state, Walked(RUN, stored, "why", in_time, held))
        except NoProgress:
            assert not stored and ((idle >= 1 and in_time) or state.held > LONGEST_HELD - 301)
            return
        idle = 0 if stored else idle + (in_time and not held)
        assert state.idle == idle < 2


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def deadline(clock: Clock, seconds: float = 900.0, write: float = 0.0) -> Deadline:
    return Deadline(lambda: seconds - clock(), lambda: write, 8.0, clock)


def test_the_margin_is_learned():
    assert margin(8.0, None, 0.0) == 16 + 4
    assert margin(8.0, 0.1, 0.2) == pytest.approx(1.4 + 4)
    assert margin(8.0, 60.0, 3.0) == 16 + 12
    clock = Clock()
    stop = deadline(clock)
    assert stop.left() == 880
    for _user in range(5):
        clock.time += 0.5
        stop.answered()
    assert stop.margin == pytest.approx(3.0 + 4)


def test_it_ends_a_segment_in_time():
    clock = Clock()
    stop = deadline(clock, seconds=30.0)
    assert stop.reason() is None
    clock.time = 10.0
    assert stop.reason() == OVER
    with pytest.raises(Stopped):
        stop.sleep(0)


def test_a_long_wait_for_the_rate_limit_ends_a_segment_that_loses_nothing_by_it():
    stop = deadline(Clock())
    stop.hold(0.0, 90.0)
    assert (stop.wait, stop.reason()) == (0.0, None)
    stop.loses_nothing = True
    stop.hold(0.0, 4.0)
    with pytest.raises(Stopped, match="The rate limit holds the next request back for 90 s."):
        stop.hold(0.0, 90.0)
    assert stop.wait == 90.0
