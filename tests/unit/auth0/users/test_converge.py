# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of a task on one user: what is sent, what is told, and what is told when it breaks off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.mfa import Enrollment
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.converge import converge
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.plan import UNKNOWN_ID
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_side import UserSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    Auth0Error,
    ConfigurationError,
    RefusedError,
    ServerError,
)

from tests.unit.auth0.users.fake_account import USER, Management, Mfa, managed, phone, seen

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
NUMBER = "+442071838750"
MASK = "XXXXXXXXX8750"
OTP = "HJ6XM2DNERXDAVCUONGWKRTC"


def as_operator(account, wanted, check_mode=False):
    return converge(OperatorSide(account, USER), wanted, check_mode, lambda: NOW)


def as_user(account, wanted, check_mode=False):
    return converge(UserSide(account), wanted, check_mode, lambda: NOW)


def ids(rows):
    return [row.id for row in rows]


# What an outcome says


def test_what_is_as_wanted_is_read_once_and_not_written():
    account = Management(managed("totp|a"), managed("phone|b", "phone"))
    outcome = as_operator(account, Wanted("present", "otp", totp_secret=OTP))
    assert account.calls == [("list", USER)]
    assert (outcome.changed, outcome.removed, outcome.enrollment) == (False, (), None)
    assert outcome.before == outcome.after == tuple(account.rows)
    assert outcome.target.id == "totp|a"


def test_a_change_is_read_again():
    account = Management(managed("totp|a"))
    outcome = as_operator(account, Wanted("present", "phone", phone_number=NUMBER))
    assert (outcome.changed, outcome.removed, outcome.notices) == (True, (), ())
    assert ids(outcome.before) == ["totp|a"] and outcome.after == tuple(account.rows)
    assert (outcome.target.id, outcome.target.phone_number) == ("phone|new", MASK)


def test_check_mode_shows_what_would_be_enrolled_without_an_id():
    account = Management()
    outcome = as_operator(account, Wanted("present", "phone", phone_number=NUMBER), check_mode=True)
    assert account.writes == [] and outcome.changed and outcome.after == (outcome.target,)
    assert (outcome.target.id, outcome.target.phone_number) == (UNKNOWN_ID, MASK)


def test_an_enrollment_hands_out_what_auth0_returns_once():
    outcome = as_user(Mfa(), Wanted("present", "otp"))
    assert outcome.enrollment == Enrollment("otp", oob_code="sent")
    assert (outcome.target.id, outcome.target.confirmed) == ("otp|new", False)


@pytest.mark.parametrize("channel, target", [(None, "sms|new"), ("sms", "sms|new"), ("voice", "voice|new")])
def test_of_a_new_phone_the_channel_that_was_asked_for_is_shown(channel, target):
    account = Mfa(*phone("earlier", phone_number="XXXXXXXXX0000"))
    outcome = as_user(account, Wanted("present", "phone", channel=channel, phone_number=NUMBER))
    assert outcome.target.id == target


def test_what_appears_meanwhile_is_not_taken_for_the_new_one():
    account = Mfa()
    enroll = account.associate

    def associate(fields):
        account.rows.append(seen("push|another", "push"))
        return enroll(fields)

    account.associate = associate
    assert as_user(account, Wanted("present", "otp")).target.id == "otp|new"


def test_what_is_confirmed_meanwhile_is_not_taken_for_the_new_one():
    account = Mfa(seen("push|a", "push", confirmed=False))
    enroll = account.associate

    def associate(fields):
        account._confirm("push|a")
        return enroll(fields)

    account.associate = associate
    assert as_user(account, Wanted("present", "otp")).target.id == "otp|new"


def test_of_an_update_the_one_that_was_named_is_shown():
    account = Management(managed("totp|b", name="old"), managed("totp|a", confirmed=False))
    update = account.update_authenticator

    def update_while_the_other_is_confirmed(*facts):
        account.rows[1] = replace(account.rows[1], confirmed=True)
        update(*facts)

    account.update_authenticator = update_while_the_other_is_confirmed
    assert as_operator(account, Wanted("present", authenticator_id="totp|b", name="new")).target.id == "totp|b"


