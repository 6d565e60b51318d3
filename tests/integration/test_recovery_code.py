# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_recovery_code against the embedded tenant."""

from __future__ import annotations

import re
import stat

import pytest

from .conftest import email

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_recovery_code"
CODE = re.compile(r"[1-9A-Z]{24}")


def test_present_makes_a_code_once(tenant):
    present = {MODULE: {"email": email(2)}, "diff": True}
    checked, made, again = tenant.results(tenant.operator, {**present, "check_mode": True}, present, present)
    assert [result["changed"] for result in (checked, made, again)] == [True, True, False]
    assert CODE.fullmatch(made["recovery_code"])
    assert "recovery_code" not in checked and "recovery_code" not in again
    assert made["recovery_code"] not in str(made["diff"]) and checked["diff"] == made["diff"]
    assert len(tenant.requests("POST", "recovery-code-regeneration")) == 1


def test_rotated_makes_a_new_one_every_time(tenant):
    rotated = {MODULE: {"email": email(8), "state": "rotated"}}
    checked, one, two = tenant.results(tenant.operator, {**rotated, "check_mode": True}, rotated, rotated)
    assert [result["changed"] for result in (checked, one, two)] == [True, True, True]
    assert one["recovery_code"] != two["recovery_code"]
    assert len(tenant.requests("POST", "recovery-code-regeneration")) == 2


def test_rotated_with_max_age_leaves_a_young_code_alone(tenant):
    def rotated(age):
        return {MODULE: {"email": email(8), "state": "rotated", "max_age": age}}

    old, young, two_weeks = tenant.results(tenant.operator, rotated("1d"), rotated("1d"), rotated("2w"))
    assert [result["changed"] for result in (old, young, two_weeks)] == [True, False, False]


def test_a_lost_answer_is_told_and_never_sent_twice(tenant):
    before = tenant.methods(8)
    tenant.fault(kind="lost", method="POST", path="*/recovery-code-regeneration")
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(8), "state": "rotated"}})
    assert result["failed"]
    assert "old code may be void" in result["msg"] and "not sent again" in result["msg"]
    assert len(tenant.requests("POST", "recovery-code-regeneration")) == 1
    assert tenant.methods(8) != before


def test_a_server_error_on_the_write_is_as_ambiguous(tenant):
    tenant.fault(kind="status", status=500, method="POST", path="*/recovery-code-regeneration")
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(8), "state": "rotated"}})
    assert result["failed"] and result["status"] == 500 and "old code may be void" in result["msg"]
    assert len(tenant.requests("POST", "recovery-code-regeneration")) == 1


def test_max_age_is_checked_before_any_request(tenant):
    tenant.forget_requests()
    results = tenant.results(
        tenant.operator,
        {MODULE: {"email": email(8), "state": "rotated", "max_age": "soon"}},
        {MODULE: {"email": email(8), "max_age": "1d"}},
    )
    assert [
        "max_age 'soon' is not a number with a unit" in results[0]["msg"],
        "max_age requires state=rotated" in results[1]["msg"],
    ] == [True] * 2
    assert tenant.requests() == []


@pytest.mark.run_by("ansible-playbook")
def test_a_code_goes_to_a_file_that_only_its_owner_can_read(tenant):
    path = tenant.folder / "code"
    to_file = {MODULE: {"email": email(2), "path": str(path)}}
    (checked,) = tenant.results(tenant.operator, {**to_file, "check_mode": True})
    assert checked["changed"] and not path.exists()
    played = tenant.play(tenant.operator, to_file, to_file, options=("-vvvv",))
    made, again = played.results
    assert [made["changed"], again["changed"]] == [True, False]
    assert made["path"] == str(path) and "recovery_code" not in made and "path" not in again
    code = path.read_text().strip()
    assert CODE.fullmatch(code) and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert code not in played.output


def test_a_file_that_cannot_be_written_is_refused_before_the_old_code_is_void(tenant):
    (result,) = tenant.results(
        tenant.operator, {MODULE: {"email": email(8), "state": "rotated", "path": "/no/such/folder/code"}}
    )
    assert result["failed"] and "path '/no/such/folder/code' cannot be written" in result["msg"]
    assert tenant.requests() == []


def test_an_ambiguous_answer_leaves_no_file(tenant):
    tenant.fault(kind="lost", method="POST", path="*/recovery-code-regeneration")
    path = tenant.folder / "codes" / "code"
    path.parent.mkdir()
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(8), "state": "rotated", "path": str(path)}})
    assert result["failed"] and list(path.parent.iterdir()) == []
