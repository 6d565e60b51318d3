# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose clock is not the tenant's: the tenant's counts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import email
from .test_failures import AUTHENTICATOR, INFO

pytestmark = pytest.mark.run_by("module")

KEY = (Path(__file__).parents[1] / "emulator" / "m2m-jwt.pem").read_text()


@pytest.fixture(params=[90, -90, 30, -30, 3600, -3600], ids="{:+} s".format)
def apart(request, tenant):
    """A tenant whose clock is this many seconds ahead."""
    tenant.running.control("PUT", "clock", {"advance_seconds": request.param})
    return tenant


def test_an_assertion_is_signed_by_the_clock_of_the_tenant(apart):
    by_key = {"base_url": apart.running.url, "client_id": "m2m-jwt", "private_key": KEY, "email": email(2)}
    (result,) = apart.results({}, {INFO: by_key})
    assert [row["factor"] for row in result["authenticators"]] == ["otp"]


def test_a_token_expires_by_the_clock_of_the_tenant(apart):
    given = {"base_url": apart.running.url, "mfa_token": apart.user_token(1), "client_id": "app"}
    listed, enrolled = apart.results(
        {},
        {INFO: given},
        {AUTHENTICATOR: {**given, "client_secret": "app-secret", "state": "present", "factor": "otp"}},
    )
    assert listed["authenticators"] == [] and enrolled["changed"] is True, enrolled


def test_a_limit_ends_by_the_clock_of_the_tenant(apart):
    apart.fault(kind="limit", path="/api/v2/*", seconds=1)
    began = time.monotonic()
    (result,) = apart.results({}, {INFO: {**apart.operator, "email": email(2), "max_wait": 5}})
    assert [row["factor"] for row in result["authenticators"]] == ["otp"]
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("seconds", [90, -90])
def test_requests_are_paced_by_the_clock_of_the_tenant(tenant, seconds):
    tenant.running.reset(plan="free")
    tenant.running.control("PUT", "clock", {"advance_seconds": seconds})
    began = time.monotonic()
    (result,) = tenant.results({}, {INFO: {**tenant.operator, "emails": [email(1), email(2)], "max_wait": 5}})
    assert len(result["users"]) == 2, result
    assert time.monotonic() - began < 8 and 429 not in [entry["status"] for entry in tenant.requests()]
