# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token buckets and plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.rate_limits import PLANS, Limiter


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


def test_burst_passes_and_the_next_request_does_not():
    limiter = Limiter("free", Clock())
    assert [limiter.admit("management", "other").allowed for _number in range(3)] == [True, True, False]


def test_headers_count_down_and_reset_names_the_next_token():
    clock = Clock()
    limiter = Limiter("enterprise-dev", clock)
    first = limiter.admit("management", "other")
    assert first.headers == {
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "9",
        "x-ratelimit-reset": str(int(clock.now) + 1),
    }


def test_waiting_until_reset_lets_a_request_pass():
    clock = Clock()
    limiter = Limiter("enterprise-dev", clock)
    while (admission := limiter.admit("management", "other")).allowed:
        pass
    clock.now = float(admission.headers["x-ratelimit-reset"])
    assert limiter.admit("management", "other").allowed


def test_groups_of_the_professional_plan_do_not_share_a_bucket():
    limiter = Limiter("professional", Clock())
    while limiter.admit("management", "other").allowed:
        pass
    assert limiter.admit("management", "read-users").allowed


def test_token_endpoint_of_the_free_plan_has_a_bucket_of_its_own():
    limiter = Limiter("free", Clock())
    admissions = [limiter.admit("authentication", "token") for _number in range(31)]
    assert [admission.allowed for admission in admissions] == [True] * 30 + [False]
    assert admissions[0].headers["x-ratelimit-limit"] == "30"
    assert limiter.admit("authentication", "other").allowed


def test_management_and_authentication_api_do_not_share_a_bucket():
    limiter = Limiter("free", Clock())
    while limiter.admit("management", "other").allowed:
        pass
    assert limiter.admit("authentication", "other").allowed


@pytest.mark.parametrize(
    ("plan", "burst", "per_second"), [("free", 2, 2), ("enterprise", 50, 16), ("enterprise-dev", 10, 2)]
)
def test_management_figures_of_plans_with_one_limit(plan, burst, per_second):
    limit = PLANS[plan]["management"]["all"]
    assert (limit.burst, limit.per_second) == (burst, per_second)


@given(st.lists(st.floats(0, 5), max_size=200), st.sampled_from(["free", "enterprise", "enterprise-dev"]))
def test_never_more_than_burst_and_refill_are_admitted(pauses, plan):
    clock = Clock()
    limiter = Limiter(plan, clock)
    limit = PLANS[plan]["management"]["all"]
    began, admitted = clock.now, 0
    for pause in pauses:
        clock.now += pause
        admitted += limiter.admit("management", "other").allowed
        assert admitted <= limit.burst + (clock.now - began) * limit.per_second + 1e-6


@given(st.lists(st.floats(-10, 10), max_size=100))
def test_remaining_stays_within_the_bucket_whatever_the_clock_does(jumps):
    clock = Clock()
    limiter = Limiter("enterprise-dev", clock)
    for jump in jumps:
        clock.now += jump
        assert 0 <= int(limiter.admit("management", "other").headers["x-ratelimit-remaining"]) <= 10
