# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server's clock, which counts, and how answers write times and numbers."""

from __future__ import annotations

import math
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Callable, Mapping

_LONGEST_CACHED = 7 * 86400.0
# From 2001 to 2100. A clock that tells another time tells none, and not every such time can be written as a date.
_CREDIBLE = (1e9, 4102444800.0)


class ServerClock:
    """The server's time, as far as the ``Date`` headers of its answers tell.

    A ``Date`` is cut to whole seconds and grows old on its way, so each answer gives bounds, and answers in a row narrow
    them. The local clock is believed as long as it is within the bounds. An answer that contradicts them replaces them: either clock may
    have been set.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        :param clock: the local time in Unix seconds
        """
        self._clock = clock
        # One value, because threads read the two bounds while another one narrows them.
        self.bounds = (-math.inf, math.inf)

    def now(self) -> float:
        """Unix seconds."""
        return self._clock() + self.ahead

    @property
    def ahead(self) -> float:
        """Seconds that the server's clock is ahead of the local one, negative where it is behind."""
        least, most = self.bounds
        return 0.0 if least <= 0 <= most else (least + most) / 2

    @property
    def known(self) -> bool:
        """Whether an answer told it."""
        return self.bounds[1] < math.inf

    def hear(self, headers: Mapping[str, str], sent: float, received: float) -> None:
        """Learn from an answer.

        :param sent: the local time when the request was sent
        :param received: the local time when the answer was there
        """
        date = http_date(headers.get("date"))
        if date is None or not _CREDIBLE[0] < date < _CREDIBLE[1]:
            return
        # What a cache kept has the Date of that time, and says for how many seconds it was kept.
        age = number(headers.get("age"))
        date += age if age is not None and 0 <= age <= _LONGEST_CACHED else 0.0
        least, most = date - received, date + 1 - sent
        if most < least:
            return  # The local clock was set back while the answer was under way.
        if least <= self.bounds[1] and most >= self.bounds[0]:
            least, most = max(least, self.bounds[0]), min(most, self.bounds[1])
        self.bounds = (least, most)


def http_date(text: str | None) -> float | None:
    """Unix seconds of a date in a header; None where it is none."""
    try:
        date = parsedate_to_datetime(text or "")
        # Without a zone it would be taken for local time.
        return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def number(text: str | None) -> float | None:
    """The finite number in a header; None where it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
