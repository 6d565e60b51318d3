# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks for, and whether it can be right at all. Pure, nothing is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..authenticators import Authenticator
from ..api.checks import check_id
from ..wire.errors import ConfigurationError

SELECTORS = ("unconfirmed", "unused", "all")


@dataclass(frozen=True)
class Wanted:
    """The wanted state of one user's authenticators.

    :ivar state: C(present), C(confirmed) or C(absent)
    :ivar factor: one of FACTORS; None where the id or the selector says it
    :ivar channel: C(sms) or C(voice), for a phone
    :ivar preferred_method: C(sms) or C(voice), how a phone is challenged first
    :ivar credential: of C(webauthn-roaming) or C(passkey), by the names of the Management API
    :ivar code: the digits that confirm
    :ivar oob_code: from the enrollment, to confirm a phone, an e-mail address or a push
    :ivar push_timeout: seconds to wait for the user to answer a push
    :ivar selector: one of SELECTORS, to remove what fits instead of one authenticator
    :ivar unused_for: seconds, for the selector C(unused)
    :ivar max_removals: how many a selector may remove, a pair counted once
    :ivar allow_last_factor: whether the user may be left without any factor
    """

    state: str
    factor: str | None = None
    channel: str | None = None
    authenticator_id: str | None = None
    phone_number: str | None = None
    email_address: str | None = None
    name: str | None = None
    preferred_method: str | None = None
    totp_secret: str | None = field(default=None, repr=False)
    credential: dict | None = None
    code: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    push_timeout: float = 60.0
    selector: str | None = None
    unused_for: int | None = None
    max_removals: int = 1
    allow_last_factor: bool = False


@dataclass(frozen=True)
class Step:
    """One write: C(enroll), C(confirm), C(update), C(remove) or C(remove-all).

    :ivar changes: what an update sets, by the names of the Management API
    """

    verb: str
    authenticator_id: str | None = None
    factor: str | None = None
    changes: dict | None = None


@dataclass(frozen=True)
class Plan:
    """The writes that are needed, and what they lead to.

    :ivar steps: in this order; empty where the state is as wanted
    :ivar target: the authenticator the task is about, None where it does not exist (yet) or where there are several
    :ivar after: the authenticators as they will be; new ones have the id UNKNOWN_ID
    :ivar removed: ids that go with the removals, as far as the view tells
    :ivar skipped: (id, reason) of what fits and is kept all the same
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    steps: tuple[Step, ...]
    target: Authenticator | None
    after: tuple[Authenticator, ...]
    removed: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    notice: str | None = None


_FORMS = {
    "phone_number": (r"\+[1-9][0-9]{6,14}", "an E.164 number such as +442071838750"),
    "email_address": (r"[^@\s]+@[^@\s]+", "an e-mail address"),
    "name": (r".{1,20}", "a label of 1 to 20 characters"),
    "totp_secret": (r"[A-Za-z2-7]{16,}=*", "a base32 secret"),
    "code": (r"[0-9]{6}", "a code of 6 digits"),
}
# Never quoted back.
_SECRET = ("totp_secret", "code")
_BELONGS_TO = {
    "phone_number": ("phone",),
    "preferred_method": ("phone",),
    "email_address": ("email",),
    "totp_secret": ("otp",),
    "credential": ("webauthn-roaming", "passkey"),
}
_ONLY_WITH = {
    "confirmed": ("code", "oob_code"),
    "present": ("name", "preferred_method", "totp_secret"),
    "absent": ("selector", "unused_for"),
}


def check(wanted: Wanted) -> None:
    """Whether the input can be right at all; sends nothing.

    :raises ConfigurationError: it cannot
    """
    if wanted.authenticator_id is not None:
        check_id("authenticator_id", wanted.authenticator_id)
    elif wanted.factor is None and wanted.selector is None:
        raise ConfigurationError("None of factor, authenticator_id and selector is given")
    for option, (form, description) in _FORMS.items():
        value = getattr(wanted, option)
        if value is not None and not re.fullmatch(form, value):
            shown = "" if option in _SECRET else " %r" % value
            raise ConfigurationError("%s%s is not %s" % (option, shown, description))
    for option, factors in _BELONGS_TO.items():
        if getattr(wanted, option) is not None and wanted.factor not in (None, *factors):
            raise ConfigurationError("%s does not go with factor=%s" % (option, wanted.channel or wanted.factor))
    for state, options in _ONLY_WITH.items():
        given = [option for option in options if getattr(wanted, option) is not None]
        if given and wanted.state != state:
            raise ConfigurationError("%s goes with state=%s only" % (given[0], state))
    if (wanted.selector == "unused") != (wanted.unused_for is not None):
        raise ConfigurationError("selector=unused and unused_for go together", hint="Say for how long: unused_for=90d.")
    if wanted.unused_for == 0:
        raise ConfigurationError("unused_for is 0, which everything fits", hint="Say selector=all if that is meant.")
    if wanted.max_removals < 1:
        raise ConfigurationError("max_removals %d is not above 0" % wanted.max_removals)
    if not 0 < wanted.push_timeout <= 300:
        raise ConfigurationError("push_timeout %g is not above 0 and at most 300 seconds" % wanted.push_timeout)
    new = wanted.state == "present" and not wanted.authenticator_id
    if new and wanted.factor == "phone" and not wanted.phone_number:
        raise ConfigurationError("Enrolling a phone needs phone_number")
    if new and wanted.factor == "email" and not wanted.email_address:
        raise ConfigurationError("Enrolling an e-mail address needs email_address")
