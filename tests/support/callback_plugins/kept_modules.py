# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs each module once for many plays: Ansible keeps the ZIPs that it makes for the rest of a play, in its temporary folder."""

from __future__ import annotations

import os

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: kept_modules
type: aggregate
short_description: Packs each module once for many plays
description: For the tests of this collection. The environment variable E(MFAOPS_KEPT_MODULES) is the folder.
"""


class CallbackModule(CallbackBase):
    """It is there before the first task, and hears of nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kept_modules"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        folder = os.environ.get("MFAOPS_KEPT_MODULES")
        if folder:
            os.symlink(folder, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
