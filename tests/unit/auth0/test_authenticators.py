# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of an authenticator in both views."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    Authenticator,
    as_time,
    email_fits,
    iso,
    linked_ids,
    phone_fits,
    to_rows,
)


def mfa(id, kind, active=True, **fields):
    return Authenticator.from_mfa_api({"id": id, "authenticator_type": kind, "active": active, **fields})


def management(id, type, **fields):
    return Authenticator.from_management({"id": id, "type": type, **fields})


@pytest.mark.parametrize(
    "row, factor, channels",
    [
        (mfa("sms|dev_1", "oob", oob_channel="sms"), "phone", ("sms",)),
        (mfa("voice|dev_1", "oob", oob_channel="voice"), "phone", ("voice",)),
        (mfa("push|dev_1", "oob", oob_channel="auth0"), "push", ()),
        (mfa("email|dev_1", "oob", oob_channel="email"), "email", ()),
        (mfa("totp|dev_1", "otp"), "otp", ()),
        (mfa("recovery-code|dev_1", "recovery-code"), "recovery-code", ()),
        (mfa("webauthn-roaming|dev_1", "webauthn-roaming"), "webauthn-roaming", ()),
        (mfa("new|dev_1", "oob", oob_channel="pigeon"), "oob", ()),
        (management("totp|dev_1", "totp"), "otp", ()),
        (management("push|dev_1", "guardian"), "push", ()),
        (
            management("phone|dev_1", "phone", authentication_methods=[{"type": "sms", "id": "sms|dev_1"}]),
            "phone",
            ("sms",),
        ),
        (management("password|x", "password"), "password", ()),
    ],
)
def test_one_vocabulary_for_both_views(row, factor, channels):
    assert (row.factor, row.channels) == (factor, channels)


@pytest.mark.parametrize(
    "row, counts",
    [
        (mfa("totp|dev_1", "otp"), True),
        (mfa("totp|dev_1", "otp", active=False), False),
        (mfa("email|dev_1", "oob", oob_channel="email"), False),
        (mfa("recovery-code|dev_1", "recovery-code"), False),
        (management("email|dev_1", "email"), True),
        (management("email|dev_1", "email-verification"), False),
        (management("password|x", "password"), False),
        (management("phone|dev_1", "phone", confirmed=False), False),
        # POST, PUT and PATCH answer without `confirmed`; what they answer is confirmed.
        (management("phone|dev_1", "phone"), True),
    ],
)
def test_what_a_user_can_pass_mfa_with(row, counts):
    assert row.is_second_factor is counts


def test_linked_ids_are_linked_by_what_each_view_tells_and_nothing_else():
    rows = [
        mfa("sms|dev_1", "oob", oob_channel="sms"),
        mfa("voice|dev_1", "oob", oob_channel="voice"),
        mfa("sms|dev_2", "oob", oob_channel="sms"),
        mfa("push|dev_3", "oob", oob_channel="auth0"),
        mfa("totp|dev_4", "otp"),
        management("push|dev_5", "push", link_id="l"),
        management("totp|dev_6", "totp", link_id="l"),
        management("totp|dev_1", "totp"),
    ]
    linked = linked_ids(rows)
    assert linked["sms|dev_1"] == ("voice|dev_1",) and linked["voice|dev_1"] == ("sms|dev_1",)
    assert linked["push|dev_5"] == ("totp|dev_6",) and linked["totp|dev_6"] == ("push|dev_5",)
    assert all(linked[id] == () for id in ("sms|dev_2", "push|dev_3", "totp|dev_4", "totp|dev_1"))


def test_rows_always_have_the_same_keys_and_order():
    one, other = to_rows([mfa("totp|dev_2", "otp"), management("phone|dev_1", "phone", phone_number="XXXX1234")])
    assert one["id"] == "phone|dev_1" and list(one) == list(other)


@pytest.mark.parametrize(
    "masked, number, fits",
    [
        ("XXXXXXXXXXX5044", "+44207183875044", True),
        ("XXXXXXXXXXX5044", "+44207183875045", False),
        ("+X XXXX1234", "+15005551234", True),
        ("+1123XXXXX", "+11235550000", False),
        ("XXXX", "+44207183875044", False),
        (None, "+44207183875044", False),
        ("XXXXXXXX5044", "+44207183875044", False),
        ("*************44", "+44207183875044", True),
    ],
)
def test_a_masked_number_is_compared_by_what_it_shows(masked, number, fits):
    assert phone_fits(masked, number) is fits


@pytest.mark.parametrize(
    "masked, email, fits",
    [
        ("chuc****@exam*******", "chuck334@example.com", True),
        ("****@exam*******", "foo@example.com", True),
        ("****@exam*******", "fooo@example.com", True),
        ("chuc****@exam*******", "chuck33@example.com", False),
        ("chuc****@exam*******", "Chuck334@Example.com", True),
        ("chuck334@example.com", "chuck334@example.com", True),
        (None, "chuck334@example.com", False),
    ],
)
def test_a_masked_address_is_compared_by_what_it_shows(masked, email, fits):
    assert email_fits(masked, email) is fits


def test_times_are_read_from_text_and_from_datetimes_and_written_as_auth0_does():
    moment = datetime(2023, 3, 10, 16, 25, 51, 113000, tzinfo=timezone.utc)
    assert (
        as_time("2023-03-10T16:25:51.113Z")
        == as_time(moment)
        == as_time(moment.astimezone(timezone(timedelta(hours=2))))
        == moment
    )
    assert as_time(moment.replace(tzinfo=None)) == moment
    assert iso(moment) == "2023-03-10T16:25:51.113Z"
    assert as_time(None) is None and as_time("soon") is None and as_time(7) is None and iso(None) is None
