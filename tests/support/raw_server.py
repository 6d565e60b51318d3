# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers with any bytes, in any rhythm: what an HTTP server would refuse to send."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

# Gives the pieces of the answer to a request; a number is a pause in seconds. The connection is closed at the end.
Script = Callable[[], Iterable[bytes | float]]


def whole(body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    """An answer with these headers."""
    lines = ["HTTP/1.1 " + status, *headers, *(["Content-Length: %d" % len(body)] if length else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def slowly(data: bytes, pause: float = 1.0) -> Iterator[bytes | float]:
    """One byte after the other."""
    for byte in data:
        yield bytes([byte])
        yield pause


def for_ever(start: bytes, again: bytes) -> Iterator[bytes]:
    """The same piece again and again."""
    return itertools.chain([start], itertools.repeat(again))


def bomb(size: int = 600 * 2**20) -> bytes:
    """A body that is small when it is packed."""
    return gzip.compress(bytes(2**20), 9) * (size // 2**20)


@contextlib.contextmanager
def serving(script: Script) -> Iterator[tuple[int, list[bytes]]]:
    """The port, and the first line of every request so far."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            request = _request(connection)
            if not request:
                return
            seen.append(request.partition(b"\r\n")[0])
            for piece in script():
                if over.is_set():
                    return
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                else:
                    over.wait(piece)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _blank, body = data.partition(b"\r\n\r\n")
    wanted = 0
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            wanted = int(value)
    deadline = time.monotonic() + 10
    while len(body) < wanted and time.monotonic() < deadline:
        body += connection.recv(65536)
    return head
