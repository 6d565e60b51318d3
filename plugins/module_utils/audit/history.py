# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of a folder, read once: which one is gone on with, which ones know something, and what the next one is called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Mapping, Sequence

from ..auth0.wire.errors import ConfigurationError
from .ledger import RUNS, Ledger
from .order import Order
from .store import DamagedError, Store, StoreError

# A number, because a clock may have been wrong, and the time of the plan for people.
_NAME = re.compile(r"(\d{6,})-\d{8}T\d{6}Z")


@dataclass(frozen=True)
class History:
    """What runs there were when it was read.

    A directory of another name, such as a copy that somebody made, is no run. Neither is one whose worker was killed before it
    had a checkpoint.

    :ivar ledgers: the runs by name, the oldest first
    :ivar damaged: name -> why this run cannot be read
    """

    ledgers: Mapping[str, Ledger]
    damaged: Mapping[str, StoreError]

    @classmethod
    def of(cls, store: Store) -> History:
        """That of a store.

        :raises StoreError: nobody can tell which runs there are
        """
        ledgers, damaged = {}, {}
        for name in sorted(filter(_NAME.fullmatch, store.names(RUNS)), key=rank):
            try:
                ledger = Ledger.load(store, name)
            except DamagedError as error:
                damaged[name] = error
            else:
                if ledger is not None:
                    ledgers[name] = ledger
        return cls(ledgers, damaged)

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
        if run in self.damaged:
            raise self.damaged[run]
        if run not in self.ledgers:
            raise ConfigurationError("There is no run %r" % run, hint=_known(list(self.ledgers)))
        return self.ledgers[run]

    def check_tenant(self, tenant: str) -> None:
        """:raises ConfigurationError: the folder is that of another tenant"""
        for ledger in self.ledgers.values():
            if ledger.checkpoint.tenant != tenant:
                raise ConfigurationError(
                    "The audits in this folder are of %s, not of %s" % (ledger.checkpoint.tenant, tenant),
                    hint="Choose another folder. Each tenant needs one of its own.",
                )

    def unfinished(self, order: Order) -> Ledger | None:
        """The last run of these users, if it can be gone on with.

        :raises ConfigurationError: a run was named that is none of these users
        :raises StoreError: it cannot be read
        """
        fitting = self._fitting(order)
        self._check_since(order, fitting)
        if not fitting:
            return None
        last, checkpoint = fitting[-1], fitting[-1].checkpoint
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
        fitting = self._fitting(order)
        self._check_since(order, fitting)
        names = [ledger.checkpoint.run for ledger in fitting]
        finished = [ledger.checkpoint.run for ledger in fitting if ledger.checkpoint.finished is not None]
        base = order.since or (finished[-1] if finished else None)
        # A complete run knows everybody; one that was cut off afterward knows some of them better.
        return None if order.full else base, fitting[names.index(base) :] if base else fitting

    def before(self, ledger: Ledger) -> list[Ledger]:
        """The earlier runs of the same users, the oldest first."""
        checkpoint = ledger.checkpoint
        return [
            each
            for name, each in self.ledgers.items()
            if rank(name) < rank(checkpoint.run) and each.checkpoint.fits(checkpoint.tenant, checkpoint.scope)
        ]

    def _check_since(self, order: Order, fitting: Sequence[Ledger]) -> None:
        names = [ledger.checkpoint.run for ledger in fitting]
        if order.since is None:
            return
        if order.since in self.damaged:
            raise self.damaged[order.since]
        if order.since not in names:
            raise ConfigurationError("There is no run %r of these users" % order.since, hint=_known(names))

    def damaged_after(self, run: str | None) -> list[str]:
        """The runs that cannot be read and are later than this one.

        :param run: None for all of them
        """
        return [name for name in self.damaged if run is None or rank(name) > rank(run)]

    def next_name(self, planned: datetime) -> str:
        """A name for a new run, behind those of all others."""
        number = rank(self._last)[0] if self._last else 0
        return "%06d-%s" % (number + 1, planned.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"))

    @property
    def _last(self) -> str | None:
        return max((*self.ledgers, *self.damaged), key=rank, default=None)

    def _fitting(self, order: Order) -> list[Ledger]:
        scope = order.scope.as_row()
        return [ledger for ledger in self.ledgers.values() if ledger.checkpoint.fits(order.tenant, scope)]


def rank(name: str) -> tuple[int, str]:
    """What puts the names of runs in order; whatever else there is comes before them."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else 0, name


def _known(names: Sequence[str]) -> str:
    return "Known runs: %s." % (", ".join(names) or "none")
