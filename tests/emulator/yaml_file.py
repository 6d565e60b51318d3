# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The YAML files that people write: presets and users. What is wrong is told in one line, with the file and the number of the line."""

from __future__ import annotations

from pathlib import Path

import yaml


class FileMistake(ValueError):
    """A mistake in a file; the text is one line with the file's name and, if known, the number of the line."""


def read_file(path: str) -> str:
    """The text of a file; raises :class:`FileMistake`."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise FileMistake(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileMistake(f"{path}:{line}: is not UTF-8 text") from None


def compose(text: str, path: str, loader: type, expected: str) -> yaml.Node:
    """The document in a text of YAML or JSON; raises :class:`FileMistake`.

    :param path: what mistakes call it.
    :param expected: what is missing in an empty one.
    """
    try:
        document = yaml.compose(text, loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise FileMistake(f"{path}:{mark.line + 1}: is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FileMistake(f"{path}:{line}: is not YAML: U+{error.character:04X} is no printable character") from None
    except RecursionError:
        raise FileMistake(f"{path}: is nested too deeply to be read") from None
    if document is None:
        raise FileMistake(f"{path}: is empty; expected {expected}")
    return document
