# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators go, which stay and why. Pure, nothing is sent.

One authenticator is removed by its ID or its description. A selector removes all that it fits, and asks for more: a limit,
and the word that the last factor may go. With an ID, the selector is a condition: remove it only if it still fits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Callable

from ..authenticators import MANAGEMENT_VIEW, MFA_VIEW, Authenticator, linked_ids
from ..factors import FACTORS, RECOVERY_CODE, UNSEEN_PARTNERS
from ..wire.errors import RefusedError
from .matching import Device, ambiguous, meant, not_the_users
from .steps import Plan, Remove, RemoveAll, Step
from .wanted import Wanted


def plan_removal(wanted: Wanted, actual: list[Authenticator], view: str, now: datetime) -> Plan:
    """The plan for ``state=absent``.

    :param now: aware time that ages are counted to
    :raises RefusedError: a description fits two devices, more than ``max_removals`` would go, or the last factor would
    """
    linked = linked_ids(actual)
    found = meant(wanted, actual)
    if wanted.selector:
        found, reasons = _selected(wanted, found, actual, linked, now)
    else:
        reasons = _named(found)
    going = [device for device in found if reasons[device[0].id] is None]
    skipped = {row_id: reason for row_id, reason in reasons.items() if reason}
    codes = {row.id for row in actual if row.factor == RECOVERY_CODE}
    everything = _is_everything(wanted, view)
    if not going and not (everything and codes):
        return Plan((), None, tuple(actual), skipped=tuple(skipped.items()), notice=_nothing_to_do(wanted, found))

    removals = _one_of_each_pair(going, linked)
    _check_limit(wanted, removals)
    if everything:
        # One request of the Management API takes them all, the recovery code included.
        skipped = {row_id: reason for row_id, reason in skipped.items() if row_id not in codes}
        gone = {row.id for row in actual} - skipped.keys()
        steps: tuple[Step, ...] = (RemoveAll(),)
    else:
        gone = {row_id for device in going for row in device for row_id in (row.id, *linked[row.id])}
        steps = tuple(Remove(device[0].id) for device in removals)
    after = tuple(row for row in actual if row.id not in gone)
    if not wanted.allow_last_factor and _may_lose_the_last(actual, after, going, view):
        raise RefusedError(
            "Removing %s may leave the user without a second factor" % ", ".join(device[0].id for device in going),
            hint="Set allow_last_factor=true to remove it all the same.",
        )
    target = going[0][0] if not wanted.selector else None
    return Plan(steps, target, after, tuple(sorted(gone)), tuple(skipped.items()), _unseen(going, view))


def _named(found: list[Device]) -> dict[str, str | None]:
    """Why the one that the task names stays, by its ID; None where it goes."""
    if len(found) > 1:
        raise ambiguous(found)
    reasons = {device[0].id: device[0].not_deletable_because for device in found}
    for device in found:
        reason = reasons[device[0].id]
        # An address that the MFA API lists may never have been enrolled, so there may be nothing to remove.
        if reason and not device[0].unproven:
            raise RefusedError("%s was not removed: %s" % (device[0].id, reason))
    return reasons


def _selected(
    wanted: Wanted, found: list[Device], actual: list[Authenticator], linked: dict[str, tuple[str, ...]], now: datetime
) -> tuple[list[Device], dict[str, str | None]]:
    """The devices that a selector is about, and why each of them stays, by its ID; None where it goes."""
    selects = _selection(wanted, now)
    if wanted.authenticator_id is None:
        found = [device for device in found if any(selects(row) for row in device)]
    return found, {device[0].id: _reason_to_keep(device, actual, linked, selects) for device in found}


def _is_everything(wanted: Wanted, view: str) -> bool:
    narrowed = wanted.factor is not None or wanted.authenticator_id is not None
    return wanted.selector == "all" and not narrowed and view == MANAGEMENT_VIEW


def _reason_to_keep(
    device: Device,
    actual: list[Authenticator],
    linked: dict[str, tuple[str, ...]],
    selects: Callable[[Authenticator], bool],
) -> str | None:
    if device[0].not_deletable_because:
        return device[0].not_deletable_because
    if not any(selects(row) for row in device):
        return "It does not match the selector."
    together = {row_id for row in device for row_id in (row.id, *linked[row.id])}
    for row in sorted(actual, key=lambda row: row.id):
        if row.id in together and not selects(row):
            return "Auth0 would remove %s with it, which does not match the selector." % row.id
    return None


def _selection(wanted: Wanted, now: datetime) -> Callable[[Authenticator], bool]:
    if wanted.selector == "unconfirmed":
        return lambda row: not row.confirmed
    if wanted.selector == "unused":
        return lambda row: row.confirmed and _unused_for(row, now) >= (wanted.unused_for or 0)
    return lambda row: True


def _unused_for(row: Authenticator, now: datetime) -> float:
    """Seconds since it was last used; since it was enrolled or created where it never was; 0 where nobody knows."""
    return (now - row.last_used_at).total_seconds() if row.last_used_at else 0.0


def _one_of_each_pair(going: list[Device], linked: dict[str, tuple[str, ...]]) -> list[Device]:
    kept: list[Device] = []
    covered: set[str] = set()
    for device in going:
        if device[0].id not in covered:
            kept.append(device)
        covered.update(linked[device[0].id])
    return kept


def _check_limit(wanted: Wanted, removals: list[Device]) -> None:
    if wanted.selector and len(removals) > wanted.max_removals:
        raise RefusedError(
            "selector=%s matches %d authenticators (%s), but max_removals is %d"
            % (wanted.selector, len(removals), ", ".join(device[0].id for device in removals), wanted.max_removals),
            hint="Increase max_removals to remove all of them.",
        )


def _may_lose_the_last(
    actual: list[Authenticator], after: tuple[Authenticator, ...], going: list[Device], view: str
) -> bool:
    if not any(row.is_second_factor for row in actual):
        return False
    left = [row.factor for row in after if row.is_second_factor]
    at_risk = 0
    if view == MFA_VIEW:
        for factor, partner in UNSEEN_PARTNERS.items():
            at_risk += min(sum(device[0].factor == factor for device in going), left.count(partner))
    return len(left) <= at_risk


def _unseen(going: list[Device], view: str) -> str | None:
    """What the MFA view does not show of this removal."""
    if view != MFA_VIEW:
        return None
    said = []
    for row in (device[0] for device in going):
        brought = FACTORS[row.factor].brings
        if brought:
            said.append(
                "Auth0 also removes the %s that was enrolled with %s. Its ID is not known in advance"
                % (brought, row.id)
            )
    return ". ".join(said) or None


def _nothing_to_do(wanted: Wanted, found: list[Device]) -> str | None:
    if wanted.authenticator_id and not found:
        # It is gone, or another user has it: Auth0 does not tell them apart.
        return not_the_users(wanted.authenticator_id).message
    return None
