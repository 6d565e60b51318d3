# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulation of paced threads against a token bucket, in virtual time: no sleep, no sockets, the same for the same seed."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.pacing import Pacing, Sent
from tests.emulator.state.rate_limits import Bucket, Limit, limit_headers

START = 1_700_000_000.3
# As the budget: whoever waits looks up this often whether news changed how long.
SLICE = 0.02


@dataclass
class Outcome:
    """What happened. ``sent`` holds the times at which our requests took a token, ``others`` whether theirs were served."""

    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others: list[bool] = field(default_factory=list)
    levels: list[tuple[float, float]] = field(default_factory=list)
    longest_pause: float = 0.0

    def share_of(self, capacity: float, since: float, until: float) -> float:
        """The part of ``capacity`` requests per second that we used in this time."""
        return sum(since <= at - START < until for at in self.taken) / capacity / (until - since)


def steady(rate: float) -> Callable[[random.Random], Iterable[float]]:
    """Gaps of a client that sends evenly."""
    return lambda _chance: itertools.repeat(1 / rate)


def poisson(rate: float) -> Callable[[random.Random], Iterable[float]]:
    """Gaps of a client that sends at random."""
    return lambda chance: (chance.expovariate(rate) for _each in itertools.count())


def bursts(rate: float, size: int) -> Callable[[random.Random], Iterable[float]]:
    """Gaps of a client that sends several at once."""
    return lambda _chance: itertools.cycle([size / rate, *[0.0] * (size - 1)])


def simulate(
    limit: Limit,
    *,
    by_windows: bool,
    latency: float,
    seconds: float,
    threads: int = 32,
    share: float = 0.5,
    jitter: float = 0.1,
    split: float = 0.5,
    ahead: float = 0.0,
    others: Callable[[random.Random], Iterable[float]] | None = None,
    us: bool = True,
    change: tuple[float, Limit] | None = None,
    seed: int = 1,
    max_rate: float | None = None,
    start: float = START,
    stalls: float = 0.0,
) -> Outcome:
    """Run threads that always have another request.

    :param latency: of the way there and back in seconds, which varies by ``jitter`` of it
    :param split: the part of the latency that is the way there
    :param ahead: seconds that the tenant's clock is ahead of ours
    :param others: the gaps between the requests of another client
    :param change: after how many seconds the tenant gets another limit
    :param stalls: about once a second our machine stands still, for so many seconds on average
    """
    chance, order, out = random.Random(seed), itertools.count(), Outcome()
    stall_chance = random.Random(seed)
    bucket = Bucket(limit, start, by_windows)
    pacing = Pacing(share, max_rate)
    # The bounds of the server's clock, as Date headers tell them.
    bounds = [-math.inf, math.inf]
    queue: deque[int] = deque(range(threads if us else 0))
    events: list[tuple[float, int, Callable[[], None]]] = []
    now, waking, last = start, [math.inf], [start]

    still = deque([(start, start)])

    def at(when: float, what: Callable[[], None]) -> None:
        heapq.heappush(events, (when, next(order), what))

    def on_ours(when: float, what: Callable[[], None]) -> None:
        """At this time, unless our machine stands still just then."""
        if stalls:
            while still[-1][1] <= when:
                began = still[-1][1] + stall_chance.expovariate(1)
                still.append((began, began + stall_chance.expovariate(1 / stalls)))
            when = max([when, *(end for began, end in still if began <= when < end)])
            while len(still) > 64:
                still.popleft()
        at(when, what)

    def one_way(part: float) -> float:
        return max(latency * part * (1 + chance.uniform(-jitter, jitter)), 0.0001)

    def turn() -> None:
        """The head of the queue decides."""
        while queue:
            wait = SLICE if pacing.expects_an_answer("", "") else pacing.wait("", "", now)
            if wait > 0:
                when = now + min(wait, SLICE)
                if not now < waking[0] <= when:
                    waking[0] = when
                    on_ours(when, wake)
                return
            queue.popleft()
            out.longest_pause = max(out.longest_pause, now - last[0])
            last[0] = now
            on_ours(now + one_way(split), partial(arrive, pacing.sent("", "", now)))

    def wake() -> None:
        if waking[0] <= now:
            waking[0] = math.inf
        turn()

    def take() -> bool:
        if bucket.tokens(now) < 1:
            return False
        bucket.take()
        return True

    def arrive(sent: Sent) -> None:
        served = take()
        (out.taken if served else out.refused).append(now)
        headers = limit_headers(bucket, now, ahead)
        out.levels.append((now, bucket.tokens(now)))
        date = math.floor(now + ahead)
        on_ours(now + one_way(1 - split), partial(answered, sent, served, headers, date))

    def answered(sent: Sent, served: bool, headers: dict[str, str], date: int) -> None:
        bounds[:] = max(bounds[0], date - now), min(bounds[1], date + 1 - sent.at)
        size, remaining, reset = (float(headers["x-ratelimit-" + name]) for name in ("limit", "remaining", "reset"))
        closed = None if served else max(reset - now - bounds[0], 0.25)
        pacing.heard("", "", sent, now, size, remaining, reset, (bounds[0], bounds[1]), closed)
        queue.append(sent.number)
        if len(queue) == 1 or now >= waking[0]:
            turn()

    def other(gaps: Iterable[float]) -> None:
        out.others.append(take())
        at(now + next(gaps), lambda: other(gaps))

    def changed(to: Limit) -> None:
        bucket.limit = to
        bucket._tokens = min(bucket._tokens, to.burst)

    if others is not None:
        gaps = iter(others(chance))
        at(start + next(gaps), lambda: other(gaps))
    if change is not None:
        at(start + change[0], lambda: changed(change[1]))
    at(start, turn)
    while events and events[0][0] < start + seconds:
        now, _order, what = heapq.heappop(events)
        what()
    return out
