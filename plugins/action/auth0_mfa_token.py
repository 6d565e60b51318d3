# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name. With ``listen_timeout`` it shows where to log in, and catches the end of that login.

A module can print nothing before it ends, and may run on a machine without a browser. So the module begins the login, this
plugin waits for the browser where ansible-playbook runs, and the module ends the login.
"""

from __future__ import annotations

import threading
import webbrowser

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.loopback import CallbackListener
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, AuthenticationError

display = Display()

# Options for this plugin; the module checks them.
LISTEN, OPEN = "listen_timeout", "open_browser"
# What the browser's login began with.
BEGUN = ("authorization_url", "code_verifier", "state")


class ActionModule(ActionBase):
    """Runs the module once, or before and after a login in the browser."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        """The result of the module."""
        super().run(tmp, task_vars)
        options = dict(self._task.args)
        if options.get(LISTEN) is None:
            return self._execute_module(module_args=options, task_vars=task_vars, wrap_async=self._task.async_val)
        if self._task.async_val:
            return {"failed": True, "msg": "%s cannot be used with async: nobody would see where to log in." % LISTEN}
        begun = self._execute_module(module_args=options, task_vars=task_vars)
        if begun.get("failed") or not begun.get("authorization_url"):
            return begun
        if self._task.check_mode:
            return {**begun, **dict.fromkeys(BEGUN)}
        # The module has refused what cannot be converted.
        seconds, opens = float(options.pop(LISTEN)), boolean(options.pop(OPEN, False))
        where = "%s: %s" % (task_vars["inventory_hostname"], self._task.get_name())
        try:
            callback_url = _callback_url(where, begun, options["redirect_uri"], seconds, opens)
        except Auth0Error as error:
            return {"failed": True, "msg": str(error), **error.facts()}
        login = {"callback_url": callback_url, "state": begun["state"], "code_verifier": begun["code_verifier"]}
        return self._execute_module(module_args={**options, **login}, task_vars=task_vars)


def _callback_url(where: str, begun: dict, redirect_uri: str, seconds: float, opens: bool) -> str:
    """The address that the user's browser ends at.

    :param where: the host and the task, for the person
    :param begun: the result of the module
    :raises Auth0Error: nobody logged in, or the port cannot be opened
    """
    url = begun["authorization_url"]
    with CallbackListener(redirect_uri, begun["state"]) as listener:
        # Not into a log, which is read later and by others. Not to stdout, which a program may read.
        shown = "%s: log in with a browser on this machine, within %.0f seconds: %s" % (where, seconds, url)
        display.display(shown, screen_only=True, stderr=True)
        if opens:
            # Some browsers end with their window.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        found = listener.wait(seconds)
    if found is None:
        said = "Nobody logged in with a browser on this machine within %.0f seconds" % seconds
        if listener.strangers:
            said += ", and an answer that came belongs to another login"
        raise AuthenticationError(said, hint="Run the task again, or increase listen_timeout.")
    return found
