# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a hostile or broken server may answer: every request ends in time, with an error of the one family."""

from __future__ import annotations

import gzip
import json
import socket
import time

import pytest
from hypothesis import given as each_of
from hypothesis import settings
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ServerError,
    TransportError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Transport

from tests.support.raw_server import bomb, for_ever, serving, slowly, whole

MIB = 2**20


def as_user(port, method, timeout=0.3):
    connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port, timeout=timeout)
    with Transport(connection, Budget(max_wait=0)) as transport:
        return transport.request(method, "/mfa/x", action="try it", json={} if method == "POST" else None, bearer="b")


def as_operator(port, method, timeout=0.3):
    connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port, timeout=timeout)
    with ManagementApi(connection, Budget(max_wait=0), Bearer(GivenToken("api_token", "b"))) as api:
        if method == "GET":
            return api.list_authenticators("auth0|1")
        if method == "DELETE":
            return api.delete_authenticator("auth0|1", "phone|1")
        return api.create_authenticator("auth0|1", {"type": "email", "email": "a@example.com"})


SIDES = pytest.mark.parametrize("call", [as_user, as_operator])
METHODS = pytest.mark.parametrize("method", ["GET", "POST"])

ENDLESS = {
    "nothing at all": lambda: [30.0],
    "one byte a second": lambda: slowly(whole(b"{}")),
    "one byte of the body a second": lambda: [whole(b"", "Content-Length: 999", length=False), *slowly(b"x" * 99)],
    "a line that never ends": lambda: for_ever(b"HTTP/1.1 200 OK\r\nx: ", b"x" * 4096),
    "headers that never end": lambda: for_ever(b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n" * 99),
    "endless 100 Continue": lambda: for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
    "slow endless 100 Continue": lambda: (p for _n in range(999) for p in (b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)),
    "a body that never ends": lambda: for_ever(whole(b"", length=False), b" " * 65536),
    "chunks that never end": lambda: for_ever(
        whole(b"", "Transfer-Encoding: chunked", length=False), b"1\r\n \r\n" * 9999
    ),
    "trailers that never end": lambda: for_ever(
        whole(b"0\r\n", "Transfer-Encoding: chunked", length=False), b"x-more: and more\r\n" * 999
    ),
    "a length beyond all bounds": lambda: [whole(b"", "Content-Length: 99999999999999", length=False), 30.0],
    "a chunk beyond all bounds": lambda: [whole(b"FFFFFFFFFF\r\n", "Transfer-Encoding: chunked", length=False), 30.0],
    "a bomb": lambda: [whole(bomb(), "Content-Encoding: gzip")],
}


@SIDES
@METHODS
@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_every_request_ends_in_time(call, method, script):
    began = time.monotonic()
    with serving(script) as (port, seen):
        with pytest.raises(Auth0Error) as caught:
            call(port, method)
    assert time.monotonic() - began < 10
    assert isinstance(caught.value, AmbiguousWriteError if method == "POST" else (TransportError, ServerError))
    assert len(seen) == 1


@SIDES
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda: for_ever(whole(b"", length=False), b" " * 65536), id="endless"),
        pytest.param(lambda: [whole(b"", "Content-Length: 999999999", length=False)], id="announced"),
        pytest.param(ENDLESS["a bomb"], id="packed"),
    ],
)
def test_the_cap_on_a_body_is_named(call, script):
    with serving(script) as (port, _seen):
        with pytest.raises(ServerError, match="larger than 32 MiB"):
            call(port, "GET", timeout=20)


@SIDES
@pytest.mark.parametrize(
    "packed, says",
    [
        pytest.param(gzip.compress(b"") * 100_000, "packed and broken", id="many members that are empty"),
        pytest.param(gzip.compress(b"[" + b"[]," * 2**20 + b"[]]"), "more than 1000000 values", id="many values"),
    ],
)
def test_an_answer_that_takes_much_work_is_refused_before(call, packed, says):
    began = time.process_time()
    with serving(lambda: [whole(packed, "Content-Encoding: gzip")]) as (port, _seen):
        with pytest.raises(ServerError, match=says):
            call(port, "GET", timeout=20)
    assert time.process_time() - began < 1.5


def test_nothing_is_sent_after_a_name_was_looked_up_for_too_long(monkeypatch):
    found = socket.getaddrinfo

    def slowly_found(*given, **named):
        time.sleep(0.5)
        return found(*given, **named)

    with serving(lambda: [whole(b"{}")]) as (port, seen):
        monkeypatch.setattr(socket, "getaddrinfo", slowly_found)
        with pytest.raises(TransportError, match="no connection in time"):
            as_user(port, "GET", timeout=0.2)
    assert not seen


