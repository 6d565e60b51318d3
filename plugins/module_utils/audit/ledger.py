# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a run is: its frozen plan, the parts that were read, and the checkpoint that says what counts.

    runs/RUN/plan-DIGEST.jsonl.gz     whom to read, in this order
    runs/RUN/carried-DIGEST.jsonl.gz  who is carried over from earlier runs, as they were read there
    runs/RUN/out-DIGEST.jsonl.gz      who is out of scope by the policy, and not read
    runs/RUN/checkpoint.json        how far the run is; each version replaces the one before it, and nothing else
    runs/RUN/parts/NUMBER.jsonl.gz  what was read of the users from this number on; written once
    runs/RUN/again/NUMBER.jsonl.gz  the second try for those who could not be read or are gone; written once

A part is written before the checkpoint that counts it. Whoever finds a part that no checkpoint counts was killed in between, and
goes on behind it.

The run begins with its first checkpoint, which names its plan by its content. Of two workers who begin the same run, one stores it.
Files without a checkpoint are no run: their worker was killed before it began.

What is read is held against the plan, record by record, so a file that was lost, exchanged or cut short is an error and never a
report.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from typing import IO, Any, Generator, Iterator, Mapping, Sequence

from ..auth0.wire.errors import ConfigurationError
from .facts import TenantFacts
from .forms import check_of
from .lines import damaged, digest_of, packed, read_lines
from .policy.model import Policy
from .records import Census, Costs, OutRow, PlanRow, Record
from .store import Store

RUNS = "runs"
PLAN, CARRIED, OUT, CHECKPOINT = "plan", "carried", "out", "checkpoint.json"
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
    :ivar digests: of the files that are written once, in their names
    :ivar out_of_scope: users who are not read because the policy does not mean them
    :ivar policy_source: where the policy was taken from, and its version there
    :ivar facts: what is known of the tenant, as a row; None where nobody asked
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
    digests: Mapping[str, str] = field(default_factory=dict)
    out_of_scope: int = 0
    facts: Mapping[str, Any] | None = None
    policy_source: str | None = None

    def __post_init__(self) -> None:
        """:raises ValueError: the figures cannot be right"""
        if not (0 <= self.again <= self.first <= self.to_read and 0 <= self.carried and 0 <= self.out_of_scope):
            raise ValueError("more users are counted than there are")

    def file(self, kind: str) -> str:
        """The name of a file below the run.

        :param kind: ``PLAN``, ``CARRIED`` or ``OUT``
        """
        return "%s-%s.jsonl.gz" % (kind, self.digests[kind])

    @property
    def counted_beyond(self) -> int | None:
        """How many more users the tenant counts than are listed, at the end of the run; None before, or if it cannot tell."""
        if self.finished is None or self.census is None or self.census["counted"] is None:
            return None
        return self.census["counted"] - self.census["listed"]

    @property
    def whole_tenant(self) -> bool:
        """Whether it is about every user."""
        return not any(self.scope.values())

    def fits(self, tenant: str, scope: Mapping[str, Any]) -> bool:
        """Whether it is about these users."""
        return self.tenant == tenant and dict(self.scope) == dict(scope)


