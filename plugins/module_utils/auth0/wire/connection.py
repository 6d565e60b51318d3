# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the tenant is and how it is reached."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from .errors import ConfigurationError, address
from .proxy import Proxy, environment_proxy, read_proxy
from .redaction import Secrets, user_part
from .trust import tls_context

LONGEST_TIMEOUT = 3600
_OPTION = "proxy"


@dataclass(frozen=True)
class Connection:
    """A validated address of one tenant.

    :ivar base_url: scheme and host, without a slash at the end
    :ivar domain: the tenant's own domain; audiences are made of it even where ``base_url`` is a custom domain
    :ivar timeout: seconds for a whole request, from the connection to the end of the answer
    :ivar context: what TLS is spoken with; None where nothing on the way speaks it
    :ivar proxy: the proxy that was named, or the environment's
    :ivar secrets: what must not be shown of what goes over it
    """

    base_url: str
    domain: str
    timeout: float
    context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    proxy: Proxy | None = None
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @classmethod
    def from_options(
        cls,
        *,
        auth0_domain: str | None = None,
        base_url: str | None = None,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: float = 30,
        proxy: str | None = None,
        secrets: Secrets | None = None,
    ) -> Connection:
        """A connection made of checked options; sends nothing.

        :param auth0_domain: ``example.eu.auth0.com``, optionally with a port
        :param base_url: another address of the same tenant, ``https://login.example.com``; ``http`` only on loopback
        :param secrets: that are known already
        :raises ConfigurationError: an option cannot be right
        """
        if not auth0_domain and not base_url:
            raise ConfigurationError(
                "No tenant is given", hint="Set auth0_domain (or AUTH0_DOMAIN) to the tenant's domain."
            )
        if auth0_domain and not _is_domain(auth0_domain):
            raise ConfigurationError(
                "auth0_domain %s is not a domain" % address(auth0_domain),
                hint="Set it to the host name alone, such as example.eu.auth0.com. A full address belongs in base_url.",
            )
        url = (base_url or "https://%s" % auth0_domain).rstrip("/")
        host = _checked_host(url)
        url = url.lower()  # there is nothing in it but a scheme, a host and a port
        if not isinstance(timeout, (int, float)) or not 0 < timeout <= LONGEST_TIMEOUT:
            raise ConfigurationError("timeout %r is not above 0 and at most %d seconds" % (timeout, LONGEST_TIMEOUT))
        way = read_proxy(proxy, _OPTION) if proxy else _environment_proxy(url)
        known = secrets or Secrets()
        if way:
            known.add(*user_part(way.address))
        # A path that is wrong is told wherever the tenant is.
        by_tls = url.startswith("https:") or (way is not None and way.tls) or bool(ca_path)
        return cls(
            base_url=url,
            domain=(auth0_domain or host).lower(),
            timeout=float(timeout),
            context=tls_context(validate_certs, ca_path) if by_tls else None,
            proxy=way,
            secrets=known,
        )

    def to(self, origin: str) -> Connection:
        """The way to another host, that the tenant named: with the same trust, and over the proxy that was named.

        :param origin: of its address, ``https://host[:port]``; ``http`` only where the tenant itself is reached so
        :raises ConfigurationError: it is not of this form
        """
        host = _checked_host(origin)
        if origin.startswith("http:") and not self.base_url.startswith("http:"):
            raise ConfigurationError("%s is not reached by https" % host)
        given = self.proxy if self.proxy and self.proxy.named == _OPTION else None
        context = self.context or (tls_context(True, None) if origin.startswith("https:") else None)
        return replace(self, base_url=origin, context=context, proxy=given or _environment_proxy(origin))

    @property
    def issuer(self) -> str:
        """Who signs the tenant's tokens, and who a client's own assertions are for."""
        return "https://%s/" % self.domain

    @property
    def management_audience(self) -> str:
        """The audience of the Management API."""
        return "https://%s/api/v2/" % self.domain

    @property
    def mfa_audience(self) -> str:
        """The only audience that the MFA API accepts. The slash at the end is part of it."""
        return "https://%s/mfa/" % self.domain


def _environment_proxy(url: str) -> Proxy | None:
    return None if _is_loopback(urlsplit(url).hostname or "") else environment_proxy(url)


def _is_domain(text: str) -> bool:
    try:
        parts = urlsplit("//" + text)
        return bool(parts.netloc == text and "@" not in text and parts.port != 0 and _is_host(parts.hostname or ""))
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return len(text) <= 253 and all(
            re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in text.split(".")
        )


def _checked_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError("base_url %s is not a valid address" % address(url)) from None
    if parts.username or parts.password:
        raise ConfigurationError("base_url contains a user name or a password", hint="Remove it from the address.")
    if parts.scheme not in ("https", "http") or not _is_host(host) or parts.path or parts.query or parts.fragment:
        raise ConfigurationError("base_url %s is not of the form https://host[:port]" % address(url))
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            "base_url uses plain http for %s, where anybody on the way could read the tokens" % host,
            hint="Use https. Plain http is allowed for loopback addresses only.",
        )
    shown = "[%s]" % host if ":" in host else host
    return "%s:%d" % (shown, port) if port else shown


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
