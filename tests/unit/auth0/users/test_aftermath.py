# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told after a write: the state that was read again, whoever made it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.converge import converge
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_side import UserSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    ConflictError,
    ForbiddenError,
    ServerError,
    TransportError,
)

from tests.unit.auth0.users.fake_account import USER, Management, Mfa, managed, seen

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
NUMBER, MASK = "+442071838750", "XXXXXXXXX8750"
OTP = "HJ6XM2DNERXDAVCUONGWKRTC"
AMBIGUOUS = AmbiguousWriteError("The answer was lost", hint="It was not sent again.")
LOST = TransportError("The answer was lost")
REFUSED = ForbiddenError("Could not do it", status=403)
UNREAD = ServerError("Could not read", status=503)


def run(account, wanted):
    side = OperatorSide(account, USER) if isinstance(account, Management) else UserSide(account)
    return converge(side, wanted, now=lambda: NOW)


def error_of(account, wanted) -> Auth0Error:
    with pytest.raises(Auth0Error) as caught:
        run(account, wanted)
    return caught.value


ALL = Wanted("absent", selector="all", max_removals=3, allow_last_factor=True)
EVERYTHING = Wanted("absent", selector="everything", max_removals=3, allow_last_factor=True)


# A removal is a write too


@pytest.mark.parametrize(
    "write, lost, wanted",
    [
        ("delete", LOST, Wanted("absent", "phone", allow_last_factor=True)),
        ("delete", UNREAD, Wanted("absent", authenticator_id="phone|a", allow_last_factor=True)),
        ("delete all", AMBIGUOUS, EVERYTHING),
    ],
)
def test_a_removal_whose_answer_was_lost_is_told_by_the_state(write, lost, wanted):
    account = Management(managed("phone|a", "phone"))
    account.lost = {write: lost}
    outcome = run(account, wanted)
    assert (outcome.changed, outcome.removed, outcome.after) == (True, ("phone|a",), ())
    assert lost.message in outcome.notices[0] and "read again" in outcome.notices[0]


def test_what_somebody_else_removed_after_a_lost_answer_is_told_as_gone():
    account = Management(managed("phone|a", "phone"))
    account.fails = {"delete": LOST}
    account.list_authenticators = lambda user_id, seen=[]: seen.append(0) or account.rows[len(seen) - 1 :]
    outcome = run(account, Wanted("absent", "phone", allow_last_factor=True))
    assert (outcome.changed, outcome.removed) == (True, ("phone|a",))


@pytest.mark.parametrize("write, lost, wanted", [("delete", LOST, ALL), ("delete all", AMBIGUOUS, EVERYTHING)])
def test_a_lost_removal_that_cannot_be_read_is_never_told_as_nothing_done(write, lost, wanted):
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.lost, account.fails_at = {write: lost}, {3: UNREAD}
    error = error_of(account, wanted)
    assert error.facts()["changed"] is True and error.progress["removed_ids"] == []
    assert error.progress["possibly_removed_ids"] == ["phone|a", "totp|b"]
    assert UNREAD.message in error.hint and "auth0_mfa_authenticator_info" in error.hint
    assert type(error) is type(lost) and error.message == lost.message


def test_what_was_answered_to_be_gone_is_told_for_sure_and_the_rest_as_possible():
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.fails_at = {3: LOST, 4: UNREAD}
    error = error_of(account, ALL)
    assert error.progress == {"changed": True, "removed_ids": ["phone|a"], "possibly_removed_ids": ["totp|b"]}


def test_a_refusal_after_a_removal_is_told_with_what_is_gone_and_nothing_possible():
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.fails_at = {3: REFUSED, 4: UNREAD}
    error = error_of(account, ALL)
    assert isinstance(error, ForbiddenError) and error.progress == {"changed": True, "removed_ids": ["phone|a"]}
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.fails_at = {3: REFUSED}
    error = error_of(account, ALL)
    assert isinstance(error, ForbiddenError) and error.progress == {"changed": True, "removed_ids": ["phone|a"]}


def test_a_refusal_of_the_first_write_is_told_without_another_reading():
    account = Management(managed("phone|a", "phone"))
    account.fails = {"delete": REFUSED}
    assert error_of(account, ALL) is REFUSED
    assert [call[0] for call in account.calls] == ["list", "delete"]


def test_what_is_still_there_after_a_lost_answer_is_told():
    account = Management(managed("phone|a", "phone"))
    account.fails = {"delete": LOST}
    error = error_of(account, Wanted("absent", "phone", allow_last_factor=True))
    assert "changed" not in error.facts() and "phone|a is still there" in error.hint
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.fails = {"delete": LOST}
    assert "phone|a, totp|b are still there" in error_of(account, ALL).hint


