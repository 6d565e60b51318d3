# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name and, with ``-v``, prints its progress while it changes many users. With ``qr_show``, prints
the QR code of an enrollment: a module can print nothing.
"""

from __future__ import annotations

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.color import ANSIBLE_COLOR
from ansible.utils.display import Display

from ansible_collections.mfaops.auth0.plugins.action.auth0_mfa_authenticator_info import ActionModule as Following

display = Display()

# Bright white on black, and what the terminal had before.
_LIGHT_ON_DARK, _AS_BEFORE = "\x1b[97;40m", "\x1b[0m"


class ActionModule(Following):
    """A task with ``users`` may take long."""

    def run(self, tmp=None, task_vars=None):
        """The result of the module."""
        result, options = super().run(tmp, task_vars), self._task.args
        enrollment = result.get("enrollment") or {}
        if not enrollment.get("qr_text") or not _is_on(options.get("qr_show")):
            return result
        where = "%s: %s" % (task_vars["inventory_hostname"], self._task.get_name())
        picture = in_colors(enrollment["qr_text"]) if ANSIBLE_COLOR else enrollment["qr_text"]
        # Not into a log, which others may read. Not to stdout, which a program may read.
        display.display("%s: scan this with the app\n%s" % (where, picture), screen_only=True, stderr=True)
        if _is_on(options.get("qr_text")):
            return result
        return {**result, "enrollment": {**enrollment, "qr_text": None}}


def _is_on(option: object) -> bool:
    return boolean(option, strict=False) if option is not None else False


def in_colors(picture: str) -> str:
    """The lines of a QR code as it has to be on every terminal: scanners may not read one that is dark on light."""
    return "\n".join(_LIGHT_ON_DARK + line + _AS_BEFORE for line in picture.splitlines())
