# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for AWS Security Hub (AWS Security Finding Format). Nothing is sent here."""

from __future__ import annotations

import heapq
import json
from typing import Any, Iterator, Mapping, Sequence

from ..acted import in_words
from ..ranks import of_found
from ..records import FoundRow, Severity
from ..rules import RULES

SCHEMA_VERSION = "2018-10-08"
# What BatchImportFindings takes at once; a finding of ours is a few KB.
MOST_IN_A_BATCH, MOST_BYTES_IN_A_BATCH = 100, 6_000_000
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards"
_LABELS: Mapping[Severity, str] = {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"}


def finding(
    found: FoundRow, at: str, account: str, region: str, told_until: str | None = None
) -> dict[str, Any] | None:
    """One finding as ASFF; None where there is nothing to tell, because it was told that it is closed, or it was not read.

    What is closed is archived, which says only that Security Hub need not show it. A finding is ``PASSED`` only where it was
    resolved.

    :param at: the time of the run, ISO 8601
    :param account: 12 digits
    :param told_until: the time of the last run that was told of, ISO 8601: what was closed since then is told, too
    """
    closed = found["closed_at"] is not None
    if found["status"] == "not-read" or (closed and _is_told(found["closed_at"] or "", at, told_until)):
        return None
    rule = RULES[found["rule"]]
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    made: dict[str, Any] = {
        "SchemaVersion": SCHEMA_VERSION,
        "Id": found["id"],
        "ProductArn": "arn:%s:securityhub:%s:%s:product/%s/default" % (partition, region, account, account),
        "CompanyName": "mfaops.auth0",
        "ProductName": "MFA audit for Auth0",
        "GeneratorId": "mfaops.auth0/" + rule.id,
        "AwsAccountId": account,
        "Types": [_TYPE],
        "CreatedAt": found["first_seen"],
        "FirstObservedAt": found["first_seen"],
        "LastObservedAt": found["last_seen"],
        "UpdatedAt": at,
        "Severity": {"Label": _LABELS[found["severity"]], "Original": found["severity"]},
        "Title": _cut("%s: %s" % (rule.title, found["user"]), 256),
        "Description": _cut(rule.risk, 1024),
        "Remediation": {"Recommendation": {"Text": _cut(rule.remediation, 512)}},
        "Resources": [_resource(found, region, partition)],
        "Compliance": {
            "Status": ("PASSED" if found["status"] == "resolved" else "NOT_AVAILABLE") if closed else "FAILED",
            **({"RelatedRequirements": [_cut(each, 64) for each in rule.references[:32]]} if rule.references else {}),
        },
        "RecordState": "ARCHIVED" if closed else "ACTIVE",
    }
    if found["exempted"] and not closed:
        made["Workflow"] = {"Status": "SUPPRESSED"}
        made["Note"] = {
            "Text": _cut("Exempted until %s: %s" % (found["exempted"]["expires"], found["exempted"]["reason"]), 512),
            "UpdatedBy": _cut(found["exempted"]["owner"], 512),
            "UpdatedAt": at,
        }
    return made


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
    }
    return {
        "Type": "Other",
        "Id": _cut("auth0:%s:%s" % (found["tenant"], found["user_id"] or "policy"), 512),
        "Partition": partition,
        "Region": region,
        "Details": {"Other": {name: _cut(value, 1024) for name, value in other.items() if value}},
    }


def _is_told(closed_at: str, at: str, told_until: str | None) -> bool:
    return closed_at != at and (told_until is None or closed_at <= told_until)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


class Selection:
    """The findings that Security Hub is told of, as they cost money each: what was closed, and then the worst. Memory is flat.

    :ivar left_out: how many of these severities there are beyond the most
    """

    def __init__(
        self,
        at: str,
        account: str,
        region: str,
        severities: Sequence[Severity] = ("critical", "high"),
        most: int = 1000,
        told_until: str | None = None,
    ) -> None:
        """
        :param at: the time of the run, ISO 8601
        :param most: how many findings are kept
        :param told_until: as in :func:`finding`
        """
        self.left_out = 0
        self._where = (at, account, region, told_until)
        self._severities, self._most = severities, most
        self._count = 0
        self._kept: list[tuple[tuple[bool, tuple[int, ...], bool], int, dict[str, Any]]] = []

    def add(self, found: FoundRow) -> None:
        """One more finding."""
        if found["severity"] not in self._severities:
            return
        made = finding(found, *self._where)
        if made is None:
            return
        self._count += 1
        rank = (
            found["closed_at"] is not None,
            tuple(-each for each in of_found(found)),
            found["status"] != "persisting",
        )
        heapq.heappush(self._kept, (rank, -self._count, made))
        if len(self._kept) > self._most:
            heapq.heappop(self._kept)
            self.left_out += 1

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """What each call of BatchImportFindings takes; the first findings first."""
        batch: list[dict[str, Any]] = []
        size = 0
        for _rank, _number, made in sorted(self._kept, key=lambda entry: entry[:2], reverse=True):
            bytes_of_it = len(json.dumps(made).encode())
            if batch and (len(batch) == MOST_IN_A_BATCH or size + bytes_of_it > MOST_BYTES_IN_A_BATCH):
                yield batch
                batch, size = [], 0
            batch.append(made)
            size += bytes_of_it
        if batch:
            yield batch
