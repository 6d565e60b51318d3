# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the function's directory. Needs no network.

    python lambda/build.py DESTINATION [--packages DIRECTORY]

The client and the audit are copied unchanged, under the import path that they have in the collection. DIRECTORY is what
``pip install --target DIRECTORY --require-hashes -r lambda/requirements.txt`` made. Without it the result contains only
our own code, for a runtime that has the packages elsewhere on its path.
"""

from __future__ import annotations

import argparse
import compileall
import py_compile
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLLECTION = HERE.parent
HANDLER = ("handler.py", "settings.py", "stores.py")
LIBRARIES = ("plugins/module_utils/auth0", "plugins/module_utils/audit")
# In bin, pip puts scripts for the building machine.
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "bin")


def build(destination: Path, packages: Path | None = None) -> None:
    """Make the directory anew.

    :param destination: is removed first
    :param packages: directory of installed third-party packages to include
    """
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir(parents=True)
    if packages:
        shutil.copytree(packages, destination, ignore=_NOT_SHIPPED, dirs_exist_ok=True)
    for name in HANDLER:
        shutil.copy2(HERE / name, destination / name)
    for library in LIBRARIES:
        target = destination / "ansible_collections" / "mfaops" / "auth0" / library
        shutil.copytree(COLLECTION / library, target, ignore=_NOT_SHIPPED)
    # Lambda's code directory is read-only: without shipped bytecode every cold start would compile.
    compileall.compile_dir(destination, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the audit function's directory.")
    parser.add_argument("destination", type=Path)
    parser.add_argument("--packages", type=Path, help="directory of installed third-party packages")
    options = parser.parse_args(arguments)
    if options.packages and not options.packages.is_dir():
        parser.error("%s is not a directory" % options.packages)
    build(options.destination, options.packages)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
