# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports that may leave the team: names, addresses and IDs become keyed hashes before anything is written.

The same key gives the same hash for the same text, so two reports can be compared. Without the key, nobody finds out by trying
names whose hash it is; that is why findings have other IDs, too. Connections are replaced because they often carry the names of
customers. Texts that may name anybody are withheld. The tenant, factors, dates, ages and figures stay.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import fields
from functools import lru_cache
from typing import Any, Mapping, Union

from ..auth0.wire.errors import ConfigurationError
from .policy.model import Policy
from .records import ChangeRow, FoundRow, Summary, TallyFigures, UserRow

# The environment variable that holds the key.
VARIABLE = "MFAOPS_PSEUDONYM_KEY"
SHORTEST_KEY = 16
WITHHELD = "withheld"

_KEEP, _WITHHOLD, _WHY, _EMAIL, _CONNECTION = "keep", "withhold", "why", "email", "connection"
# What becomes of a value: one of those, the kind of thing that a hash stands for, or the members of an object. What is None stays
# so, and a list is treated one by one. A member that is not named is left out, so that one that is added later cannot leak.
_Kind = Union[str, Mapping[str, Any]]

_IDENTITY = {"connection": _CONNECTION, "provider": _KEEP, "is_social": _KEEP}
_DATES = dict.fromkeys(("created_at", "enrolled_at", "last_auth_at"), _KEEP)
_SEEN = {**_DATES, "read_at": _KEEP}
_FINDING = {
    **dict.fromkeys(("rule", "severity", "warning", "factor", "age_days", "age_from", "status", "first_seen"), _KEEP),
    "id": "finding",
    "authenticator_id": "authenticator",
    "link_id": "link",
    "exempted": {"reason": _WITHHOLD, "owner": "owner", "expires": _KEEP},
    "acted": {"action": _KEEP, "at": _KEEP},
}
_AUTHENTICATOR = {
    **_DATES,
    **dict.fromkeys(("factor", "confirmed", "protects", "channels", "unreadable", "age_days", "age_from"), _KEEP),
    "id": "authenticator",
    "name": "device",
    "phone_number": "device",
    "email": "device",
}
_USER = {
    **dict.fromkeys(
        ("schema_version", "tenant", "created_at", "last_login", "blocked", "unreadable", "read_at"), _KEEP
    ),
    **dict.fromkeys(("protection", "place", "by_idp", "privileged", "break_glass", "in_grace"), _KEEP),
    "user_id": "user",
    "email": _EMAIL,
    "name": "name",
    "identities": _IDENTITY,
    "connections": _CONNECTION,
    "why": _WHY,
    "error": _WITHHOLD,
    "authenticators": _AUTHENTICATOR,
    "findings": _FINDING,
}
_PERSON = {
    **dict.fromkeys(("schema_version", "tenant", "run", "privileged", "break_glass", "place"), _KEEP),
    "user_id": "user",
    "user": "name",
    "email": _EMAIL,
    "connections": _CONNECTION,
    "device": "device",
}
_FOUND = {
    **_FINDING,
    **_PERSON,
    **dict.fromkeys(("protection", "last_seen", "closed_at"), _KEEP),
    "seen": _SEEN,
}
_CHANGE = {
    **_PERSON,
    **dict.fromkeys(("change", "factor", "at", "since", "until"), _KEEP),
    "authenticator_id": "authenticator",
}
_PEOPLE = {"user_ids": "pattern", "emails": "pattern", "app_metadata": {"path": _KEEP, "value": "value"}}
_POLICY = {
    **{each.name: _KEEP for each in fields(Policy)},
    "connections": {"name": _CONNECTION, "mfa": _KEEP},
    "excluded": _PEOPLE,
    "privileged": _PEOPLE,
    "break_glass": _PEOPLE,
    "exemptions": {"rule": _KEEP, "users": _PEOPLE, "reason": _WITHHOLD, "owner": "owner", "expires": _KEEP},
}
# What is counted over rows that name nobody names nobody.
_SUMMARY = {
    **dict.fromkeys(TallyFigures.__annotations__, _KEEP),
    **dict.fromkeys(
        ("schema_version", "tenant", "run", "base", "planned", "reported", "oldest_reading", "partial"), _KEEP
    ),
    **dict.fromkeys(("coverage", "history", "changes", "tenant_facts", "limits", "versions"), _KEEP),
    "reason": _WITHHOLD,
    "note": _WITHHOLD,
    "policy": _POLICY,
}
# The words for why a user is out of scope or aside. Others name connections, which have a member of their own.
_PLAIN_WHY = ("blocked", "never logged in", "excluded")


