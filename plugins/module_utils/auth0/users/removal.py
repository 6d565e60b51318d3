# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators go, which stay and why. Pure, nothing is sent.

One authenticator is removed by its ID or its description. A selector removes all that it fits, and asks for more: a limit,
and the word that the last factor may go. With an ID, the selector is a condition: remove it only if it still fits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Callable

from ..authenticators import MANAGEMENT_VIEW, MFA_VIEW, Authenticator
from ..factors import FACTORS, UNSEEN_PARTNERS, of_management_type
from ..wire.errors import RefusedError
from .guards import check_limit, check_masks, last_factor, may_lose_the_last
from .matching import Device, ambiguous, devices, matched_by, meant, not_the_users
from .pairs import Unseen, together, unseen_pairs
from .steps import Plan, Remove, RemoveAll
from .wanted import DESCRIPTIONS, Wanted


def plan_removal(wanted: Wanted, actual: list[Authenticator], view: str, now: datetime) -> Plan:
    """The plan for ``state=absent``.

    :param now: aware time that ages are counted to
    :raises RefusedError: a description fits two devices, or none for sure; more than ``max_removals`` would go, or the last
        factor would
    """
    linked = together(actual, view)
    if wanted.selector == "everything":
        return _everything(wanted, actual, linked)
    found = meant(wanted, actual)
    if wanted.authenticator_id and not found:
        return _not_listed(wanted, actual, view)
    if wanted.selector:
        found, reasons = _selected(wanted, found, actual, linked, now)
    else:
        reasons = _named(found)
    going = [device for device in found if reasons[device[0].id] is None]
    skipped = tuple((row_id, reason) for row_id, reason in reasons.items() if reason)
    if not going:
        return Plan((), None, tuple(actual), skipped=skipped)

    check_masks(wanted, going)
    unseen = unseen_pairs(actual, view)
    removals = _one_of_each_pair(going, linked, unseen)
    check_limit(wanted, removals)
    gone = {row_id for device in going for row in device for row_id in (row.id, *linked[row.id])}
    gone = gone.union(*(pairs.gone_with(gone) for pairs in unseen))
    after = tuple(row for row in actual if row.id not in gone)
    unknown = _with_unknown_partner(going, view, unseen)
    if not wanted.allow_last_factor and may_lose_the_last(actual, after, unknown):
        raise last_factor(going)
    return Plan(
        tuple(Remove(device[0].id) for device in removals),
        going[0][0] if not wanted.selector else None,
        after,
        tuple(sorted(gone)),
        skipped,
        matched_by(wanted, going[0][0]) if not wanted.selector else None,
        _unseen(unknown, unseen),
    )


def _everything(wanted: Wanted, actual: list[Authenticator], linked: dict[str, tuple[str, ...]]) -> Plan:
    """One request, whatever is listed: what it is sent for may be what the list does not show."""
    found = devices(actual)
    going = [device for device in found if device[0].not_deletable_because is None]
    check_limit(wanted, _one_of_each_pair(going, linked, []))
    kept = {row.id: row.not_deletable_because or "" for row in actual if row.kind is None}
    after = tuple(row for row in actual if row.id in kept)
    if not wanted.allow_last_factor and may_lose_the_last(actual, after, []):
        raise last_factor(going)
    gone = tuple(sorted(row.id for row in actual if row.id not in kept))
    return Plan((RemoveAll(),), None, after, gone, tuple(kept.items()))


def _not_listed(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    """An ID that the view does not show. The Management API removes a pending enrollment all the same.

    The MFA API shows pending ones, so there it is nobody's or another user's. It cannot be the last second factor.
    """
    authenticator_id = wanted.authenticator_id or ""
    nothing = Plan((), None, tuple(actual), notices=(not_the_users(authenticator_id).message,))
    factor = FACTORS.get(of_management_type(authenticator_id.partition("|")[0]))
    if view != MANAGEMENT_VIEW or (factor and factor.not_removable_because):
        return nothing
    conditions = [option for option in ("selector", *DESCRIPTIONS) if getattr(wanted, option) is not None]
    conditions.remove("authenticator_id")
    if conditions and not (conditions == ["selector"] and wanted.selector == "all"):
        said = "Auth0 does not list %s, so %s cannot be checked and nothing was sent. To remove it if it is pending, set only"
        return replace(nothing, notices=((said + " authenticator_id") % (authenticator_id, conditions[0]),))
    said = "Auth0 does not list %s. It is removed if it is an enrollment that the user has not confirmed"
    return replace(nothing, steps=(Remove(authenticator_id, listed=False),), notices=(said % authenticator_id,))


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
    going_too = {row_id for row in device for row_id in (row.id, *linked[row.id])}
    for row in sorted(actual, key=lambda row: row.id):
        if row.id in going_too and not selects(row):
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


def _one_of_each_pair(going: list[Device], linked: dict[str, tuple[str, ...]], unseen: list[Unseen]) -> list[Device]:
    ids = {row.id for device in going for row in device}
    kept: list[Device] = []
    covered: set[str] = set()
    for pairs in unseen:
        if pairs.devices | pairs.partners <= ids:
            # Each of the fewer belongs to one of the more.
            covered |= min(pairs.partners, pairs.devices, key=len)
    for device in going:
        if device[0].id not in covered:
            kept.append(device)
            covered.update(linked[device[0].id])
    return kept


def _with_unknown_partner(going: list[Device], view: str, unseen: list[Unseen]) -> list[Authenticator]:
    """What goes and takes along a device that nobody can name."""
    if view != MFA_VIEW:
        return []
    ids = {device[0].id for device in going}
    known = {row_id for pairs in unseen if pairs.gone_with(ids) for row_id in pairs.devices | pairs.partners}
    return [device[0] for device in going if device[0].factor in UNSEEN_PARTNERS and device[0].id not in known]


def _unseen(unknown: list[Authenticator], unseen: list[Unseen]) -> tuple[str, ...]:
    """What the MFA view does not show of this removal."""
    said = []
    for row in unknown:
        brought = FACTORS[row.factor].brings
        pushes = next((pairs.devices for pairs in unseen if row.id in pairs.partners), None)
        if brought:
            said.append(
                "Auth0 also removes the %s that was enrolled with %s. Its ID is not known in advance"
                % (brought, row.id)
            )
        elif pushes:
            said.append("If %s was enrolled with %s, Auth0 removes that too" % (row.id, " or ".join(sorted(pushes))))
    return tuple(said)
