# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's export jobs (API.md §3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from ..users.connections import Connection
from ..users.times import DAY, MINUTE

JOB_LIFETIME = DAY
LINK_LIFETIME = MINUTE


@dataclass(frozen=True)
class Job:
    """An export that was requested at ``created_at`` (milliseconds).

    :param connection: the only connection whose users are exported; None for all.
    :param format: ``json`` or ``csv``.
    :param limit: how many users at most; None for all.
    :param fields: pairs of a profile field (``identities[0].connection``) and its title in the file.
    """

    id: str
    created_at: int
    connection: Connection | None
    format: str
    limit: int | None
    fields: tuple[tuple[str, str], ...]

    def status(self, now: int, seconds: int, outcome: str) -> str:
        """``pending``, then ``processing`` for the second half of ``seconds``, then ``outcome``."""
        elapsed = (now - self.created_at) / 1000
        if elapsed >= seconds:
            return outcome
        return "pending" if elapsed < seconds / 2 else "processing"
