# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy on the way to the tenant: the one that was named, or the environment's."""

from __future__ import annotations

import base64
import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from .errors import ConfigurationError

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True)
class Proxy:
    """A forward proxy.

    :ivar tls: whether it is spoken to by TLS
    :ivar named: where its address comes from, for messages
    :ivar authorization: the value of Proxy-Authorization
    """

    host: str
    port: int
    tls: bool
    named: str
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = "[%s]" % self.host if ":" in self.host else self.host
        return "the proxy %s://%s:%d (%s)" % ("https" if self.tls else "http", host, self.port, self.named)


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
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError("%s is not of the form http://[user:password@]host[:port]" % named) from None
    if not re.fullmatch(r"https?://[^/?#\s]+/?", address, re.IGNORECASE) or not host.isascii() or not host or port == 0:
        raise ConfigurationError("%s is not of the form http://[user:password@]host[:port]" % named)
    tls = parts.scheme == "https"
    authorization = None
    if parts.username is not None:
        pair = "%s:%s" % (unquote(parts.username), unquote(parts.password or ""))
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(host, port or (443 if tls else 80), tls, named, authorization)


def environment_proxy(host: str, port: int) -> Proxy | None:
    """The proxy of the environment for this host, None where there is none.

    :raises ConfigurationError: the variable does not hold one that can be used
    """
    name = next((name for name in _VARIABLES if os.environ.get(name)), None)
    if name is None or _is_excepted(host, port, os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""):
        return None
    address = os.environ[name].strip()
    return read_proxy(address if "://" in address else "http://" + address, "%s in the environment" % name)


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY names it: a host with all below it, an address, a network, each optionally with a port, or ``*``."""
    address = _address(host)
    for entry in exceptions.replace(" ", ",").split(","):
        entry = entry.strip().lower()
        if entry == "*":
            return True
        if address is not None:
            try:
                if address in ipaddress.ip_network(entry.strip("[]"), strict=False):
                    return True
            except ValueError:
                pass
        name, _colon, number = entry.rpartition(":")
        if name and number.isdigit():
            if int(number) != port:
                continue
            entry = name
        entry = entry.strip("[]").lstrip("*").lstrip(".")
        if entry and (host == entry or host.endswith("." + entry)):
            return True
    return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
