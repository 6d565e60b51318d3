# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's connections: the stores of users."""

from __future__ import annotations

from dataclasses import dataclass

DATABASE = "Username-Password-Authentication"
SOCIAL = "google-oauth2"
CUSTOM_SOCIAL = "name"


@dataclass(frozen=True)
class Connection:
    """``id`` is ``con_`` and 16 alphanumerics; the strategy is Auth0's, such as ``auth0``."""

    id: str
    name: str
    strategy: str
    strategy_type: str


CONNECTIONS = {
    connection.name: connection
    for connection in (
        Connection("con_0000000000000001", DATABASE, "auth0", "database"),
        Connection("con_0000000000000002", SOCIAL, "google-oauth2", "social"),
        Connection("con_0000000000000003", CUSTOM_SOCIAL, "oauth2", "social"),
    )
}
