# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a run, each once, and whom it has to read: the list of users against what earlier runs know of them.

A tenant may have millions of users, so both lists are in a database on disk (SQLite), which sorts and joins them.
"""

from __future__ import annotations

import json
import math
from typing import Callable, Iterator, NamedTuple, Sequence

from .changes import had
from .lines import scratch_database
from .records import PlanRow, ProfileRecord, Record

# A delta run reads this part of the users who have not changed as well, those first who were read longest ago. So a change that
# leaves no mark is seen after as many runs.
SWEEP = 30
# So many users are worked on between two looks at whether to go on.
_STRIDE = 1000
_MARKS = ("last_login", "multifactor_last_modified")
_COLUMNS = ("user_id", "created_at", *_MARKS)
_OTHERS = tuple(name for name in ProfileRecord.__annotations__ if name not in _COLUMNS)
# A user who was deleted and created again may have the same ID. What is known is of another person then.
_KNOWN = "known k ON k.id = u.user_id AND k.created_at IS u.created_at"
# Who has to be read again: could not be read last time, or has logged in or changed factors since, or is somebody else. A mark that
# cannot be read may have moved.
_CHANGED = """
unsure OR NOT EXISTS (
  SELECT 1 FROM known k WHERE k.id = users.user_id AND k.created_at IS users.created_at AND NOT k.failed
  AND k.last_login IS users.last_login AND k.multifactor_last_modified IS users.multifactor_last_modified)
