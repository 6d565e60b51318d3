# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be audited, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..auth0.users.side_by_side import AT_ONCE
from ..auth0.wire.errors import ConfigurationError
from .policy.model import Policy
from .population import Scope

MOST_THREADS = 64


@dataclass(frozen=True)
class Order:
    """What is to be audited, and how.

    :ivar tenant: domain of the tenant
    :ivar policy_source: where the policy was taken from, and its version there; None where that says nothing
    :ivar full: read everybody, also who has not changed since an earlier run
    :ivar since: the run whose readings are carried over; None for the last complete one
    :ivar resume: go on with the last run, if it is not finished and has the same tenant, scope and policy
    :ivar threads: how many requests may be under way at once
    :ivar patience: for so many seconds a tenant that does not answer is waited for
    :raises ConfigurationError: a value cannot be right
    """

    tenant: str
    scope: Scope = field(default_factory=Scope)
    policy: Policy = field(default_factory=Policy)
    policy_source: str | None = None
    full: bool = False
    since: str | None = None
    resume: bool = True
    threads: int = AT_ONCE
    patience: float = 600.0

    def __post_init__(self) -> None:
        if self.full and self.since is not None:
            raise ConfigurationError("full and since do not go together", hint="Choose one of them.")
        if not 1 <= self.threads <= MOST_THREADS:
            raise ConfigurationError("threads %r is not a whole number from 1 to %d" % (self.threads, MOST_THREADS))
