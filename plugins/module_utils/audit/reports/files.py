# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of a run in its store.

    runs/RUN/report/FILE         as the run itself left it, by the policy that it was begun with
    runs/RUN/derived/NAME/FILE   made from the same readings later: on another day, by another policy
    latest.json                  the last run that has a report of its own, and where that is

A derived report never takes the place of the run's own, and nothing points to it.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import Iterable, Iterator, Mapping

from ..history import rank
from ..judging import Judge
from ..ledger import CHECKPOINT, Ledger, path
from ..lines import written
from ..policy.model import Policy
from ..records import Record, Summary, UserRow
from ..store import Store
from .html import page
from .summary import Tally, summary

USERS, SUMMARY, REPORT = "users.jsonl.gz", "summary.json", "report.html"
FILES = (USERS, SUMMARY, REPORT)
OWN, DERIVED = "report", "derived"
LATEST = "latest.json"


def derived(policy: Policy, now: datetime) -> str:
    """The place of a report that is made later. One of the same time by the same policy is the same report."""
    digest = hashlib.sha256(json.dumps(policy.as_row(), sort_keys=True).encode()).hexdigest()
    return "%s/%s-%s" % (DERIVED, now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"), digest[:8])


def write(
    store: Store, ledger: Ledger, place: str, policy: Policy, now: datetime, stopped: str | None
) -> tuple[Summary, dict[str, str]]:
    """Judge every record and store the reports; returns the figures, and file -> its name in the store.

    :param place: ``OWN``, or as :func:`derived` says
    :param now: aware time that ages are counted to
    :param stopped: why the run ended early; None if it did not
    """
    checkpoint, tally = ledger.checkpoint, Tally()
    keys = {name: path(checkpoint.run, "%s/%s" % (place, name)) for name in FILES}
    judge = Judge(checkpoint.tenant, policy, now)
    with written(_rows(ledger.records(), judge, tally)) as rows:
        figures = summary(checkpoint, tally, policy, stopped, now, _versions())
        shown = page(figures, tally.worst())
        # Nothing is replaced before everything could be read.
        store.put(keys[USERS], rows)
    store.put(keys[SUMMARY], _text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n"))
    store.put(keys[REPORT], _text(shown))
    return figures, keys


def point(store: Store, run: str, partial: bool, keys: Mapping[str, str]) -> None:
    """Let ``latest.json`` name the reports of this run, unless it names a later one that is still there."""
    found = store.read(LATEST)
    content, known = found or (b"", None)
    named = _named(content)
    if rank(named) > rank(run) and store.read(path(named, CHECKPOINT)) is not None:
        return
    pointer = {"run": run, "partial": partial, "keys": dict(keys)}
    store.write(LATEST, json.dumps(pointer, indent=2, sort_keys=True).encode() + b"\n", known)


def _named(pointer: bytes) -> str:
    """The run that it names; empty where nobody can tell."""
    try:
        return str(json.loads(pointer)["run"])
    except (ValueError, TypeError, KeyError):
        return ""


def _rows(records: Iterable[Record], judge: Judge, tally: Tally) -> Iterator[UserRow]:
    """A row for each user who is not gone; all are counted."""
    for record in records:
        if record["gone"]:
            tally.gone += 1
            continue
        row = judge.row(record)
        tally.add(row)
        yield row


def _text(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode("utf-8"))


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("auth0-python", "httpx", "jinja2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
