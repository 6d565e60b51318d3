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


def draws(latency, number=2000):
    return [latency.draw() for _draw in range(number)]


def test_without_spread_all_answers_take_the_same_time():
    assert set(draws(Latency(135, 0, 7))) == {0.135}
    assert set(draws(Latency(0, 80, 7))) == {0}


def test_a_spread_is_around_the_median_has_a_tail_and_repeats_with_the_seed():
    drawn = draws(Latency(100, 60, 7))
    assert statistics.median(drawn) == pytest.approx(0.1, rel=0.1)
    assert max(drawn) > 0.3 and min(drawn) > 0
    assert max(draws(Latency(100, 1000, 7))) == pytest.approx(0.1 * LONGEST)
    assert drawn == draws(Latency(100, 60, 7)) != draws(Latency(100, 60, 8))


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
