# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the tenant takes to answer (API.md §8: the medians that real tenants were recorded with)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

# Recorded medians in milliseconds: over everything, and of the paths that have one of their own.
OVERALL = 336
BY_PATH = (
    (re.compile(r"/api/v2/users/[^/]+/authentication-methods(/.*)?"), 135),
    (re.compile(r"/api/v2/users/[^/]+"), 296),
)
LONGEST = 20  # times the median; 6.7 s of 336 ms, and 6.8 s is the longest that was seen recorded
_TAIL_BEGINS = 1.5  # times the median


class Latency:
    """The times that answers take, drawn from the seed.

    Most are drawn from a log-normal distribution, those of the tail from a Pareto distribution of index 1: twice as slow is
    half as frequent.

    :param switches: ``latency-ms``, the median over everything; ``latency-by-path``, whether paths have their own;
        ``latency-spread``, the standard deviation of the logarithm, percent; ``latency-tail``, the percentage of slow answers.
    :param seed: the same one draws the same times.
    """

    def __init__(self, switches: Mapping[str, Any], seed: int):
        self._median = switches["latency-ms"] / 1000
        self._by_path = switches["latency-by-path"]
        self._deviation = switches["latency-spread"] / 100
        self._tail = switches["latency-tail"] / 100
        # Of the quick answers alone, so that the median of all is the one asked for.
        self._quick = math.exp(-self._deviation * NormalDist().inv_cdf(0.5 / (1 - self._tail)))
        self._rng = random.Random(f"latency/{seed}")

    def draw(self, path: str) -> float:
        """The seconds that the answer to the next request to this percent-encoded path takes."""
        if not self._median:
            return 0.0
        median = self._median * self._share(path)
        if self._tail and self._rng.random() < self._tail:
            return median * min(LONGEST, _TAIL_BEGINS * self._rng.paretovariate(1))
        if not self._deviation:
            return median
        return median * min(LONGEST, self._quick * self._rng.lognormvariate(0, self._deviation))

    def _share(self, path: str) -> float:
        if not self._by_path:
            return 1.0
        return next((median for pattern, median in BY_PATH if pattern.fullmatch(path)), OVERALL) / OVERALL
