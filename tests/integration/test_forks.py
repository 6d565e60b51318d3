# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sixteen forks against one tenant of the free plan: each is a process of its own, and together they keep to the tenant's limit."""

from __future__ import annotations

import subprocess

import yaml

from tests.emulator.launch import start
from tests.support.playbook import BIN, environment

from .conftest import email

FORKS = 16


def test_forks_share_the_budget_of_a_tenant(tmp_path):
    hosts = {
        "host%02d" % number: {"ansible_connection": "local", "user": email(number)} for number in range(1, FORKS + 1)
    }
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    with start(users=FORKS, plan="free") as running:
        task = {"base_url": running.url, "client_id": "m2m", "client_secret": "m2m-secret", "email": "{{ user }}"}
        task = {"mfaops.auth0.auth0_mfa_authenticator_info": {**task, "max_wait": 600}}
        content = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(content))
        run = subprocess.run(
            [BIN / "ansible-playbook", "-i", "hosts.yml", "-f", str(FORKS), "play.yml"],
            cwd=tmp_path,
            # Where nobody else's budget is.
            env={**environment(), "XDG_RUNTIME_DIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        answers = [entry["status"] for entry in running.control("GET", "requests") if "/api/v2/" in entry["path"]]
    assert run.returncode == 0 and run.stdout.count("failed=0") == FORKS, run.stdout
    # Each user is found by the address and then read. Nobody was refused, and nothing was asked twice.
    assert answers == [200] * 2 * FORKS
