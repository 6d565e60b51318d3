# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token buckets of a tenant: one per API and endpoint group, with the presets of the published plans (API.md §4).

Buckets run on the machine's clock, not on the tenant's: a client sleeps by the machine's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """``burst``: size of the bucket in requests; ``per_second``: requests added each second, continuously."""

    burst: int
    per_second: float


ALL = "all"
_PER_GROUP = {
    "read-users": Limit(40, 500 / 60),
    "write-users": Limit(20, 200 / 60),
    "delete-users": Limit(20, 200 / 60),
    "read-logs": Limit(10, 100 / 60),
    "other": Limit(10, 150 / 60),
}
# Per plan and API, the limit of all requests together and of each endpoint group that has its own.
PLANS: dict[str, dict[str, dict[str, Limit]]] = {
    "free": {
        "management": {ALL: Limit(2, 2)},
        "authentication": {ALL: Limit(300, 300 / 60), "token": Limit(30, 30)},
    },
    "essentials": {"management": _PER_GROUP, "authentication": {ALL: Limit(25, 25)}},
    "professional": {"management": _PER_GROUP, "authentication": {ALL: Limit(25, 25)}},
    "enterprise": {"management": {ALL: Limit(50, 16)}, "authentication": {ALL: Limit(100, 100)}},
    "enterprise-dev": {"management": {ALL: Limit(10, 2)}, "authentication": {ALL: Limit(100, 100)}},
    "unlimited": {
        "management": {ALL: Limit(1_000_000, 1_000_000)},
        "authentication": {ALL: Limit(1_000_000, 1_000_000)},
    },
}


class Bucket:
    """A token bucket that refills continuously. Times are Unix seconds."""

    __slots__ = ("limit", "_tokens", "_counted_at")

    def __init__(self, limit: Limit, now: float):
        self.limit = limit
        self._tokens = float(limit.burst)
        self._counted_at = now

    def tokens(self, now: float) -> float:
        """Tokens in the bucket at ``now``; a clock that was set back adds none."""
        elapsed = max(0.0, now - self._counted_at)
        self._tokens = min(float(self.limit.burst), self._tokens + elapsed * self.limit.per_second)
        self._counted_at = now
        return self._tokens

    def take(self) -> None:
        """Take one token; the caller has seen with :meth:`tokens` that there is one."""
        self._tokens -= 1

    def wait(self) -> float:
        """Seconds until the next whole token has been added; 0 when the bucket is full."""
        if self._tokens >= self.limit.burst:
            return 0.0
        return (math.floor(self._tokens) + 1 - self._tokens) / self.limit.per_second


@dataclass(frozen=True)
class Admission:
    """Whether a request may pass, the three headers that its answer carries, and the seconds to the next token."""

    allowed: bool
    headers: dict[str, str]
    wait: float


class Limiter:
    """All buckets of one tenant.

    :param plan: a key of :data:`PLANS`.
    :param clock: returns Unix seconds.
    """

    def __init__(self, plan: str, clock: Callable[[], float] = time.time):
        self._clock = clock
        now = clock()
        self._buckets = {
            (api, group): Bucket(limit, now) for api, groups in PLANS[plan].items() for group, limit in groups.items()
        }

    def admit(self, api: str, group: str) -> Admission:
        """Count one request against the API's common bucket and its group's; the tightest one is reported."""
        now = self._clock()
        buckets = [bucket for key in (ALL, group) if (bucket := self._buckets.get((api, key)))]
        allowed = all(bucket.tokens(now) >= 1 for bucket in buckets)
        if allowed:
            for bucket in buckets:
                bucket.take()
        tightest = min(buckets, key=lambda bucket: bucket.tokens(now))
        wait = tightest.wait()
        headers = {
            "x-ratelimit-limit": str(tightest.limit.burst),
            "x-ratelimit-remaining": str(math.floor(tightest.tokens(now))),
            "x-ratelimit-reset": str(math.ceil(now + wait)),
        }
        return Admission(allowed, headers, wait)
