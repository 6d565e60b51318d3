# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a recovery code is replaced."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.recovery_codes import converge_code, is_due
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    ConfigurationError,
    RefusedError,
    ServerError,
)

from tests.unit.auth0.users.fake_account import USER, Management, managed

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)
DAY = 86400


def code(**ages):
    dates = {name: NOW - timedelta(days=days) for name, days in ages.items()}
    return Authenticator("recovery-code|dev_1", "recovery-code", MANAGEMENT_VIEW, True, **dates)


@pytest.mark.parametrize(
    "state, max_age, existing, due",
    [
        ("present", None, None, True),
        ("present", None, code(created_at=900), False),
        ("rotated", None, None, True),
        ("rotated", None, code(created_at=0), True),
        ("rotated", 30 * DAY, code(created_at=29), False),
        ("rotated", 30 * DAY, code(created_at=30), False),
        ("rotated", 30 * DAY, code(created_at=31), True),
        ("rotated", 30 * DAY, code(created_at=90, enrolled_at=10), False),
        ("rotated", 30 * DAY, code(), True),
        ("rotated", 0, code(created_at=1), True),
    ],
)
def test_is_due(state, max_age, existing, due):
    assert is_due(state, max_age, existing, NOW) is due


MADE = managed("recovery-code|a", "recovery-code", created_at=NOW - timedelta(days=40))


def run(account, state="rotated", max_age=None, check_mode=False, **more):
    more.setdefault("pause", lambda _seconds: None)
    return converge_code(OperatorSide(account, USER), state, max_age, lambda: NOW, check_mode, **more)


@pytest.mark.parametrize(
    "rows, state, max_age, changed",
    [
        pytest.param([], "present", None, True, id="there is none"),
        pytest.param([managed("totp|b")], "present", None, True, id="another factor is none"),
        pytest.param([managed("totp|b"), MADE], "present", None, False, id="there is one"),
        pytest.param(
            [managed("recovery-code|a", "recovery-code", False)], "present", None, True, id="one not confirmed"
        ),
        pytest.param([MADE], "rotated", 30 * DAY, True, id="too old"),
        pytest.param([MADE], "rotated", 50 * DAY, False, id="young enough"),
    ],
)
def test_a_code_is_made_where_one_is_due_and_check_mode_says_so(rows, state, max_age, changed):
    checked, real = Management(*rows), Management(*rows)
    predicted, done = run(checked, state, max_age, True), run(real, state, max_age)
    assert checked.writes == [] and real.writes == ([("regenerate", USER)] if changed else [])
    assert predicted.changed is done.changed is changed
    assert (predicted.code, done.code) == (None, "NEWCODE" if changed else None)
    assert (predicted.before, predicted.after) == (done.before, done.after)
    assert (done.before != done.after) is changed


@pytest.mark.parametrize(
    "dates, told",
    [
        ({"created_at": NOW}, "2026-01-31T00:00:00.000Z"),
        ({"created_at": NOW - timedelta(days=9), "enrolled_at": NOW}, "2026-01-31T00:00:00.000Z"),
        ({}, "unknown"),
    ],
)
def test_the_diff_tells_when_the_old_code_was_made_and_neither_code(dates, told):
    outcome = run(Management(managed("recovery-code|a", "recovery-code", **dates)))
    assert told in outcome.before and told not in outcome.after
    assert "NEWCODE" not in outcome.after + repr(outcome)
    assert run(Management()).before == ""


def test_an_age_without_rotation_is_refused_before_anything_is_sent():
    account = Management(MADE)
    with pytest.raises(ConfigurationError, match="max_age .* state=rotated"):
        run(account, "present", DAY)
    assert account.calls == []


OLD = NOW - timedelta(days=400)
# The dates that can be read, those that cannot, and whether the age is known.
UNREAD = [
    ({}, {"created_at"}, False),
    ({"created_at": OLD}, {"enrolled_at"}, False),
    ({}, {"created_at", "enrolled_at"}, False),
    ({"enrolled_at": OLD}, {"created_at"}, True),
    ({"created_at": OLD}, {"last_auth_at"}, True),
]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("dates, unread, known", UNREAD)
def test_a_code_is_not_judged_by_a_date_that_nobody_can_read(dates, unread, known, check_mode):
    account = Management(managed("recovery-code|a", "recovery-code", unread_dates=frozenset(unread), **dates))
    if known:
        assert run(account, max_age=DAY, check_mode=check_mode).changed
        return
    with pytest.raises(RefusedError, match="was not replaced: .* cannot be read") as caught:
        run(account, max_age=DAY, check_mode=check_mode)
    assert account.writes == [] and "without max_age" in caught.value.hint
    # Neither an order to replace it in any case, nor a code that nobody knows, needs its age.
    assert run(account, check_mode=check_mode).changed
    assert run(account, max_age=DAY, check_mode=check_mode, lost=True).changed


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_code_that_nobody_knows_is_replaced_whatever_its_age(check_mode):
    account = Management(MADE)
    assert run(account, "present", check_mode=check_mode, lost=True).changed
    assert account.writes == ([] if check_mode else [("regenerate", USER)])


def test_what_is_about_to_be_made_is_announced_first_and_only_then():
    account, announced = Management(MADE), []
    run(account, "present", announce=lambda: announced.append("now"))
    run(account, check_mode=True, announce=lambda: announced.append("now"))
    assert announced == []
    run(account, announce=lambda: announced.append(list(account.writes)))
    assert announced == [[]]


class Busy(Management):
    """Somebody else acts while the task waits."""

    def __init__(self, *others):
        super().__init__()
        self.others = others

    def regenerate_recovery_code(self, user_id):
        self.rows = [MADE]
        return super().regenerate_recovery_code(user_id)

    def pause(self, _seconds):
        self.rows = list(self.others)


@pytest.mark.parametrize(
    "others, told",
    [
        ([managed("recovery-code|b", "recovery-code", created_at=NOW)], "replaced it"),
        ([managed("recovery-code|a", "recovery-code", created_at=NOW)], "replaced it"),
        ([], "removed it"),
    ],
)
def test_a_code_that_somebody_replaced_at_the_same_time_is_told_as_void(others, told):
    account = Busy(*others)
    with pytest.raises(RefusedError, match="is void already: somebody else %s" % told) as caught:
        run(account, "present", pause=account.pause)
    assert caught.value.facts()["changed"] is True and "NEWCODE" not in str(caught.value.facts())


def test_a_code_that_stays_is_the_users():
    account = Busy(MADE)
    assert run(account, "present", pause=account.pause).code == "NEWCODE"


def test_a_code_is_not_lost_when_the_second_reading_fails():
    account = Management(MADE)
    account.fails_at[3] = ServerError("Could not list")
    outcome = run(account)
    assert outcome.code == "NEWCODE" and "nobody checked" in outcome.notice
