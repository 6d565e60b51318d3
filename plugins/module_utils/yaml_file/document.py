# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A YAML 1.2 document as plain data that knows where in the file everything is.

Scalars are those of YAML's core schema. What YAML 1.1 understood in another way is noted, since its writer may have meant that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator, NamedTuple

from ..auth0.wire.errors import visible

DEEPEST = 12
# The parser makes about 30,000 a second.
MOST_EVENTS = 250_000
# What may not be in a document of YAML.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# Beyond 18 digits it is no number that anybody means, and Python would take its time.
_INTEGER = re.compile(r"([-+]?)(?:0o([0-7]{1,18})|0x([0-9a-fA-F]{1,15})|([0-9]{1,18}))", re.ASCII)
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What YAML 1.1 took for truth and for numbers, and 1.2 takes for text or for another number.
_TRUTHS_OF_1_1 = re.compile(r"y|yes|on|n|no|off", re.IGNORECASE)
_NUMBERS_OF_1_1 = re.compile(r"[-+]?(?:0[0-9_]+|0b[01_]+|[0-9]+(?:_[0-9]+)+|[0-9]+(?::[0-5]?[0-9])+)", re.ASCII)

Path = tuple["str | int", ...]


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


START = Place(1, 1)


class Mistake(NamedTuple):
    """What is wrong at a place, and what was expected there.

    :ivar file: the file, where it is another one
    """

    place: Place
    wrong: str
    expected: str
    file: str | None = None


class Number(NamedTuple):
    """A number that is not whole; nothing in our files is one."""

    text: str


@dataclass
class Document:
    """What a text says.

    :ivar values: where each value begins, by the keys and indexes that lead to it
    :ivar keys: where the key of each value of a mapping is
    :ivar broken: paths of values that have a mistake already, so that they mean nothing
    :ivar cut_off: the text was not read to its end, so that what is missing may be there
    :ivar doubtful: what readers of YAML 1.1 take for something else, by its path
    :ivar mistakes: what is wrong with the text, whatever it is about
    """

    value: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)
    cut_off: bool = False
    doubtful: dict[Path, Mistake] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Where the value is, or the nearest one around it."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, START)

    def is_broken(self, path: Path) -> bool:
        """Whether this value, or one around it, is broken."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))


def read(text: str) -> Document:
    """The one document in a text. What is wrong is in ``mistakes``; what comes after a mistake of the syntax is not read.

    :raises ImportError: ruamel.yaml is not installed
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    document = Document()
    odd = _UNPRINTABLE.search(text)
    if odd:
        wrong = "the character %s" % ascii(odd.group())[1:-1]
        document.mistakes.append(Mistake(_place_of(text, odd.start()), wrong, "text without control characters"))
        document.broken.add(())
        return document
    builder = _Builder(document)
    try:
        for number, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
            if number == MOST_EVENTS:
                builder.stop(_start(event), "too many values", "a shorter file")
                break
            if not builder.add(event):
                break
    except MarkedYAMLError as error:
        document.mistakes.append(_of_syntax(error, text))
        builder.broke_off()
    except (YAMLError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The parser stumbles over some texts that are not YAML.
        document.mistakes.append(Mistake(START, "it cannot be read: %s" % type(error).__name__, "YAML 1.2"))
        builder.broke_off()
    return document


def _place_of(text: str, position: int) -> Place:
    before = text[:position].replace("\r\n", "\n").replace("\r", "\n")
    return Place(before.count("\n") + 1, position - max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)))


def _of_syntax(error: Any, text: str) -> Mistake:
    problem, begun = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    place = Place(problem.line + 1, problem.column + 1)
    lines_of_text = text.splitlines()
    before = lines_of_text[problem.line][: place.column] if problem.line < len(lines_of_text) else ""
    if "\t" in before and (not before.strip() or before.endswith("\t")):
        return Mistake(Place(place.line, before.index("\t") + 1), "a tab", "spaces: YAML allows no tabs there")
    words = [" ".join(str(each).split()) for each in (error.context, error.problem) if each]
    wrong = ": ".join(words) or "no YAML"
    if begun.line != problem.line:
        wrong += ", begun on line %d" % (begun.line + 1)
    return Mistake(place, wrong, "YAML 1.2")


_OF_VALUES = frozenset(
    "ScalarEvent AliasEvent MappingStartEvent MappingEndEvent SequenceStartEvent SequenceEndEvent".split()
)


class _Open(NamedTuple):
    """A mapping or list whose end was not reached."""

    path: Path
    value: Any


