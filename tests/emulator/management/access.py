# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets a user in, or keeps a user out, beside the factors: sessions, refresh tokens and blocks of brute-force protection.

Paths, parameters, statuses and members are those of auth0-python's generated client, scopes and the status 202 those of the pages of
each endpoint (auth0/docs-v2, ``main/docs/api/management/v2``). Recorded (go-auth0): ``{"blocked_for":[]}`` for a user without blocks,
204 for removing none, and ``tokens``, ``next`` and ``total`` in one answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ..http.errors import management_error
from ..http.routing import Call, Handler, Route
from ..http.schemas import Body, boolean, record, text
from ..http.validation import flag, read_body, taken
from ..state.refresh_tokens import Family
from ..state.sessions import Device, Session
from ..state.tenant import Tenant
from ..users.connections import DATABASE
from ..users.models import User
from ..users.times import iso
from .users import existing_user

_REVOKE = Body(
    record(
        {
            "session_id": text("ID of the session to revoke.", longest=50),
            "preserve_refresh_tokens": boolean("Whether to preserve the refresh tokens associated with the session."),
        }
    )
)


# Sessions


def list_sessions(call: Call) -> tuple[int, dict]:
    """``GET /users/{id}/sessions``; ``next`` is there while there are more."""
    user = existing_user(call)
    return 200, _page(call, "sessions", call.tenant.sessions.of_user(user.id, call.tenant.now()), _session)


def delete_sessions(call: Call) -> tuple[int, None]:
    """``DELETE /users/{id}/sessions``: 202, carried out later; refresh tokens stay."""
    user = existing_user(call)
    _end(call.tenant, call.tenant.sessions.of_user(user.id, call.tenant.now()))
    return 202, None


def get_session(call: Call) -> tuple[int, dict]:
    """``GET /sessions/{id}``."""
    return 200, _session(_existing_session(call))


def delete_session(call: Call) -> tuple[int, None]:
    """``DELETE /sessions/{id}``: 202, for an unknown one too (the published description lists no 404)."""
    session = call.tenant.sessions.find(call.path["session_id"], call.tenant.now())
    _end(call.tenant, [session] if session is not None else [])
    return 202, None


def revoke_session(call: Call) -> tuple[int, None]:
    """``POST /sessions/{id}/revoke``: the session and the refresh tokens that came from it."""
    session = _existing_session(call)
    _end(call.tenant, [session, *_tokens_of(call.tenant, session)])
    return 202, None


def _existing_session(call: Call) -> Session:
    session = call.tenant.sessions.find(call.path["session_id"], call.tenant.now())
    if session is None:
        raise management_error(404, "The session does not exist.", "inexistent_session")
    return session


def _session(session: Session) -> dict:
    started = iso(session.started_at)
    methods = [{"name": name, "timestamp": started} for name in session.methods]
    return {
        "id": session.id,
        "user_id": session.user_id,
        "created_at": started,
        "updated_at": iso(session.used_at),
        "authenticated_at": started,
        "idle_expires_at": iso(session.idle_expires_at),
        "expires_at": iso(session.expires_at),
        "last_interacted_at": iso(session.used_at),
        "device": _device(session.first, session.last),
        "clients": [{"client_id": client_id} for client_id in session.clients],
        "authentication": {"methods": methods},
        "cookie": {"mode": "persistent"},
        "session_metadata": None,
    }


# Refresh tokens


def list_refresh_tokens(call: Call) -> tuple[int, dict]:
    """``GET /users/{id}/refresh-tokens``."""
    user = existing_user(call)
    return 200, _page(
        call, "tokens", call.tenant.refresh_tokens.of_user(user.id, call.tenant.now()), _token(call.tenant)
    )


def delete_refresh_tokens(call: Call) -> tuple[int, None]:
    """``DELETE /users/{id}/refresh-tokens``: 202, carried out later; sessions stay."""
    user = existing_user(call)
    _end(call.tenant, call.tenant.refresh_tokens.of_user(user.id, call.tenant.now()))
    return 202, None


def get_refresh_token(call: Call) -> tuple[int, dict]:
    """``GET /refresh-tokens/{id}``; the token itself is never shown."""
    family = call.tenant.refresh_tokens.of_id(call.path["token_id"], call.tenant.now())
    if family is None:
        raise management_error(404, "The refresh token does not exist.", "inexistent_refresh_token")
    return 200, _token(call.tenant)(family)


def delete_refresh_token(call: Call) -> tuple[int, None]:
    """``DELETE /refresh-tokens/{id}``: 202, for an unknown one too (the published description lists no 404)."""
    family = call.tenant.refresh_tokens.of_id(call.path["token_id"], call.tenant.now())
    _end(call.tenant, [family] if family is not None else [])
    return 202, None


def _tokens_of(tenant: Tenant, session: Session) -> list[Family]:
    found = tenant.refresh_tokens.of_user(session.user_id, tenant.now())
    return [family for family in found if family.session_id == session.id]


def _token(tenant: Tenant) -> Callable[[Family], dict]:
    def shown(family: Family) -> dict:
        scopes = " ".join(family.scope)
        return {
            "id": family.id,
            "user_id": family.user_id,
            "created_at": iso(family.created_at),
            "idle_expires_at": None,
            "expires_at": None,
            "device": _device(family.first, family.last or family.first),
            "client_id": family.client_id,
            "session_id": family.session_id,
            "rotating": family.client_id in tenant.switches["rotating-applications"],
            "resource_servers": [{"audience": family.audience or tenant.userinfo_audience, "scopes": scopes}],
            "refresh_token_metadata": None,
            "last_exchanged_at": iso(family.used_at) if family.used_at is not None else None,
        }

    return shown


