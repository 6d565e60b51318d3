# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded tenant, for the fidelity suite to be held against."""

from __future__ import annotations

import contextlib

import pytest

from tests.emulator.launch import start
from tests.fidelity.lab import Application, Given, Lab
from tests.fidelity.tenant import Answer, Tenant

OPERATOR, APPLICATION = Application("m2m", "m2m-secret"), Application("app", "app-secret")
SECOND = Application("app-without-mfa", "app-without-mfa-secret")
EVERYTHING = frozenset(("actions", "settings", "waiting", "lockout"))


class Counting(Tenant):
    """A tenant whose n-th answer, counted from the first since ``begin``, is another one."""

    def begin(self, wrong: int | None = None) -> None:
        self.requests, self._wrong = 0, wrong

    def send(self, *arguments, **options):
        answer = super().send(*arguments, **options)
        if self.requests == self._wrong:
            return Answer(answer.request, 418, {}, None)
        return answer


@pytest.fixture(scope="session")
def emulator():
    """One process; each test resets it."""
    with start(users=20) as running:
        yield running


@pytest.fixture
def make_lab(emulator):
    """Make a lab of a tenant as new: ``make_lab(switches={"otp-reuse": "on"})``. Waiting moves the tenant's clock."""
    with contextlib.ExitStack() as stack:

        def make(users: int = 20, plan: str = "unlimited", switches: dict | None = None, **given) -> Lab:
            emulator.reset(users=users, plan=plan, switches=switches or {})
            tenant = Counting(
                emulator.url, wait=lambda seconds: emulator.control("PUT", "clock", {"advance_seconds": seconds})
            )
            tenant.begin()
            stack.callback(tenant.close)
            chosen = {"application": APPLICATION, "second_application": SECOND, "allowed": EVERYTHING, **given}
            return Lab(tenant, Given(OPERATOR, **chosen))

        yield make
