# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /oauth/token``. Each function is a case of the manifest."""

from __future__ import annotations

from ..checks import NotSeen, equal, has_status, holds, refused
from ..lab import PASSWORD_REALM, Lab
from ..tenant import Answer


def client_credentials(lab: Lab) -> None:
    answer = has_status(lab.client_credentials(), 200)
    equal("token_type", answer.member("token_type"), "Bearer")
    holds(isinstance(answer.member("expires_in"), int), "expires_in is not a whole number")
    holds(isinstance(answer.member("scope"), str), "scope is not a text")


def no_refresh_token(lab: Lab) -> None:
    holds("refresh_token" not in has_status(lab.client_credentials(), 200).body, "there is a refresh_token")


def token_is_a_jwt(lab: Lab) -> None:
    equal("parts of the token", has_status(lab.client_credentials(), 200).body["access_token"].count("."), 2)


def form_encoding(lab: Lab) -> None:
    form = {
        "grant_type": "client_credentials",
        "audience": lab.tenant.management_audience,
        **lab.given.operator.parameters(),
    }
    has_status(lab.tenant.send("POST", "/oauth/token", form=form), 200)


def content_type(lab: Lab) -> None:
    equal("content-type", lab.client_credentials().headers.get("content-type"), "application/json")


def wrong_secret(lab: Lab) -> None:
    has_status(lab.client_credentials(client_secret="not-the-secret"), 401)


def wrong_secret_text(lab: Lab) -> None:
    refused(lab.client_credentials(client_secret="not-the-secret"), 401, "access_denied", "Unauthorized")


def unknown_audience(lab: Lab) -> None:
    refused(lab.client_credentials(audience="https://nobody.example.com/"), 403, "access_denied")


def unknown_audience_of_a_login(lab: Lab) -> None:
    answer = lab.login("https://nobody.example.com/", grant_type="password", realm=None)
    if "default connection" in str(answer.member("error_description")):
        raise NotSeen("the tenant has no default directory")
    refused(answer, 400, "invalid_request", "invalid audience specified for password grant exchange")


def unknown_grant(lab: Lab) -> None:
    has_status(lab.client_credentials(grant_type="no-such-grant"), 400, 403)


def missing_grant(lab: Lab) -> None:
    refused(lab.client_credentials(grant_type=None), 400, "invalid_request")


def error_shape(lab: Lab) -> None:
    answer = has_status(lab.client_credentials(audience="https://nobody.example.com/"), 403)
    for name in ("error", "error_description"):
        holds(isinstance(answer.member(name), str), f"{name} is not a text")


def wrong_password(lab: Lab) -> None:
    try:
        answer = has_status(lab.login(password="Wrong-Horse-7"), 403)
    finally:
        lab.unblock()
    holds(answer.member("error") in ("invalid_grant", "invalid_user_password"), f"got {answer.told()}")


def unknown_user(lab: Lab) -> None:
    answer = has_status(lab.login(username=f"nobody-{lab.email}"), 403)
    holds(answer.member("error") in ("invalid_grant", "invalid_user_password"), f"got {answer.told()}")


def missing_realm(lab: Lab) -> None:
    has_status(lab.login(realm=None), 400, 403)


def mfa_audience_without_factor(lab: Lab) -> None:
    lab.bare()
    has_status(lab.login(), 200)


def mfa_audience_with_email_only(lab: Lab) -> None:
    lab.bare(verified=True)
    has_status(lab.login(), 200)


def mfa_audience_lifetime(lab: Lab) -> None:
    lab.bare()
    equal("expires_in", has_status(lab.login(), 200).member("expires_in"), 600)


def mfa_audience_all_scopes(lab: Lab) -> None:
    lab.bare()
    granted = set(has_status(lab.login(), 200).body["scope"].split())
    missing = {"enroll", "read:authenticators", "remove:authenticators"} - granted
    holds(not missing, f"not granted: {', '.join(sorted(missing))}")


