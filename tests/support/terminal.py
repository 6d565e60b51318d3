# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook on a terminal of its own, with a person who reads and types."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from pathlib import Path

import yaml

from .playbook import BIN, environment

_SECONDS = 120


class Terminal:
    """A run of a playbook. Everything that it shows is in ``shown``."""

    def __init__(self, folder: Path, plays: list[dict], *arguments: str) -> None:
        """
        :param folder: for the playbook, and to run in
        :param arguments: for the command line
        """
        playbook = folder / "playbook.yml"
        playbook.write_text(yaml.safe_dump(plays, sort_keys=False))
        # With colors, as a person has them.
        environ = {name: value for name, value in environment().items() if name != "ANSIBLE_NOCOLOR"}
        own, its = pty.openpty()
        self._process = subprocess.Popen(
            [BIN / "ansible-playbook", playbook, *arguments],
            stdin=its,
            stdout=its,
            stderr=its,
            env={**environ, "ANSIBLE_LOG_PATH": str(folder / "log")},
            cwd=folder,
            start_new_session=True,
            preexec_fn=_take_the_terminal,
        )
        os.close(its)
        self._terminal, self.shown, self._read = own, "", 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self, pattern: str) -> str:
        """What the first group of the pattern finds in what was not read yet, as soon as it is there."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            found = re.compile(pattern, re.DOTALL).search(self.shown, self._read)
            if found:
                self._read = found.end()
                return found[1]
            if not self._more():
                break
        raise AssertionError("%s is not in: %s" % (pattern, self.shown))

    def type(self, line: str) -> None:
        """A line of input, when it is waited for: what is typed before Ansible is ready is thrown away."""
        deadline = time.monotonic() + _SECONDS
        while termios.tcgetattr(self._terminal)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.02)
        # It throws away once more after it has set the terminal.
        time.sleep(0.2)
        os.write(self._terminal, line.encode() + b"\r")

    def end(self) -> int:
        """The exit code, after everything was shown."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and self._more():
            pass
        os.close(self._terminal)
        return self._process.wait(timeout=60)

    def _more(self) -> bool:
        # select() knows no file above 1,023, and a test run has many.
        waiting = select.poll()
        waiting.register(self._terminal, select.POLLIN)
        if not waiting.poll(1000):
            return True
        try:
            self.shown += self._decoder.decode(os.read(self._terminal, 65536))
        except OSError:  # how a terminal ends
            return False
        return True


def _take_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
