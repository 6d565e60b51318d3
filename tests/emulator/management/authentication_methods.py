# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/users/{id}/authentication-methods`` of the Management API (API.md §3.1)."""

from __future__ import annotations

import base64
import binascii

from ..http.errors import ApiError, management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, array, boolean, invalid_body, record, text
from ..http.validation import flag, page_of
from ..state.tenant import Tenant
from ..users.models import Authenticator, User, device_suffix
from ..users.views import find_row, read_item, written_item
from .users import existing_user

_LABEL = "A human-readable label to identify the authentication method"
_PHONE = (
    "Applies to phone authentication methods only. "
    "The destination phone number used to send verification codes via text and voice"
)
_PREFERRED = "Applies to phone authentication methods only. The preferred communication method"
_EMAIL = "Applies to email authentication methods only. The email address used to send verification messages"
_SECRET = "Applies to totp authentication methods only. The base32 encoded secret for TOTP generation"
_WEBAUTHN = {
    "key_id": text("Applies to webauthn/passkey authentication methods only. The id of the credential"),
    "public_key": text("Applies to webauthn/passkey authentication methods only. The public key, base64 encoded"),
    "aaguid": text("Applies to passkeys only. Authenticator Attestation Globally Unique Identifier", form="uuid"),
    "relying_party_identifier": text(
        "Applies to webauthn authentication methods only. The relying party identifier", form="hostname"
    ),
    "credential_device_type": text("Applies to passkeys only", values=["single_device", "multi_device"]),
    "credential_backed_up": boolean("Applies to passkeys only. Whether the credential was backed up"),
    "identity_user_id": text("Applies to passkeys only. The ID of the user identity"),
    "user_agent": text("Applies to passkeys only. The user-agent of the browser used to create the passkey"),
    "user_handle": text("Applies to passkeys only. The user handle of the user identity"),
    "transports": array(text(), "Applies to passkeys only. The transports used"),
}
_NAME = text(_LABEL, 1, 20)
_PREFERENCE = text(_PREFERRED, values=["voice", "sms"])
_CREATE = Body(
    record(
        {
            "type": text(values=["phone", "email", "totp", "webauthn-roaming", "passkey"]),
            "name": _NAME,
            "phone_number": text(_PHONE, 2, 30),
            "email": text(_EMAIL),
            "totp_secret": text(_SECRET),
            "preferred_authentication_method": _PREFERENCE,
            **_WEBAUTHN,
        },
        ["type"],
    )
)
_SET = Body(
    array(
        record(
            {
                "type": text(values=["phone", "email", "totp"]),
                "name": _NAME,
                "phone_number": text(_PHONE, 2, 30),
                "email": text(_EMAIL, 1),
                "totp_secret": text(_SECRET, 1),
                "preferred_authentication_method": _PREFERENCE,
            },
            ["type"],
        )
    )
)
_UPDATE = Body(record({"name": _NAME, "preferred_authentication_method": _PREFERENCE}))
_NEEDED = {
    "phone": ("phone_number",),
    "email": ("email",),
    "totp": ("totp_secret",),
    "webauthn-roaming": ("key_id", "public_key", "relying_party_identifier"),
    "passkey": ("key_id", "public_key"),
}


def list_methods(call: Call) -> tuple[int, list | dict]:
    """``GET``: an array, or an envelope whose ``total`` is left out when the page is empty."""
    page, per_page = page_of(call)
    include_totals = flag(call, "include_totals", False)
    user = existing_user(call)
    methods = _ordered(call.tenant, user)
    start = page * per_page
    items = [read_item(user, item, call.tenant.shows_numbers) for item in methods[start : start + per_page]]
    if not include_totals:
        return 200, items
    answer = {"authenticators": items, "start": start, "limit": per_page}
    if items:  # not on a page past the end either (recorded)
        answer["total"] = len(methods)
    return 200, answer


def get_method(call: Call) -> tuple[int, dict]:
    """``GET .../{method_id}``."""
    user = existing_user(call)
    return 200, read_item(user, _existing_method(call, user), call.tenant.shows_numbers)


def create_method(call: Call) -> tuple[int, dict]:
    """``POST``: confirmed at once; 409 if an equal method exists (switchable)."""
    user = existing_user(call)
    item = _build(call.tenant, call.content)
    if call.tenant.is_full(user):
        raise management_error(403, "You reached the limit of entities of this type for this user.")
    if call.tenant.switches["post-equal-method-status"] == 409 and _equal(user.authenticators, item):
        raise _conflict()
    user.authenticators.append(item)
    return 201, written_item(user, item)


def set_methods(call: Call) -> tuple[int, list]:
    """``PUT``: replaces the complete set; the answer is unmasked and in the order of the request."""
    user = existing_user(call)
    items: list[Authenticator] = []
    for entry in call.content:
        item = _build(call.tenant, entry)
        if _equal(items, item):
            raise _conflict()
        old = _equal(user.authenticators, item) if call.tenant.switches["put-keeps-ids"] else None
        if old is not None:
            old.name, old.preferred = item.name, item.preferred
            item = old
        items.append(item)
    call.tenant.remove_all_authenticators(user)
    user.authenticators = items
    return 200, [written_item(user, item, masked=False) for item in items]


