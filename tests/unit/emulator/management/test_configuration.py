# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's configuration beside MFA: what is read, what is kept, what has an effect, and what is refused."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.emulator.management.elsewhere import NONE_OF, UNGRANTED
from tests.emulator.state.clients import MANAGEMENT_SCOPES, WRITE_SCOPES
from tests.emulator.state.configuration import object_id

from ..client import DOMAIN

DATABASE = "Username-Password-Authentication"
PHONE = "+15005550103"  # of user00003@example.com
HTTP = {
    "name": "SIEM",
    "type": "http",
    "sink": {"httpEndpoint": "https://siem.example.com", "httpAuthorization": "s3cret"},
}


def told(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def read(api, path, **query):
    return told(api.manage("GET", path, params=query))


def refusal(answer, status):
    return told(answer, status).get("errorCode")


# Tenant settings


def test_settings_are_read_and_changed(api):
    before = read(api, "/tenants/settings")
    assert before["flags"]["enable_sso"] and before["sandbox_versions_available"]
    after = told(
        api.manage("PATCH", "/tenants/settings", json={"friendly_name": "Other", "flags": {"enable_sso": False}})
    )
    assert "sandbox_versions_available" not in after
    assert (after["friendly_name"], after["flags"]) == ("Other", before["flags"] | {"enable_sso": False})
    assert read(api, "/tenants/settings", fields="friendly_name") == {"friendly_name": "Other"}


def test_lifetimes_may_be_written_in_minutes_and_are_read_in_hours(api):
    told(
        api.manage(
            "PATCH",
            "/tenants/settings",
            json={"session_lifetime_in_minutes": 181, "idle_session_lifetime_in_minutes": 60},
        )
    )
    settings = read(api, "/tenants/settings")
    assert (settings["session_lifetime"], settings["idle_session_lifetime"]) == (181 / 60, 1)
    assert not any(name.endswith("_in_minutes") for name in settings)


@pytest.mark.parametrize("body", [{"flags": {"other": True}}, {"flags": {"enable_sso": 1}}, {"other": 1}, []])
def test_settings_that_do_not_exist_are_refused(api, body):
    assert refusal(api.manage("PATCH", "/tenants/settings", json=body), 400) == "invalid_body"


def test_a_flag_shows_phone_numbers_in_reads_alone(api):
    user = f"/users/{quote(api.user_id(3), safe='')}"
    (method,) = read(api, f"{user}/authentication-methods")
    masked = "XXXXXXXX0103"
    reads = [
        lambda: read(api, f"{user}/authentication-methods")[0],
        lambda: read(api, f"{user}/authentication-methods/{quote(method['id'], safe='')}"),
        lambda: read(api, f"{user}/enrollments")[0],
        lambda: read(api, f"/guardian/enrollments/{quote(method['id'], safe='')}"),
    ]
    assert [each()["phone_number"] for each in reads] == [masked] * 4
    flags = {"disable_management_api_sms_obfuscation": True}
    told(api.manage("PATCH", "/tenants/settings", json={"flags": flags}))
    assert [each()["phone_number"] for each in reads] == [PHONE] * 4
    path = f"{user}/authentication-methods/{quote(method['id'], safe='')}"
    assert told(api.manage("PATCH", path, json={"name": "Work"}))["phone_number"] == masked
    rows = api.call("GET", "/mfa/authenticators", api.mfa_token(3)).json()
    assert {row["name"] for row in rows if "oob_channel" in row and row["oob_channel"] != "email"} == {masked}


def test_the_default_directory_is_a_setting(api):
    grant = {"grant_type": "password", "client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret"}
    login = {**grant, "username": "user00001@example.com", "password": "Correct-Horse-7", "audience": api.mfa_audience}
    assert api.token(**login).status_code == 200
    told(api.manage("PATCH", "/tenants/settings", json={"default_directory": ""}))
    assert api.token(**login).json()["error"] == "server_error"


# Connections


def test_connections_have_the_ids_that_exports_ask_for(api):
    everything = read(api, "/connections")
    (database,) = read(api, "/connections", name=DATABASE)
    assert database in everything and database in read(api, "/connections", strategy="auth0")
    assert read(api, f"/connections/{database['id']}") == database
    assert (
        told(api.manage("POST", "/jobs/users-exports", json={"connection_id": database["id"]}))["connection"]
        == DATABASE
    )
    assert refusal(api.manage("GET", "/connections/con_9999999999999999"), 404) == "inexistent_connection"


def test_lists_come_in_three_shapes(api):
    plain, count = read(api, "/connections", per_page=2), len(read(api, "/connections"))
    assert read(api, "/connections", per_page=2, include_totals="true") == {
        "total": count,
        "start": 0,
        "limit": 2,
        "connections": plain,
    }
    first = read(api, "/connections", take=2)
    assert first["connections"] == plain
    rest = read(api, "/connections", **{"from": first["next"]})
    assert len(rest["connections"]) == count - 2 and "next" not in rest


def test_an_application_is_taken_off_a_connection(api):
    (database,) = read(api, "/connections", name=DATABASE)
    path = f"/connections/{database['id']}/clients"
    assert read(api, path)["clients"] == [{"client_id": name} for name in ("app", "spa", "app-without-mfa")]
    assert api.manage("PATCH", path, json=[{"client_id": "spa", "status": False}]).status_code == 204
    assert {"client_id": "spa"} not in read(api, path, take=10)["clients"]
    told(api.manage("PATCH", f"/connections/{database['id']}", json={"options": {"mfa": {"active": False}}}))
    assert read(api, f"/connections/{database['id']}")["options"] == {"mfa": {"active": False}}


@pytest.mark.parametrize("switch", ["good", "none"])
def test_the_password_policy_of_a_connection_is_the_one_that_counts(make_api, switch):
    """The switch is what the databases start with; a changed one has its own policy, and the others keep theirs."""
    api = make_api({"password-policy": switch})
    (database,), (staff,) = read(api, "/connections", name=DATABASE), read(api, "/connections", name="staff")
    assert database["options"]["passwordPolicy"] == staff["options"]["passwordPolicy"] == switch
    path = f"/connections/{database['id']}"
    user = f"/users/{quote(api.user_id(1))}"

    def takes(password):
        """Whether a user can be created with it, and whether one can be given it."""
        body = {"connection": DATABASE, "email": f"{len(password)}-{password[0]}@example.com", "password": password}
        created = api.manage("POST", "/users", json=body)
        changed = api.manage("PATCH", user, json={"password": password})
        if created.status_code == 201:
            api.manage("DELETE", f"/users/{quote(created.json()['user_id'])}")
        return created.status_code == 201, changed.status_code == 200

    assert takes("secret") == (switch == "none",) * 2
    for policy, weak, strong in (
        ("excellent", "Aaaa-123456", "Aab-1234567"),
        ("low", "short", "secret"),
        (None, "", "x"),
    ):
        told(api.manage("PATCH", path, json={"options": {**database["options"], "passwordPolicy": policy}}))
        assert read(api, path)["options"]["passwordPolicy"] == policy
        assert takes(strong) == (True, True) and not (weak and any(takes(weak)))
    for shortest, weak, strong in (
        (4, "aA1", "aA1-"),
        (12, "aA1-5678901", "aA1-56789012"),
        (None, "aA1-567", "aA1-5678"),
    ):
        length = {"min_length": shortest} if shortest else {}
        options = {**database["options"], "passwordPolicy": "fair", "password_complexity_options": length}
        told(api.manage("PATCH", path, json={"options": options}))
        assert (takes(weak), takes(strong)) == ((False, False), (True, True))
    told(api.manage("PATCH", path, json={"options": {}}))
    assert takes("x") == (True, True)  # documented: a connection without a policy has the policy none
    assert read(api, "/connections", name="staff") == [staff]
    for options in ({"passwordPolicy": "strict"}, {"password_complexity_options": {"min_length": 0}}):
        assert refusal(api.manage("PATCH", path, json={"options": options}), 400) == "invalid_body"


def test_what_an_identity_provider_says_of_a_user_is_not_changed_by_others(api):
    social, body = f"/users/{quote(api.user_id(16))}", {
        "given_name": "A",
        "family_name": "B",
        "user_metadata": {"c": 1},
    }
    answer = api.manage("PATCH", social, json=body)
    assert refusal(answer, 400) == "operation_not_supported"
    assert "cannot be updated: family_name, given_name. The connection (google-oauth2) must" in answer.json()["message"]
    assert "user_metadata" not in read(api, social)
    told(api.manage("PATCH", social, json={"user_metadata": {"c": 1}, "blocked": True}))
    (connection,) = read(api, "/connections", name="google-oauth2")
    told(
        api.manage(
            "PATCH",
            f"/connections/{connection['id']}",
            json={"options": {"set_user_root_attributes": "on_first_login"}},
        )
    )
    assert told(api.manage("PATCH", social, json=body))["given_name"] == "A"


def test_the_address_of_an_enterprise_user_is_not_changed(make_api):
    api = make_api({"user-kinds": "mixed"}, users=40)
    (user,) = api.manage("GET", "/users", params={"q": "identities.connection:corp-adfs", "per_page": 1}).json()
    answer = api.manage("PATCH", f"/users/{quote(user['user_id'], safe='')}", json={"email": "other@example.com"})
    assert refusal(answer, 400) == "operation_not_supported"


# Applications


def test_applications_are_shown_without_their_secrets(api):
    found = read(api, "/clients", is_global="false", include_totals="true")
    assert {client["client_id"] for client in found["clients"]} >= {"m2m", "app", "spa"}
    assert not any("secret" in name and name != "secret_encoded" for client in found["clients"] for name in client)
    (everything,) = read(api, "/clients", is_global="true")
    assert everything["name"] == "All Applications"
    assert read(api, "/clients/spa")["refresh_token"]["rotation_type"] == "rotating"
    assert refusal(api.manage("GET", "/clients/nobody"), 404) == "inexistent_client"
    assert refusal(api.manage("PATCH", "/clients/app", json={"client_id": "other"}), 400) == "invalid_body"


def test_a_grant_type_that_is_taken_away_is_refused(api):
    grants = [name for name in read(api, "/clients/app")["grant_types"] if "password-realm" not in name]
    told(api.manage("PATCH", "/clients/app", json={"grant_types": grants}))
    assert api.login(1).json()["error"] == "unauthorized_client"
    assert read(api, "/clients/app")["grant_types"] == grants


def test_a_scope_that_is_taken_away_is_missing_in_the_next_token(api):
    (grant,) = read(api, "/client-grants", client_id="m2m-readonly")
    assert grant["audience"] == api.management_audience and "read:users" in grant["scope"]
    told(api.manage("PATCH", f"/client-grants/{grant['id']}", json={"scope": ["read:logs"]}))
    token = api.management_token("m2m-readonly")
    answer = api.call("GET", "/api/v2/users", token)
    assert refusal(answer, 403) == "insufficient_scope"
    assert read(api, f"/client-grants/{grant['id']}")["scope"] == ["read:logs"]


def test_the_management_api_names_every_scope(api):
    (found,) = read(api, "/resource-servers", include_totals="true")["resource_servers"]
    assert [scope["value"] for scope in found["scopes"]] == list(MANAGEMENT_SCOPES)
    assert read(api, f"/resource-servers/{quote(found['identifier'], safe='')}") == found


# Custom domains


def test_custom_domains_are_those_of_the_switch(make_api):
    api = make_api({"custom-domains": "one.example.com,two.example.com"})
    one, two = read(api, "/custom-domains")
    assert (one["domain"], one["primary"], two["primary"], one["status"]) == ("one.example.com", True, False, "ready")
    assert read(api, f"/custom-domains/{one['custom_domain_id']}") == one
    told(api.manage("PATCH", f"/custom-domains/{one['custom_domain_id']}", json={"domain_metadata": {"a": "b"}}))
    assert read(api, "/custom-domains", take=1)["custom_domains"] == [{**one, "domain_metadata": {"a": "b"}}]
    assert read(api, "/custom-domains/default") == {"domain": DOMAIN, "is_default": True}
    told(api.manage("GET", f"/custom-domains/{object_id('cd_', 'other')}"), 404)


def test_a_token_is_good_under_the_name_that_issued_it(api):
    custom = {"host": "login.example.com"}
    discovered = api.call("GET", "/.well-known/openid-configuration", headers=custom).json()
    assert discovered["issuer"] == "https://login.example.com/"
    body = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
    body["audience"] = api.management_audience
    token = api.call("POST", "/oauth/token", headers=custom, json=body).json()["access_token"]
    assert api.call("GET", "/api/v2/roles", token, headers=custom).status_code == 200
    assert api.call("GET", "/api/v2/roles", token).json()["message"] == "Invalid token"
    assert api.call("GET", "/api/v2/roles", api.management_token(), headers=custom).status_code == 401
    assert api.call("GET", "/api/v2/roles", token, headers={"host": "other.example.com"}).status_code == 401


# Log streams


def test_a_log_stream_is_kept_as_it_was_written(api):
    stream = told(api.manage("POST", "/log-streams", json={**HTTP, "pii_config": {"log_fields": ["first_name"]}}))
    assert stream["status"] == "active" and stream["id"] == "lst_0000000000000001"
    assert read(api, "/log-streams") == [stream]
    path = f"/log-streams/{stream['id']}"
    changed = told(api.manage("PATCH", path, json={"status": "paused", "sink": {"httpContentFormat": "JSONLINES"}}))
    assert (changed["status"], "pii_config" in changed) == ("paused", False)
    assert changed["sink"] == HTTP["sink"] | {"httpContentFormat": "JSONLINES"}
    assert read(api, path) == changed
    assert api.manage("DELETE", path).status_code == 204
    assert (api.manage("GET", path).status_code, read(api, "/log-streams")) == (404, [])


@pytest.mark.parametrize(
    "change", [{"type": "other"}, {"sink": {}}, {"filters": [{"type": "category", "name": "nothing"}]}, {"other": 1}]
)
def test_a_log_stream_that_cannot_work_is_refused(api, change):
    assert refusal(api.manage("POST", "/log-streams", json={**HTTP, **change}), 400) == "invalid_body"


def test_the_log_does_not_tell_the_secret_of_a_stream(api):
    told(api.manage("POST", "/log-streams", json=HTTP))
    (entry,) = read(api, "/logs", q="type:sapi")
    assert entry["description"] == "Create a log stream"
    assert "s3cret" not in str(entry)


# Roles


def test_a_role_has_permissions(api):
    role = told(api.manage("POST", "/roles", json={"name": "Support", "description": "Resets phones"}))
    body = {"permissions": [{"resource_server_identifier": api.management_audience, "permission_name": "read:users"}]}
    path = f"/roles/{role['id']}/permissions"
    assert told(api.manage("POST", path, json=body), 201) == {}
    listed = read(api, path, include_totals="true")
    assert (listed["total"], listed["permissions"][0]["permission_name"]) == (1, "read:users")
    assert read(api, "/roles", name_filter="supp") == [role]
    assert told(api.manage("PATCH", f"/roles/{role['id']}", json={"name": "Help"}))["description"] == "Resets phones"
    told(api.manage("POST", "/roles", json={"name": "Help"}), 409)
    assert api.manage("DELETE", path, json=body).status_code == 204
    assert read(api, path) == []
    assert told(api.manage("DELETE", f"/roles/{role['id']}")) == {}
    assert told(api.manage("GET", f"/roles/{role['id']}"), 404)["message"] == "The role does not exist."


def test_a_permission_that_does_not_exist_is_refused(api):
    role = told(api.manage("POST", "/roles", json={"name": "Support"}))
    body = {"permissions": [{"resource_server_identifier": api.management_audience, "permission_name": "read:other"}]}
    told(api.manage("POST", f"/roles/{role['id']}/permissions", json=body), 404)


# The rest


@pytest.mark.parametrize("path, name", [(path, name) for path, (_scope, name) in NONE_OF.items()])
def test_a_kind_of_which_there_is_none_is_an_empty_list(api, path, name):
    assert read(api, f"/{path}") == []
    assert read(api, f"/{path}", include_totals="true", per_page=100) == {
        "total": 0,
        "start": 0,
        "limit": 100,
        name: [],
    }
    assert read(api, f"/{path}", take=50) == {name: []}


def test_settings_are_kept_in_part_or_as_a_whole(api):
    told(api.manage("PATCH", "/prompts", json={"identifier_first": True}))
    assert read(api, "/prompts") == {"universal_login_experience": "new", "identifier_first": True}
    texts = "/prompts/login/custom-text/en"
    assert read(api, texts) == {}
    told(api.manage("PUT", texts, json={"login": {"title": "Hello"}}))
    assert read(api, texts) == {"login": {"title": "Hello"}}
    assert read(api, "/prompts/login/custom-text/es") == {}


def test_the_page_template_is_written_as_a_text(api):
    path = "/branding/templates/universal-login"
    assert refusal(api.manage("GET", path), 404) == "inexistent_template"
    assert refusal(api.manage("PUT", path, json=5), 400) == "invalid_body"
    told(api.manage("PUT", path, json="<html></html>"), 201)
    assert read(api, path) == {"body": "<html></html>"}
    assert api.manage("DELETE", path).status_code == 204
    assert api.manage("GET", path).status_code == 404


def test_brute_force_protection_is_what_its_settings_say(api):
    path = "/attack-protection/brute-force-protection"
    assert read(api, path)["max_attempts"] == 10
    told(api.manage("PATCH", path, json={"max_attempts": 1}))
    assert api.login(1, password="wrong").status_code == 403
    assert api.login(1).json()["error"] == "too_many_attempts"
    told(api.manage("PATCH", path, json={"enabled": False}))
    assert api.login(1).status_code == 200
    assert refusal(api.manage("PATCH", path, json={"max_attempts": 101}), 400) == "invalid_body"


@pytest.mark.parametrize(
    "path, status, code",
    [
        ("/emails/provider", 404, "inexistent_email_provider"),
        ("/email-templates/enrollment_email", 404, "inexistent_email_template"),
        ("/branding/themes/default", 404, "theme_not_found"),
        ("/supplemental-signals", 403, "insufficient_scope"),
    ],
)
def test_what_is_not_there_is_refused_as_recorded(api, path, status, code):
    assert refusal(api.manage("GET", path), status) == code


@pytest.mark.parametrize("scope", UNGRANTED)
def test_what_nobody_was_granted_is_a_missing_scope(api, scope):
    for operation in UNGRANTED[scope].split(", "):
        *methods, path = operation.split(" ")
        for method in methods:
            answer = told(api.manage(method, f"/{path}", json={}), 403)
            assert answer["errorCode"] == "insufficient_scope" and answer["message"].endswith(f":{scope}")


def test_an_administrator_may_grant_what_the_tenant_does_not_have(api):
    (grant,) = read(api, "/client-grants", client_id="m2m-readonly")
    told(api.manage("PATCH", f"/client-grants/{grant['id']}", json={"scope": ["read:stats"]}))
    assert api.call("GET", "/api/v2/stats/daily", api.management_token("m2m-readonly")).status_code == 404


def test_an_unknown_path_is_not_found(api):
    assert told(api.manage("GET", "/no-such-thing"), 404) == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "Not Found",
    }


