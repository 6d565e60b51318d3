# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the audit: plan, read, report. :func:`run` does it in one call, for a shell and a playbook. Whoever has to end and begin again,
as the Lambda has, takes the steps: :func:`begin`, :func:`read` as often as it needs, :func:`conclude`. Beside that only the store differs.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Callable, Iterator, Mapping, Protocol

from ..auth0.times import iso
from ..auth0.users.patience import REFUSALS
from ..auth0.users.reading import UserLookup
from ..auth0.wire.errors import Auth0Error
from .facts import UNKNOWN, TenantApi, TenantFacts
from .history import History
from .ledger import CARRIED, OUT, PLAN, Checkpoint, Ledger
from .lines import scratch, written
from .order import Order
from .plan import Chosen, Roll
from .policy.model import Policy
from .population import Enrollment, Listing, PopulationApi, count_again, was_before
from .pseudonyms import Pseudonyms
from .records import EXPORT, Census, Costs, Summary
from .reports import files
from .scan import Scan
from .stopping import Stop, Stopped, UnstartedError
from .store import DamagedError, ExpiredError, Store


class Api(PopulationApi, UserLookup, Protocol):
    """What an audit needs of the Management API. It only reads."""


class Counters(Protocol):
    """What an audit needs of the budget of that API."""

    @property
    def requests(self) -> int:
        """How many were sent."""

    @property
    def rate_limited(self) -> int:
        """How many of them were refused with 429."""

    @property
    def waited(self) -> float:
        """For how many seconds it waited."""

    @property
    def held(self) -> float:
        """For how many seconds from now on a rate limit holds the next request back."""

    def now(self) -> float:
        """The tenant's time, in seconds since 1970."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    :ivar keys: file -> its name in the store
    """

    run: str
    summary: Summary
    costs: Costs
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Planned:
    """A plan that was made and not carried out: how many users there are, and how many a run would read.

    :ivar out_of_scope: users who are not read because the policy does not mean them
    :ivar unfinished: the run that would be gone on with in place of a new one, unless that is refused; None where there is none
    """

    listing: Listing
    to_read: int
    carried: int
    out_of_scope: int = 0
    unfinished: Checkpoint | None = None

    @property
    def requests(self) -> int:
        """How many requests a run would send, about: those that look up given users are sent again."""
        return self.to_read + self.listing.requests


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    :ivar phase: ``listing``, ``reading`` or ``reporting``
    :ivar total: users to read; None while nobody knows
    :ivar note: something to tell the person who waits; may name users
    :ivar kept: of how many a try is stored; the second try of a user counts as one more
    """

    phase: str
    done: int = 0
    total: int | None = None
    unread: int = 0
    note: str | None = None
    kept: int = 0


@dataclass(frozen=True)
class Walk:
    """What became of reading for a while.

    :ivar stopped: why it ended early, without IDs; None where everybody is read
    :ivar unread: how many users could not be read in it at the first try
    :ivar costs: of the run until now
    """

    stopped: str | None
    unread: int
    costs: Costs


Tell = Callable[[Progress], None]
NOTHING: Costs = {"requests": 0, "rate_limited": 0, "waited_seconds": 0.0, "duration_seconds": 0.0}


def _nobody(_progress: Progress) -> None:
    """Tells nobody."""


def run(
    api: Api,
    budget: Counters,
    store: Store,
    order: Order,
    *,
    stop: Stop | None = None,
    clock: Callable[[], datetime] | None = None,
    tell: Tell = _nobody,
    tenant: TenantApi | None = None,
) -> Outcome:
    """Audit the users of a tenant, or go on with an audit that was cut off, and store the reports.

    :param budget: of that API
    :param stop: ends it early; what was read until then is kept and reported
    :param clock: returns the aware time; by default that of the server as far as its answers tell
    :param tenant: tells the tenant's own settings; None leaves them out
    :raises Auth0Error: nothing could be read at all
    :raises StoreError: what was read cannot be stored; what was stored before stays
    """
    stop = stop or Stop()
    now = clock or server_time(budget)
    with store.hold():
        history = History.of(store)
        ledger = begin(api, budget, store, history, order, stop=stop, clock=now, tell=tell, tenant=tenant)
        walk = read(api, budget, ledger, order, stop=stop, clock=now, tell=tell)
        tell(Progress("reporting", ledger.checkpoint.first, ledger.checkpoint.to_read, walk.unread))
        # No stop and no deadline ends this. Whoever is killed in it reports the next time, and reads nothing again.
        return conclude(store, history, ledger, now(), walk.stopped, walk.costs)


def begin(
    api: Api,
    budget: Counters,
    store: Store,
    history: History,
    order: Order,
    *,
    stop: Stop,
    clock: Callable[[], datetime],
    tell: Tell = _nobody,
    tenant: TenantApi | None = None,
) -> Ledger:
    """The run to go on with, or a new one with its plan frozen. The store has to be held.

    :raises Auth0Error: nobody can be listed
    :raises UnstartedError: it has to end before there is a plan; nothing is stored
    """
    history.check_tenant(order.tenant)
    ledger = _unfinished(history, order, tell) if order.resume else None
    if ledger is None:
        tell(Progress("listing"))
        ledger = _begin(api, tenant, store, history, order, stop, clock, _Costs(budget, NOTHING), tell)
    return ledger


def read(
    api: Api,
    budget: Counters,
    ledger: Ledger,
    order: Order,
    *,
    stop: Stop,
    clock: Callable[[], datetime],
    tell: Tell = _nobody,
) -> Walk:
    """Read whoever is left of a run, until its end or that of the stop. What was read is kept. The store has to be held.

    :raises Auth0Error: nothing could be read at all
    :raises StoreError: what was read cannot be stored; what was stored before stays
    """
    costs = _Costs(budget, ledger.checkpoint.costs)

    def told(scan: Scan, note: str | None = None) -> None:
        checkpoint = ledger.checkpoint
        kept = checkpoint.first + checkpoint.again
        tell(Progress("reading", scan.done, checkpoint.to_read, scan.unread, note, kept))

    def held() -> float:
        return budget.held

    scan = Scan(ledger, api, stop, clock, costs, told, held, threads=order.threads, patience=order.patience)

    def note(text: str) -> None:
        told(scan, text)

    stopped = scan.run() or _finish(api, ledger, stop, order.patience, clock, costs, note, answered=scan.answered > 0)
    return Walk(stopped, scan.unread, costs())


def conclude(
    store: Store, history: History, ledger: Ledger, now: datetime, stopped: str | None, costs: Costs
) -> Outcome:
    """Store the reports of what was read so far. Can be repeated: nothing is asked of the tenant. The store has to be held.

    :param now: the aware time that ages are counted to
    :param stopped: why the run ended early; None where it came to its end
    :raises StoreError: what was read is damaged, or the reports cannot be stored
    """
    wish = files.Wish(files.OWN, Policy.from_row(ledger.checkpoint.policy), now)
    figures, keys = files.write(store, history, ledger, wish, stopped)
    files.point(store, ledger.checkpoint, figures, keys)
    if ledger.checkpoint.finished is not None and not ledger.checkpoint.reported:
        ledger.advance(reported=True)
    return Outcome(ledger.checkpoint.run, figures, costs, keys)


_UNCOUNTED = "The users could not be counted again at the end: %s"


def _finish(
    api: Api,
    ledger: Ledger,
    stop: Stop,
    patience: float,
    now: Callable[[], datetime],
    costs: Callable[[], Costs],
    tell: Callable[[str], None],
    *,
    answered: bool,
) -> str | None:
    """Everybody is read: count the users again, and note that the run is finished. Returns why that could not be done.

    :param answered: whether anybody was read by this process
    :raises Auth0Error: it could do nothing at all, because Auth0 refuses it
    """
    if ledger.checkpoint.finished is not None:
        return None
    census, incomplete = ledger.checkpoint.census, ledger.checkpoint.incomplete
    met: list[Auth0Error] = []

    def waits(error: Auth0Error) -> None:
        met.append(error)
        tell("Everybody is read. Waiting up to %.0f s for the users to be counted again. %s" % (patience, error))

    if census is not None:
        gone = _gone(ledger, census)
        try:
            census = count_again(api, census, gone, sleep=stop.sleep, patience=patience, waits=waits, clock=stop.now)
        except Stopped as stopped:
            return " ".join([str(stopped), *(_UNCOUNTED % error for error in met[-1:])])
        except Auth0Error as error:
            if isinstance(error, REFUSALS) and not answered:
                raise
            return _UNCOUNTED % error
        if census["counted"] is None:
            incomplete = incomplete or "Auth0 does not tell how many users there are."
    ledger.advance(finished=iso(now()), census=census, incomplete=incomplete, costs=costs())
    return None


def _gone(ledger: Ledger, census: Census) -> int:
    """How many users of the census were deleted during the run. Of each, Auth0 said so twice."""
    if not ledger.checkpoint.again:
        return 0
    return sum(record["gone"] and was_before(record["profile"], census) for record in ledger.records())


def plan(api: Api, store: Store, order: Order, *, stop: Stop | None = None, tell: Tell = _nobody) -> Planned:
    """What a new run would read; nothing is read of any user, and nothing is stored."""
    history = History.of(store)
    history.check_tenant(order.tenant)
    stop = stop or Stop()
    with _unstarted(stop), scratch() as directory, Roll(directory, partial(stop.sleep, 0)) as roll:
        listing, _base, chosen = _plan(api, history, order, stop, roll, tell, _local_time)
    unfinished = history.unfinished(order)
    return Planned(listing, *chosen, unfinished.checkpoint if unfinished else None)


def report(
    store: Store,
    run_id: str | None,
    judged_by: Callable[[Policy], Policy],
    now: datetime,
    *,
    pseudonyms: Pseudonyms | None = None,
    bom: bool = False,
) -> Outcome:
    """Reports of what a run read, by another policy, on another day or with pseudonyms. Those that the run itself wrote stay.

    :param run_id: None for the last one
    :param judged_by: makes the policy, from the one that the run was begun with
    :param pseudonyms: stand in place of names; None leaves them
    :param bom: CSV files begin with a byte order mark
    :raises ConfigurationError: there is no such run
    :raises StoreError: it cannot be read
    """
    history = History.of(store)
    ledger = history.find(run_id)
    checkpoint = ledger.checkpoint
    own = Policy.from_row(checkpoint.policy)
    policy = judged_by(own)
    wish = files.Wish(files.derived(policy, now, pseudonyms), policy, now, pseudonyms, bom)
    why = unfinished(checkpoint)
    stopped = [why] if why else []
    unread = policy.paths_beyond(own)
    if unread:
        # Nobody knows whom the policy means by them.
        stopped.append("The run did not read app_metadata: %s. Run the audit with this policy." % ", ".join(unread))
    with store.hold():
        figures, keys = files.write(store, history, ledger, wish, " ".join(stopped) or None)
    return Outcome(checkpoint.run, figures, checkpoint.costs, keys)


def unfinished(checkpoint: Checkpoint) -> str | None:
    """Why reports of a run as it is now are partial; None where it is finished."""
    return None if checkpoint.finished else "The run is not finished."


class _Costs:
    """What a run cost: before this process, and in it."""

    def __init__(self, budget: Counters, before: Costs) -> None:
        self._budget, self._before = budget, before
        self._started = time.monotonic()
        self._counted = (budget.requests, budget.rate_limited, budget.waited)

    def __call__(self) -> Costs:
        requests, rate_limited, waited = self._counted
        before, budget = self._before, self._budget
        return {
            "requests": before["requests"] + budget.requests - requests,
            "rate_limited": before["rate_limited"] + budget.rate_limited - rate_limited,
            "waited_seconds": round(before["waited_seconds"] + budget.waited - waited, 3),
            "duration_seconds": round(before["duration_seconds"] + time.monotonic() - self._started, 3),
        }


def server_time(budget: Counters) -> Callable[[], datetime]:
    """A clock that tells the server's time, as far as its answers told it."""

    def now() -> datetime:
        return datetime.fromtimestamp(budget.now(), timezone.utc)

    return now


