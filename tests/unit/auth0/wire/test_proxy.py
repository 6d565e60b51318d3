# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy that does not do what it should is named, with the variable or the option that it comes from."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    TransportError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Transport

from tests.support.raw_server import serving

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def post(**options):
    connection = Connection.from_options(auth0_domain="tenant.example.com", timeout=2, **options)
    with Transport(connection, Budget(max_wait=0)) as transport:
        return transport.request("POST", "/mfa/associate", action="try it", json={}, bearer="b")


REFUSALS = {
    "407": ([b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"], "user name and a password"),
    "403": (
        [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"],
        r"does not connect to tenant.example.com \(403\)",
    ),
    "502": (
        [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"],
        r"does not connect to tenant.example.com \(502\)",
    ),
    "garbage": ([b"\x00\x01\x02" * 9 + b"\r\n"], "did not answer as a proxy"),
    "nothing": ([5.0], "no connection in time"),
}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", None])
@pytest.mark.parametrize("pieces, told", REFUSALS.values(), ids=REFUSALS)
def test_a_proxy_that_fails_is_named_without_its_password(pieces, told, variable, monkeypatch):
    with serving(lambda: pieces) as (port, _seen):
        address = "http://user:proxy-canary@127.0.0.1:%d" % port
        if variable:
            monkeypatch.setenv(variable, address)
        with pytest.raises(TransportError, match=told) as caught:
            post() if variable else post(proxy=address)
    text = str(caught.value)
    assert "the proxy http://127.0.0.1:%d (%s" % (port, variable or "proxy") in text
    assert "canary" not in text and "user:" not in text.replace("http://user:password@", "")
    assert not isinstance(caught.value, AmbiguousWriteError)


@pytest.mark.parametrize(
    "address, told",
    [
        ("http://no-such-host.invalid:3128", "the host name is unknown"),
        ("http://127.0.0.1:1", "connection refused"),
        ("https://127.0.0.1:1", "connection refused"),
    ],
)
def test_a_proxy_that_is_not_there_is_named(address, told, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(TransportError, match=told) as caught:
        post()
    assert "the proxy %s (HTTPS_PROXY in the environment)" % address in str(caught.value)
    assert "auth0_domain" not in str(caught.value)


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "SOCKS5h://user:canary@h:1", "socks4a://h"])
def test_a_socks_proxy_is_not_supported_and_its_variable_is_named(address, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(ConfigurationError, match="ALL_PROXY in the environment is a SOCKS proxy") as caught:
        post()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("excepted", ["tenant.example.com", ".example.com", "*", "other, example.com"])
def test_no_proxy_is_kept_to(excepted, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", excepted)
    assert Connection.from_options(auth0_domain="tenant.example.com").proxy is None
