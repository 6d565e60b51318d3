# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user in one row, for whoever wants no more than an answer: does this user have MFA?"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from ..auth0.api.profiles import Identity
from ..auth0.factors import RECOVERY_CODE
from ..auth0.times import iso
from ..auth0.users.user_read import UserRead
from .facts import TenantFacts
from .people import Standings
from .policy.model import Policy
from .readings import profile_record
from .records import State
from .verdict import Rulebook


class OneRow(TypedDict):
    """The row. Of a user who was not read, ``error`` says why, and nothing that was not read is told."""

    user_id: str | None
    email: str | None
    name: str | None
    connection: str | None
    identities: list[Identity]
    blocked: bool | None
    created_at: str | None
    last_login: str | None
    second_factor: bool | None
    protection: State
    factors: list[str]
    recovery_code: bool | None
    last_used_at: str | None
    unreadable: list[str]
    error: str | None


class Rows:
    """Makes the rows of many users. What protects a user is what an audit without a policy file says."""

    def __init__(self) -> None:
        policy = Policy()
        self._standings, self._rules = Standings(policy), Rulebook(policy, TenantFacts())

    def of(self, read: UserRead, now: datetime) -> OneRow:
        """The row of one user.

        :param read: with the profile
        :param now: aware
        """
        row: OneRow = {
            "user_id": read.user_id,
            "email": read.email,
            "name": None,
            "connection": None,
            "identities": [],
            "blocked": None,
            "created_at": None,
            "last_login": None,
            "second_factor": None,
            "protection": "unknown",
            "factors": [],
            "recovery_code": None,
            "last_used_at": None,
            "unreadable": [],
            "error": None if read.error is None else str(read.error),
        }
        if read.profile is None:
            return row
        profile = profile_record(read.profile)
        row |= {
            "email": profile["email"] or read.email,
            "name": profile["name"],
            "connection": next((each["connection"] for each in profile["identities"]), None),
            "identities": profile["identities"],
            "blocked": profile["blocked"],
            "created_at": profile["created_at"],
            "last_login": profile["last_login"],
            "unreadable": profile["unreadable"],
        }
        if read.authenticators is None:
            return row
        judgment = self._rules.judge(profile, read.authenticators, self._standings.of(profile, now), now)
        uses = [each.last_auth_at for each in read.authenticators if each.last_auth_at]
        row |= {
            "second_factor": any(each.is_second_factor for each in read.authenticators),
            "protection": judgment.protection,
            "factors": sorted({each.factor for each in read.authenticators if each.is_second_factor}),
            "recovery_code": any(each.factor == RECOVERY_CODE and each.confirmed for each in read.authenticators),
            "last_used_at": iso(max(uses, default=None)),
        }
        return row
