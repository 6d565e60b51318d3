# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``GET /authorize`` with the login pages, and the exchange of the code."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from ..client import APP, PASSWORD, SECRET_2, refused

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CALLBACK = "http://127.0.0.1:49152/callback"
MFA = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
EVERYTHING = {"audience": "https://tenant.test/mfa/", "state": "xyz"}
REMEMBERED = "auth0-mf"


def authorize(api, cookie=None, **parameters):
    values = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }
    query = {name: value for name, value in values.items() if value is not None}
    return api.call("GET", "/authorize", params=query, headers={"cookie": cookie} if cookie else {})


def answer_of(answer):
    """The parameters on the redirect to the application."""
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def post(api, path, state, cookie=None, session=None, **fields):
    cookies = {REMEMBERED: cookie, "auth0": session}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value)}
    return api.call("POST", path, data={"state": state, **fields}, headers=headers)


def log_in(api, number, cookie=None, **parameters):
    """The answer to the password, and the login's state."""
    page = authorize(api, **parameters)
    state = answer_of(page)["state"]
    assert page.headers["location"].startswith("/u/login?")
    return state, post(api, "/u/login", state, cookie, username=f"user{number:05d}@example.com", password=PASSWORD)


def to_second_step(api, number, **parameters):
    state, answer = log_in(api, number, **parameters)
    assert answer.headers["location"] == f"/u/mfa?state={state}"
    return state


def exchange(api, code, **parameters):
    values = {"code_verifier": VERIFIER, "redirect_uri": CALLBACK, **APP, **parameters}
    return api.token(
        grant_type="authorization_code", code=code, **{name: value for name, value in values.items() if value}
    )


# Complete logins


def test_login_for_the_mfa_audience_with_an_otp(api):
    state = to_second_step(api, 2, **EVERYTHING)
    assert "rememberBrowser" in api.call("GET", f"/u/mfa?state={state}").text
    answer = answer_of(post(api, "/u/mfa", state, code=api.otp(SECRET_2)))
    assert answer["state"] == "xyz"
    tokens = exchange(api, answer["code"]).json()
    assert tokens["expires_in"] == 600
    assert api.call("GET", "/mfa/authenticators", tokens["access_token"]).status_code == 200


def test_user_without_factor_needs_no_second_step_for_the_mfa_audience(api):
    _state, answer = log_in(api, 1, **EVERYTHING)
    assert exchange(api, answer_of(answer)["code"]).status_code == 200


def test_public_application_exchanges_without_a_secret(api):
    state, answer = log_in(api, 1, client_id="spa", audience="https://tenant.test/mfa/")
    tokens = exchange(api, answer_of(answer)["code"], client_id="spa", client_secret=None)
    assert tokens.status_code == 200
    assert state not in tokens.text


def test_nonce_is_in_the_id_token(api):
    _state, answer = log_in(api, 1, scope="openid", nonce="n-1", **EVERYTHING)
    tokens = exchange(api, answer_of(answer)["code"]).json()
    payload = tokens["id_token"].split(".")[1]
    assert b'"nonce":"n-1"' in base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


@pytest.mark.parametrize(("channel", "number"), [("sms", 3), ("voice", 3), ("email", 19)])
def test_second_step_by_a_code_that_is_sent(api, channel, number):
    state = to_second_step(api, number)
    page = api.call("GET", f"/u/mfa?state={state}").text
    row = re.search(rf'value="({channel}\|dev_\w+)"', page)[1]
    assert "Sent" in post(api, "/u/mfa", state, action="send", authenticator_id=row).text
    answer = post(api, "/u/mfa", state, authenticator_id=row, code=api.received_code(number))
    assert "code" in answer_of(answer)


def test_second_step_by_push(api):
    state = to_second_step(api, 4)
    row = re.search(r'value="(push\|dev_\w+)"', api.call("GET", f"/u/mfa?state={state}").text)[1]
    post(api, "/u/mfa", state, action="send", authenticator_id=row)
    assert "Waiting" in post(api, "/u/mfa", state, authenticator_id=row).text
    api.call("POST", f"/_control/push/approve?user_id={quote(api.user_id(4))}")
    assert "code" in answer_of(post(api, "/u/mfa", state, authenticator_id=row))


