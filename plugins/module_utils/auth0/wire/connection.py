# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the tenant is and how it is reached."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .redaction import Secrets

LONGEST_TIMEOUT = 3600


@dataclass(frozen=True)
class Connection:
    """A validated address of one tenant.

    :ivar base_url: scheme and host, without a slash at the end
    :ivar domain: the tenant's own domain; audiences are made of it even where ``base_url`` is a custom domain
    :ivar verify: True, False, or the path of a CA bundle
    :ivar timeout: seconds to connect and to wait for an answer
    :ivar proxy: address of a proxy, used instead of those in the environment; may hold a password
    :ivar secrets: what must not be shown of what goes over it
    """

    base_url: str
    domain: str
    verify: bool | str
    timeout: float
    proxy: str | None = field(default=None, repr=False)
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
    ) -> Connection:
        """A connection made of checked options; sends nothing.

        :param auth0_domain: ``example.eu.auth0.com``, optionally with a port
        :param base_url: another address of the same tenant, ``https://login.example.com``; ``http`` only on loopback
        :raises ConfigurationError: an option cannot be right
        """
        if not auth0_domain and not base_url:
            raise ConfigurationError(
                "No tenant is given", hint="Set auth0_domain (or AUTH0_DOMAIN) to the tenant's domain."
            )
        if auth0_domain and not _is_domain(auth0_domain):
            raise ConfigurationError(
                "auth0_domain %r is not a domain" % auth0_domain,
                hint="Set it to the host name alone, such as example.eu.auth0.com. A full address belongs in base_url.",
            )
        url = (base_url or "https://%s" % auth0_domain).rstrip("/")
        host = _checked_host(url)
        if not isinstance(timeout, (int, float)) or not 0 < timeout <= LONGEST_TIMEOUT:
            raise ConfigurationError("timeout %r is not above 0 and at most %d seconds" % (timeout, LONGEST_TIMEOUT))
        if ca_path:
            try:
                ssl.create_default_context(cafile=ca_path)
            except (OSError, ValueError):
                raise ConfigurationError("ca_path %r is not a file of PEM certificates" % ca_path) from None
        if proxy and not re.fullmatch(r"https?://[^/?#\s]+/?", proxy):
            # Not quoted: it may hold a password.
            raise ConfigurationError("proxy is not of the form http://[user:password@]host[:port]")
        verify = (ca_path or True) if validate_certs else False
        return cls(
            base_url=url,
            domain=(auth0_domain or host).lower(),
            verify=verify,
            timeout=float(timeout),
            proxy=proxy or None,
        )

    @property
    def is_loopback(self) -> bool:
        """Whether the tenant runs on this machine."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

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


def _is_domain(text: str) -> bool:
    try:
        parts = urlsplit("//" + text)
        return bool(parts.netloc == text and parts.port != 0 and _is_host(parts.hostname or ""))
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
        raise ConfigurationError("base_url %r is not a valid address" % url) from None
    # Never quote an address with credentials in it.
    if parts.username or parts.password:
        raise ConfigurationError("base_url contains a user name or a password", hint="Remove it from the address.")
    if parts.scheme not in ("https", "http") or not _is_host(host) or parts.path or parts.query or parts.fragment:
        raise ConfigurationError("base_url %r is not of the form https://host[:port]" % url)
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
