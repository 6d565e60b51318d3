# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans: which write brings a user to the wanted state, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    FACTORS,
    MANAGEMENT_VIEW,
    MFA_VIEW,
    Authenticator,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.enrollment import UNKNOWN_ID, Wanted, check, plan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.errors import (
    ConfigurationError,
    NotFoundError,
    RefusedError,
)

NUMBER = "+442071838750"
MASK = "XXXXXXXXX8750"


def row(id, factor, view=MFA_VIEW, confirmed=True, **fields):
    return Authenticator(id=id, factor=factor, view=view, confirmed=confirmed, **fields)


def phone(suffix, mask=MASK, **fields):
    """A phone as the MFA API shows it."""
    return [
        row("%s|%s" % (channel, suffix), "phone", channels=(channel,), phone_number=mask, **fields)
        for channel in ("sms", "voice")
    ]


OTP = row("totp|dev_1", "otp")
PENDING = row("totp|dev_2", "otp", confirmed=False)


@pytest.mark.parametrize(
    "wanted, actual, view, verb, target",
    [
        (Wanted("present", "otp"), [], MFA_VIEW, "enrol", None),
        (Wanted("present", "otp"), [OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("present", "otp"), [PENDING], MFA_VIEW, None, "totp|dev_2"),
        (Wanted("present", "otp"), [PENDING, OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("present", "otp"), [row("totp|dev_2", "otp", MANAGEMENT_VIEW, False)], MANAGEMENT_VIEW, "enrol", None),
        (Wanted("present", "phone", phone_number=NUMBER), phone("dev_1"), MFA_VIEW, None, "sms|dev_1"),
        (Wanted("present", "phone", phone_number=NUMBER), phone("dev_1", "XXXXXXXXX0000"), MFA_VIEW, "enrol", None),
        (
            Wanted("present", "phone", channel="voice", phone_number=NUMBER),
            phone("dev_1"),
            MFA_VIEW,
            None,
            "voice|dev_1",
        ),
        (
            Wanted("present", "otp", name="a"),
            [row("totp|dev_1", "otp", MANAGEMENT_VIEW, name="b")],
            MANAGEMENT_VIEW,
            "rename",
            "totp|dev_1",
        ),
        (
            Wanted("present", "otp", name="b"),
            [row("totp|dev_1", "otp", MANAGEMENT_VIEW, name="b")],
            MANAGEMENT_VIEW,
            None,
            "totp|dev_1",
        ),
        (Wanted("confirmed", "otp", code="123456"), [PENDING], MFA_VIEW, "confirm", "totp|dev_2"),
        (Wanted("confirmed", "otp"), [OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("confirmed", "otp", code="123456"), [OTP, PENDING], MFA_VIEW, "confirm", "totp|dev_2"),
        (Wanted("absent", "otp"), [], MFA_VIEW, None, None),
        (Wanted("absent", "otp"), [OTP, *phone("dev_3")], MFA_VIEW, "remove", "totp|dev_1"),
        (Wanted("absent", "otp"), [PENDING], MFA_VIEW, "remove", "totp|dev_2"),
        (Wanted("absent", authenticator_id="voice|dev_3"), [OTP, *phone("dev_3")], MFA_VIEW, "remove", "voice|dev_3"),
    ],
)
def test_the_one_write_that_is_needed(wanted, actual, view, verb, target):
    needed = plan(wanted, actual, view)
    assert (needed.step.verb if needed.step else None) == verb
    assert (needed.target.id if needed.target else None) == target
    if verb is None:
        assert needed.after == tuple(actual)


@pytest.mark.parametrize(
    "wanted, actual, error, says",
    [
        (
            Wanted("absent", "phone", phone_number=NUMBER),
            phone("dev_1") + phone("dev_2"),
            RefusedError,
            "sms|dev_1, voice|dev_1, sms|dev_2, voice|dev_2",
        ),
        (
            Wanted("present", "phone", phone_number=NUMBER),
            phone("dev_1") + phone("dev_2"),
            RefusedError,
            "more than one",
        ),
        (Wanted("absent", "otp"), [OTP, PENDING], RefusedError, "totp|dev_1, totp|dev_2"),
        (Wanted("absent", "otp"), [OTP], RefusedError, "last confirmed factor"),
        (
            Wanted("absent", "otp"),
            [OTP, row("email|dev_3", "email"), row("recovery-code|dev_4", "recovery-code")],
            RefusedError,
            "last confirmed factor",
        ),
        (Wanted("absent", "phone"), phone("dev_1"), RefusedError, "last confirmed factor"),
        (Wanted("absent", "email"), [OTP, row("email|dev_3", "email")], RefusedError, "verified e-mail address"),
        (
            Wanted("absent", authenticator_id="recovery-code|dev_4"),
            [OTP, row("recovery-code|dev_4", "recovery-code")],
            RefusedError,
            "recovery code is replaced",
        ),
        (
            Wanted("absent", authenticator_id="password|x"),
            [OTP, row("password|x", "password", MANAGEMENT_VIEW)],
            RefusedError,
            "not an authenticator",
        ),
        (Wanted("confirmed", "otp", code="123456"), [], NotFoundError, "no otp enrolment"),
        (Wanted("confirmed", "otp"), [PENDING], ConfigurationError, "needs the code"),
        (
            Wanted("confirmed", "phone", code="123456"),
            phone("dev_1", confirmed=False),
            ConfigurationError,
            "needs the oob_code",
        ),
        (
            Wanted("confirmed", authenticator_id="totp|dev_9", code="123456"),
            [OTP],
            NotFoundError,
            "none of this user's",
        ),
        (Wanted("present", authenticator_id="totp|dev_9", name="a"), [OTP], NotFoundError, "none of this user's"),
    ],
)
def test_what_is_refused_and_why(wanted, actual, error, says):
    with pytest.raises(error, match=says.replace("|", r"\|")):
        plan(wanted, actual, MFA_VIEW if actual and actual[-1].view == MFA_VIEW else MANAGEMENT_VIEW)


def test_the_last_factor_goes_when_told():
    needed = plan(Wanted("absent", "phone", allow_last_factor=True), phone("dev_1"), MFA_VIEW)
    assert needed.removed == ("sms|dev_1", "voice|dev_1") and needed.after == ()


def test_removing_what_is_not_the_users_is_no_error_but_is_told():
    needed = plan(Wanted("absent", authenticator_id="totp|dev_9"), [OTP], MFA_VIEW)
    assert needed.step is None and "totp|dev_9" in needed.notice


PUSH = row("push|dev_7", "push")


@pytest.mark.parametrize("factor, named", [("push", "push|dev_7"), ("otp", "totp|dev_1")])
def test_an_otp_that_may_be_the_twin_of_a_push_counts_as_gone_in_the_mfa_view(factor, named):
    with pytest.raises(RefusedError, match="last confirmed factor"):
        plan(Wanted("absent", factor), [OTP, PUSH], MFA_VIEW)
    needed = plan(Wanted("absent", factor), [OTP, PUSH, *phone("dev_3")], MFA_VIEW)
    assert needed.step.authenticator_id == named
    assert ("goes with it" in (needed.notice or "")) is (factor == "push")


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("absent", "phone", authenticator_id="totp|dev_1"),
        Wanted("absent", "phone", authenticator_id="sms|dev_3", phone_number="+19999999999"),
        Wanted("present", "phone", authenticator_id="sms|dev_3", phone_number="+19999999999"),
        Wanted("absent", "phone", authenticator_id="sms|dev_3", channel="voice"),
    ],
)
def test_an_id_that_is_not_what_the_other_options_describe(wanted):
    with pytest.raises(RefusedError, match="is not what the other options describe"):
        plan(wanted, [OTP, *phone("dev_3")], MFA_VIEW)


def test_a_new_phone_is_predicted_without_its_number():
    needed = plan(Wanted("present", "phone", phone_number=NUMBER), [OTP], MFA_VIEW)
    (new,) = set(needed.after) - {OTP}
    assert (new.id, new.phone_number, new.confirmed) == (UNKNOWN_ID, MASK, False)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("present"),
        Wanted("present", "phone"),
        Wanted("present", "phone", phone_number="020 7183 8750"),
        Wanted("present", "email", email_address="nobody"),
        Wanted("present", "otp", name="x" * 21),
        Wanted("present", "otp", name=""),
        Wanted("present", "otp", totp_secret="not base32!"),
        Wanted("confirmed", "otp", code="12345"),
        Wanted("confirmed", "otp", code="１２３４５６"),
        Wanted("absent", authenticator_id=".."),
        Wanted("present", "phone", phone_number=NUMBER, email_address="a@example.com"),
        Wanted("present", "phone", phone_number=NUMBER, totp_secret="JBSWY3DPEHPK3PXP"),
        Wanted("present", "otp", code="123456"),
        Wanted("absent", "otp", oob_code="x"),
    ],
)
def test_input_that_cannot_be_right(wanted):
    with pytest.raises(ConfigurationError) as caught:
        check(wanted)
    for secret in (wanted.totp_secret, wanted.code):
        assert not secret or secret not in str(caught.value)


factors = st.sampled_from([*FACTORS, "password"])
users = st.lists(
    st.builds(
        row,
        st.uuids().map("x|{}".format),
        factors,
        st.just(MANAGEMENT_VIEW),
        st.booleans(),
        link_id=st.sampled_from([None, None, "a", "b"]),
    ),
    max_size=6,
)


@given(users, st.sampled_from([factor for factor in FACTORS if factor != "recovery-code"]))
def test_absent_twice_is_absent_and_nobody_loses_the_last_factor_unasked(actual, factor):
    try:
        needed = plan(Wanted("absent", factor), actual, MANAGEMENT_VIEW)
    except RefusedError:
        return
    assert set(needed.removed) == {row.id for row in actual} - {row.id for row in needed.after}
    assert any(row.is_second_factor for row in needed.after) or not any(row.is_second_factor for row in actual)
    assert plan(Wanted("absent", factor), list(needed.after), MANAGEMENT_VIEW).step is None
    assert not [row for row in needed.after if row.factor == factor]
