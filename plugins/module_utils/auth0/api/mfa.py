# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The MFA API: one user's authenticators, listed and changed with that user's own token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping, TypedDict
from urllib.parse import quote

from ..authenticators import Authenticator
from ..factors import FACTORS, of_mfa_type
from ..wire.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConflictError,
    InsufficientScopeError,
    NotFoundError,
)
from .answers import (
    ALREADY_THERE,
    Shape,
    checked,
    flag,
    list_of,
    maybe,
    named_id,
    nothing,
    object_of,
    one_of,
    text,
    token,
    valid,
    word,
)
from .bearer import Bearer
from .checks import check_id
from .token_set import claims, is_mfa_token
from ..wire.transport import NOT_REPEATED

if TYPE_CHECKING:
    from .tokens import TokenEndpoint

# Seconds by which Auth0's clock may not be known exactly.
_CLOCK_SKEW = 2
_TOKEN_WANTED = "Use an access token for the /mfa/ audience that is younger than 600 s and has the scope %s."

_MFA_TOKEN_GIVEN = (
    "This is an mfa_token, not an access token. It must come from this tenant. It can list authenticators and enroll the "
    "first one, and cannot remove any."
)


@dataclass(frozen=True)
class Enrollment:
    """What an association returned, once and never again. ``repr`` leaves out the secrets.

    :ivar authenticator_type: ``otp`` or ``oob``
    :ivar oob_channel: ``sms``, ``voice``, ... for ``oob``
    :ivar secret: the OTP seed, base32
    :ivar barcode_uri: the ``otpauth://`` address of the QR code
    :ivar oob_code: to be sent back with the code the user received
    :ivar recovery_codes: the user's first recovery code, where the tenant issues one
    """

    authenticator_type: str
    oob_channel: str | None = None
    secret: str | None = field(default=None, repr=False)
    barcode_uri: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)


class Association(TypedDict, total=False):
    """The body of ``POST /mfa/associate``."""

    authenticator_types: list[str]
    oob_channels: list[str]
    phone_number: str
    email: str


class MfaApi:
    """The endpoints under ``/mfa/`` for one bearer."""

    def __init__(self, tokens: TokenEndpoint, bearer: Bearer) -> None:
        """
        :param tokens: the application, for associating and confirming
        :param bearer: an access token for the ``/mfa/`` audience, or an ``mfa_token``
        """
        self._tokens, self._bearer = tokens, bearer

    @property
    def holds_mfa_token(self) -> bool:
        """Whether the bearer is an ``mfa_token``, which can do less than an access token."""
        return is_mfa_token(self._bearer())

    def list_authenticators(self) -> list[Authenticator]:
        """All authenticators, unconfirmed ones included (``GET /mfa/authenticators``, not paged).

        :raises AuthenticationError: the bearer is wrong or has expired
        :raises InsufficientScopeError: it lacks ``read:authenticators``
        """
        action = "list the user's authenticators"
        items = self._call("GET", "/mfa/authenticators", action, "read:authenticators")
        return [Authenticator.from_mfa_api(item) for item in checked(action, items, list_of(_row, distinct="id"))]

    def associate(self, fields: Association) -> Enrollment:
        """Start an enrollment (``POST /mfa/associate``); it stays inactive until it is confirmed.

        :param fields: ``authenticator_types``, and ``oob_channels``, ``phone_number`` or ``email``
        :raises AuthenticationError: an ``mfa_token`` was used although the user has an active authenticator
        """
        action = "enroll %s for the user" % (fields.get("oob_channels") or fields["authenticator_types"])[0]
        try:
            answer = self._tokens.as_application(
                lambda credentials: self._call("POST", "/mfa/associate", action, "enroll", {**fields, **credentials})
            )
        except ConflictError as error:
            raise error.replace(hint=ALREADY_THERE) from None
        try:
            checked(action, answer, _association(fields), lost=NOT_REPEATED)
        except AmbiguousWriteError as error:
            # What the answer does have is shown nowhere else.
            raise error.replace(progress=valid(answer, **_ENROLLMENT, recovery_codes=_CODES)) from None
        return Enrollment(
            authenticator_type=answer["authenticator_type"],
            oob_channel=answer.get("oob_channel"),
            secret=answer.get("secret"),
            barcode_uri=answer.get("barcode_uri"),
            oob_code=answer.get("oob_code"),
            recovery_codes=tuple(answer.get("recovery_codes") or ()),
        )

    def confirm(self, code: str, oob_code: str | None = None) -> None:
        """Finish an enrollment with the code of the OTP app, or with the code that was sent (``POST /oauth/token``).

        :param oob_code: from the enrollment, for a code that was sent
        :raises AuthenticationError: wrong code, or the enrollment has expired
        """
        bearer = self._checked_bearer("confirm the enrollment", "enroll")
        if oob_code:
            self._tokens.mfa_oob(bearer, oob_code, code)
        else:
            self._tokens.mfa_otp(bearer, code)

    def confirm_push(self, oob_code: str, timeout: float) -> None:
        """Wait until the user has scanned the code of the enrollment.

        :param oob_code: from the enrollment
        :param timeout: seconds
        :raises AuthenticationError: the user refused, or did not answer in time
        """
        self._tokens.poll_oob(self._checked_bearer("confirm the enrollment", "enroll"), oob_code, timeout)

    def delete(self, authenticator_id: str) -> bool:
        """Remove an authenticator and its linked ones (``DELETE /mfa/authenticators/{id}``).

        :returns: False where it was already gone
        :raises ConfigurationError: not an id
        :raises AuthenticationError: the bearer is an ``mfa_token``, wrong, or has expired
        """
        check_id("authenticator_id", authenticator_id)
        path = "/mfa/authenticators/" + quote(authenticator_id, safe="")
        action = "remove the authenticator %s" % authenticator_id
        try:
            answer = self._call("DELETE", path, action, "remove:authenticators")
        except NotFoundError:
            return False
        checked(action, answer, nothing, lost=NOT_REPEATED)
        return True

    def _call(self, method: str, path: str, action: str, scope: str, json: Mapping[str, object] | None = None) -> Any:
        bearer = self._checked_bearer(action, scope)
        try:
            return self._tokens.transport.request(method, path, action=action, json=json, bearer=bearer)
        except AuthenticationError as error:
            if not is_mfa_token(bearer):
                raise error.replace(hint=_TOKEN_WANTED % scope) from None
            if error.code != "expired_token":
                raise error.replace(hint=_MFA_TOKEN_GIVEN) from None
            raise

    def _checked_bearer(self, action: str, scope: str) -> str:
        bearer = self._bearer()
        transport = self._tokens.transport
        now = transport.budget.now() if transport.budget.knows_the_time else None
        check_access_token(bearer, action, scope, transport.connection.mfa_audience, now)
        return bearer


