# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a walk over users waits for a tenant that does not answer, and when it ends."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Callable, Iterator, TypeVar

from ..wire.errors import (
    Auth0Error,
    AuthenticationError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    RateLimitError,
    ServerError,
    TransportError,
)

# Errors that end by themselves.
PASSING = (TransportError, RateLimitError, ServerError)
# A user may be refused alone, for instance by a firewall. These are refusals of whoever asks.
REFUSALS, REFUSALS_OF_ALL = (AuthenticationError, ForbiddenError), (CredentialsError, InsufficientScopeError)
# If fewer users are refused one after the other, each of them may have a reason of his own.
FEWEST_REFUSED = 3
FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
# Whoever pauses looks so often whether it is still needed.
_LONGEST_SLEEP = 1.0

Given = TypeVar("Given")


def is_of_the_tenant(error: Auth0Error | None) -> bool:
    """Whether an error may be that of a tenant which is away. An answer that cannot be used is one, and a refusal as well."""
    return isinstance(error, PASSING) and not (isinstance(error, ServerError) and (error.status or 0) < 500)


def patiently(
    ask: Callable[[], Given],
    seconds: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    *,
    gives_up: Callable[[Auth0Error], bool],
    waits: Callable[[Auth0Error], None] = lambda _error: None,
    longest_pause: float = _LONGEST_PAUSE,
) -> Given:
    """The answer to one question, which is asked again with growing pauses while it meets errors that pass.

    :param seconds: how long to go on
    :param sleep: may raise
    :param gives_up: whether not to ask again after this error; is called for each
    :param waits: is called before the first pause
    :raises Auth0Error: the error that does not pass, or that did not in time
    """
    begun, pause = clock(), FIRST_PAUSE
    while True:
        try:
            return ask()
        except PASSING as error:
            lasting = isinstance(error, TransportError) and error.lasting
            if gives_up(error) or lasting or clock() - begun + pause > seconds:
                raise
            if pause == FIRST_PAUSE:
                waits(error)
        sleep(pause)
        pause = min(2 * pause, longest_pause)


class Refusals:
    """Tells whether whoever asks is refused, or only single users are.

    :ivar accepted: whether anybody got an answer that was no refusal
    """

    def __init__(self, threads: int) -> None:
        self._enough = max(threads, FEWEST_REFUSED)
        self._in_a_row = 0
        self.accepted = False

    def end(self, error: Auth0Error | None) -> bool:
        """Whether every further user would be refused as well.

        :param error: what one more user was answered with; None for what was asked for
        """
        refused = isinstance(error, REFUSALS)
        self._in_a_row = self._in_a_row + 1 if refused else 0
        self.accepted = self.accepted or not refused
        return isinstance(error, REFUSALS_OF_ALL) or self._in_a_row >= self._enough


class WalkOver(Exception):
    """Every further user would meet the same error.

    :ivar error: that error; None where the walk was left
    :ivar asked: whether it is this user's own; otherwise the user was not asked, and it is another one's
    """

    def __init__(self, error: Auth0Error | None, asked: bool = False) -> None:
        super().__init__()
        self.error, self.asked = error, asked


