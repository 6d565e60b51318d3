# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired against actual: which steps bring a user's authenticators to the wanted state. Pure, nothing is sent.

Authenticators are matched by identity (see matching). Where a description fits two devices the plan is refused and names
both; where a field that cannot be changed differs, it is refused and names the field.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..authenticators import MFA_VIEW, Authenticator, mask_email, mask_phone
from ..wire.errors import ConfigurationError, NotFoundError, RefusedError
from .matching import ambiguous, meant, not_the_users
from .removal import plan_removal
from .wanted import Plan, Step, Wanted

UNKNOWN_ID = "(known after enrollment)"


def plan(wanted: Wanted, actual: list[Authenticator], view: str, now: datetime) -> Plan:
    """The plan for one user.

    :param actual: all authenticators the view shows
    :param view: MFA_VIEW or MANAGEMENT_VIEW
    :param now: aware time that ages are counted to
    :raises RefusedError: two devices fit, a fixed field differs, too many or the last factor would go
    :raises NotFoundError: an id that is none of the user's, or nothing to confirm
    :raises ConfigurationError: a code is needed and missing
    """
    if wanted.state == "absent":
        return plan_removal(wanted, actual, view, now)
    return (_present if wanted.state == "present" else _confirmed)(wanted, actual, view)


def _present(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    # An operator creates authenticators confirmed at once, so a pending one does not stand for it.
    counted = [row for row in actual if row.confirmed or view == MFA_VIEW]
    found = meant(wanted, counted)
    if not found:
        if wanted.authenticator_id:
            raise not_the_users(wanted.authenticator_id)
        return Plan((Step("enroll"),), None, (*actual, _predicted(wanted, view)))
    if len(found) > 1 and (wanted.phone_number or wanted.email_address):
        raise ambiguous(found)
    target = max((row for device in found for row in device), key=lambda row: row.confirmed)
    _check_fixed(wanted, target)
    changes = _changes(wanted, target)
    if not changes:
        return Plan((), target, tuple(actual))
    changed = replace(
        target,
        name=changes.get("name", target.name),
        preferred_method=changes.get("preferred_authentication_method", target.preferred_method),
    )
    after = tuple(changed if row is target else row for row in actual)
    return Plan((Step("update", target.id, target.factor, changes),), changed, after)


def _check_fixed(wanted: Wanted, target: Authenticator) -> None:
    public_key = (wanted.credential or {}).get("public_key")
    if public_key and target.public_key and public_key != target.public_key:
        raise RefusedError(
            "%s has another public_key, which cannot be changed" % target.id,
            hint="Remove it with state=absent first, if that is meant.",
        )


def _changes(wanted: Wanted, target: Authenticator) -> dict[str, str]:
    changes = {}
    if wanted.name is not None and wanted.name != target.name:
        changes["name"] = wanted.name
    if wanted.preferred_method and wanted.preferred_method != target.preferred_method:
        if target.factor != "phone":
            raise RefusedError("%s is no phone and has no preferred method" % target.id)
        changes["preferred_authentication_method"] = wanted.preferred_method
    return changes


def _confirmed(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    found = meant(wanted, actual)
    if not found:
        if wanted.authenticator_id:
            raise not_the_users(wanted.authenticator_id)
        raise NotFoundError(
            "There is no %s enrollment to confirm" % wanted.factor,
            hint="Enroll it with state=present first; unconfirmed enrollments vanish after 24 hours.",
        )
    pending = [device for device in found if not device[0].confirmed]
    if not pending:
        return Plan((), found[0][0], tuple(actual))
    target = pending[0][0]
    if target.factor != "otp" and not wanted.oob_code:
        raise ConfigurationError(
            "Confirming %s needs the oob_code" % target.id,
            hint="It is part of what state=present returned; without it remove the enrollment and enroll again.",
        )
    if target.factor != "push" and not wanted.code:
        raise ConfigurationError(
            "Confirming %s needs the code" % target.id,
            hint="Give in code the digits the OTP app shows, or the ones that were sent; where they are lost, remove the "
            "enrollment with state=absent and enroll again.",
        )
    ids = {row.id for row in pending[0]}
    after = tuple(replace(row, confirmed=True) if row.id in ids else row for row in actual)
    return Plan((Step("confirm", target.id, target.factor),), replace(target, confirmed=True), after)


def _predicted(wanted: Wanted, view: str) -> Authenticator:
    return Authenticator(
        id=UNKNOWN_ID,
        factor=wanted.factor or "",
        view=view,
        confirmed=view != MFA_VIEW,
        channels=(wanted.channel or "sms",) if wanted.factor == "phone" else (),
        name=wanted.name,
        phone_number=mask_phone(wanted.phone_number) if wanted.phone_number else None,
        email=mask_email(wanted.email_address) if wanted.email_address else None,
        preferred_method=wanted.preferred_method or (wanted.channel if view != MFA_VIEW else None),
        key_id=(wanted.credential or {}).get("key_id"),
    )
