# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every user of the tenant, or of a search, exactly once.

Auth0's user search shows the first 1000 matches of a query and refuses the page after them (``invalid_paging``), and its
pages shift when a user is deleted meanwhile. So the walk does not page through one long list. It follows
``created_at``, which never changes: every query begins at the creation time of the last user seen, and only its first
page is read. Further pages are needed only where more users than fit on one page were created in one millisecond.

The search may still hide users. So the users are counted, and where some are missing the walk is made again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from datetime import datetime, timedelta, timezone
from typing import Iterator, Protocol

from ..api.management import UserPage
from ..api.profiles import Profile
from ..times import as_time, iso
from ..wire.errors import Auth0Error

FIELDS = ("user_id", "email", "name", "created_at", "last_login", "blocked", "identities")
PER_PAGE = 100
REACH = 1000
MORE_WALKS = 2
_MILLISECOND = timedelta(milliseconds=1)
_BEGINNING = datetime.min.replace(tzinfo=timezone.utc)


class PopulationError(Auth0Error):
    """There are users whom the search does not show."""


class UserSearch(Protocol):
    """What a walk needs of the Management API."""

    def list_users(
        self, *, page: int, per_page: int, query: str | None, sort: str, fields: tuple[str, ...]
    ) -> UserPage:
        """One page of what the search finds."""


