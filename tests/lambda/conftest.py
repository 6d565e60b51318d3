# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.function_zip import unpacked_function
from tests.support.lambda_runtime import LambdaFunction
from tests.support.local_aws import LocalAws

PACKAGES = Path(sys.prefix) / "lambda"
BUCKET = "mfa-reports"
SECRET = "mfaops/tenant"
CLIENT_ID, CLIENT_SECRET = "m2m-readonly", "m2m-readonly-secret"
# Secrets, the beginning of any token (a JWT), and what people are called.
CANARIES = (CLIENT_SECRET, "not-the-secret", "eyJ", "@example.com", "auth0|", "auth0%7C", "google-oauth2")


@pytest.fixture(scope="session")
def packages() -> list[Path]:
    """The folder of what the Lambda runtime brings."""
    folder = PACKAGES / "runtime"
    assert folder.is_dir(), "%s is missing: run make setup" % folder
    return [folder]


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The function's folder: the zip for this machine, unpacked as Lambda does. The workers of a test run share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "function.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return unpacked_function(shared / "function")


@pytest.fixture(scope="session")
def aws():
    with LocalAws() as local:
        local.create_bucket(BUCKET)
        yield local


@pytest.fixture(scope="session")
def shared_tenant():
    with start(users=500, seed=7) as running:
        yield running


@pytest.fixture
def tenant(shared_tenant):
    """The tenant of 500 users, with no request logged and no fault pending."""
    shared_tenant.control("DELETE", "requests")
    yield shared_tenant
    shared_tenant.control("DELETE", "faults")


@pytest.fixture
def function(built, packages, aws):
    """Start the audit function for a tenant; whatever it did, its output holds no secret and nobody's name."""
    started = []

    def of(tenant=None, timeout: float = 900.0, secret: object = None, **settings: str) -> LambdaFunction:
        if tenant is not None:
            aws.put_secret(SECRET, secret_of(tenant))
        if secret is not None:
            aws.put_secret(SECRET, secret)
        environment = {**aws.environment, "AUDIT_SECRET": SECRET, "AUDIT_BUCKET": BUCKET, **settings}
        started.append(LambdaFunction([built, *packages], environment, timeout))
        return started[-1]

    yield of
    for one in started:
        with one:
            output = one.output
        assert not [canary for canary in CANARIES if canary in output], output


def secret_of(tenant, client_secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {"domain": tenant.domain, "base_url": tenant.url, "client_id": CLIENT_ID, "client_secret": client_secret}


@pytest.fixture
def secret_for():
    return secret_of
