# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/userinfo``, and ``/oauth/revoke``: what a user's tokens tell, and how a refresh token ends (docs-v2, Authentication API)."""

from __future__ import annotations

from ..http.errors import oauth_error
from ..http.routing import Call, Route
from ..state.configuration import REVOCATION_ENDS_GRANT
from ..users.models import User
from .client_authentication import authenticate_client, read_parameters, required

_PROFILE = ("given_name", "family_name", "nickname", "name", "picture", "updated_at")


def user_info(call: Call) -> tuple[int, dict | bytes]:
    """``GET /userinfo``: the claims that the token's scope lets through; 401 for any other token, or one without ``openid``."""
    scheme, _separator, token = call.headers.get("authorization", "").partition(" ")
    found = _opened(call, token) if scheme.lower() == "bearer" else None
    if found is None:
        given = ', error="invalid_token"' if token else ""
        call.answer_headers.update({"www-authenticate": f'Bearer realm="Users"{given}', "content-type": "text/plain"})
        return 401, b"Unauthorized"
    user, scope = found
    call.principal = user.id
    return 200, _claims(user, scope)


def _opened(call: Call, token: str) -> tuple[User, tuple[str, ...]] | None:
    """The user and the scope of an access token that is good for this."""
    tenant = call.tenant
    found = tenant.opaque_tokens.open(token, tenant.now())
    if found is None:
        claims = tenant.signer.verify(token)
        if claims is None or tenant.now() >= claims["exp"] * 1000 or "scope" not in claims:
            return None
        found = claims["sub"], tuple(claims["scope"].split())
    user_id, scope = found
    user = tenant.find(user_id)
    return (user, scope) if user is not None and "openid" in scope else None


def _claims(user: User, scope: tuple[str, ...]) -> dict:
    claims = {"sub": user.id}
    profile = user.profile
    if "profile" in scope:
        claims |= {name: profile[name] for name in _PROFILE if profile.get(name) is not None}
    if "email" in scope and user.email:
        claims |= {"email": user.email, "email_verified": profile.get("email_verified", False)}
    if "phone" in scope and profile.get("phone_number"):
        claims |= {
            "phone_number": profile["phone_number"],
            "phone_number_verified": profile.get("phone_verified", False),
        }
    return claims


def revoke(call: Call) -> tuple[int, None]:
    """``POST /oauth/revoke``: 200 with an empty body, for an unknown token too (RFC 7009). It takes effect at once.

    With the tenant's flag ``revoke_refresh_token_grant`` all refresh tokens of the user, the application and the audience end.
    """
    parameters = read_parameters(call)
    client = authenticate_client(call, parameters)
    token = required(parameters, "token")
    tenant, now = call.tenant, call.tenant.now()
    family = tenant.refresh_tokens.of_token(token, now)
    if family is None:
        return 200, None
    if family.client_id != client.id:
        raise oauth_error(400, "invalid_request", "The token was not issued to this client")
    ended = [family]
    if tenant.configuration.flag(REVOCATION_ENDS_GRANT):
        same = (family.client_id, family.audience)
        ended = [it for it in tenant.refresh_tokens.of_user(family.user_id, now) if (it.client_id, it.audience) == same]
    for each in ended:
        each.ends_at = now
    tenant.record_event("srrt", tenant.find(family.user_id), client.id, description="Success Revocation")
    return 200, None


ROUTES = [
    Route("GET", "/userinfo", user_info),
    Route("POST", "/userinfo", user_info),
    Route("POST", "/oauth/revoke", revoke),
]
