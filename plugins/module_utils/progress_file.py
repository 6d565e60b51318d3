# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that tells how far a long task is, because a module can print nothing before it ends."""

from __future__ import annotations

from typing import Callable

from .auth0.wire.errors import ConfigurationError


class ProgressFile:
    """Adds lines to a file that others may read at the same time.

    If the file fails later, the task goes on without it and warns once: the task matters more than its progress.
    """

    def __init__(self, option: str, path: str | None, warn: Callable[[str], None]) -> None:
        """
        :param option: where the path came from, for messages
        :param path: made if it does not exist; None writes nowhere
        :param warn: shows a warning
        :raises ConfigurationError: the file cannot be written
        """
        self._option, self._path, self._warn = option, path, warn
        try:
            self._append("")
        except OSError as error:
            raise ConfigurationError(
                "%s %r cannot be written: %s" % (option, path, error.strerror),
                hint="Choose a file path in an existing, writable directory.",
            ) from None

    def add(self, line: str) -> None:
        """One more line, if the file can still be written."""
        try:
            self._append(line + "\n")
        except OSError as error:
            self._warn(
                "%s %r can no longer be written: %s. The task continued without it."
                % (self._option, self._path, error.strerror)
            )
            self._path = None

    def _append(self, text: str) -> None:
        if self._path is not None:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(text)
