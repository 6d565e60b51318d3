# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one tenant: clock, users, keys, limits, and what may be done to a user's authenticators."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from .models import Authenticator, Challenge, User, device_suffix, iso, recovery_code
from .rate_limits import Limiter
from .seed import DAY, Population
from .tokens import Sealer, Signer
from .views import is_factor

CODE_LIFETIME = 300_000
PENDING_LIFETIME = DAY
MAX_AUTHENTICATORS = 50


class Tenant:
    """One Auth0 tenant.

    :param domain: ``host:port``; issuer and audiences are ``https://`` with it.
    :param users: how many seeded users there are.
    :param seed: what makes them.
    :param plan: name of a rate-limit preset.
    :param switches: every switch's value by name.
    """

    name = "Emulated tenant"

    def __init__(self, domain: str, users: int, seed: int, plan: str, switches: dict):
        self.domain = domain
        self.issuer = f"https://{domain}/"
        self.management_audience = f"https://{domain}/api/v2/"
        self.mfa_audience = f"https://{domain}/mfa/"
        self.userinfo_audience = f"https://{domain}/userinfo"
        self.switches = switches
        self.limiter = Limiter(plan)
        self.signer = Signer()
        self.sealer = Sealer()
        self._offset = 0
        self._population = Population(seed, users, self.now(), switches["message-types"])
        self._touched: dict[str, User | None] = {}  # None: deleted
        self._created: dict[str, None] = {}
        self._addresses: dict[str, set[str]] = {}

    # Clock

    def now(self) -> int:
        """The tenant's time, milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self._offset

    def move_clock(self, milliseconds: int) -> None:
        """Move the tenant's time by ``milliseconds``; it goes on running."""
        self._offset += milliseconds

    # Users

    def find(self, user_id: str) -> User | None:
        """The user, without authenticators whose confirmation is overdue; None when there is none."""
        if user_id in self._touched:
            user = self._touched[user_id]
        else:
            i = self._population.index_of_id(user_id)
            if i is None:
                return None
            user = self._touched[user_id] = self._population.user(i)
        if user is not None:
            self._forget_overdue(user)
        return user

    def find_by_email(self, address: str) -> list[User]:
        """All users with exactly this address."""
        ids = set(self._addresses.get(address, ()))
        i = self._population.index_of_email(address)
        if i:
            ids.add(self._population.user_id(i))
        users = [self.find(user_id) for user_id in sorted(ids)]
        return [user for user in users if user is not None and user.email == address]

    def users(self) -> Iterator[User]:
        """All users: the seeded ones in their order, then the created ones."""
        for i in range(1, self._population.count + 1):
            user = self.find(self._population.user_id(i))
            if user is not None:
                yield user
        for user_id in list(self._created):
            user = self.find(user_id)
            if user is not None:
                yield user

    def add(self, user: User) -> None:
        """Register a new user."""
        self._touched[user.id] = user
        self._created[user.id] = None
        self.index_address(user)

    def index_address(self, user: User) -> None:
        """Make the user findable by the present address; to be called after a change."""
        if user.email:
            self._addresses.setdefault(user.email, set()).add(user.id)

    def record_login(self, user: User) -> None:
        """Note in the profile that the user logged in now."""
        now = iso(self.now())
        count = user.profile.get("logins_count", 0) + 1
        user.profile = {**user.profile, "last_login": now, "updated_at": now, "logins_count": count}

    def remove(self, user_id: str) -> None:
        """Delete a user with all authenticators (API.md §3.3); an unknown id is no error."""
        if self.find(user_id) is not None:
            self._touched[user_id] = None
            self._created.pop(user_id, None)

    # Authenticators

    def confirm(self, user: User, item: Authenticator) -> None:
        """Finish an enrolment: the whole pair and the recovery code become active, with the dates of now."""
        now = self.now()
        for other in user.authenticators:
            if other is item or (item.link_id and other.link_id == item.link_id):
                other.confirmed, other.enrolled_at, other.last_auth_at = True, now, now
            elif other.type == "recovery-code" and not other.confirmed:
                other.confirmed, other.enrolled_at = True, now

    def remove_authenticator(self, user: User, item: Authenticator) -> None:
        """Delete an authenticator and its pair."""
        if item.type == "recovery-code":
            user.recovery_code = None
        user.authenticators = [
            other
            for other in user.authenticators
            if other is not item and not (item.link_id and other.link_id == item.link_id)
        ]

    def issue_recovery_code(self, user: User, confirmed: bool, used_at: int | None = None) -> str:
        """Give the user a new recovery code in place of any old one, and return it."""
        now = self.now()
        user.authenticators = [item for item in user.authenticators if item.type != "recovery-code"]
        user.authenticators.append(
            Authenticator(
                "recovery-code",
                now,
                device_suffix(),
                confirmed=confirmed,
                enrolled_at=now if confirmed else None,
                last_auth_at=used_at,
            )
        )
        user.recovery_code = recovery_code()
        return user.recovery_code

    def challenge(self, user: User, session: str, item: Authenticator, channel: str) -> str:
        """Send a code (or a push) to an authenticator; the answer is the ``oob_code`` that the exchange asks for."""
        now = self.now()
        address = item.phone_number or item.email
        code = None if channel == "push" else f"{secrets.randbelow(1_000_000):06d}"
        if code is not None:
            user.received.append({"channel": channel, "to": address, "code": code, "sent_at": now})
        user.challenges = {key: old for key, old in user.challenges.items() if now - old.sent_at < PENDING_LIFETIME}
        transaction = secrets.token_hex(16)
        user.challenges[transaction] = Challenge(session, item.id, channel, code, now)
        sealed = {"kind": "oob", "sub": user.id, "txn": transaction, "exp": now + CODE_LIFETIME}
        return self.sealer.seal(sealed, now + CODE_LIFETIME)

    def _forget_overdue(self, user: User) -> None:
        limit = self.now() - PENDING_LIFETIME
        if any(not item.confirmed and item.created_at <= limit for item in user.authenticators):
            user.authenticators = [item for item in user.authenticators if item.confirmed or item.created_at > limit]
            if not any(item.type == "recovery-code" for item in user.authenticators):
                user.recovery_code = None

    @staticmethod
    def is_full(user: User) -> bool:
        """Whether the user has as many authenticators as a user may have (API.md §2.2)."""
        return sum(is_factor(item) for item in user.authenticators) >= MAX_AUTHENTICATORS
