# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the audit: plan, read, report. The same call from a shell, a playbook and the Lambda; only the store differs."""

from __future__ import annotations

import io
import json
import platform
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Callable, Iterable, Iterator, Mapping, Protocol

from ..auth0.times import iso
from ..auth0.users.reading import UserLookup
from ..auth0.wire.errors import Auth0Error, ConfigurationError
from .judging import user_row
from .ledger import CARRIED, PLAN, Checkpoint, Ledger, path, runs
from .lines import write_lines
from .plan import Roll
from .policy.model import Policy
from .population import Enrollment, Listing, PopulationApi, Scope, count_again
from .records import EXPORT, Costs, Record, Summary, UserRow
from .reports.html import page
from .reports.summary import Tally, summary
from .scan import Scan
from .stopping import Stop, Stopped, UnstartedError
from .store import Store, StoreError

USERS, SUMMARY, REPORT = "users.jsonl.gz", "summary.json", "report.html"
LATEST = "latest.json"
MOST_THREADS = 64


class Api(PopulationApi, UserLookup, Protocol):
    """What an audit needs of the Management API. It only reads."""


class Counters(Protocol):
    """What an audit needs of the budget of that API."""

    @property
    def requests(self) -> int: ...

    @property
    def rate_limited(self) -> int: ...

    @property
    def waited(self) -> float: ...

    @property
    def held(self) -> float: ...

    def now(self) -> float: ...


@dataclass(frozen=True)
class Order:
    """What is to be audited, and how.

    :ivar tenant: domain of the tenant
    :ivar full: read everybody, also who has not changed since an earlier run
    :ivar since: the run whose readings are carried over; None for the last complete one
    :ivar resume: go on with the last run, if it is not finished and has the same tenant, scope and policy
    :ivar threads: how many requests may be under way at once
    :ivar patience: for so many seconds a tenant that does not answer is waited for
    :raises ConfigurationError: a value cannot be right
    """

    tenant: str
    scope: Scope = field(default_factory=Scope)
    policy: Policy = field(default_factory=Policy)
    full: bool = False
    since: str | None = None
    resume: bool = True
    threads: int = 32
    patience: float = 600.0

    def __post_init__(self) -> None:
        if self.full and self.since is not None:
            raise ConfigurationError("full and since do not go together", hint="Choose one of them.")
        if not 1 <= self.threads <= MOST_THREADS:
            raise ConfigurationError("threads %r is not a whole number from 1 to %d" % (self.threads, MOST_THREADS))


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    :ivar keys: file -> its name in the store
    """

    run: str
    summary: Summary
    costs: Costs
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Planned:
    """A plan that was made and not carried out: how many users there are, and how many a run would read.

    :ivar unfinished: the run that would be gone on with in place of a new one, unless that is refused; None where there is none
    """

    listing: Listing
    to_read: int
    carried: int
    unfinished: Checkpoint | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    :ivar phase: ``listing``, ``reading`` or ``reporting``
    :ivar total: users to read; None while nobody knows
    :ivar note: something to tell the person who waits; may name users
    """

    phase: str
    done: int = 0
    total: int | None = None
    unread: int = 0
    note: str | None = None


Tell = Callable[[Progress], None]
NOTHING: Costs = {"requests": 0, "rate_limited": 0, "waited_seconds": 0.0, "duration_seconds": 0.0}


def _nobody(_progress: Progress) -> None:
    """Tells nobody."""


def run(
    api: Api,
    budget: Counters,
    store: Store,
    order: Order,
    *,
    stop: Stop | None = None,
    clock: Callable[[], datetime] | None = None,
    tell: Tell = _nobody,
) -> Outcome:
    """Audit the users of a tenant, or go on with an audit that was cut off, and store the reports.

    :param budget: of that API
    :param stop: ends it early; what was read until then is kept and reported
    :param clock: returns the aware time; by default that of the server as far as its answers tell
    :raises Auth0Error: nothing could be read at all
    :raises StoreError: what was read cannot be stored; what was stored before stays
    """
    stop = stop or Stop()
    now = clock or _server_time(budget)
    with store.hold():
        ledger = _unfinished(store, order) if order.resume else None
        costs = _Costs(budget, ledger.checkpoint.costs if ledger else NOTHING)
        if ledger is None:
            tell(Progress("listing"))
            ledger = _begin(api, store, order, stop, now, costs, tell)
        planned = ledger.checkpoint.to_read

        def told(scan: Scan, note: str | None = None) -> None:
            tell(Progress("reading", scan.done, planned, scan.unread, note))

        def held() -> float:
            return budget.held

        scan = Scan(ledger, api, stop, now, costs, told, held, threads=order.threads, patience=order.patience)
        stopped = scan.run() or _finish(api, ledger, stop, order.patience, now, costs)
        tell(Progress("reporting", scan.done, planned, scan.unread))
        return _report(store, ledger, order.policy, now(), stopped, costs())


