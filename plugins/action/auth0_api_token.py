# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name. Whatever shows results hides the one with the token, and shows why there is none.

``no_log`` on the task would hide both, before ansible-core 2.19.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Not with ``async``: ansible-core before 2.19 forgets then that the result is to be hidden."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the module."""
        super().run(tmp, task_vars)
        # With -vvv, a connection to another machine shows what the module prints there.
        self._connection._play_context.no_log = True
        result: dict[str, Any] = self._execute_module(module_args=dict(self._task.args), task_vars=task_vars)
        if result.get("failed"):
            return result
        # Of a loop, ansible-core before 2.19 shows all results together, and asks the task alone whether to hide them.
        self._task.no_log = True
        return {**result, "_ansible_no_log": True}
