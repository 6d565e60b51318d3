# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ocsf.jsonl.gz``: findings as events of OCSF 1.8.0, class Compliance Finding, for a SIEM or a data lake."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Literal, Mapping, NamedTuple, TypedDict

from ...auth0.times import as_time
from ..lines import encoded
from ..records import FoundRow, Severity, Status
from ..rules import RULES

VERSION = "1.8.0"
_CATEGORY, _CLASS = 2, 2003
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_SEVERITIES: Mapping[Severity, tuple[int, str]] = {
    "critical": (5, "Critical"),
    "high": (4, "High"),
    "medium": (3, "Medium"),
    "low": (2, "Low"),
}
_CREATE, _UPDATE, _CLOSE = (1, "Create"), (2, "Update"), (3, "Close")
_NEW, _SUPPRESSED, _RESOLVED, _ARCHIVED = (1, "New"), (3, "Suppressed"), (4, "Resolved"), (5, "Archived")
_UNKNOWN, _PASS, _WARNING, _FAIL = (0, "Unknown"), (1, "Pass"), (2, "Warning"), (3, "Fail")
# What is done, the finding's status, and whether the user complies. Of what nobody looked at nothing is claimed.
_STATUSES: Mapping[Status, tuple[tuple[int, str], tuple[int, str], tuple[int, str]]] = {
    "new": (_CREATE, _NEW, _FAIL),
    "persisting": (_UPDATE, _NEW, _FAIL),
    "reopened": (_UPDATE, _NEW, _FAIL),
    "resolved": (_CLOSE, _RESOLVED, _PASS),
    "not-read": (_UPDATE, _UNKNOWN, _UNKNOWN),
    "out-of-scope": (_CLOSE, _ARCHIVED, _UNKNOWN),
    "gone": (_CLOSE, _ARCHIVED, _UNKNOWN),
    "not-asked": (_CLOSE, _ARCHIVED, _UNKNOWN),
}


# What a finding is about.
_About = Literal["policy", "user", "authenticator"]


class _Kind(NamedTuple):
    """What many events have in common."""

    about: _About
    rule: str
    status: Status
    severity: Severity
    warning: bool
    exempted: bool
    holds: bool
    tenant: str
    run: str
    at: str


class _Own(TypedDict):
    """What an event has of its own. Nearly all are texts and numbers, which are quickly encoded."""

    message: Any
    uid: Any
    first_seen: Any
    last_seen: Any
    user_id: Any
    user: Any
    labels: Any
    authenticator_id: Any
    authenticator: Any
    factor: Any
    age_days: Any
    age_from: Any
    protection: Any
    place: Any
    exempted: Any
    acted: Any


def event(found: FoundRow, at: str) -> dict[str, Any] | None:
    """One finding as an event; None where there is nothing to tell, because it was closed by an earlier run.

    :param at: the time of the run, ISO 8601
    """
    kind = _kind(found, at)
    return _event(kind, _own(found)) if kind else None


def line(found: FoundRow, at: str) -> bytes | None:
    """The same as a line of JSON, in a third of the time: what events of a kind have in common is encoded once."""
    kind = _kind(found, at)
    if kind is None:
        return None
    own = {name: _text(value) for name, value in _own(found).items()}
    return (_template(kind) % own).encode() + b"\n"


def _text(value: Any) -> str:
    """The value as JSON. What is simple is not worth an encoder."""
    if value is None:
        return "null"
    if value.__class__ is int:
        return str(value)
    if value.__class__ is list:
        return "[%s]" % ",".join(map(encoded, value))
    return encoded(value)


# Stands in an event where a value belongs. JSON has it as an escape, and no text of ours has such a character.
_SLOT, _SLOT_IN_JSON = "\0%s\0", re.compile(r'"\\u0000(\w+)\\u0000"')


@lru_cache(maxsize=2000)
def _template(kind: _Kind) -> str:
    """The line as a format with the names of the values."""
    slots: Any = {name: _SLOT % name for name in _Own.__annotations__}
    return _SLOT_IN_JSON.sub(r"%(\1)s", encoded(_event(kind, slots)).replace("%", "%%"))


