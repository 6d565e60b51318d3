# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that no HTTP server would send, byte for byte, after the request was carried out."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import Callable, Iterable

# What a client may hold of an answer before it has to notice; more than that waits for it to read.
_UNREAD = 2**20


def _head(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Hostile", "Content-Type: application/json", *headers, "", ""]).encode()


def _drip(status: int, body: bytes) -> Iterable[bytes | float]:
    for byte in _head(status, f"Content-Length: {len(body)}") + body:
        yield bytes([byte])
        yield 1.0


def _endless(status: int, _body: bytes) -> Iterable[bytes | float]:
    return itertools.chain([_head(status)], itertools.repeat(b" " * 65536))


def _interim(_status: int, _body: bytes) -> Iterable[bytes | float]:
    return itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _bomb(status: int, _body: bytes) -> Iterable[bytes | float]:
    packed = gzip.compress(b" " * 2**20, 9) * 600
    return [_head(status, "Content-Encoding: gzip", f"Content-Length: {len(packed)}"), packed]


def _broken_gzip(status: int, body: bytes) -> Iterable[bytes | float]:
    packed = gzip.compress(body)[:-6]
    return [_head(status, "Content-Encoding: gzip", f"Content-Length: {len(packed)}"), packed]


def _wrong_length(status: int, body: bytes) -> Iterable[bytes | float]:
    return [_head(status, "Content-Length: 5, 6"), body]


def _redirect(_status: int, _body: bytes) -> Iterable[bytes | float]:
    return [_head(302, "Location: /elsewhere", "Content-Length: 0")]


# Per kind of fault, the pieces of the answer; a number is a pause in seconds.
KINDS: dict[str, Callable[[int, bytes], Iterable[bytes | float]]] = {
    "drip": _drip,
    "endless": _endless,
    "interim": _interim,
    "bomb": _bomb,
    "broken-gzip": _broken_gzip,
    "wrong-length": _wrong_length,
    "redirect": _redirect,
}


async def send(transport: asyncio.Transport, kind: str, status: int, body: bytes) -> None:
    """Send the answer of this kind and close the connection; ends early when the client closes it."""
    for piece in KINDS[kind](status, body):
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            transport.write(piece)
        while transport.get_write_buffer_size() > _UNREAD and not transport.is_closing():
            await asyncio.sleep(0.001)
        if transport.is_closing():
            return
    transport.close()
