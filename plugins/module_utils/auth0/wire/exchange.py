# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its answer over requests, bounded in time and in size, whatever the server does.

What requests does not have is added here: a deadline for the whole request (its timeouts start anew with every byte), a
largest size, and whether the request left at all. Cookies, redirects and ~/.netrc belong to its sessions, so none is used.
"""

from __future__ import annotations

import errno
import http.client
import os
import re
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping
from urllib.parse import urlsplit

from .connection import Connection
from .deadlines import Deadlines
from .proxy import Proxy

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager

# The most of an answer that is received, and the most that it may be unpacked to.
LONGEST_BODY = 32 * 2**20
LONGEST_HEAD = 256 * 2**10
# The most of a file. The profiles of twenty million users take less, packed.
LONGEST_FILE = 2 * 2**30
# So much of a file has to come within the timeout of a request, so that a drip is no progress, ...
_PART = 2**14
# ... and all of it while so many seconds are waited for it.
_LONGEST_DOWNLOAD = 4 * 3600.0
_PIECE = 2**16
# A packed answer has one member, or few. The rest is copied after each, so many small ones take for ever.
_MOST_MEMBERS = 64


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


def closed(*, sent: bool) -> Unanswered:
    """What is said where we closed the connection ourselves."""
    return Unanswered("the connection was closed", "Run it again.", sent=sent, lasting=True)


class Exchange:
    """The requests to one tenant, one after the other, over a connection that is kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._watch = _Watch()
        self._adapter = _adapter(connection.context, self._watch)
        proxy = connection.proxy
        self._proxies = {"http": proxy.address, "https": proxy.address} if proxy else {}

    def close(self) -> None:
        """Close the connection."""
        self._adapter.close()
        self._watch.forget()

    def end(self) -> None:
        """Close the connection for good, from any thread. A request under way ends without an answer."""
        self._watch.over()
        self.close()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to one request.

        :param target: path and query, encoded
        :raises Unanswered: there is none that can be used, in time
        """
        with_length = body is not None or method not in ("GET", "HEAD", "DELETE")
        length = {"Content-Length": str(len(body or b""))} if with_length else {}
        self._watch.begin(self._connection.timeout)
        try:
            with self._response(method, target, {**headers, "Accept-Encoding": "gzip", **length}, body) as response:
                return self._read(response)
        except _failures() as error:
            self.close()
            raise self._told(error) from None
        except BaseException:  # for instance Ctrl-C: what comes over this connection would answer another request
            self.close()
            raise
        finally:
            self._watch.end()

    def stream(self, target: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The file at this address as it comes. It is never held as a whole, and the connection is closed at its end.

        The time of the request begins anew with every part, and does not run while the caller is busy with one.

        :raises Unanswered: there is none, or it does not come in time; what was given before is no whole file
        """
        timeout, waited, size = self._connection.timeout, 0.0, 0
        self._watch.begin(timeout)
        try:
            begun = time.monotonic()
            with self._response("GET", target, {**headers, "Accept-Encoding": "identity"}, None) as response:
                if response.status_code != 200:
                    raise _Unusable("it answered with status %d" % response.status_code)
                _check_head({name.lower(): value for name, value in response.headers.items()}, LONGEST_FILE)
                pieces = response.raw.stream(_PART, decode_content=False)
                while part := _next_part(pieces):
                    waited, size = waited + time.monotonic() - begun, size + len(part)
                    if self._watch.is_over or waited > _LONGEST_DOWNLOAD:
                        raise TimeoutError
                    if size > LONGEST_FILE:
                        raise _Unusable("it is larger than %d GiB" % (LONGEST_FILE // 2**30))
                    self._watch.end()
                    yield part
                    self._watch.go_on(timeout)
                    begun = time.monotonic()
                if self._watch.is_over:
                    raise TimeoutError
        except _failures() as error:
            raise self._told(error) from None
        finally:
            self._watch.end()
            self.close()

    def _response(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> requests.Response:
        import requests

        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self._connection.base_url + target, body
        request.headers = requests.structures.CaseInsensitiveDict(headers)
        return self._adapter.send(request, stream=True, timeout=self._connection.timeout, proxies=self._proxies)

    def _read(self, response: requests.Response) -> Answer:
        status = response.status_code
        if status == 407 and self._connection.proxy:
            # Of a proxy without a tunnel, which urllib3 says in these words.
            raise OSError("Tunnel connection failed: 407")
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            _check_head(headers)
            content = _unpacked(_received(response), headers.get("content-encoding", ""))
            if self._watch.is_over:  # then the end of the connection may look like the end of the answer
                raise TimeoutError
        except _Unusable:
            if not 400 <= status < 500:
                raise
            content = b""  # refused is refused, whatever the words were
        if status < 200:
            self.close()  # the answer that it announces would be taken for the next one
        return Answer(status, headers, content)

    def _told(self, error: Exception) -> Unanswered:
        links, sent, proxy = list(_chain(error)), self._watch.sent, self._connection.proxy
        late = self._watch.is_over or any("Timeout" in type(link).__name__ for link in links)
        if self._watch.ended:
            return closed(sent=sent)
        if late:
            what = "no response in time" if sent else "no connection in time"
            told = Unanswered(what, "Check the network, or increase timeout.", sent=sent)
        elif isinstance(error, _Unusable):
            told = Unanswered(str(error), _CHECK_SERVER, sent=sent, unusable=True)
        elif not sent:
            told = _cause(links)
        elif any(isinstance(link, _CUT_OFF) for link in links):
            hint = "Try again. If it happens again, check the network and any proxy in between."
            told = Unanswered("the connection was lost", hint, sent=sent)
        else:
            told = Unanswered("its answer is not HTTP", _CHECK_SERVER, sent=sent, unusable=True)
        return self._told_of_proxy(proxy, links, told, late) if proxy else told

    def _told_of_proxy(self, proxy: Proxy, links: list[BaseException], told: Unanswered, late: bool) -> Unanswered:
        """The same, where the proxy has to do with it."""
        refusals = (re.search("Tunnel connection failed: ([0-9]{3})", str(link)) for link in links)
        status = next((int(refusal[1]) for refusal in refusals if refusal), None)
        if status == 407:
            hint = "Check them in %s: http://user:password@host:port." % proxy.named
            return Unanswered(
                "%s: it wants a user name and a password, or other ones (407)" % proxy, hint, lasting=True
            )
        if status is not None:
            host = urlsplit(self._connection.base_url).hostname
            hint = "Allow %s at the proxy, or change %s." % (host, proxy.named)
            return Unanswered("%s: it does not connect to %s (%d)" % (proxy, host, status), hint, lasting=status < 500)
        if told.sent:
            return told
        if any(type(link).__name__ == "ProxyError" for link in links):
            hint = "Check %s." % proxy.named
            hint += "" if told.hint == _CHECK_NAME else " " + told.hint
            return Unanswered("%s: %s" % (proxy, told.reason), hint, lasting=told.lasting)
        if not late and any(isinstance(link, http.client.HTTPException) for link in links):
            return Unanswered("%s: it did not answer as a proxy" % proxy, "Check %s." % proxy.named)
        return Unanswered("%s: %s" % (proxy, told.reason), told.hint, lasting=told.lasting)


_CHECK_SERVER = "Check that auth0_domain or base_url is the tenant's address, and any proxy in between."
_CHECK_NAME = "Check auth0_domain."
_CHECK_NETWORK = "Check the address, and that the network, the proxy and the firewall allow the connection."
_CUT_OFF = (ConnectionError, ssl.SSLError, http.client.IncompleteRead)
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
# Why nothing was sent: class of the error, what to say, what to do, whether asking again cannot help.
_CAUSES = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted",
        "Set ca_path to the file of its certificate authority.",
        True,
    ),
    (ssl.SSLError, "the TLS handshake failed", "Check that this address serves https.", True),
    (socket.gaierror, "the host name is unknown", _CHECK_NAME, True),
    (ConnectionRefusedError, "connection refused", _CHECK_NETWORK, False),
    (UnicodeEncodeError, "the request cannot be sent", "Check the characters of the token.", True),
)


def _cause(links: list[BaseException]) -> Unanswered:
    for kind, reason, hint, lasting in _CAUSES:
        if any(isinstance(link, kind) for link in links):
            return Unanswered(reason, hint, lasting=lasting)
    if any(isinstance(link, OSError) and link.errno in _UNREACHABLE for link in links):
        return Unanswered("the network is unreachable", _CHECK_NETWORK)
    return Unanswered("no connection could be made", _CHECK_NETWORK)


def _failures() -> tuple[type[Exception], ...]:
    """What requests, and all that it stands on, raise for a request that has no answer."""
    import requests
    from urllib3.exceptions import HTTPError

    return requests.RequestException, HTTPError, OSError, http.client.HTTPException, ValueError, _Unusable


class _Unusable(Exception):
    """What came is no answer; the text says why."""


_DEADLINES = Deadlines()


class _Watch:
    """What requests does not tell of a request, and the end of its time.

    :ivar sent: whether it may have left
    :ivar is_over: whether its time is over
    :ivar ended: whether nothing may be sent any more
    """

    def __init__(self) -> None:
        self.sent = self.is_over = self.ended = False
        self._ends = 0.0
        self._line: socket.socket | None = None

    def begin(self, seconds: float) -> None:
        """Another request starts, and ends after so many seconds."""
        self.sent, self.is_over = False, self.ended
        self.go_on(seconds)

    def go_on(self, seconds: float) -> None:
        """The request may take so many seconds from now on."""
        self._ends = time.monotonic() + seconds
        _DEADLINES.set(self._cut, self._ends)

    def left(self) -> float:
        """Seconds until the request ends."""
        return max(self._ends - time.monotonic(), 0.001)

    def end(self) -> None:
        """The request is done."""
        _DEADLINES.off(self._cut)

    def hold(self, line: socket.socket) -> None:
        """This is the connection now. A copy is kept, because TLS takes the socket itself."""
        self.forget()
        if self.is_over:  # a name that was looked up for too long: nothing would end what is sent now
            line.close()
            raise TimeoutError
        self._line = line.dup()

    def forget(self) -> None:
        """There is no connection now."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def over(self) -> None:
        """The time of this request and of all further ones is over."""
        self.ended = True
        self._cut()

    def _cut(self) -> None:
        self.is_over, line = True, self._line
        try:
            if line is not None:
                # Wakes whoever waits for it, in TLS and in a tunnel as well.
                line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It has ended meanwhile.


def _adapter(context: ssl.SSLContext | None, watch: _Watch) -> HTTPAdapter:
    """What requests sends with, on connections that are watched, with the TLS of this context."""
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError

    class Watched(HTTPConnection):
        connecting = False

        def _new_conn(self) -> socket.socket:
            # Each address of the host gets its part of the time.
            timeout = self.timeout
            try:
                found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
                self.timeout = watch.left() / len(found)
            except OSError:
                pass  # The connection itself will say so.
            except UnicodeError:  # a label that is too long, for instance
                raise socket.gaierror("no name of a host") from None
            line = super()._new_conn()
            self.timeout = timeout
            line.settimeout(timeout if isinstance(timeout, (int, float)) else None)
            watch.hold(line)
            return line

        def connect(self) -> None:
            # Includes the TLS handshake and what is sent to a proxy to reach the tenant.
            self.connecting = True
            try:
                super().connect()
            finally:
                self.connecting = False

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            watch.sent = watch.sent or not self.connecting
            super().send(data)

        def getresponse(self) -> Any:
            line = self.sock
            try:
                return super().getresponse()
            except HTTPError:  # of headers that contradict each other; then nobody closes the connection
                os.close(line.detach())
                raise

    class WatchedTls(Watched, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Watched

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = WatchedTls

    def watched(manager: PoolManager) -> PoolManager:
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        return manager

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, ssl_context=context, **options)
            watched(self.poolmanager)

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            return watched(super().proxy_manager_for(proxy, ssl_context=context, proxy_ssl_context=context, **options))

        def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
            # Without what requests trusts by itself, which it would add to what the context trusts.
            where, _trust = super().build_connection_pool_key_attributes(request, verify, cert)
            return where, {}

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            """The context does it."""

    return Adapter(pool_connections=1, pool_maxsize=1)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything behind it, each once."""
    pending = [error]
    seen: set[int] = set()
    while pending:
        link = pending.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            linked = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
            pending.extend(item for item in linked if isinstance(item, BaseException))


def _check_head(headers: Mapping[str, str], longest: int = LONGEST_BODY) -> None:
    """Refuse what urllib3 reads in one way and a proxy on the way may read in another."""
    if sum(map(len, headers.values())) > LONGEST_HEAD:
        raise _Unusable("its answer has more than %d KiB of headers" % (LONGEST_HEAD // 2**10))
    if headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        raise _Unusable("its answer has a transfer encoding that was not asked for")
    for length in headers.get("content-length", "0").split(","):
        if not re.fullmatch("[0-9]+", length.strip(), re.ASCII):
            raise _Unusable("its answer announces no length that could be right")
        # int() refuses to read thousands of digits.
        if int(length.strip()[:19]) > longest:
            raise _Unusable("its answer is larger than %d MiB" % (longest // 2**20))


def _next_part(pieces: Iterator[bytes]) -> bytes:
    """The next part of a file, which is small only at its end; empty after that."""
    part = bytearray()
    for piece in pieces:
        part += piece
        if len(part) >= _PART:
            break
    return bytes(part)


def _received(response: requests.Response) -> bytes:
    """The whole body, as it came."""
    content = bytearray()
    for piece in response.raw.stream(_PIECE, decode_content=False):
        content += piece
        if len(content) > LONGEST_BODY:
            raise _Unusable(_TOO_LARGE)
    return bytes(content)


_TOO_LARGE = "its answer is larger than %d MiB" % (LONGEST_BODY // 2**20)


def _unpacked(content: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not content:
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise _Unusable("its answer is packed in a way that was not asked for")
    unpacked, left = bytearray(), content
    try:
        for _member in range(_MOST_MEMBERS):
            member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            unpacked += member.decompress(left, LONGEST_BODY + 1 - len(unpacked))
            if len(unpacked) > LONGEST_BODY:
                raise _Unusable(_TOO_LARGE + " when it is unpacked")
            if not member.eof:
                raise _Unusable("its answer is packed and broken")
            left = member.unused_data
            if not left:
                return bytes(unpacked)
    except zlib.error:
        pass
    raise _Unusable("its answer is packed and broken")
