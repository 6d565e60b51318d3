# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that a login in the browser ends at: one answer, on the loopback interface only."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.browser import loopback_port
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.loopback import CallbackListener
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

STATE = "state-of-this-login"


@pytest.fixture
def uri():
    """An address with a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return "http://127.0.0.1:%d/callback" % port


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=10)


@pytest.mark.parametrize(
    "query, page",
    [
        ("code=C0DE&state=" + STATE, "<h1>Logged in</h1>"),
        ("error=access_denied&state=" + STATE, "<h1>Not logged in</h1>"),
    ],
)
def test_the_first_answer_is_taken_and_the_person_is_told(uri, query, page):
    with CallbackListener(uri, STATE) as listener:
        shown, late = get(uri + "?" + query), get(uri + "?code=second&state=" + STATE)
        assert listener.wait(10) == uri + "?" + query and listener.wait(0.01) is None
    assert (shown.status_code, late.status_code) == (200, 410)
    assert page in shown.text and "You may close this window" in shown.text and "C0DE" not in shown.text


@pytest.mark.parametrize("query", ["code=C0DE&state=other", "code=C0DE", "error=access_denied", "x=%ff&state=%ff"])
def test_an_answer_of_another_login_ends_none_and_the_person_is_told(uri, query):
    with CallbackListener(uri, STATE) as listener:
        shown = get(uri + "?" + query)
        assert listener.wait(0.01) is None and listener.strangers == 1
        get(uri + "?code=own&state=" + STATE)
        assert listener.wait(10) == uri + "?code=own&state=" + STATE
    assert shown.status_code == 400 and "<h1>Another login</h1>" in shown.text and "C0DE" not in shown.text


def test_the_page_can_be_kept_by_nobody_and_load_nothing(uri):
    with CallbackListener(uri, STATE):
        for answer in (get(uri + "?code=C0DE&state=" + STATE), get(uri), requests.post(uri, timeout=10)):
            assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Frame-Options"] == "DENY"
            assert "Python" not in answer.headers["Server"]


def test_what_is_no_answer_ends_no_login(uri):
    query = "?code=C0DE&state=" + STATE
    with CallbackListener(uri, STATE) as listener:
        statuses = [
            get(uri).status_code,
            get(uri.replace("/callback", "/favicon.ico")).status_code,
            get(uri + "/more" + query).status_code,
            get(uri + query, Host="attacker.example.com").status_code,
            requests.post(uri + query, timeout=10).status_code,
        ]
        assert listener.wait(0.01) is None
        get(uri + query)
        assert listener.wait(10) == uri + query
    assert statuses == [404, 404, 404, 400, 501]


def test_a_connection_that_says_nothing_keeps_nobody_waiting(uri):
    query = "?code=C0DE&state=" + STATE
    with CallbackListener(uri, STATE) as listener, socket.create_connection(("127.0.0.1", loopback_port(uri))):
        get(uri + query)
        assert listener.wait(10) == uri + query


def test_it_listens_on_the_loopback_interface_and_only_inside_its_block(uri):
    with CallbackListener(uri, STATE) as listener:
        assert listener._server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", loopback_port(uri)), timeout=5)


def test_nothing_is_printed(uri, capfd):
    with CallbackListener(uri, STATE) as listener:
        get(uri + "?code=C0DE&state=" + STATE)
        get(uri)
        listener.wait(10)
    assert capfd.readouterr() == ("", "")


def test_it_ends_while_answers_come_at_the_same_time(uri):
    with CallbackListener(uri, STATE) as listener:
        threads = [
            threading.Thread(target=get, args=("%s?code=%d&state=%s" % (uri, number, STATE),)) for number in range(8)
        ]
        for thread in threads:
            thread.start()
        assert listener.wait(10)
        for thread in threads:
            thread.join()
        assert listener.wait(0.01) is None


def test_a_port_in_use_is_told(uri):
    with CallbackListener(uri, STATE), pytest.raises(ConfigurationError, match="in use") as told:
        CallbackListener(uri, STATE).__enter__()
    assert "End the program that uses it" in told.value.hint


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:8765/callback", "http://localhost:8765", "http://127.0.0.1:8765/?a=b"]
)
def test_addresses_of_this_machine(uri):
    assert loopback_port(uri) == 8765


@pytest.mark.parametrize(
    "uri",
    [
        "https://127.0.0.1:8765/callback",
        "http://app.example.com:8765/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:99999/callback",
        "http://user@127.0.0.1:8765/callback",
        "http://127.0.0.1.example.com:8765/callback",
        "http://0.0.0.0:8765/callback",
    ],
)
def test_other_addresses_are_refused(uri):
    with pytest.raises(ConfigurationError, match="listen_timeout cannot be used with redirect_uri"):
        loopback_port(uri)
