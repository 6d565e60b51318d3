# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer that is a gzip file and made while it is sent."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice

CONTENT_TYPE = "application/gzip"
_TEXTS_AT_ONCE = 200


@dataclass(frozen=True)
class File:
    """A gzip file of rows.

    :param rows: the values by title; read once.
    :param write: makes texts of the rows.
    """

    rows: Iterator[dict]
    write: Callable[[Iterator[dict]], Iterator[str]]

    async def packed(self) -> AsyncIterator[bytes]:
        """The file, piece by piece and in constant memory; other requests are answered in between."""
        compressor = zlib.compressobj(wbits=31)
        texts = self.write(self.rows)
        while batch := list(islice(texts, _TEXTS_AT_ONCE)):
            data = compressor.compress("".join(batch).encode())
            if data:
                yield data
            await asyncio.sleep(0)
        yield compressor.flush()

    async def whole(self) -> bytes:
        """All of the file at once, for faults that need its length."""
        return b"".join([piece async for piece in self.packed()])
