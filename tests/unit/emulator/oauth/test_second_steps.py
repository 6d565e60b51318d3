# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushes and their polling, quotas per user, brute-force protection, ``mfa_requirements``, and their events."""

from __future__ import annotations

import pytest

from ..client import APP, SECRET_2, refused

RECOVERY_CODE_4 = "4444AAAABBBBCCCCDDDDEEEE"


def challenge(api, mfa_token, **values):
    return api.call("POST", "/mfa/challenge", json={"mfa_token": mfa_token, **APP, **values})


def push(api, number=4):
    """A login that waits for a push: its mfa_token and oob_code."""
    token = api.mfa_token(number)
    return token, challenge(api, token, challenge_type="oob", oob_channel="auth0").json()["oob_code"]


def answer_push(api, number, verb):
    return api.call("POST", f"/_control/push/{verb}", params={"user_id": api.user_id(number)})


def events(api):
    """The types in the log, oldest first."""
    entries = reversed(api.manage("GET", "/logs", params={"q": "NOT type:seccft", "per_page": 100}).json())
    return [entry["type"] for entry in entries]


# Push


def test_push_is_pending_until_it_is_approved(api):
    token, oob_code = push(api)
    refused(
        api.verify("oob", token, oob_code=oob_code),
        400,
        "authorization_pending",
        "Authorization pending: please repeat the request in a few seconds.",
    )
    assert answer_push(api, 4, "approve").json()["approved"] is True
    api.advance(5)
    assert api.verify("oob", token, oob_code=oob_code).status_code == 200
    api.advance(5)
    refused(api.verify("oob", token, oob_code=oob_code), 403, "invalid_grant")


def test_approval_sets_the_devices_last_use(api):
    token, oob_code = push(api)
    answer_push(api, 4, "approve")
    api.verify("oob", token, oob_code=oob_code)
    device = next(item for item in api.methods(4) if item["type"] == "push")
    assert device["last_auth_at"][:16] == api.now().strftime("%Y-%m-%dT%H:%M")


def test_rejected_push_is_access_denied(api):
    token, oob_code = push(api)
    answer_push(api, 4, "reject")
    answer = api.verify("oob", token, oob_code=oob_code)
    refused(answer, 400, "access_denied", "MFA Authorization rejected.")
    assert {"gd_auth_rejected", "feoobft"} <= set(events(api))


def test_the_newest_push_is_answered(api):
    (first, first_code), (second, second_code) = push(api), push(api)
    answer_push(api, 4, "approve")
    assert api.verify("oob", second, oob_code=second_code).status_code == 200
    refused(api.verify("oob", first, oob_code=first_code), 400, "authorization_pending")


def test_push_enrollment_is_confirmed_by_the_scan(api):
    token = api.mfa_jwt(1)
    body = {"authenticator_types": ["oob"], "oob_channels": ["auth0"]}
    oob_code = api.call("POST", "/mfa/associate", token, json=body).json()["oob_code"]
    assert answer_push(api, 1, "approve").status_code == 200
    assert api.verify("oob", token, oob_code=oob_code).status_code == 200
    assert {item["type"] for item in api.methods(1)} == {"push", "totp", "recovery-code"}


def test_push_must_be_answered_within_five_minutes(make_api):
    api = make_api({"mfa-token-lifetime": 600})
    token, oob_code = push(api)
    api.advance(300)
    assert answer_push(api, 4, "approve").status_code == 404
    refused(api.verify("oob", token, oob_code=oob_code), 401, "expired_token", "oob_code is expired")


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_no_push_to_answer_is_404(api, verb):
    assert answer_push(api, 4, verb).status_code == 404
    assert api.call("POST", f"/_control/push/{verb}", params={"user_id": "auth0|nobody"}).status_code == 404


# Polling


@pytest.mark.parametrize("status", [400, 429])
def test_polling_too_fast_is_slow_down(make_api, status):
    api = make_api({"slow-down-status": status})
    token, oob_code = push(api)
    refused(api.verify("oob", token, oob_code=oob_code), 400, "authorization_pending")
    refused(api.verify("oob", token, oob_code=oob_code), status, "slow_down")
    api.advance(5)
    refused(api.verify("oob", token, oob_code=oob_code), 400, "authorization_pending")