class Patience:
    """The turns of one walk, taken by all its threads.

    If so many users in a row could not be read as there are threads, the tenant is away, unless somebody else is answered: then
    it is these users who cannot be read. While it is away, turns are given one after the other, with growing pauses, until
    somebody is answered. A refusal is an answer. If so many users in a row are refused, and at least three, everybody is, and
    the walk is over.

    :ivar answers: how many users were answered, asked for in a turn or in place of one
    """

    def __init__(
        self,
        threads: int,
        seconds: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        another: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        :param seconds: how long to wait for a tenant that is away. With 0, the first connection that is lost or limit that
            would take too long ends the walk, and an answer that cannot be used is that user's error alone.
        :param sleep: may raise
        :param another: asks for somebody else than those who could not be read; returns whether there was an answer
        """
        self._in_a_row, self._another = threads, another
        self._refusals = Refusals(threads)
        self._passing = PASSING if seconds else (TransportError, RateLimitError)
        self._seconds, self._sleep, self._clock = seconds, sleep, clock
        self._changed = threading.Condition()
        self._asking_alone = False
        self.answers = 0
        self._failures, self._failing_since = 0, 0.0
        self._pause = FIRST_PAUSE
        self._last: Auth0Error | None = None
        self._answered_at = clock()
        self._over: WalkOver | None = None

    @property
    def away(self) -> Auth0Error | None:
        """The last error of a tenant that is away; None while it is there."""
        with self._changed:
            return self._last if self._is_away else None

    @property
    def accepted(self) -> bool:
        """Whether anybody got an answer that was no refusal."""
        return self._refusals.accepted

    @property
    def silence(self) -> float:
        """For how many seconds there has been no answer."""
        with self._changed:
            return self._clock() - self._answered_at

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn to read a user, and learn from what the reading raises.

        While the tenant is not away, everybody gets a turn, even if the walk is over: who comes before the one that ended it,
        may be read.

        :raises WalkOver: every further user would meet what this one met, or the tenant is away and the walk is over
        """
        alone = self._come()
        try:
            if alone and not self._another_is_answered():
                self._pause_before_asking()
            yield
        except Auth0Error as error:
            self._learn(error)
            raise
        else:
            self._learn(None)
        finally:
            if alone:
                with self._changed:
                    self._asking_alone = False
                    self._changed.notify()

    def end(self, error: Auth0Error | None = None) -> None:
        """Nobody waits for a turn any longer."""
        with self._changed:
            self._over = self._over or WalkOver(error)
            self._changed.notify_all()

    @property
    def _is_away(self) -> bool:
        return self._failures >= self._in_a_row

    def _come(self) -> bool:
        """Whether nobody else asks during this turn."""
        with self._changed:
            while self._is_away and self._asking_alone and self._over is None:
                self._changed.wait()
            self._check()
            self._asking_alone = self._asking_alone or self._is_away
            return self._is_away

    def _check(self) -> None:
        if self._over is not None and self._is_away:
            raise WalkOver(self._over.error)

    def _another_is_answered(self) -> bool:
        answered = self._another()
        if answered:
            with self._changed:
                self._hear()
        return answered

    def _pause_before_asking(self) -> None:
        # The last turn comes when the patience ends, not later.
        left = min(self._pause, max(self._failing_since + self._seconds - self._clock(), 0.0))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        while left > 0 and self._is_away:
            self._sleep(min(left, _LONGEST_SLEEP))
            self._check()
            left -= _LONGEST_SLEEP

    def _learn(self, error: Auth0Error | None) -> None:
        ends = False
        with self._changed:
            if not self._may_be_away(error):
                ends = self._refusals.end(error)
                self._hear()
            else:
                self._failing_since = self._failing_since if self._failures else self._clock()
                self._failures += 1
                self._last = error
        if error is not None and (ends or self._ends(error)):
            self.end(error)
            raise WalkOver(error, asked=True)

    def _hear(self) -> None:
        """The tenant is there. The lock has to be held."""
        self.answers, self._answered_at = self.answers + 1, self._clock()
        self._failures, self._pause = 0, FIRST_PAUSE
        self._changed.notify_all()

    def _may_be_away(self, error: Auth0Error | None) -> bool:
        return is_of_the_tenant(error) and isinstance(error, self._passing)

    def _ends(self, error: Auth0Error) -> bool:
        """Whether the tenant is away for good."""
        if not self._may_be_away(error):
            return False
        # What cannot pass, such as an unknown host, may pass where it was known before.
        lasts = isinstance(error, TransportError) and error.lasting and not self.answers
        return lasts or not self._seconds or (self._is_away and self._clock() - self._failing_since >= self._seconds)
