# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of requests that are carried out: what happens just before, and how the response is distorted."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..state.tokens import Sealer
from .errors import ApiError
from .faults import Fault
from .files import File
from .routing import Call, Route
from .validation import DEFAULT_PER_PAGE

UNKNOWN_FACTOR = "hologram"
ECHO = "x_request"
_NESTED = "[" * 100_000 + "]" * 100_000
UNKNOWN_MEMBER = {"x_unknown": {"level": 3}}


def limit_headers(fault: Fault, headers: dict[str, str], now: float) -> dict[str, str]:
    """The headers of a response that a fault refuses, made from those that it would have had; ``now`` is the tenant's time."""
    if not fault.limit_headers:
        headers = {name: value for name, value in headers.items() if not name.startswith("x-ratelimit-")}
    elif fault.kind == "limit":
        reset = str(math.ceil(now + fault.seconds))
        headers = {**headers, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return {**headers, **fault.headers}


def proxy_page(fault: Fault) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of what a proxy in between says; nothing of them is the tenant's."""
    page = f"<!DOCTYPE html><html><head><title>{fault.status}</title></head><body><h1>The proxy says {fault.status}</h1></body></html>"
    asks = {"proxy-authenticate": 'Basic realm="proxy"'} if fault.status == 407 else {}
    headers = {"content-type": "text/html", "via": "1.1 proxy.example.com", **asks}
    return page.encode(), headers | {name.lower(): value for name, value in fault.headers.items()}


def rewritten(call: Call, answer: Any, fault: Fault) -> Any:
    """What is sent in the place of an answer that succeeded: as deep as no parser goes, or with what the client sent."""
    if fault.kind == "nested" and answer is not None:
        if isinstance(answer, File):
            return dataclasses.replace(answer, write=lambda _rows: iter([_NESTED]))
        return _NESTED.encode()
    if fault.kind == "echo":
        sent = {"headers": call.headers, "body": call.body.decode("utf-8", "replace")}
        if isinstance(answer, dict):
            return {**answer, ECHO: sent}
        if isinstance(answer, list):
            return [{**row, ECHO: sent} if isinstance(row, dict) else row for row in answer]
    return answer


def prepare(call: Call, fault: Fault) -> None:
    """Delete the user or expire the token that the fault names, just before the request is carried out."""
    if fault.kind == "delete-user":
        call.tenant.remove(fault.user_id or call.path.get("id", ""))
    elif fault.kind == "expire-token":
        token = call.headers.get("authorization", "").partition(" ")[2]
        if not token:
            return
        keeper = call.tenant.sealer if token.startswith(Sealer.PREFIX) else call.tenant.signer
        keeper.expire(token)


def answer(call: Call, route: Route, fault: Fault | None) -> tuple[int, Any]:
    """The handler's answer as the fault distorts it."""
    status, body = route.handler(call)
    if fault is None or status >= 300:
        return status, body
    if isinstance(body, File):
        return status, dataclasses.replace(body, rows=_distorted_rows(body.rows, fault))
    if fault.kind in _MISPLACED:
        return status, _misplaced(call, route, body, fault)
    return status, _distorted(body, fault)


_MISPLACED = ("shift", "duplicate", "fewer", "more")


def _distorted(value: Any, fault: Fault) -> Any:
    """A JSON value as a fault that changes members distorts it; any other fault leaves it alone."""
    if fault.kind == "unknown":
        return _with_unknown(value)
    if fault.kind == "sparse":
        return _without(value, fault.members)
    if fault.kind == "retyped":
        return _changed(value, {name: _another for name in fault.members})
    if fault.kind == "replaced":
        return _changed(value, {name: lambda _old, new=new: new for name, new in fault.values.items()})
    return value


def _distorted_rows(rows: Iterator[dict], fault: Fault) -> Iterator[dict]:
    """The rows of a file; a shifted one lacks its first rows, one with duplicates has them twice."""
    if fault.kind == "shift":
        return itertools.islice(rows, fault.rows, None)
    if fault.kind == "duplicate":
        first = list(itertools.islice(rows, fault.rows))
        return itertools.chain(first, first, rows)
    if fault.kind == "fewer":
        return _without_last(rows, fault.rows)
    if fault.kind == "more":
        first = list(itertools.islice(rows, fault.rows))
        return itertools.chain(first, rows, first)
    return (_distorted(row, fault) for row in rows)


def _without_last(rows: Iterator[dict], number: int) -> Iterator[dict]:
    held: deque[dict] = deque()
    for row in rows:
        held.append(row)
        if len(held) > number:
            yield held.popleft()


def cut(content: bytes, part: float) -> bytes:
    """The first part of a response, always shorter than the whole unless that is empty."""
    return content[: min(int(len(content) * part), len(content) - 1)]


def _misplaced(call: Call, route: Route, body: Any, fault: Fault) -> Any:
    """The page with too few or too many rows, or as if rows before it had been deleted or added since the page before."""
    own = _rows(body)
    if own is None:
        return body
    page = int(call.query.get("page", "0"))
    size = int(call.query.get("per_page", str(DEFAULT_PER_PAGE)))
    if fault.kind == "shift":
        rows = (own + _page(call, route, page + 1, own))[fault.rows :][:size]
    elif fault.kind == "fewer":
        rows = own[: -fault.rows]
    elif fault.kind == "more":
        rows = own + (_page(call, route, page + 1, own) or own)[: fault.rows]
    else:
        before = _page(call, route, page - 1, own) if page else own
        rows = (before[-fault.rows :] if page else own[: fault.rows]) + own
        rows = rows[:size]
    if isinstance(body, list):
        return rows
    length = {"length": len(rows)} if "length" in body else {}
    return {name: rows if value is own else value for name, value in body.items()} | length


def _page(call: Call, route: Route, page: int, own: list) -> list:
    """The rows of another page; empty if that page does not exist or the endpoint has no pages."""
    try:
        _status, body = route.handler(dataclasses.replace(call, query={**call.query, "page": str(page)}))
    except ApiError:
        return []
    rows = _rows(body) or []
    return [] if rows == own else rows


def _rows(body: Any) -> list | None:
    candidates = [body] if isinstance(body, list) else body.values() if isinstance(body, dict) else ()
    return next((value for value in candidates if isinstance(value, list)), None)


def _with_unknown(value: Any) -> Any:
    """The body with an unknown member in every object, and an unknown factor in every list of authenticators."""
    if isinstance(value, list):
        rows = [_with_unknown(item) for item in value]
        last = rows[-1] if rows and isinstance(rows[-1], dict) else {}
        kinds = {name: UNKNOWN_FACTOR for name in ("type", "authenticator_type") if name in last}
        if kinds and "id" in last:
            suffix = last["id"].partition("|")[2][::-1]
            rows.append({**last, **kinds, "id": f"{UNKNOWN_FACTOR}|{suffix}"})
        return rows
    if isinstance(value, dict):
        changed = {name: _with_unknown(item) for name, item in value.items()}
        added = sum(len(changed[name]) - len(item) for name, item in value.items() if isinstance(item, list))
        return changed | {name: value[name] + added for name in ("total", "length") if name in value} | UNKNOWN_MEMBER
    return value


def _changed(value: Any, changes: dict[str, Callable[[Any], Any]]) -> Any:
    """The body with another value for each of these names, made from the old one."""
    if isinstance(value, list):
        return [_changed(item, changes) for item in value]
    if isinstance(value, dict):
        return {
            name: changes[name](item) if name in changes else _changed(item, changes) for name, item in value.items()
        }
    return value


def _another(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    return {"value": value} if isinstance(value, list) else str(value)


def _without(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    if isinstance(value, dict):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return value
