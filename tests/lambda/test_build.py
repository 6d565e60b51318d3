# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function's zip: what is in it, that it fits its runtime, and that nothing else is overwritten."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.cloudformation import TEMPLATE, load
from tests.support.function_zip import BUILD, ROOT

specification = importlib.util.spec_from_file_location("build_of_the_function", BUILD)
build = importlib.util.module_from_spec(specification)
sys.modules[specification.name] = build
specification.loader.exec_module(build)

ARM = build.Target("python3.13", "arm64")
INTEL = build.Target("python3.13", "x86_64")
LOCK = (ROOT / "lambda" / "requirements.txt").read_text()


def elf(machine: int, *symbols: bytes) -> bytes:
    """The beginning of a 64-bit ELF file, and the names of what it needs."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0" + machine.to_bytes(2, "little") + b"\0".join(symbols)


def python_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}


def test_the_client_and_the_audit_go_in_unchanged_and_nothing_else_of_the_collection(built):
    collection = built / "ansible_collections" / "mfaops" / "auth0"
    expected = {
        "plugins/module_utils/%s/%s" % (library, name): content
        for library in ("auth0", "audit", "yaml_file")
        for name, content in python_files(ROOT / "plugins" / "module_utils" / library).items()
    }
    versions = ROOT / "plugins" / "module_utils" / "versions.py"
    assert python_files(collection) == {**expected, "plugins/module_utils/versions.py": versions.read_bytes()}


def test_every_file_of_the_function_is_in_it_and_no_tool_of_whoever_deploys(built):
    tools = {"build.py", "check.py", "estimate.py"}
    ours = set(python_files(ROOT / "lambda")) - tools
    assert {"handler.py", "settings.py"} < ours and all((built / name).is_file() for name in ours)
    assert not [name for name in tools if (built / name).exists()]


def test_bytecode_is_shipped_that_is_never_checked_against_a_time(built):
    compiled = list(built.rglob("*.pyc"))
    assert len(compiled) == len(list(built.rglob("*.py")))
    # PEP 552: the second word of the header is 1 for a hash that is not checked.
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\x01\0\0\0"}


def test_what_the_runtime_brings_and_what_the_audit_never_imports_is_left_out(built):
    for name in ("boto3", "botocore", "awslambdaric", "aiohttp", "yarl", "anyio", "pycparser", "bin"):
        assert not (built / name).exists(), name
    # Of the packages' metadata, what tells of the machine that installed them.
    assert not list(built.rglob("RECORD")) and list(built.rglob("METADATA"))


def test_the_lock_asks_nothing_of_the_machine_that_builds():
    # pip reads a marker for the Python that it runs on, and the zip may be for another one.
    markers = {line.partition(";")[2].strip(" \\") for line in LOCK.splitlines() if re.match(r"[\w.-]+==", line)}
    assert markers <= {"", "platform_python_implementation != 'PyPy'", "implementation_name != 'PyPy'"}


@pytest.mark.parametrize(
    "name, content, target, why",
    [
        ("a/b.cpython-313-aarch64-linux-gnu.so", elf(183, b"GLIBC_2.17"), ARM, None),
        ("a/b.cpython-313-x86_64-linux-gnu.so", elf(62, b"GLIBC_2.34"), INTEL, None),
        ("a/b.abi3.so", elf(183), ARM, None),
        ("a.libs/libffi-1a2b.so.8.1", elf(183), ARM, None),
        ("a/b.py", b"", ARM, None),
        ("a/b.cpython-313-aarch64-linux-gnu.so", elf(183), INTEL, "is for another machine than x86_64"),
        ("a/b.abi3.so", elf(62), ARM, "is for another machine than arm64"),
        ("a.libs/libffi-1a2b.so.8.1", elf(62), ARM, "is for another machine than arm64"),
        ("a/b.cpython-312-aarch64-linux-gnu.so", elf(183), ARM, "is for another Python than python3.13"),
        ("a/b.cpython-313t-aarch64-linux-gnu.so", elf(183), ARM, "is for another Python than python3.13"),
        ("a/b.cpython-313-aarch64-linux-musl.so", elf(183), ARM, "is for another system"),
        ("a/b.cpython-313-darwin.so", b"\xcf\xfa\xed\xfe" + bytes(40), ARM, "is for another system"),
        ("a/b.pyd", b"MZ", ARM, "is for another system"),
        ("a/b.so", b"\x7fELF\x01\x01" + bytes(40), ARM, "is for another machine than arm64"),
        ("a/b.so", b"", ARM, "is for another system"),
        ("a/b.so", b"\x7fELF\x02\x01", ARM, "is for another machine than arm64"),
        ("a/b.abi3.so", elf(183, b"GLIBC_2.9", b"GLIBC_2.38"), ARM, "needs glibc 2.38, and python3.13 has 2.34"),
        ("a/b.abi3.so", elf(62, b"GLIBC_2.28"), build.Target("python3.11", "x86_64"), "needs glibc 2.28"),
    ],
)
def test_a_compiled_file_has_to_fit_the_runtime_and_the_architecture(name, content, target, why):
    found = build.unfit(name, content, target)
    assert found is None if why is None else found.startswith(why)


def test_a_zip_with_a_file_that_does_not_fit_is_never_made(tmp_path):
    (tmp_path / "function").mkdir()
    (tmp_path / "function" / "one.abi3.so").write_bytes(elf(62))
    with pytest.raises(build.Unfit, match="one.abi3.so is for another machine"):
        build.pack(ARM, tmp_path / "function", tmp_path / "function.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["function"]


def test_the_zip_for_lambda_is_made_on_this_machine_and_told_by_package(tmp_path):
    """The default target, which no test machine has to be."""
    ended = subprocess.run(
        [sys.executable, str(BUILD), "--zip", "function.zip"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        names = archive.namelist()
    compiled = [name for name in names if name.endswith(".so")]
    assert [name for name in compiled if "cpython-313-aarch64" in name] and not [
        name for name in compiled if "x86" in name
    ]
    has_bytecode = any(name.endswith(".pyc") for name in names)
    assert has_bytecode is (sys.version_info[:2] == (3, 13)) is ("Without bytecode" not in ended.stdout)
    rows = re.findall(r"^ +([\d.]+) MB +[\d.]+ MB unpacked  (\S+)$", ended.stdout, re.MULTILINE)
    total = float(rows.pop()[0])
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    assert {re.sub(r"[-_.]+", "-", name).lower() for _size, name in rows} == locked | {"mfaops-auth0"}
    assert abs(total - sum(float(size) for size, _name in rows)) < 0.01 * len(rows)  # each is rounded
    assert "for python3.13 on arm64, sha256 " in ended.stdout


def test_the_same_sources_make_the_same_zip(tmp_path):
    """What a file system and a Python process do in an order of their own has no part in it."""
    packages = tmp_path / "packages"
    (packages / "one").mkdir(parents=True)
    (packages / "one" / "__init__.py").write_text("SET = {'a', 'b', 'c'}\nx = 1 if 'a' in {'a', 'b', 'd'} else 2\n")
    made = []
    for seed in ("1", "2"):
        code = "import runpy, sys; m = runpy.run_path(sys.argv[1]); from pathlib import Path\n"
        code += "m['build'](m['Target'].here(), Path(sys.argv[2]), Path(sys.argv[3]))"
        file = tmp_path / ("%s.zip" % seed)
        words = [sys.executable, "-c", code, str(BUILD), str(packages), str(file)]
        subprocess.run(words, env={"PYTHONHASHSEED": seed, "TMPDIR": str(tmp_path)}, check=True)
        made.append(file.read_bytes())
        (packages / "one" / "__init__.py").touch()
    assert made[0] == made[1]


def test_a_zip_is_made_again_only_from_other_packages_other_code_or_for_another_target(tmp_path, monkeypatch):
    packages, file = tmp_path / "packages", tmp_path / "one.zip"
    (packages / "one").mkdir(parents=True)
    (packages / "one" / "__init__.py").write_text("x = 1\n")
    monkeypatch.setattr(build, "HERE", tmp_path / "lambda")
    (tmp_path / "lambda").mkdir()
    seen = []

    def made(target: build.Target) -> bool:
        build.build(target, packages, file)
        seen.append(file.stat().st_ino)
        return seen[-1] not in seen[-2:-1]

    assert (made(ARM), made(ARM), made(INTEL), made(INTEL)) == (True, False, True, False)
    (packages / "one" / "__init__.py").write_text("x = 2\n")
    assert (made(INTEL), made(INTEL)) == (True, False)
    (tmp_path / "lambda" / "handler.py").write_text("")
    assert (made(INTEL), made(INTEL)) == (True, False)
    (packages / "one" / "__init__.py").rename(packages / "one" / "two.py")
    assert (made(INTEL), made(INTEL)) == (True, False)


@pytest.mark.parametrize("destination", [".", "notes.txt", "other.zip", "link.zip"])
def test_a_file_that_is_not_a_build_is_refused_and_stays_as_it_is(tmp_path, destination):
    (tmp_path / "notes.txt").write_text("mine")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("handler.py", "mine")
    (tmp_path / "link.zip").symlink_to("notes.txt")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    ended = subprocess.run(
        [sys.executable, str(BUILD), "--here", "--zip", destination],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2 and "Name a new file or an earlier build" in ended.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("target", [INTEL, build.Target("python3.11", "arm64")])
def test_the_template_for_a_zip_takes_no_other_runtime_and_architecture(target):
    written, made = load(TEMPLATE.read_text()), load(build.fitting(TEMPLATE.read_text(), target, "one.zip"))
    for name, value in (("Runtime", target.runtime), ("Architecture", target.architecture)):
        parameter = made["Parameters"].pop(name)
        assert (parameter["Default"], parameter["AllowedValues"]) == (value, [value])
        assert set(parameter) == set(written["Parameters"].pop(name))
    assert made["Resources"]["Function"]["Properties"].pop("CodeUri") == "one.zip"
    assert made["Resources"]["Machine"]["Properties"].pop("DefinitionUri") == "../lambda/machine.asl.json"
    del written["Resources"]["Function"]["Properties"]["CodeUri"]
    del written["Resources"]["Machine"]["Properties"]["DefinitionUri"]
    assert made == written


def test_a_python_without_pip_is_told(monkeypatch, capsys):
    def fetch(*_given):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(build, "fetch", fetch)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _name: None)
    assert build.main(["--zip", "nowhere.zip"]) == 1
    assert "has no pip. Install it there" in capsys.readouterr().err


def test_an_earlier_build_is_made_anew(tmp_path):
    assert build.refusal(tmp_path / "new.zip") is None
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "handler.py").write_text("")
    build.pack(ARM, tmp_path / "folder", tmp_path / "new.zip")
    assert build.refusal(tmp_path / "new.zip") is None


def test_packages_that_cannot_be_fetched_are_told_and_leave_nothing(tmp_path):
    """A copy, so that the packages of the checkout stay."""
    for name in ("lambda", "plugins/module_utils"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "lambda" / "build.py"), "--here"],
        capture_output=True,
        text=True,
        check=False,
        env={"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"},
    )
    assert ended.returncode == 1 and "The packages could not be fetched" in ended.stderr
    assert not list(tmp_path.rglob("*.zip")) and not list(tmp_path.rglob("*.made-from"))
