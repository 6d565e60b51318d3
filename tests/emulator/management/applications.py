# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/clients``, ``/client-grants`` and ``/resource-servers`` (recorded: auth0-deploy-cli, its dump).

Of what is written, ``grant_types``, ``token_quota`` and the scope of a grant have an effect. Keys and secrets are not
answered: no application here has ``read:client_keys``.
"""

from __future__ import annotations

from typing import Any

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, array, record, text
from ..http.validation import flag, select_fields
from ..state.applications import GRANT_KIND, KIND, grant_id
from ..state.clients import CLIENT_CREDENTIALS, MANAGEMENT_SCOPES, Client, described
from .listing import listed
from .tenant_settings import TOKEN_QUOTA

GLOBAL = "all-applications"
API_ID = "000000000000000000000001"
_REFRESH_TOKEN = {
    "expiration_type": "non-expiring",
    "leeway": 0,
    "infinite_token_lifetime": True,
    "infinite_idle_token_lifetime": True,
    "token_lifetime": 2592000,
    "idle_token_lifetime": 1296000,
}
_UPDATE = Body(
    record(
        {
            "name": text(shortest=1),
            "description": text(longest=140),
            "callbacks": array(text()),
            "grant_types": array(text()),
            "token_quota": TOKEN_QUOTA,
        },
        is_open=True,
    )
)
_READ_ONLY = ("client_id", "tenant", "global", "signing_keys")
_UPDATE_GRANT = Body(record({"scope": array(text(shortest=1, longest=280))}, is_open=True))


# Applications


def list_clients(call: Call) -> tuple[int, list | dict]:
    """``GET /clients``; ``is_global`` and ``app_type`` choose some."""
    found = [_client(call, client) for client in call.tenant.applications.clients()] + [_global(call)]
    if "is_global" in call.query:
        wanted = flag(call, "is_global", False)
        found = [client for client in found if client["global"] == wanted]
    if "app_type" in call.query:
        kinds = call.query["app_type"].split(",")
        found = [client for client in found if client.get("app_type") in kinds]
    return 200, listed(
        call, "clients", found, lambda client: select_fields(call, client), lambda client: client["client_id"]
    )


def get_client(call: Call) -> tuple[int, dict]:
    """``GET /clients/{id}``."""
    return 200, select_fields(call, _existing_client(call))


def update_client(call: Call) -> tuple[int, dict]:
    """``PATCH /clients/{id}``."""
    client_id = _existing_client(call)["client_id"]
    read_only = [name for name in _READ_ONLY if name in call.content]
    if read_only:
        text_of_refusal = f"Payload validation error: 'Additional properties not allowed: {','.join(read_only)}'."
        raise management_error(400, text_of_refusal, "invalid_body")
    call.tenant.configuration.change(KIND, client_id, call.content)
    return 200, _existing_client(call)


def _existing_client(call: Call) -> dict:
    client = call.tenant.applications.find(call.path["id"])
    if client is not None:
        return _client(call, client)
    if call.path["id"] == GLOBAL:
        return _global(call)
    raise management_error(404, "The client does not exist", "inexistent_client")


def _client(call: Call, client: Client) -> dict:
    rotating = client.id in call.tenant.switches["rotating-applications"]
    is_public = client.secret is None and client.key_file is None
    shown: dict[str, Any] = {
        "tenant": call.tenant.domain,
        "global": False,
        "is_token_endpoint_ip_header_trusted": False,
        "name": client.id,
        "is_first_party": True,
        "oidc_conformant": True,
        "sso_disabled": False,
        "cross_origin_auth": False,
        "refresh_token": {**_REFRESH_TOKEN, "rotation_type": "rotating" if rotating else "non-rotating"},
        "cross_origin_authentication": False,
        "allowed_clients": [],
        "callbacks": [],
        "client_id": client.id,
        "callback_url_template": False,
        "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": False},
        "client_aliases": [],
        "app_type": _app_type(client, is_public),
        "grant_types": list(client.grants),
        "custom_login_page_on": True,
    }
    if client.key_file is None:
        shown["token_endpoint_auth_method"] = "none" if is_public else "client_secret_post"
    shown = call.tenant.configuration.changed(KIND, client.id, shown)
    return {**shown, "jwt_configuration": {**shown.get("jwt_configuration", {}), "secret_encoded": False}}


def _app_type(client: Client, is_public: bool) -> str:
    if is_public:
        return "spa"
    return "non_interactive" if client.grants == (CLIENT_CREDENTIALS,) else "regular_web"


def _global(call: Call) -> dict:
    """What stands for all applications; its login page is the tenant's."""
    shown = {
        "tenant": call.tenant.domain,
        "global": True,
        "callbacks": [],
        "is_first_party": True,
        "name": "All Applications",
        "refresh_token": {**_REFRESH_TOKEN, "rotation_type": "non-rotating"},
        "cross_origin_authentication": True,
        "client_id": GLOBAL,
        "custom_login_page_on": True,
    }
    return call.tenant.configuration.changed(KIND, GLOBAL, shown)


