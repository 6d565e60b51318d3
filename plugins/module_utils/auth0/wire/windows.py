# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket to which tokens are added all at once at the end of a window, as far as answers tell of it: when windows end,
what each one adds, how much others take of it, and when another request of ours takes nothing from them.

Times are those of :mod:`.pacing`, and so is what is called ``stock``.
"""

from __future__ import annotations

import math
from collections import deque

# In seconds: of a second, a minute or an hour.
_LENGTHS = (1.0, 60.0, 3600.0)
LONGEST = _LENGTHS[-1]


class Windows:
    """A bucket to which tokens are added all at once at the end of a window.

    :ivar length: of a window in seconds; 0 while unknown
    :ivar gain: tokens that a window adds at least, as far as was seen
    :ivar contradiction: by how many seconds the last answer's reset was no end of such a window
    """

    def __init__(self) -> None:
        self.length = 0.0
        self.gain = 0.0
        self.contradiction = 0.0
        self._end = -math.inf
        self._offset = (-math.inf, math.inf)
        self._at = -math.inf
        self._stock = (0.0, 0.0)
        self._first = (0.0, 0.0)
        self._gains: deque[float] = deque(maxlen=6)
        self._taken: deque[float] = deque(maxlen=6)
        self._fills = False
        # Whoever sends just after the end of a window would arrive before it now and then.
        self._guard = 0.0
        self._credit: float | None = None
        self._credited = 0.0

    @property
    def rate(self) -> float:
        return self.gain / self.length if self.length else 0.0

    def hear(
        self,
        sent: float,
        least: float,
        most: float,
        reset: float,
        offset: tuple[float, float],
        full: float,
        limit: float,
        wobble: float,
    ) -> None:
        """Learn from an answer.

        :param least: the stock at least, and ``most`` at most
        :param reset: the end of the window by the server's clock
        :param offset: bounds of what has to be added to the time of sending to get the server's time of arrival
        :param full: the stock that a full bucket had at the start of this window
        :param limit: the size of the bucket
        :param wobble: by how many seconds the way there differs
        """
        self._guard = 2 * wobble
        if not self.length:
            left = reset - sent - offset[0]
            self.length = next((each for each in _LENGTHS if left <= each + 0.5), _LENGTHS[-1])
            self._offset = offset
            self._end, self._first, self._stock = reset, (sent, most), (least, most)
        elif reset > self._end:
            self.length = min(self.length, reset - self._end)
            windows = max(round((reset - self._end) / self.length), 1)
            self._count_others()
            # What was seen long ago is forgotten.
            for _window in range(min(windows - 1, len(self._taken))):
                self._taken.popleft()
            self._gains.append(max(least - self._stock[1], 0.0) / windows)
            self.gain = max(self._gains)
            began = reset - self.length - self._offset[0]
            if most >= full:
                self._fills = True
            elif most < full - max(1.0, 0.2 * limit) and sent - began < 0.2 * self.length:
                self._fills = False
            self._end, self._first, self._stock = reset, (began, full), (least, most)
        elif reset == self._end and sent >= self._at:
            stock = max(least, self._stock[0]), min(most, self._stock[1])
            self._stock = stock if stock[0] <= stock[1] else (least, most)
        else:
            return
        self._at = sent
        self._locate(sent, reset, offset)

    def _count_others(self) -> None:
        """Learn how much others take in a whole window."""
        span = self._at - self._first[0]
        if span > 0.5 * self.length:
            self._taken.append(max(self._first[1] - self._stock[1], 0.0) * self.length / span)

    def _locate(self, sent: float, reset: float, offset: tuple[float, float]) -> None:
        """Learn where windows end, in the time at which requests are sent."""
        self.contradiction = 0.0
        least, most = max(self._offset[0], offset[0]), min(self._offset[1], offset[1])
        earliest, latest = reset - self.length - sent, reset - sent
        least, most = max(least, earliest), min(most, latest)
        if least > most:
            # The way there takes a little more or less each time.
            self.contradiction = least - most
            middle = (least + most) / 2
            least, most = middle - 0.01, middle + 0.01
        self._offset = (least, most)

    def end_before(self, reset: float) -> float:
        """When the window before the one with this reset ended, in the time at which requests are sent."""
        return reset - self.length - self._offset[1]

    def _left(self, now: float, number: int, limit: float) -> tuple[float, float, float]:
        """The stock at least, the seconds until the window ends, and those from when the stock was known to then."""
        last, first = self._end - self._offset[0] + self._guard, self._end - self._offset[1]
        # What is planned for the end of the window has to be there before it may end, if that is about known.
        end = first if last - first < 0.3 * self.length else last
        if now < last:
            return self._stock[0], max(end - now, 0.0), max(last - self._at, 0.0)
        passed = math.floor((now - last) / self.length) + 1
        left = max(end + passed * self.length - now, 0.0)
        return min(self._stock[0] + self.gain * passed, limit + number), left, self.length

    def ready_at(self, now: float, number: int, limit: float, share: float) -> float:
        """When another request may be sent, if ``number`` were; at the end of the window it has to be asked again."""
        if not self.length:
            return -math.inf
        reserve = (1 - share) * limit
        stock, left, blind = self._left(now, number, limit)
        # Where the end of a window fills the bucket, what is left by then is lost to everybody.
        most = self.gain * (2 if self._fills else 1)
        spare = 0.01 * most if most > 20 else 0.0
        end = min(reserve, max(0.0, limit - most) + spare) if self._fills else reserve
        taken = self._taken_by_others() if self._fills else 0.0
        # What is left for us when the window ends, if others take as much as they are seen to take.
        ours = stock - number - end - taken * blind / self.length
        if ours < 1:
            again = self._again(now)
            # Late in the window one answer tells how much others have taken of it.
            look = max(now + left - 0.3 * self.length, self._at + self.length * max(1.0, 20 / limit))
            return min(look, again) if blind == self.length and stock - number - end >= 2 else again
        # Evenly, and in the middle of each one's part of the window.
        sure = max(self.length - (self._offset[1] - self._offset[0]), 0.5 * self.length)
        width = sure / max(min(most, limit - end) - taken, 1.0)
        ready = now
        if end < reserve:
            # What the window's end would spill is lost to everybody.
            ready = max(ready, now + left - width - (ours - 1) / (reserve - end) * self.length)
        if not self._has_credit(now, limit, share):
            ready = max(ready, now + left - (ours - 0.5) * width)
        return min(ready, self._again(now)) if ready > now else now

    def has(self, tokens: float, number: int) -> bool:
        """Whether so many are there, even if nothing was added since the last answer."""
        return self._stock[0] - number >= tokens

    def _taken_by_others(self) -> float:
        span, lost = self._at - self._first[0], self._first[1] - self._stock[1]
        current = lost * self.length / span if span > 0.5 * self.length else lost
        return max(current, 0.0, *self._taken)

    def _again(self, now: float) -> float:
        last = self._end - self._offset[0] + self._guard
        if now < last:
            return last
        return last + (math.floor((now - last) / self.length) + 1) * self.length

    def _has_credit(self, now: float, limit: float, share: float) -> bool:
        if self._credit is None:
            self._credit, self._credited = share * limit, now
        self._credit = min(self._credit + self.rate * (now - self._credited), share * limit)
        self._credited = now
        return self._credit >= 1

    def take(self, now: float, limit: float, share: float) -> None:
        if self.length:
            self._has_credit(now, limit, share)
            self._credit = max((self._credit or 0.0) - 1, 0.0)
