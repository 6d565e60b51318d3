# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast an audit is, what it sends and what it needs, next to a loop over auth0-python in the same run.

``python -m tests.bench.bench_audit [--part rate|cpu|requests|memory|million] [--preset realistic]`` prints figures; nothing is asserted. Each is of
a process of its own against the embedded tenant. On a machine that is busy with other things only requests, memory and, with
some care, processor time mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from tests.bench.bench_emulator import management_token
from tests.emulator.launch import PROJECT_ROOT, start
from tests.emulator.state.rate_limits import PLANS

THREADS = 32
WARM_UP = 10.0
EVERY = 50  # one user of so many has changed


def client(kind: str, **given: Any) -> dict[str, Any]:
    """What came out of one thing that is measured, see ``audit_client``."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "build" / "collections")}
    command = [sys.executable, "-m", "tests.bench.audit_client", kind, json.dumps(given)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def rate(options: argparse.Namespace) -> None:
    """Users a second on a plan with limits."""
    refill = PLANS["enterprise"]["management"]["all"].per_second
    name = "enterprise, %.0f/s, %s" % (refill, options.preset or "realistic")
    print(f"{name:40}{'users/s':>10}{'of refill':>11}{'429s':>7}")
    limits = {"warm_up": WARM_UP, "seconds": options.seconds}
    # What the limits leave of the speed means something with latency only.
    tenant = start(users=10_000, plan="enterprise", preset=options.preset or "realistic")
    with tempfile.TemporaryDirectory() as folder, tenant as running:
        for threads in (THREADS, 1):
            running.reset()
            ours = client("run", url=running.url, folder=f"{folder}/{threads}", threads=threads, **limits)
            rate_row(f"audit, {threads} threads", ours, refill)
        running.reset()
        token = management_token(running)
        rate_row("loop over auth0-python", client("loop", url=running.url, token=token, users=10_000, **limits), refill)


def rate_row(name: str, found: dict[str, Any], refill: float) -> None:
    """A row of the table."""
    speed = found["users_per_second"]
    print(f"{name:40}{speed:10.2f}{speed / refill:11.1%}{found['rate_limited']:7}")


def cpu(options: argparse.Namespace) -> None:
    """Processor time of the client for each user."""
    users = options.users
    print(f"{'%d users, no limits' % users:40}{'ms/user, reading':>18}{'ms/user, whole run':>20}{'users/s':>10}")
    with tempfile.TemporaryDirectory() as folder, start(users=users, preset=options.preset) as running:
        for turn in range(options.rounds):
            for threads in (THREADS, 1):
                where = f"{folder}/{turn}-{threads}"
                cpu_row(f"audit, {threads} threads", client("run", url=running.url, folder=where, threads=threads))
            found = client("loop", url=running.url, token=management_token(running), users=min(users, 1000))
            cpu_row("loop over auth0-python", found)


def cpu_row(name: str, found: dict[str, Any]) -> None:
    """A row of the table."""
    whole = found["cpu"] / found["walked"] * 1000
    print(f"{name:40}{found['walk_cpu_ms']:18.2f}{whole:20.2f}{found['users_per_second']:10.1f}")


def requests(options: argparse.Namespace) -> None:
    """Requests for each user: a full run, one after which nobody changed, and one after which some did."""
    users = options.users
    print(f"{'%d users' % users:40}{'requests':>10}{'per user':>10}{'read':>8}{'carried':>9}")
    with tempfile.TemporaryDirectory() as folder, start(users=users, preset=options.preset) as running:
        requests_row("full run", client("run", url=running.url, folder=folder), users)
        requests_row("delta run, nobody changed", client("run", url=running.url, folder=folder), users)
        running.control("POST", "logins", {"every": EVERY})
        name = "delta run, %.0f %% logged in" % (100 / EVERY)
        requests_row(name, client("run", url=running.url, folder=folder), users)


def requests_row(name: str, found: dict[str, Any], users: int) -> None:
    """A row of the table."""
    sent = found["requests"]
    print(f"{name:40}{sent:10}{sent / users:10.3f}{found['read'] - found['carried']:8}{found['carried']:9}")


def memory(options: argparse.Namespace) -> None:
    """Peak memory of full runs of different sizes."""
    print(f"{'full run':40}{'peak MB':>10}{'seconds':>10}")
    for users in options.sizes:
        with tempfile.TemporaryDirectory() as folder, start(users=users, preset=options.preset) as running:
            found = client("run", url=running.url, folder=folder)
            print(f"{'%d users' % users:40}{found['peak'] / 1e6:10.1f}{found['seconds']:10.1f}")


def million(options: argparse.Namespace) -> None:
    """A delta run of a large tenant: its plan, its beginning, and the report on all rows."""
    users = options.large
    print(
        f"{'%d users, %.0f %% logged in' % (users, 100 / EVERY):40}{'seconds':>10}{'CPU s':>8}{'peak MB':>10}  result"
    )
    with tempfile.TemporaryDirectory() as folder, start(users=users, preset=options.preset) as running:
        step("base (made up)", client("base", url=running.url, folder=folder), users_text)
        running.control("POST", "logins", {"every": EVERY})
        planned = client("plan", url=running.url, folder=folder)
        step("plan", planned, lambda found: f"{found['to_read']} to read, {found['requests']} requests for the plan")
        print(f"a delta run needs about {planned['to_read'] + planned['requests']} requests")
        step("report on the base", client("report", folder=folder), report_text)
        begun = client("run", url=running.url, folder=folder, seconds=options.deadline)
        step("delta run, cut off", begun, run_text)
        step("its report", client("report", folder=folder), report_text)


def step(name: str, found: dict[str, Any], text: Callable[[dict[str, Any]], str]) -> None:
    """A row of the table."""
    print(f"{name:40}{found['seconds']:10.1f}{found['cpu']:8.1f}{found['peak'] / 1e6:10.1f}  {text(found)}", flush=True)


def users_text(found: dict[str, Any]) -> str:
    """What the made-up run came to."""
    return f"{found['users']} users"


def run_text(found: dict[str, Any]) -> str:
    """What a run came to."""
    return f"{found['requests']} requests, {found['walked']} read, {found['carried']} carried over"


def report_text(found: dict[str, Any]) -> str:
    """What a report came to."""
    sizes = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in found["sizes"].items())
    return f"{found['users']} rows, {sizes}"


PARTS = {part.__name__: part for part in (rate, cpu, requests, memory, million)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated; default: all")
    parser.add_argument(
        "--preset", help="of the tenant, name or file; default: realistic for rate, none for the others"
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="rate: how long each way reads")
    parser.add_argument("--rounds", type=int, default=1, help="cpu: how often")
    parser.add_argument("--users", type=int, default=2000, help="cpu, requests: users of the tenant")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], help="memory: users of the tenants")
    parser.add_argument("--large", type=int, default=1_000_000, help="million: users of the tenant")
    parser.add_argument("--deadline", type=float, default=600.0, help="million: seconds of the run that is cut off")
    options = parser.parse_args()
    for name in options.part or PARTS:
        print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
        PARTS[name](options)


if __name__ == "__main__":
    main()
