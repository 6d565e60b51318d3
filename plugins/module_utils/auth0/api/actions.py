# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Management API's Actions and what is bound to triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, TypedDict

from ..wire.errors import Auth0Error, BadRequestError, ConflictError, NotFoundError, RefusedError, ServerError, one_line
from .answers import (
    READ_AGAIN,
    Shape,
    checked,
    every_item,
    flag,
    identifier,
    list_of,
    maybe,
    nothing,
    object_of,
    one_of,
    text,
    undocumented,
    word,
)
from .management import ManagementApi

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
    :ivar errors: why it could not be built, each on one line
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
    errors: tuple[str, ...] = ()


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
        action = "find the Action %s" % name

        def read(page: int) -> object:
            return self._api.call(
                action, lambda client: client.actions.list(action_name=name, page=page, per_page=PAGE_SIZE)
            )

        found = [item for item in every_item(action, read, "actions", _NAMED) if item["name"] == name]
        if len(found) > 1:
            ids = ", ".join(sorted(item["id"] for item in found))
            raise RefusedError("%d Actions are named %s: %s" % (len(found), name, ids), hint="Rename all but one.")
        return _action(checked(action, found[0], _ACTION)) if found else None

    def all(self, trigger: str | None = None) -> tuple[Action, ...]:
        """Every Action of the tenant, by name (scope ``read:actions``).

        :param trigger: only those of this trigger
        """
        action = "list the Actions"
        asked = {} if trigger is None else {"trigger_id": trigger}

        def read(page: int) -> object:
            return self._api.call(action, lambda client: client.actions.list(page=page, per_page=PAGE_SIZE, **asked))

        found = map(_action, every_item(action, read, "actions", _ACTION))
        return tuple(sorted(found, key=lambda each: (each.name, each.id)))

    def get(self, action_id: str) -> Action:
        """One Action by id (scope ``read:actions``)."""
        action = "read the Action %s" % action_id
        answer = self._api.call(action, lambda client: client.actions.get(action_id))
        checked(action, answer, object_of(id=one_of(action_id)))
        return _action(checked(action, answer, _ACTION))

    def defaults(self, trigger: str) -> tuple[str, str]:
        """The trigger's current version and its default runtime (scope ``read:actions``).

        :raises NotFoundError: the tenant has no such trigger
        """
        action = "read the triggers"
        answer = self._api.call(action, lambda client: client.actions.triggers.list())
        triggers = checked(action, answer, object_of(triggers=list_of(_TRIGGER, least=1)))["triggers"]
        for each in triggers:
            if each["id"] == trigger and each["status"] == "CURRENT":
                return each["version"], each.get("default_runtime") or "node22"
        known = sorted({each["id"] for each in triggers})
        raise NotFoundError(
            "The tenant has no trigger %s" % trigger, hint="Set trigger to one of: %s." % ", ".join(known)
        )

    def bindings(self, trigger: str) -> tuple[Binding, ...]:
        """What is bound to a trigger, in order (scope ``read:actions``); 20 at most."""
        action = "read what is bound to %s" % trigger

        def read(page: int) -> object:
            return self._api.call(
                action, lambda client: client.actions.triggers.bindings.list(trigger, page=page, per_page=PAGE_SIZE)
            )

        return tuple(map(_binding, every_item(action, read, "bindings", _binding_of(trigger))))

    def create(self, fields: ActionFields) -> str:
        """A new Action (scope ``create:actions``); its id.

        :raises AmbiguousWriteError: the answer was lost; it may exist
        """
        action = "create the Action %s" % fields["name"]
        try:
            created = self._api.call(action, lambda client: client.actions.create(**fields))
        except ConflictError as error:
            raise error.replace(hint="Somebody created one at the same time. Run the task again.") from None
        shape = object_of(id=identifier, name=one_of(fields["name"]))
        return str(checked(action, created, shape, lost=READ_AGAIN)["id"])

    def change(self, action_id: str, fields: ActionFields) -> None:
        """Change what is given (scope ``update:actions``)."""
        action = "change the Action %s" % action_id
        changed = self._api.call(action, lambda client: client.actions.update(action_id, **fields))
        checked(action, changed, object_of(id=one_of(action_id)), lost=READ_AGAIN)

    def deploy(self, action_id: str) -> None:
        """Put it into use where it is bound (scope ``create:actions``); it has to be built."""
        action = "deploy the Action %s" % action_id
        version = self._api.call(action, lambda client: client.actions.deploy(action_id))
        checked(action, version, object_of(id=identifier, errors=_ERRORS), lost=READ_AGAIN)
        errors = _errors_of(version)
        if errors:
            raise build_failed(action_id, errors)

    def bind(self, trigger: str, bindings: tuple[Binding, ...]) -> None:
        """Replace what is bound to a trigger (scope ``update:actions``).

        Auth0 refuses an Action that was deployed some seconds ago; see :func:`not_deployed_yet`.

        :param bindings: the complete list; one without an id is new
        """
        entries = [
            {
                "ref": {"type": "binding_id" if each.id else "action_id", "value": each.id or each.action_id},
                "display_name": each.display_name,
            }
            for each in bindings
        ]
        action = "bind Actions to %s" % trigger
        answer = self._api.call(
            action, lambda client: client.actions.triggers.bindings.update_many(trigger, bindings=entries)
        )
        bound = checked(action, answer, object_of(bindings=list_of(_binding_of(trigger))), lost=READ_AGAIN)["bindings"]
        if [each["action"]["id"] for each in bound] != [each.action_id for each in bindings]:
            raise undocumented(action, "bindings is not what was sent", lost=READ_AGAIN)

    def delete(self, action_id: str, force: bool) -> None:
        """Remove it (scope ``delete:actions``).

        :param force: also where it is bound
        :raises NotFoundError: it was gone already
        """
        action = "remove the Action %s" % action_id
        try:
            answer = self._api.call(action, lambda client: client.actions.delete(action_id, force=force))
        except ConflictError as error:
            raise error.replace(
                hint="Somebody bound it at the same time. Set force=true to remove it anyway."
            ) from None
        checked(action, answer, nothing, lost=READ_AGAIN)


