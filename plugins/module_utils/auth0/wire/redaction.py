# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not be shown of what goes over a connection, and the one place where it is masked.

A server may return what it was sent: in an error, in a name, in a header. So every secret that is sent or received is
remembered, and masked wherever a text of the other side is shown or stored. Masking comes before anything else is done
to a text, because folded or cut text no longer contains the secret as it was.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from typing import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "********"

# A shorter text is found by chance in ordinary words.
SHORTEST_SECRET = 4
# The same for data, which is compared and stored: there a code of some digits may be a part of a phone number.
_SHORTEST_IN_DATA = 8

# Members of answers whose values are secrets. They are what the request was made for, so they stay as they are.
_RETURNED = frozenset(
    {
        "access_token",
        "barcode_uri",
        "id_token",
        "mfa_token",
        "oob_code",
        "recovery_code",
        "recovery_codes",
        "refresh_token",
        "secret",
        "ticket_id",
        "ticket_url",
        "totp_secret",
    }
)
# Members of requests whose values are secrets; "code" is one where it is exchanged, not where it is an Action's.
_SENT = _RETURNED | {
    "binding_code",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "otp",
    "password",
}
# The member of an answer that holds a link to a file. Whoever knows its query may fetch the file.
_LINK = "location"
# Members of answers that teach secrets.
_TEACHING = _RETURNED | {_LINK}
# Not shown as text by anybody, and compared with what a task asks for.
_KEPT = _TEACHING | {"code"}
# Members that hold the same secret.
_SAME = {
    "barcode_uri": "secret",
    "totp_secret": "secret",
    "recovery_codes": "recovery_code",
    "ticket_url": "ticket_id",
}
# What one answer can teach, and all of them. No documented one has more secrets or longer ones, and no task needs more; they cost
# time with every later answer.
_MOST_LEARNED = 50
_MOST_KNOWN = 1000
_LONGEST_LEARNED = 2**16
# How a secret was learned that somebody gave to the client; others by the member that they were sent or returned in.
_GIVEN = ""


class Secrets:
    """The secrets of one connection. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # With the members that each was in.
        self._known: dict[str, set[str]] = {}
        # What is looked for, the longest first, so that no part of a longer one is left.
        self._forms: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """The secrets themselves."""
        return iter(sorted(self._known))

    def add(self, *values: object) -> None:
        """Remember secrets. None and what is no text are ignored, and so is a text too short to be one."""
        self._learn((value, _GIVEN) for value in values)

    def hand_out(self, secret: str, member: str) -> None:
        """What somebody gave is returned in this member of the result, because that is what was asked for."""
        with self._lock:
            self._known[secret] = {member}

    def sent(self, body: Mapping[str, object], bearer: str | None = None) -> None:
        """Remember the secrets of a request: in its body, and its token."""
        self._learn([*_sent(body), (bearer, "bearer")])

    def text(self, text: str) -> str:
        """The text with every secret masked, in whatever form it is there."""
        return _masked(text, self._forms)

    def answer(self, body: object, *, is_error: bool = False) -> object:
        """A parsed JSON answer with every known secret masked. The secrets that it brings are remembered and stay.

        :param is_error: it is read by a person only, so the shortest secrets are masked as well
        """
        strings = list(_strings(body, ""))
        returned = [(text, member) for member, text in strings if member in _TEACHING]
        others = "\n".join(text for member, text in strings if member not in _KEPT)
        found = tuple(form for form in self._forms if form in others and (is_error or _is_found_in_data(form)))
        # A secret may come back as another one: as a recovery code, for instance, which is shown.
        strange: dict[str, tuple[str, ...]] = {}
        for text, member in returned:
            strange[member] = strange.get(member, ()) + self._strange(text, member)
        if len(self._known) < _MOST_KNOWN:
            self._learn(returned[:_MOST_LEARNED])
        return _without(body, found, strange) if found or any(strange.values()) else body

    def data(self, value: object) -> object:
        """What is shown of answers, such as a diff, with every secret masked that does not look like ordinary data."""
        return _without(value, tuple(form for form in self._forms if _is_found_in_data(form)), {}, everywhere=True)

    def beside(self, result: object) -> list[str]:
        """The secrets that a result does not hand out."""
        shown = [text for member, text in _strings(result, "") if member in _RETURNED]
        return [
            secret
            for secret, members in sorted(self._known.items())
            if _GIVEN in members or not any(secret in text for text in shown)
        ]

    def _learn(self, found: Iterable[tuple[object, str]]) -> None:
        with self._lock:
            known, new = dict(self._known), set()
            for value, member in found:
                for secret in _taught(value, member):
                    if isinstance(secret, str) and len(secret) >= SHORTEST_SECRET:
                        if member not in _TEACHING or len(secret) <= _LONGEST_LEARNED:
                            new |= {secret} - known.keys()
                            known[secret] = known.get(secret, set()) | {_SAME.get(member, member)}
            self._known = known
            if new:
                forms = {*self._forms, *(form for secret in new for form in _forms(secret))}
                self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def _strange(self, text: str, member: str) -> tuple[str, ...]:
        """The secrets in the value of a member that are known as something else."""
        kind = _SAME.get(member, member)
        return tuple(
            secret
            for secret, members in self._known.items()
            if kind not in members and secret in text and _is_found_in_data(secret)
        )


def user_part(address: str) -> tuple[str, ...]:
    """What must not be shown of an address with a user name and a password; empty where it has none."""
    try:
        user, _at, _host = urlsplit(address).netloc.rpartition("@")
    except ValueError:
        return ()
    password = user.partition(":")[2]
    return tuple(filter(None, (user, password, unquote(password))))


def _masked(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return text


def _is_found_in_data(form: str) -> bool:
    return len(form) >= _SHORTEST_IN_DATA and not form.isdecimal()


def _forms(secret: str) -> Iterator[str]:
    """The secret as it may stand in a text: as it is, escaped, encoded, on one line, and line by line."""
    lines = (line.strip() for line in secret.splitlines())
    for plain in {secret, secret.strip(), " ".join(secret.split()), *(line for line in lines if len(line) >= 16)}:
        if len(plain) < SHORTEST_SECRET:
            continue
        yield plain
        for escaped in (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]):
            yield escaped
            yield escaped.replace("/", "\\/")
        yield repr(plain)[1:-1]
        yield html.escape(plain)
        encoded = plain.encode("utf-8", "surrogatepass")
        for percent in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
            yield percent
            yield quote(percent, safe="")
            yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), percent)
        yield json.dumps(json.dumps(plain)[1:-1])[1:-1]
        digits = encoded.hex()
        for each in (digits, digits.upper()):
            yield each
            yield re.sub("..", "%\\g<0>", each)
        units = plain.encode("utf-16-be", "surrogatepass").hex()
        for each in (units, units.upper()):
            yield re.sub("....", r"\\u\g<0>", each)
        yield from _in_base64(encoded)


def _in_base64(secret: bytes) -> Iterator[str]:
    """What stays the same of the secret's base64 wherever it begins in a longer text, such as ``ID:SECRET``."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret).decode("ascii")
        # The first characters depend on what stands before, and the last on what stands after.
        inner = encoded[(0, 2, 3)[offset] :].rstrip("=")
        inner = inner if (offset + len(secret)) % 3 == 0 else inner[:-1]
        if len(inner) >= _SHORTEST_IN_DATA:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


