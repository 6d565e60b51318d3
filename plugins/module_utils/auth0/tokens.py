# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens: what C(POST /oauth/token) is asked for, and the two bearers the APIs accept."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Callable

from .errors import AmbiguousWriteError, ConfigurationError, ServerError, TransportError
from .transport import Transport

MFA_SCOPES = ("enroll", "read:authenticators", "remove:authenticators")
_GRANT = "http://auth0.com/oauth/grant-type/"
# A token is renewed before it expires, so that a request under way does not meet the end of it.
_LEEWAY = 60.0
# Auth0 accepts up to 300 s; the clocks may differ.
_ASSERTION_LIFETIME = 120


@dataclass(frozen=True)
class TokenSet:
    """What a grant returned. Secrets are left out of C(repr).

    :ivar expires_in: seconds; 600 for the C(/mfa/) audience, 86400 by default for the Management API
    :ivar scope: the scopes that were granted
    :ivar recovery_code: the replacement for a recovery code the grant consumed
    """

    access_token: str = field(repr=False)
    expires_in: float = 0
    scope: tuple[str, ...] = ()
    refresh_token: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Application:
    """An application of the tenant, and how it authenticates: with a secret, with a private key, or (public) not at all.

    :ivar private_key: PEM; signs a JWT for every request (RFC 7523)
    :ivar signing_algorithm: C(RS256), C(RS384) or C(PS256)
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    signing_algorithm: str = "RS256"

    def credentials(self, issuer: str) -> dict[str, str]:
        """The fields of a request's body that say who calls; an assertion is good for one request.

        :param issuer: C(https://TENANT/)
        :raises ConfigurationError: the private key cannot be read or does not fit the algorithm
        """
        fields = {"client_id": self.client_id}
        if self.private_key:
            fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            fields["client_assertion"] = self._assertion(issuer)
        elif self.client_secret:
            fields["client_secret"] = self.client_secret
        return fields

    def _assertion(self, issuer: str) -> str:
        import jwt

        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": issuer,
            "iat": now,
            "exp": now + _ASSERTION_LIFETIME,
            "jti": str(uuid.uuid4()),
        }
        try:
            return jwt.encode(claims, self.private_key, algorithm=self.signing_algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            # Their texts may quote the key.
            raise ConfigurationError(
                "private_key is not an unencrypted RSA key in PEM form",
                hint="It begins with a line such as -----BEGIN PRIVATE KEY-----.",
            ) from None


class TokenEndpoint:
    """The grants of one application.

    :ivar transport: what the requests go through
    """

    def __init__(self, transport: Transport, application: Application) -> None:
        self.transport, self._application = transport, application

    @property
    def credentials(self) -> dict[str, str]:
        """What says who calls, as fields of a request's body."""
        return self._application.credentials(self.transport.connection.issuer)

    def client_credentials(self, audience: str) -> TokenSet:
        """A token for the application itself.

        :raises AuthenticationError: wrong client_id or client_secret (observed as 401 C(access_denied))
        """
        return self._grant(
            "get a token for client %s" % self._application.client_id, "client_credentials", audience=audience
        )

    def password(
        self, username: str, password: str, audience: str, scope: tuple[str, ...], realm: str | None
    ) -> TokenSet:
        """A token for a user. With a realm (a connection's name) the password-realm grant, else the default directory.

        :raises MfaRequiredError: the user must pass a second step
        :raises AuthenticationError: wrong user name or password
        """
        fields = {"username": username, "password": password, "audience": audience, "scope": " ".join(scope)}
        grant = "password"
        if realm:
            grant, fields["realm"] = _GRANT + "password-realm", realm
        return self._grant("log in as %s" % username, grant, **fields)

    def mfa_otp(self, mfa_token: str, otp: str) -> TokenSet:
        """Answer C(mfa_required), or confirm a pending OTP enrolment, with a 6-digit code.

        :param mfa_token: the mfa_token, or (to confirm an enrolment) an access token for C(/mfa/) with scope C(enroll)
        :raises AuthenticationError: wrong code, or the token is too old
        """
        return self._grant("verify the one-time password", _GRANT + "mfa-otp", mfa_token=mfa_token, otp=otp)

    def mfa_oob(self, mfa_token: str, oob_code: str, binding_code: str) -> TokenSet:
        """The same with the code that was sent by SMS, voice or e-mail.

        :param oob_code: from the challenge or the enrolment
        :param binding_code: the 6 digits the user received
        """
        return self._grant(
            "verify the code that was sent",
            _GRANT + "mfa-oob",
            mfa_token=mfa_token,
            oob_code=oob_code,
            binding_code=binding_code,
        )

    def _grant(self, action: str, grant_type: str, **fields: str) -> TokenSet:
        body = {"grant_type": grant_type, **self.credentials, **fields}
        try:
            answer = self.transport.request("POST", "/oauth/token", action=action, json=body)
        except AmbiguousWriteError as error:
            if "mfa_token" in fields:
                raise
            # A token that got lost changes nothing for the user, unlike a code that was used up.
            raise error.as_kind(TransportError, hint="No token was received: try again.") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise ServerError("Could not %s: the answer has no access_token" % action)
        return TokenSet(
            access_token=answer["access_token"],
            expires_in=float(answer.get("expires_in") or 0),
            scope=tuple((answer.get("scope") or "").split()),
            refresh_token=answer.get("refresh_token"),
            recovery_code=answer.get("recovery_code"),
        )


class CachedToken:
    """A bearer that is fetched when first needed and again shortly before it expires; call it to get the token."""

    def __init__(self, fetch: Callable[[], TokenSet], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._token: str | None = None
        self._renew_at = 0.0

    def __call__(self) -> str:
        """:raises Auth0Error: the grant was refused"""
        if self._token is None or self._clock() >= self._renew_at:
            tokens = self._fetch()
            self._token = tokens.access_token
            self._renew_at = self._clock() + max(tokens.expires_in - _LEEWAY, 0)
        return self._token

    def drop(self) -> None:
        """Forget the token, because Auth0 refused it."""
        self._token = None


def is_mfa_token(bearer: str) -> bool:
    """Whether this is the opaque C(mfa_token) of an C(mfa_required) answer rather than an access token (a JWT)."""
    return bearer.startswith("Fe26.2*")