# Grants


def list_grants(call: Call) -> tuple[int, list | dict]:
    """``GET /client-grants``: what applications may do at the Management API."""
    found = [
        _grant(call, client) for client in call.tenant.applications.clients() if CLIENT_CREDENTIALS in client.grants
    ]
    for name in ("client_id", "audience"):
        if name in call.query:
            found = [grant for grant in found if grant[name] == call.query[name]]
    return 200, listed(call, "client_grants", found, lambda grant: grant, lambda grant: grant["id"])


def get_grant(call: Call) -> tuple[int, dict]:
    """``GET /client-grants/{id}``."""
    return 200, _grant(call, _client_of_grant(call))


def update_grant(call: Call) -> tuple[int, dict]:
    """``PATCH /client-grants/{id}``: tokens that are issued from now on have the new scope."""
    call.tenant.configuration.change(GRANT_KIND, grant_id(_client_of_grant(call)), call.content)
    return 200, _grant(call, _client_of_grant(call))


def _client_of_grant(call: Call) -> Client:
    for client in call.tenant.applications.clients():
        if CLIENT_CREDENTIALS in client.grants and grant_id(client) == call.path["id"]:
            return client
    raise management_error(404, "The client grant does not exist", "inexistent_client_grant")


def _grant(call: Call, client: Client) -> dict:
    shown = {
        "id": grant_id(client),
        "client_id": client.id,
        "audience": call.tenant.management_audience,
        "scope": list(client.management_scopes),
        "subject_type": "client",
    }
    return call.tenant.configuration.changed(GRANT_KIND, grant_id(client), shown)


# APIs


def list_apis(call: Call) -> tuple[int, list | dict]:
    """``GET /resource-servers``: the Management API."""
    return 200, listed(call, "resource_servers", [_management_api(call)], lambda api: api, lambda api: api["id"])


def get_api(call: Call) -> tuple[int, dict]:
    """``GET /resource-servers/{id}``, by ID or identifier."""
    api = _management_api(call)
    if call.path["id"] not in (api["id"], api["identifier"]):
        raise management_error(404, "The resource server does not exist", "inexistent_resource_server")
    return 200, api


def _management_api(call: Call) -> dict:
    return {
        "id": API_ID,
        "name": "Auth0 Management API",
        "identifier": call.tenant.management_audience,
        "allow_offline_access": False,
        "skip_consent_for_verifiable_first_party_clients": False,
        "subject_type_authorization": {
            "client": {"policy": "require_client_grant"},
            "user": {"policy": "allow_all"},
        },
        "token_lifetime": 86400,
        "token_lifetime_for_web": 7200,
        "signing_alg": "RS256",
        "scopes": [{"value": scope, "description": described(scope)} for scope in MANAGEMENT_SCOPES],
        "is_system": True,
    }


_CLIENTS, _GRANTS, _APIS = "/api/v2/clients", "/api/v2/client-grants", "/api/v2/resource-servers"
_READ = ("read:clients", "read:client_keys", "read:client_credentials", "read:client_summary")
_WRITE = (
    "update:clients",
    "update:client_keys",
    "update:client_credentials",
    "update:client_token_vault_privileged_access",
)
ROUTES = [
    Route("GET", _CLIENTS, list_clients, _READ),
    Route("GET", _CLIENTS + "/{id}", get_client, _READ),
    Route("PATCH", _CLIENTS + "/{id}", update_client, _WRITE, body=_UPDATE, title="Update a client"),
    Route("GET", _GRANTS, list_grants, ("read:client_grants",)),
    Route("GET", _GRANTS + "/{id}", get_grant, ("read:client_grants",)),
    Route(
        "PATCH",
        _GRANTS + "/{id}",
        update_grant,
        ("update:client_grants",),
        body=_UPDATE_GRANT,
        title="Update client grant",
    ),
    Route("GET", _APIS, list_apis, ("read:resource_servers",)),
    Route("GET", _APIS + "/{id}", get_api, ("read:resource_servers",)),
]
