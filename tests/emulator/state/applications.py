# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's applications with what administrators changed: their grants, their scopes, their token quotas."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from .clients import CLIENTS, Client
from .configuration import Configuration, object_id

KIND = "clients"
GRANT_KIND = "client-grants"


class Applications:
    """Of one tenant, whose configuration holds the changes."""

    def __init__(self, configuration: Configuration):
        self._configuration = configuration

    def clients(self) -> Iterator[Client]:
        """All of them."""
        for client_id in CLIENTS:
            client = self.find(client_id)
            assert client is not None
            yield client

    def find(self, client_id: object) -> Client | None:
        """The application as it is now; None if there is none."""
        client = CLIENTS.get(client_id) if isinstance(client_id, str) else None
        if client is None:
            return None
        changes, values = self._configuration.changes, {}
        if "grant_types" in changes.get((KIND, client.id), {}):
            values["grants"] = tuple(changes[KIND, client.id]["grant_types"])
        if "scope" in changes.get((GRANT_KIND, grant_id(client)), {}):
            values["management_scopes"] = tuple(changes[GRANT_KIND, grant_id(client)]["scope"])
        return dataclasses.replace(client, **values) if values else client

    def token_quota(self, client_id: str) -> dict | None:
        """``enforce``, ``per_hour`` and ``per_day``: the application's own, else the tenant's default, else None."""
        own = self._configuration.changes.get((KIND, client_id), {}).get("token_quota")
        default = self._configuration.settings.get("default_token_quota", {}).get("clients")
        quota = own or default
        return quota["client_credentials"] if quota else None


def grant_id(client: Client) -> str:
    """The ID of the application's grant for the Management API."""
    return object_id("cgr_", client.id)
