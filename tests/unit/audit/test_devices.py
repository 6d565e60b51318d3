# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.devices import age, devices, is_datable

from tests.unit.audit.fake_tenant import NOW, authenticator


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param({"created": 400, "enrolled": 300, "used": 5}, (5, "last_auth_at"), id="last use first"),
        pytest.param({"created": 400, "enrolled": 300}, (300, "enrolled_at"), id="enrollment where no use is known"),
        pytest.param({"created": 400}, (400, "created_at"), id="creation where nothing else is known"),
        pytest.param({"created": None}, None, id="no date, no age"),
        pytest.param({"used": 0.99}, (0, "last_auth_at"), id="whole days"),
        pytest.param({"used": -1}, (0, "last_auth_at"), id="a date in the future"),
    ],
)
def test_age_says_which_date_it_was_counted_from(dates, expected):
    assert age([authenticator(**dates)], NOW) == expected


def test_of_several_dates_the_latest_counts():
    """A later enrollment than the last use, as an import may leave it, does not make a device older."""
    assert age([authenticator(created=400, enrolled=5, used=300)], NOW) == (5, "enrolled_at")


@pytest.mark.parametrize(
    ("dates", "datable", "odd"),
    [
        pytest.param({"created": 9}, True, False, id="one date"),
        pytest.param({"created": None}, False, True, id="no date"),
        pytest.param({"created": -1}, True, False, id="a clock that is a day fast"),
        pytest.param({"created": -1.01}, False, True, id="in the future"),
        pytest.param({"created": 9, "enrolled": -2}, False, True, id="enrolled in the future"),
        pytest.param({"created": 9, "used": -400}, False, True, id="used in the future"),
        pytest.param({"created": 9, "enrolled": 9, "used": 9 + 5 / 1440}, True, False, id="confirmed, then enrolled"),
        pytest.param({"created": 9, "enrolled": 9, "used": 9 + 6 / 1440}, True, True, id="used before the enrollment"),
        pytest.param({"created": 9, "used": 10}, True, True, id="used before the creation"),
        pytest.param({"created": None, "used": 10}, True, False, id="used, and nothing else is known"),
    ],
)
def test_a_date_that_cannot_be_right_is_odd(dates, datable, odd):
    (device,) = devices([authenticator(**dates)], NOW)
    assert (device.datable, device.odd) == (datable, odd)


@pytest.mark.parametrize("name", ["created_at", "enrolled_at", "last_auth_at"])
def test_a_date_that_cannot_be_read_may_be_any(name):
    one = replace(authenticator(created=500, enrolled=500), unread_dates=frozenset({name}))
    assert not is_datable([one], NOW)
    assert devices([one], NOW)[0].odd


def test_a_pair_has_a_date_if_one_of_it_has():
    pair = [
        authenticator("push", id="push|1", link_id="l", created=None),
        authenticator("otp", id="totp|2", link_id="l", created=40),
    ]
    (device,) = devices(pair, NOW)
    assert device.datable and not device.odd and device.first.factor == "push"


def test_a_link_is_not_taken_for_an_id():
    two = [authenticator("otp", id="x"), authenticator("phone", id="phone|1", link_id="x")]
    assert len(devices(two, NOW)) == 2


def test_devices_are_second_factors_in_the_order_of_their_ids():
    several = [
        authenticator(factor, id=factor) for factor in ("push", "password", "otp", "recovery-code", "new", "duo")
    ]
    assert [each.first.id for each in devices(several, NOW)] == ["duo", "otp", "push"]
