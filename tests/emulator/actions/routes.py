# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/actions/*`` of the Management API (API.md §1.7)."""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import ApiError, management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, Schema, array, boolean, invalid_body, record, text, whole_number
from ..http.validation import MAX_PER_PAGE, check_number, flag, invalid_path
from ..state.actions import (
    ACCEPTED_RUNTIMES,
    DEFAULT_RUNTIME,
    ENTITY_BOUND,
    MOST_ACTIONS,
    MOST_BINDINGS,
    MOST_DEPENDENCIES,
    MOST_SECRETS,
    POST_LOGIN,
    TRIGGERS,
    Action,
    Binding,
    Content,
    Version,
    changed,
    runtimes_of,
)
from ..state.tenant import Tenant
from .builds import build_errors, build_nanoseconds, build_status, has_arrived, iso_nanoseconds, nanoseconds

ACTIONS_PER_PAGE = 20
BINDINGS_PER_PAGE = 50

_TRIGGER_ID = text("An actions extensibility point.", values=list(TRIGGERS))
_TRIGGER_VERSION = text("The version of a trigger. v1, v2, etc.")
_TRIGGER = record(
    {
        "id": _TRIGGER_ID,
        "version": _TRIGGER_VERSION,
        "status": text("status points to the trigger status."),
        "runtimes": array(text(), "runtimes supported by this trigger."),
        "default_runtime": text("Runtime that will be used when none is specified when creating an action."),
        "compatible_triggers": array(
            record({"id": _TRIGGER_ID, "version": _TRIGGER_VERSION}, ["id", "version"], is_open=True),
            "Which other trigger supports the same event and api.",
        ),
        "binding_policy": text("Who manages the bindings.", values=["trigger-bound", "entity-bound"]),
    },
    ["id"],
)
_DEPENDENCY = record(
    {
        "name": text("name is the name of the npm module, e.g. lodash"),
        "version": text("The version of the npm module, e.g. 4.17.1"),
        "registry_url": text("An optional value used primarily for private npm registries."),
    },
    ["name", "version"],
)
# Clients send back what they have read, with ``updated_at`` (recorded).
_SECRET = record(
    {
        "name": text("The name of the particular secret, e.g. API_KEY."),
        "value": text("The value of the particular secret, e.g. secret123."),
    },
    ["name"],
    is_open=True,
)
_MODULE = record(
    {
        "module_id": text("The unique ID of the module."),
        "module_name": text("The name of the module."),
        "module_version_id": text("The ID of the specific module version."),
        "module_version_number": whole_number("The version number of the module."),
    }
)
_CONTENT: dict[str, Schema] = {
    "name": text("The name of an action."),
    "supported_triggers": array(_TRIGGER, "The list of triggers that this action supports.", 1),
    "code": text("The source code of the action."),
    "dependencies": array(_DEPENDENCY, "The list of third party npm modules that this action depends on."),
    "runtime": text("The Node runtime. For example: `node22`, defaults to `node22`"),
    "secrets": array(_SECRET, "The list of secrets that are included in an action."),
    "modules": array(_MODULE, "The list of action modules and their versions used by this action."),
}
_UPDATE = Body(record(_CONTENT))
_CREATE = Body(
    record(
        {**_CONTENT, "deploy": boolean("True if the action should be deployed after creation.")},
        ["name", "supported_triggers"],
    )
)
_REF = record(
    {
        "type": text("How the action is being referred to.", values=["binding_id", "action_id", "action_name"]),
        "value": text("The id or name of an action that is being bound to a trigger."),
    },
    ["type", "value"],
    is_open=True,
)
_BINDING = record(
    {
        "ref": _REF,
        "display_name": text("The name of the binding."),
        "secrets": array(_SECRET, "The list of secrets that are included in an action."),
    },
    ["ref"],
)
_BINDINGS = Body(record({"bindings": array(_BINDING, "The actions that will be bound to this trigger.")}))
# Versions with the same event and API (recorded).
_COMPATIBLE = {(POST_LOGIN, "v3"): [{"id": POST_LOGIN, "version": "v2"}]}


