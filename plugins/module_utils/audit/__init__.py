# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of all users: ``run`` is the call, ``shell`` the command around it."""

from __future__ import annotations

import os
import sys

# So it is while ``python -m`` looks for what to run of this package. That is a file named __main__.py, which Galaxy refuses
# below plugins/; and a package of a collection has one directory, if Ansible loads it.
if sys.argv[:1] == ["-m"]:
    __path__ = [*__path__, os.path.join(os.path.dirname(__file__), "..", "..", "..", "command")]
