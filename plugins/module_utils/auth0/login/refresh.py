# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication with a refresh token."""

from __future__ import annotations

from ..api.checks import check_token
from ..api.token_set import TokenSet
from ..api.tokens import TokenEndpoint


class Refresh:
    """A refresh token; where the application rotates it, always the newest one."""

    def __init__(self, endpoint: TokenEndpoint, refresh_token: str, scope: tuple[str, ...] = ()) -> None:
        """
        :param scope: a part of what the login was granted; empty for all of it
        """
        self._endpoint, self._refresh_token, self._scope = endpoint, refresh_token, scope

    def validate(self) -> None:
        """:raises ConfigurationError: it cannot be a token"""
        check_token("refresh_token", self._refresh_token)

    def token(self) -> TokenSet:
        """The user's token.

        :raises MfaRequiredError: an Action asks for a second step
        :raises AuthenticationError: Auth0 does not accept the refresh token
        """
        tokens = self._endpoint.refresh(self._refresh_token, self._scope)
        self._refresh_token = tokens.refresh_token or self._refresh_token
        return tokens

    def renew(self) -> TokenSet:
        """Another one, in the same way."""
        return self.token()
