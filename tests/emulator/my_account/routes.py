# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The My Account API: ``/me/v1/*`` (API.md §5; members as in its published OpenAPI description)."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import quote

from ..factors.enrollment import E164, EMAIL, begin_enrollment, offer_push, otp_barcode_uri
from ..factors.verification import (
    WrongCode,
    open_challenge,
    send,
    take_push,
    use_message_quota,
    verify_code,
    verify_otp,
)
from ..http.errors import ApiError, problem
from ..http.routing import Call, Route
from ..state.quotas import QuotaExceeded
from ..state.rate_limits import limit_headers
from ..state.tenant import MAX_AUTHENTICATORS, Tenant
from ..users.masking import mask_email, mask_phone
from ..users.models import Authenticator, User, device_suffix, recovery_code
from ..users.times import iso

MOST_LISTED = 20
SESSION_LIFETIME = 600_000
# Types that have another name in the Management API.
_SHOWN = {"push": "push-notification"}
TYPES = (
    "password",
    "passkey",
    "webauthn-platform",
    "webauthn-roaming",
    "totp",
    "phone",
    "email",
    "push-notification",
    "recovery-code",
)
# The types that can be enrolled here, each with its factor in the Guardian configuration.
_FACTORS = {
    "totp": "otp",
    "phone": "sms",
    "push-notification": "push-notification",
    "email": "email",
    "recovery-code": "recovery-code",
}
_CREATE = {"phone": ("type", "phone_number", "preferred_authentication_method"), "email": ("type", "email")}
_NEEDED = {"phone": "phone_number", "email": "email"}


def my_user(call: Call, scope: str, quota: str) -> tuple[User, str]:
    """The user of the bearer token, and the client that it was issued to.

    401 without a valid token, 403 without ``scope``; raises ``QuotaExceeded`` after too many requests of this user.
    """
    scheme, _separator, token = call.headers.get("authorization", "").partition(" ")
    claims = call.tenant.signer.verify(token) if scheme.lower() == "bearer" and token else None
    user = call.tenant.find(claims["sub"]) if claims and claims["aud"] == call.tenant.my_account_audience else None
    if user is None:
        raise problem(401, "Invalid Token", "Invalid Token", 3)
    call.principal = user.id
    if call.tenant.now() >= claims["exp"] * 1000:
        raise problem(401, "Invalid Token", "Expired Token", 3)
    if scope not in claims["scope"].split():
        raise problem(403, "Insufficient Scope", f"Insufficient scope, expected any of: {scope}")
    _use_request_quota(call, user, quota)
    return user, claims["azp"]


def _use_request_quota(call: Call, user: User, quota: str) -> None:
    """Count a request of this user and report the rest in the response headers."""
    now, ahead = time.time(), call.tenant.offset / 1000
    try:
        bucket = call.tenant.quotas.take(quota, user.id, now)
    except QuotaExceeded as exceeded:
        call.answer_headers.update(limit_headers(exceeded.bucket, now, ahead))
        raise
    if bucket is not None:
        call.answer_headers.update(limit_headers(bucket, now, ahead))


def list_factors(call: Call) -> tuple[int, dict]:
    """``GET /factors``: what can be enrolled here."""
    my_user(call, "read:me:factors", "me-read")
    enabled = call.tenant.guardian.factors
    return 200, {
        "factors": [{"type": kind, "usage": ["secondary"]} for kind, name in _FACTORS.items() if enabled[name]]
    }


def list_methods(call: Call) -> tuple[int, dict]:
    """``GET /authentication-methods?type=``: unconfirmed ones too; at most 20."""
    wanted = call.query.get("type")
    quota = "me-read" if wanted is None else "me-read-filtered"
    user, _client_id = my_user(call, "read:me:authentication_methods", quota)
    if wanted is not None and wanted not in TYPES:
        raise _invalid("type", "query", f"must be one of {', '.join(TYPES)}")
    items = [item for item in user.authenticators if wanted is None or _type(item) == wanted]
    return 200, {"authentication_methods": [_view(call.tenant, user, item) for item in items[:MOST_LISTED]]}


def get_method(call: Call) -> tuple[int, dict]:
    """``GET /authentication-methods/{id}``."""
    user, _client_id = my_user(call, "read:me:authentication_methods", "me-read")
    item = _find(user, call.path["id"])
    if item is None:
        raise _not_found(404)
    return 200, _view(call.tenant, user, item)


def create_method(call: Call) -> tuple[int, dict]:
    """``POST /authentication-methods``: 202; ``verify`` finishes the enrollment.

    A new recovery code replaces the old one when it is verified; until then it is not listed.
    """
    user, client_id = my_user(call, "create:me:authentication_methods", "me-write")
    tenant, body = call.tenant, _body(call)
    kind = body.get("type")
    if kind not in TYPES:
        raise _invalid("type", "body", f"must be one of {', '.join(TYPES)}")
    if kind not in _FACTORS:
        raise problem(400, "Bad Request", f"Enrollment of {kind} is not available on this tenant")
    _check_members(body, _CREATE.get(kind, ("type",)), _NEEDED.get(kind))
    if not tenant.guardian.factors[_FACTORS[kind]]:
        raise problem(403, "Forbidden", f"The factor {kind} is not enabled on this tenant")
    if kind != "recovery-code" and tenant.is_full(user):
        raise problem(403, "Forbidden", f"A user cannot have more than {MAX_AUTHENTICATORS} authentication methods")
    method_id, answer = _enroll(tenant, user, client_id, kind, body)
    call.answer_headers["location"] = _location(call, method_id)
    return 202, {"id": method_id, **answer}


