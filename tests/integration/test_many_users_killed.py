# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign: tasks that change many users are killed or interrupted at random moments. Each user is changed once, or it is told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import name_of_file

from tests.emulator.launch import start
from tests.support.campaign import MULTIPLIER, tried
from tests.support.playbook import ROOT

from .conftest import Tenant

USERS = 12


@pytest.fixture(scope="module")
def running():
    with start(users=USERS) as emulator:
        yield emulator


@pytest.mark.parametrize("seed", [1, 2])
def test_each_user_is_changed_once_however_often_the_task_is_ended(running, tmp_path, seed):
    running.reset()
    tenant = Tenant(running, tmp_path)
    ends = max(1, round(8 * MULTIPLIER))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_writes", running.url, str(tmp_path), str(seed), str(ends)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "build" / "collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for task in found:
        tried("tasks for many users that were ended", task["ends"])
        counts = task["result"]["counts"]
        assert counts["changed"] + counts["unchanged"] == len(task["writes"]) == USERS
        for told in task["told"]:
            # What a task that was interrupted says is what it did.
            assert sum(told["counts"].values()) == told["users"] and told["counts"]["changed"] == told["writes"], told
        writes = task["writes"].values()
        # A code that a killed task may have lost is made again, and only such a one: as many as are made at once.
        assert sum(writes) - USERS <= 4 * task["ends"] if task["name"] == "code" else set(writes) == {1}
    assert not [*tmp_path.joinpath("codes").glob(".*.pending")]
    assert len([*tmp_path.joinpath("codes").iterdir()]) == USERS
    logins = {number: tenant.log_in(number) for number in range(1, USERS + 1)}
    taken = 0
    for number, login in logins.items():
        if "mfa_token" not in login:
            continue  # one that has no password, or is blocked
        # Auth0 takes the code that is in the file.
        body = {
            "grant_type": "http://auth0.com/oauth/grant-type/mfa-recovery-code",
            "mfa_token": login["mfa_token"],
            "recovery_code": tmp_path.joinpath("codes", name_of_file(tenant.user_id(number))).read_text().strip(),
        }
        taken += bool(tenant.post("/oauth/token", body)["access_token"])
    assert taken > USERS / 2