def test_second_step_by_recovery_code_shows_the_new_one_first(api):
    state = to_second_step(api, 4)
    page = post(api, "/u/mfa", state, recovery_code="4444AAAABBBBCCCCDDDDEEEE")
    code = re.search(r'id="recovery-code">(\w{24})<', page.text)[1]
    assert "code" in answer_of(post(api, "/u/mfa", state))
    assert api.verify("recovery-code", api.mfa_token(4), recovery_code=code).status_code == 200


def test_user_without_a_factor_enrolls_when_the_policy_demands_one(api):
    state = to_second_step(api, 1)
    page = api.call("GET", f"/u/mfa?state={state}").text
    secret = re.search(r'id="secret">(\w{32})<', page)[1]
    assert secret in api.call("GET", f"/u/mfa?state={state}").text
    assert post(api, "/u/mfa", state, code="000000x").status_code == 400
    assert "recovery-code" in post(api, "/u/mfa", state, code=api.otp(secret)).text
    assert "code" in answer_of(post(api, "/u/mfa", state))
    assert {item["type"] for item in api.methods(1)} == {"totp", "recovery-code"}


def test_acr_values_force_mfa(make_api):
    api = make_api({"mfa-policy": "never"})
    _state, answer = log_in(api, 2)
    assert "code" in answer_of(answer)
    to_second_step(api, 2, acr_values=MFA)


# Mistakes


@pytest.mark.parametrize("path", ["/u/login", "/u/mfa"])
def test_unknown_login_is_an_error_page(api, path):
    for method in ("GET", "POST"):
        answer = api.call(method, path, params={"state": "nothing"})
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")


def test_wrong_password_shows_the_form_again(api):
    state = answer_of(authorize(api))["state"]
    answer = post(api, "/u/login", state, username='"><b>', password="x")
    assert answer.status_code == 400
    assert "Wrong email or password." in answer.text and "<b>" not in answer.text


def test_wrong_code_shows_the_form_again(api):
    state = to_second_step(api, 2)
    assert post(api, "/u/mfa", state, code="000000x").status_code == 400
    assert "code" in answer_of(post(api, "/u/mfa", state, code=api.otp(SECRET_2)))


def test_no_second_step_before_the_password(api):
    state = answer_of(authorize(api))["state"]
    assert api.call("GET", f"/u/mfa?state={state}").status_code == 400
    assert post(api, "/u/mfa", state, code=api.otp(SECRET_2)).status_code == 400


def test_login_expires_after_an_hour(api):
    state = answer_of(authorize(api))["state"]
    api.advance(3600)
    assert api.call("GET", f"/u/login?state={state}").status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="response type"),
        pytest.param({"response_mode": "form_post"}, "invalid_request", id="response mode"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="challenge method"),
        pytest.param({"code_challenge_method": None}, "invalid_request", id="no challenge method"),
        pytest.param({"code_challenge": "short"}, "invalid_request", id="challenge too short"),
        pytest.param(
            {"client_id": "spa", "code_challenge": None}, "invalid_request", id="public client without a challenge"
        ),
        pytest.param(
            {"client_id": "spa", "audience": "https://tenant.test/me/"},
            "access_denied",
            id="audience the client was not granted",
        ),
        pytest.param({"audience": "https://api.example.com/"}, "access_denied", id="unknown audience"),
        pytest.param({"prompt": "none"}, "login_required", id="no prompt allowed"),
    ],
)
def test_wrong_request_is_reported_on_the_redirect(api, changes, error):
    answer = authorize(api, state="abc", **changes)
    assert answer.headers["location"].startswith(CALLBACK)
    parameters = answer_of(answer)
    assert (parameters["error"], parameters["state"]) == (error, "abc")
    assert parameters["error_description"]


@pytest.mark.parametrize(
    ("redirect_uri", "allowed"),
    [
        pytest.param("https://app.example.com/callback", True, id="registered"),
        pytest.param("http://127.0.0.1:1/x?a=b", True, id="loopback ipv4"),
        pytest.param("http://localhost/", True, id="localhost"),
        pytest.param("http://[::1]:8000/callback", True, id="loopback ipv6"),
        pytest.param("https://app.example.com/callback/x", False, id="path below the registered one"),
        pytest.param("https://127.0.0.1/callback", False, id="loopback by https"),
        pytest.param("http://127.0.0.1.example.com/", False, id="loopback as a subdomain"),
        pytest.param("http://user@127.0.0.1/", False, id="user in the address"),
        pytest.param("http://127.0.0.1/#x", False, id="fragment"),
        pytest.param("http://127.0.0.1:99999/", False, id="port too high"),
        pytest.param("http://127.0.0.1/\r\nset-cookie: a=b", False, id="line break"),
        pytest.param("", False, id="empty"),
    ],
)
def test_which_callbacks_are_allowed(api, redirect_uri, allowed):
    assert authorize(api, redirect_uri=redirect_uri).status_code == (302 if allowed else 400)


