# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's configuration beside MFA: what administrators and Auth0's deploy tool read, keep and write back.

Most of it is kept and shown, and nothing else. What has an effect is read from here by those whom it concerns.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from typing import Any

from ..users.models import ALPHANUMERIC

# Recorded of tenants that did not change them (go-auth0, ``TestTenantManager``; auth0-deploy-cli, its dump).
FLAGS = {
    "allow_changing_enable_sso": False,
    "disable_impersonation": True,
    "enable_sso": True,
    "universal_login": True,
    "revoke_refresh_token_grant": False,
    "mfa_show_factor_list_on_enrollment": False,
    "disable_clickjack_protection_headers": False,
}
PLAIN_NUMBERS = "disable_management_api_sms_obfuscation"
REVOCATION_ENDS_GRANT = "revoke_refresh_token_grant"
BRUTE_FORCE = "attack-protection/brute-force-protection"
SANDBOXES = ["22", "18", "12"]


@dataclass
class Role:
    """A role. A permission is an API's identifier and one of its scopes."""

    id: str
    name: str
    description: str | None = None
    permissions: list[tuple[str, str]] = field(default_factory=list)


class Configuration:
    """One tenant's.

    :param name: the tenant's friendly name.
    :param directory: name of the connection for password logins without a realm; may be empty.

    ``documents`` holds settings that are one object each, by their path, and ``changes`` what was written over objects that the
    tenant has by itself, by their kind and ID; both as far as they were written.
    """

    def __init__(self, name: str, directory: str):
        self.settings: dict[str, Any] = {
            "allowed_logout_urls": [],
            "customize_mfa_in_postlogin_action": False,
            "default_directory": directory,
            "enabled_locales": ["en"],
            "flags": dict(FLAGS),
            "friendly_name": name,
            "idle_session_lifetime": 72,
            "sandbox_version": SANDBOXES[0],
            "session_cookie": {"mode": "persistent"},
            "session_lifetime": 168,
        }
        self.documents: dict[str, dict] = {}
        self.changes: dict[tuple[str, str], dict] = {}
        self.log_streams: dict[str, dict] = {}
        self.streams_made = 0
        self.roles: dict[str, Role] = {}

    def flag(self, name: str) -> bool:
        """A flag of the tenant's settings; off unless it is set."""
        return bool(self.settings["flags"].get(name, False))

    def change(self, kind: str, item_id: str, values: dict) -> None:
        """Write members over an object that the tenant has by itself; null removes what was written."""
        self.changes[kind, item_id] = merged(self.changes.get((kind, item_id), {}), values)

    def changed(self, kind: str, item_id: str, item: dict) -> dict:
        """The object with what was written over it."""
        return item | copy.deepcopy(self.changes.get((kind, item_id), {}))


def merged(old: dict, values: dict) -> dict:
    """The members with others laid over them; null removes one."""
    return {name: value for name, value in (old | values).items() if value is not None}


def object_id(prefix: str, name: str) -> str:
    """The ID of an object that the tenant has by itself: the prefix and 16 alphanumerics, made from its name."""
    digest = hashlib.sha256(f"{prefix}{name}".encode()).digest()
    return prefix + "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in digest[:16])
