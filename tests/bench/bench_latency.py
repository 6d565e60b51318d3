# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The latency of the embedded tenant by path, measured by a client, next to the recorded medians of real tenants.

``python -m tests.bench.bench_latency [--preset realistic] [--requests 300] [--at-once 6]`` prints a table; nothing is asserted.
All requests of a path are sent from one process over kept-alive connections, so many at a time that the tenant is far from busy.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from urllib.parse import quote

import httpx

from tests.bench.bench_emulator import management_token
from tests.emulator.launch import start

# Recorded medians in milliseconds (API.md §8).
RECORDED = {"authentication methods": 135, "a user": 296, "list of users": 336, "log": 336}


async def timed(client: httpx.AsyncClient, path: str, requests: int, at_once: int) -> list[float]:
    """How long each of so many requests took, in milliseconds."""
    places = asyncio.Semaphore(at_once)

    async def one() -> float:
        async with places:
            began = time.perf_counter()
            (await client.get(path)).raise_for_status()
            return (time.perf_counter() - began) * 1000

    return await asyncio.gather(*(one() for _request in range(requests)))


async def measure(options: argparse.Namespace) -> None:
    """Print the table."""
    with start(users=50, preset=options.preset) as running:
        headers = {"authorization": f"Bearer {management_token(running)}"}
        limits = httpx.Limits(max_connections=options.at_once)
        async with httpx.AsyncClient(base_url=running.url, headers=headers, limits=limits, timeout=60) as client:
            (user,) = (await client.get("/api/v2/users-by-email", params={"email": "user00004@example.com"})).json()
            of_user = "/api/v2/users/" + quote(user["user_id"], safe="")
            paths = {
                "authentication methods": f"{of_user}/authentication-methods",
                "a user": of_user,
                "list of users": "/api/v2/users",
                "log": "/api/v2/logs",
            }
            print(
                f"{'ms, %d requests each' % options.requests:26}{'recorded':>10}{'median':>8}{'90 %':>8}{'99 %':>8}{'longest':>9}{'> 3x':>8}"
            )
            for name, path in paths.items():
                took = await timed(client, path, options.requests, options.at_once)
                cuts = statistics.quantiles(took, n=100)
                slow = sum(one > 3 * RECORDED[name] for one in took) / len(took)
                print(
                    f"{name:26}{RECORDED[name]:10}{cuts[49]:8.0f}{cuts[89]:8.0f}{cuts[98]:8.0f}{max(took):9.0f}{slow:8.1%}",
                    flush=True,
                )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="realistic", help="name or file")
    parser.add_argument("--requests", type=int, default=300, help="of each path")
    parser.add_argument("--at-once", type=int, default=6, help="how many of them are under way")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