def update_method(call: Call) -> tuple[int, dict]:
    """``PATCH .../{method_id}``: ``name`` and ``preferred_authentication_method`` only."""
    user = existing_user(call)
    item = _existing_method(call, user)
    body = call.content
    preferred = body.get("preferred_authentication_method")
    if preferred is not None and item.type != "phone":
        raise invalid_body("Only phones have a preferred method", "preferred_authentication_method", _PREFERRED)
    item.name = body.get("name", item.name)
    item.preferred = preferred or item.preferred
    return 200, written_item(user, item)


def delete_method(call: Call) -> tuple[int, None]:
    """``DELETE .../{method_id}``: with its pair; also what ``GET`` does not list, and by the ids of the MFA API (API.md §8)."""
    user = existing_user(call)
    item = _removable(user, call.path["method_id"])
    if item is not None:
        call.tenant.remove_authenticator(user, item)
    elif call.tenant.switches["missing-method-status"] == 404:
        raise _method_not_found()
    return 204, None


def delete_all_methods(call: Call) -> tuple[int, None]:
    """``DELETE`` of the collection: everything at once, pending enrollments included."""
    if call.tenant.switches["delete-all-unknown-user-status"] == 404:
        existing_user(call)
    user = call.tenant.find(call.path["id"])
    if user is not None:
        call.tenant.remove_all_authenticators(user)
    return 204, None


def _visible(tenant: Tenant, user: User) -> list[Authenticator]:
    if tenant.switches["unconfirmed-in-management"]:
        return user.authenticators
    return [item for item in user.authenticators if item.confirmed]


def _ordered(tenant: Tenant, user: User) -> list[Authenticator]:
    """What is listed; phones come last, as recorded after a PUT, or all in an order that only chance has made (switchable)."""
    if tenant.switches["method-order"] == "shuffled":
        return sorted(_visible(tenant, user), key=lambda item: item.suffix[::-1])
    return sorted(_visible(tenant, user), key=lambda item: item.type == "phone")


def _find(tenant: Tenant, user: User, method_id: str) -> Authenticator | None:
    return next((item for item in _visible(tenant, user) if item.id == method_id), None)


def _removable(user: User, method_id: str) -> Authenticator | None:
    by_id = next((item for item in user.authenticators if item.id == method_id), None)
    if by_id is not None:
        return by_id
    row = find_row(user, method_id)
    return row[0] if row else None


def _existing_method(call: Call, user: User) -> Authenticator:
    item = _find(call.tenant, user, call.path["method_id"])
    if item is None:
        raise _method_not_found()
    return item


def _build(tenant: Tenant, body: dict) -> Authenticator:
    kind = body["type"]
    for name in _NEEDED[kind]:
        if name not in body:
            raise invalid_body(f"Missing required property: {name}")
    if kind == "totp" and not _is_base32(body["totp_secret"]):
        raise invalid_body("String is not base32 encoded", "totp_secret", _SECRET)
    is_phone = kind == "phone"
    return Authenticator(
        kind,
        tenant.now(),
        device_suffix(),
        name=body.get("name"),
        phone_number=body["phone_number"] if is_phone else None,
        email=body["email"] if kind == "email" else None,
        secret=body["totp_secret"] if kind == "totp" else None,
        channels=tenant.guardian.message_types if is_phone else (),
        preferred=body.get("preferred_authentication_method") if is_phone else None,
        webauthn={name: body[name] for name in _WEBAUTHN if name in body},
    )


def _is_base32(text: str) -> bool:
    try:
        base64.b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _equal(items: list[Authenticator], wanted: Authenticator) -> Authenticator | None:
    return next((item for item in items if (item.type, item.target) == (wanted.type, wanted.target)), None)


def _conflict() -> ApiError:
    return management_error(409, "Authentication method already exists")


def _method_not_found() -> ApiError:
    return management_error(404, "Authentication method not found")


_METHODS = "/api/v2/users/{id}/authentication-methods"
ROUTES = [
    Route("GET", _METHODS, list_methods, ("read:authentication_methods",), "authentication-methods"),
    Route("POST", _METHODS, create_method, ("create:authentication_methods",), body=_CREATE),
    Route("PUT", _METHODS, set_methods, ("update:authentication_methods",), body=_SET),
    Route("DELETE", _METHODS, delete_all_methods, ("delete:authentication_methods",)),
    Route("GET", _METHODS + "/{method_id}", get_method, ("read:authentication_methods",), "authentication-methods"),
    Route("PATCH", _METHODS + "/{method_id}", update_method, ("update:authentication_methods",), body=_UPDATE),
    Route("DELETE", _METHODS + "/{method_id}", delete_method, ("delete:authentication_methods",)),
]
