# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GitOps example as the guide prints it: copied to an empty folder, installed, and run over TLS with nothing but an environment.

The registry of Python packages stands still: a stub of pip checks what it is asked for, and links an Ansible with what the README
tells to install. Everything else is real: ``install.sh`` builds and installs the collection from a git repository with a tag. With
MFAOPS_REGISTRY set, pip is real.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.emulator.launch import start
from tests.support.playbook import ROOT

from .test_newcomer import PLAIN

EXAMPLE = ROOT / "docs" / "examples" / "gitops"
# Stands for the Python that makes the environment, with a pip that installs what the README tells.
PYTHON = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec %(python)s "$@"
mkdir -p "$3/bin"
ln -sf %(bin)s/ansible-galaxy %(bin)s/ansible-playbook %(bin)s/python "$3/bin/"
cat > "$3/bin/pip" <<'PIP'
#!/bin/sh
[ "$*" = "install --quiet --require-hashes --only-binary :all: -r requirements.txt" ]
PIP
chmod +x "$3/bin/pip"
"""


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def released(folder: Path, version: str) -> Path:
    """A repository with the files of this one, and a tag."""
    for name in git(ROOT, "ls-files", "-co", "--exclude-standard").splitlines():
        if not name.startswith(("tests/", "lambda/", "tools/")) and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "all")
    git(folder, "tag", version)
    return folder


def packages(text: str) -> set[str]:
    """The names of packages in a file of requirements."""
    lines = [line for line in text.lower().splitlines() if line[:1].isalpha()]
    return {line.split("=")[0].split(">")[0].split("<")[0].strip().replace(".", "-") for line in lines}


def test_what_is_asked_for_is_locked():
    assert packages((EXAMPLE / "requirements.in").read_text()) <= packages((EXAMPLE / "requirements.txt").read_text())
    assert (EXAMPLE / "requirements.txt").read_text().count("--hash=sha256:") > 100


@pytest.fixture
def here(tmp_path, emulator_over_tls):
    """The copied example, and what runs a program in it with an environment of its own."""
    folder, home = tmp_path / "mfa-policy", tmp_path / "home"
    shutil.copytree(EXAMPLE, folder)
    home.mkdir()
    (source,) = yaml.safe_load((folder / "requirements.yml").read_text())["collections"]
    repository = released(tmp_path / "repository", source["version"])
    requirements = (folder / "requirements.yml").read_text()
    assert source["name"] == "https://github.com/mfaops/auth0.git"
    (folder / "requirements.yml").write_text(requirements.replace(source["name"], f"file://{repository}"))
    environ = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AUTH0_DOMAIN": emulator_over_tls.domain,
        "AUTH0_CLIENT_ID": "m2m",
        "AUTH0_CLIENT_SECRET": "m2m-secret",
        "SSL_CERT_FILE": emulator_over_tls.ca_file,
    }
    if "MFAOPS_REGISTRY" in os.environ:
        environ["PYTHON"] = sys.executable
        environ.update({name: value for name, value in os.environ.items() if name.startswith("PIP_")})
    else:
        stub = tmp_path / "python"
        stub.write_text(PYTHON % {"python": sys.executable, "bin": PLAIN})
        stub.chmod(0o755)
        environ["PYTHON"] = str(stub)

    def run(*words: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "m2m-secret" not in done.stdout
        return done.returncode, done.stdout

    return folder, run


@pytest.fixture(scope="module")
def emulator_over_tls():
    with start(users=20, tls=True) as running:
        yield running


def test_an_empty_folder_becomes_a_pipeline(here, emulator_over_tls):
    folder, run = here
    code, output = run("./install.sh")
    assert code == 0, output
    code, output = run("python3", "mfa.py", "export")
    assert code == 0, output
    policy = folder / "policy.yml"
    exported = policy.read_text()
    policy.write_text(exported.replace("duo: false", "duo: true"))
    assert run("python3", "mfa.py", "show")[0] == 0
    assert "| `factors.duo` | `false` | `true` |" in (folder / "summary.md").read_text()
    assert run("python3", "mfa.py", "drift")[0] == 2
    assert json.loads((folder / "result.json").read_text())["exit_code"] == 2
    assert run("python3", "mfa.py", "drift", AUTH0_CLIENT_SECRET="another-secret")[0] == 1
    emulator_over_tls.control(
        "POST", "faults", {"kind": "status", "status": 403, "method": "PUT", "path": "*/guardian/*"}
    )
    assert run("python3", "mfa.py", "apply")[0] == 3
    # What nothing can come of is told by the same code, whether the playbook looked at the tenant or not.
    code, output = run("python3", "mfa.py", "apply", "-e", "allow_lockot=true")
    assert code == 4 and "Did you mean allow_lockout?" in output
    assert run("python3", "mfa.py", "apply", "-e", "target=dve")[0] == 1
    code, output = run(
        "python3", "mfa.py", "apply", AUTH0_CLIENT_ID="m2m-readonly", AUTH0_CLIENT_SECRET="m2m-readonly-secret"
    )
    assert code == 3 and "Applying the policy failed. Nothing was changed." in output
    assert run("python3", "mfa.py", "apply")[0] == 0
    policy.write_text(policy.read_text().replace("phone: true", "phone: false").replace("otp: true", "otp: false"))
    code, output = run("python3", "mfa.py", "apply")
    assert code == 4 and "They may be unable to log in" in output
    policy.write_text(exported.replace("policy:", "policyy:"))
    code, output = run("python3", "mfa.py", "show")
    assert code == 4 and 'unknown key "policyy"; expected policy' in output
    git(folder, "init", "--quiet")
    kept = git(folder, "ls-files", "-o", "--exclude-standard").split()
    assert (
        "policy.yml" in kept and not {"result.json", "summary.md"} & {*kept} and not [x for x in kept if ".venv" in x]
    )
