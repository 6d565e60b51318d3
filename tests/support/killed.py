# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audits that are killed again and again, at random moments and at every step of the store, and gone on with until they are done.

Run as ``python -m tests.support.killed URL FOLDER SEED KILLS``. Prints as JSON what came of it. Every audit is a process of its own, forked so
that it need not import anything, and is ended by SIGKILL. All have the same clock, so their reports have to have the same bytes.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

# Loaded before the forks.
import auth0.management  # noqa: F401  # pylint: disable=unused-import
import auth0.management.users.authentication_methods.client  # noqa: F401  # pylint: disable=unused-import
import jinja2  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

from tests.support.operator import client_secret, management_api

THREADS = 4
# So that a small tenant has several parts.
CHUNK = 20
NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
# No audit writes so often.
NEVER = 10**6


def nothing(_descriptor: int) -> None:
    """Does nothing."""


class DyingStore(FolderStore):
    """Kills its process just before, or just after, the n-th file is in its place."""

    def __init__(self, folder: Path, number: int, after: bool) -> None:
        super().__init__(str(folder))
        self._left, self._after = number, after

    def _store(self, name, content, once):
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._store(name, content, once)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Hasty(Stop):
    """Waits a fiftieth of the time, for an export that is done at once."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 50)


def audit(url: str, store: FolderStore) -> None:
    """One audit, or the rest of one."""
    scan.CHUNK = CHUNK
    # A killed process loses nothing of what the kernel has. This is for a power cut, and takes most of the time.
    os.fsync = nothing
    budget = Budget(1, math.inf)
    with management_api(url, budget, partial(client_secret, client_id="m2m-readonly")) as api:
        run(api, budget, store, Order(url.rpartition("/")[2], threads=THREADS), stop=Hasty(), clock=lambda: NOW)


def forked(work: Callable[[], None]) -> int:
    """The ID of a new process that does the work and nothing else."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def files_of(folder: Path) -> dict[str, bytes]:
    """The reports of the only run."""
    (reports,) = folder.glob("runs/*/report")
    return {path.name: path.read_bytes() for path in reports.iterdir() if not path.name.startswith(".")}


def is_done(folder: Path) -> bool:
    """Whether there is nothing left to go on with."""
    return any(json.loads(path.read_text())["reported"] for path in folder.glob("runs/*/checkpoint.json"))


def reads_of(url: str) -> int:
    """How many lists of authenticators were asked for; the count begins anew."""
    log = urllib.request.Request(url + "/_control/requests", method="GET")
    with urllib.request.urlopen(log, timeout=10) as answer:
        entries = json.load(answer)
    urllib.request.urlopen(urllib.request.Request(log.full_url, method="DELETE"), timeout=10).close()
    return sum("/authentication-methods" in entry["path"] for entry in entries)


def main(url: str, folder: Path, seed: int, wanted: int) -> dict:
    """Kill so many audits."""
    dice = random.Random(seed)
    reads_of(url)
    began = time.monotonic()
    undisturbed = FolderStore(str(folder / "undisturbed"))
    assert os.waitpid(forked(lambda: audit(url, undisturbed)), 0)[1] == 0
    lasts, needed = time.monotonic() - began, reads_of(url)
    files = files_of(folder / "undisturbed")
    kills = audits = 0
    found = []
    while kills < wanted:
        here, killed = folder / str(audits), 0
        while not is_done(here):
            at_a_step = dice.random() < 0.5
            store = DyingStore(here, dice.randint(1, 8) if at_a_step else NEVER, dice.random() < 0.5)
            child = forked(lambda: audit(url, store))  # noqa: B023  # it is used at once
            if not at_a_step:
                time.sleep(dice.random() * lasts)
                os.kill(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert code in (0, -signal.SIGKILL), "an audit failed by itself"
            killed += code != 0
        found.append({"killed": killed, "reads": reads_of(url), "equal": files_of(here) == files})
        kills, audits = kills + killed, audits + 1
    return {"needed": needed, "audits": found, "undisturbed": str(folder / "undisturbed")}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