def test_an_enrollment_that_the_next_reading_does_not_show_has_no_row_to_show():
    account = Mfa(seen("push|a", "push"))
    account.associate = lambda fields: Enrollment("otp")
    outcome = as_user(account, Wanted("present", "otp"))
    assert outcome.changed and outcome.target is None


def test_a_new_name_is_shown_as_auth0_has_it_afterward():
    account = Management(managed("totp|a", name="old", created_at=NOW))
    outcome = as_operator(account, Wanted("present", authenticator_id="totp|a", name="new"))
    assert account.writes == [("update", USER, "totp|a", {"name": "new"})]
    assert outcome.changed and outcome.target == account.rows[0] == managed("totp|a", name="new", created_at=NOW)


def test_a_code_confirms_the_enrollment_it_belongs_to_and_that_one_is_shown():
    # Which of two pending OTPs a code is from, Auth0 alone knows.
    account = Mfa(seen("totp|a", confirmed=False), seen("totp|b", confirmed=False), seen("totp|c"))
    account.codes = {"111111": "totp|b"}
    outcome = as_user(account, Wanted("confirmed", "otp", code="111111"))
    assert outcome.changed and (outcome.target.id, outcome.target.confirmed) == ("totp|b", True)


def test_of_a_phone_both_channels_are_confirmed_and_the_planned_one_is_shown():
    account = Mfa(seen("totp|z"), *phone("a", confirmed=False))
    account.codes = {"111111": "sms|a"}
    wanted = Wanted("confirmed", "phone", channel="voice", code="111111", oob_code="sent")
    outcome = as_user(account, wanted)
    assert outcome.target.id == "voice|a" and all(row.confirmed for row in outcome.after)


def test_another_factor_that_was_confirmed_meanwhile_is_not_shown():
    account = Mfa(seen("email|a", "email", confirmed=False), seen("totp|b", confirmed=False))
    account.codes = {"111111": "totp|b"}
    confirm = account.confirm

    def confirm_both(*facts):
        account._confirm("email|a")
        confirm(*facts)

    account.confirm = confirm_both
    assert as_user(account, Wanted("confirmed", "otp", code="111111")).target.id == "totp|b"


def test_a_confirmation_that_the_next_reading_does_not_show_is_shown_as_planned():
    account = Mfa(seen("totp|a", confirmed=False))
    account.confirm = lambda code, oob_code: None
    outcome = as_user(account, Wanted("confirmed", "otp", code="111111"))
    assert outcome.changed and outcome.target.id == "totp|a"


def test_one_that_is_gone_when_it_is_read_again_is_shown_as_planned():
    account = Management(managed("totp|a"))
    account.update_authenticator = lambda user_id, authenticator_id, fields: account.rows.clear()
    outcome = as_operator(account, Wanted("present", authenticator_id="totp|a", name="new"))
    assert outcome.after == () and outcome.target == managed("totp|a", name="new")


def test_what_is_confirmed_already_needs_no_code():
    account = Mfa(seen("totp|a"))
    outcome = as_user(account, Wanted("confirmed", "otp"))
    assert (outcome.changed, outcome.target.id, account.writes) == (False, "totp|a", [])


def test_what_is_gone_is_told_with_what_went_along():
    account = Mfa(seen("push|a", "push"), seen("totp|b"), *phone("c"))
    account.partners = {"push|a": "totp|b"}
    outcome = as_user(account, Wanted("absent", "push"))
    assert (outcome.changed, outcome.removed, outcome.target) == (True, ("push|a", "totp|b"), None)
    assert as_user(account, Wanted("absent", "push")).changed is False


def test_what_auth0_kept_all_the_same_is_not_told_as_gone():
    account = Management(managed("totp|a"), managed("phone|b", "phone"))
    account.delete_authenticator = lambda user_id, authenticator_id: None
    with pytest.raises(ServerError, match="totp|a, and lists it still") as caught:
        as_operator(account, Wanted("absent", "otp"))
    assert caught.value.progress["removed_ids"] == []


