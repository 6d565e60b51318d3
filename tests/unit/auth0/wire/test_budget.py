# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request budget: what is repeated, how long is waited, what is left to others."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from threading import Barrier, Event, Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import (
    ATTEMPTS,
    ONCE,
    Budget,
    may_repeat,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    RateLimitError,
    TransportError,
)

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.limits import (
    is_request_limit,
    refused_until,
    wait_after_limit,
)

NOW = 1_700_000_000.0


@dataclass
class Answer:
    status_code: int = 200
    headers: dict = field(default_factory=dict)
    body: object = None


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
        ("GET", 429, False),
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
        ({"x-ratelimit-reset": str(int(NOW + 3) * 1000)}, 1, 3),
        ({"x-ratelimit-reset": "9" * 30}, 2, 2),
        ({"x-ratelimit-reset": "-1e300"}, 1, 0.25),
        ({"x-ratelimit-reset": "1e999"}, 3, 4),
        ({"retry-after": "86400"}, 1, 86400),
        ({"retry-after": "86401"}, 1, 1),
        ({"retry-after": "1e300"}, 2, 2),
        ({"retry-after": "-1e300"}, 1, 0.25),
        ({"retry-after": "inf", "x-ratelimit-reset": str(NOW + 3)}, 1, 3),
        ({"retry-after": "1e17", "x-ratelimit-reset": str(NOW + 3)}, 1, 3),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 1, 1),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1, 0.25),
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
    paced, clock = budget(share=share)
    paced.send("GET", "management", "ask", server(Answer(headers=headers)))
    paced.send("GET", "management", "ask", server(Answer()))
    assert sum(clock.slept) == seconds


def test_a_bucket_that_names_no_refill_does_not_stop_anything():
    paced, clock = budget(max_wait=10)
    for _request in range(20):
        headers = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}
        paced.send("GET", "management", "ask", server(Answer(headers=headers)))
    assert all(slept <= 8 for slept in clock.slept)


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text()
    )
)
def test_whatever_the_headers_say_the_waits_are_finite_and_not_negative(headers):
    assert 0 <= wait_after_limit(headers, NOW, 1) < float("inf")
    paced, clock = budget()
    for _request in range(2):
        paced.send("GET", "management", "ask", server(Answer(headers=headers)))
    assert 0 <= sum(clock.slept) <= 60


EPOCHS = st.one_of(st.floats(), st.integers(), st.floats(-1e6, 1e6).map(lambda seconds: NOW + seconds)).flatmap(
    lambda value: (
        st.sampled_from([str(value), str(value * 1000), formatdate(min(max(value, 0), 2e11), usegmt=True)])
        if not math.isnan(value)
        else st.just("nan")
    )
)


@given(st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset"]), EPOCHS), st.booleans())
def test_no_wait_after_a_429_is_longer_than_a_day_whatever_is_asked_for(headers, sure):
    assert 0 < wait_after_limit(headers, NOW, 1, sure) <= 86400
    assert 0 <= (refused_until({**headers, **EMPTY}, NOW) or NOW) - NOW <= 86400


@pytest.mark.parametrize("times", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_bucket_is_waited_for_where_the_reset_counts_milliseconds(times):
    paced, clock = budget()
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW + 5) * times)}
    known = {"date": formatdate(NOW, usegmt=True)}
    paced.send("GET", "management", "ask", server(Answer(headers={**used_up, **known})))
    paced.send("GET", "management", "ask", server(Answer()))
    assert sum(clock.slept) == pytest.approx(5, abs=1)


def test_a_limit_may_be_met_any_number_of_times():
    assert wait_after_limit({}, NOW, 5000) == wait_after_limit({}, NOW, 50) < 60


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
    dated = {**used_up, "date": formatdate(NOW, usegmt=True)}
    paced.send("GET", "management", "ask", server(Answer(headers=dated)))
    with pytest.raises(RateLimitError, match="Could not ask") as caught:
        paced.send("GET", "management", "ask", server(Answer()))
    assert caught.value.status is None and paced.requests == 1 and clock.slept == []


