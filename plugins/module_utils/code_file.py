# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new recovery code in a file of its own. It is never lost: a note beside the file says what is about to be made."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Callable, Mapping, NamedTuple

from .auth0.times import iso
from .auth0.users.operator_side import OperatorSide
from .auth0.users.recovery_codes import CodeOutcome, converge_code
from .auth0.wire.errors import AmbiguousWriteError, Auth0Error, RefusedError
from .secret_file import SecretFile


class CodeFile(NamedTuple):
    """What happened. The code is in the file.

    :ivar interrupted_at: when a run was cut off that was about to make a code for the file; None if none was
    """

    outcome: CodeOutcome
    interrupted_at: str | None


def converge_code_file(
    file: SecretFile,
    side: OperatorSide,
    state: str,
    max_age: int | None,
    now: Callable[[], datetime],
    check_mode: bool,
    *,
    tenant: str,
    warn: Callable[[str], None],
) -> CodeFile:
    """Make a new code where one is needed, or where a run was cut off that was about to make one; and keep it in the file.

    :param file: outside its ``with`` block
    :param state: this and what follows are as for :func:`~.auth0.users.recovery_codes.converge_code`
    :param tenant: its domain
    :param warn: tells of a run that was cut off
    :raises Auth0Error: there is no new code, or nobody knows; or the code could not be put in place, and the message says where
        it is
    """
    if check_mode:
        return _converge(file, side, state, max_age, now, True, tenant, warn)
    with file:
        return _converge(file, side, state, max_age, now, False, tenant, warn)


def _converge(
    file: SecretFile,
    side: OperatorSide,
    state: str,
    max_age: int | None,
    now: Callable[[], datetime],
    check_mode: bool,
    tenant: str,
    warn: Callable[[str], None],
) -> CodeFile:
    at = None if file.left is None else _interruption(file, file.left, side.user_id, tenant, check_mode, warn)
    converge = partial(converge_code, side, state, max_age, now, check_mode, lost=file.left is not None)
    outcome = _with_a_note(file, side.user_id, tenant, now, converge)
    if outcome.code:
        file.write(outcome.code.encode() + b"\n")
    for notice in (outcome.notice, file.notice):
        if notice:
            warn(notice)
    return CodeFile(outcome, at)


def _interruption(
    file: SecretFile,
    left: Mapping[str, str],
    user_id: str,
    tenant: str,
    check_mode: bool,
    warn: Callable[[str], None],
) -> str:
    """When a run was cut off that was about to make a code for this file. Warns about it.

    :raises RefusedError: it was about to make the code of another user
    """
    at = left.get("at") or "an unknown time"
    whose = (left.get("user_id", user_id), left.get("tenant", tenant))
    if whose != (user_id, tenant):
        raise RefusedError(
            "path %r belongs to the recovery code of %s in %s: a run was cut off at %s, and that code may be lost"
            % (file.path, *whose, at),
            hint="Run the task for that user with this path, or choose another path. "
            "If that user has got a new code since, remove %s." % file.pending,
        )
    warn(
        "A run was cut off at %s while it replaced the recovery code of %s, so nobody may know the code. %s"
        % (at, user_id, "The task will make a new one." if check_mode else "This run makes a new one.")
    )
    return at


def _with_a_note(
    file: SecretFile, user_id: str, tenant: str, now: Callable[[], datetime], converge: Callable[..., CodeOutcome]
) -> CodeOutcome:
    """The outcome, with a note beside the file for as long as nobody knows the code."""

    def announce() -> None:
        file.announce(about="recovery code", user_id=user_id, tenant=tenant, at=iso(now()))

    try:
        return converge(announce=announce)
    except AmbiguousWriteError as error:
        raise error.replace(
            hint="The old code may be void, and nobody knows the new one. The request was not sent again. "
            "Run the task again with the same path: it makes another code, whatever state and max_age say.",
            progress={"user_id": user_id},
        ) from None
    except Auth0Error:
        # Nothing was made, or somebody else has the code.
        file.withdraw()
        raise
