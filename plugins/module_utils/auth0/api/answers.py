# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer must hold. It is checked here, once, so that nothing behind ``api/`` meets a member of another type.

Absent is not empty: a list that an answer lacks is an error and never "nothing there". Members that nobody documented, and
words that nobody knows yet, are let through.

A :data:`Shape` returns the value that it was given, or raises :class:`Malformed`, which names the member.
"""

from __future__ import annotations

import math
import re
from typing import Any, Callable, Mapping

from ..wire.errors import AmbiguousWriteError, Auth0Error, ServerError
from ..wire.transport import is_sendable

Shape = Callable[[object, str], Any]

# A walk that is longer follows a list without an end.
MOST_PAGES = 100
# Longer than any token lives, and short enough to be added to a date.
_LONGEST_LIFETIME = 100 * 365 * 86400
_ABSENT = object()
# What to do about an enrollment that is refused as a conflict, on either side.
ALREADY_THERE = "The user already has an authenticator that Auth0 considers identical. List the user's authenticators."
# What to do where a change of the tenant had an answer that says nothing.
READ_AGAIN = "Run the task again; it checks the tenant's current state first."


class Malformed(Exception):
    """The answer is not as documented. Its text says where."""


def checked(action: str, answer: object, shape: Shape, *, lost: str | None = None) -> Any:
    """The answer, which has the shape.

    :param action: what was attempted, as an infinitive phrase
    :param lost: what to do now, where the answer is that of a write: the write was carried out, or may have been
    :raises ServerError: the answer is not in the documented format
    :raises AmbiguousWriteError: the same of a write
    """
    try:
        return shape(answer, "")
    except Malformed as error:
        raise undocumented(action, str(error), lost=lost) from None


def undocumented(action: str, where: str, *, lost: str | None = None) -> Auth0Error:
    """The error for an answer that is not as documented.

    :param where: the member, and what is wrong with it
    """
    message = "Could not %s: Auth0's response was not in the documented format (%s)" % (action, where)
    return AmbiguousWriteError(message, hint=lost) if lost else ServerError(message)


def valid(answer: object, **members: Shape) -> dict[str, Any]:
    """Those of the members that the answer has and that are as documented."""
    found = {}
    for name, shape in members.items():
        try:
            found[name] = shape(_of(answer, name), name)
        except Malformed:
            continue
    return {name: value for name, value in found.items() if value is not None and value is not _ABSENT}


def _wrong(where: str, what: str) -> Malformed:
    return Malformed("%s %s" % (where or "it", what))


def text(value: object, where: str) -> str:
    """A text, which may be empty."""
    if value is _ABSENT:
        raise _wrong(where, "is missing")
    if not isinstance(value, str):
        raise _wrong(where, "is not a text")
    return value


def word(value: object, where: str) -> str:
    """A text that says something."""
    if not text(value, where).strip():
        raise _wrong(where, "is empty")
    return str(value)


def identifier(value: object, where: str) -> str:
    """A text that can stand in an address: no blanks, and no dots alone, which would climb a level."""
    if not re.fullmatch(r"[^\x00-\x20\x7f-\xa0]{1,1024}", text(value, where)) or value in (".", ".."):
        raise _wrong(where, "is not an ID")
    return str(value)


def named_id(value: object, where: str) -> str:
    """The ID of a user or of an authenticator: a kind, a pipe and a name.

    Identity providers name their users, such as ``samlp|corp|CN=Ada Lind,O=Corp``, so that the name may have blanks.
    """
    kind, _pipe, name = text(value, where).partition("|")
    if not name.strip() or not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,1024}", str(value)):
        raise _wrong(where, "is not an ID")
    identifier(kind, where)
    return str(value)


def token(value: object, where: str) -> str:
    """A text that can stand in a header."""
    if not is_sendable(text(value, where)):
        raise _wrong(where, "is empty or has characters that no token has")
    return str(value)


def flag(value: object, where: str) -> bool:
    """True or false."""
    if value is _ABSENT:
        raise _wrong(where, "is missing")
    if not isinstance(value, bool):
        raise _wrong(where, "is neither true nor false")
    return value


def count(value: object, where: str) -> int:
    """A whole number from 0. Auth0 leaves a zero out."""
    if value is _ABSENT:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(where, "is not a count")
    return value


def lifetime(value: object, where: str) -> float:
    """Seconds that a token lives."""
    if value is _ABSENT:
        return 0.0
    # The order matters: a huge integer cannot become a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LONGEST_LIFETIME:
        raise _wrong(where, "is not a number of seconds")
    if math.isnan(value):
        raise _wrong(where, "is not a number of seconds")
    return float(value)


def nothing(value: object, where: str) -> None:
    """No body, as removals answer."""
    if value is not None and value != {}:
        raise _wrong(where, "is not empty")


def anything(value: object, where: str) -> object:
    """Any value, which is read by whoever asked."""
    return value


def maybe(shape: Shape) -> Shape:
    """That, or nothing: the member is left out or null."""

    def check(value: object, where: str) -> Any:
        return None if value is _ABSENT or value is None else shape(value, where)

    return check


def one_of(*allowed: object) -> Shape:
    """One of these values, for an answer that repeats what was sent."""

    def check(value: object, where: str) -> object:
        if value is _ABSENT:
            raise _wrong(where, "is missing")
        if value not in allowed or isinstance(value, bool) is not isinstance(allowed[0], bool):
            raise _wrong(where, "is not what was sent")
        return value

    return check


def object_of(**members: Shape) -> Shape:
    """An object that has these members. It is returned as it is, with all others."""

    def check(value: object, where: str) -> Mapping[str, Any]:
        if value is _ABSENT:
            raise _wrong(where, "is missing")
        if not isinstance(value, dict):
            raise _wrong(where, "is not an object")
        for name, shape in members.items():
            shape(_of(value, name), "%s.%s" % (where, name) if where else name)
        return value

    return check


def list_of(shape: Shape, *, distinct: str | None = None, least: int = 0) -> Shape:
    """A list of such items.

    :param distinct: the member that tells items apart; of equal items one is kept
    :param least: how many items there are at least
    """

    def check(value: object, where: str) -> list[Any]:
        if value is _ABSENT:
            raise _wrong(where, "is missing")
        if not isinstance(value, list):
            raise _wrong(where, "is not a list")
        items = [shape(item, "%s[%d]" % (where, number)) for number, item in enumerate(value)]
        if len(items) < least:
            raise _wrong(where, "is empty")
        if not distinct:
            return items
        kept: dict[str, Any] = {}
        for item in items:
            if kept.setdefault(item[distinct], item) != item:
                raise _wrong(where, "has one %s for two items" % distinct)
        return list(kept.values())

    return check


def every_item_after(action: str, read: Callable[[str | None], object], member: str, item: Shape) -> list[Any]:
    """The same of a list whose pages name the cursor of the next one. ``total`` need not be there.

    The last page may name a cursor as well.

    :param read: the page after this cursor, None for the first one
    """
    page_shape = object_of(**{member: list_of(item, distinct="id"), "next": maybe(word), "total": maybe(count)})
    found: dict[str, Any] = {}
    cursor = None
    for _page in range(MOST_PAGES):
        answer = checked(action, read(cursor), page_shape)
        known = len(found)
        found.update((each["id"], each) for each in answer[member])
        cursor, total = answer.get("next"), answer.get("total")
        if cursor is None or not answer[member] or len(found) == total:
            if total not in (None, len(found)):
                raise undocumented(action, "total is %d, but %s has %d items" % (total, member, len(found)))
            return list(found.values())
        if len(found) == known:
            break
    raise undocumented(action, "next leads to no end")


def _of(value: object, name: str) -> object:
    return value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT


def every_item(action: str, read: Callable[[int], object], member: str, item: Shape) -> list[Any]:
    """All items of a list that comes in pages, each once, held against the total that the pages tell.

    Auth0 leaves ``total`` out where it is 0, and on pages past the end.

    :param read: the page of this number, from 0
    :param member: the page's list
    :param item: an object with an ``id``
    :raises ServerError: a page is not as documented, brings nothing new, or the pages do not hold what ``total`` counts
    """
    page_shape = object_of(**{member: list_of(item, distinct="id"), "total": count})
    found: dict[str, Any] = {}
    total = 0
    for page in range(MOST_PAGES):
        answer = checked(action, read(page), page_shape)
        known = len(found)
        found.update((each["id"], each) for each in answer[member])
        total = answer.get("total", total)
        if len(found) == total:
            return list(found.values())
        if len(found) > total or len(found) == known:
            break
    raise undocumented(action, "total is %d, but %s has %d items" % (total, member, len(found)))
