# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign: an audit is killed at random moments and at every step of its store, and loses nothing."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.campaign import MULTIPLIER, tried
from tests.support.killed import CHUNK
from tests.support.playbook import ROOT

USERS, UNREADABLE = 60, 3


@pytest.fixture(scope="module")
def running():
    with start(users=USERS, switches={"export-seconds": 0}) as emulator:
        yield emulator


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_audit_goes_on_and_its_reports_are_those_of_an_undisturbed_one(running, tmp_path, seed):
    running.reset()
    users = [user["user_id"] for user in everybody(running)]
    assert len(users) == USERS
    for user_id in users[:: USERS // UNREADABLE]:
        path = "/api/v2/users/%s/authentication-methods" % user_id
        running.control("POST", "faults", {"method": "GET", "path": path, "kind": "error-200", "count": 10_000})
    kills = max(1, round(50 * MULTIPLIER))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", running.url, str(tmp_path), str(seed), str(kills)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "build" / "collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    tried("kills", sum(audit["killed"] for audit in result["audits"]))
    assert result["needed"] == USERS + UNREADABLE
    for audit in result["audits"]:
        assert audit["equal"], audit
        # What a killed audit had asked for and not stored is asked for again, and no more than that.
        assert USERS + UNREADABLE <= audit["reads"] <= result["needed"] + audit["killed"] * CHUNK, audit
    (report,) = Path(result["undisturbed"]).glob("runs/*/report/users.jsonl.gz")
    with gzip.open(report, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    assert Counter(row["user_id"] for row in rows) == Counter(users)
    assert sum(row["error"] is not None for row in rows) == UNREADABLE


def everybody(running) -> list[dict]:
    """The users, not by way of our client."""
    import requests

    body = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
    body["audience"] = "https://%s/api/v2/" % running.domain
    token = requests.post(running.url + "/oauth/token", json=body, timeout=10).json()["access_token"]
    users = []
    for page in range(-(-USERS // 100)):
        answer = requests.get(
            running.url + "/api/v2/users",
            params={"per_page": 100, "page": page},
            headers={"Authorization": "Bearer " + token},
            timeout=10,
        )
        users += answer.json()
    return users
