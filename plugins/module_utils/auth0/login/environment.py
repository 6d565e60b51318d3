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


# Those of an application, which can get a token.
_OF_APPLICATION = ("client_secret", "private_key")


def from_environment(params: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment adds to these options: nothing that stands beside, or against, what they say.

    :returns: values by option
    """
    added = {}
    base_url = params["base_url"]
    # Beside a domain that was named, the environment's address may be another tenant's.
    if not params["auth0_domain"] and not base_url and environment.get("AUTH0_BASE_URL"):
        base_url = added["base_url"] = environment["AUTH0_BASE_URL"]
    loopback = (base_url or "").startswith("http:")
    if not params["auth0_domain"] and not loopback and environment.get("AUTH0_DOMAIN"):
        added["auth0_domain"] = environment["AUTH0_DOMAIN"]
    if not any(params[name] is not None for name in ENVIRONMENT):
        added.update(_first(tuple(ENVIRONMENT), environment))
    return added


def for_renewal(params: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment adds to an operator's ``api_token``, so that it can be renewed: the credential of an application.

    :param params: with what :func:`from_environment` added
    :returns: values by option
    """
    if not params["api_token"] or any(params[name] is not None for name in _OF_APPLICATION):
        return {}
    return _first(_OF_APPLICATION, environment)


def _first(names: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, str]:
    found = [name for name in names if environment.get(ENVIRONMENT[name])]
    return {found[0]: environment[ENVIRONMENT[found[0]]]} if found else {}
