# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script of the release workflow: a tag is a release only if version and changelog say the same."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "release.sh"
# Which release people get who copy the GitOps example. The next one is named before there is its tag.
PINNED = ("docs/examples/gitops/requirements.yml", "docs/docsite/rst/guide_gitops.rst")
CHANGELOG = """# Release Notes

<a id="v0-3-0"></a>
## v0\\.3\\.0

### Minor Changes

* New\\.

<a id="v0-2-0"></a>
## v0\\.2\\.0
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "changelogs" / "fragments").mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "tools")
    (tmp_path / "galaxy.yml").write_text("name: auth0\nversion: 0.3.0\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    for name in PINNED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(re.sub(r"\bv\d+\.\d+\.\d+\b", "v0.3.0", (ROOT / name).read_text()))
    return tmp_path


def check(project, tag):
    return subprocess.run(
        [project / "tools" / "release.sh", "check", tag], capture_output=True, text=True, check=False, cwd="/"
    )


def test_a_tag_with_its_version_and_changelog_is_a_release(project):
    done = check(project, "v0.3.0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("tag", ["v0.3.1", "v0.3", "v0.2.0", "main", ""])
def test_a_tag_of_another_version_is_none(project, tag):
    done = check(project, tag)
    assert done.returncode == 1
    assert "galaxy.yml has another version" in done.stderr


@pytest.mark.parametrize("name", PINNED)
def test_the_gitops_example_names_the_tag_and_not_the_version(project, name):
    """Git knows the tag only."""
    path = project / name
    path.write_text(path.read_text().replace("v0.3.0", "0.3.0"))
    done = check(project, "v0.3.0")
    assert done.returncode == 1 and done.stderr == "%s names another release than v0.3.0. \n" % name


def test_a_version_that_the_changelog_only_names_is_none(project):
    (project / "CHANGELOG.md").write_text(CHANGELOG.replace("### Minor Changes\n\n* New\\.\n\n", ""))
    done = check(project, "v0.3.0")
    assert done.returncode == 1
    assert "CHANGELOG.md has no 0.3.0" in done.stderr


def test_a_fragment_in_no_release_is_not_left_behind(project):
    (project / "changelogs" / "fragments" / "late.yml").write_text("trivial: []\n")
    done = check(project, "v0.3.0")
    assert done.returncode == 1
    assert "fragments that are in no release" in done.stderr
