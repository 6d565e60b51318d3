# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators a listing shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping

from ..authenticators import Authenticator
from ..factors import named_by
from ..times import moment

DATES = ("created_before", "created_after", "last_used_before", "last_used_after")


@dataclass(frozen=True)
class RowFilter:
    """Every condition that is given has to hold. A row whose date is not known meets no condition about that date.

    :ivar channel: ``sms`` or ``voice``, for a phone
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

    @classmethod
    def from_options(cls, options: Mapping[str, Any], now: datetime) -> RowFilter:
        """What a task asks for.

        :param now: aware time that ages are counted back from
        :raises ConfigurationError: a date is neither a date nor an age
        """
        factor, channel = named_by(options["factor"])
        confirmed = options["confirmed"]
        if confirmed is None and not options["include_unconfirmed"]:
            confirmed = True
        dates = {name: moment(name, options[name], now) for name in DATES if options[name] is not None}
        return cls(factor, channel, confirmed, **dates)

    @property
    def needs_dates(self) -> bool:
        """Whether rows without dates, those of the MFA API, never fit."""
        return any(getattr(self, name) is not None for name in DATES)

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


def _before(date: datetime | None, limit: datetime | None) -> bool:
    return limit is None or (date is not None and date < limit)


def _after(date: datetime | None, limit: datetime | None) -> bool:
    return limit is None or (date is not None and date >= limit)
