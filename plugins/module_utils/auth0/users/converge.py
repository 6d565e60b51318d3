# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a user's authenticators to the wanted state, the same way from either side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Protocol

from ..api.mfa import Enrollment
from ..authenticators import Authenticator, linked_ids
from .plan import plan
from ..wire.errors import Auth0Error
from .steps import Plan, Remove, Step
from .wanted import Wanted, check


class Side(Protocol):
    """One user from one side; each side loads only what it needs.

    :ivar view: MFA_VIEW or MANAGEMENT_VIEW, which its rows come from
    :ivar user_id: None where only the token knows
    """

    view: str
    user_id: str | None

    def authenticators(self) -> list[Authenticator]:
        """All of them."""

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; sends nothing"""

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """:raises AuthenticationError: the bearer cannot do this; sends nothing"""

    def carry_out(self, step: Step) -> Enrollment | None:
        """One write; what an enrollment returned once and never again, None where there is nothing of the kind."""


@dataclass(frozen=True)
class Outcome:
    """What happened.

    :ivar after: read again after a change; predicted in check mode
    :ivar target: the authenticator that was asked for, as it is in ``after``; None where it is absent
    :ivar removed: IDs that are gone, linked ones included
    :ivar skipped: (ID, reason) of what fits and was kept all the same
    :ivar enrollment: what a new enrollment returned; None otherwise
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    changed: bool
    before: tuple[Authenticator, ...]
    after: tuple[Authenticator, ...]
    target: Authenticator | None
    removed: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    enrollment: Enrollment | None = None
    notice: str | None = None


def converge(side: Side, wanted: Wanted, check_mode: bool = False, now: datetime | None = None) -> Outcome:
    """Bring a user's authenticators to the wanted state.

    :param now: aware time that ages are counted to; by default the present
    :raises Auth0Error: input, plan or a request was refused; what was removed before is in the error's ``progress``
    """
    check(wanted)
    side.check(wanted)
    before = tuple(side.authenticators())
    needed: Plan = plan(wanted, list(before), side.view, now or datetime.now(timezone.utc))
    for step in needed.steps:
        side.check_step(step, before)
    if not needed.steps or check_mode:
        target = _shown(needed, wanted, before, needed.after)
        return Outcome(
            bool(needed.steps), before, needed.after, target, needed.removed, needed.skipped, notice=needed.notice
        )
    enrollment = _carry_out_all(side, needed, before)
    try:
        after, notice = tuple(side.authenticators()), needed.notice
    except Auth0Error as error:
        # What the write returned (a seed, a recovery code) exists nowhere else: it must not go down with this reading.
        after, notice = needed.after, "The change was made, but the result is predicted: %s" % error
    removed = set(needed.removed)
    if wanted.state == "absent":
        # A push takes its OTP along without any row naming it, and not everything goes with remove-all: what is gone is
        # known from the second reading only.
        removed = {row.id for row in before} - {row.id for row in after}
    changed = bool(removed) or wanted.state != "absent"
    target = _shown(needed, wanted, before, after)
    return Outcome(changed, before, after, target, tuple(sorted(removed)), needed.skipped, enrollment, notice)


def _carry_out_all(side: Side, needed: Plan, before: tuple[Authenticator, ...]) -> Enrollment | None:
    enrollment, linked = None, linked_ids(before)
    removed: set[str] = set()
    for step in needed.steps:
        try:
            enrollment = side.carry_out(step)
        except Auth0Error as error:
            raise error.replace(progress={"removed_ids": sorted(removed)} if removed else None) from None
        if isinstance(step, Remove):
            removed |= {step.authenticator_id, *linked[step.authenticator_id]}
    return enrollment


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
