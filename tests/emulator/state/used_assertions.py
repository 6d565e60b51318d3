# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions that were used: each is accepted once."""

from __future__ import annotations


class UsedAssertions:
    """The ``jti`` of each assertion, until it expires. Times are Unix seconds."""

    def __init__(self):
        self._expiries: dict[str, float] = {}

    def add(self, jti: str, expires: float, now: float) -> bool:
        """Record a ``jti``; False if it was recorded before."""
        self._expiries = {old: until for old, until in self._expiries.items() if until > now}
        if jti in self._expiries:
            return False
        self._expiries[jti] = expires
        return True