def test_everything_of_a_user_with_nothing_listed_may_have_removed_what_is_not_listed():
    account = Management()
    assert run(account, EVERYTHING).changed is True
    account.lost = {"delete all": AMBIGUOUS}
    error = error_of(account, EVERYTHING)
    assert error.progress == {"changed": True, "removed_ids": []} and "safe to run the task again" in error.hint


def test_a_user_without_a_second_factor_is_told_so_beside_the_error():
    account = Management(managed("phone|a", "phone"), managed("totp|b", confirmed=False))
    account.fails_at = {3: REFUSED}
    error = error_of(account, ALL)
    assert error.progress["removed_ids"] == ["phone|a"]
    assert "no second factor now: a password is enough" in error.hint


def test_what_appeared_while_all_were_removed_is_reported():
    account = Management(managed("totp|b"))
    account.meanwhile = lambda: account.rows.append(managed("phone|new", "phone"))
    outcome = run(account, ALL)
    assert outcome.removed == ("totp|b",) and outcome.notices == ("phone|new appeared meanwhile and was not removed",)


@pytest.mark.parametrize("found", [True, False], ids=["removed", "not found"])
def test_what_is_still_listed_is_not_told_as_removed_whatever_the_removal_was_answered(found):
    account = Management(managed("totp|b"))
    account.delete_authenticator = lambda user_id, authenticator_id: found
    error = error_of(account, Wanted("absent", "otp", allow_last_factor=True))
    assert "removed totp|b, and lists it still" in error.message
    assert (error.progress["changed"], error.progress["removed_ids"]) == (True, [])


def test_the_recovery_code_that_all_keeps_has_its_reason():
    account = Management(managed("totp|b"), managed("recovery-code|c", "recovery-code"))
    outcome = run(account, ALL)
    assert [kept for kept, _why in outcome.skipped] == ["recovery-code|c"] and "auth0_recovery_code" in str(
        outcome.skipped
    )
    assert run(account, EVERYTHING).removed == ("recovery-code|c",)


# A reading is held against what was before


def test_a_factor_that_somebody_else_removed_at_the_same_time_is_not_passed_over():
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.meanwhile = account.rows.clear
    original = account.delete_authenticator

    def both(user_id, authenticator_id):
        account.rows = [row for row in account.rows if row.id != "totp|b"]
        return original(user_id, authenticator_id)

    account.delete_authenticator = both
    error = error_of(account, Wanted("absent", "phone"))
    assert isinstance(error, ConflictError) and "no second factor now" in error.hint
    assert error.progress == {"changed": True, "removed_ids": ["phone|a", "totp|b"]}
    assert error.message == "phone|a was removed, and at the same time somebody else removed totp|b"


def test_the_word_that_the_last_factor_may_go_holds_for_what_somebody_else_removed():
    account = Management(managed("phone|a", "phone"), managed("totp|b"))
    account.meanwhile = lambda: setattr(account, "rows", [])
    assert run(account, Wanted("absent", "phone", allow_last_factor=True)).removed == ("phone|a", "totp|b")


# Other writes


@pytest.mark.parametrize(
    "write, wanted",
    [
        ("create", Wanted("present", "phone", phone_number=NUMBER)),
        ("update", Wanted("present", authenticator_id="totp|b", name="new")),
    ],
)
def test_another_write_whose_answer_was_lost_is_told_by_the_state(write, wanted):
    account = Management(managed("totp|b", name="old"))
    account.lost = {write: AMBIGUOUS}
    outcome = run(account, wanted)
    assert outcome.changed and outcome.target in account.rows and AMBIGUOUS.message in outcome.notices[0]
    account = Management(managed("totp|b", name="old"))
    account.fails = {write: AMBIGUOUS}
    error = error_of(account, wanted)
    assert error.facts()["changed"] is False and "nothing has changed" in error.hint and len(account.writes) == 1
    account = Management(managed("totp|b", name="old"))
    account.fails_at = {2: AMBIGUOUS, 3: UNREAD}
    error = error_of(account, wanted)
    assert error.progress == {"changed": True} and "may have been made" in error.hint


def test_one_that_fits_the_mask_already_does_not_stand_for_a_lost_one():
    account = Management(managed("phone|a", "phone", phone_number=MASK))
    account.fails = {"create": AMBIGUOUS}
    wanted = Wanted("present", "phone", phone_number=NUMBER, masked_match="reject")
    assert "nothing has changed" in error_of(account, wanted).hint
    account.fails, account.lost = {}, {"create": AMBIGUOUS}
    assert run(account, wanted).target.id == "phone|new"