def mfa_audience_asked_scope(lab: Lab) -> None:
    lab.bare()
    scope = has_status(lab.login(scope="read:authenticators"), 200).body.get("scope", "").split()
    equal("scope", scope, ["read:authenticators"])


def offline_access(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.login(scope="read:authenticators offline_access"), 200)
    holds(isinstance(answer.member("refresh_token"), str), "there is no refresh_token")


def openid(lab: Lab) -> None:
    lab.bare()
    answer = has_status(lab.login(scope="openid read:authenticators"), 200)
    holds(isinstance(answer.member("id_token"), str), "there is no id_token")


def mfa_required(lab: Lab) -> None:
    lab.with_otp()
    answer = lab.challenged()
    holds(answer.status in (401, 403), f"got {answer.told()}")
    equal("error_description", answer.member("error_description"), "Multifactor authentication required")


def mfa_token_is_sealed(lab: Lab) -> None:
    lab.with_otp()
    holds(lab.mfa_token().startswith("Fe26.2*"), "mfa_token does not begin with Fe26.2*")


def otp_ends_the_login(lab: Lab) -> None:
    secret = lab.with_otp()
    answer = has_status(lab.second_step("otp", lab.mfa_token(), otp=lab.code(secret)), 200)
    equal("token_type", answer.member("token_type"), "Bearer")


def lifetime_follows_the_audience(lab: Lab) -> None:
    secret = lab.with_otp()
    equal("expires_in", lab.second_step("otp", lab.mfa_token(), otp=lab.code(secret)).member("expires_in"), 600)


def wrong_otp(lab: Lab) -> None:
    secret = lab.with_otp()
    answer = lab.second_step("otp", lab.mfa_token(), otp=lab.wrong_code(secret))
    refused(answer, 403, "invalid_grant", "Invalid otp_code.")


def garbage_mfa_token(lab: Lab) -> None:
    refused(lab.second_step("otp", "garbage", otp="000000"), (401, 403), "invalid_grant", "Malformed mfa_token")


def missing_binding_code(lab: Lab) -> None:
    mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", mfa_token, oob_code=oob_code)
    refused(answer, (400, 403), "invalid_request", "Missing required parameter: binding_code")


def wrong_binding_code(lab: Lab) -> None:
    mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", mfa_token, oob_code=oob_code, binding_code="wrong!")
    refused(answer, (400, 403), "invalid_grant", "Invalid binding_code.")


def codes_of_two_logins(lab: Lab) -> None:
    _mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", lab.mfa_token(), oob_code=oob_code, binding_code="000000")
    refused(answer, (400, 403), "invalid_request", "The oob_code doesn't match the mfa_token")


def wrong_recovery_code(lab: Lab) -> None:
    lab.with_otp()
    answer = lab.second_step("recovery-code", lab.mfa_token(), recovery_code="1" * 24)
    refused(answer, (400, 403), "invalid_grant")


def recovery_code_ends_the_login(lab: Lab) -> None:
    code = with_recovery_code(lab)
    answer = has_status(lab.second_step("recovery-code", lab.mfa_token(), recovery_code=code), 200)
    new = answer.member("recovery_code")
    holds(isinstance(new, str) and len(new) == 24 and new != code, "there is no new recovery code of 24 characters")


def recovery_code_works_once(lab: Lab) -> None:
    code = with_recovery_code(lab)
    has_status(lab.second_step("recovery-code", lab.mfa_token(), recovery_code=code), 200)
    refused(lab.second_step("recovery-code", lab.mfa_token(), recovery_code=code), (400, 403), "invalid_grant")


def push_is_pending(lab: Lab) -> None:
    lab.bare()
    token = lab.mfa_jwt()
    oob_code = has_status(lab.associate(token, "auth0"), 200).body["oob_code"]
    answer = lab.second_step("oob", token, oob_code=oob_code)
    text = "Authorization pending: please repeat the request in a few seconds."
    refused(answer, 400, "authorization_pending", text)


