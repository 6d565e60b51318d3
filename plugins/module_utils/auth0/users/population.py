# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every user of the tenant, or of a search, exactly once.

Auth0's user search shows the first 1000 matches of a query and refuses the page after them (``invalid_paging``), and its
pages shift when a user is deleted meanwhile. So the walk does not page through one long list. It follows
``created_at``, which never changes: every query begins at the creation time of the last user seen, and only its first
page is read. Further pages are needed only where more users than fit on one page were created in one millisecond.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Iterator, Protocol

from ..api.management import Profile, UserPage
from ..times import as_time, iso
from ..wire.errors import Auth0Error

FIELDS = ("user_id", "email", "name", "created_at", "last_login", "blocked")
PER_PAGE = 100
REACH = 1000


class PopulationError(Auth0Error):
    """The search cannot show every user."""


class UserSearch(Protocol):
    """What a walk needs of the Management API."""

    def list_users(
        self, *, page: int, per_page: int, query: str | None, sort: str, fields: tuple[str, ...]
    ) -> UserPage: ...


class Population:
    """The users of one tenant; iterate once.

    :ivar total: how many users Auth0 counted when the walk began, None before that. Whether Auth0 counts beyond 1000
        is not documented, so from 1000 on it is a lower bound.
    """

    def __init__(self, api: UserSearch, query: str | None = None) -> None:
        """
        :param query: only the users that match, in the syntax of the user search v3
        """
        self._api, self._query = api, query
        self.total: int | None = None

    def __iter__(self) -> Iterator[Profile]:
        """Profiles with the keys of :data:`FIELDS` that the user has, in the order of creation.

        Memory is flat: the IDs of one query and of one millisecond are kept, at most 1000 each.

        :raises PopulationError: 1000 users or more were created in one millisecond, or the search hides its matches
        :raises Auth0Error: the search failed
        """
        reached = datetime.min.replace(tzinfo=timezone.utc)
        query, page = self._query, 0
        seen: set[str] = set()
        shown: set[str | None] = set()
        counted = 0
        while True:
            answer = self._api.list_users(page=page, per_page=PER_PAGE, query=query, sort="created_at:1", fields=FIELDS)
            if self.total is None:
                self.total = answer.total
            started_at = reached
            for created_at, user in sorted(map(_dated, answer.users), key=lambda dated: dated[0]):
                user_id = user["user_id"]
                if created_at < reached or (created_at == reached and user_id in seen):
                    continue
                if created_at > reached:
                    reached, seen = created_at, set()
                seen.add(user_id)
                yield user
            # A page may be shorter than requested, so only the count of matches shows which one is the last. A count below
            # what was shown (left out by Auth0, or overtaken by a deletion) is not believed: then an empty page is the end.
            known = len(shown)
            shown.update(user.get("user_id") for user in answer.users)
            counted = answer.total or counted
            if len(shown) == answer.total or (not answer.users and len(shown) >= counted):
                return
            if len(shown) == known:
                raise PopulationError(
                    "Could not list all users: Auth0 counts %d matches and returns %s of them"
                    % (counted, "only %d" % known if known else "none")
                )
            if reached > started_at:
                since = "created_at:[%s TO *]" % iso(reached)
                query, page = "(%s) AND %s" % (self._query, since) if self._query else since, 0
                shown, counted = set(), 0
            elif len(shown) < REACH:
                page += 1
            else:
                raise PopulationError(
                    "Could not list all users: %d or more were created at %s, and the user search returns no more of them"
                    % (REACH, iso(reached)),
                    hint="Users who were imported together cannot be read with the search. Export them with a users-exports job.",
                )


def _dated(user: Profile) -> tuple[datetime, Profile]:
    created_at = as_time(user.get("created_at"))
    if created_at is None or not user.get("user_id"):
        raise PopulationError("Could not list all users: Auth0 returned a user without user_id or created_at")
    return created_at, user