@METHODS
def test_a_handshake_that_never_ends_ends_in_time(method):
    began = time.monotonic()
    with serving(lambda: []) as (port, seen):
        connection = Connection.from_options(base_url="https://127.0.0.1:%d" % port, timeout=0.3)
        with Transport(connection, Budget(max_wait=0)) as transport:
            with pytest.raises(TransportError, match="no connection in time") as caught:
                transport.request(method, "/mfa/x", action="try it")
    assert caught.type is TransportError and seen == [] and time.monotonic() - began < 3


NOT_HTTP = {
    "nothing": [],
    "garbage": [b"\x00\xff" * 99],
    "HTTP/0.9": [b"{}"],
    "HTTP/2": [b"HTTP/2.0 200 OK\r\n\r\n{}"],
    "no number": [b"HTTP/1.1 abc OK\r\n\r\n{}"],
    "status 99": [b"HTTP/1.1 99 OK\r\n\r\n{}"],
    "half a status line": [b"HTTP/1.1 2"],
    "two lengths": [whole(b"{}  {}", "Content-Length: 5, 6", length=False)],
    "two lengths in two headers": [whole(b"{}  {}", "Content-Length: 5", "Content-Length: 6", length=False)],
    "a length that is no number": [whole(b"{}", "Content-Length: two", length=False)],
    "a negative length": [whole(b"{}", "Content-Length: -2", length=False)],
    "a length of 5000 digits": [whole(b"{}", "Content-Length: " + "9" * 5000, length=False)],
    "a body that is cut off": [whole(b"{", "Content-Length: 99", length=False)],
    "a chunk that is cut off": [whole(b"9\r\n{}", "Transfer-Encoding: chunked", length=False)],
    "a chunk without a size": [whole(b"two\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False)],
    "an unknown transfer encoding": [whole(b"{}", "Transfer-Encoding: rot13")],
    "broken gzip": [whole(b"{}", "Content-Encoding: gzip")],
    "gzip that is cut off": [whole(gzip.compress(b"{}" * 99)[:-9], "Content-Encoding: gzip")],
    "gzip with a wrong sum": [whole(gzip.compress(b"{}")[:-8] + bytes(8), "Content-Encoding: gzip")],
    "gzip with garbage behind": [whole(gzip.compress(b"{}") + b"more", "Content-Encoding: gzip")],
    "brotli": [whole(b"\x0b\x00\x80{}\x03", "Content-Encoding: br")],
    "zstd": [whole(b"\x28\xb5\x2f\xfd", "Content-Encoding: zstd")],
    "twice packed": [whole(gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip")],
    "101 headers": [whole(b"{}", *["x-%d: y" % number for number in range(101)])],
    "a header of 100 KB": [whole(b"{}", "x: " + "y" * 100_000)],
    "1 MB of headers": [whole(b"{}", *["x-%d: %s" % (number, "y" * 60_000) for number in range(17)])],
    "not JSON": [whole(b"<html>")],
    "not UTF-8": [whole(b'{"id": "\xff\xfe"}')],
    "nested too deep": [whole(b"[" * 100_000 + b"]" * 100_000)],
    "nested a little too deep": [whole(b'{"a":' * 100 + b"1" + b"}" * 100)],
    "NaN": [whole(b'{"a": NaN}')],
    "a number of 5000 digits": [whole(b'{"a": ' + b"9" * 5000 + b"}")],
    "two values": [whole(b"{}{}")],
    "101": [whole(b"", status="101 Switching Protocols", length=False)],
    "103": [whole(b"", status="103 Early Hints", length=False)],
    "300": [whole(b"{}", status="300 Multiple Choices")],
    "301": [whole(b"", "Location: /elsewhere", status="301 Moved Permanently")],
    "304": [whole(b"", status="304 Not Modified")],
    "307": [whole(b"", "Location: http://127.0.0.1:1/", status="307 Temporary Redirect")],
    "500 with broken gzip": [whole(b"{}", "Content-Encoding: gzip", status="500 Oops")],
    "502 as a page": [whole(b"<html>", status="502 Bad Gateway")],
    "600": [whole(b"{}", status="600 What")],
    "999": [whole(b"{}", status="999 What")],
}


@SIDES
@METHODS
@pytest.mark.parametrize("pieces", NOT_HTTP.values(), ids=NOT_HTTP)
def test_a_write_whose_answer_cannot_be_used_may_have_happened(call, method, pieces):
    with serving(lambda: pieces) as (port, seen):
        with pytest.raises(Auth0Error) as caught:
            call(port, method)
    if method == "POST":
        assert caught.type is AmbiguousWriteError
        assert "was not sent again" in str(caught.value)
    else:
        assert caught.type in (TransportError, ServerError)
    assert len(seen) == 1 and "proxy setting" not in str(caught.value)


@SIDES
@METHODS
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(whole(b"{}", "Content-Encoding: gzip", status="400 Bad Request"), id="broken gzip"),
        pytest.param(whole(b"<html>", status="400 Bad Request"), id="a page"),
        pytest.param(whole(b"[" * 100_000, status="400 Bad Request"), id="nested too deep"),
        pytest.param(whole(b"\xff", status="400 Bad Request"), id="not UTF-8"),
        pytest.param(
            whole(b'{"error": 5, "message": ["a"]}', "Content-Type: \xff", status="400 Bad Request"), id="other types"
        ),
    ],
)
def test_refused_is_refused_whatever_the_words_are(call, method, answer):
    with serving(lambda: [answer]) as (port, _seen):
        with pytest.raises(BadRequestError, match="Auth0 gave no reason .status 400"):
            call(port, method)


@SIDES
@pytest.mark.parametrize("code", ["200 OK", "204 No Content", "201 Created"])
def test_an_answer_without_a_body_is_one(call, code):
    """204 has no body, whatever follows: it does not become the next answer."""
    body = b'{"authenticators": []}' if code.startswith("204") else b""
    with serving(lambda: [whole(body, status=code)]) as (port, _seen):
        try:
            assert call(port, "DELETE") in (None, True)
        except ServerError:
            assert call is as_operator  # auth0-python reads every answer


GOOD = b'{"authenticators": [], "start": 0, "limit": 100, "total": 0}'
UNUSUAL = {
    "chunked": [whole(b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD), "Transfer-Encoding: Chunked", length=False)],
    "until the end": [whole(GOOD, length=False)],
    "the same length twice": [whole(GOOD, "Content-Length: %d, %d" % (len(GOOD), len(GOOD)), length=False)],
    "gzip": [whole(gzip.compress(GOOD), "Content-Encoding: gzip")],
    "gzip in two parts": [whole(gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]), "Content-Encoding: x-gzip")],
    "identity": [whole(GOOD, "Content-Encoding: identity")],
    "after 100 Continue": [b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + whole(GOOD)],
    "HTTP/1.0": [b"HTTP/1.0 200 OK\r\n\r\n" + GOOD],
    "headers that are not ASCII": [whole(GOOD, "x-request-id: \xe4\xff", "Set-Cookie: \xa0")],
    "byte order mark": [whole(b"\xef\xbb\xbf" + GOOD)],
}


