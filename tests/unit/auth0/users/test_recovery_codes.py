# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a recovery code is replaced."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.recovery_codes import is_due

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)
DAY = 86400


def code(**ages):
    dates = {name: NOW - timedelta(days=days) for name, days in ages.items()}
    return Authenticator("recovery-code|dev_1", "recovery-code", MANAGEMENT_VIEW, True, **dates)


@pytest.mark.parametrize(
    "state, max_age, existing, due",
    [
        ("present", None, None, True),
        ("present", None, code(created_at=900), False),
        ("rotated", None, None, True),
        ("rotated", None, code(created_at=0), True),
        ("rotated", 30 * DAY, code(created_at=29), False),
        ("rotated", 30 * DAY, code(created_at=30), False),
        ("rotated", 30 * DAY, code(created_at=31), True),
        ("rotated", 30 * DAY, code(created_at=90, enrolled_at=10), False),
        ("rotated", 30 * DAY, code(), True),
        ("rotated", 0, code(created_at=1), True),
    ],
)
def test_is_due(state, max_age, existing, due):
    assert is_due(state, max_age, existing, NOW) is due
