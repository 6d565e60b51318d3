# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make demo-aws``, ended with ctrl-c: nothing of it goes on, and it leaves its own folder in ``build/`` only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.function_zip import ROOT

# In build/, by other targets of make and by other tests, at the same time.
MADE_BY_OTHERS = re.compile(r"bytecode|docs|importer|integration|mypy|packages|test|sanity-.*")


def of(folder: Path) -> list[str]:
    """The command lines of all processes that have this folder in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


@pytest.mark.parametrize("line", ["2. deploying", "3. waiting"])
def test_ctrl_c_leaves_nothing_behind(tmp_path, line):
    places = tmp_path / "places"
    places.mkdir()
    before = set((ROOT / "build").iterdir())
    environment = {**os.environ, "TMPDIR": str(places), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        # The environments are there, and must not be made anew under this test.
        ["make", "--assume-old=aws", "demo-aws"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        said = []
        for said_now in process.stdout:
            said.append(said_now)
            if line in said_now:
                break
        assert process.poll() is None, said
        # Tenant, AWS and the demo itself are at work.
        assert len(of(places)) > 3
        # As the terminal does.
        os.killpg(process.pid, signal.SIGINT)
        said += process.stdout.readlines()
        # make ends as whoever is interrupted does.
        assert process.wait(60) == -signal.SIGINT
    assert "Traceback" not in "".join(said), "".join(said)
    deadline = time.monotonic() + 10
    while (left := of(places)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left and not list(places.iterdir())
    made = {path.name for path in set((ROOT / "build").iterdir()) - before}
    assert {name for name in made if not MADE_BY_OTHERS.fullmatch(name)} <= {"demo-aws"}
