# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of a run in its store.

    runs/RUN/report/FILE         as the run itself left it, by the policy that it was begun with
    runs/RUN/derived/NAME/FILE   made from the same readings later: on another day, by another policy, with pseudonyms
    latest.json                  the last run that has a report of its own, the last complete one, and where these are

A derived report never takes the place of the run's own, and nothing points to it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any, Callable, Mapping, Sequence, TypedDict, cast

from ...auth0.times import iso
from ..acted import ACTED, acted_notes
from ..facts import UNKNOWN, TenantFacts
from ..history import History, rank
from ..judging import Judge
from ..ledger import CHECKPOINT, Checkpoint, Ledger, path
from ..forms import check_of
from ..lines import read_lines, scratch
from ..past import Past, Terms, missing
from ..policy.model import Policy
from ..pseudonyms import Pseudonyms
from ..records import FoundRow, Record, Summary, UserRow
from ..store import DamagedError, Store
from .html import page
from .lists import FINDINGS, MORE, Lists
from .one_pass import OnePass
from .summary import is_everybody, summary

SUMMARY, REPORT = "summary.json", "report.html"
OWN, DERIVED = "report", "derived"
LATEST = "latest.json"
# So many earlier runs are in the trend, and are looked at for something to compare with.
_TREND = 60


@dataclass(frozen=True)
class Wish:
    """How reports are made.

    :ivar place: ``OWN``, or as :func:`derived` says
    :ivar now: aware time that ages are counted to
    :ivar pseudonyms: stand in place of names; None leaves them
    :ivar bom: CSV files begin with a byte order mark, by which Excel knows that they are UTF-8
    """

    place: str
    policy: Policy
    now: datetime
    pseudonyms: Pseudonyms | None = None
    bom: bool = False