def read_key(path: str | None, environment: Mapping[str, str]) -> bytes:
    """The key from a file, or else from the environment.

    :raises ConfigurationError: there is none, or it is too short to be secret
    """
    source = path or VARIABLE
    if path is None:
        key = os.fsencode(environment.get(VARIABLE, "")).strip()
    else:
        try:
            with open(os.path.expanduser(path), "rb") as file:
                key = file.read(4096).strip()
        except OSError as error:
            raise ConfigurationError(
                "Could not read the key for pseudonyms in %s: %s" % (path, error.strerror or error)
            ) from None
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            "Pseudonyms need a key of at least %d characters, and %s has %d" % (SHORTEST_KEY, source, len(key)),
            hint="Make one with: openssl rand -hex 32. Keep it secret. Reports with the same key can be compared.",
        )
    return key


class Pseudonyms:
    """Rows in, rows of the same form out, in which nobody is named."""

    def __init__(self, key: bytes) -> None:
        """
        :param key: secret
        """
        self._key = key
        # Few, and each in many rows.
        self._few = lru_cache(maxsize=10_000)(self._hash)

    def user(self, row: UserRow) -> UserRow:
        """A line of ``users.jsonl.gz``."""
        treated: UserRow = self._treat(_USER, row)
        return treated

    def found(self, found: FoundRow) -> FoundRow:
        """A line of ``findings.jsonl.gz``."""
        treated: FoundRow = self._treat(_FOUND, found)
        treated["user"] = self._shown(found, treated)
        return treated

    def change(self, row: ChangeRow) -> ChangeRow:
        """A line of ``changes.jsonl.gz``."""
        treated: ChangeRow = self._treat(_CHANGE, row)
        treated["user"] = self._shown(row, treated)
        return treated

    def summary(self, figures: Summary) -> Summary:
        """``summary.json``.

        :param figures: counted over rows that were treated
        """
        treated: Summary = self._treat(_SUMMARY, figures)
        return treated

    def _treat(self, kind: _Kind, value: Any) -> Any:
        if value is None or kind == _KEEP:
            return value
        if isinstance(value, (list, tuple)):
            return [self._treat(kind, each) for each in value]
        if not isinstance(kind, str):
            return {name: self._treat(kind[name], member) for name, member in value.items() if name in kind}
        if kind == _WITHHOLD:
            return WITHHELD
        if kind == _WHY:
            return value if value in _PLAIN_WHY else WITHHELD
        if kind == _EMAIL:
            return self._email(value)
        return self._few(kind, value) if kind == _CONNECTION else self._hash(kind, value)

    def _hash(self, kind: str, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        digest = hmac.digest(self._key, ("%s:%s" % (kind, text)).encode("utf-8", "surrogatepass"), "sha256")
        # 80 bits: among ten million users no two are alike.
        return "%s-%s" % (kind, digest[:10].hex())

    def _email(self, address: str) -> str:
        """Both parts by themselves, so that users of one domain can still be told from others."""
        name, at, domain = address.rpartition("@")
        if not at:
            return self._hash("name", address)
        return "%s@%s.invalid" % (self._hash("name", name), self._few("domain", domain.lower()))

    def _shown(self, row: FoundRow | ChangeRow, treated: FoundRow | ChangeRow) -> str:
        """What the user is known by, as it is in the other members."""
        if row["user"] == row["email"] and treated["email"] is not None:
            return treated["email"]
        if row["user"] == row["user_id"] and treated["user_id"] is not None:
            return treated["user_id"]
        return self._hash("name", row["user"])
