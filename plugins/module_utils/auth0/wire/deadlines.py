# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done at the end of a time, by one thread for all. A timer of its own for each costs a fifth of a request."""

from __future__ import annotations

import math
import threading
import time
from typing import Callable


class Deadlines:
    """Calls that are due at some time, unless they are called off. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[Callable[[], None], float] = {}
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    def set(self, call: Callable[[], None], at: float) -> None:
        """Make this call at this time, and not at the one that was set for it before.

        :param call: must be quick, and must not raise
        :param at: as ``time.monotonic`` tells it
        """
        with self._changed:
            self._due[call] = at
            # A thread that was started before a fork is not there after it.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            if at < self._wakes:
                self._changed.notify_all()

    def off(self, call: Callable[[], None]) -> None:
        """Do not make this call, once this has returned."""
        with self._changed:
            self._due.pop(call, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for call in [call for call, at in self._due.items() if at <= now]:
                    del self._due[call]
                    call()
                self._wakes = min(self._due.values(), default=math.inf)
                self._changed.wait(self._wakes - now if self._due else None)
