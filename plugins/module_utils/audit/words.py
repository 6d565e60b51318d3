# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers with the words that belong to them, one of which is special."""

from __future__ import annotations


def grouped(number: int) -> str:
    """A whole number with a comma between thousands."""
    return format(number, ",")


def plural(count: int, word: str, words: str | None = None) -> str:
    """So many of something.

    :param words: for all numbers but 1; None for ``word`` with an s
    """
    return "%s %s" % (grouped(count), word if count == 1 else words or word + "s")


def people(count: int) -> str:
    """So many people."""
    return plural(count, "person", "people")
