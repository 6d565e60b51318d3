# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for one secret: only its owner can read it, and it is there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile

from .auth0.wire.errors import Auth0Error, ConfigurationError

# More than any secret or picture here needs.
_RESERVED = 65536


class SecretFile:
    """Claims the place before the secret exists, so that a secret is never made that cannot be kept. A context manager.

    What is not written leaves nothing behind.
    """

    def __init__(self, option: str, path: str) -> None:
        """
        :param option: where the path came from, for messages
        :param path: an existing file is replaced
        :raises ConfigurationError: nothing can be written there
        """
        self._path, self._temporary = path, None
        folder = os.path.dirname(path) or "."
        # A link is replaced like a file; what it leads to stays.
        kept = os.path.lexists(path) and not os.path.islink(path) and not os.path.isfile(path)
        if not path.strip() or kept or not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigurationError(
                "%s %r cannot be written" % (option, path),
                hint="It is a file, or none yet, in a folder that exists and is writable.",
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
            raise ConfigurationError("%s cannot be written: %s" % (self._path, error.strerror)) from None
        return self

    def write(self, content: bytes) -> None:
        """Put the secret in place, mode 0600.

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
            kept, self._temporary = self._temporary, None
            raise Auth0Error(
                "%s cannot be written: %s" % (self._path, error.strerror),
                hint="The secret is in %s, readable by its owner only." % kept,
                progress={"path": kept},
            ) from None
        self._temporary = None

    def __exit__(self, *_exception) -> None:
        if self._temporary is not None:
            os.unlink(self._temporary)
            self._temporary = None
