# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's recovery code as desired state. A code can be replaced, never read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..authenticators import Authenticator
from ..factors import RECOVERY_CODE
from ..wire.errors import ConfigurationError
from ..times import iso
from .operator_side import OperatorSide


@dataclass(frozen=True)
class CodeOutcome:
    """What happened. The code is left out of ``repr``.

    :ivar code: the new code, None where none was made
    :ivar before: the code before, described without its value; ``after`` likewise
    """

    changed: bool
    code: str | None = field(repr=False)
    before: str
    after: str


def is_due(state: str, max_age: int | None, code: Authenticator | None, now: datetime) -> bool:
    """Whether a new code is needed.

    :param state: ``present`` or ``rotated``
    :param max_age: seconds; None means any age is too old for ``rotated``
    :param code: the recovery-code entry of the user; an age that Auth0 does not tell counts as too old
    """
    if code is None:
        return True
    if state == "present":
        return False
    made = code.enrolled_at or code.created_at
    return max_age is None or made is None or (now - made).total_seconds() > max_age


def converge_code(side: OperatorSide, state: str, max_age: int | None, now: datetime, check_mode: bool) -> CodeOutcome:
    """Make a new code where one is needed.

    :raises ConfigurationError: ``max_age`` without ``rotated``
    :raises AmbiguousWriteError: the answer was lost; a new code may exist
    """
    if max_age is not None and state != "rotated":
        raise ConfigurationError("max_age requires state=rotated")
    codes = [row for row in side.authenticators() if row.factor == RECOVERY_CODE and row.confirmed]
    current = codes[0] if codes else None
    before = (
        "recovery code made %s\n" % (iso(current.enrolled_at or current.created_at) or "at an unknown time")
        if current
        else ""
    )
    if not is_due(state, max_age, current, now):
        return CodeOutcome(False, None, before, before)
    code = None if check_mode else side.regenerate_recovery_code()
    return CodeOutcome(True, code, before, "new recovery code\n")
