# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a walk waits for a tenant that does not answer, and when it ends."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.patience import Patience, WalkOver
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    Auth0Error,
    AuthenticationError,
    BadRequestError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)

GONE = TransportError("no connection")
UNKNOWN_HOST = TransportError("the host name is unknown", lasting=True)
PASSING = [GONE, ServerError("503", status=503), RateLimitError("429")]
ANSWERS = [None, NotFoundError("404"), BadRequestError("400")]
FINAL = [CredentialsError("no token"), InsufficientScopeError("scope")]
REFUSED = [AuthenticationError("401"), ForbiddenError("403")]


def named(error):
    return type(error).__name__


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now, self.on_sleep = 1000.0, lambda: None

    def sleep(self, seconds):
        assert 0 < seconds <= 1
        self.now += seconds
        self.on_sleep()

    def __call__(self):
        return self.now


class Walk:
    """One walk, and the seconds that it slept before each of its turns."""

    def __init__(self, threads=3, seconds=600):
        self.time, self.paused = Time(), []
        self.patience = Patience(threads, seconds, self.time.sleep, self.time)

    def meet(self, *errors):
        """One turn after the other that meet these errors, or with None an answer."""
        for error in errors:
            before = self.time.now
            try:
                with self.patience.turn():
                    self.paused.append(self.time.now - before)
                    if error is not None:
                        raise error
            except Auth0Error as caught:
                assert caught is error
        return self.paused


@pytest.mark.parametrize("error", PASSING, ids=named)
def test_after_as_many_failures_in_a_row_as_there_are_threads_turns_come_with_growing_pauses(error):
    assert Walk().meet(*[error] * 11) == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
def test_an_answer_ends_the_pauses_and_the_next_ones_begin_anew(answer):
    walk = Walk()
    assert walk.meet(GONE, GONE, GONE, GONE, answer) == [0, 0, 0, 1, 2]
    assert walk.meet(GONE, GONE, GONE, GONE)[5:] == [0, 0, 0, 1]


def test_a_user_in_between_who_cannot_be_read_is_no_absence():
    walk = Walk()
    assert walk.meet(*[GONE, GONE, None] * 20) == [0] * 60


def test_the_walk_ends_when_nobody_was_answered_for_as_long_as_the_patience_lasts():
    walk = Walk(seconds=100)
    with pytest.raises(WalkOver) as caught:
        walk.meet(*[None, *PASSING * 5])
    assert caught.value.error is PASSING[1]
    assert walk.paused == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 9] and walk.time.now == 1100
    with pytest.raises(WalkOver):
        walk.meet(None)


@pytest.mark.parametrize("answer", [*ANSWERS, ServerError("not as documented")], ids=named)
def test_how_long_there_was_no_answer_is_known(answer):
    walk = Walk()
    assert walk.patience.silence == 0 and walk.patience.away is None
    walk.meet(*[GONE] * 5)
    assert walk.patience.silence == 3 and walk.patience.away is GONE
    walk.meet(answer)
    assert walk.patience.silence == 0 and walk.patience.away is None


def test_time_without_turns_is_no_absence():
    walk = Walk(seconds=100)
    walk.meet(None)
    walk.time.now += 1000
    walk.meet(GONE, GONE, GONE, GONE, None)


@pytest.mark.parametrize("seconds", [0, 600])
@pytest.mark.parametrize("error", FINAL, ids=named)
def test_credentials_and_scopes_end_the_walk_at_once(error, seconds):
    walk = Walk(seconds=seconds)
    walk.meet(None, ServerError("503", status=503))
    for _again in range(2):
        with pytest.raises(WalkOver) as caught:
            walk.meet(error)
        assert caught.value.error is error


@pytest.mark.parametrize("seconds", [0, 600])
@pytest.mark.parametrize("answer", [*ANSWERS, ServerError("not as documented")], ids=named)
@pytest.mark.parametrize("error", REFUSED, ids=named)
def test_users_who_are_refused_alone_end_nothing(error, answer, seconds):
    walk = Walk(threads=4, seconds=seconds)
    assert not walk.patience.accepted
    walk.meet(*[error, error, error, answer] * 5)
    assert walk.patience.accepted


