# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``q`` parameter of ``GET /users``: a Lucene subset over the searchable profile fields (API.md §3.6).

Grammar: ``field:"value"``, ``field:value``, ``field:prefix*``, ``field:*suffix``, ``field:[A TO B]`` (``{`` and ``}`` exclude the bound,
``*`` leaves it open), ``_exists_:field``, ``AND``, ``OR``, ``NOT`` and parentheses. A field that is not searchable
matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

Profile = dict
Predicate = Callable[[Profile], bool]

SEARCHABLE = frozenset(
    (
        "app_metadata", "blocked", "created_at", "email", "email.domain", "email_verified", "family_name", "given_name",
        "identities", "last_ip", "last_login", "logins_count", "name", "nickname", "organization_id", "phone_number",
        "phone_verified", "updated_at", "user_id", "user_metadata", "username",
    )
)  # fmt: skip
NORMALIZED = frozenset(("email", "email.domain", "family_name", "given_name", "name", "nickname"))
DATES = frozenset(("created_at", "date", "last_login", "updated_at"))
SHORTEST_SUFFIX = 3
MOST_NESTING = 50

_NUMBER = re.compile(r"\*|-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\()|(?P<close>\))|
        (?P<field>[A-Za-z_][\w.\-]*):(?:
            (?P<quoted>"(?:\\.|[^"\\])*")|
            (?P<range>[\[{]\s*[^\s\[\]{}]+\s+TO\s+[^\s\[\]{}]+\s*[\]}])|
            (?P<plain>(?:\\.|[^\s()\[\]{}"\\])+)
        )|
        (?P<word>AND|OR|NOT)(?=[\s(]|$)
    )""",
    re.VERBOSE,
)


class SearchError(ValueError):
    """The query is malformed; the text says where."""


@dataclass(frozen=True)
class Term:
    """One condition: the field's value equals ``value``, starts with it, or is between ``low`` and ``high``.

    :param kind: ``equals``, ``prefix`` or ``range``.
    :param low: lower bound as the field's values are sorted, None when open; a bound itself is in the range when its
        ``..._included`` says so.
    """

    field: str
    kind: str
    value: str = ""
    low: object = None
    high: object = None
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True)
class Query:
    """A parsed query; call it with a profile to know whether that matches.

    :param terms: conditions that every match meets.
    :param complete: whether the terms are the whole query.
    """

    matches: Predicate
    terms: tuple[Term, ...] = ()
    complete: bool = False

    def __call__(self, profile: Profile) -> bool:
        return self.matches(profile)


EVERYTHING = Query(lambda profile: True, complete=True)


def parse(query: str, searchable: frozenset[str] = SEARCHABLE) -> Query:
    """The parsed ``query`` over the fields ``searchable``; raises :class:`SearchError`."""
    return _Parser(_tokens(query), searchable).parse()


def field_values(profile: Profile, field: str) -> list:
    """All indexed values of a dotted field: empty arrays, objects and nulls are not indexed."""
    if field == "email.domain":
        email = profile.get("email")
        return [email.rpartition("@")[2]] if email else []
    values: list = [profile]
    for part in field.split("."):
        values = [inner for value in values for inner in _members(value, part)]
    return [leaf for value in values for leaf in (value if isinstance(value, list) else [value]) if leaf is not None]


def _members(value: object, name: str) -> list:
    items = value if isinstance(value, list) else [value]
    return [item[name] for item in items if isinstance(item, dict) and name in item]


def _tokens(query: str) -> list[re.Match]:
    tokens, position, text = [], 0, query.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SearchError(f"cannot read '{text[position:position + 20].strip()}'")
        tokens.append(match)
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[re.Match], searchable: frozenset[str]):
        self._tokens = tokens
        self._searchable = searchable
        self._next = 0
        self._depth = 0

    def parse(self) -> Query:
        query = self._alternatives()
        if self._next < len(self._tokens):
            raise SearchError(f"unexpected '{self._tokens[self._next][0].strip()}'")
        return query

    def _alternatives(self) -> Query:
        parts = [self._conjunction()]
        while self._take("OR"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Query(lambda profile: any(part(profile) for part in parts))

    def _conjunction(self) -> Query:
        parts = [self._negation()]
        while self._take("AND"):
            parts.append(self._negation())
        if len(parts) == 1:
            return parts[0]
        return Query(
            lambda profile: all(part(profile) for part in parts),
            tuple(term for part in parts for term in part.terms),
            all(part.complete for part in parts),
        )

    def _negation(self) -> Query:
        negated = False
        while self._take("NOT"):
            negated = not negated
        term = self._term()
        return Query(lambda profile: not term(profile)) if negated else term

    def _term(self) -> Query:
        if self._next >= len(self._tokens):
            raise SearchError("the query ends where a term is expected")
        token = self._tokens[self._next]
        self._next += 1
        if token["open"]:
            self._depth += 1
            if self._depth > MOST_NESTING:
                raise SearchError("too many nested parentheses")
            inner = self._alternatives()
            if self._next >= len(self._tokens) or not self._tokens[self._next]["close"]:
                raise SearchError("missing ')'")
            self._next += 1
            self._depth -= 1
            return inner
        if token["field"]:
            return _condition(token, self._searchable)
        raise SearchError(f"unexpected '{token[0].strip()}'")

    def _take(self, word: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next]["word"] == word:
            self._next += 1
            return True
        return False


def _condition(token: re.Match, searchable: frozenset[str]) -> Query:
    field = token["field"]
    if field == "_exists_":
        return Query(_exists(_unescape(token["plain"] or (token["quoted"] or "")[1:-1]), searchable))
    root = field if field == "email.domain" else field.partition(".")[0]
    if root not in searchable:
        return Query(lambda profile: False)
    if token["range"]:
        _refuse_on_user_metadata(root, "ranges")
        return _in_range(field, token["range"])
    if token["quoted"]:
        return _equals(field, _unescape(token["quoted"][1:-1]))
    plain = token["plain"]
    if "*" not in plain:
        return _equals(field, _unescape(plain))
    _refuse_on_user_metadata(root, "wildcards")
    literal = plain.strip("*")
    if not literal or len(plain) != len(literal) + 1 or "*" in literal:
        raise SearchError("a wildcard stands at the start or at the end of a text")
    if plain.endswith("*"):
        return _starts_with(field, _unescape(literal))
    if len(_unescape(literal)) < SHORTEST_SUFFIX:
        raise SearchError(f"a wildcard at the start needs at least {SHORTEST_SUFFIX} characters after it")
    return _ends_with(field, _unescape(literal))


def _refuse_on_user_metadata(root: str, what: str) -> None:
    if root == "user_metadata":
        raise SearchError(f"{what} are not supported on user_metadata")


def _exists(field: str, searchable: frozenset[str]) -> Predicate:
    if field.partition(".")[0] not in searchable:
        return lambda profile: False
    return lambda profile: any(value not in ({}, []) for value in field_values(profile, field))


def _equals(field: str, wanted: str) -> Query:
    normal = _normaliser(field)
    wanted = normal(wanted)
    return Query(
        lambda profile: any(normal(_text(value)) == wanted for value in field_values(profile, field)),
        (Term(field, "equals", wanted),),
        complete=True,
    )


def _starts_with(field: str, prefix: str) -> Query:
    normal = _normaliser(field)
    prefix = normal(prefix)
    return Query(
        lambda profile: any(normal(_text(value)).startswith(prefix) for value in field_values(profile, field)),
        (Term(field, "prefix", prefix),),
        complete=True,
    )


def _ends_with(field: str, suffix: str) -> Query:
    normal = _normaliser(field)
    suffix = normal(suffix)
    return Query(lambda profile: any(normal(_text(value)).endswith(suffix) for value in field_values(profile, field)))


def _in_range(field: str, text: str) -> Query:
    low_text, _to, high_text = text[1:-1].split()
    key = _sort_key(field, (low_text, high_text))
    try:
        low = None if low_text == "*" else key(low_text)
        high = None if high_text == "*" else key(high_text)
    except ValueError:
        raise SearchError(f"cannot read the bounds of '{text}'") from None
    low_included, high_included = text[0] == "[", text[-1] == "]"

    def matches(value: object) -> bool:
        try:
            present = key(_text(value))
        except ValueError:
            return False
        above = low is None or present > low or (low_included and present == low)
        below = high is None or present < high or (high_included and present == high)
        return above and below

    return Query(
        lambda profile: any(matches(value) for value in field_values(profile, field)),
        (Term(field, "range", "", low, high, low_included, high_included),),
        complete=True,
    )


def _sort_key(field: str, bounds: Sequence[str]) -> Callable[[str], object]:
    if field in DATES:
        return _moment
    # Metadata are numbers or texts; what the bounds are decides.
    if field == "logins_count" or (field.startswith("app_metadata.") and all(map(_NUMBER.fullmatch, bounds))):
        return float
    return _normaliser(field)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("\\", ""))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _normaliser(field: str) -> Callable[[str], str]:
    return str.lower if field in NORMALIZED else str


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
