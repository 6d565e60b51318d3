# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one effect of Actions: whether the login page offers to remember the browser (API.md §1.7)."""

from __future__ import annotations

import re

from ..state.actions import POST_LOGIN
from ..state.tenant import Tenant
from .builds import build_status

_STRING_OR_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_ENABLE = re.compile(r"""\bapi\.multifactor\.enable\(\s*(["'])([\w-]+)\1\s*(?:,\s*\{([^{}]*)\}\s*,?\s*)?\)""")
_ALLOW_REMEMBER = re.compile(r"""(?:^|[\s,"'])allowRememberBrowser["']?\s*:\s*(true|false)\b""")


def remember_browser_choice(tenant: Tenant) -> bool | None:
    """Whether the login page offers to remember the browser; None when no Action decides it.

    This reads the code of the Actions that are deployed and bound to ``post-login``; it does not run it. It finds calls
    such as ``api.multifactor.enable("any", {allowRememberBrowser: false})`` with literal arguments, ignores comments
    and the conditions around the calls, and takes the last call in the order of the bindings. A call without the option
    means False, the documented default. ``enable("none")`` and calls whose options are not literal decide nothing.
    """
    choice = None
    for binding in tenant.actions.bindings.get(POST_LOGIN, ()):
        version = binding.action.deployed
        if version is not None and build_status(version.content, tenant) == "built":
            said = choices(version.content.code)
            choice = said[-1] if said else choice
    return choice


def choices(code: str) -> list[bool]:
    """``allowRememberBrowser`` of each readable call of ``api.multifactor.enable``, in the order of the code."""
    plain = _STRING_OR_COMMENT.sub(lambda match: match[1] or " ", code)
    found = []
    for match in _ENABLE.finditer(plain):
        if match[2] != "none":
            option = _ALLOW_REMEMBER.search(match[3] or "")
            found.append(option is not None and option[1] == "true")
    return found
