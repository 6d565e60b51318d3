# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /oauth/token`` and the key set (API.md §1)."""

from __future__ import annotations

import base64
import hashlib
import secrets

from ..factors.verification import (
    WrongCode,
    check_password,
    database_user,
    open_challenge,
    take_push,
    verify_code,
    verify_otp,
    verify_recovery_code,
)
from ..http.errors import oauth_error
from ..http.routing import Call, Route
from ..state.clients import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    MFA_OOB,
    MFA_OTP,
    MFA_RECOVERY_CODE,
    OFFLINE_ACCESS,
    OIDC_SCOPES,
    PASSWORD,
    PASSWORD_REALM,
    REFRESH_TOKEN,
    Client,
)
from ..state.quotas import POLLS
from ..state.sessions import Device
from ..state.tenant import Tenant
from ..users.models import Challenge
from .client_authentication import authenticate_client, read_parameters, require_grant, required
from .issuing import (
    DEFAULT_TOKEN_SECONDS,
    granted_scope,
    login_answer,
    mfa_required,
    needs_second_step,
    token_answer,
    UnknownApi,
    unknown_audience,
    user_grant,
)
from .sessions import MfaSession, open_session
from .token_quotas import check_quota, count_token, quota_headers

# How early a poll may come, in milliseconds: requests travel at different speeds.
POLL_TOLERANCE = 500


