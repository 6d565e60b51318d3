# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of one user: what was read, and what the policy and its rules say about it today."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Mapping, NamedTuple, Sequence

from ..auth0.authenticators import Authenticator
from .facts import UNKNOWN, TenantFacts
from .findings import Finding, finding_id
from .people import Fitted, Standing, Standings
from .policy.model import Exemption, Policy
from .ranks import of_finding
from .readings import authenticators_of
from .found import about_exemption, exemption_finding_id
from .records import (
    SCHEMA_VERSION,
    AuthenticatorRecord,
    AuthenticatorRow,
    ExemptedRow,
    FindingRow,
    FoundRow,
    Record,
    UserRow,
)
from .devices import age
from .verdict import Rulebook

# Why nobody can say whether a finding about the policy would be found.
Undecided = Literal["not-read", "not-asked"]


class AboutPolicy(NamedTuple):
    """What there is to say about the policy itself after a run.

    :ivar undecided: the IDs of findings that were not looked for, and why
    :ivar notes: what is no finding and should be known, a sentence each
    """

    found: list[FoundRow]
    undecided: Mapping[str, Undecided]
    notes: list[str]


class Judge:
    """Makes the rows of the users of one tenant.

    :ivar fitted: how often each pattern of the policy has fitted so far
    """

    def __init__(self, tenant: str, policy: Policy, now: datetime, facts: TenantFacts = UNKNOWN) -> None:
        """
        :param tenant: its domain
        :param now: aware time that ages are counted to
        :param facts: what is known of the tenant
        """
        self._tenant, self._now = tenant, now
        self._standings = Standings(policy)
        self._rules = Rulebook(policy, facts)
        self.fitted = Fitted(policy)

    def row(self, record: Record) -> UserRow:
        """Profile, protection, authenticators and findings, which are all new.

        :param record: of a user who is not gone
        """
        profile, rows = record["profile"], record["authenticators"]
        standing = self._standings.of(profile, self._now)
        self.fitted.add(standing)
        authenticators = authenticators_of(record)
        if authenticators is None:
            judgment = self._rules.unread(standing)
        else:
            judgment = self._rules.judge(profile, authenticators, standing, self._now)
        return {
            "schema_version": SCHEMA_VERSION,
            "tenant": self._tenant,
            "user_id": profile["user_id"],
            "email": profile["email"],
            "name": profile["name"],
            "created_at": profile["created_at"],
            "last_login": profile["last_login"],
            "blocked": profile["blocked"],
            "identities": profile["identities"],
            "unreadable": profile["unreadable"],
            "read_at": record["read_at"],
            "protection": judgment.protection,
            "place": standing.place,
            "why": standing.why,
            "by_idp": standing.by_idp,
            "privileged": standing.privileged,
            "break_glass": standing.break_glass,
            "in_grace": standing.in_grace,
            "connections": sorted({each["connection"] for each in profile["identities"] if each["connection"]}),
            "error": record["error"],
            "authenticators": [
                self._authenticator_row(row, each, each.id in judgment.protecting)
                for row, each in zip(rows or (), authenticators or ())
            ],
            "findings": self._finding_rows(judgment.findings, record, standing),
        }

    def about_policy(self, run: str, at: str, everybody: bool) -> AboutPolicy:
        """The findings about the policy itself, after all users.

        :param run: ID of the run
        :param at: its time, ISO 8601
        :param everybody: every user of the tenant was judged, so that what fits nobody is known
        """
        unfitted = self.fitted.rest(self._now)
        found = [("exemption-expired", each) for each in unfitted.expired]
        found += [("exemption-unused", each) for each in unfitted.unused if everybody]
        rows = [
            about_exemption(self._tenant, rule, each, self._rules.severity(rule), run, at)
            for rule, each in found
            if self._rules.asks(rule)
        ]
        # Of an exemption that has expired nobody asks whom it would fit.
        undecided: dict[str, Undecided] = {self._unused_id(each): "not-asked" for each in unfitted.expired}
        if not everybody:
            undecided.update((self._unused_id(each), "not-read") for each in unfitted.unused)
        return AboutPolicy(rows, undecided, unfitted.notes(everybody))

    def _unused_id(self, exemption: Exemption) -> str:
        return exemption_finding_id(self._tenant, "exemption-unused", exemption)

    def _authenticator_row(
        self, row: AuthenticatorRecord, authenticator: Authenticator, protects: bool
    ) -> AuthenticatorRow:
        known = age((authenticator,), self._now)
        return {
            "id": row["id"],
            "factor": row["factor"],
            "confirmed": row["confirmed"],
            "protects": protects,
            "name": row.get("name"),
            "channels": row.get("channels") or [],
            "phone_number": row.get("phone_number"),
            "email": row.get("email"),
            "created_at": row.get("created_at"),
            "enrolled_at": row.get("enrolled_at"),
            "last_auth_at": row.get("last_auth_at"),
            "unreadable": row.get("unread_dates") or [],
            "age_days": known.days if known else None,
            "age_from": known.counted_from if known else None,
        }

    def _finding_rows(self, findings: Sequence[Finding], record: Record, standing: Standing) -> list[FindingRow]:
        rows = [self._finding_row(each, record, standing) for each in findings]
        if len(rows) > 1:
            rows.sort(key=lambda row: of_finding(row, standing.privileged, standing.place))
        return rows

    def _finding_row(self, finding: Finding, record: Record, standing: Standing) -> FindingRow:
        user_id = record["profile"]["user_id"]
        return {
            "id": finding_id(self._tenant, finding.rule, user_id, finding.authenticator_id, finding.link_id),
            "rule": finding.rule,
            "severity": finding.severity,
            "warning": finding.warning,
            "authenticator_id": finding.authenticator_id,
            "link_id": finding.link_id,
            "factor": finding.factor,
            "age_days": finding.age_days,
            "age_from": finding.age_from,
            "exempted": _exempted(finding.rule, standing) if standing.exemptions else None,
            # Both until the findings of the run before are held against this one.
            "status": "new",
            "first_seen": record["read_at"],
            "acted": None,
        }


def user_row(tenant: str, record: Record, now: datetime, policy: Policy, facts: TenantFacts = UNKNOWN) -> UserRow:
    """The row of one user. For many users make one :class:`Judge`."""
    return Judge(tenant, policy, now, facts).row(record)


def _exempted(rule: str, standing: Standing) -> ExemptedRow | None:
    for each in standing.exemptions:
        if each.rule in (None, rule):
            return {"reason": each.reason, "owner": each.owner, "expires": each.expires.isoformat()}
    return None
