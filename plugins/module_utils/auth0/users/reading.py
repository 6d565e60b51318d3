# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many users read one after the other; nobody is lost: who could not be read is in the result, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Sequence

from ..authenticators import Authenticator
from ..wire.errors import Auth0Error, AuthenticationError, ForbiddenError, RateLimitError, TransportError

# After these the next user would fail in the same way: the client has already renewed the token, waited and repeated.
FATAL = (AuthenticationError, ForbiddenError, RateLimitError, TransportError)


@dataclass(frozen=True)
class Target:
    """A user to read: by id, or by an address that is looked up first."""

    user_id: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class UserRead:
    """One user.

    :ivar authenticators: None for a user who was not read
    :ivar error: why not; None for one who was
    """

    user_id: str | None
    email: str | None
    authenticators: tuple[Authenticator, ...] | None = None
    error: Auth0Error | None = None


class Reading:
    """One walk over users, in their order, each once.

    :ivar stopped: the error that ended the walk early, because the next user would have met it as well; None otherwise
    """

    def __init__(self, api, targets: Iterable[Target]) -> None:
        """
        :param api: has C(list_authenticators(user_id)) and C(find_user_id(email))
        :param targets: may be lazy, and is not gone on with then once the walk has stopped; what it raises ends the walk
        """
        self._api, self._targets = api, targets
        self.stopped: Auth0Error | None = None

    def __iter__(self) -> Iterator[UserRead]:
        seen: set[str] = set()
        targets = iter(self._targets)
        while self.stopped is None:
            try:
                target = next(targets, None)
            except Auth0Error as error:
                # Further users may exist that nobody can name now.
                self.stopped = error
                return
            if target is None:
                return
            if target.user_id in seen:
                continue
            read = self._read(target)
            if read.user_id is None or read.user_id not in seen:
                yield read
            if read.user_id is not None:
                seen.add(read.user_id)
        # Those that were named are listed; a search is not gone on with for it.
        for target in targets if isinstance(self._targets, Sequence) else ():
            if target.user_id not in seen:
                yield UserRead(target.user_id, target.email, error=self.stopped)
                seen.update([target.user_id] if target.user_id else [])

    def _read(self, target: Target) -> UserRead:
        user_id = target.user_id
        try:
            user_id = user_id or self._api.find_user_id(target.email)
            return UserRead(user_id, target.email, tuple(self._api.list_authenticators(user_id)))
        except Auth0Error as error:
            if isinstance(error, FATAL):
                self.stopped = error
            return UserRead(user_id, target.email, error=error)


def with_progress(users: Iterable[UserRead], every: int, report: Callable[[int, int], None]) -> Iterator[UserRead]:
    """The same users; after every so many, C(report) gets how many there were and how many of them were not read."""
    unread = 0
    for number, user in enumerate(users, 1):
        unread += user.error is not None
        yield user
        if number % every == 0:
            report(number, unread)
