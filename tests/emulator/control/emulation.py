# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control address sees: the tenant, the faults that wait and the requests that were made."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..http.faults import Faults
from ..state.seed_file import plant
from ..state.tenant import Tenant

LOGGED_REQUESTS = 100_000


class Emulation:
    """One tenant under test. A request is noted as ``(method, path, principal, status, time)``.

    :param seed_file: the file whose users ``tenant`` has beside the seeded ones; :meth:`reset` adds them again.
    :param preset: name or file of the preset that the tenant's switches come from; for people.
    """

    def __init__(self, tenant: Tenant, seed_file: str | None = None, preset: str | None = None):
        self.tenant = self._first = tenant
        self.preset = self._first_preset = preset
        self._first_plan = tenant.plan
        self._first_switches = tenant.switches
        self._seed_file = seed_file
        self.faults = Faults()
        self.requests: deque[tuple] = deque(maxlen=LOGGED_REQUESTS)

    def reset(
        self,
        users: int | None = None,
        seed: int | None = None,
        plan: str | None = None,
        preset: str | None = None,
        switches: dict[str, Any] | None = None,
    ) -> None:
        """Put a new tenant in the place of this one; only its domain and the key that signs tokens stay.

        What is not given is as it was when the emulator started.

        :param preset: the preset that is already in ``switches``.
        """
        first = self._first
        population = first.store.population
        first.signer.forget()
        tenant = Tenant(
            first.domain,
            population.count if users is None else users,
            population.seed if seed is None else seed,
            plan or self._first_plan,
            self._first_switches if switches is None else switches,
            first.signer,
        )
        if self._seed_file is not None:
            plant(self._seed_file, tenant)
        self.tenant = tenant
        self.preset = self._first_preset if switches is None else preset
        self.faults.clear()
        self.requests.clear()
