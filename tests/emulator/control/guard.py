# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use ``/_control/``: no page that is open in a browser on the same machine.

There is no token. A page of another site could post faults, so ``Origin`` is looked at. A site whose name is made to
point to this machine could read requests, so ``Host`` is: an address, ``localhost`` and the name the tenant was started with are no such names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def refusal(headers: Mapping[str, str], domain: str) -> str | None:
    """Why a request with these headers (names in lower case) is refused; None if it is not.

    :param domain: the tenant's, ``host:port``.
    """
    host = headers.get("host", "")
    if not _is_own(_name(f"//{host}"), _name(f"//{domain}")):
        return f"'{host}' is no name of this tenant: use an address, localhost, or start it with --host and this name"
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        return f"a page of {origin} may not use the control address"
    return None


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine alone."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_own(name: str | None, own: str | None) -> bool:
    return name is not None and (name in ("localhost", own) or _address(name) is not None)


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # half an IPv6 address
        return None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
