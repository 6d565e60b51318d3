# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /oauth/token``: client authentication, grants, audiences, scopes, lifetimes."""

from __future__ import annotations

import base64

import jwt
import pytest

from tests.emulator.state.tokens import Sealer

from ..client import APP, SECRET_2, refused


def test_client_credentials_token_can_be_verified_with_the_key_set(api):
    token = api.management_token()
    keys = jwt.PyJWKSet.from_dict(api.call("GET", "/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=api.management_audience)
    assert claims["iss"] == "https://tenant.test/"
    assert (claims["sub"], claims["azp"], claims["gty"]) == ("m2m@clients", "m2m", "client-credentials")
    assert claims["exp"] - claims["iat"] == 86400
    assert "delete:authentication_methods" in claims["scope"].split()


def test_token_answer_is_json_without_charset(api):
    answer = api.token(grant_type="client_credentials", client_id="m2m", client_secret="m2m-secret")
    assert answer.headers["content-type"] == "application/json"


def test_readonly_client_gets_read_scopes_only(api):
    claims = jwt.decode(api.management_token("m2m-readonly"), options={"verify_signature": False})
    assert all(scope.startswith("read:") for scope in claims["scope"].split())


def test_requested_scopes_are_reduced_to_the_granted_ones(api):
    answer = api.token(
        grant_type="client_credentials",
        client_id="m2m-readonly",
        client_secret="m2m-readonly-secret",
        audience=api.management_audience,
        scope="read:users delete:users",
    )
    assert answer.json()["scope"] == "read:users"


def test_basic_authentication_and_form_bodies_are_accepted(api):
    header = base64.b64encode(b"m2m:m2m-secret").decode()
    answer = api.call(
        "POST",
        "/oauth/token",
        data={"grant_type": "client_credentials", "audience": api.management_audience},
        headers={"authorization": f"Basic {header}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "description"),
    [
        pytest.param({"client_secret": "wrong"}, 401, "access_denied", "Unauthorized", id="wrong secret"),
        pytest.param({"client_secret": None}, 401, "access_denied", "Unauthorized", id="no secret"),
        pytest.param({"client_id": "nobody"}, 401, "access_denied", "Unauthorized", id="unknown client"),
        pytest.param(
            {"client_id": None}, 400, "invalid_request", "Missing required parameter: client_id", id="no client"
        ),
        pytest.param(
            {"grant_type": None}, 400, "invalid_request", "Missing required parameter: grant_type", id="no grant"
        ),
        pytest.param(
            {"grant_type": "magic"}, 400, "unsupported_grant_type", "Unsupported grant type: magic", id="unknown grant"
        ),
        pytest.param(
            {"audience": "https://elsewhere/api/v2/"},
            403,
            "access_denied",
            "Service not enabled within domain: https://elsewhere/api/v2/",
            id="unknown audience",
        ),
        pytest.param(
            {"audience": "https://tenant.test/mfa/"}, 403, "access_denied", None, id="audience of another grant"
        ),
    ],
)
def test_refusals_of_client_credentials(api, changes, status, error, description):
    parameters = {
        "grant_type": "client_credentials",
        "client_id": "m2m",
        "client_secret": "m2m-secret",
        "audience": api.management_audience,
        **changes,
    }
    answer = api.token(**{name: value for name, value in parameters.items() if value is not None})
    refused(answer, status, error, description)


@pytest.mark.parametrize("realm", [None, "Username-Password-Authentication"])
def test_a_login_for_an_unknown_audience_is_told_so(api, realm):
    """Recorded: unlike an application that asks for itself, and without the audience's name."""
    grant = "password" if realm is None else "http://auth0.com/oauth/grant-type/password-realm"
    answer = api.login(1, audience="https://elsewhere/", grant_type=grant, **({"realm": realm} if realm else {}))
    refused(answer, 400, "invalid_request", "invalid audience specified for password grant exchange")


def test_grant_that_is_not_enabled_is_named_with_a_link(api):
    answer = api.token(grant_type="client_credentials", audience=api.management_audience, **APP)
    text = "Grant type 'client_credentials' not allowed for the client."
    refused(answer, 403, "unauthorized_client", text)
    assert answer.json()["error_uri"].startswith("https://")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'"x"', id="text"),
        pytest.param(b'{"grant_type": "\\ud800"}', id="no unicode"),
        pytest.param(b"[" * 100_000, id="nested too deeply"),
    ],
)
def test_body_that_is_not_an_object_is_refused(api, body):
    answer = api.call("POST", "/oauth/token", content=body, headers={"content-type": "application/json"})
    refused(answer, 400, "invalid_request")


