# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings and their stable IDs."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from .records import AgeFrom, Severity


class Finding(NamedTuple):
    """One thing that is wrong with one user.

    :ivar rule: ID of the rule, a key of ``rules.RULES``
    :ivar warning: the age has not reached the threshold, and will
    :ivar authenticator_id: None where the finding is about the user as a whole; of a pair the one that brings the other
    :ivar link_id: what the methods of a pair have in common
    :ivar factor: factor of that authenticator
    :ivar age_days: whole days, where the rule is about time
    :ivar age_from: the date that the age is counted from
    """

    rule: str
    severity: Severity
    warning: bool = False
    authenticator_id: str | None = None
    link_id: str | None = None
    factor: str | None = None
    age_days: int | None = None
    age_from: AgeFrom | None = None


def finding_id(
    tenant: str, rule: str, user_id: str | None, authenticator_id: str | None, link_id: str | None = None
) -> str:
    """32 hexadecimal digits that identify a finding across runs: the same for the same thing, without dates and ages.

    A pair, such as a push and its OTP, is known by what links the two, so its ID stays while either of them comes or goes.

    :param tenant: domain of the tenant
    :param user_id: None for a finding about the policy
    """
    # JSON keeps the parts apart, whatever characters the IDs contain.
    parts = [tenant, rule, user_id, authenticator_id] if link_id is None else [tenant, rule, user_id, None, link_id]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
