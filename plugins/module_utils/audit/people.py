# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a policy applies to one user. Pure: no clock, no request.

What cannot be read of a profile never takes a user out of scope, and never makes MFA the business of somebody else.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Callable, Iterable, Iterator, Literal, Mapping, NamedTuple, Sequence

from ..auth0.api.profiles import Identity
from ..auth0.times import as_time
from .policy.model import ConnectionPolicy, Exemption, Mfa, People, Policy
from .records import Place, ProfileRecord

# Connections where Auth0 itself asks for the first factor: databases and passwordless ones.
AUTH0_PROVIDERS = frozenset({"auth0", "sms", "email"})
# An exemption that ends within so many days is told.
SOON = timedelta(days=14)
# So many patterns are named in a note.
_MOST_NAMED = 5
# The clocks of a tenant and of whoever made an account may differ by this much.
_CLOCK_SKEW = timedelta(days=1)

Section = Literal["exclude", "privileged", "break_glass", "exemptions"]
Field = Literal["user_ids", "emails", "app_metadata"]


class Term(NamedTuple):
    """One pattern of the policy.

    :ivar number: place of the exemption in the policy, from 0; None in the other sections
    :ivar text: as it is in the policy; a value of ``app_metadata`` as ``path = value``
    """

    section: Section
    number: int | None
    field: Field
    text: str

    def __str__(self) -> str:
        where = self.section if self.number is None else "%s[%d].users" % (self.section, self.number)
        return "%s.%s: %s" % (where, self.field, self.text)


class Standing(NamedTuple):
    """What of the policy applies to one user.

    :ivar why: why the user is out of scope or aside; None for ``in``
    :ivar by_idp: the identity provider does MFA for every connection of the user
    :ivar in_grace: the account is too new to need a second factor
    :ivar exemptions: those that fit the user and have not expired
    :ivar terms: every pattern that fits the user, those of expired exemptions too
    :ivar mistyped: paths in ``app_metadata`` where the user has a value whose type alone keeps a pattern from fitting
    """

    place: Place
    why: str | None
    by_idp: bool
    privileged: bool
    break_glass: bool
    in_grace: bool
    exemptions: tuple[Exemption, ...]
    terms: tuple[Term, ...]
    mistyped: tuple[str, ...] = ()


class Standings:
    """The policy, made ready for many users."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._terms = _Terms(_terms(policy))
        self._grace = timedelta(days=policy.grace_days)
        # A tenant has few connections.
        self._mfa: Callable[[str | None, str | None, bool | None], Mfa] = lru_cache(4096)(self._mfa_of)

    def of(self, profile: ProfileRecord, now: datetime) -> Standing:
        """What applies to this user.

        :param now: aware; an exemption holds to the end of its last day in UTC
        """
        terms = self._terms.fitting(profile)
        sections = {term.section for term in terms}
        # Empty where no identity is known: then the user is not out of scope, and not the business of somebody else.
        mfas = {self._mfa(*_connection(identity)) for identity in profile["identities"]}
        break_glass = "break_glass" in sections
        place, why = self._place(profile, "exclude" in sections, mfas, break_glass)
        return Standing(
            place,
            why,
            by_idp="idp" in mfas and "auth0" not in mfas,
            privileged="privileged" in sections,
            break_glass=break_glass,
            in_grace=bool(self._grace) and self._is_new(profile, now),
            exemptions=self._exemptions(terms, now) if "exemptions" in sections else (),
            terms=terms,
            mistyped=self._terms.mistyped(profile),
        )

    def _place(
        self, profile: ProfileRecord, excluded: bool, mfas: set[Mfa], break_glass: bool
    ) -> tuple[Place, str | None]:
        if excluded:
            return "out", "excluded"
        if mfas == {"none"}:
            names = sorted({each["connection"] or "" for each in profile["identities"]})
            return "out", "connection%s %s" % ("s" if len(names) > 1 else "", ", ".join(names))
        found: list[tuple[Place, str]] = []
        if profile["blocked"]:
            found.append((self._policy.blocked, "blocked"))
        # Whoever is there for an emergency has never logged in as long as there was none.
        if profile["last_login"] is None and "last_login" not in profile["unreadable"] and not break_glass:
            found.append((self._policy.never_logged_in, "never logged in"))
        for place in ("out", "aside"):
            for decided, why in found:
                if decided == place:
                    return decided, why
        return "in", None

    def _mfa_of(self, connection: str | None, provider: str | None, is_social: bool | None) -> Mfa:
        return who_does_mfa(self._policy, connection, provider, is_social)[0]

    def _is_new(self, profile: ProfileRecord, now: datetime) -> bool:
        created = as_time(profile["created_at"])
        return created is not None and -_CLOCK_SKEW <= now - created < self._grace

    def _exemptions(self, terms: Iterable[Term], now: datetime) -> tuple[Exemption, ...]:
        today = day(now)
        numbers = sorted({term.number for term in terms if term.number is not None})
        return tuple(each for each in map(self._policy.exemptions.__getitem__, numbers) if each.expires >= today)


def standing(profile: ProfileRecord, policy: Policy, now: datetime) -> Standing:
    """What applies to one user. For many users make one :class:`Standings`."""
    return Standings(policy).of(profile, now)


def who_does_mfa(
    policy: Policy, connection: str | None, provider: str | None, is_social: bool | None
) -> tuple[Mfa, ConnectionPolicy | None]:
    """Who does MFA for a connection, and the part of the policy that says so; None where it says nothing.

    :param provider: Auth0's word for the kind of connection
    """
    if not connection:
        return "auth0", None
    for each in policy.connections:
        if glob(each.name).match(connection):
            return each.mfa, each
    if is_social:
        return "idp", None
    return "auth0" if not provider or provider in AUTH0_PROVIDERS else "idp", None


def day(now: datetime) -> date:
    """The day in UTC, which exemptions are counted by."""
    return now.astimezone(timezone.utc).date()


def _connection(identity: Identity) -> tuple[str | None, str | None, bool | None]:
    return identity["connection"], identity["provider"], identity["is_social"]


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern where ``*`` is any text and ``?`` any character; nothing else is special."""
    # Its translation takes time in proportion to the text, whatever the pattern.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


