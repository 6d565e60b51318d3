# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody new: one empty folder, an environment with what the README tells to install and nothing else, the collection from its
tarball, a tenant over TLS, and the commands of the README and of the guides, one after the other, exactly as they are printed.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.playbook import ROOT

from .test_documented_commands import CHAPTERS, PRINTED, README, copied, playbooks_of
from .test_playbooks import decide

PLAIN = ROOT / ".venv" / "plain" / "bin"
GITOPS = CHAPTERS[-1]


class Newcomer:
    """A folder, and what a person types there.

    :ivar folder: everything the person has
    """

    def __init__(self, place: Path, tenant) -> None:
        self.folder, home = place / "here", place / "home"
        self.folder.mkdir()
        home.mkdir()
        self._environ = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": f"{PLAIN}:/usr/local/bin:/usr/bin:/bin",
            "AUTH0_DOMAIN": tenant.domain,
            "AUTH0_CLIENT_ID": "m2m",
            "AUTH0_CLIENT_SECRET": "m2m-secret",
            "SSL_CERT_FILE": tenant.ca_file,
        }
        self.collection = home / ".ansible" / "collections" / "ansible_collections" / "mfaops" / "auth0"

    def types(self, command: str, cwd: Path | None = None, code: int = 0, **more: str) -> str:
        """What a command prints."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=cwd or self.folder,
            env={**self._environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}"
        assert "m2m-secret" not in done.stdout and "Traceback" not in done.stdout
        return done.stdout

    def file(self, name: str, text: str) -> None:
        """Save a file that a page shows."""
        (self.folder / name).write_text(text)


@pytest.fixture(scope="module")
def tenant():
    with start(users=20, tls=True) as running:
        yield running


@pytest.fixture
def newcomer(tmp_path, tenant) -> Newcomer:
    return Newcomer(tmp_path, tenant)


def of(page: Path, words: str) -> str:
    """The one command of a page that begins like this."""
    (found,) = {command for command in PRINTED[page] if command.startswith(words)}
    return found


def test_every_guide_with_a_playbook_is_a_chapter():
    guides = {page for page in PRINTED if page.name.startswith("guide_") and playbooks_of(page)}
    assert guides | {README} == {*CHAPTERS}


def test_everything_printed_in_one_empty_folder(newcomer, tenant):
    # The packages are those that the README names: its command has nothing to add.
    newcomer.types(of(README, "python -m pip install "), PIP_NO_INDEX="1")
    checkout = copied(newcomer.folder.parent / "checkout")
    newcomer.types(of(README, ".venv/bin/ansible-galaxy collection build").partition("/bin/")[2], cwd=checkout)
    for tarball in checkout.glob("*.tar.gz"):
        shutil.move(tarball, newcomer.folder)
    newcomer.types(of(README, "ansible-galaxy collection install mfaops-auth0-"))
    first_playbook(newcomer, tenant)
    newcomer.file(
        "users.csv",
        "email,phone_number,name\nuser00001@example.com,+442071838750,work phone\nuser00016@example.com,,\n",
    )
    newcomer.file("users.txt", "user00004@example.com\nuser00005@example.com\n")
    for page in CHAPTERS:
        for command in playbooks_of(page):
            if "remediate" in command:
                reviewed(newcomer)
            newcomer.types(in_the_folder(newcomer, command))
    drifted(newcomer)


def first_playbook(newcomer: Newcomer, tenant) -> None:
    """The README's own playbook, with the line for a real tenant that its comment shows."""
    (text,) = re.findall(r"```yaml\n# first\.yml\n(.*?)```", README.read_text(), re.DOTALL)
    (line,) = re.findall(r"^ +base_url: .*$", text, re.MULTILINE)
    newcomer.file("first.yml", text.replace(line, f"      auth0_domain: {tenant.domain}"))
    command = of(README, ".venv/bin/ansible-playbook first.yml").partition("/bin/")[2]
    assert "changed=1 " in newcomer.types(command) and "changed=0 " in newcomer.types(command)


def in_the_folder(newcomer: Newcomer, command: str) -> str:
    """The guides keep codes in a directory that only root could make here."""
    return command.replace("/secure/", f"{newcomer.folder}/")


def reviewed(newcomer: Newcomer) -> None:
    """Before a remediation: the files of the newest audit, with a decision for one finding."""
    newest = max((newcomer.folder / "mfa-audits").glob("*/*/report"), key=lambda path: path.parent.name)
    for name in ("findings.csv", "findings.jsonl.gz"):
        shutil.copy2(newest / name, newcomer.folder)
    with (newcomer.folder / "findings.csv").open(encoding="utf-8", newline="") as file:
        ticket = next(row["finding_id"] for row in csv.DictReader(file) if row["rule"] == "no-mfa")
    decide(newcomer.folder / "findings.csv", {ticket: "ticket"})
    newcomer.file("reviewed.yml", f"reviewed: [{ticket}]\n")


def drifted(newcomer: Newcomer) -> None:
    """What the guide says of drift, and of users who would be locked out."""
    policy = (newcomer.folder / "policy.yml").read_text()
    look = of(GITOPS, "ansible-playbook mfaops.auth0.policy --check")
    apply = of(GITOPS, "ansible-playbook mfaops.auth0.policy --diff")
    assert "changed=0 " in newcomer.types(look)
    newcomer.file("policy.yml", policy.replace("duo: false", "duo: true"))
    assert "The tenant differs from the policy" in newcomer.types(look + " -e fail_on_drift=true", code=2)
    newcomer.types(apply)
    assert "changed=0 " in newcomer.types(look + " -e fail_on_drift=true")
    newcomer.file("policy.yml", policy.replace("phone: true", "phone: false").replace("otp: true", "otp: false"))
    assert "may be unable to log in" in newcomer.types(apply, code=2)
    newcomer.file("policy.yml", policy.replace("policy:", "policyy:"))
    assert 'unknown key "policyy"; expected policy' in newcomer.types(apply, code=2)
