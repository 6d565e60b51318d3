# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``q`` parameter of ``GET /users``: a Lucene subset over the searchable profile fields (API.md §3.6).

Grammar: ``field:"value"``, ``field:value``, ``field:prefix*``, ``field:*suffix``, ``field:[A TO B]`` (``{`` and ``}`` exclude the bound,
``*`` leaves it open), ``field:(a OR b)``, ``_exists_:field``, ``AND``, ``OR``, ``NOT``, ``-`` and parentheses. Terms without an
operator between them are alternatives, as in Lucene. A word or a phrase without a field is looked for in all texts but
``user_metadata``. A field that is not searchable matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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
        (?P<word>(?:AND|OR|NOT)(?=[\s()]|$)|-(?=[^\s)]))|
        (?P<field>[A-Za-z_][\w.\-]*):|
        (?P<quoted>"(?:\\.|[^"\\])*")|
        (?P<range>[\[{]\s*[^\s\[\]{}]+\s+TO\s+[^\s\[\]{}]+\s*[\]}])|
        (?P<plain>(?:\\.|[^\s()\[\]{}"\\:])+)
    )""",
    re.VERBOSE,
)
_STAR = re.compile(r"(?<!\\)\*")
_WORD = re.compile(r"\w+")


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
class Alternatives:
    """Conditions of several options, of which a match meets those of at least one."""

    options: tuple[tuple[Term | Alternatives, ...], ...]


@dataclass(frozen=True)
class Query:
    """A parsed query; call it with a profile to know whether that matches.

    :param terms: conditions that every match meets.
    :param complete: whether the terms are the whole query.
    """

    matches: Predicate
    terms: tuple[Term | Alternatives, ...] = ()
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

    def _alternatives(self, field: str | None = None) -> Query:
        parts = [self._neighbors(field)]
        while self._take("OR"):
            parts.append(self._neighbors(field))
        return parts[0] if len(parts) == 1 else _any_of(parts)

    def _neighbors(self, field: str | None) -> Query:
        """Terms without an operator: one of them matches, and every one that begins with ``NOT`` as well."""
        options: list[Query] = []
        demands: list[Query] = []
        while not (options or demands) or self._is_term_next():
            negated = self._peek("NOT", "-")
            (demands if negated else options).append(self._conjunction(field))
        if len(options + demands) == 1:
            return (options + demands)[0]
        if not demands:
            return _any_of(options)
        return Query(
            lambda profile: (not options or any(option(profile) for option in options))
            and all(demand(profile) for demand in demands)
        )

    def _conjunction(self, field: str | None) -> Query:
        parts = [self._negation(field)]
        while self._take("AND"):
            parts.append(self._negation(field))
        if len(parts) == 1:
            return parts[0]
        return Query(
            lambda profile: all(part(profile) for part in parts),
            tuple(term for part in parts for term in part.terms),
            all(part.complete for part in parts),
        )

    def _negation(self, field: str | None) -> Query:
        negated = False
        while self._take("NOT", "-"):
            negated = not negated
        term = self._term(field)
        return Query(lambda profile: not term(profile)) if negated else term

    def _term(self, field: str | None) -> Query:
        token = self._advance()
        if token["field"]:
            if field is not None:
                raise SearchError(f"a field in the parentheses of the field {field}")
            field, token = token["field"], self._advance()
        if token["open"]:
            return self._group(field)
        if token["close"] or token["word"] or token["field"]:
            raise SearchError(f"unexpected '{token[0].strip()}'")
        return _anywhere(token, self._searchable) if field is None else _condition(field, token, self._searchable)

    def _group(self, field: str | None) -> Query:
        self._depth += 1
        if self._depth > MOST_NESTING:
            raise SearchError("too many nested parentheses")
        inner = self._alternatives(field)
        if self._next >= len(self._tokens) or not self._tokens[self._next]["close"]:
            raise SearchError("missing ')'")
        self._next += 1
        self._depth -= 1
        return inner

    def _advance(self) -> re.Match:
        if self._next >= len(self._tokens):
            raise SearchError("the query ends where a term is expected")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take(self, *words: str) -> bool:
        found = self._peek(*words)
        self._next += found
        return found

    def _peek(self, *words: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next]["word"] in words

    def _is_term_next(self) -> bool:
        return self._next < len(self._tokens) and not self._tokens[self._next]["close"] and not self._peek("AND", "OR")


def _anywhere(token: re.Match, searchable: frozenset[str]) -> Query:
    """A term without a field: its words follow each other in any text of the profile, whatever their case."""
    if token["range"]:
        raise SearchError(f"the range '{token[0].strip()}' names no field")
    text = _unescape(token["quoted"][1:-1] if token["quoted"] else token["plain"])
    if "*" in text:
        pattern = re.compile(re.escape(text).replace(r"\*", r"\w*"), re.IGNORECASE)
        return Query(
            lambda profile: any(
                pattern.fullmatch(word) for found in _texts(profile, searchable) for word in _WORD.findall(found)
            )
        )
    words = _WORD.findall(text.lower())
    return Query(
        lambda profile: any(_follow(words, _WORD.findall(found.lower())) for found in _texts(profile, searchable))
    )


def _follow(words: list[str], among: list[str]) -> bool:
    starts = range(len(among) - len(words) + 1) if words else ()
    return any(among[start : start + len(words)] == words for start in starts)


def _texts(profile: Profile, searchable: frozenset[str]) -> Iterator[str]:
    """All texts of a profile but those of ``user_metadata`` and of what is not searchable."""
    for name, value in profile.items():
        if name in searchable and name != "user_metadata":
            yield from _leaves(value)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif value is not None:
        yield _text(value)


def _condition(field: str, token: re.Match, searchable: frozenset[str]) -> Query:
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
    literals = [_unescape(literal) for literal in _STAR.split(plain)]
    if len(literals) == 1:
        return _equals(field, literals[0])
    _refuse_on_user_metadata(root, "wildcards")
    if not any(literals):
        return Query(_exists(field, searchable))
    if not literals[0] and len(max(literals, key=len)) < SHORTEST_SUFFIX:
        raise SearchError(f"a wildcard at the start needs at least {SHORTEST_SUFFIX} characters after it")
    if len(literals) == 2 and not literals[1]:
        return _starts_with(field, literals[0])
    return _like(field, literals)


def _refuse_on_user_metadata(root: str, what: str) -> None:
    if root == "user_metadata":
        raise SearchError(f"{what} are not supported on user_metadata")


def _exists(field: str, searchable: frozenset[str]) -> Predicate:
    if field.partition(".")[0] not in searchable:
        return lambda profile: False
    return lambda profile: any(value not in ({}, []) for value in field_values(profile, field))


def _any_of(parts: list[Query]) -> Query:
    return Query(
        lambda profile: any(part(profile) for part in parts),
        (Alternatives(tuple(part.terms for part in parts)),),
        all(part.complete for part in parts),
    )


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


def _like(field: str, literals: list[str]) -> Query:
    """The literals follow each other, with any text between them."""
    normal = _normaliser(field)
    pattern = re.compile(".*".join(re.escape(normal(literal)) for literal in literals), re.DOTALL)
    return Query(lambda profile: any(pattern.fullmatch(normal(_text(value))) for value in field_values(profile, field)))


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