class _Builder:
    """Makes a document of the parser's events. Nothing calls itself, so depth costs nothing."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[_Open] = []
        # Of a value that comes next in a mapping.
        self._key: str | None = None
        # The next value has no place, because its key is none or was there before.
        self._drops = False
        # How deep within something that has no place.
        self._skipping = 0
        self._documents = 0

    def add(self, event: Any) -> bool:
        """Take one event; returns whether the next one is wanted."""
        kind, place = type(event).__name__, _start(event)
        if kind == "DocumentStartEvent":
            return self._begin(event, place)
        if kind not in _OF_VALUES:
            return True
        if self._skipping:
            self._skipping += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            return True
        if self._drops:
            self._drops, self._skipping = False, int(kind.endswith("StartEvent"))
            return True
        if kind.endswith("EndEvent"):
            self._open.pop()
            return True
        if self._open and isinstance(self._open[-1].value, dict) and self._key is None:
            self._take_key(event, kind, place)
            return True
        return self._take_value(event, kind, place)

    def stop(self, place: Place, wrong: str, expected: str) -> None:
        """Do not read on, because of this."""
        self._wrong(place, wrong, expected)
        self.broke_off()

    def broke_off(self) -> None:
        """The text is not read to its end."""
        self._document.cut_off = True
        if self._key is not None:
            self._document.broken.add((*self._open[-1].path, self._key))
        if self._document.value is None:
            self._document.broken.add(())

    def _begin(self, event: Any, place: Place) -> bool:
        self._documents += 1
        if self._documents > 1:
            self._wrong(place, "a second document", "one document in the file")
            return False
        if event.version is not None and tuple(event.version) != (1, 2):
            self._wrong(place, "the directive %%YAML %s" % ".".join(map(str, event.version)), "YAML 1.2")
        return True

    def _wrong(self, place: Place, wrong: str, expected: str) -> None:
        self._document.mistakes.append(Mistake(place, wrong, expected))

    def _take_key(self, event: Any, kind: str, place: Place) -> None:
        if kind != "ScalarEvent":
            self._wrong(place, "a key that is no text", "the name of a setting")
            self._skipping, self._drops = int(kind.endswith("StartEvent")), True
            return
        self._check_marks(event, place)
        path = (*self._open[-1].path, event.value)
        if path in self._document.keys:
            first = self._document.keys[path].line
            self._wrong(place, "the key %s a second time" % shown(event.value), "it once: line %d has it" % first)
            self._drops = True
            return
        self._document.keys[path] = place
        self._key = event.value

    def _take_value(self, event: Any, kind: str, place: Place) -> bool:
        path: Path = ()
        if self._open:
            around = self._open[-1]
            path = (*around.path, len(around.value) if self._key is None else self._key)
        if kind == "ScalarEvent" and event.value == "" and _is_plain(event):
            # Nothing is there, so it is where the parser noticed: maybe some lines below.
            place = self._document.keys.get(path, place)
        value = self._value(event, kind, place, path)
        self._document.values[path] = place
        if not self._open:
            self._document.value = value
        elif self._key is None:
            self._open[-1].value.append(value)
        else:
            self._open[-1].value[self._key] = value
        self._key = None
        if kind.endswith("StartEvent"):
            self._open.append(_Open(path, value))
            if len(self._open) > DEEPEST:
                self.stop(place, "more than %d levels" % DEEPEST, "fewer")
                return False
        return True

    def _value(self, event: Any, kind: str, place: Place, path: Path) -> Any:
        if kind == "AliasEvent":
            self._wrong(
                place, "the alias *%s" % visible(str(event.anchor)), "the value itself: aliases are not allowed"
            )
            self._document.broken.add(path)
            return None
        if self._check_marks(event, place):
            self._document.broken.add(path)
        if kind == "MappingStartEvent":
            return {}
        if kind == "SequenceStartEvent":
            return []
        if not _is_plain(event):
            return event.value
        doubt = _of_1_1(event.value)
        if doubt:
            self._document.doubtful[path] = Mistake(place, *doubt)
        return plain(event.value)

    def _check_marks(self, event: Any, place: Place) -> bool:
        tag = getattr(event, "tag", None)
        if tag is None or str(tag) == "!":
            return False
        self._wrong(place, "the tag %s" % shown(str(tag)), "a value without a tag")
        return True


def _start(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else START


def _is_plain(event: Any) -> bool:
    return event.style in (None, "") and getattr(event, "tag", None) is None


def plain(text: str) -> Any:
    """What a scalar without quotes is in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    match = _INTEGER.fullmatch(text)
    if match:
        sign, octal, hexadecimal, decimal = match.groups()
        if sign and not decimal:
            return text
        number = int(octal, 8) if octal else int(hexadecimal, 16) if hexadecimal else int(decimal)
        return -number if sign == "-" else number
    if _NUMBER.fullmatch(text):
        return Number(text)
    return text


def _of_1_1(text: str) -> tuple[str, str] | None:
    """What to tell of a scalar that is something else to readers of YAML 1.1."""
    if _TRUTHS_OF_1_1.fullmatch(text):
        meant = "true" if text.lower() in ("y", "yes", "on") else "false"
        return "%s without quotes" % text, '"%s" in quotes, or %s' % (text, meant)
    if _NUMBERS_OF_1_1.fullmatch(text):
        return "%s without quotes" % text[:40], "text in quotes, or a number in decimal digits only, with no 0 in front"
    return None


def shown(value: object) -> str:
    """A value as a message shows it: short, and on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Number):
        return visible(value.text[:60])
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = visible(str(value))
    return '"%s"' % (text if len(text) <= 60 else text[:59] + "…")


def lines(mistakes: Iterable[Mistake], file: str) -> Iterator[str]:
    """A line for each mistake, in the order of the file."""
    for each in sorted(set(mistakes), key=lambda one: (one.file is not None, one.file or "", one.place, one.wrong)):
        where = visible(each.file or file)
        yield "%s:%d:%d: %s; expected %s" % (where, *each.place, each.wrong, each.expected)