def test_a_selector_tells_what_it_kept_and_why():
    account = Management(managed("totp|a"), managed("password|b", "password"))
    wanted = Wanted("absent", selector="all", allow_last_factor=True)
    for check_mode in (True, False):
        outcome = as_operator(account, wanted, check_mode)
        assert (outcome.removed, [each for each, _why in outcome.skipped]) == (("totp|a",), ["password|b"])
        assert all(why for _each, why in outcome.skipped)
    assert account.writes == [("delete", USER, "totp|a")]


def test_nothing_to_remove_says_which_id_was_looked_for():
    outcome = as_operator(Management(managed("totp|a")), Wanted("absent", authenticator_id="totp|b"))
    assert not outcome.changed and outcome.notices == ("The user has no authenticator with the ID totp|b",)
    assert as_operator(Management(managed("totp|a")), Wanted("absent", "phone")).notices == ()
    # The user has it; it is kept, and skipped says why.
    wanted = Wanted("absent", authenticator_id="totp|a", selector="unconfirmed")
    outcome = as_operator(Management(managed("totp|a")), wanted)
    assert outcome.notices == () and [each for each, _why in outcome.skipped] == ["totp|a"]


def test_ages_are_counted_to_the_present_unless_told_otherwise():
    account = Management(
        managed("totp|a", last_auth_at=datetime.now(timezone.utc) - timedelta(days=100)),
        managed("totp|b", last_auth_at=datetime.now(timezone.utc)),
    )
    wanted = Wanted("absent", selector="unused", unused_for=90 * 86400)
    assert converge(OperatorSide(account, USER), wanted).removed == ("totp|a",)


def test_a_run_is_real_unless_told_otherwise():
    account = Management()
    assert converge(OperatorSide(account, USER), Wanted("present", "otp", totp_secret=OTP)).changed
    assert account.rows


# What is refused before anything is written


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Wanted("present", "otp", totp_secret="short"), id="can be right for nobody"),
        pytest.param(Wanted("confirmed", "otp", code="123456"), id="is not for an operator"),
    ],
)
def test_impossible_input_sends_nothing(wanted):
    account = Management(managed("totp|a"))
    with pytest.raises(ConfigurationError):
        as_operator(account, wanted)
    assert account.calls == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_the_token_cannot_do_is_refused_before_the_first_write_and_in_check_mode(check_mode):
    account = Mfa(seen("totp|a", confirmed=False), seen("totp|b", confirmed=False))
    account.holds_mfa_token = True
    wanted = Wanted("absent", selector="unconfirmed", max_removals=2)
    with pytest.raises(AuthenticationError):
        as_user(account, wanted, check_mode)
    assert account.writes == []


def test_a_refused_plan_writes_nothing():
    account = Management(managed("totp|a"))
    with pytest.raises(RefusedError):
        as_operator(account, Wanted("absent", "otp"))
    assert account.writes == []


# When it breaks off

BROKEN = ServerError("Could not do it", status=503, hint="Try later.")


def test_what_was_removed_before_an_error_is_told_with_its_linked_ones():
    account = Mfa(*phone("a"), seen("totp|b"), seen("webauthn-roaming|c", "webauthn-roaming"))
    account.fails_at = {4: BROKEN}  # the list and two removals come first
    wanted = Wanted("absent", selector="all", max_removals=3, allow_last_factor=True)
    with pytest.raises(ServerError) as caught:
        as_user(account, wanted)
    assert caught.value.progress == {"changed": True, "removed_ids": ["sms|a", "totp|b", "voice|a"]}
    assert caught.value.facts()["changed"] is True and caught.value.message == BROKEN.message
    assert "webauthn-roaming|c is still there" in caught.value.hint


