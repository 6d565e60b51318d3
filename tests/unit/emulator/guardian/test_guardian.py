# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guardian: configuration, tickets, and the endpoints that are older than authentication methods."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ..client import refused

FACTORS = [
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
]
OTP = {"authenticator_types": ["otp"]}


def associate(api, token, body):
    return api.call("POST", "/mfa/associate", token, json=body)


def ticket_for(api, number, **body):
    body = {"user_id": api.user_id(number), **body}
    return api.manage("POST", "/guardian/enrollments/ticket", json=body).json()["ticket_id"]


def redeem(api, ticket, **body):
    return api.call("POST", "/_control/tickets/redeem", json={"ticket": ticket, **body})


def test_factors_are_listed_in_the_recorded_order(api):
    factors = api.manage("GET", "/guardian/factors").json()
    assert [factor["name"] for factor in factors] == FACTORS
    assert [factor["name"] for factor in factors if not factor["enabled"]] == ["duo"]


def test_a_factor_that_is_switched_off_cannot_be_enrolled(api):
    assert api.manage("PUT", "/guardian/factors/otp", json={"enabled": False}).json() == {"enabled": False}
    refused(associate(api, api.mfa_jwt(1), OTP), 400, "invalid_request")
    api.manage("PUT", "/guardian/factors/otp", json={"enabled": True})
    assert associate(api, api.mfa_jwt(1), OTP).status_code == 200


def test_no_challenge_without_an_enabled_factor(api):
    assert api.login(2).status_code == 403
    for name in FACTORS[:-1]:
        api.manage("PUT", f"/guardian/factors/{name}", json={"enabled": False})
    assert api.login(2).status_code == 200


def test_the_recovery_code_factor_takes_effect_at_once(api):
    api.manage("PUT", "/guardian/factors/recovery-code", json={"enabled": False})
    assert "recovery_codes" not in associate(api, api.mfa_jwt(1), OTP).json()


@pytest.mark.parametrize(
    "policies, status", [pytest.param([], 200, id="never"), pytest.param(["all-applications"], 403, id="always")]
)
def test_policies_take_effect_at_once(api, policies, status):
    assert api.manage("PUT", "/guardian/policies", json=policies).json() == policies
    assert api.manage("GET", "/guardian/policies").json() == policies
    assert api.login(2, audience=None).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(["sometimes"], id="unknown policy"),
        pytest.param({"policies": []}, id="object"),
        pytest.param([[]], id="list in the list"),
        pytest.param("all-applications", id="text"),
    ],
)
def test_a_wrong_policy_is_refused(api, body):
    answer = api.manage("PUT", "/guardian/policies", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_body")


def test_message_types_take_effect_on_the_next_phone(api):
    body = {"message_types": ["voice"]}
    assert api.manage("PUT", "/guardian/factors/phone/message-types", json=body).json() == body
    assert api.manage("GET", "/guardian/factors/phone/message-types").json() == body
    token = api.mfa_jwt(1)
    phone = {"authenticator_types": ["oob"], "phone_number": "+15005550199"}
    refused(associate(api, token, {**phone, "oob_channels": ["sms"]}), 400, "invalid_request")
    assert associate(api, token, {**phone, "oob_channels": ["voice"]}).status_code == 200
    rows = api.call("GET", "/mfa/authenticators", token).json()
    assert [row["oob_channel"] for row in rows if row["authenticator_type"] == "oob"] == ["voice"]


@pytest.mark.parametrize("status", [404, 200])
def test_setting_message_types_without_the_phone_factor_is_switchable(make_api, status):
    api = make_api({"message-types-without-phone-status": status, "enabled-factors": "otp"})
    answer = api.manage("PUT", "/guardian/factors/phone/message-types", json={"message_types": ["sms"]})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "method, path, body",
    [
        pytest.param("PUT", "/guardian/factors/fax", {"enabled": True}, id="unknown factor"),
        pytest.param("PUT", "/guardian/factors/otp", {}, id="factor without enabled"),
        pytest.param("PUT", "/guardian/factors/otp", {"enabled": "yes"}, id="enabled is no boolean"),
        pytest.param(
            "PUT", "/guardian/factors/phone/message-types", {"message_types": ["fax"]}, id="unknown message type"
        ),
        pytest.param(
            "PUT", "/guardian/factors/phone/message-types", {"message_types": "sms"}, id="message types are no list"
        ),
        pytest.param("POST", "/guardian/enrollments/ticket", {}, id="ticket without a user"),
        pytest.param(
            "POST",
            "/guardian/enrollments/ticket",
            {"user_id": "x", "factor": "duo"},
            id="ticket for a factor that has none",
        ),
        pytest.param("DELETE", "/users/x/multifactor/phone", None, id="unknown provider"),
    ],
)
def test_wrong_input_is_400(api, method, path, body):
    assert api.manage(method, path, json=body).status_code == 400


