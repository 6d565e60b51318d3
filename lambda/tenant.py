# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant as a warm function keeps it from one invocation to the next: its token, and the pace that it was found to allow."""

from __future__ import annotations

import math
from typing import Callable

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Authentication, Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import Reread
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

import credentials
from credentials import Credentials
from deadline import Deadline
from settings import Settings


class Tenant:
    """How one tenant is spoken to.

    :ivar deadline: of the segment that runs
    """

    def __init__(self, settings: Settings, current: Credentials) -> None:
        """
        :param current: its credentials as they are now
        :raises ConfigurationError: they lack something
        """
        self.settings, self.credentials, self.connection = settings, current, current.connection
        self.deadline: Deadline | None = None
        self.budget = Budget(settings.rate_limit_share, math.inf, max_rate=settings.max_rate, sleep=self._hold)
        first = iter((current,))

        def load() -> Authentication:
            found = next(first, None) or credentials.fetch(settings.secret, settings.tenant, fresh=True)
            application = found.application
            self.connection.secrets.add(application.client_secret, application.private_key)
            return Credentials(self.connection, application).authentication(self.budget)

        self.bearer = Bearer(Reread(load))

    def _hold(self, seconds: float) -> None:
        if self.deadline is not None:
            self.deadline.hold(seconds, self.budget.held)


def keeper() -> Callable[[Settings, Deadline], Tenant]:
    """Gives the tenant of some settings: the same one, until its secret is another."""
    kept: list[Tenant] = []

    def of(settings: Settings, deadline: Deadline) -> Tenant:
        """
        :raises ConfigurationError: the secret cannot be used
        :raises Outage: AWS does not give it now
        """
        current = credentials.fetch(settings.secret, settings.tenant)
        if not kept or (kept[0].settings, kept[0].credentials) != (settings, current):
            kept[:] = [Tenant(settings, current)]
        kept[0].deadline = deadline
        return kept[0]

    return of