_ENROLLMENT: dict[str, Shape] = {
    "oob_channel": maybe(text),
    "secret": maybe(word),
    "barcode_uri": maybe(word),
    "oob_code": maybe(token),
}
_CODES = list_of(word)
_ROW = object_of(id=named_id, authenticator_type=word, active=flag, oob_channel=maybe(word), name=maybe(text))
_OOB_ROW = object_of(oob_channel=word)
_NAMED_ROW = object_of(name=word)


def _row(value: object, where: str) -> Any:
    """A row of the list; how a code is sent is part of what it is, and the name tells one device from another."""
    row = _ROW(value, where)
    if row["authenticator_type"] == "oob":
        _OOB_ROW(row, where)
    factor = FACTORS.get(of_mfa_type(row["authenticator_type"], row.get("oob_channel")))
    return _NAMED_ROW(row, where) if factor and factor.shown_as else row


def _association(fields: Association) -> Shape:
    """What the answer to an association holds: without these the enrollment cannot be confirmed."""
    kind, channels = fields["authenticator_types"][0], fields.get("oob_channels") or []
    needed: dict[str, Shape] = {}
    if kind == "oob":
        needed["oob_code"] = token
    if kind == "otp":
        needed["secret"] = word
    if kind == "otp" or "auth0" in channels:
        needed["barcode_uri"] = word
    members = {**_ENROLLMENT, "recovery_codes": maybe(_CODES), **needed}
    return object_of(authenticator_type=one_of(kind), **members)


def check_access_token(bearer: str, action: str, scope: str, audience: str, now: float | None) -> None:
    """Refuse an access token that cannot work by its own claims, before it is sent. Auth0 decides what the claims do not say.

    :param action: what is attempted, as an infinitive phrase for messages
    :param now: Unix seconds by Auth0's clock; None before its first answer, when nobody knows what has expired
    :raises AuthenticationError: it is for another audience, or has expired
    :raises InsufficientScopeError: it lacks the scope
    """
    said = claims(bearer) or {}
    meant = said.get("aud") or audience
    if audience not in (meant if isinstance(meant, list) else [meant]):
        raise AuthenticationError(
            "Could not %s: the access token is not for the audience %s" % (action, audience),
            hint=_TOKEN_WANTED % scope,
        )
    expires = said.get("exp")
    if now is not None and isinstance(expires, (int, float)) and expires + _CLOCK_SKEW < now:
        # An integer of hundreds of digits is no float.
        ago = "%.0f s ago" % (now - expires) if expires > 1 else "long ago"
        raise AuthenticationError(
            "Could not %s: the access token expired %s" % (action, ago),
            hint=_TOKEN_WANTED % scope,
        )
    granted = said.get("scope")
    if isinstance(granted, str) and scope not in granted.split():
        raise InsufficientScopeError(
            "Could not %s: the access token lacks the scope %s" % (action, scope),
            required_scope=scope,
            hint="Get a token with this scope, for example with mfaops.auth0.auth0_mfa_token. The application must be "
            "allowed to ask for it.",
        )