"""


# Where the policy puts a user.
_FIRST, _OTHER, _OUT = range(3)
_IN_SCOPE = " place != %d " % _OUT


class Chosen(NamedTuple):
    """How many users are read, carried over from what is known, and out of scope."""

    to_read: int
    carried: int
    out_of_scope: int


class Roll:
    """The users of one run. A context manager, which frees the database."""

    def __init__(self, directory: str, pause: Callable[[], None]) -> None:
        """
        :param directory: for the database; it needs about 0.3 KB a user, and 0.6 KB more for what is known of one
        :param pause: is called again and again; what it raises ends the work
        """
        self._pause, self._steps = pause, 0
        self._database = scratch_database(directory)
        for statement in (
            "CREATE TABLE users (user_id TEXT PRIMARY KEY, created_at, last_login, multifactor_last_modified, others, unsure, "
            "place, chosen)",
            "CREATE TABLE known (id TEXT PRIMARY KEY, failed, number, read_at, turn, created_at, last_login, "
            "multifactor_last_modified, authenticators)",
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

    def add(self, profile: ProfileRecord, *, first: bool = False, out: bool = False) -> None:
        """One more user. Of several profiles of the same the first stays: that of an export tells more than that of a search.

        :param first: is read before the others
        :param out: is out of scope by the policy, and not read
        """
        self._step()
        columns = [profile[name] for name in _COLUMNS]  # type: ignore[literal-required]
        others = _packed([profile[name] for name in _OTHERS])  # type: ignore[literal-required]
        unsure = any(mark in profile["unreadable"] for mark in _MARKS)
        self._database.execute(
            "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, FALSE)",
            (*columns, others, unsure, _OUT if out else _FIRST if first else _OTHER),
        )

    def created_before(self, moment: str) -> int:
        """How many users were created before that, or at no time that can be read."""
        return self._count("users WHERE created_at < ? OR created_at IS NULL", moment)

    def created_after(self, moment: str) -> int:
        """How many users were created after that."""
        return self._count("users WHERE created_at > ?", moment)

    def youngest(self, moment: str) -> str | None:
        """When the last of the users was created who were created before that; None where nobody was."""
        found = self._database.execute("SELECT max(created_at) FROM users WHERE created_at < ?", (moment,))
        youngest: str | None = found.fetchone()[0]
        return youngest

    def know(self, record: Record, now: str) -> None:
        """What an earlier run read. A later reading replaces an earlier one, unless it failed.

        :param now: the time; a reading that is later had a wrong clock, and counts as the oldest
        """
        self._step()
        profile = record["profile"]
        if record["gone"]:
            return
        if record["authenticators"] is None:
            # What was read before is still what is known; that the user has to be read is known as well.
            self._database.execute(
                "INSERT INTO known (id, failed, turn) VALUES (?, TRUE, '') ON CONFLICT (id) DO UPDATE SET failed = TRUE",
                (profile["user_id"],),
            )
            return
        self._database.execute(
            "INSERT OR REPLACE INTO known VALUES (?, FALSE, ?, ?, ?, ?, ?, ?, ?)",
            (
                profile["user_id"],
                record["number"],
                record["read_at"],
                record["read_at"] if record["read_at"] <= now else "",
                profile["created_at"],
                profile["last_login"],
                profile["multifactor_last_modified"],
                _packed(record["authenticators"]),
            ),
        )

    def choose(self, everybody: bool) -> Chosen:
        """Decide whom to read.

        :param everybody: nobody is carried over
        """
        if everybody:
            self._database.execute("UPDATE users SET chosen = TRUE WHERE" + _IN_SCOPE)
        else:
            self._database.execute("UPDATE users SET chosen = TRUE WHERE (%s) AND %s" % (_CHANGED, _IN_SCOPE))
            self._pause()
            in_turn = math.ceil(self._count("users WHERE NOT chosen AND" + _IN_SCOPE) / SWEEP)
            self._database.execute(
                "UPDATE users SET chosen = TRUE WHERE user_id IN (SELECT u.user_id FROM users u JOIN %s "
                "WHERE NOT u.chosen AND %s ORDER BY k.turn, u.user_id LIMIT ?)" % (_KNOWN, _IN_SCOPE),
                (in_turn,),
            )
        self._pause()
        chosen, in_scope = self._count("users WHERE chosen"), self._count("users WHERE" + _IN_SCOPE)
        return Chosen(chosen, in_scope - chosen, len(self) - in_scope)

    def has_marks(self) -> bool:
        """Whether the list of users tells when factors changed. Where nobody has such a mark, nobody knows that it would come."""
        return self._count("(SELECT 1 FROM users WHERE multifactor_last_modified IS NOT NULL LIMIT 1)") > 0

    def to_read(self) -> Iterator[PlanRow]:
        """Those to read, with what the last reading found: whom the policy puts first; then who was never read, the oldest
        account first; then by the age of the last reading.
        """
        rows = self._database.execute(
            "SELECT k.read_at, k.authenticators, u.others, %s FROM users u LEFT JOIN %s "
            "WHERE u.chosen ORDER BY u.place, coalesce(k.turn, ''), u.created_at, u.user_id" % (_NAMES, _KNOWN)
        )
        for number, (read_at, authenticators, *values) in enumerate(rows):
            self._step()
            before = None if authenticators is None else had(json.loads(authenticators))
            yield {"number": number, "profile": _profile(*values), "before": before, "before_at": read_at}

    def carried(self) -> Iterator[Record]:
        """Those who are carried over, with their profile of today, in the order of their IDs."""
        for number, read_at, authenticators, *values in self._database.execute(
            "SELECT k.number, k.read_at, k.authenticators, u.others, %s FROM users u JOIN %s "
            "WHERE NOT u.chosen AND u.place != %d ORDER BY u.user_id" % (_NAMES, _KNOWN, _OUT)
        ):
            self._step()
            yield {
                "number": number,
                "profile": _profile(*values),
                "read_at": read_at,
                "authenticators": json.loads(authenticators),
                "error": None,
                "gone": False,
                "before": None,
                "before_at": None,
            }

    def out_of_scope(self) -> Iterator[ProfileRecord]:
        """Those who are not read because the policy does not mean them, in the order of their IDs."""
        for values in self._database.execute(
            "SELECT u.others, %s FROM users u WHERE u.place = %d ORDER BY u.user_id" % (_NAMES, _OUT)
        ):
            self._step()
            yield _profile(*values)

    def _step(self) -> None:
        if self._steps % _STRIDE == 0:
            self._pause()
        self._steps += 1

    def _count(self, what: str, *values: str) -> int:
        return int(self._database.execute("SELECT count(*) FROM " + what, values).fetchone()[0])


_NAMES = ", ".join("u." + name for name in _COLUMNS)


def _packed(rows: Sequence[object]) -> str:
    return json.dumps(rows, separators=(",", ":"))


def _profile(others: str, *columns: object) -> ProfileRecord:
    return {**dict(zip(_COLUMNS, columns)), **dict(zip(_OTHERS, json.loads(others)))}  # type: ignore[typeddict-item]
