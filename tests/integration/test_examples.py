# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example that a reader may copy is run as it stands; only the tenant's address and the variables are put in."""

from __future__ import annotations

import csv
import re
import subprocess
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from tests.support.playbook import BIN, ROOT, environment, play

from .conftest import PASSWORD, code_of, email
from .test_ending import HOW_MANY, SHORT_LOGINS, give_two
from .test_mfa_token import SECRET_4, answering_the_push, browse, received
from .test_playbooks import audit_of, decide, removable

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("auth0_*.py"))
DOMAIN = "example.eu.auth0.com"


def examples(module: str) -> list[dict]:
    code = import_module("ansible_collections.mfaops.auth0.plugins.modules." + module)
    return [task for each in yaml.safe_load(code.EXAMPLES) for task in tasks_of(each)]


def tasks_of(example: dict) -> list[dict]:
    """A task as it is; those of a play with the play's defaults in each."""
    if "tasks" not in example:
        return [example]
    defaults = example["module_defaults"]["group/mfaops.auth0.auth0"]
    return [
        {key: {**defaults, **(value or {})} if key.startswith("mfaops.") else value for key, value in task.items()}
        for task in example["tasks"]
    ]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module(tenant, module):
    variables = {
        "app_client_id": "app",
        "app_client_secret": "app-secret",
        "operator_client_id": "m2m",
        "operator_client_secret": "m2m-secret",
        "risk_key": "risk-key",
        "user_token": tenant.user_token(1),
        "directory": str(tenant.folder),
    }
    tasks = examples(module)
    for task in tasks:
        name = next((key for key in task if key.startswith("mfaops.")), None)
        if name is None:
            continue  # what comes after a task of this collection
        options = task[name]
        assert options.pop("auth0_domain") == DOMAIN
        task[name] = {**options, "base_url": tenant.running.url}
        for option, value in options.items():
            # The controller's environment is not for tests to fill.
            if "AUTH0_CLIENT" in str(value):
                task[name][option] = {"client_id": "m2m", "client_secret": "m2m-secret"}[option]
    if module == "auth0_mfa_authenticator":
        enroll, *rest = tasks
        (enrolled,) = play(tenant.folder, [{**enroll, "register": "x"}], {}, variables=variables).results
        variables["code"] = code_of(enrolled["enrollment"]["secret"], tenant.running)
        tasks = rest
    if "mfaops.auth0." + module in HOW_MANY:
        tenant.running.reset(switches=SHORT_LOGINS)
        give_two(tenant, "mfaops.auth0." + module, 3)
    if module == "auth0_mfa_remediation":
        _row, finding = removable(audit_of(tenant))
        decide(tenant.folder / "findings.csv", {finding["id"]: "remove"})
        tasks[1]["mfaops.auth0." + module]["reviewed"] = [finding["id"]]
    if module == "auth0_mfa_policy":
        (tenant.folder / "policy.yml").write_text("version: 1\nfactors: {duo: true}\n")
    if module == "auth0_mfa_audit":
        for number, task in enumerate(tasks):
            task["mfaops.auth0." + module]["folder"] = str(tenant.folder / str(number))
        first, second = play(tenant.folder, tasks, {}, variables=variables).results
        # The tenant has users without a second factor, and that is what the first one fails for.
        assert first["findings"]["no-mfa"] and first["msg"].startswith("The audit has findings of severity high")
        assert not second.get("failed") and second["coverage"]["read"]
        return
    if module == "auth0_mfa_token":
        # In the one that listens, test_browser_login.py plays the browser.
        tasks = [task for task in tasks if "listen_timeout" not in task["mfaops.auth0." + module]]
        results = run_the_logins(tenant, tasks, variables)
    else:
        # The play registers each result under a name of its own.
        named = {
            task["register"]: "{{ result_%d }}" % number for number, task in enumerate(tasks) if "register" in task
        }
        results = play(tenant.folder, tasks, {}, variables={**variables, **named}).results
    assert [result["msg"] for result in results if result.get("failed")] == []
    own = [result for task, result in zip(tasks, results) if any(key.startswith("mfaops.") for key in task)]
    assert any(result["changed"] for result in own) is not (module.endswith("_info") or module == "auth0_api_token")
    if module == "auth0_mfa_authenticator_info":
        with open(tenant.folder / "users.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        read = {user["user_id"]: user["summary"] for user in results[-2]["users"]}
        assert len(rows) == len(read) == 20
        for row in rows:
            summary = read[row["user_id"]]
            assert (row["second_factor"], row["protection"]) == (str(summary["second_factor"]), summary["protection"])
            assert row["factors"].split() == summary["factors"] and row["last_login"] == (summary["last_login"] or "")


def run_the_logins(tenant, tasks: list[dict], variables: dict) -> list[dict]:
    """The results of tasks one by one, with the user doing in between what a user does."""
    path = "/users/%s/authentication-methods" % quote(tenant.user_id(4))
    tenant.management("POST", path, {"type": "phone", "name": "mine", "phone_number": "+442071838750"})
    variables.update(
        user_name=email(4),
        user_password=PASSWORD,
        user_otp=code_of(SECRET_4, tenant.running),
        user_recovery_code="4444AAAABBBBCCCCDDDDEEEE",
    )
    results = []
    with answering_the_push(tenant, 4, "approve"):
        for task in tasks:
            (result,) = play(tenant.folder, [task], {}, variables=variables).results
            results.append(result)
            variables[task["register"]] = result
            if result.get("binding_method"):
                variables["sms_code"] = received(tenant, 4)["code"]
            if result.get("authorization_url"):
                # A code is good once.
                tenant.running.control("PUT", "clock", {"advance_seconds": 30})
                otp = code_of(SECRET_4, tenant.running)
                variables["callback_url"] = browse(tenant, result["authorization_url"], 4, otp)
    return results


@pytest.mark.oldest
def test_the_first_playbook_of_the_readme(tenant):
    (text,) = re.findall(r"```yaml\n(# first\.yml\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    playbook: Path = tenant.folder / "first.yml"
    playbook.write_text(text.replace("http://127.0.0.1:8090", tenant.running.url))
    command = [BIN / "ansible-playbook", playbook]
    runs = [
        subprocess.run([*command, *options], env=environment(), capture_output=True, text=True, check=True).stdout
        for options in (["--check", "--diff"], [], [])
    ]
    assert ["changed=1 " in output for output in runs] == [True, True, False]
    assert "(known after enrollment): phone, confirmed" in runs[0]
    assert "XXXXXXXXX8750" in runs[2] and email(2) not in runs[2]