def derived(policy: Policy, now: datetime, pseudonyms: Pseudonyms | None) -> str:
    """The place of a report that is made later. One of the same time by the same policy is the same report."""
    told = [policy.as_row(), pseudonyms is not None]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return "%s/%s-%s" % (DERIVED, now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"), digest[:8])


def write(
    store: Store, history: History, ledger: Ledger, wish: Wish, stopped: str | None
) -> tuple[Summary, dict[str, str]]:
    """Judge every record and store the reports; returns the figures, and file -> its name in the store.

    By another policy than that of the run, they are compared with the run's own; else with those of the run before.

    :param history: of the store
    :param stopped: why the run ended early; None if it did not
    :raises StoreError: what was read is damaged, or cannot be written
    """
    checkpoint, masked = ledger.checkpoint, wish.pseudonyms
    earlier = history.before(ledger, _TREND)
    if not _is_own_policy(ledger, wish):
        earlier.append(ledger)
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        compared = _compare(store, history, ledger, wish, earlier, directory, stack)
        lists = stack.enter_context(Lists(directory, compared.at, MORE, bom=wish.bom))
        judge = _judge(ledger, wish, compared.terms)

        def judged_on(terms: Terms) -> Callable[[Record], UserRow]:
            return (judge if terms is compared.terms else _judge(ledger, wish, terms)).row

        acted = store.read(ACTED)
        notes = acted_notes(acted[0]) if acted else {}
        made = OnePass(
            checkpoint.run,
            compared.at,
            judged_on,
            compared.terms,
            compared.past,
            lists,
            masked,
            notes,
            doubts_gone=_doubts_gone(ledger),
        )
        made.over(ledger.records())
        everybody = stopped is None and is_everybody(checkpoint, made.tally)
        about = judge.about_policy(checkpoint.run, compared.at, everybody and checkpoint.whole_tenant)
        made.about_policy(about)
        made.rest(missing(everybody, checkpoint.whole_tenant))
        figures = summary(
            checkpoint,
            made.tally,
            wish.policy,
            stopped,
            wish.now,
            _versions(checkpoint),
            facts=compared.terms.facts,
            history=made.differences.figures(compared.base, compared.base_at),
            changes=made.changes.figures(),
            notes=about.notes,
        )
        before = _summaries(store, earlier)
        if masked is not None:
            figures, before = masked.summary(figures), list(map(masked.summary, before))
        shown = page(figures, made.tally.worst(), made.changes.first(), before, pseudonyms=masked is not None)
        # Nothing is replaced before everything could be read.
        files = dict(lists.finished())
        files[SUMMARY] = _text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
        files[REPORT] = _text(shown)
        keys = {name: path(checkpoint.run, "%s/%s" % (wish.place, name)) for name in files}
        for name, file in files.items():
            store.put(keys[name], file)
    return figures, keys


def _doubts_gone(ledger: Ledger) -> bool:
    """Whether those who are said to be gone are more likely there: something answers so of everybody, or the tenant still counts
    more users than are left while most of them are said to be gone.
    """
    beyond = ledger.checkpoint.counted_beyond
    if beyond is not None and beyond <= 0:
        return False
    gone = read = 0
    # Whoever is carried over, or out of scope, comes after these and was not asked for.
    for record in islice(ledger.records(), ledger.checkpoint.first):
        gone, read = gone + record["gone"], read + (record["authenticators"] is not None)
        if read and beyond is None:
            return False
    return gone > read


def _judge(ledger: Ledger, wish: Wish, terms: Terms) -> Judge:
    return Judge(ledger.checkpoint.tenant, terms.policy, wish.now, terms.facts)


class Complete(TypedDict):
    """The last complete run in ``latest.json``. ``keys``: file -> where it is."""

    run: str
    keys: Mapping[str, str]


class Pointer(TypedDict):
    """What ``latest.json`` tells: the last run, and the last complete one; None where none is."""

    run: str
    partial: bool
    keys: Mapping[str, str]
    whole_tenant: bool
    complete: Complete | None


def point(store: Store, checkpoint: Checkpoint, figures: Summary, keys: Mapping[str, str]) -> None:
    """Let ``latest.json`` name the reports of this run, unless less would be known then.

    :param figures: of the reports
    :param keys: file -> its name in the store
    """
    before, known = _named(store)
    coverage = figures["coverage"]
    this: Pointer = {
        "run": checkpoint.run,
        "partial": figures["partial"],
        "keys": {file: store.place(key) for file, key in keys.items()},
        "whole_tenant": checkpoint.whole_tenant,
        "complete": None,
    }
    after = moved(before, this, coverage["read"] > coverage["carried"], lambda run: is_there(store, run))
    if after is not None and after != before:
        store.write(LATEST, json.dumps(after, indent=2, sort_keys=True).encode() + b"\n", known)


def is_there(store: Store, run: str) -> bool:
    """Whether a run that is named somewhere still is in the store."""
    return store.read(path(run, CHECKPOINT)) is not None


def latest(store: Store) -> Pointer | None:
    """What ``latest.json`` names; None where there is none that can be read."""
    return _named(store)[0]


def _named(store: Store) -> tuple[Pointer | None, str | None]:
    """The same, and the version of the file."""
    content, version = store.read(LATEST) or (b"", None)
    return _pointer(content), version


def moved(before: Pointer | None, this: Pointer, has_read: bool, is_there: Callable[[str], bool]) -> Pointer | None:
    """The pointer after a run. It never goes back: neither to an earlier run, nor from everybody to some users.

    :param this: the run, as it would be named
    :param has_read: whether the run read anybody; a partial one that did not is not named
    :param is_there: whether a run that is named so far still is in the store
    """
    if before is not None and before["whole_tenant"] and not this["whole_tenant"] and is_there(before["run"]):
        return before
    complete = before["complete"] if before is not None and before["complete"] else None
    if not this["partial"] and (complete is None or not _is_later(complete["run"], this["run"], is_there)):
        complete = {"run": this["run"], "keys": this["keys"]}
    last = this
    if before is not None and _is_later(before["run"], this["run"], is_there):
        last = before
    elif this["partial"] and not has_read:
        if before is None:
            return None
        last = before
    return {**last, "complete": complete}


def _is_later(named: str, run: str, is_there: Callable[[str], bool]) -> bool:
    """Whether a run that is named and still there is later than this one."""
    return rank(named) > rank(run) and is_there(named)


def _pointer(content: bytes) -> Pointer | None:
    """What a pointer says; None where nobody can tell. One of an earlier version knows no complete run beside the last."""
    try:
        row = json.loads(content)
        if "complete" not in row:
            complete = None if row["partial"] else {"run": row["run"], "keys": row["keys"]}
            row = {**row, "whole_tenant": True, "complete": complete}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return cast(Pointer, row) if check_of(Pointer)(row) else None


@dataclass(frozen=True)
class _Compared:
    """What a report is compared with.

    :ivar terms: of the report itself
    :ivar at: its time, ISO 8601
    :ivar base: the run whose findings are known; None where there is none
    """

    past: Past
    terms: Terms
    at: str
    base: str | None
    base_at: str | None


def _compare(
    store: Store,
    history: History,
    ledger: Ledger,
    wish: Wish,
    earlier: Sequence[Ledger],
    directory: str,
    stack: ExitStack,
) -> _Compared:
    """The findings of the last report before, as far as there is one that can be read."""
    at = _time_of(ledger, wish)
    terms = Terms(wish.policy, facts_of(ledger.checkpoint))

    def former(run: str) -> Terms | None:
        known = ledger if run == ledger.checkpoint.run else history.get(run)
        return Terms(Policy.from_row(known.checkpoint.policy), facts_of(known.checkpoint)) if known else None

    def past(name: str) -> Past:
        os.mkdir(os.path.join(directory, name))
        return stack.enter_context(Past(os.path.join(directory, name), at, terms, former))

    for base in reversed(earlier):
        run = base.checkpoint.run
        name = path(run, "%s/%s" % (OWN, FINDINGS))
        try:
            with store.open(name) as file:
                known = past(run)
                known.know(read_lines(file, name, FoundRow))
        except DamagedError:
            continue  # an older one says more than none
        return _Compared(known, terms, at, run, base.checkpoint.planned)
    known = past("nothing")
    known.know(())
    return _Compared(known, terms, at, None, None)


def _summaries(store: Store, earlier: Sequence[Ledger]) -> list[Summary]:
    """The summaries of the runs before, as far as they can be read."""
    found: list[Summary] = []
    for each in earlier:
        kept = store.read(path(each.checkpoint.run, "%s/%s" % (OWN, SUMMARY)))
        try:
            row: Any = json.loads(kept[0]) if kept else None
        except (ValueError, RecursionError):
            continue
        if check_of(Summary)(row):
            found.append(row)
    return found


def facts_of(checkpoint: Checkpoint) -> TenantFacts:
    """What a run knows of the tenant."""
    return TenantFacts.from_row(checkpoint.facts) if checkpoint.facts is not None else UNKNOWN


def _time_of(ledger: Ledger, wish: Wish) -> str:
    """The time by which findings are first and last seen: a run that is gone on with has one."""
    return ledger.checkpoint.planned if _is_own_policy(ledger, wish) else iso(wish.now)


def _is_own_policy(ledger: Ledger, wish: Wish) -> bool:
    return wish.policy == Policy.from_row(ledger.checkpoint.policy)


def _text(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode("utf-8"))


def _versions(checkpoint: Checkpoint) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("auth0-python", "httpx", "jinja2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if checkpoint.policy_source is not None:
        found["policy"] = checkpoint.policy_source
    return found
