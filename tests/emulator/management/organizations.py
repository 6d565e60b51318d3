# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations and their members, as far as MFA touches them: who belongs to which, to be audited apart.

Recorded (go-auth0): the members of an organization and of a member, the statuses, and the envelope with ``include_totals``. The page by
``from`` and ``take`` is documented.
"""

from __future__ import annotations

from typing import Any

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, anything, array, record, text
from ..http.validation import select_fields
from ..state.organizations import Organization
from ..users.models import device_suffix
from .listing import listed
from .users import existing_user

_NAME = text("The name of this organization.", 1, 50, pattern="^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$")
_CREATE = Body(
    record(
        {
            "name": _NAME,
            "display_name": text("Friendly name of this organization.", 1, 255),
            "branding": anything("Theme of the login pages"),
            "metadata": anything("Metadata associated with the organization"),
        },
        ["name"],
    )
)
_MEMBERS = Body(record({"members": array(text("", 1), "List of user IDs of the members", 1)}, ["members"]))


def list_organizations(call: Call) -> tuple[int, Any]:
    """``GET /organizations``."""
    return 200, _page(call, "organizations", [_shown(one) for one in call.tenant.organizations.values()])


def create_organization(call: Call) -> tuple[int, dict]:
    """``POST /organizations``."""
    body = call.content
    if any(one.name == body["name"] for one in call.tenant.organizations.values()):
        raise management_error(409, "An organization with this name already exists.", "organization_conflict")
    display_name = body.get("display_name", body["name"])
    organization_id = f"org_{device_suffix()[4:]}"
    made = Organization(organization_id, body["name"], display_name, body.get("branding", {}), body.get("metadata", {}))
    call.tenant.organizations[made.id] = made
    return 201, _shown(made)


def get_organization(call: Call) -> tuple[int, dict]:
    """``GET /organizations/{id}``."""
    return 200, _shown(_existing(call))


def get_organization_by_name(call: Call) -> tuple[int, dict]:
    """``GET /organizations/name/{name}``."""
    found = [one for one in call.tenant.organizations.values() if one.name == call.path["name"]]
    if not found:
        raise _unknown()
    return 200, _shown(found[0])


def delete_organization(call: Call) -> tuple[int, None]:
    """``DELETE /organizations/{id}``; its members stay users."""
    del call.tenant.organizations[_existing(call).id]
    return 204, None


def list_members(call: Call) -> tuple[int, Any]:
    """``GET /organizations/{id}/members``: a few members of each profile, and nothing about MFA."""
    members = (call.tenant.find(user_id) for user_id in _existing(call).members)
    shown = ("user_id", "email", "picture", "name")
    rows = [
        {name: user.profile[name] for name in shown if name in user.profile} for user in members if user is not None
    ]
    return 200, _page(call, "members", [select_fields(call, row) for row in rows])


def add_members(call: Call) -> tuple[int, None]:
    """``POST /organizations/{id}/members``: 204, also for who is a member already."""
    organization = _existing(call)
    if any(call.tenant.find(user_id) is None for user_id in call.content["members"]):
        raise management_error(400, "One or more of the users do not exist.", "inexistent_user")
    organization.members = list(dict.fromkeys([*organization.members, *call.content["members"]]))
    return 204, None


def remove_members(call: Call) -> tuple[int, None]:
    """``DELETE /organizations/{id}/members``: 204, also for who is no member."""
    organization = _existing(call)
    organization.members = [each for each in organization.members if each not in call.content["members"]]
    return 204, None


def list_of_user(call: Call) -> tuple[int, Any]:
    """``GET /users/{id}/organizations``."""
    user = existing_user(call)
    found = [one for one in call.tenant.organizations.values() if user.id in one.members]
    return 200, _page(call, "organizations", [_shown(one) for one in found])


def _existing(call: Call) -> Organization:
    found = call.tenant.organizations.get(call.path["organization_id"])
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Exception:
    return management_error(404, "No organization found by that id or name", "inexistent_organization")


def _shown(organization: Organization) -> dict:
    optional = {"branding": organization.branding, "metadata": organization.metadata}
    return {
        "name": organization.name,
        "display_name": organization.display_name,
        **{name: value for name, value in optional.items() if value},
        "id": organization.id,
    }


def _page(call: Call, name: str, rows: list[dict]) -> list[dict] | dict:
    return listed(call, name, rows, dict, lambda row: row.get("user_id") or row["id"])


_ALL = "/api/v2/organizations"
_ONE = _ALL + "/{organization_id}"
ROUTES = [
    Route("GET", _ALL, list_organizations, ("read:organizations",)),
    Route("POST", _ALL, create_organization, ("create:organizations",), body=_CREATE),
    Route("GET", _ALL + "/name/{name}", get_organization_by_name, ("read:organizations",)),
    Route("GET", _ONE, get_organization, ("read:organizations",)),
    Route("DELETE", _ONE, delete_organization, ("delete:organizations",)),
    Route("GET", _ONE + "/members", list_members, ("read:organization_members",)),
    Route("POST", _ONE + "/members", add_members, ("create:organization_members",), body=_MEMBERS),
    Route("DELETE", _ONE + "/members", remove_members, ("delete:organization_members",), body=_MEMBERS),
    Route("GET", "/api/v2/users/{id}/organizations", list_of_user, ("read:organizations",)),
]
