# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has to tell, whoever it is told to. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import Costs, FoundRow, Severity, Summary

HIGH: tuple[Severity, ...] = ("critical", "high")
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
# An e-mail address, or the ID of a user with its separator plain or escaped.
_SOMEBODY = re.compile(r"[^\s@]+@[^\s@]+|[\w.+-]+(?:\||%7[Cc])\S+")
_LONGEST_TEXT = 1000
# As in the report.
_SOON_DAYS = 14


class OutputError(Exception):
    """An output did not take what it was told. The message names nobody."""


class High:
    """Counts over the findings that are critical or high and count for ``fail_on``. Takes memory for privileged people alone.

    :ivar new: those that are new or reopened, by rule
    :ivar privileged_users: privileged people who have any
    :ivar newly_privileged_users: those of them who have a new one
    """

    def __init__(self) -> None:
        self.new: Counter[str] = Counter()
        self.privileged_users: set[str] = set()
        self.newly_privileged_users: set[str] = set()

    @property
    def privileged(self) -> int:
        """How many people these are."""
        return len(self.privileged_users)

    @property
    def newly_privileged(self) -> int:
        """How many people these are."""
        return len(self.newly_privileged_users)

    def add(self, found: FoundRow) -> None:
        """One more line of ``findings.jsonl.gz``, whose order is by severity: those of a user are apart."""
        counts = found["closed_at"] is None and found["place"] == "in" and found["exempted"] is None
        # Whoever could not be read is told as such, and nothing is known of that person.
        if not counts or found["severity"] not in HIGH or found["rule"] == "unread":
            return
        new = found["status"] in ("new", "reopened")
        if new:
            self.new[found["rule"]] += 1
        if found["privileged"]:
            user = found["user_id"] or ""
            self.privileged_users.add(user)
            if new:
                self.newly_privileged_users.add(user)


@dataclass(frozen=True)
class Place:
    """Where the function runs and its reports are.

    :ivar report: key of the page
    """

    partition: str
    region: str
    account: str
    bucket: str
    report: str

    @classmethod
    def of(cls, function_arn: str, bucket: str, report: str) -> Place:
        """That of a function; its bucket is in its own region."""
        _arn, partition, _lambda, region, account = function_arn.split(":")[:5]
        return cls(partition, region, account, bucket, report)

    @property
    def link(self) -> str:
        """The report in the AWS console, for those who may see it."""
        console = _CONSOLES.get(self.partition, "console.aws.amazon.com")
        told = (self.region, console, quote(self.bucket, safe=""), self.region, quote(self.report, safe="/"))
        return "https://%s.%s/s3/object/%s?region=%s&prefix=%s" % told


@dataclass(frozen=True)
class Told:
    """One run.

    :ivar before: the figures of the run that its findings are compared with; None where there is none
    :ivar complete: those of the last complete run before, which its protection is compared with
    """

    figures: Summary
    costs: Costs
    place: Place
    high: High = field(default_factory=High)
    before: Summary | None = None
    complete: Summary | None = None

    @property
    def stage(self) -> str:
        """How far the run is. One that is gone on with has something to tell again; one whose reports are only made again has not."""
        coverage = self.figures["coverage"]
        state = "partial" if self.figures["partial"] else "complete"
        return "%s, %d of %d read" % (state, coverage["read"], coverage["listed"])

    @property
    def exemptions(self) -> tuple[list[str], list[str]]:
        """The last days of the exemptions that have expired, and of those that expire within 14 days; the first ones first."""
        return _exemptions(self.figures)

    @property
    def exemptions_before(self) -> tuple[list[str], list[str]]:
        """The same at the time of the run before."""
        return _exemptions(self.before) if self.before is not None else ([], [])


def _exemptions(figures: Summary) -> tuple[list[str], list[str]]:
    today = date.fromisoformat(figures["reported"][:10])
    ends = sorted(each["expires"] for each in figures["policy"].get("exemptions", ()))
    left = [(end, (date.fromisoformat(end) - today).days) for end in ends]
    return [end for end, days in left if days < 0], [end for end, days in left if 0 <= days <= _SOON_DAYS]


def nobody(text: str) -> str:
    """The text without anybody's address or ID, and not longer than a person reads."""
    told = _SOMEBODY.sub("(a user)", " ".join(text.split()))
    return told if len(told) <= _LONGEST_TEXT else told[: _LONGEST_TEXT - 1] + "…"
