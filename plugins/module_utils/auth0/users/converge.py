# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a user's authenticators to the wanted state, the same way from either side."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Protocol

from ..authenticators import MFA_VIEW, Authenticator
from ..wire.errors import Auth0Error
from . import aftermath
from .pairs import together
from .plan import plan
from .steps import Answer, Enroll, Plan, Remove, RemoveAll, Step
from .wanted import Wanted, check

if TYPE_CHECKING:
    from ..api.mfa import Enrollment


class Side(Protocol):
    """One user from one side; each side loads only what it needs.

    :ivar view: MFA_VIEW or MANAGEMENT_VIEW, which its rows come from
    """

    view: str

    @property
    def user_id(self) -> str | None:
        """None where only the token knows."""

    def authenticators(self) -> list[Authenticator]:
        """All of them."""

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; sends nothing"""

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """:raises AuthenticationError: the bearer cannot do this; sends nothing"""

    def carry_out(self, step: Step) -> Answer:
        """One write."""


@dataclass(frozen=True)
class Outcome:
    """What happened.

    :ivar changed: also where something may have happened that no reading shows
    :ivar after: read again after a change; predicted in check mode
    :ivar target: the authenticator that was asked for, as it is in ``after``; None where it is absent
    :ivar removed: IDs that were there before and are gone, linked ones included
    :ivar skipped: (ID, reason) of what fits and was kept all the same
    :ivar enrollment: what a new enrollment returned; None otherwise
    :ivar matched_by: how the target was found (see Plan); None where it was not
    :ivar notices: what the reader should know beside the result
    """

    changed: bool
    before: tuple[Authenticator, ...]
    after: tuple[Authenticator, ...]
    target: Authenticator | None
    removed: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    enrollment: Enrollment | None = None
    matched_by: str | None = None
    notices: tuple[str, ...] = ()


@dataclass
class _Run:
    """How far the steps of a plan came.

    :ivar gone: IDs that Auth0 answered to be gone, linked ones included
    :ivar unlisted: those of them that the view did not show
    :ivar broken: the step without an answer, and why; None where all were answered
    """

    gone: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    enrollment: Enrollment | None = None
    broken: tuple[Step, Auth0Error] | None = None


def _by_the_local_clock() -> datetime:
    return datetime.now(timezone.utc)


def converge(
    side: Side, wanted: Wanted, check_mode: bool = False, now: Callable[[], datetime] = _by_the_local_clock
) -> Outcome:
    """Bring a user's authenticators to the wanted state.

    After every write, and after every answer that was lost, they are read again: the outcome and the error tell the state
    that was found, whoever made it.

    :param now: the aware time that ages are counted to, asked for after the first reading
    :raises Auth0Error: input, plan or a request was refused, or nobody knows whether it was carried out; what was removed, or
        may have been, is in the error's ``progress``
    """
    check(wanted)
    side.check(wanted)
    before = tuple(side.authenticators())
    moment = now()
    needed = plan(wanted, list(before), side.view, moment)
    for step in needed.steps:
        side.check_step(step, before)
    if not needed.steps or check_mode:
        return _outcome(wanted, needed, before, needed.after, set(needed.removed), needed.foreseen, needed.notices)
    run = _carry_out_all(side, needed, before)
    if run.broken and not run.gone and not aftermath.in_doubt(*run.broken):
        raise run.broken[1]
    try:
        after = tuple(side.authenticators())
    except Auth0Error as unread:
        if run.broken:
            raise aftermath.unknown(needed, run.gone, *run.broken, unread) from None
        # What the write returned (a seed, a recovery code) exists nowhere else: it must not go down with this reading.
        said = "The change was made, but the result is predicted: %s" % unread
        removed = set(needed.removed) | run.unlisted
        return _outcome(wanted, needed, before, needed.after, removed, True, (*needed.notices, said), run.enrollment)
    removed = {row.id for row in before} - {row.id for row in after} if wanted.state == "absent" else set()
    removed |= run.unlisted
    notices = aftermath.notices(wanted, needed, before, after, removed, moment)
    if run.broken:
        step, error = run.broken
        lost_enrollment = isinstance(step, Enroll) and side.view == MFA_VIEW
        if lost_enrollment or not aftermath.reached(wanted, needed, before, after, moment):
            raise aftermath.found(needed, before, after, removed, step, error) from None
        failure = error.replace(hint="")
        notices = ("A request failed, but the user was read again and is as wanted: %s" % failure, *notices)
    if wanted.state == "absent":
        aftermath.check_gone(needed, after, removed)
    if wanted.state == "absent" and not wanted.allow_last_factor:
        aftermath.check_last_factor(needed, before, after, removed)
    changed = wanted.state != "absent" or bool(removed) or RemoveAll() in needed.steps
    return _outcome(wanted, needed, before, after, removed, changed, notices, run.enrollment)


def _carry_out_all(side: Side, needed: Plan, before: tuple[Authenticator, ...]) -> _Run:
    """All steps, up to the first that has no answer."""
    run, linked = _Run(), together(list(before), side.view)
    for step in needed.steps:
        try:
            answer = side.carry_out(step)
        except Auth0Error as error:
            run.broken = step, error
            return run
        run.enrollment = answer.enrollment
        if isinstance(step, Remove) and step.listed:
            run.gone |= {step.authenticator_id, *linked[step.authenticator_id]}
        elif isinstance(step, Remove) and answer.found:
            run.unlisted.add(step.authenticator_id)
    return run


def _outcome(
    wanted: Wanted,
    needed: Plan,
    before: tuple[Authenticator, ...],
    after: tuple[Authenticator, ...],
    removed: set[str],
    changed: bool,
    notices: tuple[str, ...],
    enrollment: Enrollment | None = None,
) -> Outcome:
    return Outcome(
        changed,
        before,
        after,
        _shown(needed, wanted, before, after),
        tuple(sorted(removed)),
        needed.skipped,
        enrollment,
        needed.matched_by,
        notices,
    )


def _shown(
    needed: Plan, wanted: Wanted, before: tuple[Authenticator, ...], after: tuple[Authenticator, ...]
) -> Authenticator | None:
    if wanted.state == "absent":
        return None
    if wanted.state == "confirmed" and needed.steps and needed.target is not None:
        # Which pending OTP a code belongs to is known to Auth0 only.
        pending = {row.id for row in before if not row.confirmed}
        meant = needed.target
        confirmed = [row for row in after if row.id in pending and row.confirmed and row.factor == meant.factor]
        if confirmed:
            return min(confirmed, key=lambda row: (row.id != meant.id, row.id))
    if needed.target is not None:
        return next((row for row in after if row.id == needed.target.id), needed.target)
    known = {row.id for row in before}
    new = [row for row in after if row.id not in known and row.factor == wanted.factor]
    return min(new, key=lambda row: (wanted.channel not in (None, *row.channels), row.id)) if new else None
