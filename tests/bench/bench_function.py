# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the audit function takes: its start, a run that a rate limit holds back, and a run of a million users.

``PYTHONPATH=build/collections python -m tests.bench.bench_function [--part init|limited|million]`` prints figures; nothing is
asserted. The function is its zip for this machine in the real runtime client, S3 and the secret are moto's, the tenant is the
embedded one, and all of them speak HTTP. Segments follow one another as the state machine's do, with the waits that they ask for.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.audit_client import peak_memory
from tests.bench.bench_audit import EVERY, client, step, users_text
from tests.emulator.launch import PROJECT_ROOT, Running, start
from tests.emulator.state.rate_limits import PLANS
from tests.support.function_zip import unpacked_function
from tests.support.lambda_runtime import LambdaFunction
from tests.support.local_aws import LocalAws

RUNTIME = Path(sys.prefix) / "lambda" / "runtime"
SECRET, BUCKET, PREFIX = "mfaops/tenant", "mfa-reports", "audits/"
LIMITED = "private-cloud-100"
# Of the function in the template.
TIMEOUT = 900.0
_SAMPLE_SECONDS = 0.5


# Its start


def init(options: argparse.Namespace) -> None:
    """What an environment of the function does before its first event, and the share of each package that it imports."""
    with tempfile.TemporaryDirectory() as place:
        folder = unpacked_function(Path(place) / "function")
        bare = _fastest(options.rounds, lambda: _python(folder, "pass"))
        client_alone = _fastest(options.rounds, lambda: _python(folder, "import awslambdaric.bootstrap"))
        whole = _fastest(options.rounds, lambda: _python(folder, "import awslambdaric.bootstrap, handler"))
        shares = _shares(folder, options.rounds)
    print(f"{'fastest of %d' % options.rounds:40}{'ms':>8}{'CPU ms':>8}")
    steps = {"Python alone": ((0.0, 0.0), bare), "the runtime's own client": (bare, client_alone)}
    for name, (before, after) in {**steps, "handler": (client_alone, whole), "init": ((0.0, 0.0), whole)}.items():
        print(f"{name:40}{(after[0] - before[0]) * 1000:8.0f}{(after[1] - before[1]) * 1000:8.0f}")
    print(f"\n{'import of handler, with -X importtime':40}{'ms':>8}{'share':>8}")
    total = sum(shares.values())
    for name, seconds in sorted(shares.items(), key=lambda each: -each[1]):
        if seconds >= total / 100:
            print(f"{name:40}{seconds * 1000:8.0f}{seconds / total:8.0%}")


def _fastest(rounds: int, action: Callable[[], object]) -> tuple[float, float]:
    """Seconds that processes take when nothing disturbs them, and those of the processor."""
    found = []
    for _round in range(rounds + 1):  # the first one fills the caches of the file system
        began, used = time.perf_counter(), _children()
        action()
        found.append((time.perf_counter() - began, _children() - used))
    return min(each[0] for each in found), min(each[1] for each in found)


def _children() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _python(folder: Path, code: str, *options: str) -> str:
    """Run this code as the function's interpreter runs, with nothing to import but the zip and the runtime; returns what it wrote."""
    interpreter = Path(sys.base_prefix) / "bin" / ("python%d.%d" % sys.version_info[:2])
    command = [str(interpreter), "-S", "-B", *options, "-c", code]
    environment = {"PYTHONPATH": "%s:%s" % (folder, RUNTIME), "AWS_REGION": "eu-west-1", "AWS_EXECUTION_ENV": "bench"}
    done = subprocess.run(command, cwd=folder, env=environment, stderr=subprocess.PIPE, check=True, text=True)
    return done.stderr


