# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans: which write brings a user to the wanted state, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    MANAGEMENT_VIEW,
    MFA_VIEW,
    Authenticator,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.matching import devices
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.plan import UNKNOWN_ID
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.plan import plan as plan_at
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.steps import Confirm, Enroll, Update
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    NotFoundError,
    RefusedError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
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


def plan(wanted, actual, view):
    return plan_at(wanted, actual, view, NOW)


def verbs(needed):
    return [type(step).__name__ for step in needed.steps]


def managed(id, factor, used_days_ago=None, **fields):
    last = NOW - timedelta(days=used_days_ago) if used_days_ago is not None else None
    return row(id, factor, MANAGEMENT_VIEW, last_auth_at=last, **fields)


OLD, NEW = managed("phone|dev_1", "phone", 100), managed("totp|dev_2", "otp", 1)
CODE = managed("recovery-code|dev_3", "recovery-code", 400)
OTP = row("totp|dev_1", "otp")
PENDING = row("totp|dev_2", "otp", confirmed=False)


@pytest.mark.parametrize(
    "wanted, actual, view, verb, target",
    [
        (Wanted("present", "otp"), [], MFA_VIEW, "Enroll", None),
        (Wanted("present", "otp"), [OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("present", "otp"), [PENDING], MFA_VIEW, None, "totp|dev_2"),
        (Wanted("present", "otp"), [PENDING, OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("present", "otp"), [row("totp|dev_2", "otp", MANAGEMENT_VIEW, False)], MANAGEMENT_VIEW, "Enroll", None),
        (Wanted("present", "phone", phone_number=NUMBER), phone("dev_1"), MFA_VIEW, None, "sms|dev_1"),
        (Wanted("present", "phone", phone_number=NUMBER), phone("dev_1", "XXXXXXXXX0000"), MFA_VIEW, "Enroll", None),
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
            "Update",
            "totp|dev_1",
        ),
        (
            Wanted("present", "otp", name="b"),
            [row("totp|dev_1", "otp", MANAGEMENT_VIEW, name="b")],
            MANAGEMENT_VIEW,
            None,
            "totp|dev_1",
        ),
        (Wanted("confirmed", "otp", code="123456"), [PENDING], MFA_VIEW, "Confirm", "totp|dev_2"),
        (Wanted("confirmed", "otp"), [OTP], MFA_VIEW, None, "totp|dev_1"),
        (Wanted("confirmed", "otp", code="123456"), [OTP, PENDING], MFA_VIEW, "Confirm", "totp|dev_2"),
        (
            Wanted("confirmed", "push", oob_code="x"),
            [row("push|dev_7", "push", confirmed=False)],
            MFA_VIEW,
            "Confirm",
            "push|dev_7",
        ),
        (
            Wanted("present", "phone", phone_number=NUMBER, preferred_method="voice"),
            [row("phone|dev_1", "phone", MANAGEMENT_VIEW, phone_number=MASK, preferred_method="sms")],
            MANAGEMENT_VIEW,
            "Update",
            "phone|dev_1",
        ),
        (
            Wanted("present", "passkey", credential={"key_id": "k", "public_key": "p"}),
            [row("passkey|dev_1", "passkey", MANAGEMENT_VIEW, key_id="k", public_key="p")],
            MANAGEMENT_VIEW,
            None,
            "passkey|dev_1",
        ),
        (
            Wanted("present", "passkey", credential={"key_id": "other", "public_key": "p"}),
            [row("passkey|dev_1", "passkey", MANAGEMENT_VIEW, key_id="k", public_key="p")],
            MANAGEMENT_VIEW,
            "Enroll",
            None,
        ),
        (Wanted("absent", "otp"), [], MFA_VIEW, None, None),
        (Wanted("absent", "email"), [OTP, row("email|dev_3", "email")], MFA_VIEW, None, None),
        (Wanted("absent", "otp"), [OTP, *phone("dev_3")], MFA_VIEW, "Remove", "totp|dev_1"),
        (Wanted("absent", "otp"), [PENDING], MFA_VIEW, "Remove", "totp|dev_2"),
        (Wanted("absent", authenticator_id="voice|dev_3"), [OTP, *phone("dev_3")], MFA_VIEW, "Remove", "voice|dev_3"),
    ],
)
def test_the_one_write_that_is_needed(wanted, actual, view, verb, target):
    needed = plan(wanted, actual, view)
    assert verbs(needed) == ([verb] if verb else [])
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
        (Wanted("absent", "otp"), [OTP], RefusedError, "without a second factor"),
        (
            Wanted("absent", "otp"),
            [OTP, row("email|dev_3", "email"), row("recovery-code|dev_4", "recovery-code")],
            RefusedError,
            "without a second factor",
        ),
        (Wanted("absent", "phone"), phone("dev_1"), RefusedError, "without a second factor"),
        (
            Wanted("absent", authenticator_id="recovery-code|dev_4"),
            [OTP, row("recovery-code|dev_4", "recovery-code")],
            RefusedError,
            "cannot be removed, only replaced",
        ),
        (
            Wanted("absent", authenticator_id="password|x"),
            [OTP, row("password|x", "password", MANAGEMENT_VIEW)],
            RefusedError,
            "not an authenticator",
        ),
        (Wanted("confirmed", "otp", code="123456"), [], NotFoundError, "no otp enrollment"),
        (Wanted("confirmed", "otp"), [PENDING], RefusedError, "^code is required to confirm"),
        (
            Wanted("confirmed", "push"),
            [row("push|dev_7", "push", confirmed=False)],
            RefusedError,
            "oob_code is required to confirm",
        ),
        (
            Wanted("confirmed", "phone", code="123456"),
            phone("dev_1", confirmed=False),
            RefusedError,
            "oob_code is required to confirm",
        ),
        (
            Wanted("confirmed", authenticator_id="totp|dev_9", code="123456"),
            [OTP],
            NotFoundError,
            "has no authenticator with the ID",
        ),
        (
            Wanted("present", authenticator_id="totp|dev_9", name="a"),
            [OTP],
            NotFoundError,
            "has no authenticator with the ID",
        ),
    ],
)
def test_what_is_refused_and_why(wanted, actual, error, says):
    with pytest.raises(error, match=says.replace("|", r"\|")):
        plan(wanted, actual, MFA_VIEW if actual and actual[-1].view == MFA_VIEW else MANAGEMENT_VIEW)


