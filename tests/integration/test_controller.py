# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job as a controller starts it, and the build context of an execution environment, as far as both go without one."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.mfaops.auth0.plugins.module_utils.versions import PACKAGES
from tests.support.controller import extra_vars, injected
from tests.support.playbook import BIN, ROOT, environment

from .conftest import email

EXAMPLE = ROOT / "docs" / "examples" / "execution_environment" / "execution-environment.yml"


def test_a_job_runs_with_what_the_controller_injects(tenant):
    url = tenant.running.url
    given = injected(domain="", base_url=url, client_id="m2m", client_secret="m2m-secret")
    answers = tenant.folder / "answers.json"
    answers.write_text(json.dumps(extra_vars("reset_lost_phone", user=email(9))))
    playbook = tenant.folder / "playbook.yml"
    playbook.write_text(yaml.safe_dump([{"import_playbook": "mfaops.auth0.reset_lost_phone"}]))
    run = subprocess.run(
        [BIN / "ansible-playbook", playbook, "-e", "@%s" % answers],
        cwd=tenant.folder,
        env={**environment(), **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert tenant.requests("POST", "/api/v2/guardian/enrollments/ticket")


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """The build context of the example."""
    folder = tmp_path_factory.mktemp("environment")
    command = [ROOT / ".venv/bin/ansible-builder", "create", "--output-filename", "Containerfile"]
    subprocess.run([*command, "-f", EXAMPLE, "-c", folder / "context"], cwd=folder, check=True, capture_output=True)
    return folder / "context"


def test_the_execution_environment_has_the_collection_and_ansible(context):
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    assert [each["name"] for each in wanted] == ["mfaops.auth0"]
    steps = (context / "Containerfile").read_text()
    image = yaml.safe_load(EXAMPLE.read_text())["images"]["base_image"]["name"]
    assert 'ARG EE_BASE_IMAGE="%s"' % image in steps
    assert 'ARG ANSIBLE_INSTALL_REFS="ansible-core>=2.16 ansible-runner"' in steps
    assert re.search("ansible-galaxy collection install .*requirements.yml", steps)


def test_the_build_installs_what_the_modules_need(context):
    """The script that a build runs in the container, on the collection of the checkout."""
    script = context / "_build" / "scripts" / "introspect.py"
    found = context.parent / "python.txt"
    command = [sys.executable, script, "introspect", ROOT / "build" / "collections", "--write-pip", found]
    subprocess.run([*command, "--write-bindep", context.parent / "bindep.txt"], check=True, capture_output=True)
    lines = [line.partition("#")[0].strip() for line in found.read_text().splitlines()]
    installed = {line for line in lines if line}
    # jinja2 comes with ansible-core, and httpx with auth0-python.
    needed = {package.requirement for name, package in PACKAGES.items() if name not in ("jinja2", "httpx")}
    assert {line.replace(" ", "") for line in installed} == needed
    bindep = context.parent / "bindep.txt"
    assert not bindep.exists() or not bindep.read_text().strip()
