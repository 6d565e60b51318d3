# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints how many mutants of each deciding file the unit tests kill, and what the survivors changed.

    tools/mutants.py                       every file that pyproject.toml names under tool.mutmut
    tools/mutants.py wire/budget tenant/   only files whose path contains one of these

mutmut works on the directory it stands in and names modules after their path, so it gets a tree where the collection
has its import path: build/mutants. Its own output is in build/mutants/log. It runs the tests several times in one process,
so none may keep anything in its parameters.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TREE = CHECKOUT / "build" / "mutants"
SOURCES = "ansible_collections/mfaops/auth0/plugins"
WITHIN = "--within"
# Starting pytest is most of the time that a mutant takes, and the tests of decisions need no plugin.
ENVIRONMENT = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HYPOTHESIS_PROFILE": "mutants"}


def lay_out() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__", "emulator", "integration")
    shutil.copytree(CHECKOUT / "plugins", TREE / SOURCES, ignore=without)
    for tests in ("emulator", "support", "unit"):
        shutil.copytree(CHECKOUT / "tests" / tests, TREE / "tests" / tests, ignore=without)
    shutil.copytree(CHECKOUT / "docs", TREE / "docs", ignore=without)
    shutil.copy2(CHECKOUT / "tests" / "conftest.py", TREE / "tests")
    shutil.copy2(CHECKOUT / "pyproject.toml", TREE)


def mutmut(names: list[str]) -> None:
    """mutmut itself, which leaves prose alone: a message may be worded anew without a test that says so."""
    from mutmut.__main__ import cli
    from mutmut.mutation import mutators

    def words(node):
        return () if " " in getattr(node, "value", " ") else mutators.operator_string(node)

    usual = mutators.mutation_operators
    usual[:] = [(kind, words if make is mutators.operator_string else make) for kind, make in usual]
    sys.argv[1:] = ["run", *names]
    cli()


def run(names: list[str]) -> None:
    command = [sys.executable, __file__, WITHIN, *names]
    with open(TREE / "log", "w") as log:
        done = subprocess.run(command, cwd=TREE, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            sys.exit("mutmut failed; what it said is in %s" % log.name)


def report() -> None:
    os.chdir(TREE)
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files

    total: Counter[bool] = Counter()
    survivors: list[str] = []
    for path in sorted(walk_mutatable_files()):
        file = SourceFileMutationData(path=path)
        file.load()
        status = {name: status_by_exit_code[code] for name, code in file.exit_code_by_key.items() if code is not None}
        # A mutant that never ends is noticed as well.
        killed = {name: said in ("killed", "timeout") for name, said in status.items()}
        if not killed:
            continue
        total.update(killed.values())
        print("%4d of %4d killed  %s" % (sum(killed.values()), len(killed), path.relative_to(SOURCES)))
        for name in sorted(name for name, is_killed in killed.items() if not is_killed):
            diff = get_diff_for_mutant(name).splitlines()[2:]
            changed = [line for line in diff if line.startswith(("-", "+"))]
            place = "%s %s" % (path.relative_to(SOURCES), name.rpartition(".")[2])
            survivors.append("\n".join(["%s (%s)" % (place, status[name]), *changed]))
    print("\n%s\n" % "\n\n".join(survivors))
    print("%d of %d mutants killed, %.1f %%" % (total[True], total.total(), 100 * total[True] / total.total()))


def named(words: list[str]) -> list[str]:
    """Patterns of the mutants in the files meant, as mutmut takes them."""
    files = sorted((TREE / SOURCES).rglob("*.py"))
    meant = [file for file in files if any(word in str(file.relative_to(TREE / SOURCES)) for word in words)]
    return [".".join(file.relative_to(TREE).with_suffix("").parts) + ".*" for file in meant]


if __name__ == "__main__":
    if sys.argv[1:2] == [WITHIN]:
        mutmut(sys.argv[2:])
    else:
        lay_out()
        run(named(sys.argv[1:]))
        report()
