# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: limits, faults, authorization and the request log around the handlers. Plain ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Awaitable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from .actions import routes as actions
from .control import guard, page as control_page, routes as control
from .control.emulation import Emulation
from .guardian import routes as guardian
from .http import browsers, distortions, hostile
from .http.compression import compress
from .http.errors import ApiError, management_error, oauth_error, problem, too_large, unknown_path
from .http.faults import Fault
from .http.files import File
from .http.routing import Call, Route, Router
from .http.validation import read_body
from .management import (
    access,
    applications,
    authentication_methods,
    connections,
    custom_domains,
    elsewhere,
    identities,
    jobs,
    log_streams,
    logs,
    organizations,
    roles,
    tenant_settings,
    users,
)
from .mfa import routes as mfa
from .my_account import routes as my_account
from .oauth import routes as oauth, user_info
from .state.quotas import QuotaExceeded
from .state.tenant import Tenant
from .universal_login import routes as universal_login

_STATUSES = {status.value for status in HTTPStatus}
LARGEST_BODY = 1_000_000  # bytes of a Management write (documented)
_ENCODER = json.JSONEncoder(separators=(",", ":"))
# Set in the ASGI scope by the server: closes the connection without an answer.
CLOSE_EXTENSION = "emulator.close"
# The same: the transport of the connection, for an answer byte for byte.
TRANSPORT_EXTENSION = "emulator.transport"


