# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every snippet of the guide runs unchanged, in another project."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator.launch import PROJECT_ROOT

GUIDE = (PROJECT_ROOT / "tests" / "emulator" / "GUIDE.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
FILES = {re.match(r"# (\S+)\n", text)[1]: text for language, text in BLOCKS if language != "sh"}
SCRIPTS = [text for language, text in BLOCKS if language == "sh"]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
    "AUTH0_EMULATOR": str(PROJECT_ROOT),
    "NO_PROXY": "*",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}


def test_no_block_is_left_out():
    assert GUIDE.count("```") == 2 * len(BLOCKS)
    assert len(FILES) + len(SCRIPTS) == len(BLOCKS)


def test_files_of_the_guide_run_in_another_project(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    ended = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False
    )
    expected = sum(text.count("\ndef test_") for text in FILES.values())
    assert ended.returncode == 0, ended.stdout
    assert f"{expected} passed" in ended.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_shell_commands_of_the_guide(script):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    ended = subprocess.run(
        ["bash", "-e", "-c", script.replace("8090", port)],
        cwd=PROJECT_ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert '"access_token":"' in ended.stdout
