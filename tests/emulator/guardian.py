# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's MFA configuration and its enrollment tickets (API.md §3.5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from .models import ALPHANUMERIC, Authenticator, User, device_suffix, totp_secret
from .seed import DAY

# All factors in the recorded order. The factor of phones, for SMS and voice alike, is called ``sms``.
FACTORS = (
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
)
MESSAGE_TYPES = ("sms", "voice")
POLICIES = ("all-applications", "confidence-score")
# What a ticket may ask for.
TICKET_FACTORS = ("push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform")
TICKET_LIFETIME = 5 * DAY


@dataclass
class Guardian:
    """What ``/guardian/*`` configures: enabled factors by name, what phones are challenged by, the MFA policies."""

    factors: dict[str, bool]
    message_types: tuple[str, ...]
    policies: list[str]
    tickets: dict[str, Ticket] = field(default_factory=dict)

    @classmethod
    def from_switches(cls, switches: dict) -> Guardian:
        """The configuration that a tenant starts with."""
        enabled = {"sms" if name == "phone" else name for name in switches["enabled-factors"]}
        if switches["recovery-code-factor"]:
            enabled.add("recovery-code")
        policies = [] if switches["mfa-policy"] == "never" else [switches["mfa-policy"]]
        return cls({name: name in enabled for name in FACTORS}, switches["message-types"], policies)

    def can_challenge(self) -> bool:
        """Whether any factor is enabled; a recovery code only replaces one."""
        return any(enabled for name, enabled in self.factors.items() if name != "recovery-code")

    def allows(self, channel: str) -> bool:
        """Whether ``otp`` or an out-of-band channel of the MFA API can be enrolled; push is called ``auth0`` there."""
        if channel in MESSAGE_TYPES:
            return self.factors["sms"] and channel in self.message_types
        return self.factors["push-notification" if channel == "auth0" else channel]


@dataclass
class Ticket:
    """An invitation to enroll, good for one enrollment within five days of ``created_at`` (milliseconds)."""

    id: str
    user_id: str
    created_at: int
    factor: str | None
    allows_further: bool
    used: bool = False

    @property
    def expires_at(self) -> int:
        """Milliseconds since 1970."""
        return self.created_at + TICKET_LIFETIME


def ticket_id() -> str:
    """32 alphanumerics."""
    return "".join(secrets.choice(ALPHANUMERIC) for _position in range(32))


def enrolled(user: User, factor: str, values: dict, message_types: tuple[str, ...], now: int) -> list[Authenticator]:
    """The pending authenticators that enrolling ``factor`` makes, the one to confirm first.

    :param factor: one of :data:`TICKET_FACTORS`.
    :param values: ``phone_number`` for a phone, ``email`` for an address other than the user's.
    :raises ValueError: a value that the factor needs is missing.
    """

    def pending(kind: str, **members) -> Authenticator:
        return Authenticator(kind, now, device_suffix(), confirmed=False, **members)

    if factor == "otp":
        return [pending("totp", secret=totp_secret())]
    if factor == "phone":
        preferred = next(iter(message_types), None)
        number = _text(values, "phone_number", None)
        return [pending("phone", phone_number=number, channels=message_types, preferred=preferred)]
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
