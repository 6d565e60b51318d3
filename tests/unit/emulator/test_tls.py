# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""https with a certificate authority made at start: ordinary clients verify it, and no file is left behind."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from cryptography import x509

from tests.emulator.launch import PROJECT_ROOT, start
from tests.emulator.tls import make_server_context

MANAGEMENT_CLIENT = """
import sys
from auth0.management import ManagementClient

client = ManagementClient(domain=sys.argv[1], client_id="m2m", client_secret="m2m-secret")
(user,) = client.users.list_users_by_email(email="user00002@example.com")
(method,) = client.users.authentication_methods.list(id=user.user_id).items
print(method.type)
"""


@pytest.fixture(scope="module")
def emulator():
    with start(users=5, tls=True) as running:
        yield running


@pytest.fixture
def http_session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_the_requests_library_verifies_the_server(emulator, http_session):
    answer = http_session.get(f"{emulator.url}/.well-known/jwks.json", verify=emulator.ca_file, timeout=5)
    assert emulator.url.startswith("https://") and answer.status_code == 200


def test_the_certificate_is_also_valid_for_localhost(emulator, http_session):
    url = emulator.url.replace("127.0.0.1", "localhost")
    assert http_session.get(f"{url}/.well-known/jwks.json", verify=emulator.ca_file, timeout=5).status_code == 200


def test_a_client_that_does_not_trust_the_authority_refuses(emulator, http_session):
    with pytest.raises(requests.exceptions.SSLError):
        http_session.get(f"{emulator.url}/.well-known/jwks.json", timeout=5)


def test_auth0_python_verifies_the_server(emulator):
    environment = {"SSL_CERT_FILE": emulator.ca_file, "PATH": os.environ["PATH"], "NO_PROXY": "*"}
    ended = subprocess.run(
        [sys.executable, "-c", MANAGEMENT_CLIENT, emulator.domain],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "totp\n"), ended.stderr


def test_connection_is_closed_in_the_middle_of_the_body_with_tls_too(emulator):
    emulator.control("POST", "faults", {"kind": "truncated"})
    host, _separator, port = emulator.domain.partition(":")
    context = ssl.create_default_context(cafile=emulator.ca_file)
    client = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
    client.request("GET", "/.well-known/jwks.json")
    with pytest.raises((http.client.IncompleteRead, ssl.SSLError)):
        client.getresponse().read()
    client.close()


def test_the_temporary_certificate_is_removed_at_the_end():
    with start(users=1, tls=True) as running:
        assert b"BEGIN CERTIFICATE" in Path(running.ca_file).read_bytes()
    assert not Path(running.ca_file).exists()


def test_the_end_does_not_wait_for_clients_that_left_the_tls_connection_open():
    with start(users=1, tls=True) as running:
        host, _separator, port = running.domain.partition(":")
        context = ssl.create_default_context(cafile=running.ca_file)
        client = context.wrap_socket(socket.create_connection((host, int(port)), timeout=5), server_hostname=host)
        client.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 404"
        client.close()
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_a_named_certificate_file_is_written_and_kept(tmp_path):
    ca_file = tmp_path / "ca.pem"
    command = [
        sys.executable,
        "-m",
        "tests.emulator",
        "--port",
        "0",
        "--users",
        "1",
        "--tls",
        "--ca-file",
        str(ca_file),
    ]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        process.terminate()
    assert line.endswith(f"(1 users, seed 7, plan enterprise, CA certificate {ca_file})\n")
    assert process.returncode == 0
    content = ca_file.read_bytes()
    assert "O=Auth0 tenant emulator CA" in x509.load_pem_x509_certificate(content).subject.rfc4514_string()
    assert b"PRIVATE" not in content


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--ca-file", "ca.pem"], id="no tls"),
        pytest.param(["--tls", "--ca-file", "/nonexistent/ca.pem", "--users", "1"], id="missing directory"),
    ],
)
def test_a_certificate_that_cannot_be_written_is_one_line_and_code_2(arguments):
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", *arguments]
    ended = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert "ca" in ended.stderr and ended.stderr.startswith("tests.emulator: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "tenant.test", "192.0.2.7"])
def test_the_host_is_in_the_certificate_once(host):
    context, authority = make_server_context(host)
    client_context = ssl.create_default_context(cadata=authority.decode())
    names = {name for _kind, name in peer_names(context, client_context, host)}
    assert names >= {"localhost", "127.0.0.1", host}


def peer_names(server_context, client_context, host):
    """The certificate's names as a client that verifies it for ``host`` sees them; no network."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    for _step in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert()["subjectAltName"]
