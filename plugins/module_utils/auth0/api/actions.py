# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Management API's Actions and what is bound to triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from ..wire.errors import AmbiguousWriteError, NotFoundError, RefusedError
from .management import ManagementApi, documented, plain

PAGE_SIZE = 50


@dataclass(frozen=True)
class Binding:
    """One Action's place at a trigger."""

    id: str
    action_id: str
    display_name: str


@dataclass(frozen=True)
class Action:
    """An Action as the tenant has it.

    :ivar secrets: their names
    :ivar deployed: whether what is deployed is what is shown
    :ivar status: ``pending``, ``building``, ``packaged``, ``built``, ``retrying``, ``failed``
    """

    id: str
    name: str
    code: str
    trigger: str
    trigger_version: str
    runtime: str
    dependencies: dict[str, str]
    secrets: tuple[str, ...]
    deployed: bool
    status: str = "built"


class ActionFields(TypedDict, total=False):
    """What a write sends of an Action."""

    name: str
    supported_triggers: list[dict[str, str]]
    code: str
    runtime: str
    dependencies: list[dict[str, str]]
    secrets: list[dict[str, str]]


class ActionsApi:
    """The calls, each one request but for the lists."""

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def find(self, name: str) -> Action | None:
        """The Action of this name (scope ``read:actions``).

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
        """One Action by id (scope ``read:actions``)."""
        return _action(
            plain(self._api.call("read the Action %s" % action_id, lambda client: client.actions.get(action_id)))
        )

    def defaults(self, trigger: str) -> tuple[str, str]:
        """The trigger's current version and its default runtime (scope ``read:actions``).

        :raises NotFoundError: the tenant has no such trigger
        """
        answer = self._api.call("read the triggers", lambda client: client.actions.triggers.list())
        triggers = [plain(each) for each in answer.triggers or ()]
        for each in triggers:
            if each.get("id") == trigger and each.get("status") == "CURRENT" and each.get("version"):
                return each["version"], each.get("default_runtime") or "node22"
        known = sorted({str(each.get("id")) for each in triggers})
        raise NotFoundError(
            "The tenant has no trigger %s" % trigger, hint="Set trigger to one of: %s." % ", ".join(known)
        )

    def bindings(self, trigger: str) -> tuple[Binding, ...]:
        """What is bound to a trigger, in order (scope ``read:actions``); 20 at most."""
        pager = self._api.call(
            "read what is bound to %s" % trigger,
            lambda client: client.actions.triggers.bindings.list(trigger, per_page=PAGE_SIZE),
        )
        found = map(plain, pager.items or ())
        with documented("read what is bound to %s" % trigger):
            return tuple(Binding(each["id"], each["action"]["id"], each["display_name"]) for each in found)

    def create(self, fields: ActionFields) -> str:
        """A new Action (scope ``create:actions``); its id.

        :raises AmbiguousWriteError: the answer was lost; it may exist
        """
        action = "create the Action %s" % fields["name"]
        created = self._api.call(action, lambda client: client.actions.create(**fields))
        action_id: str | None = created.id
        if not action_id:
            raise AmbiguousWriteError("Could not %s: the response has no id" % action)
        return action_id

    def change(self, action_id: str, fields: ActionFields) -> None:
        """Change what is given (scope ``update:actions``)."""
        self._api.call("change the Action %s" % action_id, lambda client: client.actions.update(action_id, **fields))

    def deploy(self, action_id: str) -> None:
        """Put it into use where it is bound (scope ``create:actions``); it has to be built."""
        self._api.call("deploy the Action %s" % action_id, lambda client: client.actions.deploy(action_id))

    def bind(self, trigger: str, bindings: tuple[Binding, ...]) -> None:
        """Replace what is bound to a trigger (scope ``update:actions``).

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
        """Remove it (scope ``delete:actions``); no error where it is gone.

        :param force: also where it is bound
        """
        try:
            self._api.call(
                "remove the Action %s" % action_id, lambda client: client.actions.delete(action_id, force=force)
            )
        except NotFoundError:
            return


def _action(item: dict[str, Any]) -> Action:
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
