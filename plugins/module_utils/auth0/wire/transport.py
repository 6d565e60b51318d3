# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two HTTP clients, both under one budget: requests for tokens and the MFA API, httpx for auth0-python.

Nothing is sent twice below the budget: neither library repeats a request by itself, and redirects, which would carry
the bearer token to another host, are not followed.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import ssl
from contextvars import ContextVar

from .budget import REPEATABLE, Budget
from .connection import Connection
from .errors import AmbiguousWriteError, ConfigurationError, ServerError, TransportError, from_answer

USER_AGENT = "mfaops.auth0"
NOT_REPEATED = (
    "It may have been carried out and was not sent again: look at the user's authenticators before you repeat it."
)

# What the call under way attempts, for messages: auth0-python has no place of its own to pass it through.
ACTION: ContextVar[str] = ContextVar("mfaops_auth0_action", default="reach Auth0")


class Transport:
    """JSON over requests. A context manager; C(close) frees the connections."""

    def __init__(self, connection: Connection, budget: Budget) -> None:
        import requests

        self.connection = connection
        self._budget = budget
        self._session = requests.Session()
        # The environment may name proxies and certificate authorities; a ~/.netrc would replace the bearer token, and a
        # proxy must not see what is meant for loopback.
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

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def request(self, method: str, path: str, *, action: str, json: dict | None = None, bearer: str | None = None):
        """Send one JSON request and return the parsed answer, None where it has no body.

        :param path: absolute path, ids in it already encoded
        :param action: what is attempted, as an infinitive phrase for messages
        :param bearer: the token for the Authorization header
        :raises Auth0Error: every refusal, lost connection or answer that is not JSON
        """
        import requests

        headers = {"Authorization": "Bearer %s" % bearer} if bearer else {}

        def call():
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
            except ValueError as error:  # requests' own word for proxies and addresses it cannot read
                raise _unusable(error) from None
            except requests.RequestException as error:
                raise _no_answer(self.connection, method, action, error, self._wire.sent) from None

        answer = self._budget.send(method, "authentication", action, call)
        return read_answer(method, action, answer)


class _Wire:
    """Whether the request under way may have left: only then is a lost write ambiguous."""

    sent = False


def _marking_adapter(wire: _Wire):
    import requests
    import urllib3

    def marking(pool_class):
        class Marking(pool_class.ConnectionCls):
            connecting = False

            def connect(self):
                # Includes the TLS handshake and what is sent to a proxy to reach the tenant.
                self.connecting = True
                try:
                    super().connect()
                finally:
                    self.connecting = False

            def send(self, data):
                if self.sock is None:
                    self.connect()
                wire.sent = wire.sent or not self.connecting
                return super().send(data)

        class Pool(pool_class):
            ConnectionCls = Marking

        return Pool

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *arguments, **options):
            super().init_poolmanager(*arguments, **options)
            self._mark(self.poolmanager)

        def proxy_manager_for(self, proxy, **options):
            return self._mark(super().proxy_manager_for(proxy, **options))

        @staticmethod
        def _mark(manager):
            manager.pool_classes_by_scheme = {
                "http": marking(urllib3.HTTPConnectionPool),
                "https": marking(urllib3.HTTPSConnectionPool),
            }
            return manager

    return Adapter()


def _trusted(connection: Connection) -> bool | str:
    """What both clients verify certificates with: False, a file or folder, or True for the libraries' own bundle."""
    if connection.verify is not True:
        return connection.verify
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    return next((path for path in named if path and os.path.exists(path)), True)


def _unusable(error: Exception) -> ConfigurationError:
    # The text may hold a proxy's password.
    return ConfigurationError(
        "The address or a proxy setting cannot be used (%s)" % type(error).__name__,
        hint="Check auth0_domain or base_url, proxy, and HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in the environment.",
    )


def read_answer(method: str, action: str, answer):
    """The JSON of an answer (requests or httpx), None where it is empty.

    :raises Auth0Error: the status is not 2xx, or the body is not JSON
    """
    body = None
    if answer.content:
        try:
            body = answer.json()
        except ValueError:
            body = None
    status = answer.status_code
    if not 200 <= status < 300:
        error = from_answer(action, status, answer.headers, body)
        if status >= 500 and method not in REPEATABLE:
            raise error.replace(AmbiguousWriteError, hint=NOT_REPEATED)
        raise error
    if body is None and answer.content:
        if method not in REPEATABLE:
            raise AmbiguousWriteError("Could not %s: the answer is not JSON" % action, status=status, hint=NOT_REPEATED)
        raise ServerError("Could not %s: the answer is not JSON" % action, status=status)
    return body


def httpx_client(connection: Connection, budget: Budget):
    """An C(httpx.Client) for auth0-python: every request runs under the budget and every refusal is raised.

    The action that messages name is read from C(ACTION). Its calls raise :class:`Auth0Error`, never an httpx error or
    one of auth0-python's own, whose texts quote whole answers.
    """
    import httpx

    # httpx logs every address at INFO, and addresses hold user ids.
    logging.getLogger("httpx").setLevel(logging.WARNING)

    class BudgetClient(httpx.Client):
        def send(self, request, **options):
            action = ACTION.get()

            def call():
                try:
                    return super(BudgetClient, self).send(request, **options)
                except httpx.TransportError as error:
                    sent = not isinstance(error, unsent)
                    raise _no_answer(connection, request.method, action, error, sent) from None

            answer = budget.send(request.method, "management", action, call)
            read_answer(request.method, action, answer)
            return answer

    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    verify = _trusted(connection)
    if isinstance(verify, str):
        folder = os.path.isdir(verify)
        verify = ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)
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


def _no_answer(connection: Connection, method: str, action: str, error: Exception, sent: bool) -> TransportError:
    """The error for a request without an answer; quotes no text of the library, which may hold an address with secrets.

    :param sent: whether the request may have left
    """
    cause, reason, hint = _root_cause(error, sent)
    message = "Could not %s: %s: %s" % (action, connection.base_url, reason)
    if method in REPEATABLE or not sent:
        lasting = not sent and cause in (socket.gaierror, ssl.SSLError)
        return TransportError(message, hint=hint, lasting=lasting)
    return AmbiguousWriteError(message + ", after the request was sent", hint=NOT_REPEATED)


_CHECK_NETWORK = "Check the address, and that the network, a proxy or a firewall lets it through."
_CAUSES = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted", "Give the certificate authority in ca_path."),
    (ssl.SSLError, "no TLS connection", "Check the address: it may not speak https."),
    (socket.gaierror, "the host name is unknown", "Check auth0_domain."),
    (ConnectionRefusedError, "connection refused", _CHECK_NETWORK),
)
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


def _root_cause(error: BaseException, sent: bool) -> tuple[type | None, str, str]:
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
            "no answer in time" if sent else "no connection in time",
            "Check the network, or raise timeout.",
        )
    if not sent:
        return None, "no connection could be made", _CHECK_NETWORK
    return (
        None,
        "the connection was lost",
        "Try again; if it happens again, check the network and any proxy in between.",
    )


def _chain(error: BaseException):
    pending, seen = [error], set()
    while pending:
        link = pending.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            linked = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
            pending.extend(item for item in linked if isinstance(item, BaseException))
