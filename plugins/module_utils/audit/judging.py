# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of one user: what was read, and what the rules say about it today."""

from __future__ import annotations

from datetime import datetime

from ..auth0.authenticators import Authenticator
from ..auth0.times import iso
from .facts import UNKNOWN, TenantFacts
from .findings import Finding
from .policy.model import Policy
from .readings import authenticators_of
from .records import SCHEMA_VERSION, AuthenticatorRow, FindingRow, Record, State, UserRow
from .rules import RULES, age, assess, mfa_state, unread


def user_row(tenant: str, record: Record, now: datetime, policy: Policy, facts: TenantFacts = UNKNOWN) -> UserRow:
    """Profile, protection, authenticators and findings.

    :param tenant: domain of the tenant
    :param record: of a user who is not gone
    :param now: aware time that ages are counted to
    :param facts: what is known of the tenant
    """
    profile, authenticators = record["profile"], authenticators_of(record)
    state: State = "unknown"
    if authenticators is None:
        findings = [unread(tenant, profile["user_id"])]
    else:
        state = mfa_state(authenticators, policy)
        findings = assess(tenant, profile["user_id"], authenticators, now, policy)
    return {
        "schema_version": SCHEMA_VERSION,
        "tenant": tenant,
        "user_id": profile["user_id"],
        "email": profile["email"],
        "name": profile["name"],
        "created_at": profile["created_at"],
        "last_login": profile["last_login"],
        "blocked": profile["blocked"],
        "identities": profile["identities"],
        "unreadable": profile["unreadable"],
        "read_at": record["read_at"],
        "protection": state,
        "place": "in",
        "why": None,
        "by_idp": False,
        "privileged": False,
        "break_glass": False,
        "in_grace": False,
        "connections": sorted({each["connection"] for each in profile["identities"] if each["connection"]}),
        "error": record["error"],
        "authenticators": [_authenticator_row(each, now) for each in authenticators or ()],
        "findings": [_finding_row(finding, record["read_at"]) for finding in findings],
    }


def _authenticator_row(authenticator: Authenticator, now: datetime) -> AuthenticatorRow:
    known = age([authenticator], now)
    return {
        "id": authenticator.id,
        "factor": authenticator.factor,
        "confirmed": authenticator.confirmed,
        "name": authenticator.name,
        "channels": list(authenticator.channels),
        "phone_number": authenticator.phone_number,
        "email": authenticator.email,
        "created_at": iso(authenticator.created_at),
        "enrolled_at": iso(authenticator.enrolled_at),
        "last_auth_at": iso(authenticator.last_auth_at),
        "age_days": known.days if known else None,
        "age_from": known.counted_from if known else None,
    }


def _finding_row(finding: Finding, read_at: str) -> FindingRow:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": RULES[finding.rule].severity,
        "warning": False,
        "authenticator_id": finding.authenticator_id,
        "factor": finding.factor,
        "age_days": finding.age_days,
        "age_from": finding.age_from,
        "exempted": None,
        # Both until the findings of the run before are held against this one.
        "status": "new",
        "first_seen": read_at,
    }
