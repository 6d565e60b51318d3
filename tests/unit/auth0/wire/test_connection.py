# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses and ids: what is refused before anything is sent."""

from __future__ import annotations


import ssl

import certifi
import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.browser import check_redirect_uri
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError


@pytest.mark.parametrize(
    "options, base_url, domain",
    [
        ({"auth0_domain": "example.eu.auth0.com"}, "https://example.eu.auth0.com", "example.eu.auth0.com"),
        ({"auth0_domain": "127.0.0.1:8090"}, "https://127.0.0.1:8090", "127.0.0.1:8090"),
        ({"base_url": "http://127.0.0.1:8090/"}, "http://127.0.0.1:8090", "127.0.0.1:8090"),
        ({"base_url": "http://[::1]:8090"}, "http://[::1]:8090", "[::1]:8090"),
        ({"base_url": "http://localhost"}, "http://localhost", "localhost"),
        ({"base_url": "HTTP://LocalHost:8090"}, "http://localhost:8090", "localhost:8090"),
        ({"base_url": "HTTPS://Login.Example.com"}, "https://login.example.com", "login.example.com"),
        (
            {"auth0_domain": "example.eu.auth0.com", "base_url": "https://login.example.com"},
            "https://login.example.com",
            "example.eu.auth0.com",
        ),
    ],
)
def test_where_requests_go_and_what_audiences_are_made_of(options, base_url, domain):
    connection = Connection.from_options(**options)
    assert (connection.base_url, connection.domain) == (base_url, domain)
    assert connection.mfa_audience == "https://%s/mfa/" % domain
    assert connection.management_audience == "https://%s/api/v2/" % domain


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"auth0_domain": "https://example.eu.auth0.com"},
        {"auth0_domain": "example.com/path"},
        {"auth0_domain": "user@example.com"},
        {"base_url": "http://example.com"},
        {"base_url": "http://127.0.0.1.example.com"},
        {"base_url": "http://10.0.0.1"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://example.com/api"},
        {"base_url": "https://example.com?x=1"},
        {"base_url": "https://"},
        {"base_url": "https://example.com:port"},
        {"base_url": "https://user:secret@example.com"},
        {"auth0_domain": "exa mple.com"},
        {"auth0_domain": "example..com"},
        {"auth0_domain": "x" * 64 + ".com"},
        {"auth0_domain": "example.com:99999"},
        {"auth0_domain": "example.com", "timeout": 0},
        {"auth0_domain": "example.com", "timeout": float("nan")},
        {"auth0_domain": "example.com", "timeout": float("inf")},
        {"auth0_domain": "example.com", "ca_path": "/no/such/file"},
        {"auth0_domain": "example.com", "ca_path": "/"},
        {"auth0_domain": "example.com", "ca_path": __file__},
    ],
)
def test_what_is_no_address_of_a_tenant(options):
    with pytest.raises(ConfigurationError) as caught:
        Connection.from_options(**options)
    assert "secret" not in str(caught.value)


WITH_PASSWORD = [
    "https://u:canary@host/path",
    "//u:canary@host",
    "u:canary@host:x",
    "https:/u:canary@host",
    "https://u:canary@host:99999",
    "https://u:canary%40host",
    "https://u:canary\uff20host",
    "https://[u:canary@host",
    "https:u:canary@host",
    "u:canary@",
    "https://host?token=canary",
    "https://host#canary",
    "host;canary",
]


@pytest.mark.parametrize("address", WITH_PASSWORD)
@pytest.mark.parametrize("option", ["auth0_domain", "base_url", "proxy", "redirect_uri"])
def test_an_address_with_a_password_is_never_quoted(option, address):
    with pytest.raises(ConfigurationError) as caught:
        if option == "redirect_uri":
            # Many are good ones here.
            check_redirect_uri(address)
            raise ConfigurationError(option)
        Connection.from_options(**{"auth0_domain": "example.com", option: address})
    assert option in str(caught.value) and "canary" not in str(caught.value)


def test_another_address_is_quoted():
    with pytest.raises(ConfigurationError, match="auth0_domain 'exa mple.com' is not a domain"):
        Connection.from_options(auth0_domain="exa mple.com")


def test_the_password_of_a_proxy_is_a_secret():
    proxy = "http://user:can%20ary@127.0.0.1:3128"
    assert Connection.from_options(auth0_domain="example.com", proxy=proxy).secrets.text("can ary can%20ary") == (
        "******** ********"
    )


def test_certificates_are_verified_unless_told():
    bundle = certifi.where()
    options = {"auth0_domain": "example.com"}
    for given in ({}, {"ca_path": bundle}):
        context = Connection.from_options(**options, **given).context
        assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert Connection.from_options(**options, validate_certs=False, ca_path=bundle).context.verify_mode is ssl.CERT_NONE


def test_the_way_to_another_host_has_the_same_trust_and_the_proxy_that_was_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example.com:3128")
    named = Connection.from_options(
        auth0_domain="example.eu.auth0.com", proxy="http://named.example.com:3128", timeout=7
    )
    way = named.to("https://files.example.com:8443")
    assert (way.base_url, way.timeout, way.domain) == ("https://files.example.com:8443", 7, named.domain)
    assert way.context is named.context and way.secrets is named.secrets and way.proxy == named.proxy


def test_the_way_to_another_host_does_not_depend_on_upper_and_lower_case():
    tenant = Connection.from_options(base_url="HTTP://127.0.0.1:8090")
    assert tenant.to("http://127.0.0.1:9000").base_url == "http://127.0.0.1:9000"
    assert Connection.from_options(base_url="HTTPS://example.com").context is not None


def test_the_environment_says_for_each_host_which_proxy_it_takes(monkeypatch):
    for name, value in (("https_proxy", "http://environment.example.com:3128"), ("no_proxy", "auth0.com")):
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    tenant = Connection.from_options(auth0_domain="example.eu.auth0.com")
    assert tenant.proxy is None
    assert tenant.to("https://files.example.com").proxy.address == "http://environment.example.com:3128"


@pytest.mark.parametrize(
    "origin", ["http://files.example.com", "http://127.0.0.1:1", "ftp://x.example.com", "https://a@b.c"]
)
def test_no_other_host_is_reached_without_tls(origin):
    with pytest.raises(ConfigurationError):
        Connection.from_options(auth0_domain="example.eu.auth0.com").to(origin)


def test_certificates_of_other_hosts_are_verified_where_the_tenant_has_none():
    way = Connection.from_options(base_url="http://127.0.0.1:1").to("https://files.example.com")
    assert way.context is not None and way.context.check_hostname
