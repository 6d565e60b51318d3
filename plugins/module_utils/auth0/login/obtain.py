# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's token, by the grant that the options speak of and in as many steps as it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from ..api.bearer import Authentication
from ..api.checks import check_not_empty
from ..api.token_set import TokenSet
from ..api.tokens import MFA_SCOPES, Challenge, TokenEndpoint
from ..wire.errors import ConfigurationError, MfaRequiredError
from .browser import AuthorizationCode, BrowserLogin, begin
from .refresh import Refresh
from .second_step import Answer, ChallengeSent, Otp, RecoveryCode, SecondStep, SendChallenge, StoppedLogin, TwoSteps
from .user import Password

OFFLINE_ACCESS = "offline_access"


@dataclass(frozen=True)
class Obtained:
    """Where the login is now. Secrets are left out of ``repr``.

    :ivar tokens: None while a step is still to be done
    :ivar changed: something of the user's was used up and replaced
    :ivar mfa_token: for the second step; None where it is not needed, or where the options have it
    :ivar challenge: what the user has still to answer
    :ivar browser: where the user's browser has to log in
    """

    tokens: TokenSet | None = field(default=None, repr=False)
    changed: bool = False
    mfa_token: str | None = field(default=None, repr=False)
    challenge: Challenge | None = None
    browser: BrowserLogin | None = None


def asked_scopes(options: Mapping[str, Any], mfa_audience: str) -> tuple[str, ...]:
    """The scopes to ask for; none means all that the API, or the login behind a refresh token, can give."""
    scopes = options["scopes"]
    if scopes is None:
        for_mfa = options["grant"] != "refresh_token" and options["audience"] in (None, mfa_audience)
        scopes = MFA_SCOPES if for_mfa else ()
    also = (OFFLINE_ACCESS,) if options["offline_access"] else ()
    return tuple(dict.fromkeys((*" ".join(scopes).split(), *also)))


def missing_scopes(asked: tuple[str, ...], tokens: TokenSet) -> list[str]:
    """What was asked for and not granted."""
    granted = {*tokens.scope, *([OFFLINE_ACCESS] if tokens.refresh_token else [])}
    return [scope for scope in asked if scope not in granted]


def obtain(endpoint: TokenEndpoint, options: Mapping[str, Any], check_mode: bool) -> Obtained:
    """Take the login as far as the options go.

    :param options: of the module ``auth0_mfa_token``, all of them, None where not given
    :param check_mode: send only what uses up nothing and reaches nobody: a login by password alone
    :raises ConfigurationError: an option is missing or cannot be right; nothing was sent
    :raises Auth0Error: a step was refused
    """
    check_not_empty(audience=options["audience"])
    if options["grant"] == "authorization_code" and options["code"] is None and options["callback_url"] is None:
        return Obtained(browser=_begin(endpoint, options))
    way = _WAYS[options["grant"]](endpoint, options)
    way.validate()
    if check_mode and not (isinstance(way, Password) and not options["offline_access"]):
        return Obtained(changed=options["recovery_code"] is not None)
    try:
        tokens = way.token()
    except MfaRequiredError as required:
        # Every result masks a value that was an option, so it is not returned again.
        mfa_token = required.mfa_token if options["mfa_token"] is None else None
        return Obtained(
            mfa_token=mfa_token, challenge=required.challenge if isinstance(required, ChallengeSent) else None
        )
    return Obtained(tokens, changed=tokens.used_up)


def _audience_and_scope(endpoint: TokenEndpoint, options: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    mfa_audience = endpoint.transport.connection.mfa_audience
    return options["audience"] or mfa_audience, asked_scopes(options, mfa_audience)


def _begin(endpoint: TokenEndpoint, options: Mapping[str, Any]) -> BrowserLogin:
    if options["code_verifier"] is not None:
        raise ConfigurationError(
            "code_verifier needs code or callback_url",
            hint="Set one of them, or remove code_verifier: a new login makes its own.",
        )
    return begin(endpoint, options["redirect_uri"], *_audience_and_scope(endpoint, options))


def _by_password(endpoint: TokenEndpoint, options: Mapping[str, Any]) -> Password | TwoSteps:
    second = _second_step(options)
    if options["mfa_token"] is None:
        audience, scope = _audience_and_scope(endpoint, options)
        login = Password(endpoint, options["username"], options["password"], options["realm"], audience, scope)
        return TwoSteps(endpoint, login, second) if second else login
    if second is None:
        raise ConfigurationError(
            "mfa_token needs a second step",
            hint="Set otp, recovery_code, challenge, or the oob_code of a challenge that was sent.",
        )
    return TwoSteps(endpoint, StoppedLogin(options["mfa_token"]), second)


def _second_step(options: Mapping[str, Any]) -> SecondStep | None:
    if options["otp"] is not None:
        return Otp(options["otp"])
    if options["recovery_code"] is not None:
        return RecoveryCode(options["recovery_code"])
    if options["challenge"] is not None:
        return SendChallenge(options["challenge"], options["authenticator_id"], options["push_timeout"])
    if options["oob_code"] is not None:
        return Answer(options["oob_code"], options["binding_code"], options["push_timeout"])
    return None


def _by_refresh_token(endpoint: TokenEndpoint, options: Mapping[str, Any]) -> Refresh:
    if options["offline_access"]:
        raise ConfigurationError(
            "offline_access does not go with grant=refresh_token",
            hint="Remove it: the application's settings decide whether a refresh token is replaced.",
        )
    return Refresh(endpoint, options["refresh_token"], _audience_and_scope(endpoint, options)[1])


def _by_code(endpoint: TokenEndpoint, options: Mapping[str, Any]) -> AuthorizationCode:
    given = {name: options[name] for name in ("redirect_uri", "code_verifier", "code", "callback_url", "state")}
    return AuthorizationCode(endpoint, **given)


_WAYS: dict[str, Callable[..., Authentication]] = {
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    "authorization_code": _by_code,
}
