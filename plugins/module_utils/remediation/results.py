# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of decisions, in a file with a line for each, which the next task and the next report read."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from datetime import datetime, timedelta

from ..audit.records import SCHEMA_VERSION, ActedRow
from ..auth0.times import as_time, iso
from ..auth0.wire.errors import Auth0Error, ConfigurationError, visible
from .acting import DONE_AT, Done
from .decisions import TICKET, Decision

# Auth0's tickets are good for so long.
TICKET_LASTS = timedelta(days=5)
# Every row begins so, because its members are in alphabetical order.
_BEGIN = b'{"action"'


def acted_row(done: Done, tenant: str, at: datetime) -> ActedRow:
    """The row of a decision."""
    decision = done.decision
    return {
        "schema_version": SCHEMA_VERSION,
        "tenant": tenant,
        "finding": decision.finding,
        "rule": decision.rule,
        "user_id": decision.user_id,
        "user": decision.user,
        "authenticator_id": decision.authenticator_id,
        "action": decision.action,
        "result": done.result,
        "reason": None if done.reason is None else visible(done.reason),
        "removed": list(done.removed),
        "path": done.path,
        "at": iso(at),
    }


class ResultsFile:
    """A context manager that holds the file for one task. In check mode it is read only, and may be missing.

    :ivar added: the lines that this task adds, in check mode those that it would add
    """

    def __init__(self, option: str, path: str, check_mode: bool) -> None:
        """
        :param option: where the path came from, for messages
        :param path: made if it does not exist
        """
        self._option, self.path, self._check_mode = option, os.path.abspath(path), check_mode
        self.added: list[str] = []
        self._handle: int | None = None
        self._lock = threading.Lock()
        # The last row of each finding, and the last by which something was done.
        self._last: dict[str, ActedRow] = {}
        self._done: dict[str, ActedRow] = {}

    def __enter__(self) -> ResultsFile:
        """:raises ConfigurationError: it cannot be read or written, another task has it, or it is something else"""
        try:
            flags = os.O_RDONLY if self._check_mode else os.O_RDWR | os.O_CREAT | os.O_APPEND
            if not self._check_mode or os.path.exists(self.path):
                self._handle = os.open(self.path, flags | os.O_NONBLOCK, 0o600)
                self._begin(self._handle)
        except OSError as error:
            self.__exit__()
            raise self._refusal("cannot be written: %s" % error.strerror) from None
        except ConfigurationError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def done_at(self, decision: Decision, now: datetime) -> str | None:
        """When the decision was carried out; None if it was not.

        What was done before the run that found it (again) does not count, but for a ticket that can still be used.
        """
        row = self._done.get(decision.finding)
        if row is None or row["action"] != decision.action:
            return None
        at, found = as_time(row["at"]), as_time(decision.last_seen)
        if at is None:
            return None
        counts = found is None or at >= found or decision.action == TICKET and now - at < TICKET_LASTS
        return row["at"] if counts else None

    def add(self, row: ActedRow) -> None:
        """One more row, on the disk when this returns. What the file says already is not written again.

        :raises Auth0Error: it cannot be written
        """
        with self._lock:
            if self._says(row):
                return
            self._take(row)
            line = json.dumps(row, sort_keys=True) + "\n"
            self.added.append(line)
            if self._check_mode or self._handle is None:
                return
            try:
                os.write(self._handle, line.encode())
                os.fsync(self._handle)
            except OSError as error:
                raise Auth0Error(
                    "%s %s cannot be written any more: %s" % (self._option, self.path, error.strerror),
                    hint="The result of the task has all rows. Add them to the file before you run the task again.",
                ) from None

    def _begin(self, handle: int) -> None:
        if not os.path.isfile(self.path):
            raise self._refusal("is not a regular file")
        if not self._check_mode:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._refusal("is being written by another task", "Wait until that task has ended.") from None
        with open(self.path, "rb") as file:
            content = file.read()
        complete, _newline, rest = content.rpartition(b"\n")
        for number, line in enumerate(complete.splitlines(), start=1):
            try:
                row = json.loads(line)
                row["action"], row["reason"], as_time(row["at"])
                self._take(row)
            except (ValueError, TypeError, KeyError):
                raise self._refusal("line %d is not what this module writes" % number) from None
        if rest and not (rest.startswith(_BEGIN) or _BEGIN.startswith(rest)):
            raise self._refusal("does not end with what this module writes")
        if rest and not self._check_mode:
            # A task was cut off while it wrote this row.
            os.ftruncate(handle, len(content) - len(rest))

    def _says(self, row: ActedRow) -> bool:
        """Whether the file says the same already, at another time."""
        last, done = self._last.get(row["finding"]), self._done.get(row["finding"])
        if done is not None and row["reason"] == DONE_AT % done["at"]:
            return True
        return last is not None and row["result"] != "done" and {**last, "at": ""} == {**row, "at": ""}

    def _take(self, row: ActedRow) -> None:
        self._last[row["finding"]] = row
        if row["result"] == "done":
            self._done[row["finding"]] = row

    def _refusal(
        self, reason: str, hint: str = "Choose a file path in an existing, writable directory."
    ) -> ConfigurationError:
        return ConfigurationError("%s %s %s" % (self._option, self.path, reason), hint=hint)