def test_a_confirmation_whose_answer_was_lost_is_told_by_the_state():
    account = Mfa(seen("totp|a", confirmed=False))
    account.codes, account.lost = {"111111": "totp|a"}, {"confirm": AMBIGUOUS}
    outcome = run(account, Wanted("confirmed", "otp", code="111111"))
    assert outcome.changed and outcome.target.confirmed and AMBIGUOUS.message in outcome.notices[0]


@pytest.mark.parametrize(
    "wanted, ids",
    [
        (Wanted("present", "otp"), "otp|new"),
        (Wanted("present", "phone", phone_number=NUMBER), "sms|new, voice|new"),
        (Wanted("present", "push"), "push|new"),
    ],
)
def test_an_enrollment_whose_secrets_were_lost_is_no_success(wanted, ids):
    account = Mfa()
    account.lost = {"associate": AMBIGUOUS}
    error = error_of(account, wanted)
    assert error.facts()["changed"] is True and "the enrollment %s was started" % ids in error.hint
    assert "recovery" not in error.hint and len(account.writes) == 1


def test_a_first_recovery_code_that_was_lost_with_an_enrollment_is_named():
    account = Mfa()
    account.lost = {"associate": AMBIGUOUS}
    account.meanwhile = lambda: account.rows.append(seen("recovery-code|n", "recovery-code", confirmed=False))
    assert "first recovery code is lost, too" in error_of(account, Wanted("present", "otp")).hint


def test_what_was_enrolled_at_the_same_time_is_told():
    account = Mfa()
    account.meanwhile = lambda: account.rows.append(seen("totp|other", confirmed=False))
    outcome = run(account, Wanted("present", "otp"))
    assert outcome.notices[0].startswith("More than one was enrolled at the same time: otp|new, totp|other.")
    assert run(Mfa(), Wanted("present", "phone", phone_number=NUMBER)).notices == ()


# What is not listed


def test_an_id_that_is_not_listed_is_tried_and_told_by_the_answer():
    account = Management(managed("totp|b"))
    account.pending = {"sms|a"}
    wanted = Wanted("absent", authenticator_id="sms|a")
    predicted = converge(OperatorSide(account, USER), wanted, check_mode=True)
    assert (predicted.changed, predicted.removed, account.writes) == (False, (), [])
    assert "Auth0 does not list sms|a" in predicted.notices[0]
    outcome = run(account, wanted)
    assert (outcome.changed, outcome.removed, outcome.notices) == (True, ("sms|a",), ())
    outcome = run(account, wanted)
    assert (outcome.changed, outcome.removed) == (False, ())
    assert account.writes == [("delete", USER, "sms|a")] * 2


def test_whether_an_id_that_is_not_listed_is_gone_nobody_knows_without_an_answer():
    account = Management(managed("totp|b"))
    account.fails = {"delete": LOST}
    error = error_of(account, Wanted("absent", authenticator_id="sms|a"))
    assert error.facts()["changed"] is True and "safe to run the task again" in error.hint
    account = Management(managed("totp|b"))
    account.fails_at = {2: LOST, 3: UNREAD}
    error = error_of(account, Wanted("absent", authenticator_id="sms|a"))
    assert error.progress["possibly_removed_ids"] == ["sms|a"]


@pytest.mark.parametrize(
    "condition",
    [
        {"selector": "unconfirmed"},
        {"selector": "unused", "unused_for": 1},
        {"factor": "phone"},
        {"factor": "phone", "phone_number": NUMBER},
    ],
    ids=str,
)
def test_a_condition_is_not_checked_on_what_is_not_seen(condition):
    account = Management(managed("totp|b"))
    account.pending = {"sms|a"}
    outcome = run(account, Wanted("absent", authenticator_id="sms|a", **condition))
    assert (outcome.changed, account.writes) == (False, []) and "cannot be checked" in outcome.notices[0]
    assert next(iter(condition)) in outcome.notices[0]


@pytest.mark.parametrize(
    "account, authenticator_id",
    [
        pytest.param(Mfa(seen("totp|b")), "sms|a", id="the user's list is complete"),
        pytest.param(Management(managed("totp|b")), "recovery-code|a", id="a recovery code"),
    ],
)
def test_what_cannot_be_there_is_not_tried(account, authenticator_id):
    outcome = run(account, Wanted("absent", authenticator_id=authenticator_id))
    assert (outcome.changed, account.writes) == (False, []) and authenticator_id in outcome.notices[0]


def test_ages_are_counted_by_a_clock_that_is_asked_after_the_first_reading():
    account = Management(managed("totp|b"))
    asked = []
    converge(
        OperatorSide(account, USER),
        Wanted("absent", selector="unused", unused_for=1),
        now=lambda: asked.append(len(account.calls)) or NOW,
    )
    assert asked == [1]
