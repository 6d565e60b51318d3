# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's token, by whatever grant and in as many steps as it takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Callable
from urllib.parse import urlsplit

from . import pkce
from ..authenticators import Authenticator
from ..wire.errors import ConfigurationError, MfaRequiredError, RefusedError
from ..api.checks import check_code, check_id, check_token
from ..api.mfa import MfaApi
from ..api.tokens import MFA_SCOPES, TokenEndpoint, TokenSet, claims

OFFLINE_ACCESS = "offline_access"
# Auth0 forgets a push after five minutes.
LONGEST_PUSH = 300

_SECOND_STEPS = ("otp", "recovery_code", "challenge", "oob_code")
# What each grant takes beside scopes.
_OPTIONS = {
    "password": (
        "username",
        "password",
        "realm",
        "audience",
        "offline_access",
        "mfa_token",
        "otp",
        "recovery_code",
        "challenge",
        "authenticator_id",
        "oob_code",
        "binding_code",
    ),
    "refresh_token": ("refresh_token",),
    "authorization_code": (
        "redirect_uri",
        "audience",
        "offline_access",
        "code",
        "callback_url",
        "code_verifier",
        "state",
    ),
}


@dataclass(frozen=True)
class Obtained:
    """Where the login is now. Secrets are left out of C(repr).

    :ivar changed: something was used up and replaced
    :ivar tokens: None while a step is still to be done
    :ivar mfa_token: what the next step needs; None where none is needed, or where the task was given it
    :ivar oob_code: of a challenge that is to be answered; C(binding_method) is C(prompt) where the answer is a code
    :ivar authorization_url: where the user's browser goes, with C(code_verifier) and C(state) for what comes back
    """

    tokens: TokenSet | None = field(default=None, repr=False)
    changed: bool = False
    mfa_token: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    binding_method: str | None = None
    authorization_url: str | None = field(default=None, repr=False)
    code_verifier: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)


def asked_scopes(options: dict, mfa_audience: str) -> tuple[str, ...]:
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


def obtain(endpoint: TokenEndpoint, options: dict, check_mode: bool, hide: Callable[[str], None]) -> Obtained:
    """Take the login as far as the options go.

    :param options: of the module C(auth0_mfa_token), all of them, None where not given
    :param check_mode: send nothing
    :param hide: is given every secret that is not part of the answer
    :raises ConfigurationError: the options do not go together; nothing was sent
    :raises Auth0Error: a step was refused
    """
    check(options)
    audience = options["audience"] or endpoint.transport.connection.mfa_audience
    scope = asked_scopes(options, endpoint.transport.connection.mfa_audience)
    if options["grant"] == "authorization_code":
        return _by_code(endpoint, options, audience, scope, check_mode)
    if check_mode:
        return Obtained(changed=options["recovery_code"] is not None)
    if options["grant"] == "refresh_token":
        return _by_refresh_token(endpoint, options["refresh_token"], scope)
    return _by_password(endpoint, options, audience, scope, hide)


def _by_refresh_token(endpoint: TokenEndpoint, refresh_token: str, scope: tuple[str, ...]) -> Obtained:
    try:
        tokens = endpoint.refresh(refresh_token, scope)
    except MfaRequiredError as required:
        return Obtained(mfa_token=required.mfa_token)
    if tokens.refresh_token in (None, refresh_token):
        return Obtained(replace(tokens, refresh_token=None))
    return Obtained(tokens, changed=True)


def _by_code(
    endpoint: TokenEndpoint, options: dict, audience: str, scope: tuple[str, ...], check_mode: bool
) -> Obtained:
    code = options["code"]
    if options["callback_url"]:
        code = pkce.code_from(options["callback_url"], options["state"])
    if code is None:
        verifier, state = pkce.new_secret(), pkce.new_secret()
        address = endpoint.authorization_url(
            options["redirect_uri"], audience, scope, pkce.code_challenge(verifier), state
        )
        return Obtained(authorization_url=address, code_verifier=verifier, state=state)
    if check_mode:
        return Obtained()
    return Obtained(endpoint.authorization_code(code, options["code_verifier"], options["redirect_uri"]))


def _by_password(
    endpoint: TokenEndpoint, options: dict, audience: str, scope: tuple[str, ...], hide: Callable[[str], None]
) -> Obtained:
    if options["mfa_token"] is not None:
        return _second_step(endpoint, options, options["mfa_token"], hide)
    try:
        return Obtained(endpoint.password(options["username"], options["password"], audience, scope, options["realm"]))
    except MfaRequiredError as required:
        return _second_step(endpoint, options, required.mfa_token, hide)


def _second_step(endpoint: TokenEndpoint, options: dict, mfa_token: str, hide: Callable[[str], None]) -> Obtained:
    # A value that was an option is masked in every result, so it is not returned again.
    returned = mfa_token if options["mfa_token"] is None else None
    oob_code = options["oob_code"]
    if options["challenge"] is not None:
        authenticator_id = options["authenticator_id"] or choose(
            options["challenge"], MfaApi(endpoint, lambda: mfa_token).list_authenticators()
        )
        sent = endpoint.challenge(mfa_token, authenticator_id)
        if sent.binding_method is not None or options["push_timeout"] == 0:
            return Obtained(mfa_token=returned, oob_code=sent.oob_code, binding_method=sent.binding_method)
        oob_code = sent.oob_code
        hide(oob_code)
    elif not any(options[name] is not None for name in _SECOND_STEPS):
        return Obtained(mfa_token=returned)
    hide(mfa_token)
    if options["otp"] is not None:
        return Obtained(endpoint.mfa_otp(mfa_token, options["otp"]))
    if options["recovery_code"] is not None:
        return Obtained(endpoint.mfa_recovery_code(mfa_token, options["recovery_code"]), changed=True)
    if options["binding_code"] is not None:
        return Obtained(endpoint.mfa_oob(mfa_token, oob_code, options["binding_code"]))
    return Obtained(endpoint.poll_oob(mfa_token, oob_code, options["push_timeout"]))


