# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket to which tokens are added evenly, as far as answers tell of it: how many there are, and when there is another one.

Times are those of :mod:`.pacing`, and so is what is called ``stock``.
"""

from __future__ import annotations

import math
from collections import deque

# How many seconds the rate is learned from, and for how long after a surprise nothing is taken for certain.
_MEMORY, _DOUBT = 10.0, 15.0


class Trickle:
    """A bucket to which tokens are added evenly.

    :ivar least, most: bounds of the tokens added each second, less what others take
    """

    def __init__(self) -> None:
        self.least, self.most = 0.0, math.inf
        self._at = -math.inf
        self._stock = (0.0, math.inf)
        self._marks: deque[tuple[float, float, float, int]] = deque()
        self._full = 0
        self._certain_from = -math.inf

    @property
    def rate(self) -> float:
        return self.least

    def stock(self, now: float) -> float:
        """What is there at least, our own requests included."""
        return self._stock[0] + self.least * max(now - self._at, 0.0)

    def spill(self, tokens: float) -> None:
        """The bucket was full: these were not added."""
        self._stock = (self._stock[0] - tokens, self._stock[1])

    def hear(self, sent: float, least: float, most: float, full: bool, top: float, wobble: float) -> None:
        """Learn from an answer.

        :param least: the stock at least, and ``most`` at most
        :param full: the bucket was full
        :param top: the most that the stock can be
        """
        if sent < self._at:
            return
        passed = sent - self._at if self._marks else 0.0
        slack = wobble * (self.least if self.most == math.inf else self.most)
        self._full += full
        if self._marks:
            foreseen = (
                min(self._stock[0] + self.least * passed, top),
                self._stock[1] + (self.most * passed if passed else 0.0),
            )
            now = (least if full else max(least - slack, foreseen[0]), min(most + slack, foreseen[1]))
            if now[0] > now[1] + 1e-9:
                now = (least, most)
                self._surprise(sent)
        else:
            now = (least, most)
        self._at, self._stock = sent, now
        self._learn(sent, least, most, full, wobble)

    def _surprise(self, at: float) -> None:
        if at >= self._certain_from:
            while len(self._marks) > 2 and self._marks[0][0] < at - 3:
                self._marks.popleft()
        self._certain_from = at + _DOUBT

    def _learn(self, at: float, least: float, most: float, full: bool, wobble: float) -> None:
        marks = self._marks
        while len(marks) > 3 and marks[0][0] < at - _MEMORY:
            marks.popleft()
        if marks:
            first = marks[0]
            span = at - first[0]
            slope = (least + most - first[1] - first[2]) / 2 / max(span, wobble)
            if at >= self._certain_from:
                if self.least == self.most:
                    self.least, self.most = 0.9 * self.least, 1.1 * self.most
                self.least = max(self.least, (least - first[2]) / (span + wobble))
                since = next((mark for mark in marks if mark[3] == self._full), None)
                if since is not None and not full and at - since[0] > wobble:
                    self.most = min(self.most, (most - since[1]) / (at - since[0] - wobble))
                if self.least > self.most:
                    self._surprise(at)
            if at < self._certain_from and (span >= 1 or self.least > self.most):
                rate = max(slope, 0.0)
                self.least = self.most = rate * 1.03 if full else rate
        if not marks or at - marks[-1][0] >= 0.4 or full:
            marks.append((at, least, most, self._full))

    def ready_at(self, number: int, limit: float, floor: float, wobble: float) -> float:
        """When another request may be sent, if ``number`` were."""
        margin = 0.0
        if self.least < self.most:
            margin = self.least * (wobble + 0.005)
            margin = min(max(margin, 0.5 * (self.most / self.least - 1) if self.least else 0.4), 0.4)
        needed = min(floor, limit - 1 - margin) + 1 + number - self._stock[0]
        if needed <= 0:
            return -math.inf
        return self._at + needed / self.least if self.least else math.inf
