# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators a listing shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..authenticators import Authenticator


@dataclass(frozen=True)
class RowFilter:
    """Every condition that is given has to hold; a row whose date is not known meets no condition about it.

    :ivar channel: C(sms) or C(voice), for a phone
    :ivar confirmed: None shows both
    :ivar created_before: aware; likewise the other dates
    :ivar last_used_before: an authenticator that was never used counts from its enrollment, or else its creation
    :ivar last_used_after: of its last use alone
    """

    factor: str | None = None
    channel: str | None = None
    confirmed: bool | None = True
    created_before: datetime | None = None
    created_after: datetime | None = None
    last_used_before: datetime | None = None
    last_used_after: datetime | None = None

    @property
    def needs_dates(self) -> bool:
        """Whether rows without dates, those of the MFA API, never fit."""
        dates = (self.created_before, self.created_after, self.last_used_before, self.last_used_after)
        return any(date is not None for date in dates)

    def fits(self, row: Authenticator) -> bool:
        """Whether the row is shown."""
        return (
            self.factor in (None, row.factor)
            and (self.channel is None or self.channel in row.channels)
            and self.confirmed in (None, row.confirmed)
            and _before(row.created_at, self.created_before)
            and _after(row.created_at, self.created_after)
            and _before(row.last_used_at, self.last_used_before)
            and _after(row.last_auth_at, self.last_used_after)
        )


def _before(moment: datetime | None, limit: datetime | None) -> bool:
    return limit is None or (moment is not None and moment < limit)


def _after(moment: datetime | None, limit: datetime | None) -> bool:
    return limit is None or (moment is not None and moment >= limit)
