# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token buckets of a tenant: one per API and endpoint group, with the presets of the published plans (API.md §4).

Buckets follow the machine's clock, so that moving the tenant's does not fill them. What the headers say is the tenant's time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """``burst``: size of the bucket in requests; ``per_second``: requests added each second.

    ``window``: seconds after which the requests of that time are added at once, where buckets refill by windows.
    """

    burst: int
    per_second: float
    window: int = 1


ALL = "all"
_PER_GROUP = {
    "read-users": Limit(40, 500 / 60, 60),
    "write-users": Limit(20, 200 / 60, 60),
    "delete-users": Limit(20, 200 / 60, 60),
    "read-logs": Limit(10, 100 / 60, 60),
    "other": Limit(10, 150 / 60, 60),
}
# Requests per second of the private-cloud tiers, and the part of them that the Management API has.
_PRIVATE_CLOUD = {"dev": (20, 20), "100": (100, 50), "500": (500, 250), "1500": (1500, 750), "3000": (3000, 1500),
                  "6000": (6000, 3000), "10000": (10_000, 5000)}  # fmt: skip
# Per plan and API, the limit of all requests together and of each endpoint group that has its own.
PLANS: dict[str, dict[str, dict[str, Limit]]] = {
    "free": {
        "management": {ALL: Limit(2, 2)},
        "authentication": {ALL: Limit(300, 300 / 60, 60), "token": Limit(30, 30)},
    },
    "essentials": {"management": _PER_GROUP, "authentication": {ALL: Limit(25, 25)}},
    "professional": {"management": _PER_GROUP, "authentication": {ALL: Limit(25, 25)}},
    "enterprise": {"management": {ALL: Limit(50, 16)}, "authentication": {ALL: Limit(100, 100)}},
    "enterprise-dev": {"management": {ALL: Limit(10, 2)}, "authentication": {ALL: Limit(100, 100)}},
    "unlimited": {
        "management": {ALL: Limit(1_000_000, 1_000_000)},
        "authentication": {ALL: Limit(1_000_000, 1_000_000)},
    },
    **{
        f"private-cloud-{tier}": {
            "management": {ALL: Limit(management, management)},
            "authentication": {ALL: Limit(whole, whole)},
        }
        for tier, (whole, management) in _PRIVATE_CLOUD.items()
    },
}
# The same for the My Account API, which has no limit for all requests together.
_MY_ACCOUNT = {"me-read": Limit(5, 5), "me-write": Limit(5, 5), "me-read-filtered": Limit(20, 20)}
_MY_ACCOUNT_OF_ENTERPRISE = {"me-read": Limit(25, 25), "me-write": Limit(25, 25), "me-read-filtered": Limit(100, 100)}
MY_ACCOUNT = {
    "free": {"me-read": Limit(2, 2), "me-write": Limit(2, 2), "me-read-filtered": Limit(5, 5)},
    "essentials": _MY_ACCOUNT,
    "professional": _MY_ACCOUNT,
    "unlimited": {ALL: Limit(1_000_000, 1_000_000)},
}


class Bucket:
    """A token bucket that refills continuously or ``by_windows``, full minutes or seconds. Times are Unix seconds."""

    __slots__ = ("limit", "_by_windows", "_tokens", "_counted_at")

    def __init__(self, limit: Limit, now: float, by_windows: bool = False):
        self.limit = limit
        self._by_windows = by_windows
        self._tokens = float(limit.burst)
        self._counted_at = now

    def tokens(self, now: float) -> float:
        """Tokens in the bucket at ``now``; none are added if the clock was set back."""
        if self._by_windows:
            window = self.limit.window
            elapsed = max(0.0, (now // window - self._counted_at // window) * window)
        else:
            elapsed = max(0.0, now - self._counted_at)
        self._tokens = min(float(self.limit.burst), self._tokens + elapsed * self.limit.per_second)
        self._counted_at = now
        return self._tokens

    def take(self) -> None:
        """Take one token; the caller checks with :meth:`tokens` that there is one."""
        self._tokens -= 1

    def wait(self) -> float:
        """Seconds until the next whole token has been added; 0 when the bucket is full."""
        if self._tokens >= self.limit.burst:
            return 0.0
        if self._by_windows:
            return self.limit.window - self._counted_at % self.limit.window
        return (math.floor(self._tokens) + 1 - self._tokens) / self.limit.per_second


def limit_headers(bucket: Bucket, now: float, ahead: float = 0) -> dict[str, str]:
    """The three headers that report a bucket at ``now``, which is the machine's time in Unix seconds.

    :param ahead: seconds that the tenant's clock is ahead of the machine's.
    """
    return {
        "x-ratelimit-limit": str(bucket.limit.burst),
        "x-ratelimit-remaining": str(math.floor(bucket.tokens(now))),
        "x-ratelimit-reset": str(math.ceil(now + ahead + bucket.wait())),
    }


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
    :param refill: ``continuous`` or ``window`` (API.md §4.3: documented both ways).
    :param ahead: returns the seconds that the tenant's clock is ahead.
    """

    def __init__(
        self,
        plan: str,
        clock: Callable[[], float] = time.time,
        refill: str = "continuous",
        ahead: Callable[[], float] = lambda: 0,
    ):
        self._clock, self._ahead = clock, ahead
        now, by_windows = clock(), refill == "window"
        self._buckets = {
            (api, group): Bucket(limit, now, by_windows)
            for api, groups in PLANS[plan].items()
            for group, limit in groups.items()
        }
        for group, limit in MY_ACCOUNT.get(plan, _MY_ACCOUNT_OF_ENTERPRISE).items():
            self._buckets["my-account", group] = Bucket(limit, now, by_windows)

    def admit(self, api: str, group: str) -> Admission:
        """Count one request against the common bucket of the API and the group's; reports the one with fewer tokens."""
        now = self._clock()
        buckets = [bucket for key in (ALL, group) if (bucket := self._buckets.get((api, key)))]
        tightest = buckets[0] if len(buckets) == 1 else min(buckets, key=lambda bucket: bucket.tokens(now))
        allowed = tightest.tokens(now) >= 1
        if allowed:
            for bucket in buckets:
                bucket.take()
        return Admission(allowed, limit_headers(tightest, now, self._ahead()), tightest.wait())

    def gauge(self) -> list[dict]:
        """The state of every bucket: ``api``, ``group``, ``limit``, ``remaining``, ``per_second``, ``reset``."""
        now = self._clock()
        return [
            {
                "api": api,
                "group": group,
                "limit": bucket.limit.burst,
                "remaining": math.floor(bucket.tokens(now)),
                "per_second": round(bucket.limit.per_second, 3),
                "reset": math.ceil(now + self._ahead() + bucket.wait()),
            }
            for (api, group), bucket in self._buckets.items()
        ]
