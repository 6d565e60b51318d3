# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task that changes many users: its options, its guards, and what it tells of each user."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Callable, Iterable, Mapping, Protocol, Sequence

from .auth0.users.operator_side import OperatorSide
from .auth0.users.writing import NotReachedError, Writing
from .auth0.wire.errors import Auth0Error, ConfigurationError, RefusedError
from .entries import WHO, read_entries
from .module import Session
from .progress_file import ProgressFile

FIND, FORESEE, WRITE = "find", "foresee", "write"
_REASONS = ("status", "error_code", "request_id", "required_scope", "hint")

AGAIN = "Run the task again: what was done is not done again."

# Warnings about so many users are shown. All are in the result.
_WARNED = 5


class Progress:
    """Tells how far the task is."""

    def __init__(self, session: Session) -> None:
        """:raises ConfigurationError: it cannot be told as the options want it"""
        params = session.params
        self._session, self._every = session, params["progress_every"]
        if self._every < 1:
            raise ConfigurationError("progress_every is %d, but must be at least 1" % self._every)
        self._file = ProgressFile("progress_path", params["progress_path"], session.warn, session.check_mode)

    def tell(self, number: int, total: int, said: str) -> None:
        """A line for this number of users, if it is time for one.

        :param said: what happened to them
        """
        if number % self._every == 0 or number == total:
            waited = self._session.budget.waited
            self._file.add("%d of %d users %s, %.0f s waited for the rate limit" % (number, total, said, waited))


