# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the findings of the run before.

A finding is resolved only where the user was read and is in scope, and where the policy that found it would not find it any
more. Everything else that makes a finding disappear has a word of its own: the user, a date or a type could not be read, the user is
out of scope or gone, or nobody asks by now, as where a worse finding took its place. An exempted finding is still found, so it goes on.
When it counts again, because the exemption has ended or the user is back in scope, that is news: it is reopened.

A tenant may have any number of findings, so they are in a database on disk (SQLite), in the form that Python packs fastest:
nobody but this process can open it.
"""

from __future__ import annotations

import marshal
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Callable, Container, Iterable, Iterator, Literal, Mapping, NamedTuple

from ..auth0.factors import FACTORS
from ..auth0.times import as_time
from .facts import UNKNOWN, TenantFacts
from .lines import scratch_database
from .policy.model import Policy
from .records import SEVERITIES, STATUSES, FindingRow, FoundRow, HistoryFigures, Severity, Status, UserRow
from .rules import RULES
from .verdict import NO_FACTORS

OPEN: tuple[Status, ...] = ("new", "persisting", "reopened")
# What is closed for good, unless it is found again.
CLOSED: tuple[Status, ...] = ("resolved", "gone")
# For so long a closed finding is remembered, so that it is reopened and not new when it comes back.
KEPT = timedelta(days=400)

# Rules that leave some users out, and rules that need dates, of devices and of logins.
_NOT_OF_BREAK_GLASS = frozenset({"stale", "never-used", "dormant-user"})
_NOT_OF_IDP = frozenset({"no-mfa", "recovery-code-only", "weak-only", "single-factor", "no-recovery-code"})
_BY_AGE = frozenset({"stale", "never-used", "unconfirmed"})
_BY_LOGINS = frozenset({"dormant-user", "not-challenged"})
# Rules that have nothing to say where nothing protects the user, and all that are about everything that a user has.
_OF_PROTECTION = _NOT_OF_IDP | {"not-challenged"}
_OF_THE_WHOLE = _OF_PROTECTION | {"break-glass", "too-many"}

_TYPES = NO_FACTORS.union(FACTORS)

# What is known of a finding that was not known: its status, when it was first seen, whether it counted, and the finding itself.
_NEVER: tuple[Status | None, str | None, int, bytes] = (None, None, 0, b"")

# Its annotation knows no TypedDict.
_packed: Callable[[Any], bytes] = marshal.dumps

# Why a user has no row in a run.
Missing = Literal["not-read", "out-of-scope", "gone"]


class Terms(NamedTuple):
    """What the findings of a run rest on beside the readings."""

    policy: Policy
    facts: TenantFacts = UNKNOWN


def missing(everybody_listed: bool, whole_tenant: bool) -> Missing:
    """Why a user whom nothing tells of is not in a run.

    :param everybody_listed: the run is complete: nobody is left who might have been this user
    :param whole_tenant: the run is about every user, and not about some that were searched for or given
    """
    if not everybody_listed:
        return "not-read"
    return "gone" if whole_tenant else "out-of-scope"


class Past:
    """The findings that were known before a run. A context manager, which frees the database.

    Fill it with :meth:`know`; then tell it of every user of the run, each once, by :meth:`mark` or :meth:`leave`, of the findings
    about the policy by :meth:`mark_policy`, and ask for the :meth:`rest`.
    """

    def __init__(self, directory: str, at: str, terms: Terms, former: Callable[[str], Terms | None]) -> None:
        """
        :param directory: for the database; it needs about 1 KB a finding
        :param at: the time of the run, ISO 8601
        :param terms: of the run
        :param former: those of the reports of an earlier run; None where nobody knows
        """
        self._at, self._terms, self._former = at, terms, former
        self._known_terms: dict[str, Terms | None] = {}
        self._forgotten_before = _time(at) - KEPT
        # By row ID, from 1 on: whether its user was seen.
        self._seen = bytearray(1)
        self._database = scratch_database(directory)
        for statement in (
            "CREATE TABLE found (number INTEGER PRIMARY KEY, user TEXT, id TEXT, status TEXT, first_seen TEXT, counted INTEGER, found BLOB)",
            "BEGIN",
        ):
            self._database.execute(statement)

    def __enter__(self) -> Past:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._database.close()

    def know(self, rows: Iterable[FoundRow]) -> None:
        """The lines of ``findings.jsonl.gz`` of the run that is compared with. To be called once."""
        self._database.executemany(
            "INSERT INTO found (user, id, status, first_seen, counted, found) VALUES (?, ?, ?, ?, ?, ?)",
            (
                (row["user_id"] or "", row["id"], row["status"], row["first_seen"], _counted(row), _packed(row))
                for row in rows
                if not self._is_forgotten(row)
            ),
        )
        self._database.execute("CREATE INDEX by_user ON found (user)")
        ((count,),) = self._database.execute("SELECT count(*) FROM found")
        self._seen = bytearray(count + 1)

    def mark(self, row: UserRow, judge: Callable[[Terms], Container[str]]) -> list[FoundRow]:
        """Set ``status`` and ``first_seen`` of the findings of one user; returns what was known before and is not found now.

        :param judge: IDs of the findings in the same reading of this user on the same day on other terms; it is asked only where
            other terms than those of the run found something that these do not
        """
        missed = self._missed(row["user_id"], row["findings"], is_meant=row["place"] == "in")
        judged: dict[str, Container[str]] = {}

        def found_then(run: str, terms: Terms) -> Container[str]:
            if run not in judged:
                judged[run] = judge(terms)
            return judged[run]

        return [self._close(each, self._word(each, row, found_then)) for each in missed]

    def mark_policy(self, rows: Iterable[FoundRow], undecided: Mapping[str, Status]) -> list[FoundRow]:
        """The same for the findings about the policy itself, which have no user.

        :param undecided: the IDs of those that were not looked for, and why
        """
        return [
            self._close(each, undecided.get(each["id"], "resolved") if self._asks(each["rule"]) else "not-asked")
            for each in self._missed("", rows)
        ]

    def leave(self, user_id: str, why: Missing) -> list[FoundRow]:
        """What was known of a user who has no row."""
        return [self._close(each, why) for each in self._missed(user_id, ())]

    def rest(self, why: Missing) -> Iterator[FoundRow]:
        """What was known of those users that nobody told of, in the order in which it was known."""
        for number, found in self._database.execute("SELECT number, found FROM found ORDER BY number"):
            if not self._seen[number]:
                yield self._close(marshal.loads(found), why)

    def _missed(self, user_id: str, findings: Iterable[FindingRow], *, is_meant: bool = True) -> list[FoundRow]:
        """Set ``status`` and ``first_seen`` of all findings of one user; returns what is not among them and was known.

        :param user_id: empty for the findings about the policy
        :param is_meant: findings of this user count, unless they are exempted
        """
        known = {}
        for number, key, status, first_seen, counted, found in self._database.execute(
            "SELECT number, id, status, first_seen, counted, found FROM found WHERE user = ?", (user_id,)
        ):
            self._seen[number] = 1
            known[key] = (status, first_seen, counted, found)
        for finding in findings:
            # Nearly all are found again. What is known of these beside the three is not unpacked.
            status, first_seen, counted, _found = known.pop(finding["id"], _NEVER)
            counts_again = is_meant and finding["exempted"] is None and not counted
            finding["status"] = _found_again(status, counts_again)
            finding["first_seen"] = first_seen or self._at
        return [marshal.loads(found) for *_known, found in known.values()]

    def _word(self, known: FoundRow, row: UserRow, found_then: Callable[[str, Terms], Container[str]]) -> Status:
        """Why a finding about a user who has a row is not found."""
        if row["place"] == "out":
            return "out-of-scope"
        if row["error"] is not None:
            return "not-read"
        if not self._asks(known["rule"]) or _is_spared(known, row):
            return "not-asked"
        if _is_dateless(known, row) or _is_of_unknown_type(known, row):
            return "not-read"
        if _is_worse_off(known, row):
            return "not-asked"
        terms = self._terms_of(known["run"])
        if terms is not None and (terms == self._terms or known["id"] not in found_then(known["run"], terms)):
            return "resolved"
        return "not-asked"

    def _close(self, known: FoundRow, word: Status) -> FoundRow:
        """The finding with its new word. What was closed stays closed, and what could not be read now keeps the word it had."""
        before = known["status"]
        if before in CLOSED or before == word or (word == "not-read" and before not in OPEN):
            return known
        known["status"], known["closed_at"] = word, self._at
        return known

    def _asks(self, rule: str) -> bool:
        return rule in RULES and rule not in self._terms.policy.off

    def _terms_of(self, run: str) -> Terms | None:
        """On what an earlier run would judge today: by its own policy, and with the tenant's settings of today.

        A setting that cannot be read any more is as it was: what it made a finding of has not been mended. A factor that was switched
        off since mends nothing either.
        """
        if run not in self._known_terms:
            then, facts = self._former(run), self._terms.facts
            self._known_terms[run] = then and Terms(
                then.policy,
                TenantFacts(
                    then.facts.mfa_policies if facts.mfa_policies is None else facts.mfa_policies,
                    _ever_on(then.facts.enabled_factors, facts.enabled_factors),
                ),
            )
        return self._known_terms[run]

    def _is_forgotten(self, row: FoundRow) -> bool:
        # Of a user who could not be read all this time nobody knows anything better.
        if row["closed_at"] is None or row["status"] == "not-read":
            return False
        return _time(row["closed_at"]) < self._forgotten_before


class Differences:
    """Counts over what a run found and what became of the rest, for the summary. Memory is flat."""

    def __init__(self, at: str) -> None:
        """
        :param at: the time of the run, ISO 8601: what was closed before is told no more
        """
        self._at = at
        self._statuses: Counter[Status] = Counter()
        self._new: Counter[Severity] = Counter()

    def add(self, found: FoundRow) -> None:
        """Count one line of ``findings.jsonl.gz``."""
        if found["place"] != "in":
            return
        if found["closed_at"] in (None, self._at):
            self._statuses[found["status"]] += 1
        # Whoever could not be read is in the coverage, and is no news of a user.
        if found["status"] in ("new", "reopened") and found["exempted"] is None and found["rule"] != "unread":
            self._new[found["severity"]] += 1

    def figures(self, base: str | None, base_at: str | None) -> HistoryFigures:
        """How the run differs from the one that it is compared with.

        :param base: that run; None where there was none
        :param base_at: its time
        """
        return {
            "base": base,
            "since": base_at,
            "until": self._at,
            "days": round((_time(self._at) - _time(base_at)) / timedelta(days=1), 2) if base_at else None,
            "statuses": {status: self._statuses[status] for status in STATUSES},
            "new": {severity: self._new[severity] for severity in SEVERITIES},
        }


def _ever_on(then: frozenset[str] | None, now: frozenset[str] | None) -> frozenset[str] | None:
    # Where nobody knew, all of them counted.
    return then if then is None or now is None else then | now


def _is_spared(known: FoundRow, row: UserRow) -> bool:
    """Whether the rule does not look at this user any more, because of what the user has become."""
    rule = known["rule"]
    if rule == "break-glass":
        return not row["break_glass"]
    if rule in _NOT_OF_BREAK_GLASS:
        return row["break_glass"] and not known["break_glass"] and _is_there(known, row)
    return rule in _NOT_OF_IDP and row["by_idp"]


def _is_dateless(known: FoundRow, row: UserRow) -> bool:
    """Whether the dates that the finding rests on cannot be right now, or have vanished, so that nobody can tell."""
    odd = [each for each in row["findings"] if each["rule"] == "odd-date"]
    if known["rule"] in _BY_LOGINS:
        vanished = row["last_login"] is None and (
            known["rule"] == "not-challenged" or "last_login" in row["unreadable"]
        )
        return vanished or bool(odd)
    if known["rule"] not in _BY_AGE:
        return False
    about = (known["authenticator_id"], known["link_id"])
    was_used = known["seen"] is not None and known["seen"]["last_auth_at"] is not None
    return any((each["authenticator_id"], each["link_id"]) == about for each in odd) or any(
        each["id"] == known["authenticator_id"]
        and (bool(each["unreadable"]) or (was_used and each["last_auth_at"] is None))
        for each in row["authenticators"]
    )


def _is_of_unknown_type(known: FoundRow, row: UserRow) -> bool:
    """Whether nobody can tell because of an authenticator whose type this version does not know."""
    unknown = {each["id"] for each in row["authenticators"] if each["factor"] not in _TYPES}
    if known["rule"] == "too-many":
        return bool(unknown)
    return known["authenticator_id"] in unknown or (known["rule"] in _OF_THE_WHOLE and row["protection"] == "unknown")


def _is_worse_off(known: FoundRow, row: UserRow) -> bool:
    """Whether the rule has nothing to say about the user any more only because something worse is to be said."""
    rule, protection = known["rule"], row["protection"]
    if protection == "none":
        return rule in _OF_PROTECTION
    if rule == "no-recovery-code" and any(each["rule"] == "single-factor" for each in row["findings"]):
        return True
    return protection == "weak" and known["protection"] == "strong" and rule in ("single-factor", "no-recovery-code")


def _is_there(known: FoundRow, row: UserRow) -> bool:
    """Whether the user still has what the finding is about."""
    about = known["authenticator_id"]
    return about is None or any(each["id"] == about for each in row["authenticators"])


def _counted(known: FoundRow) -> bool:
    """Whether somebody had the finding to deal with, as far as was known last."""
    return known["exempted"] is None and known["place"] == "in" and known["status"] != "out-of-scope"


def _found_again(before: Status | None, counts_again: bool) -> Status:
    if before is None:
        return "new"
    return "reopened" if before in CLOSED or counts_again else "persisting"


def _time(text: str) -> datetime:
    moment = as_time(text)
    if moment is None:
        raise ValueError("%r is no time" % text)
    return moment
