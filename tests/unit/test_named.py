# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What README, CONTRIBUTING and their like name exists: files, directories, links, commands, tests, requirements."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import tomllib
import yaml

from ansible_collections.mfaops.auth0.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import words

ROOT = Path(__file__).resolve().parents[2]
# Page -> where the short paths in it start, beside the root and the page's own directory.
PAGES = {
    "README.md": ".",
    "CONTRIBUTING.md": "plugins/module_utils/auth0",
    "SECURITY.md": ".",
    "CODE_OF_CONDUCT.md": ".",
    "lambda/README.md": ".",
    "tests/README.md": ".",
    "tests/contract/README.md": "tests/unit/emulator",
}
ONLINE = re.compile(r"https://github\.com/mfaops/auth0/(?:blob|tree)/main/(.*)")
# Not in the repository: made by a command or by the reader, or a key in a bucket.
ELSEWHERE = re.compile(r"\.\./shared|build/|\.venv/|runs/RUN/|parts/RUN/|derived/|policies/|first\.yml")


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def code_of_the_tests() -> str:
    return "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))


def snippets(text: str) -> list[str]:
    """Everything in backticks, and every line of a block without a language."""
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", prose) + [line for block in blocks for line in block.splitlines()]


def exists(name: str, page: Path) -> bool:
    start = ROOT / PAGES[str(page.relative_to(ROOT))]
    return any(any(base.glob(name)) for base in (ROOT, page.parent, start))


def is_path(word: str) -> bool:
    named = re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*/?", word) and (
        "/" in word or re.search(r"\.(py|md|yml|sh|toml)$", word)
    )
    return bool(named) and not ELSEWHERE.match(word)


def wrong(text: str, page: Path) -> list[str]:
    """What a page names and is not there."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        online = ONLINE.fullmatch(link)
        if (online or not link.startswith("https:")) and not exists(online[1] if online else link, page):
            found.append(link)
    for snippet in snippets(text):
        # What follows two spaces is a description, and what follows # a comment.
        words = re.split(r"\s{2,}|\s#", snippet.strip())[0].split()
        found += [word for word in words if is_path(word) and not exists(word, page)]
        for before, word in zip(words, words[1:]):
            if before == "make" and word not in targets():
                found.append("make " + word)
            if before == "-k" and "def %s(" % word not in code_of_the_tests():
                found.append("-k " + word)
            if before == "-m" and word.startswith("tests"):
                module = word.replace(".", "/")
                found += [] if exists(module + ".py", page) or exists(module + "/__main__.py", page) else ["-m " + word]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_names_exists(name):
    assert wrong((ROOT / name).read_text(), ROOT / name) == []


@pytest.mark.parametrize(
    "text, found",
    [
        ("see `plugins/modules/views.py`", ["plugins/modules/views.py"]),
        ("see `views.py`", ["views.py"]),
        ("run `make everything`", ["make everything"]),
        ("run `python -m tests.nothing`", ["-m tests.nothing"]),
        ("run `pytest tests/nowhere -k test_nothing`", ["tests/nowhere", "-k test_nothing"]),
        ("```\nplugins/views/   what is not there\n```\n", ["plugins/views/"]),
        ("[here](https://github.com/mfaops/auth0/blob/main/HERE.md) [there](THERE.md)", ["HERE.md", "THERE.md"]),
        ("`make test` `tools/*.sh` `build/x/y` [issues](https://github.com/mfaops/auth0/issues)", []),
    ],
)
def test_what_is_not_there_is_noticed(text, found):
    assert [
        word.removeprefix("https://github.com/mfaops/auth0/blob/main/") for word in wrong(text, ROOT / "README.md")
    ] == found


def test_every_integration_test_has_its_place_in_the_readme():
    named = (ROOT / "tests" / "README.md").read_text()
    files = ["integration/" + path.name for path in (ROOT / "tests" / "integration").glob("test_*.py")]
    assert [name for name in files if "`%s`" % name not in named] == []


def test_every_room_has_its_place_in_contributing():
    named = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = {path.parent for path in (ROOT / "plugins" / "module_utils").rglob("*.py")} - {
        ROOT / "plugins/module_utils"
    }
    assert [str(path.relative_to(ROOT)) for path in rooms if "\n%s/ " % path.relative_to(ROOT) not in named] == []


def test_every_factor_is_in_the_glossary():
    glossary = (ROOT / "docs" / "docsite" / "rst" / "glossary.rst").read_text()
    assert [word for word in words() if "``%s``" % word not in glossary] == []


def as_prose(requirement: str) -> tuple[str, str]:
    """``auth0-python>=6.8,<7`` as a name and the words that a reader sees."""
    name, least, below = re.fullmatch(r"([\w-]+)>=([\d.]+)(?:,<([\d.]+))?", requirement).groups()
    return name, "%s or newer%s" % (least, ", below %s" % below if below else "")


def test_the_requirements_are_the_same_everywhere():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    required = dict(as_prose(each) for each in groups["collection"] if not each.startswith("jinja2"))
    readme = (ROOT / "README.md").read_text()
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["requirements"]
    shipped = (ROOT / "meta" / "ee-requirements.txt").read_text().splitlines()
    for name, versions in required.items():
        assert re.search(r"`%s`.*\| %s \|" % (name, re.escape(versions)), readme), name
        assert any(re.match(r"%s %s( \(|$)" % (name, re.escape(versions)), line) for line in documented), name
    assert {line for line in groups["collection"] if line.partition(">")[0] in required} <= set(shipped)
