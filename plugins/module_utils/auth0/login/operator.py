# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to authenticate as the operator, for the Management API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ..api.bearer import Authentication
from ..api.checks import check_not_empty
from ..api.tokens import Application, TokenEndpoint, TokenSet
from ..wire.budget import Budget
from ..wire.connection import Connection
from ..wire.errors import AuthenticationError, ConfigurationError
from ..wire.transport import Transport
from .given_token import GivenToken


@dataclass(frozen=True)
class _ClientCredentials:
    """A machine-to-machine application, with the grant of the same name."""

    application: Application
    connection: Connection
    budget: Budget

    def token(self) -> TokenSet:
        """A token for the Management API.

        :raises AuthenticationError: Auth0 does not accept the application's credentials
        """
        # The next token may be needed a day later, so the connection is not kept.
        with Transport(self.connection, self.budget) as transport:
            endpoint = TokenEndpoint(transport, self.application)
            return endpoint.client_credentials(self.connection.management_audience)

    def renew(self) -> TokenSet:
        """Another one, in the same way."""
        return self.token()


class ClientSecret(_ClientCredentials):
    """A machine-to-machine application that sends a client secret."""

    def validate(self) -> None:
        """:raises ConfigurationError: the client ID or the secret is missing"""
        check_not_empty(client_id=self.application.client_id, client_secret=self.application.client_secret or "")


class PrivateKey(_ClientCredentials):
    """A machine-to-machine application that signs a JWT for every request (RFC 7523)."""

    def validate(self) -> None:
        """:raises ConfigurationError: the client ID is missing, or the key cannot sign"""
        check_not_empty(client_id=self.application.client_id)
        self.application.credentials(self.connection.issuer, self.budget.now())


class Reread:
    """Credentials that may be replaced meanwhile, in a file or a store of secrets: once they are refused, they are loaded again."""

    def __init__(self, load: Callable[[], Authentication]) -> None:
        """
        :param load: the credentials as they are now; its :class:`ConfigurationError` means that there are none
        :raises ConfigurationError: there are none
        """
        self._load = load
        self._now = load()

    def validate(self) -> None:
        """:raises ConfigurationError: something is missing, or cannot be right"""
        self._now.validate()

    def token(self) -> TokenSet:
        """A token.

        :raises AuthenticationError: Auth0 does not accept the credentials, and there are no others
        """
        try:
            return self._now.token()
        except AuthenticationError:
            if not self._has_others():
                raise
        return self._now.token()

    def renew(self) -> TokenSet | None:
        """Another one; None where there is none."""
        try:
            tokens = self._now.renew()
        except AuthenticationError:
            if not self._has_others():
                raise
        else:
            if tokens is not None or not self._has_others():
                return tokens
        return self._now.token()

    def _has_others(self) -> bool:
        try:
            others = self._load()
            others.validate()
        except ConfigurationError:
            return False  # They are being replaced, or are gone. What counts is the refusal.
        if others == self._now:
            return False
        self._now = others
        return True


def as_operator(options: Mapping[str, Any], connection: Connection, budget: Budget) -> Authentication:
    """The way that the options of a module speak of.

    :raises ConfigurationError: they speak of none
    """
    client_id = options["client_id"] or ""
    if options["api_token"]:
        return GivenToken("api_token", options["api_token"])
    if options["client_secret"]:
        return ClientSecret(Application(client_id, options["client_secret"]), connection, budget)
    if options["private_key"]:
        key, algorithm = options["private_key"], options["signing_algorithm"]
        return PrivateKey(Application(client_id, None, key, algorithm), connection, budget)
    raise ConfigurationError(
        "No credentials given", hint="Set client_id with client_secret or private_key, or set api_token."
    )
