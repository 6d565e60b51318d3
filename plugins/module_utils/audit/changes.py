# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that are no findings: which devices users have added and lost since the reading before."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import Any, Iterable, Mapping

from ..auth0.factors import FACTORS
from .found import device, shown
from .ranks import of_change
from .records import SCHEMA_VERSION, AuthenticatorRecord, Change, ChangeRow, ChangesFigures, Had, Record, UserRow

# Either an authenticator as it was read, or what is left of one that an earlier reading found.
_Authenticator = Mapping[str, Any]


def had(authenticators: Iterable[AuthenticatorRecord]) -> list[Had]:
    """What the next reading is held against: confirmed second factors and the recovery code."""
    return [
        {"id": each["id"], "factor": each["factor"], "link_id": each.get("link_id")}
        for each in authenticators
        if each["confirmed"] and each["factor"] in FACTORS
    ]


def changes_of(record: Record, row: UserRow, run: str) -> list[ChangeRow]:
    """The devices that one user has added, and those lost; nothing where there are no two readings.

    A second method of a device that was there before, such as the OTP of a push enrollment, is no addition.

    :param row: of the same record
    :param run: ID of the run
    """
    before, now = record.get("before"), record["authenticators"]
    if before is None or now is None or row["place"] == "out":
        return []
    confirmed = [each for each in now if each["confirmed"] and each["factor"] in FACTORS]
    rows = {each["id"]: each for each in row["authenticators"]}

    def change(kind: Change, its: _Authenticator) -> ChangeRow:
        here = rows.get(its["id"]) if kind == "added" else None
        return {
            "schema_version": SCHEMA_VERSION,
            "tenant": row["tenant"],
            "run": run,
            "user_id": row["user_id"],
            "user": shown(row),
            "email": row["email"],
            "connections": row["connections"],
            "privileged": row["privileged"],
            "break_glass": row["break_glass"],
            "place": row["place"],
            "change": kind,
            "authenticator_id": its["id"],
            "factor": its["factor"],
            "device": device(here) if here else None,
            "at": (here["enrolled_at"] or here["created_at"]) if here else None,
            "since": record.get("before_at"),
            "until": row["read_at"],
        }

    added = [change("added", its) for its in _missing(confirmed, before)]
    return added + [change("removed", its) for its in _missing(before, now)]


def _missing(here: Iterable[_Authenticator], there: Iterable[_Authenticator]) -> list[_Authenticator]:
    """The devices of one reading that are not in the other; of linked methods the one that brings the others."""
    known = {each["id"] for each in there} | {each["link_id"] for each in there if each.get("link_id")}
    devices: dict[str, list[_Authenticator]] = {}
    for each in sorted(here, key=lambda one: (not FACTORS[one["factor"]].brings, one["id"])):
        devices.setdefault(each.get("link_id") or each["id"], []).append(each)
    return [
        its[0] for link, its in devices.items() if link not in known and not any(each["id"] in known for each in its)
    ]


class Changes:
    """Counts over all changes of a run, and those that a person wants to hear of first. Memory is flat."""

    def __init__(self, shown_at_most: int = 100) -> None:
        self._counts: Counter[Change] = Counter()
        self._privileged = 0
        self._shown_at_most = shown_at_most
        self._first: list[tuple[tuple[int, ...], str, int, ChangeRow]] = []

    def add(self, row: ChangeRow) -> None:
        """Count one change."""
        self._counts[row["change"]] += 1
        vital = row["privileged"] or row["break_glass"]
        self._privileged += vital and row["change"] == "added"
        rank = tuple(-each for each in of_change(row))
        heapq.heappush(self._first, (rank, row["at"] or row["until"], -sum(self._counts.values()), row))
        if len(self._first) > self._shown_at_most:
            heapq.heappop(self._first)

    def first(self) -> list[ChangeRow]:
        """For display: in the order of all lists, and then the latest."""
        return [row for *_rank, row in sorted(self._first, key=lambda entry: entry[:3], reverse=True)]

    def figures(self) -> ChangesFigures:
        """The counts, for the summary."""
        return {
            "added": self._counts["added"],
            "removed": self._counts["removed"],
            "added_to_privileged": self._privileged,
        }
