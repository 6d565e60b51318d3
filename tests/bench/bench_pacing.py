# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of a tenant's refill the paced client uses, and what that does to another client.

``PYTHONPATH=build/collections python -m tests.bench.bench_pacing`` prints the matrix of limits, refills and latencies from a simulation in virtual time.
``PYTHONPATH=build/collections python -m tests.bench.bench_pacing --seconds 40 [--only 16,50]`` does the same in real time: the client of the collection
with threads against small servers on this machine, which count with the embedded tenant's buckets. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import socketserver
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Attempt, Transport
from tests.emulator.state.rate_limits import Bucket, Limit, limit_headers
from tests.support.pacing import START, simulate, steady

LIMITS = {
    "2": Limit(2, 2),
    "2.5": Limit(10, 2.5, 60),
    "16": Limit(50, 16),
    "50": Limit(50, 50),
    "250": Limit(250, 250),
}
LATENCIES = (0.02, 0.1, 0.3)
WARM_UP = 10.0


@dataclass(frozen=True)
class Cell:
    """One combination to measure."""

    name: str
    by_windows: bool
    latency: float

    @property
    def limit(self) -> Limit:
        return LIMITS[self.name]

    @property
    def refill(self) -> float:
        """Requests per second that are added, as far as the bucket has room for a window's."""
        limit = self.limit
        return min(limit.burst / limit.window, limit.per_second) if self.by_windows else limit.per_second

    @property
    def slow(self) -> bool:
        """Whether it takes minutes to see anything."""
        return self.by_windows and self.limit.window == 60

    @property
    def threads(self) -> int:
        """Enough for the latency: 32, or as many as are under way at once and half as many more."""
        return max(32, round(1.5 * self.refill * self.latency))

    def __str__(self) -> str:
        refill = "window" if self.by_windows else "continuous"
        return f"{self.name}/s, bucket {self.limit.burst}, {refill}, {self.latency * 1000:.0f} ms"


def simulated(cell: Cell, seeds: int, stalls: float) -> str:
    """A row of the table, from virtual time: the lowest and the mean share of all seeds."""
    seconds, warm_up = (900.0, 240.0) if cell.slow else (70.0, WARM_UP)
    shares, refused, theirs, theirs_alone = [], 0, [], []
    for seed in range(seeds):
        start = START + 0.17 * seed
        common = {"by_windows": cell.by_windows, "latency": cell.latency, "seconds": seconds, "threads": cell.threads,
                  "seed": seed, "split": (0.5, 0.2, 0.8)[seed % 3], "start": start, "stalls": stalls}  # fmt: skip
        alone = simulate(cell.limit, **common)
        counted = sum(warm_up <= at - start < seconds for at in alone.taken)
        shares.append(counted / cell.refill / (seconds - warm_up))
        refused += len(alone.refused)
        other = steady(0.75 * cell.refill)
        for us, found in ((True, theirs), (False, theirs_alone)):
            served = simulate(cell.limit, **common, others=other, us=us).others
            found.append(served.count(False) / len(served))
    return (
        f"| {cell} | {min(shares):.1%} ({statistics.mean(shares):.1%}) | {refused} |"
        f" {statistics.mean(theirs):.1%} | {statistics.mean(theirs_alone):.1%} |"
    )


@dataclass
class Tenant:
    """Counts with one bucket, as the embedded tenant does."""

    bucket: Bucket
    latency: float
    taken: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[bool, dict[str, str]]:
        with self.lock:
            now = time.time()
            served = self.bucket.tokens(now) >= 1
            if served:
                self.bucket.take()
            return served, limit_headers(self.bucket, now)


@contextmanager
def serving(tenant: Tenant) -> Iterator[int]:
    """A server of one answer on this machine; yields its port."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while self.rfile.readline():
                while self.rfile.readline() not in (b"\r\n", b""):
                    pass
                time.sleep(tenant.latency / 2)
                served, headers = tenant.take()
                if served:
                    tenant.taken.append(time.time())
                body = (
                    b"[]"
                    if served
                    else b'{"statusCode":429,"error":"Too Many Requests","errorCode":"too_many_requests"}'
                )
                date = formatdate(time.time(), usegmt=True)
                time.sleep(tenant.latency / 2)
                lines = [f"HTTP/1.1 {200 if served else 429} -", "content-type: application/json", f"date: {date}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                self.wfile.write("\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            """The client went away."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def measured(cell: Cell, seconds: float) -> str:
    """A row of the table, in real time: a run of ours alone, one beside another client, and one of the other alone."""
    share, refused, _none = _run(cell, seconds, cell.threads, beside=False)
    _share, _refused, theirs = _run(cell, seconds, cell.threads, beside=True)
    _share, _refused, theirs_alone = _run(cell, seconds, 0, beside=True)
    return f"| {cell} | {share:.1%} | {refused} | {theirs:.1%} | {theirs_alone:.1%} |"


def _run(cell: Cell, seconds: float, threads: int, *, beside: bool) -> tuple[float, int, float]:
    began = time.time()
    tenant = Tenant(Bucket(cell.limit, began, cell.by_windows), cell.latency)
    others: list[bool] = []
    over = threading.Event()

    def other() -> None:
        due = time.monotonic()
        while not over.wait(max(due - time.monotonic(), 0)):
            others.append(tenant.take()[0])
            due += 1 / 0.75 / cell.refill

    def sleep(wait: float) -> None:
        if over.wait(wait):
            raise InterruptedError

    with serving(tenant) as port:
        budget = Budget(0.5, float("inf"), sleep=sleep)
        with Transport(Connection.from_options(base_url=f"http://127.0.0.1:{port}"), budget) as transport:

            def ask() -> None:
                while not over.is_set():
                    try:
                        transport.send("GET", "/api/v2/users", {}, None, bucket="management", attempt=Attempt("ask"))
                    except (InterruptedError, Auth0Error):
                        return

            with ThreadPoolExecutor(threads + 1) as pool:
                for work in [*[ask] * threads, *[other] * beside]:
                    pool.submit(work)
                time.sleep(seconds)
                over.set()
    counted = sum(WARM_UP <= at - began < seconds for at in tenant.taken)
    return counted / cell.refill / (seconds - WARM_UP), budget.rate_limited, others.count(False) / max(len(others), 1)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, help="in real time, each cell three times for so long; more than 10")
    options.add_argument("--seeds", type=int, default=3, help="of the simulation")
    options.add_argument(
        "--stalls",
        type=float,
        default=0.0,
        help="our machine stands still about once a second for so many seconds, simulated",
    )
    options.add_argument("--side-by-side", type=int, default=4, help="cells at once in real time")
    options.add_argument("--only", help="rates, separated by commas")
    given = options.parse_args()
    names = given.only.split(",") if given.only else list(LIMITS)
    cells = [Cell(name, by_windows, latency) for name in names for by_windows in (False, True) for latency in LATENCIES]
    print(
        "| Cell | share of the refill after 10 s | own 429s | another client refused | without us |\n|---|---|---|---|---|"
    )
    if given.seconds is None:
        for cell in cells:
            print(simulated(cell, given.seeds, given.stalls), flush=True)
        return
    with ThreadPoolExecutor(given.side_by_side) as pool:
        for row in pool.map(lambda cell: measured(cell, given.seconds), [cell for cell in cells if not cell.slow]):
            print(row, flush=True)


if __name__ == "__main__":
    main()
