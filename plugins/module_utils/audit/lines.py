# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON lines in gzip: the form of everything that a run keeps and of ``users.jsonl.gz``; and the room to make them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tempfile
import zlib
from contextlib import contextmanager
from typing import IO, Any, Iterable, Iterator, Mapping

from .forms import check_of
from .store import DAMAGED, DamagedError, RoomError

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)
# The highest takes twice as long, for files that are three percent smaller.
_COMPRESSION = 6
_BLOCK = 1 << 20
_MEMORY_KIB = 8_000


class Lines:
    """A file that is written row by row. ``end`` completes it.

    The same rows give the same bytes: keys are sorted, and the gzip header contains neither a time nor a name. They are ASCII,
    so that no label steers the terminal of a person who looks into the file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """
        :param file: stays open
        """
        self._lines = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_COMPRESSION, mtime=0)
        self.end = self._lines.close

    def add(self, row: Mapping[str, Any]) -> None:
        """One more row."""
        self._lines.write(line(row))


# Any value as JSON in ASCII.
encoded = _JSON.encode


def line(row: Mapping[str, Any]) -> bytes:
    """A row as a line, with its end."""
    return encoded(row).encode() + b"\n"


def write_lines(rows: Iterable[Mapping[str, Any]], file: IO[bytes]) -> int:
    """Write the rows; returns how many there were."""
    count, lines = 0, Lines(file)
    try:
        for row in rows:
            lines.add(row)
            count += 1
    finally:
        lines.end()
    return count


def packed(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The same, for few rows."""
    file = io.BytesIO()
    write_lines(rows, file)
    return file.getvalue()


def read_lines(file: IO[bytes], name: str, form: Any = None, digest: str | None = None) -> Iterator[Any]:
    """The rows, one after the other. A file that is not whole gives none.

    :param file: is read twice
    :param name: of the file, for messages
    :param form: the TypedDict that each row has to be; None for any object
    :param digest: of the file, as :func:`digest_of` makes it; None where nobody knows
    :raises StoreError: it is damaged
    """
    fits = check_of(form) if form else None
    try:
        if digest is None:
            _check_sum(file)
        elif digest_of(file) != digest:
            raise ValueError("its content is not the one in its name")
        with gzip.GzipFile(fileobj=file, mode="rb") as lines:
            for line in lines:
                row = json.loads(line.decode())  # whose encoding need not be guessed
                if not (fits(row) if fits else isinstance(row, dict)):
                    raise ValueError("a line of it is of another form")
                yield row
            if lines.mtime is None:  # no header was read
                raise EOFError("it is empty")
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise damaged(name, str(error)) from None


def _check_sum(file: IO[bytes]) -> None:
    """Read it to the end, where the sums are that tell whether it is whole; then it is at its beginning."""
    with gzip.GzipFile(fileobj=file, mode="rb") as lines:
        while lines.read(_BLOCK):
            continue
    file.seek(0)


def digest_of(file: IO[bytes]) -> str:
    """That of the content, short as names go. Then the file is at its beginning."""
    content = hashlib.sha256()
    while block := file.read(_BLOCK):
        content.update(block)
    file.seek(0)
    return content.hexdigest()[:16]


def damaged(name: str, why: str) -> DamagedError:
    """The error that a file of a run is not as the run left it.

    :param why: a clause that names nobody
    """
    return DamagedError("%s cannot be read: %s" % (name, why), hint=DAMAGED)


@contextmanager
def written(rows: Iterable[Mapping[str, Any]]) -> Iterator[IO[bytes]]:
    """The rows in a temporary file, at its beginning.

    :raises RoomError: there is no room for it
    """
    with scratch() as directory, tempfile.TemporaryFile(dir=directory) as file:
        write_lines(rows, file)
        file.seek(0)
        yield file


@contextmanager
def scratch() -> Iterator[str]:
    """A directory for what is only needed for a moment.

    :raises RoomError: there is no room for it
    """
    with room(), tempfile.TemporaryDirectory() as directory:
        yield directory


@contextmanager
def room() -> Iterator[None]:
    """While temporary files are written.

    :raises RoomError: there is no room for them
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise RoomError(
            "Could not write temporary files: %s" % (getattr(error, "strerror", None) or error),
            hint="Make room in %s, or set TMPDIR to another directory." % _temporary(),
        ) from None


def scratch_database(directory: str) -> sqlite3.Connection:
    """A database on disk for one process, without a name: whoever is killed leaves nothing of it, and nobody else can open it."""
    path = os.path.join(directory, "scratch.sqlite")
    database = sqlite3.connect(path, isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -%d" % _MEMORY_KIB,
        "PRAGMA temp_store = FILE",
    ):
        database.execute(statement)
    os.unlink(path)
    return database


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # none of those that are tried can be written
        return "the directory for temporary files"
