# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy from its file. Everything that is wrong with the file is told at once, each with its place."""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import Any, Collection, Final, Iterator, Mapping, cast

from ...auth0.api.checks import check_id
from ...auth0.wire.errors import ConfigurationError, visible
from ...versions import how_to_install, wrong_versions
from ..lists import entries
from . import document as yaml
from .document import START, Document, Mistake, Number, Path, Place, shown
from .model import ConnectionPolicy, Exemption, Member, People, Policy
from .profiles import PROFILES
from .schema import LONGEST_LIST, Schema, schema

LARGEST_FILE = 1_000_000
MOST_SHOWN = 20
_PACKAGES = ("jsonschema", "ruamel.yaml")
LONGEST_EXEMPTION = timedelta(days=366)

_NEEDS = "a file that you may read"
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
# What tells two mistakes of one kind from each other: names and values.
_DETAIL = re.compile(r'"[^"]*"|\S*[0-9.[]\S*')
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Nothing but these fits every ID and every address.
_EVERYBODY = re.compile(r"[*?@|.]*\*[*?@|.]*")


class PolicyError(ConfigurationError):
    """The policy cannot be used.

    :ivar lines: what is wrong, each ``FILE:LINE:COLUMN: what; expected what``: the first mistakes, and how many more
    """

    def __init__(self, message: str, *, lines: tuple[str, ...] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.lines: Final = lines

    def __str__(self) -> str:
        return "\n".join(self.told())

    def told(self) -> tuple[str, ...]:
        """A line for each mistake, as editors want them."""
        return ("%s. %s" % (self.message, self.hint), *self.lines)

    def facts(self) -> dict[str, object]:
        return {**super().facts(), "mistakes": list(self.lines)}


def load(path: str, rules: Collection[str], today: date) -> Policy:
    """The policy in a file.

    :param path: of the file
    :param rules: IDs of the rules
    :param today: the day in UTC on which the file is read; an exemption ends at most a year after it
    :raises PolicyError: the file cannot be read, or anything in it is wrong
    :raises ConfigurationError: ruamel.yaml or jsonschema is not installed, or too old
    """
    _check_packages()
    content = _content(path, LARGEST_FILE)
    if isinstance(content, Mistake):
        raise _error(path, [content])
    found = yaml.read(content)
    if found.value is None and not found.mistakes:
        raise _error(path, [Mistake(START, "the file says nothing", "a mapping that begins with version: 1")])
    reader = _Reader(found, schema(rules), os.path.dirname(path), today)
    policy = reader.policy()
    if policy is None:
        raise _error(path, reader.mistakes)
    return policy


def _check_packages() -> None:
    missing = [name for name in _PACKAGES if not _is_there(name)]
    if missing:
        wrong = "A policy file needs %s, which cannot be imported" % " and ".join(missing)
        raise ConfigurationError(wrong, hint="Run: " + how_to_install(*missing))
    old = wrong_versions(*_PACKAGES)
    if old:
        raise ConfigurationError(old[0], hint=old[1])


def _is_there(package: str) -> bool:
    try:
        import_module(package)
    except ImportError:
        return False
    return True


def _error(path: str, mistakes: Collection[Mistake]) -> PolicyError:
    shown = _some_of_every_kind(mistakes)
    told = list(yaml.lines(shown, path))
    left = len(set(mistakes)) - len(told)
    if left:
        told.append("and %d more" % left)
    return PolicyError("The policy cannot be used", lines=tuple(told), hint="Correct the file. Nothing was sent.")


def _some_of_every_kind(mistakes: Collection[Mistake]) -> list[Mistake]:
    """As many as are shown: the first of every kind, then the second of every kind, and so on."""
    seen: Counter[str] = Counter()
    ranked = []
    for each in sorted(set(mistakes), key=lambda one: (one.file or "", one.place)):
        kind = _DETAIL.sub("", each.wrong)
        ranked.append((seen[kind], each))
        seen[kind] += 1
    ranked.sort(key=lambda one: one[0])
    return [each for _nth, each in ranked[:MOST_SHOWN]]


def _content(path: str, largest: int) -> str | Mistake:
    """The text of a file; or what is wrong with it."""
    try:
        with open(path, "rb") as file:
            content = file.read(largest + 1)
    except IsADirectoryError:
        return Mistake(START, "this is a directory", "a file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name is possible"
        return Mistake(START, "it cannot be read: %s" % reason, _NEEDS)
    if len(content) > largest:
        return Mistake(START, "it is too large", "at most %d bytes" % largest)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Mistake(START, "this is UTF-16", "text in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        return Mistake(Place(line, column), "the byte %#04x" % content[error.start], "text in UTF-8")


class _Reader:
    """Reads the policy of a document, and gathers what is wrong with it."""

    def __init__(self, document: Document, form: Schema, directory: str, today: date) -> None:
        self._document, self._directory, self._today = document, directory, today
        self.mistakes = list(document.mistakes)
        self._wrong: set[Path] = set()
        self._validate(form)
        for path, doubt in document.doubtful.items():
            # Where nothing but text can stand, a text is meant.
            is_text = isinstance(self._get(path), str) and _part(form, path).get("type") == "string"
            if not self._is_wrong(path) and not is_text:
                self._told(path, doubt)

    # What the schema says

    def _validate(self, form: Schema) -> None:
        from jsonschema import Draft202012Validator

        for error in Draft202012Validator(form).iter_errors(self._document.value):
            path = cast(Path, tuple(error.absolute_path))
            if self._document.is_broken(path):
                continue
            if self._document.cut_off and error.validator in ("required", "minProperties", "minItems"):
                continue
            for where, place, wrong, expected in self._of_schema(error, path):
                self._told(where, Mistake(place, wrong, expected))

    def _of_schema(self, error: Any, path: Path) -> Iterator[tuple[Path, Place, str, str]]:
        value, rule = error.instance, error.schema
        place = self._document.place(path)
        named = "%s is %s" % (_name(path), shown(value))
        if error.validator == "additionalProperties":
            known = list(rule["properties"])
            for key in value:
                where = (*path, key)
                if key not in known and where not in self._document.broken:
                    near = difflib.get_close_matches(key.lower().replace("-", "_"), _aliases(known), 1)
                    expected = _aliases(known)[near[0]] if near else "one of " + ", ".join(known)
                    yield where, self._document.keys.get(where, place), "unknown key %s" % shown(key), expected
        elif error.validator == "required":
            # The library tells each of them alone, and we the same each time, which is shown once.
            missing = [key for key in rule["required"] if key not in value]
            yield path, place, "%s lacks %s" % (_name(path), " and ".join(missing)), ", ".join(rule["required"])
        elif error.validator in ("minItems", "minProperties"):
            kinds = ", ".join(rule.get("properties", ())) or "at least one entry"
            yield path, place, "%s is empty" % _name(path), "one of " + kinds if "properties" in rule else kinds
        elif error.validator == "enum":
            known = list(map(str, rule["enum"]))
            asked = value.lower().replace("_", "-") if isinstance(value, str) else ""
            near = difflib.get_close_matches(asked, known, 1)
            yield path, place, named, near[0] if near else _expected(rule)
        elif error.validator in ("maxLength", "maxItems"):
            what = "characters" if error.validator == "maxLength" else "entries"
            yield path, place, "%s has %d %s" % (_name(path), len(value), what), "at most %d" % rule[error.validator]
        elif error.validator == "pattern":
            expected = "a path such as staff.role" if path[-1] == "path" else "text with no blank at either end"
            yield path, place, named, expected
        else:
            yield path, place, named, _expected(rule) + (" in quotes" if _lacks_quotes(value, rule) else "")

    # What it cannot say

    def _told(self, path: Path, mistake: Mistake) -> None:
        self._wrong.add(path)
        self.mistakes.append(mistake)

    def _tell(self, path: Path, wrong: str, expected: str) -> None:
        self._told(path, Mistake(self._document.place(path), wrong, expected))

    def _is_wrong(self, path: Path) -> bool:
        return self._document.is_broken(path) or any(path[:length] in self._wrong for length in range(1, len(path) + 1))

    def _get(self, path: Path, otherwise: Any = None) -> Any:
        """What is there and is right."""
        value: Any = self._document.value
        for length, key in enumerate(path):
            if self._is_wrong(path[: length + 1]):
                return otherwise
            if isinstance(value, Mapping):
                if key not in value:
                    return otherwise
                value = value[key]
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return otherwise
        return value

    def policy(self) -> Policy | None:
        """The policy; None where anything is wrong."""
        profile = PROFILES[self._get(("profile",), "default")]
        given: dict[str, Any] = {
            name: self._get((name,))
            for name in ("grace_days", "blocked", "never_logged_in")
            if self._get((name,)) is not None
        }
        given["name"] = self._get(("name",), profile.name)
        if self._get(("weak_factors",)) is not None:
            given["weak_factors"] = tuple(sorted(set(self._items(("weak_factors",)))))
        if self._get(("off",)) is not None:
            given["off"] = frozenset(self._items(("off",)))
        severities = self._get(("severities",), {})
        given["severities"] = {rule: self._get(("severities", rule)) for rule in severities}
        given.update(self._thresholds(profile))
        given["connections"] = self._connections()
        for section, name in (("exclude", "excluded"), ("privileged",) * 2, ("break_glass",) * 2):
            given[name] = self._people((section,), everybody=section == "privileged")
        given["exemptions"] = tuple(self._exemptions())
        if self.mistakes:
            return None
        return replace(profile, **given)

    def _items(self, path: Path) -> Iterator[Any]:
        for number in range(len(self._get(path, ()))):
            value = self._get((*path, number))
            if value is not None:
                yield value

    def _thresholds(self, profile: Policy) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for (rule, name), member in _THRESHOLDS.items():
            path = ("thresholds", rule, name)
            if self._get(path[:2]) is not None and name in self._get(path[:2]) and not self._is_wrong(path):
                given[member] = self._get(path)
        for rule in ("stale", "never-used", "dormant-user"):
            days, warning = _THRESHOLDS[rule, "days"], _THRESHOLDS[rule, "warning_days"]
            last = given.get(days, getattr(profile, days))
            if given.get(warning) is not None and given[warning] >= last:
                path = ("thresholds", rule, "warning_days")
                self._tell(path, "%s is %d" % (_name(path), given[warning]), "fewer than the %d of days" % last)
        return given

    def _connections(self) -> tuple[ConnectionPolicy, ...]:
        made: list[ConnectionPolicy] = []
        names: set[str] = set()
        for number in range(len(self._get(("connections",), ()))):
            path: Path = ("connections", number)
            name, mfa = self._get((*path, "name")), self._get((*path, "mfa"))
            if name in names:
                self._tell(
                    (*path, "name"), "the connection %s a second time" % shown(name), "it once: the first counts"
                )
            if name is not None and mfa is not None:
                made.append(ConnectionPolicy(name, mfa))
                names.add(name)
        return tuple(made)

    def _people(self, path: Path, *, everybody: bool) -> People:
        """
        :param everybody: whether a pattern may fit everybody
        """
        user_ids, emails = list(self._items((*path, "user_ids"))), tuple(self._items((*path, "emails")))
        for kind in ("user_ids", "emails"):
            for number in range(len(self._get((*path, kind), ()))):
                self._check_text((*path, kind, number), kind, everybody)
        file = self._get((*path, "user_ids_file"))
        if file is not None:
            user_ids += self._ids_of((*path, "user_ids_file"), file)
        members = tuple(
            Member(each["path"], each["value"])
            for number, each in enumerate(self._get((*path, "app_metadata"), ()))
            if self._get((*path, "app_metadata", number, "path")) is not None
            and self._get((*path, "app_metadata", number, "value")) is not None
        )
        return People(tuple(dict.fromkeys(user_ids)), emails, members)

    def _check_text(self, path: Path, kind: str, everybody: bool) -> None:
        text = self._get(path)
        if text is None:
            return
        if _EVERYBODY.fullmatch(text) and not everybody:
            expected = "a pattern that fits some of them" if path[0] != "exemptions" else "fewer, or a rule"
            self._tell(path, "%s fits everybody" % shown(text), expected)
        elif kind == "emails" and "@" not in text and ("|" in text or not set("*?") & set(text)):
            expected = "an address, or a pattern with * and ?; IDs belong to user_ids"
            self._tell(path, "%s is no e-mail address" % shown(text), expected)
        elif kind == "user_ids" and not set("*?") & set(text):
            try:
                check_id("user_ids", text)
            except ConfigurationError:
                expected = "an ID such as auth0|5f7c8ec7c33c6c004bbafe82; addresses belong to emails"
                self._tell(path, "%s is no user ID" % shown(text), expected)

    def _ids_of(self, path: Path, name: str) -> list[str]:
        file = os.path.join(self._directory, name)
        content = _content(file, LARGEST_FILE)
        if isinstance(content, Mistake):
            place, wrong, expected, _file = content
            # Its own place only where that says something.
            if place != START:
                self._told(path, Mistake(place, wrong, expected, file))
            else:
                self._tell(path, "%s: %s" % (visible(name), wrong), expected)
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
                self._told(path, Mistake(Place(line, 1), "this is no user ID", "one ID a line", file))
        if not found:
            self._tell(path, "nobody is in %s" % visible(name), "one ID a line")
        if len(found) > LONGEST_LIST:
            expected = "at most %d; name them by a value in app_metadata" % LONGEST_LIST
            self._tell(path, "%d IDs are in %s" % (len(found), visible(name)), expected)
        return found

    def _exemptions(self) -> Iterator[Exemption]:
        for number in range(len(self._get(("exemptions",), ()))):
            path: Path = ("exemptions", number)
            rule = self._get((*path, "rule"))
            # A rule that is there and wrong is no rule for all.
            named = (
                isinstance(self._document.value["exemptions"][number], dict)
                and "rule" in self._document.value["exemptions"][number]
            )
            users = self._people((*path, "users"), everybody=named)
            expires = self._expires((*path, "expires"))
            reason, owner = self._get((*path, "reason")), self._get((*path, "owner"))
            if expires is not None:
                yield Exemption(rule, users, reason or "", owner or "", expires)

    def _expires(self, path: Path) -> date | None:
        text = self._get(path)
        if text is None:
            return None
        last = self._today + LONGEST_EXEMPTION
        try:
            found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None:
            self._tell(path, "%s is %s" % (_name(path), shown(text)), "a day such as %s" % last.isoformat())
        elif found > last:
            self._tell(path, "%s is more than a year away" % shown(text), "a day up to %s" % last.isoformat())
        return found


def _part(form: Schema, path: Path) -> Schema:
    """What the schema wants of the value at a path; of one that it does not know nothing."""
    for key in path:
        form = form.get("items", {}) if isinstance(key, int) else form.get("properties", {}).get(key, {})
    return form


def _lacks_quotes(value: object, rule: Schema) -> bool:
    return rule["type"] == "string" and not {"enum", "format"} & set(rule) and isinstance(value, (bool, int, Number))


def _aliases(known: Collection[str]) -> dict[str, str]:
    """The names with _ in place of -, since people mix them up."""
    return {name.replace("-", "_"): name for name in known}


def _name(path: Path) -> str:
    """``exemptions[0].expires``"""
    text = "".join("[%d]" % each if isinstance(each, int) else ".%s" % visible(each) for each in path)
    return text.lstrip(".") or "the file"


def _expected(rule: Schema) -> str:
    """What a part of the schema wants, in words."""
    if "enum" in rule:
        return "one of " + ", ".join(map(str, rule["enum"])) if len(rule["enum"]) > 1 else str(rule["enum"][0])
    if rule.get("format") == "date":
        return "a day such as 2027-01-31"
    kinds = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
    return " or ".join(_KINDS[kind](rule) for kind in kinds)


def _text(_rule: Schema) -> str:
    return "text"


def _number(rule: Schema) -> str:
    return "a whole number" + (" from %(minimum)d to %(maximum)d" % rule if "minimum" in rule else "")


def _entries(_rule: Schema) -> str:
    return "a list"


def _keys(rule: Schema) -> str:
    return "a mapping with " + ", ".join(rule["properties"])


def _truth(_rule: Schema) -> str:
    return "true or false"


def _null(_rule: Schema) -> str:
    return "null"


_KINDS = {
    "string": _text,
    "integer": _number,
    "array": _entries,
    "object": _keys,
    "boolean": _truth,
    "null": _null,
}
