# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Action as desired state: its code, its dependencies, whether it is deployed, and where it is bound. Pure, nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..api.actions import Action, ActionFields, Binding
from ..wire.errors import ConfigurationError, RefusedError, visible

UNKNOWN_ID = "(known after creation)"


@dataclass(frozen=True)
class WantedAction:
    """What the task asks for; None is left as it is.

    :ivar state: ``present`` or ``absent``
    :ivar dependencies: npm packages, version by name
    :ivar registries: address of another registry by name of the package
    :ivar secrets: value by name; values cannot be read, so only the names are compared
    :ivar update_secrets: whether the values are set whatever is there
    :ivar bound: whether the trigger runs it
    :ivar position: place among the trigger's Actions, from 1
    :ivar force: whether a bound Action may be removed
    """

    name: str
    state: str = "present"
    code: str | None = None
    trigger: str = "post-login"
    trigger_version: str | None = None
    runtime: str | None = None
    dependencies: dict[str, str] | None = None
    registries: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] | None = field(default=None, repr=False)
    update_secrets: bool = False
    deploy: bool = True
    bound: bool | None = True
    position: int | None = None
    force: bool = False


@dataclass(frozen=True)
class ActionPlan:
    """What is to be done, in this order.

    :ivar create: the whole Action, None where it exists; likewise ``change``, of which only what differs
    :ivar bindings: the trigger's complete list as it is to be, None where it is right
    :ivar after: the Action as it will be, None where it is removed
    """

    create: ActionFields | None = None
    change: ActionFields | None = None
    deploy: bool = False
    bindings: tuple[Binding, ...] | None = None
    remove: bool = False
    after: Action | None = None

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.create or self.change or self.deploy or self.remove or self.bindings is not None)


def check(wanted: WantedAction, build_timeout: float) -> None:
    """Whether the input can be right at all.

    :param build_timeout: seconds
    :raises ConfigurationError: it cannot
    """
    if not wanted.name.strip():
        raise ConfigurationError("name is empty")
    if wanted.state == "present" and not wanted.code:
        raise ConfigurationError(
            "code is required for state=present", hint="To read it from a file, use the lookup ansible.builtin.file."
        )
    if wanted.position is not None and wanted.position < 1:
        raise ConfigurationError("position %d is not above 0" % wanted.position)
    if wanted.position is not None and not wanted.bound:
        raise ConfigurationError("position requires bound=true")
    if wanted.bound and not wanted.deploy:
        raise ConfigurationError("An Action must be deployed before it is bound", hint="Set bound=false as well.")
    if not 0 <= build_timeout < float("inf"):
        raise ConfigurationError("build_timeout %r is not a number of seconds" % build_timeout)


def plan(
    wanted: WantedAction, actual: Action | None, bindings: tuple[Binding, ...], version: str, runtime: str
) -> ActionPlan:
    """The plan for one Action.

    :param bindings: of the trigger, in order
    :param version: the trigger's current version, for a new Action
    :param runtime: the trigger's default runtime, for a new Action
    :raises RefusedError: the Action is another trigger's, or is bound and shall go
    """
    if wanted.state == "absent":
        return _absent(wanted, actual, bindings)
    if actual is not None and actual.trigger != wanted.trigger:
        raise RefusedError(
            "The Action %s belongs to the trigger %s, which cannot be changed" % (wanted.name, actual.trigger),
            hint="Name it differently, or remove it first.",
        )
    content = _content(wanted)
    if actual is None:
        create: ActionFields = {
            "name": wanted.name,
            "supported_triggers": [{"id": wanted.trigger, "version": wanted.trigger_version or version}],
            "runtime": runtime,
            **content,
        }
        new = Action(UNKNOWN_ID, wanted.name, "", wanted.trigger, version, runtime, {}, (), False)
        return ActionPlan(
            create=create,
            deploy=wanted.deploy,
            bindings=bound_as_wanted(wanted, UNKNOWN_ID, bindings),
            after=_after(wanted, new, True),
        )
    change = _without_same(content, wanted, actual)
    if wanted.trigger_version and wanted.trigger_version != actual.trigger_version:
        change["supported_triggers"] = [{"id": wanted.trigger, "version": wanted.trigger_version}]
    return ActionPlan(
        change=change or None,
        deploy=wanted.deploy and (bool(change) or not actual.deployed),
        bindings=bound_as_wanted(wanted, actual.id, bindings),
        after=_after(wanted, actual, bool(change)),
    )