@pytest.mark.parametrize(
    "method, path, scope",
    [
        ("GET", "/guardian/factors", "read:guardian_factors"),
        ("PUT", "/guardian/factors/otp", "update:guardian_factors"),
        ("GET", "/guardian/factors/phone/message-types", "read:guardian_factors"),
        ("PUT", "/guardian/factors/phone/message-types", "update:guardian_factors"),
        ("GET", "/guardian/policies", "read:mfa_policies"),
        ("PUT", "/guardian/policies", "update:mfa_policies"),
        ("POST", "/guardian/enrollments/ticket", "create:guardian_enrollment_tickets"),
        ("GET", "/guardian/enrollments/dev_0000000000000001", "read:guardian_enrollments"),
        ("DELETE", "/guardian/enrollments/dev_0000000000000001", "delete:guardian_enrollments"),
        ("GET", "/users/x/enrollments", "read:users,read:current_user"),
        ("DELETE", "/users/x/authenticators", "delete:guardian_enrollments"),
        ("DELETE", "/users/x/multifactor/duo", "update:users"),
        ("POST", "/jobs/users-exports", "read:users"),
        ("GET", "/jobs/x", "create:users,read:users"),
        ("GET", "/jobs/x/errors", "create:users,read:users"),
        ("GET", "/logs", "read:logs,read:logs_users"),
        ("GET", "/logs/x", "read:logs,read:logs_users"),
        ("GET", "/users/x/logs", "read:logs,read:logs_users"),
        ("GET", "/actions/triggers", "read:actions"),
        ("POST", "/actions/actions", "create:actions"),
        ("PATCH", "/actions/actions/x", "update:actions"),
        ("DELETE", "/actions/actions/x", "delete:actions"),
        ("POST", "/actions/actions/x/deploy", "create:actions"),
        ("PATCH", "/actions/triggers/post-login/bindings", "update:actions"),
    ],
)
def test_without_its_scope_a_call_is_refused(api, method, path, scope):
    token = api.management_token(scope="read:authentication_methods")
    answer = api.call(method, f"/api/v2{path}", token)
    assert answer.json() == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": f"Insufficient scope, expected any of: {scope}",
        "errorCode": "insufficient_scope",
    }


# Tickets


def test_a_ticket_enrolls_once(api):
    ticket = ticket_for(api, 1, factor="otp")
    assert len(ticket) == 32
    answer = redeem(api, ticket)
    assert answer.status_code == 201
    (method,) = [item for item in api.methods(1) if item["type"] == "totp"]
    assert method["id"] == answer.json()["authenticators"][0]["id"]
    assert method["confirmed"] is True
    mfa_token = api.mfa_token(1)
    otp = api.otp(answer.json()["authenticators"][0]["secret"])
    assert api.verify("otp", mfa_token, otp=otp).status_code == 200
    assert redeem(api, ticket).status_code == 400


def link(api, **headers):
    body = {"user_id": api.user_id(1)}
    return api.manage("POST", "/guardian/enrollments/ticket", json=body, headers=headers)


def test_a_header_chooses_the_domain_of_a_link(api):
    assert link(api).json()["ticket_url"].startswith("https://tenant.test/mfa/enrollment?ticket=")
    chosen = link(api, **{"auth0-custom-domain": "login.example.com"}).json()["ticket_url"]
    assert chosen.startswith("https://login.example.com/mfa/enrollment?ticket=")
    assert link(api, **{"auth0-custom-domain": "other.example.com"}).status_code == 400


