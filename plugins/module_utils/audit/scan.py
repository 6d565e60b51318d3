# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk: one request per user, and a row that is true for each.

A user who cannot be read becomes a row that says so. An error that every further request would meet ends the walk: the
rows read so far stay, and the coverage says what is missing and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Iterable, Iterator, Sequence

from ..auth0.api.profiles import Profile
from ..auth0.authenticators import Authenticator
from ..auth0.times import as_time, iso
from ..auth0.users.population import PopulationError
from ..auth0.users.reading import FATAL, AuthenticatorLists
from ..auth0.wire.errors import Auth0Error, NotFoundError
from .findings import Finding
from .policy import Policy
from .records import SCHEMA_VERSION, AuthenticatorRow, FindingRow, State, UserRow
from .rules import RULES, age, assess, mfa_state, unread


@dataclass
class Coverage:
    """How far a walk came.

    :ivar read: users whose authenticators were read
    :ivar unread: users who could not be read; each has a row
    :ivar gone: users who were deleted between the listing and the reading; they have no row
    :ivar stopped: why the walk ended early, one line without IDs; None when it came to the end
    """

    read: int = 0
    unread: int = 0
    gone: int = 0
    stopped: str | None = None

    @property
    def partial(self) -> bool:
        """Whether anything is missing."""
        return self.stopped is not None or self.unread > 0

    def not_reached(self, total: int | None) -> int | None:
        """Users of the tenant that the walk did not reach; None where nobody knows.

        :param total: how many users the tenant has
        """
        if self.stopped is None:
            return 0
        return None if total is None else max(total - self.read - self.unread - self.gone, 0)


class Scan:
    """One walk over a population.

    :ivar coverage: the :class:`Coverage` so far; final once the rows are used up
    """

    def __init__(
        self,
        api: AuthenticatorLists,
        tenant: str,
        policy: Policy,
        now: datetime,
        remaining: Callable[[], float],
        margin: float,
    ) -> None:
        """
        :param tenant: domain of the tenant
        :param now: aware time that ages are counted to
        :param remaining: seconds that the caller has left
        :param margin: how many of those the caller needs afterward, with the longest request in flight
        """
        self._api, self._tenant, self._policy, self._now = api, tenant, policy, now
        self._remaining, self._margin = remaining, margin
        self.coverage = Coverage()

    def rows(self, population: Iterable[Profile]) -> Iterator[UserRow]:
        """One JSON-ready row per user who exists, in the order of the population.

        :raises Auth0Error: nothing could be read at all, so that there is no result to keep
        """
        users = iter(population)
        while True:
            if self._out_of_time():
                return
            try:
                user = next(users, None)
            except (*FATAL, PopulationError) as error:
                self._stop(error)
                return
            # The next user may have cost a page of the listing, and the margin is for one request.
            if user is None or self._out_of_time():
                return
            try:
                authenticators = self._api.list_authenticators(user["user_id"])
            except NotFoundError:
                self.coverage.gone += 1
            except FATAL as error:
                self._stop(_without_id(error, user["user_id"]))
                return
            except Auth0Error as error:
                self.coverage.unread += 1
                yield user_row(self._tenant, user, None, self._now, self._policy, error=str(error))
            else:
                self.coverage.read += 1
                yield user_row(self._tenant, user, authenticators, self._now, self._policy)

    def _out_of_time(self) -> bool:
        if self._remaining() < self._margin:
            self.coverage.stopped = "The time limit was about to be reached."
        return self.coverage.stopped is not None

    def _stop(self, error: Auth0Error) -> None:
        if not self.coverage.read:
            raise error
        self.coverage.stopped = str(error)


def user_row(
    tenant: str,
    user: Profile,
    authenticators: Sequence[Authenticator] | None,
    now: datetime,
    policy: Policy,
    error: str | None = None,
) -> UserRow:
    """The row of one user: profile, protection, authenticators and findings.

    :param authenticators: None for a user who could not be read; ``error`` says why
    """
    state: State = "unknown"
    if authenticators is None:
        findings = [unread(tenant, user["user_id"])]
    else:
        state = mfa_state(authenticators, policy)
        findings = assess(tenant, user["user_id"], authenticators, now, policy)
    return {
        "schema_version": SCHEMA_VERSION,
        "tenant": tenant,
        "user_id": user["user_id"],
        "email": user.get("email"),
        "name": user.get("name"),
        "created_at": iso(as_time(user.get("created_at"))),
        "last_login": iso(as_time(user.get("last_login"))),
        "blocked": bool(user.get("blocked")),
        "mfa": state,
        "error": error,
        "authenticators": [
            _authenticator_row(each, now) for each in sorted(authenticators or (), key=lambda one: one.id)
        ],
        "findings": [_finding_row(finding) for finding in findings],
    }


def _authenticator_row(authenticator: Authenticator, now: datetime) -> AuthenticatorRow:
    known = age([authenticator], now)
    return {
        "id": authenticator.id,
        "factor": authenticator.factor,
        "confirmed": authenticator.confirmed,
        "name": authenticator.name,
        "channels": list(authenticator.channels),
        "phone_number": authenticator.phone_number,
        "email": authenticator.email,
        "created_at": iso(authenticator.created_at),
        "enrolled_at": iso(authenticator.enrolled_at),
        "last_auth_at": iso(authenticator.last_auth_at),
        "age_days": known.days if known else None,
        "age_from": known.counted_from if known else None,
    }


def _finding_row(finding: Finding) -> FindingRow:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": RULES[finding.rule].severity,
        "authenticator_id": finding.authenticator_id,
        "factor": finding.factor,
        "age_days": finding.age_days,
        "age_from": finding.age_from,
    }


def _without_id(error: Auth0Error, user_id: str) -> Auth0Error:
    """The same error without the user's ID: what ends a run goes to logs, which must not contain IDs."""
    return error.replace(message=error.message.replace(user_id, "one user"))
