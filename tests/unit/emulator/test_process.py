# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a process: ready line, bad starts, signals, closed connections."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.emulator.launch import PROJECT_ROOT, start


@pytest.fixture(scope="module")
def emulator():
    with start(users=5) as running:
        yield running


def connection(emulator):
    host, _separator, port = emulator.domain.partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=5)


def launch(*arguments):
    command = [sys.executable, "-m", "tests.emulator", *arguments]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    "signal_number", [pytest.param(signal.SIGTERM, id="sigterm"), pytest.param(signal.SIGINT, id="sigint")]
)
def test_one_ready_line_and_a_clean_end_with_an_open_connection(signal_number):
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--users", "3", "--plan", "free"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        match = re.fullmatch(
            r"Auth0 tenant emulator ready at http://127\.0\.0\.1:(\d+) \(3 users, seed 7, plan free\)\n", line
        )
        client = http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=5)
        client.request("GET", "/nothing")
        client.getresponse().read()
        process.send_signal(signal_number)
        rest, errors = process.communicate(timeout=5)
        client.close()
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("host", "warnings"),
    [pytest.param("127.0.0.1", 0, id="this machine alone"), pytest.param("0.0.0.0", 1, id="every network")],
)
def test_a_tenant_that_others_can_reach_is_told_about(host, warnings):
    command = [sys.executable, "-m", "tests.emulator", "--host", host, "--port", "0", "--users", "3"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith(f"Auth0 tenant emulator ready at http://{host}:")
        process.terminate()
        _rest, errors = process.communicate(timeout=5)
    assert [line.split()[1] for line in errors.splitlines()] == ["warning:"] * warnings


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--port", "70000"], id="port too high"),
        pytest.param(["--users", "-1"], id="negative users"),
        pytest.param(["--plan", "platinum"], id="unknown plan"),
        pytest.param(["--switch", "no-such=1"], id="unknown switch"),
        pytest.param(["--switch", "otp-reuse"], id="switch without a value"),
        pytest.param(["--preset", "no-such"], id="unknown preset"),
        pytest.param(["--preset", "realistic", "--preset", "realistic"], id="preset twice"),
        pytest.param(["--seed-file", "a.yml", "--port", "0", "--seed-file", "a.yml"], id="seed file twice"),
        pytest.param(["--color", "red"], id="unknown option"),
        pytest.param(["--host", "192.0.2.1", "--port", "0"], id="foreign address"),
    ],
)
def test_bad_start_is_one_line_and_code_2(arguments):
    ended = launch(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("tests.emulator: ")


def test_files_are_those_of_the_directory_in_which_the_caller_is(tmp_path, monkeypatch):
    (tmp_path / "mine.yml").write_text("otp-reuse: on\n", encoding="utf-8")
    (tmp_path / "users.yml").write_text("users:\n- email: me@example.com\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with start(users=0, preset="mine.yml", seed_file="users.yml") as emulator:
        assert emulator.control("GET", "switches")["otp-reuse"] == "on"


def test_taken_port_is_one_line_and_code_2():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = launch("--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr == f"tests.emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_signal_also_ends_a_slow_answer():
    with start(users=1) as emulator:
        emulator.control("POST", "faults", {"kind": "slow", "seconds": 60})
        client = connection(emulator)
        client.request("GET", "/nothing")
        time.sleep(0.2)
    client.close()


@pytest.mark.parametrize("kind", ["close", "lost"])
def test_connection_is_closed_without_an_answer(emulator, kind):
    emulator.control("DELETE", "requests")
    emulator.control("POST", "faults", {"kind": kind, "path": "/oauth/*"})
    client = connection(emulator)
    client.request("POST", "/oauth/token", b"{}")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.getresponse()
    client.close()
    assert [entry["status"] for entry in emulator.control("GET", "requests")] == [None]


@pytest.mark.parametrize(("kind", "left"), [("close", 1), ("lost", 0)])
def test_lost_is_carried_out_and_close_is_not(kind, left):
    with start(users=5) as emulator:
        client = connection(emulator)
        body = (
            '{"grant_type":"client_credentials","client_id":"m2m","client_secret":"m2m-secret",'
            f'"audience":"https://{emulator.domain}/api/v2/"}}'
        )
        client.request("POST", "/oauth/token", body, {"content-type": "application/json"})
        token = re.search(r'"access_token":"([^"]+)"', client.getresponse().read().decode())[1]
        headers = {"authorization": f"Bearer {token}"}
        client.request("GET", "/api/v2/users-by-email?email=user00001%40example.com", headers=headers)
        user_id = re.search(r'"user_id":"(auth0[^"]+)"', client.getresponse().read().decode())[1]
        emulator.control("POST", "faults", {"kind": kind, "method": "DELETE"})
        client.request("DELETE", f"/api/v2/users/{user_id.replace('|', '%7C')}", headers=headers)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            client.getresponse()
        client.close()
        client.request("GET", "/api/v2/users-by-email?email=user00001%40example.com", headers=headers)
        assert client.getresponse().read().count(b'"user_id":"auth0|') == left
        client.close()


def test_slow_delays_the_answer(emulator):
    emulator.control("POST", "faults", {"kind": "slow", "seconds": 0.3})
    client = connection(emulator)
    began = time.monotonic()
    client.request("GET", "/nothing")
    assert client.getresponse().status == 404
    assert time.monotonic() - began >= 0.3
    client.close()