@pytest.mark.parametrize(
    "wanted, actual, advice",
    [
        (Wanted("absent", "otp"), [OTP, PENDING], "authenticator_id"),
        (Wanted("absent", "otp"), [OTP], "allow_last_factor"),
        (Wanted("absent", "otp", authenticator_id="sms|dev_1"), phone("dev_1"), "authenticator_id"),
        (Wanted("confirmed", "otp"), [], "state=present"),
        (Wanted("confirmed", "otp"), [PENDING], "OTP app"),
        (Wanted("confirmed", "phone", code="123456"), phone("dev_1", confirmed=False), "enrollment.oob_code"),
        (Wanted("confirmed", authenticator_id="totp|dev_9"), [OTP], "auth0_mfa_authenticator_info"),
        (Wanted("present", authenticator_id="totp|dev_9", name="a"), [OTP], "auth0_mfa_authenticator_info"),
        (
            Wanted("confirmed", "webauthn-roaming", code="123456"),
            [row("webauthn-roaming|dev_1", "webauthn-roaming", confirmed=False)],
            "browser",
        ),
        (Wanted("confirmed", authenticator_id="x|1", code="123456"), [row("x|1", "new", confirmed=False)], "browser"),
        (Wanted("absent", selector="all", allow_last_factor=True), [OTP, PENDING], "max_removals"),
    ],
    ids=str,
)
def test_a_refusal_says_what_to_do(wanted, actual, advice):
    with pytest.raises((RefusedError, NotFoundError)) as caught:
        plan(wanted, actual, MFA_VIEW)
    assert advice in caught.value.hint
    if wanted.authenticator_id:
        assert wanted.authenticator_id in caught.value.message


