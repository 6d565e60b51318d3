# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired against actual: which steps bring a user's authenticators to the wanted state. Pure, nothing is sent.

Authenticators are matched by identity: an id, or a factor with the digits a masked number still shows. Where that fits
two devices the plan is refused and names both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .authenticators import (
    FACTORS,
    MFA_VIEW,
    Authenticator,
    email_fits,
    mask_email,
    mask_phone,
    phone_fits,
    to_rows,
    twins,
)
from .connection import encode_id
from .errors import ConfigurationError, NotFoundError, RefusedError

UNKNOWN_ID = "(known after enrolment)"


@dataclass(frozen=True)
class Wanted:
    """What the task asks for.

    :ivar state: C(present), C(confirmed) or C(absent)
    :ivar factor: one of FACTORS; None where the id says it
    :ivar channel: C(sms) or C(voice), for a phone
    :ivar code: the digits that confirm
    :ivar oob_code: from the enrolment, to confirm a phone
    :ivar allow_last_factor: whether the user may be left without any factor
    """

    state: str
    factor: str | None = None
    channel: str | None = None
    authenticator_id: str | None = None
    phone_number: str | None = None
    email_address: str | None = None
    name: str | None = None
    totp_secret: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    allow_last_factor: bool = False


_FORMS = {
    "phone_number": (r"\+[1-9][0-9]{6,14}", "an E.164 number such as +442071838750"),
    "email_address": (r"[^@\s]+@[^@\s]+", "an e-mail address"),
    "name": (r".{1,20}", "a label of 1 to 20 characters"),
    "totp_secret": (r"[A-Za-z2-7]{16,}=*", "a base32 secret"),
    "code": (r"[0-9]{6}", "a code of 6 digits"),
}
# Never quoted back.
_SECRET = ("totp_secret", "code")
_BELONGS_TO = {"phone_number": "phone", "email_address": "email", "totp_secret": "otp"}


def check(wanted: Wanted) -> None:
    """Whether the input can be right at all; sends nothing.

    :raises ConfigurationError: it cannot
    """
    if wanted.authenticator_id is not None:
        encode_id("authenticator_id", wanted.authenticator_id)
    elif wanted.factor is None:
        raise ConfigurationError("Neither factor nor authenticator_id is given")
    for option, (form, description) in _FORMS.items():
        value = getattr(wanted, option)
        if value is not None and not re.fullmatch(form, value):
            shown = "" if option in _SECRET else " %r" % value
            raise ConfigurationError("%s%s is not %s" % (option, shown, description))
    for option, factor in _BELONGS_TO.items():
        if getattr(wanted, option) is not None and wanted.factor not in (None, factor):
            raise ConfigurationError("%s does not go with factor=%s" % (option, wanted.channel or wanted.factor))
    if wanted.state != "confirmed" and (wanted.code is not None or wanted.oob_code is not None):
        raise ConfigurationError("code and oob_code go with state=confirmed only")
    new = wanted.state == "present" and not wanted.authenticator_id
    if new and wanted.factor == "phone" and not wanted.phone_number:
        raise ConfigurationError("Enrolling a phone needs phone_number")


@dataclass(frozen=True)
class Step:
    """One write: C(enrol), C(confirm), C(rename) or C(remove)."""

    verb: str
    authenticator_id: str | None = None
    factor: str | None = None


