# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login pages, token endpoint and My Account API answer any request without failing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.universal_login.routes import is_callback

from .client import APP, DOMAIN, PASSWORD, Api

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["code", "app", "spa", "S256", "none", "http://127.0.0.1/", "http://[::1", "x" * 43, "send", "verify", "true",
     f"https://{DOMAIN}/mfa/", f"https://{DOMAIN}/me/", "openid offline_access", "totp|dev_0", "a@example.com"]
)  # fmt: skip
REQUESTS = st.dictionaries(
    st.sampled_from(
        ["response_type", "response_mode", "redirect_uri", "state", "audience", "scope", "prompt", "acr_values",
         "nonce", "code_challenge", "code_challenge_method"]
    ),
    TEXTS,
)  # fmt: skip
FORMS = st.dictionaries(
    st.sampled_from(["action", "authenticator_id", "code", "recovery_code", "rememberBrowser", "username"]), TEXTS
)
GRANTS = st.dictionaries(
    st.sampled_from(
        ["code", "code_verifier", "redirect_uri", "refresh_token", "scope", "client_assertion", "client_id",
         "client_assertion_type"]
    ),
    TEXTS | st.none() | st.integers(),
)  # fmt: skip
MEMBERS = st.dictionaries(
    st.sampled_from(["type", "phone_number", "email", "auth_session", "otp_code", "name"]) | st.text(max_size=5),
    TEXTS | st.sampled_from(["phone", "totp", "recovery-code", "+442071838750"]) | st.none() | st.integers(),
)


@pytest.fixture(scope="module")
def api():
    """One emulator for all examples."""
    api = Api({"mfa-policy": "never", "user-quotas": "off"}, "unlimited", 25)
    yield api
    api.close()


@settings(max_examples=150, deadline=None)
@given(query=REQUESTS, cookie=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20))
def test_any_request_to_log_in_gets_an_answer(api, query, cookie):
    answer = api.call(
        "GET", "/authorize", params={"client_id": "app", **query}, headers={"cookie": cookie.encode("latin-1")}
    )
    assert answer.status_code in (302, 400)
    if answer.status_code == 302:
        target = answer.headers["location"]
        assert target.startswith("/u/login?") or is_callback(query["redirect_uri"])


@settings(max_examples=100, deadline=None)
@given(form=FORMS, number=st.sampled_from([1, 2, 3, 4, 7, 19]), body=st.binary(max_size=30))
def test_any_form_for_the_second_step_gets_an_answer(api, form, number, body):
    parameters = {
        "client_id": "app",
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1/",
        "acr_values": "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    }
    address = api.call("GET", "/authorize", params=parameters).headers["location"]
    name = {"username": f"user{number:05d}@example.com", "password": PASSWORD}
    second = api.call("POST", address, data=name).headers["location"]
    assert api.call("POST", second, data=form).status_code in (200, 302, 400)
    assert api.call("POST", second, content=body).status_code in (200, 302, 400)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["authorization_code", "refresh_token", "client_credentials"]), parameters=GRANTS)
def test_any_grant_gets_an_answer(api, kind, parameters):
    assert api.token(grant_type=kind, **{**APP, **parameters}).status_code in (400, 401, 403)


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    path=st.sampled_from(
        ["/factors", "/authentication-methods", "/authentication-methods/x", "/authentication-methods/x/verify"]
    ),
    query=st.dictionaries(st.just("type"), TEXTS),
    body=MEMBERS | st.lists(st.none()) | TEXTS,
)
def test_any_call_of_the_my_account_api_gets_an_answer(api, method, path, query, body):
    token = api.login(1, audience=f"https://{DOMAIN}/me/").json()["access_token"]
    answer = api.call(method, f"/me/v1{path}", token, params=query, json=body)
    assert answer.status_code in (200, 202, 400, 403, 404)