def test_a_credential_that_differs_is_to_be_removed_first():
    wanted = Wanted("present", "passkey", credential={"key_id": "k", "public_key": "new"})
    with pytest.raises(RefusedError, match=r"^passkey\|dev_1 ") as caught:
        plan(wanted, [row("passkey|dev_1", "passkey", MANAGEMENT_VIEW, key_id="k", public_key="p")], MANAGEMENT_VIEW)
    assert "state=absent" in caught.value.hint


def test_a_preferred_method_is_for_what_has_more_than_one():
    wanted = Wanted("present", authenticator_id="totp|dev_1", preferred_method="sms")
    for factor in ("otp", "something-new"):
        with pytest.raises(RefusedError, match="factor=%s has none" % factor):
            plan(wanted, [row("totp|dev_1", factor, MANAGEMENT_VIEW)], MANAGEMENT_VIEW)


@pytest.mark.parametrize(
    "wanted, steps",
    [
        (Wanted("confirmed", "otp", code="123456", oob_code="not for it"), (Confirm("totp|dev_2", "123456"),)),
        (
            Wanted("confirmed", "phone", code="123456", oob_code="sent"),
            (Confirm("sms|dev_1", "123456", "sent"),),
        ),
        (Wanted("confirmed", "push", code="123456", oob_code="sent"), (Confirm("push|dev_7", None, "sent"),)),
        (
            Wanted("confirmed", "push", oob_code="sent", push_timeout=7.5),
            (Confirm("push|dev_7", None, "sent", push_timeout=7.5),),
        ),
    ],
    ids=str,
)
def test_a_confirmation_takes_what_its_factor_needs_and_confirms_the_whole_device(wanted, steps):
    actual = [OTP, PENDING, *phone("dev_1", confirmed=False), row("push|dev_7", "push", confirmed=False)]
    needed = plan(wanted, actual, MFA_VIEW)
    assert needed.steps == steps
    pair = {"totp|dev_2", "push|dev_7"}
    device = {"otp": pair, "phone": {"sms|dev_1", "voice|dev_1"}, "push": pair}[wanted.factor]
    assert needed.after == tuple(replace(each, confirmed=each.confirmed or each.id in device) for each in actual)
    assert needed.target in needed.after and needed.target.id == steps[0].authenticator_id


@pytest.mark.parametrize(
    "wanted, view, predicted",
    [
        (Wanted("present", "otp"), MFA_VIEW, {"confirmed": False}),
        (Wanted("present", "otp", totp_secret="JBSWY3DPEHPK3PXP"), MANAGEMENT_VIEW, {}),
        (
            Wanted("present", "phone", "voice", phone_number=NUMBER, name="work"),
            MANAGEMENT_VIEW,
            {"channels": ("sms", "voice"), "phone_number": MASK, "preferred_method": "voice", "name": "work"},
        ),
        (
            Wanted("present", "phone", "voice", phone_number=NUMBER, preferred_method="sms"),
            MANAGEMENT_VIEW,
            {"channels": ("sms", "voice"), "phone_number": MASK, "preferred_method": "sms"},
        ),
        (
            Wanted("present", "email", email_address="chuck334@example.com"),
            MANAGEMENT_VIEW,
            {"email": "chuc****@exam*******"},
        ),
        (
            Wanted("present", "passkey", credential={"key_id": "k", "public_key": "p"}),
            MANAGEMENT_VIEW,
            {"key_id": "k"},
        ),
    ],
    ids=str,
)
def test_what_is_enrolled_is_predicted_masked_and_without_an_id(wanted, view, predicted):
    needed = plan(wanted, [CODE], view)
    expected = row(UNKNOWN_ID, wanted.factor, view, **{"confirmed": True, **predicted})
    assert needed.after == (CODE, expected) and needed.target is None
    asked = {name: getattr(wanted, name) for name in vars(needed.steps[0])}
    assert needed.steps == (Enroll(**asked),)


