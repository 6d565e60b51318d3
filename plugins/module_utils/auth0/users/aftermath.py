# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be told of a user after a write: by what was read again, not by what was sent. Pure, nothing is sent.

A write whose answer was lost may have happened, and somebody else may have changed the user at the same time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..authenticators import Authenticator
from ..factors import RECOVERY_CODE
from ..wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    ConflictError,
    ServerError,
    TransportError,
)
from .matching import devices, not_the_users
from .plan import plan
from .steps import Enroll, Plan, Remove, RemoveAll, Step
from .wanted import ACCEPT, Wanted

Rows = tuple[Authenticator, ...]
NO_SECOND_FACTOR = "The user has no second factor now: a password is enough to log in."


def in_doubt(step: Step, error: Auth0Error) -> bool:
    """Whether the step may have been carried out in spite of its error.

    A removal may have been sent before, because it is repeated.
    """
    if isinstance(step, (Remove, RemoveAll)):
        return isinstance(error, (TransportError, ServerError))
    return isinstance(error, (AmbiguousWriteError, ServerError))


def reached(wanted: Wanted, needed: Plan, before: Rows, after: Rows, now: datetime) -> bool:
    """Whether the rows that were read again are as wanted."""
    if wanted.state == "absent":
        return bool(needed.removed) and not set(needed.removed) & _ids(after)
    rows = [row for row in after if row.id not in _ids(before)] if isinstance(needed.steps[0], Enroll) else [*after]
    try:
        return not plan(replace(wanted, masked_match=ACCEPT), rows, after[0].view if after else "", now).steps
    except Auth0Error:
        return False


def unknown(needed: Plan, gone: set[str], step: Step, error: Auth0Error, unread: Auth0Error) -> Auth0Error:
    """The error where the second reading failed as well."""
    doubtful = in_doubt(step, error)
    progress: dict[str, object] = {}
    if gone or doubtful:
        progress = {"changed": True}
        if isinstance(step, (Remove, RemoveAll)):
            progress["removed_ids"] = sorted(gone)
        maybe = set(needed.removed) - gone
        if isinstance(step, Remove) and not step.listed:
            maybe.add(step.authenticator_id)
        if doubtful and maybe:
            progress["possibly_removed_ids"] = sorted(maybe)
    hint = "The user could not be read again: %s Read the user with mfaops.auth0.auth0_mfa_authenticator_info"
    hint = hint % unread + (", because the change may have been made." if doubtful else ", then run the task again.")
    return error.replace(hint=hint, progress=progress)


def found(needed: Plan, before: Rows, after: Rows, removed: set[str], step: Step, error: Auth0Error) -> Auth0Error:
    """The error with the state that was read again."""
    new = [row for row in after if row.id not in _ids(before)]
    said: list[str] = []
    progress: dict[str, object] = {}
    if not isinstance(error, AmbiguousWriteError) and error.hint:
        said.append(error.hint)
    if removed:
        progress = {"changed": True, "removed_ids": sorted(removed)}
        said.append(
            "The user was read again: %s %s gone." % (", ".join(sorted(removed)), "is" if len(removed) == 1 else "are")
        )
    if isinstance(step, Enroll) and new:
        progress = {"changed": True}
        said.append(_lost_enrollment(step, new))
    elif in_doubt(step, error):
        still = sorted(set(needed.removed) & _ids(after))
        unseen = isinstance(step, RemoveAll) or isinstance(step, Remove) and not step.listed
        if still:
            said.append(
                "%s %s still there. Run the task again." % (", ".join(still), "is" if len(still) == 1 else "are")
            )
        elif unseen:
            progress = {"removed_ids": [], **progress, "changed": True}
            said.append("What the list does not show may be gone. It is safe to run the task again.")
        elif not removed:
            changed = set(before) != set(after)
            progress = {"changed": True} if changed else {}
            said.append(
                "The user was read again: %s. Run the task again."
                % ("something has changed, but not this" if changed else "nothing has changed")
            )
    if _lost_the_last(before, after):
        said.append(NO_SECOND_FACTOR)
    if not progress and isinstance(error, AmbiguousWriteError):
        progress = {"changed": False}
    return error.replace(hint=" ".join(said), progress=progress)


