# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk: everybody in the plan is read once, and whoever could not be read, or is gone, once more at the end.

What was read is stored in parts while the walk goes on, so that whatever ends it loses no more than one chunk. Users who could not be
read are among it only if the tenant has answered since, for them or for anybody else: before that it may be away. Whoever goes on with
the run reads the others.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing, suppress
from datetime import datetime
from typing import Callable, Iterable, Iterator

from ..auth0.users.patience import REFUSALS, REFUSALS_OF_ALL, is_of_the_tenant
from ..auth0.users.reading import Reading, Target, UserLookup
from ..auth0.wire.errors import Auth0Error
from .ledger import AGAIN, FIRST, Ledger
from .readings import record_of
from .records import Costs, PlanRow, Record
from .stopping import Stop, Stopped
from .store import StoreError

# What a killed run has to read again at most: the users of one part, and those that the threads are ahead of it.
CHUNK = 500
# A slow tenant fills a part in minutes. It is stored after so many seconds at the latest.
LONGEST_PART = 20.0
# Where nobody is answered, so many others are asked for, one after the other.
MOST_OTHERS = 64
# After so many seconds without an answer it is told why, and again each time it has lasted twice as long.
QUIET = 10.0


class Scan:
    """The walk of one run. Whoever uses it counts what became of each user.

    :ivar done: how many users were read or tried
    :ivar unread: how many of them this process could not read at the first try
    :ivar answered: how many this process read, or learned that they are gone
    """

    def __init__(
        self,
        ledger: Ledger,
        api: UserLookup,
        stop: Stop,
        now: Callable[[], datetime],
        costs: Callable[[], Costs],
        tell: Callable[[Scan, str | None], None],
        held: Callable[[], float],
        *,
        threads: int,
        patience: float,
    ) -> None:
        """
        :param now: the aware time by the server's clock
        :param costs: of the whole run so far
        :param tell: is called after each user, and with a note when nobody can be read for a while
        :param held: for how many seconds the rate limit holds the next request back
        :param threads: how many requests may be under way at once
        :param patience: for so many seconds a tenant that does not answer is waited for
        """
        self._ledger, self._api, self._stop, self._now, self._costs = ledger, api, stop, now, costs
        self._tell, self._held, self._threads, self._patience = tell, held, threads, patience
        self._known: str | None = None
        self._begun_at = ledger.checkpoint.first
        self._part_size = max(CHUNK - 2 * threads, 1)
        self.done, self.unread, self.answered = ledger.checkpoint.first, 0, 0

    def run(self) -> str | None:
        """Read whoever is left. Returns why that ended early, in one line without IDs; None if it came to the end.

        :raises Auth0Error: Auth0 refused everything from the start. What was kept before stays.
        :raises StoreError: what was read cannot be stored, or who is to be read cannot be told
        """
        if self._ledger.checkpoint.finished is not None:
            return None
        self._ledger.adopt(FIRST)
        # With all users under way at once, nobody would be left to ask again while the tenant is away.
        half = (self._ledger.checkpoint.to_read - self._ledger.checkpoint.first) // 2
        with closing(self._ledger.users()) as users:
            reason = self._walk(FIRST, users, max(1, min(self._threads, half)))
        if reason is not None:
            return reason
        self._ledger.adopt(AGAIN)
        with closing(self._ledger.unread()) as unread:
            return self._walk(AGAIN, unread, self._threads)

    def _walk(self, kind: str, users: Iterator[PlanRow], threads: int) -> str | None:
        asked: deque[PlanRow] = deque()
        reason: str | None = None
        silence = _Silence()

        def targets() -> Iterator[Target]:
            nonlocal reason
            for row in users:
                reason = self._stop.reason()
                if reason is not None:
                    return
                asked.append(row)
                profile = row["profile"]
                yield Target(profile["user_id"], profile["email"])

        def note() -> str | None:
            return silence.note(reading.silence, reading.away, self._held())

        def idle() -> None:
            text = note()
            if text is not None:
                self._tell(self, text)

        reading = Reading(
            self._api,
            targets(),
            threads=threads,
            patience=self._patience,
            sleep=self._stop.sleep,
            clock=self._stop.now,
            idle=idle,
            others=self._others(),
        )
        part: list[Record] = []
        # So many of the part have an answer behind them, or are one: it was not the tenant that was away.
        sure = answers = 0
        came_to_end = False
        refused: PlanRow | None = None
        stored_at = time.monotonic()
        try:
            for read in reading:
                if isinstance(read.error, REFUSALS_OF_ALL):
                    break
                if reading.answers > answers:
                    answers, sure = reading.answers, len(part)
                part.append(record_of(asked[0]["number"], asked[0]["profile"], read, self._now()))
                if kind == FIRST:
                    self.done += 1
                    self.unread += part[-1]["error"] is not None
                if part[-1]["error"] is None:
                    self.answered, self._known = self.answered + 1, read.user_id
                sure = sure if is_of_the_tenant(read.error) else len(part)
                self._tell(self, note())
                if sure >= self._part_size or (sure and time.monotonic() - stored_at > LONGEST_PART):
                    full = part[: min(sure, self._part_size)]
                    rest, part, sure = part[len(full) :], [], sure - len(full)
                    self._ledger.keep(kind, full, self._costs())
                    part = rest
                    stored_at = time.monotonic()
                # Of the user with whom the walk ended, the ID is still needed.
                if reading.stopped is None:
                    row = asked.popleft()
                    refused = row if isinstance(read.error, REFUSALS) else refused
            came_to_end = reading.stopped is None and reason is None
            if isinstance(reading.stopped, StoreError):
                raise reading.stopped
            if reading.stopped is not None and reason is None:
                error = _nameless(reading.stopped, [*asked, refused] if refused else asked)
                if self._ends(kind, error):
                    if isinstance(error, REFUSALS) and not self.answered:
                        raise error
                    reason = str(error)
        except Stopped as stopped:
            reason = str(stopped)
        finally:
            # Whatever else ends the walk, it must not lose what was read.
            if not came_to_end and (kind == FIRST or reading.away is not None):
                if kind == FIRST:
                    self.done, self.unread = self.done - len(part[sure:]), self.unread - len(part[sure:])
                del part[sure:]
            if part:
                self._ledger.keep(kind, part, self._costs())
        return reason

    def _others(self) -> Iterator[str]:
        """Users who may be answered where nobody is."""
        if self._known is not None:
            yield self._known
        with suppress(StoreError):  # which the walk itself meets, and tells
            yield from self._ledger.anybody(MOST_OTHERS)

    def _ends(self, kind: str, error: Auth0Error) -> bool:
        """Whether the run ends with what ended a walk.

        Whoever is refused once more keeps the error, or the same few users would hold up every run. So do the last ones of the plan
        if they were refused and others were not.
        """
        if isinstance(error, REFUSALS_OF_ALL) or not isinstance(error, REFUSALS):
            return True
        is_last = self.done == self._ledger.checkpoint.to_read
        return kind == FIRST and not (is_last and (self.answered or self._begun_at))


def _nameless(error: Auth0Error, asked: Iterable[PlanRow]) -> Auth0Error:
    """The error without the ID of the user who met it: what goes to logs must not hold IDs.

    :param asked: that user is among them
    """
    message = error.message
    for user_id in sorted((row["profile"]["user_id"] for row in asked), key=len, reverse=True):
        message = message.replace("of " + user_id, "of one user")
    return error.replace(message=message)


class _Silence:
    """What has been told of a time without an answer."""

    def __init__(self) -> None:
        self._next = QUIET

    def note(self, seconds: float, away: Auth0Error | None, held: float) -> str | None:
        """What to tell now; None where there is nothing new to tell.

        :param seconds: for how long there has been no answer
        :param away: what a tenant that is away met last
        :param held: for how many seconds the rate limit holds the next request back
        """
        if seconds < self._next:
            # Whoever was answered begins anew.
            self._next = self._next if seconds >= QUIET else QUIET
            return None
        self._next = 2 * seconds
        if held >= 1:
            why = "The rate limit holds the next request back for %.0f s more." % held
        elif away is not None:
            why = "Auth0 is asked again now and then. %s" % away
        else:
            why = "Auth0 has not answered yet."
        return "Nobody could be read for %.0f s. %s" % (seconds, why)
