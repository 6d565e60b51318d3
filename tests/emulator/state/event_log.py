# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's log: what was done, in the order in which it was ingested (API.md §3.8)."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from datetime import datetime, timezone

from ..users.connections import connection_of
from ..users.models import Authenticator, User
from ..users.times import DAY, iso

# How many days an entry is stored; other plans: 30.
RETENTION_DAYS = {"free": 1, "essentials": 5, "professional": 10}
LONGEST_RETENTION_DAYS = 30
MOST_ENTRIES = 100_000
_FIRST_NUMBER = 1_223_372_036_854_775_808


class EventLog:
    """Log entries with ascending ids. Times are the tenant's, milliseconds since 1970.

    :param plan: the tenant's plan, which says how long entries are kept.
    :param delay: seconds; an entry arrives up to so much later than it happens, and at least a quarter of it. Recorded entries
        arrived after 1.3 to 5.4 s, not in the order of their dates; their ids have the time of the arrival.
    :param seed: what the delays are drawn from.
    """

    def __init__(self, plan: str, delay: int = 0, seed: int = 0):
        self.keep_as(plan)
        self.delay = delay
        self._rng = random.Random(f"log/{seed}")
        self._entries: list[dict] = []
        self._arrived: list[int] = []  # when, per entry, ascending
        self._latest = 0  # the log's own time, which does not go back when the clock is set back
        self._number = _FIRST_NUMBER

    def keep_as(self, plan: str) -> None:
        """Keep entries as long as this plan does."""
        self._lifetime = RETENTION_DAYS.get(plan, LONGEST_RETENTION_DAYS) * DAY

    def write(self, now: int, **fields) -> None:
        """Add an entry of ``fields`` at the time ``now``; past 100,000 entries the oldest tenth is forgotten."""
        self._latest = max(self._latest, now)
        at = self._latest + round(1000 * self.delay * self._rng.uniform(0.25, 1))
        self._number += 1
        log_id = _log_id(at, self._number)
        place = bisect_right(self._arrived, at)
        self._entries.insert(place, {"_id": log_id, "log_id": log_id, "date": iso(now), **fields})
        self._arrived.insert(place, at)
        if len(self._entries) > MOST_ENTRIES:
            self._forget(MOST_ENTRIES // 10)

    def entries(self, now: int) -> list[dict]:
        """All entries that have arrived and are still stored, in the order of their arrival; not to be kept, nor changed."""
        count = self._count(now)
        return self._entries if count == len(self._entries) else self._entries[:count]

    def after(self, log_id: str, take: int, now: int) -> list[dict]:
        """Up to ``take`` entries that follow ``log_id``, which itself need not exist anymore."""
        count = self._count(now)
        start = bisect_right(self._entries, log_id, hi=count, key=_id_of)
        return self._entries[start : min(start + take, count)]

    def find(self, log_id: str, now: int) -> dict | None:
        """The entry with this ID; None if it does not exist or is no longer stored."""
        count = self._count(now)
        i = bisect_left(self._entries, log_id, hi=count, key=_id_of)
        return self._entries[i] if i < count and self._entries[i]["log_id"] == log_id else None

    def _count(self, now: int) -> int:
        """How many entries have arrived and are still stored; all others are late, or forgotten."""
        self._latest = max(self._latest, now)
        self._forget(bisect_right(self._arrived, now - self._lifetime))
        return bisect_right(self._arrived, self._latest)

    def _forget(self, count: int) -> None:
        if not count:
            return
        del self._entries[:count]
        del self._arrived[:count]


def event_fields(
    code: str,
    user: User | None,
    client_id: str | None,
    authenticator: Authenticator | None,
    description: str,
    details: dict | None,
) -> dict:
    """All keys of an entry except ids and date; what does not apply is null (recorded)."""
    connection = connection_of(user.connection, user.id.partition("|")[0]) if user else None
    return {
        "type": code,
        "description": description,
        "connection": connection.name if connection else None,
        "connection_id": connection.id if connection else None,
        "organization_id": None,
        "organization_name": None,
        "client_id": client_id,
        "client_name": "" if code == "sapi" else client_id,
        "ip": "127.0.0.1",
        "hostname": None,
        "details": {**_device(code, user, authenticator), **(details or {})},
        "user_id": user.id if user else None,
        "user_name": _user_name(user) if user else None,
        "user_agent": "Other 0.0.0 / Other 0.0.0",
        "audience": None,
        "strategy": connection.strategy if connection else None,
        "strategy_type": connection.strategy_type if connection else None,
        "isMobile": False,
        "location_info": None,
    }


def _device(code: str, user: User | None, authenticator: Authenticator | None) -> dict:
    """``authenticator`` and, for what begins or ends an enrollment, ``enrollment``."""
    if authenticator is None:
        return {}
    seen = {"id": authenticator.id, "type": authenticator.type}
    if authenticator.phone_number is not None:
        seen["phone_number"] = authenticator.phone_number
    if user is None or "enroll" not in code:
        return {"authenticator": seen}
    return {"authenticator": seen, "enrollment": {"_id": authenticator.suffix, "user_id": user.id}}


def _user_name(user: User) -> str | None:
    return user.profile.get("username") or user.email or user.profile.get("name")


def _id_of(entry: dict) -> str:
    return entry["log_id"]


def _log_id(at: int, number: int) -> str:
    """``900``, the time to the microsecond, and a running number: sortable as text."""
    moment = datetime.fromtimestamp(at // 1000, timezone.utc)
    return f"900{moment:%Y%m%d%H%M%S}{at % 1000:03d}000{number:033d}"
