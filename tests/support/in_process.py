# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running tasks without ansible-playbook: the whole module, AnsibleModule included, in the process of the test.

For what a module does. It takes a thirtieth of the time, and leaves out what is Ansible's: templates, plugins and the way to
the host.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from importlib import import_module
from pathlib import Path
from unittest import mock

from ansible.module_utils import _internal
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

from .playbook import Played

COLLECTION = "mfaops.auth0."


def play(folder: Path, tasks: list[dict], defaults: dict, *options: str, callback: str | None = None) -> Played:
    """Run tasks one after the other as :func:`tests.support.playbook.play` does; a failed one does not stop the rest.

    :param tasks: each with the module's name and its options, with ``check_mode`` or ``diff``
    :param defaults: options of every task that does not set them itself
    """
    assert not options and callback is None, "only ansible-playbook has options and callbacks"
    outputs = [_output(task, defaults) for task in tasks]
    return Played([_result(output) for output in outputs], "".join(outputs))


def _output(task: dict, defaults: dict) -> str:
    """What the module prints. An exception that the module does not handle reaches the test."""
    (name,) = (key for key in task if key.startswith(COLLECTION))
    keywords = {key: value for key, value in task.items() if key != name}
    modes = {"_ansible_check_mode": keywords.pop("check_mode", False), "_ansible_diff": keywords.pop("diff", False)}
    # It is about what ansible-playbook prints.
    keywords.pop("no_log", None)
    assert not keywords, "only ansible-playbook knows %s" % ", ".join(keywords)
    module = import_module("ansible_collections.mfaops.auth0.plugins.modules." + name.removeprefix(COLLECTION))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AUTH0_"))}
    printed = io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        # A test of a plugin makes the process a controller, which prints warnings itself instead of putting them in the result.
        mock.patch.object(_internal, "is_controller", False),
        mock.patch.dict(warnings._global_warnings, clear=True),
        mock.patch.dict(warnings._global_deprecations, clear=True),
        patch_module_args({**defaults, **task[name], **modes}),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        module.main()
    return printed.getvalue()


def _result(output: str) -> dict:
    """The result as ansible-playbook registers it."""
    result = {"changed": False, "failed": False, **json.loads(output)}
    if "warnings" in result:
        # Newer versions of ansible-core send events.
        texts = [each if isinstance(each, str) else each["event"]["msg"] for each in result["warnings"]]
        result["warnings"] = texts
    return result