def test_a_phone_of_the_user_is_predicted_with_a_row_for_each_channel():
    wanted = Wanted("present", "phone", phone_number=NUMBER)
    new = row(UNKNOWN_ID, "phone", confirmed=False, phone_number=MASK)
    sms, voice = (replace(new, channels=(channel,)) for channel in ("sms", "voice"))
    assert plan(wanted, [CODE], MFA_VIEW).after == (CODE, sms, voice)
    # Other phones tell which channels the tenant has.
    only_sms = phone("dev_9", "XXXXXXXXX0000")[:1]
    assert plan(wanted, only_sms, MFA_VIEW).after == (*only_sms, sms)
    by_voice = replace(wanted, channel="voice")
    assert plan(by_voice, only_sms, MFA_VIEW).after == (*only_sms, sms, voice)


def test_a_push_of_the_user_is_predicted_with_its_otp():
    new = row(UNKNOWN_ID, "push", confirmed=False)
    assert plan(Wanted("present", "push"), [], MFA_VIEW).after == (new, replace(new, factor="otp"))


@pytest.mark.parametrize(
    "options, update",
    [
        ({"name": "new"}, {"name": "new"}),
        ({"name": "old", "preferred_method": "voice"}, {"preferred_method": "voice"}),
        ({"name": "new", "preferred_method": "voice"}, {"name": "new", "preferred_method": "voice"}),
        ({"name": "old", "preferred_method": "sms"}, {}),
        ({}, {}),
    ],
)
def test_only_what_differs_is_updated_and_predicted(options, update):
    there = row("phone|dev_1", "phone", MANAGEMENT_VIEW, name="old", preferred_method="sms")
    needed = plan(Wanted("present", authenticator_id="phone|dev_1", **options), [NEW, there], MANAGEMENT_VIEW)
    assert needed.steps == ((Update("phone|dev_1", **update),) if update else ())
    assert needed.after == (NEW, replace(there, **update)) and needed.target == needed.after[1]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("present", "phone", phone_number=NUMBER),
        Wanted("present", "email", email_address="chuck334@example.com"),
    ],
)
def test_two_that_the_description_fits_are_named(wanted):
    actual = [
        row("%s|%d" % (factor, number), factor, MANAGEMENT_VIEW, phone_number=MASK, email="chuc****@exam*******")
        for factor in ("phone", "email")
        for number in (1, 2)
    ]
    with pytest.raises(RefusedError, match=r"%s\|1, %s\|2" % (wanted.factor, wanted.factor)):
        plan(wanted, actual, MANAGEMENT_VIEW)


def test_of_several_without_a_description_a_confirmed_one_will_do():
    actual = [row("totp|dev_0", "otp", confirmed=False), OTP]
    assert plan(Wanted("present", "otp"), actual, MFA_VIEW).target is OTP


def test_a_phone_is_one_device_and_other_factors_are_not():
    rows = [*phone("dev_cd"), *phone("dev_ab"), row("push|dev_ab", "push"), OTP, row("new|dev_ab", "something-new")]
    found = [[each.id for each in device] for device in devices(rows)]
    assert found == [
        ["new|dev_ab"],
        ["push|dev_ab"],
        ["sms|dev_ab", "voice|dev_ab"],
        ["sms|dev_cd", "voice|dev_cd"],
        ["totp|dev_1"],
    ]


