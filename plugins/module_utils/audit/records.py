# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit writes as JSON: a row for each user in ``users.jsonl.gz``, and ``summary.json``."""

from __future__ import annotations

from typing import Literal, TypedDict

# Version of the forms below.
SCHEMA_VERSION = 1

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")

# How well a user is protected; unknown where the authenticators could not be read.
State = Literal["strong", "weak", "none", "unknown"]
STATES: tuple[State, ...] = ("strong", "weak", "none", "unknown")

# The dates that an age can be counted from; the first that is known counts.
AgeFrom = Literal["last_auth_at", "enrolled_at", "created_at"]
AGE_FROM: tuple[AgeFrom, ...] = ("last_auth_at", "enrolled_at", "created_at")


class FindingRow(TypedDict):
    """One thing that is wrong with a user; both IDs are as in :class:`~.findings.Finding`."""

    id: str
    rule: str
    severity: Severity
    authenticator_id: str | None
    factor: str | None
    age_days: int | None
    age_from: AgeFrom | None


class AuthenticatorRow(TypedDict):
    """One authenticator as the Management API shows it. Times are ISO 8601 in UTC."""

    id: str
    factor: str
    confirmed: bool
    name: str | None
    channels: list[str]
    phone_number: str | None
    email: str | None
    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None
    age_days: int | None
    age_from: AgeFrom | None


class UserRow(TypedDict):
    """One user. ``error`` says why the authenticators could not be read; None where they were."""

    schema_version: int
    tenant: str
    user_id: str
    email: str | None
    name: str | None
    created_at: str | None
    last_login: str | None
    blocked: bool
    mfa: State
    error: str | None
    authenticators: list[AuthenticatorRow]
    findings: list[FindingRow]


class ShownFinding(FindingRow):
    """A finding with what its reader needs to know of the user. Only in the HTML report."""

    user: str
    user_id: str
    factors: list[str]
    blocked: bool
    last_login: str | None
    error: str | None
    device: str | None


class CoverageFigures(TypedDict):
    """How many users a run saw. ``not_reached`` is None where nobody knows."""

    users: int | None
    users_is_lower_bound: bool
    read: int
    unread: int
    gone: int
    not_reached: int | None


class Thresholds(TypedDict):
    """The policy of a run."""

    stale_days: int
    never_used_days: int
    unconfirmed_days: int
    weak_factors: list[str]


class Summary(TypedDict):
    """A run in numbers."""

    schema_version: int
    tenant: str
    started: str
    finished: str
    duration_seconds: float
    partial: bool
    reason: str | None
    coverage: CoverageFigures
    users: dict[State, int]
    findings: dict[str, int]
    factors: dict[str, int]
    unknown_types: dict[str, int]
    thresholds: Thresholds
    requests: int
    requests_per_user: float | None
    rate_limited: int
    waited_seconds: float
    limits: list[str]
    versions: dict[str, str]
