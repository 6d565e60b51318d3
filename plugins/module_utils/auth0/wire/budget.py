# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request budget: pace before the limit, wait after it, repeat only what may be repeated.

The tenant's limit is shared with production logins. Every response from Auth0 carries ``x-ratelimit-limit`` (size of the
token bucket), ``x-ratelimit-remaining`` and ``x-ratelimit-reset`` (Unix seconds of the next refill). :mod:`.pacing` learns
from them when the next request may be sent; the budget waits until then, counts, and repeats what may be repeated.
"""

from __future__ import annotations

import math
import time
from collections import deque
from contextlib import contextmanager
from threading import Lock
from typing import Callable, Iterator, Mapping, Protocol, TypeVar

from .clock import ServerClock, number
from .errors import ConfigurationError, RateLimitError, TransportError
from .ledger import Heard, Ledger, Told
from .limits import LONGEST_BACKOFF, is_request_limit, names_auth0, next_refill, wait_after_limit
from .pacing import Pacing, Sent

REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})
_ON_THE_WAY = "a rate limit of something between here and Auth0"
# In place of the method, for a request that must not be repeated although its method may be. A request limit is waited for.
ONCE = "once"
ATTEMPTS = 5
# While threads queue, whoever waits looks up this often whether an answer has changed how long. In seconds.
_SLICE = 0.02
# For so many seconds the answer to a request of another process is waited for. It may have been killed.
_LONGEST_ABSENCE = 10.0


class Response(Protocol):
    """What the budget reads of a response, whichever library received it."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whose names have no case."""

    @property
    def body(self) -> object:
        """The decoded body."""


SomeResponse = TypeVar("SomeResponse", bound=Response)


def may_repeat(method: str, status: int | None) -> bool:
    """Whether a request may be sent again, which the server may have carried out.

    :param status: the status of the response, None where the connection was lost
    """
    return method in REPEATABLE and (status is None or status >= 500)


def _pause(attempt: int) -> float:
    return min(0.25 * 2.0**attempt, LONGEST_BACKOFF)


