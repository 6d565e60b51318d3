# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times: milliseconds since 1970, and how Auth0 writes them."""

from __future__ import annotations

from datetime import datetime, timezone

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def iso(milliseconds: int) -> str:
    """``2023-03-10T16:25:51.113Z``, as the Management API writes times."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
