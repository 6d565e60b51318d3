# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a run is: its frozen plan, the parts that were read, and the checkpoint that says what counts.

    runs/RUN/plan.jsonl.gz        whom to read, in this order; written once
    runs/RUN/carried.jsonl.gz     who is carried over from earlier runs, as they were read there; written once
    runs/RUN/checkpoint.json      how far the run is; each version replaces the one before it, and nothing else
    runs/RUN/parts/NUMBER.jsonl.gz  what was read of the users from this number on; written once
    runs/RUN/again/NUMBER.jsonl.gz  the second try for those who could not be read or are gone; written once

A part is written before the checkpoint that counts it. Whoever finds a part that no checkpoint counts was killed in between, and
goes on behind it.
"""

from __future__ import annotations

import heapq
import io
import json
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, Iterator, Mapping, Sequence

from ..auth0.wire.errors import ConfigurationError
from .lines import packed, read_lines
from .records import Census, Costs, ProfileRecord, Record
from .store import Store, StoreError

RUNS = "runs"
PLAN, CARRIED, CHECKPOINT = "plan.jsonl.gz", "carried.jsonl.gz", "checkpoint.json"
FIRST, AGAIN = "parts", "again"


@dataclass(frozen=True)
class Checkpoint:
    """What a run is and how far it is. Times are ISO 8601 by the server's clock.

    :ivar scope: who is in the run
    :ivar policy: what the run was begun with, as a row
    :ivar full: nobody is carried over
    :ivar base: the run whose readings are carried over
    :ivar source: where the users were taken from
    :ivar to_read: users in the plan
    :ivar carried: users who are carried over
    :ivar unseen: users that the tenant counted when they were listed, and that no list shows
    :ivar census: the tenant's own count, taken again when everybody was read; None where there is none to compare with
    :ivar incomplete: why there may be more users than are listed; None where all are
    :ivar note: what somebody should know who wonders about the source
    :ivar first: how many of the plan were read, or tried
    :ivar again: how many of those who could not be read were tried again
    :ivar finished: when the last of them was read
    :ivar reported: whether its reports are stored as well
    """

    run: str
    tenant: str
    scope: Mapping[str, Any]
    policy: Mapping[str, Any]
    full: bool
    base: str | None
    source: str
    planned: str
    to_read: int
    carried: int
    unseen: int
    incomplete: str | None
    note: str | None
    costs: Costs
    first: int = 0
    again: int = 0
    finished: str | None = None
    reported: bool = False
    census: Census | None = None

    def fits(self, tenant: str, scope: Mapping[str, Any]) -> bool:
        """Whether it is about these users."""
        return self.tenant == tenant and dict(self.scope) == dict(scope)


class Ledger:
    """One run in a store.

    :ivar checkpoint: the last one
    """

    def __init__(self, store: Store, checkpoint: Checkpoint, version: str | None = None) -> None:
        """
        :param version: of the checkpoint in the store; None where the run begins
        :raises TakenError: the run exists already
        """
        self._store, self.checkpoint, self._version = store, checkpoint, version
        if version is None:
            self._write(checkpoint)

    @classmethod
    def load(cls, store: Store, run: str) -> Ledger:
        """A run that was begun earlier.

        :raises ConfigurationError: there is none of this name
        """
        found = store.read(path(run, CHECKPOINT))
        if found is None:
            raise ConfigurationError(
                "There is no run %r" % run, hint="Known runs: %s." % (", ".join(runs(store)) or "none")
            )
        content, version = found
        try:
            return cls(store, Checkpoint(**json.loads(content)), version)
        except (ValueError, TypeError):
            raise StoreError(
                "The checkpoint of the run %s cannot be read" % run,
                hint="It is damaged, or of another version. Move the directory of this run out of the folder, and run again.",
            ) from None

    def users(self) -> Iterator[tuple[int, ProfileRecord]]:
        """Who is still to be read for the first time, with their numbers."""
        for row in islice(self._lines(PLAN), self.checkpoint.first, None):
            yield row["number"], row["profile"]

    def unread(self) -> Iterator[tuple[int, ProfileRecord]]:
        """Who could not be read, or is gone by the word of one answer, and was not tried again yet, with their numbers."""
        failed = (record for record in self._parts(FIRST) if record["error"] is not None or record["gone"])
        for record in islice(failed, self.checkpoint.again, None):
            yield record["number"], record["profile"]

    def adopt(self, kind: str) -> None:
        """Count the parts that were written and not counted, because the worker was killed in between.

        :param kind: ``FIRST`` or ``AGAIN``
        """
        while True:
            done: int = getattr(self.checkpoint, _COUNTED[kind])
            name = _part(done)
            if name not in self._store.names(path(self.checkpoint.run, kind)):
                return
            rows = sum(1 for _row in self._lines("%s/%s" % (kind, name)))
            self.advance(**{_COUNTED[kind]: done + rows})

    def keep(self, kind: str, records: Sequence[Record], costs: Costs) -> None:
        """Store what was read, and count it.

        :raises TakenError: another worker did it already
        """
        done: int = getattr(self.checkpoint, _COUNTED[kind])
        name = "%s/%s" % (kind, _part(done))
        self._store.put(path(self.checkpoint.run, name), io.BytesIO(packed(records)), once=True)
        self.advance(**{_COUNTED[kind]: done + len(records)}, costs=costs)

    def advance(self, **changes: Any) -> None:
        """Replace the checkpoint.

        :raises TakenError: another worker did it already
        """
        self._write(replace(self.checkpoint, **changes))

    def records(self) -> Iterator[Record]:
        """What is known of every user who was read or tried: in the order of the plan, and then those carried over."""
        yield from _latest(self._parts(FIRST), self._parts(AGAIN))
        yield from self._lines(CARRIED)

    def _parts(self, kind: str) -> Iterator[Record]:
        """The records that the checkpoint counts, and no others."""
        counted: int = getattr(self.checkpoint, _COUNTED[kind])
        names = self._store.names(path(self.checkpoint.run, kind))
        parts = ("%s/%s" % (kind, name) for name in names)
        yield from islice((record for part in parts for record in self._lines(part)), counted)

    def _lines(self, name: str) -> Iterator[Any]:
        whole = path(self.checkpoint.run, name)
        with self._store.open(whole) as file:
            yield from read_lines(file, whole)

    def _write(self, checkpoint: Checkpoint) -> None:
        content = json.dumps(asdict(checkpoint), indent=2, sort_keys=True).encode() + b"\n"
        self._version = self._store.write(path(checkpoint.run, CHECKPOINT), content, self._version)
        self.checkpoint = checkpoint


_COUNTED = {FIRST: "first", AGAIN: "again"}


def path(run: str, name: str) -> str:
    """The name in the store of what belongs to a run."""
    return "%s/%s/%s" % (RUNS, run, name)


def _part(number: int) -> str:
    """The name of the part that begins with this many records before it."""
    return "%09d.jsonl.gz" % number


def runs(store: Store) -> list[str]:
    """The runs of a store, the oldest first."""
    return [run for run in store.names(RUNS) if store.read(path(run, CHECKPOINT)) is not None]


def _latest(first: Iterator[Record], again: Iterator[Record]) -> Iterator[Record]:
    """The last record of each user, in the order of their numbers."""
    kept: Record | None = None
    # Of equal numbers the first of the arguments comes first.
    for record in heapq.merge(first, again, key=_number):
        if kept is not None and kept["number"] != record["number"]:
            yield kept
        kept = record
    if kept is not None:
        yield kept


def _number(record: Record) -> int:
    return record["number"]
