# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report that have a line for each user, finding or change, all written in one pass over the users."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import IO, Iterable, Iterator, Mapping

from ..lines import Lines
from ..records import ChangeRow, FoundRow, UserRow
from . import findings_csv, users_csv
from .ocsf import event
from .table import Table

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
        self._files: dict[str, IO[bytes]] = {
            name: self._stack.enter_context(tempfile.TemporaryFile(dir=directory))
            for name in (*ALWAYS, *sorted(set(more)))
        }
        self._lines = {name: Lines(file) for name, file in self._files.items() if name.endswith(".gz")}
        for lines in self._lines.values():
            self._stack.callback(lines.end)
        headers: Mapping[str, tuple[str, ...]] = {USERS_CSV: users_csv.HEADER, FINDINGS_CSV: findings_csv.HEADER}
        self._tables = {
            name: Table(self._files[name], header, bom) for name, header in headers.items() if name in self._files
        }

    def __enter__(self) -> Lists:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def user(self, row: UserRow) -> None:
        """One more user."""
        self._lines[USERS].add(row)
        if USERS_CSV in self._tables:
            self._tables[USERS_CSV].add(users_csv.values(row))

    def found(self, found: FoundRow) -> None:
        """One more finding, whether it holds or is closed."""
        self._lines[FINDINGS].add(found)
        if FINDINGS_CSV in self._tables and found["closed_at"] is None:
            self._tables[FINDINGS_CSV].add(findings_csv.values(found))
        if OCSF in self._lines and (made := event(found, self._at)) is not None:
            self._lines[OCSF].add(made)

    def change(self, row: ChangeRow) -> None:
        """One more change."""
        self._lines[CHANGES].add(row)

    def finished(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each file with its name, complete and at its beginning. To be called once, at the end."""
        for lines in self._lines.values():
            lines.end()
        for name, file in self._files.items():
            file.seek(0)
            yield name, file
