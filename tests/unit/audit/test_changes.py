# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.changes import Changes, changes_of, had
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso

from tests.unit.audit.fake_tenant import authenticator, days_ago
from tests.unit.audit.history import judged, reading

OTP = authenticator("otp", id="totp|dev_1")
PHONE = authenticator("phone", id="phone|dev_2", enrolled=2, phone_number="XXXXXXXX4321")
CODE = authenticator("recovery-code", id="recovery-code|dev_3")
PUSH = authenticator("push", id="push|dev_4", link_id="one")
TWIN = authenticator("otp", id="totp|dev_5", link_id="one")
PENDING = authenticator("otp", id="totp|dev_6", confirmed=False)
UNKNOWN = authenticator("shoe-size", id="shoe-size|1")


def changed(before, now, **more) -> list[tuple[str, str]]:
    """What a user added and removed."""
    return [(row["change"], row["authenticator_id"]) for row in rows(before, now, **more)]


def rows(before, now, **more) -> list[dict]:
    earlier = reading(1, *before)["authenticators"]
    record = {**reading(1, *now), "before": had(earlier), "before_at": "2026-05-01T00:00:00.000Z"}
    return changes_of(record, judged(record, **more), "run2")


@pytest.mark.parametrize(
    "before, now, expected",
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([OTP], [OTP], [], id="the same"),
        pytest.param([], [OTP], [("added", "totp|dev_1")], id="the first"),
        pytest.param([OTP, PHONE], [PHONE], [("removed", "totp|dev_1")], id="one less"),
        pytest.param([OTP], [PHONE], [("added", "phone|dev_2"), ("removed", "totp|dev_1")], id="a replacement"),
        pytest.param([], [CODE], [("added", "recovery-code|dev_3")], id="a recovery code"),
        pytest.param([], [TWIN, PUSH], [("added", "push|dev_4")], id="linked methods are one device"),
        pytest.param([TWIN, PUSH], [], [("removed", "push|dev_4")], id="and are lost as one"),
        pytest.param([PUSH], [TWIN, PUSH], [], id="the twin of a known device"),
        pytest.param([PUSH, TWIN], [PUSH], [], id="a lost twin"),
        pytest.param([PENDING], [PENDING], [], id="not confirmed"),
        pytest.param([], [PENDING, UNKNOWN], [], id="neither not confirmed nor of an unknown type"),
        pytest.param([], [authenticator("otp", id="totp|dev_6")], [("added", "totp|dev_6")], id="confirmed since"),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_what_was_added_and_removed(before, now, expected, order):
    assert changed(before[::order], now[::order]) == expected


def test_a_row_says_who_what_and_when():
    (row,) = rows([], [PHONE], privileged=True)
    assert (row["user"], row["device"], row["factor"], row["privileged"]) == (
        "user00001@example.com",
        "XXXXXXXX4321",
        "phone",
        True,
    )
    assert (row["at"], row["since"]) == (iso(days_ago(2)), "2026-05-01T00:00:00.000Z")
    (row,) = rows([PHONE], [])
    assert (row["at"], row["device"]) == (None, None)


@pytest.mark.parametrize(
    "more", [{"before": None}, {"before": had([]), "authenticators": None}], ids=["never read before", "not read now"]
)
def test_without_two_readings_nothing_is_said(more):
    record = {**reading(1, OTP), **more}
    assert changes_of(record, judged(record), "run2") == []


def test_a_record_of_an_earlier_version_has_no_reading_before():
    record = reading(1, OTP)
    del record["before"], record["before_at"]
    assert changes_of(record, judged(record), "run2") == []


def test_who_is_out_of_scope_is_not_told_of():
    assert changed([], [OTP], place="out") == []


def test_privileged_users_come_first_then_what_was_added_and_the_latest():
    changes = Changes(shown_at_most=4)
    found = [
        rows([OTP], [], user_id="removed")[0],
        rows([], [authenticator("otp", created=9)], user_id="early")[0],
        rows([], [authenticator("otp", created=3)], user_id="late")[0],
        rows([], [OTP], user_id="break glass", break_glass=True)[0],
        rows([OTP], [], user_id="privileged, removed", privileged=True)[0],
    ]
    for row in found:
        changes.add(row)
    assert [row["user_id"] for row in changes.first()] == ["privileged, removed", "break glass", "late", "early"]
    assert changes.figures() == {"added": 3, "removed": 2, "added_to_privileged": 1}
