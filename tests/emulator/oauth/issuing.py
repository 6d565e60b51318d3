# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scope of a login, whether it needs a second step, and the tokens that end it (API.md §1.2 to §1.6)."""

from __future__ import annotations

from ..http.errors import ApiError, oauth_error
from ..state.clients import ME_SCOPES, MFA_SCOPES, OFFLINE_ACCESS, OIDC_SCOPES, REFRESH_TOKEN, Client
from ..state.refresh_tokens import Family
from ..state.sessions import Device
from ..state.tenant import Tenant
from ..users.models import User
from ..users.views import active_factors, implicit_email
from .sessions import MfaSession, seal_session

MFA_TOKEN_SECONDS = 600
DEFAULT_TOKEN_SECONDS = 86400
# What ``mfa_requirements`` calls the types of the Management API.
_REQUIREMENT = {"totp": "otp", "push": "push-notification"}
_CHALLENGEABLE = ("totp", "phone", "push", "email", "recovery-code")
_ENROLLABLE = {"otp": "otp", "push-notification": "push-notification", "sms": "phone", "recovery-code": "recovery-code"}


def granted_scope(asked: str | None, available: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The requested scopes that are ``available`` or among ``also``; all available ones if none is requested."""
    if asked is None or not asked.split():
        return available
    return tuple(scope for scope in dict.fromkeys(asked.split()) if scope in available or scope in also)


class UnknownApi(ApiError):
    """The audience is no API of the tenant."""

    def __init__(self, audience: str):
        text = f"Service not enabled within domain: {audience}"
        super().__init__(403, oauth_error(403, "access_denied", text).body)


def user_grant(tenant: Tenant, client: Client, parameters: dict) -> tuple[str, tuple[str, ...]]:
    """The audience and scope of a login; the audience is empty for the user-info endpoint.

    403 ``access_denied`` if the API does not exist or the client has no grant for it.
    """
    audience = parameters.get("audience", "")
    if audience in ("", tenant.userinfo_audience):
        audience, available = "", OIDC_SCOPES
    elif audience == tenant.mfa_audience:
        available = MFA_SCOPES
    elif audience == tenant.my_account_audience and client.my_account:
        available = ME_SCOPES
    else:
        raise unknown_audience(tenant, audience)
    also = OIDC_SCOPES + ((OFFLINE_ACCESS,) if REFRESH_TOKEN in client.grants else ())
    return audience, granted_scope(parameters.get("scope"), available, also)


def unknown_audience(tenant: Tenant, audience: str) -> ApiError:
    """The refusal of an audience that the client cannot have a token for."""
    if audience in (tenant.management_audience, tenant.mfa_audience, tenant.my_account_audience):
        return oauth_error(403, "access_denied", f'Client is not authorized to access "{audience}".')
    return UnknownApi(audience)


def needs_second_step(tenant: Tenant, audience: str, user: User) -> bool:
    """Whether a login needs one: a factor other than e-mail decides for ``/mfa/``, else the policy (API.md §1.3)."""
    if audience == tenant.mfa_audience:
        return tenant.demands_challenge(user)
    return "all-applications" in tenant.guardian.policies


def mfa_required(tenant: Tenant, session: MfaSession) -> ApiError:
    """The refusal that carries the ``mfa_token`` (API.md §1.4)."""
    extra = {"mfa_requirements": _requirements(tenant, session.user)} if tenant.switches["mfa-requirements"] else {}
    return oauth_error(
        tenant.switches["mfa-required-status"],
        "mfa_required",
        "Multifactor authentication required",
        mfa_token=seal_session(tenant, session),
        **extra,
    )


def _requirements(tenant: Tenant, user: User) -> dict:
    if not active_factors(user):
        enabled = tenant.guardian.factors
        return {"enroll": [{"type": kind} for name, kind in _ENROLLABLE.items() if enabled[name]]}
    implicit = implicit_email(user)
    kinds = [item.type for item in user.authenticators if item.confirmed and tenant.is_usable(item)] + (
        ["email"] if implicit else []
    )
    return {
        "challenge": [{"type": _REQUIREMENT.get(kind, kind)} for kind in dict.fromkeys(kinds) if kind in _CHALLENGEABLE]
    }


def login_answer(
    tenant: Tenant,
    client: Client,
    session: MfaSession,
    device: Device,
    grant: str | None = None,
    nonce: str | None = None,
) -> dict:
    """The 200 body that ends a login, with a refresh token if one was requested; records the login in the profile."""
    tenant.record_login(session.user)
    answer = token_answer(tenant, client, session, grant, nonce)
    if OFFLINE_ACCESS in session.scope:
        identity = (session.user.id, client.id, session.audience, session.scope)
        family = Family(*identity, created_at=tenant.now(), first=device, session_id=session.session_id)
        answer["refresh_token"] = tenant.refresh_tokens.issue(family)
    return answer


def token_answer(
    tenant: Tenant, client: Client, session: MfaSession, grant: str | None = None, nonce: str | None = None
) -> dict:
    """The 200 body of a user's token; ``expires_in`` follows the audience, ``grant`` becomes the claim ``gty``."""
    lifetime = MFA_TOKEN_SECONDS if session.audience == tenant.mfa_audience else DEFAULT_TOKEN_SECONDS
    now = tenant.now() // 1000
    scope = " ".join(session.scope)
    claims = {"iss": tenant.issuer, "sub": session.user.id, "iat": now, "exp": now + lifetime}
    if session.audience:
        gty = {"gty": grant} if grant else {}
        token = tenant.signer.sign({**claims, "aud": session.audience, "scope": scope, "azp": client.id, **gty})
    else:
        # A token for the user-info audience is opaque.
        token = tenant.opaque_tokens.issue(session.user.id, session.scope, now * 1000, (now + lifetime) * 1000)
    answer = {"access_token": token, "expires_in": lifetime, "token_type": "Bearer"}
    if scope:
        answer["scope"] = scope
    if "openid" in session.scope:
        profile = {name: session.user.profile.get(name) for name in ("name", "nickname", "picture")}
        address = {"email": session.user.email, "email_verified": session.user.profile.get("email_verified", False)}
        answer["id_token"] = tenant.signer.sign(
            {
                **claims,
                "aud": client.id,
                **(profile if "profile" in session.scope else {}),
                **(address if "email" in session.scope else {}),
                **({"nonce": nonce} if nonce else {}),
                **({"sid": session.session_id} if session.session_id else {}),
            }
        )
    return answer
