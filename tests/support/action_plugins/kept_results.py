# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For test playbooks: keeps the results of tasks in a file.

As an action it runs on the controller, in a few milliseconds; ``copy`` takes as long as ansible-playbook needs to start.
"""

from __future__ import annotations

import json
import os

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: ``content``, JSON, and ``dest``, the file, which only its owner can read."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Nothing but that the task ran."""
        super().run(tmp, task_vars)
        content = self._task.args["content"]
        descriptor = os.open(self._task.args["dest"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # Older cores make data of a text that looks like it.
            file.write(content if isinstance(content, str) else json.dumps(content))
        return {"changed": False}
