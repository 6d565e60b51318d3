# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request budget: what is repeated, how long is waited, what is left to others."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import (
    ATTEMPTS,
    Budget,
    may_repeat,
    wait_after_limit,
    wait_before_next,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    RateLimitError,
    TransportError,
)

NOW = 1_700_000_000.0


@dataclass
class Answer:
    status_code: int = 200
    headers: dict = field(default_factory=dict)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def server(*answers):
    """A call that gives these one after the other; errors are raised."""
    left = list(answers)

    def call():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def budget(**options):
    clock = Clock()
    return Budget(clock=clock, sleep=clock.sleep, **options), clock


@pytest.mark.parametrize(
    "method, status, repeated",
    [
        ("GET", 429, True),
        ("POST", 429, True),
        ("PATCH", 429, True),
        ("GET", 503, True),
        ("DELETE", 500, True),
        ("POST", 500, False),
        ("PUT", 503, False),
        ("PATCH", 502, False),
        ("GET", None, True),
        ("DELETE", None, True),
        ("POST", None, False),
        ("GET", 404, False),
        ("DELETE", 404, False),
        ("GET", 200, False),
    ],
)
def test_a_write_that_may_have_happened_is_never_repeated(method, status, repeated):
    assert may_repeat(method, status) is repeated


@pytest.mark.parametrize(
    "headers, attempt, seconds",
    [
        ({"retry-after": "7", "x-ratelimit-reset": str(NOW + 99)}, 1, 7),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 1, 10),
        ({"x-ratelimit-reset": str(NOW + 3)}, 1, 3),
        ({}, 1, 1),
        ({}, 3, 4),
        ({}, 30, 8),
        ({"x-ratelimit-reset": str(NOW)}, 4, 2),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:20 GMT"}, 1, 0.25),
        ({"x-ratelimit-reset": str(NOW + 3600)}, 1, 3600),
        ({"x-ratelimit-reset": str(NOW + 3601)}, 1, 1),
        ({"retry-after": "soon"}, 2, 2),
        ({"retry-after": "nan"}, 1, 1),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 +99999999999999999"}, 1, 1),
        ({"x-ratelimit-reset": str(NOW + 1e9)}, 1, 1),
        ({"x-ratelimit-reset": str(NOW - 50)}, 1, 0.25),
        ({"retry-after": "-5"}, 1, 0.25),
    ],
)
def test_the_wait_after_a_429(headers, attempt, seconds):
    assert wait_after_limit(headers, NOW, attempt) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "limit, remaining, share, seconds",
    [(50, 26, 0.5, 0), (50, 25, 0.5, 2), (50, 10, 0.9, 0), (50, 0, 1, 2), (2, 1, 0.5, 2), (None, 1, 0.5, 0)],
)
def test_the_next_request_waits_when_the_share_is_used_up(limit, remaining, share, seconds):
    headers = {"x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(NOW + 2)}
    if limit is not None:
        headers["x-ratelimit-limit"] = str(limit)
    assert wait_before_next(headers, NOW, share) == seconds


def test_a_bucket_that_names_no_refill_holds_nothing_back():
    assert wait_before_next({"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}, NOW, 0.5) == 0


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text()
    )
)
def test_whatever_the_headers_say_the_waits_are_finite_and_not_negative(headers):
    assert 0 <= wait_after_limit(headers, NOW, 1) < float("inf")
    assert 0 <= wait_before_next(headers, NOW, 0.5) < float("inf")


def test_a_bucket_is_never_driven_below_what_is_left_to_others():
    """A tenant with 10 tokens and 2 more every second, and a client that asks 100 times as fast as it may."""
    paced, clock = budget(share=0.5)
    level, last, lowest = 10.0, clock.now, 10.0

    def call():
        nonlocal level, last, lowest
        level = min(10.0, level + 2 * (clock.now - last)) - 1
        last, lowest = clock.now, min(lowest, level)
        headers = {
            "x-ratelimit-limit": "10",
            "x-ratelimit-remaining": str(int(level)),
            "x-ratelimit-reset": str(int(clock.now) + 1),
        }
        return Answer(200 if level >= 0 else 429, headers)

    for _request in range(100):
        assert paced.send("GET", "management", "ask", call).status_code == 200
    assert lowest >= 4 and paced.rate_limited == 0


def test_each_bucket_is_paced_by_itself():
    paced, clock = budget()
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 5)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    paced.send("GET", "authentication", "ask", server(Answer()))
    assert clock.slept == []
    paced.send("GET", "management", "ask", server(Answer()))
    assert clock.slept == [5]


