# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the function's zip, on any machine and for any of Lambda's machines.

    python lambda/build.py [--runtime python3.13] [--architecture arm64] [--zip FILE]

The packages of lambda/requirements.txt are fetched once and kept in build/packages/. The client and the audit go in unchanged,
under the import path that they have in the collection. A compiled file that the runtime could not load is an error. The same
Python makes the same zip from the same sources, and does not make it again. Without --zip there is also a template in build/ that
deploys this zip, and takes no other runtime and architecture than the zip's.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import importlib.util
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from importlib.metadata import distributions
from pathlib import Path
from typing import Iterator, NamedTuple

HERE = Path(__file__).resolve().parent
COLLECTION = HERE.parent
REQUIREMENTS = HERE / "requirements.txt"
TEMPLATE = HERE / "template.yaml"
LIBRARIES = ("plugins/module_utils/auth0", "plugins/module_utils/audit", "plugins/module_utils/yaml_file")
# What they import beside each other.
MODULES = ("plugins/module_utils/versions.py",)
# Tools of whoever deploys.
_NOT_SHIPPED = {"build.py", "check.py", "estimate.py"}
# Lambda's limit for a zip is 50 MB; with this the first invocation stays short.
GOAL = 25_000_000
# Runtime -> minor version of the C library in it (Amazon Linux 2, and 2023). The first is the newest that all packages and the
# tests of this project support.
RUNTIMES = {"python3.13": 34, "python3.12": 34, "python3.11": 26}


class Architecture(NamedTuple):
    """A kind of machine, as wheels and as ELF files name it."""

    wheels: str
    elf: int


ARCHITECTURES = {"arm64": Architecture("aarch64", 183), "x86_64": Architecture("x86_64", 62)}
# Compiled for other systems than Linux.
_FOREIGN = {".dll", ".pyd", ".dylib", ".exe"}
_TAGGED = re.compile(r"\.(?:cpython-(\w+)-([\w-]+)|(abi3))\.so$")
_LIBC = re.compile(rb"GLIBC_2\.(\d+)\b")
# How the comment of every zip begins that this made, and of no other one.
MARK = b"mfaops.auth0 audit function"
_INSIDE = "ansible_collections/mfaops/auth0/"
# Zip knows no earlier date. With the real ones no two zips would be the same.
_DATE = (1980, 1, 1, 0, 0, 0)
# What a zip needs for each file beside the content and, twice, the name.
_ENTRY = 30 + 46
# In .dist-info, what tells of the machine that installed.
_INSTALLATION = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class Unfit(Exception):
    """The zip would not run where it has to."""


class Target(NamedTuple):
    """Where the zip runs.

    :ivar runtime: such as ``python3.13``
    :ivar architecture: ``arm64`` or ``x86_64``
    """

    runtime: str
    architecture: str

    @classmethod
    def here(cls) -> Target:
        """This machine with this Python."""
        machine = platform.machine()
        return cls("python%d.%d" % sys.version_info[:2], "arm64" if machine == "aarch64" else machine)

    @property
    def version(self) -> str:
        """Such as ``3.13``."""
        return self.runtime.removeprefix("python")

    @property
    def name(self) -> str:
        """For files and folders."""
        return "%s-%s" % self


def refusal(file: Path) -> str | None:
    """Why a zip must not be written to this file; None if it may."""
    if file.is_symlink():
        return "%s is a link" % file
    if not file.exists():
        return None
    if not file.is_file() or not zipfile.is_zipfile(file):
        return "%s exists and is not a zip" % file
    with zipfile.ZipFile(file) as archive:
        return None if archive.comment.startswith(MARK) else "%s is not an earlier build" % file


def unfit(name: str, content: bytes, target: Target) -> str | None:
    """Why the runtime could not load a file; None if it can, and for a file that is not compiled.

    :param name: with its folders
    """
    if Path(name).suffix in _FOREIGN:
        return "is for another system"
    if not (name.endswith(".so") or ".so." in Path(name).name):
        return None
    architecture = ARCHITECTURES[target.architecture]
    if content[:4] != b"\x7fELF":
        return "is for another system"
    # A 64-bit file that is little-endian, as both architectures are; then the machine.
    if content[4:6] != b"\x02\x01" or int.from_bytes(content[18:20], "little") != architecture.elf:
        return "is for another machine than %s" % target.architecture
    tag = _TAGGED.search(name)
    if tag and not tag[3]:
        if tag[1] != target.version.replace(".", ""):
            return "is for another Python than %s" % target.runtime
        if tag[2] != "%s-linux-gnu" % architecture.wheels:
            return "is for another system"
    needed = max((int(minor) for minor in _LIBC.findall(content)), default=0)
    if needed > RUNTIMES[target.runtime]:
        return "needs glibc 2.%d, and %s has 2.%d" % (needed, target.runtime, RUNTIMES[target.runtime])
    return None


