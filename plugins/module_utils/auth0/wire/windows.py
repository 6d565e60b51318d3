# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket to which tokens are added all at once at the end of a window, as far as answers tell of it: when windows end,
what each one adds, how much others take of it, and when another request of ours takes nothing from them.

Within a window the level only falls, so the lowest that was heard of, less one for each request without an answer, is there
whatever order requests arrive in. Times are those of :mod:`.pacing`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

# In seconds: of a second, a minute or an hour.
_LENGTHS = (1.0, 60.0, 3600.0)
LONGEST = _LENGTHS[-1]
# So many windows are remembered.
_SEEN = 7
# Of the bucket: left when a window ends, for whoever comes once. Of what others take: left to them in case they take more.
_SPARE, _MARGIN = 0.01, 0.1
# Smaller buckets have nothing to spare.
_SMALL = 20
# Of the window: how long before its end a request is late.
_LATE = 0.1
# Of what others leave: how fast one who was idle may send at once again.
_REGAINED = 0.5


@dataclass
class _Window:
    """What was heard of one window.

    :ivar end: by the server's clock
    :ivar start: the level when it ``began``, or when it was first heard of
    :ivar level: the lowest that was heard of
    :ivar heard: when the request was sent that was the last to be heard of
    :ivar own: our requests that took from it
    """

    end: float
    start: float
    began: float
    level: float
    heard: float
    own: int = 0

    def taken(self, length: float) -> float:
        """How much others take in a whole window, if they went on as far as is seen."""
        lost, span = max(self.start - self.level - self.own, 0.0), self.heard - self.began
        if lost >= 1 and self.level < 1:
            lost += 1  # whom the tenant refused then is not seen
        return lost * length / span if span > 0.2 * length else lost


