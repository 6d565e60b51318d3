# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users of a run, from wherever they can be taken, onto its roll; and whether these are all."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Callable, Iterable, NamedTuple, Protocol, Sequence

from ..auth0.api.checks import check_address, check_id
from ..auth0.api.management import PAGE_SIZE, UserPage
from ..auth0.api.profiles import Profile
from ..auth0.users.export import EXPORTED_FIELDS, ExportedUsers, Exports, ExportUnavailable
from ..auth0.times import iso
from ..auth0.users.patience import FIRST_PAUSE, PASSING, REFUSALS, REFUSALS_OF_ALL, Given, Refusals, patiently
from ..auth0.users.population import FIELDS, REACH, Population, UserSearch
from ..auth0.users.side_by_side import side_by_side
from ..auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    RateLimitError,
)
from .people import Standings
from .plan import Roll
from .policy.model import Policy
from .readings import profile_record, unknown_profile
from .records import EXPORT, GIVEN, SEARCH, Census, ProfileRecord

# For so many seconds the search is given time to forget who was deleted.
LONGEST_LAG = 63.0
# The clocks of a tenant may differ by so much.
_CLOCKS_DIFFER = timedelta(minutes=1)
# A line of progress comes after so many seconds.
_TOLD_EVERY = 10.0


class PopulationApi(Exports, UserSearch, Protocol):
    """What it takes to list users."""

    def count_users(self, query: str | None = None) -> int:
        """How many users there are, or how many of them a search finds."""

    def user(self, user_id: str, fields: tuple[str, ...]) -> Profile:
        """One user."""

    def users_by_email(self, email: str, fields: tuple[str, ...]) -> list[Profile]:
        """The users with this address."""


@dataclass(frozen=True)
class Scope:
    """Who is in a run: everybody, or the users that a search finds, or a list of IDs and e-mail addresses.

    :ivar query: a search in the syntax of the user search v3
    :raises ConfigurationError: it cannot be right
    """

    query: str | None = None
    user_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.query is not None and not self.query.strip():
            raise ConfigurationError("query is empty.", hint="To audit every user, leave it out.")
        if self.query is not None and (self.user_ids or self.emails):
            raise ConfigurationError("A query and a list of users do not go together", hint="Give one of them.")
        for user_id in self.user_ids:
            check_id("user_ids", user_id)
        for email in self.emails:
            check_address("emails", email)

    def as_row(self) -> dict[str, Any]:
        """The same for every run of these users."""
        return {
            "query": self.query,
            "user_ids": sorted(set(self.user_ids)),
            "emails": sorted(set(self.emails)),
        }


@dataclass(frozen=True)
class Listing:
    """What became of listing the users.

    :ivar source: one of ``records.SOURCES``
    :ivar unseen: users that the tenant counts, or gave without a usable ID, and that are not on the roll
    :ivar incomplete: why there may be more users than anybody counts
    :ivar note: what somebody should know who wonders about the source; names nobody
    :ivar nobody: the given IDs and e-mail addresses that no user has
    :ivar requests: how many it took to look up the given users
    :ivar census: what the tenant's own count is compared with when everybody was read; None where nobody but the search knows
        who belongs to the run
    """

    source: str
    unseen: int = 0
    incomplete: str | None = None
    note: str | None = None
    nobody: tuple[str, ...] = ()
    requests: int = 0
    census: Census | None = None


class _Found(NamedTuple):
    """Who was found for what was given, with how many requests; or the error of this one."""

    users: Sequence[Profile]
    requests: int
    error: Auth0Error | None = None


class _Given(NamedTuple):
    """An ID or an address, and what looks for it."""

    find: Callable[[str], _Found]
    name: str
    is_id: bool = False

    def look_up(self) -> _Found:
        """Who has it.

        :raises Auth0Error: others cannot be looked up either
        """
        try:
            return self.find(self.name)
        except (*REFUSALS, BadRequestError, ConflictError) as error:
            if isinstance(error, REFUSALS_OF_ALL):
                raise
            # Whose ID is known is in the run, and unread.
            return _Found((unknown_profile(self.name),) if self.is_id else (), 1, error)


