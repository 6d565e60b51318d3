# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two bearers of the MFA API: the sealed ``mfa_token`` and the JWT for the ``/mfa/`` audience (API.md §1.4)."""

from __future__ import annotations

from dataclasses import dataclass

from ..http.errors import ApiError, oauth_error
from ..state.clients import Client
from ..state.tenant import Tenant
from ..state.tokens import Sealer
from ..users.models import User


@dataclass(frozen=True)
class MfaSession:
    """The login behind a bearer at ``/mfa/*``, which is an ``mfa_token`` or a JWT for the ``/mfa/`` audience.

    :param key: equal for all steps of one transaction.
    :param is_jwt: whether it is the JWT.
    :param audience: the audience that the first request asked for; empty for the user-info endpoint.
    :param scope: the scope of that token.
    :param session_id: of the browser's session, which becomes the claim ``sid``; None after a login with a password grant.
    """

    key: str
    is_jwt: bool
    user: User
    client_id: str
    audience: str
    scope: tuple[str, ...]
    session_id: str | None = None


def seal_session(tenant: Tenant, session: MfaSession) -> str:
    """The ``mfa_token`` of a login that needs a second step."""
    expires = tenant.now() + tenant.switches["mfa-token-lifetime"] * 1000
    content = {
        "kind": "mfa",
        "txn": session.key,
        "sub": session.user.id,
        "cid": session.client_id,
        "aud": session.audience,
        "scope": session.scope,
        "exp": expires,
    }
    return tenant.sealer.seal(content, expires)


def open_session(tenant: Tenant, text: str, client: Client) -> MfaSession:
    """The session of the parameter ``mfa_token``: a sealed one, or a JWT for ``/mfa/`` with the scope ``enroll``."""
    session = open_mfa_token(tenant, text) if text.startswith(Sealer.PREFIX) else open_mfa_jwt(tenant, text)
    if session is None:
        raise malformed_mfa_token(tenant)
    if session.client_id != client.id:
        raise foreign_mfa_token(tenant)
    if session.is_jwt and "enroll" not in session.scope:
        raise oauth_error(403, "insufficient_scope", "Insufficient scope, expected any of: enroll")
    return session


def open_mfa_token(tenant: Tenant, text: str) -> MfaSession | None:
    """The session of a sealed ``mfa_token``; None if the text is something else. An expired one raises."""
    content = tenant.sealer.open(text)
    if content is None or content.get("kind") != "mfa":
        return None
    if tenant.now() >= content["exp"]:
        raise oauth_error(tenant.switches["expired-token-status"], "expired_token", "mfa_token is expired")
    user = tenant.find(content["sub"])
    if user is None:
        return None
    return MfaSession(content["txn"], False, user, content["cid"], content["aud"], tuple(content["scope"]))


def open_mfa_jwt(tenant: Tenant, text: str) -> MfaSession | None:
    """The session of a JWT for the ``/mfa/`` audience; None if the text is something else. An expired one raises."""
    claims = tenant.signer.verify(text)
    if claims is None or claims["aud"] != tenant.mfa_audience:
        return None
    if tenant.now() >= claims["exp"] * 1000:
        raise oauth_error(tenant.switches["expired-token-status"], "expired_token", "access token is expired")
    user = tenant.find(claims["sub"])
    if user is None:
        return None
    return MfaSession(f"jwt {user.id}", True, user, claims["azp"], claims["aud"], tuple(claims["scope"].split()))


def malformed_mfa_token(tenant: Tenant) -> ApiError:
    """The error for a text that is not an ``mfa_token``."""
    return oauth_error(tenant.switches["malformed-mfa-token-status"], "invalid_grant", "Malformed mfa_token")


def foreign_mfa_token(tenant: Tenant) -> ApiError:
    """The error for another application's ``mfa_token``."""
    status = tenant.switches["foreign-mfa-token-status"]
    return oauth_error(status, "invalid_request", "mfa_token not issued to this client")
