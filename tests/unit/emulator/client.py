# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator in the test's own process, and a small client for it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from urllib.parse import quote

import httpx
import pyotp

from tests.contract.observed import Observed
from tests.emulator.app import Emulator
from tests.emulator.state.tenant import Tenant
from tests.emulator.switches import read_switches

DOMAIN = "tenant.test"
MFA_GRANT = "http://auth0.com/oauth/grant-type/mfa-"
PASSWORD = "Correct-Horse-7"
APP = {"client_id": "app", "client_secret": "app-secret"}


SECRET_2 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of user00002@example.com


def refused(answer, status, error, description=None):
    """Assert that the answer is this error of the Authentication and MFA APIs."""
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    if description is not None:
        assert answer.json()["error_description"] == description


class _Totp(pyotp.TOTP):
    """For secrets of any length."""

    min_secret_length_bits = 0


class Api:
    """Calls an emulator by ASGI; answers are httpx responses. Closing it fails if an answer was not as Auth0's OpenAPI documents describe."""

    mfa_audience = f"https://{DOMAIN}/mfa/"
    management_audience = f"https://{DOMAIN}/api/v2/"

    def __init__(self, switches, plan, users, seed=7):
        chosen = read_switches([f"{name}={value}" for name, value in switches.items()])
        tenant = Tenant(DOMAIN, users, seed, plan, chosen)
        self._limiter = tenant.limiter
        self._observed = Observed(Emulator(tenant))
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self._observed), base_url=f"https://{DOMAIN}")
        self._runner = asyncio.Runner()
        self._management_token = None

    def close(self):
        self._runner.run(self._http.aclose())
        self._runner.close()
        assert not self._observed.judge.findings, "\n".join(self._observed.judge.findings)

    def hold_limits(self):
        """From now on no token comes back to a bucket, however slow the test is."""
        now = time.time()
        self._limiter._clock = lambda: now

    def call(self, method, path, token=None, **options):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        # Every call comes from another browser, unless it has a cookie of its own.
        self._http.cookies.clear()
        return self._runner.run(self._http.request(method, path, headers=headers, **options))

    def token(self, **parameters):
        return self.call("POST", "/oauth/token", json=parameters)

    def login(self, number, audience=mfa_audience, scope=None, **client):
        parameters = {
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
            "realm": "Username-Password-Authentication",
            "username": f"user{number:05d}@example.com",
            "password": PASSWORD,
            **APP,
            **client,
        }
        if audience:
            parameters["audience"] = audience
        if scope is not None:
            parameters["scope"] = scope
        return self.token(**parameters)

    def mfa_jwt(self, number, scope=None):
        """A JWT for the /mfa/ audience of a user without an active factor."""
        return self.login(number, scope=scope).json()["access_token"]

    def mfa_token(self, number, **parameters):
        return self.login(number, **parameters).json()["mfa_token"]

    def verify(self, kind, mfa_token, **parameters):
        return self.token(grant_type=MFA_GRANT + kind, mfa_token=mfa_token, **{**APP, **parameters})

    def otp(self, secret):
        return _Totp(secret).at(int(self.now().timestamp()))

    def now(self):
        return datetime.fromisoformat(self.call("GET", "/_control/clock").json()["now"])

    def advance(self, seconds):
        assert self.call("PUT", "/_control/clock", json={"advance_seconds": seconds}).status_code == 200

    def management_token(self, client_id="m2m", **parameters):
        answer = self.token(
            grant_type="client_credentials",
            client_id=client_id,
            client_secret=f"{client_id}-secret",
            audience=self.management_audience,
            **parameters,
        )
        return answer.json()["access_token"]

    def manage(self, method, path, **options):
        if self._management_token is None:
            self._management_token = self.management_token()
        return self.call(method, f"/api/v2{path}", self._management_token, **options)

    def user_id(self, number):
        return self.manage("GET", "/users-by-email", params={"email": f"user{number:05d}@example.com"}).json()[0][
            "user_id"
        ]

    def methods_path(self, number):
        return f"/users/{quote(self.user_id(number), safe='')}/authentication-methods"

    def methods(self, number):
        return self.manage("GET", self.methods_path(number)).json()

    def received_code(self, number):
        return self.call("GET", "/_control/codes", params={"user_id": self.user_id(number)}).json()[-1]["code"]
