# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.function_zip import unpacked_function
from tests.support.lambda_runtime import LambdaFunction
from tests.support.local_aws import LocalAws

PACKAGES = Path(sys.prefix) / "lambda"
SECRET = "mfaops/tenant"
PREFIX = "audits/one/"
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
def zipped(tmp_path_factory) -> Path:
    """The function's zip for this machine. The workers of a test run share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "function.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpacked_function(shared / "function")
    return shared / "function.zip"


@pytest.fixture(scope="session")
def built(zipped) -> Path:
    """The function's folder: the zip unpacked as Lambda does. The workers share it, too."""
    return zipped.with_suffix("")


@pytest.fixture(scope="session")
def aws():
    with LocalAws() as local:
        yield local


@pytest.fixture(scope="session")
def shared_tenant():
    with start(users=500, seed=7, switches={"export-seconds": 0}) as running:
        yield running


@pytest.fixture
def tenant(shared_tenant):
    """The tenant of 500 users, with no request logged and no fault pending."""
    shared_tenant.control("DELETE", "requests")
    yield shared_tenant
    shared_tenant.control("DELETE", "faults")


@pytest.fixture
def bucket(aws) -> str:
    """A bucket of this test alone."""
    name = "mfa-%s" % uuid.uuid4().hex[:16]
    aws.create_bucket(name)
    return name


@pytest.fixture
def function(built, packages, aws, bucket, tmp_path):
    """Start the audit function for a tenant; whatever it did, its output holds no secret and nobody's name."""
    started = []

    def of(
        tenant=None, timeout: float = 900.0, secret: object = None, unruly: object = None, **settings: str
    ) -> LambdaFunction:
        if tenant is not None:
            aws.put_secret(SECRET, secret_of(tenant))
        if secret is not None:
            aws.put_secret(SECRET, secret)
        domain = tenant.domain if tenant is not None else (secret or {}).get("domain", "t.example")
        environment = {"AUDIT_TENANT": domain, "AUDIT_SECRET": SECRET, "AUDIT_BUCKET": bucket, "AUDIT_PREFIX": PREFIX}
        environment = {**aws.environment, **environment, **settings}
        folders, handler = [built, *packages], "handler.handler"
        if unruly is not None:
            folder = tmp_path / ("unruly%d" % len(started))
            folder.mkdir()
            shutil.copy(Path(__file__).with_name("unruly.py"), folder)
            (folder / "plan.json").write_text(json.dumps(unruly))
            # Lambda looks for the handler in the task's own folder, and for the rest on the path.
            folders, handler = [folder, *folders], "unruly.handler"
        started.append(LambdaFunction(folders, environment, timeout, handler=handler))
        return started[-1]

    yield of
    for one in started:
        with one:
            output = one.output
        assert not [canary for canary in CANARIES if canary in output], output


class Runs:
    """What is in a bucket after some runs."""

    def __init__(self, aws, bucket: str) -> None:
        self._aws, self._bucket = aws, bucket

    def keys(self) -> list[str]:
        pages = self._aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        return self._aws.read(self._bucket, key)

    def latest(self) -> dict | None:
        return json.loads(self.read(PREFIX + "latest.json")) if PREFIX + "latest.json" in self.keys() else None

    def report(self, name: str, run: str | None = None) -> bytes:
        if run is None:
            return self.read(self.latest()["keys"][name])
        return self.read("%sruns/%s/report/%s" % (PREFIX, run, name))

    def summary(self, run: str | None = None) -> dict:
        return json.loads(self.report("summary.json", run))

    def rows(self, run: str | None = None) -> list[dict]:
        return [json.loads(line) for line in gzip.decompress(self.report("users.jsonl.gz", run)).splitlines()]


@pytest.fixture
def runs(aws, bucket) -> Runs:
    return Runs(aws, bucket)


def to_the_end(function: LambdaFunction, event: dict | None = None, execution: str = "e-1", state=None) -> list[dict]:
    """Invoke segment after segment, as the state machine does; returns what each returned. Waits are cut short."""
    states = []
    while not states or states[-1]["next"] != "end":
        state = function.invoke({**(event or {}), "execution": execution, "state": state})
        assert len(json.dumps(state)) < 1024 and len(states) < 60
        states.append(state)
        time.sleep(min(state["wait"], 2))
    return states


def secret_of(tenant, client_secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {"domain": tenant.domain, "base_url": tenant.url, "client_id": CLIENT_ID, "client_secret": client_secret}


@pytest.fixture
def secret_for():
    return secret_of


@pytest.fixture
def key() -> str:
    """The private key of the tenant's application ``m2m-jwt``."""
    from tests.emulator.oauth import client_assertion

    return (client_assertion._KEYS / "m2m-jwt.pem").read_text()
