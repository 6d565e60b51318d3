# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of a run: ``summary.json`` and the table for a terminal."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime

from ...auth0.factors import FACTORS
from ...auth0.times import iso
from ...auth0.wire.errors import visible
from ..ledger import Checkpoint
from ..policy.model import Policy
from ..records import (
    GIVEN,
    SCHEMA_VERSION,
    SEVERITIES,
    STATES,
    Costs,
    CoverageFigures,
    FindingRow,
    Severity,
    ShownFinding,
    State,
    Summary,
    UserRow,
)
from ..rules import RULES

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


class Tally:
    """Counts over the rows of a run, and the worst of its findings. Memory is flat.

    :ivar users: users by protection, without those who are out of scope
    :ivar unread: users whose authenticators could not be read
    :ivar out_of_scope: users who were read and whom the policy does not mean
    :ivar findings: findings by rule
    :ivar counted: by severity those that count for ``fail_on``
    :ivar factors: users by factor, confirmed second factors and recovery codes only
    :ivar unknown_types: users by a type of authenticator that this version does not know
    :ivar gone: users without a row, because they were deleted after the plan was made; counted by whoever makes the rows
    :ivar oldest_reading: when the user was read who was read longest ago; None without users
    """

    def __init__(self, shown_per_rule: int = 100) -> None:
        """
        :param shown_per_rule: how many findings of each rule are kept for display
        """
        self.users: Counter[State] = Counter()
        self.findings: Counter[str] = Counter()
        self.counted: Counter[Severity] = Counter()
        self.factors: Counter[str] = Counter()
        self.unknown_types: Counter[str] = Counter()
        self.unread = self.out_of_scope = self.gone = 0
        self.oldest_reading: str | None = None
        self._shown_per_rule = shown_per_rule
        self._worst: dict[str, list[tuple[int, str, int, ShownFinding]]] = {rule: [] for rule in RULES}

    def add(self, row: UserRow) -> None:
        """Count one row."""
        if row["place"] == "out":
            self.out_of_scope += 1
            return
        self.users[row["protection"]] += 1
        self.unread += row["error"] is not None
        self.oldest_reading = min(self.oldest_reading or row["read_at"], row["read_at"])
        for factor in sorted({each["factor"] for each in row["authenticators"] if each["confirmed"]}):
            if factor in _SHOWN_FACTORS:
                self.factors[factor] += 1
            elif factor not in _NEVER_ENROLLED:
                self.unknown_types[factor] += 1
        for finding in row["findings"]:
            self.findings[finding["rule"]] += 1
            if row["place"] == "in" and finding["exempted"] is None:
                self.counted[finding["severity"]] += 1
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
    checkpoint: Checkpoint,
    tally: Tally,
    policy: Policy,
    stopped: str | None,
    reported: datetime,
    versions: dict[str, str],
) -> Summary:
    """The run in numbers.

    :param checkpoint: how far the run came
    :param tally: over all its rows
    :param stopped: why it ended early; None if it did not
    :param reported: aware time that ages were counted to
    :param versions: name -> version of what made the report
    """
    coverage = _coverage(checkpoint, tally)
    reasons = [stopped, checkpoint.incomplete, *_missing(checkpoint, coverage, stopped)]
    reason = " ".join(filter(None, reasons)) or None
    return {
        "schema_version": SCHEMA_VERSION,
        "tenant": checkpoint.tenant,
        "run": checkpoint.run,
        "base": checkpoint.base,
        "planned": checkpoint.planned,
        "reported": iso(reported),
        "oldest_reading": tally.oldest_reading,
        "partial": reason is not None,
        "reason": reason,
        "note": checkpoint.note,
        "coverage": coverage,
        "users": {state: tally.users[state] for state in STATES},
        "findings": {rule: tally.findings[rule] for rule in RULES},
        "counted": {severity: tally.counted[severity] for severity in SEVERITIES},
        "factors": dict(sorted(tally.factors.items())),
        "unknown_types": dict(sorted(tally.unknown_types.items())),
        "policy": policy.as_row(),
        "limits": list(LIMITS),
        "versions": dict(sorted(versions.items())),
    }


def _unseen(checkpoint: Checkpoint, gone: int) -> int:
    """How many users nobody listed, at least. Who is gone does not stand in for them.

    Who was deleted after the reading, or carried over and deleted, hides as many of them: nobody knows of those.
    """
    census = checkpoint.census
    if census is None or census["counted"] is None or checkpoint.finished is None:
        return checkpoint.unseen
    return max(checkpoint.unseen, census["counted"] - (census["listed"] - gone))


def _coverage(checkpoint: Checkpoint, tally: Tally) -> CoverageFigures:
    rows = sum(tally.users.values())
    listed = checkpoint.to_read + checkpoint.carried + _unseen(checkpoint, tally.gone)
    return {
        "source": checkpoint.source,
        "listed": listed,
        "listed_is_lower_bound": checkpoint.incomplete is not None,
        "read": rows - tally.unread,
        "carried": checkpoint.carried,
        "unread": tally.unread,
        "gone": tally.gone,
        "out_of_scope": tally.out_of_scope,
        # What is left over, and not what the checkpoint says: so the sum is the proof that nobody was lost.
        "not_reached": listed - rows - tally.out_of_scope - tally.gone,
    }


def _missing(checkpoint: Checkpoint, coverage: CoverageFigures, stopped: str | None) -> list[str]:
    """What is missing, one sentence each."""
    found = []
    if coverage["unread"]:
        found.append("Users who could not be read: %d." % coverage["unread"])
    unseen = _unseen(checkpoint, coverage["gone"])
    if unseen and checkpoint.source == GIVEN and checkpoint.note:
        found.append(checkpoint.note)
    elif unseen and (checkpoint.incomplete is None or unseen > checkpoint.unseen):
        found.append("Users that the tenant counts and does not list: %d." % unseen)
    unexplained = coverage["not_reached"] - unseen
    if unexplained and stopped is None:
        found.append(
            "The figures do not add up: %d users are listed, and %+d of them have no row."
            % (coverage["listed"], unexplained)
        )
    if not coverage["read"] + coverage["unread"] and stopped is None and not found:
        found.append(
            "Nobody was audited: no user was found. Check the tenant, and the query or the list if there is one."
        )
    return found


def table(figures: Summary, costs: Costs) -> str:
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
        "Users: %s" % coverage_text(coverage),
        "Protection: %d strong, %d weak only, %d none, %d elsewhere, %d unknown"
        % tuple(users[state] for state in STATES),
        "Requests: %d, %d refused by the rate limit, waited %.1f s of %.1f s"
        % (costs["requests"], costs["rate_limited"], costs["waited_seconds"], costs["duration_seconds"]),
    ]
    if figures["partial"]:
        lines.append("PARTIAL: %s" % figures["reason"])
    return "\n".join(map(visible, lines)) + "\n"


def coverage_text(coverage: CoverageFigures) -> str:
    """What became of every user, in words that claim no more than is known."""
    parts = ["%d read" % coverage["read"]]
    if coverage["carried"]:
        parts[0] += " (%d of them by an earlier run)" % coverage["carried"]
    parts += ["%d unread" % coverage["unread"], "%d gone" % coverage["gone"]]
    parts.append("%d not reached" % coverage["not_reached"])
    at_least = "at least " if coverage["listed_is_lower_bound"] else ""
    return "%s, of %s%d listed" % (", ".join(parts), at_least, coverage["listed"])