# Password grants


@pytest.mark.parametrize(
    "username",
    [pytest.param("user00001@example.com", id="lower case"), pytest.param("USER00001@example.com", id="upper case")],
)
def test_password_grant_uses_the_default_directory(api, username):
    answer = api.token(
        grant_type="password", username=username, password="Correct-Horse-7", audience=api.mfa_audience, **APP
    )
    assert answer.status_code == 200


def test_password_grant_without_a_default_directory_is_refused(make_api):
    api = make_api({"default-directory": ""})
    answer = api.token(grant_type="password", username="x", password="y", **APP)
    refused(answer, 403, "server_error", "Authorization server not configured with default connection.")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"password": "wrong"}, id="wrong password"),
        pytest.param({"username": "nobody@example.com"}, id="unknown user"),
        pytest.param({"username": "user00016@example.com"}, id="social user"),
    ],
)
def test_wrong_password_unknown_user_and_social_user_get_the_same_answer(api, changes):
    refused(api.login(1, **changes), 403, "invalid_grant", "Wrong email or password.")


def test_blocked_user_is_refused(api):
    refused(api.login(17), 401, "unauthorized", "user is blocked")


def test_login_is_recorded_in_the_profile(api):
    before = api.manage("GET", "/users", params={"q": "email:user00001*"}).json()[0]
    api.advance(60)
    api.login(1)
    after = api.manage("GET", "/users", params={"q": "email:user00001*"}).json()[0]
    assert after["logins_count"] == before["logins_count"] + 1
    assert after["last_login"] > before["last_login"]


# The /mfa/ audience


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(1, id="no factor"),
        pytest.param(5, id="verified email"),
        pytest.param(6, id="unconfirmed otp"),
        pytest.param(8, id="recovery code"),
        pytest.param(18, id="passkey"),
        pytest.param(19, id="enrolled email"),
    ],
)
def test_without_a_factor_other_than_email_the_token_is_issued_at_once(api, number):
    answer = api.login(number).json()
    assert answer["expires_in"] == 600
    assert answer["scope"] == "enroll read:authenticators remove:authenticators"
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["aud"] == api.mfa_audience
    assert claims["exp"] - claims["iat"] == 600


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(2, id="otp"),
        pytest.param(3, id="phone"),
        pytest.param(4, id="push"),
        pytest.param(7, id="security key"),
        pytest.param(9, id="otp and phone"),
        pytest.param(10, id="two phones"),
        pytest.param(20, id="phone by an administrator"),
    ],
)
def test_active_factor_other_than_email_is_challenged(api, number):
    answer = api.login(number)
    refused(answer, 403, "mfa_required", "Multifactor authentication required")
    assert answer.json()["mfa_token"].startswith("Fe26.2*")
    assert len(answer.json()["mfa_token"]) > 300


def test_no_challenge_when_no_factor_is_enabled(make_api):
    assert make_api({"enabled-factors": ""}).login(2).status_code == 200


def test_mfa_required_status_is_switchable(make_api):
    refused(make_api({"mfa-required-status": 401}).login(2), 401, "mfa_required")


def test_only_requested_scopes_are_granted(api):
    answer = api.login(1, scope="read:authenticators read:users openid").json()
    assert answer["scope"] == "read:authenticators openid"
    assert jwt.decode(answer["id_token"], options={"verify_signature": False})["aud"] == "app"


