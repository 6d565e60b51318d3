# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the attributes of the modules mean."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes; each module says how far it supports them."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Runs in C(check_mode) and returns what it would change, without changing anything.
  diff_mode:
    description: Returns in diff mode what has changed, or would change in check mode. The diff never has secrets.
  idempotent:
    description: A second run with the same options changes nothing.
  action_group:
    description: Use C(group/mfaops.auth0.auth0) in C(module_defaults) to set the options of all modules once.
    support: full
    membership:
      - mfaops.auth0.auth0
"""
