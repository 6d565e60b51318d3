# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits per user: failed codes, messages, pushes, polls and so on (API.md §4.2)."""

from __future__ import annotations

from .rate_limits import Bucket, Limit

FAILED_CODES = "failed codes"
FAILED_RECOVERY_CODES = "failed recovery codes"
PUSHES = "pushes"
PHONE_MESSAGES = "phone messages"
EMAILS = "e-mails"
POLLS = "polls"
QUOTA_OF_CHANNEL = {"sms": PHONE_MESSAGES, "voice": PHONE_MESSAGES, "email": EMAILS, "push": PUSHES, "auth0": PUSHES}

_PER_USER = {
    FAILED_CODES: Limit(10, 10 / 3600),
    FAILED_RECOVERY_CODES: Limit(10, 10 / 3600),
    PUSHES: Limit(5, 5 / 60),
    PHONE_MESSAGES: Limit(10, 1 / 3600),
    EMAILS: Limit(20, 1 / 60),
}
_PAID = {POLLS: Limit(12, 12 / 60), "me-read": Limit(5, 5 / 60), "me-write": Limit(5, 5 / 60)}
_PER_PLAN = {
    "free": {"me-read": Limit(2, 2 / 60), "me-write": Limit(2, 2 / 60), "me-read-filtered": Limit(5, 5 / 60)},
    "essentials": {**_PAID, "me-read-filtered": Limit(10, 10 / 60)},
    "professional": {**_PAID, "me-read-filtered": Limit(10, 10 / 60)},
    "unlimited": {},
}
_ENTERPRISE = {**_PAID, "me-read-filtered": Limit(20, 20 / 60)}

BLOCKED_FOR = 30 * 86400


class QuotaExceeded(Exception):
    """A quota is used up; ``wait`` is the seconds until the next use."""

    def __init__(self, bucket: Bucket):
        super().__init__(bucket)
        self.bucket = bucket
        self.wait = bucket.wait()


class Quotas:
    """One token bucket per kind of quota and user (for polls: per login).

    :param plan: name of a rate-limit preset; plans without their own row have the limits of ``enterprise``.
    :param per_user: whether to apply the quotas that do not depend on the plan.
    """

    def __init__(self, plan: str, per_user: bool):
        self._limits = {**(_PER_USER if per_user else {}), **_PER_PLAN.get(plan, _ENTERPRISE)}
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def check(self, kind: str, key: str, now: float) -> Bucket | None:
        """The bucket, None if there is no limit; raises ``QuotaExceeded`` if it has no token at ``now`` (seconds)."""
        limit = self._limits.get(kind)
        if limit is None:
            return None
        bucket = self._buckets.get((kind, key))
        if bucket is None:
            bucket = self._buckets[kind, key] = Bucket(limit, now)
        if bucket.tokens(now) < 1:
            raise QuotaExceeded(bucket)
        return bucket

    def take(self, kind: str, key: str, now: float) -> Bucket | None:
        """Use the quota once and return its bucket; raises as :meth:`check` does."""
        bucket = self.check(kind, key, now)
        if bucket is not None:
            bucket.take()
        return bucket


class FailedLogins:
    """Brute-force protection: so many wrong passwords in a row block the user for 30 days, or until :meth:`forget`.

    The documentation counts for an identifier and an address (docs-v2, Brute-Force Protection). Here all come from one address.

    How many is 10 by default, 1 to 100.
    """

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}

    def blocks(self, user_id: str, threshold: int, now: float) -> bool:
        """Whether the user is blocked at ``now`` (seconds) by so many wrong passwords."""
        count, last = self._failures.get(user_id, (0, 0.0))
        return count >= threshold and now < last + BLOCKED_FOR

    def add(self, user_id: str, now: float) -> None:
        """Count a wrong password."""
        count, last = self._failures.get(user_id, (0, 0.0))
        self._failures[user_id] = (1 if now >= last + BLOCKED_FOR else count + 1, now)

    def forget(self, user_id: str) -> None:
        """Forget the wrong passwords: after a successful login, with a new password, or because an administrator says so."""
        self._failures.pop(user_id, None)
