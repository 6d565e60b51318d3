# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator is held against: the published OpenAPI subset and the recorded traffic, kept beside the project."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
import requests

from tests.emulator.launch import PROJECT_ROOT, start

MFA_GRANT = "http://auth0.com/oauth/grant-type/mfa-"


@pytest.fixture(scope="session")
def shared():
    """The folder with ``auth0/``: ``MFAOPS_SHARED``, or ``shared`` beside the project."""
    folder = Path(os.environ.get("MFAOPS_SHARED") or PROJECT_ROOT.parent / "shared") / "auth0"
    if not folder.is_dir():
        reason = f"no reference material at {folder}: set MFAOPS_SHARED to the folder that holds auth0/"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


class Tenant:
    """A running emulator and the requests that every contract test needs."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.domain = emulator.domain
        self.http = requests.Session()
        self.http.trust_env = False
        self.after = None  # called with (method, path, response) after each request

    def call(self, method, path, token=None, **options):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self.http.request(
            method, self.emulator.url + path, headers=headers | options.pop("headers", {}), timeout=10, **options
        )
        if self.after:
            self.after(method, path, response)
        return response

    def management_token(self, client_id="m2m", **parameters):
        body = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": f"{client_id}-secret",
            "audience": f"https://{self.domain}/api/v2/",
        }
        return self.call("POST", "/oauth/token", json={**body, **parameters}).json()["access_token"]

    def login(self, email, password="Correct-Horse-7", **parameters):
        body = {
            "grant_type": "password",
            "username": email,
            "password": password,
            "client_id": "app",
            "client_secret": "app-secret",
        }
        return self.call("POST", "/oauth/token", json={**body, **parameters})

    def mfa_jwt(self, email, **parameters):
        return self.login(email, audience=f"https://{self.domain}/mfa/", **parameters).json()["access_token"]

    def mfa_token(self, email, **parameters):
        return self.login(email, **parameters).json()["mfa_token"]

    def verify(self, kind, mfa_token, **parameters):
        body = {"grant_type": MFA_GRANT + kind, "client_id": "app", "client_secret": "app-secret"}
        return self.call("POST", "/oauth/token", json={**body, "mfa_token": mfa_token, **parameters})


@pytest.fixture
def run_tenant():
    """A context manager: a tenant with these options of ``start``."""
    @contextlib.contextmanager
    def run(**options):
        with start(**options) as emulator:
            tenant = Tenant(emulator)
            with tenant.http:
                yield tenant

    return run
