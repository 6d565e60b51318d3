# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant in memory, as small as the audit sees it, with the wall of the user search."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    MANAGEMENT_VIEW,
    Authenticator,
    as_time,
    iso,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import BadRequestError, NotFoundError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ExportJob, UserPage

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
    """A user who has logged in today, unless it is said otherwise."""
    created_at = iso(created or days_ago(1000 - number / 1000))
    return {
        "user_id": "auth0|%05d" % number,
        "email": "user%05d@example.com" % number,
        "created_at": created_at,
        "last_login": iso(NOW),
        **more,
    }


_ADDRESS = re.compile('email:"([^"]*)"')
_RANGE = re.compile(r"created_at:([\[{])(\S+) TO (\S+)([\]}])")


def _is_after(each: dict, since: str, opened: str) -> bool:
    created = as_time(each["created_at"])
    return since == "*" or created > as_time(since) or (opened == "[" and created == as_time(since))


def _is_before(each: dict, until: str, closed: str) -> bool:
    created = as_time(each["created_at"])
    return until == "*" or created < as_time(until) or (closed == "]" and created == as_time(until))


@dataclass
class FakeTenant:
    """Answers as the Management API does; whatever is an exception is raised.

    :ivar authenticators: what a user has, by ID: a list, an error, or a list of these for one request after the other
    :ivar export: None: the users; a list of users; or an error
    :ivar search: an error in place of every page
    :ivar count: of all users; None: as many as there are
    :ivar most_counted: no count is larger
    """

    users: list[dict]
    authenticators: dict[str, object] = field(default_factory=dict)
    export: object = None
    search: Exception | None = None
    count: int | None = None
    most_counted: int = 10**9
    page_cap: int = 100
    requests: int = 0
    rate_limited: int = 0
    waited: float = 0.0
    held: float = 0.0
    reads: list[str] = field(default_factory=list)

    def now(self) -> float:
        return NOW.timestamp()

    def list_users(self, page=0, per_page=100, query=None, sort=None, fields=()):
        self.requests += 1
        assert self.requests < 10_000, "the walk makes no progress"
        assert sort == "created_at:1" and "user_id" in fields
        if self.search:
            raise self.search
        per_page = min(per_page, self.page_cap)
        if (page + 1) * per_page > 1000:
            raise BadRequestError(
                "You can only page through the first 1000 records.", status=400, code="invalid_paging"
            )
        found = self._found(query)
        found.sort(key=lambda each: as_time(each["created_at"]))
        shown = found[page * per_page : (page + 1) * per_page]
        total = min(len(found), self.most_counted)
        return UserPage(tuple({key: each[key] for key in fields if key in each} for each in shown), total)

    def count_users(self, query=None):
        self.requests += 1
        if self.count is not None and (query is None or query.startswith("created_at:[* TO")):
            return self.count
        return min(len(self._found(query)), self.most_counted)

    def _found(self, query):
        """Those who are in all ranges of the query and have its address."""
        found = list(self.users)
        for address in _ADDRESS.findall(query or ""):
            found = [each for each in found if each.get("email", "").lower() == address.lower()]
        for opened, since, until, closed in _RANGE.findall(query or ""):
            found = [each for each in found if _is_after(each, since, opened) and _is_before(each, until, closed)]
        return found

    def user(self, user_id, fields):
        self.requests += 1
        found = [each for each in self.users if each["user_id"] == user_id]
        if not found:
            raise NotFoundError("The user does not exist.", status=404)
        return dict(found[0])

    def users_by_email(self, email, fields):
        self.requests += 1
        return [dict(each) for each in self.users if each.get("email") == email]

    def start_users_export(self, fields):
        self.requests += 1
        if isinstance(self.export, Exception):
            raise self.export
        return "job_1"

    def users_export(self, job_id):
        self.requests += 1
        return ExportJob("completed", "https://files.example.com/1.gz", 100)

    def download(self, location):
        for each in self.users if self.export is None else self.export:
            yield json.dumps(each)

    def list_authenticators(self, user_id):
        self.requests += 1
        self.reads.append(user_id)
        found = self.authenticators.get(user_id, [])
        if isinstance(found, list) and found and not isinstance(found[0], Authenticator):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, NotFoundError) and found.code == "inexistent_user":
            # Was listed and is deleted since.
            self.users = [each for each in self.users if each["user_id"] != user_id]
        if isinstance(found, BaseException):
            raise found
        return found