def _shares(folder: Path, rounds: int) -> dict[str, float]:
    """Top-level package -> seconds in its own modules when the handler is imported after the runtime's client."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for _round in range(rounds):
        once: defaultdict[str, float] = defaultdict(float)
        lines = _python(folder, "import awslambdaric.bootstrap, handler", "-X", "importtime").splitlines()
        names = [line.rpartition("|")[2] for line in lines]
        # What is imported by the client comes before it; so does all of Python's own start.
        begins = max(number for number, name in enumerate(names) if name.strip() == "awslambdaric.bootstrap") + 1
        for line, name in zip(lines[begins:], names[begins:]):
            itself = line.removeprefix("import time:").partition("|")[0].strip()
            once[_package(name.strip())] += int(itself) / 1e6
        for package, seconds in once.items():
            found[package].append(seconds)
    return {package: statistics.median(seconds) for package, seconds in found.items()}


def _package(module: str) -> str:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return "Python's own"
    return "mfaops.auth0" if top == "ansible_collections" or (PROJECT_ROOT / "lambda" / f"{top}.py").exists() else top


# Runs


class Function:
    """The function with what it needs; tells what each segment took."""

    def __init__(self, function: LambdaFunction, scratch: Path) -> None:
        self._function, self._scratch = function, scratch

    def run(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Segment after segment, to the end."""
        state: dict[str, Any] | None = None
        while state is None or state["next"] != "end":
            if state is not None:
                time.sleep(state["wait"])
            logged, began = len(self._function.output), time.monotonic()
            with self._watched() as most:
                state = self._function.invoke({**event, "execution": "bench", "state": state})
            seconds = time.monotonic() - began
            lines = [json.loads(line) for line in self._function.output[logged:].splitlines() if line.startswith("{")]
            said = {line["message"]: line for line in lines if "message" in line}
            peak = peak_memory(self._function.pid)
            yield {**state, "seconds": seconds, "peak": peak, "scratch": most["bytes"], "said": said}

    @contextmanager
    def _watched(self) -> Iterator[dict[str, int]]:
        """Forget the peak until now, and look at the files meanwhile."""
        most, over = {"bytes": 0}, threading.Event()
        if self._function.pid is not None:
            Path("/proc/%d/clear_refs" % self._function.pid).write_text("5", encoding="ascii")

        def watch() -> None:
            while not over.wait(_SAMPLE_SECONDS):
                most["bytes"] = max(most["bytes"], self._in_files())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield most
        finally:
            over.set()
            watcher.join()

    def _in_files(self) -> int:
        """Bytes of the files below its folder for temporary ones, with those that have no name any more."""
        found: dict[int, int] = {}
        places = [str(path) for path in self._scratch.rglob("*")]
        try:
            places += [entry.path for entry in os.scandir("/proc/%d/fd" % (self._function.pid or 0))]
        except OSError:
            pass  # it is not warm
        for place in places:
            try:
                if place.startswith("/proc/") and not os.readlink(place).startswith(str(self._scratch)):
                    continue
                status = os.stat(place)
            except OSError:
                continue  # it went meanwhile
            found[status.st_ino] = status.st_blocks * 512
        return sum(found.values())


@contextmanager
def function(aws: LocalAws, tenant: Running, timeout: float, **settings: str) -> Iterator[Function]:
    """The function for this tenant, in an empty bucket."""
    aws.create_bucket(BUCKET)
    secret = {"domain": tenant.domain, "base_url": tenant.url, "client_id": "m2m-readonly"}
    aws.put_secret(SECRET, {**secret, "client_secret": "m2m-readonly-secret"})
    with tempfile.TemporaryDirectory() as place:
        folder, scratch = unpacked_function(Path(place) / "function"), Path(place) / "tmp"
        scratch.mkdir()
        environment = {"AUDIT_TENANT": tenant.domain, "AUDIT_SECRET": SECRET, "AUDIT_BUCKET": BUCKET}
        environment.update(AUDIT_PREFIX=PREFIX, TMPDIR=str(scratch), **settings)
        with LambdaFunction([folder, RUNTIME], {**aws.environment, **environment}, timeout) as started:
            yield Function(started, scratch)


