# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token that is there already."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..api.checks import check_token
from ..api.token_set import TokenSet


@dataclass(frozen=True)
class GivenToken:
    """A token that somebody else got: for the Management API, or the user's own for the MFA API.

    :ivar option: where it came from, for messages
    """

    option: str
    value: str = field(repr=False)

    def validate(self) -> None:
        """:raises ConfigurationError: it cannot be a token"""
        check_token(self.option, self.value)

    def token(self) -> TokenSet:
        """The token. When it expires is for Auth0 to tell."""
        return TokenSet(self.value, expires_in=float("inf"))

    def renew(self) -> None:
        """None: whoever got it has to get another."""
