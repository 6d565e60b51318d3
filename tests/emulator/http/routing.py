# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a request's handler by its raw path, so that an encoded slash stays inside an ID."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .schemas import Body

Handler = Callable[["Call"], tuple[int, Any]]
_PARAMETER = object()
_ROUTES = object()


@dataclass(frozen=True)
class Route:
    """One endpoint.

    :param pattern: path with ``{name}`` segments.
    :param handler: takes a :class:`Call`, returns ``(status, body)``, raises ``ApiError``. The body is a JSON
        value, None for an empty body, ``bytes`` or a :class:`~.files.File`. With the last two the handler sets the
        content type in the call's ``answer_headers``.
    :param scopes: Management scopes, any of which lets the caller in; empty outside the Management API.
    :param group: the endpoint group whose rate limit counts.
    :param body: what the request's body may hold; it is checked before the handler is called.
    :param title: the published name of a write, which the log tells; empty if the log knows it by itself.
    """

    method: str
    pattern: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    group: str = "other"
    body: Body | None = None
    title: str = ""


@dataclass
class Call:
    """One request on its way to a handler.

    :param path: values of the pattern's parameters, percent-decoded once.
    :param query: decoded query parameters, the last one of a name.
    :param headers: names in lower case.
    :param body: raw bytes.
    :param principal: client or user id, once it is known; for the request log.
    :param scopes: those of the Management token.
    :param content: the body as the route's schema checked it; None without one.
    :param scheme: ``http`` or ``https``, as the client called.
    :param answer_headers: filled by the handler: headers that the answer carries besides the usual ones; of ``set-cookie`` a list.
    """

    tenant: Any
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    principal: str | None = field(default=None)
    scopes: tuple[str, ...] = ()
    content: Any = None
    scheme: str = "http"
    answer_headers: dict[str, Any] = field(default_factory=dict)

    def json(self) -> Any:
        """The JSON value of the body; raises ``ValueError`` if it is not JSON or not valid Unicode."""
        try:
            value = json.loads(self.body)
            json.dumps(value, ensure_ascii=False).encode()
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return value


class Router:
    """A tree of path segments; literal segments win over parameters, which are never empty."""

    def __init__(self, routes: list[Route]):
        self._root: dict = {}
        for route in routes:
            node = self._root
            for segment in route.pattern.strip("/").split("/"):
                node = node.setdefault(_PARAMETER if segment.startswith("{") else segment, {})
            names = [part[1:-1] for part in route.pattern.split("/") if part.startswith("{")]
            node.setdefault(_ROUTES, {})[route.method] = (route, names)

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a percent-encoded path and its decoded parameters; None if there is no route."""
        segments = raw_path[1:].split("/")
        if "%" in raw_path:
            segments = [unquote(raw, errors="replace") for raw in segments]
        return self._find(self._root, method, segments, 0, ())

    def _find(
        self, node: dict, method: str, segments: list[str], depth: int, values: tuple[str, ...]
    ) -> tuple[Route, dict[str, str]] | None:
        if depth == len(segments):
            found = node.get(_ROUTES, {}).get(method)
            return None if found is None else (found[0], dict(zip(found[1], values)))
        segment = segments[depth]
        # A literal segment may lead nowhere where a parameter does: factors/sms/templates, and factors/{name}.
        literal = node.get(segment)
        if literal is not None and (found := self._find(literal, method, segments, depth + 1, values)) is not None:
            return found
        parameter = node.get(_PARAMETER) if segment else None
        return None if parameter is None else self._find(parameter, method, segments, depth + 1, (*values, segment))
