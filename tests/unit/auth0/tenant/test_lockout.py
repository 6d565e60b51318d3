# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is locked out by a change, who must enroll, and which changes concern nobody."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import names
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.lockout import (
    MOST_SHOWN,
    Lockout,
    is_stricter,
    usable,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import TenantMfa

ALL = dict.fromkeys(names(lambda row: row.guardian_name), True)


def tenant(*off: str, policy: str | None = "all-applications") -> TenantMfa:
    return TenantMfa({**ALL, **dict.fromkeys(off, False)}, policy=policy)


def has(*factors: str, confirmed: bool = True) -> list[Authenticator]:
    return [Authenticator(id=f"{name}|1", factor=name, view=MANAGEMENT_VIEW, confirmed=confirmed) for name in factors]


def verdict(lockout: Lockout, *users: list[Authenticator] | None) -> tuple[int, int, int]:
    for number, user in enumerate(users):
        lockout.tell(f"auth0|{number}", user)
    return lockout.locked_out, lockout.must_enroll, lockout.unread


@pytest.mark.parametrize(
    "user, counted",
    [
        (has("phone"), (1, 0, 0)),
        (has("phone", "recovery-code"), (1, 0, 0)),
        (has("phone", "otp"), (0, 0, 0)),
        # No tenant can turn it off.
        (has("phone", "passkey"), (0, 0, 0)),
        (has("email"), (0, 0, 0)),
        (has("phone", confirmed=False), (0, 0, 0)),
        (has("something-new"), (0, 0, 0)),
        ([], (0, 0, 0)),
        (None, (0, 0, 1)),
    ],
)
def test_a_factor_that_goes_off_locks_out_who_has_nothing_else(user, counted):
    # E-mail was off already, so whoever has nothing else could not use it before either.
    lockout = Lockout(tenant("email"), tenant("email", "phone"))
    assert lockout.possible and verdict(lockout, user) == counted


@pytest.mark.parametrize(
    "user, counted",
    [(has("otp"), (0, 0, 0)), ([], (0, 1, 0)), (has("recovery-code"), (0, 1, 0)), (has("email"), (1, 0, 0))],
)
def test_a_stricter_policy_makes_users_enroll_and_stops_those_whose_factor_is_off(user, counted):
    lockout = Lockout(tenant("email", policy="never"), tenant("email"))
    assert lockout.possible and verdict(lockout, user) == counted


@pytest.mark.parametrize(
    "before, after",
    [
        (tenant(), tenant()),
        (tenant("otp"), tenant()),
        (tenant(), tenant(policy="never")),
        (tenant(), tenant("recovery-code")),
        (TenantMfa(message_types=("sms",)), TenantMfa(message_types=("voice",))),
    ],
)
def test_other_changes_concern_nobody(before, after):
    assert not Lockout(before, after).possible


def test_policies_are_in_order():
    order = ["never", "confidence-score", "all-applications"]
    stricter = [
        (one, other) for one in order for other in order if is_stricter(tenant(policy=one), tenant(policy=other))
    ]
    assert stricter == [(order[0], order[1]), (order[0], order[2]), (order[1], order[2])]
    assert not is_stricter(tenant(policy=None), tenant())


def test_a_factor_that_auth0_does_not_list_is_off():
    assert usable(TenantMfa({"otp": True})) == {"otp", "passkey"}


def test_the_sample_ends_and_the_count_does_not():
    lockout = Lockout(tenant(), tenant("phone"))
    assert verdict(lockout, *[has("phone")] * (MOST_SHOWN + 5))[0] == MOST_SHOWN + 5 == lockout.users
    row = lockout.as_row("tenant", None)
    assert len(row["sample"]) == MOST_SHOWN and row["sample"][0] == {"user_id": "auth0|0", "factors": ["phone"]}
    assert lockout.as_row(None, "why")["locked_out"] is None
