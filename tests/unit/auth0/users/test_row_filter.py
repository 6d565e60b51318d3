# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rows a listing shows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.row_filter import RowFilter

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


def ago(days):
    return NOW - timedelta(days=days)


def row(**fields):
    return Authenticator(id="x|1", view=MANAGEMENT_VIEW, **{"factor": "otp", "confirmed": True, **fields})


@pytest.mark.parametrize(
    "conditions, fields, fits",
    [
        ({}, {}, True),
        ({}, {"confirmed": False}, False),
        ({"confirmed": None}, {"confirmed": False}, True),
        ({"confirmed": False}, {"confirmed": True}, False),
        ({"factor": "otp"}, {}, True),
        ({"factor": "phone"}, {}, False),
        ({"factor": "phone", "channel": "voice"}, {"factor": "phone", "channels": ("sms",)}, False),
        ({"factor": "phone", "channel": "voice"}, {"factor": "phone", "channels": ("sms", "voice")}, True),
        ({"created_before": NOW}, {"created_at": ago(1)}, True),
        ({"created_before": NOW}, {"created_at": NOW}, False),
        ({"created_before": NOW}, {}, False),
        ({"created_after": NOW}, {"created_at": NOW}, True),
        ({"created_after": NOW}, {"created_at": ago(1)}, False),
        ({"created_after": NOW}, {}, False),
        ({"last_used_before": ago(90)}, {"last_auth_at": ago(91), "created_at": ago(200)}, True),
        ({"last_used_before": ago(90)}, {"last_auth_at": ago(1), "created_at": ago(200)}, False),
        # Never used counts from the enrollment, but is no use.
        ({"last_used_before": ago(90)}, {"created_at": ago(200)}, True),
        ({"last_used_before": ago(90)}, {"created_at": ago(200), "enrolled_at": ago(2)}, False),
        ({"last_used_before": ago(90)}, {}, False),
        ({"last_used_after": ago(90)}, {"last_auth_at": ago(1)}, True),
        ({"last_used_after": ago(90)}, {"enrolled_at": ago(1)}, False),
        ({"last_used_after": ago(90), "factor": "push"}, {"last_auth_at": ago(1)}, False),
    ],
)
def test_every_condition_has_to_hold(conditions, fields, fits):
    assert RowFilter(**conditions).fits(row(**fields)) is fits
