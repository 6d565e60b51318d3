# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_recovery_code against the embedded tenant."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from unittest import mock

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import recovery_codes

from tests.support.playbook import ROOT

from .conftest import email

pytestmark = [pytest.mark.run_by("module"), pytest.mark.realistic]

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


def test_a_run_after_a_lost_answer_makes_a_new_code_on_purpose(tenant):
    path = tenant.folder / "codes" / "code"
    path.parent.mkdir()
    present = {MODULE: {"email": email(8), "path": str(path)}}
    rotated = {MODULE: {**present[MODULE], "state": "rotated", "max_age": "1d"}}
    tenant.fault(kind="lost", method="POST", path="*/recovery-code-regeneration")
    (lost,) = tenant.results(tenant.operator, rotated)
    (note,) = path.parent.iterdir()
    assert lost["failed"] and lost["changed"] and "Run the task again" in lost["msg"]
    assert stat.S_IMODE(note.stat().st_mode) == 0o600 and tenant.user_id(8) in note.read_text()
    # Auth0 has a young code, and nobody knows it.
    checked, made, again = tenant.results(tenant.operator, {**present, "check_mode": True}, present, rotated)
    assert [result["changed"] for result in (checked, made, again)] == [True, True, False]
    assert checked["interrupted_at"] == made["interrupted_at"] and again["interrupted_at"] is None
    assert "so nobody may know the code" in made["warnings"][0] and "warnings" not in again
    assert [each.name for each in path.parent.iterdir()] == ["code"] and CODE.fullmatch(path.read_text().strip())


def test_a_refusal_leaves_no_note(tenant):
    path = tenant.folder / "code"
    readonly = {**tenant.operator, "client_id": "m2m-readonly", "client_secret": "m2m-readonly-secret"}
    (result,) = tenant.results(readonly, {MODULE: {"email": email(8), "state": "rotated", "path": str(path)}})
    assert result["failed"] and result["status"] == 403 and list(tenant.folder.iterdir()) == []


def test_a_note_of_another_user_stops_the_task(tenant):
    path = tenant.folder / "code"
    tenant.fault(kind="lost", method="POST", path="*/recovery-code-regeneration")
    one, other = ({MODULE: {"email": email(number), "state": "rotated", "path": str(path)}} for number in (8, 4))
    _lost, checked, refused, done = tenant.results(tenant.operator, one, {**other, "check_mode": True}, other, one)
    for result in (checked, refused):
        assert result["failed"] and "belongs to the recovery code of " + tenant.user_id(8) in result["msg"]
    assert not done["failed"] and path.exists()


def test_a_killed_run_is_noticed_by_the_next_one(tenant):
    path = tenant.folder / "code"
    options = {**tenant.operator, "email": email(8), "state": "rotated", "path": str(path)}
    tenant.fault(kind="slow", seconds=5, method="POST", path="*/recovery-code-regeneration")
    before = tenant.methods(8)
    module = ROOT / "build/collections/ansible_collections/mfaops/auth0/plugins/modules/auth0_recovery_code.py"
    process = subprocess.Popen(
        [sys.executable, module],
        env={**os.environ, "PYTHONPATH": str(ROOT / "build/collections")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": options}))
    process.stdin.close()
    deadline = time.monotonic() + 20
    # The tenant has the request as soon as the old code is void.
    while tenant.methods(8) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    locked = tenant.results({}, {MODULE: options})[0]
    process.kill()
    process.wait()
    process.stdout.close()
    assert tenant.methods(8) != before and not path.exists()
    assert locked["failed"] and "being written by another run" in locked["msg"]
    made, again = tenant.results({}, *[{MODULE: {**options, "max_age": "1d"}}] * 2)
    assert made["changed"] and made["interrupted_at"] and not again["changed"]
    assert CODE.fullmatch(path.read_text().strip())


def test_of_tasks_at_the_same_time_one_is_told_that_its_code_is_void(tenant):
    replaced = tenant.user_id(2)

    def somebody_else(_seconds):
        tenant.management("POST", "/users/%s/recovery-code-regeneration" % replaced.replace("|", "%7C"))

    with mock.patch.object(recovery_codes, "sleep", somebody_else):
        (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(2)}})
    assert result["failed"] and result["changed"] and "is void already" in result["msg"]
    assert "recovery_code" not in result


def test_a_name_that_is_too_long_is_refused_before_the_old_code_is_void(tenant):
    path = str(tenant.folder / ("x" * 300))
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(8), "state": "rotated", "path": path}})
    assert result["failed"] and "cannot be written" in result["msg"] and tenant.requests() == []
