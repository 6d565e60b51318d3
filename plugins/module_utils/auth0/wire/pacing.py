# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the next request may be sent, so that the refill that nobody else wants is used and others never miss a request.

Every answer tells the level of the tenant's bucket right after its request. The level plus the number of our own requests
grows by what is added less what others take, whatever we do: that sum, called ``stock`` here, is what is learned and
foreseen. Times are those at which requests were sent: the way to the server is about the same for all of them, so that
neither its length nor the server's clock matters.

Two ways of refilling are known, and an answer does not say which one it is: tokens that trickle in, and tokens that come
all at once at the end of a window. Both are followed until the stock has shown which one it is.

Nothing here reads a clock, waits or sends.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from dataclasses import dataclass

# How many seconds the rate is learned from, and for how long after a surprise nothing is taken for certain.
_MEMORY, _DOUBT = 10.0, 15.0
_REMEMBERED = 4096
# The longest wait in seconds for a reset where only the local clock says how far away it is.
_LONGEST_UNSURE = 8.0
_MOST_ROUTES = 256
# After so many seconds a wait is asked for again while an answer is on its way.
_LOOK = 0.25
# How many requests are worth finding out how a bucket is refilled.
_TRIES = 16.0
_WINDOWS = (1.0, 60.0, 3600.0)
# The longest time in seconds between two requests where others take all that is added, so that it is noticed when they stop.
_PATIENCE = (4.0, 8.0)


class _Trickle:
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


class _Window:
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
            self.length = next((each for each in _WINDOWS if left <= each + 0.5), _WINDOWS[-1])
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


