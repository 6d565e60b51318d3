# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``findings.csv``: a row for each finding that holds, with an empty column for what is decided about it."""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Mapping

from ..acted import WORDS
from ..records import FoundRow
from ..rules import RULES
from .table import cell, cells, uncell, yes

# What the audit saw of the authenticator, and when.
_SEEN: tuple[Literal["read_at", "created_at", "enrolled_at", "last_auth_at"], ...] = (
    "read_at",
    "created_at",
    "enrolled_at",
    "last_auth_at",
)
HEADER = (
    "finding_id",
    "decision",
    "status",
    "severity",
    "warning",
    "rule",
    "title",
    "user",
    "user_id",
    "email",
    "connections",
    "privileged",
    "break_glass",
    "place",
    "protection",
    "factor",
    "device",
    "authenticator_id",
    "link_id",
    "age_days",
    "age_from",
    "first_seen",
    "last_seen",
    "exempted_because",
    "exempted_by",
    "exempted_until",
    "acted",
    "acted_at",
    *("seen_" + name for name in _SEEN),
    "tenant",
    "run",
    "row_sum",
)
# What remediation relies on beside the ID's own parts.
_SUMMED = (
    *("finding_id", "status", "email", "privileged", "break_glass", "protection", "last_seen"),
    *("exempted_because", "exempted_by", *("seen_" + name for name in _SEEN)),
)


def row_sum(row: Mapping[str, str]) -> str:
    """A checksum of the cells that remediation relies on. It shows mistakes; it has no key, so anybody can make one.

    :param row: cells by column, as they are in the file
    """
    parts = [uncell(row[name]) for name in _SUMMED]
    # A spreadsheet writes a day in the way of its country, so all that counts is whether there is one.
    parts.append("until" if row["exempted_until"] else "")
    # It begins with a letter, so that no spreadsheet takes it for a number.
    return "s" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:15]


def values(found: FoundRow) -> list[object]:
    """The cells of one finding, in the order of :data:`HEADER`."""
    exempted, seen, acted = found["exempted"], found["seen"], found["acted"]
    row = [
        found["id"],
        "",
        found["status"],
        found["severity"],
        yes(found["warning"]),
        found["rule"],
        RULES[found["rule"]].title,
        cell(found["user"]),
        cell(found["user_id"]),
        cell(found["email"]),
        cells(found["connections"]),
        yes(found["privileged"]),
        yes(found["break_glass"]),
        found["place"],
        found["protection"],
        cell(found["factor"]),
        cell(found["device"]),
        cell(found["authenticator_id"]),
        cell(found["link_id"]),
        "" if found["age_days"] is None else found["age_days"],
        found["age_from"] or "",
        found["first_seen"],
        found["last_seen"],
        *((cell(exempted["reason"]), cell(exempted["owner"]), exempted["expires"]) if exempted else ("", "", "")),
        *((WORDS[acted["action"]], acted["at"]) if acted else ("", "")),
        *((seen[name] or "" for name in _SEEN) if seen else ("",) * len(_SEEN)),
        found["tenant"],
        found["run"],
    ]
    return [*row, row_sum(dict(zip(HEADER, map(str, row))))]
