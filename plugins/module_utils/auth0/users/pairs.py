# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authenticators go and come together. Pure.

A push device has an OTP that was enrolled with it, and nothing in the MFA view says which. Both are confirmed together, so
where as many OTPs as push devices are in the same state, each of them belongs to one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..authenticators import MFA_VIEW, Authenticator, linked_ids
from ..factors import FACTORS


@dataclass(frozen=True)
class Unseen:
    """Devices that bring a partner, and their possible partners, in the same state; nothing says who belongs to whom.

    :ivar devices: IDs
    :ivar partners: IDs
    """

    devices: frozenset[str]
    partners: frozenset[str]

    def gone_with(self, going: set[str]) -> frozenset[str]:
        """Which of them certainly go along when these IDs go."""
        gone: frozenset[str] = frozenset()
        if self.devices <= going and len(self.partners) <= len(self.devices):
            gone |= self.partners
        if self.partners <= going and len(self.devices) <= len(self.partners):
            gone |= self.devices
        return gone


def unseen_pairs(rows: list[Authenticator], view: str) -> list[Unseen]:
    """All of them; none in the Management view, which names the partners."""
    if view != MFA_VIEW:
        return []
    found = []
    for factor in FACTORS.values():
        for confirmed in (False, True):
            if factor.brings is None:
                continue
            devices, partners = (
                frozenset(row.id for row in rows if row.factor == name and row.confirmed is confirmed)
                for name in (factor.name, factor.brings)
            )
            if devices and partners:
                found.append(Unseen(devices, partners))
    return found


def together(rows: list[Authenticator], view: str) -> dict[str, tuple[str, ...]]:
    """For each ID the IDs that Auth0 removes and confirms with it, as far as they can be known."""
    known = {row_id: set(linked) for row_id, linked in linked_ids(rows).items()}
    for pairs in unseen_pairs(rows, view):
        if len(pairs.devices) == len(pairs.partners) == 1:
            both = pairs.devices | pairs.partners
            for row_id in both:
                known[row_id] |= both - {row_id}
    return {row_id: tuple(sorted(linked)) for row_id, linked in known.items()}