@pytest.mark.parametrize(("plan", "limited"), [("enterprise", True), ("professional", True), ("unlimited", False)])
def test_twelve_polls_a_minute_and_login(make_api, plan, limited):
    api = make_api({"poll-interval": 0}, plan=plan)
    token, oob_code = push(api)
    answers = [api.verify("oob", token, oob_code=oob_code).status_code for _poll in range(13)]
    assert answers == [400] * 12 + [429 if limited else 400]


# Quotas per user


def wrong_otp(api, token):
    return api.verify("otp", token, otp="000000x")


def test_after_ten_failed_codes_even_a_right_one_must_wait_six_minutes(make_api):
    api = make_api({"mfa-token-lifetime": 600})
    token = api.mfa_token(2)
    for _failure in range(10):
        refused(wrong_otp(api, token), 403, "invalid_grant")
    refused(api.verify("otp", token, otp=api.otp(SECRET_2)), 429, "too_many_requests")
    api.advance(360)
    assert api.verify("otp", token, otp=api.otp(SECRET_2)).status_code == 200
    refused(wrong_otp(api, api.mfa_token(2)), 403, "invalid_grant")
    refused(wrong_otp(api, api.mfa_token(2)), 429, "too_many_requests")
    assert "gd_otp_rate_limit_exceed" in events(api)


def test_quotas_are_per_user(api):
    token = api.mfa_token(2)
    assert [wrong_otp(api, token).status_code for _failure in range(11)][-1] == 429
    refused(wrong_otp(api, api.mfa_token(9)), 403, "invalid_grant")


def test_wrong_codes_of_messages_count_like_those_of_apps(api):
    token = api.mfa_token(3)
    oob_code = challenge(api, token, challenge_type="oob").json()["oob_code"]
    answers = [api.verify("oob", token, oob_code=oob_code, binding_code="x").status_code for _failure in range(11)]
    assert answers == [403] * 10 + [429]


def test_failed_recovery_codes_have_their_own_quota(api):
    token = api.mfa_token(4)
    answers = [api.verify("recovery-code", token, recovery_code="x").status_code for _failure in range(11)]
    assert answers == [403] * 10 + [429]
    assert "gd_recovery_rate_limit_exceed" in events(api)
    refused(wrong_otp(api, token), 403, "invalid_grant")
    api.advance(360)
    token = api.mfa_token(4)
    assert api.verify("recovery-code", token, recovery_code=RECOVERY_CODE_4).status_code == 200


@pytest.mark.parametrize(
    ("number", "channel", "burst", "seconds"),
    [
        pytest.param(4, "auth0", 5, 12, id="push"),
        pytest.param(3, "sms", 10, 3600, id="sms"),
        pytest.param(19, "email", 20, 60, id="email"),
    ],
)
def test_messages_are_limited(api, number, channel, burst, seconds):
    def ask():
        token = api.mfa_token(number, audience=None)
        return challenge(api, token, challenge_type="oob", oob_channel=channel)

    assert [ask().status_code for _message in range(burst)] == [200] * burst
    refused(ask(), 429, "too_many_requests")
    api.advance(seconds)
    assert ask().status_code == 200
    refused(ask(), 429, "too_many_requests")


def test_a_refused_enrollment_costs_no_message_and_leaves_nothing(api):
    token = api.mfa_jwt(1)
    body = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+442071838750"}
    for _mistake in range(12):
        refused(api.call("POST", "/mfa/associate", token, json={**body, "phone_number": "x"}), 400, "invalid_request")
    answers = [api.call("POST", "/mfa/associate", token, json=body).status_code for _message in range(11)]
    assert answers == [200] * 10 + [429]
    rows = api.call("GET", "/mfa/authenticators", token).json()
    assert len([row for row in rows if row.get("oob_channel") == "sms"]) == 10


def test_quotas_can_be_off(make_api):
    api = make_api({"user-quotas": "off"})
    token = api.mfa_token(2)
    assert {wrong_otp(api, token).status_code for _failure in range(25)} == {403}


# Brute force


def wrong_password(api, number=1):
    return api.login(number, password="wrong")


