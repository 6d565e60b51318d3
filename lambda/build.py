# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the function's folder together; needs no network.

    python lambda/build.py DESTINATION [--packages FOLDER]

The client and the audit go in unchanged, under the import path they have in the collection. FOLDER is what
C(pip install --target FOLDER --require-hashes -r lambda/requirements.txt) made; without it the folder holds our own
code only, for a runtime that has the packages elsewhere on its path.
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
# pip leaves scripts of the building machine here.
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "bin")


def build(destination: Path, packages: Path | None = None) -> None:
    """Make the folder anew.

    :param destination: is removed first
    :param packages: folder of installed third-party packages to copy in
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
    # Lambda's code folder is read-only: bytecode that is not shipped is compiled at every cold start.
    compileall.compile_dir(destination, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Put the audit function's folder together.")
    parser.add_argument("destination", type=Path)
    parser.add_argument("--packages", type=Path, help="folder of installed third-party packages")
    options = parser.parse_args(arguments)
    if options.packages and not options.packages.is_dir():
        parser.error("%s is no folder" % options.packages)
    build(options.destination, options.packages)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
