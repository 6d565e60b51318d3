# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Good answers, and what can be wrong with them: recorded from a tenant, changed, and played back below everything the client
does with bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock
from urllib.parse import urlsplit

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import recovery_codes
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.exchange import Answer, Exchange
from hypothesis import strategies as st

NOT_FOUND = Answer(
    404, {"content-type": "application/json"}, b'{"statusCode":404,"error":"Not Found","message":"gone"}'
)
DEEP = json.loads("[" * 200 + "]" * 200)
# What a member may hold that it must not.
WRONG = [
    *(None, True, False, 0, 5, -1, 2.5, 1e308, 10**400, float("nan"), float("inf")),
    *("", " ", "x", "5", "..", "a b", "a\nb", "\x1b[2Jx", "\ud800", "é", "x" * 5000),
    *([], {}, [None], [[]], [5], ["x"], {"x": 1}, DEEP),
]
# What a whole body may be instead.
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"5",
    b'"x"',
    b"{",
    b"<html>",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"statusCode":500}',
    b'{"error":"x"}',
    b'{"error":"mfa_required","mfa_token":5}',
    b'[{"id":5}]',
]
STATUSES = [200, 201, 202, 203, 204, 206, 299]


@dataclass(frozen=True)
class Exchanged:
    """One request and its answer."""

    method: str
    target: str
    answer: Answer

    @property
    def is_write(self) -> bool:
        """Whether the request changes something of the user or the tenant; a token changes nothing."""
        return self.method != "GET" and urlsplit(self.target).path not in ("/oauth/token", "/mfa/challenge")


@contextmanager
def recording() -> Iterator[list[Exchanged]]:
    """What is exchanged with a tenant meanwhile."""
    seen: list[Exchanged] = []
    honest = Exchange.send

    def send(self, method, target, headers, body):
        answer = honest(self, method, target, headers, body)
        seen.append(Exchanged(method, target, answer))
        return answer

    with mock.patch.object(Exchange, "send", send):
        yield seen


@contextmanager
def replaying(answers: list[Exchanged]) -> Iterator[list[Exchanged]]:
    """Answer each request as the same one was answered then; the last answer for ever. What is asked meanwhile."""
    left: dict[tuple[str, str], list[Answer]] = {}
    for each in answers:
        left.setdefault((each.method, each.target), []).append(each.answer)
    asked: list[Exchanged] = []

    def send(_self, method, target, _headers, _body):
        same = left.get((method, target), [NOT_FOUND])
        answer = same.pop(0) if len(same) > 1 else same[0]
        asked.append(Exchanged(method, target, answer))
        return answer

    # Nothing happens meanwhile that would be worth a wait.
    with mock.patch.object(Exchange, "send", send), mock.patch.object(recovery_codes, "sleep", lambda _seconds: None):
        yield asked


def _places(value: object, path: tuple = ()) -> Iterator[tuple]:
    """Where something stands in a JSON value, at every depth; the first place is the value itself."""
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, (*path, name))
    elif isinstance(value, list):
        # Rows are alike, so the first ones and the last stand for all.
        for number in sorted({*range(min(len(value), 2)), len(value) - 1} - {-1}):
            yield from _places(value[number], (*path, number))


def _changed(value: object, path: tuple, change) -> object:
    """A copy with the container at the path changed."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(copy[path[0]], path[1:], change)
    return copy


def _without(name):
    def change(container):
        if isinstance(container, dict):
            return {key: item for key, item in container.items() if key != name}
        return [item for number, item in enumerate(container) if number != name]

    return change


def _renamed(name):
    return lambda container: {(key + "x" if key == name else key): item for key, item in container.items()}


@dataclass(frozen=True)
class Mutation:
    """One answer, changed.

    :ivar number: which one
    :ivar what: the change, for a person
    :ivar answer: as it is then
    :ivar undetectable: whether the answer may still be a true one of another tenant, which no client can tell
    """

    number: int
    what: str
    answer: Answer
    undetectable: bool = False

    def __repr__(self) -> str:
        return f"answer {self.number}: {self.what}: {self.answer.status_code} {self.answer.content[:300]!r}"

    def applied(self, answers: list[Exchanged]) -> list[Exchanged]:
        """The answers with this one in its place."""
        return [
            replace(each, answer=self.answer) if number == self.number else each for number, each in enumerate(answers)
        ]


@st.composite
def mutations(draw, answers: list[Exchanged]) -> Mutation:
    """One change of one of the answers."""
    number = draw(st.integers(0, len(answers) - 1))
    answer = answers[number].answer
    kind = draw(st.sampled_from(["member"] * 8 + ["body", "status", "truncated"]))
    if kind == "body" or not answer.content:
        body = draw(st.sampled_from(BODIES))
        # A list without a total may be any list.
        hidden = body == b"[]" and answer.content.startswith(b"[")
        return Mutation(number, "another body", replace(answer, content=body), hidden)
    if kind == "status":
        return Mutation(number, "another status", replace(answer, status_code=draw(st.sampled_from(STATUSES))), True)
    if kind == "truncated":
        content = answer.content[: draw(st.integers(0, len(answer.content) - 1))]
        return Mutation(number, "truncated", replace(answer, content=content))
    value = json.loads(answer.content)
    *above, last = path = draw(st.sampled_from([path for path in _places(value) if path] or [()])) or (None,)
    wrong = draw(st.sampled_from(WRONG))
    if last is None:
        changed, what = wrong, f"is {wrong!r:.40}"
    else:
        before = value
        for step in path:
            before = before[step]
        ways = ["wrong", "wrong", "drop", *(["rename"] if isinstance(last, str) else ["twice"])]
        way = draw(st.sampled_from(ways))
        change = {
            "wrong": lambda container: _changed(container, (last,), lambda _value: wrong),
            "drop": _without(last),
            "rename": _renamed(last) if isinstance(last, str) else None,
            "twice": lambda container: [*container, container[last]],
        }[way]
        changed = _changed(value, tuple(above), change)
        what = f"{way} {path}" + (f" is {wrong!r:.40}" if way == "wrong" else "")
        row_of_a_list_without_a_total = len(path) == 1 and isinstance(last, int)
        if (way == "wrong" and type(wrong) is type(before)) or (way == "drop" and row_of_a_list_without_a_total):
            return Mutation(number, what, replace(answer, content=json.dumps(changed).encode()), True)
    return Mutation(number, what, replace(answer, content=json.dumps(changed).encode()))
