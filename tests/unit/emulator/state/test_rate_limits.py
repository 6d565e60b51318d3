# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token buckets and plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.state.rate_limits import PLANS, Limiter


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


def test_token_endpoint_of_the_free_plan_has_its_own_bucket():
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
def test_remaining_is_never_outside_the_bucket_even_if_the_clock_jumps(jumps):
    clock = Clock()
    limiter = Limiter("enterprise-dev", clock)
    for jump in jumps:
        clock.now += jump
        assert 0 <= int(limiter.admit("management", "other").headers["x-ratelimit-remaining"]) <= 10


@pytest.mark.parametrize(
    ("tier", "per_second"),
    [("dev", 20), ("100", 50), ("500", 250), ("1500", 750), ("3000", 1500), ("6000", 3000), ("10000", 5000)],
)
def test_burst_of_a_private_cloud_equals_its_sustained_rate(tier, per_second):
    limit = PLANS[f"private-cloud-{tier}"]["management"]["all"]
    assert (limit.burst, limit.per_second) == (per_second, per_second)


# Refill by windows


def spend(limiter, group="other"):
    """Use up the bucket and return how many requests passed."""
    passed = 0
    while limiter.admit("management", group).allowed:
        passed += 1
    return passed


def test_a_window_adds_nothing_before_its_end():
    clock = Clock()
    limiter = Limiter("enterprise-dev", clock, "window")
    assert spend(limiter) == 10
    clock.now += 0.99
    assert spend(limiter) == 0
    clock.now += 0.01
    assert spend(limiter) == 2


def test_windows_of_limits_per_minute_are_full_minutes():
    clock = Clock()
    clock.now = 6000.0
    limiter = Limiter("professional", clock, "window")
    assert spend(limiter) == 10
    clock.now = 6059.9
    assert spend(limiter) == 0
    clock.now = 6060.0
    assert spend(limiter) == 10


@given(st.floats(0, 1000), st.sampled_from(["free", "professional", "enterprise", "private-cloud-100"]))
def test_waiting_until_reset_lets_a_request_pass_with_either_refill(began, plan):
    for refill in ("continuous", "window"):
        clock = Clock()
        clock.now += began
        limiter = Limiter(plan, clock, refill)
        spend(limiter)
        clock.now = float(limiter.admit("management", "other").headers["x-ratelimit-reset"])
        assert limiter.admit("management", "other").allowed


def test_gauge_shows_every_bucket_without_using_it():
    limiter = Limiter("free", Clock())
    limiter.admit("management", "other")
    first, second = limiter.gauge(), limiter.gauge()
    assert first == second
    (management,) = (bucket for bucket in first if bucket["api"] == "management")
    assert management == {
        "api": "management",
        "group": "all",
        "limit": 2,
        "remaining": 1,
        "per_second": 2,
        "reset": 1_000_001,
    }


def test_rates_are_shown_by_the_control_address(make_api):
    api = make_api(plan="free")
    api.hold_limits()
    api.manage("GET", "/users")
    gauge = {(bucket["api"], bucket["group"]): bucket for bucket in api.call("GET", "/_control/rates").json()}
    assert gauge["management", "all"]["remaining"] == 1
    assert gauge["authentication", "token"]["limit"] == 30


def test_refill_is_switchable(make_api):
    api = make_api({"refill": "window"}, plan="professional")
    answer = api.manage("GET", "/users")
    assert int(answer.headers["x-ratelimit-reset"]) % 60 == 0
