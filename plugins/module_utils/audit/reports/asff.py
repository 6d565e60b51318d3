# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for AWS Security Hub (AWS Security Finding Format). Nothing is sent here."""

from __future__ import annotations

import heapq
import json
from typing import Any, Iterator, Mapping, Sequence, TypedDict

from ..acted import in_words
from ..ranks import of_found
from ..records import FoundRow, Severity
from ..rules import RULES

SCHEMA_VERSION = "2018-10-08"
# What BatchImportFindings takes at once; a finding of ours is a few KB.
MOST_IN_A_BATCH, MOST_BYTES_IN_A_BATCH = 100, 6_000_000
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards"
# Whether it is archived, its place in the list, and whether it is news.
_Rank = tuple[bool, tuple[int, ...], bool]
_LABELS: Mapping[Severity, str] = {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"}


class Active(TypedDict):
    """What is kept of a finding that is active in Security Hub, so that it can be archived when no run knows of it. It names nobody."""

    rule: str
    severity: Severity
    first_seen: str


def finding(found: FoundRow, at: str, account: str, region: str, active: bool = True) -> dict[str, Any]:
    """One finding as ASFF. It is ``PASSED`` only where it was resolved.

    :param at: when it is sent, ISO 8601
    :param account: 12 digits
    :param active: archived otherwise, which says only that Security Hub need not show it
    """
    closed = found["closed_at"] is not None
    compliance = ("PASSED" if found["status"] == "resolved" else "NOT_AVAILABLE") if closed else "FAILED"
    made = _made(found["id"], found, at, account, region, compliance, active)
    made["LastObservedAt"] = found["last_seen"]
    made["Title"] = _cut("%s: %s" % (made["Title"], found["user"]), 256)
    made["Resources"] = [_resource(found, region, _partition(region))]
    return made


def _made(
    id_: str, known: Active | FoundRow, at: str, account: str, region: str, compliance: str, active: bool
) -> dict[str, Any]:
    """What is told of any finding, whoever has it."""
    rule = RULES[known["rule"]]
    partition = _partition(region)
    return {
        "SchemaVersion": SCHEMA_VERSION,
        "Id": id_,
        "ProductArn": "arn:%s:securityhub:%s:%s:product/%s/default" % (partition, region, account, account),
        "CompanyName": "mfaops.auth0",
        "ProductName": "MFA audit for Auth0",
        "GeneratorId": "mfaops.auth0/" + rule.id,
        "AwsAccountId": account,
        "Types": [_TYPE],
        "CreatedAt": known["first_seen"],
        "FirstObservedAt": known["first_seen"],
        "UpdatedAt": at,
        "Severity": {"Label": _LABELS[known["severity"]], "Original": known["severity"]},
        "Title": rule.title,
        "Description": _cut(rule.risk, 1024),
        "Remediation": {"Recommendation": {"Text": _cut(rule.remediation, 512)}},
        "Resources": [{"Type": "Other", "Id": "auth0:finding:%s" % id_, "Partition": partition, "Region": region}],
        "Compliance": {
            "Status": compliance,
            **({"RelatedRequirements": [_cut(each, 64) for each in rule.references[:32]]} if rule.references else {}),
        },
        "RecordState": "ACTIVE" if active else "ARCHIVED",
    }


def _partition(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _resource(found: FoundRow, region: str, partition: str) -> dict[str, Any]:
    other = {
        "tenant": found["tenant"],
        "user": found["user"],
        "connections": ", ".join(found["connections"]),
        "privileged": "yes" if found["privileged"] else "no",
        "protection": found["protection"],
        "authenticator": found["authenticator_id"],
        "factor": found["factor"],
        "device": found["device"],
        "age_days": None if found["age_days"] is None else str(found["age_days"]),
        "status": found["status"],
        "acted": in_words(found["acted"]) if found["acted"] else None,
        "run": found["run"],
        "exempted": _exempted(found),
    }
    return {
        "Type": "Other",
        "Id": _cut("auth0:%s:%s" % (found["tenant"], found["user_id"] or "policy"), 512),
        "Partition": partition,
        "Region": region,
        "Details": {"Other": {name: _cut(value, 1024) for name, value in other.items() if value}},
    }


def _exempted(found: FoundRow) -> str | None:
    by = found["exempted"]
    return "until %s by %s: %s" % (by["expires"], by["owner"], by["reason"]) if by else None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


class Selection:
    """The findings that Security Hub is told of, as they cost money each: what it is to show no longer, and then the worst.

    It shows what holds, is of these severities and is not exempted. Whatever else it shows is archived, but for what was not read,
    of which nobody knows. Memory is that of the findings that it shows.

    :ivar left_out: how many there are beyond the most
    """

    def __init__(
        self,
        at: str,
        account: str,
        region: str,
        severities: Sequence[Severity] = ("critical", "high"),
        most: int = 1000,
        active: Mapping[str, Active] | None = None,
    ) -> None:
        """
        :param at: when they are sent, ISO 8601: later than whatever was sent before, or Security Hub may ignore it
        :param most: how many findings are kept
        :param active: ID -> what was sent and not archived since
        """
        self.left_out = 0
        self._where = (at, account, region)
        self._severities, self._most = severities, most
        self._active = dict(active or {})
        self._unseen = dict(self._active)
        self._count = 0
        self._kept: list[tuple[_Rank, int, dict[str, Any], Active | None]] = []

    def add(self, found: FoundRow) -> None:
        """One more finding of the run."""
        self._unseen.pop(found["id"], None)
        if found["status"] == "not-read":
            return
        shown = found["closed_at"] is None and found["exempted"] is None and found["severity"] in self._severities
        if not shown and found["id"] not in self._active:
            return
        rank = (not shown, tuple(-each for each in of_found(found)), found["status"] != "persisting")
        made = finding(found, *self._where, shown)
        kept = Active(rule=found["rule"], severity=found["severity"], first_seen=found["first_seen"])
        self._keep(rank, made, kept if shown else None)

    def archive_unknown(self) -> None:
        """Archive what Security Hub shows and none of the findings added is. Only for a run that knows all findings."""
        for id_, known in self._unseen.items():
            self._keep((True, (), False), _made(id_, known, *self._where, "NOT_AVAILABLE", False), None)
        self._unseen = {}

    def _keep(self, rank: _Rank, made: dict[str, Any], active: Active | None) -> None:
        self._count += 1
        heapq.heappush(self._kept, (rank, -self._count, made, active))
        if len(self._kept) > self._most:
            heapq.heappop(self._kept)
            self.left_out += 1

    def active(self, sent: bool) -> dict[str, Active]:
        """ID -> what Security Hub shows.

        :param sent: all of it; otherwise any part of it may be, and what may be shown counts
        """
        shown = dict(self._active)
        for _rank, _number, made, active in self._kept:
            if active is not None:
                shown[made["Id"]] = active
            elif sent:
                shown.pop(made["Id"], None)
        return shown

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """What each call of BatchImportFindings takes; the first findings first."""
        batch: list[dict[str, Any]] = []
        size = 0
        for _rank, _number, made, _active in sorted(self._kept, key=lambda entry: entry[:2], reverse=True):
            bytes_of_it = len(json.dumps(made).encode())
            if batch and (len(batch) == MOST_IN_A_BATCH or size + bytes_of_it > MOST_BYTES_IN_A_BATCH):
                yield batch
                batch, size = [], 0
            batch.append(made)
            size += bytes_of_it
        if batch:
            yield batch
