# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refresh tokens (API.md §1.6): each login starts a family with one valid token, which rotation replaces."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass
class Family:
    """All refresh tokens of one login; ``scope`` is what that login was granted.

    :param valid: the token that may be used; with rotation, each use makes the next one valid.
    """

    user_id: str
    client_id: str
    audience: str
    scope: tuple[str, ...]
    valid: str = ""


class RefreshTokens:
    """The refresh tokens of one tenant."""

    def __init__(self):
        self._families: dict[str, Family] = {}  # by every token that was ever issued

    def issue(self, family: Family) -> str:
        """A new token, which becomes the family's only valid one."""
        family.valid = f"v1.{secrets.token_urlsafe(43)}"
        self._families[family.valid] = family
        return family.valid

    def find(self, token: str, client_id: str) -> Family | None:
        """The family of a valid token of this client, else None. Using a replaced token revokes its whole family."""
        family = self._families.get(token)
        if family is None or family.client_id != client_id:
            return None
        if token != family.valid:
            self._revoke(family)
            return None
        return family

    def _revoke(self, family: Family) -> None:
        self._families = {token: other for token, other in self._families.items() if other is not family}
