# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report that have a line for each user, finding or change, all written in one pass over the users.

Their lines are in the order that :mod:`..ranks` tells; those of one rank in the order in which the users were read.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import IO, Callable, Iterable, Iterator, Mapping

from .. import ranks
from ..lines import line
from ..records import ChangeRow, FoundRow, UserRow
from . import findings_csv, ocsf, table, users_csv
from .sections import Sections, gzipped

USERS, FINDINGS, CHANGES = "users.jsonl.gz", "findings.jsonl.gz", "changes.jsonl.gz"
USERS_CSV, FINDINGS_CSV, OCSF = "users.csv", "findings.csv", "ocsf.jsonl.gz"
# What later runs and other tools read is always there; the others may be left out.
ALWAYS, MORE = (USERS, FINDINGS, CHANGES), (USERS_CSV, FINDINGS_CSV, OCSF)


class Lists:
    """A context manager, which closes the files."""

    def __init__(self, directory: str, at: str, more: Iterable[str] = MORE, *, bom: bool = False) -> None:
        """
        :param directory: where they are made
        :param at: the time of the run, ISO 8601
        :param more: those of :data:`MORE` that are wanted
        :param bom: begin CSV files with a byte order mark, by which Excel knows that they are UTF-8
        """
        self._at = at
        self._stack = ExitStack()
        made: Mapping[str, Callable[[], Sections]] = {
            **dict.fromkeys((USERS, FINDINGS, CHANGES, OCSF), partial(Sections, directory, gzipped)),
            USERS_CSV: partial(Sections, directory, head=table.head(users_csv.HEADER, bom)),
            FINDINGS_CSV: partial(Sections, directory, head=table.head(findings_csv.HEADER, bom)),
        }
        self._files = {name: made[name]() for name in (*ALWAYS, *sorted(set(more)))}
        for sections in self._files.values():
            self._stack.callback(sections.close)

    def __enter__(self) -> Lists:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def user(self, row: UserRow) -> None:
        """One more user."""
        rank = ranks.of_user(row)
        self._files[USERS].add(rank, line(row))
        if USERS_CSV in self._files:
            self._files[USERS_CSV].add(rank, table.line(users_csv.values(row)))

    def found(self, found: FoundRow) -> None:
        """One more finding, whether it holds or is closed."""
        rank = ranks.of_found(found)
        self._files[FINDINGS].add(rank, line(found))
        if FINDINGS_CSV in self._files and found["closed_at"] is None:
            self._files[FINDINGS_CSV].add(rank, table.line(findings_csv.values(found)))
        if OCSF in self._files and (made := ocsf.line(found, self._at)) is not None:
            self._files[OCSF].add(rank, made)

    def change(self, row: ChangeRow) -> None:
        """One more change."""
        self._files[CHANGES].add(ranks.of_change(row), line(row))

    def finished(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each file with its name, complete and at its beginning. To be called once, at the end."""
        for name, sections in self._files.items():
            yield name, self._stack.enter_context(sections.finished())
