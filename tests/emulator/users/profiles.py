# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles as the Management API answers them, and what a login changes in one."""

from __future__ import annotations

from .times import iso


def new_profile(user_id: str, identities: list[dict], email: str | None, created: int, verified: bool = False) -> dict:
    """The profile of a user who never logged in.

    :param created: milliseconds since 1970.
    :param verified: whether the address is.
    """
    name = email or user_id
    profile = {
        "created_at": iso(created),
        "identities": identities,
        "name": name,
        "nickname": name.partition("@")[0],
        "picture": "https://cdn.example.com/avatars/default.png",
        "updated_at": iso(created),
        "user_id": user_id,
    }
    return profile | ({"email": email, "email_verified": verified} if email else {})


def identity(connection: str, provider: str, local_id: str, is_social: bool) -> dict:
    """One entry of ``identities``: ``local_id`` is the user's ID without the provider."""
    return {"connection": connection, "user_id": local_id, "provider": provider, "isSocial": is_social}


def logged_in(profile: dict, moment: int) -> dict:
    """The profile after a login at this moment, milliseconds since 1970."""
    count = profile.get("logins_count", 0) + 1
    return {**profile, "last_login": iso(moment), "updated_at": iso(moment), "logins_count": count}
