# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that change many users, ended by SIGKILL or SIGTERM at random moments and run again until they are done.

Run as ``python -m tests.support.killed_writes URL FOLDER SEED ENDS``. Prints as JSON what came of it. Every task is a process of its own,
forked so that it need not import anything.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

# Loaded before the forks.
import auth0.management  # noqa: F401  # pylint: disable=unused-import
import auth0.management.users.authentication_methods.client  # noqa: F401  # pylint: disable=unused-import
import ansible_collections.mfaops.auth0.plugins.module_utils.many_users  # noqa: F401  # pylint: disable=unused-import
import ansible_collections.mfaops.auth0.plugins.modules.auth0_mfa_authenticator  # noqa: F401  # pylint: disable=unused-import
import ansible_collections.mfaops.auth0.plugins.modules.auth0_recovery_code  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import recovery_codes
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.writing import Writing

from tests.support import in_process
from tests.support.killed import forked, nothing

THREADS = 4
# Longer than a task takes, in seconds.
LONGEST = 0.5
AUTHENTICATOR, CODE = "mfaops.auth0.auth0_mfa_authenticator", "mfaops.auth0.auth0_recovery_code"


def tasks_of(emails: list[str], folder: Path) -> list[tuple[str, dict]]:
    """What is done to the users, one after the other, with its name."""
    phones = [{"email": email, "phone_number": "+44207183%04d" % place} for place, email in enumerate(emails)]
    users = [{"email": email} for email in emails]
    removal = {"state": "absent", "selector": "all", "allow_last_factor": True, "max_users": len(users), "users": users}
    phone = {AUTHENTICATOR: {"factor": "phone", "masked_match": "accept", "users": phones}}
    code = {CODE: {"codes_folder": str(folder / "codes"), "users": users}}
    return [("phone", phone), ("removal", {AUTHENTICATOR: removal}), ("phone", phone), ("code", code)]


def run(task: dict, url: str, output: Path) -> None:
    """One task."""
    Writing.__init__.__defaults__ = (THREADS,)  # type: ignore[misc]
    recovery_codes.SETTLING = 0.0
    # A killed process loses nothing of what the kernel has. This is for a power cut, and takes most of the time.
    os.fsync = nothing
    operator = {"base_url": url, "client_id": "m2m", "client_secret": "m2m-secret"}
    played = in_process.play(output.parent, [task], operator)
    whole = output.with_suffix(".whole")
    whole.write_text(json.dumps(played.results[0]))
    whole.replace(output)


def writes_of(url: str) -> list[str]:
    """The requests that changed something since the last call: method and path."""
    log = urllib.request.Request(url + "/_control/requests", method="GET")
    with urllib.request.urlopen(log, timeout=10) as answer:
        entries = json.load(answer)
    urllib.request.urlopen(urllib.request.Request(log.full_url, method="DELETE"), timeout=10).close()
    return [
        "%(method)s %(path)s" % entry
        for entry in entries
        if entry["method"] != "GET" and entry["path"].startswith("/api/v2/") and (entry["status"] or 500) < 400
    ]


def main(url: str, folder: Path, seed: int, wanted: int) -> list[dict]:
    """End so many tasks early."""
    dice, emails = random.Random(seed), ["user%05d@example.com" % number for number in range(1, 13)]
    found: list[dict] = []
    everything = {"state": "absent", "selector": "everything", "max_removals": 9, "allow_last_factor": True}
    clear = {AUTHENTICATOR: {**everything, "users": [{"email": email} for email in emails]}}
    while sum(task["ends"] for task in found) < wanted:
        assert os.waitpid(forked(lambda: run(clear, url, folder / "output")), 0)[1] == 0
        writes_of(url)
        for name, task in tasks_of(emails, folder):
            found.append({"name": name, **until_done(task, url, folder / "output", dice)})
    return found


def until_done(task: dict, url: str, output: Path, dice: random.Random) -> dict:
    """What came of a task that is ended early and run again until nothing is left to do."""
    writes: Counter[str] = Counter()
    ends, told, result = 0, [], None
    while result is None or result["failed"]:
        output.unlink(missing_ok=True)
        child = forked(lambda: run(task, url, output))
        time.sleep(dice.random() * LONGEST)
        os.kill(child, dice.choice([signal.SIGKILL, signal.SIGTERM]))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL, -signal.SIGTERM), "a task failed by itself"
        # What was sent is carried out, although nobody waits for the answer.
        time.sleep(0.05)
        these = writes_of(url)
        writes.update(these)
        result = json.loads(output.read_text()) if output.exists() else None
        if result is None or result["failed"]:
            ends += 1
        if result is not None:
            told.append(
                {"counts": result.get("counts", {}), "writes": len(these), "users": len(result.get("users", ()))}
            )
    return {"ends": ends, "told": told, "writes": dict(writes), "result": result}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
