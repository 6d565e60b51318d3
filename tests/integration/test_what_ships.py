# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ships: the tarball, installed somewhere else, runs the demo playbook from another folder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.playbook import BIN, ROOT, environment

SHIPPED = {
    "audit",
    "plugins",
    "playbooks",
    "meta",
    "docs",
    "changelogs",
    "tests",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
}
SHIPPED |= {"CODE_OF_CONDUCT.md", "SECURITY.md", "LICENSE", "MANIFEST.json", "FILES.json"}


def run(folder, *command, collections=None):
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=folder,
        env=environment(collections),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.oldest
@pytest.mark.middle
def test_the_built_collection_installs_and_plays_the_demo_twice(tenant):
    built, installed, elsewhere = (tenant.folder / name for name in ("built", "installed", "elsewhere"))
    elsewhere.mkdir()
    # Whoever installs from git has no distlib. The environment of the tests has none either.
    run(ROOT, "ansible-galaxy", "collection", "build", "--output-path", str(built))
    (tarball,) = built.iterdir()
    run(
        elsewhere,
        "ansible-galaxy",
        "collection",
        "install",
        str(tarball),
        "-p",
        str(installed),
        "--offline",
        collections=installed,
    )
    content = installed / "ansible_collections" / "mfaops" / "auth0"
    assert not [path for path in content.rglob("*") if path.name in ("lambda", ".venv", "__pycache__", "build")]
    # A tool's cache or a setting of the checkout; pipelines of the example begin with a dot.
    hidden = {str(path.relative_to(content)) for path in content.rglob(".*")}
    assert not [name for name in hidden if not name.startswith("docs/examples/")]
    # What ansible-test needs to check the tarball.
    assert [path.name for path in content.joinpath("tests").iterdir()] == ["config.yml"]
    # All that git has of these, and nothing else at the top.
    tracked = subprocess.run(
        ["git", "ls-files", "plugins", "audit", "playbooks", "meta", "docs/docsite", "docs/examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [name for name in tracked if not (content / name).is_file()] == []
    assert {path.name for path in content.iterdir()} == SHIPPED
    audit = "ansible_collections.mfaops.auth0.audit"
    shown = subprocess.run(
        [sys.executable, "-m", audit, "--help"],
        cwd=elsewhere,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "{plan,run,report,diff,explain,schema}" in shown.stdout
    demo = content / "playbooks" / "demo.yml"
    play = ("ansible-playbook", str(demo), "-e", "base_url=" + tenant.running.url)
    checked = run(elsewhere, *play, "--check", collections=installed)
    assert "failed=0" in checked and tenant.writes() == []
    first = run(elsewhere, *play, collections=installed)
    again = run(elsewhere, *play, "--skip-tags", "once", collections=installed)
    assert "changed=5 " in first and "failed=0" in first
    assert "changed=0 " in again and "failed=0" in again
