# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A login with Universal Login in one task of ansible-playbook on a terminal: a test is the browser."""

from __future__ import annotations

import json
import socket
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.terminal import Terminal

from .conftest import Tenant, code_of
from .test_mfa_token import SECRET_2, browse, is_good

pytestmark = pytest.mark.oldest

MODULE = "mfaops.auth0.auth0_mfa_token"


def free_address() -> str:
    """Where the browser may come back to: a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d/callback" % free.getsockname()[1]


@pytest.fixture
def redirect_uri() -> str:
    return free_address()


class Login(Terminal):
    """A playbook with one task."""

    def __init__(self, tenant: Tenant, options: dict, *arguments: str) -> None:
        self._file = tenant.folder / "result.json"
        task = {
            "name": "Log in",
            MODULE: {"base_url": tenant.running.url, "client_id": "spa", "grant": "authorization_code", **options},
            "register": "login",
            "no_log": True,
            "ignore_errors": True,
        }
        kept = {"content": "{{ login | to_json }}", "dest": str(self._file), "mode": "0600"}
        keep = {"ansible.builtin.copy": kept, "no_log": True, "check_mode": False, "diff": False}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task, keep]}
        super().__init__(tenant.folder, [play], *arguments)

    def result(self) -> dict:
        assert self.end() == 0, self.shown
        return json.loads(self._file.read_text())


ADDRESS = r"log in with a browser on this machine, within 60 seconds: (http\S+)\r\n"


def test_the_login_ends_where_it_began(tenant, redirect_uri):
    tenant.forget_requests()
    terminal = Login(tenant, {"redirect_uri": redirect_uri, "listen_timeout": 60}, "-vvvv")
    address = terminal.read(ADDRESS)
    back = browse(tenant, address, 2, code_of(SECRET_2, tenant.running))
    assert back.startswith(redirect_uri + "?") and "Logged in" in requests.get(back, timeout=10).text
    login = terminal.result()
    assert not login["failed"] and is_good(tenant, login["access_token"]) and not login["changed"]
    assert login["authorization_url"] is None and login["code_verifier"] is None
    code = parse_qs(urlsplit(back).query)["code"][0]
    log = (tenant.folder / "log").read_text()
    for secret in (code, login["access_token"], "eyJ"):
        assert secret not in terminal.shown and secret not in log
    assert "log in with a browser" not in log
    assert [each["status"] for each in tenant.requests("POST", "/oauth/token")] == [200]


def test_an_answer_of_another_login_ends_none_and_a_refusal_is_told(tenant, redirect_uri):
    terminal = Login(tenant, {"redirect_uri": redirect_uri, "listen_timeout": 60})
    address = terminal.read(ADDRESS)
    stray = requests.get(redirect_uri + "?code=CANARY-CODE&state=strange", timeout=10)
    assert "Another login" in stray.text
    back = browse(tenant, address + "&prompt=none", 1)
    assert "Not logged in" in requests.get(back, timeout=10).text
    login = terminal.result()
    assert login["failed"] and "The login was refused: Login required" in login["msg"]
    assert "CANARY-CODE" not in terminal.shown and tenant.requests("POST", "/oauth/token") == []


def test_a_browser_is_opened_if_asked_for(tenant, redirect_uri, monkeypatch):
    browser = tenant.folder / "browser.py"
    browser.write_text("import pathlib, sys\npathlib.Path(%r).write_text(sys.argv[1])" % str(tenant.folder / "opened"))
    monkeypatch.setenv("BROWSER", "%s %s %%s" % (sys.executable, browser))
    options = {"redirect_uri": redirect_uri, "listen_timeout": 60, "open_browser": True}
    terminal = Login(tenant, options)
    address = terminal.read(ADDRESS)
    requests.get(browse(tenant, address, 1), timeout=10)
    assert is_good(tenant, terminal.result()["access_token"])
    assert (tenant.folder / "opened").read_text() == address


def test_nobody_is_waited_for_longer_than_said(tenant, redirect_uri):
    login = Login(tenant, {"redirect_uri": redirect_uri, "listen_timeout": 1}).result()
    assert login["failed"] and "Nobody logged in with a browser on this machine within 1 seconds" in login["msg"]
    assert tenant.requests("POST", "/oauth/token") == []


def test_check_mode_opens_no_port_and_shows_no_address(tenant, redirect_uri):
    terminal = Login(tenant, {"redirect_uri": redirect_uri, "listen_timeout": 60}, "--check")
    login = terminal.result()
    assert not login["failed"] and login["access_token"] is None and login["authorization_url"] is None
    assert "log in with a browser" not in terminal.shown and tenant.requests() == []


def test_what_cannot_be_right_is_told_before_anybody_waits(tenant, redirect_uri):
    with socket.create_server(("127.0.0.1", urlsplit(redirect_uri).port)):
        login = Login(tenant, {"redirect_uri": redirect_uri, "listen_timeout": 60}).result()
    assert login["failed"] and "End the program that uses it" in login["msg"]


@pytest.mark.run_by("module")
@pytest.mark.parametrize(
    "options, said",
    [
        ({"listen_timeout": 0}, "must be between 1 and 600 seconds"),
        ({"listen_timeout": 601}, "must be between 1 and 600 seconds"),
        ({"redirect_uri": "https://app.example.com/callback"}, "cannot be used with redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1/callback"}, "an address of this machine with a port"),
        ({"listen_timeout": None, "open_browser": True}, "open_browser requires listen_timeout"),
        ({"callback_url": "x", "state": "y", "code_verifier": "z"}, "mutually exclusive"),
        ({"code_verifier": "z" * 43}, "code_verifier needs code or callback_url"),
    ],
)
def test_options_that_do_not_go_with_a_browser_on_this_machine(tenant, options, said):
    browser = {"grant": "authorization_code", "redirect_uri": "http://127.0.0.1:8765/", "listen_timeout": 60}
    (login,) = tenant.results(tenant.application, {MODULE: {**browser, **options}})
    assert login["failed"] and said in login["msg"] and tenant.requests() == []
