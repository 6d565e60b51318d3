# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication in the user's browser: Universal Login with PKCE."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..api.checks import check_not_empty
from ..api.token_set import TokenSet
from ..api.tokens import TokenEndpoint
from ..wire.errors import ConfigurationError, address
from . import pkce

# The listener is at 127.0.0.1. A browser finds it under both names.
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class AuthorizationCode:
    """What a login in the browser ended with.

    :ivar code: the code; None where ``callback_url`` has it
    :ivar callback_url: the address the browser ended at, and ``state`` what this login began with
    """

    endpoint: TokenEndpoint
    redirect_uri: str
    code_verifier: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    callback_url: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)

    def validate(self) -> None:
        """Return if nothing is missing; sends nothing.

        :raises ConfigurationError: a value is empty or cannot be right
        :raises AuthenticationError: the address belongs to another login, or the login was refused
        """
        check_redirect_uri(self.redirect_uri)
        pkce.check_verifier(self.code_verifier)
        check_not_empty(code=self.code, callback_url=self.callback_url, state=self.state)
        self._find_code()

    def token(self) -> TokenSet:
        """The user's token.

        :raises AuthenticationError: the code is unknown, used or too old, or does not belong to the verifier
        """
        return self.endpoint.authorization_code(self._find_code(), self.code_verifier, self.redirect_uri)

    def renew(self) -> None:
        """None: a code works once."""

    def _find_code(self) -> str:
        if self.code is not None:
            return self.code
        known = self.endpoint.transport.connection.secrets
        return pkce.code_from(self.callback_url or "", self.state or "", known)


@dataclass(frozen=True)
class BrowserLogin:
    """A login that begins in the browser. Secrets are left out of ``repr``.

    :ivar authorization_url: where the user's browser logs in
    :ivar code_verifier: belongs to what comes back, as ``state`` does
    """

    authorization_url: str = field(repr=False)
    code_verifier: str = field(repr=False)
    state: str = field(repr=False)


def begin(endpoint: TokenEndpoint, redirect_uri: str, audience: str, scope: tuple[str, ...]) -> BrowserLogin:
    """A new login in the browser; sends nothing.

    :raises ConfigurationError: the redirect_uri cannot be right
    """
    check_redirect_uri(redirect_uri)
    verifier, state = pkce.new_secret(), pkce.new_secret()
    url = endpoint.authorization_url(redirect_uri, audience, scope, pkce.code_challenge(verifier), state)
    return BrowserLogin(url, verifier, state)


def check_redirect_uri(redirect_uri: str) -> None:
    """:raises ConfigurationError: not an absolute address without a fragment"""
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not (parts.netloc or parts.path) or parts.fragment:
        raise ConfigurationError(
            "redirect_uri %s is not an absolute address without a fragment" % address(redirect_uri),
            hint="Copy it from the application's Allowed Callback URLs.",
        )


def loopback_port(redirect_uri: str) -> int:
    """The port on this machine at which the login in the browser ends.

    :raises ConfigurationError: the address is not one of this machine, with a port
    """
    check_redirect_uri(redirect_uri)
    parts = urlsplit(redirect_uri)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not port or "@" in parts.netloc:
        raise ConfigurationError(
            "listen_timeout cannot be used with redirect_uri %s" % address(redirect_uri),
            hint="Set it to an address of this machine with a port, such as http://127.0.0.1:8765/callback, "
            "that is one of the application's Allowed Callback URLs.",
        )
    return port
