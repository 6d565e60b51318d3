# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file whose lines are in the order of their ranks, however they come. Sorting a million of them would take as long as making them."""

from __future__ import annotations

import tempfile
import zlib
from typing import IO, Callable

from ..ranks import Rank

# What is written at once for one rank, and what all ranks together may hold in memory.
_BLOCK, _MOST_HELD = 1 << 18, 1 << 22
# The highest before zlib looks for better matches, which takes twice as long, for files that are a third smaller.
_COMPRESSION, _GZIP = 3, 31


def plain(block: bytes) -> bytes:
    """The block as it is."""
    return block


def gzipped(block: bytes) -> bytes:
    """The block as a member of a gzip file, which may have any number of them. The header has neither a time nor a name."""
    made = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, _GZIP)
    return made.compress(block) + made.flush()


class Sections:
    """Lines of few ranks. Those of one rank stay in the order in which they come. Memory is flat."""

    def __init__(self, directory: str, form: Callable[[bytes], bytes] = plain, head: bytes = b"") -> None:
        """
        :param directory: for a file without a name, which is there until :meth:`finished`
        :param form: makes of some lines a part of the file
        :param head: what the file begins with
        """
        self._directory, self._form, self._head = directory, form, head
        self._scratch: IO[bytes] = tempfile.TemporaryFile(dir=directory)
        self._held: dict[Rank, bytearray] = {}
        self._size = 0
        # Where the blocks of each rank are in the scratch file, and how long.
        self._blocks: dict[Rank, list[tuple[int, int]]] = {}

    def add(self, rank: Rank, line: bytes) -> None:
        """One more line, with its end."""
        held = self._held.get(rank)
        if held is None:
            held = self._held[rank] = bytearray()
        held += line
        self._size += len(line)
        if len(held) >= _BLOCK:
            self._write(rank)
        elif self._size >= _MOST_HELD:
            for each in list(self._held):
                self._write(each)

    def finished(self) -> IO[bytes]:
        """The file, complete and at its beginning; whoever asks closes it. To be called once, at the end."""
        for rank in sorted(self._held):
            self._write(rank)
        # An empty gzip file has a header, too.
        file: IO[bytes] = tempfile.TemporaryFile(dir=self._directory)
        file.write(self._form(self._head) if self._head or not self._blocks else b"")
        for rank in sorted(self._blocks):
            for start, length in self._blocks[rank]:
                self._scratch.seek(start)
                file.write(self._scratch.read(length))
        self.close()
        file.seek(0)
        return file

    def close(self) -> None:
        """Free the disk."""
        self._scratch.close()

    def _write(self, rank: Rank) -> None:
        held = self._held.pop(rank)
        self._size -= len(held)
        part = self._form(bytes(held))
        self._blocks.setdefault(rank, []).append((self._scratch.tell(), len(part)))
        self._scratch.write(part)
