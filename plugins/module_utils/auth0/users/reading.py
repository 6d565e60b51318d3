# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many users, several at once. Nobody is lost: a user who could not be read is in the result, with the reason."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, Protocol, Sequence

from ..api.checks import check_address, check_id
from ..api.profiles import Profile
from ..authenticators import Authenticator
from ..wire.errors import Auth0Error, ConfigurationError
from .patience import REFUSALS, Patience, WalkOver, is_of_the_tenant
from .side_by_side import side_by_side
from .user_read import UserRead

if TYPE_CHECKING:
    from ..api.management import ManagementApi
    from .population import Population
    from .row_filter import RowFilter


class AuthenticatorLists(Protocol):
    """What it takes to read the authenticators of a user who is known by ID."""

    def list_authenticators(self, user_id: str) -> list[Authenticator]:
        """The user's authenticators."""


class UserLookup(AuthenticatorLists, Protocol):
    """What it takes to read them of any user."""

    def find_user_id(self, email: str) -> str:
        """The ID of the one user with this address."""

    def find_user(self, email: str, fields: tuple[str, ...]) -> Profile:
        """The one user with this address."""

    def user(self, user_id: str, fields: tuple[str, ...]) -> Profile:
        """The user with this ID."""


@dataclass(frozen=True)
class Target:
    """A user to read: by ID, or by an e-mail address that is looked up first.

    :ivar profile: as far as it is known already
    """

    user_id: str | None = None
    email: str | None = None
    profile: Profile | None = field(default=None, compare=False)


class _Last(Exception):
    """The walk ended with this user."""

    def __init__(self, read: UserRead) -> None:
        super().__init__()
        self.read = read


class Reading:
    """One walk over users, in their order, each once. Several are read at once, within the pace of the API's budget.

    :ivar stopped: the error that ended the walk early, because the next user would have met it as well; None otherwise. Whose
        it is comes last, unless somebody before was not asked any more. Where everybody is refused, it is the last refusal.
    """

    def __init__(
        self,
        api: UserLookup,
        targets: Iterable[Target],
        total: Callable[[], int | None] = lambda: None,
        *,
        threads: int = 1,
        patience: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        idle: Callable[[], None] | None = None,
        fields: tuple[str, ...] = (),
        others: Iterable[str] = (),
    ) -> None:
        """
        :param targets: those of a list that are the same user are told from each other, and all of it are listed. Others may be
            lazy; they are different users, and are not asked for once the walk has stopped. An error that they raise ends the walk.
        :param total: how many targets there are, as far as it is known
        :param threads: how many users are read at once
        :param patience: seconds to wait for a tenant that is away, see :class:`Patience`
        :param sleep: what it raises ends the walk, once the users before are told
        :param idle: is called now and then while the next user is waited for
        :param fields: of the profile, wanted beside the authenticators. A user who is named by ID takes a request more for them.
        :param others: IDs of users to ask for where nobody is answered and nobody was before, as only their answer tells a tenant
            that is away from users who cannot be read. May be lazy; each is asked for once.
        """
        self._fields, self._others = fields, iter(others)
        # Who was answered last, so that there is somebody to ask for.
        self._known: str | None = None
        self._api, self._total, self._idle = api, total, idle
        self._targets = list(dict.fromkeys(targets)) if isinstance(targets, Sequence) else targets
        self._threads, self._patience = threads, Patience(threads, patience, sleep, clock, self._another)
        self.stopped: Auth0Error | None = None

    @classmethod
    def from_options(
        cls, api: ManagementApi, options: Mapping[str, Any], threads: int = 1, fields: tuple[str, ...] = ()
    ) -> Reading:
        """The users that ``user_ids`` and ``emails`` name, or those that ``query`` finds; sends nothing.

        :param fields: of the profiles, wanted beside the authenticators

        :raises ConfigurationError: an option cannot be right
        """
        if options["query"] is None:
            targets = _named(options["user_ids"] or (), options["emails"] or ())
            return cls(api, targets, lambda: len(targets), threads=threads, fields=fields)
        query = options["query"].strip()
        if not query:
            raise ConfigurationError("query is empty.", hint="To read every user, set it to *.")
        # Modules are compiled anew for every task, so what only a search needs is loaded for a search.
        from .population import Population

        wanted = tuple(dict.fromkeys(("user_id", "email", "created_at", *fields)))
        population = Population(api, None if query == "*" else query, wanted)
        return cls(api, _found(population), lambda: population.total, threads=threads, fields=fields)

    @property
    def total(self) -> int | None:
        """How many users are asked for; None while nobody knows."""
        return self._total()

    @property
    def away(self) -> Auth0Error | None:
        """The last error of a tenant that does not answer; None while it does."""
        return self._patience.away

    @property
    def answers(self) -> int:
        """How often the tenant has answered. Whoever came out before it answered again could not be read for reasons of their own."""
        return self._patience.answers

    @property
    def silence(self) -> float:
        """For how many seconds there has been no answer."""
        return self._patience.silence

    def __iter__(self) -> Iterator[UserRead]:
        if not isinstance(self._targets, Sequence):
            yield from self._walk(())
            return
        # Whose an address is, is learned by looking it up.
        seen: set[str | None] = set()
        for read in self._walk(self._targets):
            if read.user_id is None or read.user_id not in seen:
                yield read
            seen.add(read.user_id)

    def _walk(self, named: Sequence[Target]) -> Iterator[UserRead]:
        """Every target, and those that were named even where the walk has stopped before."""
        done, refusal = 0, None
        try:
            for read in side_by_side(self._read, self._targets, self._threads, self._idle):
                done += 1
                refusal = read.error if isinstance(read.error, REFUSALS) else refusal
                yield read
            if not self._patience.accepted:
                self.stopped = refusal
        except _Last as last:
            done, self.stopped = done + 1, last.read.error
            yield last.read
        except WalkOver as over:
            self.stopped = over.error
        except Auth0Error as error:
            # Further users may exist that nobody can name now.
            self.stopped = error
        finally:
            self._patience.end()
        if self.stopped is not None:
            for target in named[done:]:
                yield UserRead(target.user_id, target.email, error=_not_reached(self.stopped))

    def _read(self, target: Target) -> UserRead:
        user_id, profile = target.user_id, target.profile
        try:
            with self._patience.turn():
                if self._fields and profile is None:
                    profile = self._profile(target)
                    user_id = profile["user_id"]
                elif user_id is None:
                    user_id = self._api.find_user_id(target.email or "")
                found = tuple(self._api.list_authenticators(user_id))
            self._known = user_id
            return UserRead(user_id, target.email, found, profile=profile)
        except WalkOver as over:
            if not over.asked:
                raise
            raise _Last(UserRead(user_id, target.email, error=over.error, profile=profile)) from None
        except Auth0Error as error:
            return UserRead(user_id, target.email, error=error, profile=profile)

    def _another(self) -> bool:
        """Whether there is an answer for somebody else. It is the same request that the others met their errors with."""
        user_id = self._known or next(self._others, None)
        if user_id is None:
            return False
        try:
            self._api.list_authenticators(user_id)
        except Auth0Error as error:
            self._known = None
            return not is_of_the_tenant(error)
        self._known = user_id
        return True

    def _profile(self, target: Target) -> Profile:
        if target.user_id is None:
            return self._api.find_user(target.email or "", self._fields)
        return self._api.user(target.user_id, self._fields)


