# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/roles`` with their permissions, as a tenant's export reads them (recorded: go-auth0 ``TestRoleManager_*``). No user has one."""

from __future__ import annotations

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, array, record, text
from ..state.clients import MANAGEMENT_SCOPES, described
from ..state.configuration import Role
from ..users.models import ALPHANUMERIC, SYSTEM_RANDOM
from .listing import listed

_NAME = text("Name of the role.", 1)
_DESCRIPTION = text("Description of the role.", nullable=True)
_CREATE = Body(record({"name": _NAME, "description": _DESCRIPTION, "type": text()}, ["name"]))
_UPDATE = Body(record({"name": _NAME, "description": _DESCRIPTION}))
_PERMISSIONS = Body(
    record(
        {
            "permissions": array(
                record(
                    {"resource_server_identifier": text(), "permission_name": text()},
                    ["resource_server_identifier", "permission_name"],
                    is_open=True,
                ),
                "array of resource_server_identifier, permission_name pairs.",
                1,
            )
        },
        ["permissions"],
    )
)


def list_roles(call: Call) -> tuple[int, list | dict]:
    """``GET /roles``; ``name_filter`` is a part of the name."""
    wanted = call.query.get("name_filter", "").lower()
    found = [role for role in call.tenant.configuration.roles.values() if wanted in role.name.lower()]
    return 200, listed(call, "roles", found, _role, lambda role: role.id)


def get_role(call: Call) -> tuple[int, dict]:
    """``GET /roles/{id}``."""
    return 200, _role(_existing(call))


def create_role(call: Call) -> tuple[int, dict]:
    """``POST /roles``: 200 (recorded)."""
    roles = call.tenant.configuration.roles
    _check_name(call, None)
    role = Role("rol_" + "".join(SYSTEM_RANDOM.choices(ALPHANUMERIC, k=16)), call.content["name"])
    role.description = call.content.get("description")
    roles[role.id] = role
    return 200, _role(role)


def update_role(call: Call) -> tuple[int, dict]:
    """``PATCH /roles/{id}``."""
    role = _existing(call)
    _check_name(call, role)
    role.name = call.content.get("name", role.name)
    role.description = call.content.get("description", role.description)
    return 200, _role(role)


def delete_role(call: Call) -> tuple[int, dict]:
    """``DELETE /roles/{id}``: 200 with an empty object (recorded)."""
    del call.tenant.configuration.roles[_existing(call).id]
    return 200, {}


def list_permissions(call: Call) -> tuple[int, list | dict]:
    """``GET /roles/{id}/permissions``."""
    found = _existing(call).permissions
    return 200, listed(call, "permissions", found, _permission, " ".join)


def add_permissions(call: Call) -> tuple[int, dict]:
    """``POST /roles/{id}/permissions``: 201 with an empty object (recorded)."""
    role = _existing(call)
    pairs = _pairs(call)
    for identifier, name in pairs:
        if identifier != call.tenant.management_audience or name not in MANAGEMENT_SCOPES:
            raise management_error(404, "One or more of the permissions do not exist.")
    role.permissions = list(dict.fromkeys(role.permissions + pairs))
    return 201, {}


def remove_permissions(call: Call) -> tuple[int, None]:
    """``DELETE /roles/{id}/permissions``."""
    role, removed = _existing(call), _pairs(call)
    role.permissions = [pair for pair in role.permissions if pair not in removed]
    return 204, None


def _pairs(call: Call) -> list[tuple[str, str]]:
    entries = call.content["permissions"]
    return [(entry["resource_server_identifier"], entry["permission_name"]) for entry in entries]


def _check_name(call: Call, own: Role | None) -> None:
    name = call.content.get("name")
    if any(role.name == name and role is not own for role in call.tenant.configuration.roles.values()):
        raise management_error(409, "The role name is already in use.")


def _existing(call: Call) -> Role:
    role = call.tenant.configuration.roles.get(call.path["id"])
    if role is None:
        raise management_error(404, "The role does not exist.")
    return role


def _role(role: Role) -> dict:
    return {"id": role.id, "name": role.name, "description": role.description}


def _permission(pair: tuple[str, str]) -> dict:
    identifier, name = pair
    return {
        "permission_name": name,
        "description": described(name),
        "resource_server_name": "Auth0 Management API",
        "resource_server_identifier": identifier,
    }


_PATH = "/api/v2/roles"
_ONE = _PATH + "/{id}"
_READ, _WRITE = ("read:roles",), ("update:roles",)
ROUTES = [
    Route("GET", _PATH, list_roles, _READ),
    Route("POST", _PATH, create_role, ("create:roles",), body=_CREATE, title="Create a role"),
    Route("GET", _ONE, get_role, _READ),
    Route("PATCH", _ONE, update_role, _WRITE, body=_UPDATE, title="Update a role"),
    Route("DELETE", _ONE, delete_role, ("delete:roles",), title="Delete a role"),
    Route("GET", _ONE + "/permissions", list_permissions, _READ),
    Route(
        "POST",
        _ONE + "/permissions",
        add_permissions,
        _WRITE,
        body=_PERMISSIONS,
        title="Associate permissions with a role",
    ),
    Route(
        "DELETE",
        _ONE + "/permissions",
        remove_permissions,
        _WRITE,
        body=_PERMISSIONS,
        title="Remove permissions from a role",
    ),
]