@pytest.mark.parametrize("date", [None, "garbage", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_run_fails_for_a_limit_that_only_the_local_clock_saw(date):
    paced, clock = budget(max_wait=60)
    headers = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "1", "x-ratelimit-reset": str(NOW + 90)}
    for _request in range(3):
        paced.send("GET", "management", "ask", server(Answer(headers={**headers, **({"date": date} if date else {})})))
    assert all(slept <= 8 for slept in clock.slept)


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


def test_a_limit_after_a_lost_answer_does_not_hide_what_may_have_happened():
    # Only a removal is both repeated and a write.
    for method, told in (("DELETE", TransportError), ("GET", RateLimitError)):
        paced, _clock = budget(max_wait=1)
        with pytest.raises((TransportError, RateLimitError)) as caught:
            paced.send(method, "management", "ask", server(TransportError("lost"), Answer(429, {"retry-after": "3"})))
        assert caught.type is told


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
        ({"max_wait": float("nan")}, "max_wait nan "),
        ({"max_wait": "long"}, "max_wait 'long' "),
        ({"max_rate": 0}, "max_rate 0 "),
        ({"max_rate": -1.5}, "max_rate -1.5 "),
        ({"max_rate": float("inf")}, "max_rate inf "),
        ({"max_rate": float("nan")}, "max_rate nan "),
        ({"max_rate": "fast"}, "max_rate 'fast' "),
    ],
)
def test_impossible_settings_are_named_with_their_value(options, says):
    with pytest.raises(ConfigurationError, match="^" + says):
        Budget(**options)


@pytest.mark.parametrize("options", [{"share": 1}, {"share": 0.01}, {"max_wait": 0}, {"max_wait": float("inf")}])
def test_the_bounds_of_the_settings_are_allowed(options):
    Budget(**options)


def dated(ahead, **headers):
    """What a server whose clock is this far ahead says, which names its next refill 5 s later."""
    now = NOW + ahead
    return {"date": formatdate(now, usegmt=True), "x-ratelimit-reset": str(now + 5), **headers}


AHEAD = pytest.mark.parametrize("ahead", [0, 90, -90, 30, -30, 3600, -3600, 3e8, -3e8])


@AHEAD
def test_a_refill_is_waited_for_by_the_clock_of_the_server(ahead):
    paced, clock = budget()
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}
    paced.send("GET", "management", "ask", server(Answer(headers=dated(ahead, **used_up))))
    paced.send("GET", "management", "ask", server(Answer(headers=dated(ahead))))
    assert sum(clock.slept) == pytest.approx(5, abs=1)


@AHEAD
def test_a_429_is_waited_for_by_the_clock_of_the_server(ahead):
    paced, clock = budget()
    limited = Answer(429, dated(ahead, **{"x-ratelimit-remaining": "0"}))
    paced.send("GET", "management", "ask", server(limited, Answer()))
    assert sum(clock.slept) == pytest.approx(5, abs=1)


@AHEAD
def test_now_is_the_time_of_the_server(ahead):
    paced, clock = budget()
    assert paced.now() == NOW
    paced.send("GET", "management", "ask", server(Answer(headers=dated(ahead))))
    assert paced.now() == pytest.approx(NOW + ahead, abs=1)
    clock.now += 7
    assert paced.now() == pytest.approx(NOW + ahead + 7, abs=1)


def test_more_answers_tell_the_time_more_exactly():
    """A Date is cut to whole seconds: the server is 90.6 s ahead."""
    paced, clock = budget()
    for _request in range(20):
        clock.now += 0.37
        date = formatdate(int(clock.now + 90.6), usegmt=True)
        paced.send("GET", "management", "ask", server(Answer(headers={"date": date})))
    assert paced.now() == pytest.approx(clock.now + 90.6, abs=0.1)


@pytest.mark.parametrize(
    "date", ["", "soon", "Tue, 99 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 99999 22:13:20 GMT", "0", "\xff"]
)
def test_a_date_that_is_none_leaves_the_local_clock(date):
    paced, _clock = budget()
    paced.send("GET", "management", "ask", server(Answer(headers={"date": date}), Answer()))
    assert paced.now() == NOW


def test_a_date_without_a_zone_is_universal_time():
    paced, _clock = budget()
    paced.send("GET", "management", "ask", server(Answer(headers={"date": "Tue, 14 Nov 2023 22:14:20 -0000"})))
    assert paced.now() == pytest.approx(NOW + 60, abs=1)


def test_an_answer_from_a_cache_tells_the_time_by_its_age():
    paced, _clock = budget()
    old = {"date": formatdate(NOW - 600, usegmt=True), "age": "600"}
    paced.send("GET", "management", "ask", server(Answer(headers=old)))
    assert paced.now() == NOW


def test_one_answer_with_an_old_date_is_corrected_by_the_next():
    paced, _clock = budget()
    for ahead in (0, -600, 0):
        paced.send("GET", "management", "ask", server(Answer(headers=dated(ahead))))
    assert paced.now() == NOW


@given(st.lists(st.fixed_dictionaries({}, optional={"date": st.text(), "age": st.text()})))
def test_whatever_date_and_age_say_the_time_is_a_number(answers):
    paced, _clock = budget()
    for headers in answers:
        paced.send("GET", "management", "ask", server(Answer(headers=headers)))
    assert -1e12 < paced.now() < 1e12