class Pacer:
    """Paces the requests against one bucket.

    :ivar limit: the size of the bucket in requests; None while no answer told it
    """

    def __init__(self, share: float) -> None:
        """
        :param share: the part of the bucket that may be used at once, above 0, at most 1
        """
        self.limit: float | None = None
        self._share = share
        self._number = 0
        self._pending: set[int] = set()
        self._times: list[float] = []
        self._last_sent = -math.inf
        self._answered = False
        self._trickle, self._window = _Trickle(), _Window()
        self._trip, self._wobble = 0.0, 0.0
        self._reset = -math.inf
        # Above 0: tokens trickle in. Below: they come at the end of windows. At 0 nobody knows.
        self._evidence = 0.0
        self._period: tuple[float, float, float, float] | None = None
        self._patience = _PATIENCE[0]
        self._closed_until = -math.inf
        self._refused = False
        self._tries = _TRIES

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self._number

    @property
    def rate(self) -> float | None:
        """Tokens that are added each second and that others do not take; None while unknown."""
        rate = self._window.rate if self._evidence < 0 else self._trickle.rate
        return rate or None

    def sent(self, now: float) -> int:
        """Count a request that is sent now. Returns its number."""
        if self.limit is not None:
            spilled = self._trickle.stock(now) - self._number - self.limit
            if spilled > 0:
                self._trickle.spill(spilled)
            self._window.take(now, self.limit, self._share)
        if not self._evidence:
            self._tries = min(self._tries + 0.1 * min(now - self._last_sent, 60), _TRIES) - 1
        self._number += 1
        # Threads may hear of each other's requests late.
        self._times.append(max(now, self._times[-1]) if self._times else now)
        if len(self._times) > 2 * _REMEMBERED:
            del self._times[:_REMEMBERED]
        self._pending.add(self._number)
        self._last_sent = now
        return self._number

    def silent(self, number: int, served: bool) -> None:
        """The request has no answer, or one that tells nothing of this bucket.

        :param served: it has an answer and was not refused
        """
        self._pending.discard(number)
        self._answered = True
        self._refused = self._refused and not served

    def close(self, until: float) -> None:
        """Send nothing before this time, and then one at a time until one is served."""
        self._closed_until, self._refused = max(self._closed_until, until), True

    def heard(
        self,
        number: int,
        sent: float,
        received: float,
        limit: float,
        remaining: float,
        reset: float | None,
        ahead: tuple[float, float],
        served: bool = True,
    ) -> None:
        """Learn from an answer.

        :param number: of the request
        :param sent: when it was sent, in Unix seconds of the local clock, as all times but ``reset``
        :param received: when its answer was there
        :param limit: the size of the bucket
        :param remaining: the whole requests left in it, right after this one
        :param reset: when requests are next added, in Unix seconds of the server's clock
        :param ahead: bounds of the seconds that the server's clock is ahead, infinite where unknown
        :param served: the request was not refused
        """
        self._pending.discard(number)
        self._answered = True
        self.limit = limit
        if served:
            self._refused = False
        trip = max(received - sent, 0.0)
        if not self._trip:
            self._trip, self._wobble = trip, 0.1 * trip
        self._wobble += 0.1 * (abs(trip - self._trip) - self._wobble)
        self._trip += 0.1 * (trip - self._trip)
        wobble = self._wobble + 0.001
        # Requests that were sent at about the same time arrive in any order.
        apart = 3 * wobble
        least, most = remaining + self._sent_before(sent - apart) + 1, remaining + self._sent_before(sent + apart)
        if apart > 0 and most < least:
            most = least
        if ahead[0] == -math.inf and reset is not None:
            # The local clock is believed where the reset is as near as most are.
            self._reset = received + min(max(reset - received, 0.25), _LONGEST_UNSURE)
            near = 0 <= reset - received <= _LONGEST_UNSURE
            ahead, reset = (0.0, 0.0), reset if near else None
        if reset is not None and reset - ahead[0] - received > _WINDOWS[-1]:
            reset = None
        offset = (ahead[0], ahead[1] + trip)
        if reset is not None:
            self._reset = reset - offset[0]
            self._judge(sent, least, most, reset)
            full = limit + self._sent_before(self._window.end_before(reset))
            self._window.hear(sent, least, most, reset, offset, full, limit, wobble)
            if self._window.contradiction > 0.02 + 3 * wobble:
                self._evidence = min(self._evidence + 1, 3)
            elif self._evidence == 0 and reset - sent - offset[1] > 2:
                self._evidence = -1.0
        full = served and remaining >= limit - 1
        self._trickle.hear(sent, least, most + (0 if full else 1), full, most - remaining + limit - 1, wobble)
        if remaining >= (1 - self._share) * limit:
            self._patience = _PATIENCE[0]

    def _sent_before(self, time: float) -> int:
        """How many requests were sent before it."""
        return self._number - len(self._times) + bisect.bisect_left(self._times, time)

    def _judge(self, sent: float, least: float, most: float, reset: float) -> None:
        """Find out how the bucket is refilled: whether the stock grows while the reset stays the same."""
        if self._period is None or self._period[0] != reset:
            if self._period is None or reset > self._period[0]:
                self._period = (reset, sent, least, most)
            return
        span = sent - self._period[1]
        if span <= 0:
            return
        expected = self._trickle.rate * span
        if least - self._period[3] >= max(1, 0.5 * expected):
            self._evidence = min(self._evidence + 1, 3)
        elif expected >= 0.9 and most - self._period[2] < 0.3 * expected:
            self._evidence = max(self._evidence - 1, -3)
        else:
            return
        self._period = (reset, sent, least, most)

    @property
    def expects_an_answer(self) -> bool:
        """Whether the answer to a request on its way has to be heard first, because it tells more than many requests."""
        return bool(self._pending) and (self._refused or not self._answered)

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 where it may at once. To be asked again after the wait."""
        if now < self._closed_until:
            return self._closed_until - now
        if self.limit is None:
            return 0.0
        wobble = self._wobble + 0.001
        ready = -math.inf
        if self._evidence >= 0:
            floor = (1 - self._share) * self.limit
            ready = self._trickle.ready_at(self._number, self.limit, floor, wobble)
        if self._evidence <= 0:
            by_window = self._window.ready_at(now, self._number, self.limit, self._share)
            # As long as nobody knows, one that is there in any case is worth the answer, now and then.
            curious = 0.8 * (1 - self._share) * self.limit + 1
            tries = not self._evidence and not self._pending and self._tries > 0
            if not tries or not self._window.has(1, self._number):
                ready = max(ready, by_window)
            if tries and self._window.length == 1 and self._window.has(curious, self._number):
                ready = min(ready, self._last_sent + 0.2)
        if ready > now and not self._pending:
            known = self._window.gain if self._evidence < 0 else self._trickle.rate
            ready = min(ready, max(self._reset, self._last_sent + (self._patience if known else 0.0)))
        if self._pending:
            # Where nothing is known of the refill yet, that is without end. The answer that is on its way may tell.
            ready = min(ready, now + _LOOK)
        return max(ready - now, 0.0)


@dataclass(frozen=True)
class Sent:
    """A request on its way, as its pacer knows it."""

    pacer: Pacer
    number: int
    at: float


class Pacing:
    """Paces all requests of a client: finds the bucket that each one counts against, and keeps to the highest rate allowed.

    Endpoints may have buckets of their own. Those whose answers name the same limit share one.
    """

    def __init__(self, share: float, max_rate: float | None) -> None:
        """
        :param share: the part of each bucket that may be used at once, above 0, at most 1
        :param max_rate: the most requests each second
        """
        self._share, self._max_rate = share, max_rate
        self._next = -math.inf
        self._pacers: dict[str, list[Pacer]] = {}
        self._routes: dict[tuple[str, str], Pacer] = {}

    def _pacer(self, bucket: str, route: str) -> Pacer:
        pacers = self._pacers.setdefault(bucket, [])
        if not pacers:
            pacers.append(Pacer(self._share))
        # What is unknown counts against what answered last.
        return self._routes.get((bucket, route), pacers[-1])

    def rate(self, bucket: str) -> float | None:
        """Requests each second that are left for us, of the endpoints used most; None while unknown."""
        busiest = max(self._pacers.get(bucket, []), key=lambda each: each.requests, default=None)
        rate = busiest.rate if busiest else None
        return rate if rate is None or self._max_rate is None else min(rate, self._max_rate)

    def expects_an_answer(self, bucket: str, route: str) -> bool:
        """See :attr:`Pacer.expects_an_answer`."""
        return self._pacer(bucket, route).expects_an_answer

    def wait(self, bucket: str, route: str, now: float) -> float:
        """Seconds until a request may be sent; 0 where it may at once. To be asked again after the wait."""
        return max(self._pacer(bucket, route).wait(now), self._next - now, 0.0)

    def sent(self, bucket: str, route: str, now: float) -> Sent:
        """Count a request that is sent now."""
        if self._max_rate is not None:
            # Whoever comes a little late does not lower the rate.
            self._next = max(self._next, now - 0.02) + 1 / self._max_rate
        pacer = self._pacer(bucket, route)
        return Sent(pacer, pacer.sent(now), now)

    def heard(
        self,
        bucket: str,
        route: str,
        sent: Sent,
        received: float,
        limit: float | None,
        remaining: float | None,
        reset: float | None,
        ahead: tuple[float, float],
        closed_for: float | None,
    ) -> None:
        """Learn from an answer; see :meth:`Pacer.heard`.

        :param limit: None where the answer says nothing of a bucket
        :param closed_for: seconds to wait if it was refused, else None
        """
        pacer, number = sent.pacer, sent.number
        if limit is None or remaining is None or not (1 <= limit <= 1e7 and 0 <= remaining <= limit):
            pacer.silent(number, closed_for is None)
        else:
            if pacer.limit not in (None, limit):
                pacer.silent(number, False)
                pacer = next((each for each in self._pacers[bucket] if each.limit == limit), Pacer(self._share))
                number = pacer.sent(sent.at)
            pacer.heard(number, sent.at, received, limit, remaining, reset, ahead, closed_for is None)
            self._assign(bucket, route, pacer)
        if closed_for is not None:
            pacer.close(received + closed_for)

    def _assign(self, bucket: str, route: str, pacer: Pacer) -> None:
        pacers = self._pacers[bucket]
        if pacers[-1] is not pacer:
            if pacer in pacers:
                pacers.remove(pacer)
            pacers.append(pacer)
            del pacers[:-8]
        if len(self._routes) < _MOST_ROUTES or (bucket, route) in self._routes:
            self._routes[bucket, route] = pacer
