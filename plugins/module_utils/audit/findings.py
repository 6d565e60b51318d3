# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings and their stable ids."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one user.

    :ivar id: the same in every run for the same thing: neither dates nor ages go into it
    :ivar rule: id of the rule, a key of C(rules.RULES)
    :ivar authenticator_id: None where the finding is about the user as a whole
    :ivar factor: factor of that authenticator
    :ivar age_days: whole days, where the rule is about time
    :ivar age_from: the date the age was counted from: C(last_auth_at), C(enrolled_at) or C(created_at)
    """

    id: str
    rule: str
    authenticator_id: str | None = None
    factor: str | None = None
    age_days: int | None = None
    age_from: str | None = None


def finding_id(tenant: str, rule: str, user_id: str, authenticator_id: str | None) -> str:
    """32 hexadecimal digits that name a finding across runs.

    :param tenant: domain of the tenant
    """
    # JSON keeps the parts apart whatever characters the ids hold.
    identity = json.dumps([tenant, rule, user_id, authenticator_id])
    return hashlib.sha256(identity.encode()).hexdigest()[:32]
