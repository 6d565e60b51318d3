# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only one half of auth0-python is loaded, and whoever wants the other half still gets it, whatever a new version imports."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, sys.argv[2])
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.auth0_python import client_class
"""
COLLECTIONS = Path(__file__).parents[4] / "build" / "collections"


def said(code: str, first: Path = COLLECTIONS) -> str:
    """What code prints in a process of its own.

    :param first: where Python looks for packages first of all
    """
    command = [sys.executable, "-c", LOAD + code, str(COLLECTIONS), str(first)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_what_is_not_used_is_not_loaded():
    loaded = said("client_class(); print(*sorted({name.partition('.')[0] for name in sys.modules}))").split()
    assert {"auth0", "pydantic"} <= set(loaded)
    assert not {"jwt", "cryptography", "requests"} & set(loaded)


def test_the_other_half_is_there_for_whoever_wants_it():
    code = "client_class(); import auth0.authentication; print(auth0.authentication.GetToken.__module__)"
    assert said(code) == "auth0.authentication.get_token"
    assert said("client_class(); from auth0.authentication import GetToken; print(GetToken.__name__)") == "GetToken"


def test_what_is_loaded_already_stays_as_it_is():
    code = "import auth0.authentication as before; client_class(); import auth0; print(before is auth0.authentication)"
    assert said(code) == "True"


@pytest.mark.parametrize(
    "init",
    [
        "from . import authentication, management",
        "from . import management\nfrom .authentication import GetToken",
        "from . import management, authentication\nGetToken = authentication.GetToken",
        "import importlib\nfrom . import management\nimportlib.import_module('auth0.authentication').GetToken",
        "",
    ],
)
def test_a_version_that_imports_in_another_way_works(tmp_path, init):
    (tmp_path / "auth0" / "management").mkdir(parents=True)
    (tmp_path / "auth0" / "__init__.py").write_text(init)
    (tmp_path / "auth0" / "management" / "__init__.py").write_text("Auth0 = 'the client'")
    (tmp_path / "auth0" / "authentication.py").write_text("GetToken = 'the grants'")
    code = "print(client_class()); from auth0.authentication import GetToken; print(GetToken)"
    assert said(code, tmp_path) == "the client\nthe grants"


def test_a_package_that_is_not_installed_is_told_by_its_name(tmp_path):
    (tmp_path / "auth0").mkdir()
    (tmp_path / "auth0" / "__init__.py").write_text("raise ImportError('gone', name='auth0')")
    code = "\ntry:\n    client_class()\nexcept ImportError as error:\n    print(error.name, 'auth0.authentication' in sys.modules)"
    assert said(code, tmp_path) == "auth0 False"


def test_no_file_of_the_half_that_is_used_needs_the_other():
    """A new version of auth0-python that does fails here, before it fails in the middle of a task."""
    package = Path(importlib.util.find_spec("auth0").origin).parent
    found = []
    for path in sorted((package / "management").rglob("*.py")):
        text = path.read_text()
        if "authentication" not in text:
            continue
        depth = len(path.relative_to(package).parts)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                # The level that leads out of management/ is the depth of the file.
                above = node.level == depth and (node.module or "").split(".")[0] in ("", "authentication")
                if (node.module or "").startswith("auth0.authentication") or above and node.level:
                    found.append(str(path))
            elif isinstance(node, ast.Import) and any(name.name.startswith("auth0.auth") for name in node.names):
                found.append(str(path))
    assert found == []
