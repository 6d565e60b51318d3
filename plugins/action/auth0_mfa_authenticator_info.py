# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name and, with ``-v``, prints its progress while it runs.

A module can print nothing before it ends. So a module on the controller writes its progress to a file, and this plugin
prints what is added to that file.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from threading import Event, Thread

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

# The options, of this module and of those that follow it, with which a task may take long.
MANY_USERS = ("user_ids", "emails", "query", "users")
SECONDS_BETWEEN_READS = 0.5


class ActionModule(ActionBase):
    """Sets ``progress_path`` if the task does not and the module runs on this machine as the same user."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        """The result of the module."""
        super().run(tmp, task_vars)
        options = dict(self._task.args)
        if not self._can_follow(options):
            return self._execute_module(module_args=options, task_vars=task_vars, wrap_async=self._task.async_val)
        with tempfile.TemporaryDirectory(prefix="mfaops-progress-") as directory:
            path = os.path.join(directory, "progress")
            # Several hosts print at once, one for each tenant.
            where = "%s: %s" % (task_vars["inventory_hostname"], self._task.get_name())
            with followed(path, lambda line: display.v("%s: %s" % (where, line))):
                result = self._execute_module(module_args={**options, "progress_path": path}, task_vars=task_vars)
        # Without this, -v would print thousands of users as well. -vvv still does.
        return {**result, "_ansible_verbose_override": True}

    def _can_follow(self, options: dict) -> bool:
        return (
            display.verbosity > 0
            and self._is_long(options)
            and not options.get("progress_path")
            and self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
        )

    def _is_long(self, options: dict) -> bool:
        return any(options.get(name) is not None for name in MANY_USERS)


@contextmanager
def followed(path: str, show):
    """Every line that is added to a file is shown until the block ends. The file need not exist yet."""
    done = Event()

    def follow():
        position, ended = 0, False
        while not ended:
            # Once more after the end, for the last lines.
            ended = done.wait(SECONDS_BETWEEN_READS)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    file.seek(position)
                    for line in file.read().splitlines():
                        show(line)
                    position = file.tell()

    follower = Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
    finally:
        done.set()
        follower.join()
