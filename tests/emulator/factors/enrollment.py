# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beginning an enrollment, whichever API asked for it: the pending authenticators and the QR codes."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from ..state.tenant import Tenant
from ..users.models import Authenticator, User, device_suffix, totp_secret

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def begin_enrollment(
    tenant: Tenant, user: User, factor: str, values: dict, client_id: str | None = None, preferred: str | None = None
) -> list[Authenticator]:
    """Add pending authenticators to the user and return them, the one to confirm first; log the start.

    :param factor: one of :data:`TICKET_FACTORS`.
    :param values: ``phone_number`` for a phone, ``email`` for an address other than the user's.
    :param preferred: the channel chosen for a phone; the default is the tenant's first message type.
    :raises ValueError: a value that the factor needs is missing.
    """
    added = _pending(tenant, user, factor, values, preferred)
    user.authenticators += added
    tenant.record_event("gd_start_enroll", user, client_id, added[0])
    return added


def offer_push(tenant: Tenant, user: User, session: str, item: Authenticator) -> tuple[str, str]:
    """The ``oob_code`` of the push that confirms a new device, and the content of the QR code for the Guardian app."""
    return tenant.challenge(user, session, item, "push"), _push_barcode_uri(tenant, user)


def otp_barcode_uri(tenant: Tenant, user: User, item: Authenticator) -> str:
    """The content of the QR code for an OTP app."""
    label = f"{quote(tenant.name)}:{quote(user.email or user.id)}"
    members = {"secret": item.secret, "issuer": tenant.name, "algorithm": "SHA1", "digits": 6, "period": 30}
    return f"otpauth://totp/{label}?{urlencode(members, quote_via=quote)}"


def _push_barcode_uri(tenant: Tenant, user: User) -> str:
    label = f"{quote(tenant.name)}:{quote(user.email or user.id)}"
    members = {"enrollment_tx_id": device_suffix()[4:], "base_url": f"https://guardian.{tenant.domain}"}
    return f"otpauth://totp/{label}?{urlencode(members)}"


def _pending(tenant: Tenant, user: User, factor: str, values: dict, preferred: str | None) -> list[Authenticator]:
    def pending(kind: str, **members: Any) -> Authenticator:
        return Authenticator(kind, tenant.now(), device_suffix(), confirmed=False, **members)

    if factor == "otp":
        return [pending("totp", secret=totp_secret())]
    if factor == "phone":
        number, channels = _text(values, "phone_number", None), tenant.guardian.message_types
        return [
            pending("phone", phone_number=number, channels=channels, preferred=preferred or next(iter(channels), None))
        ]
    if factor == "email":
        return [pending("email", email=_text(values, "email", user.email))]
    if factor == "push-notification":
        link = f"link_{device_suffix()[4:]}"
        return [pending("push", link_id=link), pending("totp", secret=totp_secret(), link_id=link)]
    credential = {
        "key_id": secrets.token_urlsafe(16),
        "public_key": "pQECAyYgASFYIA==",
        "relying_party_identifier": "login.example.com",
    }
    return [pending(factor, webauthn=credential)]


def _text(values: dict, name: str, default: str | None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected {name}, a text")
    return value