def test_ten_wrong_passwords_block_the_user(api):
    for _failure in range(10):
        refused(wrong_password(api), 403, "invalid_grant", "Wrong email or password.")
    refused(api.login(1), 429, "too_many_attempts")
    assert api.login(2).json()["error"] == "mfa_required"


def test_a_login_or_a_new_password_resets_the_count(api):
    for _failure in range(9):
        wrong_password(api)
    assert api.login(1).status_code == 200
    for _failure in range(10):
        wrong_password(api)
    refused(api.login(1), 429, "too_many_attempts")
    api.manage("PATCH", f"/users/{api.user_id(1)}", json={"password": "Correct-Horse-8"})
    assert api.login(1, password="Correct-Horse-8").status_code == 200


def test_block_ends_after_thirty_days(api):
    for _failure in range(10):
        wrong_password(api)
    api.advance(30 * 86400)
    refused(wrong_password(api), 403, "invalid_grant")
    assert api.login(1).status_code == 200


def test_protection_can_be_off(make_api):
    api = make_api({"brute-force-protection": "off"})
    for _failure in range(12):
        wrong_password(api)
    assert api.login(1).status_code == 200


# mfa_requirements


@pytest.mark.parametrize(
    ("number", "requirements"),
    [
        pytest.param(1, {"enroll": ["otp", "push-notification", "phone", "recovery-code"]}, id="no factor"),
        pytest.param(5, {"enroll": ["otp", "push-notification", "phone", "recovery-code"]}, id="verified email"),
        pytest.param(4, {"challenge": ["push-notification", "otp", "recovery-code", "email"]}, id="push"),
        pytest.param(3, {"challenge": ["phone", "email"]}, id="phone"),
    ],
)
def test_requirements_say_what_to_challenge_or_enroll(make_api, number, requirements):
    api = make_api({"mfa-requirements": "on"})
    answer = api.login(number, audience=None).json()["mfa_requirements"]
    assert answer == {name: [{"type": kind} for kind in kinds] for name, kinds in requirements.items()}


def test_requirements_are_off_by_default(api):
    assert "mfa_requirements" not in api.login(2).json()


# Events


def test_events_of_a_login_with_otp(api):
    token = api.mfa_token(2)
    challenge(api, token, challenge_type="otp")
    wrong_otp(api, token)
    api.verify("otp", token, otp=api.otp(SECRET_2))
    seen = ["mfar", "gd_start_auth", "gd_auth_failed", "feotpft", "gd_auth_succeed", "seotpft"]
    assert events(api) == seen


def test_events_of_an_enrollment_and_its_end(api):
    token = api.mfa_jwt(1)
    body = {"authenticator_types": ["oob"], "oob_channels": ["voice"], "phone_number": "+442071838750"}
    oob_code = api.call("POST", "/mfa/associate", token, json=body).json()["oob_code"]
    api.verify("oob", token, oob_code=oob_code, binding_code=api.received_code(1))
    row = next(row for row in api.call("GET", "/mfa/authenticators", token).json() if row.get("oob_channel"))
    assert api.call("DELETE", f"/mfa/authenticators/{row['id'].replace('|', '%7C')}", token).status_code == 204
    assert events(api) == [
        "gd_start_enroll",
        "gd_send_voice",
        "gd_enrollment_complete",
        "gd_auth_succeed",
        "seoobft",
        "gd_unenroll",
    ]


def test_event_names_user_client_and_authenticator(api):
    api.verify("otp", api.mfa_token(2), otp=api.otp(SECRET_2))
    entries = api.manage("GET", "/logs", params={"q": "NOT type:seccft"}).json()
    entry = next(entry for entry in entries if entry["type"] == "gd_auth_succeed")
    assert (entry["user_id"], entry["client_id"]) == (api.user_id(2), "app")
    assert entry["details"]["authenticator"]["id"] == api.methods(2)[0]["id"]


def test_events_of_recovery_codes(api):
    token = api.mfa_token(4)
    api.verify("recovery-code", token, recovery_code="x")
    api.verify("recovery-code", token, recovery_code=RECOVERY_CODE_4)
    assert events(api) == ["mfar", "gd_recovery_failed", "fercft", "gd_recovery_succeed", "sercft"]
