# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each playbook has a page, made of its header and of the variables that it checks. ``WRITE_GUIDE=1`` writes the pages."""

from __future__ import annotations

import os
import re
from pathlib import Path
from textwrap import fill, indent
from typing import Iterator

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"
LABEL = "ansible_collections.mfaops.auth0.docsite."
CHECK = "mfaops.auth0.variables"

PAGE = """..
  Copyright (c) 2026, the mfaops.auth0 contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made of playbooks/{name}.yml by tests/unit/test_playbook_pages.py.

.. _{label}playbook_{name}:

{title}
{line}

{what}

Variables
---------

Set them in the inventory, or with ``-e``. The playbook checks all of them before its first request, and tells what is wrong. It refuses a misspelled name
that is given with ``-e``, and warns of one in the inventory. A relative path starts where you start ``ansible-playbook``.

.. list-table::
   :header-rows: 1
   :widths: 25 75

   * - Variable
     - What it is for
{rows}{of_tenants}

{guides}
"""

# Of a playbook that runs for tenants of the inventory.
OF_TENANTS = """
   * - | ``tenant``
       | *dict*
     - The options that name the tenant and the operator, such as ``auth0_domain``, ``client_id`` and ``client_secret``. By default
       :ref:`the environment <{label}environment>`.
   * - | ``target``
       | *str*
     - The hosts of the inventory to run for, one for each tenant: :ref:`{label}guide_tenants`.

       Default: ``localhost``"""


def plays(path: Path) -> dict:
    (play,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    return play


def checks_of(path: Path) -> dict:
    """How a playbook checks its variables; empty if it has none."""
    return plays(path)["tasks"][0].get(CHECK, {})


def in_rst(text: str) -> str:
    """Ansible's markup for options, values and code as literal text, and so what is typed on a command line."""
    return re.sub(r"\b[VCO]\(([^)]*)\)|(?<!\S)(--[\w-]+)", lambda found: "``%s``" % (found[1] or found[2]), text)


def header_of(path: Path) -> str:
    """What a playbook says of itself: paragraphs, and commands and files, which are indented."""
    (comment,) = re.findall(r"^---\n(?:#.*\n)+\n((?:#.*\n)+)", path.read_text(encoding="utf-8"))
    blocks = [block.splitlines() for block in re.sub(r"^# ?", "", comment, flags=re.MULTILINE).split("\n\n")]
    return "\n\n".join(
        code(lines) if lines[0].startswith("  ") else fill(in_rst(" ".join(lines)), 150) for lines in blocks
    )


def code(lines: list[str]) -> str:
    lines = [line.removeprefix("  ") for line in lines]
    if lines[0].startswith("ansible-playbook"):
        language, lines = "console", ["$ " + line for line in lines]
    else:
        language = "yaml" if lines[0].endswith(":") else "text"
    return ".. code-block:: %s\n\n%s" % (language, indent("\n".join(lines), "   "))


def rows(options: dict[str, dict], prefix: str = "") -> Iterator[str]:
    """A row for each variable, and for each member that it may have."""
    for name, option in options.items():
        yield row(prefix + name, option)
        yield from rows(option.get("options", {}), "%s%s[]." % (prefix, name))


def row(name: str, option: dict) -> str:
    """A variable with its type and whether it is required, and what it is for."""
    kind = "list of %s" % option["elements"] if option["type"] == "list" else option["type"]
    said = option["description"]
    said = [said] if isinstance(said, str) else [*said]
    if "choices" in option:
        said.append("Choices: " + ", ".join("``%s``" % each for each in option["choices"]))
    if "default" in option:
        said.append("Default: ``%s``" % shown(option["default"]))
    if "example" in option:
        said.append("Example: ``%s``" % option["example"])
    paragraphs = "\n\n".join(indent(fill(in_rst(each), 140), "       ") for each in said).lstrip()
    return "   * - | ``%s``\n       | *%s*%s\n     - %s" % (
        name,
        kind,
        ", required" if option.get("required") else "",
        paragraphs,
    )


def shown(value: object) -> str:
    """A default as YAML has it, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).strip().removesuffix("\n...")


def page_of(path: Path) -> str:
    name, checks = path.stem, checks_of(path)
    command = re.compile(r"ansible-playbook .*mfaops\.auth0\.%s\b" % name)
    found = [
        each.stem for each in sorted(GUIDES.glob("guide_*.rst")) if command.search(each.read_text(encoding="utf-8"))
    ]
    title = "mfaops.auth0." + name
    page = PAGE.format(
        name=name,
        label=LABEL,
        title=title,
        line="=" * len(title),
        what=header_of(path),
        rows="\n".join(rows(checks["options"])),
        of_tenants=OF_TENANTS.format(label=LABEL) if checks.get("for_tenants", True) else "",
        guides=(
            "\n".join(["Guides", "------", "", *("* :ref:`%s%s`" % (LABEL, guide) for guide in found)]) if found else ""
        ),
    )
    return page.rstrip() + "\n"


PLAYBOOKS = [path for path in sorted((ROOT / "playbooks").glob("*.yml")) if checks_of(path)]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_has_its_page(path):
    page = GUIDES / ("playbook_%s.rst" % path.stem)
    expected = page_of(path)
    if os.environ.get("WRITE_GUIDE"):
        page.write_text(expected, encoding="utf-8")
    assert (
        page.exists() and page.read_text(encoding="utf-8") == expected
    ), "Run this test with WRITE_GUIDE=1, and see what changed."


def test_every_playbook_but_the_demo_has_a_page_in_the_sidebar():
    pages = sorted(page.stem for page in GUIDES.glob("playbook_*.rst"))
    assert pages == [
        "playbook_" + path.stem for path in sorted((ROOT / "playbooks").glob("*.yml")) if path.stem != "demo"
    ]
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text())["sections"]
    assert next(each["toctree"] for each in sections if each["title"] == "Playbooks") == pages
