# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant in memory, as small as the audit sees it, with the wall of the user search."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    MANAGEMENT_VIEW,
    Authenticator,
    as_time,
    iso,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import BadRequestError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import UserPage

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
TENANT = "example.eu.auth0.com"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def authenticator(
    factor: str = "otp", *, created: float | None = 10, enrolled: float | None = None, used: float | None = None, **more
):
    """An authenticator of the Management view; dates in days before NOW."""
    kind = {"otp": "totp"}.get(factor, factor)
    values = {"id": "%s|dev_1" % kind, "factor": factor, "view": MANAGEMENT_VIEW, "confirmed": True, **more}
    dates = {"created_at": created, "enrolled_at": enrolled, "last_auth_at": used}
    return Authenticator(**values, **{name: None if days is None else days_ago(days) for name, days in dates.items()})


def user(number: int, created: datetime | None = None, **more) -> dict:
    created_at = iso(created or days_ago(1000 - number / 1000))
    return {
        "user_id": "auth0|%05d" % number,
        "email": "user%05d@example.com" % number,
        "created_at": created_at,
        **more,
    }


@dataclass
class FakeTenant:
    """Answers as the Management API does; an authenticator list may be an exception to raise."""

    users: list[dict]
    authenticators: dict[str, object] = field(default_factory=dict)
    page_cap: int = 100
    requests: int = 0
    rate_limited: int = 0
    waited: float = 0.0
    reads: list[str] = field(default_factory=list)

    def list_users(self, page=0, per_page=100, query=None, sort=None, fields=()):
        self.requests += 1
        assert self.requests < 3000, "the walk makes no progress"
        assert sort == "created_at:1" and "user_id" in fields
        per_page = min(per_page, self.page_cap)
        if (page + 1) * per_page > 1000:
            raise BadRequestError(
                "You can only page through the first 1000 records.", status=400, code="invalid_paging"
            )
        since = as_time(re.fullmatch(r"created_at:\[(\S+) TO \*\]", query)[1]) if query else None
        found = [each for each in self.users if since is None or as_time(each["created_at"]) >= since]
        found.sort(key=lambda each: as_time(each["created_at"]))
        shown = found[page * per_page : (page + 1) * per_page]
        return UserPage(tuple({key: each[key] for key in fields if key in each} for each in shown), len(found))

    def list_authenticators(self, user_id):
        self.requests += 1
        self.reads.append(user_id)
        found = self.authenticators.get(user_id, [])
        if isinstance(found, Exception):
            raise found
        return found
