# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes for many users: a loop of tasks next to one task, with and without latency, and one task on a plan with limits.

Run as ``PYTHONPATH=build/collections python -m tests.bench.bench_many_users``. Prints a table; nothing is asserted. The loop is measured with
few users, because it takes the same time for each.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

from tests.emulator.launch import Running, start
from tests.support.playbook import BIN, environment

AUTHENTICATOR, CODE = "mfaops.auth0.auth0_mfa_authenticator", "mfaops.auth0.auth0_recovery_code"


def seconds(folder: Path, tasks: list[dict]) -> float:
    """How long a play of these tasks takes."""
    playbook = folder / "playbook.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    began = time.perf_counter()
    command = [BIN / "ansible-playbook", playbook]
    subprocess.run(command, env=environment(keep=False), stdout=subprocess.DEVNULL, check=True, cwd=folder)
    return time.perf_counter() - began


def phone(user: int) -> dict:
    """The values of one user."""
    return {"email": "user%05d@example.com" % user, "phone_number": "+4420%08d" % user}


def code(user: int) -> dict:
    """The same for a recovery code."""
    return {"email": "user%05d@example.com" % user, "path": "codes/%d" % user}


def measured(running: Running, folder: Path, tasks: list[dict], empty: float) -> tuple[float, int, int, int]:
    """Seconds without the start of Ansible, requests, those for tokens, and those that met the limit."""
    running.control("DELETE", "requests")
    took = seconds(folder, tasks) - empty
    log = running.control("GET", "requests")
    tokens = sum(entry["path"].startswith("/oauth/token") for entry in log)
    return took, len(log), tokens, sum(entry["status"] == 429 for entry in log)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--loop", type=int, default=10, help="users in a loop of tasks")
    options.add_argument("--users", type=int, nargs="+", default=[10, 100, 1000], help="users in one task")
    options.add_argument("--latency", type=int, nargs="+", default=[0, 100], help="milliseconds of each answer")
    options.add_argument("--plan", default="unlimited", help="of the tenant's rate limits")
    given = options.parse_args()
    print("| What | Latency | How | Users | Seconds | ms a user | Requests | Tokens | 429 | Faster |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for latency in given.latency:
        for what, module, fixed, own in (
            ("a phone", AUTHENTICATOR, {"factor": "phone", "masked_match": "reject"}, phone),
            ("a recovery code", CODE, {"state": "rotated"}, code),
        ):
            looped = 0.0
            for number, how in [(given.loop, "loop"), *((number, "one task") for number in given.users)]:
                with (
                    tempfile.TemporaryDirectory() as name,
                    start(users=number, plan=given.plan, switches={"latency-ms": latency}) as running,
                ):
                    folder = Path(name)
                    (folder / "codes").mkdir()
                    common = {"base_url": running.url, "client_id": "m2m", "client_secret": "m2m-secret", **fixed}
                    entries = [own(user) for user in range(1, number + 1)]
                    if how == "loop":
                        tasks = [{module: {**common, **entry}} for entry in entries]
                    else:
                        tasks = [{module: {**common, "max_users": number, "users": entries}}]
                    took, requests, tokens, limited = measured(running, folder, tasks, seconds(folder, []))
                each = took / number
                looped = looped or each
                print(
                    "| %s | %d ms | %s | %d | %.1f | %.1f | %d | %d | %d | %.0f |"
                    % (what, latency, how, number, took, each * 1000, requests, tokens, limited, looped / each),
                    flush=True,
                )


if __name__ == "__main__":
    main()
