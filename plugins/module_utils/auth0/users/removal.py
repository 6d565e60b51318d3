# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators go, which stay and why. Pure, nothing is sent.

One authenticator is removed by its id or description. A selector removes all that it fits, and asks for more: a limit,
and the word that the last factor may go. With an id, the selector is a condition: only if it still fits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Callable

from ..authenticators import MANAGEMENT_VIEW, MFA_VIEW, Authenticator, twins
from ..wire.errors import RefusedError
from .matching import Device, ambiguous, meant
from .wanted import Plan, Step, Wanted

# A push and the OTP that its enrollment made are removed together, and no row of the MFA API says which belong together.
_UNSEEN_TWIN = {"push": "otp", "otp": "push"}


def plan_removal(wanted: Wanted, actual: list[Authenticator], view: str, now: datetime) -> Plan:
    """The plan for C(state=absent).

    :param now: aware time that ages are counted to
    :raises RefusedError: a description fits two devices, more than C(max_removals) would go, or the last factor would
    """
    linked = twins(actual)
    found = meant(wanted, actual)
    if wanted.selector:
        selects = _selection(wanted, now)
        if wanted.authenticator_id is None:
            found = [device for device in found if any(selects(row) for row in device)]
        reasons = {device[0].id: _reason_to_keep(device, actual, linked, selects) for device in found}
    else:
        if len(found) > 1:
            raise ambiguous(found)
        reasons = {device[0].id: device[0].not_deletable_because for device in found}
        for device in found:
            if reasons[device[0].id] and device[0].factor != "email":
                raise RefusedError("%s is not removed: %s" % (device[0].id, reasons[device[0].id]))
    going = [device for device in found if reasons[device[0].id] is None]
    skipped = tuple((row_id, reason) for row_id, reason in reasons.items() if reason)
    one_kind = wanted.factor is not None or wanted.authenticator_id is not None
    everything = wanted.selector == "all" and not one_kind and view == MANAGEMENT_VIEW
    codes = {row.id for row in actual if row.factor == "recovery-code"}
    if not going and not (everything and codes):
        return Plan((), None, tuple(actual), skipped=skipped, notice=_nothing_to_do(wanted, found))

    removals = _one_of_each_pair(going, linked)
    if everything:
        # One request of the Management API takes them all, the recovery code included.
        skipped = tuple(pair for pair in skipped if pair[0] not in codes)
        gone = {row.id for row in actual} - {kept_id for kept_id, _reason in skipped}
        steps: tuple[Step, ...] = (Step("remove-all"),)
    else:
        gone = {row_id for device in going for row in device for row_id in (row.id, *linked[row.id])}
        steps = tuple(Step("remove", device[0].id, device[0].factor) for device in removals)
    _check_limit(wanted, removals)
    after = tuple(row for row in actual if row.id not in gone)
    if not wanted.allow_last_factor and _may_lose_the_last(actual, after, going, view):
        raise RefusedError(
            "With %s the user may lose the last confirmed factor" % ", ".join(device[0].id for device in going),
            hint="Set allow_last_factor if the user may be left without MFA.",
        )
    target = going[0][0] if not wanted.selector else None
    return Plan(steps, target, after, tuple(sorted(gone)), skipped, _unseen(going, view))


def _reason_to_keep(
    device: Device,
    actual: list[Authenticator],
    linked: dict[str, tuple[str, ...]],
    selects: Callable[[Authenticator], bool],
) -> str | None:
    if device[0].not_deletable_because:
        return device[0].not_deletable_because
    if not any(selects(row) for row in device):
        return "It does not fit the selector."
    together = {row_id for row in device for row_id in (row.id, *linked[row.id])}
    for row in actual:
        if row.id in together and not selects(row):
            return "%s, which would go with it, does not fit the selector." % row.id
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
            "selector=%s fits %d authenticators (%s), and max_removals is %d"
            % (wanted.selector, len(removals), ", ".join(device[0].id for device in removals), wanted.max_removals),
            hint="Raise max_removals if all of them are meant.",
        )


def _may_lose_the_last(
    actual: list[Authenticator], after: tuple[Authenticator, ...], going: list[Device], view: str
) -> bool:
    if not any(_asked_for(row) for row in actual):
        return False
    left = [row.factor for row in after if _asked_for(row)]
    at_risk = 0
    if view == MFA_VIEW:
        for factor, twin in _UNSEEN_TWIN.items():
            at_risk += min(sum(device[0].factor == factor for device in going), left.count(twin))
    return len(left) <= at_risk


def _asked_for(row: Authenticator) -> bool:
    # A passkey takes the place of the password; nothing says that a login by password asks for it as a second step.
    return row.is_second_factor and row.factor != "passkey"


def _unseen(going: list[Device], view: str) -> str | None:
    pushes = [device[0].id for device in going if device[0].factor == "push"]
    if view != MFA_VIEW or not pushes:
        return None
    return "The OTP that came with %s goes with it; which one it is cannot be seen beforehand" % ", ".join(pushes)


def _nothing_to_do(wanted: Wanted, found: list[Device]) -> str | None:
    if wanted.authenticator_id and not found:
        # Gone already or another user's: Auth0 does not tell them apart.
        return "%s is none of this user's authenticators" % wanted.authenticator_id
    return None
