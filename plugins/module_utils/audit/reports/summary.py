# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of a run: ``summary.json`` and the table for a terminal."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime
from typing import Protocol

from ...auth0.factors import FACTORS
from ...auth0.times import iso
from ...auth0.wire.errors import visible
from ..policy import Policy
from ..records import SCHEMA_VERSION, STATES, CoverageFigures, FindingRow, ShownFinding, State, Summary, UserRow
from ..rules import RULES
from ..scan import Coverage

_SHOWN_FACTORS = frozenset(FACTORS)
# Auth0 lists these beside the authenticators.
_NEVER_ENROLLED = ("password", "email-verification")

# What no audit by way of the Management API can see. The reader of the report has to know it.
LIMITS = (
    "Enrollments that were started and never confirmed. By the reports we have, Auth0 shows them only to the user's own "
    "token and drops them after 24 hours, so a count of 0 for unconfirmed says little.",
    "Whether a factor was used once or only confirmed. Auth0 records both in last_auth_at, so never used means: not used "
    "later than five minutes after the enrollment.",
    "Whether a login asks for the factor at all. The tenant's MFA policy and its Actions decide that, not what the user "
    "has enrolled.",
    "Whether a user with a passkey can still log in with a password alone. A passkey counts as strong, because it is a "
    "multi-factor authenticator by itself.",
)


class Costs(Protocol):
    """The counters of a budget."""

    @property
    def requests(self) -> int: ...

    @property
    def rate_limited(self) -> int: ...

    @property
    def waited(self) -> float: ...


class Tally:
    """Counts over the rows of a run, and the worst of its findings. Memory is flat.

    :ivar users: users by protection
    :ivar findings: findings by rule
    :ivar factors: users by factor, confirmed second factors and recovery codes only
    :ivar unknown_types: users by a type of authenticator that this version does not know
    """

    def __init__(self, shown_per_rule: int = 100) -> None:
        """
        :param shown_per_rule: how many findings of each rule are kept for display
        """
        self.users: Counter[State] = Counter()
        self.findings: Counter[str] = Counter()
        self.factors: Counter[str] = Counter()
        self.unknown_types: Counter[str] = Counter()
        self._shown_per_rule = shown_per_rule
        self._worst: dict[str, list[tuple[int, str, int, ShownFinding]]] = {rule: [] for rule in RULES}

    def add(self, row: UserRow) -> None:
        """Count one row."""
        self.users[row["mfa"]] += 1
        for factor in sorted({each["factor"] for each in row["authenticators"] if each["confirmed"]}):
            if factor in _SHOWN_FACTORS:
                self.factors[factor] += 1
            elif factor not in _NEVER_ENROLLED:
                self.unknown_types[factor] += 1
        for finding in row["findings"]:
            self.findings[finding["rule"]] += 1
            self._keep(row, finding)

    def worst(self) -> dict[str, list[ShownFinding]]:
        """Findings to display by rule: the oldest first, then the user who logged in last, then in the order of rows."""
        return {rule: [entry for *_rank, entry in sorted(worst, reverse=True)] for rule, worst in self._worst.items()}

    def _keep(self, row: UserRow, finding: FindingRow) -> None:
        its = [each for each in row["authenticators"] if each["id"] == finding["authenticator_id"]]
        entry: ShownFinding = {
            **finding,
            "user": row["email"] or row["name"] or row["user_id"],
            "user_id": row["user_id"],
            "factors": sorted({each["factor"] for each in row["authenticators"] if each["confirmed"]} & _SHOWN_FACTORS),
            "blocked": row["blocked"],
            "last_login": row["last_login"],
            "error": row["error"],
            "device": its[0]["phone_number"] or its[0]["email"] or its[0]["name"] if its else None,
        }
        worst = self._worst[finding["rule"]]
        rank = (finding["age_days"] or 0, row["last_login"] or "", -self.findings[finding["rule"]])
        heapq.heappush(worst, (*rank, entry))
        if len(worst) > self._shown_per_rule:
            heapq.heappop(worst)


def summary(
    tenant: str,
    tally: Tally,
    coverage: Coverage,
    total: int | None,
    policy: Policy,
    budget: Costs,
    started: datetime,
    finished: datetime,
    versions: dict[str, str],
) -> Summary:
    """The run in numbers.

    :param total: how many users the tenant has; a lower bound from 1000 on
    :param versions: name -> version of what made the report
    """
    requested = coverage.read + coverage.unread + coverage.gone
    return {
        "schema_version": SCHEMA_VERSION,
        "tenant": tenant,
        "started": iso(started),
        "finished": iso(finished),
        "duration_seconds": round((finished - started).total_seconds(), 3),
        "partial": coverage.partial,
        "reason": _reason(coverage),
        "coverage": {
            "users": total,
            "users_is_lower_bound": total is not None and total >= 1000,
            "read": coverage.read,
            "unread": coverage.unread,
            "gone": coverage.gone,
            "not_reached": coverage.not_reached(total),
        },
        "users": {state: tally.users[state] for state in STATES},
        "findings": {rule: tally.findings[rule] for rule in RULES},
        "factors": dict(sorted(tally.factors.items())),
        "unknown_types": dict(sorted(tally.unknown_types.items())),
        "thresholds": policy.as_row(),
        "requests": budget.requests,
        "requests_per_user": round(budget.requests / requested, 3) if requested else None,
        "rate_limited": budget.rate_limited,
        "waited_seconds": round(budget.waited, 3),
        "limits": list(LIMITS),
        "versions": dict(sorted(versions.items())),
    }


def _reason(coverage: Coverage) -> str | None:
    if coverage.stopped:
        return coverage.stopped
    return "Users who could not be read: %d." % coverage.unread if coverage.unread else None


def table(figures: Summary) -> str:
    """The summary as a few lines of plain text, at most 78 columns wide where the reason is not longer."""
    coverage, users = figures["coverage"], figures["users"]
    lines = [
        "MFA audit of %s" % figures["tenant"],
        "",
        "%-34s %8s   %s" % ("Finding", "Count", "Severity"),
        "-" * 55,
    ]
    lines += [
        "%-34s %8d   %s" % (RULES[rule].title[:34], count, RULES[rule].severity)
        for rule, count in figures["findings"].items()
    ]
    lines += [
        "-" * 55,
        "Users: %d read, %d unread, %d gone, %s not reached"
        % (coverage["read"], coverage["unread"], coverage["gone"], not_reached_text(coverage)),
        "Protection: %d strong, %d weak only, %d none, %d unknown" % tuple(users[state] for state in STATES),
        "Requests: %d (%s per user), %d refused by the rate limit, waited %.1f s of %.1f s"
        % (
            figures["requests"],
            "-" if figures["requests_per_user"] is None else "%.2f" % figures["requests_per_user"],
            figures["rate_limited"],
            figures["waited_seconds"],
            figures["duration_seconds"],
        ),
    ]
    if figures["partial"]:
        lines.append("PARTIAL: %s" % figures["reason"])
    return "\n".join(map(visible, lines)) + "\n"


def not_reached_text(coverage: CoverageFigures) -> str:
    """How many users the walk did not reach, in words that claim no more than is known."""
    number = coverage["not_reached"]
    if number is None:
        return "an unknown number"
    return "at least %d" % number if number and coverage["users_is_lower_bound"] else str(number)
