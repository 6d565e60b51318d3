# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the emulator from tests, demos and benchmarks, in its own process and on a free loopback port."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10
_PRESETS = Path(__file__).resolve().parent / "presets"


@dataclass(frozen=True)
class Running:
    """A running emulator.

    :param url: base address, such as ``http://127.0.0.1:41234``; ``https`` with TLS.
    :param domain: the tenant's domain, ``host:port``; audiences are ``https://`` with it.
    :param process: the process, still running.
    :param ca_file: the certificate that clients must trust; None without TLS.
    """

    url: str
    domain: str
    process: subprocess.Popen
    ca_file: str | None = None

    def reset(
        self,
        *,
        users: int | None = None,
        seed: int | None = None,
        plan: str | None = None,
        preset: str | None = None,
        switches: dict[str, Any] | None = None,
    ) -> None:
        """Make the tenant as new, in the millisecond that a process of its own would need a second for.

        What is not given is as :func:`start` was told; values of switches are written as on the command line.
        """
        given = {"users": users, "seed": seed, "plan": plan, "preset": preset}
        body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if switches is not None:
            body["switches"] = {name: str(value) for name, value in switches.items()}
        self.control("POST", "reset", body)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The parsed answer of ``/_control/<path>``, None for an empty one.

        Raises ``urllib.error.HTTPError`` for a refusal.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", data, method=method)
        # Without a context of its own each opener reads the certificates of the whole system, which takes longer than the request.
        trust = (
            ssl.create_default_context(cafile=self.ca_file) if self.ca_file else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        with urllib.request.build_opener(*handlers).open(request, timeout=10) as response:
            content = response.read()
        return json.loads(content) if content else None


@contextlib.contextmanager
def start(
    *,
    users: int = 50,
    seed: int = 7,
    plan: str = "unlimited",
    preset: str | Path | None = None,
    switches: dict[str, Any] | None = None,
    tls: bool = False,
    seed_file: str | Path | None = None,
    program: str = "tests.emulator",
) -> Iterator[Running]:
    """Start an emulator and stop it at the end of the ``with`` block.

    :param users: how many seeded users.
    :param seed: what makes them.
    :param plan: rate-limit preset; ``unlimited`` unless limits are what is tested.
    :param preset: name or file of a preset of switches.
    :param switches: values by switch name, as written on the command line; they change those of the preset.
    :param tls: serve https; ``ca_file`` of what is yielded names the certificate to trust.
    :param seed_file: YAML file with users, added to the seeded ones.
    :param program: the module to run, for tests that put something around the emulator.

    Raises ``RuntimeError`` when it does not become ready, and ``AssertionError`` when it does not end with code 0.
    """
    command = [sys.executable, "-m", program, "--port", "0"]
    command += ["--users", str(users), "--seed", str(seed), "--plan", plan]
    if preset is not None:
        is_name = isinstance(preset, str) and (_PRESETS / f"{preset}.yml").exists()
        command += ["--preset", preset if is_name else str(Path(preset).resolve())]
    for name, value in (switches or {}).items():
        command += ["--switch", f"{name}={value}"]
    if tls:
        command.append("--tls")
    if seed_file is not None:
        command += ["--seed-file", str(Path(seed_file).resolve())]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        match = re.match(r"Auth0 tenant emulator ready at (https?://(\S+)) \(.*?(?:CA certificate (.+))?\)$", line)
        if match is None:
            process.terminate()
            raise RuntimeError(f"the emulator did not start: it printed {line!r} and ended with {process.wait()}")
        try:
            yield Running(match[1], match[2], process, match[3])
        finally:
            process.terminate()
            try:
                code = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"the emulator did not end within {STOP_SECONDS} s of SIGTERM") from None
        assert code == 0, f"the emulator ended with code {code}"
