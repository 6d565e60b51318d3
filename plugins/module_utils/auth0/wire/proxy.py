# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy on the way to the tenant: the one that was named, or the environment's."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from .errors import ConfigurationError


@dataclass(frozen=True)
class Proxy:
    """A forward proxy.

    :ivar address: may hold a password
    :ivar named: where it comes from, for messages
    """

    address: str = field(repr=False)
    named: str

    @property
    def tls(self) -> bool:
        """Whether it is spoken to by TLS."""
        return self.address.lower().startswith("https:")

    def __str__(self) -> str:
        parts = urlsplit(self.address)
        return "the proxy %s://%s (%s)" % (parts.scheme, parts.netloc.rpartition("@")[2], self.named)


def read_proxy(address: str, named: str) -> Proxy:
    """The proxy of an address, which may hold a password.

    :param named: the option or the variable that it comes from
    :raises ConfigurationError: it is none that can be used; the address is not quoted
    """
    if re.match(r"socks[0-9a-z]*:", address, re.IGNORECASE):
        raise ConfigurationError(
            "%s is a SOCKS proxy, which is not supported" % named,
            hint="Set the option proxy to a proxy that speaks HTTP, or add the tenant's host name to NO_PROXY in the environment.",
        )
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        usable = bool(host) and host.isascii() and parts.port != 0
        # What a Basic header can hold (RFC 7617 §2).
        unquote(parts.netloc).encode("latin-1")
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"https?://[^/?#\s]+/?", address, re.IGNORECASE):
        raise ConfigurationError("%s is not of the form http://[user:password@]host[:port]" % named)
    return Proxy(address, named)


def environment_proxy(url: str) -> Proxy | None:
    """The proxy of the environment for this address, None where there is none.

    :raises ConfigurationError: the variable does not hold one that can be used
    """
    from requests.utils import get_environ_proxies, select_proxy

    address = select_proxy(url, get_environ_proxies(url))
    if not address:
        return None
    names = (
        name
        for name, value in sorted(os.environ.items(), reverse=True)
        if value == address and name.lower().endswith("_proxy")
    )
    named = next(names, None)
    address = address.strip()
    return read_proxy(
        address if "://" in address else "http://" + address,
        "%s in the environment" % named if named else "the proxy of the system's settings",
    )
