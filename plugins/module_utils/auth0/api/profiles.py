# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a user's profile. What comes from an identity provider may have any form, so one odd member, or one odd
user, never ends a list of users.
"""

from __future__ import annotations

import json
from typing import Any, TypedDict

from ..times import as_time, iso
from ..wire.transport import printable
from .answers import Malformed, Shape, flag, list_of, maybe, named_id, object_of, text, valid

# Stands where text that is read had bytes or halves that are no character.
_LOST = "\ufffd"


class Identity(TypedDict):
    """Where a user comes from. Nothing else of it is kept: it may hold an access token of the identity provider."""

    connection: str | None
    provider: str | None
    is_social: bool | None


class Profile(TypedDict, total=False):
    """A user as the API returns it, with the fields that were requested and that the user has; dates in one form.

    ``unreadable`` names the members that are left out because their value is not of their type, and is absent where there
    are none.
    """

    user_id: str
    email: str
    name: str
    created_at: str
    last_login: str
    blocked: bool
    identities: list[Identity]
    multifactor_last_modified: str
    app_metadata: dict[str, Any]
    unreadable: list[str]


def user_id(value: object, where: str) -> str:
    """The ID of a user, whole."""
    # Where a character was lost on the way, or is half of one, this is the ID of nobody or of somebody else.
    if _LOST in printable(named_id(value, where)):
        raise Malformed("%s has broken characters" % where)
    return str(value)


def _date(value: object, where: str) -> str:
    moment = as_time(text(value, where))
    if moment is None:
        raise Malformed("%s is not a date" % where)
    return iso(moment)


_IDENTITIES = list_of(object_of(connection=maybe(text), provider=maybe(text), isSocial=maybe(flag)))


def _identities(value: object, where: str) -> list[Identity]:
    return [
        {"connection": each.get("connection"), "provider": each.get("provider"), "is_social": each.get("isSocial")}
        for each in _IDENTITIES(value, where)
    ]


def _members(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("%s is not an object" % where)
    return value


_MEMBERS: dict[str, Shape] = {
    "email": text,
    "name": text,
    "created_at": _date,
    "last_login": _date,
    "blocked": flag,
    "identities": _identities,
    "multifactor_last_modified": _date,
    "app_metadata": _members,
}


def read_profile(row: object) -> Profile | None:
    """What is kept of a row of a list of users; None where it does not name a user."""
    found: dict[str, Any] = valid(row, user_id=user_id)
    if not found or not isinstance(row, dict):
        return None
    unreadable = []
    for name, shape in _MEMBERS.items():
        value = row.get(name)
        if value is None:
            continue
        try:
            found[name] = shape(value, name)
        except Malformed:
            unreadable.append(name)
    if unreadable:
        found["unreadable"] = unreadable
    profile: Profile = printable(found)
    return profile


def read_line(line: str) -> Profile | None:
    """The same of a line of an exported file."""
    try:
        return read_profile(json.loads(line))
    except (ValueError, RecursionError):
        return None
