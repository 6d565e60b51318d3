# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m ansible_collections.mfaops.auth0.plugins.module_utils.audit``; this directory is on the path of that package."""

from __future__ import annotations

import sys

from .shell import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
