# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rows a listing shows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.row_filter import DATES, RowFilter
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


def ago(days):
    return NOW - timedelta(days=days)


def row(**fields):
    return Authenticator(id="x|1", view=MANAGEMENT_VIEW, **{"factor": "otp", "confirmed": True, **fields})


@pytest.mark.parametrize(
    "conditions, fields, fits",
    [
        pytest.param({}, {}, True, id="confirmed by default"),
        pytest.param({}, {"confirmed": False}, False, id="unconfirmed not by default"),
        pytest.param({"confirmed": None}, {"confirmed": False}, True, id="unconfirmed with both"),
        pytest.param({"confirmed": None}, {"confirmed": True}, True, id="confirmed with both"),
        pytest.param({"confirmed": False}, {"confirmed": False}, True, id="unconfirmed only"),
        pytest.param({"confirmed": False}, {"confirmed": True}, False, id="confirmed, but unconfirmed only"),
        pytest.param({"factor": "otp"}, {}, True, id="factor"),
        pytest.param({"factor": "phone"}, {}, False, id="other factor"),
        pytest.param(
            {"factor": "phone", "channel": "voice"},
            {"factor": "phone", "channels": ("sms",)},
            False,
            id="other channel",
        ),
        pytest.param(
            {"factor": "phone", "channel": "voice"},
            {"factor": "phone", "channels": ("sms", "voice")},
            True,
            id="channel",
        ),
        pytest.param({"created_before": NOW}, {"created_at": ago(1)}, True, id="created before"),
        pytest.param({"created_before": NOW}, {"created_at": NOW}, False, id="created at, not before"),
        pytest.param({"created_before": NOW}, {}, False, id="created before, not known"),
        pytest.param({"created_after": NOW}, {"created_at": NOW}, True, id="created at or after"),
        pytest.param({"created_after": NOW}, {"created_at": ago(1)}, False, id="created earlier, not after"),
        pytest.param({"created_after": NOW}, {}, False, id="created after, not known"),
        pytest.param(
            {"last_used_before": ago(90)}, {"last_auth_at": ago(91), "created_at": ago(200)}, True, id="used before"
        ),
        pytest.param(
            {"last_used_before": ago(90)}, {"last_auth_at": ago(1), "created_at": ago(200)}, False, id="used since"
        ),
        pytest.param({"last_used_before": ago(90)}, {"created_at": ago(200)}, True, id="never used, created before"),
        pytest.param(
            {"last_used_before": ago(90)},
            {"created_at": ago(200), "enrolled_at": ago(2)},
            False,
            id="never used, enrolled since",
        ),
        pytest.param({"last_used_before": ago(90)}, {}, False, id="used before, not known"),
        pytest.param({"last_used_after": ago(90)}, {"last_auth_at": ago(1)}, True, id="used after"),
        pytest.param({"last_used_after": ago(90)}, {"last_auth_at": ago(91)}, False, id="used earlier, not after"),
        pytest.param({"last_used_after": ago(90)}, {"enrolled_at": ago(1)}, False, id="enrolled after, never used"),
        pytest.param(
            {"last_used_after": ago(90), "factor": "push"}, {"last_auth_at": ago(1)}, False, id="one of two conditions"
        ),
    ],
)
def test_every_condition_has_to_hold(conditions, fields, fits):
    assert RowFilter(**conditions).fits(row(**fields)) is fits


@pytest.mark.parametrize("name", DATES)
def test_each_date_needs_rows_with_dates(name):
    assert RowFilter(**{name: NOW}).needs_dates


def test_other_conditions_need_no_dates():
    assert not RowFilter(factor="phone", channel="sms", confirmed=False).needs_dates


def options(**given):
    return {"factor": None, "confirmed": None, "include_unconfirmed": False, **dict.fromkeys(DATES), **given}


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param({}, RowFilter(), id="nothing"),
        pytest.param({"factor": "otp"}, RowFilter(factor="otp"), id="factor"),
        pytest.param({"factor": "phone"}, RowFilter(factor="phone"), id="phone by any channel"),
        pytest.param({"factor": "voice"}, RowFilter(factor="phone", channel="voice"), id="phone by one channel"),
        pytest.param({"include_unconfirmed": True}, RowFilter(confirmed=None), id="both"),
        pytest.param({"confirmed": False}, RowFilter(confirmed=False), id="unconfirmed only"),
        pytest.param(
            {"confirmed": True, "include_unconfirmed": True},
            RowFilter(confirmed=True),
            id="confirmed has the last word",
        ),
        pytest.param({"created_before": "2026-02-01"}, RowFilter(created_before=ago(28)), id="a date"),
        pytest.param({"created_after": "10d"}, RowFilter(created_after=ago(10)), id="an age"),
        pytest.param(
            {"last_used_before": "2d", "last_used_after": "3d"},
            RowFilter(last_used_before=ago(2), last_used_after=ago(3)),
            id="two dates",
        ),
    ],
)
def test_what_a_task_asks_for(given, expected):
    assert RowFilter.from_options(options(**given), NOW) == expected


def test_a_date_that_is_none_is_told_with_its_option():
    with pytest.raises(ConfigurationError, match="last_used_after 'yesterday'"):
        RowFilter.from_options(options(last_used_after="yesterday"), NOW)