class Ledger:
    """One run in a store.

    :ivar checkpoint: the last one
    """

    def __init__(self, store: Store, checkpoint: Checkpoint, version: str) -> None:
        """
        :param version: of the checkpoint in the store
        """
        self._store, self.checkpoint, self._version = store, checkpoint, version

    @classmethod
    def begin(cls, store: Store, checkpoint: Checkpoint, files: Mapping[str, IO[bytes]]) -> Ledger:
        """A new run.

        :param files: ``PLAN``, ``CARRIED`` and ``OUT`` -> the users as lines; in the order of the plan, or of the IDs
        :raises TakenError: another worker began the same run
        """
        checkpoint = replace(checkpoint, digests={kind: digest_of(rows) for kind, rows in files.items()})
        for kind, rows in files.items():
            store.put(path(checkpoint.run, checkpoint.file(kind)), rows)
        version = store.write(path(checkpoint.run, CHECKPOINT), _content(checkpoint), None)
        return cls(store, checkpoint, version)

    @classmethod
    def load(cls, store: Store, run: str) -> Ledger | None:
        """A run that was begun earlier; None where there is none of this name.

        :raises StoreError: it cannot be read
        """
        name = path(run, CHECKPOINT)
        found = store.read(name)
        if found is None:
            return None
        content, version = found
        try:
            checkpoint = _checkpoint(content)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigurationError):
            raise damaged(name, "it is not as it was written, or of another version") from None
        if checkpoint.run != run:
            raise damaged(name, "it belongs to the run %r, so this is a copy" % (checkpoint.run,))
        return cls(store, checkpoint, version)

    def users(self) -> Generator[PlanRow, None, None]:
        """Who is still to be read for the first time.

        :raises StoreError: the plan is damaged
        """
        with closing(self._planned()) as planned:
            yield from islice(planned, self.checkpoint.first, None)

    def unread(self) -> Generator[PlanRow, None, None]:
        """Who could not be read, or is gone by the word of one answer, and was not tried again yet.

        :raises StoreError: a file is damaged
        """
        with closing(self._tried()) as tried:
            yield from islice(filter(_is_open, tried), self.checkpoint.again, None)

    def anybody(self, most: int) -> list[str]:
        """The IDs of so many users at most, spread over all of the run, other ones each time. Any few of them in a row are spread as well.

        :raises StoreError: a file is damaged
        """
        stride = -(-(self.checkpoint.to_read + self.checkpoint.carried) // most) or 1
        everybody = chain(self._planned(), self._by_id(CARRIED, Record, self.checkpoint.carried))
        chosen = [row["profile"]["user_id"] for row in islice(everybody, random.randrange(stride), None, stride)]
        # Multiples of the golden ratio are far from each other, however many there are.
        order = sorted(range(len(chosen)), key=lambda place: place * _GOLDEN % 1)
        first = random.randrange(len(order) or 1)
        return [chosen[place] for place in order[first:] + order[:first]]

    def check(self) -> None:
        """:raises StoreError: a file is damaged, so that the run can neither be gone on with nor be reported"""
        for rows in (self.records(), self.users()):
            for _row in rows:
                continue

    def adopt(self, kind: str) -> None:
        """Count the parts that were written and not counted, because the worker was killed in between.

        :param kind: ``FIRST`` or ``AGAIN``
        :raises StoreError: such a part is damaged
        """
        while True:
            done: int = getattr(self.checkpoint, _COUNTED[kind])
            if _part(done) not in self._store.names(path(self.checkpoint.run, kind)):
                return
            name = "%s/%s" % (kind, _part(done))
            expected = self.users() if kind == FIRST else self.unread()
            rows = sum(1 for _record in self._held(((name, row) for row in self._lines(name, Record)), expected))
            if not rows:
                raise damaged(self._whole(name), "there is nobody in it")
            self.advance(**{_COUNTED[kind]: done + rows})

    def keep(self, kind: str, records: Sequence[Record], costs: Costs) -> None:
        """Store what was read, and count it.

        :raises TakenError: another worker did it already
        """
        done: int = getattr(self.checkpoint, _COUNTED[kind])
        name = "%s/%s" % (kind, _part(done))
        self._store.put(self._whole(name), io.BytesIO(packed(records)), once=True)
        self.advance(**{_COUNTED[kind]: done + len(records)}, costs=costs)

    def advance(self, **changes: Any) -> None:
        """Replace the checkpoint.

        :raises TakenError: another worker did it already
        """
        self._write(replace(self.checkpoint, **changes))

    def records(self) -> Iterator[Record]:
        """What is known of every user who was read or tried: in the order of the plan, and then those carried over, and those out
        of scope, of whom nothing was read.

        :raises StoreError: a file is damaged; who came before the damage was read all the same
        """
        with closing(self._tried()) as tried, closing(self._counted(AGAIN)) as again:
            for record in tried:
                if _is_open(record):
                    record = next(self._held(islice(again, 1), iter([record])), record)
                yield record
            for name, _record in again:
                raise damaged(self._whole(name), "nobody had to be tried again")
        yield from self._by_id(CARRIED, Record, self.checkpoint.carried)
        if OUT in self.checkpoint.digests:
            yield from map(self._unread, self._by_id(OUT, OutRow, self.checkpoint.out_of_scope))

    def _unread(self, row: Any) -> Record:
        """A user whom the policy of the run did not mean."""
        return {
            "number": -1,
            "profile": row["profile"],
            "read_at": self.checkpoint.planned,
            "authenticators": None,
            "error": "The user was out of scope of the policy of the run %s." % self.checkpoint.run,
            "gone": False,
            "before": None,
            "before_at": None,
        }

    def _tried(self) -> Generator[Record, None, None]:
        """What came of the first try."""
        # An error must not leave files open.
        with closing(self._counted(FIRST)) as records, closing(self._planned()) as expected:
            yield from self._held(records, expected)

    def _planned(self) -> Generator[PlanRow, None, None]:
        """Everybody in the plan."""
        name, number = self.checkpoint.file(PLAN), -1
        for number, row in enumerate(self._list(PLAN, PlanRow)):
            if row["number"] != number:
                raise damaged(self._whole(name), "number %d is not in its place" % number)
            yield row
        self._check_size(name, number + 1, self.checkpoint.to_read)

    def _by_id(self, kind: str, form: type, counted: int) -> Iterator[Any]:
        """Every line of a file that is in the order of the users' IDs."""
        name, number, before = self.checkpoint.file(kind), 0, ""
        for number, row in enumerate(self._list(kind, form), 1):
            if row["profile"]["user_id"] <= before:
                raise damaged(self._whole(name), "user %d is not in the place of the ID" % number)
            before = row["profile"]["user_id"]
            yield row
        self._check_size(name, number, counted)

    def _check_size(self, name: str, there: int, counted: int) -> None:
        if there != counted:
            raise damaged(self._whole(name), "%d users are in it, and not %d" % (there, counted))

    def _counted(self, kind: str) -> Generator[tuple[str, Record], None, None]:
        """The records that the checkpoint counts, and no others, with the parts that they are in."""
        counted: int = getattr(self.checkpoint, _COUNTED[kind])
        done = 0
        while done < counted:
            name, before = "%s/%s" % (kind, _part(done)), done
            for record in self._lines(name, Record):
                done += 1
                yield name, record
            if done == before or done > counted:
                raise damaged(self._whole(name), "the checkpoint counts another number of users in it")

    def _held(self, records: Iterator[tuple[str, Record]], expected: Iterator[PlanRow]) -> Iterator[Record]:
        """The records, each of which has to be of the user who is expected in this place, with what is known of before."""
        for name, record in records:
            row = next(expected, None)
            if row is None or _who(row) != _who(record):
                raise damaged(self._whole(name), "it is not of the users of the plan in this place")
            record["before"], record["before_at"] = row.get("before"), row.get("before_at")
            yield record

    def _lines(self, name: str, form: type, digest: str | None = None) -> Iterator[Any]:
        whole = self._whole(name)
        with self._store.open(whole) as file:
            yield from read_lines(file, whole, form, digest)

    def _list(self, kind: str, form: type) -> Iterator[Any]:
        """The rows of a file that is written once."""
        return self._lines(self.checkpoint.file(kind), form, self.checkpoint.digests[kind])

    def _whole(self, name: str) -> str:
        return path(self.checkpoint.run, name)

    def _write(self, checkpoint: Checkpoint) -> None:
        self._version = self._store.write(path(checkpoint.run, CHECKPOINT), _content(checkpoint), self._version)
        self.checkpoint = checkpoint


_GOLDEN = (5**0.5 - 1) / 2
_COUNTED = {FIRST: "first", AGAIN: "again"}
_SUM = "sum"
_IS_CHECKPOINT = check_of(Checkpoint)


def path(run: str, name: str) -> str:
    """The name in the store of what belongs to a run."""
    return "%s/%s/%s" % (RUNS, run, name)


def _part(number: int) -> str:
    """The name of the part that begins with this many records before it."""
    return "%09d.jsonl.gz" % number


def _who(row: PlanRow | Record) -> tuple[int, str]:
    return row["number"], row["profile"]["user_id"]


def _is_open(record: Record) -> bool:
    """Whether the user is tried again: could not be read, or is gone by the word of one answer."""
    return record["error"] is not None or record["gone"]


def _content(checkpoint: Checkpoint) -> bytes:
    row = asdict(checkpoint)
    return json.dumps({**row, _SUM: _sum_of(row)}, indent=2, sort_keys=True).encode() + b"\n"


def _checkpoint(content: bytes) -> Checkpoint:
    """What :func:`_content` stored.

    :raises TypeError, KeyError, ValueError, AttributeError, ConfigurationError: it is something else
    """
    row = json.loads(content)
    known = row.pop(_SUM, None)
    if known not in (None, _sum_of(row)) or not _IS_CHECKPOINT(row):
        raise ValueError
    checkpoint = Checkpoint(**row)
    checkpoint.file(PLAN), checkpoint.file(CARRIED)
    Policy.from_row(checkpoint.policy)
    if checkpoint.facts is not None:
        TenantFacts.from_row(checkpoint.facts)
    return checkpoint


def _sum_of(row: Mapping[str, Any]) -> str:
    """That of a checkpoint. It has no other, and one byte may make another user or another policy of it."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
