# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time that answers take."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from tests.emulator import app
from tests.emulator.state.latency import LONGEST, Latency
from tests.emulator.switches import read_switches

METHODS = "/api/v2/users/auth0%7C1/authentication-methods"
NONE = {"latency-ms": 0, "latency-by-path": False, "latency-spread": 0, "latency-tail": 0}


def draws(path="/api/v2/users", seed=7, number=5000, **switches):
    named = {f"latency-{name.replace('_', '-')}": value for name, value in switches.items()}
    latency = Latency(NONE | named, seed)
    return [latency.draw(path) for _draw in range(number)]


def test_without_spread_and_tail_all_answers_take_the_same_time():
    assert set(draws(ms=135)) == {0.135}
    assert set(draws(ms=0, spread=80, tail=10)) == {0}


def test_a_spread_is_around_the_median_and_repeats_with_the_seed():
    drawn = draws(ms=100, spread=60)
    assert statistics.median(drawn) == pytest.approx(0.1, rel=0.05)
    assert max(drawn) > 0.3 and min(drawn) > 0
    assert max(draws(ms=100, spread=1000)) == pytest.approx(0.1 * LONGEST)
    assert drawn == draws(ms=100, spread=60) != draws(ms=100, spread=60, seed=8)


@pytest.mark.parametrize("spread", [0, 15, 60])
def test_a_tail_leaves_the_median_and_twice_as_slow_is_half_as_frequent(spread):
    drawn = draws(ms=100, spread=spread, tail=40 if spread == 0 else 14, number=50_000)
    assert statistics.median(drawn) == pytest.approx(0.1, rel=0.03)
    if spread == 15:  # where the quick answers are quicker than the tail
        shares = {times: sum(one > 0.1 * times for one in drawn) / len(drawn) for times in (1.6, 3, 6, 12)}
        assert shares == pytest.approx({1.6: 0.13, 3: 0.07, 6: 0.035, 12: 0.0175}, rel=0.12)
    assert max(drawn) == pytest.approx(0.1 * LONGEST)


@pytest.mark.parametrize(
    ("path", "milliseconds"),
    [
        ("/api/v2/users", 336),
        ("/api/v2/users/auth0%7C1", 296),
        (METHODS, 135),
        (f"{METHODS}/totp%7Cdev_1", 135),
        ("/api/v2/users/auth0%7C1/enrollments", 336),
        ("/oauth/token", 336),
    ],
)
def test_a_path_has_the_recorded_median_or_a_share_of_another(path, milliseconds):
    assert draws(path, number=1, ms=336, by_path=True) == pytest.approx([milliseconds / 1000])
    assert draws(path, number=1, ms=1, by_path=True) == pytest.approx([milliseconds / 336 / 1000])
    assert draws(path, number=1, ms=336) == [0.336]


def test_the_realistic_preset_has_the_recorded_medians_and_tail():
    latency = Latency(read_switches([], "realistic"), 7)
    for path, milliseconds in ((METHODS, 135), ("/api/v2/users/auth0%7C1", 296), ("/api/v2/users", 336)):
        drawn = [latency.draw(path) for _draw in range(20_000)]
        assert statistics.median(drawn) == pytest.approx(milliseconds / 1000, rel=0.02)
        # Of 95 recorded durations 14 % took more than 1.5 times the median of their kind, 7 % more than 3 times.
        for times, share in ((1.51, 0.14), (3, 0.07)):
            assert sum(one > times * milliseconds / 1000 for one in drawn) / 20_000 == pytest.approx(share, abs=0.015)


def test_every_answer_of_an_api_takes_its_time_and_control_does_not(make_api, monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    api = make_api({"latency-ms": 250})
    monkeypatch.setattr(app.asyncio, "sleep", sleep)
    for method, path in (("GET", "/api/v2/users"), ("POST", "/oauth/token"), ("GET", "/exports/job_1/x.gz")):
        api.call(method, path)
    assert slept == [0.25] * 3
    api.call("GET", "/_control/clock")
    api.call("POST", "/_control/reset", json={"switches": {"latency-ms": "7"}})
    assert slept == [0.25] * 3
    api.call("GET", "/api/v2/users")
    assert slept[3:] == [0.007]


def test_a_request_is_carried_out_when_it_comes_and_others_do_not_wait(make_api):
    api = make_api({"latency-ms": 200})
    token = api.management_token()

    async def many():
        asked = [api._http.get("/api/v2/users", headers={"authorization": f"Bearer {token}"}) for _request in range(20)]
        return await asyncio.gather(*asked)

    began = time.monotonic()
    answers = api._runner.run(many())
    assert [answer.status_code for answer in answers] == [200] * 20
    assert 0.2 <= time.monotonic() - began < 20 * 0.2
