# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of every list that an audit writes or shows: what has the smaller rank comes first. Few things have the same.

Findings: those that count, then the exempted, then those of users who stand aside, then the closed. In each part privileged users
come first, then the most severe, then the rules in their order. Break-glass users are nothing more here.
"""

from __future__ import annotations

from typing import Mapping

from .records import SEVERITIES, ChangeRow, FindingRow, FoundRow, Place, RuleFigures, Severity, UserRow
from .rules import RULES

Rank = tuple[int, ...]

_SEVERITY: Mapping[Severity, int] = {severity: number for number, severity in enumerate(SEVERITIES)}
_RULE: Mapping[str, int] = {rule: number for number, rule in enumerate(RULES)}
_PLACE: Mapping[Place, int] = {"in": 0, "aside": 1, "out": 2}
_COUNTS, _EXEMPTED, _NOT_MEANT, _CLOSED = range(4)


def of_finding(finding: FindingRow, privileged: bool, place: Place = "in", *, closed: bool = False) -> Rank:
    """That of a finding.

    :param privileged: its user is
    :param place: of its user
    """
    if closed:
        part = _CLOSED
    elif place != "in":
        part = _NOT_MEANT
    else:
        part = _EXEMPTED if finding["exempted"] else _COUNTS
    # A closed one may be of a rule that an earlier version had.
    return part, not privileged, _SEVERITY[finding["severity"]], _RULE.get(finding["rule"], len(_RULE))


def of_found(found: FoundRow) -> Rank:
    """That of a finding that stands alone."""
    return of_finding(found, found["privileged"], found["place"], closed=found["closed_at"] is not None)


def of_user(row: UserRow) -> Rank:
    """That of a user: those whom the policy means, then by their worst finding that counts."""
    counting = [_SEVERITY[each["severity"]] for each in row["findings"] if each["exempted"] is None]
    return _PLACE[row["place"]], not row["privileged"], min(counting, default=len(SEVERITIES))


def of_change(change: ChangeRow) -> Rank:
    """That of a device that was added or lost: what was added first, as whoever took over an account enrolls a factor."""
    return not change["privileged"], not change["break_glass"], change["change"] != "added"


def worst(figures: RuleFigures) -> Severity | None:
    """The highest severity among the findings of a rule that count; None where none does."""
    return next((each for each in SEVERITIES if figures["severities"][each]), None)


def rules_in_order(figures: Mapping[str, RuleFigures]) -> list[str]:
    """Rules by the worst of their findings that count, then by the privileged people who have one, then by people."""

    def rank(rule: str) -> Rank:
        its = figures[rule]
        severity = worst(its)
        order = len(SEVERITIES) if severity is None else _SEVERITY[severity]
        return order, -its["privileged"], -its["people"], _RULE[rule]

    return sorted(figures, key=rank)
