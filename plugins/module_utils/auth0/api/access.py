# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lets a user in, or keeps a user out, beside the factors: sessions, refresh tokens, remembered browsers, and the blocks of
brute-force protection.

Of sessions and refresh tokens, Auth0 accepts a removal and carries it out later. Where, and with which device, is personal data
that nobody needs to end them, so it is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Protocol

from ..times import as_time, iso
from ..wire.errors import AmbiguousWriteError, ForbiddenError, InsufficientScopeError, NotFoundError
from .answers import (
    Shape,
    checked,
    every_item_after,
    identifier,
    list_of,
    maybe,
    nothing,
    object_of,
    one_of,
    text,
)
from .checks import check_id
from .management import ManagementApi

AGAIN = "It is safe to run the task again."
# A page of a list. The default, because no maximum is documented.
_TAKE = 50


Row = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """One of what a user has.

    :ivar id: what tells it from the others
    :ivar shown: what people may see of it
    """

    id: str
    shown: Mapping[str, object]


class Access(Protocol):
    """One kind of it.

    :ivar shown: whether Auth0 shows what there is
    """

    noun: str
    shown: bool

    def listed(self, user_id: str) -> list[Found]:
        """All of the user's."""

    def end_all(self, user_id: str) -> None:
        """End all of the user's, with one request that is sent at most once.

        :raises AmbiguousWriteError: the answer was lost; they may have ended
        """

    def end_one(self, user_id: str, found_id: str) -> None:
        """End one of those that :meth:`listed` gave. One that is gone is no error."""


class Sessions:
    """Sessions of browsers at Auth0 (scopes ``read:sessions``, ``delete:sessions``). Refresh tokens that came from them stay."""

    noun, shown = "sessions", True

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def listed(self, user_id: str) -> list[Found]:
        """:raises NotFoundError: no such user"""
        clients = list_of(object_of(client_id=maybe(text)))
        item = object_of(id=identifier, user_id=maybe(one_of(user_id)), clients=maybe(clients))
        return [
            Found(
                row["id"],
                {
                    "id": row["id"],
                    "client_ids": [each["client_id"] for each in row.get("clients") or () if each.get("client_id")],
                    **_dates(row, "created_at", "last_interacted_at", "expires_at"),
                },
            )
            for row in _rows(self._api, user_id, self.noun, "users.sessions", "sessions", item)
        ]

    def end_all(self, user_id: str) -> None:
        _delete(self._api, "end the sessions of %s" % user_id, "users.sessions", user_id)

    def end_one(self, user_id: str, found_id: str) -> None:
        _delete(self._api, "end the session %s of %s" % (found_id, user_id), "sessions", found_id, once=False)


class RefreshTokens:
    """Refresh tokens (scopes ``read:refresh_tokens``, ``delete:refresh_tokens``). Access tokens stay valid until they expire."""

    noun, shown = "refresh tokens", True

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def listed(self, user_id: str) -> list[Found]:
        """:raises NotFoundError: no such user"""
        item = object_of(id=identifier, user_id=maybe(one_of(user_id)), client_id=maybe(text), session_id=maybe(text))
        return [
            Found(
                row["id"],
                {
                    **{name: row.get(name) for name in ("id", "client_id", "session_id")},
                    **_dates(row, "created_at", "last_exchanged_at", "expires_at"),
                },
            )
            for row in _rows(self._api, user_id, self.noun, "users.refresh_token", "tokens", item)
        ]

    def end_all(self, user_id: str) -> None:
        _delete(self._api, "revoke the refresh tokens of %s" % user_id, "users.refresh_token", user_id)

    def end_one(self, user_id: str, found_id: str) -> None:
        action = "revoke the refresh token %s of %s" % (found_id, user_id)
        _delete(self._api, action, "refresh_tokens", found_id, once=False)


class Blocks:
    """Blocks of brute-force protection (scopes ``read:users``, ``update:users``), in force or not. They can only end together.

    A user whom an administrator blocked stays blocked.
    """

    noun, shown = "blocks", True

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def listed(self, user_id: str) -> list[Found]:
        """:raises NotFoundError: no such user"""
        check_id("user_id", user_id)
        action = "list the blocks of %s" % user_id
        item = object_of(identifier=maybe(text), ip=maybe(text), connection=maybe(text))
        answer = self._api.call(action, lambda _client: self._api.part("user_blocks").list(user_id))
        return [
            Found(
                repr([row.get(name) for name in ("identifier", "connection", "ip")]),
                {name: row.get(name) for name in ("identifier", "connection")},
            )
            for row in checked(action, answer, object_of(blocked_for=list_of(item)))["blocked_for"]
        ]

    def end_all(self, user_id: str) -> None:
        _delete(self._api, "unblock %s" % user_id, "user_blocks", user_id)

    def end_one(self, user_id: str, found_id: str) -> None:
        raise TypeError("blocks have no ID")


class RememberedBrowsers:
    """Browsers that skip MFA (scope ``update:users``). Auth0 does not show whether there are any."""

    noun, shown = "remembered browsers", False

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def listed(self, user_id: str) -> list[Found]:
        raise TypeError("nobody knows them")

    def end_all(self, user_id: str) -> None:
        check_id("user_id", user_id)
        action = "forget the remembered browsers of %s" % user_id
        try:
            answer = self._api.call(
                action, lambda _client: self._api.part("users.multifactor").invalidate_remember_browser(user_id)
            )
        except AmbiguousWriteError as error:
            raise error.replace(hint="The browsers may have been forgotten. " + AGAIN) from None
        checked(action, answer, nothing, lost=AGAIN)

    def end_one(self, user_id: str, found_id: str) -> None:
        raise TypeError("nobody knows their IDs")


def _rows(api: ManagementApi, user_id: str, noun: str, part: str, member: str, item: Shape) -> list[Row]:
    """A user's rows, from as many pages as there are."""
    check_id("user_id", user_id)
    action = "list the %s of %s" % (noun, user_id)

    def read(cursor: str | None) -> object:
        return api.call(action, lambda _client: api.part(part).list(user_id, from_=cursor, take=_TAKE))

    try:
        return every_item_after(action, read, member, item)
    except InsufficientScopeError:
        raise
    except ForbiddenError as error:
        raise error.replace(hint="Only Auth0's Enterprise plans let an operator manage %s." % noun) from None


def _delete(api: ManagementApi, action: str, part: str, its_id: str, *, once: bool = True) -> None:
    """Remove what this ID stands for; whatever is gone is no error where it is one alone.

    :param once: it is the ID of a user, and stands for all of the user's
    """
    if once:
        check_id("user_id", its_id)
    try:
        answer = api.call(action, lambda _client: api.part(part).delete(its_id), once=once)
    except NotFoundError:
        if once:
            raise
        return
    checked(action, answer, nothing, lost=AGAIN)


def _dates(row: Row, *names: str) -> dict[str, object]:
    """Dates in one form; None for one that is not there, or that nobody can read."""
    return {name: iso(as_time(row.get(name))) for name in names}
