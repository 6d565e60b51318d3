# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file behind a link: whole or an error, in bounded time and memory, and the link stays a secret."""

from __future__ import annotations

import gzip
import json
import logging
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import exchange
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.download import (
    CutOff,
    blocks_of_lines,
    download,
    unpacked,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, ServerError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import TransportError

from tests.support.raw_server import bomb, for_ever, serving, slowly, whole

SIGNATURE = "SIGNATURE-canary/0123456789+abcdef"
QUERY = "X-Amz-Signature=SIGNATURE-canary%2F0123456789%2Babcdef&X-Amz-Expires=60"
ROWS = [{"user_id": "auth0|%d" % number, "name": "Zoë \u2028 %d" % number} for number in range(300)]
PLAIN = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
PACKED = gzip.compress(PLAIN)
FLAT = gzip.compress(b"[]\n" * 2**20)


def connection(timeout=8, base_url="http://127.0.0.1:9"):
    return Connection.from_options(base_url=base_url, timeout=timeout)


def fetched(script, way=None, host="127.0.0.1"):
    """The rows, and the heads of the requests."""
    way = way or connection()
    with serving(script) as (port, seen):
        link = "http://%s:%d/exports/job_1/tenant.json.gz?%s" % (host, port, QUERY)
        way.secrets.answer({"location": link})
        return [json.loads(line) for line in download(way, link, "download it")], seen


def lines(*pieces):
    return [line for block in blocks_of_lines(unpacked(pieces)) for line in block.split("\n") if line]


def in_pieces(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_the_lines_of_a_file_come_whole():
    rows, seen = fetched(lambda: [whole(PACKED)])
    assert rows == ROWS
    assert seen == [("GET /exports/job_1/tenant.json.gz?%s HTTP/1.1" % QUERY).encode()]


def test_a_file_in_chunks_or_until_the_connection_closes_is_the_same():
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in in_pieces(PACKED, 100)) + b"0\r\n\r\n"
    assert fetched(lambda: [whole(chunks, "Transfer-Encoding: chunked", length=False)])[0] == ROWS
    assert fetched(lambda: [whole(PACKED, length=False)])[0] == ROWS


def test_no_token_and_no_cookie_goes_to_the_other_host(monkeypatch):
    heads = []
    honest = exchange.Exchange.stream

    def noting(self, target, headers):
        heads.append(headers)
        return honest(self, target, headers)

    monkeypatch.setattr(exchange.Exchange, "stream", noting)
    fetched(lambda: [whole(PACKED)])
    assert [set(head) for head in heads] == [{"User-Agent", "Accept"}]


@given(size=st.integers(1, 5000), members=st.integers(1, 5))
@settings(deadline=None)
def test_a_whole_file_is_read_whatever_its_pieces_and_members(size, members):
    packed = b"".join(gzip.compress(part) for part in in_pieces(PLAIN, -(-len(PLAIN) // members)))
    assert [json.loads(line) for line in lines(*in_pieces(packed, size))] == ROWS


@given(cut=st.integers(0, len(PACKED) - 1), size=st.integers(1, 5000))
@settings(deadline=None)
def test_a_packed_file_cut_anywhere_is_never_whole(cut, size):
    with pytest.raises(CutOff):
        lines(*in_pieces(PACKED[:cut], size))


@given(cut=st.integers(1, len(PLAIN) - 1))
@settings(deadline=None)
def test_a_file_that_ends_inside_of_a_line_is_never_whole_however_well_it_is_packed(cut):
    text = PLAIN[:cut]
    if text.endswith(b"\n") or PLAIN[cut : cut + 1] == b"\n":
        assert len(lines(gzip.compress(text))) == text.count(b"\n") + (not text.endswith(b"\n"))
    else:
        with pytest.raises(CutOff, match="last line"):
            lines(gzip.compress(text))


@given(data=st.binary(max_size=300), at=st.integers(0, len(PACKED) - 1), bit=st.integers(0, 7))
@settings(deadline=None)
def test_nothing_behind_the_end_and_no_other_content_is_taken_for_the_file(data, at, bit):
    with pytest.raises(CutOff):
        lines(data)
    if data:
        with pytest.raises(CutOff):
            lines(PACKED + data)
    damaged = bytearray(PACKED)
    damaged[at] ^= 1 << bit
    try:
        # The head holds some bits that mean nothing, such as the time.
        assert [json.loads(line) for line in lines(bytes(damaged))] == ROWS and at < 10
    except CutOff:
        pass


@pytest.mark.parametrize("end", ["trailer", "length"])
def test_a_wrong_sum_at_the_end_is_no_whole_file(end):
    wrong = PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:] if end == "trailer" else PACKED[:-4] + b"\1\0\0\0"
    with pytest.raises(CutOff, match="damaged"):
        lines(wrong)


ENDS = {
    "cut off": (lambda: [whole(PACKED[: len(PACKED) // 2], "Content-Length: %d" % len(PACKED), length=False)], "lost"),
    "cut off without a length": (lambda: [whole(PACKED[: len(PACKED) // 2], length=False)], "ends before its end"),
    "empty": (lambda: [whole(b"")], "ends before its end"),
    "not packed": (lambda: [whole(PLAIN)], "not packed as it should be"),
    "expired": (lambda: [whole(b"<Error>expired</Error>", status="403 Forbidden")], "status 403"),
    "a redirect": (lambda: [whole(b"", "Location: http://127.0.0.1:1/", status="302 Found")], "status 302"),
    "no content": (lambda: [whole(b"", status="204 No Content", length=False)], "status 204"),
    "a part": (lambda: [whole(PACKED, "Content-Range: bytes 0-9/99", status="206 Partial Content")], "status 206"),
    "an endless drip": (lambda: [whole(b"", length=False), *slowly(PACKED[:60], 0.05)], "no response in time"),
    "nothing at all": (lambda: [30.0], "no response in time"),
    "silence in the middle": (lambda: [whole(PACKED[:900], length=False), 30.0], "no response in time"),
    "a bomb of one line": (lambda: [whole(bomb())], "longer than"),
    "a bomb of many lines": (lambda: [whole(FLAT)], "packed too well"),
    "no HTTP": (lambda: [b"SSH-2.0-OpenSSH\r\n"], "not HTTP"),
    "an endless head": (lambda: for_ever(b"HTTP/1.1 200 OK\r\nx: ", b"x" * 4096), "not HTTP"),
    "too large": (lambda: [whole(b"", "Content-Length: 99999999999999", length=False)], "larger than"),
    "an unknown transfer": (lambda: [whole(PACKED, "Transfer-Encoding: rot13")], "not asked for"),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_is_no_whole_file_is_an_error_in_time(case):
    script, reason = ENDS[case]
    begun = time.monotonic()
    with pytest.raises((TransportError, ServerError), match=reason) as caught:
        fetched(script, connection(timeout=0.5 if reason == "no response in time" else 8))
    assert time.monotonic() - begun < 10
    assert "127.0.0.1" in str(caught.value)
    assert "canary" not in repr(caught.value) + str(caught.value)


def test_a_line_that_never_ends_is_not_kept():
    text = b'{"name": "' + bytes(range(97, 123)) * 200_000
    with pytest.raises(CutOff, match="longer than 1024 KiB"):
        list(blocks_of_lines(in_pieces(text, 65536)))


def test_blank_lines_are_no_lines_and_have_an_end():
    assert fetched(lambda: [whole(gzip.compress(b"\n\r\n" + PLAIN + b"\n \n"))])[0] == ROWS
    packed = zlib.compressobj(0, wbits=31)
    with pytest.raises(TransportError, match="blank lines"):
        fetched(lambda: [whole(packed.compress(b"\n" * 2**20) + packed.flush())])


def test_a_file_that_never_ends_is_cut_off(monkeypatch):
    monkeypatch.setattr(exchange, "LONGEST_FILE", 2**20)
    with pytest.raises(ServerError, match="larger than"):
        fetched(lambda: for_ever(whole(b"", length=False), PACKED))


def test_a_file_that_takes_hours_is_cut_off(monkeypatch):
    monkeypatch.setattr(exchange, "_LONGEST_DOWNLOAD", 0.2)
    monkeypatch.setattr(exchange, "_PART", 10)
    with pytest.raises(TransportError, match="no response in time"):
        fetched(lambda: [whole(b"", length=False), *slowly(PACKED[:900], 0.01)], connection(timeout=5))


def test_the_time_does_not_run_while_the_caller_is_busy():
    large = gzip.compress(PLAIN * 40, 0)
    with serving(lambda: [whole(large)]) as (port, _seen):
        found = 0
        for _line in download(connection(1), "http://127.0.0.1:%d/x" % port, "download it"):
            if found in (0, 3000):
                time.sleep(1.3)
            found += 1
    assert found == 40 * len(ROWS)


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com/x?" + QUERY,
        "https://user:password-canary@example.com/x?" + QUERY,
        "ftp://127.0.0.1/x?" + QUERY,
        "file:///etc/passwd?" + QUERY,
        "//127.0.0.1/x?" + QUERY,
        "https://exa mple.com/x?" + QUERY,
        "https://example.com:99999/x?" + QUERY,
        "https://example.com\r\n/x?" + QUERY,
        "https://[/x?" + QUERY,
        "********",
        "",
    ],
)
def test_a_link_of_another_form_is_not_followed(link):
    with pytest.raises(ServerError, match="^Could not download it: the link is none that can be followed") as caught:
        list(download(connection(), link, "download it"))
    assert "canary" not in str(caught.value)


def test_plain_http_is_for_a_tenant_on_loopback_only():
    with pytest.raises(ServerError, match="none that can be followed"):
        list(download(connection(base_url="https://example.eu.auth0.com"), "http://127.0.0.1/x", "download it"))


def test_the_link_is_logged_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    # The second header cannot be parsed, which urllib3 warns of with the address.
    fetched(lambda: [whole(PACKED, "x: y", "no header")])
    fetched(lambda: [whole(PACKED)])
    assert "tenant.json.gz" in caplog.text
    assert "canary" not in caplog.text and QUERY not in caplog.text
    assert not any(logging.getLogger("urllib3." + name).filters for name in ("connection", "connectionpool"))


def test_known_secrets_are_masked_in_the_file():
    way = connection()
    way.secrets.add("client-secret-canary")
    packed = gzip.compress(b'{"user_id": "auth0|1", "name": "client-secret-canary"}\n')
    assert fetched(lambda: [whole(packed)], way)[0] == [{"user_id": "auth0|1", "name": "********"}]


def test_memory_is_flat_for_any_number_of_lines():
    def pieces():
        packing = zlib.compressobj(wbits=31)
        for number in range(200_000):
            yield packing.compress(
                b'{"user_id": "auth0|%024x", "email": "user%d@example.com"}\n' % (number * 7, number)
            )
        yield packing.flush()

    tracemalloc.start()
    try:
        found = sum(block.count("\n") + 1 for block in blocks_of_lines(unpacked(pieces())))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == 200_000
    assert peak < 3 * 2**20


def test_an_abandoned_download_closes_its_connection():
    closed = []
    honest = exchange.Exchange.close
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange.Exchange, "close", lambda self: (closed.append(1), honest(self)))
        with serving(lambda: [whole(gzip.compress(PLAIN * 40, 0))]) as (port, _seen):
            rows = download(connection(), "http://127.0.0.1:%d/x" % port, "download it")
            next(rows)
            rows.close()
    assert closed


def test_errors_are_of_the_one_family():
    with pytest.raises(Auth0Error, match="127.0.0.1: connection refused"):
        list(download(connection(), "http://127.0.0.1:1/x", "download it"))
