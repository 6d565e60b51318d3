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
    is_clear_address,
    is_clear_number,
    iso,
    linked_ids,
    mask_email,
    mask_phone,
    phone_fits,
    rows_for_diff,
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
        ("XXX 55-12 34", "+15005551234", True),
        ("XXX 55-12 34", "+15005661234", False),
        ("XXX 4", "+15005551234", False),
    ],
)
def test_a_masked_number_is_compared_by_what_it_shows(masked, number, fits):
    assert phone_fits(masked, number) is fits
    assert not is_clear_number(masked or "")


@pytest.mark.parametrize(
    "shown, fits",
    [
        ("+15005551234", True),
        ("+1 (500) 555-1234", True),
        ("15005551234", True),
        ("5005551234", False),
        ("+445005551234", False),
        ("1234", False),
    ],
)
def test_a_clear_number_that_differs_never_fits(shown, fits):
    assert is_clear_number(shown) and phone_fits(shown, "+15005551234") is fits


@pytest.mark.parametrize("shown, clear", [("foo@example.com", True), ("****@b.c", False), ("a@exam*******", False)])
def test_an_address_is_clear_where_nothing_is_masked(shown, clear):
    assert is_clear_address(shown) is clear


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


@pytest.mark.parametrize(
    "number, masked",
    [("+44207183875044", "XXXXXXXXXXX5044"), ("5044", "5044"), ("044", "044"), ("15044", "X5044")],
)
def test_a_number_is_masked_as_auth0_does(number, masked):
    assert mask_phone(number) == masked and (len(number) < 5 or phone_fits(masked, number))


@pytest.mark.parametrize(
    "email, masked",
    [
        ("chuck334@example.com", "chuc****@exam*******"),
        ("chuck@example.com", "chuc*@exam*******"),
        ("chuc@example.com", "****@exam*******"),
        ("me@b.c", "****@b.c"),
    ],
)
def test_an_address_is_masked_as_auth0_does(email, masked):
    assert mask_email(email) == masked and email_fits(masked, email)


CREATED, ENROLLED, USED = ("2026-01-0%dT00:00:00.000Z" % day for day in (1, 2, 3))


@pytest.fixture
def managed():
    """A row of the Management API with every field."""
    return management(
        "phone|dev_1",
        "phone",
        confirmed=True,
        authentication_methods=[{"type": "sms", "id": "sms|dev_1"}, {"type": "voice", "id": "voice|dev_1"}, {}],
        link_id="l",
        name="work",
        phone_number="XXXX1234",
        email="w",
        created_at=CREATED,
        enrolled_at=ENROLLED,
        last_auth_at=USED,
        preferred_authentication_method="voice",
        key_id="k",
        public_key="p",
    )


@pytest.mark.parametrize(
    "fields, confirmed", [({}, True), ({"confirmed": True}, True), ({"confirmed": False}, False)], ids=str
)
def test_a_row_of_the_management_api_is_confirmed_unless_it_says_otherwise(fields, confirmed):
    assert management("totp|dev_1", "totp", **fields) == Authenticator(
        id="totp|dev_1", factor="otp", view="management", confirmed=confirmed
    )


def test_every_field_of_the_management_api_is_read(managed):
    assert managed == Authenticator(
        id="phone|dev_1",
        factor="phone",
        view="management",
        confirmed=True,
        channels=("sms", "voice"),
        channel_ids=("sms|dev_1", "voice|dev_1"),
        link_id="l",
        name="work",
        phone_number="XXXX1234",
        email="w",
        created_at=as_time(CREATED),
        enrolled_at=as_time(ENROLLED),
        last_auth_at=as_time(USED),
        preferred_method="voice",
        key_id="k",
        public_key="p",
    )


@pytest.mark.parametrize(
    "kind, channel, fields",
    [
        ("oob", "sms", {"factor": "phone", "channels": ("sms",), "phone_number": "masked"}),
        ("oob", "email", {"factor": "email", "email": "masked"}),
        ("oob", "auth0", {"factor": "push"}),
        ("otp", None, {"factor": "otp"}),
        # Only where the channel says something is it listened to.
        ("otp", "sms", {"factor": "otp"}),
        ("something-new", None, {"factor": "something-new"}),
    ],
)
def test_every_field_of_the_mfa_api_is_read(kind, channel, fields):
    for active in (True, False):
        row = mfa("x|dev_1", kind, active, oob_channel=channel, name="masked")
        assert row == Authenticator(id="x|dev_1", view="mfa", confirmed=active, **fields)