def test_the_last_factor_goes_when_told():
    needed = plan(Wanted("absent", "phone", allow_last_factor=True), phone("dev_1"), MFA_VIEW)
    assert needed.removed == ("sms|dev_1", "voice|dev_1") and needed.after == ()


def test_removing_what_is_not_the_users_is_no_error_but_is_told():
    needed = plan(Wanted("absent", authenticator_id="totp|dev_9"), [OTP], MFA_VIEW)
    assert not needed.steps and needed.notices == ("The user has no authenticator with the ID totp|dev_9",)


PUSH = row("push|dev_7", "push")


CLEAR = row("phone|dev_5", "phone", MANAGEMENT_VIEW, phone_number="+44 20 7183 8750")
MASKED = row("phone|dev_6", "phone", MANAGEMENT_VIEW, phone_number=MASK)
ADDRESS = "chuck334@example.com"
CLEAR_ADDRESS = row("email|dev_5", "email", MANAGEMENT_VIEW, email="Chuck334@example.com")
MASKED_ADDRESS = row("email|dev_6", "email", MANAGEMENT_VIEW, email="chuc****@exam*******")
FREELY = {"allow_last_factor": True}


@pytest.mark.parametrize(
    "wanted, actual, how",
    [
        (Wanted("present", "otp"), [OTP], "factor"),
        (Wanted("present", authenticator_id="totp|dev_1"), [OTP], "id"),
        (Wanted("present", "phone", phone_number=NUMBER), [CLEAR], "number"),
        (Wanted("present", "phone", phone_number=NUMBER, name="new"), [CLEAR], "number"),
        (Wanted("present", "email", email_address=ADDRESS), [CLEAR_ADDRESS], "address"),
        (Wanted("present", "phone", phone_number=NUMBER), [MASKED], "mask"),
        (Wanted("present", "phone", phone_number=NUMBER, name="new"), [MASKED], "mask"),
        (Wanted("present", "email", email_address=ADDRESS), [MASKED_ADDRESS], "mask"),
        (Wanted("present", "phone", phone_number=NUMBER), [MASKED, CLEAR], "number"),
        (
            Wanted("present", "passkey", credential={"key_id": "k"}),
            [row("passkey|dev_1", "passkey", MANAGEMENT_VIEW, key_id="k")],
            "credential",
        ),
        (Wanted("present", "phone", phone_number=NUMBER), [], None),
        (Wanted("absent", "phone", phone_number=NUMBER, **FREELY), [MASKED, CLEAR], "number"),
        (Wanted("absent", "email", email_address=ADDRESS, **FREELY), [CLEAR_ADDRESS], "address"),
        (Wanted("absent", "phone", phone_number=NUMBER, masked_match="accept", **FREELY), [MASKED], "mask"),
        (Wanted("absent", authenticator_id="phone|dev_6", phone_number=NUMBER, **FREELY), [MASKED], "id"),
        (Wanted("absent", selector="all", **FREELY), [MASKED], None),
    ],
    ids=str,
)
def test_how_an_authenticator_was_found_is_told(wanted, actual, how):
    needed = plan(wanted, actual, MANAGEMENT_VIEW)
    assert needed.matched_by == how
    # Whoever fits only a mask is told of both.
    warned = wanted.state == "present" and how == "mask"
    assert len(needed.notices) == warned
    if warned:
        (notice,) = needed.notices
        asked = wanted.phone_number or wanted.email_address
        assert asked in notice and (actual[0].phone_number or actual[0].email) in notice


@pytest.mark.parametrize("wanted", [Wanted("present", "phone", phone_number=NUMBER, masked_match="accept")], ids=str)
def test_a_mask_that_is_accepted_is_not_warned_of(wanted):
    needed = plan(wanted, [MASKED], MANAGEMENT_VIEW)
    assert (needed.steps, needed.matched_by, needed.notices) == ((), "mask", ())


