# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One event for each run on EventBridge: figures only, and the place to connect chat and tickets.

Its detail is described by ``docs/schemas/event.schema.json``.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import (
    ChangesFigures,
    CoverageFigures,
    RuleFigures,
    Severity,
    State,
    Status,
)

from told import OutputError, Told, nobody

SOURCE, DETAIL_TYPE = "mfaops.auth0", "MFA audit finished"
VERSION = 1
# Of an entry, by EventBridge.
MOST_BYTES = 256 * 1024


class ReportPlace(TypedDict):
    """Where the report is: ``key`` is that of the page, and ``link`` shows it in the AWS console."""

    bucket: str
    key: str
    link: str


class Detail(TypedDict):
    """A run of the scheduled audit in figures. It names nobody.

    ``reason`` says why a run is partial; None where it is complete. ``base`` is the run that it is compared with, whose time was
    ``since``; both are None where there is none, and then every finding is new. ``rules`` are those that found something.
    ``statuses``: the findings that hold, and those that no longer do since that run. ``new``: those of them that count, and are new
    or reopened, by severity, without users who could not be read, whom ``coverage`` counts; ``new_high``: the critical and high ones of
    these, by rule. ``privileged_affected`` are the privileged
    people with critical or high findings, and ``newly_affected`` those of them with a new one. ``expired_exemptions`` and
    ``expiring_exemptions`` are numbers of exemptions of the policy; the latter expire within 14 days.
    """

    schema_version: int
    tenant: str
    run: str
    status: Literal["complete", "partial"]
    reason: str | None
    planned: str
    reported: str
    oldest_reading: str | None
    base: str | None
    since: str | None
    coverage: CoverageFigures
    users: dict[State, int]
    privileged: dict[State, int]
    rules: dict[str, RuleFigures]
    statuses: dict[Status, int]
    new: dict[Severity, int]
    new_high: dict[str, int]
    privileged_affected: int
    newly_affected: int
    changes: ChangesFigures | None
    expired_exemptions: int
    expiring_exemptions: int
    requests: int
    rate_limited: int
    report: ReportPlace


def detail(told: Told) -> Detail:
    """The event of a run."""
    figures, history, place = told.figures, told.figures["history"], told.place
    expired, expiring = told.exemptions
    return {
        "schema_version": VERSION,
        "tenant": figures["tenant"],
        "run": figures["run"],
        "status": "partial" if figures["partial"] else "complete",
        "reason": nobody(figures["reason"] or "") if figures["partial"] else None,
        "planned": figures["planned"],
        "reported": figures["reported"],
        "oldest_reading": figures["oldest_reading"],
        "base": history["base"] if history else None,
        "since": history["since"] if history else None,
        "coverage": figures["coverage"],
        "users": figures["users"],
        "privileged": figures["privileged"],
        "rules": {rule: its for rule, its in figures["rules"].items() if figures["findings"][rule]},
        "statuses": history["statuses"] if history else {},
        "new": history["new"] if history else {},
        "new_high": dict(sorted(told.high.new.items())),
        "privileged_affected": told.high.privileged,
        "newly_affected": told.high.newly_privileged,
        "changes": figures["changes"],
        "expired_exemptions": len(expired),
        "expiring_exemptions": len(expiring),
        "requests": told.costs["requests"],
        "rate_limited": told.costs["rate_limited"],
        "report": {"bucket": place.bucket, "key": place.report, "link": place.link},
    }


def put(client: Any, bus: str, told: Told) -> dict[str, str]:
    """Send the event.

    :param client: of EventBridge
    :raises OutputError: EventBridge did not take it
    """
    entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "EventBusName": bus, "Detail": json.dumps(detail(told))}
    answer = client.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise OutputError("EventBridge refused the event: %s %s" % (refused["ErrorCode"], refused["ErrorMessage"]))
    return {}