def build_failed(action_id: str, errors: tuple[str, ...]) -> ServerError:
    """The error for an Action that cannot be built."""
    why = ": %s" % "; ".join(errors) if errors else ", and Auth0 gave no reason"
    return ServerError(
        "The Action %s could not be built%s" % (action_id, why),
        hint="Correct its code or dependencies, then run the task again.",
        progress={"changed": False, "build_errors": list(errors)},
    )


def not_deployed_yet(error: Auth0Error) -> bool:
    """Whether Auth0 refuses to bind an Action because its deployment, which it has confirmed, has not arrived everywhere."""
    return isinstance(error, BadRequestError) and "deployed" in error.message


_NAMED = object_of(id=identifier, name=word)
_ERRORS = maybe(list_of(object_of(id=maybe(text), msg=maybe(text))))
_VERSION = maybe(object_of(errors=_ERRORS))
_ACTION = object_of(
    id=identifier,
    name=word,
    code=text,
    supported_triggers=list_of(object_of(id=identifier, version=maybe(identifier)), least=1),
    runtime=text,
    dependencies=list_of(object_of(name=word, version=word), distinct="name"),
    secrets=list_of(object_of(name=word), distinct="name"),
    all_changes_deployed=flag,
    status=word,
    errors=_ERRORS,
    current_version=_VERSION,
    deployed_version=_VERSION,
)
_TRIGGER = object_of(id=identifier, status=word, version=identifier, default_runtime=maybe(identifier))


def _binding_of(trigger: str) -> Shape:
    return object_of(
        id=identifier, action=object_of(id=identifier), display_name=word, trigger_id=maybe(one_of(trigger))
    )


def _binding(item: Mapping[str, Any]) -> Binding:
    return Binding(item["id"], item["action"]["id"], item["display_name"])


def _errors_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """What Auth0 says of a build that failed, of an Action or of one of its versions."""
    places = [item, item.get("current_version") or {}, item.get("deployed_version") or {}]
    errors = [each for place in places for each in place.get("errors") or ()]
    said = [each.get("msg") or each.get("id") or "an error without a text" for each in errors]
    return tuple(dict.fromkeys(one_line(text) for text in said))


def _action(item: Mapping[str, Any]) -> Action:
    trigger = item["supported_triggers"][0]
    return Action(
        id=item["id"],
        name=item["name"],
        code=item["code"],
        trigger=trigger["id"],
        trigger_version=trigger.get("version") or "",
        runtime=item["runtime"],
        dependencies={each["name"]: each["version"] for each in item["dependencies"]},
        secrets=tuple(sorted(each["name"] for each in item["secrets"])),
        deployed=item["all_changes_deployed"],
        status=item["status"],
        errors=_errors_of(item),
    )
