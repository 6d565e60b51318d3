# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All users of a tenant. Seeded users are made on request, and stored only if they differ from their seed."""

from __future__ import annotations

from collections.abc import Iterator

from .models import User
from .profiles import logged_in
from .seed import Population

REMEMBERED = 256


class UserStore:
    """Users by position: seeded user ``i`` has the position ``i``, created ones follow.

    A requested user stays in memory until 256 others have been requested. Then it is compared with its seed and stored
    only if it has changed, so code that changes a user need not report the change.
    """

    def __init__(self, population: Population):
        self.population = population
        self._kept: dict[int, User | None] = {}  # None: deleted
        self._remembered: dict[int, User] = {}  # the latest last
        self._created: dict[str, int] = {}
        self._next_position = population.count + 1
        self._addresses: dict[str, set[str]] = {}

    def position(self, user_id: str) -> int | None:
        """The user's position; None if no user has the ID. A deleted seeded user keeps its position."""
        return self._created.get(user_id) or self.population.index_of_id(user_id)

    def find(self, user_id: str) -> User | None:
        """The user, to read or change during one request; None if there is no such user.

        Store the ID, not the user, in anything that outlives the request.
        """
        position = self.position(user_id)
        if position is None:
            return None
        if position in self._kept:
            return self._kept[position]
        user = self._remembered.pop(position, None)
        if user is None:
            user = self.population.user(position)
            if len(self._remembered) >= REMEMBERED:
                self._forget_oldest()
        self._remembered[position] = user
        return user

    def __iter__(self) -> Iterator[User]:
        """All users for reading: the seeded ones in their order, then the created ones."""
        for position in range(1, self._next_position):
            if position in self._kept:
                user = self._kept[position]
            else:
                user = self._remembered.get(position) or self.population.user(position)
            if user is not None:
                yield user

    def aside(self) -> dict[int, User | None]:
        """Every user that may differ from its seed, by position; None for a deleted one."""
        return {**self._kept, **self._remembered}

    def ids_at(self, address: str) -> list[str]:
        """Ids of all users that may have this e-mail address, username or phone number, or once had it."""
        ids = set(self._addresses.get(address, ()))
        i = self.population.index_of_name(address)
        if i:
            ids.add(self.population.user_id(i))
        return sorted(ids)

    def add(self, user: User) -> None:
        """Register a new user."""
        self._created[user.id] = self._next_position
        self._kept[self._next_position] = user
        self._next_position += 1
        self.index_address(user)

    def log_in(self, every: int, moment: int) -> int:
        """Let every so-many-th seeded user have logged in at this moment; returns how many they are.

        However many, they need no memory.
        """
        self.population.log_in(every, moment)
        known = {**self._kept, **self._remembered}
        known = {i: user for i, user in known.items() if i <= self.population.count and i % every == 0}
        for user in known.values():
            if user is not None:
                user.profile = logged_in(user.profile, moment)
        return self.population.count // every - sum(user is None for user in known.values())

    def index_address(self, user: User) -> None:
        """Make the user findable by the present address, username and phone number; call this after a change."""
        for name in user.names:
            self._addresses.setdefault(name, set()).add(user.id)

    def remove(self, user_id: str) -> None:
        """Delete the user; an unknown id is no error."""
        position = self.position(user_id)
        if position is not None:
            self._created.pop(user_id, None)
            self._remembered.pop(position, None)
            self._kept[position] = None

    def _forget_oldest(self) -> None:
        position, user = next(iter(self._remembered.items()))
        del self._remembered[position]
        if user != self.population.user(position):
            self._kept[position] = user
