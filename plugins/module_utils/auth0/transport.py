# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two HTTP clients, both under one budget: requests for tokens and the MFA API, httpx for auth0-python.

Nothing is sent twice below the budget: neither library repeats a request by itself, and redirects, which would carry
the bearer token to another host, are not followed.
"""

from __future__ import annotations

import logging
import socket
import ssl
from contextvars import ContextVar

from .budget import REPEATABLE, Budget
from .connection import Connection
from .errors import AmbiguousWriteError, ServerError, TransportError, from_answer

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
        # The environment's proxies are honoured, but never a ~/.netrc: it would replace the bearer token.
        self._session.auth = lambda request: request
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
        url = self.connection.base_url + path

        def call():
            try:
                return self._session.request(
                    method,
                    url,
                    json=json,
                    headers=headers,
                    timeout=self.connection.timeout,
                    verify=_verify(self._session, url, self.connection),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _no_answer(self.connection, method, action, error) from None

        answer = self._budget.send(method, "authentication", action, call)
        return read_answer(method, action, answer)


def _verify(session, url: str, connection: Connection):
    # requests lets REQUESTS_CA_BUNDLE overrule a session's setting, so the decision is made for every request.
    if connection.verify is True:
        return session.merge_environment_settings(url, {}, None, True, None)["verify"]
    return connection.verify


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
            raise error.as_kind(AmbiguousWriteError, hint=NOT_REPEATED)
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
                    raise _no_answer(connection, request.method, action, error) from None

            answer = budget.send(request.method, "management", action, call)
            read_answer(request.method, action, answer)
            return answer

    verify = connection.verify
    if isinstance(verify, str):
        verify = ssl.create_default_context(cafile=verify)
    return BudgetClient(verify=verify, timeout=connection.timeout, headers={"User-Agent": USER_AGENT})


def _no_answer(connection: Connection, method: str, action: str, error: Exception) -> TransportError:
    """The error for a request without an answer; quotes no text of the library, which may hold an address with secrets."""
    cause, reason, hint = _root_cause(error)
    message = "Could not %s: %s: %s" % (action, connection.base_url, reason)
    lasting = cause in (socket.gaierror, ssl.SSLCertVerificationError, ssl.SSLError)
    if method in REPEATABLE or lasting or cause is ConnectionRefusedError:
        return TransportError(message, hint=hint, lasting=lasting)
    return AmbiguousWriteError(
        message + ", after the request was sent",
        hint=NOT_REPEATED,
    )


_CAUSES = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted", "Give the certificate authority in ca_path."),
    (ssl.SSLError, "no TLS connection", "Check the address: it may not speak https."),
    (socket.gaierror, "the host name is unknown", "Check auth0_domain."),
    (ConnectionRefusedError, "connection refused", "Check the address, and that a proxy or firewall lets it through."),
    (TimeoutError, "no answer in time", "Check the network, or raise timeout."),
)


def _root_cause(error: BaseException) -> tuple[type | None, str, str]:
    chain, seen = [error], set()
    while chain:
        link = chain.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        for kind, reason, hint in _CAUSES:
            if isinstance(link, kind) or "Timeout" in type(link).__name__ and kind is TimeoutError:
                return kind, reason, hint
        linked = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        chain.extend(item for item in linked if isinstance(item, BaseException))
    return (
        None,
        "the connection was lost",
        "Try again; if it happens again, check the network and any proxy in between.",
    )