@dataclass(frozen=True)
class Plan:
    """The write that is needed, and what it leads to.

    :ivar step: the one write that is needed, None where the state is as wanted
    :ivar target: the authenticator it is about, None where it does not exist (yet)
    :ivar removed: ids that go with a removal, as far as the view tells
    :ivar after: the authenticators as they will be; new ones have the id UNKNOWN_ID
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    step: Step | None
    target: Authenticator | None
    after: tuple[Authenticator, ...]
    removed: tuple[str, ...] = ()
    notice: str | None = None


def plan(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    """The plan for one user.

    :param actual: all authenticators the view shows
    :param view: MFA_VIEW or MANAGEMENT_VIEW
    :raises RefusedError: two devices fit, or the last factor would go
    :raises NotFoundError: an id that is none of the user's, or nothing to confirm
    :raises ConfigurationError: a code is needed and missing
    """
    return {"present": _present, "confirmed": _confirmed, "absent": _absent}[wanted.state](wanted, actual, view)


def _present(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    # An operator creates authenticators confirmed at once, so a pending one does not stand for it.
    counted = [row for row in actual if row.confirmed or view == MFA_VIEW]
    devices = _devices(wanted, counted)
    if not devices:
        if wanted.authenticator_id:
            raise _not_the_users(wanted.authenticator_id)
        return Plan(Step("enrol"), None, (*actual, _predicted(wanted, view)))
    if len(devices) > 1 and (wanted.phone_number or wanted.email_address):
        raise _ambiguous(devices)
    target = max((row for device in devices for row in device), key=lambda row: row.confirmed)
    if wanted.name is not None and wanted.name != target.name:
        renamed = replace(target, name=wanted.name)
        return Plan(Step("rename", target.id), renamed, tuple(renamed if row is target else row for row in actual))
    return Plan(None, target, tuple(actual))


def _confirmed(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    devices = _devices(wanted, actual)
    if not devices:
        if wanted.authenticator_id:
            raise _not_the_users(wanted.authenticator_id)
        raise NotFoundError(
            "There is no %s enrolment to confirm" % wanted.factor,
            hint="Enrol it with state=present first; unconfirmed enrolments vanish after 24 hours.",
        )
    pending = [device for device in devices if not device[0].confirmed]
    if not pending:
        return Plan(None, devices[0][0], tuple(actual))
    target = pending[0][0]
    if not wanted.code:
        raise ConfigurationError(
            "Confirming %s needs the code" % target.id,
            hint="Give in code the digits the OTP app shows, or the ones that were sent; where they are lost, remove the "
            "enrolment with state=absent and enrol again.",
        )
    if target.factor == "phone" and not wanted.oob_code:
        raise ConfigurationError(
            "Confirming %s needs the oob_code" % target.id,
            hint="It is part of what state=present returned; without it remove the enrolment and enrol again.",
        )
    ids = {row.id for row in pending[0]}
    after = tuple(replace(row, confirmed=True) if row.id in ids else row for row in actual)
    return Plan(Step("confirm", target.id, target.factor), replace(target, confirmed=True), after)


def _absent(wanted: Wanted, actual: list[Authenticator], view: str) -> Plan:
    devices = _devices(wanted, actual)
    if not devices:
        # Gone already or another user's: Auth0 does not tell them apart.
        notice = wanted.authenticator_id and "%s is none of this user's authenticators" % wanted.authenticator_id
        return Plan(None, None, tuple(actual), notice=notice)
    if len(devices) > 1:
        raise _ambiguous(devices)
    target = devices[0][0]
    if target.factor not in FACTORS:
        raise RefusedError("%s is not an authenticator but a %s entry" % (target.id, target.factor))
    if target.factor == "recovery-code":
        raise RefusedError(
            "%s is not removed" % target.id, hint="A recovery code is replaced: use mfaops.auth0.auth0_recovery_code."
        )
    if target.factor == "email" and view == MFA_VIEW:
        raise RefusedError(
            "%s is not removed: the MFA API lists every verified e-mail address, enrolled or not" % target.id,
            hint="Remove an enrolled one as operator, with user_id.",
        )
    gone = {target.id, *twins(actual)[target.id]}
    after = tuple(row for row in actual if row.id not in gone)
    unseen_twin = view == MFA_VIEW and target.factor in _UNSEEN_TWIN
    had_factors = any(row.is_second_factor for row in actual)
    if had_factors and not _factors_left(after, _UNSEEN_TWIN[target.factor] if unseen_twin else None):
        if not wanted.allow_last_factor:
            raise RefusedError(
                "With %s the user may lose the last confirmed factor" % target.id,
                hint="Set allow_last_factor if the user may be left without MFA.",
            )
    notice = None
    if target.factor == "push" and unseen_twin:
        notice = "The OTP that came with %s goes with it; which one it is cannot be seen beforehand" % target.id
    return Plan(Step("remove", target.id), target, after, tuple(sorted(gone)), notice)


# A push and the OTP that its enrolment made are removed together, and no row of the MFA API says which belong together.
_UNSEEN_TWIN = {"push": "otp", "otp": "push"}


def _factors_left(rows: tuple[Authenticator, ...], twin: str | None) -> bool:
    """Whether a second factor is left, even if one of the factor C(twin) goes along unseen."""
    left = [row for row in rows if row.is_second_factor]
    return len(left) > (1 if any(row.factor == twin for row in left) else 0)


def _devices(wanted: Wanted, rows: list[Authenticator]) -> list[list[Authenticator]]:
    """The rows that fit, together where they are one phone's channels; in the order of their ids."""
    devices: dict[str, list[Authenticator]] = {}
    linked = twins(rows)
    for row in sorted(rows, key=lambda row: row.id):
        named = wanted.authenticator_id is not None
        if row.goes_by(wanted.authenticator_id) if named else _fits(wanted, row):
            if named and not _fits(wanted, row):
                raise RefusedError(
                    "%s is not what the other options describe" % row.id, hint="Leave them out, or mend the id."
                )
            key = min(row.id, *linked[row.id]) if row.factor == "phone" and linked[row.id] else row.id
            devices.setdefault(key, []).append(row)
    return list(devices.values())


def _fits(wanted: Wanted, row: Authenticator) -> bool:
    if wanted.factor and row.factor != wanted.factor:
        return False
    if wanted.channel and row.channels and wanted.channel not in row.channels:
        return False
    if wanted.phone_number and not phone_fits(row.phone_number, wanted.phone_number):
        return False
    return not wanted.email_address or email_fits(row.email, wanted.email_address)


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
    )


def _ambiguous(devices: list[list[Authenticator]]) -> RefusedError:
    ids = ", ".join(row.id for device in devices for row in device)
    return RefusedError(
        "The description fits more than one authenticator: %s" % ids, hint="Name one by authenticator_id."
    )


def _not_the_users(authenticator_id: str) -> NotFoundError:
    return NotFoundError(
        "%s is none of this user's authenticators" % authenticator_id,
        hint="List them with mfaops.auth0.auth0_mfa_authenticator_info, with include_unconfirmed.",
    )


def rows_for_diff(authenticators) -> str:
    """One line per authenticator, ordered, without times: what a person compares in C(--diff)."""
    lines = []
    for row in to_rows(authenticators):
        facts = [row["factor"], "confirmed" if row["confirmed"] else "unconfirmed"]
        facts += [str(row[key]) for key in ("name", "phone_number", "email") if row[key]]
        lines.append("%s: %s\n" % (row["id"], ", ".join(facts)))
    return "".join(lines)