def client_credentials(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """A token for the Management API, with the application's grants as scope."""
    audience = parameters.get("audience")
    if not audience:
        raise oauth_error(403, "access_denied", "Non-global clients are not allowed access to APIv1")
    if audience != tenant.management_audience:
        raise unknown_audience(tenant, audience)
    scope = " ".join(granted_scope(parameters.get("scope"), client.management_scopes))
    check_quota(tenant, client)
    count_token(tenant, client)
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
    text = "Client Credentials for Access Token"
    tenant.record_event("seccft", client_id=client.id, description=text, audience=audience, scope=scope)
    return {"access_token": token, "scope": scope, "expires_in": DEFAULT_TOKEN_SECONDS, "token_type": "Bearer"}


def password(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """Log in at the tenant's default directory, or at the connection named by ``realm``."""
    if parameters["grant_type"] == PASSWORD_REALM:
        connection = required(parameters, "realm")
    else:
        connection = parameters.get("realm") or tenant.configuration.settings.get("default_directory")
        if not connection:
            raise oauth_error(403, "server_error", "Authorization server not configured with default connection.")
    name, secret = required(parameters, "username"), required(parameters, "password")
    try:
        audience, scope = user_grant(tenant, client, parameters)
    except UnknownApi:  # recorded (ruby-auth0); other grants are told what is not there
        text = "invalid audience specified for password grant exchange"
        raise oauth_error(400, "invalid_request", text) from None
    known = tenant.connections.get(connection)
    if known is None or known.strategy_type != "database":
        raise oauth_error(403, "access_denied", f"Unknown or invalid realm: {connection}")
    user = check_password(tenant, database_user(tenant, name, connection), secret, client.id)
    session = MfaSession(secrets.token_hex(16), False, user, client.id, audience, scope)
    if needs_second_step(tenant, audience, user):
        tenant.record_event("mfar", user, client.id)
        raise mfa_required(tenant, session)
    return login_answer(tenant, client, session, device, "password")


def authorization_code(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """Exchange the code from ``GET /authorize``; the attempt uses it up, even if it fails."""
    code = required(parameters, "code")
    found = tenant.logins.take_code(code, tenant.now())
    user = tenant.find(found.user_id) if found else None
    if user is None or found.request.client_id != client.id:
        raise oauth_error(403, "invalid_grant", "Invalid authorization code")
    if parameters.get("redirect_uri") != found.request.redirect_uri:
        raise oauth_error(403, "invalid_grant", "The redirect_uri is not the one that the code was issued for")
    if found.request.code_challenge is not None:
        if _code_challenge(required(parameters, "code_verifier")) != found.request.code_challenge:
            raise oauth_error(403, "invalid_grant", "Failed to verify code verifier")
    request = found.request
    key = secrets.token_hex(16)
    session = MfaSession(key, False, user, client.id, request.audience, request.scope, found.session_id)
    return login_answer(tenant, client, session, device, nonce=request.nonce)


def refresh_token(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """A new access token, and for a rotating application a new refresh token; ``scope`` may only narrow."""
    now = tenant.now()
    family = tenant.refresh_tokens.find(required(parameters, "refresh_token"), client.id, now)
    user = tenant.find(family.user_id) if family else None
    if user is None:
        raise oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.")
    if user.profile.get("blocked"):
        raise oauth_error(401, "unauthorized", "user is blocked")
    scope = granted_scope(parameters.get("scope"), family.scope)
    session = MfaSession(secrets.token_hex(16), False, user, client.id, family.audience, scope, family.session_id)
    if tenant.switches["mfa-on-refresh"] and needs_second_step(tenant, family.audience, user):
        raise mfa_required(tenant, session)
    answer = token_answer(tenant, client, session, "refresh_token")
    family.used_at, family.last = now, device
    if client.id in tenant.switches["rotating-applications"]:
        answer["refresh_token"] = tenant.refresh_tokens.issue(family)
    return answer


def mfa_otp(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """Finish a login, or confirm an enrollment, with the code of an OTP app."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    try:
        item = verify_otp(tenant, session.user, client.id, required(parameters, "otp"))
    except WrongCode:
        tenant.record_event("feotpft", session.user, client.id, description="Invalid otp_code.")
        raise oauth_error(403, "invalid_grant", "Invalid otp_code.") from None
    tenant.record_event("seotpft", session.user, client.id, item)
    return login_answer(tenant, client, session, device, "password")


def mfa_oob(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """Finish a login, or confirm an enrollment, with a code sent out of band; clients poll for the answer to a push."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    tenant.quotas.take(POLLS, session.key, tenant.now() / 1000)
    challenge = open_challenge(tenant, session.user, session.key, required(parameters, "oob_code"))
    if challenge.channel == "push":
        return _poll(tenant, client, session, challenge, device)
    binding_code = parameters.get("binding_code")
    if not binding_code:
        status = tenant.switches["missing-binding-code-status"]
        raise oauth_error(status, "invalid_request", "Missing required parameter: binding_code")
    try:
        item = verify_code(tenant, session.user, client.id, challenge, binding_code)
    except WrongCode:
        tenant.record_event("feoobft", session.user, client.id, description="Invalid binding_code.")
        status = tenant.switches["wrong-binding-code-status"]
        raise oauth_error(status, "invalid_grant", "Invalid binding_code.") from None
    tenant.record_event("seoobft", session.user, client.id, item)
    return login_answer(tenant, client, session, device, "password")


def _poll(tenant: Tenant, client: Client, session: MfaSession, challenge: Challenge, device: Device) -> dict:
    now, interval = tenant.now(), tenant.switches["poll-interval"] * 1000
    if interval and challenge.polled_at is not None and 0 <= now - challenge.polled_at < interval - POLL_TOLERANCE:
        text = f"You are polling faster than allowed: wait {interval // 1000} seconds between two requests."
        raise oauth_error(tenant.switches["slow-down-status"], "slow_down", text)
    challenge.polled_at = now
    if challenge.approved is None:
        text = "Authorization pending: please repeat the request in a few seconds."
        raise oauth_error(400, "authorization_pending", text)
    if not challenge.approved:
        tenant.record_event("feoobft", session.user, client.id, description="MFA Authorization rejected.")
        raise oauth_error(400, "access_denied", "MFA Authorization rejected.")
    item = take_push(tenant, session.user, client.id, challenge)
    if item is None:
        raise oauth_error(403, "invalid_grant", "Invalid oob_code.")
    tenant.record_event("seoobft", session.user, client.id, item)
    return login_answer(tenant, client, session, device, "password")


def mfa_recovery_code(tenant: Tenant, client: Client, parameters: dict, device: Device) -> dict:
    """Finish a login with the recovery code; the answer has its replacement."""
    session = open_session(tenant, required(parameters, "mfa_token"), client)
    code = required(parameters, "recovery_code")
    try:
        if session.is_jwt:
            raise WrongCode
        replacement = verify_recovery_code(tenant, session.user, client.id, code)
    except WrongCode:
        tenant.record_event("fercft", session.user, client.id, description="Invalid recovery_code.")
        status = tenant.switches["wrong-recovery-code-status"]
        raise oauth_error(status, "invalid_grant", "Invalid recovery_code.") from None
    tenant.record_event("sercft", session.user, client.id)
    return {**login_answer(tenant, client, session, device, "password"), "recovery_code": replacement}


GRANTS = {
    CLIENT_CREDENTIALS: client_credentials,
    PASSWORD: password,
    PASSWORD_REALM: password,
    AUTHORIZATION_CODE: authorization_code,
    REFRESH_TOKEN: refresh_token,
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
    answer = grant(call.tenant, client, parameters, Device(call.headers.get("user-agent", "")))
    if parameters["grant_type"] == CLIENT_CREDENTIALS:
        call.answer_headers.update(quota_headers(call.tenant, client))
    return 200, answer


def jwks(call: Call) -> tuple[int, dict]:
    """``GET /.well-known/jwks.json``."""
    return 200, call.tenant.signer.jwks()


def discovery(call: Call) -> tuple[int, dict]:
    """``GET /.well-known/openid-configuration`` (OpenID Connect Discovery 1.0); with the client's scheme."""
    tenant = call.tenant
    base = f"{call.scheme}://{tenant.domain}"
    return 200, {
        "issuer": tenant.issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "mfa_challenge_endpoint": f"{base}/mfa/challenge",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": [*OIDC_SCOPES, OFFLINE_ACCESS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
    }


def _code_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE ``code_verifier`` (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


ROUTES = [
    Route("POST", "/oauth/token", token, group="token"),
    Route("GET", "/.well-known/jwks.json", jwks),
    Route("GET", "/.well-known/openid-configuration", discovery),
]
