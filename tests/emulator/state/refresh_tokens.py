# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refresh tokens (API.md §1.6): each login starts a family with one valid token, which rotation replaces."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from .sessions import Device


@dataclass
class Family:
    """All refresh tokens of one login; ``scope`` is what that login was granted.

    The Management API shows it as one refresh token with an ID that is not the token.

    :param session_id: of the browser's session; None after a login with a password grant.
    :param valid: the token that may be used; with rotation, each use makes the next one valid.
    :param ends_at: when it ends because somebody deleted it; None otherwise.
    """

    user_id: str
    client_id: str
    audience: str
    scope: tuple[str, ...]
    created_at: int
    first: Device
    session_id: str | None = None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    valid: str = ""
    used_at: int | None = None
    last: Device | None = None
    ends_at: int | None = None

    def lives(self, now: int) -> bool:
        """Whether nobody deleted it."""
        return self.ends_at is None or now < self.ends_at


class RefreshTokens:
    """The refresh tokens of one tenant. Times are the tenant's, in milliseconds."""

    def __init__(self):
        self._families: dict[str, Family] = {}  # by ID
        self._tokens: dict[str, Family] = {}  # by every token that was ever issued

    def issue(self, family: Family) -> str:
        """A new token, which becomes the family's only valid one."""
        family.valid = f"v1.{secrets.token_urlsafe(43)}"
        self._families[family.id] = self._tokens[family.valid] = family
        return family.valid

    def find(self, token: str, client_id: str, now: int) -> Family | None:
        """The family of a valid token of this client, else None. Using a replaced token revokes its whole family."""
        family = self._tokens.get(token)
        if family is None or family.client_id != client_id or not family.lives(now):
            return None
        if token != family.valid:
            family.ends_at = now
            return None
        return family

    def of_token(self, token: str, now: int) -> Family | None:
        """The family of a valid or a replaced token, if it lives."""
        family = self._tokens.get(token)
        return family if family is not None and family.lives(now) else None

    def of_id(self, family_id: str, now: int) -> Family | None:
        """The family with this ID, if it lives."""
        family = self._families.get(family_id)
        return family if family is not None and family.lives(now) else None

    def of_user(self, user_id: str, now: int) -> list[Family]:
        """All that live, oldest first."""
        return [each for each in self._families.values() if each.user_id == user_id and each.lives(now)]
