# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's recovery code as desired state. A code can be replaced, never read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from time import sleep
from typing import Callable

from ..authenticators import Authenticator
from ..factors import RECOVERY_CODE
from ..wire.errors import Auth0Error, ConfigurationError, RefusedError
from ..times import iso
from .operator_side import OperatorSide

# Whoever looked before this code was there, and makes one as well, has made it by then.
SETTLING = 1.0


@dataclass(frozen=True)
class CodeOutcome:
    """What happened. The code is left out of ``repr``.

    :ivar code: the new code, None where none was made
    :ivar before: the code before, described without its value; ``after`` likewise
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    changed: bool
    code: str | None = field(repr=False)
    before: str
    after: str
    notice: str | None = None


def check(state: str, max_age: int | None) -> None:
    """Whether the input can be right; sends nothing.

    :raises ConfigurationError: ``max_age`` without ``rotated``
    """
    if max_age is not None and state != "rotated":
        raise ConfigurationError("max_age requires state=rotated")


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


def was_replaced(first: Authenticator | None, second: Authenticator | None) -> bool:
    """Whether the code of the first reading is not the code of the second one."""
    return first is not None and (second is None or (first.id, _made(first)) != (second.id, _made(second)))


def converge_code(
    side: OperatorSide,
    state: str,
    max_age: int | None,
    now: Callable[[], datetime],
    check_mode: bool,
    *,
    lost: bool = False,
    announce: Callable[[], None] = lambda: None,
    pause: Callable[[float], None] | None = None,
) -> CodeOutcome:
    """Make a new code where one is needed.

    :param now: the time that ages are counted to, asked for after the first answer
    :param lost: nobody knows the user's code, so a new one is needed in any case
    :param announce: called before the request for a new code
    :param pause: waits so many seconds; by default it sleeps
    :raises ConfigurationError: ``max_age`` without ``rotated``
    :raises AmbiguousWriteError: the answer was lost; a new code may exist
    :raises RefusedError: nobody can read how old the code is, or somebody else replaced it at the same time
    """
    check(state, max_age)
    current = _code(side)
    before = (
        "recovery code made %s\n" % (iso(current.enrolled_at or current.created_at) or "at an unknown time")
        if current
        else ""
    )
    if max_age is not None and current and not lost and _is_of_an_unread_age(current):
        raise RefusedError(
            "The recovery code of %s was not replaced: Auth0's date for it cannot be read, so its age is not known"
            % side.user_id,
            hint="Set state=rotated without max_age to replace it whatever its age.",
        )
    if not lost and not is_due(state, max_age, current, now()):
        return CodeOutcome(False, None, before, before)
    after = "new recovery code\n"
    if check_mode:
        return CodeOutcome(True, None, before, after)
    announce()
    code = side.regenerate_recovery_code()
    return CodeOutcome(True, code, before, after, _check_that_it_stays(side, pause or sleep))


def _check_that_it_stays(side: OperatorSide, pause: Callable[[float], None]) -> str | None:
    """Why nobody knows whether the new code is valid; None if nobody replaced it.

    :raises RefusedError: it is void already
    """
    try:
        first = _code(side)
        pause(SETTLING)
        second = _code(side)
    except Auth0Error as error:
        # The code exists nowhere else: it must not go down with this reading.
        return "The code was made, but nobody checked that no other run replaced it: %s" % error
    if not was_replaced(first, second):
        return None
    raise RefusedError(
        "The new recovery code of %s is void already: somebody else %s at the same time"
        % (side.user_id, "replaced it" if second else "removed it"),
        hint="Use the code of the other run. If nobody has it, run the task again with state=rotated and without max_age.",
        progress={"user_id": side.user_id},
    )


def _code(side: OperatorSide) -> Authenticator | None:
    return next((row for row in side.authenticators() if row.factor == RECOVERY_CODE and row.confirmed), None)


def _is_of_an_unread_age(code: Authenticator) -> bool:
    """Whether the date that an age is counted from is there, but nobody can read it."""
    return code.enrolled_at is None and bool(code.unread_dates & {"enrolled_at", "created_at"})


def _made(code: Authenticator) -> tuple[datetime | None, datetime | None]:
    return code.created_at, code.enrolled_at
