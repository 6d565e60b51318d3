# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole audits of an embedded tenant in the test's process, whose waits pass at once, and what has to be true of each."""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import USERS
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import Outcome, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

from tests.emulator.launch import Running
from tests.support.operator import client_secret, management_api

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
SUM = ("read", "unread", "gone", "out_of_scope", "not_reached")


class Jump:
    """Time in which every wait is over at once.

    :ivar waited: the seconds of all waits
    """

    def __init__(self, told: Callable[[float], None] = lambda _waited: None) -> None:
        """
        :param told: is called with the seconds of all waits after each of them
        """
        self._lock, self._told = threading.Lock(), told
        self.waited = 0.0

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self.waited += max(seconds, 0.0)
            self._told(self.waited)

    def monotonic(self) -> float:
        """Seconds that pass by themselves and by waits."""
        return time.monotonic() + self.waited

    def unix(self) -> float:
        """The same as Unix seconds."""
        return time.time() + self.waited


class JumpingStop(Stop):
    """Lets waits pass at once, and ends a run as it should."""

    def __init__(self, jump: Jump, seconds: float = math.inf) -> None:
        super().__init__(seconds, jump.monotonic)
        self._jump = jump

    def sleep(self, seconds: float) -> None:
        """As :class:`Stop`, in no time."""
        self._jump.sleep(min(seconds, max(self._ends - self.now(), 0.0)))
        super().sleep(0)


@dataclass(frozen=True)
class Audited:
    """One run and what it stored."""

    outcome: Outcome
    rows: list[dict]
    waited: float

    @property
    def summary(self) -> dict:
        """``summary.json``."""
        return self.outcome.summary

    @property
    def by_id(self) -> dict[str, dict]:
        """The rows by user ID; each user has one."""
        found = {row["user_id"]: row for row in self.rows}
        assert len(found) == len(self.rows), "a user has two rows"
        return found


@contextmanager
def connected(running: Running, jump: Jump, stop: Stop, login=client_secret, timeout: float = 5.0):
    """The Management API and its budget.

    :param login: makes the credentials, from the connection and the budget
    """
    budget = Budget(1.0, math.inf, clock=jump.unix, sleep=stop.sleep)
    with management_api(running.url, budget, login, timeout) as api:
        yield api, budget


def audit(
    running: Running,
    folder: Path,
    *,
    seconds: float = math.inf,
    login=client_secret,
    timeout: float = 5.0,
    told: Callable[[float], None] = lambda _waited: None,
    **order,
) -> Audited:
    """Audit the tenant.

    :param folder: where runs are stored
    :param seconds: the deadline
    :param login: makes the credentials, see :func:`connected`
    :param told: see :class:`Jump`
    :param order: what differs from a full audit of everybody with four threads
    """
    jump = Jump(told)
    stop = JumpingStop(jump, seconds)
    store = FolderStore(str(folder))
    with connected(running, jump, stop, login, timeout) as (api, budget):
        wanted = Order(running.domain, **{"threads": 4, "patience": 120.0, **order})
        outcome = run(api, budget, store, wanted, stop=stop, clock=lambda: NOW)
    with store.open(outcome.keys[USERS]) as file:
        rows = list(read_lines(file, USERS))
    audited = Audited(outcome, rows, jump.waited)
    check_sums(audited)
    return audited


def check_sums(audited: Audited) -> None:
    """Assert that the figures of a run add up, and that only a whole run is called whole."""
    coverage = audited.summary["coverage"]
    parts = [coverage[part] for part in SUM]
    assert coverage["listed"] == sum(parts) and min(parts) >= 0, coverage
    unread = sum(row["error"] is not None for row in audited.rows)
    assert (coverage["read"], coverage["unread"]) == (len(audited.by_id) - unread, unread), coverage
    whole = not coverage["unread"] and not coverage["not_reached"] and not coverage["listed_is_lower_bound"]
    assert audited.summary["partial"] or whole, audited.summary
    assert (audited.summary["reason"] is not None) is audited.summary["partial"]


def copied(folder: Path, to: Path) -> Path:
    """A folder with the same runs."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    return to