def test_a_row_of_the_mfa_api_that_does_not_say_that_it_is_active_is_not():
    assert not Authenticator.from_mfa_api({"id": "totp|dev_1", "authenticator_type": "otp"}).confirmed


def test_a_result_has_every_field_in_plain_form(managed):
    (row,) = to_rows([managed])
    assert row == {
        "id": "phone|dev_1",
        "factor": "phone",
        "view": "management",
        "confirmed": True,
        "second_factor": True,
        "channels": ["sms", "voice"],
        "name": "work",
        "phone_number": "XXXX1234",
        "email": "w",
        "created_at": CREATED,
        "enrolled_at": ENROLLED,
        "last_auth_at": USED,
        "preferred_method": "voice",
        "key_id": "k",
        "twin_ids": [],
        "deletable": True,
        "not_deletable_because": None,
    }


def test_a_result_names_the_linked_ones_and_why_something_stays():
    pair = [management("push|dev_5", "push", link_id="l"), management("totp|dev_6", "totp", link_id="l")]
    assert [row["twin_ids"] for row in to_rows(pair)] == [["totp|dev_6"], ["push|dev_5"]]
    code, password, address = to_rows(
        [
            management("a|1", "recovery-code"),
            management("b|2", "password"),
            mfa("c|3", "oob", oob_channel="email"),
        ]
    )
    for row, why in ((code, "replaced"), (password, "password"), (address, "verified")):
        assert why in row["not_deletable_because"] and not row["deletable"]


def test_an_id_of_either_view_means_the_same_phone_and_nothing_else(managed):
    every = ["phone|dev_1", "sms|dev_1", "voice|dev_1", "totp|dev_1", "otp|dev_1", "password|dev_1", "phone|dev_2"]
    for row, known in [
        (managed, ["phone|dev_1", "sms|dev_1", "voice|dev_1"]),
        (mfa("sms|dev_1", "oob", oob_channel="sms"), ["phone|dev_1", "sms|dev_1"]),
        (mfa("totp|dev_1", "otp"), ["totp|dev_1"]),
        (management("password|dev_1", "password"), ["password|dev_1"]),
    ]:
        assert [id for id in every if row.goes_by(id)] == known


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\x1b[1A", "\u202e"])
def test_a_label_writes_no_line_of_its_own_into_a_diff(end):
    label = "Pixel%spush|dev_2: push, confirmed" % end
    line, rest = rows_for_diff([Authenticator("totp|dev_1", "otp", "mfa", True, name=label)]).split("\n")
    assert rest == "" and line.isprintable() and "\\" in line


def test_the_diff_shows_what_a_person_compares_and_no_dates(managed):
    rows = [
        managed,
        management("email|dev_2", "email", email="w****@exam*******"),
        mfa("totp|dev_0", "otp", active=False),
    ]
    assert rows_for_diff(rows) == (
        "email|dev_2: email, confirmed, w****@exam*******\n"
        "phone|dev_1: phone, confirmed, work, XXXX1234, w, voice first\n"
        "totp|dev_0: otp, unconfirmed\n"
    )


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


def test_linked_ones_of_many_rows_are_found_in_one_pass():
    class Counting(str):
        compared = 0

        def __eq__(self, other):
            Counting.compared += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    rows = [
        management("phone|dev_%d" % number, "phone", link_id=Counting("l%d" % (number // 2))) for number in range(4000)
    ]
    linked = linked_ids(rows)
    assert linked["phone|dev_0"] == ("phone|dev_1",) and len(linked) == 4000
    assert Counting.compared < 10 * len(rows)


@pytest.mark.parametrize("garbled", ["yesterday", 5, ["x"], "2026-13-01T00:00:00Z"])
def test_a_date_that_cannot_be_read_is_unknown_and_not_never(garbled):
    row = management("totp|dev_1", "totp", enrolled_at="2020-01-01T00:00:00Z", last_auth_at=garbled)
    assert row.last_auth_at is None and row.unread_dates == {"last_auth_at"}
    # Not since 2020: then "unused for a year" would remove what may have been used today.
    assert row.last_used_at is None