class Windows:
    """All windows of a bucket.

    :ivar length: of a window in seconds; 0 while unknown
    :ivar gain: tokens that a window adds at least, as far as was seen
    :ivar contradiction: by how many seconds the last answer's reset was no end of such a window
    """

    def __init__(self) -> None:
        self.length = 0.0
        self.gain = 0.0
        self.contradiction = 0.0
        self._seen: deque[_Window] = deque(maxlen=_SEEN)
        self._gains: deque[float] = deque(maxlen=_SEEN)
        self._fills = False
        # Bounds of what has to be added to the time of sending to get the server's time of the earliest arrival.
        self._earliest = (-math.inf, math.inf)
        self._at = -math.inf
        self._jitter = 0.0
        self._credit: float | None = None
        self._credited = 0.0

    @property
    def rate(self) -> float:
        """What others leave, each second."""
        return max(self.gain - self._taken(), 0.0) / self.length if self.length else 0.0

    def hear(
        self,
        sent: float,
        remaining: float,
        served: bool,
        reset: float,
        earliest: tuple[float, float],
        latest: float,
        limit: float,
        jitter: float,
    ) -> None:
        """Learn from an answer.

        :param remaining: the level right after the request
        :param served: it took one
        :param reset: the end of the window by the server's clock
        :param earliest: bounds of what has to be added to the time of sending to get the server's time of the earliest arrival
        :param latest: the most that has to be added to get the time at which this one arrived
        :param limit: the size of the bucket
        :param jitter: by how many seconds the way there differs
        """
        self._jitter = jitter
        if self._seen and reset < self._seen[-1].end - 2 * self.length:
            self._seen.clear()  # the server's clock was set back
        if not self.length:
            left = reset - sent - earliest[0]
            self.length = next((each for each in _LENGTHS if left <= each + 0.5), _LENGTHS[-1])
        if not self._seen:
            self._seen.append(_Window(reset, remaining + served, sent, remaining, sent))
        elif reset > self._seen[-1].end:
            self._open(sent, remaining + served, reset, limit)
        self._locate(sent, reset, earliest, latest)
        window = next((each for each in self._seen if each.end == reset), None)
        if window is not None:
            window.level, window.heard = min(window.level, remaining), max(window.heard, sent)
            window.own += served

    def _open(self, sent: float, start: float, reset: float, limit: float) -> None:
        last = self._seen[-1]
        self.length = min(self.length, reset - last.end)
        passed = max(round((reset - last.end) / self.length), 1)
        began = min(reset - self.length - self._earliest[1], sent)
        others = self._taken() * min((sent - began) / self.length, 1.0)
        if start + others >= limit - 1:
            self._fills = True
        elif start + others < 0.8 * limit and sent - began < 0.2 * self.length:
            self._fills = False
        if self._fills and start + others >= 0.6 * limit:
            start = limit
        else:
            began = sent
        # What was seen long ago is forgotten.
        for _each in range(min(passed - 1, len(self._seen) - 1)):
            self._seen.popleft()
        self._gains.append(max(start - last.level, 0.0) / passed)
        self.gain = max(self._gains)
        self._seen.append(_Window(reset, start, began, start, sent))

    def _locate(self, sent: float, reset: float, earliest: tuple[float, float], latest: float) -> None:
        """Learn when windows end, in the time at which requests are sent."""
        self.contradiction = max(earliest[0] - (reset - sent), reset - self.length - sent - latest, 0.0)
        # Clocks drift apart by so much.
        most = self._earliest[1] + 1e-4 * max(sent - self._at, 0.0) if self._at > -math.inf else math.inf
        most = min(most, earliest[1], reset - sent)
        if most < earliest[0] - 1:
            most = earliest[1]
        self._at = max(sent, self._at)
        self._earliest = (min(earliest[0], most), most)

    def _ends(self, now: float) -> tuple[float, int]:
        """When the window ends for sure, and how many windows have passed since the last one that was heard of."""
        width = self.length / max(self.gain, 1.0)
        end = self._seen[-1].end - self._earliest[0] + self._jitter + min(0.25 * width, 0.02)
        if now < end:
            return end, 0
        passed = math.floor((now - end) / self.length) + 1
        return end + passed * self.length, passed

    def _taken(self) -> float:
        return max((each.taken(self.length) for each in list(self._seen)[:-1]), default=0.0)

    def ready_at(self, now: float, pending: int, limit: float, share: float, patience: float) -> float:
        """When another request may be sent; at the end of the window it has to be asked again.

        :param pending: how many are without an answer
        :param patience: the shortest time in seconds between two requests where others take all of a small bucket
        """
        if not self.length:
            return -math.inf
        last = self._seen[-1]
        end, passed = self._ends(now)
        there = min(limit, last.level + self.gain * passed) - pending
        # Where the end of a window fills the bucket, what is left by then is lost to everybody.
        most = self.gain * (2 if self._fills else 1)
        taken = self._taken()
        spare = _SPARE * limit + _MARGIN * taken if limit > _SMALL else 0.0
        reserve = (1 - share) * limit
        floor = min(reserve, max(0.0, limit - most) + spare)
        ours = there - floor
        if self._fills:
            ours -= taken * (self.length if passed else end - last.heard) / self.length
        if ours < 1:
            # Late in the window the answer tells most, and takes from the fewest.
            late = end - (self._earliest[1] - self._earliest[0]) / 2 - _LATE * self.length
            look = max(late, last.heard + (self.length if limit > _SMALL else max(patience, self.length)))
            return min(look, end) if there >= 1 and not pending and last.heard < end - self.length else end
        if self._has_credit(now, limit, share):
            return now
        # Evenly, in the middle of each one's part of the window, and all before it may end.
        unsure = self._earliest[1] - self._earliest[0] + 3 * self._jitter
        if unsure > 0.3 * self.length:
            unsure = 0.0
        whole = max(min(most, limit - floor), 1.0)
        edge = 0.3 * self.length / whole
        width = (self.length - unsure - 2 * edge) / max(whole - 1, 1.0)
        return min(max(now, end - unsure - edge - (ours - 1) * width), end)

    def has_one(self) -> bool:
        """Whether there was one left, where no request is without an answer."""
        return bool(self._seen) and self._seen[-1].level >= 1

    def _has_credit(self, now: float, limit: float, share: float) -> bool:
        if self._credit is None:
            self._credit, self._credited = share * limit, now
        self._credit = min(self._credit + _REGAINED * self.rate * (now - self._credited), share * limit)
        self._credited = now
        return self._credit >= 1

    def take(self, now: float, limit: float, share: float) -> None:
        """Count a request that is sent now."""
        if self.length:
            self._has_credit(now, limit, share)
            self._credit = max((self._credit or 0.0) - 1, 0.0)