def choose(channel: str, rows: list[Authenticator]) -> str:
    """The id of the one authenticator that can be challenged this way.

    :param channel: C(sms), C(voice), C(email) or C(push)
    :param rows: the user's authenticators in the MFA view
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
            hint="There is: %s." % (", ".join(others) or "none at all"),
        )
    named = ("%s (%s)" % (row.id, row.phone_number or row.email or row.factor) for row in found)
    raise RefusedError(
        "The user has %d authenticators for challenge=%s: %s" % (len(found), channel, ", ".join(named)),
        hint="Name one in authenticator_id.",
    )


def check(options: dict) -> None:
    """:raises ConfigurationError: the options do not go together, or one of them cannot be right"""
    grant = options["grant"]
    for other, names in _OPTIONS.items():
        for name in names:
            if options[name] == "":
                raise ConfigurationError("%s is empty" % name, hint="Leave it out where there is nothing to give.")
            if options[name] and name not in _OPTIONS[grant]:
                raise ConfigurationError(
                    "%s does not go with grant=%s" % (name, grant), hint="It belongs to grant=%s." % other
                )
    _CHECKS[grant](options)


def _check_refresh_token(options: dict) -> None:
    _need(options, "refresh_token", "grant=refresh_token")
    check_token("refresh_token", options["refresh_token"])


def _check_password(options: dict) -> None:
    if options["mfa_token"] is None and options["username"] is None:
        raise ConfigurationError(
            "No user given", hint="Set username and password, or the mfa_token of a login under way."
        )
    if options["mfa_token"] is not None:
        _check_mfa_token(options)
    else:
        _need(options, "password", "username")
    steps = [name for name in _SECOND_STEPS if options[name] is not None]
    if len(steps) > 1:
        raise ConfigurationError("%s exclude each other" % " and ".join(steps), hint="One of them is the second step.")
    if options["oob_code"] is not None:
        _need(options, "mfa_token", "oob_code")
    if options["binding_code"] is not None:
        _need(options, "oob_code", "binding_code")
    if options["authenticator_id"] is not None:
        _need(options, "challenge", "authenticator_id")
        check_id("authenticator_id", options["authenticator_id"])
        if options["authenticator_id"].partition("|")[0] != options["challenge"]:
            raise ConfigurationError(
                "authenticator_id %s is none for challenge=%s" % (options["authenticator_id"], options["challenge"]),
                hint="Take an id that begins with %s| from the MFA view." % options["challenge"],
            )
    for name in ("otp", "binding_code"):
        if options[name] is not None:
            check_code(name, options[name])
    if not 0 <= options["push_timeout"] <= LONGEST_PUSH:
        raise ConfigurationError(
            "push_timeout %g is not from 0 to %d seconds" % (options["push_timeout"], LONGEST_PUSH),
            hint="0 does not wait.",
        )


def _check_mfa_token(options: dict) -> None:
    for name in ("username", "password", "realm"):
        if options[name] is not None:
            raise ConfigurationError(
                "%s does not go with mfa_token" % name,
                hint="The mfa_token stands for the login: give one or the other.",
            )
    check_token("mfa_token", options["mfa_token"])
    if claims(options["mfa_token"]) is not None:
        raise ConfigurationError(
            "mfa_token holds an access token, with which no login can be finished",
            hint="Give the mfa_token of an mfa_required answer; the access token can be used as it is.",
        )
    if not any(options[name] is not None for name in _SECOND_STEPS):
        raise ConfigurationError(
            "mfa_token needs a second step",
            hint="Give otp, recovery_code or challenge, or the oob_code of a challenge that was sent.",
        )


def _check_authorization_code(options: dict) -> None:
    _need(options, "redirect_uri", "grant=authorization_code")
    if not _is_absolute(options["redirect_uri"]):
        raise ConfigurationError(
            "redirect_uri is not an absolute address without a fragment",
            hint="Give it as it is in the application's Allowed Callback URLs.",
        )
    if options["code"] is not None and options["callback_url"] is not None:
        raise ConfigurationError("code and callback_url exclude each other", hint="callback_url has the code in it.")
    if options["callback_url"] is not None:
        _need(options, "state", "callback_url")
    elif options["state"] is not None:
        _need(options, "callback_url", "state")
    if options["code"] is not None or options["callback_url"] is not None:
        _need(options, "code_verifier", "code or callback_url")
        pkce.check_verifier(options["code_verifier"])
    elif options["code_verifier"] is not None:
        raise ConfigurationError(
            "code_verifier needs code or callback_url", hint="Without one of them a new login is begun, with its own."
        )


def _is_absolute(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not parts.fragment


def _need(options: dict, name: str, what: str) -> None:
    if options[name] is None:
        raise ConfigurationError("%s needs %s" % (what, name), hint=_NEEDED[name])


_NEEDED = {
    "refresh_token": "It came with a login that asked for offline_access.",
    "password": "It is the user's own.",
    "mfa_token": "It came with the challenge.",
    "oob_code": "It came with the challenge, as did the mfa_token.",
    "challenge": "It says which way the authenticator is challenged.",
    "redirect_uri": "It is where the browser ends, one of the application's Allowed Callback URLs.",
    "state": "It came with the authorization_url.",
    "callback_url": "It is compared with the one in that address.",
    "code_verifier": "It came with the authorization_url.",
}
_CHECKS = {
    "password": _check_password,
    "refresh_token": _check_refresh_token,
    "authorization_code": _check_authorization_code,
}