def test_every_write_is_in_the_log(api):
    told(api.manage("PATCH", "/branding", json={"colors": {"primary": "#000000"}}))
    (entry,) = read(api, "/logs", q="type:sapi")
    assert entry["description"] == "Update branding settings"


def test_a_reader_may_write_nothing(api):
    token = api.management_token("m2m-readonly")
    assert not set(WRITE_SCOPES) & set(MANAGEMENT_SCOPES[: -len(WRITE_SCOPES)])
    for path in ("/tenants/settings", "/clients/app", "/branding"):
        assert refusal(api.call("PATCH", f"/api/v2{path}", token, json={}), 403) == "insufficient_scope"


# Settings of factors, as go-auth0 and terraform-provider-auth0 were recorded


@pytest.mark.parametrize(
    ("path", "before", "body", "answer", "after"),
    [
        pytest.param(
            "factors/webauthn-roaming/settings",
            {"userVerification": "discouraged", "overrideRelyingParty": False},
            {"userVerification": "preferred"},
            {"userVerification": "preferred"},
            {"userVerification": "preferred", "overrideRelyingParty": False},
            id="security keys",
        ),
        pytest.param(
            "factors/sms/providers/twilio",
            {},
            {"from": "123456789", "auth_token": "t", "sid": "s"},
            {"from": "123456789", "auth_token": "t", "sid": "s"},
            {"auth_token": "t", "sid": "s", "from": "123456789", "messaging_service_sid": None},
            id="Twilio",
        ),
        pytest.param(
            "factors/push-notification/providers/sns",
            {},
            {"aws_access_key_id": "a", "aws_secret_access_key": "s", "aws_region": "us-west-1"},
            {"aws_access_key_id": "a", "aws_secret_access_key": "s", "aws_region": "us-west-1"},
            {"aws_access_key_id": "a", "aws_region": "us-west-1"},
            id="SNS",
        ),
        pytest.param(
            "factors/push-notification/providers/apns",
            {},
            {"sandbox": False, "bundle_id": "com.my.app", "p12": "MII="},
            {"sandbox": False, "bundle_id": "com.my.app"},
            {"sandbox": False, "bundle_id": "com.my.app", "enabled": True},
            id="APNS",
        ),
        pytest.param(
            "factors/phone/settings",
            {"otp_length": 6, "otp_expiration_time": 300},
            {"otp_length": 4, "otp_expiration_time": 30},
            {"otp_length": 4, "otp_expiration_time": 30},
            {"otp_length": 4, "otp_expiration_time": 30},
            id="codes",
        ),
    ],
)
def test_settings_of_a_factor(api, path, before, body, answer, after):
    assert read(api, f"/guardian/{path}") == before
    assert told(api.manage("PUT", f"/guardian/{path}", json=body)) == answer
    assert read(api, f"/guardian/{path}") == after


def test_a_key_of_a_push_provider_is_written_only(api):
    path = "/guardian/factors/push-notification/providers/fcmv1"
    assert told(api.manage("PUT", path, json={"server_credentials": "abc123"})) == {}
    assert refusal(api.manage("GET", path), 404) is None


def test_guardian_settings_are_written_as_a_whole_and_within_bounds(api):
    settings = read(api, "/guardian/settings")
    assert settings["mfa_session_overall_timeout"] == 30 * 24 * 3600
    changed = {**settings, "remember_me_default_value": True, "mfa_session_inactivity_timeout": 3600}
    assert told(api.manage("PUT", "/guardian/settings", json=changed)) == read(api, "/guardian/settings") == changed
    for wrong in ({"remember_me_default_value": True}, {**settings, "mfa_session_inactivity_timeout": 60}):
        assert refusal(api.manage("PUT", "/guardian/settings", json=wrong), 400) == "invalid_body"


def test_no_execution_of_an_action_is_kept(api):
    answer = api.manage("GET", "/actions/executions/M9IqRp9wQLaYNrSwz6YPTTIwMjEwNDA0")
    assert told(answer, 404)["message"] == "That execution does not exist."
