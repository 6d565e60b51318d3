# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is too old or too new is told first of all, with the command that mends it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.versions import PACKAGES, how_to_install, wrong_versions
from tests.support.wrong_options import end_of

PLUGINS = Path(__file__).parents[2] / "plugins"
TASK = {"base_url": "http://127.0.0.1:9", "client_id": "m2m", "max_wait": 0}
OPERATOR = {**TASK, "email": "a@example.com", "client_secret": "secret-secret"}
USER = {**TASK, "username": "u", "password": "secret-secret"}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs the metadata of a package, before what is really there."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return lambda name, version: (tmp_path / f"{name}-{version}.dist-info").mkdir()


def test_what_this_environment_has_is_right():
    assert wrong_versions(*PACKAGES) is None


@pytest.mark.parametrize(
    "name, version, right",
    [
        ("auth0_python", "4.7.1", False),
        ("auth0_python", "6.7.9", False),
        ("auth0_python", "6.8.0", True),
        ("auth0_python", "6.10.0rc1", True),
        ("auth0_python", "7.0.0", False),
        ("requests", "2.31.0", False),
        ("requests", "3.0", True),
        ("httpx", "0.20.0", False),
        ("PyJWT", "1.7.1", False),
        ("pyjwt", "2.8", True),
        ("segno", "1.5.3", False),
    ],
)
def test_a_version_is_compared_by_its_numbers(installed, name, version, right):
    installed(name, version)
    wrong = wrong_versions(*PACKAGES)
    assert (wrong is None) is right
    if wrong:
        assert version in wrong[0] and wrong[1].startswith("Run: ")


def test_the_command_is_for_the_python_that_runs(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python3")
    command = "'/opt/my python/bin/python3' -m pip install 'auth0-python>=6.8,<7'"
    assert how_to_install("auth0-python") == command
    assert shlex.split(command)[-1] == "auth0-python>=6.8,<7"


@pytest.mark.parametrize("name, version", [("auth0_python", "4.7.1"), ("auth0_python", "7.0"), ("requests", "2.20.0")])
def test_a_wrong_version_is_told_before_the_first_request(installed, name, version):
    installed(name, version)
    output, asked = end_of("auth0_mfa_authenticator_info", OPERATOR, False)
    said = json.loads(output)["msg"]
    assert version in said and "-m pip install" in said and "Traceback" not in said and not asked


def test_only_what_the_task_needs_is_looked_at(installed):
    installed("auth0_python", "4.7.1")
    installed("segno", "1.0")
    _output, asked = end_of("auth0_mfa_authenticator_info", USER, False)
    assert asked


def older_pythons() -> list[str]:
    return sorted(map(str, Path("~/.pyenv/versions").expanduser().glob("3.[89].*/bin/python")))


@pytest.mark.skipif(not older_pythons(), reason="this machine has no Python that is too old")
@pytest.mark.parametrize("module", sorted(path.stem for path in (PLUGINS / "modules").glob("auth0_*.py")))
def test_a_python_that_is_too_old_is_told_as_a_result(tmp_path, module):
    """Without Ansible: whatever a module needs of it is empty, and none of it is reached."""
    (tmp_path / "ansible" / "module_utils").mkdir(parents=True)
    (tmp_path / "ansible" / "module_utils" / "basic.py").write_text(
        "AnsibleModule = env_fallback = missing_required_lib = object"
    )
    collection = tmp_path / "ansible_collections" / "mfaops" / "auth0"
    collection.mkdir(parents=True)
    (collection / "plugins").symlink_to(PLUGINS)
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in older_pythons():
        command = [python, str(PLUGINS / "modules" / (module + ".py"))]
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        result = json.loads(ended.stdout)
        assert result["failed"] and "too old" in result["msg"] and python in result["msg"], ended.stderr
        assert (ended.returncode, ended.stderr) == (1, "")
