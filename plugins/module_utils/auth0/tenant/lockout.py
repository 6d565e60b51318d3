# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who could not log in any more after a change of the tenant's factors and policy. Pure, nothing is read or sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable

from ..authenticators import Authenticator
from ..factors import FACTORS
from .mfa import POLICIES, TenantMfa

MOST_SHOWN = 20
# From the least strict to the strictest.
_STRICTNESS = {policy: place for place, policy in enumerate(reversed(POLICIES))}


def usable(state: TenantMfa) -> frozenset[str]:
    """The second factors that users can pass MFA with. One that a tenant cannot turn off is always among them."""
    return frozenset(
        row.name
        for row in FACTORS.values()
        if row.second_factor and (row.guardian_name is None or state.factors.get(row.name, False))
    )


def is_stricter(before: TenantMfa, after: TenantMfa) -> bool:
    """Whether Auth0 asks for MFA at logins at which it did not before."""
    if before.policy is None or after.policy is None:
        return False
    return _STRICTNESS.get(after.policy, 0) > _STRICTNESS.get(before.policy, 0)


@dataclass
class Lockout:
    """What a change means for the users, counted while they are told.

    A user is locked out whose second factors are all off after the change, if one of them was on, or if Auth0 now asks for MFA where
    it did not. Auth0 does not document what such a user can do at a login, so none is assumed to get in. A user without any
    second factor is not locked out: where Auth0 asks for MFA, it lets such a user enroll one.

    :ivar users: how many were told
    :ivar unread: how many of them nobody knows anything of
    :ivar must_enroll: how many have no second factor and are now asked to enroll one
    :ivar sample: the first who are locked out, with their factors
    """

    before: TenantMfa
    after: TenantMfa
    users: int = 0
    unread: int = 0
    locked_out: int = 0
    must_enroll: int = 0
    sample: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._before, self._after = usable(self.before), usable(self.after)
        self._stricter = is_stricter(self.before, self.after)

    @property
    def possible(self) -> bool:
        """Whether the change can concern anybody."""
        return self._stricter or bool(self._before - self._after)

    def tell(self, user_id: str | None, authenticators: Iterable[Authenticator] | None) -> None:
        """One more user.

        :param authenticators: None where they could not be read
        """
        self.users += 1
        if authenticators is None:
            self.unread += 1
            return
        has = {each.factor for each in authenticators if each.is_second_factor}
        if has & self._after:
            return
        if has & self._before or (has and self._stricter):
            self.locked_out += 1
            if len(self.sample) < MOST_SHOWN:
                self.sample.append({"user_id": user_id, "factors": sorted(has)})
        elif not has and self._stricter:
            self.must_enroll += 1

    def as_row(self, source: str | None, reason: str | None) -> dict[str, object]:
        """The same for a result.

        :param source: where the users come from; None where nobody looked
        :param reason: why nobody looked, or why not at everybody
        """
        known = source is not None
        return {
            "source": source,
            "reason": reason,
            "users": self.users if known else None,
            "unread": self.unread if known else None,
            "locked_out": self.locked_out if known else None,
            "must_enroll": self.must_enroll if known else None,
            "sample": self.sample,
        }
