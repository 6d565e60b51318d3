# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/connections``: the stores of users, with the IDs that exports ask for (recorded: auth0-deploy-cli, its dump).

What is written is kept and shown. Of the options ``passwordPolicy`` and ``password_complexity_options`` decide which passwords a database
takes, and ``set_user_root_attributes`` whether profiles of an identity provider can be changed; users and logins do not notice the rest.
"""

from __future__ import annotations

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, array, record, text
from ..http.validation import select_fields
from ..state.clients import AUTHORIZATION_CODE, PASSWORD
from ..state.tenant import Tenant
from ..users.connections import Connection
from ..users.passwords import POLICIES
from .listing import listed, listed_by_cursor

_KIND = "connections"
_EACH = "on_each_login"
_OPTIONS = {
    "database": {
        "mfa": {"active": True, "return_enroll_settings": True},
        "passkey_options": {
            "challenge_ui": "both",
            "local_enrollment_enabled": True,
            "progressive_enrollment_enabled": True,
        },
        "strategy_version": 2,
        "authentication_methods": {
            "passkey": {"enabled": False},
            "password": {"enabled": True, "api_behavior": "required", "signup_behavior": "allow"},
        },
        "brute_force_protection": True,
        "disable_self_service_change_password": False,
    },
    "social": {"email": True, "profile": True, "scope": ["email", "profile"]},
}
_UPDATE = Body(
    record(
        {
            "options": {
                "type": ["object", "null"],
                "properties": {
                    "passwordPolicy": {"enum": [*POLICIES, None]},
                    "password_complexity_options": {
                        "type": ["object", "null"],
                        "properties": {"min_length": {"type": "integer", "minimum": 1, "maximum": 128}},
                    },
                },
            },
            "display_name": text(longest=128),
            "is_domain_connection": {"type": "boolean"},
            "show_as_button": {"type": "boolean"},
            "realms": array(text()),
            "metadata": {"type": "object"},
            "enabled_clients": array(text()),
            "authentication": {"type": "object"},
            "connected_accounts": {"type": "object"},
        },
        is_open=True,
    )
)
_CLIENTS = Body(array(record({"client_id": text(), "status": {"type": "boolean"}}, ["client_id", "status"])))


def list_connections(call: Call) -> tuple[int, list | dict]:
    """``GET /connections``; ``strategy`` and ``name`` choose some."""
    strategy, name = call.query.get("strategy"), call.query.get("name")
    found = [
        connection
        for connection in call.tenant.connections.values()
        if strategy in (None, connection.strategy) and name in (None, connection.name)
    ]

    def shown(connection: Connection) -> dict:
        return select_fields(call, _connection(call, connection))

    return 200, listed(call, "connections", found, shown, lambda connection: connection.id)


def get_connection(call: Call) -> tuple[int, dict]:
    """``GET /connections/{id}``."""
    return 200, select_fields(call, _connection(call, _existing(call)))


def update_connection(call: Call) -> tuple[int, dict]:
    """``PATCH /connections/{id}``: ``options`` are replaced as a whole (documented)."""
    connection = _existing(call)
    call.tenant.configuration.change(_KIND, connection.id, call.content)
    return 200, _connection(call, connection)


def list_clients(call: Call) -> tuple[int, dict]:
    """``GET /connections/{id}/clients``: the applications that may use it."""
    clients = _connection(call, _existing(call))["enabled_clients"]
    return 200, listed_by_cursor(call, "clients", clients, lambda client_id: {"client_id": client_id}, str)


def update_clients(call: Call) -> tuple[int, None]:
    """``PATCH /connections/{id}/clients``: turns the connection on or off for each of them."""
    connection = _existing(call)
    clients = _connection(call, connection)["enabled_clients"]
    for entry in call.content:
        clients = [client_id for client_id in clients if client_id != entry["client_id"]]
        clients += [entry["client_id"]] if entry["status"] else []
    call.tenant.configuration.change(_KIND, connection.id, {"enabled_clients": clients})
    return 204, None


def password_policy(tenant: Tenant, connection: Connection) -> tuple[str, int | None]:
    """The policy for new passwords of a database, and a shortest length of its own: those of its options, in which none is ``none`` (documented)."""
    options = _options(tenant, connection)
    return options.get("passwordPolicy") or "none", (options.get("password_complexity_options") or {}).get("min_length")


def keeps_profiles_in_step(tenant: Tenant, connection: Connection) -> bool:
    """Whether each login replaces the profile by what an identity provider says (documented, and the default)."""
    of_provider = connection.strategy_type in ("enterprise", "social")
    return of_provider and _options(tenant, connection).get("set_user_root_attributes", _EACH) == _EACH


def _options(tenant: Tenant, connection: Connection) -> dict:
    options = _OPTIONS.get(connection.strategy_type, {})
    if connection.strategy_type == "database":
        options = {**options, "passwordPolicy": tenant.switches["password-policy"]}
    return tenant.configuration.changed(_KIND, connection.id, {"options": options})["options"]


def _existing(call: Call) -> Connection:
    for connection in call.tenant.connections.values():
        if connection.id == call.path["id"]:
            return connection
    raise management_error(404, "The connection does not exist.", "inexistent_connection")


def _connection(call: Call, connection: Connection) -> dict:
    logins = {PASSWORD, AUTHORIZATION_CODE}
    clients = [client.id for client in call.tenant.applications.clients() if logins & set(client.grants)]
    shown = {
        "id": connection.id,
        "options": _options(call.tenant, connection),
        "strategy": connection.strategy,
        "name": connection.name,
        "is_domain_connection": False,
        "authentication": {"active": True},
        "connected_accounts": {"active": False},
        "realms": [connection.name],
        "enabled_clients": clients,
    }
    return call.tenant.configuration.changed(_KIND, connection.id, shown)


_PATH = "/api/v2/connections"
_READ, _WRITE = ("read:connections",), ("update:connections",)
_ONE = _PATH + "/{id}"
ROUTES = [
    Route("GET", _PATH, list_connections, _READ),
    Route("GET", _ONE, get_connection, _READ),
    Route("PATCH", _ONE, update_connection, _WRITE, body=_UPDATE, title="Update a connection"),
    Route("GET", _ONE + "/clients", list_clients, _READ),
    Route(
        "PATCH",
        _ONE + "/clients",
        update_clients,
        _WRITE,
        body=_CLIENTS,
        title="Update enabled clients for a connection",
    ),
]
