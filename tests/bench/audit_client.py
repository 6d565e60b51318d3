# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing that ``bench_audit`` measures, in a process of its own, so that processor time and memory are those of the client.

``python -m tests.bench.audit_client KIND JSON`` prints what came out as one line of JSON.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ansible_collections.mfaops.auth0.plugins.module_utils.audit import run as audit
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import CARRIED, FIRST, PLAN, Checkpoint, Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import written
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.plan import Roll
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Enrollment, Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import (
    AuthenticatorRecord,
    ProfileRecord,
    Record,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

from tests.support.operator import management_api

PART = 436  # what a run with 32 threads stores at a time


class Walked:
    """The clock and the processor time at the first and the last user, and how many were read after a while."""

    def __init__(self, warm_up: float = 0.0) -> None:
        self._warm_up = warm_up
        self._began: tuple[float, float] | None = None
        self._warm: tuple[float, int] | None = None
        self._last = (0.0, 0.0)
        self.users = 0

    def __call__(self) -> None:
        """One more user."""
        now = time.monotonic()
        self._last = now, cpu()
        self._began = self._began or self._last
        self.users += 1
        if self._warm is None and now - self._began[0] >= self._warm_up:
            self._warm = now, self.users

    def figures(self) -> dict[str, float | None]:
        """Users a second after the warm-up, and milliseconds of processor time for each user."""
        if self._began is None or self._warm is None or self.users < 2:
            return {"walked": self.users, "users_per_second": None, "walk_cpu_ms": None}
        seconds, users = self._last[0] - self._warm[0], self.users - self._warm[1]
        return {
            "walked": self.users,
            "users_per_second": users / seconds if seconds else None,
            "walk_cpu_ms": (self._last[1] - self._began[1]) / (self.users - 1) * 1000,
        }


def cpu() -> float:
    """Processor time that this process has used, seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_memory(pid: int | None = None) -> int:
    """The most memory a process ever had resident, bytes. ``ru_maxrss`` begins with that of whoever started it.

    :param pid: None for this one
    """
    status = Path("/proc/%s/status" % (pid or "self")).read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def connected(url: str, stop: Stop) -> Iterator[tuple[ManagementApi, Budget]]:
    """The Management API as the command uses it."""
    budget = Budget(0.5, math.inf, sleep=stop.sleep)
    with management_api(url, budget) as api:
        yield api, budget


def order_of(url: str, **given: Any) -> Order:
    """What is audited: everybody."""
    return Order(tenant=url.rpartition("/")[2], **given)


def run(url: str, folder: str, seconds: float = math.inf, warm_up: float = 0.0, **order: Any) -> dict[str, Any]:
    """A run of the audit, with its reports."""
    stop, walked = Stop(seconds), Walked(warm_up)

    def tell(progress: audit.Progress) -> None:
        if progress.phase == "reading":
            walked()

    with connected(url, stop) as (api, budget):
        outcome = audit.run(api, budget, FolderStore(folder), order_of(url, **order), stop=stop, tell=tell)
    coverage = outcome.summary["coverage"]
    return {**outcome.costs, **coverage, **walked.figures(), "partial": outcome.summary["partial"], "run": outcome.run}


def plan(url: str, folder: str) -> dict[str, Any]:
    """What a run would read."""
    stop = Stop()
    with connected(url, stop) as (api, budget):
        planned = audit.plan(api, FolderStore(folder), order_of(url), stop=stop)
        return {"to_read": planned.to_read, "carried": planned.carried, "requests": budget.requests}


def report(folder: str) -> dict[str, Any]:
    """The reports of what is stored."""
    outcome = audit.report(FolderStore(folder), None, lambda policy: policy, datetime.now(timezone.utc))
    sizes = {name: os.path.getsize(os.path.join(folder, key)) for name, key in outcome.keys.items()}
    return {"users": sum(outcome.summary["users"].values()), "sizes": sizes, "findings": outcome.summary["findings"]}


def base(url: str, folder: str) -> dict[str, Any]:
    """A finished run of all users of the tenant. Only the list is the tenant's; the authenticators are made up."""
    store, stop = FolderStore(folder), Stop()
    os.makedirs(folder, exist_ok=True)
    with connected(url, stop) as (api, budget), Roll(folder, partial(stop.sleep, 0)) as roll:
        listing = Enrollment(
            api, roll, Policy(), sleep=stop.sleep, patience=60.0, tell=print, now=partial(datetime.now, timezone.utc)
        ).list(Scope())
        users = roll.choose(True).to_read
        planned = datetime.fromtimestamp(budget.now(), timezone.utc) - timedelta(days=1)
        run_id, order = History.of(store).next_name(planned), order_of(url)
        checkpoint = Checkpoint(
            run=run_id,
            tenant=order.tenant,
            scope=order.scope.as_row(),
            policy=order.policy.as_row(),
            full=True,
            base=None,
            source=listing.source,
            planned=iso(planned),
            to_read=users,
            carried=0,
            unseen=listing.unseen,
            incomplete=listing.incomplete,
            note=listing.note,
            costs=audit.NOTHING,
        )
        with written(roll.to_read()) as whole, written(()) as nobody:
            ledger = Ledger.begin(store, checkpoint, {PLAN: whole, CARRIED: nobody})
        records = (_record(row["number"], row["profile"], planned) for row in roll.to_read())
        while part := list(islice(records, PART)):
            ledger.keep(FIRST, part, audit.NOTHING)
        ledger.advance(finished=iso(planned + timedelta(hours=12)), reported=True)
    return {"users": users, "run": run_id}


def _record(number: int, profile: ProfileRecord, planned: datetime) -> Record:
    read_at = iso((planned + timedelta(milliseconds=20 * number)).replace(microsecond=0))
    rows = _authenticators(number, profile) if profile["multifactor_last_modified"] else []
    return {
        "number": number,
        "profile": profile,
        "read_at": read_at,
        "authenticators": rows,
        "error": None,
        "gone": False,
        "before": None,
        "before_at": None,
    }


def _authenticators(number: int, profile: ProfileRecord) -> list[AuthenticatorRecord]:
    moment = profile["multifactor_last_modified"] or ""
    dates = {"created_at": moment, "enrolled_at": moment, "last_auth_at": profile["last_login"] or moment}
    otp: dict[str, Any] = {"id": "totp|dev_%016d" % number, "factor": "otp", "confirmed": True, **dates}
    phone: dict[str, Any] = {"id": "phone|dev_%016d" % number, "factor": "phone", "confirmed": True, **dates}
    phone.update(
        channels=["sms"], channel_ids=["sms|dev_%016d" % number], phone_number="XXXXXXXX%04d" % (number % 10_000)
    )
    recovery: dict[str, Any] = {"id": "recovery-code|dev_%016d" % number, "factor": "recovery-code", "confirmed": True}
    recovery.update(created_at=moment, enrolled_at=moment)
    return sorted(([otp, recovery], [phone], [otp, phone, recovery])[number % 3], key=lambda row: row["id"])


def loop(url: str, token: str, users: int, seconds: float = math.inf, warm_up: float = 0.0) -> dict[str, Any]:
    """One user after the other with auth0-python, as its documentation shows it."""
    import httpx
    from auth0.management import Auth0

    refused = 0

    def count(response: httpx.Response) -> None:
        nonlocal refused
        refused += response.status_code == 429

    walked, ends = Walked(warm_up), time.monotonic() + seconds
    with httpx.Client(event_hooks={"response": [count]}, timeout=60) as http:
        management = Auth0(base_url=url + "/api/v2", token=token, httpx_client=http)
        for user in management.users.list(per_page=100, fields="user_id"):
            list(management.users.authentication_methods.list(user.user_id))
            walked()
            if walked.users >= users or time.monotonic() >= ends:
                break
    return {**walked.figures(), "rate_limited": refused}


KINDS: dict[str, Callable[..., dict[str, Any]]] = {each.__name__: each for each in (run, plan, report, base, loop)}


def main() -> None:
    """Do one thing and tell what it took."""
    began, used = time.monotonic(), cpu()
    found = KINDS[sys.argv[1]](**json.loads(sys.argv[2]))
    measured = {"seconds": time.monotonic() - began, "cpu": cpu() - used, "peak": peak_memory()}
    print(json.dumps({**found, **measured}))


if __name__ == "__main__":
    main()
