# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linking users, so that one has the identities of several (``POST`` and ``DELETE /users/{id}/identities``).

Recorded (go-auth0): 201 with all identities, each with ``profileData``, and 200 with those that remain. Documented: the second user is no
user any more, its metadata are not taken over, and unlinking makes a new profile for it. That its authenticators wait for that is not.
"""

from __future__ import annotations

from ..http.errors import ApiError, management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, invalid_body, record, text
from ..users.models import User
from ..users.profiles import new_profile
from .users import existing_user

_DATA = (
    "email", "given_name", "family_name", "username", "phone_number", "phone_verified", "nickname", "picture", "email_verified",
)  # fmt: skip
_LINK = Body(
    record(
        {
            "provider": text("Identity provider of the secondary user account being linked", 1),
            "connection_id": text("connection_id of the secondary user account", pattern="^con_[A-Za-z0-9]{16}$"),
            "user_id": text("user_id of the secondary user account being linked.", 1),
            "link_with": text("JWT for the secondary account being linked.", 1),
        }
    )
)


def link(call: Call) -> tuple[int, list[dict]]:
    """``POST /users/{id}/identities``: the other user, with all its identities, becomes part of this one."""
    user, tenant = existing_user(call), call.tenant
    other = _other(call)
    if other.id == user.id:
        raise management_error(400, "Main principal and secondary identity are the same.", "invalid_body")
    tenant.before_write(user)
    identities = [*_with_data(user), *_with_data(other)]
    tenant.remove(other.id)
    tenant.linked[other.id] = other
    user.profile = {**user.profile, "identities": identities}
    return 201, identities


def _other(call: Call) -> User:
    body, tenant = call.content, call.tenant
    if "link_with" in body:
        if len(body) > 1:
            raise invalid_body("link_with cannot be sent with provider, user_id or connection_id")
        claims = tenant.signer.verify(body["link_with"])
        user_id = claims["sub"] if claims else ""
    else:
        for name in ("provider", "user_id"):
            if name not in body:
                raise invalid_body(f"Missing required property: {name}")
        prefix = f"{body['provider']}|"
        user_id = prefix + body["user_id"].removeprefix(
            prefix
        )  # both forms are in use, and one with the prefix is recorded
    if user_id in tenant.linked:
        raise management_error(409, "The specified identity is linked already.", "identity_conflict")
    other = tenant.find(user_id)
    if other is None or body.get("connection_id", _connection_id(call, other)) != _connection_id(call, other):
        raise management_error(400, "Linking an inexistent identity is not allowed.", "inexistent_identity")
    return other


def _connection_id(call: Call, user: User) -> str:
    return call.tenant.connections[user.connection].id


def _with_data(user: User) -> list[dict]:
    """The identities as links show them: with what the provider says of the user, which is this profile for the first one."""
    data = {name: user.profile[name] for name in _DATA if name in user.profile}
    first, *others = user.profile["identities"]
    return [{"profileData": data, **first}, *others]


def unlink(call: Call) -> tuple[int, list[dict]]:
    """``DELETE /users/{id}/identities/{provider}/{user_id}``: the identity becomes a user of its own again."""
    user, tenant = existing_user(call), call.tenant
    main, *others = user.profile["identities"]
    wanted = (call.path["provider"], call.path["user_id"])
    if (main["provider"], main["user_id"]) == wanted:
        raise management_error(400, "The main identity cannot be unlinked.", "invalid_uri")
    gone = next((each for each in others if (each["provider"], each["user_id"]) == wanted), None)
    if gone is None:
        raise _unknown()
    tenant.before_write(user)
    remaining = [each for each in user.profile["identities"] if each is not gone]
    user.profile = {**user.profile, "identities": remaining}
    tenant.add(_alone(call, gone))
    return 200, remaining


def _alone(call: Call, gone: dict) -> User:
    user_id = f"{gone['provider']}|{gone['user_id']}"
    data = gone.get("profileData", {})
    bare = {name: value for name, value in gone.items() if name != "profileData"}
    profile = new_profile(user_id, [bare], data.get("email"), call.tenant.now()) | data
    user = call.tenant.linked.pop(user_id, None) or User(profile, gone["connection"])
    user.profile = profile
    return user


def _unknown() -> ApiError:
    return management_error(404, "The identity does not exist.", "inexistent_identity")


_IDENTITIES = "/api/v2/users/{id}/identities"
ROUTES = [
    Route("POST", _IDENTITIES, link, ("update:users",), "write-users", _LINK),
    Route("DELETE", _IDENTITIES + "/{provider}/{user_id}", unlink, ("update:users",), "delete-users"),
]