def _absent(wanted: WantedAction, actual: Action | None, bindings: tuple[Binding, ...]) -> ActionPlan:
    if actual is None:
        return ActionPlan()
    if any(binding.action_id == actual.id for binding in bindings) and not wanted.force:
        raise RefusedError(
            "The Action %s was not removed, because it is bound to %s" % (wanted.name, actual.trigger),
            hint="Set force=true if logins may continue without it.",
        )
    return ActionPlan(remove=True)


def _content(wanted: WantedAction) -> ActionFields:
    content: ActionFields = {"code": wanted.code or ""}
    if wanted.runtime is not None:
        content["runtime"] = wanted.runtime
    if wanted.dependencies is not None:
        content["dependencies"] = [
            {"name": name, "version": number, **_registry(wanted, name)} for name, number in wanted.dependencies.items()
        ]
    if wanted.secrets is not None:
        content["secrets"] = [{"name": name, "value": value} for name, value in wanted.secrets.items()]
    return content


def _registry(wanted: WantedAction, name: str) -> dict[str, str]:
    return {"registry_url": wanted.registries[name]} if name in wanted.registries else {}


def _without_same(content: ActionFields, wanted: WantedAction, actual: Action) -> ActionFields:
    """The content without what the Action has already."""
    differing = content.copy()
    if wanted.code == actual.code:
        del differing["code"]
    if wanted.runtime == actual.runtime:
        del differing["runtime"]
    if wanted.dependencies == actual.dependencies:
        del differing["dependencies"]
    if not wanted.update_secrets and set(wanted.secrets or ()) == set(actual.secrets):
        differing.pop("secrets", None)
    return differing


def _after(wanted: WantedAction, actual: Action, changed: bool) -> Action:
    return replace(
        actual,
        code=wanted.code or "",
        trigger_version=wanted.trigger_version or actual.trigger_version,
        runtime=wanted.runtime or actual.runtime,
        dependencies=actual.dependencies if wanted.dependencies is None else wanted.dependencies,
        secrets=actual.secrets if wanted.secrets is None else tuple(sorted(wanted.secrets)),
        deployed=wanted.deploy or (actual.deployed and not changed),
    )


def bound_as_wanted(wanted: WantedAction, action_id: str, bindings: tuple[Binding, ...]) -> tuple[Binding, ...] | None:
    """The trigger's complete list as it is to be, None where it is right. The others keep their order and names.

    :param bindings: of the trigger, in order
    """
    if wanted.bound is None:
        return None
    own = next((binding for binding in bindings if binding.action_id == action_id), None)
    others = [binding for binding in bindings if binding is not own]
    if not wanted.bound:
        return tuple(others) if own else None
    if own and wanted.position is None:
        return None
    place = len(others) if wanted.position is None else min(wanted.position - 1, len(others))
    others.insert(place, own or Binding("", action_id, wanted.name))
    return None if tuple(others) == bindings else tuple(others)


def position_of(action_id: str, bindings: tuple[Binding, ...]) -> int | None:
    """Its place at the trigger, from 1; None where it is not bound."""
    places = [number for number, binding in enumerate(bindings, 1) if binding.action_id == action_id]
    return places[0] if places else None


def as_row(action: Action, bindings: tuple[Binding, ...]) -> dict[str, object]:
    """The form that results share, without the code.

    :param bindings: of its trigger
    """
    position = position_of(action.id, bindings)
    return {
        "id": action.id,
        "name": action.name,
        "trigger": action.trigger,
        "trigger_version": action.trigger_version,
        "runtime": action.runtime,
        "dependencies": action.dependencies,
        "secrets": list(action.secrets),
        "deployed": action.deployed,
        "bound": position is not None,
        "position": position,
    }


def for_diff(action: Action | None, bindings: tuple[Binding, ...]) -> str:
    """What a person compares in ``--diff``; of secrets the names."""
    if action is None:
        return ""
    place = position_of(action.id, bindings)
    facts = [
        "trigger: %s %s" % (action.trigger, action.trigger_version),
        "runtime: %s" % action.runtime,
        "dependencies: %s" % (", ".join("%s@%s" % pair for pair in sorted(action.dependencies.items())) or "none"),
        "secrets: %s" % (", ".join(sorted(action.secrets)) or "none"),
        "deployed: %s" % ("yes" if action.deployed else "no"),
        "bound: %s" % ("at place %d of %d" % (place, len(bindings)) if place else "no"),
    ]
    # Of what Auth0 shows, only the code has lines.
    return "\n".join([*map(visible, facts), "", action.code.rstrip("\n"), ""])
