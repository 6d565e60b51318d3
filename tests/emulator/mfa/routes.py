# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MFA API: ``/mfa/*`` (API.md §2, and §1.4 for what each bearer may do)."""

from __future__ import annotations

from typing import Any

from ..factors.enrollment import E164, EMAIL, begin_enrollment, offer_push, otp_barcode_uri
from ..factors.verification import send, use_message_quota
from ..http.errors import oauth_error
from ..http.routing import Call, Route
from ..oauth.client_authentication import authenticate_client, read_json, require_grant, required
from ..oauth.sessions import MfaSession, foreign_mfa_token, malformed_mfa_token, open_mfa_jwt, open_mfa_token
from ..state.clients import MFA_OOB, MFA_OTP
from ..state.tenant import Tenant
from ..state.tokens import Sealer
from ..users.models import Authenticator, User
from ..users.views import active_factors, find_row, implicit_email, mfa_rows, row_id


def bearer(call: Call, scope: str, jwt_only: bool = False) -> MfaSession:
    """The session of the bearer token; 401 if it is missing, foreign or expired, 403 for a JWT without ``scope``."""
    scheme, _separator, text = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise oauth_error(401, "invalid_token", "Missing or malformed bearer token")
    if text.startswith(Sealer.PREFIX):
        session = open_mfa_token(call.tenant, text)
        if session is None:
            raise malformed_mfa_token(call.tenant)
    else:
        session = open_mfa_jwt(call.tenant, text)
    if session is None or (jwt_only and not session.is_jwt):
        raise oauth_error(401, "invalid_token", "Invalid token")
    call.principal = session.user.id
    if session.is_jwt and scope not in session.scope:
        raise oauth_error(403, "insufficient_scope", f"Insufficient scope, expected any of: {scope}")
    return session


def list_authenticators(call: Call) -> tuple[int, list]:
    """``GET /mfa/authenticators``."""
    return 200, mfa_rows(bearer(call, "read:authenticators").user, call.tenant.switches["authenticator-details"])


def delete_authenticator(call: Call) -> tuple[int, None]:
    """``DELETE /mfa/authenticators/{id}``: needs a JWT; an e-mail that was never enrolled cannot be deleted."""
    session = bearer(call, "remove:authenticators", jwt_only=True)
    user = session.user
    switches = call.tenant.switches
    implicit = implicit_email(user)
    if implicit and implicit.id == call.path["id"]:
        status = switches["implicit-email-delete-status"]
        raise oauth_error(status, "invalid_request", "A verified email that was not enrolled cannot be deleted")
    found = find_row(user, call.path["id"])
    if found is None:
        raise oauth_error(404, "not_found", "Authenticator not found")
    item, _channel = found
    if item.type == "recovery-code" and switches["recovery-code-delete-status"] != 204:
        status = switches["recovery-code-delete-status"]
        raise oauth_error(status, "invalid_request", "A recovery code cannot be deleted")
    call.tenant.remove_authenticator(user, item)
    call.tenant.record_event("gd_unenroll", user, session.client_id, item)
    return 204, None


# Enrollment


def associate(call: Call) -> tuple[int, dict]:
    """``POST /mfa/associate``: adds a pending authenticator; the first one comes with the user's recovery code."""
    session = bearer(call, "enroll")
    tenant, user = call.tenant, session.user
    if not session.is_jwt and active_factors(user):
        status = tenant.switches["already-enrolled-status"]
        raise oauth_error(status, "invalid_request", "User is already enrolled.")
    body = read_json(call)
    kind = _only_entry(body, "authenticator_types", ("otp", "oob"))
    channel = _only_entry(body, "oob_channels", ("sms", "voice", "auth0", "email")) if kind == "oob" else "otp"
    enroll = ENROLL[channel]
    _require_factor(tenant, channel)
    if tenant.is_full(user):
        text = "Guardian - User has created the maximum amount of authenticators"
        raise oauth_error(400, "invalid_request", text)
    answer = enroll(tenant, session, body, channel)
    if tenant.guardian.factors["recovery-code"] and user.recovery_code is None:
        answer["recovery_codes"] = [tenant.issue_recovery_code(user, confirmed=False)]
    return 200, answer


def _enroll_otp(tenant: Tenant, session: MfaSession, _body: dict, _channel: str) -> dict:
    item = _begin(tenant, session, "otp", {})
    uri = otp_barcode_uri(tenant, session.user, item)
    return {"authenticator_type": "otp", "secret": item.secret, "barcode_uri": uri}


def _enroll_phone(tenant: Tenant, session: MfaSession, body: dict, channel: str) -> dict:
    number = required(body, "phone_number")
    if not E164.fullmatch(number):
        raise oauth_error(400, "invalid_request", "Invalid phone_number: expected E.164, such as +12025550123")
    use_message_quota(tenant, session.user, channel)
    item = _begin(tenant, session, "phone", {"phone_number": number}, preferred=channel)
    return _prompted(channel, send(tenant, session.user, session.client_id, session.key, item, channel))


