# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readings that are judged as a run does it, and the findings of one run after the other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import UNKNOWN, TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.found import found_rows
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import user_row
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.past import Past, Terms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record, record_of
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ServerError

from tests.unit.audit.fake_tenant import NOW, TENANT, user


def reading(number: int, *authenticators, error: str | None = None, **profile) -> dict:
    """What was read of a user who logs in, as a run keeps it."""
    user_id = "auth0|%05d" % number
    read = UserRead(user_id, None, None, ServerError(error)) if error else UserRead(user_id, None, authenticators)
    return record_of(number, profile_record(user(number, **profile)), read, NOW)


def judged(record: dict, policy: Policy = Policy(), facts: TenantFacts = UNKNOWN, now: datetime = NOW, **more) -> dict:
    """The row of a user."""
    return {**user_row(TENANT, record, now, policy, facts), **more}


@dataclass
class Runs:
    """Runs in a row, a day apart, each compared with the one before."""

    terms: dict[str, Terms] = field(default_factory=dict)
    known: list[dict] = field(default_factory=list)
    number: int = 0
    at: str = ""

    def run(
        self, *records, policy=Policy(), facts=UNKNOWN, missing="gone", left=(), days: float = 1, **more
    ) -> dict[str, str]:
        """The word of each rule, where no two users are in a run; all findings are in ``known``."""
        self.number += 1
        name, now = "run%d" % self.number, NOW + timedelta(days=(self.number - 1) * days)
        self.at = iso(now)
        terms = self.terms[name] = Terms(policy, facts)
        found: list[dict] = []
        with tempfile.TemporaryDirectory() as directory, Past(directory, self.at, terms, self.terms.get) as past:
            past.know(self.known)
            for record in records:
                row = judged(record, *terms, **more)

                def again(other, record=record):
                    return {each["id"] for each in judged(record, *other)["findings"]}

                closed = past.mark(row, again)
                found += found_rows(row, name, self.at) + closed
            for user_id, why in left:
                found += past.leave(user_id, why)
            found += past.rest(missing)
        self.known = found
        return {each["rule"]: each["status"] for each in found}


# A user who tries everything that a name may hold.
HOSTILE = (
    "=cmd|'/C calc'!A0",
    "\uff1d1+1",
    "\u00a0@SUM(A1)",
    "a;=1+1",
    "\t=1",
    "\r\n=1",
    "nul\x00here",
    "\u202eright to left\u2066",
    '"quoted", and\na second line',
    "<script>alert(1)</script>",
    "\u200b+1",
    "-" * 10_000,
    "\U0001f468\u200d\U0001f469 é 漢字",
)


def found_of(*authenticators, at: str = "2026-06-01T12:00:00.000Z", run: str = "run1", **profile) -> list[dict]:
    """The findings of one user who has these."""
    more = {
        name: profile.pop(name) for name in ("privileged", "break_glass", "place", "connections") if name in profile
    }
    return found_rows(judged(reading(1, *authenticators, **profile), **more), run, at)
