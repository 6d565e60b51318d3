# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people decided about the findings of an audit, from the file that the audit wrote. Sends nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import Any, Container, Iterable, Iterator, Literal, Mapping, NamedTuple, cast

from ..audit.findings import finding_id
from ..auth0.wire.errors import ConfigurationError

Action = Literal["remove", "ticket", "rotate", "keep"]
KEEP = "keep"
DECISION = "decision"

# What can be done about a finding of each rule, beside keeping it. What stands first is done where somebody only lists IDs.
BY_RULE: Mapping[str, tuple[Action, ...]] = {
    "stale": ("remove",),
    "never-used": ("remove",),
    "unconfirmed": ("remove",),
    "odd-date": ("remove",),
    "no-mfa": ("ticket",),
    "recovery-code-only": ("ticket",),
    "no-recovery-code": ("rotate",),
}
# How many mistakes of one kind are told.
_TOLD = 5
_MOST_BYTES = 1 << 30


class Seen(NamedTuple):
    """The dates of an authenticator as the audit saw them, ISO 8601; None where it saw none."""

    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None


@dataclass(frozen=True)
class Decision:
    """What is to be done about one finding.

    :ivar finding: ID of the finding
    :ivar user: how a person knows the user
    :ivar authenticator_id: None where the finding is about the user as a whole
    :ivar seen: None where the finding is about the user as a whole
    """

    finding: str
    rule: str
    user_id: str
    user: str
    authenticator_id: str | None
    seen: Seen | None
    action: Action


def read_decisions(path: str, tenant: str, reviewed: Iterable[str] | None) -> list[Decision]:
    """The decisions in a file that an audit wrote, in its order.

    :param path: ``findings.csv``, whose column ``decision`` somebody has filled in, ``findings.jsonl`` or ``users.jsonl``,
        compressed with gzip or not
    :param tenant: domain of the tenant that is acted on
    :param reviewed: IDs of the findings to act on; None where the column says it
    :raises ConfigurationError: the file cannot be read, or something in it cannot be right; says all of it together
    """
    wanted = None if reviewed is None else dict.fromkeys(reviewed)
    text = _text(path)
    csv_file = not text.lstrip().startswith("{")
    rows = list(_from_csv(path, text) if csv_file else _from_lines(path, text))
    mistakes = _Mistakes(path)
    if wanted is None and not csv_file:
        raise ConfigurationError(
            "%s has no column for decisions" % path,
            hint="List the IDs of the findings in reviewed, or fill in the column decision of findings.csv.",
        )
    known = {row["id"] for row in rows}
    for identity in wanted or ():
        if identity not in known:
            mistakes.add("Not in the file", identity)
    found = [_decision(row, wanted is not None, tenant, mistakes) for row in rows if _is_decided(row, wanted)]
    mistakes.check()
    return [each for each in dict.fromkeys(found) if each is not None and each.action != KEEP]


class _Mistakes:
    """What is wrong with a file, the same mistake of many rows together."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: dict[str, list[str]] = {}

    def add(self, mistake: str, where: str) -> None:
        """:param where: the row"""
        self._found.setdefault(mistake, []).append(where)

    def check(self) -> None:
        """:raises ConfigurationError: there is a mistake"""
        if not self._found:
            return
        said = []
        for mistake, rows in self._found.items():
            more = " and %d more" % (len(rows) - _TOLD) if len(rows) > _TOLD else ""
            said.append("%s: %s%s" % (mistake, ", ".join(rows[:_TOLD]), more))
        raise ConfigurationError(
            "%s cannot be acted on. %s" % (self._path, "; ".join(said)), hint="Correct it. Nothing was changed."
        )


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES)
        if content[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(_MOST_BYTES)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8, or it is damaged"
        raise ConfigurationError(
            "%s cannot be read: %s" % (path, reason), hint="Name a file that an audit wrote."
        ) from None


def _from_csv(path: str, text: str) -> Iterator[dict[str, Any]]:
    first = text.split("\n", 1)[0]
    # A spreadsheet may have written it anew, with the separator of its language.
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    missing = [name for name in ("id", "rule", "tenant", "user_id", DECISION) if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigurationError(
            "%s has no column %s" % (path, ", ".join(missing)),
            hint="Name findings.csv, or another file that an audit wrote.",
        )
    try:
        for row in rows:
            plain = {name: _plain(value) for name, value in row.items() if name is not None and isinstance(value, str)}
            seen = (
                {name: plain.get(name) or None for name in Seen._fields} if set(Seen._fields) <= plain.keys() else None
            )
            authenticator = plain.get("authenticator_id") or None
            yield {**plain, "authenticator_id": authenticator, "seen": seen if authenticator else None}
    except csv.Error as error:
        raise ConfigurationError("%s line %d is not CSV: %s" % (path, rows.line_num, error)) from None


def _plain(cell: str) -> str:
    """The cell without what keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip()[:1] in tuple("=+-@\t\r") else cell


def _from_lines(path: str, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "findings" not in row:
                yield {
                    name: row.get(name)
                    for name in ("id", "rule", "tenant", "user_id", "user", "authenticator_id", "link_id", "seen")
                }
                continue
            methods = {each["id"]: each for each in row["authenticators"]}
            for finding in row["findings"]:
                its = methods.get(finding["authenticator_id"])
                yield {
                    "id": finding["id"],
                    "rule": finding["rule"],
                    "tenant": row["tenant"],
                    "user_id": row["user_id"],
                    "user": row["email"] or row["name"] or row["user_id"],
                    "authenticator_id": finding["authenticator_id"],
                    "link_id": finding.get("link_id"),
                    "seen": {name: its[name] for name in Seen._fields} if its else None,
                }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ConfigurationError(
                "%s line %d is not what an audit writes" % (path, number),
                hint="Name findings.csv, findings.jsonl.gz or users.jsonl.gz of a run.",
            ) from None


def _is_decided(row: Mapping[str, Any], wanted: Container[str] | None) -> bool:
    return row["id"] in wanted if wanted is not None else bool(row[DECISION].strip())


def _decision(row: Mapping[str, Any], by_id: bool, tenant: str, mistakes: _Mistakes) -> Decision | None:
    if not all(isinstance(row[name], str) and row[name] for name in ("id", "rule", "user_id")):
        mistakes.add("Not about a user", str(row["id"]))
        return None
    identity, rule, user_id, authenticator = row["id"], row["rule"], row["user_id"], row["authenticator_id"]
    if row["tenant"] != tenant:
        mistakes.add("Of the tenant %s, while this is %s" % (row["tenant"], tenant), identity)
        return None
    # The ID is made of these, so nobody can have changed one of them, or put a decision into another row.
    if finding_id(tenant, rule, user_id, authenticator, row.get("link_id") or None) != identity:
        mistakes.add("Rule, user or authenticator are not those of the ID", identity)
        return None
    possible = BY_RULE.get(rule, ())
    if by_id and not possible:
        mistakes.add("Nothing can be done here about %s" % rule, identity)
        return None
    action = possible[0] if by_id else str(row[DECISION]).strip().lower()
    if action not in (*possible, KEEP):
        mistakes.add("Decision %r about %s, which is not %s" % (action, rule, " or ".join((*possible, KEEP))), identity)
        return None
    user = str(row.get("user") or row.get("email") or user_id)
    return Decision(identity, rule, user_id, user, authenticator, _seen(row.get("seen")), cast(Action, action))


def _seen(dates: Mapping[str, str | None] | None) -> Seen | None:
    return Seen(**{name: dates.get(name) for name in Seen._fields}) if dates is not None else None
