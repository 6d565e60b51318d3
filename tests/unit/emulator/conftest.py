# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators for the tests in this directory."""

from __future__ import annotations

import pytest

from tests.emulator.state.tokens import Signer

from .client import Api


@pytest.fixture(scope="session")
def signer():
    """One key for all tenants, because making one is slow."""
    return Signer()


@pytest.fixture
def make_api(monkeypatch, signer):
    """Make an emulator with these switches: ``make_api({"otp-reuse": "on"}, plan="free")``."""

    monkeypatch.setattr("tests.emulator.state.tenant.Signer", lambda: signer)
    made = []

    def make(switches=None, plan="unlimited", users=25, seed=7):
        made.append(Api(switches or {}, plan, users, seed))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api):
    """An emulator with all defaults and no rate limits."""
    return make_api()
