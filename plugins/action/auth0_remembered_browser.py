# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name and, with ``-v``, prints its progress while it changes many users."""

from __future__ import annotations

from ansible_collections.mfaops.auth0.plugins.action.auth0_mfa_authenticator_info import ActionModule as Following


class ActionModule(Following):
    """A task with ``users`` may take long."""