class Enrollment:
    """Puts everybody in the scope on the roll."""

    def __init__(
        self,
        api: PopulationApi,
        roll: Roll,
        policy: Policy,
        *,
        sleep: Callable[[float], None],
        patience: float,
        tell: Callable[[str], None],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        threads: int = 1,
    ) -> None:
        """
        :param policy: says who comes first, and who is out of scope
        :param sleep: waits so many seconds; what it raises ends the list, also where nothing has to be waited for
        :param patience: for so many seconds a tenant that does not answer is waited for
        :param tell: is called with what it is waited for
        :param now: the aware time by the server's clock
        :param threads: how many of the given users may be looked up at once
        """
        self._threads = threads
        self._api, self._roll, self._sleep, self._patience, self._clock = api, roll, sleep, patience, clock
        self._now = now
        self._standings, self._paths = Standings(policy), policy.paths
        self._more_fields = ("app_metadata",) if policy.paths else ()
        self._fields = (*FIELDS, *self._more_fields)
        self._answered = False
        # Whoever is told need not be able to be told by several threads.
        self._own_thread = threading.current_thread()
        self._waits: deque[str] = deque()
        self._tell = tell

    def list(self, scope: Scope) -> Listing:
        """List the users.

        :raises Auth0Error: nobody can be listed
        """
        if scope.user_ids or scope.emails:
            return self._given(scope)
        if scope.query is not None:
            return self._searched(scope.query, None)
        return self._everybody()

    def _everybody(self) -> Listing:
        counted = self._patiently(self._api.count_users)
        # Who is created from here on need not be in any list, nor in any count.
        begun = iso(self._now())
        listing = self._exported(counted, begun)
        # A wrong clock made those who are created later than now. They were counted, but not among those before.
        in_future = self._roll.created_after(iso(self._now() + _CLOCKS_DIFFER))
        census: Census = {
            "until": begun,
            "listed": self._roll.created_before(begun),
            "counted": counted - in_future if counted != REACH else None,
        }
        return replace(listing, census=census)

    def _exported(self, counted: int, begun: str) -> Listing:
        """Everybody through an export, and through the search where the export is known not to show everybody."""

        def told(percent: int) -> None:
            self._tell("Waiting for the export of the users, which is %d %% done." % percent)

        exported = ExportedUsers(
            self._api, sleep=self._sleep, clock=self._clock, tell=told, fields=(*EXPORTED_FIELDS, *self._more_fields)
        )
        try:
            self._add(exported)
        except ExportUnavailable as error:
            found = self._searched(None, "The users were listed by the search, because there is no export: %s" % error)
            # One moment later the search may count others.
            missing = min(counted, self._patiently(self._api.count_users)) - len(self._roll)
            return replace(found, unseen=max(found.unseen, missing))
        if len(self._roll) + exported.unnamed < counted:
            # What was deleted meanwhile is no longer counted, and what was created meanwhile need not be in the export.
            counted = min(counted, self._patiently(self._api.count_users))
        if len(self._roll) + exported.unnamed < counted:
            found = self._searched(
                None, "The export had fewer users than the tenant counts, so the search was asked as well."
            )
        elif counted == REACH:
            found = self._searched(
                None, "Auth0 may not count further than %d users, so the search was asked as well." % REACH
            )
        elif self._younger(begun):
            # An old export may have as many users as the tenant: those who were deleted stand in for the new ones.
            since = "created_at:{%s TO *]" % self._roll.youngest(begun)
            found = self._searched(since, "The export did not show the newest users, so they were searched for.")
        else:
            return Listing(EXPORT, exported.unnamed)
        unseen = max(found.unseen, exported.unnamed, counted - len(self._roll))
        return replace(found, source=EXPORT, unseen=unseen)

    def _younger(self, begun: str) -> int:
        """How many users were created after the youngest that is listed, and before the list was begun."""
        youngest = self._roll.youngest(begun)
        if youngest is None:
            return 0
        return self._patiently(partial(self._api.count_users, "created_at:{%s TO %s}" % (youngest, begun)))

    def _searched(self, query: str | None, note: str | None) -> Listing:
        def walk() -> Population:
            # Whoever comes again is on the roll already.
            population = Population(self._api, query, self._fields)
            self._add(population)
            return population

        try:
            population = self._patiently(walk)
        except PASSING as error:
            if not len(self._roll):
                raise
            return Listing(SEARCH, 0, "The list of users was cut off: %s" % error, note)
        unseen = max((population.total or 0) - len(self._roll), population.unnamed)
        return Listing(SEARCH, unseen, population.incomplete, note)

    def _given(self, scope: Scope) -> Listing:
        given = [
            *(_Given(self._with_id, user_id, True) for user_id in dict.fromkeys(scope.user_ids)),
            *(_Given(self._with_address, email) for email in dict.fromkeys(scope.emails)),
        ]
        nobody: list[str] = []
        last: Auth0Error | None = None
        refusals = Refusals(self._threads)
        requests, refused, doubtful, told_at = 0, 0, 0, self._clock()
        emails: dict[str, str] = {}

        def look() -> None:
            # The threads may have to wait for long.
            self._sleep(0)
            self._tell_wait()

        # Whatever ends this, nobody else is looked up. The first one is looked up alone: what is wrong with everybody shows there,
        # and what is wrong with others is no longer taken for it.
        first = (each.look_up() for each in given[:1])
        with closing(side_by_side(_Given.look_up, given[1:], self._threads, look)) as others:
            for number, (each, answer) in enumerate(zip(given, chain(first, others)), 1):
                look()
                requests += answer.requests
                if refusals.end(answer.error) and answer.error is not None:
                    raise answer.error
                if answer.error is not None:
                    self._tell(str(answer.error))
                    last, refused = answer.error, refused + (not answer.users)
                elif not answer.users:
                    nobody.append(each.name)
                # One user with two addresses is two users, one of whom nobody knows.
                known = {user["user_id"]: user["email"] for user in answer.users if "email" in user}
                doubtful += any(emails.setdefault(user_id, email) != email for user_id, email in known.items())
                self._add(answer.users)
                if self._clock() - told_at >= _TOLD_EVERY:
                    told_at = self._clock()
                    self._tell("Looked up %d of %d users." % (number, len(given)))
        if last is not None and not refusals.accepted:
            raise last
        notes = []
        if nobody:
            notes.append("Given IDs and e-mail addresses that nobody has: %d. Correct the list." % len(nobody))
        if refused:
            notes.append("Given e-mail addresses that Auth0 refuses to look up: %d." % refused)
        if doubtful:
            notes.append(
                "Given users for whom Auth0 gave an ID that it had given with another e-mail address: %d." % doubtful
            )
        return Listing(GIVEN, len(nobody) + refused + doubtful, None, " ".join(notes) or None, tuple(nobody), requests)

    def _with_id(self, user_id: str) -> _Found:
        try:
            return _Found((self._patiently(partial(self._api.user, user_id, self._fields)),), 1)
        except NotFoundError:
            return _Found((), 1)

    def _with_address(self, email: str) -> _Found:
        """The users with this e-mail address. For people case makes no difference in one, but Auth0 looks for it as it is.

        Auth0 keeps it in lower case for users of databases, and as the identity provider writes it for others.
        """
        spellings = dict.fromkeys((email, email.lower()))
        found = [
            user
            for spelling in spellings
            for user in self._patiently(partial(self._api.users_by_email, spelling, self._fields))
        ]
        if found:
            return _Found(found, len(spellings))
        # The search ignores case, but is the last to know of a new user.
        query = 'email:"%s"' % email.replace("\\", "\\\\").replace('"', '\\"')

        def search() -> UserPage:
            return self._api.list_users(
                page=0, per_page=PAGE_SIZE, query=query, sort="created_at:1", fields=self._fields
            )

        users = self._patiently(search).users
        return _Found([user for user in users if user.get("email", "").lower() == email.lower()], len(spellings) + 1)

    def _add(self, profiles: Iterable[Profile]) -> None:
        now = self._now()
        for profile in profiles:
            self._answered = True
            row = profile_record(profile, self._paths)
            standing = self._standings.of(row, now)
            first = standing.privileged or standing.break_glass
            self._roll.add(row, first=first, out=standing.place == "out")

    def _patiently(self, ask: Callable[[], Given]) -> Given:
        """The answer, asked for again while the tenant does not give one. A tenant that never gave one is not waited for."""

        def gives_up(error: Auth0Error) -> bool:
            # A wrong address must not be waited for, nor what does not answer as Auth0. A tenant in trouble says so.
            in_trouble = isinstance(error, (AmbiguousWriteError, RateLimitError)) or (error.status or 0) >= 500
            return not in_trouble and not self._answered

        def waits(error: Auth0Error) -> None:
            self._waits.append("Waiting up to %.0f s for an answer. %s" % (self._patience, error))
            if threading.current_thread() is self._own_thread:
                self._tell_wait()

        answer = patiently(ask, self._patience, self._sleep, self._clock, gives_up=gives_up, waits=waits)
        self._answered = True
        return answer

    def _tell_wait(self) -> None:
        """Tell what is waited for, once where many threads wait for the same."""
        if self._waits:
            self._tell(self._waits.pop())
            self._waits.clear()


