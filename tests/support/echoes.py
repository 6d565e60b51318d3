# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that returns what it was sent, or what it returned before: in which form, and where in an answer."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock
from urllib.parse import quote, quote_plus

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.exchange import Answer, Exchange
from hypothesis import strategies as st

from .mutations import NOT_FOUND, Exchanged

FORMS = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of JSON": lambda text: json.dumps({"sent": text}, ensure_ascii=False),
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, Basic": lambda text: base64.b64encode(b"id:" + text.encode() + b"!").decode(),
    "base64, URL": lambda text: base64.urlsafe_b64encode(b"i:" + text.encode()).decode().rstrip("="),
    "one line": lambda text: " ".join(text.split()),
}
# What a result hands out, where it is asked for.
HANDED_OUT = (
    *("access_token", "barcode_uri", "id_token", "mfa_token", "oob_code", "recovery_code", "recovery_codes"),
    *("refresh_token", "secret", "ticket_id", "ticket_url"),
)
_SENT = (*HANDED_OUT, "client_secret", "client_assertion", "password", "totp_secret", "code_verifier")
# Options whose value the recorded answers do not depend on.
FREE = ("client_secret", "password", "recovery_code")


@st.composite
def canaries(draw) -> str:
    """A secret with a word that stands nowhere else."""
    some = st.text(st.sampled_from("ab /+\"'\\%&=<é\t"), max_size=6)
    return draw(some) + "Canary%08x" % draw(st.integers(0, 2**32 - 1)) + draw(some)


@dataclass(frozen=True)
class Echo:
    """What one answer has too much.

    :ivar number: which answer
    :ivar place: where in it
    :ivar form: how
    :ivar which: which of the secrets that are known then
    :ivar before: what stands in front of it
    :ivar status: of an error; none after which a request is repeated, because that takes time
    """

    number: int
    place: str
    form: str
    which: int
    before: str
    status: int


PLACES = (
    *("message", "error_description", "errorCode", "error", "x-auth0-requestid", "cf-ray", "name of a member"),
    *("a text", "a text", "a text", "every text", "another secret"),
)


def echoes(answers: list[Exchanged]) -> st.SearchStrategy[Echo]:
    """One echo in one of the answers."""
    return st.builds(
        Echo,
        st.integers(0, len(answers) - 1),
        st.sampled_from(PLACES),
        st.sampled_from(sorted(FORMS)),
        st.integers(0, 50),
        st.integers(0, 310).map(lambda length: "x" * length),
        st.sampled_from([400, 401, 403, 404, 409]),
    )


@contextmanager
def echoing(answers: list[Exchanged], echo: Echo) -> Iterator[list[str]]:
    """Answer as it was recorded, with this echo. The secrets that were sent and returned meanwhile."""
    left: dict[tuple[str, str], list[tuple[int, Answer]]] = {}
    for number, each in enumerate(answers):
        left.setdefault((each.method, each.target), []).append((number, each.answer))
    secrets: list[str] = []

    def send(_self, method, target, headers, body):
        secrets.extend([headers["Authorization"].partition(" ")[2]] if "Authorization" in headers else [])
        secrets.extend(_found(json.loads(body) if body else None, _SENT))
        same = left.get((method, target), [(-1, NOT_FOUND)])
        number, answer = same.pop(0) if len(same) > 1 else same[0]
        if number == echo.number and secrets:
            # What looks encoded in a token is the token's own.
            form = FORMS["plain" if echo.place == "another secret" else echo.form]
            answer = _with(answer, echo, form(secrets[echo.which % len(secrets)]))
        elif answer.content:
            secrets.extend(_found(json.loads(answer.content), HANDED_OUT))
        return answer

    with mock.patch.object(Exchange, "send", send):
        yield secrets


def _with(answer: Answer, echo: Echo, text: str) -> Answer:
    text = ("%s%s" if echo.place == "another secret" else "%s %s after") % (echo.before, text)
    if echo.place in ("message", "errorCode"):
        body = {"statusCode": echo.status, "error": "Bad", "errorCode": "bad", "message": "No", echo.place: text}
        return Answer(echo.status, {}, json.dumps(body).encode())
    if echo.place in ("error", "error_description"):
        body = {"error": "bad", "error_description": "No", echo.place: text}
        return Answer(echo.status, {}, json.dumps(body).encode())
    if "-" in echo.place:
        return Answer(echo.status, {echo.place: text}, b'{"message": "No"}')
    if not answer.content:
        return answer
    value = json.loads(answer.content)
    if echo.place == "name of a member":
        changed = {**value, text: 1} if isinstance(value, dict) else value
    elif echo.place == "another secret":
        changed = _replaced(value, lambda name: name in HANDED_OUT, text, 1)
    else:
        most = 1 + echo.which % 5 if echo.place == "a text" else 1000
        changed = _replaced(value, lambda name: name not in (*HANDED_OUT, "code", "type", "id"), text, most)
    return replace(answer, content=json.dumps(changed).encode())


def _replaced(value, fits, text, most, name=""):
    """The JSON value with some texts of members that fit replaced."""
    left = [most]

    def walk(value, name):
        if isinstance(value, str) and fits(name) and left[0]:
            left[0] -= 1
            return text
        if isinstance(value, dict):
            return {key: walk(each, key) for key, each in value.items()}
        return [walk(each, name) for each in value] if isinstance(value, list) else value

    return walk(value, name)


def _found(value: object, names: tuple[str, ...], name: str = "") -> Iterator[str]:
    if isinstance(value, str) and name in names:
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _found(each, names, key)
    elif isinstance(value, list):
        for each in value:
            yield from _found(each, names, name)


def without_handed_out(result: object) -> object:
    """A result without the values that it is there for."""
    if isinstance(result, dict):
        return {key: without_handed_out(each) for key, each in result.items() if key not in HANDED_OUT}
    return [without_handed_out(each) for each in result] if isinstance(result, list) else result


def traces(secret: str) -> Iterator[str]:
    """What is left of a secret in a text that shows it in any form: its longest word, and that in base64."""
    word = max(re.findall("[A-Za-z0-9]*", secret), key=len)[:40]
    if len(word) < 12:
        return
    yield word
    yield base64.b64encode(secret.encode()).decode()[:-4] if len(secret) > 8 else word
    for offset in range(3):
        yield base64.b64encode(bytes(offset) + word.encode()).decode()[4:-4]
