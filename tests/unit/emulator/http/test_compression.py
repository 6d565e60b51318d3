# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed answers, and the headers by which a request is found."""

from __future__ import annotations

import gzip
import re

import pytest
from starlette.responses import Response

from tests.emulator.http.compression import accepts_gzip, compress


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("*, gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("", False),
        ("xgzip", False),
    ],
)
def test_who_accepts_gzip(accepted, expected):
    assert accepts_gzip(accepted) is expected


@pytest.mark.parametrize(
    ("status", "size", "is_compressed"),
    [(200, 42, True), (404, 106, True), (403, 106, True), (200, 15, False), (201, 661, False), (429, 120, False)],
)
def test_what_is_compressed_as_recorded(status, size, is_compressed):
    response = Response(b"x" * size, status)
    compress(response, "gzip")
    assert (response.headers.get("content-encoding") == "gzip") is is_compressed
    assert int(response.headers["content-length"]) == len(response.body)
    assert (gzip.decompress(response.body) if is_compressed else response.body) == b"x" * size


def test_the_tenant_compresses_for_who_asks_and_the_switch_alone(make_api):
    for switches, accepted, encoding in (
        ({"compression": "on"}, "gzip", "gzip"),
        ({"compression": "on"}, "identity", None),
        ({}, "gzip", None),
    ):
        api = make_api(switches)
        answer = api.manage("GET", "/users", headers={"accept-encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
        assert len(answer.json()) == 25
        assert api.call("GET", "/_control/clock", headers={"accept-encoding": accepted}).headers.get("vary") is None


def test_a_fault_of_the_body_stays_what_it_is(make_api):
    api = make_api({"compression": "on"})
    api.management_token()
    api.call("POST", "/_control/faults", json={"kind": "malformed", "path": "/api/v2/users"})
    answer = api.manage("GET", "/users")
    assert answer.headers["content-encoding"] == "gzip"
    with pytest.raises(ValueError):
        answer.json()


def test_request_ids_differ_and_repeat_with_the_seed(make_api):
    def told(api):
        answers = [
            api.call("POST", "/oauth/token", json={}),
            api.manage("GET", "/users"),
            api.manage("GET", "/nothing"),
        ]
        return [(answer.headers.get("cf-ray"), answer.headers.get("x-auth0-requestid")) for answer in answers]

    on = {"request-id": "on"}
    (login, of_login), (users, of_users), (nothing, of_nothing) = told(make_api(on))
    assert all(re.fullmatch("[0-9a-f]{16}-EMU", ray) for ray in (login, users, nothing))
    assert re.fullmatch("[0-9a-f]{20}", of_login) and of_users is of_nothing is None
    assert len({login, users, nothing}) == 3
    assert told(make_api(on))[0][0] == login != told(make_api(on, seed=8))[0][0]
    assert told(make_api()) == [(None, None)] * 3