def list_triggers(_call: Call) -> tuple[int, dict]:
    """``GET /actions/triggers``."""
    return 200, {
        "triggers": [
            {
                "id": trigger_id,
                "version": version,
                "status": "CURRENT" if version == versions[-1] else "DEPRECATED",
                "runtimes": list(runtimes_of(trigger_id, version)),
                "default_runtime": runtimes_of(trigger_id, version)[-1],
                "compatible_triggers": _COMPATIBLE.get((trigger_id, version), []),
                "binding_policy": "entity-bound" if trigger_id in ENTITY_BOUND else "trigger-bound",
            }
            for trigger_id, versions in TRIGGERS.items()
            for version in versions
        ]
    }


# Actions


def list_actions(call: Call) -> tuple[int, dict]:
    """``GET /actions/actions``; all Actions here are custom, none is installed from the Marketplace."""
    trigger_id, name = call.query.get("triggerId"), call.query.get("actionName")
    found = [
        action
        for action in call.tenant.actions.by_id.values()
        if (trigger_id is None or action.content.trigger["id"] == trigger_id)
        and (name is None or action.name == name)
        and ("deployed" not in call.query or (action.deployed is not None) == flag(call, "deployed", False))
        and not flag(call, "installed", False)
    ]
    page, per_page, shown = _page(call, found, ACTIONS_PER_PAGE)
    return 200, _envelope("actions", [_action(call.tenant, action) for action in shown], len(found), page, per_page)


def get_action(call: Call) -> tuple[int, dict]:
    """``GET /actions/actions/{id}``."""
    return 200, _action(call.tenant, _existing_action(call))


def create_action(call: Call) -> tuple[int, dict]:
    """``POST /actions/actions``: 201 at once, the build follows; ``deploy`` also deploys it at once."""
    body = call.content
    tenant = call.tenant
    actions = tenant.actions
    now = nanoseconds(tenant)
    content = Content({}, "", DEFAULT_RUNTIME, (), {}, now)
    content = changed(content, now, **_content_values(body, content, now))
    if len(actions.by_id) >= MOST_ACTIONS:
        raise management_error(403, "You reached the limit of entities of this type for this tenant.")
    _check_name(tenant, body["name"], None)
    action = Action(str(uuid.uuid4()), body["name"], now, now, content)
    actions.by_id[action.id] = action
    if body.get("deploy"):
        action.deploy(now)
    return 201, _action(tenant, action)


def update_action(call: Call) -> tuple[int, dict]:
    """``PATCH /actions/actions/{id}``: changes the draft; what is deployed stays until the next deploy."""
    action = _existing_action(call)
    body = call.content
    now = nanoseconds(call.tenant)
    values = _content_values(body, action.content, now)
    if "name" in body:
        _check_name(call.tenant, body["name"], action)
        action.name = body["name"]
    if values:
        action.content = changed(action.content, now, **values)
    action.updated_at = now
    return 200, _action(call.tenant, action)


def delete_action(call: Call) -> tuple[int, None]:
    """``DELETE /actions/actions/{id}``: a bound Action needs ``force=true``."""
    action = _existing_action(call)
    force = flag(call, "force", False)
    if call.tenant.actions.is_bound(action) and not force:
        raise management_error(409, "Unable to delete an action bound to a trigger.")
    call.tenant.actions.remove(action)
    return 204, None


def deploy_action(call: Call) -> tuple[int, dict]:
    """``POST /actions/actions/{id}/deploy``; the version in the response is not yet marked as deployed (recorded)."""
    action = _existing_action(call)
    switches = call.tenant.switches
    if build_status(action.content, call.tenant) != "built" and switches["deploy-unbuilt-status"] == 400:
        raise management_error(400, "The action must be in the 'built' state to be deployed.")
    return _deploy(call, action, action.content)


def _deploy(call: Call, action: Action, content: Content) -> tuple[int, dict]:
    version = action.deploy(nanoseconds(call.tenant), content)
    answer = {**_version(call.tenant, version), "deployed": False, "action": _base(action)}
    answer.pop("built_at", None)
    return call.tenant.switches["action-deploy-status"], answer