def _taught(value: object, member: str) -> Iterable[object]:
    """The secrets in a value."""
    if member == _LINK:
        return _in_link(value)
    return (value, *_in_address(value)) if member in _RETURNED else (value,)


def _in_link(text: object) -> Iterator[str]:
    """What a link to a file is signed with: its query, and all in it that is too long for a date or a number."""
    address, _mark, query = text.partition("?") if isinstance(text, str) else ("", "", "")
    if "://" not in address:
        return  # a place
    yield query
    yield from (value for _name, value in parse_qsl(query) if len(value) >= 20)


def _in_address(text: object) -> Iterator[str]:
    """The values in the query of an address, such as the seed in ``otpauth://``."""
    try:
        query = urlsplit(text).query if isinstance(text, str) else ""
    except ValueError:
        return
    for name, value in parse_qsl(query):
        if name in ("secret", "enrollment_tx_id", "code", "ticket"):
            yield value


def _sent(body: Mapping[str, object]) -> Iterator[tuple[object, str]]:
    for name, value in body.items():
        if name in _SENT or (name == "code" and "grant_type" in body):
            yield from ((each, name) for each in (value if isinstance(value, (list, tuple)) else [value]))
        elif name == "secrets" and isinstance(value, (list, tuple)):
            yield from ((each.get("value"), "value") for each in value if isinstance(each, Mapping))


def _strings(body: object, member: str) -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with the member it belongs to. Names of members are texts as well."""
    pending: list[tuple[str, object]] = [(member, body)]
    while pending:
        member, value = pending.pop()
        if isinstance(value, str):
            yield member, value
        elif isinstance(value, dict):
            pending.extend(("", name) for name in value)
            pending.extend(("" if name not in _KEPT else name, each) for name, each in value.items())
        elif isinstance(value, list):
            pending.extend((member, each) for each in value)


def _without(
    value: object,
    found: tuple[str, ...],
    strange: Mapping[str, tuple[str, ...]],
    member: str = "",
    *,
    everywhere: bool = False,
) -> object:
    """The JSON value with these texts masked.

    :param strange: what to mask in the members that stay as they are otherwise
    :param everywhere: no member stays
    """
    if isinstance(value, str):
        return _masked(value, strange.get(member, ()) if member in _KEPT and not everywhere else found)
    if isinstance(value, dict):
        return {
            _masked(name, found): _without(each, found, strange, name, everywhere=everywhere)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_without(each, found, strange, member, everywhere=everywhere) for each in value]
    return value
