# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy from its file. Everything that is wrong with the file is told at once, each with its place."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Collection, Iterator

from ...auth0.api.checks import check_id
from ...auth0.wire.errors import ConfigurationError, visible
from ...yaml_file.checked import Reader, content_of, file_error, name_of, read
from ...yaml_file.document import START, Document, Mistake, Path, Place, shown
from ...yaml_file.form import LONGEST_LIST, Schema
from ..lists import entries
from .model import ConnectionPolicy, Exemption, Member, People, Policy
from .profiles import PROFILES
from .schema import PATH, schema

LONGEST_EXEMPTION = timedelta(days=366)

# Where a threshold of the file is in the policy.
_THRESHOLDS = {
    ("stale", "days"): "stale_days",
    ("stale", "warning_days"): "stale_warning_days",
    ("never-used", "days"): "never_used_days",
    ("never-used", "warning_days"): "never_used_warning_days",
    ("unconfirmed", "days"): "unconfirmed_days",
    ("dormant-user", "days"): "dormant_days",
    ("dormant-user", "warning_days"): "dormant_warning_days",
    ("not-challenged", "days"): "not_challenged_days",
    ("too-many", "authenticators"): "too_many",
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Nothing but these fits every ID and every address.
_EVERYBODY = re.compile(r"[*?@|.]*\*[*?@|.]*")


def load(path: str, rules: Collection[str], today: date) -> Policy:
    """The policy in a file.

    :param path: of the file
    :param rules: IDs of the rules
    :param today: the day in UTC on which the file is read; an exemption ends at most a year after it
    :raises FileError: the file cannot be read, or anything in it is wrong
    :raises ConfigurationError: ruamel.yaml or jsonschema is not installed, or too old
    """
    reader = _Reader(read(path), schema(rules), os.path.dirname(path), today)
    policy = reader.policy()
    if policy is None:
        raise file_error(path, reader.mistakes)
    return policy


class _Reader(Reader):
    """Reads the policy of a document."""

    PATTERNS = {**Reader.PATTERNS, PATH: "a path such as staff.role"}

    def __init__(self, document: Document, form: Schema, directory: str, today: date) -> None:
        super().__init__(document, form)
        self._directory, self._today = directory, today

    def policy(self) -> Policy | None:
        """The policy; None where anything is wrong."""
        profile = PROFILES[self.get(("profile",), "default")]
        given: dict[str, Any] = {
            name: self.get((name,))
            for name in ("grace_days", "blocked", "never_logged_in")
            if self.get((name,)) is not None
        }
        given["name"] = self.get(("name",), profile.name)
        if self.get(("weak_factors",)) is not None:
            given["weak_factors"] = tuple(sorted(set(self.items(("weak_factors",)))))
        if self.get(("off",)) is not None:
            given["off"] = frozenset(self.items(("off",)))
        severities = self.get(("severities",), {})
        given["severities"] = {rule: self.get(("severities", rule)) for rule in severities}
        given.update(self._thresholds(profile))
        given["connections"] = self._connections()
        for section, name in (("exclude", "excluded"), ("privileged",) * 2, ("break_glass",) * 2):
            given[name] = self._people((section,), everybody=section == "privileged")
        given["exemptions"] = tuple(self._exemptions())
        if self.mistakes:
            return None
        return replace(profile, **given)

    def _thresholds(self, profile: Policy) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for (rule, name), member in _THRESHOLDS.items():
            path = ("thresholds", rule, name)
            if self.get(path[:2]) is not None and name in self.get(path[:2]) and not self.is_wrong(path):
                given[member] = self.get(path)
        for rule in ("stale", "never-used", "dormant-user"):
            days, warning = _THRESHOLDS[rule, "days"], _THRESHOLDS[rule, "warning_days"]
            last = given.get(days, getattr(profile, days))
            if given.get(warning) is not None and given[warning] >= last:
                path = ("thresholds", rule, "warning_days")
                self.tell(path, "%s is %d" % (name_of(path), given[warning]), "fewer than the %d of days" % last)
        return given

    def _connections(self) -> tuple[ConnectionPolicy, ...]:
        made: list[ConnectionPolicy] = []
        names: set[str] = set()
        for number in range(len(self.get(("connections",), ()))):
            path: Path = ("connections", number)
            name, mfa = self.get((*path, "name")), self.get((*path, "mfa"))
            if name in names:
                self.tell((*path, "name"), "the connection %s a second time" % shown(name), "it once: the first counts")
            if name is not None and mfa is not None:
                made.append(ConnectionPolicy(name, mfa))
                names.add(name)
        return tuple(made)

    def _people(self, path: Path, *, everybody: bool) -> People:
        """
        :param everybody: whether a pattern may fit everybody
        """
        user_ids, emails = list(self.items((*path, "user_ids"))), tuple(self.items((*path, "emails")))
        for kind in ("user_ids", "emails"):
            for number in range(len(self.get((*path, kind), ()))):
                self._check_text((*path, kind, number), kind, everybody)
        file = self.get((*path, "user_ids_file"))
        if file is not None:
            user_ids += self._ids_of((*path, "user_ids_file"), file)
        members = tuple(
            Member(each["path"], each["value"])
            for number, each in enumerate(self.get((*path, "app_metadata"), ()))
            if self.get((*path, "app_metadata", number, "path")) is not None
            and self.get((*path, "app_metadata", number, "value")) is not None
        )
        return People(tuple(dict.fromkeys(user_ids)), emails, members)

    def _check_text(self, path: Path, kind: str, everybody: bool) -> None:
        text = self.get(path)
        if text is None:
            return
        if _EVERYBODY.fullmatch(text) and not everybody:
            expected = "a pattern that fits some of them" if path[0] != "exemptions" else "fewer, or a rule"
            self.tell(path, "%s fits everybody" % shown(text), expected)
        elif kind == "emails" and "@" not in text and ("|" in text or not set("*?") & set(text)):
            expected = "an address, or a pattern with * and ?; IDs belong to user_ids"
            self.tell(path, "%s is no e-mail address" % shown(text), expected)
        elif kind == "user_ids" and not set("*?") & set(text):
            try:
                check_id("user_ids", text)
            except ConfigurationError:
                expected = "an ID such as auth0|5f7c8ec7c33c6c004bbafe82; addresses belong to emails"
                self.tell(path, "%s is no user ID" % shown(text), expected)

    def _ids_of(self, path: Path, name: str) -> list[str]:
        file = os.path.join(self._directory, name)
        content = content_of(file)
        if isinstance(content, Mistake):
            place, wrong, expected, _file = content
            # Its own place only where that says something.
            if place != START:
                self.told(path, Mistake(place, wrong, expected, file))
            else:
                self.tell(path, "%s: %s" % (visible(name), wrong), expected)
            return []
        found = []
        for line, entry in entries(content):
            found.append(entry)
            try:
                if set("*?") & set(entry):
                    raise ConfigurationError("a pattern")
                check_id("user_ids", entry)
            except ConfigurationError:
                # What stands there is not shown: the file may be one of secrets.
                self.told(path, Mistake(Place(line, 1), "this is no user ID", "one ID a line", file))
        if not found:
            self.tell(path, "nobody is in %s" % visible(name), "one ID a line")
        if len(found) > LONGEST_LIST:
            expected = "at most %d; name them by a value in app_metadata" % LONGEST_LIST
            self.tell(path, "%d IDs are in %s" % (len(found), visible(name)), expected)
        return found

    def _exemptions(self) -> Iterator[Exemption]:
        for number in range(len(self.get(("exemptions",), ()))):
            path: Path = ("exemptions", number)
            rule = self.get((*path, "rule"))
            # A rule that is there and wrong is no rule for all.
            named = (
                isinstance(self._document.value["exemptions"][number], dict)
                and "rule" in self._document.value["exemptions"][number]
            )
            users = self._people((*path, "users"), everybody=named)
            expires = self._expires((*path, "expires"))
            reason, owner = self.get((*path, "reason")), self.get((*path, "owner"))
            if expires is not None:
                yield Exemption(rule, users, reason or "", owner or "", expires)

    def _expires(self, path: Path) -> date | None:
        text = self.get(path)
        if text is None:
            return None
        last = self._today + LONGEST_EXEMPTION
        try:
            found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None:
            self.tell(path, "%s is %s" % (name_of(path), shown(text)), "a day such as %s" % last.isoformat())
        elif found > last:
            self.tell(path, "%s is more than a year away" % shown(text), "a day up to %s" % last.isoformat())
        return found