def fetch(target: Target, folder: Path) -> None:
    """Install the packages for the target; does nothing, and needs no network, if the folder has them.

    :param folder: is removed first
    :raises subprocess.CalledProcessError: pip could not; it has said why
    """
    made_from = "%s %s" % (target.name, hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest())
    marker = folder.with_name(folder.name + ".made-from")
    if marker.is_file() and marker.read_text() == made_from and folder.is_dir():
        return
    wheels = ARCHITECTURES[target.architecture].wheels
    # pip knows which older C libraries a newer one can stand in for only if it is told each of them.
    platforms = ["manylinux_2_%d_%s" % (minor, wheels) for minor in range(RUNTIMES[target.runtime], 4, -1)]
    platforms += ["manylinux2014_" + wheels]
    marker.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
        "--target",
        str(folder),
    ]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", "--no-warn-conflicts"]
    command += ["--implementation", "cp", "--python-version", target.version]
    command += [word for each in platforms for word in ("--platform", each)]
    subprocess.run([*command, "--requirement", str(REQUIREMENTS)], check=True)
    marker.write_text(made_from)


def contents(packages: Path) -> dict[str, Path]:
    """Where the packages and our own code are, by their names in the zip."""
    found = {}
    for name, path in _files(packages):
        # In bin, pip puts scripts for the building machine.
        if not name.startswith("bin/") and not (path.parent.suffix == ".dist-info" and path.name in _INSTALLATION):
            found[name] = path
    found.update((name, path) for name, path in _files(HERE) if path.suffix == ".py" and name not in _NOT_SHIPPED)
    for library in LIBRARIES:
        found.update((_INSIDE + "%s/%s" % (library, name), path) for name, path in _files(COLLECTION / library))
    found.update((_INSIDE + module, COLLECTION / module) for module in MODULES)
    return {name: path for name, path in found.items() if path.parent.name != "__pycache__"}


