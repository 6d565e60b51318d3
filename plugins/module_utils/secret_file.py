# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for one secret: only its owner can read it, and it is complete or not there at all."""

from __future__ import annotations

import os
import tempfile

from .auth0.wire.errors import Auth0Error, ConfigurationError

# More than any secret or picture here needs.
_RESERVED = 65536


class SecretFile:
    """A context manager that makes sure of the space before the secret exists, so that no secret is made that cannot be kept.

    If nothing is written, nothing is left behind.
    """

    def __init__(self, option: str, path: str) -> None:
        """
        :param option: where the path came from, for messages
        :param path: an existing file is replaced
        :raises ConfigurationError: the file cannot be written
        """
        self._option, self._path = option, path
        # Empty while there is no such file.
        self._temporary = ""
        directory = os.path.dirname(path) or "."
        # A link is replaced as a file is; its target stays.
        kept = os.path.lexists(path) and not os.path.islink(path) and not os.path.isfile(path)
        if not path.strip() or kept or not os.path.isdir(directory) or not os.access(directory, os.W_OK | os.X_OK):
            raise ConfigurationError(
                "%s %r cannot be written" % (option, path),
                hint="Choose a file path in an existing, writable directory.",
            )

    def __enter__(self) -> SecretFile:
        try:
            # Readable by its owner only from the start.
            handle, self._temporary = tempfile.mkstemp(prefix=".secret-", dir=os.path.dirname(self._path) or ".")
            with os.fdopen(handle, "wb") as file:
                # So that a full disk shows now.
                file.write(bytes(_RESERVED))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self.__exit__()
            raise ConfigurationError(self._cannot_be_written(error)) from None
        return self

    def write(self, content: bytes) -> None:
        """The secret is in place, with mode 0600.

        :raises Auth0Error: it could not be put in place; the message says where it is kept
        """
        try:
            with open(self._temporary, "r+b") as file:
                file.write(content)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
            os.replace(self._temporary, self._path)
        except OSError as error:
            kept, self._temporary = self._temporary, ""
            raise Auth0Error(
                self._cannot_be_written(error),
                hint="The secret is in %s, readable by its owner only. Move it from there." % kept,
                progress={"path": kept},
            ) from None
        self._temporary = ""

    def __exit__(self, *_exception: object) -> None:
        if self._temporary:
            os.unlink(self._temporary)
            self._temporary = ""

    def _cannot_be_written(self, error: OSError) -> str:
        return "%s %r cannot be written: %s" % (self._option, self._path, error.strerror)
