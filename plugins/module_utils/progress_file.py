# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that tells how far a long task is, because a module can print nothing before it ends."""

from __future__ import annotations

import os
from typing import Callable

from .auth0.wire.errors import ConfigurationError


class ProgressFile:
    """Adds lines to a file that others may read at the same time.

    If the file fails later, the task goes on without it and warns once: the task matters more than its progress.
    """

    def __init__(self, option: str, path: str | None, warn: Callable[[str], None], check_mode: bool = False) -> None:
        """
        :param option: where the path came from, for messages
        :param path: made if it does not exist; None writes nowhere
        :param warn: shows a warning
        :param check_mode: the directory may be missing, because an earlier task would have made it
        :raises ConfigurationError: the file cannot be written
        """
        self._option, self._warn = option, warn
        self._path = path = os.path.abspath(path) if path else path
        if path and check_mode and not os.path.exists(os.path.dirname(path)):
            warn("%s %r is not written, because its directory does not exist yet." % (option, path))
            self._path = None
        try:
            # A pipe would wait for a reader before the first request.
            if path and os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
                raise OSError(0, "Not a regular file")
            self._append("")
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                "%s %r cannot be written: %s" % (option, path, getattr(error, "strerror", error)),
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