def was_before(profile: ProfileRecord, census: Census) -> bool:
    """Whether a listed user is one of the census."""
    return profile["created_at"] is None or profile["created_at"] < census["until"]


def count_again(
    api: PopulationApi,
    census: Census,
    gone: int,
    *,
    sleep: Callable[[float], None],
    patience: float,
    waits: Callable[[Auth0Error], None],
    clock: Callable[[], float] = time.monotonic,
) -> Census:
    """The census at the end of a run: without those who are gone, and with what the tenant counts now. ``counted`` is None where
    it cannot tell.

    The search counts users for a while after they were deleted. Where that may be all that is wrong, it is asked again.

    :param gone: how many of the users of the census were deleted since
    :param sleep: waits so many seconds; what it raises ends the count
    :param patience: for so many seconds a tenant that does not answer is waited for
    :param waits: is called with the error that is waited for
    :raises Auth0Error: there is no answer
    """
    query = "created_at:[* TO %s}" % census["until"]

    def walked() -> int | None:
        # A count of so many may be the most that the tenant counts.
        population, found = Population(api, query, ("user_id", "created_at")), 0
        for found, _user in enumerate(population, 1):
            if found % PAGE_SIZE == 0:
                sleep(0)
        return None if population.incomplete else found

    def ask() -> int | None:
        counted = api.count_users(query)
        return counted if counted != REACH else walked()

    def count() -> int | None:
        counted = patiently(ask, patience, sleep, clock, gives_up=lambda _error: False, waits=waits)
        return counted if counted is None or census["counted"] is None else min(counted, census["counted"])

    counted, listed = count(), census["listed"] - gone
    pause, left = FIRST_PAUSE, min(patience, LONGEST_LAG)
    while counted is not None and 0 < counted - listed <= gone and pause <= left:
        sleep(pause)
        counted = count()
        pause, left = 2 * pause, left - pause
    return {**census, "listed": listed, "counted": counted}
