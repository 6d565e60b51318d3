# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the tenant takes to answer (API.md §8: the medians that real tenants were recorded with)."""

from __future__ import annotations

import random

LONGEST = 20  # times the median


class Latency:
    """The times that answers take, drawn from the seed.

    :param milliseconds: the median.
    :param spread: standard deviation of the logarithm, percent; 0: all answers take the same time.
    :param seed: the same one draws the same times.
    """

    def __init__(self, milliseconds: int, spread: int, seed: int):
        self._median = milliseconds / 1000
        self._deviation = spread / 100
        self._rng = random.Random(f"latency/{seed}")

    def draw(self) -> float:
        """The seconds that the next answer takes."""
        if not self._median or not self._deviation:
            return self._median
        return self._median * min(LONGEST, self._rng.lognormvariate(0, self._deviation))
