# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cells of CSV files that are safe to open in a spreadsheet, and the writing of them (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import re
from typing import IO, Iterable, Sequence

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
    return _GUARDED.sub("\\1", text)


def cells(texts: Iterable[str]) -> str:
    """Several texts as one cell, in order."""
    return cell("; ".join(texts))


def yes(value: bool) -> str:
    """A fact as a cell."""
    return "yes" if value else "no"


class Table:
    """A CSV file that is written row by row."""

    def __init__(self, file: IO[bytes], header: Sequence[str], bom: bool = False) -> None:
        """
        :param bom: begin with a byte order mark, by which Excel knows that it is UTF-8
        """
        if bom:
            file.write(_BOM)
        self._writer = csv.writer(_Encoded(file))
        self._writer.writerow(header)

    def add(self, row: Sequence[object]) -> None:
        """One more row."""
        self._writer.writerow(row)


class _Encoded:
    """What the csv module writes to. It needs no more of a file than this."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """As a text file does it."""
        return self._file.write(text.encode("utf-8"))
