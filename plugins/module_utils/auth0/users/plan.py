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
from ..factors import FACTORS, RECOVERY_CODE
from ..wire.errors import NotFoundError, RefusedError
from .matching import ambiguous, masked_match, matched_by, meant, not_the_users
from .pairs import together
from .removal import plan_removal
from .steps import Confirm, Enroll, Plan, Update
from .wanted import Wanted

UNKNOWN_ID = "(known after enrollment)"


def plan(wanted: Wanted, actual: list[Authenticator], view: str, now: datetime) -> Plan:
    """The plan for one user.

    :param actual: all authenticators the view shows
    :param view: MFA_VIEW or MANAGEMENT_VIEW
    :param now: aware time that ages are counted to
    :raises RefusedError: two devices fit, a fixed field differs, a code is missing, too many or the last factor would go
    :raises NotFoundError: the user has no authenticator with the ID, or nothing to confirm
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
        enroll = _enroll(wanted)
        return Plan((enroll,), None, (*actual, *_predicted(enroll, actual, view)))
    if len(found) > 1 and (wanted.phone_number or wanted.email_address):
        raise ambiguous(found)
    target = max((row for device in found for row in device), key=lambda row: row.confirmed)
    _check_fixed(wanted, target)
    how, notices = matched_by(wanted, target), _of_the_mask(wanted, target)
    update = _update(wanted, target)
    if update is None:
        return Plan((), target, tuple(actual), matched_by=how, notices=notices)
    changed = replace(
        target,
        name=target.name if update.name is None else update.name,
        preferred_method=update.preferred_method or target.preferred_method,
    )
    after = tuple(changed if row is target else row for row in actual)
    return Plan((update,), changed, after, matched_by=how, notices=notices)


def _of_the_mask(wanted: Wanted, target: Authenticator) -> tuple[str, ...]:
    said = masked_match(wanted, target)
    if said is None:
        return ()
    hint = "If it is another one, set masked_match=reject to enroll yours. Otherwise set masked_match=accept"
    return ("Auth0 shows %s %s. %s" % (target.id, said, hint),)


def _check_fixed(wanted: Wanted, target: Authenticator) -> None:
    public_key = (wanted.credential or {}).get("public_key")
    if public_key and target.public_key and public_key != target.public_key:
        raise RefusedError(
            "%s has a different public_key, which cannot be changed" % target.id,
            hint="To replace the credential, remove it with state=absent first.",
        )


def _update(wanted: Wanted, target: Authenticator) -> Update | None:
    name = wanted.name if wanted.name != target.name else None
    method = wanted.preferred_method if wanted.preferred_method != target.preferred_method else None
    if method and not (target.kind and target.kind.channels):
        raise RefusedError(
            "preferred_method cannot be set for %s, because factor=%s has none" % (target.id, target.factor)
        )
    return Update(target.id, name, method) if name is not None or method else None


def _enroll(wanted: Wanted) -> Enroll:
    return Enroll(
        factor=wanted.factor or "",
        channel=wanted.channel,
        phone_number=wanted.phone_number,
        email_address=wanted.email_address,
        name=wanted.name,
        preferred_method=wanted.preferred_method,
        totp_secret=wanted.totp_secret,
        credential=wanted.credential,
    )


def _confirmed(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    found = meant(wanted, actual)
    if not found:
        if wanted.authenticator_id:
            raise not_the_users(wanted.authenticator_id)
        raise NotFoundError(
            "The user has no %s enrollment to confirm" % wanted.factor,
            hint="Enroll it with state=present first. Unconfirmed enrollments expire after 24 hours.",
        )
    pending = [device for device in found if not device[0].confirmed]
    how = matched_by(wanted, (pending or found)[0][0])
    if not pending:
        return Plan((), found[0][0], tuple(actual), matched_by=how)
    target = pending[0][0]
    confirm = _confirm(wanted, target)
    linked = together(actual, view)
    ids = {row_id for row in pending[0] for row_id in (row.id, *linked[row.id])}
    # The recovery code that came with the enrollment is valid from then on.
    ids |= {row.id for row in actual if row.factor == RECOVERY_CODE}
    after = tuple(replace(row, confirmed=True) if row.id in ids else row for row in actual)
    return Plan((confirm,), replace(target, confirmed=True), after, matched_by=how)


_HOW_TO_GET = {
    "code": "Set it to the 6 digits that the OTP app shows, or that the user received. If they are lost, remove the "
    "enrollment with state=absent and enroll again.",
    "oob_code": "Set it to enrollment.oob_code of the task that started the enrollment. If it is lost, remove the "
    "enrollment with state=absent and enroll again.",
}


def _confirm(wanted: Wanted, target: Authenticator) -> Confirm:
    needs = target.kind.confirmed_with if target.kind else ()
    if not needs:
        raise RefusedError(
            "%s cannot be confirmed with the user's own token, because it is factor=%s" % (target.id, target.factor),
            hint="The user completes the enrollment in the browser.",
        )
    for option in needs:
        # Known only now: where nothing is pending neither is needed.
        if not getattr(wanted, option):
            raise RefusedError("%s is required to confirm %s" % (option, target.id), hint=_HOW_TO_GET[option])
    given = {option: getattr(wanted, option) for option in needs}
    return Confirm(target.id, push_timeout=wanted.push_timeout, **given)


def _predicted(enroll: Enroll, actual: list[Authenticator], view: str) -> tuple[Authenticator, ...]:
    """The rows that the enrollment makes.

    Through which channels a tenant reaches a phone is not in either view: the user's other phones tell, or else it is all.
    """
    factor, as_user = FACTORS[enroll.factor], view == MFA_VIEW
    new = Authenticator(
        id=UNKNOWN_ID,
        factor=enroll.factor,
        view=view,
        confirmed=not as_user,
        name=enroll.name,
        phone_number=mask_phone(enroll.phone_number) if enroll.phone_number else None,
        email=mask_email(enroll.email_address) if enroll.email_address else None,
        preferred_method=enroll.preferred_method or (None if as_user else enroll.channel),
        key_id=(enroll.credential or {}).get("key_id"),
    )
    if factor.brings and as_user:
        return new, replace(new, factor=factor.brings)
    if not factor.channels:
        return (new,)
    known = {channel for row in actual if row.factor == factor.name for channel in row.channels} or {*factor.channels}
    channels = tuple(channel for channel in factor.channels if channel in known | {enroll.channel})
    if as_user:
        return tuple(replace(new, channels=(channel,)) for channel in channels)
    return (replace(new, channels=channels),)
