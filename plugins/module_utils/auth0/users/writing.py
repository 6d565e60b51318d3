# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes for many users: several users at once, and what is done to one user one after the other. Nobody is lost: who was not
touched any more is told, with the reason.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from contextlib import contextmanager
from types import FrameType
from typing import Callable, Iterable, Iterator, TypeVar

from ..wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    ForbiddenError,
    InsufficientScopeError,
    RateLimitError,
    ServerError,
    TransportError,
)
from .patience import FEWEST_REFUSED
from .side_by_side import AT_ONCE, side_by_side

Item = TypeVar("Item")
Result = TypeVar("Result")


class NotReachedError(Auth0Error):
    """The user was not touched, because of what happened before."""


class Writing:
    """One walk over users, in their order. What the next user would meet as well ends it; who is at work then, finishes."""

    def __init__(self, threads: int = AT_ONCE) -> None:
        """:param threads: how many users are worked on at once"""
        self._threads = threads
        self._enough = max(threads, FEWEST_REFUSED)
        self._learning = threading.Lock()
        # What ended each kind of work, and what ended all of it.
        self._over: dict[str, Auth0Error] = {}
        self._stopped: Auth0Error | None = None
        self._in_a_row: Counter[str] = Counter()

    def walk(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Result], None] = lambda _result: None,
    ) -> list[Result]:
        """What the work returns for each item, in their order.

        :param work: asks for a turn whenever it begins something, and returns whatever happens
        :param done: is called with each result, in their order
        """
        results = []
        for result in side_by_side(work, items, self._threads):
            results.append(result)
            done(result)
        return results

    @contextmanager
    def turn(self, kind: str) -> Iterator[None]:
        """Do something for one user, and learn from what it raises.

        :param kind: of work; a missing permission ends only the work that needs it
        :raises NotReachedError: the walk has ended; nothing was done
        """
        over = self.over(kind)
        if over is not None:
            raise NotReachedError(
                "Stopped, because this happened before: %s" % over.message,
                status=over.status,
                code=over.code,
                hint=over.hint,
                required_scope=over.required_scope,
            )
        try:
            yield
        except Auth0Error as error:
            self._learn(error, kind)
            raise
        self._learn(None, kind)

    def over(self, kind: str) -> Auth0Error | None:
        """What ended this kind of work; None while it goes on."""
        return self._stopped or self._over.get(kind)

    def stop(self, error: Auth0Error) -> None:
        """Nothing more is begun. Safe to be called by a signal handler.

        :param error: why
        """
        self._stopped = self._stopped or error

    @contextmanager
    def until_told(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the walk: what is under way is finished, and the result tells it. A second one ends the task."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def end(number: int, _frame: FrameType | None) -> None:
            self.stop(
                Auth0Error("The task was interrupted by %s" % signal.Signals(number).name, hint="Run the task again.")
            )
            signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

        try:
            for number in before:
                signal.signal(number, end)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)

    def _learn(self, error: Auth0Error | None, kind: str) -> None:
        with self._learning:
            self._in_a_row[kind] = self._in_a_row[kind] + 1 if _may_be_everybodys(error) else 0
            if error is None:
                return
            if isinstance(error, InsufficientScopeError) or self._in_a_row[kind] >= self._enough:
                self._over.setdefault(kind, error)
            elif _is_everybodys(error):
                self.stop(error)


def _is_everybodys(error: Auth0Error) -> bool:
    """Whether every other user would meet it."""
    if isinstance(error, AmbiguousWriteError):
        return False
    return isinstance(error, (AuthenticationError, RateLimitError, TransportError))


def _may_be_everybodys(error: Auth0Error | None) -> bool:
    """Whether every other user meets it if several in a row do."""
    if isinstance(error, ServerError):
        return (error.status or 0) >= 500
    return isinstance(error, (AmbiguousWriteError, ForbiddenError))
