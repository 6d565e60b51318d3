# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments and ages."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import as_time, iso, moment, seconds

DAY = 86400
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text, expected", [("90s", 90), ("5m", 300), ("12h", 43200), ("180d", 180 * DAY), ("2w", 14 * DAY), (" 1d ", DAY)]
)
def test_ages(text, expected):
    assert seconds("max_age", text) == expected


@pytest.mark.parametrize("text", ["", "d", "1", "1y", "-1d", "1.5d", "1d2h"])
def test_what_is_no_age(text):
    with pytest.raises(ConfigurationError, match="^max_age '") as caught:
        seconds("max_age", text)
    assert "30d" in caught.value.hint


@pytest.mark.parametrize(
    "text, expected",
    [
        ("30d", "2026-01-30T00:00:00+00:00"),
        ("2025-12-24", "2025-12-24T00:00:00+00:00"),
        ("2025-12-24T18:00:00+02:00", "2025-12-24T16:00:00+00:00"),
        ("2025-12-24T18:00:00.123Z", "2025-12-24T18:00:00.123000+00:00"),
    ],
)
def test_moments(text, expected):
    assert moment("created_before", text, NOW).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "30", "999999999w", "2025-13-01"])
def test_what_is_no_moment(text):
    with pytest.raises(ConfigurationError, match="^created_before '%s'" % text) as caught:
        moment("created_before", text, NOW)
    assert "90d" in caught.value.hint


@pytest.fixture
def elsewhere(monkeypatch):
    """A machine whose own time is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T00:00:00.000Z",
        "2026-03-01T00:00:00",
        "2026-03-01",
        "2026-03-01T01:00:00+01:00",
        NOW,
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=-5))),
    ],
)
def test_moments_are_utc_wherever_the_machine_is(elsewhere, value):
    read = as_time(value)
    assert read == NOW and read.utcoffset() == timedelta(0)
    assert iso(read) == iso(read.astimezone(timezone(timedelta(hours=9)))) == "2026-03-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "text", ["20260301", "2026-W09-7", "2026-03-01T10", "2026-03-01T100000", "2026-03-01 10:00:00,5"]
)
def test_dates_are_of_one_set_of_forms_on_every_python(text):
    assert as_time(text) is None
    with pytest.raises(ConfigurationError, match="is neither an age nor a date"):
        moment("created_before", text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026-03-01T00:00",
        "2026-03-01 00:00:00",
        "2026-03-01T00:00:00.0Z",
        "2026-03-01T02:00:00.000000000+02:00",
    ],
)
def test_dates_that_every_python_reads(text):
    assert as_time(text) == NOW