@SIDES
@pytest.mark.parametrize("pieces", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_but_right_is_read(call, pieces):
    with serving(lambda: pieces) as (port, _seen):
        answer = call(port, "GET")
    assert answer == (json.loads(GOOD) if call is as_user else [])


def test_half_a_character_is_replaced():
    with serving(lambda: [whole(b'{"na\\ud800me": ["\\udfff", "\\ud83d\\ude00", "\\u00e4"]}')]) as (port, _seen):
        answer = as_user(port, "GET")
    assert answer == {"na\ufffdme": ["\ufffd", "\U0001f600", "\xe4"]}
    json.dumps(answer, ensure_ascii=False).encode()


@SIDES
@pytest.mark.parametrize("token", ["t\xf6ken", "two words", "a\nb", "t\n", "\u2019", "a\x00b", "\ud800", ""])
def test_a_token_that_is_none_is_told(call, token):
    with serving(lambda: [whole(GOOD)]) as (port, seen):
        connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port)
        with pytest.raises(Auth0Error) as caught:
            if call is as_user:
                with Transport(connection, Budget(max_wait=0)) as transport:
                    transport.request("POST", "/mfa/associate", action="enroll", json={}, bearer=token)
            else:
                with ManagementApi(connection, Budget(max_wait=0), Bearer(GivenToken("api_token", token))) as api:
                    api.regenerate_recovery_code("auth0|1")
    assert caught.type in (AuthenticationError, ConfigurationError) and seen == []
    assert not token.strip() or token not in str(caught.value)


@settings(max_examples=150, deadline=None)
@each_of(st.binary(max_size=400), st.sampled_from(["GET", "POST"]), st.booleans())
def test_whatever_bytes_come_the_error_is_one_of_ours(data, method, after_a_head):
    start = b"HTTP/1.1 200 OK\r\n" if after_a_head else b""
    with serving(lambda: [start + data]) as (port, _seen):
        try:
            as_user(port, method)
        except Auth0Error:
            pass
