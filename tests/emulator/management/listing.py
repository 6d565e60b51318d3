# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the Management API, in the three shapes that most kinds of objects have (recorded: auth0-deploy-cli, go-auth0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..http.routing import Call
from ..http.validation import flag, page_of, taken


def listed(
    call: Call, name: str, items: list, shown: Callable[[Any], dict], cursor_of: Callable[[Any], str]
) -> list | dict:
    """By ``from`` and ``take``, as an object with ``next``; as an object with totals; else as an array.

    :param name: of the member that holds the items.
    :param cursor_of: the cursor that stands for an item.
    """
    if "take" in call.query or "from" in call.query:
        return listed_by_cursor(call, name, items, shown, cursor_of)
    page, per_page = page_of(call)
    start = page * per_page
    page = [shown(item) for item in items[start : start + per_page]]
    if not flag(call, "include_totals", False):
        return page
    return {"total": len(items), "start": start, "limit": per_page, name: page}


def listed_by_cursor(
    call: Call, name: str, items: list, shown: Callable[[Any], dict], cursor_of: Callable[[Any], str]
) -> dict:
    """By ``from`` and ``take`` alone, for lists that have no other shape; the parameters are those of :func:`listed`."""
    page, following = taken(call, items, cursor_of)
    answer: dict[str, Any] = {name: [shown(item) for item in page]}
    return answer if following is None else {**answer, "next": following}
