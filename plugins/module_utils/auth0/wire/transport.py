# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to the tenant and their answers as JSON: ours, and those of auth0-python, which go the same way.

Only the budget repeats a request. Redirects are not followed, because they would carry the bearer token to another host.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from .budget import ONCE, REPEATABLE, Budget
from .connection import Connection
from .errors import AmbiguousWriteError, Auth0Error, AuthenticationError, ServerError, TransportError, from_response
from .exchange import Exchange, Unanswered, closed
from .limits import is_quota, refused_until
from .redaction import Secrets

if TYPE_CHECKING:
    import httpx

USER_AGENT = "mfaops.auth0"
NOT_REPEATED = (
    "It may have been carried out and was not sent again. Check the user's authenticators before you repeat it."
)
# No documented answer is nested more than a few levels. Deeper ones are made to break their reader.
_DEEPEST = 64
# No documented answer has a tenth of these. Each takes a hundred bytes of memory or more, however few it takes on the way.
_MOST_VALUES = 1_000_000
_LAST_TIME = 253402300800.0


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
# The JSON of the last answer that auth0-python got, because what it makes of an answer hides what the answer lacks. A tuple of
# it alone; empty while there is no answer.
ANSWER: ContextVar[tuple[Any, ...]] = ContextVar("mfaops_auth0_answer", default=())


@dataclass(frozen=True)
class Reply:
    """An answer, read.

    :ivar headers: by their names in lower case, without secrets
    :ivar body: the parsed JSON without the secrets that were known before; None where there is none
    :ivar wrong: why the body cannot be used; None where it can
    """

    status_code: int
    headers: Mapping[str, str]
    body: object = None
    wrong: str | None = None


class Transport:
    """Requests to one tenant under one budget, from any thread. A context manager; ``close`` frees the connections."""

    def __init__(self, connection: Connection, budget: Budget) -> None:
        self.connection, self.budget = connection, budget
        self._lock = threading.Lock()
        # As many as there were requests at once; those that nobody uses now are free.
        self._exchanges: list[Exchange] = []
        self._free: list[Exchange] = []
        self._closed = False

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections for good. Requests of other threads end, and nothing is sent afterward."""
        with self._lock:
            self._closed = True
            exchanges = list(self._exchanges)
        for exchange in exchanges:
            exchange.end()

    @contextmanager
    def _exchange(self) -> Iterator[Exchange]:
        """One that nobody else uses meanwhile. Connections outlive threads, because each takes a handshake.

        :raises Unanswered: all are closed
        """
        with self._lock:
            if self._closed:
                raise closed(sent=False)
            if self._free:
                exchange = self._free.pop()
            else:
                exchange = Exchange(self.connection)
                self._exchanges.append(exchange)
        try:
            yield exchange
        finally:
            self._free.append(exchange)

    def request(
        self,
        method: str,
        path: str,
        *,
        action: str,
        json: Mapping[str, object] | None = None,
        bearer: str | None = None,
    ) -> Any:
        """The parsed answer to one request with JSON; None where it has no body.

        :param path: absolute path, ids in it already encoded
        :param action: what is attempted, as an infinitive phrase for messages
        :param bearer: the token for the Authorization header
        :raises Auth0Error: the request was refused, the connection was lost, or the answer is not JSON
        """
        if bearer is not None:
            check_sendable(bearer, action)
        headers = {"Authorization": "Bearer %s" % bearer} if bearer else {}
        body = None
        if json is not None:
            headers["Content-Type"] = "application/json"
            body = _encoded(json)
        return self.send(method, path, headers, body, bucket="authentication", attempt=Attempt(action)).body

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, *, bucket: str, attempt: Attempt
    ) -> Reply:
        """The one way of every request: sent under the budget, its answer read, masked and refused if it is no success.

        :param bucket: the rate limit that it counts against
        :raises Auth0Error: as ``request``
        """
        secrets, action = self.connection.secrets, attempt.action
        _learn(secrets, headers, body)
        means = ONCE if attempt.once else method
        every = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}

        def call() -> Reply:
            try:
                with self._exchange() as exchange:
                    answer = exchange.send(method, target, every, body)
            except Unanswered as error:
                raise self._no_answer(means, action, error) from None
            return _read(answer.status_code, answer.headers, answer.content, secrets)

        reply = self.budget.send(means, bucket, action, call, route=route_of(method, target))
        check_success(means, action, reply, self.budget.now())
        return reply

    def _no_answer(self, method: str, action: str, error: Unanswered) -> TransportError | ServerError:
        message = "Could not %s: %s: %s" % (action, self.connection.base_url, error.reason)
        if error.sent and method not in REPEATABLE:
            return AmbiguousWriteError(message + ", after the request was sent", hint=NOT_REPEATED)
        # A removal is repeated: whatever came of it, the next answer says whether it is gone.
        if error.unusable and method != "DELETE":
            return ServerError(message, hint=error.hint)
        return TransportError(message, hint=error.hint, lasting=error.lasting)


def route_of(method: str, target: str) -> str:
    """Which endpoint it is: the method and the path without the IDs in it."""
    path = target.partition("?")[0]
    return "%s %s" % (method, re.sub(r"(?<=/)(?!v\d+(?:/|$)|[a-z]+(?:-[a-z]+)*(?:/|$))[^/]+", "{}", path))


def _encoded(body: Mapping[str, object]) -> bytes:
    return json.dumps(body).encode("ascii")


def _learn(secrets: Secrets, headers: Mapping[str, str], body: bytes | None) -> None:
    """Remember what is sent, because a server may return it."""
    sent = json.loads(body) if body else {}
    secrets.sent(sent if isinstance(sent, dict) else {}, headers.get("Authorization", "").partition(" ")[2])


def _read(status: int, headers: Mapping[str, str], content: bytes, secrets: Secrets) -> Reply:
    shown = {name: secrets.text(value) for name, value in headers.items()}
    if not content:
        return Reply(status, shown)
    if sum(map(content.count, (b"[", b"{", b","))) > _MOST_VALUES:
        return Reply(status, shown, wrong="the response has more than %d values" % _MOST_VALUES)
    try:
        body = json.loads(content, parse_constant=_no_number)
        return Reply(status, shown, secrets.answer(printable(body), is_error=status >= 400))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return Reply(status, shown, wrong="the response is not JSON")


def _no_number(name: str) -> object:
    raise ValueError("%s is not JSON" % name)


def printable(value: object, depth: int = 0) -> Any:
    """The JSON value with half characters replaced, which cannot be written anywhere.

    :raises ValueError: it is nested too deep
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, (dict, list)):
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        if isinstance(value, list):
            return [printable(each, depth + 1) for each in value]
        return {str(printable(name, depth)): printable(each, depth + 1) for name, each in value.items()}
    return value


