# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as they stand alone, with what their reader needs to know of the user: the lines of ``findings.jsonl.gz``."""

from __future__ import annotations

import json
from dataclasses import asdict

from .findings import finding_id
from .policy.model import Exemption
from .records import SCHEMA_VERSION, AuthenticatorRow, FoundRow, Severity, UserRow


def found_rows(row: UserRow, run: str, at: str) -> list[FoundRow]:
    """The findings of one user.

    :param row: whose findings have their status
    :param run: ID of the run
    :param at: its time, ISO 8601
    """
    if not row["findings"]:
        return []
    authenticators = {each["id"]: each for each in row["authenticators"]}
    rows: list[FoundRow] = []
    for finding in row["findings"]:
        its = authenticators.get(finding["authenticator_id"] or "")
        rows.append(
            {
                **finding,
                "schema_version": row["schema_version"],
                "tenant": row["tenant"],
                "run": run,
                "user_id": row["user_id"],
                "user": shown(row),
                "email": row["email"],
                "connections": row["connections"],
                "privileged": row["privileged"],
                "break_glass": row["break_glass"],
                "place": row["place"],
                "protection": row["protection"],
                "device": device(its) if its else None,
                "seen": (
                    {
                        "read_at": row["read_at"],
                        "created_at": its["created_at"],
                        "enrolled_at": its["enrolled_at"],
                        "last_auth_at": its["last_auth_at"],
                    }
                    if its
                    else None
                ),
                "last_seen": at,
                "closed_at": None,
            }
        )
    return rows


def about_exemption(tenant: str, rule: str, exemption: Exemption, severity: Severity, run: str, at: str) -> FoundRow:
    """A finding about an exemption of the policy, which has no user.

    :param run: ID of the run
    :param at: its time, ISO 8601
    """
    patterns = (
        *exemption.users.user_ids,
        *exemption.users.emails,
        *(str(each.path) for each in exemption.users.app_metadata),
    )
    return {
        "id": exemption_finding_id(tenant, rule, exemption),
        "rule": rule,
        "severity": severity,
        "warning": False,
        "authenticator_id": None,
        "link_id": None,
        "factor": None,
        "age_days": None,
        "age_from": None,
        "exempted": None,
        "status": "new",
        "first_seen": at,
        "acted": None,
        "schema_version": SCHEMA_VERSION,
        "tenant": tenant,
        "run": run,
        "user_id": None,
        "user": "%s for %s (%s)" % (exemption.rule or "every rule", ", ".join(patterns), exemption.owner),
        "email": None,
        "connections": [],
        "privileged": False,
        "break_glass": False,
        "place": "in",
        "protection": "unknown",
        "device": None,
        "seen": None,
        "last_seen": at,
        "closed_at": None,
    }


def exemption_finding_id(tenant: str, rule: str, exemption: Exemption) -> str:
    """The ID of a finding about an exemption, without its dates, reason and owner: whoever prolongs it has the same exemption."""
    return finding_id(tenant, rule, None, json.dumps([exemption.rule, asdict(exemption.users)]))


def shown(row: UserRow) -> str:
    """What a person knows a user by."""
    return row["email"] or row["name"] or row["user_id"]


def device(its: AuthenticatorRow) -> str | None:
    """What a person knows an authenticator by."""
    return its["phone_number"] or its["email"] or its["name"]