def test_a_tenant_with_several_custom_domains_may_demand_a_choice(make_api):
    api = make_api({"custom-domains": "one.example.com,two.example.com", "missing-custom-domain-status": 409})
    assert link(api).json()["message"] == "The tenant has multiple verified custom domains."
    assert "two.example.com" in link(api, **{"auth0-custom-domain": "two.example.com"}).json()["ticket_url"]


def test_a_ticket_expires_after_five_days(api):
    early, late = ticket_for(api, 1), ticket_for(api, 16)
    api.advance(5 * 86_400 - 60)
    assert redeem(api, early, factor="otp").status_code == 201
    api.advance(60)
    assert redeem(api, late, factor="otp").status_code == 400


def test_a_ticket_for_one_factor_enrolls_no_other(api):
    assert redeem(api, ticket_for(api, 1, factor="otp"), factor="email").status_code == 400


@pytest.mark.parametrize(
    "further, status", [pytest.param(True, 201, id="allowed"), pytest.param(False, 400, id="not allowed")]
)
def test_only_a_ticket_that_allows_it_enrolls_further_factors(api, further, status):
    ticket = ticket_for(api, 2, factor="email", allow_multiple_enrollments=further)
    assert redeem(api, ticket).status_code == status


def test_a_ticket_for_push_enrolls_the_pair_and_the_recovery_code(api):
    answer = redeem(api, ticket_for(api, 1), factor="push-notification").json()
    assert [item["type"] for item in answer["authenticators"]] == ["push", "totp"]
    assert len(answer["recovery_code"]) == 24
    assert {item["type"] for item in api.methods(1)} == {"push", "totp", "recovery-code"}


def test_tickets_can_be_read_through_the_control_address(api):
    ticket = ticket_for(api, 2, factor="phone")
    (entry,) = api.call("GET", "/_control/tickets").json()
    assert (entry["ticket"], entry["user_id"], entry["factor"], entry["used"]) == (
        ticket,
        api.user_id(2),
        "phone",
        False,
    )


def test_a_ticket_is_mailed_with_send_mail(api):
    ticket = ticket_for(api, 2, send_mail=True, email="other@example.com")
    (mail,) = api.call("GET", "/_control/codes", params={"user_id": api.user_id(2)}).json()
    assert mail["to"] == "other@example.com"
    assert mail["ticket_url"].endswith(f"/mfa/enrollment?ticket={ticket}")


def test_a_ticket_for_an_unknown_user_is_404(api):
    answer = api.manage("POST", "/guardian/enrollments/ticket", json={"user_id": "auth0|nobody"})
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "inexistent_user")


# Enrollments


@pytest.mark.parametrize("whole", [pytest.param(True, id="with the type"), pytest.param(False, id="without the type")])
def test_an_enrollment_is_found_by_both_forms_of_its_id(api, whole):
    push = next(item for item in api.methods(4) if item["type"] == "push")
    wanted = push["id"] if whole else push["id"].partition("|")[2]
    path = f"/guardian/enrollments/{quote(wanted)}"
    enrollment = api.manage("GET", path).json()
    assert (enrollment["id"], enrollment["status"]) == (push["id"], "confirmed")
    assert (enrollment["enrolled_at"], enrollment["last_auth"]) == (push["enrolled_at"], push["last_auth_at"])
    assert api.manage("DELETE", path).status_code == 204
    assert [item["type"] for item in api.methods(4)] == ["recovery-code"]
    for method in ("GET", "DELETE"):
        answer = api.manage(method, path)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "enrollment_not_found")


@pytest.mark.parametrize(
    "number, status",
    [
        pytest.param(2, 200, id="otp"),
        pytest.param(3, 200, id="phone"),
        pytest.param(7, 200, id="security key"),
        pytest.param(8, 404, id="recovery code"),
        pytest.param(18, 404, id="passkey"),
        pytest.param(19, 200, id="email"),
    ],
)
def test_the_id_alone_finds_the_enrollment(make_api, number, status):
    """Even if no request has named the user before. A recovery code or a passkey is not an enrollment."""
    wanted = make_api().methods(number)[0]["id"]
    assert make_api().manage("GET", f"/guardian/enrollments/{quote(wanted)}").status_code == status


