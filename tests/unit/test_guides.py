# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides tell people to write exists: modules, options, choices, playbooks and their variables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.file import load

from ansible_collections.mfaops.auth0.plugins.action.variables import OF_EVERY_PLAYBOOK

from tests.support.playbook import ROOT, environment

GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("auth0_*.py"))
PREFIX = "mfaops.auth0."
GROUP = "group/mfaops.auth0.auth0"


def blocks(guide: Path, language: str) -> list[str]:
    """The code blocks of a guide."""
    found = re.findall(
        r"^\.\. code-block:: %s\n\n((?:(?:   .*)?\n)+)" % language, guide.read_text() + "\n", re.MULTILINE
    )
    return [textwrap.dedent(block) for block in found]


def tasks_of(content: object, defaults: dict) -> list[tuple[str, dict, dict]]:
    """Every task of ours: the module, its options, and the defaults that hold for it."""
    found = []
    for entry in content if isinstance(content, list) else []:
        given = entry.get("module_defaults", {}).get(GROUP, {})
        # A template has what the inventory says.
        here = {**defaults, **(given if isinstance(given, dict) else {})}
        for section in ("tasks", "block", "pre_tasks", "post_tasks", "rescue", "always"):
            found += tasks_of(entry.get(section), here)
        found += [(name[len(PREFIX) :], entry[name] or {}, here) for name in entry if name.startswith(PREFIX)]
    return found


def mistakes(given: dict, documented: dict, inherited: dict) -> list[str]:
    """What is wrong with the options of a task."""
    found = ["no option %s" % name for name in given if name not in documented]
    for name, option in documented.items():
        if option.get("required") and name not in {**inherited, **given}:
            found.append("%s is missing" % name)
        values = given.get(name) if isinstance(given.get(name), list) else [given.get(name)]
        for value in values:
            if isinstance(value, dict):
                found += mistakes(value, option.get("suboptions", {}), {})
            elif name in given and "choices" in option and "{{" not in str(value) and value not in option["choices"]:
                found.append("%s is no choice of %s" % (value, name))
    return found


@pytest.fixture(scope="module")
def options() -> dict[str, dict]:
    """The documented options of each module, fragments included."""
    command = [Path(sys.prefix) / "bin" / "ansible-doc", "--json", *(PREFIX + name for name in MODULES)]
    shown = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout
    return {name[len(PREFIX) :]: entry["doc"]["options"] for name, entry in json.loads(shown).items()}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_tasks_of_the_guides_are_what_the_modules_take(guide, options):
    for block in blocks(guide, "yaml"):
        for module, given, defaults in tasks_of(yaml.safe_load(block), {}):
            assert module in options, module
            assert mistakes({**defaults, **given}, options[module], defaults) == [], block


def test_a_task_with_mistakes_is_noticed(options):
    (task,) = tasks_of(yaml.safe_load("[{mfaops.auth0.auth0_recovery_code: {state: new, color: red}}]"), {})
    assert mistakes(task[1], options[task[0]], {}) == ["no option color", "new is no choice of state"]
    (task,) = tasks_of(yaml.safe_load("[{block: [{mfaops.auth0.auth0_remembered_browser: {}}]}]"), {})
    assert mistakes(task[1], options[task[0]], {}) == ["state is missing"]


def test_every_module_is_in_a_guide():
    written = "".join(guide.read_text() for guide in GUIDES)
    assert [name for name in MODULES if PREFIX + name not in written] == []


def commands() -> list[tuple[str, set[str]]]:
    """Each playbook of ours that a guide calls, with the variables it is given."""
    found = []
    for text in [block for guide in GUIDES for block in blocks(guide, "console")]:
        for line in re.findall(r"ansible-playbook mfaops\.auth0\.(.*)", text):
            found.append((line.split()[0], set(re.findall(r"-e (\w+)=", line))))
    return found


@pytest.mark.parametrize("name, given", commands())
def test_playbooks_of_the_guides_exist_and_have_these_variables(name, given):
    (play,) = yaml.safe_load((ROOT / "playbooks" / (name + ".yml")).read_text())
    checked = play["tasks"][0].get("mfaops.auth0.variables", {"options": play["vars"]})["options"]
    assert given <= checked.keys() | {*OF_EVERY_PLAYBOOK}


def test_the_policy_file_of_the_guide_is_right(tmp_path):
    guide = ROOT / "docs" / "docsite" / "rst" / "guide_gitops.rst"
    (tmp_path / "policy.yml").write_text(blocks(guide, "yaml")[0])
    policy = load(str(tmp_path / "policy.yml"))
    assert policy.mfa.factors and policy.mfa.message_types and policy.mfa.policy and policy.actions
    shipped = (ROOT / "playbooks" / "files" / "hide_remember_browser.js").read_text()
    assert policy.actions[0].code in shipped
