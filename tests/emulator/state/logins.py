# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Universal Login remembers: logins under way, codes, browsers. Times are the tenant's, in milliseconds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ..users.times import DAY, MINUTE

LOGIN_LIFETIME = 60 * MINUTE
CODE_LIFETIME = 10 * MINUTE
BROWSER_LIFETIME = 30 * DAY
BROWSER_IDLE = 7 * DAY


@dataclass(frozen=True)
class Request:
    """The checked parameters of ``GET /authorize``; ``audience`` is empty for the user-info endpoint."""

    client_id: str
    redirect_uri: str
    state: str | None
    audience: str
    scope: tuple[str, ...]
    code_challenge: str | None
    nonce: str | None
    forces_mfa: bool


@dataclass
class Login:
    """One login under way.

    :param id: the ``state`` of the login pages; the application has its own.
    :param user_id: set by the right password.
    :param oob_code: of the code or push sent last.
    :param enrolling: id of the OTP app that a user without any factor is enrolling.
    :param recovery_code: issued at enrollment, to be shown once that is confirmed.
    :param remember: whether the user ticked the box.
    :param done: whether only the recovery code remains to be shown.
    :param verified: whether the user took the second step.
    """

    id: str
    request: Request
    started_at: int
    user_id: str = ""
    oob_code: str = ""
    enrolling: str = ""
    recovery_code: str = ""
    remember: bool = False
    done: bool = False
    verified: bool = False


@dataclass(frozen=True)
class AuthorizationCode:
    """The login that an authorization code was issued for."""

    request: Request
    user_id: str
    issued_at: int
    session_id: str


class Logins:
    """Logins under way, and the authorization codes of finished ones."""

    def __init__(self):
        self._logins: dict[str, Login] = {}
        self._codes: dict[str, AuthorizationCode] = {}

    def start(self, request: Request, now: int) -> Login:
        """A new login."""
        self._logins = {key: old for key, old in self._logins.items() if now - old.started_at < LOGIN_LIFETIME}
        login = Login(secrets.token_urlsafe(32), request, now)
        self._logins[login.id] = login
        return login

    def find(self, login_id: str, now: int) -> Login | None:
        """The login under way; None after an hour, or when it has ended."""
        login = self._logins.get(login_id)
        return login if login is not None and now - login.started_at < LOGIN_LIFETIME else None

    def finish(self, login: Login, session_id: str, now: int) -> str:
        """End a login; returns its authorization code."""
        self._logins.pop(login.id, None)
        self._codes = {key: old for key, old in self._codes.items() if now - old.issued_at < CODE_LIFETIME}
        code = secrets.token_urlsafe(32)
        self._codes[code] = AuthorizationCode(login.request, login.user_id, now, session_id)
        return code

    def take_code(self, code: str, now: int) -> AuthorizationCode | None:
        """Use up a code and return its login; None if the code is unknown, used or older than ten minutes."""
        found = self._codes.pop(code, None)
        return found if found is not None and now - found.issued_at < CODE_LIFETIME else None


class Browsers:
    """Remembered browsers, by the cookie ``auth0-mf``: 30 days, or seven days without use (API.md §1.7)."""

    def __init__(self):
        self._browsers: dict[str, list] = {}  # user id, remembered at, last used at

    def remember(self, user_id: str, now: int) -> str:
        """Remember a browser; returns the cookie's value."""
        value = secrets.token_urlsafe(32)
        self._browsers[value] = [user_id, now, now]
        return value

    def knows(self, value: str | None, user_id: str, now: int) -> bool:
        """Whether the cookie is this user's and has not expired; records the use."""
        browser = self._browsers.get(value)
        if browser is None or browser[0] != user_id:
            return False
        if now - browser[1] >= BROWSER_LIFETIME or now - browser[2] >= BROWSER_IDLE:
            return False
        browser[2] = now
        return True

    def forget(self, user_id: str) -> None:
        """Forget all browsers of a user."""
        self._browsers = {value: browser for value, browser in self._browsers.items() if browser[0] != user_id}