def _finish(
    api: Api, ledger: Ledger, stop: Stop, patience: float, now: Callable[[], datetime], costs: Callable[[], Costs]
) -> str | None:
    """Everybody is read: count the users again, and note that the run is finished. Returns why that could not be done."""
    if ledger.checkpoint.finished is not None:
        return None
    census, incomplete = ledger.checkpoint.census, ledger.checkpoint.incomplete
    if census is not None:
        try:
            census = count_again(api, census, sleep=stop.sleep, patience=patience, clock=stop.now)
        except Stopped as stopped:
            return str(stopped)
        except Auth0Error as error:
            return "The users could not be counted again at the end: %s" % error
        if census["counted"] is None:
            incomplete = incomplete or "Auth0 does not tell how many users there are."
    ledger.advance(finished=iso(now()), census=census, incomplete=incomplete, costs=costs())
    return None


def plan(api: Api, store: Store, order: Order, *, stop: Stop | None = None, tell: Tell = _nobody) -> Planned:
    """What a new run would read; nothing is read of any user, and nothing is stored."""
    stop = stop or Stop()
    with _unstarted(), _scratch() as directory, Roll(directory, partial(stop.sleep, 0)) as roll:
        listing, _base, to_read, carried = _plan(api, store, order, stop, roll, tell, _local_time)
        unfinished = _unfinished(store, order)
        return Planned(listing, to_read, carried, unfinished.checkpoint if unfinished else None)


def report(store: Store, run_id: str | None, policy: Policy, now: datetime) -> Outcome:
    """The reports of a run, made anew from what it read: by another policy, or on another day.

    :param run_id: None for the last one
    :raises ConfigurationError: there is no such run
    """
    with store.hold():
        known = runs(store)
        if run_id is None and not known:
            raise ConfigurationError("There is no run yet", hint="Run the audit first.")
        ledger = Ledger.load(store, run_id or known[-1])
        stopped = None if ledger.checkpoint.finished else "The run is not finished."
        return _report(store, ledger, policy, now, stopped, ledger.checkpoint.costs)


class _Costs:
    """What a run cost: before this process, and in it."""

    def __init__(self, budget: Counters, before: Costs) -> None:
        self._budget, self._before = budget, before
        self._started = time.monotonic()
        self._counted = (budget.requests, budget.rate_limited, budget.waited)

    def __call__(self) -> Costs:
        requests, rate_limited, waited = self._counted
        before, budget = self._before, self._budget
        return {
            "requests": before["requests"] + budget.requests - requests,
            "rate_limited": before["rate_limited"] + budget.rate_limited - rate_limited,
            "waited_seconds": round(before["waited_seconds"] + budget.waited - waited, 3),
            "duration_seconds": round(before["duration_seconds"] + time.monotonic() - self._started, 3),
        }


def _server_time(budget: Counters) -> Callable[[], datetime]:
    def now() -> datetime:
        return datetime.fromtimestamp(budget.now(), timezone.utc)

    return now


def _local_time() -> datetime:
    return datetime.now(timezone.utc)


def _unfinished(store: Store, order: Order) -> Ledger | None:
    """The last run of these users, if it can be gone on with."""
    for run_id in reversed(runs(store)):
        ledger = Ledger.load(store, run_id)
        _check_tenant(ledger.checkpoint, order)
        if ledger.checkpoint.fits(order.tenant, order.scope.as_row()):
            same = ledger.checkpoint.policy == order.policy.as_row() and (ledger.checkpoint.full or not order.full)
            if order.since is not None and ledger.checkpoint.base not in (None, order.since):
                return None
            return ledger if same and not ledger.checkpoint.reported else None
    return None


def _check_tenant(checkpoint: Checkpoint, order: Order) -> None:
    if checkpoint.tenant != order.tenant:
        raise ConfigurationError(
            "The audits in this folder are of %s, not of %s" % (checkpoint.tenant, order.tenant),
            hint="Choose another folder. Each tenant needs one of its own.",
        )


def _begin(
    api: Api,
    store: Store,
    order: Order,
    stop: Stop,
    now: Callable[[], datetime],
    costs: Callable[[], Costs],
    tell: Tell,
) -> Ledger:
    """A new run with its plan frozen."""
    with _unstarted(), _scratch() as directory, Roll(directory, partial(stop.sleep, 0)) as roll:
        listing, base, to_read, carried = _plan(api, store, order, stop, roll, tell, now)
        if listing.nobody:
            tell(Progress("listing", note="No user has %s." % ", ".join(listing.nobody)))
        elif listing.note:
            tell(Progress("listing", note=listing.note))
        planned = now()
        run_id = _new_id(store, planned)
        _put(store, path(run_id, PLAN), _numbered(roll))
        _put(store, path(run_id, CARRIED), roll.carried())
    return Ledger(
        store,
        Checkpoint(
            run=run_id,
            tenant=order.tenant,
            scope=order.scope.as_row(),
            policy=order.policy.as_row(),
            full=base is None,
            base=base,
            source=listing.source,
            planned=iso(planned),
            to_read=to_read,
            carried=carried,
            unseen=listing.unseen,
            incomplete=listing.incomplete,
            note=listing.note,
            census=listing.census,
            costs=costs(),
        ),
    )