class Population:
    """The users of one tenant; iterate once. The attributes are final when the iteration has come to its end.

    :ivar total: how many users Auth0 counts, None before it was asked. Whether Auth0 counts beyond 1000 is not documented, so
        from 1000 on it is a lower bound.
    :ivar listed: how many different users were given so far
    :ivar unnamed: how many rows of the last walk name no user
    :ivar incomplete: why there may be users who were not given, one line; None where nothing says so
    """

    def __init__(self, api: UserSearch, query: str | None = None, fields: tuple[str, ...] = FIELDS) -> None:
        """
        :param query: only the users that match, in the syntax of the user search v3
        :param fields: profile fields wanted, ``user_id`` and ``created_at`` among them
        """
        self._api, self._query, self._fields = api, query, fields
        self.total: int | None = None
        self.listed = self.unnamed = 0
        self.incomplete: str | None = None
        # Of the last walk: how many users of a moment are not shown, at least; and the moment whose users vanished.
        self._hidden: dict[datetime, int] = {}
        self._doubt: datetime | None = None

    def __iter__(self) -> Iterator[Profile]:
        """Profiles with those of the fields that the user has, in the order of creation; after them those that another
        walk found.

        Memory grows by eight bytes a user.

        :raises PopulationError: Auth0 counts users and shows none
        :raises Auth0Error: the search failed; the users given before that exist
        """
        given = _Given()
        for _walk in range(1 + MORE_WALKS):
            for user in self._walk():
                if given.add(user["user_id"]):
                    self.listed += 1
                    yield user
            missing = self._missing()
            if missing <= self.unnamed + sum(self._hidden.values()) and not self._doubtful():
                break
            given.settle()
        if missing and not self.listed:
            raise PopulationError(
                "Could not list all users: Auth0 counts %d matches and returns none of them" % missing
            )
        self.incomplete = self._reason(missing)

    def check(self) -> None:
        """Return if nothing says that users are missing; for whoever can do nothing with a part.

        :raises PopulationError: something does
        """
        if self.incomplete is not None:
            raise PopulationError(
                "Could not list all users: %s" % self.incomplete,
                hint="The others are in the result. Run it again, or name the users.",
            )

    def _missing(self) -> int:
        """How many users there are who were not given."""
        if self.listed != self.total or not self.listed:
            # Some may have come or gone meanwhile, and an answer without any user is not believed alone.
            self.total = self._page(self._query, 0, 1).total
        return max((self.total or 0) - self.listed, 0)

    def _doubtful(self) -> bool:
        """Whether the walk broke off, and no sum can tell that nobody is missing."""
        return self._doubt is not None and self.total in (None, 0, REACH)

    def _reason(self, missing: int) -> str | None:
        reasons = []
        if missing:
            reasons.append("Auth0 counts %d users, of whom %d were listed" % (self.total or 0, self.listed))
        if self.listed and not self.total:
            reasons.append("Auth0 does not tell how many users there are")
        if self.unnamed:
            reasons.append("rows that name no user: %d" % self.unnamed)
        for moment, count in sorted(self._hidden.items()):
            more = "at least %d" % count if count else "if there are any"
            reasons.append("more users created at %s cannot be listed with the search, %s" % (iso(moment), more))
        if self._doubt is not None and (missing or self._doubtful()):
            reasons.append("the search no longer shows who was created at %s" % iso(self._doubt))
        return "; ".join(reasons) or None

    def _walk(self) -> Iterator[Profile]:
        """The users that one walk finds, each once."""
        self._hidden, self.unnamed = {}, 0
        reached = _BEGINNING
        query, page, asked_again, doubts = self._query, 0, False, False
        seen: set[str] = set()  # of the moment that was reached
        undated: set[str] = set()
        shown: set[str] = set()  # by this query
        nameless = counted = 0
        gained = False
        crowd: tuple[datetime, int, int] | None = None
        while True:
            answer = self._page(query, page)
            if crowd is not None:
                self._count_hidden(*crowd, answer.total)
                crowd = None
            ids = {user["user_id"] for user in answer.users}
            if page == 0 and seen and seen.isdisjoint(ids):
                # The query begins with somebody who was seen. Whoever is missing with them would never be noticed.
                if not asked_again:
                    asked_again = True
                    continue
                self._doubt, doubts = reached, True
            elif self._doubt is not None and self._doubt <= reached and not doubts:
                self._doubt = None  # this walk got further than the one before
            asked_again = False
            started_at, known = reached, len(shown) + nameless
            for created_at, user in sorted(map(_dated, answer.users), key=lambda dated: dated[0]):
                user_id = user["user_id"]
                if created_at is _BEGINNING:
                    if user_id in undated:
                        continue
                    undated.add(user_id)
                elif created_at < reached or (created_at == reached and user_id in seen):
                    continue
                elif created_at > reached:
                    reached, seen = created_at, {user_id}
                else:
                    seen.add(user_id)
                gained = True
                yield user
            # A page may be shorter than requested, so only the count of matches shows which one is the last. A count below
            # what was shown (left out by Auth0, or overtaken by a deletion) is not believed: then an empty page is the end.
            shown |= ids
            nameless += answer.unnamed
            self.unnamed += answer.unnamed
            rows, counted = len(shown) + nameless, answer.total or counted
            if rows == answer.total < REACH or (rows == known >= counted and not answer.users):
                return
            if reached == started_at and known < rows < REACH:
                page += 1
                continue
            if reached == started_at:
                # No page shows more, though there may be more. Whether somebody is missing, the count at the end tells.
                if not gained or reached is _BEGINNING or reached.year == datetime.max.year:
                    return
                if rows >= REACH:
                    crowd = reached, counted, rows
                reached = reached.replace(microsecond=reached.microsecond // 1000 * 1000) + _MILLISECOND
                seen = set()
            since = "created_at:[%s TO *]" % iso(reached)
            query, page = "(%s) AND %s" % (self._query, since) if self._query else since, 0
            shown, nameless, counted, gained = set(), 0, 0, False

    def _count_hidden(self, moment: datetime, before: int, shown: int, after: int) -> None:
        """Note who was created in a moment with more users than can be shown.

        :param before: how many users Auth0 counted from this moment on
        :param after: the same, after it
        """
        if max(before, self.total or 0) <= REACH:
            self._hidden[moment] = 0  # Auth0 may not count further
        elif before > shown + after:
            self._hidden[moment] = before - shown - after

    def _page(self, query: str | None, page: int, per_page: int = PER_PAGE) -> UserPage:
        answer = self._api.list_users(
            page=page, per_page=per_page, query=query, sort="created_at:1", fields=self._fields
        )
        if self.total is None:
            self.total = answer.total
        return answer


class _Given:
    """Who was given, in eight bytes each."""

    def __init__(self) -> None:
        self._earlier = array("q")
        self._now = array("q")

    def add(self, user_id: str) -> bool:
        """Note this user, unless an earlier walk gave it; whether it was noted."""
        key = hash(user_id)
        at = bisect_left(self._earlier, key)
        if at < len(self._earlier) and self._earlier[at] == key:
            return False
        self._now.append(key)
        return True

    def settle(self) -> None:
        """The walk is at its end, and another one begins."""
        self._earlier = array("q", sorted({*self._earlier, *self._now}))
        self._now = array("q")


def _dated(user: Profile) -> tuple[datetime, Profile]:
    """When the user was created; the beginning of time for one who does not tell, and whom no range of dates finds."""
    return as_time(user.get("created_at")) or _BEGINNING, user
