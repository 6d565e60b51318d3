# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: a failing network or service, or somebody else who changes the same users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from . import hostile

# The members of each kind, next to kind, method, path, count and after.
KINDS: dict[str, tuple[str, ...]] = {
    "status": ("status", "headers", "body", "limit_headers"),
    "limit": ("seconds", "headers", "body", "limit_headers"),
    "proxy": ("status", "headers"),
    "close": (),
    "lost": (),
    "slow": ("seconds",),
    "truncated": ("part",),
    "malformed": ("part",),
    "unknown": (),
    "sparse": ("members",),
    "retyped": ("members",),
    "replaced": ("values",),
    "headers": ("headers",),
    "error-200": (),
    "nested": (),
    "echo": (),
    **dict.fromkeys(hostile.KINDS, ()),
    "shift": ("rows",),
    "duplicate": ("rows",),
    "fewer": ("rows",),
    "more": ("rows",),
    "delete-user": ("user_id",),
    "expire-token": (),
}
LONGEST_SECONDS = 3600
_NEEDED = {
    "sparse": ("members", "the names of what it takes"),
    "retyped": ("members", "the names of what it takes"),
    "replaced": ("values", "the members and what they say"),
    "headers": ("headers", "the names and what they say"),
}
# How long an answer is has kinds of its own.
_OF_THE_SERVER = {"content-length", "transfer-encoding"}


@dataclass
class Fault:
    """One fault for ``count`` of the requests that match; the README tells what each kind does.

    :param kind: a key of :data:`KINDS`.
    :param path: glob on the decoded path.
    :param method: HTTP method, ``*`` for any.
    :param after: how many requests that match go before.
    :param headers: of the answer, in addition to or in the place of its own.
    :param limit_headers: whether the ``x-ratelimit-*`` headers stay on the answer.
    :param seconds: the delay of the response; for ``limit``, the time until the bucket's next token.
    :param members: names that are left out of every object of the answer, or whose values get another type.
    :param values: the values that these members have in every object of the answer.
    :param part: how much of the body is sent, from 0 to 1.
    :param rows: by how many rows a page is off.
    :param user_id: whom to delete; None for the user named in the path.
    """

    kind: str
    path: str = "*"
    method: str = "*"
    count: int = 1
    after: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    limit_headers: bool = True
    body: Any = None
    seconds: float = 1.0
    members: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    part: float = 0.5
    rows: int = 1
    user_id: str | None = None


def is_whole(value: object, lowest: int, highest: int | float = float("inf")) -> bool:
    """Whether it is a number without a fraction within these bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST_SECONDS


def _is_part(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _are_headers(value: object) -> bool:
    return (
        isinstance(value, dict)
        and all(
            isinstance(text, str) and text.isascii() and text.isprintable() for pair in value.items() for text in pair
        )
        and not _OF_THE_SERVER & {name.lower() for name in value}
    )


def _are_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "path": (lambda value: isinstance(value, str), "a string"),
    "method": (lambda value: isinstance(value, str), "a string"),
    "count": (lambda value: is_whole(value, 1), "a whole number from 1"),
    "after": (lambda value: is_whole(value, 0), "a whole number from 0"),
    "status": (lambda value: is_whole(value, 200, 599), "a whole number from 200 to 599"),
    "headers": (_are_headers, "an object of printable ASCII strings, without Content-Length and Transfer-Encoding"),
    "limit_headers": (lambda value: isinstance(value, bool), "true or false"),
    "seconds": (_is_seconds, f"a number from 0 to {LONGEST_SECONDS}"),
    "members": (_are_names, "an array of member names"),
    "values": (lambda value: isinstance(value, dict) and bool(value), "an object of values by member"),
    "part": (_is_part, "a number from 0 to 1"),
    "rows": (lambda value: is_whole(value, 1, 50), "a whole number from 1 to 50"),
    "user_id": (lambda value: isinstance(value, str), "a string"),
}


def read_fault(description: object) -> Fault:
    """The fault that a JSON object describes; raises ``ValueError`` with the reason if it is wrong."""
    if not isinstance(description, dict):
        raise ValueError("a fault is an object with a kind")
    kind = description.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    allowed = ("kind", "method", "path", "count", "after", *KINDS[kind])
    for name, value in description.items():
        if name not in allowed:
            raise ValueError(f"a fault of kind '{kind}' has no '{name}'; it has {', '.join(allowed)}")
        if name in _RULES and not _RULES[name][0](value):
            raise ValueError(f"{name} must be {_RULES[name][1]}")
    if kind in _NEEDED and _NEEDED[kind][0] not in description:
        raise ValueError(f"a fault of kind '{kind}' needs {', '.join(_NEEDED[kind])}")
    return Fault(**description)


class Faults:
    """The faults that are still to happen, in the order in which they were requested."""

    def __init__(self):
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Make ``fault`` happen to the next requests that match it."""
        self.pending.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self.pending.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches a request of this percent-encoded path, counted down; None if no fault matches."""
        for fault in self.pending:
            if fault.method in ("*", method) and fnmatchcase(unquote(path), fault.path):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.count -= 1
                if fault.count == 0:
                    self.pending.remove(fault)
                return fault
        return None
