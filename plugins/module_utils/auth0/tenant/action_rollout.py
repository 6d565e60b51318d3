# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings an Action to the wanted state: created or changed, built, deployed and bound."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Callable

from ..api.actions import Action, ActionsApi, Binding
from ..wire.errors import Auth0Error, ServerError
from .actions import UNKNOWN_ID, ActionPlan, WantedAction, bound_as_wanted, check, plan
from .interrupted import interrupted

SECONDS_BETWEEN_READS = 1.0


def wait_until_built(
    api: ActionsApi,
    action_id: str,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the Action can be deployed.

    :param timeout: seconds
    :raises ServerError: the build failed, or took too long
    """
    until = clock() + timeout
    while True:
        status = api.get(action_id).status
        if status == "built":
            return
        if status == "failed":
            raise ServerError(
                "The Action %s could not be built" % action_id,
                hint="Its code or a dependency is wrong. Read Auth0's logs.",
            )
        if clock() >= until:
            raise ServerError(
                "The Action %s is still %s after %.0f s" % (action_id, status, timeout), hint="Increase build_timeout."
            )
        sleep(SECONDS_BETWEEN_READS)


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
        api.delete(actual.id, wanted.force)
    left = tuple(binding for binding in bindings if binding.action_id != actual.id)
    return ActionOutcome(True, actual, None, bindings, left)


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
    try:
        if needed.create:
            action_id = api.create(needed.create)
            done.append("created")
        if needed.change:
            api.change(action_id, needed.change)
            done.append("changed")
        if needed.deploy:
            wait_until_built(api, action_id, build_timeout)
            api.deploy(action_id)
            done.append("deployed")
        if needed.bindings is not None:
            # The whole list is replaced, and what others bound during the build has to stay.
            bindings = api.bindings(wanted.trigger) if done else bindings
            entries = bound_as_wanted(wanted, action_id, bindings)
            if entries is not None:
                api.bind(wanted.trigger, entries)
                bindings = entries
    except Auth0Error as error:
        raise interrupted(error, {"action_id": action_id, "done": done} if done else None) from None
    return action_id, bindings
