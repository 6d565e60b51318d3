# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ending what lets a user in, or keeps a user out: all of one kind, or those that are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ..api.access import AGAIN, Access, Found
from ..wire.errors import AmbiguousWriteError, Auth0Error, ServerError, TransportError


@dataclass(frozen=True)
class Ended:
    """What happened, or would happen.

    :ivar before: what the user had; None where Auth0 does not show it
    :ivar gone: what of it ended
    """

    before: tuple[Found, ...] | None = None
    gone: tuple[Found, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something ended, or may have."""
        return self.before is None or bool(self.gone)


def due(found: Sequence[Found], ids: Sequence[str] | None) -> tuple[Found, ...]:
    """What is to end. An ID that the user does not have may be of somebody else, so it is left alone.

    :param ids: None for all
    """
    return tuple(each for each in found if ids is None or each.id in ids)


def end(access: Access, user_id: str, ids: Sequence[str] | None, check_mode: bool) -> Ended:
    """End all of one kind, or those with these IDs.

    Nothing is read again afterward: Auth0 carries out later what it accepted, so that a list would tell nothing.

    :raises Auth0Error: something could not be ended; it has what did end as ``removed`` and ``count``
    """
    if not access.shown:
        if not check_mode:
            access.end_all(user_id)
        return Ended()
    found = access.listed(user_id)
    going = due(found, ids)
    if check_mode or not going:
        return Ended(tuple(found), going)
    gone: list[Found] = []
    try:
        if ids is None:
            access.end_all(user_id)
        else:
            for each in going:
                access.end_one(user_id, each.id)
                gone.append(each)
    except Auth0Error as error:
        # One alone is asked for several times: a connection that cannot be made may follow one that was lost.
        doubtful = isinstance(
            error, (AmbiguousWriteError, ServerError) if ids is None else (TransportError, ServerError)
        )
        wrong = _read_again(access, user_id, going, gone, error) if doubtful else told(error, going, gone, None)
        if wrong is not None:
            raise wrong from None
    return Ended(tuple(found), going)


def _read_again(
    access: Access, user_id: str, going: Sequence[Found], gone: Sequence[Found], error: Auth0Error
) -> Auth0Error | None:
    """The error with what did end, as the user has it now; None if all did."""
    try:
        again = access.listed(user_id)
    except Auth0Error as unread:
        return error.replace(hint="The user could not be read again: %s %s" % (unread, AGAIN), progress=progress(gone))
    return told(error, going, gone, again)


def told(
    error: Auth0Error, going: Sequence[Found], gone: Sequence[Found], again: Sequence[Found] | None
) -> Auth0Error | None:
    """What an error means to the user, by what the user has now; None if all that was to end has ended.

    :param going: what was to end
    :param gone: what of it did, as Auth0 answered
    :param again: what the user had when it was read again; None if there is no doubt
    """
    if again is None:
        return error.replace(progress=progress(gone)) if gone else error
    still = {each.id for each in again} - {each.id for each in gone}
    left = [each for each in going if each.id in still]
    if not left:
        return None
    return error.replace(
        hint="The user was read again: %d of %d are still listed. They may end a moment later. %s"
        % (len(left), len(going), AGAIN),
        progress=progress([each for each in going if each not in left]),
    )


def progress(gone: Sequence[Found]) -> dict[str, object]:
    """The members of a result that say what ended. Where they are told of an error, something may have changed."""
    return {"changed": True, "removed": [dict(each.shown) for each in gone], "count": len(gone)}
