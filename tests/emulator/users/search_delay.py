# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The delay with which the user search sees a write (API.md §3.6). By id and by e-mail a write shows at once."""

from __future__ import annotations

from collections.abc import Mapping


class SearchDelay:
    """The old profiles of recently written users, which the search still shows.

    :param seconds: how long after a write the search shows the old profile; 0: not at all.
    """

    def __init__(self, seconds: int):
        self._delay = seconds * 1000
        self._before: dict[int, list[tuple[int, dict | None]]] = {}

    def note(self, position: int, profile: dict | None, now: int) -> None:
        """Record a write at ``now`` (milliseconds) to the user at this position of the store.

        :param profile: the profile before the write; None when there was no user.
        """
        if self._delay:
            self._before.setdefault(position, []).append((now, profile))

    def applied(self, profiles: Mapping[int, dict | None], now: int) -> dict[int, dict | None]:
        """The profiles by position (None: no user), with the old profiles of recently written users."""
        self._forget(now)
        return {**profiles, **{position: writes[0][1] for position, writes in self._before.items()}}

    def _forget(self, now: int) -> None:
        fresh = {
            position: [write for write in writes if now < write[0] + self._delay]
            for position, writes in self._before.items()
        }
        self._before = {position: writes for position, writes in fresh.items() if writes}
