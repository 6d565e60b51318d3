# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any request gets an answer: an exception in the application fails the test."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .client import APP, Api

NAMES = st.sampled_from(
    [
        "type", "name", "email", "phone_number", "totp_secret", "connection", "password", "user_metadata", "user_id",
        "grant_type", "mfa_token", "otp", "oob_code", "authenticator_types", "oob_channels", "challenge_type",
        "authenticator_id", "oob_channel", "kind", "path", "count", "now", "advance_seconds", "transports",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["phone", "email", "totp", "passkey", "otp", "oob", "sms", "auth0", "password", "+442071838750", "a@example.com",
     "Username-Password-Authentication", "http://auth0.com/oauth/grant-type/mfa-oob", "JBSWY3DPEHPK3PXP"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=5),
    max_leaves=10,
)
PATHS = st.sampled_from(
    [
        "/api/v2/users",
        "/api/v2/users/oauth2%7Cname%7Ca%2Fb+c",
        "/api/v2/users/oauth2%7Cname%7Ca%2Fb+c/authentication-methods",
        "/api/v2/users/oauth2%7Cname%7Ca%2Fb+c/authentication-methods/x",
        "/api/v2/users-by-email",
        "/mfa/associate",
        "/mfa/challenge",
        "/oauth/token",
        "/_control/clock",
        "/_control/codes",
    ]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
QUERIES = st.dictionaries(
    st.sampled_from(
        ["q", "page", "per_page", "sort", "fields", "include_totals", "include_fields", "email", "user_id"]
    ),
    st.text(max_size=12),
    max_size=3,
)


@pytest.fixture(scope="module")
def api():
    """One emulator for all examples."""
    api = Api({"post-equal-method-status": 201}, "unlimited", 25)
    yield api
    api.close()


@settings(max_examples=300, deadline=None)
@given(method=METHODS, path=PATHS, query=QUERIES, body=VALUES)
def test_any_json_gets_an_answer(api, method, path, query, body):
    token = api.mfa_jwt(1) if path.startswith("/mfa") else api.management_token()
    if isinstance(body, dict) and path in ("/oauth/token", "/mfa/challenge"):
        body = {**body, **APP}
    answer = api.call(method, path, token, params=query, json=body)
    assert answer.status_code < 500


@settings(max_examples=100, deadline=None)
@given(method=METHODS, path=st.text(max_size=20), body=st.binary(max_size=40), header=st.binary(max_size=20))
def test_any_path_body_and_header_get_an_answer(api, method, path, body, header):
    for prefix in ("/api/v2/users/", "/mfa/authenticators/", "/"):
        answer = api.call(method, prefix + quote(path), content=body, headers={"authorization": header.hex()})
        assert answer.status_code < 500
