# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of fault on an export: its start, its job and its file."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from urllib.parse import urlsplit

import pytest
import requests

from tests.emulator.http.faults import KINDS
from tests.emulator.launch import start
from tests.emulator.users.models import User

from .test_exports import job_of, written

USERS = 30


@pytest.fixture(scope="module")
def emulator():
    with start(users=USERS, switches={"export-seconds": 0}) as running:
        yield running


@pytest.fixture
def location(emulator):
    """The link to the file of a job that is done; no fault waits."""
    emulator.reset()
    body = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
    body["audience"] = f"https://{emulator.domain}/api/v2/"
    token = requests.post(f"{emulator.url}/oauth/token", json=body, timeout=5).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    fields = {"fields": [{"name": "user_id"}, {"name": "email"}, {"name": "identities"}]}
    job = requests.post(f"{emulator.url}/api/v2/jobs/users-exports", json=fields, headers=headers, timeout=5).json()
    return requests.get(f"{emulator.url}/api/v2/jobs/{job['id']}", headers=headers, timeout=5).json()["location"]


@pytest.fixture
def inject(emulator, location):
    def add(kind, **members):
        emulator.control("POST", "faults", {"kind": kind, "path": "/exports/*", **members})

    return add


def fetch(location):
    """The status and the body, as far as it came."""
    with requests.get(location, timeout=5, stream=True, allow_redirects=False) as answer:
        received = b""
        try:
            for piece in answer.raw.stream(decode_content=False):
                received += piece
        except requests.packages.urllib3.exceptions.HTTPError:
            return "broken off", received
        return answer.status_code, received


def rows(location):
    return [json.loads(line) for line in gzip.decompress(fetch(location)[1]).decode().splitlines()]


def numbers(location):
    return [int(row["email"][4:9]) for row in rows(location)]


def raw(location, length):
    """The first bytes of the answer."""
    link = urlsplit(location)
    with socket.create_connection((link.hostname, link.port), timeout=5) as connection:
        connection.sendall(f"GET {link.path}?{link.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        while len(received) < length and (piece := connection.recv(length - len(received))):
            received += piece
    return received


def test_every_kind_can_happen_to_a_file_and_the_next_download_is_whole(emulator, location, inject):
    whole = fetch(location)
    assert whole[0] == 200 and len(rows(location)) == USERS
    others = ("drip", "endless", "interim", "wrong-length")
    needed = {"sparse": {"members": ["email"]}, "retyped": {"members": ["email"]}, "replaced": {"values": {"email": 5}},
              "headers": {"headers": {"x-other": "1"}}}  # fmt: skip
    same = ("slow", "headers", "echo", "expire-token", "delete-user")
    for kind in KINDS:
        inject(kind, **needed.get(kind, {}), **({"seconds": 0} if kind == "slow" else {}))
        if kind in others:
            assert raw(location, 1) == b"H"
        elif kind in ("close", "lost"):
            with pytest.raises(requests.ConnectionError):
                fetch(location)
        else:
            assert (fetch(location) == whole) is (kind in same), kind
        assert not emulator.control("GET", "faults"), kind
        assert fetch(location) == whole, kind
    statuses = {entry["status"] for entry in emulator.control("GET", "requests")}
    assert statuses == {200, 429, 503, None}  # no kind ended in a mistake of the emulator


def test_a_download_that_is_cut_off_breaks_off_in_the_middle_of_the_gzip(location, inject):
    whole = fetch(location)[1]
    inject("truncated", part=0.7)
    assert fetch(location) == ("broken off", whole[: int(len(whole) * 0.7)])
    inject("malformed", part=0.3)
    assert fetch(location) == (200, whole[: int(len(whole) * 0.3)])
    inject("broken-gzip")
    assert fetch(location) == (200, whole[:-6])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("shift", [*range(3, USERS + 1)]),
        ("fewer", [*range(1, USERS - 1)]),
        ("duplicate", [1, 2, *range(1, USERS + 1)]),
        ("more", [*range(1, USERS + 1), 1, 2]),
    ],
)
def test_rows_of_a_file_are_missing_or_come_twice(location, inject, kind, expected):
    inject(kind, rows=2)
    assert numbers(location) == expected


def test_members_of_the_rows_are_changed(location, inject):
    before = rows(location)
    inject("sparse", members=["user_id"])
    assert not any("user_id" in row for row in rows(location))
    inject("retyped", members=["email"])
    assert [row["email"] for row in rows(location)] == [[row["email"]] for row in before]
    inject("replaced", values={"connection": "other"})
    assert {row["identities"][0]["connection"] for row in rows(location)} == {"other"}
    inject("unknown")
    assert all(row["x_unknown"] for row in rows(location))


def test_a_bomb_is_a_file_that_unpacks_to_600_mb(location, inject):
    inject("bomb")
    status, packed = fetch(location)
    assert status == 200 and len(packed) < 2**20
    unpacker = zlib.decompressobj(wbits=31)
    assert len(unpacker.decompress(packed, 2**20)) == 2**20


def test_an_endless_file_is_valid_as_far_as_it_comes(location, inject):
    inject("endless")
    _head, _end, packed = raw(location, 400_000).partition(b"\r\n\r\n")
    unpacked = zlib.decompressobj(wbits=31).decompress(packed)
    assert set(unpacked) == {ord("\n")} and len(unpacked) > 300_000


def test_the_job_says_what_a_fault_lets_it_say(make_api):
    api = make_api({"export-seconds": 0})
    job = api.manage("POST", "/jobs/users-exports", json={}).json()["id"]
    said = []
    for fault in (
        {"kind": "replaced", "values": {"status": "failed"}},
        {"kind": "replaced", "values": {"status": "on its way"}},
        {"kind": "retyped", "members": ["status"]},
        {"kind": "sparse", "members": ["location"]},
    ):
        api.call("POST", "/_control/faults", json={**fault, "path": "/api/v2/jobs/*"})
        answer = api.manage("GET", f"/jobs/{job}").json()
        said.append((answer["status"], "location" in answer))
    assert said == [("failed", True), ("on its way", True), (["completed"], True), ("completed", False)]


def test_half_a_surrogate_pair_is_escaped_in_the_file(api):
    line = '{"name":"\\ud83d"}\n'
    assert written(job_of("json", "name"), User({"user_id": "auth0|1", "name": "\ud83d"}, "x")) == [line]
