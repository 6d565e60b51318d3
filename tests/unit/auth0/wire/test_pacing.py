# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pacing rule, against the token bucket of the embedded tenant in virtual time. How fast it is, ``tests/bench`` tells."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.pacing import Pacer

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


@EVERY_PLAN
def test_tokens_that_trickle_in_are_taken_only_above_what_is_left_to_others(limit):
    run = simulate(limit, by_windows=False, latency=0.1, seconds=30)
    assert min(level for _at, level in run.levels) >= 0.3 * limit.burst


@REFILLS
def test_a_client_that_sends_evenly_beside_us_is_served_as_without_us(by_windows):
    run = simulate(Limit(50, 16), by_windows=by_windows, latency=0.1, seconds=30, others=steady(12))
    assert all(run.others)


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