def _lost_enrollment(step: Enroll, new: list[Authenticator]) -> str:
    ids = ", ".join(sorted(row.id for row in new if row.factor == step.factor))
    said = (
        "The user was read again: the enrollment %s was started, and what Auth0 returned with it is lost. Remove it with "
        "state=absent and authenticator_id, then enroll again." % ids
    )
    if any(row.factor == RECOVERY_CODE for row in new):
        said += " The user's first recovery code is lost, too: replace it with mfaops.auth0.auth0_recovery_code."
    return said


def check_last_factor(needed: Plan, before: Rows, after: Rows, removed: set[str]) -> None:
    """:raises ConflictError: the user has no second factor any more, although the plan left one"""
    if not _lost_the_last(before, after):
        return
    others = sorted(removed - set(needed.removed))
    raise ConflictError(
        "%s was removed, and at the same time somebody else removed %s"
        % (", ".join(sorted(set(needed.removed) & removed)) or "Nothing", ", ".join(others) or "the rest"),
        hint=NO_SECOND_FACTOR + " Have the user enroll again, for example with "
        "mfaops.auth0.auth0_mfa_enrollment_ticket.",
        progress={"changed": True, "removed_ids": sorted(removed)},
    )


def check_gone(needed: Plan, after: Rows, removed: set[str]) -> None:
    """:raises ServerError: something is listed again that Auth0 answered to be removed, or gone already"""
    sent = {step.authenticator_id for step in needed.steps if isinstance(step, Remove)}
    still = sorted((set(needed.removed) if RemoveAll() in needed.steps else sent) & _ids(after))
    if still:
        raise ServerError(
            "Auth0 answered that it removed %s, and lists it still" % ", ".join(still),
            hint="Read the user again in a minute, then run the task again.",
            progress={"changed": True, "removed_ids": sorted(removed)},
        )


def notices(
    wanted: Wanted, needed: Plan, before: Rows, after: Rows, removed: set[str], now: datetime
) -> tuple[str, ...]:
    """What the plan knew, and what came out otherwise."""
    said = list(needed.notices)
    if wanted.state != "absent":
        return (*said, *_more_than_one(needed, before, after))
    if not needed.foreseen:
        # Whether there is something to remove only the answer told.
        return () if removed else (not_the_users(wanted.authenticator_id or "").message,)
    still = sorted(set(needed.removed) & _ids(after))
    if still:
        said.append("Auth0 accepted the removal, but still lists %s" % ", ".join(still))
    if wanted.selector:
        new = sorted(_ids(_selected(wanted, after, now)) - _ids(before))
        if new:
            said.append("%s appeared meanwhile and was not removed" % ", ".join(new))
    return tuple(said)


def _more_than_one(needed: Plan, before: Rows, after: Rows) -> tuple[str, ...]:
    """What tasks that run at the same time make: each sees nothing before, and one more afterward."""
    (step,) = needed.steps
    if not isinstance(step, Enroll):
        return ()
    new = devices([row for row in after if row.id not in _ids(before) and row.factor == step.factor])
    if len(new) < 2:
        return ()
    ids = ", ".join(sorted(device[0].id for device in new))
    return ("More than one was enrolled at the same time: %s. Nothing says which one this task made" % ids,)


def _selected(wanted: Wanted, rows: Rows, now: datetime) -> Rows:
    """What the selector would remove now."""
    freely = replace(wanted, max_removals=len(rows) + 1, allow_last_factor=True, masked_match=ACCEPT)
    gone = set(plan(freely, [*rows], rows[0].view, now).removed) if rows else set()
    return tuple(row for row in rows if row.id in gone)


def _lost_the_last(before: Rows, after: Rows) -> bool:
    return any(row.is_second_factor for row in before) and not any(row.is_second_factor for row in after)


def _ids(rows: Rows) -> set[str]:
    return {row.id for row in rows}