def test_a_mask_that_is_rejected_does_not_count_and_a_clear_number_does():
    wanted = Wanted("present", "phone", phone_number=NUMBER, masked_match="reject")
    assert verbs(plan(wanted, [MASKED], MANAGEMENT_VIEW)) == ["Enroll"]
    assert plan(wanted, [MASKED, CLEAR], MANAGEMENT_VIEW).target is CLEAR


@pytest.mark.parametrize(
    "options, actual, view",
    [
        ({"factor": "phone", "phone_number": NUMBER}, [MASKED], MANAGEMENT_VIEW),
        ({"factor": "phone", "phone_number": NUMBER, "selector": "all"}, [MASKED], MANAGEMENT_VIEW),
        ({"factor": "email", "email_address": ADDRESS}, [MASKED_ADDRESS], MANAGEMENT_VIEW),
        ({"phone_number": NUMBER, "selector": "all"}, [MASKED], MANAGEMENT_VIEW),
        ({"factor": "phone", "phone_number": NUMBER}, phone("dev_1"), MFA_VIEW),
    ],
    ids=str,
)
def test_a_removal_that_rests_on_a_mask_needs_a_second_word(options, actual, view):
    wanted = Wanted("absent", **options, **FREELY)
    with pytest.raises(RefusedError, match="may be another one") as caught:
        plan(wanted, actual, view)
    assert (actual[0].phone_number or actual[0].email) in caught.value.message
    assert "authenticator_id=%s" % actual[0].id in caught.value.hint and "masked_match=accept" in caught.value.hint
    assert plan(replace(wanted, masked_match="accept"), actual, view).removed == tuple(each.id for each in actual)


SECOND_OTP = row("totp|dev_8", "otp")


@pytest.mark.parametrize("factor, named", [("push", "push|dev_7"), ("otp", "totp|dev_1")])
def test_a_push_and_the_only_otp_go_together(factor, named):
    with pytest.raises(RefusedError, match="without a second factor"):
        plan(Wanted("absent", factor), [OTP, PUSH], MFA_VIEW)
    needed = plan(Wanted("absent", factor), [OTP, PUSH, *phone("dev_3")], MFA_VIEW)
    assert [step.authenticator_id for step in needed.steps] == [named]
    assert needed.removed == ("push|dev_7", "totp|dev_1") and needed.notices == ()


def test_which_of_two_otps_goes_with_a_push_is_told_to_be_unknown():
    needed = plan(Wanted("absent", "push"), [OTP, SECOND_OTP, PUSH], MFA_VIEW)
    assert needed.removed == ("push|dev_7",) and "also removes the otp" in needed.notices[0]
    named = Wanted("absent", authenticator_id="totp|dev_8")
    with pytest.raises(RefusedError, match="without a second factor"):
        plan(named, [SECOND_OTP, PUSH], MFA_VIEW)
    needed = plan(named, [OTP, SECOND_OTP, PUSH], MFA_VIEW)
    assert needed.removed == ("totp|dev_8",) and "push|dev_7, Auth0 removes that too" in needed.notices[0]


@pytest.mark.parametrize(
    "actual, sent",
    [
        ([OTP, PUSH], ["push|dev_7"]),
        ([OTP, SECOND_OTP, PUSH], ["totp|dev_1", "totp|dev_8"]),
        ([OTP, PUSH, PENDING, *phone("dev_3")], ["push|dev_7", "sms|dev_3", "totp|dev_2"]),
    ],
)
def test_a_pair_is_counted_and_sent_once_on_the_users_side_too(actual, sent):
    wanted = Wanted("absent", selector="all", max_removals=len(sent), allow_last_factor=True)
    needed = plan(wanted, actual, MFA_VIEW)
    assert [step.authenticator_id for step in needed.steps] == sent
    assert needed.removed == tuple(sorted(each.id for each in actual)) and needed.notices == ()
    if len(sent) > 1:
        with pytest.raises(RefusedError, match="matches %d authenticators" % len(sent)):
            plan(replace(wanted, max_removals=len(sent) - 1), actual, MFA_VIEW)


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
    assert plan(Wanted("absent", factor), list(needed.after), MANAGEMENT_VIEW).steps == ()
    assert not [row for row in needed.after if row.factor == factor]


