# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two HTTP clients, both under one budget: requests for tokens and the MFA API, httpx for auth0-python.

Only the budget repeats a request: neither library does so by itself. Redirects are not followed, because they would
carry the bearer token to another host.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Protocol

from .budget import ONCE, REPEATABLE, Budget, Response
from .connection import Connection
from .errors import AmbiguousWriteError, ConfigurationError, ServerError, TransportError, from_response

if TYPE_CHECKING:
    import httpx
    from requests import Response as RequestsResponse
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager

USER_AGENT = "mfaops.auth0"
NOT_REPEATED = (
    "It may have been carried out and was not sent again. Check the user's authenticators before you repeat it."
)


@dataclass(frozen=True)
class Attempt:
    """What the current call attempts.

    :ivar action: as an infinitive phrase, for messages
    :ivar once: it is not to be repeated, whatever its method
    """

    action: str
    once: bool = False


# auth0-python has no parameter that would pass it through.
ATTEMPT: ContextVar[Attempt] = ContextVar("mfaops_auth0_attempt", default=Attempt("reach Auth0"))


class JsonResponse(Response, Protocol):
    """What is read of a response, whichever library received it."""

    @property
    def content(self) -> bytes: ...

    def json(self) -> Any: ...


class Transport:
    """JSON over requests. A context manager; ``close`` frees the connections."""

    def __init__(self, connection: Connection, budget: Budget) -> None:
        import requests

        self.connection = connection
        self.budget = budget
        self._session = requests.Session()
        # Proxies and certificate authorities are read from the environment here and not by requests, which would also
        # replace the bearer token by what a ~/.netrc holds and send loopback traffic to a proxy.
        self._session.trust_env = False
        self._session.verify = _trusted(connection)
        if connection.proxy:
            self._session.proxies = {"http": connection.proxy, "https": connection.proxy}
        elif not connection.is_loopback:
            self._session.proxies = requests.utils.get_environ_proxies(connection.base_url)
        self._wire = _Wire()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _marking_adapter(self._wire))
        self._session.headers["User-Agent"] = USER_AGENT

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        action: str,
        json: Mapping[str, object] | None = None,
        bearer: str | None = None,
    ) -> Any:
        """The parsed response to one JSON request; None where it has no body.

        :param path: absolute path, ids in it already encoded
        :param action: what is attempted, as an infinitive phrase for messages
        :param bearer: the token for the Authorization header
        :raises Auth0Error: the request was refused, the connection was lost, or the response is not JSON
        """
        import requests

        headers = {"Authorization": "Bearer %s" % bearer} if bearer else {}

        def call() -> RequestsResponse:
            self._wire.sent = False
            try:
                return self._session.request(
                    method,
                    self.connection.base_url + path,
                    json=json,
                    headers=headers,
                    timeout=self.connection.timeout,
                    allow_redirects=False,
                )
            except ValueError as error:  # what requests raises for a proxy or an address it cannot parse
                raise _unusable(error) from None
            except requests.RequestException as error:
                raise _no_response(self.connection, method, action, error, self._wire.sent) from None

        return read_response(method, action, self.budget.send(method, "authentication", action, call))


class _Wire:
    """Whether the current request may have left: only then is a lost write ambiguous."""

    sent = False


