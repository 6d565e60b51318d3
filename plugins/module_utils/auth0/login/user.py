# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to authenticate as the user, for the MFA API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping

from ..api.bearer import Authentication
from ..api.checks import check_not_empty, check_token
from ..api.tokens import MFA_SCOPES, TokenEndpoint, TokenSet, claims
from ..wire.errors import ConfigurationError, MfaRequiredError
from .given_token import GivenToken

if TYPE_CHECKING:
    from .second_step import SecondStep


@dataclass(frozen=True)
class Password:
    """The user's name and password.

    :ivar realm: the connection the user is in; None for the tenant's default directory
    :ivar audience: the API the token is for
    :ivar scope: empty for all that the API can give
    """

    endpoint: TokenEndpoint
    username: str
    password: str = field(repr=False)
    realm: str | None
    audience: str
    scope: tuple[str, ...] = MFA_SCOPES

    def validate(self) -> None:
        """:raises ConfigurationError: one of them is empty"""
        check_not_empty(username=self.username, password=self.password, realm=self.realm, audience=self.audience)

    def token(self) -> TokenSet:
        """The user's token.

        :raises MfaRequiredError: the user must pass a second step
        :raises AuthenticationError: wrong user name or password
        """
        return self.endpoint.password(self.username, self.password, self.audience, self.scope, self.realm)

    def renew(self) -> TokenSet:
        """Another one, by another login."""
        return self.token()


@dataclass(frozen=True)
class StoppedLogin:
    """A login that an earlier task began and that stopped at its second step."""

    mfa_token: str = field(repr=False)

    def validate(self) -> None:
        """:raises ConfigurationError: it cannot be an ``mfa_token``"""
        check_token("mfa_token", self.mfa_token)
        if claims(self.mfa_token) is not None:
            raise ConfigurationError(
                "mfa_token is an access token, which cannot finish a login",
                hint="Set it to the mfa_token of a login that needs a second step. The access token needs none.",
            )

    def token(self) -> TokenSet:
        """:raises MfaRequiredError: always, with the ``mfa_token`` for the second step"""
        raise MfaRequiredError("The login needs its second step", self.mfa_token)

    def renew(self) -> None:
        """None: the login has to begin again."""


@dataclass(frozen=True)
class TwoSteps:
    """A login with a second step, which is taken where Auth0 asks for it."""

    endpoint: TokenEndpoint
    first: Authentication
    second: SecondStep

    def validate(self) -> None:
        """:raises ConfigurationError: one of the steps lacks something"""
        self.first.validate()
        self.second.validate()

    def token(self) -> TokenSet:
        """The user's token.

        :raises ChallengeSent: the user has received a code or a push, and another task goes on with the answer
        :raises AuthenticationError: Auth0 refused one of the steps
        """
        try:
            return self.first.token()
        except MfaRequiredError as required:
            mfa_token = required.mfa_token
        return self.second.token(self.endpoint, mfa_token)

    def renew(self) -> None:
        """None: a code of a second step works once."""


def as_user(options: Mapping[str, Any], endpoint: TokenEndpoint) -> Authentication:
    """The way that the options of a module speak of, for the MFA API."""
    if options["mfa_token"] is not None:
        return GivenToken("mfa_token", options["mfa_token"])
    audience = endpoint.transport.connection.mfa_audience
    login = Password(endpoint, options["username"], options["password"], options["realm"], audience)
    if options["otp"] is None:
        return login
    # Ansible compiles a module anew for every task.
    from .second_step import Otp

    return TwoSteps(endpoint, login, Otp(options["otp"]))