@pytest.mark.parametrize("failure", [AmbiguousWriteError("lost"), Answer(503)], ids=["lost", "503"])
def test_what_must_happen_once_is_sent_once(failure):
    paced, _clock = budget()
    call = server(failure, Answer())
    if isinstance(failure, Answer):
        assert paced.send(ONCE, "management", "ask", call) is failure
    else:
        with pytest.raises(AmbiguousWriteError):
            paced.send(ONCE, "management", "ask", call)
    assert paced.requests == 1


MANAGEMENT = {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached"}
TOO_MANY = {"error": "too_many_requests", "error_description": "Rate limit exceeded."}
EMPTY, FULL = {"x-ratelimit-remaining": "0"}, {"x-ratelimit-remaining": "7"}
QUOTA = "auth0-client-quota-limit"
LIMITS = {
    "the tenant's, empty bucket": (EMPTY, {**MANAGEMENT, "errorCode": "too_many_requests"}, True),
    "the tenant's, the bucket of another group": (FULL, {**MANAGEMENT, "errorCode": "too_many_requests"}, True),
    "the tenant's without a code": ({}, MANAGEMENT, True),
    "a number of entities": (EMPTY, {**MANAGEMENT, "errorCode": "too_many_entities"}, False),
    "of the Authentication API, empty bucket": (EMPTY, TOO_MANY, True),
    "of the Authentication API, no header": ({}, TOO_MANY, True),
    "a user's codes or messages": (FULL, TOO_MANY, False),
    "brute-force protection": (FULL, {"error": "too_many_attempts", "error_description": "blocked"}, False),
    "brute-force protection, no header": ({}, {"error": "too_many_attempts"}, False),
    "brute-force protection, empty bucket": (EMPTY, {"error": "too_many_attempts"}, False),
    "anomaly detection": (FULL, {"error": "too_many_logins"}, False),
    "a quota of tokens": ({QUOTA: "b=per_hour;q=9;r=0;t=60"}, TOO_MANY, False),
    "one quota of two": ({**EMPTY, QUOTA: "b=per_hour;q=9;r=3;t=60,b=per_day;q=9;r=0;t=600"}, TOO_MANY, False),
    "quotas that are left": ({**EMPTY, QUOTA: "b=per_hour;q=9;r=3;t=60,b=per_day;q=99;r=9;t=600"}, TOO_MANY, True),
    "an organization's quota": ({"auth0-organization-quota-limit": "b=per_day;q=9;r=0;t=60"}, TOO_MANY, False),
    "a policy of the application": ({**FULL, "auth0-ratelimit": "client;q=10;t=1;r=0"}, TOO_MANY, True),
    "a policy with requests left": ({**FULL, "auth0-ratelimit": "client;q=10;t=1;r=9"}, TOO_MANY, False),
    "a proxy": ({}, None, True),
    "a proxy with a pause": ({"retry-after": "1"}, None, True),
    "no word": (EMPTY, {}, True),
    "garbled": ({"x-ratelimit-remaining": "many", QUOTA: "r=;;=,x", "auth0-ratelimit": "r=-"}, {"error": 5}, False),
}


@pytest.mark.parametrize("headers, body, is_limit", LIMITS.values(), ids=LIMITS)
def test_only_what_is_called_a_limit_of_requests_is_repeated(headers, body, is_limit):
    assert is_request_limit(headers, body) is is_limit
    paced, _clock = budget()
    refused = Answer(429, headers, body)
    last = paced.send("POST", "authentication", "log in", server(refused, Answer()))
    assert (last.status_code, paced.requests, paced.rate_limited) == ((200, 2, 1) if is_limit else (429, 1, 1))


@pytest.mark.parametrize(
    "headers, until",
    [
        ({}, None),
        (FULL, None),
        ({**FULL, "x-ratelimit-reset": str(NOW + 9)}, None),
        ({**EMPTY, "x-ratelimit-reset": str(NOW + 9999)}, NOW + 9999),
        ({"retry-after": "600"}, NOW + 600),
        ({"retry-after": "Tue, 14 Nov 2023 23:13:20 GMT"}, NOW + 3600),
        ({QUOTA: "b=per_hour;q=9;r=0;t=60,b=per_day;q=9;r=0;t=600"}, NOW + 600),
        ({QUOTA: "b=per_hour;q=9;r=0;t=soon"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_until_when_a_refusal_lasts(headers, until):
    assert refused_until(headers, NOW) == until


@given(
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-remaining", QUOTA, "auth0-ratelimit"]), st.text()),
    st.recursive(st.none() | st.text() | st.integers(), lambda each: st.dictionaries(st.text(), each)),
)
def test_whatever_a_429_says_it_is_read(headers, body):
    assert is_request_limit(headers, body) in (True, False)
    assert (refused_until(headers, NOW) or NOW) >= NOW


def test_a_limit_of_something_on_the_way_is_not_called_the_tenants():
    paced, _clock = budget(max_wait=5)
    with pytest.raises(
        RateLimitError, match="a rate limit of something between here and Auth0 requires a wait of 60 s"
    ):
        paced.send("GET", "management", "ask", server(Answer(429, {"retry-after": "60"})))


def test_a_reset_hours_away_is_told_at_once_where_the_servers_time_is_known():
    paced, clock = budget()
    late = {"date": formatdate(NOW, usegmt=True), "x-ratelimit-reset": str(NOW + 7200), **EMPTY}
    with pytest.raises(RateLimitError, match="requires a wait of 7200 s more"):
        paced.send("GET", "management", "ask", server(Answer(429, late, MANAGEMENT)))
    assert clock.slept == []


def test_the_time_of_requests_without_an_answer_counts_for_max_wait():
    paced, clock = budget(max_wait=60)

    def late():
        clock.now += 30
        raise TransportError("no response in time")

    with pytest.raises(TransportError):
        paced.send("GET", "management", "ask", late)
    assert paced.requests == 2


def test_threads_take_turns_to_send_but_do_not_wait_for_each_others_answers():
    paced = Budget()
    both = Barrier(2, timeout=10)
    paced.send("GET", "management", "ask", server(Answer()))

    def call():
        both.wait()
        return Answer()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(paced.send, "GET", "management", "ask", call) for _thread in range(2)]:
            assert done.result(timeout=10).status_code == 200
    assert paced.requests == 3


def test_the_first_answer_of_a_bucket_is_waited_for_by_all_threads_at_no_cost():
    slept, asked, answer = Event(), [], Event()

    def sleep(_seconds):
        slept.set()
        time.sleep(0.001)

    paced = Budget(max_wait=0.01, sleep=sleep)

    def call():
        asked.append(answer.is_set())
        assert answer.wait(10)
        return Answer(
            headers={"x-ratelimit-limit": "10", "x-ratelimit-remaining": "9", "date": formatdate(time.time())}
        )

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(paced.send, "GET", "management", "ask", call) for _thread in range(2)]
        assert slept.wait(10)
        time.sleep(0.05)
        answer.set()
        assert [done.result(timeout=10).status_code for done in both] == [200, 200]
    assert asked == [False, True] and paced.waited == 0


def test_a_thread_that_is_told_to_stop_while_it_waits_lets_the_next_one_go_on():
    class Stop(Exception):
        pass

    clock, stopped = Clock(), []

    def sleep(seconds):
        if not stopped:
            stopped.append(seconds)
            raise Stop
        clock.sleep(seconds)

    paced = Budget(clock=clock, sleep=sleep)
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 5)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    with pytest.raises(Stop):
        paced.send("GET", "management", "ask", server(Answer()))
    assert (paced.requests, paced.waited) == (1, 0)
    paced.send("GET", "management", "ask", server(Answer()))
    assert (paced.requests, paced.waited) == (2, 5)


def test_who_waits_for_the_limit_hears_of_a_change_while_others_queue_behind():
    """Two threads: the first waits for a refill far away in slices, and its wait alone counts."""
    asleep, queued = Event(), Event()
    clock = Clock()

    def sleep(seconds):
        asleep.set()
        assert queued.wait(10)
        clock.sleep(seconds)

    paced = Budget(clock=clock, sleep=sleep, max_wait=6)
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 5)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(paced.send, "GET", "management", "ask", server(Answer()))
        assert asleep.wait(10)
        others = [pool.submit(paced.send, "GET", "management", "ask", server(Answer())) for _thread in range(2)]
        while not paced._turnstiles["management"].queued:
            pass
        queued.set()
        for done in (first, *others):
            assert done.result(timeout=10).status_code == 200
    assert paced.waited == pytest.approx(5) and paced.requests == 4


def test_seconds_in_which_many_threads_wait_for_the_limit_are_counted_once():
    lock, clock = Lock(), Clock()

    def sleep(seconds):
        with lock:
            clock.now += seconds

    paced = Budget(max_wait=60, clock=lambda: clock.now, sleep=sleep)
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 5)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(paced.send, "GET", "management", "ask", server(Answer())) for _thread in range(8)]:
            done.result(timeout=10)
    assert 5 <= paced.waited <= clock.now - NOW


def test_a_pause_before_a_request_is_sent_again_is_no_wait_for_the_limit():
    paced, clock = budget()
    paced.send("GET", "management", "ask", server(Answer(503), Answer(503), Answer()))
    assert clock.slept and paced.waited == 0


def test_how_long_the_limit_holds_requests_back_is_known_while_it_does():
    clock, held = Clock(), []
    paced = Budget(clock=clock, sleep=lambda seconds: (held.append(paced.held), clock.sleep(seconds)))
    used_up = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 5)}
    paced.send("GET", "management", "ask", server(Answer(headers=used_up)))
    assert paced.held == 0
    paced.send("GET", "management", "ask", server(Answer()))
    assert held == [5] and paced.held == 0