@pytest.mark.parametrize("threads, enough", [(1, 3), (3, 3), (8, 8)])
@pytest.mark.parametrize("seconds", [0, 600])
def test_the_walk_ends_when_as_many_in_a_row_are_refused_as_there_are_threads_and_at_least_three(
    threads, enough, seconds
):
    walk = Walk(threads, seconds)
    errors = [REFUSED[number % 2].replace() for number in range(enough)]
    walk.meet(None, *errors[:-1])
    with pytest.raises(WalkOver) as caught:
        walk.meet(errors[-1])
    assert caught.value.error is errors[-1] and caught.value.asked


def test_a_tenant_that_is_away_in_between_does_not_answer_for_anybody():
    walk = Walk(threads=3)
    with pytest.raises(WalkOver):
        walk.meet(None, REFUSED[0], GONE, REFUSED[1], GONE, REFUSED[0])


def test_what_cannot_pass_ends_the_walk_unless_somebody_was_answered_before():
    with pytest.raises(WalkOver) as caught:
        Walk().meet(UNKNOWN_HOST)
    assert caught.value.error is UNKNOWN_HOST
    assert Walk().meet(None, *[UNKNOWN_HOST] * 4, None) == [0, 0, 0, 0, 1, 2]


@pytest.mark.parametrize("error", [GONE, RateLimitError("429")], ids=named)
def test_without_patience_the_first_connection_that_is_lost_ends_the_walk(error):
    walk = Walk(seconds=0)
    walk.meet(None)
    with pytest.raises(WalkOver) as caught:
        walk.meet(error)
    assert caught.value.error is error and walk.paused == [0, 0]


def test_without_patience_an_answer_that_cannot_be_used_is_that_users_alone():
    assert Walk(seconds=0).meet(*[ServerError("503", status=503)] * 10) == [0] * 10


def test_what_the_sleep_raises_comes_out_and_the_turn_is_given_to_the_next():
    walk = Walk()
    walk.meet(GONE, GONE, GONE)
    walk.time.on_sleep = lambda: 1 / 0
    for _again in range(2):
        with pytest.raises(ZeroDivisionError):
            walk.meet(None)
    walk.time.on_sleep = lambda: None
    walk.meet(None)


def test_an_answer_to_somebody_who_asked_before_ends_the_pause():
    walk = Walk()
    late = walk.patience.turn()
    late.__enter__()
    walk.meet(*[GONE] * 5)
    walk.time.on_sleep = lambda: late.__exit__(None, None, None)
    assert walk.meet(None)[3:] == [1, 2, 1]


def test_one_asks_at_a_time_while_the_others_wait_until_the_walk_ends():
    walk, asking, waiting, refused = Walk(), threading.Event(), threading.Event(), []

    def hold():
        with walk.patience.turn():
            asking.set()
            waiting.wait(10)

    def wait():
        try:
            walk.meet(None)
        except WalkOver as over:
            refused.append(over.error)

    walk.meet(GONE, GONE, GONE)
    threads = [threading.Thread(target=hold), *(threading.Thread(target=wait) for _thread in range(4))]
    threads[0].start()
    assert asking.wait(10)
    for thread in threads[1:]:
        thread.start()
    assert walk.paused == [0, 0, 0]
    walk.patience.end()
    for thread in threads[1:]:
        thread.join(10)
    assert refused == [None] * 4
    waiting.set()
    threads[0].join(10)


def test_an_answer_that_cannot_be_used_shows_that_the_tenant_is_there():
    assert Walk(seconds=100).meet(*[ServerError("not as documented")] * 50) == [0] * 50


def test_who_comes_before_the_one_that_ended_the_walk_gets_a_turn():
    walk = Walk()
    with pytest.raises(WalkOver):
        walk.meet(CredentialsError("no token"))
    assert walk.meet(None, NotFoundError("404")) == [0, 0, 0]
