# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the whole result of every task as JSON, as callbacks for machines do."""

from __future__ import annotations

import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: whole_results
type: stdout
short_description: The whole result of every task as JSON
description: For the tests of this collection.
"""


class CallbackModule(CallbackBase):
    """One line a task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "whole_results"

    def v2_runner_on_ok(self, result):
        """A task that succeeded."""
        self._show(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """A task that failed."""
        self._show(result)

    def _show(self, result):
        # The name of this member differs between versions of ansible-core.
        data = getattr(result, "result", None) or getattr(result, "_result")
        self._display.display(json.dumps(data, default=str))
