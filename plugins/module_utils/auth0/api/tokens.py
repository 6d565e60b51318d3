# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens: the grants of ``POST /oauth/token``, and the challenge that comes before some of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Mapping, TypeVar
from urllib.parse import urlencode

from ..wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
    MfaRequiredError,
    TransportError,
)
from .answers import checked, lifetime, maybe, object_of, text, token, valid, word
from .token_set import TokenSet, claims
from ..wire.transport import NOT_REPEATED, Transport

MFA_SCOPES = ("enroll", "read:authenticators", "remove:authenticators")
# Seconds between two polls, and what every slow_down adds (RFC 8628 §3.5); Auth0 allows 12 polls a minute.
POLL_INTERVAL = 5.0
_GRANT = "http://auth0.com/oauth/grant-type/"
_TOKENS = object_of(
    access_token=token,
    expires_in=lifetime,
    scope=maybe(text),
    refresh_token=maybe(token),
    recovery_code=maybe(word),
)
# Auth0 accepts up to 300 s; the clocks may differ.
_ASSERTION_LIFETIME = 120

T = TypeVar("T")


@dataclass(frozen=True)
class Challenge:
    """A code or a push that is on its way to the user. ``repr`` leaves out the secrets.

    :ivar binding_method: ``prompt`` where the user receives a code; None for a push
    """

    oob_code: str = field(repr=False)
    binding_method: str | None = None


