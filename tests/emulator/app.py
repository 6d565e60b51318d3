# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: limits, faults, authorisation and the request log around the handlers. Plain ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections import deque
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from . import control, methods_routes, mfa_routes, oauth_routes, users_routes
from .errors import ApiError, management_error, oauth_error, unknown_path
from .faults import Fault, Faults
from .routing import Call, Route, Router
from .tenant import Tenant

LOGGED_REQUESTS = 100_000
# Set in the ASGI scope by the server: closes the connection without an answer.
CLOSE_EXTENSION = "emulator.close"


class Emulator:
    """The ASGI application of one tenant."""

    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.faults = Faults()
        self.requests: deque[tuple] = deque(maxlen=LOGGED_REQUESTS)
        self._router = Router(oauth_routes.ROUTES + mfa_routes.ROUTES + users_routes.ROUTES + methods_routes.ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["raw_path"].decode("ascii", "replace")
        query_string = scope["query_string"].decode("ascii", "replace")
        body = b"" if method == "GET" else await _read_body(receive)
        if path.startswith(control.PREFIX):
            status, answer = control.answer(self, method, path, query_string, body)
            await _response(status, answer, {})(scope, receive, send)
            return
        call = Call(
            self.tenant,
            {},
            dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {},
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        entry = f"{path}?{query_string}" if query_string else path
        arrived = self.tenant.now()
        status, answer, headers, fault = self._answer(call, method, path)
        closed = fault is not None and fault.kind in ("close", "lost")
        self.requests.append((method, entry, call.principal, None if closed else status, arrived))
        if closed:
            scope["extensions"][CLOSE_EXTENSION]()
            await _disconnected(receive)
            return
        if fault is not None and fault.kind == "slow":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_disconnected(receive), fault.seconds)
        response = _response(status, answer, headers)
        if path == "/oauth/token":
            response.headers["content-type"] = "application/json"
        await response(scope, receive, send)

    def _answer(self, call: Call, method: str, path: str) -> tuple[int, Any, dict[str, str], Fault | None]:
        api = "management" if f"{path}/".startswith("/api/v2/") else "authentication"
        found = self._router.find(method, path)
        admission = self.tenant.limiter.admit(api, self._group(found[0]) if found else "other")
        headers, fault = admission.headers, None
        try:
            if not admission.allowed:
                if self.tenant.switches["retry-after"]:
                    headers = {**headers, "retry-after": str(max(1, math.ceil(admission.wait)))}
                raise _too_many_requests(api)
            fault = self.faults.take(method, unquote(path))
            if fault is not None and fault.kind == "close":
                return 0, None, headers, fault
            if fault is not None and fault.kind == "status":
                return fault.status, _fault_body(api, fault), {**headers, **fault.headers}, fault
            if found is None:
                raise unknown_path(api)
            route, call.path = found
            if api == "management":
                _authorize(call, route.scopes)
            status, answer = route.handler(call)
        except ApiError as error:
            status, answer = error.status, error.body
        return status, answer, headers, fault

    def _group(self, route: Route) -> str:
        if route.group == "authentication-methods":
            return self.tenant.switches["authentication-methods-group"]
        return route.group


def _authorize(call: Call, scopes: tuple[str, ...]) -> None:
    """Let a Management token with any of ``scopes`` in (API.md §0.1); sets the call's principal."""
    header = call.headers.get("authorization")
    if header is None:
        raise management_error(401, "Missing authentication")
    scheme, _separator, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise management_error(400, "Bad HTTP authentication header format")
    claims = call.tenant.signer.verify(token)
    if claims is None or claims["aud"] != call.tenant.management_audience:
        raise _unauthorized("Invalid token")
    call.principal = claims["azp"]
    if call.tenant.now() >= claims["exp"] * 1000:
        raise _unauthorized("Expired token received for JSON Web Token validation")
    granted = claims["scope"].split()
    if not any(scope in granted for scope in scopes):
        text = f"Insufficient scope, expected any of: {','.join(scopes)}"
        raise management_error(403, text, "insufficient_scope")


def _unauthorized(text: str) -> ApiError:
    return management_error(401, text, attributes={"error": text})


def _too_many_requests(api: str) -> ApiError:
    if api == "management":
        return management_error(429, "Global limit has been reached", "too_many_requests")
    return oauth_error(429, "too_many_requests", "Rate limit exceeded.")


def _fault_body(api: str, fault: Fault) -> Any:
    if fault.body is not None:
        return fault.body
    if fault.status == 429:
        return _too_many_requests(api).body
    phrase = HTTPStatus(fault.status).phrase
    if api == "management":
        return management_error(fault.status, phrase).body
    return oauth_error(fault.status, phrase.lower().replace(" ", "_"), phrase).body


def _response(status: int, answer: Any, headers: dict[str, str]) -> Response:
    content = b"" if answer is None else json.dumps(answer, separators=(",", ":")).encode()
    return Response(content, status, headers, media_type="application/json; charset=utf-8")


async def _read_body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
