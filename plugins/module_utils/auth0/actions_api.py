# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Management API's Actions: found by name, built, deployed and bound."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Callable

from .actions import UNKNOWN_ID, Action, ActionPlan, Binding, WantedAction, bound_as_wanted, check, plan
from .errors import AmbiguousWriteError, Auth0Error, ConfigurationError, NotFoundError, RefusedError, ServerError
from .management_api import ManagementApi, documented, plain

PAGE_SIZE = 50
SECONDS_BETWEEN_LOOKS = 1.0


class ActionsApi:
    """The calls, each one request but for the lists."""

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def find(self, name: str) -> Action | None:
        """The Action of this name (scope C(read:actions)).

        :raises RefusedError: several have it; Auth0's documentation does not rule that out
        """
        found, page = [], 0
        while True:
            pager = self._api.call(
                "find the Action %s" % name,
                lambda client: client.actions.list(action_name=name, page=page, per_page=PAGE_SIZE),
            )
            items = pager.items or []
            found += [item for item in map(plain, items) if item.get("name") == name]
            if len(items) < PAGE_SIZE:
                break
            page += 1
        if len(found) > 1:
            ids = ", ".join(sorted(item["id"] for item in found))
            raise RefusedError("%d Actions are named %s: %s" % (len(found), name, ids), hint="Rename all but one.")
        return _action(found[0]) if found else None

    def get(self, action_id: str) -> Action:
        """One Action by id (scope C(read:actions))."""
        return _action(
            plain(self._api.call("read the Action %s" % action_id, lambda client: client.actions.get(action_id)))
        )

    def defaults(self, trigger: str) -> tuple[str, str]:
        """The trigger's current version and its default runtime (scope C(read:actions)).

        :raises ConfigurationError: no such trigger
        """
        answer = self._api.call("read the triggers", lambda client: client.actions.triggers.list())
        triggers = [plain(each) for each in answer.triggers or ()]
        for each in triggers:
            if each.get("id") == trigger and each.get("status") == "CURRENT" and each.get("version"):
                return each["version"], each.get("default_runtime") or "node22"
        known = sorted({str(each.get("id")) for each in triggers})
        raise ConfigurationError("There is no trigger %s" % trigger, hint="The tenant has %s." % ", ".join(known))

    def bindings(self, trigger: str) -> tuple[Binding, ...]:
        """What is bound to a trigger, in order (scope C(read:actions)); 20 at most."""
        pager = self._api.call(
            "read what is bound to %s" % trigger,
            lambda client: client.actions.triggers.bindings.list(trigger, per_page=PAGE_SIZE),
        )
        found = map(plain, pager.items or ())
        with documented("read what is bound to %s" % trigger):
            return tuple(Binding(each["id"], each["action"]["id"], each["display_name"]) for each in found)

    def create(self, fields: dict) -> str:
        """A new Action (scope C(create:actions)); its id.

        :raises AmbiguousWriteError: the answer was lost; it may exist
        """
        action = "create the Action %s" % fields["name"]
        created = self._api.call(action, lambda client: client.actions.create(**fields))
        if not created.id:
            raise AmbiguousWriteError("Could not %s: the answer has no id" % action)
        return created.id

    def change(self, action_id: str, fields: dict) -> None:
        """Change what is given (scope C(update:actions))."""
        self._api.call("change the Action %s" % action_id, lambda client: client.actions.update(action_id, **fields))

    def deploy(self, action_id: str) -> None:
        """Put it into use where it is bound (scope C(create:actions)); it has to be built."""
        self._api.call("deploy the Action %s" % action_id, lambda client: client.actions.deploy(action_id))

    def bind(self, trigger: str, bindings: tuple[Binding, ...]) -> None:
        """Replace what is bound to a trigger (scope C(update:actions)).

        :param bindings: the complete list; one without an id is new
        """
        entries = [
            {
                "ref": {"type": "binding_id" if each.id else "action_id", "value": each.id or each.action_id},
                "display_name": each.display_name,
            }
            for each in bindings
        ]
        self._api.call(
            "bind Actions to %s" % trigger,
            lambda client: client.actions.triggers.bindings.update_many(trigger, bindings=entries),
        )

    def delete(self, action_id: str, force: bool) -> None:
        """Remove it (scope C(delete:actions)); no error where it is gone.

        :param force: also where it is bound
        """
        try:
            self._api.call(
                "remove the Action %s" % action_id, lambda client: client.actions.delete(action_id, force=force)
            )
        except NotFoundError:
            return


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
                hint="Its code or a dependency is wrong; see Auth0's logs.",
            )
        if clock() >= until:
            raise ServerError(
                "The Action %s is still %s after %.0f s" % (action_id, status, timeout), hint="Raise build_timeout."
            )
        sleep(SECONDS_BETWEEN_LOOKS)


@dataclass(frozen=True)
class ActionOutcome:
    """What happened; in check mode, what would.

    :ivar before: None where it did not exist; C(after) None where it does not (any more)
    :ivar bound_before: what was bound to the trigger, in order; C(bound_after) likewise
    """

    changed: bool
    before: Action | None
    after: Action | None
    bound_before: tuple[Binding, ...]
    bound_after: tuple[Binding, ...]


def converge_action(api: ActionsApi, wanted: WantedAction, build_timeout: float, check_mode: bool) -> ActionOutcome:
    """Bring an Action to the wanted state.

    :param build_timeout: seconds to wait until it is built
    :raises Auth0Error: what was done before is in the error's C(progress)
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
    return ActionOutcome(needed.changes, actual, replace(needed.after, id=action_id), bindings, bound_after)


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
        if isinstance(error, AmbiguousWriteError):
            error = error.as_kind(AmbiguousWriteError, hint="Run the task again: it looks what the tenant has.")
        if done:
            error.progress = {"action_id": action_id, "done": done}
        raise error from None
    return action_id, bindings


def _action(item: dict) -> Action:
    with documented("read an Action"):
        trigger = item["supported_triggers"][0]
        return Action(
            id=item["id"],
            name=item["name"],
            code=item.get("code") or "",
            trigger=trigger["id"],
            trigger_version=trigger.get("version") or "",
            runtime=item.get("runtime") or "",
            dependencies={each["name"]: each["version"] for each in item.get("dependencies") or ()},
            secrets=tuple(sorted(each["name"] for each in item.get("secrets") or ())),
            deployed=bool(item.get("all_changes_deployed")),
            status=item.get("status") or "",
        )
