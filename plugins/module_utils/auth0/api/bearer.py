# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a call authenticates: what every way to get a token offers, and the token it gave, kept until it expires."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterator, Protocol

from ..wire.errors import Auth0Error, AuthenticationError, CredentialsError, ForbiddenError, MfaRequiredError
from ..wire.transport import check_sendable
from .token_set import TokenSet

# A token is renewed before it expires, so that a request under way does not meet the end of it: so many seconds, and no more
# than this part of its life.
_LEEWAY = 60.0
_LEEWAY_PART = 0.1
# How long Auth0 accepts an mfa_token.
_MFA_TOKEN_LIFETIME = 600.0


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
    """The token of one way to authenticate: got with the first call and renewed shortly before it expires.

    Any number of threads may use it at once. One of them asks, and the others wait for what it is given, or refused.
    """

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
        # The token and its number, because the same text may come again: a token that is signed has nothing newer than its second.
        self._held = ("", 0)
        self._renew_at = 0.0
        self._lock = threading.Lock()
        # How often somebody asked and was refused, and with what.
        self._refusals = 0
        self._refusal: Auth0Error | None = None
        # The number of the token that each thread got last.
        self._taken = threading.local()

    def __call__(self) -> str:
        """The token. For a user whose second step was left out it is the ``mfa_token``, which can list authenticators.

        :raises Auth0Error: no token was given
        """
        if not self._held[1] or self._clock() >= self._renew_at:
            with self._turn():
                if not self._held[1]:
                    self._ask(self._authentication.token)
                elif self._clock() >= self._renew_at:
                    self._ask(self._authentication.renew)
        token, self._taken.number = self._held
        return token

    def renew(self) -> bool:
        """Replace the token that this thread got last, because Auth0 refused it; False where there is no other.

        :raises Auth0Error: no token was given
        """
        with self._turn():
            if getattr(self._taken, "number", 0) != self._held[1]:
                return True  # Another thread was quicker.
            return self._ask(self._authentication.renew)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be the only one who asks.

        :raises Auth0Error: somebody else was refused meanwhile
        """
        before = self._refusals
        with self._lock:
            if self._refusal is not None and self._refusals != before:
                raise self._refusal.replace()
            yield

    def _ask(self, ask: Callable[[], TokenSet | None]) -> bool:
        """Keep the token that is given; False where there is none."""
        try:
            tokens = ask()
        except MfaRequiredError as required:
            tokens = TokenSet(required.mfa_token, expires_in=_MFA_TOKEN_LIFETIME)
        except Auth0Error as error:
            if isinstance(error, (AuthenticationError, ForbiddenError)):
                error = error.replace(CredentialsError)
            self._refusals, self._refusal = self._refusals + 1, error
            raise error from None
        if tokens is None:
            return False
        check_sendable(tokens.access_token, "use the token")
        self._held = (tokens.access_token, self._held[1] + 1)
        # Of a token without an end, Auth0 tells the end by refusing it.
        lives = tokens.expires_in or math.inf
        self._renew_at = self._clock() + max(lives - _LEEWAY, lives * (1 - _LEEWAY_PART))
        return True
