# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token, and what it says of itself."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TokenSet:
    """What a grant returned. ``repr`` leaves out the secrets.

    :ivar expires_in: seconds; 600 for the ``/mfa/`` audience, 86400 by default for the Management API; 0 where Auth0 did not say
    :ivar scope: the scopes that were granted
    :ivar refresh_token: a new one; None where the given one stays
    :ivar recovery_code: replaces the one that the grant used up
    :ivar used_up: the grant voided a recovery code or a refresh token of the user
    """

    access_token: str = field(repr=False)
    expires_in: float = 0
    scope: tuple[str, ...] = ()
    refresh_token: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)
    used_up: bool = False


def claims(bearer: str) -> dict[str, Any] | None:
    """What a JWT says of itself, not verified, because only the API can; None for anything else."""
    parts = bearer.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def is_mfa_token(bearer: str) -> bool:
    """Whether this is the opaque ``mfa_token`` of an ``mfa_required`` answer rather than an access token (a JWT)."""
    return bearer.startswith("Fe26.2*")
