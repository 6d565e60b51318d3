# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running emulator and the requests that every contract test needs."""

from __future__ import annotations

import requests

MFA_GRANT = "http://auth0.com/oauth/grant-type/mfa-"


class Tenant:
    """One client of one running emulator; use ``http`` as a context manager."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.domain = emulator.domain
        self.http = requests.Session()
        self.http.trust_env = False

    def call(self, method, path, token=None, **options):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        return self.http.request(method, self.emulator.url + path, headers=headers, timeout=10, **options)

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
