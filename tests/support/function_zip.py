# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit function's zip for this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "lambda" / "build.py"


def function_zip(file: Path, *options: str) -> Path:
    """Build the zip, unless it is there and made from the same; returns the file.

    :raises subprocess.CalledProcessError: there is none
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(BUILD), "--zip", str(file), *(options or ["--here"])]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return file


def unpacked_function(folder: Path) -> Path:
    """Build the zip beside the folder and unpack it there, as Lambda does, if it is not there yet; returns the folder."""
    if not folder.exists():
        shutil.unpack_archive(function_zip(folder.with_suffix(".zip")), folder)
    return folder
