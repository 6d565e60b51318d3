# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's MFA configuration and its enrollment tickets (API.md §3.5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ..users.models import ALPHANUMERIC
from ..users.times import DAY

# All factors in the recorded order. ``sms`` is the factor for phones, SMS and voice alike.
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
# The factor of an authenticator's type, where the names differ.
_FACTOR_OF = {"phone": "sms", "push": "push-notification", "totp": "otp"}
MESSAGE_TYPES = ("sms", "voice")
POLICIES = ("all-applications", "confidence-score")
# The factors that a ticket may require.
TICKET_FACTORS = ("push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform")
TICKET_LIFETIME = 5 * DAY


@dataclass
class Guardian:
    """What ``/guardian/*`` configures: the enabled factors, the message types of phones, the MFA policies."""

    factors: dict[str, bool]
    message_types: tuple[str, ...]
    policies: list[str]
    tickets: dict[str, Ticket] = field(default_factory=dict)

    @classmethod
    def from_switches(cls, switches: dict) -> Guardian:
        """The configuration with which a tenant starts."""
        enabled = {"sms" if name == "phone" else name for name in switches["enabled-factors"]}
        if switches["recovery-code-factor"]:
            enabled.add("recovery-code")
        policies = [] if switches["mfa-policy"] == "never" else [switches["mfa-policy"]]
        return cls({name: name in enabled for name in FACTORS}, switches["message-types"], policies)

    def can_challenge(self) -> bool:
        """Whether any factor is enabled besides the recovery code, which only replaces one."""
        return any(enabled for name, enabled in self.factors.items() if name != "recovery-code")

    def enables(self, kind: str) -> bool:
        """Whether the factor of this type of authenticator is enabled."""
        return self.factors.get(_FACTOR_OF.get(kind, kind), True)

    def allows(self, channel: str) -> bool:
        """Whether ``otp`` or an out-of-band channel of the MFA API can be enrolled; push is called ``auth0`` there."""
        if channel in MESSAGE_TYPES:
            return self.factors["sms"] and channel in self.message_types
        return self.factors["push-notification" if channel == "auth0" else channel]


@dataclass
class Ticket:
    """An invitation to one enrollment; it expires five days after ``created_at`` (milliseconds)."""

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
    """A new ticket ID: 32 alphanumerics."""
    return "".join(secrets.choice(ALPHANUMERIC) for _position in range(32))
