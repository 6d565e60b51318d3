# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for one secret: only its owner can read it, it is complete or not there at all, and a run that was cut off is noticed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from typing import Mapping

from .auth0.wire.errors import Auth0Error, ConfigurationError

# More than any secret or picture here needs.
_RESERVED = 65536
# Beside the target, so that it can become the target in one step.
_PENDING = ".%s.pending"
_NOT_FOR_SECRETS = ("/proc", "/sys", "/dev")


class SecretFile:
    """A context manager that makes sure of the space before the secret exists, and notes what is about to be made.

    The note is a file beside the target. It becomes the target when the secret is written. If it is still there later, a run was
    cut off, and what that run made is lost. While a run is at work it holds a lock on the note.

    :ivar path: the full path of the target
    :ivar pending: the full path of the note
    :ivar left: what a run that was cut off was about to make; empty if its note cannot be read, None if there is no note
    :ivar notice: why the file could not be checked in check mode; None otherwise
    """

    def __init__(self, option: str, path: str, check_mode: bool = False, replace: bool = True) -> None:
        """
        :param option: where the path came from, for messages
        :param path: of the file
        :param check_mode: the directory may be missing, because an earlier task would have made it
        :param replace: whether an existing file is replaced; otherwise it is refused
        :raises ConfigurationError: the file cannot be written
        """
        self._option, self._replace = option, replace
        self.path = os.path.abspath(path)
        self._directory, name = os.path.split(self.path)
        self.pending = os.path.join(self._directory, _PENDING % name)
        self.left: Mapping[str, str] | None = None
        self.notice: str | None = None
        self._handle: int | None = None
        self._in_doubt = False
        if not path.strip() or "\0" in path:
            raise self._refusal("this is not a path")
        if path.endswith(os.sep) or os.path.isdir(self.path):
            raise self._refusal("this is a directory")
        # A link to a file is replaced, and its target stays.
        if os.path.lexists(self.path) and os.path.exists(self.path) and not os.path.isfile(self.path):
            raise self._refusal("this is not a regular file")
        self._check_that_nothing_is_lost()
        if not os.path.exists(self._directory) and check_mode:
            self.notice = "%s %s: the directory does not exist yet. The task fails if it is still missing then." % (
                option,
                self.path,
            )
            return
        if not os.path.isdir(self._directory):
            raise self._refusal("%s is not an existing directory" % self._directory)
        place = os.path.realpath(self._directory)
        if (place + os.sep).startswith(tuple(each + os.sep for each in _NOT_FOR_SECRETS)) and not (
            place + os.sep
        ).startswith("/dev/shm/"):
            raise self._refusal("%s does not hold files" % place)
        if not os.access(self._directory, os.W_OK | os.X_OK):
            raise self._refusal("%s is not writable" % self._directory)
        longest = os.pathconf(self._directory, "PC_NAME_MAX")
        if len(os.fsencode(os.path.basename(self.pending))) > longest:
            raise self._refusal("the file's name may have %d bytes at most" % (longest - len(_PENDING % "")))
        if check_mode:
            self.left = self._read()

    def __enter__(self) -> SecretFile:
        try:
            self._handle = self._locked()
            # Another run may have written it before this one got the lock.
            self._check_that_nothing_is_lost()
            self.left = self._read()
            self._in_doubt = self.left is not None
            if not self._in_doubt:
                # So that a full disk or a quota shows now.
                self._put(b"")
        except OSError as error:
            self.__exit__()
            raise self._refusal(error.strerror) from None
        except ConfigurationError:
            self.__exit__()
            raise
        return self

    def announce(self, **facts: str) -> None:
        """What is about to be made is noted, and stays noted until the secret is in place or the note is withdrawn.

        :raises ConfigurationError: it cannot be noted
        """
        try:
            self._put(json.dumps(facts).encode())
        except OSError as error:
            raise self._refusal(error.strerror) from None
        self._in_doubt = True

    def withdraw(self) -> None:
        """Nothing was made: what is noted is what it was before."""
        if self._handle is not None and self.left is not None:
            self._put(json.dumps(self.left).encode())
        else:
            self._in_doubt = False

    def write(self, content: bytes) -> None:
        """The secret is in place, with mode 0600.

        :raises Auth0Error: it could not be put in place; the message says where it is kept
        """
        try:
            handle = self._opened()
            os.pwrite(handle, content, 0)
            os.ftruncate(handle, len(content))
            os.fsync(handle)
            # Never lost from here on.
            self._in_doubt = True
            os.replace(self.pending, self.path)
            self._sync_directory()
        except OSError as error:
            raise Auth0Error(
                "%s %s cannot be written: %s" % (self._option, self.path, error.strerror),
                hint="The secret is in %s, readable by its owner only. Move it from there: "
                "as long as it is there, the next run replaces it." % self.pending,
                progress={"path": self.pending},
            ) from None
        self._close()

    def __exit__(self, *_exception: object) -> None:
        if self._handle is not None:
            if not self._in_doubt:
                os.unlink(self.pending)
            self._close()

    def _check_that_nothing_is_lost(self) -> None:
        if not self._replace and os.path.lexists(self.path):
            raise ConfigurationError(
                "%s %s exists already, and nobody may have read it yet" % (self._option, self.path),
                hint="Choose another path, or move the file away.",
            )

    def _locked(self) -> int:
        """A handle on the note, made if it is not there, that no other run has."""
        while True:
            handle = os.open(self.pending, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
            try:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink > 1:
                    raise self._refusal("%s is in the way and is not this user's own file" % self.pending)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise ConfigurationError(
                        "%s %s is being written by another run" % (self._option, self.path),
                        hint="Wait until that run has ended, then run the task again.",
                    ) from None
                os.fchmod(handle, 0o600)
                # Another run may have moved or removed the note before this one got the lock.
                if os.path.exists(self.pending) and os.path.samestat(os.fstat(handle), os.lstat(self.pending)):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _read(self) -> Mapping[str, str] | None:
        """What the note says."""
        try:
            if not stat.S_ISREG(os.lstat(self.pending).st_mode):
                return {}
            with open(self.pending, "rb") as file:
                content = file.read(_RESERVED).strip(b" \0")
        except FileNotFoundError:
            return None
        except OSError:
            return {}
        # Space was reserved, and nothing was about to be made.
        if not content:
            return None
        try:
            facts = json.loads(content)
        except ValueError:
            return {}
        if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
            return {}
        return facts

    def _put(self, content: bytes) -> None:
        handle = self._opened()
        os.pwrite(handle, content.ljust(_RESERVED), 0)
        os.fsync(handle)
        self._sync_directory()

    def _sync_directory(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _opened(self) -> int:
        if self._handle is None:
            raise TypeError("a SecretFile is written inside its with block")
        return self._handle

    def _close(self) -> None:
        os.close(self._opened())
        self._handle = None

    def _refusal(self, reason: str | None) -> ConfigurationError:
        return ConfigurationError(
            "%s %r cannot be written: %s" % (self._option, self.path, reason),
            hint="Choose a file path in an existing, writable directory.",
        )


class SecretsFolder:
    """A directory for secrets of users, with a file for each user."""

    def __init__(self, option: str, path: str, check_mode: bool, replace: bool = True) -> None:
        """
        :param option: where the path came from, for messages
        :param path: made if it does not exist
        :param check_mode: nothing is made
        :param replace: whether the file of an earlier secret is replaced; otherwise it is refused
        :raises ConfigurationError: it cannot be made
        """
        self._option, self._path, self._replace = option, path, replace
        try:
            if not check_mode and not os.path.exists(path):
                os.mkdir(path, 0o700)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                "%s %r cannot be made: %s" % (option, path, getattr(error, "strerror", error)),
                hint="Choose a directory in an existing, writable directory.",
            ) from None

    def path_of(self, user_id: str) -> str:
        """Where the user's secret is, or will be."""
        return os.path.join(self._path, name_of_file(user_id))

    def file_of(self, user_id: str, check_mode: bool) -> SecretFile:
        """The file for the user's secret.

        :raises ConfigurationError: it cannot be written
        """
        file = SecretFile(self._option, self.path_of(user_id), check_mode, self._replace)
        # It warns of a missing directory, which the run makes.
        file.notice = None
        return file


def name_of_file(user_id: str) -> str:
    """The checksum keeps apart IDs that differ only in characters that do not belong into the names of files, or at their end.

    An ID is cut because most file systems take no name of more than 255 bytes, and identity providers give longer IDs. The playbook
    ``rotate_recovery_codes`` makes the same names.
    """
    return "%s-%s" % (
        re.sub("[^A-Za-z0-9]", "-", user_id)[:200],
        hashlib.sha1(user_id.encode(), usedforsecurity=False).hexdigest()[:8],
    )
