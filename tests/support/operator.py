# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client as the operator of an embedded tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Authentication, Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import ClientSecret
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection

Login = Callable[[Connection, Budget], Authentication]


def client_secret(connection: Connection, budget: Budget, client_id: str = "m2m") -> ClientSecret:
    """The credentials of an application."""
    return ClientSecret(Application(client_id, client_id + "-secret"), connection, budget)


@contextmanager
def management_api(
    url: str, budget: Budget, login: Login = client_secret, timeout: float = 30.0
) -> Iterator[ManagementApi]:
    """The Management API.

    :param login: makes the credentials
    :param timeout: seconds for one request
    """
    connection = Connection.from_options(base_url=url, timeout=timeout)
    with ManagementApi(connection, budget, Bearer(login(connection, budget))) as api:
        yield api