def test_a_429_is_waited_for_and_counted():
    paced, clock = budget()
    answer = paced.send("POST", "management", "ask", server(Answer(429, {"retry-after": "3"}), Answer()))
    assert (answer.status_code, clock.slept, paced.requests, paced.rate_limited, paced.waited) == (200, [3], 2, 1, 3)


def test_every_429_and_every_wait_is_counted():
    paced, clock = budget()
    limited = Answer(429, {"x-ratelimit-reset": str(NOW + 3)})
    paced.send("GET", "management", "ask", server(limited, limited, limited, Answer()))
    assert (paced.requests, paced.rate_limited) == (4, 3)
    assert paced.waited == sum(clock.slept) > 3


def test_max_wait_is_the_end_and_says_so():
    paced, clock = budget(max_wait=5)
    limited = Answer(429, {"retry-after": "3"})
    with pytest.raises(RateLimitError, match="Could not ask.*max_wait is 5 s") as caught:
        paced.send("GET", "management", "ask", server(limited, limited))
    assert caught.value.status == 429 and clock.slept == [3]
    assert "max_wait" in caught.value.hint


def test_the_wait_before_a_request_is_bounded_as_well():
    paced, clock = budget(max_wait=5)
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 6)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    with pytest.raises(RateLimitError, match="Could not ask") as caught:
        paced.send("GET", "management", "ask", server(Answer()))
    assert caught.value.status is None and paced.requests == 1 and clock.slept == []


@pytest.mark.parametrize("failure", [TransportError("lost"), Answer(503)], ids=["lost", "503"])
@pytest.mark.parametrize(
    "max_wait, slept",
    [
        pytest.param(60, [0.5, 1, 2, 4], id="each pause is twice the last, and five attempts are all"),
        pytest.param(3.5, [0.5, 1, 2], id="max_wait may be used up"),
        pytest.param(3.4, [0.5, 1], id="a pause that would exceed max_wait ends it"),
        pytest.param(0, [], id="without time to wait it is sent once"),
    ],
)
def test_the_pauses_between_attempts_grow_and_stay_within_max_wait(failure, max_wait, slept):
    paced, clock = budget(max_wait=max_wait)
    call = server(*[failure] * 9)
    if isinstance(failure, Answer):
        assert paced.send("GET", "management", "ask", call) is failure
    else:
        with pytest.raises(TransportError):
            paced.send("GET", "management", "ask", call)
    assert clock.slept == slept and paced.requests == len(slept) + 1


def test_lost_connections_are_tried_five_times_on_a_reading():
    lost = TransportError("lost")
    paced, clock = budget()
    with pytest.raises(TransportError):
        paced.send("GET", "management", "ask", server(*[lost] * ATTEMPTS))
    assert paced.requests == ATTEMPTS and clock.slept == sorted(clock.slept)


@pytest.mark.parametrize(
    "method, error",
    [
        ("POST", AmbiguousWriteError("lost")),
        ("POST", TransportError("refused")),
        ("GET", TransportError("certificate", lasting=True)),
    ],
)
def test_what_cannot_or_must_not_be_repeated_is_sent_once(method, error):
    paced, clock = budget()
    with pytest.raises(type(error)):
        paced.send(method, "management", "ask", server(error))
    assert paced.requests == 1 and clock.slept == []


def test_a_server_error_on_a_reading_ends_as_that_answer():
    paced, _clock = budget()
    assert paced.send("GET", "management", "ask", server(*[Answer(503)] * ATTEMPTS)).status_code == 503
    assert paced.send("POST", "management", "ask", server(Answer(503))).status_code == 503
    assert paced.requests == ATTEMPTS + 1


@pytest.mark.parametrize(
    "options, says",
    [
        ({"share": 0}, "rate_limit_share 0 "),
        ({"share": 1.1}, "rate_limit_share 1.1 "),
        ({"share": float("nan")}, "rate_limit_share nan "),
        ({"share": "half"}, "rate_limit_share 'half' "),
        ({"max_wait": -1}, "max_wait -1 "),
        ({"max_wait": float("inf")}, "max_wait inf "),
        ({"max_wait": "long"}, "max_wait 'long' "),
    ],
)
def test_impossible_settings_are_named_with_their_value(options, says):
    with pytest.raises(ConfigurationError, match="^" + says):
        Budget(**options)


@pytest.mark.parametrize("options", [{"share": 1}, {"share": 0.01}, {"max_wait": 0}])
def test_the_bounds_of_the_settings_are_allowed(options):
    Budget(**options)
