# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control address sees: the tenant, the faults that wait and the requests that were made."""

from __future__ import annotations

from collections import deque

from ..http.faults import Faults
from ..state.tenant import Tenant

LOGGED_REQUESTS = 100_000


class Emulation:
    """One tenant under test. A request is noted as ``(method, path, principal, status, time)``."""

    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.faults = Faults()
        self.requests: deque[tuple] = deque(maxlen=LOGGED_REQUESTS)
