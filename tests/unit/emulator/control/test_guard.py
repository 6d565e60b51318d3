# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages in a browser on the same machine get nothing from the control address."""

from __future__ import annotations

import pytest

from tests.emulator.control.guard import is_loopback

from ..client import DOMAIN

FAULT = {"kind": "status", "path": "/oauth/token"}


@pytest.mark.parametrize(
    "host",
    [
        DOMAIN,
        f"{DOMAIN}:8090",
        DOMAIN.upper(),
        "localhost:8090",
        "127.0.0.1",
        "127.0.0.1:8090",
        "[::1]:8090",
        "192.0.2.7:8090",
    ],
)
def test_addresses_and_the_own_name_are_served(api, host):
    assert api.call("GET", "/_control/ready", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/_control/", "/_control/requests", "/_control/nothing"])
@pytest.mark.parametrize(
    "host", ["attacker.example", "attacker.example:8090", "localhost.attacker.example", "[::1", ""]
)
def test_a_name_that_somebody_made_point_here_is_refused(api, host, path):
    api.manage("GET", "/users")
    answer = api.call("GET", path, headers={"host": host})
    assert answer.status_code == 403
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", f"http://{DOMAIN}:81", "http://localhost"])
def test_a_page_of_another_site_cannot_post_a_fault(api, origin):
    headers = {"origin": origin, "content-type": "text/plain"}
    assert api.call("POST", "/_control/faults", json=FAULT, headers=headers).status_code == 403
    assert api.call("GET", "/_control/faults").json() == []


def test_its_own_page_may_post(api):
    answer = api.call("POST", "/_control/faults", json=FAULT, headers={"origin": f"https://{DOMAIN}"})
    assert answer.status_code == 201


def test_the_apis_are_open_to_pages_and_names_as_before(api):
    headers = {"origin": "https://app.example.com", "host": "custom.example.com"}
    assert api.call("GET", "/.well-known/jwks.json", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/_control/", "/_control/ready", "/_control/nothing", "/u/login", "/authorize?client_id=nobody"]
)
def test_what_a_browser_shows_cannot_be_framed_or_guessed(api, path):
    headers = api.call("GET", path).headers
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
    if headers.get("content-type", "").startswith("text/html"):
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.0.2.7", False),
        ("tenant.example", False),
    ],
)
def test_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected
