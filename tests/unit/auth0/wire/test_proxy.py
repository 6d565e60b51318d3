# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which proxy is used, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, TransportError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.proxy import environment_proxy, read_proxy
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Transport

from tests.support.raw_server import serving

NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "address, shown",
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("HTTP://proxy/", "http://proxy"),
        ("https://proxy", "https://proxy"),
        ("http://[::1]:3128", "http://[::1]:3128"),
        ("http://me:canary@proxy:1", "http://proxy:1"),
        ("http://me:p%40@canary@proxy:1", "http://proxy:1"),
        ("http://m\xfc:canary@proxy:1", "http://proxy:1"),
    ],
)
def test_a_proxy_is_shown_without_its_password(address, shown):
    proxy = read_proxy(address, "proxy")
    assert str(proxy) == "the proxy %s (proxy)" % shown
    assert "canary" not in repr(proxy) and proxy.tls is shown.startswith("https")


@pytest.mark.parametrize(
    "address",
    [
        *("canary", "canary:3128", "ftp://canary", "foo://canary", "http://", "http://:3128", "http://canary:port"),
        *("http://canary:99999", "http://canary:0", "http://canary/path", "http://canary?x", "http://canary#x"),
        *(
            "http://a b:canary@proxy",
            "http://me:can/ary@proxy",
            "http://[canary",
            "http://can\xe4ry",
            "http://\u20ac:canary@proxy",
            "\x00",
            " ",
        ),
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
        assert environment_proxy("https://tenant.example.com").named == "%s in the environment" % name


def test_loopback_and_what_no_proxy_is_set_for_is_reached_directly(environment):
    assert environment_proxy("https://tenant.example.com") is None
    environment.setenv("HTTPS_PROXY", "socks5://proxy")
    assert Connection.from_options(base_url="http://127.0.0.1:1").proxy is None
    assert Connection.from_options(auth0_domain="localhost:8090").proxy is None


@pytest.mark.parametrize(
    "exceptions, address, excepted",
    [
        ("*", "https://tenant.example.com", True),
        ("tenant.example.com", "https://tenant.example.com", True),
        ("example.com", "https://tenant.example.com", True),
        (".example.com", "https://tenant.example.com", True),
        ("a.test, example.com ,b.test", "https://tenant.example.com", True),
        ("other.example.com", "https://tenant.example.com", False),
        ("", "https://tenant.example.com", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("11.0.0.0/8", "https://10.1.2.3", False),
    ],
)
def test_no_proxy(environment, exceptions, address, excepted):
    environment.setenv("HTTPS_PROXY", "http://proxy")
    environment.setenv("NO_PROXY", exceptions)
    assert (environment_proxy(address) is None) is excepted


def test_a_proxy_that_says_nothing_is_named(environment):
    with serving(lambda: [5.0]) as (port, _seen):
        environment.setenv("HTTPS_PROXY", "http://127.0.0.1:%d" % port)
        connection = Connection.from_options(auth0_domain="tenant.example.com", timeout=0.5)
        with Transport(connection, Budget(max_wait=0)) as transport:
            with pytest.raises(TransportError, match="the proxy http://127.0.0.1:%d .*no connection in time" % port):
                transport.request("POST", "/mfa/associate", action="try it", json={})
