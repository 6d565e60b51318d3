# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of all users: ``run`` is the call, ``shell`` the command around it."""

from __future__ import annotations

import os

# Where ``python -m`` finds what it runs of a package. Galaxy refuses a file of that name below plugins/.
__path__ = [*__path__, os.path.join(os.path.dirname(__file__), "..", "..", "..", "command")]
