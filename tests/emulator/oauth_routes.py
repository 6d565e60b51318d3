# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /oauth/token`` and the key set (API.md §1)."""

from __future__ import annotations

import secrets

import pyotp

from .client_authentication import authenticate_client, read_parameters, require_grant, required, same_text
from .clients import (
    CLIENT_CREDENTIALS,
    MFA_OOB,
    MFA_OTP,
    MFA_RECOVERY_CODE,
    MFA_SCOPES,
    OIDC_SCOPES,
    PASSWORD,
    PASSWORD_REALM,
    Client,
)
from .errors import ApiError, oauth_error
from .models import Authenticator, User
from .routing import Call, Route
from .seed import DATABASE
from .sessions import MfaSession, open_session, seal_session
from .tenant import Tenant
from .views import demands_challenge, implicit_email

MFA_TOKEN_SECONDS = 600
DEFAULT_TOKEN_SECONDS = 86400
OTP_SECONDS = 30


# Issuing


def granted_scope(asked: str | None, available: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """No scope asked: everything available. Otherwise what is asked for and available, or among ``also``."""
    if asked is None or not asked.split():
        return available
    return tuple(scope for scope in dict.fromkeys(asked.split()) if scope in available or scope in also)


def token_answer(tenant: Tenant, client: Client, session: MfaSession, **extra: str) -> dict:
    """The 200 body of a user's token; ``expires_in`` follows the audience of the first request."""
    lifetime = MFA_TOKEN_SECONDS if session.audience else DEFAULT_TOKEN_SECONDS
    now = tenant.now() // 1000
    tenant.record_login(session.user)
    scope = " ".join(session.scope)
    claims = {"iss": tenant.issuer, "sub": session.user.id, "iat": now, "exp": now + lifetime}
    if session.audience:
        token = tenant.signer.sign(
            {**claims, "aud": session.audience, "scope": scope, "azp": client.id, "gty": "password"}
        )
    else:
        token = secrets.token_urlsafe(32)  # a token for the user-info audience is opaque
    answer = {"access_token": token, "expires_in": lifetime, "token_type": "Bearer", **extra}
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
            }
        )
    return answer


# Grants


def client_credentials(tenant: Tenant, client: Client, parameters: dict) -> dict:
    """A token for the Management API, with the application's grants as scope."""
    audience = parameters.get("audience")
    if not audience:
        raise oauth_error(403, "access_denied", "Non-global clients are not allowed access to APIv1")
    if audience != tenant.management_audience:
        raise _unknown_audience(tenant, audience)
    scope = " ".join(granted_scope(parameters.get("scope"), client.management_scopes))
    now = tenant.now() // 1000
    token = tenant.signer.sign(
        {
            "iss": tenant.issuer,
            "sub": f"{client.id}@clients",
            "aud": audience,
            "iat": now,
            "exp": now + DEFAULT_TOKEN_SECONDS,
            "scope": scope,
            "gty": "client-credentials",
            "azp": client.id,
        }
    )
    return {"access_token": token, "scope": scope, "expires_in": DEFAULT_TOKEN_SECONDS, "token_type": "Bearer"}


def password(tenant: Tenant, client: Client, parameters: dict) -> dict:
    """Log in at the tenant's default directory, or at the connection named by ``realm``."""
    if parameters["grant_type"] == PASSWORD_REALM:
        connection = required(parameters, "realm")
    else:
        connection = parameters.get("realm") or tenant.switches["default-directory"]
        if not connection:
            raise oauth_error(403, "server_error", "Authorization server not configured with default connection.")
    name, secret = required(parameters, "username"), required(parameters, "password")
    audience = parameters.get("audience", "")
    if audience == tenant.userinfo_audience:
        audience = ""
    if audience and audience != tenant.mfa_audience:
        raise _unknown_audience(tenant, audience)
    if connection != DATABASE:
        raise oauth_error(403, "access_denied", f"Unknown or invalid realm: {connection}")
    user = _database_user(tenant, name)
    if user is None or not same_text(secret, user.password):
        raise oauth_error(403, "invalid_grant", "Wrong email or password.")
    if user.profile.get("blocked"):
        raise oauth_error(401, "unauthorized", "user is blocked")
    scope = granted_scope(parameters.get("scope"), MFA_SCOPES if audience else OIDC_SCOPES, OIDC_SCOPES)
    session = MfaSession(secrets.token_hex(16), False, user, client.id, audience, scope)
    if _needs_second_step(tenant, session):
        raise oauth_error(
            tenant.switches["mfa-required-status"],
            "mfa_required",
            "Multifactor authentication required",
            mfa_token=seal_session(tenant, session),
        )
    return token_answer(tenant, client, session)


