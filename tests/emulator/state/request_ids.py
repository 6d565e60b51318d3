# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers by which Auth0's support finds a request (public logs of answers)."""

from __future__ import annotations

import random


class RequestIds:
    """Identifiers of requests, drawn from the seed.

    :param enabled: whether answers have them.
    """

    def __init__(self, enabled: bool, seed: int):
        self._enabled = enabled
        self._rng = random.Random(f"request-ids/{seed}")

    def headers(self, api: str) -> dict[str, str]:
        """The headers of the next answer: ``cf-ray``, and outside the Management API ``x-auth0-requestid``."""
        if not self._enabled:
            return {}
        headers = {"cf-ray": f"{self._rng.getrandbits(64):016x}-EMU"}
        if api != "management":
            headers["x-auth0-requestid"] = f"{self._rng.getrandbits(80):020x}"
        return headers