class _Turnstile:
    """Lets one thread through at a time, in the order of their coming. A context manager."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: deque[Lock] = deque()

    @property
    def queued(self) -> bool:
        """Whether another thread waits behind the one that is inside."""
        return len(self._queue) > 1

    def __enter__(self) -> None:
        turn = Lock()
        turn.acquire()
        with self._lock:
            self._queue.append(turn)
            if self._queue[0] is turn:
                return
        try:
            turn.acquire()
        except BaseException:
            self._leave(turn)
            raise

    def __exit__(self, *_exception: object) -> None:
        self._leave(self._queue[0])

    def _leave(self, turn: Lock) -> None:
        with self._lock:
            inside = self._queue[0] is turn
            self._queue.remove(turn)
            if inside and self._queue:
                self._queue[0].release()


class Budget:
    """Paces and repeats the requests of one client, and counts what it did. Many threads may send at once.

    :ivar requests: requests sent, repeats included
    :ivar rate_limited: responses with status 429
    :ivar waited: seconds in which a rate limit held requests back: by the clock, however many threads waited
    """

    def __init__(
        self,
        share: float = 0.5,
        max_wait: float = 60.0,
        *,
        max_rate: float | None = None,
        ledger: Ledger | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param share: how much of the tenant's bucket may be used, above 0, at most 1
        :param max_wait: the longest time in seconds that one request may be held back; may be infinite
        :param max_rate: the most requests that may be sent each second, above 0; None for as many as the tenant has left
        :param ledger: what this client knows together with those of other processes; None for a client that paces alone
        :param sleep: waits these seconds; whatever it raises comes out of ``send``
        :raises ConfigurationError: a value is out of range
        """
        if not isinstance(share, (int, float)) or not 0 < share <= 1:
            raise ConfigurationError("rate_limit_share %r is not above 0 and at most 1" % share)
        if not isinstance(max_wait, (int, float)) or math.isnan(max_wait) or max_wait < 0:
            raise ConfigurationError("max_wait %r is not 0 seconds or more" % max_wait)
        if max_rate is not None and (not isinstance(max_rate, (int, float)) or not 0 < max_rate < math.inf):
            raise ConfigurationError("max_rate %r is not a number of requests each second, above 0" % max_rate)
        self.share, self.max_wait, self.max_rate = share, max_wait, max_rate
        self.requests = self.rate_limited = 0
        self.waited = 0.0
        self._clock, self._sleep = clock, sleep
        self._server = ServerClock(clock)
        self._lock = Lock()
        self._turnstiles: dict[str, _Turnstile] = {}
        self._pacing = Pacing(share, max_rate)
        self._ready_at = 0.0
        self._ledger = ledger
        # The requests of other processes that are on their way, by process and number.
        self._others: dict[tuple[str, int], tuple[Told, Sent]] = {}

    def now(self) -> float:
        """Unix seconds by the server's clock as far as its answers tell, else by the local one."""
        return self._server.now()

    @property
    def ahead(self) -> float:
        """Seconds that the server's clock is ahead of the local one, as far as its answers tell."""
        return self._server.ahead

    @property
    def knows_the_time(self) -> bool:
        """Whether an answer told the server's time."""
        return self._server.known

    @property
    def held(self) -> float:
        """For how many seconds from now on a rate limit holds the next request back, as far as is known."""
        with self._lock:
            return max(self._ready_at - self._clock(), 0.0)

    def rate(self, bucket: str = "management") -> float | None:
        """How many requests the tenant has left for us each second, as far as its answers told; None while unknown."""
        with self._lock:
            return self._pacing.rate(bucket)

    def send(
        self, method: str, bucket: str, action: str, call: Callable[[], SomeResponse], *, route: str = ""
    ) -> SomeResponse:
        """The last response to one request, repeated where that is safe. A 429 among them is not a limit of requests.

        :param method: of HTTP, or ``ONCE``
        :param bucket: the rate limit the request counts against, for instance ``management``
        :param action: what is attempted, for messages
        :param call: sends it once; raises :class:`TransportError` where no response arrives
        :param route: the endpoint, without IDs: groups of endpoints may have limits of their own
        :raises RateLimitError: the wait would be longer than ``max_wait``
        :raises AmbiguousWriteError: the connection was lost after a write was sent
        :raises TransportError: no response, after all attempts
        """
        held_back, attempt = 0.0, 0
        lost: TransportError | None = None
        while True:
            attempt += 1
            held_back, sent = self._take_turn(bucket, route, held_back, action)
            try:
                response = call()
            except BaseException as error:
                with self._knowing():
                    self._heard(bucket, route, sent, self._clock(), (None, None, None, self._server.bounds, None))
                if not isinstance(error, TransportError):
                    raise
                pause = _pause(attempt)
                # A request that ran into its deadline held its task back as well.
                held_back += max(self._clock() - sent.at, 0.0)
                if (
                    error.lasting
                    or not may_repeat(method, None)
                    or attempt >= ATTEMPTS
                    or held_back + pause > self.max_wait
                ):
                    raise
                held_back = self._hold(pause, held_back)
                lost = error
                continue
            status, headers, received = response.status_code, response.headers, self._clock()
            limited = status == 429 and is_request_limit(headers, response.body)
            with self._knowing():
                self._server.hear(headers, sent.at, received)
                self.rate_limited += status == 429
                wait = wait_after_limit(headers, self.now(), attempt, self.knows_the_time) if limited else None
                level = number(headers.get("x-ratelimit-limit")), number(headers.get("x-ratelimit-remaining"))
                self._heard(bucket, route, sent, received, (*level, next_refill(headers), self._server.bounds, wait))
            if wait is not None:
                whose = "the tenant's rate limit" if names_auth0(headers, response.body) else _ON_THE_WAY
                try:
                    self._check_wait(wait, held_back, action, status, whose)
                except RateLimitError:
                    # Whoever is told of the limit alone takes what was sent before for nothing.
                    if lost is None or method == "GET":
                        raise
                    raise lost from None
            elif may_repeat(method, status) and attempt < ATTEMPTS and held_back + _pause(attempt) <= self.max_wait:
                held_back = self._hold(_pause(attempt), held_back)
            else:
                return response

    def _take_turn(self, bucket: str, route: str, held_back: float, action: str) -> tuple[float, Sent]:
        """Return when the next request may be sent, how long it was held back until then, and the request as sent.

        The wait for our own threads is no wait for the tenant.
        """
        with self._lock:
            turnstile = self._turnstiles.setdefault(bucket, _Turnstile())
        with turnstile:
            while True:
                with self._knowing():
                    now = self._clock()
                    wait = self._pacing.wait(bucket, route, now)
                    unknown = self._pacing.expects_an_answer(bucket, route)
                    if not self.knows_the_time:
                        # By the local clock alone a reset may seem far away. Whether there is a limit, a 429 will tell.
                        wait = min(wait, self.max_wait - held_back)
                    self._ready_at = now + wait
                    if wait <= 0 and not unknown:
                        self.requests += 1
                        sent = self._pacing.sent(bucket, route, now)
                        if self._ledger:
                            self._ledger.tell(sent.name, bucket, route, now)
                        return held_back, sent
                if unknown:
                    self._sleep(_SLICE)
                    continue
                self._check_wait(wait, held_back, action)
                pause = min(wait, _SLICE) if turnstile.queued else wait
                held_back = self._hold(pause, held_back)
                with self._lock:
                    self.waited += pause

    @contextmanager
    def _knowing(self) -> Iterator[None]:
        """Be the only one who decides or learns, of all threads and processes, and know what the others told."""
        with self._lock:
            if self._ledger is None:
                yield
                return
            with self._ledger.held() as told:
                for each in told:
                    self._learn(each)
                self._give_up()
                yield

    def _learn(self, told: Told) -> None:
        """Learn from another process."""
        name = told.who, told.number
        if told.answer is None:
            self._others[name] = told, self._pacing.sent(told.bucket, told.route, told.at, ours=False)
        elif name in self._others:
            _told, sent = self._others.pop(name)
            if not self.knows_the_time:
                self._server.bounds = told.answer[3]
            self._pacing.heard(told.bucket, told.route, sent, told.at, *told.answer)

    def _give_up(self) -> None:
        """Wait no longer for answers to processes that seem to be gone."""
        now = self._clock()
        gone = [name for name, (told, _sent) in self._others.items() if not 0 <= now - told.at < _LONGEST_ABSENCE]
        for name in gone:
            told, sent = self._others.pop(name)
            self._pacing.heard(told.bucket, told.route, sent, now, None, None, None, self._server.bounds, None)

    def _heard(self, bucket: str, route: str, sent: Sent, received: float, answer: Heard) -> None:
        """Learn from an answer, and tell the others."""
        self._pacing.heard(bucket, route, sent, received, *answer)
        if self._ledger:
            self._ledger.tell(sent.name, bucket, route, received, answer)

    def _check_wait(
        self,
        seconds: float,
        held_back: float,
        action: str,
        status: int | None = None,
        whose: str = "the tenant's rate limit",
    ) -> None:
        if held_back + seconds > self.max_wait:
            raise RateLimitError(
                "Could not %s: %s requires a wait of %.0f s more, and max_wait is %.0f s"
                % (action, whose, seconds, self.max_wait),
                status=status,
                hint="Run it again at a quieter time, or increase max_wait.",
            )

    def _hold(self, seconds: float, held_back: float) -> float:
        self._sleep(seconds)
        return held_back + seconds