class Act(Protocol):
    """What is done to one user."""

    def __call__(self, side: OperatorSide, *, check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
        """The result, with ``changed`` and, where there is one, ``diff``.

        :param check_mode: nothing is changed
        :param warn: keeps a warning with the user
        """


@dataclass
class User:
    """One user of the task.

    :ivar place: for messages
    :ivar error: why nothing more is done; None while nothing is wrong
    """

    place: str
    side: OperatorSide
    email: str | None
    act: Act
    user_id: str | None
    error: Auth0Error | None = None
    result: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As a person knows the user."""
        return self.email or self.user_id or self.place


class ManyUsers:
    """Changes the users of the option ``users``, several at once.

    First everybody is found. If two entries are the same user, neither is changed. If more users than ``max_users`` may have
    to be changed, all of them are read, and nobody is changed if there are more.
    """

    def __init__(
        self,
        session: Session,
        spec: Mapping[str, dict[str, Any]],
        never_null: Sequence[str],
        prepare: Callable[[Mapping[str, Any]], Act],
        blank: Mapping[str, Any],
        most: int | None,
        again: str = AGAIN,
    ) -> None:
        """
        :param spec: of what users may have of their own
        :param never_null: what of it must not be null
        :param prepare: makes of the options of a user what is done; raises ConfigurationError for what cannot be right
        :param blank: the members that every user has in the result, for one who has nothing to tell
        :param most: how many users may be changed; None for any number
        :param again: what to do if something failed
        :raises ConfigurationError: something is wrong, or there is nobody whom the option can mean; nothing was sent
        """
        params = session.params
        self._session, self._blank, self._most, self._again = session, blank, most, again
        if most is not None and most < 0:
            raise ConfigurationError("max_users is %d, but must be 0 or more" % most)
        known: dict[tuple[str, str], str] = {}

        def build(place: str, options: Mapping[str, Any]) -> User:
            user_id, email = options["user_id"], options["email"]
            if bool(user_id) == bool(email):
                raise ConfigurationError("Set %s" % ("either user_id or email" if user_id else "user_id or email"))
            side = OperatorSide(session.operator, user_id or None, email or None)
            who = ("user_id", user_id) if user_id else ("email", email)
            if who in known:
                raise ConfigurationError("The same user as %s" % known[who])
            known[who] = place
            return User(place, side, email or None, prepare(options), user_id or None)

        whose = {**params, **dict.fromkeys(WHO)}
        self._users = read_entries("users", params["users"], {**WHO, **spec}, whose, never_null, build)
        if not self._users:
            session.warn("users is empty, so nothing was done.")
        self._progress = Progress(session)
        self._writing = Writing()

    def run(self) -> dict[str, Any]:
        """The result of the task.

        :raises Auth0Error: something could not be done; the error has the result
        """
        with self._writing.until_told():
            self._each(FIND, [user for user in self._users if user.user_id is None], self._find, "found")
            self._refuse_twins()
            left = [user for user in self._users if user.error is None]
            if self._most is not None and len(left) > self._most:
                self._each(FORESEE, left, self._foresee, "read")
                self._check_limit(left)
            left = [user for user in left if user.error is None and not user.result]
            self._each(WRITE, left, self._write, "done")
        return self._told()

    def _each(self, kind: str, users: Sequence[User], work: Callable[[User], None], said: str) -> None:
        """Do something for each of these users who has no error yet, and keep the error of whom it fails for."""
        numbers = count(1)

        def one(user: User) -> User:
            try:
                with self._writing.turn(kind):
                    work(user)
            except Auth0Error as error:
                user.error = error
            return user

        def done(_user: User) -> None:
            failed = sum(user.error is not None for user in users)
            self._progress.tell(next(numbers), len(users), "%s, %d failed" % (said, failed))

        self._writing.walk(one, users, done)

    def _find(self, user: User) -> None:
        user.user_id = user.side.user_id

    def _refuse_twins(self) -> None:
        """Two addresses, or an address and an ID, may be of one user."""
        by_id: dict[str, list[User]] = {}
        for user in self._users:
            if user.user_id is not None:
                by_id.setdefault(user.user_id, []).append(user)
        for same in by_id.values():
            for user in same if len(same) > 1 else ():
                others = ", ".join(other.place for other in same if other is not user)
                user.error = RefusedError(
                    "%s is the same user as %s: %s" % (user.place, others, user.user_id),
                    hint="Name each user once. Nothing was changed for this user.",
                )

    def _foresee(self, user: User) -> None:
        result = user.act(user.side, check_mode=True, warn=user.warnings.append)
        # Who needs no change is not asked again.
        if self._session.check_mode or not result["changed"]:
            user.result = result
        else:
            user.warnings.clear()

    def _check_limit(self, users: Iterable[User]) -> None:
        """Return if not more users have to be changed than may be.

        :raises Auth0Error: there are more, or nobody knows; it has the result
        """
        ended = self._writing.over(FORESEE)
        due = [user for user in users if user.error is None and user.result.get("changed", True)]
        if ended is not None:
            said = "Nobody was changed, because not everybody could be read: %s" % ended.message
            refusal = ended.replace(message=said)
        elif len(due) > (self._most or 0):
            refusal = RefusedError(
                "%d users have to be changed, but max_users is %s" % (len(due), self._most),
                hint="Nobody was changed. Increase max_users to change all of them.",
            )
        else:
            return
        for user in due:
            user.result, user.error = {}, NotReachedError("Not changed: %s" % refusal.message)
        raise refusal.replace(progress=self._result())

    def _write(self, user: User) -> None:
        user.result = user.act(user.side, check_mode=self._session.check_mode, warn=user.warnings.append)

    def _told(self) -> dict[str, Any]:
        result = self._result()
        counts = result["counts"]
        warned = [user for user in self._users if user.warnings]
        for user in warned[:_WARNED]:
            for text in user.warnings:
                self._session.warn("%s: %s" % (user.name, text))
        if len(warned) > _WARNED:
            said = "There are warnings about %d more users. See warnings of each entry in users."
            self._session.warn(said % (len(warned) - _WARNED))
        wrong = [user for user in self._users if user.error and not isinstance(user.error, NotReachedError)]
        if not counts["failed"] and not counts["not_reached"]:
            headers = ("before_header", "after_header")
            changed = [user for user in self._users if user.result["changed"] and "diff" in user.result]
            return {
                **result,
                "diff": [{**user.result["diff"], **dict.fromkeys(headers, user.name)} for user in changed],
            }
        ended = self._writing.over(WRITE) or self._writing.over(FIND)
        first = "%s: %s" % (wrong[0].name, wrong[0].error) if wrong else str(ended)
        raise Auth0Error(
            "%d of %d users failed, and %d were not reached. %s"
            % (counts["failed"], len(self._users), counts["not_reached"], first),
            hint="See users. %s" % self._again,
            progress=result,
        )

    def _result(self) -> dict[str, Any]:
        rows = [self._row(user) for user in self._users]
        counts = Counter(row["result"] for row in rows)
        return {
            "changed": any(row["changed"] for row in rows),
            "users": rows,
            "counts": {name: counts[name] for name in ("changed", "unchanged", "failed", "not_reached")},
        }

    def _row(self, user: User) -> dict[str, Any]:
        error, done = user.error, {name: value for name, value in user.result.items() if name != "diff"}
        facts = {} if error is None else error.facts()
        reasons = {name: facts.pop(name) for name in _REASONS if name in facts}
        row = {"changed": False, **self._blank, **done, **facts}
        if error is None:
            result = "changed" if row["changed"] else "unchanged"
        else:
            result = "not_reached" if isinstance(error, NotReachedError) else "failed"
        return {
            **row,
            "user_id": user.user_id,
            "email": user.email,
            "result": result,
            "failed": error is not None,
            "msg": None if error is None else str(error),
            "error": None if error is None else {"msg": str(error), **reasons},
            "warnings": user.warnings,
        }