@pytest.mark.parametrize(
    "write, wanted",
    [
        ("create", Wanted("present", "otp", totp_secret=OTP)),
        ("delete", Wanted("absent", "phone", allow_last_factor=True)),
    ],
)
def test_an_error_of_the_first_write_claims_no_change(write, wanted):
    account = Management(managed("phone|a", "phone"))
    account.fails = {write: BROKEN}
    with pytest.raises(ServerError) as caught:
        as_operator(account, wanted)
    assert not caught.value.progress and "changed" not in caught.value.facts()


def test_an_error_of_an_update_claims_no_removal():
    account = Management(managed("totp|a"))
    account.fails = {"update": BROKEN}
    with pytest.raises(ServerError) as caught:
        as_operator(account, Wanted("present", "otp", totp_secret=OTP, name="new"))
    assert not caught.value.progress


def test_what_an_enrollment_returned_survives_a_reading_that_fails_afterward():
    account = Mfa()
    account.fails_at = {3: BROKEN}
    outcome = as_user(account, Wanted("present", "otp"))
    assert outcome.changed and outcome.enrollment == Enrollment("otp", oob_code="sent")
    assert ids(outcome.after) == [UNKNOWN_ID] and str(BROKEN) in outcome.notices[0]


def test_a_removal_whose_result_cannot_be_read_is_told_as_predicted():
    account = Management(managed("push|a", "push", link_id="l"), managed("totp|b", link_id="l"), managed("totp|c"))
    account.fails_at = {3: BROKEN}
    outcome = as_operator(account, Wanted("absent", "push"))
    assert (outcome.changed, outcome.removed, ids(outcome.after)) == (True, ("push|a", "totp|b"), ["totp|c"])
    assert "predicted" in outcome.notices[0]


# For any user and any task

FACTOR_NAMES = sorted(FACTORS)
ages = st.none() | st.integers(0, 200).map(lambda days: NOW - timedelta(days=days))


def account_of(view_row):
    """Up to six rows with different IDs."""

    def rows(made):
        return [replace(row, id="%s|%d" % (row.factor, number)) for number, row in enumerate(made)]

    return st.lists(view_row, max_size=6).map(rows)


operators_rows = account_of(
    st.builds(
        managed,
        st.just("x|x"),
        st.sampled_from([*FACTOR_NAMES, "password"]),
        st.booleans(),
        last_auth_at=ages,
        link_id=st.sampled_from([None, None, None, "l"]),
    )
    # What is no factor is linked to nothing.
    .map(lambda row: replace(row, link_id=None) if row.kind is None else row)
)
operators_tasks = st.one_of(
    st.builds(
        Wanted,
        st.just("absent"),
        st.none() | st.sampled_from(FACTOR_NAMES),
        selector=st.sampled_from(["all", "unconfirmed"]),
        max_removals=st.integers(1, 6),
        allow_last_factor=st.booleans(),
    ),
    st.builds(
        Wanted,
        st.just("absent"),
        selector=st.just("unused"),
        unused_for=st.just(90 * 86400),
        max_removals=st.integers(1, 6),
        allow_last_factor=st.booleans(),
    ),
    st.builds(Wanted, st.just("absent"), st.sampled_from(FACTOR_NAMES), allow_last_factor=st.booleans()),
    st.builds(
        Wanted,
        st.just("present"),
        st.just("phone"),
        phone_number=st.just(NUMBER),
        preferred_method=st.sampled_from([None, "sms", "voice"]),
        name=st.sampled_from([None, "new"]),
    ),
    st.builds(Wanted, st.just("present"), st.just("otp"), totp_secret=st.just(OTP), name=st.sampled_from([None, "n"])),
)


@given(operators_rows, operators_tasks)
def test_check_mode_predicts_what_a_run_does_and_a_second_run_does_nothing(rows, wanted):
    checked, real = Management(*rows), Management(*rows)
    try:
        predicted = as_operator(checked, wanted, check_mode=True)
    except Auth0Error as refused:
        with pytest.raises(type(refused)):
            as_operator(real, wanted)
        assert real.writes == []
        return
    done = as_operator(real, wanted)
    assert checked.writes == [] and bool(real.writes) is done.changed
    assert (predicted.changed, predicted.removed, predicted.skipped) == (done.changed, done.removed, done.skipped)
    assert {row.id for row in predicted.after} - {UNKNOWN_ID} <= {row.id for row in done.after}
    assert len(predicted.after) == len(done.after)
    if not wanted.allow_last_factor and any(row.is_second_factor for row in rows):
        assert any(row.is_second_factor for row in real.rows)

    again = as_operator(real, wanted)
    assert (again.changed, again.removed) == (False, ()) and again.after == done.after