class Emulator:
    """The ASGI application of one tenant.

    :param seed_file: the file whose users ``tenant`` has beside the seeded ones.
    :param preset: the preset that the tenant's switches come from.
    """

    def __init__(self, tenant: Tenant, seed_file: str | None = None, preset: str | None = None):
        self.emulation = Emulation(tenant, seed_file, preset)
        groups = (
            oauth,
            user_info,
            mfa,
            universal_login,
            my_account,
            users,
            identities,
            organizations,
            authentication_methods,
            access,
            guardian,
            jobs,
            logs,
            actions,
            tenant_settings,
            connections,
            applications,
            custom_domains,
            log_streams,
            roles,
            elsewhere,
        )
        self._router = Router([route for group in groups for route in group.ROUTES])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        def send_with_date(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and b"date" not in dict(message["headers"]):
                date = (b"date", _date(self.emulation.tenant.now() // 1000))
                message = {**message, "headers": [*message["headers"], date]}
            return send(message)

        await self._respond(scope, receive, send_with_date)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["raw_path"].decode("ascii", "replace")
        query_string = scope["query_string"].decode("ascii", "replace")
        body = b"" if method == "GET" else await _read_body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if path.startswith(control.PREFIX) or (method, path) == ("GET", "/"):
            await self._control(method, path, query_string, headers, body)(scope, receive, send)
            return
        call = Call(
            self.emulation.tenant.under(headers.get("host", "")),
            {},
            dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {},
            headers,
            body,
            scheme=scope["scheme"],
        )
        entry = f"{path}?{query_string}" if query_string else path
        arrived = self.emulation.tenant.now()
        status, answer, headers, fault = self._answer(call, method, path, len(entry))
        if fault is None or fault.kind != "proxy":
            headers |= self.emulation.tenant.request_ids.headers(_api_of(path))
        closed = fault is not None and fault.kind in ("close", "lost")
        self.emulation.requests.append((method, entry, call.principal, None if closed else status, arrived))
        if latency := self.emulation.tenant.latency.draw(path):
            await asyncio.sleep(latency)
        if closed:
            scope["extensions"][CLOSE_EXTENSION]()
            await _disconnected(receive)
            return
        if fault is not None and fault.kind == "slow":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_disconnected(receive), fault.seconds)
        if fault is not None and status < 300:
            answer = distortions.rewritten(call, answer, fault)
        if fault is not None and fault.kind == "error-200" and status < 300:
            status, answer = 200, _refusal(_api_of(path), Fault("status", status=500))[1]
            headers.pop("content-type", None)
        is_file = isinstance(answer, File)
        if fault is not None and is_file and (fault.kind in hostile.KINDS or fault.kind in ("malformed", "truncated")):
            answer = await answer.whole()
        response = _response(status, answer, headers)
        if path == "/oauth/token" and (fault is None or fault.kind != "proxy"):
            response.headers["content-type"] = "application/json"
        if fault is None or status >= 300:
            pass
        elif fault.kind in hostile.KINDS:
            original = hostile.Original(status, response.body, is_file)
            await hostile.send(scope["extensions"][TRANSPORT_EXTENSION], fault.kind, original)
            return
        elif fault.kind in ("malformed", "truncated") and response.body:
            whole = response.raw_headers
            response.body = distortions.cut(response.body, fault.part)
            if fault.kind == "truncated":
                await send({"type": "http.response.start", "status": status, "headers": whole})
                await send({"type": "http.response.body", "body": response.body, "more_body": True})
                scope["extensions"][CLOSE_EXTENSION]()
                await _disconnected(receive)
                return
            response.headers["content-length"] = str(len(response.body))
        if self.emulation.tenant.switches["compression"] and not is_file:
            compress(response, call.headers.get("accept-encoding", ""))
        if fault is not None and fault.kind == "headers":
            response.headers.update(fault.headers)
        await response(scope, receive, send)

    def _control(self, method: str, path: str, query_string: str, headers: dict[str, str], body: bytes) -> Response:
        refusal = guard.refusal(headers, self.emulation.tenant.domain)
        if refusal is not None:
            return _response(403, {"error": refusal}, browsers.HEADERS)
        if path == "/":
            return Response(status_code=302, headers={"location": control.PREFIX, **browsers.HEADERS})
        if method == "GET" and path == control.PREFIX:
            page = control_page.render(self.emulation, dict(parse_qsl(query_string)))
            return Response(page, headers={**control_page.HEADERS, **browsers.HEADERS})
        status, answer = control.answer(self.emulation, method, path, query_string, body)
        return _response(status, answer, browsers.HEADERS)

    def _answer(self, call: Call, method: str, path: str, length: int) -> tuple[int, Any, dict[str, str], Fault | None]:
        """Status, body, headers and fault of the request whose path and query together have this length."""
        api = _api_of(path)
        if length > self.emulation.tenant.switches["longest-address"]:
            refusal = too_large(api, 414)
            return refusal.status, refusal.body, {}, None
        found = self._router.find(method, path)
        unknown = "me-read" if api == "my-account" else "other"
        admission = self.emulation.tenant.limiter.admit(api, self._group(found[0], call) if found else unknown)
        headers, fault = admission.headers, None
        try:
            if not admission.allowed:
                if self.emulation.tenant.switches["retry-after"] or api == "my-account":
                    headers = {**headers, "retry-after": str(max(1, math.ceil(admission.wait)))}
                raise _too_many_requests(api)
            fault = self.emulation.faults.take(method, path)
            if fault is not None and fault.kind == "close":
                return 0, None, headers, fault
            if fault is not None and fault.kind == "proxy":
                return fault.status, *distortions.proxy_page(fault), fault
            if fault is not None and fault.kind in ("status", "limit"):
                status, answer = _refusal(api, fault)
                return (
                    status,
                    answer,
                    distortions.limit_headers(fault, headers, self.emulation.tenant.now() / 1000),
                    fault,
                )
            if found is None:
                raise unknown_path(api)
            route, call.path = found
            if fault is not None:
                distortions.prepare(call, fault)
            if api == "management":
                _authorize(call, route.scopes)
                if len(call.body) > LARGEST_BODY:
                    raise too_large(api, 413)
                if route.body is not None:
                    call.content = route.body.check(read_body(call))
            status, answer = distortions.answer(call, route, fault)
            if api == "management" and method != "GET":
                logs.record_write(call, route, path, status, answer)
        except ApiError as error:
            status, answer = error.status, error.body
            headers = headers | error.headers
        except QuotaExceeded as exceeded:
            status, answer = 429, _too_many_requests(api).body
            if api == "my-account":
                headers = {**headers, "retry-after": str(max(1, math.ceil(exceeded.wait)))}
        return status, answer, {**headers, **call.answer_headers}, fault

    def _group(self, route: Route, call: Call) -> str:
        if route.group == "authentication-methods":
            return self.emulation.tenant.switches["authentication-methods-group"]
        if route.group == "me-read" and "type" in call.query:
            return "me-read-filtered"
        return route.group


@lru_cache(maxsize=1)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()


def _api_of(path: str) -> str:
    if f"{path}/".startswith("/api/v2/"):
        return "management"
    return "my-account" if f"{path}/".startswith("/me/v1/") else "authentication"


def _authorize(call: Call, scopes: tuple[str, ...]) -> None:
    """Set the call's principal; raise unless its Management token has one of ``scopes`` (API.md §0.1)."""
    header = call.headers.get("authorization")
    if header is None:
        raise management_error(401, "Missing authentication")
    scheme, _separator, token = header.partition(" ")
    # What is no JWT is no token of this API at all.
    if scheme.lower() != "bearer" or " " in token or token.count(".") != 2:
        raise management_error(400, "Bad HTTP authentication header format", "Bearer")
    claims = call.tenant.signer.verify(token)
    # A token that was issued under a custom domain is good under that name alone (documented), and the other way round.
    if claims is None or claims["aud"] != call.tenant.management_audience or claims["iss"] != call.tenant.issuer:
        raise _unauthorized("Invalid token")
    call.principal = claims["azp"]
    if call.tenant.now() >= claims["exp"] * 1000:
        raise _unauthorized("Expired token received for JSON Web Token validation")
    call.scopes = _scopes(claims["scope"])
    if not any(scope in call.scopes for scope in scopes):
        text = f"Insufficient scope, expected any of: {','.join(scopes)}"
        raise management_error(403, text, "insufficient_scope")


@lru_cache
def _scopes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _unauthorized(text: str) -> ApiError:
    return management_error(401, text, attributes={"error": text})


def _too_many_requests(api: str) -> ApiError:
    if api == "management":
        return management_error(429, "Global limit has been reached", "too_many_requests")
    if api == "my-account":
        return problem(429, "Too Many Requests", "Rate limit exceeded.")
    return oauth_error(429, "too_many_requests", "Rate limit exceeded.")


def _refusal(api: str, fault: Fault) -> tuple[int, Any]:
    status = 429 if fault.kind == "limit" else fault.status
    if fault.body is not None:
        return status, fault.body
    if status == 429:
        return status, _too_many_requests(api).body
    phrase = HTTPStatus(status).phrase if status in _STATUSES else "Unknown"
    if api == "management":
        return status, {"statusCode": status, "error": phrase, "message": phrase}
    if api == "my-account":
        return status, problem(status, phrase, phrase).body
    return status, oauth_error(status, phrase.lower().replace(" ", "_"), phrase).body


def _response(status: int, answer: Any, headers: dict[str, Any]) -> Response:
    cookies = headers.pop("set-cookie", ())
    if isinstance(answer, File):
        return StreamingResponse(answer.packed(), status, headers)
    if answer is None:
        content = b""
    else:
        content = answer if isinstance(answer, bytes) else _ENCODER.encode(answer).encode()
    response = Response(content, status, headers, media_type="application/json; charset=utf-8")
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


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
