# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m ansible_collections.mfaops.auth0.audit``: the audit's shell command.

Not beside what it runs, because Galaxy refuses a file of this name below plugins/.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    try:
        from ..plugins.module_utils.audit.shell import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # while the modules are loaded
        code = 130
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # Whoever read it went away. Python would try once more, and end with a code of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    raise SystemExit(code)