def test_a_verified_email_is_skipped_with_the_reason():
    needed = plan(Wanted("absent", "email"), [OTP, row("email|dev_3", "email")], MFA_VIEW)
    ((skipped, reason),) = needed.skipped
    assert skipped == "email|dev_3" and "every verified e-mail address" in reason


UNUSED = {"selector": "unused", "unused_for": 90 * 86400}


@pytest.mark.parametrize(
    "options, actual, steps, removed, skipped",
    [
        (UNUSED, [OLD, NEW], ["Remove"], ["phone|dev_1"], []),
        (UNUSED, [OLD, NEW, CODE], ["Remove"], ["phone|dev_1"], ["recovery-code|dev_3"]),
        (UNUSED, [NEW], [], [], []),
        ({**UNUSED, "authenticator_id": "totp|dev_2"}, [OLD, NEW], [], [], ["totp|dev_2"]),
        ({**UNUSED, "authenticator_id": "phone|dev_1"}, [OLD, NEW], ["Remove"], ["phone|dev_1"], []),
        ({**UNUSED, "authenticator_id": "phone|dev_9"}, [OLD, NEW], [], [], []),
        ({**UNUSED, "factor": "push"}, [OLD, NEW], [], [], []),
        (UNUSED, [managed("totp|dev_4", "otp", 90), NEW], ["Remove"], ["totp|dev_4"], []),
        # The date decides, and where there is none nobody knows.
        ({"selector": "unused", "unused_for": 1}, [managed("totp|dev_4", "otp")], [], [], []),
        (UNUSED, [managed("totp|dev_4", "otp"), NEW], [], [], []),
        (
            UNUSED,
            [managed("totp|dev_4", "otp", enrolled_at=NOW - timedelta(days=91)), NEW],
            ["Remove"],
            ["totp|dev_4"],
            [],
        ),
        # A pair goes together: both unused, or neither goes.
        (
            UNUSED,
            [managed("push|dev_5", "push", 100, link_id="l"), managed("totp|dev_6", "otp", 200, link_id="l"), NEW],
            ["Remove"],
            ["push|dev_5", "totp|dev_6"],
            [],
        ),
        (
            UNUSED,
            [managed("push|dev_5", "push", 1, link_id="l"), managed("totp|dev_6", "otp", 200, link_id="l"), NEW],
            [],
            [],
            ["totp|dev_6"],
        ),
        (
            {"selector": "unconfirmed"},
            [managed("totp|dev_4", "otp", confirmed=False), NEW],
            ["Remove"],
            ["totp|dev_4"],
            [],
        ),
        (
            {"selector": "all", "max_removals": 2, "allow_last_factor": True},
            [OLD, NEW, CODE, managed("password|x", "password")],
            ["Remove", "Remove"],
            ["phone|dev_1", "totp|dev_2"],
            ["password|x", "recovery-code|dev_3"],
        ),
        ({"selector": "all"}, [CODE], [], [], ["recovery-code|dev_3"]),
        (
            {"selector": "everything", "max_removals": 2, "allow_last_factor": True},
            [OLD, NEW, CODE, managed("password|x", "password")],
            ["RemoveAll"],
            ["phone|dev_1", "recovery-code|dev_3", "totp|dev_2"],
            ["password|x"],
        ),
        ({"selector": "everything"}, [CODE], ["RemoveAll"], ["recovery-code|dev_3"], []),
        # Pending enrollments are not listed.
        ({"selector": "everything"}, [], ["RemoveAll"], [], []),
        (
            {"selector": "all", "factor": "phone"},
            [OLD, NEW],
            ["Remove"],
            ["phone|dev_1"],
            [],
        ),
    ],
)
def test_what_a_selector_removes_as_operator(options, actual, steps, removed, skipped):
    needed = plan(Wanted("absent", **options), actual, MANAGEMENT_VIEW)
    assert verbs(needed) == steps
    assert list(needed.removed) == removed
    assert [each for each, reason in needed.skipped if reason] == skipped
    assert {each.id for each in needed.after} == {each.id for each in actual} - set(removed)


