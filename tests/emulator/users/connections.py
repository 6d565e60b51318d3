# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's connections: the stores of users."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DATABASE = "Username-Password-Authentication"
SOCIAL = "google-oauth2"
CUSTOM_SOCIAL = "name"
SAML, ENTRA, ADFS, OIDC = "corp-saml", "corp-entra", "corp-adfs", "corp-oidc"
SMS, EMAIL = "sms", "email"
STAFF, PHONES = "staff", "phones"  # databases whose users have a username, or a phone number, and no address


@dataclass(frozen=True)
class Connection:
    """``id`` is ``con_`` and 16 alphanumerics; the strategy is Auth0's, such as ``auth0``."""

    id: str
    name: str
    strategy: str
    strategy_type: str


_ENTERPRISE = ("ad", "adfs", "google-apps", "office365", "oidc", "okta", "pingfederate", "samlp", "sharepoint", "waad")
_PASSWORDLESS = ("email", "sms")

CONNECTIONS = {
    connection.name: connection
    for connection in (
        Connection("con_0000000000000001", DATABASE, "auth0", "database"),
        Connection("con_0000000000000002", SOCIAL, "google-oauth2", "social"),
        Connection("con_0000000000000003", CUSTOM_SOCIAL, "oauth2", "social"),
        Connection("con_0000000000000004", SAML, "samlp", "enterprise"),
        Connection("con_0000000000000005", ENTRA, "waad", "enterprise"),
        Connection("con_0000000000000006", ADFS, "adfs", "enterprise"),
        Connection("con_0000000000000007", OIDC, "oidc", "enterprise"),
        Connection("con_0000000000000008", SMS, "sms", "passwordless"),
        Connection("con_0000000000000009", EMAIL, "email", "passwordless"),
        Connection("con_000000000000000A", STAFF, "auth0", "database"),
        Connection("con_000000000000000B", PHONES, "auth0", "database"),
    )
}


def connection_of(name: str, provider: str) -> Connection:
    """The connection of this name, a built-in one or else one of this provider (``samlp``, ``waad``, ``auth0``, ...)."""
    if name in CONNECTIONS:
        return CONNECTIONS[name]
    kinds = {**dict.fromkeys(_ENTERPRISE, "enterprise"), **dict.fromkeys(_PASSWORDLESS, "passwordless")}
    kind = kinds.get(provider) or ("database" if provider == "auth0" else "social")
    return Connection(f"con_{hashlib.sha256(name.encode()).hexdigest()[:16]}", name, provider, kind)


def local_id(connection: Connection, mark: str) -> str:
    """The ID of a user without the provider: enterprise and custom social connections have their name in it."""
    named = connection.strategy_type == "enterprise" or connection.strategy == "oauth2"
    return f"{connection.name}|{mark}" if named else mark