def segments(running: Function, event: dict[str, Any], refill: float) -> None:
    """A table of the segments of one run, and what they come to."""
    print(
        f"{'segment':>7}{'s':>8}{'read':>9}{'requests':>10}{'429s':>6}{'of refill':>11}{'pause s':>9}{'state B':>9}"
        f"{'peak MB':>9}{'files MB':>10}  then"
    )
    began, ended, rows = time.monotonic(), None, []
    requests = refused = 0
    for row in running.run(event):
        rows.append(row)
        pace = pause = ""
        read = row["said"].get("reading ended")
        if read is not None:
            first = row["said"].get("segment started") or read
            reading = _time(read) - _time(first)
            sent, requests = read["requests"] - requests, read["requests"]
            hits, refused = read["rate_limited"] - refused, read["rate_limited"]
            if reading > 0:
                pace = f"{(row['read'] - first['read']) / reading / refill:.1%}"
            pause = "" if ended is None else f"{_time(first) - ended:.1f}"
            ended = _time(read)
        else:
            sent = hits = 0
        state = {name: row[name] for name in row if name not in ("seconds", "peak", "scratch", "said")}
        print(
            f"{row['segment']:7}{row['seconds']:8.1f}{row['read']:9}{sent:10}{hits:6}{pace:>11}{pause:>9}"
            f"{len(json.dumps(state)):9}{row['peak'] / 1e6:9.1f}{row['scratch'] / 1e6:10.1f}  {row['next']}",
            flush=True,
        )
    last, peak = rows[-1], max(row["peak"] for row in rows)
    print(
        f"{last['status']}: {last['read']} of {last['to_read']} read, {requests} requests, {refused} refused, "
        f"{time.monotonic() - began:.0f} s, peak {peak / 1e6:.1f} MB"
    )


def _time(line: dict[str, Any]) -> float:
    return datetime.strptime(line["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").timestamp()


def limited(options: argparse.Namespace) -> None:
    """A full run that takes several segments because of the tenant's rate limit, at 100 ms for each answer."""
    refill = PLANS[LIMITED]["management"]["all"].per_second
    print(f"{options.users} users, {LIMITED} ({refill:.0f}/s), 100 ms, segments of {options.timeout:.0f} s")
    with LocalAws() as aws, start(users=options.users, plan=LIMITED, switches={"latency-ms": 100}) as tenant:
        with function(aws, tenant, options.timeout) as running:
            segments(running, {"full": True}, refill)
        answers = [each["status"] for each in tenant.control("GET", "requests")]
        print(f"the tenant's last {len(answers)} answers: {answers.count(429)} times 429")


def million(options: argparse.Namespace) -> None:
    """A delta run of a large tenant, whose rate makes several segments of it."""
    users, pace = options.large, options.max_rate
    print(f"{users} users, {100 / EVERY:.0f} % logged in, {pace:.0f}/s, segments of {options.timeout:.0f} s")
    with tempfile.TemporaryDirectory() as folder, LocalAws() as aws, start(users=users) as tenant:
        step("base (made up)", client("base", url=tenant.url, folder=folder), users_text)
        tenant.control("POST", "logins", {"every": EVERY})
        with function(aws, tenant, options.timeout, AUDIT_MAX_RATE=str(pace)) as running:
            _upload(aws, Path(folder))
            segments(running, {}, pace)


def _upload(aws: LocalAws, folder: Path) -> None:
    """Put the runs of a folder where the function looks for its own."""
    sys.path.append(str(PROJECT_ROOT / "lambda"))
    from stores import S3Store

    s3 = aws.client("s3")
    store = S3Store(BUCKET, PREFIX, "bench", client=lambda: s3)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            with file.open("rb") as content:
                store.put(file.relative_to(folder).as_posix(), content)


PARTS = {part.__name__: part for part in (init, limited, million)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="init: how often")
    parser.add_argument("--users", type=int, default=100_000, help="limited: users of the tenant")
    parser.add_argument("--large", type=int, default=1_000_000, help="million: users of the tenant")
    parser.add_argument("--max-rate", type=float, default=60.0, help="million: requests each second")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds of a segment")
    options = parser.parse_args()
    for name in options.part or PARTS:
        print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
        PARTS[name](options)


if __name__ == "__main__":
    main()
