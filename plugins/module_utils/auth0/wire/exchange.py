# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its answer, bounded in time and in size, whatever the server does.

The deadline covers everything: the connection, the proxy, TLS, the request, interim answers, headers and body. Timeouts of
the libraries start anew with every byte, and they have none for the size.
"""

from __future__ import annotations

import errno
import http.client
import io
import select
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import Any, Mapping
from urllib.parse import urlsplit

from .connection import Connection
from .proxy import Proxy

# The most of an answer that is received, and the most that it may be unpacked to.
LONGEST_BODY = 32 * 2**20
LONGEST_HEAD = 256 * 2**10
_PIECE = 2**16


@dataclass(frozen=True)
class Answer:
    """What a server answered, complete and unpacked.

    :ivar headers: by their names in lower case
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class Unanswered(Exception):
    """There is no answer, or none that can be used.

    :ivar reason: what happened, without anything that may be secret
    :ivar hint: what to do about it
    :ivar sent: whether the request may have left
    :ivar lasting: asking again cannot help
    :ivar unusable: an answer came, but not one of HTTP, or one that is too large or broken
    """

    def __init__(
        self, reason: str, hint: str, *, sent: bool = False, lasting: bool = False, unusable: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.sent, self.lasting, self.unusable = reason, hint, sent, lasting, unusable


class Exchange:
    """The requests to one tenant, one after the other, over a connection that is kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        parts = urlsplit(connection.base_url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._netloc = parts.netloc
        self._stream: _Stream | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._stream is not None:
            self._stream.shut()
            self._stream = None

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to one request.

        :param target: path and query, encoded
        :raises Unanswered: there is none that can be used, in time
        """
        deadline = time.monotonic() + self._connection.timeout
        stream: _Stream | None = None
        try:
            stream = self._ready(deadline)
            return self._ask(stream, method, target, headers, body)
        except (*_FAILURES, _ProxyFailed) as error:
            self.close()
            raise self._told(error, stream is not None and stream.sent) from None
        except BaseException:  # for instance Ctrl-C: what comes over this connection would answer another request
            self.close()
            raise

    def _ask(self, stream: _Stream, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        client = http.client.HTTPConnection(self._host)
        client.sock = stream
        proxy = self._connection.proxy
        every = {"Host": self._netloc, "Accept-Encoding": "gzip", **headers}
        if proxy is not None and not self._tls:
            target = self._connection.base_url + target
            if proxy.authorization:
                every["Proxy-Authorization"] = proxy.authorization
        client.request(method, target, body, every)
        response = client.getresponse()
        status = response.status
        if proxy is not None and not self._tls and status == 407:
            raise _ProxyFailed(_Refused(status))
        named = {name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers}
        try:
            content = _content(response, stream)
        except _Unusable:
            if not 400 <= status < 500:
                raise
            content = b""  # refused is refused, whatever the words were
            self.close()
        if response.will_close or status < 200:
            self.close()
        return Answer(status, named, content)

    def _ready(self, deadline: float) -> _Stream:
        if self._stream is not None and self._stream.has_news():
            self.close()  # the server closed it meanwhile, or sent what nobody asked for
        stream = self._stream or self._open(deadline)
        stream.begin(deadline, LONGEST_HEAD)
        return stream

    def _open(self, deadline: float) -> _Stream:
        proxy = self._connection.proxy
        if proxy is None:
            self._stream = stream = _Stream(_connected(self._host, self._port, deadline))
        else:
            try:
                self._stream = stream = _Stream(_connected(proxy.host, proxy.port, deadline))
                stream.begin(deadline, LONGEST_HEAD)
                if proxy.tls:
                    stream.wrap(self._connection.context, proxy.host)
                if self._tls:
                    _tunnel(stream, proxy, self._host, self._port)
            except _FAILURES as error:
                raise _ProxyFailed(error) from None
        stream.begin(deadline, LONGEST_HEAD)
        if self._tls:
            stream.wrap(self._connection.context, self._host)
        return stream

    def _told(self, error: Exception, sent: bool) -> Unanswered:
        proxy = self._connection.proxy
        if proxy is not None and isinstance(error, _ProxyFailed):
            return _told_of_proxy(proxy, error.args[0], self._host)
        if isinstance(error, _Unusable):
            return Unanswered(str(error), _CHECK_SERVER, sent=sent, unusable=True)
        if not sent and isinstance(error, (ValueError, http.client.InvalidURL)) and not isinstance(error, OSError):
            return Unanswered("the request cannot be sent", "Check the characters of the token.", lasting=True)
        if isinstance(error, TimeoutError):
            late = "no response in time" if sent else "no connection in time"
            return Unanswered(late, "Check the network, or increase timeout.", sent=sent)
        if sent:
            if not isinstance(error, (OSError, http.client.IncompleteRead)):
                return Unanswered("its answer is not HTTP", _CHECK_SERVER, sent=sent, unusable=True)
            hint = "Try again. If it happens again, check the network and any proxy in between."
            return Unanswered("the connection was lost", hint, sent=sent)
        reason, advice, lasting = _cause(error)
        return Unanswered(reason, advice or "Check auth0_domain.", lasting=lasting)


_CHECK_SERVER = "Check that auth0_domain or base_url is the tenant's address, and any proxy in between."
_CHECK_NETWORK = "Check the address, and that the network, the proxy and the firewall allow the connection."
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


def _cause(error: Exception) -> tuple[str, str | None, bool]:
    """Why no connection could be made: the reason, what to do (None: check the name), and whether that lasts."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted", "Set ca_path to the file of its certificate authority.", True
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed", "Check that this address serves https.", True
    if isinstance(error, socket.gaierror):
        return "the host name is unknown", None, True
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", _CHECK_NETWORK, False
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "the network is unreachable", _CHECK_NETWORK, False
    return "no connection could be made", _CHECK_NETWORK, False


def _told_of_proxy(proxy: Proxy, error: Exception, host: str) -> Unanswered:
    if isinstance(error, _Refused):
        if error.status == 407:
            reason = "it wants a user name and a password, or other ones (407)"
            hint = "Check them in %s: http://user:password@host:port." % proxy.named
        else:
            reason = "it does not connect to %s (%d)" % (host, error.status)
            hint = "Allow %s at the proxy, or change %s." % (host, proxy.named)
        return Unanswered("%s: %s" % (proxy, reason), hint, lasting=error.status < 500)
    if isinstance(error, TimeoutError):
        return Unanswered("%s: no connection in time" % proxy, "Check %s, or increase timeout." % proxy.named)
    if isinstance(error, (http.client.HTTPException, _Unusable)):
        return Unanswered("%s: it did not answer as a proxy" % proxy, "Check %s." % proxy.named)
    reason, advice, lasting = _cause(error)
    hint = "Check %s." % proxy.named if advice is None else "Check %s. %s" % (proxy.named, advice)
    return Unanswered("%s: %s" % (proxy, reason), hint, lasting=lasting)


class _Unusable(Exception):
    """What came is no answer; the text says why."""


class _Refused(Exception):
    """A proxy refused to pass the request on."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _ProxyFailed(Exception):
    """The way to the proxy, or its answer to CONNECT, failed with the error that it holds."""


_FAILURES = (OSError, http.client.HTTPException, ValueError, _Unusable, _Refused)


class _Stream:
    """A connection with a deadline, that counts what it receives. What http.client takes for its socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock: socket.socket | _Nested = sock
        self._deadline = 0.0
        self._most = self._received = 0
        self.sent = False

    def begin(self, deadline: float, most: int) -> None:
        """Start with another request.

        :param deadline: in time.monotonic()
        :param most: how many bytes may be received
        """
        self._deadline, self._most, self._received, self.sent = deadline, most, 0, False

    def let_in(self, most: int) -> None:
        """Receive this many bytes more."""
        self._most = self._received + most

    def wrap(self, context: ssl.SSLContext | None, host: str) -> None:
        """Speak TLS from now on; in the TLS of a proxy as well."""
        if context is None:
            raise ssl.SSLError("no context")
        self._sock.settimeout(self._left())
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock = _Nested(self._sock, context, host)
        elif isinstance(self._sock, socket.socket):
            self._sock = context.wrap_socket(self._sock, server_hostname=host)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline")
        return left

    def sendall(self, data: bytes) -> None:
        """As of a socket."""
        self._sock.settimeout(self._left())
        self.sent = True
        self._sock.sendall(data)

    def receive(self, buffer: memoryview) -> int:
        """As recv_into of a socket.

        :raises TimeoutError: the deadline is over
        """
        self._sock.settimeout(self._left())
        count = self._sock.recv_into(buffer)
        self._received += count
        if self._received > self._most:
            raise _Unusable(_TOO_LARGE if self._most > LONGEST_HEAD else _TOO_MUCH_HEAD)
        return count

    def makefile(self, *_mode: object) -> io.BufferedReader:
        """As of a socket, for reading."""
        return io.BufferedReader(_Receiving(self))

    def close(self) -> None:
        """Nothing: http.client closes its socket before the answer was read."""

    def shut(self) -> None:
        """Close the connection."""
        self._sock.close()

    def has_news(self) -> bool:
        """Whether something came between two requests, the end of the connection included."""
        poll = select.poll()
        poll.register(self._sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))


_TOO_LARGE = "its answer is larger than %d MiB" % (LONGEST_BODY // 2**20)
_TOO_MUCH_HEAD = "its answer has more than %d KiB of headers" % (LONGEST_HEAD // 2**10)


class _Receiving(io.RawIOBase):
    def __init__(self, stream: _Stream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._stream.receive(buffer)


class _Nested:
    """TLS inside of the TLS of a proxy, which the ssl module's sockets cannot do."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, host: str) -> None:
        self._outer, self._in, self._out = outer, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=host)
        self._run(self._tls.do_handshake)

    def settimeout(self, seconds: float) -> None:
        self._outer.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        self._run(lambda: self._tls.write(data))

    def recv_into(self, buffer: memoryview) -> int:
        try:
            return int(self._run(lambda: self._tls.read(len(buffer), buffer)))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return 0

    def fileno(self) -> int:
        return self._outer.fileno()

    def close(self) -> None:
        self._outer.close()

    def _run(self, operation: Any) -> Any:
        while True:
            try:
                done = operation()
            except ssl.SSLWantReadError:
                self._pass_on()
                piece = self._outer.recv(_PIECE)
                if piece:
                    self._in.write(piece)
                else:
                    self._in.write_eof()
            else:
                self._pass_on()
                return done

    def _pass_on(self) -> None:
        if self._out.pending:
            self._outer.sendall(self._out.read())


def _connected(host: str, port: int, deadline: float) -> socket.socket:
    """A connection to the first of the host's addresses that accepts one; each gets its part of the time that is left."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is too long, for instance
        raise socket.gaierror("no name of a host") from None
    last: OSError = OSError("no address")
    for number, (family, kind, protocol, _name, address) in enumerate(found):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline")
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left / (len(found) - number))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
    raise last


def _tunnel(stream: _Stream, proxy: Proxy, host: str, port: int) -> None:
    """Let the proxy connect to the tenant."""
    target = "%s:%d" % ("[%s]" % host if ":" in host else host, port)
    lines = ["CONNECT %s HTTP/1.1" % target, "Host: %s" % target]
    if proxy.authorization:
        lines.append("Proxy-Authorization: %s" % proxy.authorization)
    stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
    response = http.client.HTTPResponse(stream, method="CONNECT")  # type: ignore[arg-type]
    response.begin()
    if not 200 <= response.status < 300:
        raise _Refused(response.status)
    response.close()


def _content(response: http.client.HTTPResponse, stream: _Stream) -> bytes:
    """The whole body, unpacked."""
    if (_length(response) or 0) > LONGEST_BODY:
        raise _Unusable(_TOO_LARGE)
    stream.let_in(LONGEST_BODY)
    content = bytearray()
    while piece := response.read(_PIECE):
        content += piece
    if response.length:
        raise ConnectionResetError("cut off")
    return _unpacked(bytes(content), response.headers.get("content-encoding", ""))


def _length(response: http.client.HTTPResponse) -> int | None:
    """The announced length of the body; None where its end will show."""
    if response.headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        raise _Unusable("its answer has a transfer encoding that was not asked for")
    if "transfer-encoding" in response.headers:
        return None
    stated = {part.strip() for value in response.headers.get_all("content-length", []) for part in value.split(",")}
    if not stated:
        return None
    length = stated.pop()
    if stated or not length.isascii() or not length.isdigit():
        raise _Unusable("its answer announces no length that could be right")
    # 19 digits are more than any answer has, and int() refuses to read thousands of them.
    return int(length[:19])


def _unpacked(content: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not content:
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise _Unusable("its answer is packed in a way that was not asked for")
    unpacked, left = bytearray(), content
    try:
        while left:
            member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            unpacked += member.decompress(left, LONGEST_BODY + 1 - len(unpacked))
            if len(unpacked) > LONGEST_BODY:
                raise _Unusable(_TOO_LARGE + " when it is unpacked")
            if not member.eof:
                raise _Unusable("its answer is packed and broken")
            left = member.unused_data
    except zlib.error:
        raise _Unusable("its answer is packed and broken") from None
    return bytes(unpacked)
