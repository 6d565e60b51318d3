# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a removal asks for beside its wish: a limit, a sure match, and the word that the last factor may go. Pure."""

from __future__ import annotations

from ..authenticators import Authenticator
from ..factors import UNSEEN_PARTNERS
from ..wire.errors import RefusedError
from .matching import Device, masked_match
from .wanted import Wanted


def check_masks(wanted: Wanted, going: list[Device]) -> None:
    for device in going:
        said = masked_match(wanted, device[0])
        if said:
            raise RefusedError(
                "%s was not removed: Auth0 shows it %s" % (device[0].id, said),
                hint="Set authenticator_id=%s to remove it, or masked_match=accept if a mask that fits is enough."
                % device[0].id,
            )


def check_limit(wanted: Wanted, removals: list[Device]) -> None:
    if wanted.selector and len(removals) > wanted.max_removals:
        raise RefusedError(
            "selector=%s matches %d authenticators (%s), but max_removals is %d"
            % (wanted.selector, len(removals), ", ".join(device[0].id for device in removals), wanted.max_removals),
            hint="Increase max_removals to remove all of them.",
        )


def may_lose_the_last(
    actual: list[Authenticator], after: tuple[Authenticator, ...], unknown: list[Authenticator]
) -> bool:
    """Whether a second factor may be missing afterward.

    :param unknown: what goes with a partner that nobody can name
    """
    if not any(row.is_second_factor for row in actual):
        return False
    left = [row.factor for row in after if row.is_second_factor]
    at_risk = 0
    for factor, partner in UNSEEN_PARTNERS.items():
        at_risk += min(sum(row.factor == factor for row in unknown), left.count(partner))
    return len(left) <= at_risk


def last_factor(going: list[Device]) -> RefusedError:
    return RefusedError(
        "Removing %s may leave the user without a second factor" % ", ".join(device[0].id for device in going),
        hint="Set allow_last_factor=true to remove it all the same.",
    )
