# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the function's directory. Needs no network.

    python lambda/build.py DESTINATION [--packages DIRECTORY]

DESTINATION is made, or made anew if it is empty or an earlier build. Anything else is refused and stays as it is.

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
HANDLER = (
    "handler.py",
    "settings.py",
    "stores.py",
    "digest.py",
    "event.py",
    "metrics.py",
    "publish.py",
    "security_hub.py",
    "tables.py",
    "told.py",
)
LIBRARIES = ("plugins/module_utils/auth0", "plugins/module_utils/audit")
# In every directory that this made, and only there.
MARKER = ".mfaops-auth0-function"
# In bin, pip puts scripts for the building machine.
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "bin")


def refusal(destination: Path, packages: Path | None = None) -> str | None:
    """Why a build must not go to the destination; None if it may."""
    place = destination.resolve()
    if destination.is_symlink():
        return "%s is a link" % destination
    if place.exists() and not place.is_dir():
        return "%s is not a directory" % destination
    if place in (COLLECTION, *COLLECTION.parents, Path.cwd(), *Path.cwd().parents, Path.home(), *Path.home().parents):
        return "%s has the collection, your home or the current directory in it" % destination
    for source in (HERE, *(COLLECTION / library for library in LIBRARIES)):
        if place.is_relative_to(source):
            return "%s is inside %s, which is copied" % (destination, source)
    if packages is not None and (packages.resolve().is_relative_to(place) or place.is_relative_to(packages.resolve())):
        return "%s and the packages in %s are inside one another" % (destination, packages)
    if place.is_dir() and any(place.iterdir()) and not (place / MARKER).is_file():
        return "%s is neither empty nor an earlier build" % destination
    return None


def build(destination: Path, packages: Path | None = None) -> None:
    """Make the directory anew.

    :param destination: is removed first
    :param packages: directory of installed third-party packages to include
    :raises ValueError: the destination is something else than an earlier build
    """
    reason = refusal(destination, packages)
    if reason:
        raise ValueError(reason)
    if destination.exists():
        shutil.rmtree(destination)
    destination.mkdir(parents=True)
    (destination / MARKER).touch()
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
    reason = refusal(options.destination, options.packages)
    if reason:
        parser.error("%s. Choose a new or empty directory for the build" % reason)
    build(options.destination, options.packages)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
