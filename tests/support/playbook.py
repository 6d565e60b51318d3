# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running tasks with the real ansible-playbook and looking at their results."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# Where the ansible commands are: another ansible-core than the one that runs the tests, if so told.
BIN = Path(os.environ.get("MFAOPS_ANSIBLE_BIN") or Path(sys.prefix) / "bin").absolute()


@dataclass(frozen=True)
class Played:
    """What a run of ansible-playbook left.

    :ivar results: the registered result of each task, in order
    :ivar output: everything it printed
    """

    results: list[dict]
    output: str


@functools.cache
def _kept_modules() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="kept_modules")


def environment(collections: Path | None = None, keep: bool = True) -> dict[str, str]:
    """The environment for ansible commands, without anything of the caller's that changes what they do.

    This process packs and compiles the modules of the checkout once and not for each play and task: see the callback plugin
    ``kept_modules``, and ``kept_bytecode``.

    :param collections: where to find them, if not in the checkout
    :param keep: false for what users have, whose modules are packed and compiled anew
    """
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AUTH0_", "PYTHONPATH"))
    }
    kept.update(
        ANSIBLE_COLLECTIONS_PATH=str(collections or ROOT / "build" / "collections"),
        ANSIBLE_ACTION_PLUGINS=str(Path(__file__).parent / "action_plugins"),
        ANSIBLE_CALLBACK_PLUGINS=str(Path(__file__).parent / "callback_plugins"),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ANSIBLE_NOCOLOR="1",
        LC_ALL="C.UTF-8",
        PATH="%s:%s" % (BIN, os.environ["PATH"]),
    )
    if keep and collections is None:
        kept.update(
            PYTHONPATH=str(Path(__file__).parent / "kept_bytecode"),
            MFAOPS_KEPT_MODULES=_kept_modules().name,
        )
    return kept


def play(
    folder: Path,
    tasks: list[dict],
    defaults: dict,
    *options: str,
    variables: dict | None = None,
    callback: str | None = None,
) -> Played:
    """Run tasks one after the other in one play on localhost; a failed one does not stop the rest.

    :param folder: for the playbook and the results
    :param tasks: each with the module's name and its options, and keywords such as ``check_mode``
    :param defaults: ``module_defaults`` of the action group
    :param options: for the command line
    :param callback: the plugin that prints, instead of Ansible's own
    """
    results = folder / "results.json"
    steps = [{**task, "register": "result_%d" % number, "ignore_errors": True} for number, task in enumerate(tasks)]
    steps.append(
        {
            "kept_results": {
                "content": "{{ [%s] | to_json }}" % ", ".join("result_%d" % number for number in range(len(tasks))),
                "dest": str(results),
            },
            "no_log": True,
            "check_mode": False,
            "diff": False,
        }
    )
    playbook = folder / "playbook.yml"
    content = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": variables or {},
        "module_defaults": {"group/mfaops.auth0.auth0": defaults},
        "tasks": steps,
    }
    playbook.write_text(yaml.safe_dump([content], sort_keys=False))
    run = subprocess.run(
        [BIN / "ansible-playbook", playbook, *options],
        cwd=folder,
        env={**environment(), **({"ANSIBLE_STDOUT_CALLBACK": callback} if callback else {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert results.exists(), run.stdout
    return Played(json.loads(results.read_text()), run.stdout)
