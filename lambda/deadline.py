# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a segment has to end: in time to store what is under way, or because a rate limit holds it for longer than is worth paying."""

from __future__ import annotations

import math
import time
from typing import Callable

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop

# A wait for the rate limit that is longer, in seconds, is no work for a function that is paid by the time.
LONGEST_HOLD = 5.0
# Before the first write is measured. A part and its checkpoint are two.
_FIRST_WRITE = 1.0


def margin(timeout: float, quiet: float | None, write: float) -> float:
    """Seconds kept for the end of a segment: who is asked already is answered, and a part and its checkpoint are stored.

    What a segment has seen so far counts twice.

    :param timeout: of one request
    :param quiet: the longest time between two users of this segment; None before there were any
    :param write: the longest time that a write took
    """
    # Behind each request under way there is another one, at most.
    answers = 2 * timeout if quiet is None else min(2 * timeout, 1.0 + 4 * quiet)
    return answers + 4 * max(write, _FIRST_WRITE)


class Deadline(Stop):
    """The end of a segment.

    :ivar wait: seconds that the rate limit asked for; 0 where it did not end the segment
    :ivar loses_nothing: whether what was done so far is stored, so that a wait may end the segment. A list of users would be lost.
    """

    def __init__(
        self,
        remaining: Callable[[], float],
        write: Callable[[], float],
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param remaining: seconds until the function is killed
        :param write: the longest time that a write took so far
        :param timeout: of one request
        """
        super().__init__(math.inf, clock)
        self._remaining, self._write, self._timeout = remaining, write, timeout
        self._quiet: float | None = None
        self._answered_at: float | None = None
        self.wait = 0.0
        self.loses_nothing = False

    @property
    def margin(self) -> float:
        """Seconds kept for the end of the segment, as far as is known by now."""
        return margin(self._timeout, self._quiet, self._write())

    def left(self) -> float:
        """As :class:`Stop`."""
        return self._remaining() - self.margin

    def answered(self) -> None:
        """One more user was answered."""
        now = self.now()
        if self._answered_at is not None:
            self._quiet = max(self._quiet or 0.0, now - self._answered_at)
        self._answered_at = now

    def hold(self, seconds: float, held: float) -> None:
        """Wait for the rate limit; a wait that is too long ends the segment, if nothing is lost by that.

        :param held: for how many seconds in all it lets nothing through
        :raises Stopped: the segment has to end
        """
        if held > LONGEST_HOLD and self.loses_nothing:
            self.wait = max(self.wait, held)
            self.tell("The rate limit holds the next request back for %.0f s." % held)
        self.sleep(seconds)
