# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of a folder, each read once at most: which one is gone on with, which ones know something, and what the next one is called."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from typing import Any, Iterator, Mapping, Sequence

from ..auth0.wire.errors import ConfigurationError
from .ledger import RUNS, Ledger
from .order import Order
from .store import DamagedError, Store, StoreError

# A number, because a clock may have been wrong, and the time of the plan for people.
_NAME = re.compile(r"(\d{6,})-\d{8}T\d{6}Z")


class History:
    """The runs of a store, of which only those are read that somebody asks for: a folder of hundreds is no more work than one of few.

    Iterates over the runs that can be read, the last one first. A directory of another name, such as a copy that somebody made, is no
    run. Neither is one whose worker was killed before it had a checkpoint.

    :ivar damaged: name -> why this run cannot be read, as far as runs were looked at
    """

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        """
        :param names: of all runs, the oldest first
        """
        self._store, self._names = store, dict.fromkeys(names)
        self._read: dict[str, Ledger | None] = {}
        self.damaged: dict[str, StoreError] = {}
        # Nearly all runs have the same one, which may list thousands of users.
        self._policy: Mapping[str, Any] = {}

    @classmethod
    def of(cls, store: Store) -> History:
        """That of a store.

        :raises StoreError: nobody can tell which runs there are
        """
        return cls(store, sorted(filter(_NAME.fullmatch, store.names(RUNS)), key=rank))

    def __iter__(self) -> Iterator[Ledger]:
        return filter(None, map(self.get, reversed(self._names)))

    def get(self, run: str) -> Ledger | None:
        """The run of this name; None where there was none that can be read."""
        if run not in self._names:
            return None
        if run not in self._read:
            try:
                self._read[run] = self._loaded(run)
            except DamagedError as error:
                self._read[run], self.damaged[run] = None, error
        return self._read[run]

    def _loaded(self, run: str) -> Ledger | None:
        ledger = Ledger.load(self._store, run)
        if ledger is not None:
            if ledger.checkpoint.policy != self._policy:
                self._policy = ledger.checkpoint.policy
            ledger.checkpoint = replace(ledger.checkpoint, policy=self._policy)
        return ledger

    def find(self, run: str | None) -> Ledger:
        """The run of this name.

        :param run: None for the last one
        :raises ConfigurationError: there is none
        :raises StoreError: it cannot be read
        """
        if run is None:
            run = self._last
        if run is None:
            raise ConfigurationError("There is no run in the folder", hint="Check its name, or run the audit first.")
        ledger = self.get(run)
        if run in self.damaged:
            raise self.damaged[run]
        if ledger is None:
            raise ConfigurationError("There is no run %r" % run, hint=_known(list(self._names)))
        return ledger

    def check_tenant(self, tenant: str) -> None:
        """:raises ConfigurationError: the folder is that of another tenant"""
        last = next(iter(self), None)
        if last is not None and last.checkpoint.tenant != tenant:
            raise ConfigurationError(
                "The audits in this folder are of %s, not of %s" % (last.checkpoint.tenant, tenant),
                hint="Choose another folder. Each tenant needs one of its own.",
            )

    def unfinished(self, order: Order) -> Ledger | None:
        """The last run of these users, if it can be gone on with.

        :raises ConfigurationError: a run was named that is none of these users
        :raises StoreError: it cannot be read
        """
        self._check_since(order)
        last = next(self._fitting(order), None)
        if last is None:
            return None
        checkpoint = last.checkpoint
        same = checkpoint.policy == order.policy.as_row() and (checkpoint.full or not order.full)
        if order.since is not None and checkpoint.base not in (None, order.since):
            return None
        # What cannot be read may have come after it.
        return last if same and not checkpoint.reported and not self.damaged_after(checkpoint.run) else None

    def earlier(self, order: Order) -> tuple[str | None, list[Ledger]]:
        """The run to carry readings over from, and all runs of these users that know something, the oldest first.

        :raises ConfigurationError: a run was named that is none of these users
        :raises StoreError: it cannot be read
        """
        self._check_since(order)
        base, known = None, []
        for ledger in self._fitting(order):
            known.append(ledger)
            checkpoint = ledger.checkpoint
            if checkpoint.run == order.since or (order.since is None and checkpoint.finished is not None):
                base = checkpoint.run
                break
        # A complete run knows everybody; one that was cut off afterward knows some of them better.
        return None if order.full else base, known[::-1]

    def before(self, ledger: Ledger, most: int) -> list[Ledger]:
        """The earlier runs of the same users, the oldest first.

        :param most: so many of the last ones
        """
        checkpoint = ledger.checkpoint
        earlier = (
            each
            for each in map(self.get, (name for name in reversed(self._names) if rank(name) < rank(checkpoint.run)))
            if each is not None and each.checkpoint.fits(checkpoint.tenant, checkpoint.scope)
        )
        return list(islice(earlier, most))[::-1]

    def _check_since(self, order: Order) -> None:
        if order.since is None:
            return
        ledger = self.get(order.since)
        if order.since in self.damaged:
            raise self.damaged[order.since]
        if ledger is None or not ledger.checkpoint.fits(order.tenant, order.scope.as_row()):
            names = [each.checkpoint.run for each in self._fitting(order)]
            raise ConfigurationError("There is no run %r of these users" % order.since, hint=_known(names[::-1]))

    def damaged_after(self, run: str | None) -> list[str]:
        """The runs that cannot be read and are later than this one.

        :param run: None for all of them
        """
        later = [name for name in self._names if run is None or rank(name) > rank(run)]
        return [name for name in later if self.get(name) is None and name in self.damaged]

    def next_name(self, planned: datetime) -> str:
        """A name for a new run, behind those of all others."""
        number = rank(self._last)[0] if self._last else 0
        return "%06d-%s" % (number + 1, planned.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"))

    @property
    def _last(self) -> str | None:
        return next((name for name in reversed(self._names) if self.get(name) or name in self.damaged), None)

    def _fitting(self, order: Order) -> Iterator[Ledger]:
        """The runs of these users, the last one first."""
        scope = order.scope.as_row()
        return (ledger for ledger in self if ledger.checkpoint.fits(order.tenant, scope))


def rank(name: str) -> tuple[int, str]:
    """What puts the names of runs in order; whatever else there is comes before them."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else 0, name


def _known(names: Sequence[str]) -> str:
    return "Known runs: %s." % (", ".join(names) or "none")