def _local_time() -> datetime:
    return datetime.now(timezone.utc)


def _unfinished(history: History, order: Order, tell: Tell) -> Ledger | None:
    """The run to go on with, if there is one and it is whole."""
    ledger = history.unfinished(order)
    if ledger is None:
        return None
    try:
        ledger.check()
    except DamagedError as error:
        tell(Progress("listing", note="The run %s cannot be gone on with. %s" % (ledger.checkpoint.run, error)))
        return None
    return ledger


def _begin(
    api: Api,
    tenant: TenantApi | None,
    store: Store,
    history: History,
    order: Order,
    stop: Stop,
    now: Callable[[], datetime],
    costs: Callable[[], Costs],
    tell: Tell,
) -> Ledger:
    """A new run with its plan frozen.

    :raises UnstartedError: it has to end before that; nothing is stored
    """
    with _unstarted(stop), scratch() as directory, Roll(directory, partial(stop.sleep, 0)) as roll:
        listing, base, chosen = _plan(api, history, order, stop, roll, tell, now)
        if listing.nobody:
            tell(Progress("listing", note="No user has %s." % ", ".join(listing.nobody)))
        elif listing.note:
            tell(Progress("listing", note=listing.note))
        facts = TenantFacts.read(tenant) if tenant is not None else UNKNOWN
        planned = now()
        checkpoint = Checkpoint(
            run=history.next_name(planned),
            tenant=order.tenant,
            scope=order.scope.as_row(),
            policy=order.policy.as_row(),
            policy_source=order.policy_source,
            full=base is None,
            base=base,
            source=listing.source,
            planned=iso(planned),
            to_read=chosen.to_read,
            carried=chosen.carried,
            out_of_scope=chosen.out_of_scope,
            unseen=listing.unseen,
            incomplete=listing.incomplete,
            note=" ".join(filter(None, (listing.note, facts.note))) or None,
            census=listing.census,
            facts=facts.as_row() if tenant is not None else None,
            costs=costs(),
        )
        out = ({"profile": profile} for profile in roll.out_of_scope())
        with written(roll.to_read()) as first, written(roll.carried()) as others, written(out) as rest:
            return Ledger.begin(store, checkpoint, {PLAN: first, CARRIED: others, OUT: rest})


