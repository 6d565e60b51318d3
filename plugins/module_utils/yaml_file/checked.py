# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A YAML file that is held against a JSON Schema. Everything that is wrong with it is told at once, each with its place.

What a schema cannot say, a :class:`Reader` of the file's own adds to the same list.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from importlib import import_module
from typing import Any, ClassVar, Collection, Final, Iterator, Mapping, cast

from ..auth0.wire.errors import ConfigurationError, visible
from ..versions import how_to_install, wrong_versions
from . import document as yaml
from .document import START, Document, Mistake, Number, Path, Place, shown
from .form import TRIMMED, Schema

LARGEST_FILE = 1_000_000
MOST_SHOWN = 20
PACKAGES = ("jsonschema", "ruamel.yaml")

_NEEDS = "a file that you may read"
# What tells two mistakes of one kind from each other: names and values.
_DETAIL = re.compile(r'"[^"]*"|\S*[0-9.[]\S*')


class FileError(ConfigurationError):
    """The file cannot be used.

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


def check_packages(*names: str) -> None:
    """
    :param names: what is needed; by default what reading a file takes
    :raises ConfigurationError: one is not installed, or too old
    """
    needed = names or PACKAGES
    missing = [name for name in needed if not _is_there(name)]
    if missing:
        wrong = "A policy file needs %s, which cannot be imported" % " and ".join(missing)
        raise ConfigurationError(wrong, hint="Run: " + how_to_install(*missing))
    old = wrong_versions(*needed)
    if old:
        raise ConfigurationError(old[0], hint=old[1])


def _is_there(package: str) -> bool:
    try:
        import_module(package)
    except ImportError:
        return False
    return True


def read(path: str) -> Document:
    """The document in a file.

    :raises FileError: there is none
    :raises ConfigurationError: the path is empty; ruamel.yaml or jsonschema is not installed, or too old
    """
    if not path:
        raise ConfigurationError("The path of the policy is empty", hint="Name the policy's file.")
    check_packages()
    content = content_of(path)
    if isinstance(content, Mistake):
        raise file_error(path, [content])
    found = yaml.read(content)
    if found.value is None and not found.mistakes:
        raise file_error(path, [Mistake(START, "the file says nothing", "a mapping that begins with version: 1")])
    return found


def file_error(path: str, mistakes: Collection[Mistake]) -> FileError:
    """The error that tells these mistakes, or the first of them."""
    shown = _some_of_every_kind(mistakes)
    told = list(yaml.lines(shown, path))
    left = len(set(mistakes)) - len(told)
    if left:
        told.append("and %d more" % left)
    return FileError("The policy cannot be used", lines=tuple(told), hint="Correct the file. Nothing was sent.")


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


def content_of(path: str, largest: int = LARGEST_FILE) -> str | Mistake:
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


class Reader:
    """Gathers what is wrong with a document, and tells what is there and right.

    :ivar mistakes: what is wrong so far
    :cvar PATTERNS: what a text is that fits a pattern of the schema, in words
    """

    PATTERNS: ClassVar[Mapping[str, str]] = {TRIMMED: "text with no blank at either end"}

    def __init__(self, document: Document, form: Schema) -> None:
        self._document = document
        self.mistakes = list(document.mistakes)
        self._wrong: set[Path] = set()
        self._validate(form)
        for path, doubt in document.doubtful.items():
            # Where nothing but text can stand, a text is meant.
            is_text = isinstance(self.get(path), str) and _part(form, path).get("type") == "string"
            if not self.is_wrong(path) and not is_text:
                self.told(path, doubt)

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
                self.told(where, Mistake(place, wrong, expected))

    def _of_schema(self, error: Any, path: Path) -> Iterator[tuple[Path, Place, str, str]]:
        value, rule = error.instance, error.schema
        place = self._document.place(path)
        named = "%s is %s" % (name_of(path), shown(value))
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
            yield path, place, "%s lacks %s" % (name_of(path), " and ".join(missing)), ", ".join(rule["required"])
        elif error.validator in ("minItems", "minProperties"):
            kinds = ", ".join(rule.get("properties", ())) or "at least one entry"
            yield path, place, "%s is empty" % name_of(path), "one of " + kinds if "properties" in rule else kinds
        elif error.validator == "enum":
            known = list(map(str, rule["enum"]))
            asked = value.lower().replace("_", "-") if isinstance(value, str) else ""
            near = difflib.get_close_matches(asked, known, 1)
            yield path, place, named, near[0] if near else _expected(rule)
        elif error.validator in ("maxLength", "maxItems"):
            what = "characters" if error.validator == "maxLength" else "entries"
            yield path, place, "%s has %d %s" % (name_of(path), len(value), what), "at most %d" % rule[error.validator]
        elif error.validator == "pattern":
            yield path, place, named, self.PATTERNS[rule["pattern"]]
        else:
            yield path, place, named, _expected(rule) + (" in quotes" if _lacks_quotes(value, rule) else "")

    # What it cannot say

    def told(self, path: Path, mistake: Mistake) -> None:
        """Note a mistake in the value at a path."""
        self._wrong.add(path)
        self.mistakes.append(mistake)

    def tell(self, path: Path, wrong: str, expected: str) -> None:
        """The same, with the place of the value."""
        self.told(path, Mistake(self._document.place(path), wrong, expected))

    def is_wrong(self, path: Path) -> bool:
        """Whether a mistake was noted in the value, or in one around it."""
        return self._document.is_broken(path) or any(path[:length] in self._wrong for length in range(1, len(path) + 1))

    def get(self, path: Path, otherwise: Any = None) -> Any:
        """What is there and is right."""
        value: Any = self._document.value
        for length, key in enumerate(path):
            if self.is_wrong(path[: length + 1]):
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

    def items(self, path: Path) -> Iterator[Any]:
        """The entries of a list that are right."""
        for number in range(len(self.get(path, ()))):
            value = self.get((*path, number))
            if value is not None:
                yield value


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


def name_of(path: Path) -> str:
    """The value at a path as a message names it, such as ``exemptions[0].expires``"""
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
    return "a mapping with " + ", ".join(rule["properties"]) if "properties" in rule else "a mapping"


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