def _kind(found: FoundRow, at: str) -> _Kind | None:
    if found["closed_at"] is not None and found["closed_at"] != at:
        return None
    if found["user_id"] is None:
        about: _About = "policy"
    else:
        about = "user" if found["authenticator_id"] is None else "authenticator"
    return _Kind(
        about,
        found["rule"],
        found["status"],
        found["severity"],
        found["warning"],
        found["exempted"] is not None,
        found["closed_at"] is None,
        found["tenant"],
        found["run"],
        at,
    )


def _own(found: FoundRow) -> _Own:
    return {
        "message": "%s: %s" % (RULES[found["rule"]].title, found["user"]),
        "uid": found["id"],
        "first_seen": _milliseconds(found["first_seen"]),
        "last_seen": _milliseconds(found["last_seen"]),
        "user_id": found["user_id"],
        "user": found["user"],
        "labels": [
            *["connection: " + name for name in found["connections"]],
            *[name for name in ("privileged", "break_glass") if found[name]],
        ],
        "authenticator_id": found["authenticator_id"],
        "authenticator": found["device"] or found["factor"] or found["authenticator_id"],
        "factor": found["factor"],
        "age_days": found["age_days"],
        "age_from": found["age_from"],
        "protection": found["protection"],
        "place": found["place"],
        "exempted": found["exempted"],
        "acted": found["acted"],
    }


def _event(kind: _Kind, own: _Own) -> dict[str, Any]:
    rule = RULES[kind.rule]
    (activity, activity_name), (status_id, status), (compliance_id, compliance) = _STATUSES[kind.status]
    if kind.holds:
        if kind.exempted:
            status_id, status = _SUPPRESSED
        if kind.warning:
            compliance_id, compliance = _WARNING
    severity_id, severity = _SEVERITIES[kind.severity]
    return {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + activity,
        "type_name": "Compliance Finding: " + activity_name,
        "time": _milliseconds(kind.at),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "status_detail": kind.status,
        "message": own["message"],
        "metadata": {
            "version": VERSION,
            "product": {"name": "MFA audit for Auth0", "vendor_name": "mfaops.auth0"},
            "tenant_uid": kind.tenant,
            "correlation_uid": kind.run,
            "event_code": rule.id,
        },
        "finding_info": {
            "uid": own["uid"],
            "title": rule.title,
            "desc": rule.risk,
            "types": [rule.id],
            "created_time": own["first_seen"],
            "first_seen_time": own["first_seen"],
            "last_seen_time": own["last_seen"],
            "analytic": {"uid": rule.id, "name": rule.title, "type_id": 1, "type": "Rule"},
        },
        "compliance": {
            "control": rule.id,
            "standards": list(rule.references) or ["mfaops.auth0"],
            "status_id": compliance_id,
            "status": compliance,
        },
        "remediation": {"desc": rule.remediation},
        "resources": _resources(kind, own),
        "unmapped": {
            "factor": own["factor"],
            "age_days": own["age_days"],
            "age_from": own["age_from"],
            "protection": own["protection"],
            "place": own["place"],
            "exempted": own["exempted"],
            "acted": own["acted"],
        },
    }


def _resources(kind: _Kind, own: _Own) -> list[dict[str, Any]]:
    """The user, and the authenticator where the finding is about one."""
    if kind.about == "policy":
        return [{"type": "Audit policy", "uid": own["user"], "name": own["user"], "namespace": kind.tenant}]
    user = {
        "type": "User",
        "uid": own["user_id"],
        "name": own["user"],
        "namespace": kind.tenant,
        "labels": own["labels"],
    }
    if kind.about == "user":
        return [user]
    authenticator = {
        "type": "Authenticator",
        "uid": own["authenticator_id"],
        "name": own["authenticator"],
        "namespace": kind.tenant,
    }
    return [user, authenticator]


@lru_cache(maxsize=1000)
def _milliseconds(text: str) -> int:
    """Since 1970. All findings of a run share few times."""
    moment = as_time(text)
    return round((moment - _EPOCH).total_seconds() * 1000) if moment else 0