def comment(target: Target, packages: Path) -> bytes:
    """That of the zip for this target: a digest of all that decides what is in it."""
    digest = hashlib.sha256(("%s %s" % (target.name, sys.version)).encode())
    for name, path in sorted({**contents(packages), "": Path(__file__)}.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return b"%s, from %s" % (MARK, digest.hexdigest().encode())


def lay_out(target: Target, packages: Path, folder: Path) -> None:
    """Put the packages and our own code into an empty folder, with bytecode where this Python is the target's."""
    for name, path in contents(packages).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)
    if target.runtime == Target.here().runtime:
        # Lambda's code directory is read-only: without shipped bytecode every cold start would compile.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a package's source does wrong is not for whoever builds
            compileall.compile_dir(
                folder,
                quiet=1,
                stripdir=str(folder),
                prependdir="/var/task",
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def pack(target: Target, folder: Path, file: Path, told: bytes = MARK) -> None:
    """Zip the folder. The zip appears whole or not at all.

    :param told: the zip's comment
    :raises Unfit: names every file that the runtime could not load
    """
    problems = [
        "%s %s" % (name, why) for name, path in _files(folder) if (why := unfit(name, path.read_bytes(), target))
    ]
    if problems:
        raise Unfit("\n".join(problems))
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        archive.comment = told
        for name, path in _files(folder):
            member = zipfile.ZipInfo(name, _DATE)
            member.external_attr = 0o644 << 16
            member.create_system = 3  # Unix, or the permissions would not count
            archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
    os.replace(partial, file)


def sizes(file: Path, packages: Path) -> list[tuple[str, int, int]]:
    """Package, bytes in the zip with its share of the zip's directory, bytes unpacked; the largest first."""
    owners = {"ansible_collections": "mfaops.auth0"}
    for distribution in distributions(path=[str(packages)]):
        # Asked once: each time it reads the package's whole metadata.
        name = distribution.metadata["Name"]
        owners.update({each.parts[0]: name for each in distribution.files or ()})
    zipped: Counter[str] = Counter()
    unpacked: Counter[str] = Counter()
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            parts = Path(member.filename).parts
            # The bytecode of a module that is no package lies in a folder for all of them.
            top = parts[1].partition(".")[0] + ".py" if parts[0] == "__pycache__" else parts[0]
            owner = owners.get(top, "mfaops.auth0")
            zipped[owner] += member.compress_size + _ENTRY + 2 * len(member.filename)
            unpacked[owner] += member.file_size
    return [(owner, size, unpacked[owner]) for owner, size in zipped.most_common()]


def build(target: Target, packages: Path, file: Path) -> None:
    """Make the zip from packages that are there; an earlier one that was made from the same stays.

    :raises Unfit: the zip would not run on the target
    """
    told = comment(target, packages)
    if file.exists():
        with zipfile.ZipFile(file) as archive:
            if archive.comment == told:
                return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "function"
        lay_out(target, packages, folder)
        pack(target, folder, file, told)


def fitting(template: str, target: Target, zip_name: str) -> str:
    """The template for this zip, in another folder beside its own: another runtime or architecture is refused before anything is made.

    :param zip_name: of the zip, in that folder
    :raises RuntimeError: the template has other lines than this looks for
    """
    places = {r"CodeUri: \S+": "CodeUri: " + zip_name, r"DefinitionUri: (\S+)$": r"DefinitionUri: ../%s/\1" % HERE.name}
    for name, value in (("Runtime", target.runtime), ("Architecture", target.architecture)):
        lines = r"^(  %s:\n(?:    .*\n)*?)    Default: .*\n    AllowedValues: .*$" % name
        places[lines] = r"\1    Default: %s\n    AllowedValues: [%s]" % (value, value)
    for old, new in places.items():
        template, found = re.subn(old, new, template, flags=re.MULTILINE)
        if found != 1:
            raise RuntimeError("the template has %d times %s" % (found, old))
    return template


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the audit function's zip.")
    parser.add_argument("--runtime", choices=RUNTIMES, default=next(iter(RUNTIMES)), help="default: %(default)s")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="arm64", help="default: %(default)s")
    parser.add_argument("--here", action="store_true", help="for this machine and this Python instead")
    parser.add_argument("--zip", type=Path, help="default: build/function.zip, and build/template.yaml for it")
    parser.add_argument("--fetch-only", action="store_true", help="fetch the packages and build nothing")
    options = parser.parse_args(arguments)
    target = Target.here() if options.here else Target(options.runtime, options.architecture)
    if target.runtime not in RUNTIMES or target.architecture not in ARCHITECTURES:
        parser.error("Lambda has no %s for %s. Choose --runtime and --architecture." % target)
    zip_file = options.zip or COLLECTION / "build" / "function.zip"
    reason = refusal(zip_file)
    if reason:
        parser.error("%s. Name a new file or an earlier build." % reason)
    packages = COLLECTION / "build" / "packages" / target.name
    try:
        fetch(target, packages)
        if options.fetch_only:
            return 0
        build(target, packages, zip_file)
    except subprocess.CalledProcessError:
        has_pip = importlib.util.find_spec("pip") is not None
        why = (
            "pip says why above" if has_pip else "%s has no pip. Install it there, or use another one" % sys.executable
        )
        print("The packages could not be fetched; %s." % why, file=sys.stderr)
        return 1
    except Unfit as error:
        print("There is no zip, because %s could not load:\n%s" % (target.runtime, error), file=sys.stderr)
        return 1
    if not options.zip:
        told = fitting(TEMPLATE.read_text(encoding="utf-8"), target, zip_file.name)
        zip_file.with_name(TEMPLATE.name).write_text(told, encoding="utf-8")
    table = sizes(zip_file, packages)
    for owner, zipped, unpacked in table:
        print("%8.2f MB  %6.1f MB unpacked  %s" % (zipped / 1e6, unpacked / 1e6, owner))
    size = zip_file.stat().st_size
    digest = hashlib.sha256(zip_file.read_bytes()).hexdigest()
    print("%8.2f MB  %6.1f MB unpacked  %s" % (size / 1e6, sum(each[2] for each in table) / 1e6, zip_file))
    print("for %s on %s, sha256 %s" % (target.runtime, target.architecture, digest))
    if target.runtime != Target.here().runtime:
        print("Without bytecode, so a cold start takes twice as long. Build with %s to have it." % target.runtime)
    if size > GOAL:
        print("This is more than %d MB." % (GOAL // 10**6))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