def _plan(
    api: Api, store: Store, order: Order, stop: Stop, roll: Roll, tell: Tell, now: Callable[[], datetime]
) -> tuple[Listing, str | None, int, int]:
    """How the users were listed, the run whose readings are carried over, and how many users are read and carried over."""
    base, earlier = _earlier(store, order)

    def note(text: str) -> None:
        tell(Progress("listing", note=text))

    enrollment = Enrollment(api, roll, sleep=stop.sleep, patience=order.patience, tell=note, clock=stop.now, now=now)
    listing = enrollment.list(order.scope)
    for run_id in earlier:
        for record in Ledger.load(store, run_id).records():
            roll.know(record)
    # Without the export's mark of change a new factor could go unseen for weeks.
    everybody = base is None or listing.source != EXPORT or not roll.has_marks()
    if everybody and base is not None:
        note("The list of users does not tell when factors changed, so every user is read.")
    to_read, carried = roll.choose(everybody)
    return listing, None if everybody else base, to_read, carried


def _earlier(store: Store, order: Order) -> tuple[str | None, list[str]]:
    """The run to carry readings over from, and all runs of these users that know something, the oldest first."""
    fitting: list[Checkpoint] = []
    for run_id in runs(store):
        checkpoint = Ledger.load(store, run_id).checkpoint
        _check_tenant(checkpoint, order)
        if checkpoint.fits(order.tenant, order.scope.as_row()):
            fitting.append(checkpoint)
    finished = [each.run for each in fitting if each.finished is not None]
    base = order.since or (finished[-1] if finished else None)
    names = [each.run for each in fitting]
    if base is not None and base not in names:
        raise ConfigurationError(
            "There is no run %r of these users" % base, hint="Known runs: %s." % (", ".join(names) or "none")
        )
    # A complete run knows everybody; one that was cut off afterward knows some of them better.
    return None if order.full else base, names[names.index(base) :] if base else names


def _numbered(roll: Roll) -> Iterator[dict[str, Any]]:
    for number, profile in enumerate(roll.to_read()):
        yield {"number": number, "profile": profile}


def _new_id(store: Store, planned: datetime) -> str:
    """The time of the plan; runs in one folder are in order of their names."""
    name = planned.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    known = set(runs(store))
    if name not in known:
        return name
    return next(other for other in ("%s-%03d" % (name, number) for number in range(2, 1000)) if other not in known)


def _report(store: Store, ledger: Ledger, policy: Policy, now: datetime, stopped: str | None, costs: Costs) -> Outcome:
    """Judge every record and store the reports."""
    checkpoint, tally = ledger.checkpoint, Tally()
    keys = {name: path(checkpoint.run, "report/" + name) for name in (USERS, SUMMARY, REPORT)}
    _put(store, keys[USERS], _rows(ledger.records(), checkpoint.tenant, now, policy, tally))
    figures = summary(checkpoint, tally, policy, stopped, now, _versions())
    _put_text(store, keys[SUMMARY], json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    _put_text(store, keys[REPORT], page(figures, tally.worst()))
    if runs(store)[-1] == checkpoint.run:
        pointer = {"run": checkpoint.run, "partial": figures["partial"], "keys": keys}
        _put_text(store, LATEST, json.dumps(pointer, indent=2, sort_keys=True) + "\n")
    if checkpoint.finished is not None and not checkpoint.reported:
        ledger.advance(reported=True)
    return Outcome(checkpoint.run, figures, costs, keys)


def _rows(records: Iterable[Record], tenant: str, now: datetime, policy: Policy, tally: Tally) -> Iterator[UserRow]:
    """A row for each user who is not gone; all are counted."""
    for record in records:
        if record["gone"]:
            tally.gone += 1
            continue
        row = user_row(tenant, record, now, policy)
        tally.add(row)
        yield row


def _put(store: Store, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    with _scratch() as directory, tempfile.TemporaryFile(dir=directory) as file:
        write_lines(rows, file)
        file.seek(0)
        store.put(name, file)


@contextmanager
def _unstarted() -> Iterator[None]:
    """While there is no run yet, a stop is an error.

    :raises UnstartedError: the run had to end
    """
    try:
        yield
    except Stopped as stopped:
        raise UnstartedError(
            "The users could not be listed: %s" % stopped, hint="Allow the run more time. Nothing is stored."
        ) from None


@contextmanager
def _scratch() -> Iterator[str]:
    """A directory for what is only needed for a moment.

    :raises StoreError: there is no room for it
    """
    try:
        with tempfile.TemporaryDirectory() as directory:
            yield directory
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            "Could not write temporary files: %s" % (getattr(error, "strerror", None) or error),
            hint="Make room in %s, or set TMPDIR to another directory." % _temporary(),
        ) from None


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # none of those that are tried can be written
        return "the directory for temporary files"


def _put_text(store: Store, name: str, text: str) -> None:
    store.put(name, io.BytesIO(text.encode("utf-8")))


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("auth0-python", "httpx", "jinja2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