def _plan(
    api: Api, history: History, order: Order, stop: Stop, roll: Roll, tell: Tell, now: Callable[[], datetime]
) -> tuple[Listing, str | None, Chosen]:
    """How the users were listed, the run whose readings are carried over, and how many users are read."""
    base, earlier = history.earlier(order)

    def note(text: str) -> None:
        tell(Progress("listing", note=text))

    enrollment = Enrollment(
        api,
        roll,
        order.policy,
        sleep=stop.sleep,
        patience=order.patience,
        tell=note,
        clock=stop.now,
        now=now,
        threads=order.threads,
    )
    listing = enrollment.list(order.scope)
    expired: list[str] = []
    lost = history.damaged_after(earlier[0].checkpoint.run if earlier else None)
    for ledger in earlier:
        try:
            for record in ledger.records():
                roll.know(record, iso(now()))
        except ExpiredError:
            expired.append(ledger.checkpoint.run)
        except DamagedError as error:
            note(str(error))
            lost.append(ledger.checkpoint.run)
    for words, names in ((_EXPIRED, expired), (_LOST, lost)):
        if names:
            listing = replace(listing, note=" ".join(filter(None, (listing.note, words % ", ".join(names)))))
    # Without the export's mark of change a new factor could go unseen for weeks.
    everybody = base is None or listing.source != EXPORT or not roll.has_marks()
    if everybody and base is not None:
        note("The list of users does not tell when factors changed, so every user is read.")
    return listing, None if everybody else base, roll.choose(everybody)


_EXPIRED = (
    "What was read in these runs has expired: %s. Whoever is known from them alone is read anew, and devices that changed since are not "
    "told."
)
_LOST = (
    "Damaged runs, whose readings count only as far as they can be read: %s. What changed is told since the run before them, so some of "
    "it was told already. Move their directories out of the folder."
)


@contextmanager
def _unstarted(stop: Stop) -> Iterator[None]:
    """While there is no run yet, a stop is an error.

    :raises UnstartedError: the run had to end
    """
    try:
        yield
    except Stopped as stopped:
        advice = "Allow the run more time." if stop.left() <= 0 else "Start it again."
        raise UnstartedError("The run could not begin: %s" % stopped, hint="Nothing is stored. %s" % advice) from None
