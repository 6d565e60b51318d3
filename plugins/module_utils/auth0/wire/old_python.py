# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a module on a Python that cannot read the rest of the collection. An older Python must be able to read this file."""

from __future__ import annotations

import json
import sys


def refuse_old_python() -> None:
    """End the process with a result that Ansible shows, if this Python is too old.

    :raises SystemExit: it is; the result is on standard output
    """
    if sys.version_info >= (3, 10):
        return
    message = "Python %d.%d at %s is too old for mfaops.auth0, which needs Python 3.10 or newer. %s" % (
        sys.version_info[0],
        sys.version_info[1],
        sys.executable,
        "Set ansible_python_interpreter to a newer one on this host.",
    )
    sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": message}) + "\n")
    raise SystemExit(1)
