# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of users in files."""

from __future__ import annotations

import re
from typing import Iterator


def entries(text: str) -> Iterator[tuple[int, str]]:
    """The entries of a list, one a line, each with the number of its line.

    ``#`` at the beginning of a line or after a blank begins a comment.
    """
    for number, line in enumerate(text.splitlines(), 1):
        entry = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if entry:
            yield number, entry