# Versions


def list_versions(call: Call) -> tuple[int, dict]:
    """``GET /actions/actions/{id}/versions``: what was deployed, the newest first."""
    action = _existing_action(call)
    page, per_page, shown = _page(call, action.versions[::-1], ACTIONS_PER_PAGE)
    items = [_kept_version(call.tenant, action, version) for version in shown]
    return 200, _envelope("versions", items, len(action.versions), page, per_page)


def get_version(call: Call) -> tuple[int, dict]:
    """``GET /actions/actions/{id}/versions/{version_id}``."""
    action = _existing_action(call)
    return 200, _kept_version(call.tenant, action, _existing_version(call, action))


def deploy_version(call: Call) -> tuple[int, dict]:
    """``POST /actions/actions/{id}/versions/{version_id}/deploy``: a new version with its content (recorded); the draft stays."""
    action = _existing_action(call)
    return _deploy(call, action, _existing_version(call, action).content)


def _existing_version(call: Call, action: Action) -> Version:
    for version in action.versions:
        if version.id == call.path["version_id"]:
            return version
    raise management_error(404, "That action version does not exist.")


def _kept_version(tenant: Tenant, action: Action, version: Version) -> dict:
    return {**_version(tenant, version), "deployed": version is action.deployed, "action": _base(action)}


def get_execution(_call: Call) -> tuple[int, None]:
    """``GET /actions/executions/{id}``: none is kept; so it is recorded of an unknown one (go-auth0)."""
    raise management_error(404, "That execution does not exist.")


# Bindings


def get_bindings(call: Call) -> tuple[int, dict]:
    """``GET /actions/triggers/{id}/bindings``: in the order in which they run."""
    bound = call.tenant.actions.bindings.get(_trigger_id(call), [])
    page, per_page, shown = _page(call, bound, BINDINGS_PER_PAGE)
    return 200, _envelope("bindings", [_binding(call.tenant, item) for item in shown], len(bound), page, per_page)


def set_bindings(call: Call) -> tuple[int, dict]:
    """``PATCH /actions/triggers/{id}/bindings``: replaces the complete ordered list."""
    trigger_id = _trigger_id(call)
    entries = call.content.get("bindings", [])
    if len(entries) > MOST_BINDINGS:
        raise _too_long(entries, "bindings", MOST_BINDINGS)
    tenant = call.tenant
    bound = [_bound(tenant, trigger_id, entry) for entry in entries]
    if len({binding.id for binding in bound}) < len(bound):
        raise management_error(400, "A binding can be listed only once.")
    tenant.actions.bindings[trigger_id] = bound
    return 200, {"bindings": [_binding(tenant, binding) for binding in bound]}


def _bound(tenant: Tenant, trigger_id: str, entry: dict) -> Binding:
    ref = entry["ref"]
    now = nanoseconds(tenant)
    if ref["type"] == "binding_id":
        present = tenant.actions.bindings.get(trigger_id, [])
        binding = next((item for item in present if item.id == ref["value"]), None)
        if binding is None:
            raise management_error(400, f"No binding has the id {ref['value']}.")
        if "display_name" in entry:
            binding.display_name, binding.updated_at = entry["display_name"], now
        return binding
    action = _referred(tenant, ref)
    if action.content.trigger["id"] != trigger_id:
        raise management_error(400, f"The action {ref['value']} does not support the trigger {trigger_id}.")
    if action.deployed is None and tenant.switches["bind-undeployed-status"] == 400:
        raise management_error(400, f"The action {ref['value']} must be deployed before it can be bound.")
    if action.deployed is not None and not has_arrived(action.deployed.created_at, tenant):
        raise management_error(400, f"The action {ref['value']} has not been deployed yet.")
    return Binding(str(uuid.uuid4()), trigger_id, action, entry.get("display_name", action.name), now, now)


def _referred(tenant: Tenant, ref: dict) -> Action:
    attribute = "id" if ref["type"] == "action_id" else "name"
    for action in tenant.actions.by_id.values():
        if getattr(action, attribute) == ref["value"]:
            return action
    raise management_error(400, f"That action does not exist: {ref['value']}.")