@pytest.mark.parametrize(
    "client_id",
    [pytest.param("", id="empty"), pytest.param("nobody", id="unknown"), pytest.param("m2m", id="without the grant")],
)
def test_unknown_client_is_an_error_page(api, client_id):
    assert authorize(api, client_id=client_id).status_code == 400


# The exchange


@pytest.fixture
def code(api):
    _state, answer = log_in(api, 1, **EVERYTHING)
    return answer_of(answer)["code"]


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        pytest.param({"code_verifier": "w" * 43}, "Failed to verify code verifier", id="other verifier"),
        pytest.param({"client_id": "spa", "client_secret": None}, "Invalid authorization code", id="other client"),
        pytest.param({"redirect_uri": "http://127.0.0.1:1/callback"}, None, id="other redirect_uri"),
    ],
)
def test_code_that_does_not_match_is_refused_and_used_up(api, code, parameters, description):
    refused(exchange(api, code, **parameters), 403, "invalid_grant", description)
    refused(exchange(api, code), 403, "invalid_grant", "Invalid authorization code")


def test_code_works_once_and_expires_after_ten_minutes(api, code):
    assert exchange(api, code).status_code == 200
    refused(exchange(api, code), 403, "invalid_grant", "Invalid authorization code")
    _state, answer = log_in(api, 1, **EVERYTHING)
    api.advance(600)
    refused(exchange(api, answer_of(answer)["code"]), 403, "invalid_grant", "Invalid authorization code")


def test_confidential_application_needs_its_secret(api, code):
    refused(exchange(api, code, client_secret=None), 401, "access_denied")


# Remember this browser


def remember(api):
    state = to_second_step(api, 2)
    answer = post(api, "/u/mfa", state, code=api.otp(SECRET_2), rememberBrowser="true")
    header = answer.headers["set-cookie"]
    assert "Max-Age=2592000" in header and "HttpOnly" in header
    return re.match(rf"{REMEMBERED}=([\w-]+);", header)[1]


def needs_mfa(api, cookie, number=2, **parameters):
    _state, answer = log_in(api, number, cookie, **parameters)
    return answer.headers["location"].startswith("/u/mfa")


def test_remembered_browser_skips_the_second_step_except_for_the_mfa_audience(api):
    cookie = remember(api)
    assert not needs_mfa(api, cookie)
    assert needs_mfa(api, cookie, **EVERYTHING)
    assert needs_mfa(api, cookie, acr_values=MFA)
    assert needs_mfa(api, cookie, number=3)
    assert needs_mfa(api, "other")


def test_browser_is_forgotten_after_seven_days_without_use(api):
    cookie = remember(api)
    api.advance(6 * 86400)
    assert not needs_mfa(api, cookie)
    api.advance(7 * 86400)
    assert needs_mfa(api, cookie)


def test_browser_is_forgotten_after_thirty_days(api):
    cookie = remember(api)
    due = []
    for _week in range(5):
        api.advance(6 * 86400)
        due.append(needs_mfa(api, cookie))
    assert due == [False, False, False, False, True]


def test_administrator_can_invalidate_all_remembered_browsers(api):
    cookie = remember(api)
    user_id = quote(api.user_id(2), safe="")
    path = f"/users/{user_id}/multifactor/actions/invalidate-remember-browser"
    assert api.manage("POST", path).status_code == 204
    assert needs_mfa(api, cookie)


def test_an_action_can_hide_the_box_and_then_it_is_ignored(api, monkeypatch):
    monkeypatch.setattr("tests.emulator.universal_login.routes.remember_browser_choice", lambda tenant: False)
    state = to_second_step(api, 2)
    assert "rememberBrowser" not in api.call("GET", f"/u/mfa?state={state}").text
    answer = post(api, "/u/mfa", state, code=api.otp(SECRET_2), rememberBrowser="true")
    assert answer.status_code == 302 and REMEMBERED not in answer.headers["set-cookie"]
