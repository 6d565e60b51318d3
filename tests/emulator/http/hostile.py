# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that no HTTP server would send, byte for byte, after the request was carried out."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .files import CONTENT_TYPE

# What a client may hold of an answer before it has to notice; more than that waits for it to read.
_UNREAD = 2**20


@dataclass(frozen=True)
class Original:
    """The answer that is replaced.

    :param is_file: whether the body is a gzip file, so that what is wrong is wrong inside the file.
    """

    status: int
    body: bytes
    is_file: bool = False

    def head(self, *headers: str) -> bytes:
        """The status line and the headers."""
        content_type = f"Content-Type: {CONTENT_TYPE if self.is_file else 'application/json'}"
        return "\r\n".join([f"HTTP/1.1 {self.status} Hostile", content_type, *headers, "", ""]).encode()

    def packed(self, body: bytes) -> Iterable[bytes]:
        """An answer whose body is gzip: as a file, or as the encoding of the answer."""
        encoding = () if self.is_file else ("Content-Encoding: gzip",)
        return [self.head(*encoding, f"Content-Length: {len(body)}"), body]


def _drip(answer: Original) -> Iterable[bytes | float]:
    for byte in answer.head(f"Content-Length: {len(answer.body)}") + answer.body:
        yield bytes([byte])
        yield 1.0


def _endless(answer: Original) -> Iterable[bytes | float]:
    if not answer.is_file:
        return itertools.chain([answer.head()], itertools.repeat(b" " * 65536))
    # Blank lines that are not packed, because a file that grows when it is unpacked is another fault.
    compressor = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    blank = compressor.compress(b"\n" * 65535) + compressor.flush(zlib.Z_FULL_FLUSH)
    return itertools.chain([answer.head(), gzip.compress(b"")[:10]], itertools.repeat(blank))


def _interim(_answer: Original) -> Iterable[bytes | float]:
    return itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _bomb(answer: Original) -> Iterable[bytes | float]:
    return answer.packed(gzip.compress(b" " * 2**20, 9) * 600)


def _broken_gzip(answer: Original) -> Iterable[bytes | float]:
    return answer.packed((answer.body if answer.is_file else gzip.compress(answer.body))[:-6])


def _wrong_length(answer: Original) -> Iterable[bytes | float]:
    return [answer.head("Content-Length: 5, 6"), answer.body]


def _redirect(answer: Original) -> Iterable[bytes | float]:
    return [dataclasses.replace(answer, status=302).head("Location: /elsewhere", "Content-Length: 0")]


# Per kind of fault, the pieces of the answer; a number is a pause in seconds.
KINDS: dict[str, Callable[[Original], Iterable[bytes | float]]] = {
    "drip": _drip,
    "endless": _endless,
    "interim": _interim,
    "bomb": _bomb,
    "broken-gzip": _broken_gzip,
    "wrong-length": _wrong_length,
    "redirect": _redirect,
}


async def send(transport: asyncio.Transport, kind: str, answer: Original) -> None:
    """Send the answer of this kind and close the connection; ends early when the client closes it."""
    for piece in KINDS[kind](answer):
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            transport.write(piece)
        while transport.get_write_buffer_size() > _UNREAD and not transport.is_closing():
            await asyncio.sleep(0.001)
        if transport.is_closing():
            return
    transport.close()
