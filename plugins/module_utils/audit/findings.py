# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings and their stable IDs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from .records import AgeFrom


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one user.

    :ivar id: the same in every run for the same thing, because it contains neither dates nor ages
    :ivar rule: ID of the rule, a key of ``rules.RULES``
    :ivar authenticator_id: None where the finding is about the user as a whole
    :ivar factor: factor of that authenticator
    :ivar age_days: whole days, where the rule is about time
    :ivar age_from: the date that the age is counted from
    """

    id: str
    rule: str
    authenticator_id: str | None = None
    factor: str | None = None
    age_days: int | None = None
    age_from: AgeFrom | None = None


def finding_id(tenant: str, rule: str, user_id: str, authenticator_id: str | None) -> str:
    """32 hexadecimal digits that identify a finding across runs.

    :param tenant: domain of the tenant
    """
    # JSON keeps the parts apart, whatever characters the IDs contain.
    identity = json.dumps([tenant, rule, user_id, authenticator_id])
    return hashlib.sha256(identity.encode()).hexdigest()[:32]