def _marking_adapter(wire: _Wire) -> HTTPAdapter:
    """An adapter for requests that sets ``wire.sent`` when the first bytes of a request leave."""
    import requests
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Marking(HTTPConnection):
        connecting = False

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
            wire.sent = wire.sent or not self.connecting
            super().send(data)

    class MarkingTls(Marking, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Marking

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = MarkingTls

    def mark(manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            mark(self.poolmanager)

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **options)
            mark(manager)
            return manager

    return Adapter()


def _trusted(connection: Connection) -> bool | str:
    """What both clients verify certificates with: False, a file or directory, or True for the libraries' own bundle."""
    if connection.verify is not True:
        return connection.verify
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    return next((path for path in named if path and os.path.exists(path)), True)


def _unusable(error: Exception) -> ConfigurationError:
    # The text may hold a proxy's password.
    return ConfigurationError(
        "The address or a proxy setting is not usable (%s)" % type(error).__name__,
        hint="Check auth0_domain or base_url, proxy, and HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in the environment.",
    )


def read_response(method: str, action: str, response: JsonResponse) -> Any:
    """The JSON of a response, None where it is empty.

    :raises Auth0Error: the status is not 2xx, or the body is not JSON
    """
    body = None
    if response.content:
        try:
            body = response.json()
        except ValueError:
            body = None
    status = response.status_code
    if not 200 <= status < 300:
        error = from_response(action, status, response.headers, body)
        if status >= 500 and method not in REPEATABLE:
            raise error.replace(AmbiguousWriteError, hint=NOT_REPEATED)
        raise error
    if body is None and response.content:
        if method not in REPEATABLE:
            raise AmbiguousWriteError(
                "Could not %s: the response is not JSON" % action, status=status, hint=NOT_REPEATED
            )
        raise ServerError("Could not %s: the response is not JSON" % action, status=status)
    return body


def httpx_client(connection: Connection, budget: Budget) -> httpx.Client:
    """A client for auth0-python: every request runs under the budget and every refusal is raised.

    The action that messages name is read from ``ATTEMPT``. Calls raise :class:`Auth0Error`, never an error of httpx or of
    auth0-python, whose texts quote whole responses.
    """
    import httpx

    # httpx logs every address at INFO, and addresses hold user ids.
    logging.getLogger("httpx").setLevel(logging.WARNING)

    class BudgetClient(httpx.Client):
        def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
            attempt = ATTEMPT.get()
            action, method = attempt.action, ONCE if attempt.once else request.method

            def call() -> httpx.Response:
                try:
                    return super(BudgetClient, self).send(request, **options)
                except httpx.TransportError as error:
                    sent = not isinstance(error, unsent)
                    raise _no_response(connection, method, action, error, sent) from None

            response = budget.send(method, "management", action, call)
            read_response(method, action, response)
            return response

    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    trusted = _trusted(connection)
    verify: bool | ssl.SSLContext
    if isinstance(trusted, bool):
        verify = trusted
    elif os.path.isdir(trusted):
        verify = ssl.create_default_context(capath=trusted)
    else:
        verify = ssl.create_default_context(cafile=trusted)
    try:
        return BudgetClient(
            verify=verify,
            timeout=connection.timeout,
            headers={"User-Agent": USER_AGENT},
            proxy=connection.proxy,
            trust_env=not connection.is_loopback and not connection.proxy,
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise _unusable(error) from None


def _no_response(connection: Connection, method: str, action: str, error: Exception, sent: bool) -> TransportError:
    """The error for a request without a response. It never quotes the library, whose text may hold an address with secrets.

    :param sent: whether the request may have left
    """
    cause, reason, hint = _root_cause(error, sent)
    message = "Could not %s: %s: %s" % (action, connection.base_url, reason)
    if method in REPEATABLE or not sent:
        lasting = not sent and cause in (socket.gaierror, ssl.SSLError)
        return TransportError(message, hint=hint, lasting=lasting)
    return AmbiguousWriteError(message + ", after the request was sent", hint=NOT_REPEATED)


_CHECK_NETWORK = "Check the address, and that the network, the proxy and the firewall allow the connection."
_CAUSES = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted",
        "Set ca_path to the file of its certificate authority.",
    ),
    (ssl.SSLError, "the TLS handshake failed", "Check that this address serves https."),
    (socket.gaierror, "the host name is unknown", "Check auth0_domain."),
    (ConnectionRefusedError, "connection refused", _CHECK_NETWORK),
)
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


def _root_cause(error: BaseException, sent: bool) -> tuple[type[OSError] | None, str, str]:
    """Class, description and hint of what is behind a library's error."""
    links = list(_chain(error))
    if not sent:
        for kind, reason, hint in _CAUSES:
            if any(isinstance(link, kind) for link in links):
                return (ssl.SSLError if issubclass(kind, ssl.SSLError) else kind), reason, hint
        if any(getattr(link, "errno", None) in _UNREACHABLE for link in links):
            return OSError, "the network is unreachable", _CHECK_NETWORK
    if any(isinstance(link, TimeoutError) or "Timeout" in type(link).__name__ for link in links):
        return (
            TimeoutError,
            "no response in time" if sent else "no connection in time",
            "Check the network, or increase timeout.",
        )
    if not sent:
        return None, "no connection could be made", _CHECK_NETWORK
    return (
        None,
        "the connection was lost",
        "Try again. If it happens again, check the network and any proxy in between.",
    )


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
