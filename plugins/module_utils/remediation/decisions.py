# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people decided about the findings of an audit, from the file that the audit wrote. Sends nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, Container, Iterable, Iterator, Mapping, NamedTuple, cast

from ..audit.findings import finding_id
from ..audit.reports.findings_csv import row_sum
from ..audit.reports.table import uncell
from ..audit.rules import Action, action_of
from ..auth0.times import as_time, iso
from ..auth0.wire.errors import ConfigurationError
from ..mistakes import Mistakes

REMOVE: Action = "remove"
TICKET: Action = "ticket"
ROTATE: Action = "rotate"
KEEP = "keep"

# What became of a finding that the audit still finds.
_HOLDS = ("new", "persisting", "reopened")
_GZIP = b"\x1f\x8b"


class Seen(NamedTuple):
    """The dates of an authenticator as the audit saw them, ISO 8601; None where it saw none."""

    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None


_DATES = ("read_at", *Seen._fields)
_COLUMNS = (
    *("finding_id", "decision", "status", "rule", "tenant", "user", "user_id", "email", "privileged", "break_glass"),
    *("protection", "authenticator_id", "link_id", "last_seen", "exempted_because", "exempted_by", "exempted_until"),
    "row_sum",
    *("seen_" + name for name in _DATES),
)


@dataclass(frozen=True)
class Decision:
    """What is to be done about one finding.

    :ivar finding: ID of the finding
    :ivar user: how a person knows the user
    :ivar has_address: whether the user has an e-mail address
    :ivar by_provider: whether the user's identity provider does MFA
    :ivar standing: ``privileged`` and ``break-glass``, as far as the user is
    :ivar authenticator_id: None where the finding is about the user as a whole; likewise ``seen`` and ``read_at``
    :ivar link_id: what the methods of a pair have in common; None for a single one
    :ivar seen: its dates as the audit saw them
    :ivar read_at: when the audit read them, ISO 8601
    :ivar last_seen: time of the last run that found it, ISO 8601; None where the file does not tell
    :ivar void: why the audit itself says that nothing is to be done; None otherwise
    """

    finding: str
    rule: str
    user_id: str
    user: str
    has_address: bool
    by_provider: bool
    standing: tuple[str, ...]
    authenticator_id: str | None
    link_id: str | None
    seen: Seen | None
    read_at: str | None
    last_seen: str | None
    void: str | None
    action: Action


def read_decisions(path: str, tenant: str, reviewed: Iterable[str] | None) -> list[Decision]:
    """The decisions in a file that an audit wrote, in its order.

    :param path: ``findings.csv``, whose column ``decision`` somebody has filled in, ``findings.jsonl`` or ``users.jsonl``,
        compressed with gzip or not
    :param tenant: domain of the tenant that is acted on
    :param reviewed: IDs of the findings to act on; None where the column says it
    :raises ConfigurationError: the file cannot be read, or something in it cannot be right; says all of it together
    """
    mistakes = Mistakes("%s cannot be acted on" % path)
    wanted = None if reviewed is None else dict.fromkeys(reviewed)
    # With the line that says it; None is to keep it.
    decided: dict[str, tuple[Decision | None, int]] = {}
    with _opened(path) as file:
        for row in _rows(path, file, wanted is None):
            if not _is_decided(row, wanted):
                continue
            kept = wanted is None and _said(row) == KEEP
            decision = None if kept else _decision(row, wanted is not None, tenant, mistakes)
            first, line = decided.setdefault(row["id"], (decision, row["line"]))
            if first != decision:
                mistakes.add("Two decisions about one finding", "%s (lines %d and %d)" % (row["id"], line, row["line"]))
    for identity in wanted or ():
        if identity not in decided:
            mistakes.add("Not in the file", identity)
    mistakes.check()
    return [decision for decision, _line in decided.values() if decision is not None]


