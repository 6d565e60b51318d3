# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was decided about findings is done, as far as it still holds. Whatever was used or changed since the audit stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, count
from typing import Callable, Container, Iterable, Literal, Sequence

from ..auth0.api.management import ManagementApi
from ..auth0.api.profiles import Profile
from ..auth0.authenticators import Authenticator, linked_ids
from ..auth0.times import as_time, iso
from ..auth0.users.converge import converge
from ..auth0.users.operator_side import OperatorSide
from ..auth0.users.plan import plan
from ..auth0.users.wanted import Wanted
from ..auth0.users.writing import NotReachedError, Writing
from ..auth0.wire.errors import Auth0Error, NotFoundError, RefusedError
from .decisions import REMOVE, ROTATE, TICKET, Decision, Seen

# A decision was carried out (in check mode: would be); did not hold any more or was refused; failed; or was never begun.
Result = Literal["done", "skipped", "failed", "not-reached"]


# Users of whom a decision about their account is not enough, in words.
_STANDINGS = {
    "privileged": "is privileged",
    "break-glass": "is break-glass",
    "blocked": "is blocked",
    "never-logged-in": "has never logged in",
}

# Why a decision is not carried out that an earlier task carried out.
DONE_AT = "Done at %s."


def _silent(_done: int, _total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Done:
    """What became of a decision.

    :ivar reason: why it was not carried out; None where it was
    :ivar removed: IDs of authenticators that are gone, linked ones included
    :ivar path: the file that has the user's new recovery code; None where none was made
    :ivar changed: something was changed, or may have been
    """

    decision: Decision
    result: Result
    reason: str | None = None
    removed: tuple[str, ...] = ()
    path: str | None = None
    changed: bool = False


class Remediation:
    """Carries out decisions, several users at once, and the decisions about one user one after the other.

    :ivar without: IDs of the users who had a second factor before something of theirs was removed and have none now, but for
        those whose identity provider does MFA
    :ivar unread: IDs of those of whom nobody knows, because they could not be read after something was removed
    :ivar unnoted: why an outcome could not be kept; None if all were
    """

    def __init__(
        self,
        api: ManagementApi,
        *,
        send_ticket: Callable[[str], None],
        new_code: Callable[[OperatorSide], str | None],
        done_at: Callable[[Decision], str | None],
        now: Callable[[], datetime],
        check_mode: bool,
        include: Container[str] = (),
        writing: Writing,
    ) -> None:
        """
        :param send_ticket: sends an enrollment ticket to the user of this ID
        :param new_code: gives the user a recovery code if there is none, and keeps it in a file, whose path it returns. In check
            mode it makes none.
        :param done_at: when an earlier task carried out the decision; None if none did
        :param now: the aware time by the tenant's clock
        :param include: which users are meant as well: ``privileged``, ``break-glass``, and for tickets ``blocked`` and
            ``never-logged-in``
        :param writing: the walk over the users
        """
        self._api, self._send_ticket, self._new_code = api, send_ticket, new_code
        self._done_at, self._now, self._check_mode = done_at, now, check_mode
        self._include, self._writing = include, writing
        self.without: set[str] = set()
        self.unread: set[str] = set()
        self.unnoted: Auth0Error | None = None

    def held_back(self, decision: Decision) -> str | None:
        """Why a decision is not carried out, whatever the user has now. Sends nothing."""
        if decision.void is not None:
            return decision.void
        spared = self._spared(decision.standing)
        if spared is not None:
            return spared
        at = self._done_at(decision)
        if at is not None:
            return DONE_AT % at
        if decision.action == TICKET and not decision.has_address:
            return "The user has no e-mail address that a ticket could be mailed to."
        return None

    def _spared(self, standing: Iterable[str]) -> str | None:
        """Why users of whom this is true are not meant."""
        missing = [word for word in standing if word not in self._include]
        if not missing:
            return None
        return "The user %s. To act all the same, add %s to include." % (
            " and ".join(_STANDINGS[word] for word in missing),
            " and ".join(missing),
        )

    def act(
        self, decisions: Sequence[Decision], note: Callable[[Done], None], tell: Callable[[int, int], None] = _silent
    ) -> list[Done]:
        """What became of each decision, those about one user together.

        :param note: keeps the outcome of a decision as soon as it is known; called from several threads
        :param tell: is told after each user how many users were dealt with, and of how many
        """
        users: dict[str, list[Decision]] = {}
        for decision in decisions:
            users.setdefault(decision.user_id, []).append(decision)

        def of_user(its: list[Decision]) -> list[Done]:
            user, outcomes = _User(self._api, its[0].user_id), []
            for decision in its:
                done = self._one(user, decision)
                outcomes.append(done)
                try:
                    note(done)
                except Auth0Error as error:
                    # What is not noted would be done twice.
                    self.unnoted = error
                    self._writing.stop(error)
            self._look_at(user, outcomes)
            return outcomes

        dealt_with = count(1)
        found = self._writing.walk(of_user, users.values(), lambda _done: tell(next(dealt_with), len(users)))
        return [*chain.from_iterable(found)]

    def _one(self, user: _User, decision: Decision) -> Done:
        reason = self.held_back(decision)
        if reason is not None:
            return Done(decision, "skipped", reason)
        try:
            with self._writing.turn(decision.action):
                return self._carry_out(user, decision)
        except NotReachedError as error:
            return Done(decision, "not-reached", str(error))
        except Auth0Error as error:
            if isinstance(error, NotFoundError) and error.code == "inexistent_user":
                return Done(decision, "skipped", "The user was deleted.")
            if isinstance(error, RefusedError) and decision.action == REMOVE and not error.progress:
                return Done(decision, "skipped", error.message + ".")
            user.forget()
            facts = error.facts()
            removed = facts.get("removed_ids")
            gone = tuple(str(each) for each in removed) if isinstance(removed, (list, tuple)) else ()
            return Done(decision, "failed", str(error), gone, changed=bool(facts.get("changed")))

    def _carry_out(self, user: _User, decision: Decision) -> Done:
        if decision.action == ROTATE:
            # It may replace a code that an interrupted task lost, so the code's file has a say.
            path = self._new_code(user.side)
            if path is None:
                return Done(decision, "skipped", "The user has a recovery code now.")
            return Done(decision, "done", path=path, changed=True)
        reason = why_not(decision, user.rows)
        if reason is not None:
            return Done(decision, "skipped", reason)
        if decision.action == TICKET:
            # A mail leaves the house, so who the user is now counts, and not who it was when the audit looked.
            spared = self._spared(ticket_standing(user.profile))
            if spared is not None:
                return Done(decision, "skipped", spared)
            if not self._check_mode:
                self._send_ticket(decision.user_id)
            return Done(decision, "done", changed=True)
        return self._remove(user, decision)

    def _remove(self, user: _User, decision: Decision) -> Done:
        wanted = Wanted("absent", authenticator_id=decision.authenticator_id)
        if self._check_mode:
            needed = plan(wanted, user.rows, user.side.view, self._now())
            user.rows = list(needed.after)
            return Done(decision, "done", removed=needed.removed, changed=True)
        outcome = converge(user.side, wanted, now=self._now)
        user.rows = list(outcome.after)
        if not outcome.changed:
            return Done(decision, "skipped", _GONE)
        return Done(decision, "done", removed=outcome.removed, changed=True)

    def _look_at(self, user: _User, outcomes: list[Done]) -> None:
        """Whether this left the user without a second factor. Reads the user again only where a removal went wrong."""
        removals = [each for each in outcomes if each.decision.action == REMOVE]
        if not any(each.changed for each in removals):
            return
        try:
            left = any(row.is_second_factor for row in user.rows)
            if user.had_second_factor and not left and not removals[0].decision.by_provider:
                self.without.add(user.user_id)
        except Auth0Error:
            self.unread.add(user.user_id)


class _User:
    """One user, and the authenticators as they were read last.

    :ivar had_second_factor: when they were read first
    """

    def __init__(self, api: ManagementApi, user_id: str) -> None:
        self._api, self.user_id = api, user_id
        self._rows: list[Authenticator] | None = None
        self.had_second_factor: bool | None = None

    @cached_property
    def side(self) -> OperatorSide:
        """:raises ConfigurationError: the ID cannot be one"""
        return OperatorSide(self._api, user_id=self.user_id)

    @property
    def rows(self) -> list[Authenticator]:
        """:raises Auth0Error: they could not be read"""
        if self._rows is None:
            self._rows = self.side.authenticators()
            if self.had_second_factor is None:
                self.had_second_factor = any(row.is_second_factor for row in self._rows)
        return self._rows

    @rows.setter
    def rows(self, rows: list[Authenticator]) -> None:
        self._rows = rows

    @property
    def profile(self) -> Profile:
        """As it is now. :raises Auth0Error: it could not be read"""
        return self._api.user(self.user_id, ("user_id", "blocked", "last_login"))

    def forget(self) -> None:
        """They may have changed."""
        self._rows = None


def ticket_standing(profile: Profile) -> tuple[str, ...]:
    """What is true of a user that speaks against a ticket: words of ``include``."""
    never = not profile.get("last_login") and "last_login" not in profile.get("unreadable", ())
    standing = (("blocked", bool(profile.get("blocked"))), ("never-logged-in", never))
    return tuple(word for word, holds in standing if holds)


_GONE = "It is gone already."
_UNREADABLE = "Auth0 gives a date that cannot be read, so nobody can tell whether it was used since the audit: %s."


def why_not(decision: Decision, rows: Sequence[Authenticator]) -> str | None:
    """Why a removal or a ticket does not hold any more; None where it does. Pure.

    :param rows: what the user has now, from the Management view
    """
    if decision.action == TICKET:
        has = [row.factor for row in rows if row.is_second_factor]
        return "The user has a second factor: %s." % ", ".join(has) if has else None
    row = next((each for each in rows if each.goes_by(decision.authenticator_id or "")), None)
    if row is None:
        return _GONE
    if decision.link_id is not None and row.link_id != decision.link_id:
        return "It is not the authenticator of the finding."
    if decision.seen is None:
        return "The audit did not read it, so nobody can tell whether it was used since."
    now = Seen(iso(row.created_at), iso(row.enrolled_at), iso(row.last_auth_at))
    if row.unread_dates:
        return _UNREADABLE % row.id
    if now != decision.seen:
        return _difference(row, now, decision.seen, as_time(decision.read_at))
    # What Auth0 removes with it may be what the user logs in with.
    linked = [other for other in rows if other.id in linked_ids(rows)[row.id]]
    for other in linked:
        if other.unread_dates:
            return _UNREADABLE % other.id
        if _is_later(other, decision.read_at):
            return "Auth0 would remove %s with it, which was used or enrolled since the audit." % other.id
    if decision.rule == "unconfirmed" and any(each.confirmed for each in (row, *linked)):
        return "It was confirmed since the audit."
    return None


def _difference(row: Authenticator, now: Seen, seen: Seen, read: datetime | None) -> str:
    """How the dates differ. What is not later than the reading did not happen since."""
    if now.last_auth_at != seen.last_auth_at and read and row.last_auth_at and row.last_auth_at > read:
        return "It was used since the audit, at %s." % now.last_auth_at
    if read and any(date is not None and date > read for date in (row.created_at, row.enrolled_at)):
        return "It was enrolled anew since the audit."
    return (
        "Its dates are not those that the audit saw (created, enrolled, last used): Auth0 has %s; the audit saw %s."
        % (
            ", ".join(date or "none" for date in now),
            ", ".join(date or "none" for date in seen),
        )
    )


def _is_later(other: Authenticator, read_at: str | None) -> bool:
    """Whether one that is linked has a date that the audit cannot have seen."""
    read = as_time(read_at)
    dates = [date for date in (other.last_auth_at, other.enrolled_at, other.created_at) if date is not None]
    return read is None or any(date > read for date in dates)
