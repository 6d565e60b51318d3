# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception family of the client.

Every error is one line for the person who reads it: what was attempted, what Auth0 said, what to do. Only the fields
``error``/``errorCode`` and ``error_description``/``message`` of an answer are ever quoted, because answers also carry
tokens (RFC 6749 errors with an ``mfa_token``).

An error is made once and does not change. Whoever knows more than the one who made it raises a changed copy:
``raise error.replace(hint="...") from None``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import Any, Final, Mapping, TypedDict
from urllib.parse import unquote

from .old_python import refuse_old_python

# Every module imports this file before anything that an older Python cannot read.
refuse_old_python()

REQUEST_ID_HEADERS = ("x-auth0-requestid", "x-request-id", "cf-ray")
_QUOTED_LENGTH = 300


class Auth0Error(Exception):
    """Base of all errors. The attributes are the parameters of ``__init__`` and cannot be set again.

    :ivar message: what failed and what Auth0 said, one line
    :ivar status: HTTP status, or None without a response
    :ivar code: Auth0's own word, from ``errorCode`` or ``error``
    :ivar request_id: the ID by which Auth0's support finds the request, where the response had one
    :ivar hint: what to do about it
    :ivar required_scope: the scope that is missing, for :class:`InsufficientScopeError`
    :ivar progress: what was done before the failure, as data for the result; it means ``changed`` unless it says otherwise
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
        required_scope: str | None = None,
        progress: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message: Final = message
        self.status: Final = status
        self.code: Final = code
        self.request_id: Final = request_id
        self.hint: Final = hint
        self.required_scope: Final = required_scope
        self.progress: Final[Mapping[str, object]] = dict(progress or {})

    def __setattr__(self, name: str, value: object) -> None:
        # Python itself sets __traceback__, __notes__ and their like, more than once.
        if name in self.__dict__ and not name.startswith("__"):
            raise AttributeError("%s of an error cannot be set again: use replace()" % name)
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[object, ...]:
        # BaseException's own would call the class with the message alone.
        return partial(type(self), **self._arguments()), ()

    def _arguments(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("__")}

    def __str__(self) -> str:
        facts = [
            "status %d" % self.status if self.status is not None else None,
            self.code,
            "request id %s" % self.request_id if self.request_id else None,
        ]
        shown = ", ".join(fact for fact in facts if fact)
        text = "%s (%s)." % (self.message.rstrip("."), shown) if shown else self.message.rstrip(".") + "."
        return "%s %s" % (text, self.hint) if self.hint else text

    def told(self) -> tuple[str, ...]:
        """What it says to people, line by line: one line, unless many things are wrong at once."""
        return (str(self),)

    def replace(
        self,
        kind: type[Auth0Error] | None = None,
        *,
        message: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        progress: Mapping[str, object] | None = None,
    ) -> Auth0Error:
        """A copy with what is given in place of its own.

        :param kind: the class of the copy, which has the parameters of Auth0Error only; by default this error's
        """
        given = {"message": message, "hint": hint, "code": code, "progress": progress}
        known = self._arguments()
        if kind not in (None, type(self)):
            known = {name: value for name, value in known.items() if name in _COMMON}
        return (kind or type(self))(**{**known, **{name: value for name, value in given.items() if value is not None}})

    def facts(self) -> dict[str, object]:
        """The same as data for a result: ``status``, ``error_code``, ``request_id``, ``required_scope``, ``hint`` and what
        ``progress`` holds; absent ones are left out.
        """
        facts = {
            "status": self.status,
            "error_code": self.code,
            "request_id": self.request_id,
            "required_scope": self.required_scope,
            "hint": self.hint,
        }
        done = {"changed": True, **self.progress} if self.progress else {}
        return {**{name: value for name, value in facts.items() if value is not None}, **done}


_COMMON = ("message", "status", "code", "request_id", "hint", "required_scope", "progress")


class ConfigurationError(Auth0Error):
    """The input is wrong. Raised before the first request."""


class RefusedError(Auth0Error):
    """We refuse to go on: the description fits more than one authenticator, or the user would lose the last factor."""


class AuthenticationError(Auth0Error):
    """401, or a refused grant: Auth0 does not accept the credentials or the token."""


class CredentialsError(AuthenticationError):
    """No token is given, because Auth0 refuses the credentials: every other request would fail as well."""


class MfaRequiredError(AuthenticationError):
    """The login stopped at ``mfa_required`` (documented as 401, observed as 403).

    :ivar mfa_token: the opaque token for the second step; never part of the text
    """

    def __init__(self, message: str, mfa_token: str, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.mfa_token: Final = mfa_token


class ForbiddenError(Auth0Error):
    """403 for another reason than a missing scope, for instance the tenant's plan."""


class InsufficientScopeError(ForbiddenError):
    """403 because the token lacks a scope."""


class NotFoundError(Auth0Error):
    """404, or the tenant has nothing of this name."""


class ConflictError(Auth0Error):
    """409."""


class RateLimitError(Auth0Error):
    """429, or a wait for the budget that would be longer than allowed."""


class BadRequestError(Auth0Error):
    """400 and every other refusal."""


class ServerError(Auth0Error):
    """5xx, or a response that is not what the endpoint documents."""


class TransportError(Auth0Error):
    """No response: the host is unreachable, its certificate is not trusted, or the connection was lost.

    :ivar lasting: asking again cannot help
    """

    def __init__(self, message: str, *, lasting: bool = False, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.lasting: Final = lasting


class AmbiguousWriteError(TransportError):
    """A write was sent and its response was lost: it may have happened. It is never sent twice.

    Its facts say ``changed``, unless ``progress`` knows better.
    """

    def facts(self) -> dict[str, object]:
        return {"changed": True, **super().facts()}


_BY_STATUS = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}

