# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A login in two steps, and its second step: what the user has beside the password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ..api.bearer import Authentication, Bearer
from ..api.checks import LONGEST_PUSH, check_code, check_id, check_not_empty, check_token
from ..api.mfa import MfaApi
from ..api.token_set import TokenSet, claims
from ..api.tokens import Challenge, TokenEndpoint
from ..authenticators import Authenticator
from ..wire.errors import ConfigurationError, MfaRequiredError, RefusedError
from .given_token import GivenToken


class SecondStep(Protocol):
    """One kind of second step."""

    def validate(self) -> None:
        """Return if nothing is missing; sends nothing.

        :raises ConfigurationError: a value is missing or cannot be right
        """

    def token(self, endpoint: TokenEndpoint, mfa_token: str) -> TokenSet:
        """The token that the login ends with.

        :param mfa_token: of the login that needs the second step
        :raises ChallengeSent: the user has received a code or a push, and another task goes on with the answer
        :raises AuthenticationError: Auth0 refused the step
        """


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


class ChallengeSent(MfaRequiredError):
    """A code or a push is on its way to the user. Its answer finishes the login.

    :ivar challenge: what the answer belongs to
    """

    def __init__(self, message: str, mfa_token: str, challenge: Challenge, **facts: Any) -> None:
        super().__init__(message, mfa_token, **facts)
        self.challenge: Final = challenge


@dataclass(frozen=True)
class Otp:
    """A code of the user's OTP app."""

    code: str = field(repr=False)

    def validate(self) -> None:
        """:raises ConfigurationError: not six digits"""
        check_code("otp", self.code)

    def token(self, endpoint: TokenEndpoint, mfa_token: str) -> TokenSet:
        """See :class:`SecondStep`."""
        return endpoint.mfa_otp(mfa_token, self.code)


@dataclass(frozen=True)
class RecoveryCode:
    """The user's recovery code, which Auth0 replaces."""

    code: str = field(repr=False)

    def validate(self) -> None:
        """:raises ConfigurationError: it is empty"""
        check_not_empty(recovery_code=self.code)

    def token(self, endpoint: TokenEndpoint, mfa_token: str) -> TokenSet:
        """See :class:`SecondStep`."""
        return endpoint.mfa_recovery_code(mfa_token, self.code)


@dataclass(frozen=True)
class Answer:
    """The answer to a challenge that was sent: the code the user received, or the approval of a push.

    :ivar binding_code: the 6 digits; None for a push
    :ivar push_timeout: seconds to wait for the approval
    """

    oob_code: str = field(repr=False)
    binding_code: str | None = field(repr=False)
    push_timeout: float

    def validate(self) -> None:
        """:raises ConfigurationError: one of them is empty or cannot be right"""
        check_not_empty(oob_code=self.oob_code)
        if self.binding_code is not None:
            check_code("binding_code", self.binding_code)
        _check_push_timeout(self.push_timeout)

    def token(self, endpoint: TokenEndpoint, mfa_token: str) -> TokenSet:
        """See :class:`SecondStep`."""
        if self.binding_code is not None:
            return endpoint.mfa_oob(mfa_token, self.oob_code, self.binding_code)
        return endpoint.poll_oob(mfa_token, self.oob_code, self.push_timeout)


@dataclass(frozen=True)
class SendChallenge:
    """A code or a push to one of the user's authenticators. A push is waited for.

    :ivar channel: ``sms``, ``voice``, ``email`` or ``push``
    :ivar authenticator_id: None for the only one that this channel reaches
    :ivar push_timeout: seconds to wait for the approval; 0 does not wait
    """

    channel: str
    authenticator_id: str | None
    push_timeout: float

    def validate(self) -> None:
        """:raises ConfigurationError: the authenticator has another channel, or a value cannot be right"""
        _check_push_timeout(self.push_timeout)
        if self.authenticator_id is None:
            return
        check_id("authenticator_id", self.authenticator_id)
        if self.authenticator_id.partition("|")[0] != self.channel:
            raise ConfigurationError(
                "authenticator_id %s cannot be challenged with challenge=%s" % (self.authenticator_id, self.channel),
                hint="Set it to an ID that begins with %s|, as the MFA API lists it." % self.channel,
            )

    def token(self, endpoint: TokenEndpoint, mfa_token: str) -> TokenSet:
        """See :class:`SecondStep`.

        :raises RefusedError: the channel reaches no authenticator, or more than one
        """
        authenticator_id = self.authenticator_id
        if authenticator_id is None:
            api = MfaApi(endpoint, Bearer(GivenToken("mfa_token", mfa_token)))
            authenticator_id = choose(self.channel, api.list_authenticators())
        sent = endpoint.challenge(mfa_token, authenticator_id)
        if sent.binding_method is not None or self.push_timeout == 0:
            raise ChallengeSent("The user has to answer the challenge", mfa_token, sent)
        return Answer(sent.oob_code, None, self.push_timeout).token(endpoint, mfa_token)


def choose(channel: str, rows: list[Authenticator]) -> str:
    """The ID of the one authenticator that this channel reaches.

    :param channel: ``sms``, ``voice``, ``email`` or ``push``
    :param rows: the user's authenticators as the MFA API lists them
    :raises RefusedError: there is none, or more than one
    """
    found = sorted(
        (row for row in rows if row.confirmed and channel in (row.factor, *row.channels)), key=lambda r: r.id
    )
    if len(found) == 1:
        return found[0].id
    if not found:
        others = sorted({row.channels[0] if row.channels else row.factor for row in rows if row.confirmed})
        raise RefusedError(
            "The user has no confirmed authenticator for challenge=%s" % channel,
            hint="The user has: %s." % (", ".join(others) or "none at all"),
        )
    named = ("%s (%s)" % (row.id, row.phone_number or row.email or row.factor) for row in found)
    raise RefusedError(
        "The user has %d authenticators for challenge=%s: %s" % (len(found), channel, ", ".join(named)),
        hint="Set authenticator_id to one of them.",
    )


def _check_push_timeout(seconds: float) -> None:
    if not 0 <= seconds <= LONGEST_PUSH:
        raise ConfigurationError(
            "push_timeout %g is not between 0 and %d seconds" % (seconds, LONGEST_PUSH),
            hint="Set 0 to not wait at all.",
        )
