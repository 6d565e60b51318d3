# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The five password policies of a database connection, as Auth0 documents them."""

from __future__ import annotations

import re

_CLASSES = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"), re.compile("[^a-zA-Z0-9]"))
_SHORTEST = {"none": 1, "low": 6, "fair": 8, "good": 8, "excellent": 10}
POLICIES = tuple(_SHORTEST)


def is_strong(password: str, policy: str, shortest: int | None = None) -> bool:
    """Whether a password meets a policy, one of :data:`POLICIES`.

    :param shortest: the connection's own minimum length, which takes the place of the policy's (documented).
    """
    lower, upper, digit, special = (each.search(password) is not None for each in _CLASSES)
    if len(password) < (_SHORTEST[policy] if shortest is None else shortest):
        return False
    if policy == "fair":
        return lower and upper and digit
    if policy in ("good", "excellent") and lower + upper + digit + special < 3:
        return False
    return policy != "excellent" or re.search(r"(.)\1\1", password, re.DOTALL) is None