def verify_method(call: Call) -> tuple[int, dict]:
    """``POST /authentication-methods/{id}/verify``: 201 with the method."""
    user, client_id = my_user(call, "create:me:authentication_methods", "me-write")
    tenant, body = call.tenant, _body(call)
    sealed = tenant.sealer.open(body["auth_session"]) if isinstance(body.get("auth_session"), str) else None
    method_id = call.path["id"]
    if sealed is None or sealed.get("kind") != "me" or (sealed["sub"], sealed["id"]) != (user.id, method_id):
        raise _invalid("auth_session", "body", "is missing, or does not belong to this authentication method")
    if tenant.now() >= sealed["exp"]:
        raise problem(400, "Bad Request", "auth_session is expired")
    kind = method_id.partition("|")[0]
    needs_code = kind in ("totp", "phone", "email")
    _check_members(body, ("auth_session", *(("otp_code",) if needs_code else ())), "otp_code" if needs_code else None)
    if kind == "recovery-code":
        item = _confirm_recovery_code(tenant, user, sealed)
    else:
        item = _find(user, method_id)
        if item is None or item.confirmed:
            raise problem(400, "Bad Request", "There is no enrollment to verify")
        _verify(tenant, user, client_id, item, sealed, body.get("otp_code", ""))
    call.answer_headers["location"] = _location(call, method_id)
    return 201, _view(tenant, user, item)


def update_method(call: Call) -> tuple[int, dict]:
    """``PATCH /authentication-methods/{id}``: ``name`` and, for phones, ``preferred_authentication_method``."""
    user, _client_id = my_user(call, "update:me:authentication_methods", "me-write")
    body = _body(call)
    _check_members(body, ("name", "preferred_authentication_method"), None)
    item = _find(user, call.path["id"])
    if item is None:
        raise _not_found(call.tenant.switches["my-account-missing-status"])
    preferred = body.get("preferred_authentication_method")
    if preferred is not None and item.type != "phone":
        raise _invalid("preferred_authentication_method", "body", "applies to phones only")
    item.name = body.get("name", item.name)
    item.preferred = preferred or item.preferred
    return 200, _view(call.tenant, user, item)


def delete_method(call: Call) -> tuple[int, None]:
    """``DELETE /authentication-methods/{id}``: with its pair."""
    user, client_id = my_user(call, "delete:me:authentication_methods", "me-write")
    item = _find(user, call.path["id"])
    if item is None:
        raise _not_found(call.tenant.switches["my-account-missing-status"])
    call.tenant.remove_authenticator(user, item)
    call.tenant.record_event("gd_unenroll", user, client_id, item)
    return 204, None


# Enrollment


def _enroll(tenant: Tenant, user: User, client_id: str, kind: str, body: dict) -> tuple[str, dict]:
    """Begin an enrollment and return its ID and the other members of the answer."""
    if kind == "recovery-code":
        method_id, code = f"{kind}|{device_suffix()}", recovery_code()
        return method_id, {"auth_session": _seal(tenant, user, method_id, code=code), "recovery_code": code}
    preferred = body.get("preferred_authentication_method") or next(iter(tenant.guardian.message_types), None)
    channel = preferred if kind == "phone" and preferred else kind
    if kind in _NEEDED:
        use_message_quota(tenant, user, channel)
    factor = "otp" if kind == "totp" else kind
    item = begin_enrollment(tenant, user, factor, body, client_id, preferred)[0]
    method_id = _method_id(item)
    if kind == "totp":
        answer = {"barcode_uri": otp_barcode_uri(tenant, user, item), "manual_input_code": item.secret}
        return method_id, {"auth_session": _seal(tenant, user, method_id), **answer}
    if kind == "push-notification":
        oob_code, uri = offer_push(tenant, user, method_id, item)
        answer = {"barcode_uri": uri}
    else:
        oob_code, answer = send(tenant, user, client_id, method_id, item, channel), {}
    return method_id, {"auth_session": _seal(tenant, user, method_id, oob_code=oob_code), **answer}


def _seal(tenant: Tenant, user: User, method_id: str, **members: str) -> str:
    expires = tenant.now() + SESSION_LIFETIME
    return tenant.sealer.seal({"kind": "me", "sub": user.id, "id": method_id, "exp": expires, **members}, expires)


