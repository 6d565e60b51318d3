# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file in which the processes of a host tell each other what they ask of a tenant and what it answers about its limit.

Ansible runs each task in a process of its own, and many at once. Each process reads what the others told and learns from it as
from its own answers, so that all of them together keep to what one of them would.

The file has no secrets and no IDs, and is safe to lose: whoever finds none, or cannot write, paces alone. Processes of one user
share it. Times are those of the host's clock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, Tuple, Union

# In bytes: from when on the file is made shorter, and how much of its end stays.
_LONGEST, _KEPT = 2**16, 2**14
# What somebody who comes new learns from: so many lines at most, so many seconds old at most.
_LINES, _OLDEST = 200, 120.0
# A lock is held for less than a millisecond. In seconds: whoever holds it for so long was stopped, and the others go on alone.
_LONGEST_LOCK, _PAUSE = 1.0, 0.001
_DIGITS = 20

# What an answer says of a bucket: its limit, what remains, the next refill, bounds of how far the server's clock is ahead, and for
# how many seconds the bucket is closed; None where it does not say.
Heard = Tuple[Union[float, None], Union[float, None], Union[float, None], Tuple[float, float], Union[float, None]]


@dataclass(frozen=True)
class Told:
    """A request that another process has sent, or the answer to it.

    :ivar who: the process, with :attr:`number` the name of the request
    :ivar at: when it was sent, or the answer was there
    :ivar answer: what :meth:`Pacing.heard` is told after ``received``; None for a request that is sent
    """

    who: str
    number: int
    bucket: str
    route: str
    at: float
    answer: Heard | None = None


def directory() -> str:
    """Where such files are: in the user's runtime directory, else in one of the user's own for temporary files."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.access(runtime, os.W_OK | os.X_OK):
        return os.path.join(runtime, "mfaops-auth0")
    return os.path.join(tempfile.gettempdir(), "mfaops-auth0-%d" % os.getuid())


class Ledger:
    """One process's hold on the file of a tenant. Used by one thread at a time."""

    def __init__(self, tenant: str, clock: Callable[[], float] = time.time) -> None:
        """
        :param tenant: its domain; the file's name does not show it
        :param clock: the host's time in Unix seconds
        """
        self._name = hashlib.sha256(tenant.lower().encode()).hexdigest()[:16]
        self._clock = clock
        self._who = "%d-%s" % (os.getpid(), os.urandom(4).hex())
        self._path = ""
        self._file: int | None = None
        self._alone = False
        # The number of the file's first line, and of the line that is read next with its place.
        self._first, self._next, self._place = -1, -1, 0

    def __del__(self) -> None:
        """A process that makes many of them, one after the other, keeps no file open of those that it has dropped."""
        if self._file is not None:
            os.close(self._file)

    @contextmanager
    def held(self) -> Iterator[list[Told]]:
        """Keep the others from telling; what they told since the last time. Nothing where the file cannot be used."""
        told: list[Told] = []
        locked = False
        if not self._alone:
            try:
                locked = self._lock()
                told = self._read() if locked else []
            except OSError:
                locked = False
            if not locked:
                self._leave()
        try:
            yield told
        finally:
            if self._file is not None and locked:
                try:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
                except OSError:
                    self._leave()

    def tell(self, number: int, bucket: str, route: str, at: float, answer: Heard | None = None) -> None:
        """Tell the others of a request or an answer, as :class:`Told` has it; only while it is held."""
        if self._file is None:
            return
        line = json.dumps([self._who, number, bucket, route, at, answer]).encode() + b"\n"
        try:
            if self._place + len(line) > _LONGEST:
                self._shorten()
            os.pwrite(self._file, line, self._place)
        except OSError:
            self._leave()
        else:
            self._next, self._place = self._next + 1, self._place + len(line)

    def _leave(self) -> None:
        """Go on alone."""
        self._alone = True
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self) -> bool:
        """Whether the file that is there now is locked.

        :raises OSError: it cannot be used
        """
        # Looking for a directory is a reason to go on alone, too: where nothing can be written, Python finds none.
        self._path = self._path or os.path.join(directory(), self._name)
        until = time.monotonic() + _LONGEST_LOCK
        while time.monotonic() < until:
            if self._file is None:
                self._file = _opened(self._path)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
                continue
            if self._is_there():
                return True
            # Somebody has cleaned up meanwhile.
            os.close(self._file)
            self._file = None
        return False

    def _is_there(self) -> bool:
        ours = os.fstat(self._file)  # type: ignore[arg-type]
        try:
            now = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (ours.st_dev, ours.st_ino) == (now.st_dev, now.st_ino)

    def _read(self) -> list[Told]:
        """What others told since the last time."""
        file: int = self._file  # type: ignore[assignment]
        size, head = os.fstat(file).st_size, os.pread(file, _DIGITS + 1, 0)
        if len(head) <= _DIGITS or not head[:_DIGITS].isdigit() or head[_DIGITS:] != b"\n":
            # It is new, or whoever shortened it was killed. Numbers go on, whoever made it: no file gets as many lines as
            # microseconds pass.
            self._begin(int(time.time() * 1_000_000), b"")
            return []
        first, fresh = int(head), self._next < 0
        if first != self._first or size < self._place:
            self._first, self._place = first, _DIGITS + 1
            skipped = self._next - first
            self._next = first
        else:
            skipped = 0
        content = os.pread(file, max(size - self._place, 0), self._place)
        lines = content[: content.rfind(b"\n") + 1].splitlines()
        self._place += len(content)
        self._next += len(lines)
        now = self._clock()
        lines = lines[-_LINES:] if fresh else lines[max(skipped, 0) :]
        told = [each for each in map(_told, lines) if each is not None and each.who != self._who]
        return [each for each in told if now - _OLDEST < each.at < now + 1]

    def _shorten(self) -> None:
        file: int = self._file  # type: ignore[assignment]
        content = os.pread(file, self._place, 0)
        kept = content[content.index(b"\n", len(content) - min(_KEPT, len(content) - _DIGITS - 1)) + 1 :]
        self._begin(self._next - kept.count(b"\n"), kept)

    def _begin(self, first: int, lines: bytes) -> None:
        """Write the whole file."""
        file: int = self._file  # type: ignore[assignment]
        content = b"%0*d\n" % (_DIGITS, first) + lines
        os.ftruncate(file, 0)
        os.pwrite(file, content, 0)
        self._first, self._next, self._place = first, first + lines.count(b"\n"), len(content)


def _opened(path: str) -> int:
    """The file, made if it is missing.

    :raises OSError: it cannot be written, or somebody else could read or replace it
    """
    folder = os.path.dirname(path)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    _check_own(os.stat(folder, follow_symlinks=False), stat.S_ISDIR)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        _check_own(os.fstat(file), stat.S_ISREG)
    except OSError:
        os.close(file)
        raise
    return file


def _check_own(found: os.stat_result, kind: Callable[[int], bool]) -> None:
    """:raises OSError: it is not of this kind, or others than the user may use it"""
    if not kind(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError("not the user's own")


def _told(line: bytes) -> Told | None:
    """None for a line that was cut off."""
    try:
        who, number, bucket, route, at, answer = json.loads(line)
        if answer is not None:
            limit, remaining, reset, (least, most), closed_for = answer
            answer = (limit, remaining, reset, (float(least), float(most)), closed_for)
        return Told(str(who), int(number), str(bucket), str(route), float(at), answer)
    except (ValueError, TypeError):
        return None
