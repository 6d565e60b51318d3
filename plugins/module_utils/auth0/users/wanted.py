# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks for, and whether it can be right at all. Pure, nothing is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..api.checks import LONGEST_PUSH, check_code, check_id
from ..authenticators import Credential
from ..factors import FACTORS
from ..wire.errors import ConfigurationError

SELECTORS = ("unconfirmed", "unused", "all", "everything")
# What tells one authenticator from another.
DESCRIPTIONS = ("factor", "authenticator_id", "phone_number", "email_address", "credential")
ACCEPT, REJECT = MASKED_MATCHES = ("accept", "reject")


@dataclass(frozen=True)
class Wanted:
    """The wanted state of one user's authenticators.

    :ivar state: ``present``, ``confirmed`` or ``absent``
    :ivar factor: one of FACTORS; None where the id or the selector says it
    :ivar channel: ``sms`` or ``voice``, for a phone
    :ivar preferred_method: ``sms`` or ``voice``, how a phone is challenged first
    :ivar credential: of ``webauthn-roaming`` or ``passkey``, by the names of the Management API
    :ivar code: the digits that confirm
    :ivar oob_code: from the enrollment, to confirm a phone, an e-mail address or a push
    :ivar push_timeout: seconds to wait for the user to answer a push
    :ivar masked_match: ``accept`` or ``reject`` a device of whose number or address Auth0 shows only a mask that fits; None
        counts it as present, with a warning, and does not remove it
    :ivar selector: one of SELECTORS, to remove what fits instead of one authenticator
    :ivar unused_for: seconds, for the selector ``unused``
    :ivar max_removals: how many a selector may remove, linked ones counted once
    :ivar allow_last_factor: whether the user may be left without a second factor
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
    credential: Credential | None = None
    code: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    push_timeout: float = 60.0
    masked_match: str | None = None
    selector: str | None = None
    unused_for: int | None = None
    max_removals: int = 1
    allow_last_factor: bool = False


# What an option must look like.
_FORMS = {
    "phone_number": (r"\+[1-9][0-9]{6,14}", "an E.164 number such as +442071838750"),
    "email_address": (r"[^@\s]+@[^@\s]+", "an e-mail address"),
    "name": (r".{1,20}", "a label of 1 to 20 characters"),
    "totp_secret": (r"[A-Za-z2-7]{16,}=*", "a base32 secret"),
}
_HINTS = {
    "phone_number": "Quote it in YAML, with the plus sign and without spaces. Unquoted, YAML makes it a number and drops the plus sign.",
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
        raise ConfigurationError("factor, authenticator_id or selector is required")
    for option, (form, description) in _FORMS.items():
        value = getattr(wanted, option)
        if value is not None and not re.fullmatch(form, value):
            shown = "" if option == "totp_secret" else " %r" % value
            raise ConfigurationError("%s%s is not %s" % (option, shown, description), hint=_HINTS.get(option))
    if wanted.code is not None:
        check_code("code", wanted.code)
    _check_factor_options(wanted)
    for state, options in _ONLY_WITH.items():
        given = [option for option in options if getattr(wanted, option) is not None]
        if given and wanted.state != state:
            raise ConfigurationError("%s requires state=%s" % (given[0], state))
    if (wanted.selector == "unused") != (wanted.unused_for is not None):
        raise ConfigurationError(
            "selector=unused and unused_for require each other", hint="Set both, for example unused_for=90d."
        )
    if wanted.unused_for == 0:
        raise ConfigurationError(
            "unused_for is 0, which matches every authenticator", hint="To remove all of them, set selector=all."
        )
    narrower = [option for option in DESCRIPTIONS if getattr(wanted, option) is not None]
    if wanted.selector == "everything" and narrower:
        raise ConfigurationError(
            "%s cannot be used with selector=everything" % narrower[0],
            hint="To remove only some authenticators, set selector=all.",
        )
    _check_masked_match(wanted)
    if wanted.max_removals < 1:
        raise ConfigurationError("max_removals %d is not 1 or more" % wanted.max_removals)
    if not 0 < wanted.push_timeout <= LONGEST_PUSH:
        raise ConfigurationError(
            "push_timeout %g is not above 0 and at most %d seconds" % (wanted.push_timeout, LONGEST_PUSH)
        )


def _check_masked_match(wanted: Wanted) -> None:
    if wanted.masked_match is None:
        return
    if wanted.phone_number is None and wanted.email_address is None:
        raise ConfigurationError("masked_match requires phone_number or email_address")
    states = ("present",) if wanted.masked_match == REJECT else ("present", "absent")
    if wanted.state not in states:
        raise ConfigurationError("masked_match=%s requires state=%s" % (wanted.masked_match, " or ".join(states)))


def _check_factor_options(wanted: Wanted) -> None:
    options = dict.fromkeys(option for factor in FACTORS.values() for option in factor.options)
    for option in options:
        if getattr(wanted, option) is None or wanted.factor is None:
            continue
        if option not in FACTORS[wanted.factor].options:
            raise ConfigurationError("%s cannot be used with factor=%s" % (option, wanted.channel or wanted.factor))


def missing_option(wanted: Wanted, needs: tuple[str, ...]) -> str | None:
    """The first option that is needed and not given, None where all are.

    :param needs: options, or ``credential.x`` for a part of one
    """
    for option in needs:
        name, _dot, part = option.partition(".")
        value = getattr(wanted, name)
        if not (value.get(part) if part and value else value):
            return option
    return None
