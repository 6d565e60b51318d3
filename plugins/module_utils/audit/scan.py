# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk: everybody in the plan is read once, and whoever could not be read once more at the end.

What was read is stored in parts while the walk goes on, so that whatever ends it loses no more than one chunk.
"""

from __future__ import annotations

import re
import time
from collections import deque
from datetime import datetime
from typing import Callable, Iterator

from ..auth0.users.reading import Reading, Target, UserLookup
from ..auth0.wire.errors import AuthenticationError, ForbiddenError
from .ledger import AGAIN, FIRST, Ledger
from .readings import record_of
from .records import Costs, ProfileRecord, Record
from .stopping import Stop, Stopped

# What a killed run has to read again at most: the users of one part, and those that the threads are ahead of it.
CHUNK = 500
# A slow tenant fills a part in minutes. It is stored after so many seconds at the latest.
LONGEST_PART = 20.0
# At the second try some users may fail for reasons of their own, one after the other, as if the tenant were away.
LAST_PATIENCE = 60.0

# What goes to logs must not hold IDs.
_USER = re.compile(r"\bof \S+\|[^\s:]+")


class Scan:
    """The walk of one run. Whoever uses it counts what became of each user.

    :ivar done: how many users were read or tried
    :ivar unread: how many of them this process could not read at the first try
    """

    def __init__(
        self,
        ledger: Ledger,
        api: UserLookup,
        stop: Stop,
        now: Callable[[], datetime],
        costs: Callable[[], Costs],
        tell: Callable[[Scan], None],
        *,
        threads: int,
        patience: float,
    ) -> None:
        """
        :param now: the aware time by the server's clock
        :param costs: of the whole run so far
        :param tell: is called after each user
        :param threads: how many requests may be under way at once
        :param patience: for so many seconds a tenant that does not answer is waited for
        """
        self._ledger, self._api, self._stop, self._now, self._costs = ledger, api, stop, now, costs
        self._tell, self._threads, self._patience = tell, threads, patience
        self._part_size = max(CHUNK - 2 * threads, 1)
        self.done, self.unread = ledger.checkpoint.first, 0

    def run(self) -> str | None:
        """Read whoever is left. Returns why that ended early, in one line without IDs; None if it came to the end.

        :raises Auth0Error: Auth0 refused everything from the start, so that there is nothing to keep
        :raises StoreError: what was read cannot be stored
        """
        if self._ledger.checkpoint.finished is not None:
            return None
        for kind, users in ((FIRST, self._ledger.users), (AGAIN, self._ledger.unread)):
            self._ledger.adopt(kind)
            reason = self._walk(kind, users(), self._patience if kind == FIRST else min(self._patience, LAST_PATIENCE))
            if reason is not None:
                return reason
        return None

    def _walk(self, kind: str, users: Iterator[tuple[int, ProfileRecord]], patience: float) -> str | None:
        asked: deque[tuple[int, ProfileRecord]] = deque()
        reason: str | None = None

        def targets() -> Iterator[Target]:
            nonlocal reason
            for number, profile in users:
                reason = self._stop.reason()
                if reason is not None:
                    return
                asked.append((number, profile))
                yield Target(profile["user_id"], profile["email"])

        reading = Reading(
            self._api,
            targets(),
            threads=self._threads,
            patience=patience,
            sleep=self._stop.sleep,
            clock=self._stop.now,
        )
        part: list[Record] = []
        stored_at = time.monotonic()
        try:
            for read in reading:
                number, profile = asked.popleft()
                if isinstance(read.error, (AuthenticationError, ForbiddenError)):
                    raise read.error.replace(message=read.error.message.replace(profile["user_id"], "one user"))
                part.append(record_of(number, profile, read, self._now()))
                if kind == FIRST:
                    self.done += 1
                    self.unread += part[-1]["error"] is not None
                self._tell(self)
                if len(part) >= self._part_size or time.monotonic() - stored_at > LONGEST_PART:
                    full, part = part, []
                    self._ledger.keep(kind, full, self._costs())
                    stored_at = time.monotonic()
            # Whoever could not be read once more keeps the error, or the same few users would hold up every run.
            if reading.stopped is not None and kind == FIRST:
                reason = _USER.sub("of one user", str(reading.stopped))
        except Stopped as stopped:
            reason = str(stopped)
        except (AuthenticationError, ForbiddenError) as error:
            if not part and not self._ledger.checkpoint.first:
                raise
            reason = str(error)
        if part:
            self._ledger.keep(kind, part, self._costs())
        return reason
