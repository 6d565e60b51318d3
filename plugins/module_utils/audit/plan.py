# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a run, each once, and whom it has to read: the list of users against what earlier runs know of them.

A tenant may have millions of users, so both lists are in a database on disk (SQLite), which sorts and joins them.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from typing import Iterator

from .records import ProfileRecord, Record

# A delta run reads this part of the users who have not changed as well, those first who were read longest ago. So a change that
# leaves no mark is seen after as many runs.
SWEEP = 30
_MEMORY_KIB = 8_000


def has_changed(profile: ProfileRecord, known: Record) -> bool:
    """Whether a user has to be read again: could not be read last time, or has logged in or changed factors since.

    A mark that cannot be read may have moved.
    """
    before = known["profile"]
    marks = ("last_login", "multifactor_last_modified")
    return (
        known["authenticators"] is None
        or any(profile[mark] != before[mark] for mark in marks)  # type: ignore[literal-required]
        or any(mark in profile["unreadable"] for mark in marks)
    )


class Roll:
    """The users of one run. A context manager, which frees the database."""

    def __init__(self, directory: str) -> None:
        """
        :param directory: for the database; it needs about 1 KB a user
        """
        self._database = sqlite3.connect(os.path.join(directory, "roll.sqlite"), isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA cache_size = -%d" % _MEMORY_KIB,
            "PRAGMA temp_store = FILE",
            "CREATE TABLE users (id TEXT PRIMARY KEY, created_at TEXT, profile TEXT) WITHOUT ROWID",
            "CREATE TABLE known (id TEXT PRIMARY KEY, read_at TEXT, record TEXT) WITHOUT ROWID",
            "CREATE TABLE chosen (id TEXT PRIMARY KEY) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)

    def __enter__(self) -> Roll:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._database.close()

    def __len__(self) -> int:
        """How many different users there are."""
        return self._count("users")

    def add(self, profile: ProfileRecord) -> None:
        """One more user. Of several profiles of the same the first stays: that of an export tells more than that of a search."""
        self._database.execute(
            "INSERT OR IGNORE INTO users VALUES (?, ?, ?)",
            (profile["user_id"], profile["created_at"] or "", json.dumps(profile)),
        )

    def created_before(self, moment: str) -> int:
        """How many users were created before that, or at no time that can be read."""
        return int(self._database.execute("SELECT count(*) FROM users WHERE created_at < ?", (moment,)).fetchone()[0])

    def youngest(self, moment: str) -> str | None:
        """When the last of the users was created who were created before that; None where nobody was."""
        found = self._database.execute("SELECT max(created_at) FROM users WHERE created_at < ?", (moment,))
        return found.fetchone()[0] or None

    def know(self, record: Record) -> None:
        """What an earlier run read. A later reading replaces an earlier one, unless it failed."""
        user_id = record["profile"]["user_id"]
        if record["gone"]:
            return
        if record["authenticators"] is None:
            # What was read before is still what is known; that the user has to be read is known as well.
            self._database.execute("INSERT OR IGNORE INTO known VALUES (?, ?, ?)", (user_id, "", json.dumps(record)))
            self._database.execute("INSERT OR IGNORE INTO chosen VALUES (?)", (user_id,))
            return
        self._database.execute("DELETE FROM chosen WHERE id = ?", (user_id,))
        self._database.execute(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (user_id, record["read_at"], json.dumps(record))
        )

    def choose(self, everybody: bool) -> tuple[int, int]:
        """Decide whom to read; returns how many are read and how many are carried over from what is known.

        :param everybody: nobody is carried over
        """
        if everybody:
            self._database.execute("INSERT OR IGNORE INTO chosen SELECT id FROM users")
        else:
            self._database.execute(
                "INSERT OR IGNORE INTO chosen SELECT id FROM users WHERE id NOT IN (SELECT id FROM known)"
            )
            self._choose_changed()
            self._choose_in_turn()
        self._database.execute("DELETE FROM chosen WHERE id NOT IN (SELECT id FROM users)")
        chosen = self._count("chosen")
        return chosen, len(self) - chosen

    def has_marks(self) -> bool:
        """Whether the list of users tells when factors changed. Where nobody has such a mark, nobody knows that it would come."""
        marks = "SELECT 1 FROM users WHERE json_extract(profile, '$.multifactor_last_modified') IS NOT NULL LIMIT 1"
        return bool(self._database.execute(marks).fetchone())

    def to_read(self) -> Iterator[ProfileRecord]:
        """Those to read: who was never read, the oldest account first; then by the age of the last reading."""
        for (profile,) in self._database.execute(
            "SELECT u.profile FROM chosen c JOIN users u ON u.id = c.id LEFT JOIN known k ON k.id = c.id "
            "ORDER BY coalesce(k.read_at, ''), u.created_at, u.id"
        ):
            yield json.loads(profile)

    def carried(self) -> Iterator[Record]:
        """Those who are carried over, with their profile of today, in the order of their IDs."""
        for profile, known in self._database.execute(
            "SELECT u.profile, k.record FROM users u JOIN known k ON k.id = u.id "
            "WHERE u.id NOT IN (SELECT id FROM chosen) ORDER BY u.id"
        ):
            record: Record = json.loads(known)
            record["profile"] = json.loads(profile)
            yield record

    def _choose_changed(self) -> None:
        changed = self._database.cursor()
        for user_id, profile, known in self._database.execute(
            "SELECT u.id, u.profile, k.record FROM users u JOIN known k ON k.id = u.id"
        ):
            if has_changed(json.loads(profile), json.loads(known)):
                changed.execute("INSERT OR IGNORE INTO chosen VALUES (?)", (user_id,))

    def _choose_in_turn(self) -> None:
        left = self._count("users WHERE id NOT IN (SELECT id FROM chosen)")
        self._database.execute(
            "INSERT INTO chosen SELECT u.id FROM users u JOIN known k ON k.id = u.id "
            "WHERE u.id NOT IN (SELECT id FROM chosen) ORDER BY k.read_at, u.id LIMIT ?",
            (math.ceil(left / SWEEP),),
        )

    def _count(self, what: str) -> int:
        return int(self._database.execute("SELECT count(*) FROM " + what).fetchone()[0])
