# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit's shell command, called as a stranger would: from another directory, with a plain environment."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.emulator.launch import Running
from tests.support.playbook import ROOT

PROGRAM = "ansible_collections.mfaops.auth0.audit"
# What Python needs to find the collection; nothing else of the caller's environment.
PATHS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "build" / "collections")}
LONGEST = 60


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str


def _as_in_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Shell:
    """Calls the command on one tenant.

    :ivar folder: where the audits are kept
    :ivar tenant: options that say where the tenant is
    :ivar environment: what the command's environment has
    """

    def __init__(self, here: Path, running: Running) -> None:
        self.here = here / "elsewhere"
        self.here.mkdir(exist_ok=True)
        self.folder = here / "audits"
        self.tenant = ["--base-url", running.url]
        if running.ca_file:
            self.tenant += ["--ca-path", running.ca_file]
        self.environment = {**PATHS, "HOME": str(self.here)}
        self.environment.update(AUTH0_CLIENT_ID="m2m-readonly", AUTH0_CLIENT_SECRET="m2m-readonly-secret")

    def words(self, command: str, *options: str) -> list[str]:
        """The whole command line."""
        tenant = self.tenant if command in ("plan", "run") else []
        folder = ["--folder", str(self.folder)] if self.folder else []
        return [sys.executable, "-m", PROGRAM, command, *tenant, *folder, *options]

    def begin(self, command: str, *options: str, **how) -> subprocess.Popen:
        """Start a call."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        # Whoever runs the tests in the background has the process begin with an ignored SIGINT.
        given.update(cwd=self.here, env=self.environment, preexec_fn=_as_in_a_terminal)
        given.update(how)
        return subprocess.Popen(self.words(command, *options), **given)

    def __call__(self, command: str, *options: str, given: str | None = None, **how) -> Ended:
        """Call it and wait for its end.

        :param given: standard input
        """
        if given is not None:
            how["stdin"] = subprocess.PIPE
        with self.begin(command, *options, **how) as process:
            try:
                out, err = process.communicate(given, timeout=LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Ended(process.returncode, out, err)

    def latest(self) -> dict:
        """What points to the last report."""
        return json.loads((self.folder / "latest.json").read_text())

    def summary(self) -> dict:
        """The last one."""
        return json.loads((self.folder / self.latest()["keys"]["summary.json"]).read_text())

    def rows(self) -> list[dict]:
        """The users of the last report."""
        with gzip.open(self.folder / self.latest()["keys"]["users.jsonl.gz"], "rt") as lines:
            return [json.loads(line) for line in lines]


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Return when it is so.

    :raises AssertionError: it is not so in time
    """
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "waited for %s s in vain" % seconds
        time.sleep(0.01)