def _trigger_id(call: Call) -> str:
    trigger_id = call.path["id"]
    if trigger_id not in TRIGGERS:
        raise invalid_path(f"No enum match for: {trigger_id}", "triggerId")
    return trigger_id


# Bodies


def _content_values(body: dict, old: Content, now: int) -> dict[str, Any]:
    """The members of the content that a validated body changes."""
    if body.get("modules"):
        raise invalid_body("Action modules are not available on this tenant", "modules")
    if body.get("runtime", DEFAULT_RUNTIME) not in ACCEPTED_RUNTIMES:
        raise invalid_body(f"No enum match for: {body['runtime']}", "runtime", _CONTENT["runtime"]["description"])
    values = {name: body[name] for name in ("code", "runtime") if name in body}
    if "supported_triggers" in body:
        values["trigger"] = _one_trigger(body["supported_triggers"])
    if "dependencies" in body:
        if len(body["dependencies"]) > MOST_DEPENDENCIES:
            raise _too_long(body["dependencies"], "dependencies", MOST_DEPENDENCIES)
        values["dependencies"] = tuple(body["dependencies"])
    if "secrets" in body:
        if len(body["secrets"]) > MOST_SECRETS:
            raise _too_long(body["secrets"], "secrets", MOST_SECRETS)
        values["secrets"] = {
            entry["name"]: now if "value" in entry else old.secrets.get(entry["name"], now) for entry in body["secrets"]
        }
    return values


def _one_trigger(entries: list) -> dict:
    if len(entries) != 1:
        raise invalid_body(f"Expected exactly one trigger but found {len(entries)}", "supported_triggers")
    trigger = entries[0]
    versions = TRIGGERS[trigger["id"]]
    version = trigger.get("version", versions[-1])
    if version not in versions:
        raise invalid_body(f"No enum match for: {version}", "version", _TRIGGER_VERSION["description"])
    return {"id": trigger["id"], "version": version}


def _check_name(tenant: Tenant, name: str, own: Action | None) -> None:
    taken = any(action.name == name and action is not own for action in tenant.actions.by_id.values())
    if taken and tenant.switches["existing-action-name-status"] != 201:
        raise management_error(tenant.switches["existing-action-name-status"], "An action with that name exists.")


def _existing_action(call: Call) -> Action:
    action = call.tenant.actions.by_id.get(call.path["id"])
    if action is None:
        raise management_error(404, "That action does not exist.")
    return action


def _too_long(entries: list, name: str, most: int) -> ApiError:
    return invalid_body(f"Array is too long ({len(entries)}), maximum {most}", name)


# Answers


def _page(call: Call, items: list, default: int) -> tuple[int, int, list]:
    page = check_number(call, "page", 0, None, "Use this field to request a specific page of the list results.")
    per_page = check_number(call, "per_page", default, MAX_PER_PAGE, "The maximum number of results to be returned.")
    return page, per_page, items[page * per_page : (page + 1) * per_page]


def _envelope(name: str, items: list, total: int, page: int, per_page: int) -> dict:
    """Numbers that are 0 are left out, and the total on pages past the end (recorded)."""
    numbers = {"total": total if items else 0, "page": page, "per_page": per_page}
    return {name: items, **{key: number for key, number in numbers.items() if number}}


def _base(action: Action) -> dict:
    """An Action inside another object: as it was created, and never marked as fully deployed (recorded)."""
    return {
        "id": action.id,
        "name": action.name,
        "supported_triggers": [action.content.trigger],
        "created_at": iso_nanoseconds(action.created_at),
        "updated_at": iso_nanoseconds(action.created_at),
        "all_changes_deployed": False,
    }


def _action(tenant: Tenant, action: Action) -> dict:
    content = action.content
    return {
        **_base(action),
        "updated_at": iso_nanoseconds(action.updated_at),
        "code": content.code,
        "dependencies": _dependencies(tenant, content),
        "runtime": content.runtime,
        "status": build_status(content, tenant),
        "secrets": _secrets(content),
        **_deployed(tenant, action),
        **_failed(tenant, content),
        "all_changes_deployed": action.deployed is not None and action.deployed.content is content,
    }