def is_pattern(text: str) -> bool:
    """Whether this may fit more than itself."""
    return "*" in text or "?" in text


def _terms(policy: Policy) -> Iterator[tuple[Term, Any]]:
    """Every pattern of the policy, with what it is held against: a pattern, or a path and a value."""
    sections: list[tuple[Section, int | None, People]] = [
        ("exclude", None, policy.excluded),
        ("privileged", None, policy.privileged),
        ("break_glass", None, policy.break_glass),
    ]
    sections += [("exemptions", number, each.users) for number, each in enumerate(policy.exemptions)]
    for section, number, people in sections:
        for text in people.user_ids:
            yield Term(section, number, "user_ids", text), text
        for text in people.emails:
            yield Term(section, number, "emails", text), text.lower()
        for member in people.app_metadata:
            text = "%s = %s" % (member.path, _shown(member.value))
            yield Term(section, number, "app_metadata", text), (member.path, _key(member.value))


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(value: object) -> tuple[bool, object]:
    """A value of JSON so that true is not 1."""
    return isinstance(value, bool), value


class _Terms:
    """Finds the patterns that fit a user, in a time that hardly depends on how many there are."""

    def __init__(self, terms: Iterable[tuple[Term, Any]]) -> None:
        self._order: dict[Term, int] = {}
        exact: dict[Field, dict[str, list[Term]]] = {"user_ids": {}, "emails": {}}
        patterns: dict[Field, list[tuple[str, Term]]] = {"user_ids": [], "emails": []}
        self._members: dict[str, dict[Any, list[Term]]] = {}
        for term, held in terms:
            self._order.setdefault(term, len(self._order))
            if term.field == "app_metadata":
                path, value = held
                self._members.setdefault(path, {}).setdefault(value, []).append(term)
            elif is_pattern(held):
                patterns[term.field].append((held, term))
            else:
                exact[term.field].setdefault(held, []).append(term)
        self._ids = _Texts(exact["user_ids"], patterns["user_ids"])
        self._emails = _Texts(exact["emails"], patterns["emails"])

    def fitting(self, profile: ProfileRecord) -> tuple[Term, ...]:
        if not self._order:
            return ()
        found = self._ids.fitting(profile["user_id"])
        email = profile["email"]
        if email is not None:
            found += self._emails.fitting(email.lower())
        if self._members:
            metadata: Any = profile.get("app_metadata") or {}
            for path, values in self._members.items():
                there = value_at(metadata, path)
                for value in there if isinstance(there, list) else (there,):
                    if isinstance(value, (str, int, float)):
                        found += values.get(_key(value), ())
        if len(found) < 2:
            return tuple(found)
        return tuple(sorted(set(found), key=self._order.__getitem__))

    def mistyped(self, profile: ProfileRecord) -> tuple[str, ...]:
        """The paths where a value would fit if it were of another type, or is one that no policy can name."""
        if not self._members:
            return ()
        metadata = profile.get("app_metadata") or {}
        return tuple(path for path, values in self._members.items() if _is_mistyped(value_at(metadata, path), values))


