# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Password policies, with the examples of Auth0's documentation."""

from __future__ import annotations

import pytest

from tests.emulator.users.passwords import POLICIES, is_strong


@pytest.mark.parametrize(
    ("password", "met"),
    [
        ("", ()),
        ("x", ("none",)),
        ("secret", ("none", "low")),
        ("Secret 1", ("none", "low", "fair", "good")),
        ("Secret-word", ("none", "low", "good", "excellent")),
        ("Secret-wooord", ("none", "low", "good")),
        ("secretsecret1", ("none", "low")),
        ("Secretword1", ("none", "low", "fair", "good", "excellent")),
        ("Correct-Horse-7", POLICIES),
    ],
)
def test_which_policies_a_password_meets(password, met):
    assert tuple(policy for policy in POLICIES if is_strong(password, policy)) == met