def test_other_logins_follow_the_policy_of_the_tenant(make_api):
    assert make_api({"mfa-policy": "never"}).login(2, audience=None).status_code == 200
    refused(make_api().login(1, audience=None), 403, "mfa_required")


# Second steps


def test_otp_finishes_the_login(api):
    answer = api.verify("otp", api.mfa_token(2), otp=api.otp(SECRET_2))
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 600)


def test_expires_in_follows_the_first_request(api):
    token = api.mfa_token(2, audience=None, scope="openid profile")
    answer = api.verify("otp", token, otp=api.otp(SECRET_2)).json()
    assert (answer["expires_in"], answer["scope"]) == (86400, "openid profile")


def test_previous_otp_is_accepted_and_the_one_before_is_not(api):
    old = api.otp(SECRET_2)
    api.advance(30)
    assert api.verify("otp", api.mfa_token(2), otp=old).status_code == 200
    api.advance(30)
    newer = api.otp(SECRET_2)
    api.advance(60)
    refused(api.verify("otp", api.mfa_token(2), otp=newer), 403, "invalid_grant", "Invalid otp_code.")


def test_otp_is_accepted_once(api):
    otp = api.otp(SECRET_2)
    assert api.verify("otp", api.mfa_token(2), otp=otp).status_code == 200
    refused(api.verify("otp", api.mfa_token(2), otp=otp), 403, "invalid_grant", "Invalid otp_code.")


def test_otp_reuse_is_switchable(make_api):
    api = make_api({"otp-reuse": "on"})
    otp = api.otp(SECRET_2)
    assert [api.verify("otp", api.mfa_token(2), otp=otp).status_code for _number in range(2)] == [200, 200]


def test_last_use_is_recorded(api):
    before = api.methods(2)[0]["last_auth_at"]
    api.verify("otp", api.mfa_token(2), otp=api.otp(SECRET_2))
    assert api.methods(2)[0]["last_auth_at"] > before


def test_a_used_recovery_code_is_replaced(api):
    answer = api.verify("recovery-code", api.mfa_token(4), recovery_code="4444AAAABBBBCCCCDDDDEEEE")
    assert answer.status_code == 200
    replacement = answer.json()["recovery_code"]
    assert len(replacement) == 24
    again = api.verify("recovery-code", api.mfa_token(4), recovery_code="4444AAAABBBBCCCCDDDDEEEE")
    refused(again, 403, "invalid_grant")
    assert api.verify("recovery-code", api.mfa_token(4), recovery_code=replacement).status_code == 200


def test_mfa_token_expires(api):
    token = api.mfa_token(2)
    api.advance(600)
    answer = api.verify("otp", token, otp=api.otp(SECRET_2))
    refused(answer, 401, "expired_token", "mfa_token is expired")


def test_mfa_token_of_another_application_is_refused(api):
    token = api.mfa_token(2, client_id="app-without-mfa", client_secret="app-without-mfa-secret")
    answer = api.verify("otp", token, otp=api.otp(SECRET_2))
    refused(answer, 400, "invalid_request", "mfa_token not issued to this client")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("garbage", id="plain text"),
        pytest.param("Fe26.2*", id="prefix alone"),
        pytest.param("Fe26.2*a*b*c*d*e*f*g", id="right number of parts"),
    ],
)
def test_garbage_is_a_malformed_mfa_token(api, token):
    refused(api.verify("otp", token, otp="123456"), 401, "invalid_grant", "Malformed mfa_token")


def test_application_without_the_mfa_grant_is_refused(api):
    client = {"client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret"}
    refused(api.verify("otp", api.mfa_token(2, **client), otp="123456", **client), 403, "unauthorized_client")


def test_sealed_text_cannot_be_altered():
    sealer = Sealer()
    sealed = sealer.seal({"a": 1}, 0)
    assert sealer.open(sealed) == {"a": 1}
    for i in range(0, len(sealed), 7):
        other = "x" if sealed[i] != "x" else "y"
        assert sealer.open(sealed[:i] + other + sealed[i + 1 :]) is None
