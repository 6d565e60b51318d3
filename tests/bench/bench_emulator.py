# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the embedded tenant answers, next to a plain Starlette application on the same server in the same run.

``python -m tests.bench.bench_emulator [--users 1000000] [--seconds 3]`` prints a table; nothing is asserted. Server and
client are on a core each: the client sends prepared requests over one kept-alive connection and reads the answers. On a
machine that is busy with other things the column to read is the one by the server's own processor time.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.emulator.launch import PROJECT_ROOT, Running, start
from tests.emulator.users.seed import Population

HELLO = """
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
app = Starlette(routes=[Route("/", lambda request: JSONResponse({"hello": "world"}))])
uvicorn.run(app, port=%d, log_level="warning", access_log=False)
"""


def rates(process: subprocess.Popen, port: int, requests: Iterable[bytes], seconds: float) -> tuple[float, float]:
    """Send ``requests`` one after the other for ``seconds``: answers per second, and per second that the server worked."""
    answered, worked = 0, processor_seconds(process)
    address = ("127.0.0.1", port)
    with socket.create_connection(address) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for request in requests:
            connection.sendall(request)
            status = answers.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"the server answered {status!r}")
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            answers.read(length)
            answered += 1
            if time.perf_counter() - began >= seconds:
                break
        took = time.perf_counter() - began
    return answered / took, answered / (processor_seconds(process) - worked)


def processor_seconds(process: subprocess.Popen) -> float:
    """The processor time that the process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def hello_world() -> Iterator[tuple[subprocess.Popen, int]]:
    """A plain Starlette application under uvicorn, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", HELLO % port], cwd=PROJECT_ROOT) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.05)
            if process.poll() is not None:
                raise RuntimeError(f"the plain application ended with {process.returncode}")
            yield process, port
        finally:
            process.terminate()


def get(path: str, domain: str, token: str = "") -> bytes:
    """A prepared GET request."""
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nhost: {domain}\r\n{bearer}\r\n".encode()


def management_token(emulator: Running) -> str:
    """A token for the Management API."""
    body = {
        "grant_type": "client_credentials",
        "client_id": "m2m",
        "client_secret": "m2m-secret",
        "audience": f"https://{emulator.domain}/api/v2/",
    }
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{emulator.url}/oauth/token", json.dumps(body).encode(), headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
        return json.load(response)["access_token"]


def methods_requests(user_ids: Iterable[str], domain: str, token: str) -> Iterator[bytes]:
    """``GET authentication-methods`` of one user after the other."""
    for user_id in user_ids:
        path = f"/api/v2/users/{urllib.parse.quote(user_id, safe='')}/authentication-methods"
        yield get(path, domain, token)


def page_requests(created: Iterable[str], domain: str, token: str) -> Iterator[bytes]:
    """The audit's walk: 100 users from a moment of creation on."""
    for moment in created:
        query = urllib.parse.urlencode(
            {"q": f"created_at:[{moment} TO *]", "sort": "created_at:1", "per_page": 100, "include_totals": "true"}
        )
        yield get(f"/api/v2/users?{query}", domain, token)


def peak_memory(process: subprocess.Popen) -> int:
    """The most memory the process ever had resident, bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    population = Population(7, options.users, int(time.time() * 1000), ("sms", "voice"))
    ids = [population.user_id(i) for i in range(21, options.users, max(1, options.users // 20_000))]
    moments = [
        f"{year}-{month:02d}-{day:02d}" for year in (2023, 2024) for month in range(1, 13) for day in range(1, 28)
    ]
    rows = []
    os.sched_setaffinity(0, cores[-1:])  # inherited by the servers
    with hello_world() as (process, port):
        os.sched_setaffinity(0, cores[:1])
        requests = itertools.repeat(get("/", "x"))
        rows.append(("plain Starlette, hello world", *rates(process, port, requests, options.seconds)))
    os.sched_setaffinity(0, cores[-1:])
    began = time.perf_counter()
    with start(users=options.users) as emulator:
        ready = time.perf_counter() - began
        os.sched_setaffinity(0, cores[:1])
        port, token = int(emulator.domain.rpartition(":")[2]), management_token(emulator)
        for name, requests in (
            ("authentication-methods, one user", methods_requests(itertools.repeat(ids[0]), emulator.domain, token)),
            ("authentication-methods, another user each time", methods_requests(ids, emulator.domain, token)),
            ("users, 100 a page by created_at", page_requests(moments, emulator.domain, token)),
        ):
            rows.append((name, *rates(emulator.process, port, requests, options.seconds)))
        memory = peak_memory(emulator.process)
    print(f"{'requests':50}{'per second':>12}{'per processor second':>24}")
    for name, by_clock, by_processor in rows:
        print(f"{name:50}{by_clock:12,.0f}{by_processor:24,.0f}")
    print(f"{options.users:,} users: ready in {ready:.1f} s, at most {memory / 1e6:.0f} MB resident")


if __name__ == "__main__":
    main()