# Both


def revoke_access(call: Call) -> tuple[int, None]:
    """``POST /users/{id}/revoke-access``: 202; without ``session_id`` all sessions, and all refresh tokens unless they are preserved."""
    tenant, now = call.tenant, call.tenant.now()
    body = _REVOKE.check(read_body(call) if call.body else {})
    user = existing_user(call)
    sessions, tokens = tenant.sessions.of_user(user.id, now), tenant.refresh_tokens.of_user(user.id, now)
    if "session_id" in body:
        sessions = [session for session in sessions if session.id == body["session_id"]]
        tokens = [token for session in sessions for token in _tokens_of(tenant, session)]
    _end(tenant, sessions + ([] if body.get("preserve_refresh_tokens") else tokens))
    return 202, None


def _end(tenant: Tenant, ended: list[Session | Family]) -> None:
    """Have them end: not at once, as the switch says."""
    for each in ended:
        if each.ends_at is None:
            each.ends_at = tenant.now() + tenant.switches["revocation-delay"] * 1000


def _page(call: Call, name: str, items: list, shown: Callable[[Any], dict]) -> dict:
    include_totals = flag(call, "include_totals", False)
    page, following = taken(call, items, lambda item: item.id)
    answer = {name: [shown(item) for item in page]}
    if following is not None:
        answer["next"] = following
    if include_totals:
        answer["total"] = len(items)
    return answer


def _device(first: Device, last: Device) -> dict:
    return {
        "initial_user_agent": first.user_agent,
        "initial_ip": first.ip,
        "initial_asn": None,
        "last_user_agent": last.user_agent,
        "last_ip": last.ip,
        "last_asn": None,
    }


# Blocks of brute-force protection


def user_blocks(call: Call) -> tuple[int, dict]:
    """``GET /user-blocks/{id}``; who an administrator blocked is not in it."""
    return 200, _blocks(call, [existing_user(call)])


def blocks_by_identifier(call: Call) -> tuple[int, dict]:
    """``GET /user-blocks?identifier=``: an e-mail address here; empty where nobody has it."""
    return 200, _blocks(call, _identified(call))


def unblock_user(call: Call) -> tuple[int, None]:
    """``DELETE /user-blocks/{id}``: 204, also where there was none (recorded)."""
    call.tenant.failed_logins.forget(existing_user(call).id)
    return 204, None


def unblock_identifier(call: Call) -> tuple[int, None]:
    """``DELETE /user-blocks?identifier=``: 204."""
    for user in _identified(call):
        call.tenant.failed_logins.forget(user.id)
    return 204, None


def _identified(call: Call) -> list[User]:
    identifier = call.query.get("identifier")
    if not identifier:
        raise management_error(
            400, "Query validation error: 'Missing required property: identifier'.", "invalid_query_string"
        )
    return call.tenant.find_by_email(identifier.lower())


def _blocks(call: Call, users: list[User]) -> dict:
    """All blocks, or with ``consider_brute_force_enablement`` those that are in force."""
    tenant = call.tenant
    only_in_force = flag(call, "consider_brute_force_enablement", False)
    blocked = [user for user in users if tenant.locks_out(user, even_if_off=not only_in_force)]
    return {"blocked_for": [{"identifier": user.email, "ip": "127.0.0.1", "connection": DATABASE} for user in blocked]}


def _of_the_plan(handler: Handler) -> Handler:
    """The handler, for tenants whose plan has it: sessions and refresh tokens are for Enterprise plans only (docs-v2)."""

    def answer(call: Call) -> tuple[int, Any]:
        if not call.tenant.switches["session-management"]:
            text = "Please upgrade your subscription to use this feature"  # recorded of another feature
            raise management_error(403, text, "insufficient_entitlement")
        return handler(call)

    return answer


_USER = "/api/v2/users/{id}"
_SESSION = "/api/v2/sessions/{session_id}"
_TOKEN = "/api/v2/refresh-tokens/{token_id}"
_BLOCKS = "/api/v2/user-blocks"
_BOTH = ("delete:sessions", "delete:refresh_tokens")
_ENTERPRISE = [
    Route("GET", _USER + "/sessions", list_sessions, ("read:sessions",)),
    Route("DELETE", _USER + "/sessions", delete_sessions, ("delete:sessions",)),
    Route("GET", _SESSION, get_session, ("read:sessions",)),
    Route("DELETE", _SESSION, delete_session, ("delete:sessions",)),
    Route("POST", _SESSION + "/revoke", revoke_session, _BOTH),
    Route("GET", _USER + "/refresh-tokens", list_refresh_tokens, ("read:refresh_tokens",)),
    Route("DELETE", _USER + "/refresh-tokens", delete_refresh_tokens, ("delete:refresh_tokens",)),
    Route("GET", _TOKEN, get_refresh_token, ("read:refresh_tokens",)),
    Route("DELETE", _TOKEN, delete_refresh_token, ("delete:refresh_tokens",)),
    Route("POST", _USER + "/revoke-access", revoke_access, _BOTH),
]
ROUTES = [
    *(dataclasses.replace(route, handler=_of_the_plan(route.handler)) for route in _ENTERPRISE),
    Route("GET", _BLOCKS + "/{id}", user_blocks, ("read:users",)),
    Route("DELETE", _BLOCKS + "/{id}", unblock_user, ("update:users",)),
    Route("GET", _BLOCKS, blocks_by_identifier, ("read:users",)),
    Route("DELETE", _BLOCKS, unblock_identifier, ("update:users",)),
]
