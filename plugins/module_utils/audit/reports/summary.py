# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of a run: ``summary.json`` and the table for a terminal."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Callable, Mapping, Sequence

from ...auth0.factors import FACTORS, names
from ...auth0.times import iso
from ...auth0.wire.errors import visible
from ..acted import in_words
from ..facts import UNKNOWN, TenantFacts
from ..found import device, shown
from ..ledger import Checkpoint
from ..policy.model import Policy
from ..ranks import of_finding, rules_in_order, worst
from ..records import (
    GIVEN,
    SCHEMA_VERSION,
    SEVERITIES,
    STATES,
    ChangesFigures,
    Costs,
    CoverageFigures,
    FindingRow,
    FoundRow,
    GroupFigures,
    HistoryFigures,
    RuleFigures,
    Severity,
    ShownFinding,
    State,
    Summary,
    TallyFigures,
    UserRow,
)
from ..rules import RULES
from ..words import grouped, plural

_SHOWN_FACTORS = frozenset(FACTORS)
_SECOND_FACTORS = frozenset(names(lambda row: row.second_factor))
# Auth0 lists these beside the authenticators.
_NEVER_ENROLLED = ("password", "email-verification")

# The histogram of the last use: so many days to a bar, so many bars, and one more for everything older.
AGE_BIN_DAYS, AGE_BINS = 15, 24
# The words for how users are protected, in a line of text.
_PROTECTION: tuple[tuple[State, str], ...] = (
    ("strong", "strong"),
    ("weak", "weak only"),
    ("none", "none"),
    ("elsewhere", "elsewhere"),
    ("unknown", "unknown"),
)
# So many connections and domains have a figure of their own; so many are counted at all.
SHOWN_GROUPS, _MOST_GROUPS = 30, 5000
# Larger is shown first: that of all lists, then age, last login, and order.
_Rank = tuple[tuple[int, ...], int, str, int]

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
    "Whether several users share a phone. Auth0 masks all but the last four digits, and among 10,000 users 41 % of those with a "
    "phone have the same four as somebody else by chance.",
)


