# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the environment says of the tenant and of the operator, where nobody said it otherwise."""

from __future__ import annotations

from typing import Any, Mapping

# Credentials and their variables; the first that is set counts.
ENVIRONMENT = {
    "api_token": "AUTH0_API_TOKEN",
    "client_secret": "AUTH0_CLIENT_SECRET",
    "private_key": "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
}


def from_environment(params: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment adds to these options: nothing that stands beside, or against, what they say.

    :returns: values by option
    """
    added = {}
    loopback = (params["base_url"] or "").startswith("http:")
    if not params["auth0_domain"] and not loopback and environment.get("AUTH0_DOMAIN"):
        added["auth0_domain"] = environment["AUTH0_DOMAIN"]
    if not any(params[name] is not None for name in ENVIRONMENT):
        found = [name for name, variable in ENVIRONMENT.items() if environment.get(variable)]
        if found:
            added[found[0]] = environment[ENVIRONMENT[found[0]]]
    return added
