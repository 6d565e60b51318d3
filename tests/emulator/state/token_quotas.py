# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tokens an application may get for itself in an hour and in a day (docs-v2, Fine-Grained Machine-to-Machine Token Quotas).

Both start again with each hour and day of UTC, on the tenant's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_SECONDS = {
    "per_hour": int(timedelta(hours=1).total_seconds()),
    "per_day": int(timedelta(days=1).total_seconds()),
}
WARNED_AT = (60, 80, 100)  # percent


@dataclass(frozen=True)
class Bucket:
    """What is left of one limit: ``name`` is per_hour or per_day, times are whole seconds."""

    name: str
    quota: int
    used: int
    resets_in: int

    @property
    def remaining(self) -> int:
        """Tokens that are left."""
        return max(0, self.quota - self.used)

    @property
    def warning(self) -> int | None:
        """The share of the quota, in percent, that the last token has just reached, if it is one of those that are logged."""
        reached = [share for share in WARNED_AT if self.used * 100 >= share * self.quota > (self.used - 1) * 100]
        return reached[-1] if reached else None


class TokenQuotas:
    """Tokens that were issued, by application. Times are Unix seconds."""

    def __init__(self) -> None:
        self._issued: dict[tuple[str, str], tuple[int, int]] = {}  # by application and limit: window and tokens

    def buckets(self, client_id: str, quota: dict, now: int) -> list[Bucket]:
        """The state of each limit of a quota (``per_hour``, ``per_day``) at ``now``."""
        found = []
        for name, seconds in _SECONDS.items():
            if name in quota:
                window, issued = self._issued.get((client_id, name), (0, 0))
                used = issued if window == now // seconds else 0
                found.append(Bucket(name, quota[name], used, seconds - now % seconds))
        return found

    def count(self, client_id: str, now: int) -> None:
        """Count one token, whether there is a quota or not: it may be set later."""
        for name, seconds in _SECONDS.items():
            window, issued = self._issued.get((client_id, name), (0, 0))
            self._issued[client_id, name] = (now // seconds, issued + 1 if window == now // seconds else 1)
