# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "lambda" / "build.py"
specification = importlib.util.spec_from_file_location("build_of_the_function", BUILD)
build = importlib.util.module_from_spec(specification)
specification.loader.exec_module(build)


def python_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}


def test_the_client_and_the_audit_go_in_unchanged_and_nothing_else_of_the_collection(built):
    collection = built / "ansible_collections" / "mfaops" / "auth0"
    expected = {
        "plugins/module_utils/%s/%s" % (library, name): content
        for library in ("auth0", "audit")
        for name, content in python_files(ROOT / "plugins" / "module_utils" / library).items()
    }
    assert python_files(collection) == expected


def test_the_handler_is_at_the_top(built):
    ours = {path.name for path in (ROOT / "lambda").glob("*.py")} - {"build.py"}
    assert {path.name for path in built.glob("*.py")} == ours


def test_bytecode_is_shipped_that_is_never_checked_against_a_time(built):
    compiled = list(built.rglob("*.pyc"))
    assert len(compiled) == len(list(built.rglob("*.py")))
    # PEP 552: the second word of the header is 1 for a hash that is not checked.
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\x01\0\0\0"}


def test_packages_are_copied_without_what_belongs_to_the_building_machine(tmp_path):
    packages = tmp_path / "packages"
    for name in ("one/__init__.py", "one/__pycache__/stale.pyc", "bin/tool", "one-1.dist-info/METADATA"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("")
    target = tmp_path / "function"
    subprocess.run([sys.executable, str(BUILD), str(target)], check=True)
    (target / "left-over.py").write_text("")
    subprocess.run([sys.executable, str(BUILD), str(target), "--packages", str(packages)], check=True)
    assert (target / "one" / "__init__.py").exists() and (target / "one-1.dist-info" / "METADATA").exists()
    assert not any((target / name).exists() for name in ("bin", "one/__pycache__/stale.pyc", "left-over.py"))


def test_packages_that_are_not_a_directory_are_an_error_in_one_line(tmp_path):
    ended = subprocess.run(
        [sys.executable, str(BUILD), str(tmp_path / "function"), "--packages", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2 and "is not a directory" in ended.stderr
    assert not (tmp_path / "function").exists()


@pytest.mark.parametrize(
    "destination", [".", "..", "/", "~", "kept", "file", "link", "packages", "packages/in", "checkout"]
)
def test_a_destination_that_is_not_a_build_is_refused_and_stays_as_it_is(tmp_path, destination):
    here = tmp_path / "here"
    for folder in ("kept", "packages", "elsewhere"):
        (here / folder).mkdir(parents=True)
        (here / folder / "mine").write_text("")
    (here / "file").write_text("")
    (here / "link").symlink_to("elsewhere")
    # A copy of what it takes, so that a mistake cannot reach the checkout.
    checkout = here / "checkout"
    shutil.copytree(ROOT / "lambda", checkout / "lambda")
    shutil.copytree(ROOT / "plugins" / "module_utils", checkout / "plugins" / "module_utils")
    before = sorted(here.rglob("*"))
    arguments = [str(checkout / "lambda" / "build.py"), os.path.expanduser(destination)]
    if destination.startswith("packages"):
        arguments += ["--packages", "packages"]
    if destination in ("/", "~"):
        reason = build.refusal(Path(arguments[1]))
        assert reason and "your home" in reason
        return
    ended = subprocess.run([sys.executable, "-B", *arguments], cwd=here, capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and "Choose a new or empty directory" in ended.stderr
    assert sorted(here.rglob("*")) == before


def test_an_empty_directory_and_an_earlier_build_are_made_anew(tmp_path):
    (tmp_path / "function").mkdir()
    for _time in range(2):
        subprocess.run([sys.executable, str(BUILD), "function"], cwd=tmp_path, check=True)
    assert (tmp_path / "function" / "handler.py").exists()