@contextmanager
def _opened(path: str) -> Iterator[IO[str]]:
    """The file as text, unpacked.

    :raises ConfigurationError: it cannot be read, now or later on
    """
    try:
        with open(path, "rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as content:
                yield io.TextIOWrapper(cast("IO[bytes]", content), encoding="utf-8-sig", newline="")
    except (OSError, EOFError, UnicodeDecodeError, ValueError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8, or it is damaged"
        raise ConfigurationError(
            "%s cannot be read: %s" % (path, reason), hint="Name a file that an audit wrote."
        ) from None


def _rows(path: str, file: IO[str], by_column: bool) -> Iterator[dict[str, Any]]:
    """The findings in the file, with the names of ``findings.jsonl`` and their ``line``; from CSV with ``decision`` too, and
    with ``intact``: the cells that count are as the audit wrote them.
    """
    first = file.readline()
    lines = chain([first], file)
    if not first.startswith("{"):
        yield from _from_csv(path, lines, first)
    elif by_column:
        raise ConfigurationError(
            "%s has no column for decisions" % path,
            hint="List the IDs of the findings in reviewed, or fill in the column decision of findings.csv.",
        )
    else:
        yield from _from_lines(path, lines)


def _from_csv(path: str, lines: Iterable[str], first: str) -> Iterator[dict[str, Any]]:
    # A spreadsheet may have written it anew, with the separator of its language.
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(lines, delimiter=delimiter, strict=True)
    try:
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigurationError(
                "%s has no column %s" % (path, ", ".join(missing)),
                hint="Name findings.csv, or another file that an audit wrote.",
            )
        for row in rows:
            cells = {name: uncell(row[name] or "") or None for name in _COLUMNS}
            exempted = {
                "reason": cells["exempted_because"],
                "owner": cells["exempted_by"],
                "expires": cells["exempted_until"],
            }
            yield {
                **cells,
                "id": cells["finding_id"],
                "privileged": cells["privileged"] != "no",
                "break_glass": cells["break_glass"] != "no",
                "seen": {name: cells["seen_" + name] for name in _DATES},
                "exempted": exempted if exempted["expires"] else None,
                "line": rows.line_num,
                "intact": row_sum({name: row[name] or "" for name in _COLUMNS}) == row["row_sum"],
            }
    except csv.Error as error:
        raise ConfigurationError("%s line %d is not CSV: %s" % (path, rows.line_num, error)) from None


def _from_lines(path: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "findings" in row:
                yield from [{**_of_user(row, finding), "line": number} for finding in row["findings"]]
            else:
                seen = {**row["seen"]} if row["seen"] else None
                yield {**row, "seen": seen, "rule": row["rule"], "id": row["id"], "line": number}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ConfigurationError(
                "%s line %d is not what an audit writes" % (path, number),
                hint="Name findings.csv, findings.jsonl.gz or users.jsonl.gz of a run.",
            ) from None


def _of_user(row: Mapping[str, Any], finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding in the row of its user, which an earlier version may have written."""
    its = {each["id"]: each for each in row["authenticators"]}.get(finding["authenticator_id"])
    return {
        **finding,
        **{name: row.get(name) for name in ("tenant", "user_id", "email", "privileged", "break_glass", "protection")},
        "user": row["email"] or row["name"] or row["user_id"],
        "seen": {**{name: its[name] for name in Seen._fields}, "read_at": row["read_at"]} if its else None,
        "last_seen": row["read_at"],
    }


def _is_decided(row: Mapping[str, Any], wanted: Container[str] | None) -> bool:
    if wanted is not None:
        return row["id"] in wanted
    return _said(row) != ""


def _said(row: Mapping[str, Any]) -> str:
    """What the column says."""
    return (row["decision"] or "").strip().lower()


def _decision(row: Mapping[str, Any], by_id: bool, tenant: str, mistakes: Mistakes) -> Decision | None:
    if not all(isinstance(row.get(name), str) and row[name] for name in ("id", "rule", "user_id")):
        mistakes.add("Not about a user", str(row["id"]))
        return None
    identity, rule, user_id, authenticator = row["id"], row["rule"], row["user_id"], row.get("authenticator_id")
    if row.get("tenant") != tenant:
        mistakes.add("Of the tenant %s, while this is %s" % (row.get("tenant"), tenant), identity)
        return None
    # The ID is made of these, so nobody can have changed one of them, or put a decision into another row.
    if finding_id(tenant, rule, user_id, authenticator, row.get("link_id")) != identity:
        mistakes.add("Rule, user or authenticator are not those of the ID", identity)
        return None
    action = action_of(rule, authenticator)
    about = rule if action or not action_of(rule, "any") else "%s of the account, which is no authenticator" % rule
    if by_id and action is None:
        mistakes.add("Nothing can be done here about %s" % about, identity)
        return None
    said = action if by_id else _said(row)
    if said != action or action is None:
        possible = "not %s or keep" % action if action else "about which nothing can be done here: leave it empty"
        mistakes.add("Decision %r about %s, %s" % (said, about, possible), identity)
        return None
    dates = row.get("seen") if authenticator else None
    if dates and any(dates.get(name) and as_time(dates[name]) is None for name in _DATES):
        mistakes.add("A date that is none; a spreadsheet may have changed it", identity)
        return None
    if not row.get("intact", True):
        mistakes.add(
            "Cells are not as the audit wrote them; a spreadsheet may have changed them",
            "%s (line %d)" % (identity, row["line"]),
        )
        return None
    standing = (("privileged", row.get("privileged")), ("break-glass", row.get("break_glass")))
    return Decision(
        identity,
        rule,
        user_id,
        str(row.get("user") or row.get("email") or user_id),
        bool(row.get("email")),
        row.get("protection") == "elsewhere",
        tuple(name for name, holds in standing if holds),
        authenticator,
        row.get("link_id"),
        Seen(*(iso(as_time(dates.get(name))) for name in Seen._fields)) if dates else None,
        iso(as_time(dates.get("read_at"))) if dates else None,
        row.get("last_seen"),
        _void(row),
        action,
    )


def _void(row: Mapping[str, Any]) -> str | None:
    status, exempted = row.get("status"), row.get("exempted")
    if exempted:
        return "The policy exempts it until %s: %s (%s)." % (exempted["expires"], exempted["reason"], exempted["owner"])
    if status and status not in _HOLDS:
        return "The audit no longer finds it: %s." % status
    return None