def test_an_enrollment_made_at_runtime_is_found(api):
    enrolled = redeem(api, ticket_for(api, 1), factor="phone", phone_number="+15005550188").json()
    (device,) = enrolled["authenticators"]
    suffix = device["id"].partition("|")[2]
    assert api.manage("GET", f"/guardian/enrollments/{suffix}").json()["phone_number"] == "XXXXXXXX0188"
    assert api.manage("GET", f"/guardian/enrollments/sms%7C{suffix}").status_code == 200
    assert api.manage("GET", f"/guardian/enrollments/totp%7C{suffix}").status_code == 404


def test_only_the_first_confirmed_enrollment_is_listed(api):
    (enrollment,) = api.manage("GET", f"/users/{quote(api.user_id(9))}/enrollments").json()
    assert (enrollment["auth_method"], enrollment["status"]) == ("authenticator", "confirmed")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(1, id="no factor"),
        pytest.param(5, id="verified email"),
        pytest.param(6, id="unconfirmed otp"),
        pytest.param(8, id="recovery code"),
    ],
)
def test_without_a_confirmed_enrollment_none_is_listed(api, number):
    assert api.manage("GET", f"/users/{quote(api.user_id(number))}/enrollments").json() == []


def test_deleting_all_authenticators(api):
    assert api.manage("DELETE", f"/users/{quote(api.user_id(9))}/authenticators").status_code == 204
    assert api.methods(9) == []


@pytest.mark.parametrize("status", [204, 404])
def test_deleting_all_authenticators_of_an_unknown_user_is_switchable(make_api, status):
    api = make_api({"delete-all-unknown-user-status": status})
    assert api.manage("DELETE", "/users/nobody/authenticators").status_code == status


@pytest.mark.parametrize(
    "effect, left",
    [
        pytest.param("otp", ["phone"], id="deletes the otp app"),
        pytest.param("nothing", ["totp", "phone"], id="changes nothing"),
    ],
)
def test_deleting_the_provider_of_otp_apps(make_api, effect, left):
    api = make_api({"provider-delete": effect})
    path = f"/users/{quote(api.user_id(9))}/multifactor"
    assert api.manage("DELETE", f"{path}/duo").status_code == 204
    assert api.manage("DELETE", f"{path}/google-authenticator").status_code == 204
    assert [item["type"] for item in api.methods(9)] == left


def test_deleting_the_provider_of_an_unknown_user_is_404(api):
    answer = api.manage("DELETE", "/users/nobody/multifactor/duo")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "inexistent_user")


@pytest.mark.parametrize(("value", "status"), [("on", 200), ("off", 403)])
def test_adaptive_mfa_needs_an_entitlement(make_api, value, status):
    api = make_api({"adaptive-mfa": value})
    answer = api.manage("PUT", "/guardian/policies", json=["confidence-score"])
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errorCode"] == "not_entitled"
        assert api.manage("GET", "/guardian/policies").json() == ["all-applications"]


@pytest.mark.parametrize(("value", "statuses"), [("off", []), ("on", ["pending"])])
def test_a_user_with_a_pending_enrollment_only_is_switchable(make_api, value, statuses):
    api = make_api({"unconfirmed-enrollment": value})
    path = f"/users/{quote(api.user_id(6))}/enrollments"
    assert [item["status"] for item in api.manage("GET", path).json()] == statuses


def test_a_ticket_does_not_get_past_the_limit_of_authenticators(api):
    ticket = ticket_for(api, 1, factor="otp", allow_multiple_enrollments=True)
    for number in range(50):
        body = {"type": "phone", "phone_number": f"+1500555{number:04d}"}
        assert api.manage("POST", api.methods_path(1), json=body).status_code == 201
    answer = redeem(api, ticket)
    assert (answer.status_code, "maximum amount" in answer.json()["error"]) == (400, True)
    assert len(api.methods(1)) == 50
