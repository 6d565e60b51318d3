# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request budget: pace before the limit, wait after it, repeat only what may be repeated.

The tenant's limit is shared with production logins. Every response from Auth0 carries ``x-ratelimit-limit`` (size of the
token bucket), ``x-ratelimit-remaining`` and ``x-ratelimit-reset`` (Unix seconds of the next refill); the budget uses
only its own share of the bucket and then waits for the refill.
"""

from __future__ import annotations

import time
from typing import Callable, Mapping, Protocol, TypeVar

from .clock import ServerClock
from .errors import ConfigurationError, RateLimitError, TransportError
from .limits import LONGEST_BACKOFF, is_request_limit, names_auth0, wait_after_limit, wait_before_next

REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})
_ON_THE_WAY = "a rate limit of something between here and Auth0"
# In place of the method, for a request that must not be repeated although its method may be. A request limit is waited for.
ONCE = "once"
ATTEMPTS = 5


class Response(Protocol):
    """What the budget reads of a response, whichever library received it."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> object: ...


SomeResponse = TypeVar("SomeResponse", bound=Response)


def may_repeat(method: str, status: int | None) -> bool:
    """Whether a request may be sent again, which the server may have carried out.

    :param status: the status of the response, None where the connection was lost
    """
    return method in REPEATABLE and (status is None or status >= 500)


def _pause(attempt: int) -> float:
    return min(0.25 * 2.0**attempt, LONGEST_BACKOFF)


class Budget:
    """Paces and repeats the requests of one client, and counts what it did.

    :ivar requests: requests sent, repeats included
    :ivar rate_limited: responses with status 429
    :ivar waited: seconds spent waiting
    """

    def __init__(
        self,
        share: float = 0.5,
        max_wait: float = 60.0,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param share: how much of the tenant's bucket may be used, above 0, at most 1
        :param max_wait: the longest time in seconds that one request may be held back
        :raises ConfigurationError: a value is out of range
        """
        if not isinstance(share, (int, float)) or not 0 < share <= 1:
            raise ConfigurationError("rate_limit_share %r is not above 0 and at most 1" % share)
        if not isinstance(max_wait, (int, float)) or not 0 <= max_wait < float("inf"):
            raise ConfigurationError("max_wait %r is not 0 seconds or more" % max_wait)
        self.share, self.max_wait = share, max_wait
        self.requests = self.rate_limited = 0
        self.waited = 0.0
        self._clock, self._sleep = clock, sleep
        self._server = ServerClock(clock)
        self._resume_at: dict[str, float] = {}

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

    def send(self, method: str, bucket: str, action: str, call: Callable[[], SomeResponse]) -> SomeResponse:
        """The last response to one request, repeated where that is safe. A 429 among them is not a limit of requests.

        :param method: of HTTP, or ``ONCE``
        :param bucket: the rate limit the request counts against, for instance ``management``
        :param action: what is attempted, for messages
        :param call: sends it once; raises :class:`TransportError` where no response arrives
        :raises RateLimitError: the wait would be longer than ``max_wait``
        :raises AmbiguousWriteError: the connection was lost after a write was sent
        :raises TransportError: no response, after all attempts
        """
        held_back = self._hold(max(self._resume_at.get(bucket, 0.0) - self._clock(), 0.0), 0.0, action)
        attempt = 0
        lost: TransportError | None = None
        while True:
            attempt += 1
            self.requests += 1
            sent = self._clock()
            try:
                response = call()
            except TransportError as error:
                pause = _pause(attempt)
                # A request that ran into its deadline held its task back as well.
                held_back += max(self._clock() - sent, 0.0)
                if (
                    error.lasting
                    or not may_repeat(method, None)
                    or attempt >= ATTEMPTS
                    or held_back + pause > self.max_wait
                ):
                    raise
                held_back = self._hold(pause, held_back, action)
                lost = error
                continue
            status, headers, received = response.status_code, response.headers, self._clock()
            self._server.hear(headers, sent, received)
            now = self.now()
            pause = wait_before_next(headers, now, self.share)
            if not self.knows_the_time:
                # By the local clock alone a reset may seem far away. Whether there is a limit, a 429 will tell.
                pause = min(pause, LONGEST_BACKOFF, self.max_wait)
            self._resume_at[bucket] = received + pause
            self.rate_limited += status == 429
            if status == 429 and is_request_limit(headers, response.body):
                wait = wait_after_limit(headers, now, attempt, self.knows_the_time)
                whose = "the tenant's rate limit" if names_auth0(headers, response.body) else _ON_THE_WAY
                try:
                    held_back = self._hold(wait, held_back, action, status, whose)
                except RateLimitError:
                    # Whoever is told of the limit alone takes what was sent before for nothing.
                    if lost is None or method == "GET":
                        raise
                    raise lost from None
            elif may_repeat(method, status) and attempt < ATTEMPTS and held_back + _pause(attempt) <= self.max_wait:
                held_back = self._hold(_pause(attempt), held_back, action)
            else:
                return response

    def _hold(
        self,
        seconds: float,
        held_back: float,
        action: str,
        status: int | None = None,
        whose: str = "the tenant's rate limit",
    ) -> float:
        if held_back + seconds > self.max_wait:
            raise RateLimitError(
                "Could not %s: %s requires a wait of %.0f s more, and max_wait is %.0f s"
                % (action, whose, seconds, self.max_wait),
                status=status,
                hint="Run it again at a quieter time, or increase max_wait.",
            )
        if seconds > 0:
            self._sleep(seconds)
            self.waited += seconds
        return held_back + seconds