def _verify(tenant: Tenant, user: User, client_id: str, item: Authenticator, sealed: dict, code: str) -> None:
    try:
        if item.type == "totp":
            verify_otp(tenant, user, client_id, code, item)
            return
        challenge = open_challenge(tenant, user, sealed["id"], sealed["oob_code"])
        if item.type != "push":
            verify_code(tenant, user, client_id, challenge, code)
        elif take_push(tenant, user, client_id, challenge) is None:
            raise problem(400, "Bad Request", "The code has not been scanned yet")
    except WrongCode:
        raise problem(400, "Bad Request", "Invalid otp_code") from None
    except ApiError as error:
        if "error_description" in error.body:
            raise problem(400, "Bad Request", error.body["error_description"]) from None
        raise


def _confirm_recovery_code(tenant: Tenant, user: User, sealed: dict) -> Authenticator:
    if user.recovery_code == sealed["code"]:
        raise problem(400, "Bad Request", "There is no enrollment to verify")
    tenant.issue_recovery_code(user, confirmed=True)
    item = next(item for item in user.authenticators if item.type == "recovery-code")
    item.suffix = sealed["id"].partition("|")[2]
    user.recovery_code = sealed["code"]
    return item


# Views and checks


def _type(item: Authenticator) -> str:
    return _SHOWN.get(item.type, item.type)


def _method_id(item: Authenticator) -> str:
    return f"{_type(item)}|{item.suffix}"


def _find(user: User, method_id: str) -> Authenticator | None:
    return next((item for item in user.authenticators if _method_id(item) == method_id), None)


def _view(tenant: Tenant, user: User, item: Authenticator) -> dict:
    """An authentication method as its owner sees it; numbers and addresses are masked only if the switch says so."""
    masked = tenant.switches["my-account-masked"]
    answer: dict[str, Any] = {
        "id": _method_id(item),
        "type": _type(item),
        "created_at": iso(item.created_at),
        "usage": ["primary"] if item.type == "passkey" else ["secondary"],
    }
    if item.type == "passkey":
        answer["identity_user_id"] = user.profile["identities"][0]["user_id"]
        answer["user_handle"] = base64.urlsafe_b64encode(user.id.encode()).decode().rstrip("=")
        answer.update({"credential_device_type": "single_device", "credential_backed_up": False})
    else:
        answer["confirmed"] = item.confirmed
    if item.name is not None:
        answer["name"] = item.name
    if item.phone_number is not None:
        answer["phone_number"] = mask_phone(item.phone_number) if masked else item.phone_number
        answer["preferred_authentication_method"] = item.preferred or next(iter(item.channels), "sms")
    if item.email is not None:
        answer["email"] = mask_email(item.email) if masked else item.email
    if item.last_auth_at is not None:
        answer["last_auth_at"] = iso(item.last_auth_at)
    credential = dict(item.webauthn)
    if "relying_party_identifier" in credential:
        relying_party = credential.pop("relying_party_identifier")
        if item.type == "passkey":
            credential["relying_party_id"] = relying_party
    answer.update(credential)
    return answer


def _location(call: Call, method_id: str) -> str:
    return f"{call.tenant.issuer}me/v1/authentication-methods/{quote(method_id, safe='')}"


def _body(call: Call) -> dict:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise problem(415, "Unsupported Media Type", "The content type must be application/json")
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise problem(400, "Bad Request", "The body is not a JSON object")
    return body


def _check_members(body: dict, known: tuple[str, ...], needed: str | None) -> None:
    if needed is not None and needed not in body:
        raise _invalid(needed, "body", "is required")
    for name, value in body.items():
        if name not in known:
            raise _invalid(name, "body", "is not allowed")
        if not isinstance(value, str) or not value:
            raise _invalid(name, "body", "must be a text that is not empty")
    if "phone_number" in body and not E164.fullmatch(body["phone_number"]):
        raise _invalid("phone_number", "body", "must be in E.164 format, such as +12025550123")
    if "email" in body and not EMAIL.fullmatch(body["email"]):
        raise _invalid("email", "body", "must be an e-mail address")
    if body.get("preferred_authentication_method", "sms") not in ("sms", "voice"):
        raise _invalid("preferred_authentication_method", "body", "must be sms or voice")


def _invalid(name: str, source: str, text: str) -> ApiError:
    error = {"detail": f"{name} {text}", "field": name, "source": source}
    if source == "body":
        error["pointer"] = f"/{name}"
    return problem(400, "Bad Request", "Invalid request payload input", errors=[error])


def _not_found(status: int) -> ApiError:
    title = "Not Found" if status == 404 else "Bad Request"
    return problem(status, title, "The authentication method does not exist")


_METHODS = "/me/v1/authentication-methods"
ROUTES = [
    Route("GET", "/me/v1/factors", list_factors, group="me-read"),
    Route("GET", _METHODS, list_methods, group="me-read"),
    Route("POST", _METHODS, create_method, group="me-write"),
    Route("GET", _METHODS + "/{id}", get_method, group="me-read"),
    Route("PATCH", _METHODS + "/{id}", update_method, group="me-write"),
    Route("DELETE", _METHODS + "/{id}", delete_method, group="me-write"),
    Route("POST", _METHODS + "/{id}/verify", verify_method, group="me-write"),
]
