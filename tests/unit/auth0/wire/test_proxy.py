# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which proxy is used, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.proxy import environment_proxy, read_proxy

NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "address, shown, authorization",
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128", None),
        ("http://proxy/", "http://proxy:80", None),
        ("https://proxy", "https://proxy:443", None),
        ("HTTP://Proxy:1", "http://proxy:1", None),
        ("http://[::1]:3128", "http://[::1]:3128", None),
        ("http://me:pass@proxy:1", "http://proxy:1", "Basic bWU6cGFzcw=="),
        ("http://me:p%40%3A%2F@proxy:1", "http://proxy:1", "Basic bWU6cEA6Lw=="),
        ("http://me@proxy:1", "http://proxy:1", "Basic bWU6"),
        ("http://m\xfc:\xe4@proxy:1", "http://proxy:1", "Basic bcO8OsOk"),
    ],
)
def test_a_proxy_and_who_asks_it(address, shown, authorization):
    proxy = read_proxy(address, "proxy")
    assert (str(proxy), proxy.authorization) == ("the proxy %s (proxy)" % shown, authorization)
    assert authorization is None or authorization not in repr(proxy)


@pytest.mark.parametrize(
    "address",
    [
        *("canary", "canary:3128", "ftp://canary", "foo://canary", "http://", "http://:3128", "http://canary:port"),
        *("http://canary:99999", "http://canary:0", "http://canary/path", "http://canary?x", "http://canary#x"),
        *("http://a b:canary@proxy", "http://me:can/ary@proxy", "http://[canary", "http://can\xe4ry", "\x00", " "),
    ],
)
def test_what_is_no_proxy_is_not_quoted(address):
    with pytest.raises(ConfigurationError, match="^proxy is not of the form") as caught:
        read_proxy(address, "proxy")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks4a", "socks5", "socks5h", "SOCKS5"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", None])
def test_a_socks_proxy_is_refused_by_the_name_of_its_variable(environment, scheme, name):
    address, options = "%s://me:canary@proxy:1080" % scheme, {}
    if name:
        environment.setenv(name, address)
    else:
        options["proxy"] = address
    says = "%s is a SOCKS proxy" % ("%s in the environment" % name if name else "proxy")
    with pytest.raises(ConfigurationError, match=says) as caught:
        Connection.from_options(auth0_domain="tenant.example.com", **options)
    assert "canary" not in str(caught.value)


def test_what_was_named_counts_and_not_the_environment(environment):
    environment.setenv("HTTPS_PROXY", "socks5://proxy")
    connection = Connection.from_options(auth0_domain="tenant.example.com", proxy="http://named:1")
    assert str(connection.proxy) == "the proxy http://named:1 (proxy)"


def test_the_first_variable_that_is_set_counts(environment):
    for name in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        environment.setenv(name, "%s:1" % name.replace("_", "-"))
        assert environment_proxy("tenant.example.com", 443).named == "%s in the environment" % name
    environment.setenv("https_proxy", "")
    assert environment_proxy("tenant.example.com", 443).named == "HTTPS_PROXY in the environment"


def test_loopback_and_what_no_proxy_is_set_for_is_reached_directly(environment):
    assert environment_proxy("tenant.example.com", 443) is None
    environment.setenv("HTTPS_PROXY", "socks5://proxy")
    assert Connection.from_options(base_url="http://127.0.0.1:1").proxy is None
    assert Connection.from_options(auth0_domain="localhost:8090").proxy is None


@pytest.mark.parametrize(
    "exceptions, host, port, excepted",
    [
        ("*", "tenant.example.com", 443, True),
        ("tenant.example.com", "tenant.example.com", 443, True),
        ("example.com", "tenant.example.com", 443, True),
        (".example.com", "tenant.example.com", 443, True),
        ("*.example.com", "tenant.example.com", 443, True),
        ("EXAMPLE.com", "tenant.example.com", 443, True),
        ("a.test, example.com ,b.test", "tenant.example.com", 443, True),
        ("a.test example.com", "tenant.example.com", 443, True),
        ("example.com:443", "tenant.example.com", 443, True),
        ("example.com:8443", "tenant.example.com", 443, False),
        ("ample.com", "tenant.example.com", 443, False),
        ("other.example.com", "tenant.example.com", 443, False),
        ("", "tenant.example.com", 443, False),
        (",. ,", "tenant.example.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.1.2.3", "10.1.2.3", 443, True),
        ("11.0.0.0/8", "10.1.2.3", 443, False),
        ("fd00::/8", "fd00::1", 443, True),
        ("[fd00::1]", "fd00::1", 443, True),
    ],
)
def test_no_proxy(environment, exceptions, host, port, excepted):
    environment.setenv("HTTPS_PROXY", "http://proxy")
    environment.setenv("NO_PROXY", exceptions)
    assert (environment_proxy(host, port) is None) is excepted
