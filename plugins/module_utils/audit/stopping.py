# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a run has to end early: at its deadline, or because somebody says so."""

from __future__ import annotations

import math
import threading
import time
from typing import Callable

from ..auth0.wire.errors import Auth0Error

_OVER = "The time limit was reached."


class Stopped(Exception):
    """The run has to end now. The text says why."""


class UnstartedError(Auth0Error):
    """The run had to end before there was anything to keep."""


class Stop:
    """What a run asks before it goes on, and waits with. Safe to use from several threads and from a signal handler."""

    def __init__(self, seconds: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """
        :param seconds: how long the run may take from now on
        """
        self._clock = clock
        self._ends = clock() + seconds
        self._told = threading.Event()
        self._reason = ""

    def tell(self, reason: str) -> None:
        """End the run; what is under way is finished, what is read is kept.

        :param reason: one sentence
        """
        self._reason = self._reason or reason
        self._told.set()

    def reason(self) -> str | None:
        """Why the run has to end; None while it may go on."""
        if self._told.is_set():
            return self._reason
        return _OVER if self.left() <= 0 else None

    def left(self) -> float:
        """Seconds until the run has to end."""
        return self._ends - self._clock()

    def now(self) -> float:
        """Seconds by the clock that it waits by; only differences mean something."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        """Wait so long.

        :raises Stopped: the run has to end, or would have to before the time is over
        """
        left = self.left()
        # No machine waits longer than for centuries; to ask for more is an error.
        self._told.wait(min(max(0.0, min(seconds, left)), threading.TIMEOUT_MAX))
        reason = self.reason()
        if reason is not None or seconds > left:
            raise Stopped(reason or _OVER)
