# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a call authenticates: what every way to get a token offers, and the token it gave, kept until it expires."""

from __future__ import annotations

import math
import time
from typing import Callable, Protocol, TypeVar

from ..wire.errors import MfaRequiredError
from ..wire.transport import check_sendable
from .tokens import TokenSet

# A token is renewed before it expires, so that a request under way does not meet the end of it: so many seconds, and no more
# than this part of its life.
_LEEWAY = 60.0
_LEEWAY_PART = 0.1
# How long Auth0 accepts an mfa_token.
_MFA_TOKEN_LIFETIME = 600.0

T = TypeVar("T")


class Authentication(Protocol):
    """One way to authenticate."""

    def validate(self) -> None:
        """Return if nothing is missing; sends nothing.

        :raises ConfigurationError: a value is missing or cannot be right
        """

    def token(self) -> TokenSet:
        """The first token.

        :raises MfaRequiredError: the user must pass a second step first
        :raises Auth0Error: Auth0 refused, or did not answer
        """

    def renew(self) -> TokenSet | None:
        """Another token after that one; None where this way gives only one.

        :raises Auth0Error: as ``token``
        """


class Bearer:
    """The token of one way to authenticate: got with the first call and renewed shortly before it expires."""

    def __init__(
        self,
        authentication: Authentication,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :raises ConfigurationError: the authentication lacks something
        """
        authentication.validate()
        self._authentication, self._clock = authentication, clock
        self._token: str | None = None
        self._renew_at = 0.0

    def __call__(self) -> str:
        """The token. For a user whose second step was left out it is the ``mfa_token``, which can list authenticators.

        :raises Auth0Error: no token was given
        """
        if self._token is None:
            return self._keep(_answer_of(self._authentication.token))
        if self._clock() >= self._renew_at:
            self.renew()
        return self._token

    def renew(self) -> bool:
        """Replace the token, because it expires or Auth0 refused it; False where there is no other.

        :raises Auth0Error: no token was given
        """
        tokens = _answer_of(self._authentication.renew)
        if tokens is not None:
            self._keep(tokens)
        return tokens is not None

    def _keep(self, tokens: TokenSet) -> str:
        check_sendable(tokens.access_token, "use the token")
        self._token = tokens.access_token
        # Of a token without an end, Auth0 tells the end by refusing it.
        lives = tokens.expires_in or math.inf
        self._renew_at = self._clock() + max(lives - _LEEWAY, lives * (1 - _LEEWAY_PART))
        return self._token


def _answer_of(ask: Callable[[], T]) -> T | TokenSet:
    try:
        return ask()
    except MfaRequiredError as required:
        return TokenSet(required.mfa_token, expires_in=_MFA_TOKEN_LIFETIME)
