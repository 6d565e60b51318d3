# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant stores about a user: profile, authenticators, challenges under way.

Times are milliseconds since 1970. An :class:`Authenticator` is stored as the Management API sees it (one phone); the
MFA API's view (one row per channel) is computed in :mod:`.views`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
RECOVERY_CODE_CHARACTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

MISSING = object()  # stands in ``raw`` for a member that is left out

SYSTEM_RANDOM = random.SystemRandom()


def device_suffix(rng: random.Random = SYSTEM_RANDOM) -> str:
    """The part of an authenticator's id after the pipe: ``dev_`` and 16 alphanumerics."""
    return "dev_" + "".join(rng.choices(ALPHANUMERIC, k=16))


def totp_secret(rng: random.Random = SYSTEM_RANDOM) -> str:
    """32 base32 characters, as ``POST /mfa/associate`` issues them."""
    return "".join(rng.choices(BASE32, k=32))


def recovery_code(rng: random.Random = SYSTEM_RANDOM) -> str:
    """24 characters from the digits 1-9 and capitals without I and O (API.md §3.4)."""
    return "".join(rng.choices(RECOVERY_CODE_CHARACTERS, k=24))


@dataclass
class Authenticator:
    """One authenticator; ``type`` is the Management API's (``totp``, ``phone``, ``recovery-code``, ...).

    ``raw`` members are laid over what the Management API reads, or left out there.
    """

    type: str
    created_at: int
    suffix: str
    confirmed: bool = True
    enrolled_at: int | None = None
    last_auth_at: int | None = None
    name: str | None = None
    phone_number: str | None = None
    email: str | None = None
    secret: str | None = None
    channels: tuple[str, ...] = ()
    preferred: str | None = None
    link_id: str | None = None
    webauthn: dict = field(default_factory=dict)
    last_otp_step: int = -1
    raw: dict = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id in the Management API, ``<type>|dev_...``."""
        return f"{self.type}|{self.suffix}"

    @property
    def target(self) -> str | None:
        """The value that makes two authenticators of one type equal: number, address, secret or credential."""
        return self.phone_number or self.email or self.secret or self.webauthn.get("key_id")


@dataclass
class Challenge:
    """A code or a push that was sent to one authenticator; ``session`` is the login or token it belongs to.

    ``approved`` is how a push was answered (None: not yet), ``polled_at`` when the client last asked for the answer.
    """

    session: str
    authenticator_id: str
    channel: str
    code: str | None
    sent_at: int
    used: bool = False
    approved: bool | None = None
    polled_at: int | None = None


@dataclass
class User:
    """``profile`` is the Management API's answer without the members computed from the authenticators.

    ``raw`` members are laid over each answer and each exported row, or left out there; the search does not see them.
    """

    profile: dict
    connection: str
    password: str | None = None
    authenticators: list[Authenticator] = field(default_factory=list)
    recovery_code: str | None = None
    challenges: dict[str, Challenge] = field(default_factory=dict)
    received: list[dict] = field(default_factory=list)
    mfa_removed_at: int | None = None  # when an authenticator was last removed
    raw: dict = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The ``user_id``."""
        return self.profile["user_id"]

    @property
    def email(self) -> str | None:
        """The profile's e-mail address."""
        return self.profile.get("email")

    @property
    def names(self) -> list[str]:
        """What the user may log in by."""
        return [self.profile[name] for name in ("email", "username", "phone_number") if self.profile.get(name)]