def mfa_otp(tenant: Tenant, client: Client, parameters: dict) -> dict:
    """Finish a login, or confirm an enrolment, with the code of an OTP app."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    otp = required(parameters, "otp")
    now = tenant.now() // 1000
    for item in session.user.authenticators:
        if item.type == "totp" and _accepts(tenant, item, otp, now // OTP_SECONDS):
            _succeed(tenant, session.user, item)
            return token_answer(tenant, client, session)
    raise oauth_error(403, "invalid_grant", "Invalid otp_code.")


def mfa_oob(tenant: Tenant, client: Client, parameters: dict) -> dict:
    """Finish a login, or confirm an enrolment, with a code sent out of band; poll while a push is unanswered."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    sealed = tenant.sealer.open(required(parameters, "oob_code"))
    if sealed is None or sealed.get("kind") != "oob":
        raise oauth_error(tenant.switches["malformed-mfa-token-status"], "invalid_grant", "Malformed oob_code")
    challenge = session.user.challenges.get(sealed["txn"]) if sealed["sub"] == session.user.id else None
    if challenge is None or challenge.session != session.key:
        status = tenant.switches["mismatched-oob-code-status"]
        raise oauth_error(status, "invalid_request", "The oob_code doesn't match the mfa_token")
    if tenant.now() >= sealed["exp"]:
        raise oauth_error(tenant.switches["expired-token-status"], "expired_token", "oob_code is expired")
    if challenge.code is None:
        raise oauth_error(
            400, "authorization_pending", "Authorization pending: please repeat the request in a few seconds."
        )
    binding_code = parameters.get("binding_code")
    if not binding_code:
        status = tenant.switches["missing-binding-code-status"]
        raise oauth_error(status, "invalid_request", "Missing required parameter: binding_code")
    item = _challenged(session.user, challenge.authenticator_id)
    if challenge.used or item is None or not same_text(binding_code, challenge.code):
        raise oauth_error(tenant.switches["wrong-binding-code-status"], "invalid_grant", "Invalid binding_code.")
    challenge.used = True
    _succeed(tenant, session.user, item)
    return token_answer(tenant, client, session)


def mfa_recovery_code(tenant: Tenant, client: Client, parameters: dict) -> dict:
    """Finish a login with the recovery code; the answer brings its replacement."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    code = required(parameters, "recovery_code")
    user = session.user
    usable = any(item.type == "recovery-code" and item.confirmed for item in user.authenticators)
    if session.is_jwt or not usable or not same_text(code, user.recovery_code or ""):
        raise oauth_error(tenant.switches["wrong-recovery-code-status"], "invalid_grant", "Invalid recovery_code.")
    replacement = tenant.issue_recovery_code(user, confirmed=True, used_at=tenant.now())
    return token_answer(tenant, client, session, recovery_code=replacement)


GRANTS = {
    CLIENT_CREDENTIALS: client_credentials,
    PASSWORD: password,
    PASSWORD_REALM: password,
    MFA_OTP: mfa_otp,
    MFA_OOB: mfa_oob,
    MFA_RECOVERY_CODE: mfa_recovery_code,
}


def token(call: Call) -> tuple[int, dict]:
    """``POST /oauth/token``."""
    parameters = read_parameters(call)
    grant = GRANTS.get(required(parameters, "grant_type"))
    if grant is None:
        raise oauth_error(400, "unsupported_grant_type", f"Unsupported grant type: {parameters['grant_type']}")
    client = authenticate_client(call, parameters)
    require_grant(client, parameters["grant_type"])
    return 200, grant(call.tenant, client, parameters)


def jwks(call: Call) -> tuple[int, dict]:
    """``GET /.well-known/jwks.json``."""
    return 200, call.tenant.signer.jwks()


def _needs_second_step(tenant: Tenant, session: MfaSession) -> bool:
    if session.audience:
        return bool(tenant.switches["enabled-factors"]) and demands_challenge(session.user)
    return tenant.switches["mfa-policy"] == "all-applications"


def _database_user(tenant: Tenant, name: str) -> User | None:
    for user in tenant.find_by_email(name.lower()):
        if user.connection == DATABASE and user.password is not None:
            return user
    return None


def _accepts(tenant: Tenant, item: Authenticator, otp: str, step: int) -> bool:
    """The present and the previous step count; each is used once unless the switch says otherwise (RFC 6238 §5.2)."""
    generator = pyotp.TOTP(item.secret)
    for candidate in (step, step - 1):
        if same_text(otp, generator.generate_otp(candidate)):
            if candidate <= item.last_otp_step and not tenant.switches["otp-reuse"]:
                return False
            item.last_otp_step = candidate
            return True
    return False


def _challenged(user: User, authenticator_id: str) -> Authenticator | None:
    implicit = implicit_email(user)
    candidates = user.authenticators + ([implicit] if implicit else [])
    return next((item for item in candidates if item.id == authenticator_id), None)


def _succeed(tenant: Tenant, user: User, item: Authenticator) -> None:
    if item.confirmed:
        item.last_auth_at = tenant.now()
    else:
        tenant.confirm(user, item)


def _unknown_audience(tenant: Tenant, audience: str) -> ApiError:
    if audience in (tenant.management_audience, tenant.mfa_audience):
        return oauth_error(403, "access_denied", f'Client is not authorized to access "{audience}".')
    return oauth_error(403, "access_denied", f"Service not enabled within domain: {audience}")


ROUTES = [
    Route("POST", "/oauth/token", token, group="token"),
    Route("GET", "/.well-known/jwks.json", jwks),
]