def _is_mistyped(there: object, values: Mapping[tuple[bool, object], object]) -> bool:
    if there is None:
        return False
    for value in there if isinstance(there, list) else (there,):
        if not isinstance(value, (str, int, float)):
            return True
        text, kind = _shown(value), (isinstance(value, bool), isinstance(value, str))
        if any(text == _shown(wanted) and kind != (truth, isinstance(wanted, str)) for truth, wanted in values):
            return True
    return False


class _Texts:
    """Texts and patterns that one text may fit."""

    def __init__(self, exact: dict[str, list[Term]], patterns: list[tuple[str, Term]]) -> None:
        self._exact = exact
        self._patterns = [(glob(text), term) for text, term in patterns]
        # Most users fit none.
        self._any = re.compile("|".join(each.pattern for each, _term in self._patterns)) if patterns else None

    def fitting(self, text: str) -> list[Term]:
        found = list(self._exact.get(text, ()))
        if self._any is not None and self._any.match(text):
            found += [term for pattern, term in self._patterns if pattern.match(text)]
        return found


def value_at(metadata: Mapping[str, Any], path: str) -> object:
    """What stands at a path such as ``staff.role``; None for nothing. A name with dots in it is found as well."""
    if path in metadata:
        return metadata[path]
    there: object = metadata
    for name in path.split("."):
        if not isinstance(there, Mapping):
            return None
        there = there.get(name)
    return there


@dataclass(frozen=True)
class Unfitted:
    """What of a policy deserves a look after a run.

    :ivar expired: exemptions that hold no more
    :ivar unused: exemptions that hold and fit nobody
    :ivar ending: exemptions that hold, and end within :data:`SOON`
    :ivar terms: patterns of privileged and break-glass users that fit nobody
    :ivar mistyped: path in ``app_metadata`` -> how many users have a value there whose type keeps a pattern from fitting
    """

    expired: tuple[Exemption, ...]
    unused: tuple[Exemption, ...]
    ending: tuple[Exemption, ...]
    terms: tuple[Term, ...]
    mistyped: Mapping[str, int]

    def notes(self, everybody: bool) -> list[str]:
        """What its reader should know and is no finding, a sentence each. It may name users, as the policy does.

        :param everybody: everybody was counted
        """
        told = []
        if self.terms and everybody:
            told.append("Patterns of the policy that fit nobody: %s." % _some(list(map(str, self.terms))))
        if self.mistyped:
            paths = ["%s (users: %d)" % each for each in sorted(self.mistyped.items())]
            told.append("Values in app_metadata that fit no pattern because of their type: %s." % _some(paths))
        if self.ending:
            ending = ["%s on %s" % (each.rule or "every rule", each.expires.isoformat()) for each in self.ending]
            told.append("Exemptions that end within %d days: %s." % (SOON.days, _some(ending)))
        return told


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (" and %d more" % more if more > 0 else "")


class Fitted:
    """Counts how many users each pattern of a policy fits. Takes memory for the policy, not for the users."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._users: Counter[Term] = Counter()
        self._exempted: Counter[int] = Counter()
        self._mistyped: Counter[str] = Counter()

    def add(self, found: Standing) -> None:
        """Count one user. Whoever is out of scope counts too: the pattern fits, and that is the question."""
        if found.terms:
            self._users.update(found.terms)
            self._exempted.update({term.number for term in found.terms if term.number is not None})
        self._mistyped.update(found.mistyped)

    def users(self, term: Term) -> int:
        """How many users this pattern fits."""
        return self._users[term]

    def rest(self, now: datetime) -> Unfitted:
        """What expired, ends soon, or fits nobody of those who were counted.

        Where not everybody was counted, nobody can say what fits nobody: then only ``expired`` and ``ending`` mean something.
        """
        today = day(now)
        exemptions = list(enumerate(self._policy.exemptions))
        holding = [(number, each) for number, each in exemptions if each.expires >= today]
        watched = (term for term, _held in _terms(self._policy) if term.section in ("privileged", "break_glass"))
        return Unfitted(
            expired=tuple(each for _number, each in exemptions if each.expires < today),
            unused=tuple(each for number, each in holding if not self._exempted[number]),
            ending=tuple(each for _number, each in holding if each.expires - today <= SOON),
            terms=tuple(dict.fromkeys(term for term in watched if not self._users[term])),
            mistyped=dict(self._mistyped),
        )
