# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of a user, as a run keeps it, and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Iterable, Mapping

from ..auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ..auth0.api.profiles import Profile
from ..auth0.times import as_time, iso
from ..auth0.users.population import FIELDS
from ..auth0.users.user_read import UserRead
from ..auth0.wire.errors import Auth0Error, NotFoundError
from .people import value_at
from .records import AGE_FROM, AuthenticatorRecord, ProfileRecord, Record

# Stands among the unreadable members of a profile that was not shown at all.
_WHOLE = "profile"


def profile_record(profile: Mapping[str, Any], paths: Iterable[str] = ()) -> ProfileRecord:
    """The profile as it is kept: always the same members.

    :param profile: checked
    :param paths: the members of ``app_metadata`` that are kept, by these paths; the rest is nobody's business
    """
    metadata = profile.get("app_metadata") or {}
    found = {path: value_at(metadata, path) for path in paths}
    return {
        "user_id": profile["user_id"],
        "email": profile.get("email"),
        "name": profile.get("name"),
        "created_at": profile.get("created_at"),
        "last_login": profile.get("last_login"),
        "blocked": bool(profile.get("blocked")),
        "identities": profile.get("identities") or [],
        "multifactor_last_modified": profile.get("multifactor_last_modified"),
        "app_metadata": {path: value for path, value in found.items() if value is not None},
        "unreadable": sorted(profile.get("unreadable") or ()),
    }


def unknown_profile(user_id: str) -> Profile:
    """What is known of a user whom Auth0 does not show: the ID, and that nothing else can be read."""
    return {"user_id": user_id, "unreadable": [_WHOLE, *(name for name in FIELDS if name != "user_id")]}


def record_of(number: int, profile: ProfileRecord, read: UserRead, now: datetime) -> Record:
    """What the reading of one user came to.

    :param number: the user's place in the plan
    :param now: when the answer was there
    """
    if _WHOLE in profile["unreadable"] and read.error is None:
        # What they mean depends on who the user is, and on when that user logged in.
        error = Auth0Error(
            "Could not read the profile of %s: Auth0 refused to show it" % profile["user_id"],
            hint="Audit this user again.",
        )
        read = replace(read, authenticators=None, error=error)
    # Auth0 says so in this word. Any other 404 may be of something in between.
    gone = isinstance(read.error, NotFoundError) and read.error.code == "inexistent_user"
    rows = None if read.authenticators is None else sorted(map(_kept, read.authenticators), key=lambda row: row["id"])
    return {
        "number": number,
        "profile": profile,
        "read_at": iso(now.replace(microsecond=0)),
        "authenticators": rows,
        "error": str(read.error) if read.error and not gone else None,
        "gone": gone,
        "before": None,
        "before_at": None,
    }


def _kept(authenticator: Authenticator) -> AuthenticatorRecord:
    row: dict[str, Any] = {
        name: value
        for name, value in vars(authenticator).items()
        if name in AuthenticatorRecord.__annotations__ and value not in (None, (), frozenset())
    }
    row.update({name: iso(row[name]) for name in AGE_FROM if name in row})
    row.update({name: sorted(row[name]) for name in ("channels", "channel_ids", "unread_dates") if name in row})
    return row  # type: ignore[return-value]


def authenticators_of(record: Record) -> list[Authenticator] | None:
    """The authenticators that were read; None for a user who could not be read."""
    if record["authenticators"] is None:
        return None
    return [_authenticator(row) for row in record["authenticators"]]


def _authenticator(row: AuthenticatorRecord) -> Authenticator:
    values: dict[str, Any] = dict(row)
    values.update({name: as_time(values[name]) for name in AGE_FROM if name in values})
    values.update({name: tuple(values[name]) for name in ("channels", "channel_ids") if name in values})
    values["unread_dates"] = frozenset(values.get("unread_dates", ()))
    return Authenticator(view=MANAGEMENT_VIEW, **values)