def _not_reached(cause: Auth0Error) -> Auth0Error:
    """The error of a user who was not asked any more. It names neither the user nor the request that met the cause."""
    return Auth0Error(
        "The user was not reached, because an error at another user ended the task",
        status=cause.status,
        code=cause.code,
        hint=cause.hint,
        required_scope=cause.required_scope,
    )


def _found(population: Population) -> Iterator[Target]:
    """The users of a search.

    :raises PopulationError: there are more, whom nobody can name
    """
    for user in population:
        yield Target(user["user_id"], user.get("email"), user)
    population.check()


def _named(user_ids: Sequence[str], emails: Sequence[str]) -> list[Target]:
    """These users, each ID and address once.

    :raises ConfigurationError: one cannot be right
    """
    for user_id in user_ids:
        check_id("user_ids", user_id)
    for email in emails:
        check_address("emails", email)
    targets = [*(Target(user_id=user_id) for user_id in user_ids), *(Target(email=email) for email in emails)]
    return list(dict.fromkeys(targets))


def read_all(
    reading: Reading,
    row_filter: Callable[[], RowFilter],
    every: int,
    report: Callable[[int, int], None],
    summary: Callable[[UserRead], Mapping[str, object]] | None = None,
) -> dict[str, object]:
    """The result of the whole walk: an entry for each user, and how many of them could not be read.

    :param row_filter: is called once, after the first user: by then the tenant has told its time
    :param every: after so many users ``report`` gets how many there were and how many of them were not read
    :param summary: makes what each entry has as ``summary``; without it they have none
    :raises Auth0Error: the walk ended early; the result so far is in the error's ``progress``
    :raises ConfigurationError: ``every`` is not above 0; nothing was sent
    """
    if every < 1:
        raise ConfigurationError("progress_every is %d, but must be at least 1" % every)
    users: list[Mapping[str, object]] = []
    unread = 0
    shown: RowFilter | None = None
    for user in reading:
        shown = shown or row_filter()
        entry = user.entry(shown)
        users.append(entry if summary is None else {**entry, "summary": summary(user)})
        unread += user.error is not None
        if len(users) % every == 0:
            report(len(users), unread)
    result: dict[str, object] = {"changed": False, "users": users, "unread": unread}
    if reading.stopped is not None:
        raise reading.stopped.replace(progress=result)
    return result


def progress_line(done: int, total: int | None, unread: int, waited: float) -> str:
    """How far a walk is, in one line.

    :param total: None where nobody knows
    :param waited: seconds
    """
    of = "an unknown number of" if total is None else total
    return "%d of %s users, %d unread, %.0f s waited for the rate limit" % (done, of, unread, waited)
