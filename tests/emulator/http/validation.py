# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of what is in the address of a Management request; ``schemas.py`` is about bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ApiError, management_error
from .routing import Call
from .schemas import message

MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 50


def invalid_query(reason: str, name: str | None = None, description: str = "") -> ApiError:
    """400 ``invalid_query_string``: ``Query validation error: ...``."""
    return management_error(400, message("Query", reason, name, description), "invalid_query_string")


def invalid_path(reason: str, name: str, description: str = "") -> ApiError:
    """400 ``invalid_uri``: ``Path validation error: ...``."""
    return management_error(400, message("Path", reason, name, description), "invalid_uri")


def read_body(call: Call) -> object:
    """The JSON value of the body; 400 if it is not JSON."""
    try:
        return call.json()
    except ValueError:
        raise management_error(400, "Invalid request payload JSON format", "invalid_body") from None


def page_of(call: Call) -> tuple[int, int]:
    """The validated ``page`` and ``per_page``."""
    page = check_number(call, "page", 0, None, "Page index of the results to return. First page is 0. Default is 0")
    text = "Number of results per page. Default is 50"
    return page, check_number(call, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE, text)


def taken(call: Call, items: list, cursor_of: Callable[[Any], str]) -> tuple[list, str | None]:
    """One page of checkpoint pagination by ``from`` and ``take``, and the cursor of the next one; None after the last one.

    :param cursor_of: the cursor that stands for an item; a page begins after the item of its ``from``.
    """
    text = "Number of results per page. Defaults to 50."
    take = check_number(call, "take", DEFAULT_PER_PAGE, MAX_PER_PAGE, text, minimum=1)
    start, cursor = 0, call.query.get("from")
    if cursor is not None:
        found = [number for number, item in enumerate(items, 1) if cursor_of(item) == cursor]
        if not found:
            raise invalid_query(
                "Invalid cursor", "from", "An optional cursor from which to start the selection (exclusive)."
            )
        start = found[0]
    page = items[start : start + take]
    return page, cursor_of(page[-1]) if len(items) > start + take else None


def check_number(
    call: Call, name: str, default: int, maximum: int | None, description: str, *, minimum: int = 0
) -> int:
    """A validated whole number among the query parameters, from ``minimum`` to ``maximum`` (None: any)."""
    text = call.query.get(name)
    if text is None:
        return default
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal() or len(text) > 15:
        raise invalid_query("Expected type integer but found type string", name, description)
    value = int(text)
    if value < minimum:
        raise invalid_query(f"Value {value} is less than minimum {minimum}", name, description)
    if maximum is not None and value > maximum:
        raise invalid_query(f"Value {value} is greater than maximum {maximum}", name, description)
    return value


def flag(call: Call, name: str, default: bool) -> bool:
    """A validated boolean query parameter."""
    text = call.query.get(name)
    if text is None:
        return default
    if text not in ("true", "false"):
        raise invalid_query("Expected type boolean but found type string", name)
    return text == "true"


def select_fields(call: Call, profile: dict) -> dict:
    """The profile cut down by the ``fields`` and ``include_fields`` parameters."""
    wanted = flag(call, "include_fields", True)
    text = call.query.get("fields")
    if not text:
        return profile
    names = {name.strip() for name in text.split(",")}
    return {name: value for name, value in profile.items() if (name in names) == wanted}
