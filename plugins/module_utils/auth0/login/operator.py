# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to authenticate as the operator, for the Management API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ..api.bearer import Authentication
from ..api.checks import check_not_empty
from ..api.token_set import TokenSet, claims
from ..wire.budget import Budget
from ..wire.connection import Connection
from ..wire.errors import AuthenticationError, ConfigurationError, ForbiddenError
from ..wire.transport import Attempt, Transport
from .given_token import GivenToken

if TYPE_CHECKING:
    from ..api.tokens import Application

# The last moment that can be written as a date.
_LAST_TIME = 253402300800.0


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
        from ..api.tokens import TokenEndpoint

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


@dataclass(frozen=True)
class SharedToken:
    """A token that several tasks use, with the application that it was issued to, which gets another one once it is refused."""

    given: GivenToken
    application: ClientSecret | PrivateKey

    def validate(self) -> None:
        """:raises ConfigurationError: one of them lacks something"""
        self.given.validate()
        self.application.validate()

    def token(self) -> TokenSet:
        """The token. When it expires is for Auth0 to tell."""
        return self.given.token()

    def renew(self) -> TokenSet:
        """Another one, for this task alone."""
        return self.application.token()

    def lasts(self, seconds: float) -> bool:
        """Whether Auth0 accepts the token, and will for so long by its own clock. Sends one request.

        :raises Auth0Error: Auth0 did not answer
        """
        budget = self.application.budget
        with Transport(self.application.connection, budget) as transport:
            headers = {"Authorization": "Bearer %s" % self.given.value}
            attempt = Attempt("check api_token")
            try:
                transport.send("GET", "/api/v2/guardian/factors", headers, None, bucket="management", attempt=attempt)
            except ForbiddenError:
                pass  # It lacks this scope, and is accepted.
            except AuthenticationError:
                return False
        end = expiry(self.given.value)
        return end is None or end - budget.now() >= seconds


def expiry(token: str) -> float | None:
    """When a token says that it expires, in Unix seconds; None where it does not say."""
    end = (claims(token) or {}).get("exp")
    return float(end) if isinstance(end, (int, float)) and 0 < end < _LAST_TIME else None


def scopes(token: str) -> tuple[str, ...]:
    """What a token says that it is good for."""
    said = (claims(token) or {}).get("scope")
    return tuple(said.split()) if isinstance(said, str) else ()


def _was_issued(token: str, client_id: str, audience: str) -> bool:
    """Whether a token says that it was issued to this application, and for this audience."""
    said = claims(token) or {}
    audiences = said.get("aud")
    return said.get("azp") == client_id and audience in (audiences if isinstance(audiences, list) else [audiences])


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

    A token comes first. The credentials beside it renew it, but only a token that was issued to the same application, for this
    tenant: no other one is replaced by one that may do more, or something else.

    :raises ConfigurationError: they speak of none
    """
    application = _application(options, connection, budget)
    if options["api_token"]:
        given = GivenToken("api_token", options["api_token"])
        audience = connection.management_audience
        if application and _was_issued(given.value, application.application.client_id, audience):
            return SharedToken(given, application)
        return given
    if application is None:
        raise ConfigurationError(
            "No credentials given", hint="Set client_id with client_secret or private_key, or set api_token."
        )
    return application


def _application(
    options: Mapping[str, Any], connection: Connection, budget: Budget
) -> ClientSecret | PrivateKey | None:
    if not options["client_secret"] and not options["private_key"]:
        return None
    # Modules are compiled anew for every task, so the grants are loaded for those that may need one.
    from ..api.tokens import Application

    client_id = options["client_id"] or ""
    if options["client_secret"]:
        return ClientSecret(Application(client_id, options["client_secret"]), connection, budget)
    key, algorithm = options["private_key"], options["signing_algorithm"]
    return PrivateKey(Application(client_id, None, key, algorithm), connection, budget)


def shared_token(options: Mapping[str, Any], connection: Connection, budget: Budget, seconds: float) -> TokenSet:
    """A token for all tasks of a play: the one that there is, if it is good for so long; else another one, if one can be had.

    :raises ConfigurationError: the options speak of no credentials, or of some that cannot be right
    :raises Auth0Error: Auth0 refused, or did not answer
    """
    way = as_operator(options, connection, budget)
    way.validate()
    # What comes back may be shown. Another secret that was taken for a token must not be.
    if isinstance(way, GivenToken) and claims(way.value) is None:
        raise ConfigurationError(
            "api_token is not a token for the Management API",
            hint="Set it to a whole access token, which has three parts with a dot between them, or remove it.",
        )
    if isinstance(way, SharedToken) and not way.lasts(seconds):
        return way.renew()
    return way.token()
