# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are seen on the wire only."""

from __future__ import annotations

import socket
import time

import pytest

from tests.emulator.http.hostile import KINDS
from tests.emulator.launch import start

START = {
    "drip": b"H",
    "endless": b"HTTP/1.1 200 Hostile\r\nContent-Type: application/json\r\n\r\n      ",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1",
    "bomb": b"HTTP/1.1 200 Hostile\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 6",
    "broken-gzip": b"HTTP/1.1 200 Hostile\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
    "wrong-length": b"HTTP/1.1 200 Hostile\r\nContent-Type: application/json\r\nContent-Length: 5, 6\r\n\r\n{",
    "redirect": b"HTTP/1.1 302 Hostile\r\nContent-Type: application/json\r\nLocation: /elsewhere\r\n",
}


@pytest.fixture(scope="module")
def emulator():
    with start(users=5) as running:
        yield running


def ask(emulator, length):
    """The first bytes of the answer to a request for a token."""
    host, _colon, port = emulator.domain.partition(":")
    body = b'{"grant_type":"client_credentials","client_id":"m2m","client_secret":"m2m-secret","audience":"https://%s/api/v2/"}'
    body %= emulator.domain.encode()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)
        received = b""
        while len(received) < length and (piece := connection.recv(length - len(received))):
            received += piece
    return received


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_byte_for_byte_after_the_request_was_carried_out(emulator, kind):
    emulator.control("DELETE", "requests")
    emulator.control("POST", "faults", {"kind": kind, "path": "/oauth/token"})
    began = time.monotonic()
    assert ask(emulator, len(START[kind])) == START[kind]
    assert time.monotonic() - began < 3
    assert [entry["status"] for entry in emulator.control("GET", "requests")] == [200]
    assert ask(emulator, 12) == b"HTTP/1.1 200"


def test_a_client_that_reads_on_gets_more_and_one_that_goes_away_stops_it(emulator):
    emulator.control("POST", "faults", {"kind": "endless", "path": "/oauth/token"})
    assert len(ask(emulator, 5_000_000)) == 5_000_000
    assert ask(emulator, 12) == b"HTTP/1.1 200"