@dataclass(frozen=True)
class Application:
    """An application of the tenant, and how it authenticates: with a secret, with a private key, or (public) not at all.

    :ivar private_key: PEM; signs a JWT for every request (RFC 7523)
    :ivar signing_algorithm: ``RS256``, ``RS384`` or ``PS256``
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    signing_algorithm: str = "RS256"

    def credentials(self, issuer: str, now: float) -> dict[str, str]:
        """The fields of a request's body that say who calls. An assertion is valid for one request.

        :param issuer: ``https://TENANT/``
        :param now: Unix seconds, by Auth0's clock if that is known
        :raises ConfigurationError: the private key cannot be read or does not fit the algorithm
        """
        fields = {"client_id": self.client_id}
        if self.private_key:
            fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            fields["client_assertion"] = self._assertion(issuer, self.private_key, int(now))
        elif self.client_secret:
            fields["client_secret"] = self.client_secret
        return fields

    def _assertion(self, issuer: str, private_key: str, now: int) -> str:
        import uuid

        import jwt

        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": issuer,
            "iat": now,
            "exp": now + _ASSERTION_LIFETIME,
            "jti": str(uuid.uuid4()),
        }
        try:
            return jwt.encode(claims, private_key, algorithm=self.signing_algorithm)
        except NotImplementedError:
            raise ImportError("PyJWT without cryptography cannot sign", name="jwt") from None
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            # Their texts may quote the key. AttributeError: a public key cannot sign.
            raise ConfigurationError(
                "private_key is not an unencrypted RSA key in PEM form",
                hint="Set it to a key that begins with a line such as -----BEGIN PRIVATE KEY-----.",
            ) from None


class TokenEndpoint:
    """The grants of one application.

    :ivar transport: what the requests go through
    """

    def __init__(self, transport: Transport, application: Application) -> None:
        self.transport, self._application = transport, application

    def as_application(self, send: Callable[[dict[str, str]], T]) -> T:
        """What ``send`` returns, which gets what says who calls as fields of a request's body.

        An assertion is signed by Auth0's clock. That is not known before its first answer, so where the local one is wrong
        the first assertion is refused, which changed nothing: it is signed once more by the clock that the refusal told.

        :raises Auth0Error: what ``send`` raises
        """
        budget, issuer = self.transport.budget, self.transport.connection.issuer
        signs = self._application.private_key is not None
        assumed = budget.ahead
        try:
            try:
                return send(self._application.credentials(issuer, budget.now()))
            except AuthenticationError as error:
                if not signs or not _refuses_client(error) or abs(budget.ahead - assumed) < 1:
                    raise
            return send(self._application.credentials(issuer, budget.now()))
        except AuthenticationError as error:
            if not signs or not _refuses_client(error):
                raise
            hint = "Check client_id, and that private_key and signing_algorithm match its credentials."
            if abs(budget.ahead) >= 2:
                hint += " The clock of this host is %.0f s %s Auth0's. That was allowed for, but set it right." % (
                    abs(budget.ahead),
                    "behind" if budget.ahead > 0 else "ahead of",
                )
            raise error.replace(hint=hint) from None

    def client_credentials(self, audience: str) -> TokenSet:
        """A token for the application itself.

        :raises AuthenticationError: wrong client_id or client_secret (observed as 401 ``access_denied``)
        """
        return self._grant(
            "get a token for client %s" % self._application.client_id,
            "client_credentials",
            denied="Authorize the application for the API %s, and check that auth0_domain is the tenant's own."
            % audience,
            audience=audience,
        )

    def password(
        self, username: str, password: str, audience: str, scope: tuple[str, ...], realm: str | None
    ) -> TokenSet:
        """A token for a user. With a realm (a connection's name) the password-realm grant, else the default directory.

        :param scope: empty for all that the API can give
        :raises MfaRequiredError: the user must pass a second step
        :raises AuthenticationError: wrong user name or password
        """
        fields = {"username": username, "password": password, "audience": audience}
        if scope:
            fields["scope"] = " ".join(scope)
        grant = "password"
        if realm:
            grant, fields["realm"] = _GRANT + "password-realm", realm
        denied = "Check realm, the audience, and that the application may use both."
        return self._grant("log in as %s" % username, grant, denied=denied, **fields)

    def refresh(self, refresh_token: str, scope: tuple[str, ...] = ()) -> TokenSet:
        """Another access token for the audience of the login (RFC 6749 §6).

        Where the application rotates refresh tokens, the response has a new one and the old one is void. Auth0 answers a
        second use of the old one by revoking all of them.

        :param scope: a part of what the login was granted; empty for all of it
        :raises MfaRequiredError: an Action asks for a second step
        :raises AuthenticationError: the refresh token is unknown, revoked, or another application's
        :raises AmbiguousWriteError: the response was lost; the refresh token may be used up
        """
        fields = {"refresh_token": refresh_token}
        if scope:
            fields["scope"] = " ".join(scope)
        tokens = self._grant(
            "refresh the access token",
            "refresh_token",
            refused="The refresh token was revoked, was replaced, or belongs to another application. Log in again.",
            lost="If the application rotates refresh tokens, this one may be used up. Log in again, because a second use "
            "revokes every refresh token of the login. If it does not rotate them, run the task again.",
            **fields,
        )
        if tokens.refresh_token in (None, refresh_token):
            return replace(tokens, refresh_token=None)
        return replace(tokens, used_up=True)

    def authorization_code(self, code: str, code_verifier: str, redirect_uri: str) -> TokenSet:
        """A token for the code that a login in the browser ended with (RFC 6749 §4.1.3, RFC 7636 §4.5).

        :raises AuthenticationError: the code is unknown, used, expired, or belongs to another verifier or redirect_uri
        :raises AmbiguousWriteError: the response was lost; the code may be used up
        """
        again = "A code works only once. Get a new authorization_url and log in again."
        return self._grant(
            "exchange the authorization code",
            "authorization_code",
            refused="Check that code_verifier and redirect_uri belong to the code. " + again,
            lost=again,
            code=code,
            code_verifier=code_verifier,
            redirect_uri=redirect_uri,
        )

    def authorization_url(
        self, redirect_uri: str, audience: str, scope: tuple[str, ...], code_challenge: str, state: str
    ) -> str:
        """The address where the user's browser logs in (RFC 6749 §4.1.1, RFC 7636 §4.3); sends nothing."""
        query = {
            "response_type": "code",
            "client_id": self._application.client_id,
            "redirect_uri": redirect_uri,
            "audience": audience,
            "scope": " ".join(scope),
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in query.items() if value}
        return "%s/authorize?%s" % (self.transport.connection.base_url, urlencode(given))

    def challenge(self, mfa_token: str, authenticator_id: str) -> Challenge:
        """Send the user a code or a push (``POST /mfa/challenge``).

        :param authenticator_id: as the MFA API lists it; its prefix is the channel
        :raises AuthenticationError: the mfa_token is wrong or has expired, or the user has no such authenticator
        :raises AmbiguousWriteError: the response was lost; the message may have been sent
        """
        action = "send a challenge to %s" % authenticator_id
        lost = (
            "The user may have received a message, but its code cannot be used. Run the task again to send another one."
        )
        body = {"mfa_token": mfa_token, "challenge_type": "oob", "authenticator_id": authenticator_id}
        try:
            answer = self._post("/mfa/challenge", action, **body)
        except AmbiguousWriteError as error:
            raise error.replace(hint=lost) from None
        checked(action, answer, object_of(oob_code=token, binding_method=maybe(text)), lost=lost)
        return Challenge(answer["oob_code"], answer.get("binding_method"))

    def mfa_otp(self, mfa_token: str, otp: str) -> TokenSet:
        """The token of a login that an OTP code finishes; the same grant confirms a pending OTP enrollment.

        :param mfa_token: the mfa_token, or (to confirm an enrollment) an access token for ``/mfa/`` with scope ``enroll``
        :raises AuthenticationError: wrong code, or the token has expired
        :raises AmbiguousWriteError: the response was lost; the code may be used up
        """
        return self._grant(
            "verify the one-time password",
            _GRANT + "mfa-otp",
            lost="%s It is safe to repeat a login with the next code." % NOT_REPEATED,
            mfa_token=mfa_token,
            otp=otp,
        )

    def mfa_oob(self, mfa_token: str, oob_code: str, binding_code: str | None = None) -> TokenSet:
        """The same with the code that the user received by SMS, voice or e-mail, or with a push that the user approved.

        :param oob_code: from the challenge or the enrollment
        :param binding_code: the 6 digits the user received; None for a push
        :raises AuthenticationError: wrong code, or a token has expired
        :raises AmbiguousWriteError: the response was lost; the code may be used up
        """
        fields = {"mfa_token": mfa_token, "oob_code": oob_code}
        if binding_code is None:
            return self._grant(
                "check whether the push was approved",
                _GRANT + "mfa-oob",
                lost="The response with the approval may be lost. Check whether the enrollment is confirmed, or send another push.",
                **fields,
            )
        return self._grant(
            "verify the code that was sent",
            _GRANT + "mfa-oob",
            refused="Check the code. It works only once and expires after 5 minutes. If it is too old, send another one.",
            lost="%s It is safe to repeat a login with another code." % NOT_REPEATED,
            binding_code=binding_code,
            **fields,
        )

    def mfa_recovery_code(self, mfa_token: str, recovery_code: str) -> TokenSet:
        """The same with the recovery code, which is void afterward; the response has its replacement.

        :raises AuthenticationError: wrong code, or the mfa_token has expired
        :raises AmbiguousWriteError: the response was lost; the code may be used up, and nobody knows the new one
        """
        tokens = self._grant(
            "log in with the recovery code",
            _GRANT + "mfa-recovery-code",
            refused="Check the code. Only the user's newest recovery code works, and only once.",
            lost="The recovery code may be used up and its replacement lost, so it was not sent again. Run the task again. "
            "If Auth0 refuses the code, create a new one with mfaops.auth0.auth0_recovery_code and state=rotated.",
            mfa_token=mfa_token,
            recovery_code=recovery_code,
        )
        return replace(tokens, used_up=True)

    def poll_oob(
        self,
        mfa_token: str,
        oob_code: str,
        timeout: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> TokenSet:
        """The token after the user has approved a push, or has scanned the code of a push enrollment; waits for it.

        Polls may be repeated (RFC 8628 §3.5). They are at least 5 s apart. The distance grows by 5 s after each
        ``slow_down`` or 429, and doubles after each lost response.

        :param mfa_token: the mfa_token, or (to confirm an enrollment) an access token for ``/mfa/`` with scope ``enroll``
        :param timeout: seconds; the first poll is sent at once, so 0 polls once
        :raises AuthenticationError: the user rejected it, did not answer in time (code ``authorization_pending``), or a
            token has expired
        :raises AmbiguousWriteError: the response with the approval was lost
        """
        interval, deadline = POLL_INTERVAL, clock() + timeout
        lost: AmbiguousWriteError | None = None
        refusal: Auth0Error
        while True:
            try:
                return self.mfa_oob(mfa_token, oob_code)
            except TransportError as error:
                if error.lasting:
                    raise
                refusal = error
                lost = error if isinstance(error, AmbiguousWriteError) else lost
                interval *= 2
            except Auth0Error as error:
                refusal = error
                # Too many polls of one login are told as too many requests, without a word about polls.
                if error.code == "slow_down" or (error.status == 429 and error.code == "too_many_requests"):
                    interval += POLL_INTERVAL
                elif error.code != "authorization_pending":
                    raise _answered(error, lost) from None
            if clock() + interval > deadline:
                raise _unanswered(refusal, timeout) from None
            sleep(interval)

    def _post(self, path: str, action: str, **fields: str) -> Any:
        return self.as_application(
            lambda credentials: self.transport.request("POST", path, action=action, json={**fields, **credentials})
        )

    def _grant(
        self,
        action: str,
        grant_type: str,
        *,
        refused: str | None = None,
        denied: str | None = None,
        lost: str | None = None,
        **fields: str,
    ) -> TokenSet:
        """
        :param denied: what to do where the application may not do this
        :param refused: what to do about a refusal without a hint of its own
        :param lost: what to do about a lost response, where the grant uses something up; None where it may be repeated
        """
        try:
            answer = self._post("/oauth/token", action, grant_type=grant_type, **fields)
        except AmbiguousWriteError as error:
            if lost:
                raise error.replace(hint=lost) from None
            # A token that got lost changes nothing for the user, unlike a code that was used up.
            raise error.replace(TransportError, hint="Auth0 changed nothing. Run the task again.") from None
        except MfaRequiredError as error:
            checked(action, error.mfa_token, token)
            raise
        except AuthenticationError as error:
            if error.hint:
                raise
            raise error.replace(hint=refused) from None
        except ForbiddenError as error:
            if error.code != "access_denied":
                raise
            raise error.replace(hint=denied) from None
        try:
            checked(action, answer, _TOKENS, lost=lost)
        except AmbiguousWriteError as error:
            # What replaces a used up code or token is shown nowhere else.
            left = valid(answer, recovery_code=word, refresh_token=token)
            raise error.replace(progress=left) from None
        return TokenSet(
            access_token=answer["access_token"],
            expires_in=answer.get("expires_in", 0),
            scope=_granted(answer, fields.get("scope", "")),
            refresh_token=answer.get("refresh_token"),
            recovery_code=answer.get("recovery_code"),
        )


def _refuses_client(error: AuthenticationError) -> bool:
    # Documented as invalid_client, observed as access_denied.
    return error.code == "invalid_client" or (error.status == 401 and error.code == "access_denied")


def _granted(answer: Mapping[str, Any], asked: str) -> tuple[str, ...]:
    # A response without a scope granted what was asked for (RFC 6749 §5.1), unless the token itself says otherwise.
    scope = answer.get("scope")
    if scope is None:
        said = (claims(answer["access_token"]) or {}).get("scope")
        scope = said if isinstance(said, str) else asked
    return tuple(scope.split())


def _answered(error: Auth0Error, lost: AmbiguousWriteError | None) -> Auth0Error:
    """The error for a poll that ended the wait."""
    # Observed as access_denied, documented as invalid_grant.
    if error.code == "access_denied" or "rejected" in error.message.lower():
        return error.replace(
            AuthenticationError,
            message="The user rejected the push",
            hint="Send another one if that was a mistake. A user who did not expect a push should change the password.",
        )
    if error.code == "invalid_request" and "binding_code" in error.message:
        return error.replace(hint="This challenge sent a code, not a push. Set binding_code to the code that was sent.")
    if lost is not None and error.code == "invalid_grant":
        return lost
    return error


def _unanswered(error: Auth0Error, timeout: float) -> Auth0Error:
    """The error for a wait that is over.

    :param error: of the last poll
    """
    if isinstance(error, TransportError):
        return error
    return error.replace(
        AuthenticationError,
        code="authorization_pending",
        message="The user did not answer the push within %.0f s" % timeout,
        hint="Send another push, and set push_timeout higher. A push expires after a few minutes.",
    )
