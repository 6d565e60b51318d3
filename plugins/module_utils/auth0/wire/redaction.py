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
import json
import re
import threading
from typing import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

MASK = "********"

# A shorter text is found by chance in ordinary words.
_SHORTEST = 4
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
# Not shown as text by anybody, and compared with what a task asks for.
_KEPT = _RETURNED | {"code"}


class Secrets:
    """The secrets of one connection. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        # What is looked for, the longest first, so that no part of a longer one is left.
        self._forms: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """The secrets themselves."""
        return iter(sorted(self._known))

    def add(self, *values: object) -> None:
        """Remember secrets. None and what is no text are ignored, and so is a text too short to be one."""
        new = {value for value in values if isinstance(value, str) and len(value) >= _SHORTEST} - self._known
        if new:
            with self._lock:
                self._known |= new
                forms = {form for secret in self._known for form in _forms(secret)}
                self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def sent(self, body: Mapping[str, object]) -> None:
        """Remember the secrets in the body of a request."""
        for name, value in body.items():
            if name in _SENT or (name == "code" and "grant_type" in body):
                self.add(*_texts(value))
            elif name == "secrets" and isinstance(value, (list, tuple)):
                self.add(*(each.get("value") for each in value if isinstance(each, Mapping)))

    def text(self, text: str) -> str:
        """The text with every secret masked, in whatever form it is there."""
        return _masked(text, self._forms)

    def answer(self, body: object) -> object:
        """A parsed JSON answer with every known secret masked. The secrets that it brings are remembered and stay."""
        returned: list[str] = []
        others: list[str] = []
        for member, text in _strings(body, ""):
            (returned if member in _RETURNED else others).append(text)
        self.add(*returned, *(part for text in returned for part in _in_address(text)))
        forms = tuple(form for form in self._forms if _is_found_in_data(form))
        together = "\n".join(others)
        found = tuple(form for form in forms if form in together)
        return _without(body, found) if found else body


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
        if len(plain) < _SHORTEST:
            continue
        yield plain
        yield json.dumps(plain)[1:-1]
        yield json.dumps(plain, ensure_ascii=False)[1:-1]
        yield repr(plain)[1:-1]
        encoded = plain.encode("utf-8", "surrogatepass")
        for percent in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
            yield percent
            yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), percent)
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


def _in_address(text: str) -> Iterator[str]:
    """The values in the query of an address, such as the seed in ``otpauth://``."""
    try:
        query = urlsplit(text).query
    except ValueError:
        return
    for name, value in parse_qsl(query):
        if name in ("secret", "enrollment_tx_id", "code", "ticket"):
            yield value


def _texts(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


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


def _without(value: object, found: tuple[str, ...], kept: bool = False) -> object:
    """The JSON value with these texts masked, but for the members that stay as they are."""
    if isinstance(value, str):
        return value if kept else _masked(value, found)
    if isinstance(value, dict):
        return {_masked(name, found): _without(each, found, name in _KEPT) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, found, kept) for each in value]
    return value
