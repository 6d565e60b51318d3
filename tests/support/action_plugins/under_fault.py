# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For test playbooks: sets a fault of the embedded tenant, or tells what was requested since and clears both.

As an action it runs on the controller, in a few milliseconds.
"""

from __future__ import annotations

import json
import ssl
import urllib.request

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: ``control``, the address of the tenant's control interface, and ``fault``, the fault to set."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """``requests``, the log since the last time."""
        super().run(tmp, task_vars)
        fault = self._task.args.get("fault")
        if fault:
            self._call("POST", "faults", fault)
            return {"changed": False}
        requests = self._call("GET", "requests")
        self._call("DELETE", "requests")
        self._call("DELETE", "faults")
        return {"changed": False, "requests": requests}

    def _call(self, method: str, path: str, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request("%s/%s" % (self._task.args["control"], path), data, method=method)
        # Without a context of its own the opener reads the certificates of the whole system, which takes longer than the request.
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else None
