# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``users.jsonl.gz``: one row per user, written while the walk goes on."""

from __future__ import annotations

import gzip
import json
from typing import Iterable, Iterator

from ..records import UserRow


def write_through(rows: Iterable[UserRow], path: str) -> Iterator[UserRow]:
    """The same rows, each written to a gzip file of JSON lines before it is passed on.

    The same rows give the same bytes: keys are sorted, and the gzip header contains neither a time nor a name. They are ASCII,
    so that no label steers the terminal of a person who looks into the file.

    :param path: file to create; complete once the rows are used up
    """
    with open(path, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as lines:
        for row in rows:
            lines.write(json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n")
            yield row