def _binding(tenant: Tenant, binding: Binding) -> dict:
    return {
        "id": binding.id,
        "trigger_id": binding.trigger_id,
        "action": {**_base(binding.action), **_deployed(tenant, binding.action)},
        "created_at": iso_nanoseconds(binding.created_at),
        "updated_at": iso_nanoseconds(binding.updated_at),
        "display_name": binding.display_name,
    }


def _deployed(tenant: Tenant, action: Action) -> dict:
    """``current_version``, whose status is in upper case, and ``deployed_version``; empty before a deploy."""
    if action.deployed is None:
        return {}
    version = _version(tenant, action.deployed)
    current = {name: version[name] for name in ("id", "code", "runtime", "number", "created_at", "updated_at")}
    current["status"] = version["status"].upper()
    if "built_at" in version:
        current["build_time"] = version["built_at"]
    return {"current_version": current, "deployed_version": version}


def _failed(tenant: Tenant, content: Content) -> dict:
    """``current_version`` of a build that failed, with its errors; recorded without both (switchable)."""
    if build_status(content, tenant) != "failed" or not tenant.switches["failed-build-errors"]:
        return {}
    return {"current_version": {"code": content.code, "status": "FAILED", "errors": build_errors(content)}}


def _version(tenant: Tenant, version: Version) -> dict:
    content = version.content
    answer = {
        "id": version.id,
        "code": content.code,
        "dependencies": _dependencies(tenant, content),
        "deployed": True,
        "number": version.number,
        "secrets": _secrets(content),
        "status": build_status(content, tenant),
        "created_at": iso_nanoseconds(version.created_at),
        "updated_at": iso_nanoseconds(version.created_at),
        "runtime": content.runtime,
        "supported_triggers": [content.trigger],
    }
    if answer["status"] == "built":
        built_at = max(version.created_at, content.build_started + build_nanoseconds(tenant))
        answer["built_at"] = answer["updated_at"] = iso_nanoseconds(built_at)
    return answer


def _dependencies(tenant: Tenant, content: Content) -> list[dict]:
    """The build drops the registry (recorded)."""
    if build_status(content, tenant) != "built":
        return list(content.dependencies)
    return [{"name": entry["name"], "version": entry["version"]} for entry in content.dependencies]


def _secrets(content: Content) -> list[dict]:
    return [{"name": name, "updated_at": iso_nanoseconds(moment)} for name, moment in sorted(content.secrets.items())]


_ACTIONS = "/api/v2/actions/actions"
_BINDINGS_PATH = "/api/v2/actions/triggers/{id}/bindings"
ROUTES = [
    Route("GET", "/api/v2/actions/triggers", list_triggers, ("read:actions",)),
    Route("GET", _ACTIONS, list_actions, ("read:actions",)),
    Route("POST", _ACTIONS, create_action, ("create:actions",), body=_CREATE),
    Route("GET", _ACTIONS + "/{id}", get_action, ("read:actions",)),
    Route("PATCH", _ACTIONS + "/{id}", update_action, ("update:actions",), body=_UPDATE),
    Route("DELETE", _ACTIONS + "/{id}", delete_action, ("delete:actions",)),
    Route("POST", _ACTIONS + "/{id}/deploy", deploy_action, ("create:actions",)),
    Route("GET", _ACTIONS + "/{id}/versions", list_versions, ("read:actions",)),
    Route("GET", _ACTIONS + "/{id}/versions/{version_id}", get_version, ("read:actions",)),
    Route("POST", _ACTIONS + "/{id}/versions/{version_id}/deploy", deploy_version, ("create:actions",)),
    Route("GET", "/api/v2/actions/executions/{id}", get_execution, ("read:actions",)),
    Route("GET", _BINDINGS_PATH, get_bindings, ("read:actions",)),
    Route("PATCH", _BINDINGS_PATH, set_bindings, ("update:actions",), body=_BINDINGS),
]
