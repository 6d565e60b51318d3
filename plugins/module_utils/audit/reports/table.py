# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cells of CSV files that are safe to open in a spreadsheet, and the lines that they make (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import re
from typing import Any, Iterable, Sequence

from ...auth0.wire.errors import visible

# What a spreadsheet takes for the beginning of a formula, the full-width forms too, after blanks and quotation marks. Where the
# list separator is a semicolon, as in many countries, a cell begins after each.
_BEGINS, _FORMULA_SIGN = "((?:^|;)[\\s'\"]*)", "(?=[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])"
_FORMULA = re.compile(_BEGINS + _FORMULA_SIGN)
_GUARDED = re.compile(_BEGINS + "'" + _FORMULA_SIGN)
_BOM = b"\xef\xbb\xbf"


def cell(text: str | None) -> str:
    """A text of the tenant as a cell.

    An apostrophe stands before whatever a spreadsheet would run as a formula. Line breaks, control characters and characters
    that cannot be seen, such as marks of the writing direction, are escapes such as ``\\x0a``.
    """
    if not text:
        return ""
    # Most texts begin with a letter and have neither.
    if text[0].isalnum() and ";" not in text:
        return visible(text)
    return _FORMULA.sub("\\1'", visible(text))


def uncell(text: str) -> str:
    """The text that :func:`cell` made this of, but for its escapes."""
    return _GUARDED.sub("\\1", text) if "'" in text else text


def cells(texts: Iterable[str]) -> str:
    """Several texts as one cell, in order."""
    return cell("; ".join(texts))


def yes(value: bool) -> str:
    """A fact as a cell."""
    return "yes" if value else "no"


class _Echo:
    """What the csv module writes to. It needs no more of a file than this, and hands on what it returns."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


_WRITER = csv.writer(_Echo())


def line(values: Sequence[object]) -> bytes:
    """Cells as a line of a CSV file, with its end."""
    # What the writer's file returns, which its annotation does not know.
    text: Any = _WRITER.writerow(values)
    return bytes(text, "utf-8")


def head(header: Sequence[str], bom: bool = False) -> bytes:
    """What a CSV file begins with.

    :param bom: a byte order mark is before it, by which Excel knows that it is UTF-8
    """
    return (_BOM if bom else b"") + line(header)