def test_a_selector_as_the_user_removes_one_by_one_and_keeps_what_cannot_go():
    actual = [OTP, *phone("dev_3"), row("email|dev_4", "email"), row("recovery-code|dev_5", "recovery-code")]
    wanted = Wanted("absent", selector="all", max_removals=2, allow_last_factor=True)
    needed = plan(wanted, actual, MFA_VIEW)
    assert [step.authenticator_id for step in needed.steps] == ["sms|dev_3", "totp|dev_1"]
    assert needed.removed == ("sms|dev_3", "totp|dev_1", "voice|dev_3")
    assert [each for each, reason in needed.skipped] == ["email|dev_4", "recovery-code|dev_5"]


@pytest.mark.parametrize(
    "options, says",
    [
        ({"max_removals": 1, "allow_last_factor": True}, "matches 2 authenticators .*phone.*, but max_removals is 1"),
        ({"max_removals": 5}, "without a second factor"),
    ],
)
@pytest.mark.parametrize("selector", ["all", "everything"])
def test_a_selector_asks_twice(selector, options, says):
    with pytest.raises(RefusedError, match=says):
        plan(Wanted("absent", selector=selector, **options), [OLD, NEW], MANAGEMENT_VIEW)


dated = st.lists(
    st.builds(
        managed,
        st.uuids().map("x|{}".format),
        factors,
        st.one_of(st.none(), st.integers(0, 200)),
        confirmed=st.booleans(),
        link_id=st.sampled_from([None, None, "a", "b"]),
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(dated, st.sampled_from(["unused", "unconfirmed", "all"]), st.integers(1, 6), st.booleans())
def test_no_selector_takes_what_it_does_not_fit(actual, selector, limit, allowed):
    options = {"unused_for": 90 * 86400} if selector == "unused" else {}
    wanted = Wanted("absent", selector=selector, max_removals=limit, allow_last_factor=allowed, **options)
    try:
        needed = plan(wanted, actual, MANAGEMENT_VIEW)
    except RefusedError:
        return
    gone = [each for each in actual if each.id in needed.removed]
    assert len(needed.steps) <= limit
    if selector == "unused":
        assert all(each.confirmed and NOW - each.last_used_at >= timedelta(days=90) for each in gone)
    elif selector == "unconfirmed":
        assert not any(each.confirmed for each in gone)
    # Only what Auth0 says goes together would take a password along.
    assert not any(each.factor == "password" and each.link_id is None for each in gone)
    if not allowed and any(each.is_second_factor for each in actual):
        assert any(each.is_second_factor for each in needed.after)
    assert plan(wanted, list(needed.after), MANAGEMENT_VIEW).steps == ()


def test_a_passkey_is_a_second_factor():
    passkey = managed("passkey|dev_8", "passkey", 1)
    assert verbs(plan(Wanted("absent", "otp"), [NEW, passkey], MANAGEMENT_VIEW)) == ["Remove"]
    with pytest.raises(RefusedError, match="without a second factor"):
        plan(Wanted("absent", "passkey"), [passkey, CODE], MANAGEMENT_VIEW)


def test_the_operators_id_of_a_phone_names_both_of_its_rows_in_the_users_view():
    wanted = Wanted("absent", authenticator_id="phone|dev_3", allow_last_factor=True)
    assert plan(wanted, [OTP, *phone("dev_3")], MFA_VIEW).removed == ("sms|dev_3", "voice|dev_3")
