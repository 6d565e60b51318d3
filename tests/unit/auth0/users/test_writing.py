# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.writing import NotReachedError, Writing
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    ServerError,
    TransportError,
)
from hypothesis import given, strategies as st

LOST, AWAY = AmbiguousWriteError("lost"), ServerError("away", status=503)
ODD = ServerError("not as documented", status=200)


def outcomes(errors: list[Auth0Error | None], threads: int = 1, kinds=lambda _place: "write") -> list[str]:
    """What becomes of users of whom each meets one of these errors."""
    writing = Writing(threads)

    def work(place: int) -> str:
        try:
            with writing.turn(kinds(place)):
                if errors[place] is not None:
                    raise errors[place]
        except NotReachedError:
            return "not reached"
        except Auth0Error:
            return "failed"
        return "done"

    return writing.walk(work, range(len(errors)))


@pytest.mark.parametrize(
    "error",
    [
        TransportError("unreachable"),
        RateLimitError("limit"),
        AuthenticationError("expired", status=401),
        CredentialsError("refused"),
        InsufficientScopeError("scope", status=403),
    ],
)
def test_what_everybody_would_meet_ends_the_walk_and_is_told_to_who_is_left(error):
    assert outcomes([None, error, None, None]) == ["done", "failed", "not reached", "not reached"]


@pytest.mark.parametrize("error", [LOST, AWAY, ForbiddenError("no", status=403)])
def test_what_may_be_everybodys_ends_the_walk_when_three_in_a_row_meet_it(error):
    assert outcomes([error, error, None, error, error, None]) == [*["failed"] * 2, "done", *["failed"] * 2, "done"]
    assert outcomes([error, error, error, None]) == ["failed", "failed", "failed", "not reached"]


@pytest.mark.parametrize("error", [NotFoundError("gone", status=404), RefusedError("last factor"), ODD])
def test_what_is_one_users_own_never_ends_the_walk(error):
    assert outcomes([*[error] * 50, None]) == [*["failed"] * 50, "done"]


def test_a_missing_permission_ends_only_the_work_that_needs_it():
    kinds = ["ticket", "remove"].__getitem__
    missing = InsufficientScopeError("scope", status=403)
    ended = outcomes([missing, None, None, None], kinds=lambda place: kinds(place % 2))
    assert ended == ["failed", "done", "not reached", "done"]


def test_who_is_not_reached_is_told_why():
    writing = Writing(1)
    with pytest.raises(InsufficientScopeError), writing.turn("write"):
        raise InsufficientScopeError("No", status=403, required_scope="update:users", hint="Add it.")
    with pytest.raises(NotReachedError) as told, writing.turn("write"):
        pytest.fail("a turn was given")
    facts = told.value.facts()
    assert (facts["status"], facts["required_scope"], facts["hint"]) == (403, "update:users", "Add it.")


@given(
    st.lists(st.sampled_from([None, LOST, AWAY, ODD, NotFoundError("gone"), RateLimitError("limit")]), max_size=60),
    st.integers(1, 6),
)
def test_everybody_is_told_once_in_order_and_who_is_done_is_told_as_done(errors, threads):
    writing, done, begun = Writing(threads), [], []

    def work(place: int) -> tuple[int, str]:
        try:
            with writing.turn("write"):
                begun.append(place)
                if errors[place] is not None:
                    raise errors[place]
        except NotReachedError:
            return place, "not reached"
        except Auth0Error:
            return place, "failed"
        return place, "done"

    found = writing.walk(work, range(len(errors)), done.append)
    assert [place for place, _said in found] == list(range(len(errors))) and done == found
    assert sorted(begun) == sorted(place for place, said in found if said != "not reached")
    assert all(
        said == ("done" if errors[place] is None else "failed") for place, said in found if said != "not reached"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_walk_after_who_is_at_work(number):
    writing, before = Writing(1), signal.getsignal(number)

    def work(place: int) -> str:
        try:
            with writing.turn("write"):
                if place == 1:
                    os.kill(os.getpid(), number)
                return "done"
        except NotReachedError as told:
            return str(told)

    with writing.until_told():
        found = writing.walk(work, range(4))
    assert found[:2] == ["done", "done"] and found[2] == found[3]
    assert "interrupted by %s" % signal.Signals(number).name in found[2] and signal.getsignal(number) is before


def test_without_the_main_thread_signals_stay_as_they_are():
    before, found = signal.getsignal(signal.SIGTERM), []

    def walk() -> None:
        with Writing(1).until_told():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=walk)
    thread.start()
    thread.join()
    assert found == [before]
