# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request budget: pace before the limit, wait after it, repeat only what may be repeated.

The tenant's limit is shared with production logins. Every response from Auth0 carries ``x-ratelimit-limit`` (size of the
token bucket), ``x-ratelimit-remaining`` and ``x-ratelimit-reset`` (Unix seconds of the next refill); the budget uses
only its own share of the bucket and then waits for the refill.
"""

from __future__ import annotations

import math
import time
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Callable, Mapping, Protocol, TypeVar

from .errors import ConfigurationError, RateLimitError, TransportError

REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})
# In place of the method, for a request that must not be repeated although its method may be. A request limit is waited for.
ONCE = "once"
ATTEMPTS = 5
LONGEST_BACKOFF = 8.0
# The longest bucket is per hour: a reset further away than this means that the clocks disagree.
_CREDIBLE_RESET = 3600.0
_LONGEST_CACHED = 7 * 86400.0


class Response(Protocol):
    """What the budget reads of a response, whichever library received it."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


SomeResponse = TypeVar("SomeResponse", bound=Response)


def may_repeat(method: str, status: int | None) -> bool:
    """Whether a request may be sent again.

    :param status: the status of the response, None where the connection was lost
    """
    if status == 429:
        return True  # the server says that it did not act on it
    return method in REPEATABLE and (status is None or status >= 500)


def wait_after_limit(headers: Mapping[str, str], now: float, attempt: int) -> float:
    """Seconds to wait after a 429: ``retry-after`` first, then ``x-ratelimit-reset``, else 1, 2, 4, 8 s.

    :param now: Unix seconds
    :param attempt: 1 for the first refusal in a row
    """
    backoff = min(2.0 ** (attempt - 1), LONGEST_BACKOFF)
    stated = _retry_after(headers, now)
    if stated is None:
        stated = _until_reset(headers, now)
    # A refill that is already due still needs a moment. Without a pause all attempts would be spent within milliseconds.
    return backoff if stated is None else max(stated, 0.25 * backoff)


def wait_before_next(headers: Mapping[str, str], now: float, share: float) -> float:
    """Seconds to hold the next request back so that at most ``share`` of the bucket is used; 0 where no header says so."""
    limit, remaining = _number(headers.get("x-ratelimit-limit")), _number(headers.get("x-ratelimit-remaining"))
    if limit is None or remaining is None or remaining > limit * (1 - share):
        return 0.0
    return _until_reset(headers, now) or 0.0


def _pause(attempt: int) -> float:
    return min(0.25 * 2.0**attempt, LONGEST_BACKOFF)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    stated = headers.get("retry-after")
    if stated is None:
        return None
    seconds = _number(stated)
    if seconds is not None:
        return max(seconds, 0.0)
    date = _http_date(stated)
    return None if date is None else max(date - now, 0.0)


def _http_date(text: str | None) -> float | None:
    try:
        date = parsedate_to_datetime(text or "")
        # Without a zone it would be taken for local time.
        return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _until_reset(headers: Mapping[str, str], now: float) -> float | None:
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is None or reset - now > _CREDIBLE_RESET:
        return None
    return max(reset - now, 0.0)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class ServerClock:
    """The server's time, as far as the ``Date`` headers of its answers tell.

    A ``Date`` is cut to whole seconds and grows old on its way, so each answer gives bounds, and answers in a row narrow
    them. The local clock is believed as long as it is within the bounds. An answer that contradicts them replaces them: either clock may
    have been set.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        :param clock: the local time in Unix seconds
        """
        self._clock = clock
        self._least, self._most = -math.inf, math.inf

    def now(self) -> float:
        """Unix seconds."""
        return self._clock() + self.ahead

    @property
    def ahead(self) -> float:
        """Seconds that the server's clock is ahead of the local one, negative where it is behind."""
        if self._least <= 0 <= self._most:
            return 0.0
        return (self._least + self._most) / 2

    @property
    def known(self) -> bool:
        """Whether an answer told it."""
        return self._most < math.inf

    def hear(self, headers: Mapping[str, str], sent: float, received: float) -> None:
        """Learn from an answer.

        :param sent: the local time when the request was sent
        :param received: the local time when the answer was there
        """
        date = _http_date(headers.get("date"))
        if date is None:
            return
        # What a cache kept has the Date of that time, and says for how many seconds it was kept.
        age = _number(headers.get("age"))
        date += age if age is not None and 0 <= age <= _LONGEST_CACHED else 0.0
        least, most = date - received, date + 1 - sent
        if most < least:
            return  # The local clock was set back while the answer was under way.
        if least <= self._most and most >= self._least:
            least, most = max(least, self._least), min(most, self._most)
        self._least, self._most = least, most


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
        """The last response to one request, repeated where that is safe. Its status is anything but 429.

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
        while True:
            attempt += 1
            self.requests += 1
            sent = self._clock()
            try:
                response = call()
            except TransportError as error:
                pause = _pause(attempt)
                if (
                    error.lasting
                    or not may_repeat(method, None)
                    or attempt >= ATTEMPTS
                    or held_back + pause > self.max_wait
                ):
                    raise
                held_back = self._hold(pause, held_back, action)
                continue
            status, headers, received = response.status_code, response.headers, self._clock()
            self._server.hear(headers, sent, received)
            now = self.now()
            self._resume_at[bucket] = received + wait_before_next(headers, now, self.share)
            if status == 429:
                self.rate_limited += 1
                held_back = self._hold(wait_after_limit(headers, now, attempt), held_back, action, status)
            elif may_repeat(method, status) and attempt < ATTEMPTS and held_back + _pause(attempt) <= self.max_wait:
                held_back = self._hold(_pause(attempt), held_back, action)
            else:
                return response

    def _hold(self, seconds: float, held_back: float, action: str, status: int | None = None) -> float:
        if held_back + seconds > self.max_wait:
            raise RateLimitError(
                "Could not %s: the tenant's rate limit requires a wait of %.0f s more, and max_wait is %.0f s"
                % (action, seconds, self.max_wait),
                status=status,
                hint="Run it again at a quieter time, or increase max_wait.",
            )
        if seconds > 0:
            self._sleep(seconds)
            self.waited += seconds
        return held_back + seconds