users_devices = st.lists(st.tuples(st.sampled_from(["otp", "phone", "push", "email"]), st.booleans()), max_size=5)
users_tasks = st.one_of(
    st.builds(Wanted, st.just("present"), st.sampled_from(["otp", "push"])),
    st.builds(
        Wanted,
        st.just("present"),
        st.just("phone"),
        channel=st.sampled_from([None, "sms", "voice"]),
        phone_number=st.just(NUMBER),
    ),
    st.builds(Wanted, st.just("confirmed"), st.just("otp"), code=st.just("123456")),
    st.builds(Wanted, st.just("confirmed"), st.just("phone"), code=st.just("123456"), oob_code=st.just("sent")),
    st.builds(Wanted, st.just("confirmed"), st.just("push"), oob_code=st.just("sent")),
    st.builds(
        Wanted,
        st.just("absent"),
        st.none() | st.sampled_from(["otp", "phone", "push", "email"]),
        selector=st.sampled_from(["all", "unconfirmed"]),
        max_removals=st.integers(1, 5),
        allow_last_factor=st.booleans(),
    ),
)


def account_with(devices) -> Mfa:
    account = Mfa()
    for number, (factor, confirmed) in enumerate(devices):
        if factor == "phone":
            account.rows += phone(str(number), confirmed=confirmed, phone_number="XXXXXXXX000%d" % number)
        else:
            account.rows.append(seen("%s|%d" % (factor, number), factor, confirmed))
        if factor == "push":
            account.rows.append(seen("otp|p%d" % number, "otp", confirmed))
            account.partners["push|%d" % number] = "otp|p%d" % number
    return account


@given(users_devices, users_tasks)
def test_check_mode_predicts_as_the_user_too(devices, wanted):
    checked, real = account_with(devices), account_with(devices)
    # The code is from the first that is pending, as long as nothing else is known.
    pending = sorted(row.id for row in real.rows if row.factor == wanted.factor and not row.confirmed)
    real.codes = {"123456": pending[0] if pending else None}
    try:
        predicted = as_user(checked, wanted, check_mode=True)
    except Auth0Error as refused:
        with pytest.raises(type(refused)):
            as_user(real, wanted)
        assert real.writes == []
        return
    done = as_user(real, wanted)
    assert checked.writes == [] and bool(real.writes) is done.changed
    assert (predicted.changed, predicted.skipped, predicted.matched_by) == (done.changed, done.skipped, done.matched_by)
    assert predicted.notices == done.notices
    if wanted.state == "present":
        assert [replace(row, id="") for row in predicted.after] == [replace(row, id="") for row in done.after]
        shown = replace(predicted.target, id=done.target.id)
        assert shown == done.target
    elif sum(row.factor == "otp" for row in checked.rows) < 2 or wanted.factor not in ("otp", "push"):
        assert (predicted.removed, predicted.after, predicted.target) == (done.removed, done.after, done.target)
    else:
        # Which of the user's OTPs belongs to a push is known afterward.
        assert set(predicted.removed) <= set(done.removed) and predicted.target == done.target


@given(operators_rows, operators_tasks, st.randoms(use_true_random=False))
def test_the_order_of_auth0s_answer_does_not_matter(rows, wanted, random):
    shuffled = random.sample(rows, len(rows))
    told = []
    for order in (rows, shuffled):
        try:
            outcome = as_operator(Management(*order), wanted, check_mode=True)
            told.append((outcome.changed, outcome.removed, sorted(outcome.skipped), outcome.notices))
        except Auth0Error as refused:
            told.append(str(refused))
    assert told[0] == told[1]
