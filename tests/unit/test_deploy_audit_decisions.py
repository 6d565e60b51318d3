# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook that deploys the audit decides. No task is run."""

from __future__ import annotations

from pathlib import Path

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

TASKS = Path(__file__).resolve().parents[2] / "playbooks" / "tasks"
CODE = "mfa-audit-code-123456789012-eu-west-1"


def test_the_function_is_stored_in_a_bucket_of_the_account_only():
    tasks = DataLoader().load_from_file(str(TASKS / "deploy_audit_code.yml"), trusted_as_template=True)
    modules = [next(each for each in task if "." in each) for task in tasks]
    checked = modules.index("ansible.builtin.assert")
    assert modules.index("amazon.aws.s3_bucket_info") < checked < modules.index("amazon.aws.s3_object")
    for names, is_own in (([CODE], True), ([], False), ([CODE + "-2"], False)):
        known = {"code": CODE, "own": {"buckets": [{"name": name} for name in names]}}
        templar = Templar(loader=DataLoader(), variables=known)
        assert templar.evaluate_conditional(tasks[checked]["ansible.builtin.assert"]["that"]) is is_own
