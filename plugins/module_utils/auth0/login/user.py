# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to authenticate as the user, for the MFA API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from ..api.bearer import Authentication
from ..api.checks import check_not_empty
from ..api.token_set import TokenSet
from ..api.tokens import MFA_SCOPES, TokenEndpoint
from .given_token import GivenToken


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


def as_user(options: Mapping[str, Any], endpoint: TokenEndpoint) -> Authentication:
    """The way that the options of a module speak of, for the MFA API."""
    if options["mfa_token"] is not None:
        return GivenToken("mfa_token", options["mfa_token"])
    audience = endpoint.transport.connection.mfa_audience
    login = Password(endpoint, options["username"], options["password"], options["realm"], audience)
    if options["otp"] is None:
        return login
    # Ansible compiles a module anew for every task.
    from .second_step import Otp, TwoSteps

    return TwoSteps(endpoint, login, Otp(options["otp"]))
