# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run differs from the one before, as lines for a terminal."""

from __future__ import annotations

import json
from typing import Any, Iterator

from ..history import History
from ..ledger import path
from ..forms import check_of
from ..lines import damaged, read_lines
from ..records import STATUSES, ChangeRow, FoundRow, Summary
from ..store import Store, StoreError
from .files import OWN, SUMMARY
from .lists import CHANGES, FINDINGS


def differences(store: Store, run: str | None) -> Iterator[str]:
    """Lines: what is compared, then the findings by what became of them, then the devices that users added and lost.

    :param run: None for the last one
    :raises ConfigurationError: there is no such run
    :raises StoreError: it has no report yet, or that cannot be read
    """
    checkpoint = History.of(store).find(run).checkpoint
    name = checkpoint.run
    kept = store.read(path(name, "%s/%s" % (OWN, SUMMARY)))
    if kept is None:
        if checkpoint.reported:
            raise StoreError(
                "The report of the run %s is gone" % name, hint="Choose another run, or run the audit again."
            )
        raise StoreError("The run %s has no report yet" % name, hint="Run the audit again: it goes on, and reports.")
    figures: Summary = _summary(path(name, "%s/%s" % (OWN, SUMMARY)), kept[0])
    history = figures.get("history")
    if history is None or history["base"] is None:
        yield "The run %s is compared with none, so everything that it found is new." % name
    else:
        yield "The run %s, compared with %s, %.1f days before." % (name, history["base"], history["days"] or 0)
    at = history["until"] if history else None
    for status in STATUSES:
        if status == "persisting":
            continue
        for row in _rows(store, name, FINDINGS, FoundRow):
            if row["status"] == status and row["closed_at"] in (None, at):
                yield _of_finding(row)
    for row in _rows(store, name, CHANGES, ChangeRow):
        yield _of_change(row)


def _summary(name: str, content: bytes) -> Summary:
    try:
        figures: Summary = json.loads(content)
    except (ValueError, RecursionError):
        raise damaged(name, "it is no JSON") from None
    if not check_of(Summary)(figures):
        raise damaged(name, "it is of another form")
    return figures


def _rows(store: Store, run: str, name: str, form: type) -> Iterator[Any]:
    whole = path(run, "%s/%s" % (OWN, name))
    if name not in store.names(path(run, OWN)):
        return
    with store.open(whole) as file:
        yield from read_lines(file, whole, form)


def _of_finding(row: FoundRow) -> str:
    device = " (%s)" % (row["device"] or row["authenticator_id"]) if row["authenticator_id"] else ""
    return "%-12s %-8s %-18s %s%s" % (row["status"], row["severity"], row["rule"], row["user"], device)


def _of_change(row: ChangeRow) -> str:
    whom = " (privileged)" if row["privileged"] else ""
    return "%-12s %-8s %-18s %s%s" % (row["change"], "", row["factor"], row["user"], whom)