class Tally:
    """Counts over the rows of a run, and the worst of its findings, each seen once. Memory is flat.

    Users who are out of scope are only counted. Users who stand aside are in counts of their own and in no other, but that those
    among them who could not be read are unread.

    :ivar users: users in scope by protection
    :ivar privileged: those of them who are privileged
    :ivar aside: users who stand aside, by the reason and by protection
    :ivar unread: users whose authenticators could not be read
    :ivar out_of_scope: users whom the policy does not mean
    :ivar findings: findings by rule, exempted ones too
    :ivar counted: by severity those that count for ``fail_on``
    :ivar factors: users by factor, confirmed second factors and recovery codes only
    :ivar unknown_types: users by a type of authenticator that this version does not know
    :ivar gone: users without a row, because they were deleted after the plan was made; counted by whoever makes the rows
    :ivar doubted: users who are said to be gone and have a row all the same, because that is not believed; counted there, too
    :ivar oldest_reading: when the user was read who was read longest ago; None without users
    """

    def __init__(self, shown_per_rule: int = 100) -> None:
        """
        :param shown_per_rule: how many findings of each rule are kept for display
        """
        self.users: Counter[State] = Counter()
        self.privileged: Counter[State] = Counter()
        self.aside: dict[str, Counter[State]] = {}
        self.findings: Counter[str] = Counter()
        self.counted: Counter[Severity] = Counter()
        self.factors: Counter[str] = Counter()
        self.unknown_types: Counter[str] = Counter()
        self.unread = self.out_of_scope = self.gone = self.doubted = 0
        self.oldest_reading: str | None = None
        self._rules = {rule: _no_figures() for rule in RULES}
        self._exempted: Counter[tuple[str, str, str]] = Counter()
        self._connections, self._domains = _Groups(), _Groups()
        self._ages = [0] * (AGE_BINS + 1)
        self._never_used = 0
        self._shown_per_rule = shown_per_rule
        self._worst: dict[str, list[tuple[_Rank, ShownFinding]]] = {rule: [] for rule in RULES}

    def add(self, row: UserRow) -> None:
        """Count one row, with its findings."""
        if row["place"] == "out":
            self.out_of_scope += 1
            return
        self.unread += row["error"] is not None
        self.oldest_reading = min(self.oldest_reading or row["read_at"], row["read_at"])
        if row["place"] == "aside":
            self.aside.setdefault(row["why"] or "set aside", Counter())[row["protection"]] += 1
            for finding in row["findings"]:
                self._rules[finding["rule"]]["aside"] += 1
            return
        self._add_in_scope(row)
        people = set()
        for finding in row["findings"]:
            if self._count(finding):
                people.add(finding["rule"])
            self._keep(finding, row["privileged"], row["last_login"] or "", partial(self._shown_of_user, finding, row))
        for rule in people:
            self._rules[rule]["people"] += 1
            self._rules[rule]["privileged"] += row["privileged"]

    def add_found(self, row: FoundRow) -> None:
        """Count a finding that is about the policy and not about a user."""
        self._count(row)
        self._keep(row, row["privileged"], "", partial(_shown_alone, row))

    def worst(self) -> dict[str, list[ShownFinding]]:
        """Findings to display by rule, in the order of all lists; then the oldest, the user who logged in last, and in the order
        of rows.
        """
        return {
            rule: [entry for _rank, entry in sorted(worst, key=itemgetter(0), reverse=True)]
            for rule, worst in self._worst.items()
        }

    def _add_in_scope(self, row: UserRow) -> None:
        state = row["protection"]
        self.users[state] += 1
        if row["privileged"]:
            self.privileged[state] += 1
        for connection in row["connections"]:
            self._connections.add(connection, state)
        email = row["email"]
        if email and "@" in email:
            self._domains.add(email.rpartition("@")[2].lower(), state)
        for factor in {each["factor"] for each in row["authenticators"] if each["confirmed"]}:
            if factor in _SHOWN_FACTORS:
                self.factors[factor] += 1
            elif factor not in _NEVER_ENROLLED:
                self.unknown_types[factor] += 1
        for each in row["authenticators"]:
            if each["confirmed"] and each["factor"] in _SECOND_FACTORS:
                if each["age_from"] == "last_auth_at":
                    self._ages[min((each["age_days"] or 0) // AGE_BIN_DAYS, AGE_BINS)] += 1
                else:
                    self._never_used += 1

    def _count(self, finding: FindingRow) -> bool:
        """Whether the finding counts."""
        figures, exempted = self._rules[finding["rule"]], finding["exempted"]
        self.findings[finding["rule"]] += 1
        if exempted is not None:
            figures["exempted"] += 1
            self._exempted[exempted["reason"], exempted["owner"], exempted["expires"]] += 1
            return False
        self.counted[finding["severity"]] += 1
        figures["severities"][finding["severity"]] += 1
        figures["warnings"] += finding["warning"]
        if finding["status"] in ("new", "reopened"):
            figures["new"] += 1
        return True

    def _keep(self, finding: FindingRow, privileged: bool, last_login: str, entry: Callable[[], ShownFinding]) -> None:
        rank: _Rank = (
            tuple(-each for each in of_finding(finding, privileged)),
            finding["age_days"] or 0,
            last_login,
            -self.findings[finding["rule"]],
        )
        worst = self._worst[finding["rule"]]
        if len(worst) < self._shown_per_rule:
            heapq.heappush(worst, (rank, entry()))
        elif rank > worst[0][0]:
            heapq.heapreplace(worst, (rank, entry()))

    def _shown_of_user(self, finding: FindingRow, row: UserRow) -> ShownFinding:
        its = [each for each in row["authenticators"] if each["id"] == finding["authenticator_id"]]
        notes = [in_words(finding["acted"]) if finding["acted"] else None, row["error"]]
        if row["error"] is None and not its:
            notes.append("last login %s" % row["last_login"][:10] if row["last_login"] else "no login known")
        return {
            **_members(finding),
            "user": shown(row),
            "user_id": row["user_id"],
            "privileged": row["privileged"],
            "break_glass": row["break_glass"],
            "device": device(its[0]) if its else None,
            "note": "; ".join(filter(None, notes)) or None,
        }

    def figures(self) -> TallyFigures:
        """The counts as they are in the summary."""
        return {
            "users": {state: self.users[state] for state in STATES},
            "privileged": {state: self.privileged[state] for state in STATES},
            "aside": {why: {state: users[state] for state in STATES} for why, users in sorted(self.aside.items())},
            "findings": {rule: self.findings[rule] for rule in RULES},
            "counted": {severity: self.counted[severity] for severity in SEVERITIES},
            "rules": self._rules,
            "exempted": [
                {"reason": reason, "owner": owner, "expires": expires, "findings": count}
                for (reason, owner, expires), count in sorted(self._exempted.items())
            ],
            "factors": dict(sorted(self.factors.items())),
            "unknown_types": dict(sorted(self.unknown_types.items())),
            "connections": self._connections.most(),
            "domains": self._domains.most(),
            "ages": {"days": AGE_BIN_DAYS, "counts": list(self._ages), "never_used": self._never_used},
        }


class _Groups:
    """Users by protection in groups whose number nobody knows. Memory is flat."""

    def __init__(self) -> None:
        self._groups: dict[str, Counter[State]] = {}
        self._rest: Counter[State] = Counter()

    def add(self, name: str, state: State) -> None:
        group = self._groups.get(name)
        if group is None:
            # Where there are more, one that turns up later is not shown, however large it grows.
            if len(self._groups) >= _MOST_GROUPS:
                self._rest[state] += 1
                return
            group = self._groups[name] = Counter()
        group[state] += 1

    def most(self) -> GroupFigures:
        """The largest :data:`SHOWN_GROUPS`, the largest first, and all others together."""
        ordered = sorted(self._groups.items(), key=lambda each: (-each[1].total(), each[0]))
        rest = Counter(self._rest)
        for _name, users in ordered[SHOWN_GROUPS:]:
            rest.update(users)
        return {
            "largest": [
                {"name": name, "users": {state: users[state] for state in STATES}}
                for name, users in ordered[:SHOWN_GROUPS]
            ],
            "others": max(len(ordered) - SHOWN_GROUPS, 0),
            "rest": {state: rest[state] for state in STATES},
        }


def _no_figures() -> RuleFigures:
    severities: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
    return {
        "people": 0, "privileged": 0, "severities": severities, "new": 0, "warnings": 0, "exempted": 0, "aside": 0,
    }  # fmt: skip


def _shown_alone(row: FoundRow) -> ShownFinding:
    return {
        **_members(row),
        "user": row["user"],
        "user_id": row["user_id"],
        "privileged": row["privileged"],
        "break_glass": row["break_glass"],
        "device": row["device"],
        "note": None,
    }


def _members(row: FindingRow) -> FindingRow:
    """What a finding has, without what the row that it stands in has beside it."""
    return {
        "id": row["id"],
        "rule": row["rule"],
        "severity": row["severity"],
        "warning": row["warning"],
        "authenticator_id": row["authenticator_id"],
        "link_id": row["link_id"],
        "factor": row["factor"],
        "age_days": row["age_days"],
        "age_from": row["age_from"],
        "exempted": row["exempted"],
        "status": row["status"],
        "first_seen": row["first_seen"],
        "acted": row["acted"],
    }


def summary(
    checkpoint: Checkpoint,
    tally: Tally,
    policy: Policy,
    stopped: str | None,
    reported: datetime,
    versions: dict[str, str],
    *,
    facts: TenantFacts = UNKNOWN,
    history: HistoryFigures | None = None,
    changes: ChangesFigures | None = None,
    notes: Sequence[str] = (),
) -> Summary:
    """The run in numbers.

    :param checkpoint: how far the run came
    :param tally: over all its rows
    :param stopped: why it ended early; None if it did not
    :param reported: aware time that ages were counted to
    :param versions: name -> version of what made the report
    :param facts: what is known of the tenant
    :param history: how the run differs from the one before; None where nobody looked
    :param changes: the devices that users added and lost; None where nobody looked
    :param notes: what is to be known of the policy, a sentence each
    """
    coverage = _coverage(checkpoint, tally)
    reasons = [stopped, checkpoint.incomplete, *_missing(checkpoint, coverage, stopped, _unseen(checkpoint, tally))]
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
        "note": " ".join(filter(None, (checkpoint.note, *notes))) or None,
        "coverage": coverage,
        "history": history,
        "changes": changes,
        **tally.figures(),
        "tenant_facts": {
            "mfa_policies": None if facts.mfa_policies is None else list(facts.mfa_policies),
            "enabled_factors": None if facts.enabled_factors is None else sorted(facts.enabled_factors),
        },
        "policy": policy.as_summary(),
        "limits": list(LIMITS),
        "versions": dict(sorted(versions.items())),
    }


def _unseen(checkpoint: Checkpoint, tally: Tally) -> int:
    """How many users nobody listed, at least. Who is gone does not stand in for them.

    Who was deleted after the reading, or carried over and deleted, hides as many of them: nobody knows of those.
    """
    beyond = checkpoint.counted_beyond
    # The census is without all who are said to be gone.
    return checkpoint.unseen if beyond is None else max(checkpoint.unseen, beyond - tally.doubted)


def is_everybody(checkpoint: Checkpoint, tally: Tally) -> bool:
    """Whether every user whom the run is about was listed and has a row. Where nobody is found at all, a mistake is
    more likely than that everybody was deleted.
    """
    coverage = _coverage(checkpoint, tally)
    complete = not coverage["listed_is_lower_bound"] and not coverage["not_reached"]
    return checkpoint.finished is not None and complete and bool(coverage["read"] + coverage["unread"])


def _coverage(checkpoint: Checkpoint, tally: Tally) -> CoverageFigures:
    rows = sum(tally.users.values()) + sum(users.total() for users in tally.aside.values())
    in_lists = checkpoint.to_read + checkpoint.carried + checkpoint.out_of_scope
    listed = in_lists + _unseen(checkpoint, tally)
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


def _missing(checkpoint: Checkpoint, coverage: CoverageFigures, stopped: str | None, unseen: int) -> list[str]:
    """What is missing, one sentence each."""
    found = []
    if coverage["unread"]:
        found.append("Users who could not be read: %d." % coverage["unread"])
    if unseen and checkpoint.source == GIVEN and checkpoint.note:
        found.append(checkpoint.note)
    elif unseen and (checkpoint.incomplete is None or unseen > checkpoint.unseen):
        found.append("Users that the tenant counts and does not list: %d." % unseen)
    unexplained = coverage["not_reached"] - unseen
    if unexplained and stopped is None:
        found.append(
            "The figures do not add up: of %s listed, %+d have no row."
            % (plural(coverage["listed"], "user"), unexplained)
        )
    if not coverage["read"] + coverage["unread"] and stopped is None and not found:
        found.append(
            "Nobody was audited: no user was found. Check the tenant, and the query or the list if there is one."
        )
    return found


_LINE, _WIDTH = "%-34s %7s %6s %6s %9s  %s", 76


def table(figures: Summary, costs: Costs) -> str:
    """The summary as a few lines of plain text, at most 78 columns wide where no text of the tenant or policy is longer."""
    coverage, users = figures["coverage"], figures["users"]
    protection = ["%s %s" % (grouped(users[state]), word) for state, word in _PROTECTION if users[state]]
    lines = [
        "MFA audit of %s" % figures["tenant"],
        "",
        *_rules_text(figures),
        *_history_text(figures["history"]),
        "Users: %s" % coverage_text(coverage),
        "Protection: %s" % (", ".join(protection) or "nobody is in scope"),
        *_privileged_text(figures["privileged"]),
        *_aside_text(figures),
        "Requests: %d, %d refused by the rate limit, waited %.1f s of %.1f s"
        % (costs["requests"], costs["rate_limited"], costs["waited_seconds"], costs["duration_seconds"]),
    ]
    if figures["note"] and figures["note"] not in (figures["reason"] or ""):
        lines.append("Note: %s" % figures["note"])
    if figures["partial"]:
        lines.append("PARTIAL: %s" % figures["reason"])
    return "\n".join(map(visible, lines)) + "\n"


def _rules_text(figures: Summary) -> list[str]:
    """A line for each rule that found something: what counts by its worst severity, and what is exempted."""
    found = [rule for rule in rules_in_order(figures["rules"]) if figures["findings"][rule]]
    if not found:
        return ["No finding."]
    compared = figures["history"] is not None and figures["history"]["base"] is not None
    lines = [_LINE % ("Finding", "Count", "New", "Priv.", "Exempted", "Worst"), "-" * _WIDTH]
    for rule in found:
        its = figures["rules"][rule]
        new = grouped(its["new"]) if compared else "-"
        severity = worst(its) or "-"
        counting = figures["findings"][rule] - its["exempted"]
        numbers = (grouped(counting), new, grouped(its["privileged"]), grouped(its["exempted"]))
        lines.append(_LINE % (RULES[rule].title, *numbers, severity))
    counted = ["%s %s" % (grouped(count), severity) for severity, count in figures["counted"].items() if count]
    return [*lines, "-" * _WIDTH, "Findings that count: %s" % (", ".join(counted) or "none")]


def _history_text(history: HistoryFigures | None) -> list[str]:
    """What became of the findings of the run before."""
    if history is None or history["base"] is None:
        return ["Compared with: nothing, there is no earlier run"]
    told = ["%s %s" % (grouped(count), status) for status, count in history["statuses"].items() if count]
    gap = " (%s before)" % plural(round(history["days"]), "day") if history["days"] and history["days"] >= 1 else ""
    return ["Compared with %s%s:" % (history["base"], gap), "  " + (", ".join(told) or "no finding in either")]


def _privileged_text(users: Mapping[State, int]) -> list[str]:
    total = sum(users.values())
    return (
        ["Privileged: %s of %s protected by a strong factor" % (grouped(users["strong"]), grouped(total))]
        if total
        else []
    )


def _aside_text(figures: Summary) -> list[str]:
    """Who is set aside, and how many findings these users have, which are in no other line."""
    people = ["%s %s" % (grouped(sum(states.values())), why) for why, states in sorted(figures["aside"].items())]
    findings = sum(each["aside"] for each in figures["rules"].values())
    return ["Set aside: %s (%s)" % (", ".join(people), plural(findings, "finding"))] if people else []


def coverage_text(coverage: CoverageFigures) -> str:
    """What became of every user, in words that claim no more than is known."""
    parts = ["%d read" % coverage["read"]]
    if coverage["carried"]:
        parts[0] += " (%d of them by an earlier run)" % coverage["carried"]
    parts += ["%d unread" % coverage["unread"], "%d gone" % coverage["gone"]]
    parts.append("%d not reached" % coverage["not_reached"])
    at_least = "at least " if coverage["listed_is_lower_bound"] else ""
    return "%s, of %s%d listed" % (", ".join(parts), at_least, coverage["listed"])
