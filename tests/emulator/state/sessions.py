# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of browsers at the tenant, by the cookie ``auth0``. Times are the tenant's, in milliseconds.

They end after three days without use and after seven days in any case: the documented defaults (docs-v2, Configure Session
Lifetime Settings). What an administrator deletes ends with a delay, because Auth0 does that asynchronously (docs-v2, Manage User
Sessions with the Management API); the same of refresh tokens.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ..users.times import DAY

SESSION_LIFETIME = 7 * DAY
SESSION_IDLE = 3 * DAY


@dataclass(frozen=True)
class Device:
    """What is known of who asks."""

    user_agent: str
    ip: str = "127.0.0.1"


@dataclass
class Session:
    """One browser in which a user is logged in.

    :param id: the claim ``sid`` of ID tokens; not the cookie.
    :param methods: names of what the user showed at the login: ``pwd``, ``mfa``.
    :param clients: the applications that it was used for.
    :param ends_at: when it ends because somebody deleted it; None otherwise.
    """

    user_id: str
    started_at: int
    methods: tuple[str, ...]
    first: Device
    last: Device
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    clients: list[str] = field(default_factory=list)
    used_at: int = 0
    ends_at: int | None = None

    def __post_init__(self):
        self.used_at = self.started_at

    @property
    def idle_expires_at(self) -> int:
        """When it ends without another use."""
        return min(self.used_at + SESSION_IDLE, self.expires_at)

    @property
    def expires_at(self) -> int:
        """When it ends in any case."""
        return self.started_at + SESSION_LIFETIME

    def lives(self, now: int) -> bool:
        """Whether it can be used."""
        return now < self.idle_expires_at and (self.ends_at is None or now < self.ends_at)


class Sessions:
    """The sessions of one tenant."""

    def __init__(self):
        self._by_id: dict[str, Session] = {}

    def start(self, user_id: str, now: int, methods: tuple[str, ...], device: Device) -> Session:
        """A new session."""
        self._by_id = {key: old for key, old in self._by_id.items() if old.lives(now)}
        session = Session(user_id, now, methods, device, device)
        self._by_id[session.id] = session
        return session

    def find(self, session_id: str, now: int) -> Session | None:
        """The session, if it lives."""
        session = self._by_id.get(session_id)
        return session if session is not None and session.lives(now) else None

    def of_cookie(self, cookie: str | None, now: int) -> Session | None:
        """The session of a browser, if it lives."""
        return next((each for each in self._by_id.values() if each.cookie == cookie and each.lives(now)), None)

    def of_user(self, user_id: str, now: int) -> list[Session]:
        """All that live, oldest first."""
        return [each for each in self._by_id.values() if each.user_id == user_id and each.lives(now)]

    @staticmethod
    def use(session: Session, client_id: str, now: int, device: Device) -> None:
        """Record that an application was entered with it."""
        session.used_at, session.last = now, device
        if client_id not in session.clients:
            session.clients.append(client_id)
