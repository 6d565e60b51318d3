# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings an Action to the wanted state: created or changed, built, deployed and bound."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Callable

from ..api.answers import READ_AGAIN
from ..api.actions import Action, ActionsApi, Binding, build_failed, not_deployed_yet
from ..wire.errors import (
    Auth0Error,
    BadRequestError,
    ConflictError,
    NotFoundError,
    ServerError,
    TransportError,
    one_line,
    visible,
)
from .actions import UNKNOWN_ID, ActionPlan, WantedAction, bound_as_wanted, check, plan
from .interrupted import interrupted

SECONDS_BETWEEN_READS = 1.0


class Patience:
    """How long a task waits for Auth0 to build an Action and to bring it to where it is bound: once, for both."""

    def __init__(
        self,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param timeout: seconds from now
        """
        self.timeout = timeout
        self._clock, self._sleep = clock, sleep
        self._until = clock() + timeout

    def ends(self) -> bool:
        """Whether the time is over. Where it is not, some of it has passed on return."""
        if self._clock() >= self._until:
            return True
        self._sleep(SECONDS_BETWEEN_READS)
        return False


def wait_until_built(api: ActionsApi, action_id: str, patience: Patience) -> None:
    """Return once the Action can be deployed.

    :raises ServerError: the build failed, or took too long
    """
    while True:
        action = api.get(action_id)
        if action.status == "built":
            return
        if action.status == "failed":
            raise build_failed(action_id, action.errors)
        if patience.ends():
            raise ServerError(
                "The Action %s is still %s after %.0f s" % (action_id, one_line(action.status), patience.timeout),
                hint="Increase build_timeout.",
            )


def bind(
    api: ActionsApi,
    wanted: WantedAction,
    action_id: str,
    before: tuple[Binding, ...],
    patience: Patience,
    *,
    again: bool,
) -> tuple[Binding, ...]:
    """Bind the Action as wanted; what is bound afterward.

    The whole list is replaced, and what others bound meanwhile has to stay, so it is read again before every attempt.

    :param before: what was bound when the task began
    :param again: whether time has passed since
    :raises BadRequestError: Auth0 still refuses what it has deployed
    :raises ConflictError: something that was bound is missing now; nothing was sent
    """
    bindings = before
    while True:
        if again:
            bindings = api.bindings(wanted.trigger)
            _check_none_missing(before, bindings)
        entries = bound_as_wanted(wanted, action_id, bindings)
        if entries is None:
            return bindings
        try:
            api.bind(wanted.trigger, entries)
            return entries
        except BadRequestError as error:
            if not not_deployed_yet(error):
                raise
            if patience.ends():
                raise error.replace(hint="Increase build_timeout, or run the task again in a minute.") from None
        again = True


def _check_none_missing(before: tuple[Binding, ...], now: tuple[Binding, ...]) -> None:
    """Refuse to replace a list from which something has vanished: somebody works on it, or the answer is not complete.

    :raises ConflictError: so it is
    """
    missing = [each for each in before if each.id not in {binding.id for binding in now}]
    if missing:
        raise ConflictError(
            "%s was bound when the task began, and is not now, so the bindings were left as they are"
            % ", ".join(sorted(visible(each.display_name) for each in missing)),
            hint="If that is meant to be, run the task again.",
        )


@dataclass(frozen=True)
class ActionOutcome:
    """What happened; in check mode, what would.

    :ivar before: None where it did not exist; ``after`` None where it does not (any more)
    :ivar bound_before: what was bound to the trigger, in order; ``bound_after`` likewise
    """

    changed: bool
    before: Action | None
    after: Action | None
    bound_before: tuple[Binding, ...]
    bound_after: tuple[Binding, ...]


def converge_action(api: ActionsApi, wanted: WantedAction, build_timeout: float, check_mode: bool) -> ActionOutcome:
    """Bring an Action to the wanted state.

    :param build_timeout: seconds to wait until it is built
    :raises Auth0Error: what was done before is in the error's ``progress``
    """
    check(wanted, build_timeout)
    actual = api.find(wanted.name)
    if wanted.state == "absent":
        return _converge_absent(api, wanted, actual, check_mode)
    version, runtime = api.defaults(wanted.trigger) if actual is None else ("", "")
    bindings = api.bindings(wanted.trigger)
    needed = plan(wanted, actual, bindings, version, runtime)
    action_id = actual.id if actual else UNKNOWN_ID
    bound_after = bindings if needed.bindings is None else needed.bindings
    if not check_mode:
        action_id, bound_after = _carry_out(api, wanted, needed, action_id, bindings, build_timeout)
    after = replace(needed.after, id=action_id) if needed.after else None
    return ActionOutcome(needed.changes, actual, after, bindings, bound_after)


def _converge_absent(api: ActionsApi, wanted: WantedAction, actual: Action | None, check_mode: bool) -> ActionOutcome:
    if actual is None:
        return ActionOutcome(False, None, None, (), ())
    bindings = api.bindings(actual.trigger)
    plan(wanted, actual, bindings, "", "")
    if not check_mode:
        _remove(api, wanted, actual.id)
    left = tuple(binding for binding in bindings if binding.action_id != actual.id)
    return ActionOutcome(True, actual, None, bindings, left)


def _remove(api: ActionsApi, wanted: WantedAction, action_id: str) -> None:
    """Return once the Action is gone. A removal whose answer is lost or says nothing may have been carried out: it is looked up.

    :raises Auth0Error: it is still there, or nobody can tell
    """
    try:
        api.delete(action_id, wanted.force)
    except (TransportError, ServerError, NotFoundError) as error:
        # Not found may be the word of something between here and Auth0.
        try:
            left = api.find(wanted.name)
        except Auth0Error:
            raise error.replace(hint=READ_AGAIN, progress={"changed": True, "action_id": action_id}) from None
        if left is not None and left.id == action_id:
            raise error.replace(hint="The Action is still there. Run the task again.") from None


def _carry_out(
    api: ActionsApi,
    wanted: WantedAction,
    needed: ActionPlan,
    action_id: str,
    bindings: tuple[Binding, ...],
    build_timeout: float,
) -> tuple[str, tuple[Binding, ...]]:
    """The plan's writes; the id of the Action, and what is bound afterward.

    :param bindings: what is bound before
    """
    done: list[str] = []
    patience = Patience(build_timeout)
    try:
        if needed.create:
            action_id = api.create(needed.create)
            done.append("created")
        if needed.change:
            api.change(action_id, needed.change)
            done.append("changed")
        if needed.deploy:
            wait_until_built(api, action_id, patience)
            api.deploy(action_id)
            done.append("deployed")
        if needed.bindings is not None:
            bindings = bind(api, wanted, action_id, bindings, patience, again=bool(done))
    except Auth0Error as error:
        progress = {**error.progress, "changed": True, "action_id": action_id, "done": done} if done else None
        raise interrupted(error, progress) from None
    return action_id, bindings
