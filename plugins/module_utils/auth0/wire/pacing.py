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
from dataclasses import dataclass

from .trickle import Trickle
from .windows import LONGEST, Windows

_REMEMBERED = 4096
# The longest wait in seconds for a reset where only the local clock says how far away it is.
_LONGEST_UNSURE = 8.0
_MOST_ROUTES = 256
# After so many seconds a wait is asked for again while an answer is on its way.
_LOOK = 0.25
# How many requests are worth finding out how a bucket is refilled.
_TRIES = 16.0
# The longest time in seconds between two requests where others take all that is added, so that it is noticed when they stop:
# at first, and where nothing was left again and again.
_PATIENCE, _MOST_PATIENCE = 4.0, 32.0


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
        self._trickle, self._window = Trickle(), Windows()
        self._trip, self._wobble, self._least_trip = 0.0, 0.0, math.inf
        self._reset = -math.inf
        # Above 0: tokens trickle in. Below: they come at the end of windows. At 0 nobody knows.
        self._evidence = 0.0
        self._period: tuple[float, float, float, float] | None = None
        self._patience = _PATIENCE
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
        self._patience = _PATIENCE
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
        if remaining >= 1:
            self._patience = _PATIENCE
        elif len(self._times) > 1 and self._times[-1] - self._times[-2] >= _PATIENCE:
            self._patience = min(2 * self._patience, _MOST_PATIENCE)
        trip = max(received - sent, 0.0)
        self._least_trip = min(self._least_trip, trip)
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
        if reset is not None and reset - ahead[0] - received > LONGEST:
            reset = None
        offset = (ahead[0], ahead[1] + trip)
        if reset is not None:
            self._reset = reset - offset[0]
            self._judge(sent, least, most, reset)
            earliest = (min(ahead[0] + self._least_trip, ahead[1]), ahead[1])
            self._window.hear(sent, remaining, served, reset, earliest, offset[1], limit, wobble)
            if self._window.contradiction > 0.02 + 3 * wobble:
                self._evidence = min(self._evidence + 1, 3)
            elif self._evidence == 0 and reset - sent - offset[1] > 2:
                self._evidence = -1.0
        full = served and remaining >= limit - 1
        self._trickle.hear(sent, least, most + (0 if full else 1), full, most - remaining + limit - 1, wobble)

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
        # Whole numbers are heard: less than one token more may not show.
        expected = self._trickle.rate * span
        if least - self._period[3] >= max(1, 0.5 * expected):
            self._evidence = min(self._evidence + 1, 3)
        elif expected >= 1.05 and most - self._period[2] < 0.3 * expected:
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
            by_window = self._window.ready_at(now, len(self._pending), self.limit, self._share, self._patience)
            # As long as nobody knows, one that is there in any case is worth the answer, now and then.
            tries = not self._evidence and not self._pending and self._tries > 0
            if not tries or not self._window.has_one():
                ready = max(ready, by_window)
            # Two requests as far apart as a window allows tell the most of a small bucket.
            if tries and self._window.length == 1:
                ready = min(ready, max(by_window, self._last_sent + 0.2))
        if ready > now and not self._pending and (self._evidence >= 0 or not self._window.gain):
            known = self._evidence >= 0 and self._trickle.rate
            ready = min(ready, max(self._reset, self._last_sent + (self._patience if known else 0.0)))
        if self._pending:
            # Where nothing is known of the refill yet, that is without end. The answer that is on its way may tell.
            ready = min(ready, now + _LOOK)
        return max(ready - now, 0.0)


@dataclass(frozen=True)
class Sent:
    """A request on its way, as its pacer knows it.

    :ivar name: the number of the request among all of them
    """

    pacer: Pacer
    number: int
    at: float
    name: int


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
        self._count = 0
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

    def sent(self, bucket: str, route: str, now: float, *, ours: bool = True) -> Sent:
        """Count a request that is sent now.

        :param ours: this client's, and not of another one that keeps to the same budget
        """
        if self._max_rate is not None and ours:
            # Whoever comes a little late does not lower the rate.
            self._next = max(self._next, now - 0.02) + 1 / self._max_rate
        pacer = self._pacer(bucket, route)
        self._count += 1
        return Sent(pacer, pacer.sent(now), now, self._count)

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
