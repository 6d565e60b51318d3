# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the whole client stands on, so that every module imports it before anything that an older Python cannot read.

An older Python has to be told here, in a form that Ansible shows as the module's result.
"""

from __future__ import annotations

import json
import sys

if sys.version_info < (3, 10):
    MESSAGE = "Python %d.%d at %s is too old for mfaops.auth0, which needs Python 3.10 or newer. %s" % (
        sys.version_info[0],
        sys.version_info[1],
        sys.executable,
        "Set ansible_python_interpreter to a newer one on this host.",
    )
    sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": MESSAGE}) + "\n")
    raise SystemExit(1)