_NOT_IN_THE_PLAN = "The tenant's plan does not include this. Remove what asks for it from the task, or change the plan."
# What is true whoever asks. What depends on that is added by whoever knows: see ``api/``.
_HINTS = {
    "unauthorized_client": "Enable this grant type on the application (Applications, Advanced Settings, Grant Types).",
    "unsupported_challenge_type": "The user has no confirmed authenticator of this kind.",
    "too_many_attempts": "Attack protection blocks the user or the address. Try again later, or remove the block with "
    "mfaops.auth0.auth0_user_block.",
    "expired_token": "Log in again. The mfa_token expired before the second step.",
    "unauthorized": "This user may not log in. Read the reason that Auth0 gives, and unblock the user if that is right.",
    "not_entitled": _NOT_IN_THE_PLAN,
    "insufficient_entitlement": _NOT_IN_THE_PLAN,
    "inexistent_user": "Check user_id, and that auth0_domain is the tenant this user belongs to.",
}


class _Facts(TypedDict):
    status: int
    code: str | None
    request_id: str | None


def from_response(action: str, status: int, headers: Mapping[str, str], body: object) -> Auth0Error:
    """The error for a refused request.

    :param action: what was attempted, as an infinitive phrase: ``list the authenticators of auth0|1``
    :param status: HTTP status
    :param headers: in any case
    :param body: the parsed JSON body, or None
    """
    body = body if isinstance(body, dict) else {}
    # The Management API has the status in `error` and the cause in `errorCode`; the others have the cause in `error`.
    code = body.get("errorCode") or (None if "statusCode" in body else body.get("error"))
    code = one_line(code) if isinstance(code, str) else None
    said = body.get("message") or body.get("error_description") or ""
    said = one_line(said) if isinstance(said, str) else ""
    message = "Could not %s: %s" % (action, said or "Auth0 gave no reason")
    facts: _Facts = {"status": status, "code": code, "request_id": _request_id(headers)}

    if code == "mfa_required" and isinstance(body.get("mfa_token"), str):
        hint = "Set otp to a one-time password, or mfa_token to an access token for the /mfa/ audience."
        return MfaRequiredError(message, body["mfa_token"], hint=hint, **facts)
    if status == 403 and code == "insufficient_scope":
        _before, named, scopes = said.rpartition("any of:")
        scope = (scopes.strip().rstrip(".") or None) if named else None
        hint = "Add the scope %s to the application's grant for this API, then get a new token." % (scope or "it names")
        return InsufficientScopeError(message, required_scope=scope, hint=hint, **facts)
    if status >= 500:
        return ServerError(message, **facts)
    kind = (
        AuthenticationError
        if code in ("invalid_grant", "invalid_user_password", "expired_token") or _is_no_token(status, said)
        else _BY_STATUS.get(status, BadRequestError)
    )
    return kind(message, hint=_HINTS.get(code or "") or _hint_for_token(status, code, said), **facts)


def _is_no_token(status: int, said: str) -> bool:
    """Whether the bearer does not even look like a token of this API."""
    return status == 400 and "authentication header" in said.lower()


def _hint_for_token(status: int, code: str | None, said: str) -> str | None:
    lowered = said.lower()
    if "expired" in lowered and status in (401, 403):
        return "The token has expired. Get a new one."
    if code in ("access_denied", "invalid_client") and status == 401:
        return "Check client_id and client_secret, and that both belong to this tenant."
    if code in ("invalid_grant", "invalid_user_password") and "password" in lowered:
        return "Check username, password and realm."
    if code == "invalid_grant" and "otp" in lowered:
        return "Check the code and the clock of the device that shows it."
    if (code == "access_denied" and status == 403) or (code == "invalid_request" and "audience" in lowered):
        return "Check the audience, and that the application may use it."
    if "already enrolled" in lowered:
        return "An mfa_token can enroll only the first factor. Log in with otp as well."
    if status == 401 or _is_no_token(status, said):
        return "Check that the token is meant for this tenant and this API."
    return None


def _request_id(headers: Mapping[str, str]) -> str | None:
    lowered = {name.lower(): value for name, value in headers.items()}
    return next((one_line(lowered[name]) for name in REQUEST_ID_HEADERS if lowered.get(name)), None)


def one_line(text: object) -> str:
    """The text on one line, with what would not be seen as escapes, at most 300 characters."""
    line = visible(" ".join(str(text).split()))
    return line if len(line) <= _QUOTED_LENGTH else line[: _QUOTED_LENGTH - 1] + "…"


def address(text: str) -> str:
    """An address that cannot be right, for the message that says so: quoted, unless a password may be in it.

    What is wrong with an address may be where its password begins, so it is not looked for by its place.
    """
    plain = unicodedata.normalize("NFKC", unquote(text))
    return "(not shown, because a password may be in it)" if re.search("[@?#;]", plain) else repr(text)


def visible(text: str) -> str:
    """The text with escapes such as ``\\x1b`` and ``\\u202e`` for every character that steers a terminal or cannot be seen.

    Control characters, line breaks, marks of the writing direction, and characters without a width.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPES)


class _Escapes(dict[int, str]):
    """What ``str.translate`` puts in place of each character; filled as it is asked."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            char = ("\\x%02x" if code < 0x100 else "\\u%04x" if code < 0x10000 else "\\U%08x") % code
        self[code] = char
        return char


_ESCAPES = _Escapes()