def _enroll_email(tenant: Tenant, session: MfaSession, body: dict, channel: str) -> dict:
    address = body.get("email", session.user.email)
    if not isinstance(address, str) or not EMAIL.fullmatch(address):
        raise oauth_error(400, "invalid_request", "Missing or invalid email")
    use_message_quota(tenant, session.user, channel)
    item = _begin(tenant, session, "email", {"email": address})
    return _prompted(channel, send(tenant, session.user, session.client_id, session.key, item, channel))


def _enroll_push(tenant: Tenant, session: MfaSession, _body: dict, channel: str) -> dict:
    item = _begin(tenant, session, "push-notification", {})
    oob_code, uri = offer_push(tenant, session.user, session.key, item)
    return {"authenticator_type": "oob", "oob_channel": channel, "oob_code": oob_code, "barcode_uri": uri}


ENROLL = {
    "otp": _enroll_otp,
    "sms": _enroll_phone,
    "voice": _enroll_phone,
    "email": _enroll_email,
    "auth0": _enroll_push,
}


def _require_factor(tenant: Tenant, channel: str) -> None:
    if not tenant.guardian.allows(channel):
        raise oauth_error(400, "invalid_request", f"The factor '{channel}' is not enabled on this tenant")


def _begin(
    tenant: Tenant, session: MfaSession, factor: str, values: dict, preferred: str | None = None
) -> Authenticator:
    return begin_enrollment(tenant, session.user, factor, values, session.client_id, preferred)[0]


def _prompted(channel: str, oob_code: str) -> dict:
    return {"authenticator_type": "oob", "binding_method": "prompt", "oob_channel": channel, "oob_code": oob_code}


def _only_entry(body: dict, name: str, allowed: tuple[str, ...]) -> str:
    values = body.get(name)
    if not isinstance(values, list) or len(values) != 1 or values[0] not in allowed:
        text = f"{name} must be an array with exactly one of: {', '.join(allowed)}"
        raise oauth_error(400, "invalid_request", text)
    return values[0]


# Challenge


def challenge(call: Call) -> tuple[int, dict]:
    """``POST /mfa/challenge``: send a code or a push to an active authenticator."""
    body = read_json(call)
    tenant = call.tenant
    client = authenticate_client(call, body)
    text = required(body, "mfa_token")
    session = open_mfa_token(tenant, text) if text.startswith(Sealer.PREFIX) else None
    if session is None:
        raise malformed_mfa_token(tenant)
    if session.client_id != client.id:
        raise foreign_mfa_token(tenant)
    types = str(body.get("challenge_type", "otp oob")).split()
    item, channel = _choose(tenant, session.user, types, body.get("authenticator_id"), body.get("oob_channel"))
    require_grant(client, MFA_OTP if channel == "otp" else MFA_OOB)
    tenant.record_event("gd_start_auth", session.user, client.id, item)
    if channel == "otp":
        return 200, {"challenge_type": "otp"}
    use_message_quota(tenant, session.user, channel)
    oob_code = send(tenant, session.user, client.id, session.key, item, channel)
    answer = {"challenge_type": "oob", "oob_code": oob_code}
    if channel != "push":
        answer["binding_method"] = "prompt"
    return 200, answer


def _choose(
    tenant: Tenant, user: User, types: list[str], wanted_id: Any, wanted_channel: Any
) -> tuple[Authenticator, str]:
    candidates = tenant.challengeable(user)
    if wanted_id is not None:
        candidates = [(item, channel) for item, channel in candidates if wanted_id == row_id(item, channel)]
        if not candidates:
            raise oauth_error(400, "invalid_request", "No active authenticator has this authenticator_id")
    elif wanted_channel is not None:
        wanted = "push" if wanted_channel == "auth0" else wanted_channel
        candidates = [(item, channel) for item, channel in candidates if channel in (wanted, "otp")]
    for item, channel in candidates:
        if ("otp" if channel == "otp" else "oob") in types:
            return item, channel
    if tenant.switches["unenrolled-challenge"] == "association_required" and not active_factors(user):
        raise oauth_error(401, "association_required", "User does not have any enrolled authenticator")
    text = f"User does not have any enrolled authenticator with the supported challenge type ({' '.join(types)})"
    raise oauth_error(401, "unsupported_challenge_type", text)


ROUTES = [
    Route("GET", "/mfa/authenticators", list_authenticators),
    Route("DELETE", "/mfa/authenticators/{id}", delete_authenticator),
    Route("POST", "/mfa/associate", associate),
    Route("POST", "/mfa/challenge", challenge),
]