def is_sendable(token: str) -> bool:
    """Whether it can be sent in a header, as every token can."""
    return re.fullmatch(r"[!-~]+", token) is not None


def check_sendable(token: str, action: str) -> None:
    """Return if it can be sent in a header.

    :param action: as an infinitive phrase, for the message
    :raises AuthenticationError: it holds what no token has
    """
    if not is_sendable(token):
        raise AuthenticationError(
            "Could not %s: the token is empty, or has blanks, line breaks or characters outside of ASCII" % action,
            hint="Copy the token as a whole, without quotes and without a line break at its end.",
        )


def check_success(method: str, action: str, reply: Reply, now: float) -> None:
    """Return if it is a success that can be used.

    :param method: of HTTP, or ``ONCE``
    :param now: Unix seconds by the server's clock
    :raises Auth0Error: it is not
    """
    status = reply.status_code
    if 200 <= status < 300:
        if reply.wrong is None:
            return
        message = "Could not %s: %s" % (action, reply.wrong)
        if method not in REPEATABLE:
            raise AmbiguousWriteError(message, status=status, hint=NOT_REPEATED)
        raise ServerError(message, status=status)
    error = from_response(action, status, reply.headers, reply.body)
    if status == 429:
        raise _not_a_request_limit(error, reply.headers, now)
    if not 400 <= status < 500 and method not in REPEATABLE:
        raise error.replace(AmbiguousWriteError, hint=NOT_REPEATED)
    if status < 400:
        hint = (
            "Check that auth0_domain or base_url is the tenant's own address. It answers with a redirect or a notice."
        )
        raise error.replace(ServerError, hint=hint)
    raise error


def _not_a_request_limit(error: Auth0Error, headers: Mapping[str, str], now: float) -> Auth0Error:
    """The error for a 429 that waiting a little does not end, with what the headers say about its end."""
    hint = error.hint or (
        "The application's quota of tokens is used up. Ask for fewer tokens, or raise the quota."
        if is_quota(headers)
        else "This is not the tenant's limit of requests, but one of this user or application, so it was not sent again."
    )
    until = refused_until(headers, now)
    if until is not None and until < _LAST_TIME:
        hint += " Auth0 will accept it again at %s." % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
    return error.replace(hint=hint)


def httpx_client(transport: Transport) -> httpx.Client:
    """A client for auth0-python: every request goes through the transport, which stays the caller's, and every refusal is raised.

    What it attempts is read from ``ATTEMPT``. Calls raise :class:`Auth0Error`, never an error of httpx or of auth0-python,
    whose texts quote whole responses.
    """
    import httpx

    # httpx logs every address at INFO, and addresses hold user ids.
    logging.getLogger("httpx").setLevel(logging.WARNING)

    class Through(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            headers = {name: value for name, value in request.headers.items() if name not in _OF_HTTPX}
            if "authorization" in headers:
                headers["Authorization"] = headers.pop("authorization")
            target = request.url.raw_path.decode("ascii")
            body = request.read() or None
            attempt = ATTEMPT.get()
            reply = transport.send(request.method, target, headers, body, bucket="management", attempt=attempt)
            ANSWER.set((reply.body,))
            content = b"" if reply.body is None else _encoded(reply.body)  # type: ignore[arg-type]
            return httpx.Response(reply.status_code, headers={"Content-Type": "application/json"}, content=content)

    return httpx.Client(transport=Through(), trust_env=False)


# What the exchange says by itself.
_OF_HTTPX = ("host", "accept", "accept-encoding", "connection", "content-length", "user-agent")
