# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pacing rule, against the token bucket of the embedded tenant in virtual time. How fast it is, ``tests/bench`` tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.pacing import Pacer, Pacing

from tests.emulator.state.rate_limits import Limit
from tests.support.pacing import START, simulate, steady

PLANS = {
    "2/s": Limit(2, 2),
    "10 of 150/min": Limit(10, 150 / 60, 60),
    "40 of 500/min": Limit(40, 500 / 60, 60),
    "16/s": Limit(50, 16),
    "50/s": Limit(50, 50),
}
REFILLS = pytest.mark.parametrize("by_windows", [False, True], ids=["continuous", "window"])
EVERY_PLAN = pytest.mark.parametrize("limit", PLANS.values(), ids=PLANS)


@REFILLS
@EVERY_PLAN
@pytest.mark.parametrize("latency", [0.02, 0.3])
def test_alone_no_request_is_refused_and_nobody_starves(limit, by_windows, latency):
    seconds = 300 if limit.window == 60 else 20
    run = simulate(limit, by_windows=by_windows, latency=latency, seconds=seconds)
    assert run.refused == []
    assert run.longest_pause <= limit.window + 1
    assert len(run.taken) > seconds / 4 / (12 if limit.window == 60 else 1)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_planned_for_after_a_window_does_not_arrive_before_its_end(seed):
    run = simulate(
        Limit(50, 50),
        by_windows=True,
        latency=0.1,
        seconds=20,
        seed=seed,
        start=round(START),
        split=(0.5, 0.2)[seed % 2],
    )
    assert run.refused == []


@pytest.mark.parametrize("limit", [Limit(50, 50), Limit(250, 250)], ids=["50/s", "250/s"])
@pytest.mark.parametrize("latency", [0.02, 0.1, 0.3])
def test_no_request_is_refused_where_the_machine_stands_still_now_and_then(limit, latency):
    for seed in range(3):
        run = simulate(
            limit, by_windows=True, latency=latency, seconds=15, seed=seed, split=(0.5, 0.2, 0.8)[seed], stalls=0.03
        )
        assert run.refused == []


@EVERY_PLAN
def test_tokens_that_trickle_in_are_taken_only_above_what_is_left_to_others(limit):
    run = simulate(limit, by_windows=False, latency=0.1, seconds=30)
    assert min(level for _at, level in run.levels) >= 0.3 * limit.burst


@REFILLS
def test_a_client_that_sends_evenly_beside_us_is_served_as_without_us(by_windows):
    run = simulate(Limit(50, 16), by_windows=by_windows, latency=0.1, seconds=30, others=steady(12))
    assert all(run.others)


@pytest.mark.parametrize("latency", [0.02, 0.1])
def test_a_client_that_takes_most_of_each_window_is_served_once_it_is_known(latency):
    run = simulate(Limit(50, 50), by_windows=True, latency=latency, seconds=40, others=steady(37.5))
    assert all(run.others[5 * 38 :])
    assert sum(at - START > 10 for at in run.taken) > 30 * 2


def test_a_clock_of_the_tenant_that_is_set_back_stops_nobody():
    pacing, now, server = Pacing(0.5, None), START, 3600.0
    for step in range(200):
        if step == 100:
            server = 0.0
        waited = pacing.wait("", "", now)
        assert waited <= 3
        now += waited + 0.01
        sent = pacing.sent("", "", now)
        now += 0.05
        reset = float(int(now + server) + 1)
        pacing.heard("", "", sent, now, 50, 49 - step % 40, reset, (server - 0.05, server + 0.05), None)


@pytest.mark.parametrize("ahead", [0, 90, -90, 4000])
@REFILLS
def test_a_wrong_local_clock_changes_nothing(ahead, by_windows):
    run = simulate(Limit(50, 16), by_windows=by_windows, latency=0.1, seconds=20, ahead=ahead)
    assert run.refused == [] and len(run.taken) > 200


@REFILLS
def test_a_hard_limit_is_kept(by_windows):
    run = simulate(Limit(50, 50), by_windows=by_windows, latency=0.02, seconds=20, max_rate=5)
    for second in range(19):
        assert sum(second <= at - START < second + 1 for at in run.taken) <= 6
    assert len(run.taken) <= 20 * 5 + 1


@pytest.mark.parametrize("reset", [None, 1001.0])
def test_no_wait_is_without_end_while_an_answer_is_on_its_way(reset):
    pacer = Pacer(0.5)
    first, _second = pacer.sent(1000.0), pacer.sent(1000.0)
    pacer.heard(first, 1000.0, 1000.1, 2, 0, reset, (0.0, 0.0))
    assert 0 < pacer.wait(1000.1) <= 1


@REFILLS
@pytest.mark.parametrize("after", [Limit(50, 16), Limit(10, 2)], ids=["16/s", "2/s"])
def test_another_plan_is_found_out_and_paced(by_windows, after):
    run = simulate(Limit(50, 50), by_windows=by_windows, latency=0.1, seconds=60, change=(10, after))
    late = [at - START for at in run.taken if at - START >= 30]
    assert 0.8 * after.per_second * 30 < len(late) <= after.per_second * 31 + after.burst
    assert [at for at in run.refused if at - START >= 30] == []


NUMBERS = st.floats(allow_nan=False) | st.integers(-2, 60)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100),  # seconds until it is sent, after the wait
            st.floats(0, 40),  # the way there and back
            st.none() | NUMBERS,  # limit
            st.none() | NUMBERS,  # remaining
            st.none()
            | st.floats(-100, 8000).map(lambda seconds: START + seconds)
            | st.floats(allow_nan=False),  # reset
            st.none() | st.floats(0, 100),  # refused, and for how long
        ),
        max_size=12,
    ),
    st.floats(0.01, 1),
    st.booleans(),
)
def test_whatever_answers_say_the_next_request_may_be_sent_in_the_end(answers, share, dated):
    pacing, now = Pacing(share, None), START
    for pause, trip, limit, remaining, reset, closed in answers:
        sent = pacing.sent("management", "", now)
        now += trip
        known = (-trip, 1.0) if dated else (-float("inf"), float("inf"))
        pacing.heard("management", "", sent, now, limit, remaining, reset, known, closed)
        waited = 0.0
        while (wait := pacing.wait("management", "", now)) > 0:
            waited, now = waited + wait, now + wait
            assert waited < 2 * 3600 + 200
        assert wait == 0 and not pacing.expects_an_answer("management", "")
        now += pause
    assert (pacing.rate("management") or 0) >= 0