def refresh(lab: Lab) -> None:
    answer = refreshed(lab, scope="read:authenticators offline_access")
    has_status(answer, 200)
    holds(isinstance(answer.member("access_token"), str), "there is no access_token")


def wrong_refresh_token(lab: Lab) -> None:
    parameters = {**lab.application().parameters(), "grant_type": "refresh_token", "refresh_token": "no-such-token"}
    refused(lab.oauth_token(**parameters), 403, "invalid_grant", "Unknown or invalid refresh token.")


def wrong_authorization_code(lab: Lab) -> None:
    parameters = {
        **lab.application().parameters(),
        "grant_type": "authorization_code",
        "code": "no-such-code",
        "redirect_uri": "https://app.example.com/callback",
    }
    answer = lab.oauth_token(**parameters)
    if answer.member("error") == "unauthorized_client":
        raise NotSeen("the application has no authorization_code grant")
    refused(answer, 403, "invalid_grant", "Invalid authorization code")


def blocked_user(lab: Lab) -> None:
    lab.bare()
    has_status(lab.patch_user(blocked=True), 200)
    try:
        answer = lab.login()
    finally:
        has_status(lab.patch_user(blocked=False), 200)
    refused(answer, 401, "unauthorized", "user is blocked")


def password_grant_is_refused_to_others(lab: Lab) -> None:
    parameters = {
        "grant_type": PASSWORD_REALM,
        "realm": lab.given.connection,
        "username": lab.email,
        "password": "Wrong-Horse-7",
        **lab.given.operator.parameters(),
    }
    answer = lab.oauth_token(**parameters)
    if answer.member("error") == "invalid_grant":
        raise NotSeen("the operator's application has the password grant")
    refused(answer, 403, "unauthorized_client")
    holds(answer.member("error_description").endswith("not allowed for the client."), f"got {answer.told()}")


def discovery(lab: Lab) -> None:
    answer = has_status(lab.tenant.send("GET", "/.well-known/openid-configuration"), 200)
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        holds(isinstance(answer.member(name), str), f"{name} is missing")


def keys(lab: Lab) -> None:
    found = has_status(lab.tenant.send("GET", "/.well-known/jwks.json"), 200).member("keys")
    holds(bool(found) and all(key["kty"] == "RSA" and key["kid"] for key in found), "there is no RSA key with an ID")


# What several cases and probes begin with


def mailed(lab: Lab) -> tuple[str, str]:
    """A user with an OTP app and an e-mail factor is challenged by e-mail: the ``mfa_token`` and the ``oob_code``."""
    lab.with_otp()
    has_status(lab.add(type="email", email=lab.email), 201)
    mfa_token = lab.mfa_token()
    answer = lab.challenge(mfa_token, challenge_type="oob", oob_channel="email")
    if answer.status != 200 and not lab.factors().get("email"):
        raise NotSeen("the tenant does not offer the factor email")
    has_status(answer, 200)
    equal("binding_method", answer.member("binding_method"), "prompt")
    return mfa_token, answer.body["oob_code"]


def with_recovery_code(lab: Lab) -> str:
    """A user with an OTP app and a recovery code; returns the code."""
    lab.with_otp()
    return has_status(lab.manage("POST", f"{lab.user}/recovery-code-regeneration"), 200).body["recovery_code"]


def refreshed(lab: Lab, scope: str) -> Answer:
    """The answer to a refresh token of a bare user."""
    lab.bare()
    token = has_status(lab.login(scope=scope), 200).member("refresh_token")
    if token is None:
        raise NotSeen("the application gets no refresh token")
    return exchange(lab, token)


def exchange(lab: Lab, refresh_token: str, **parameters: str) -> Answer:
    """``grant_type=refresh_token``."""
    parameters |= {**lab.application().parameters(), "grant_type": "refresh_token", "refresh_token": refresh_token}
    return lab.oauth_token(**parameters)
