# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new recovery code in a file of its own. It is never lost: a note beside the file says what is about to be made."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from functools import partial
from typing import Callable, Mapping, NamedTuple

from .auth0.times import iso
from .auth0.users.operator_side import OperatorSide
from .auth0.users.recovery_codes import CodeOutcome, converge_code
from .auth0.wire.errors import AmbiguousWriteError, Auth0Error, ConfigurationError, RefusedError
from .secret_file import SecretFile


class CodesFolder:
    """A directory for recovery codes, with a file for each user."""

    def __init__(self, option: str, path: str, check_mode: bool) -> None:
        """
        :param option: where the path came from, for messages
        :param path: made if it does not exist
        :param check_mode: nothing is made
        :raises ConfigurationError: it cannot be made
        """
        self._option, self._path = option, path
        try:
            if not check_mode and not os.path.exists(path):
                os.mkdir(path, 0o700)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                "%s %r cannot be made: %s" % (option, path, getattr(error, "strerror", error)),
                hint="Choose a directory in an existing, writable directory.",
            ) from None

    def file_of(self, user_id: str, check_mode: bool) -> SecretFile:
        """The file for the user's code.

        :raises ConfigurationError: it cannot be written
        """
        file = SecretFile(self._option, os.path.join(self._path, name_of_file(user_id)), check_mode)
        # It warns of a missing directory, which the run makes.
        file.notice = None
        return file


def name_of_file(user_id: str) -> str:
    """The checksum keeps apart IDs that differ only in characters that do not belong into the names of files."""
    return "%s-%s" % (
        re.sub("[^A-Za-z0-9]", "-", user_id),
        hashlib.sha1(user_id.encode(), usedforsecurity=False).hexdigest()[:8],
    )


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
