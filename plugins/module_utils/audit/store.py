# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the runs of an audit are kept: a folder here, a bucket elsewhere.

Names have slashes and no special characters. What is written is there as a whole or not at all, and what somebody else wrote
meanwhile is not overwritten: that is all a run needs to lose nothing, whatever ends it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import IO, ContextManager, Iterator, Protocol

from ..auth0.wire.errors import Auth0Error, ConfigurationError

DAMAGED = "The file is damaged. Move the directory of its run out of the folder, and run again."
# A directory for what is not whole yet. It is ours alone.
_UNDER_WAY = ".under-way"


class StoreError(Auth0Error):
    """The store cannot be read or written."""


class DamagedError(StoreError):
    """What is stored cannot be read, now or later: it is missing, or not as it was left."""


class ExpiredError(DamagedError, ConfigurationError):
    """What was read of a run is forgotten by now, as whoever set up the store wished, and no retry brings it back."""


class RoomError(StoreError):
    """There is no room on this machine for temporary files."""


class TakenError(StoreError):
    """Somebody else works on the same run."""


class Store(Protocol):
    """What a run needs of the place where it is kept."""

    def hold(self) -> ContextManager[None]:
        """The store for one worker at a time, as far as the place can tell.

        :raises TakenError: another worker has it
        """

    def read(self, name: str) -> tuple[bytes, str] | None:
        """The content and its version; None where there is nothing."""

    def write(self, name: str, content: bytes, version: str | None) -> str:
        """Replace this version; returns the new one.

        :param version: None where there must be nothing yet
        :raises TakenError: another version is there
        """

    def put(self, name: str, content: IO[bytes], *, once: bool = False) -> None:
        """Store a file of any size, in place of what was there.

        :param once: there must be nothing yet
        :raises TakenError: there is something
        """

    def open(self, name: str) -> IO[bytes]:
        """The content as a stream, which can be read again from the beginning.

        :raises DamagedError: there is nothing
        """

    def place(self, name: str) -> str:
        """Where others find it."""

    def names(self, folder: str) -> list[str]:
        """The names directly below a folder, without it, in order."""


class FolderStore:
    """A folder that only its owner can read, on one file system. Files are replaced as a whole: nobody sees half of one."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """As :class:`Store`: locked until this process ends, however it ends."""
        with self._telling("write to"):
            _make(self.folder)
            descriptor = os.open(os.path.join(self.folder, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TakenError(
                    "Another audit is working in %s" % self.folder, hint="Wait for its end, or choose another folder."
                ) from None
            with self._telling("write to"):
                self._sweep()
            yield
        finally:
            os.close(descriptor)

    def read(self, name: str) -> tuple[bytes, str] | None:
        """As :class:`Store`."""
        with self._telling("read"):
            try:
                with open(self._path(name), "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                return None
        return content, _version(content)

    def write(self, name: str, content: bytes, version: str | None) -> str:
        """As :class:`Store`."""
        current = self.read(name)
        if (current[1] if current else None) != version:
            raise self._taken(name)
        self._store(name, io.BytesIO(content), once=version is None)
        return _version(content)

    def put(self, name: str, content: IO[bytes], *, once: bool = False) -> None:
        """As :class:`Store`."""
        self._store(name, content, once)

    def open(self, name: str) -> IO[bytes]:
        """As :class:`Store`."""
        with self._telling("read"):
            try:
                return open(self._path(name), "rb")
            except FileNotFoundError:
                raise DamagedError("%s cannot be read: it is missing" % name, hint=DAMAGED) from None

    def place(self, name: str) -> str:
        """As :class:`Store`: below the folder, which people may move."""
        return name

    def names(self, folder: str) -> list[str]:
        """As :class:`Store`."""
        with self._telling("read"):
            try:
                return sorted(name for name in os.listdir(self._path(folder)) if not name.startswith("."))
            except FileNotFoundError:
                return []

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, *name.split("/"))

    def _store(self, name: str, content: IO[bytes], once: bool) -> None:
        path, under_way = self._path(name), os.path.join(self.folder, _UNDER_WAY)
        with self._telling("write to"):
            _make(os.path.dirname(path))
            _make(under_way)
            descriptor, temporary = tempfile.mkstemp(dir=under_way)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    shutil.copyfileobj(content, file)
                    file.flush()
                    os.fsync(file.fileno())
                if once:
                    os.link(temporary, path)
                else:
                    os.replace(temporary, path)
            except FileExistsError:
                raise self._taken(name) from None
            finally:
                if os.path.exists(temporary):
                    os.unlink(temporary)

    def _sweep(self) -> None:
        """Remove what a killed worker left half written."""
        under_way = os.path.join(self.folder, _UNDER_WAY)
        for name in os.listdir(under_way) if os.path.isdir(under_way) else ():
            os.unlink(os.path.join(under_way, name))

    def _taken(self, name: str) -> TakenError:
        return TakenError(
            "%s was written by somebody else meanwhile" % self._path(name),
            hint="Another audit works on the same run. Let it end; this one changed nothing.",
        )

    @contextmanager
    def _telling(self, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Of a file that is not read today, tomorrow's run will not read more.
            kind = DamagedError if action == "read" else StoreError
            raise kind(
                "Could not %s %s: %s" % (action, error.filename or self.folder, error.strerror or error),
                hint="Check the folder, its owner and the space on its disk. What is stored stays, and the next run goes on.",
            ) from None


def _make(folder: str) -> None:
    """Make a folder and those above it, for the owner alone."""
    if not os.path.isdir(folder):
        _make(os.path.dirname(folder))
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            if not os.path.isdir(folder):  # or somebody else made it meanwhile
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
