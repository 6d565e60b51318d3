# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole AWS on loopback, with its authorization on: MiniStack, in the environment that tools/aws.sh makes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from .local_aws import REGION, LoopbackAws, free_port

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "aws"
ACCOUNT = "123456789012"
_START_SECONDS = 60.0


class MiniStack(LoopbackAws):
    """A context manager; the process ends with it, and what it stored is gone. Its clients are root."""

    def __enter__(self) -> MiniStack:
        port = free_port()
        self.url = "http://127.0.0.1:%d" % port
        self._place = tempfile.TemporaryDirectory(prefix="ministack-")
        self.log = Path(self._place.name) / "log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self._place.name,
            "TMPDIR": self._place.name,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [TOOLS / "ministack" / "bin" / "ministack"],
                cwd=self._place.name,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        # With the functions that it runs.
        os.killpg(self._process.pid, 9)
        self._process.wait()
        self._place.cleanup()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(self.url + "/_ministack/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("MiniStack did not start: %s" % self.log.read_text()[-2000:]) from None
                time.sleep(0.05)
