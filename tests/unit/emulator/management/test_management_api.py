# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/api/v2``: tokens and scopes, routing, users, authentication methods, recovery codes."""

from __future__ import annotations

from urllib.parse import quote

import pytest

PHONE = {"type": "phone", "phone_number": "+44207183875044", "name": "Work", "preferred_authentication_method": "voice"}
TOTP = {"type": "totp", "totp_secret": "5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4SYJQXNBQ", "name": "App"}
EMAIL = {"type": "email", "email": "foo@example.com"}


def refused(answer, status, code=None, message=None):
    body = answer.json()
    assert (answer.status_code, body["statusCode"], body.get("errorCode")) == (status, status, code)
    if message is not None:
        assert body["message"] == message


# Tokens and scopes


@pytest.mark.parametrize(
    ("header", "status", "message"),
    [
        pytest.param(None, 401, "Missing authentication", id="missing"),
        pytest.param("Bearer", 400, "Bad HTTP authentication header format", id="no token"),
        pytest.param("Bearer a b", 400, "Bad HTTP authentication header format", id="two tokens"),
        pytest.param("Token abc", 400, "Bad HTTP authentication header format", id="other scheme"),
        pytest.param("Bearer garbage", 400, "Bad HTTP authentication header format", id="no JWT"),
        pytest.param("Bearer a.b.c", 401, "Invalid token", id="garbage"),
    ],
)
def test_wrong_authorization_header_is_named(api, header, status, message):
    headers = {"authorization": header} if header else {}
    refused(api.call("GET", "/api/v2/users", headers=headers), status, "Bearer" if status == 400 else None, message)


def test_expired_token_is_named(api):
    token = api.management_token()
    api.advance(86400)
    answer = api.call("GET", "/api/v2/users", token)
    text = "Expired token received for JSON Web Token validation"
    refused(answer, 401, None, text)
    assert answer.json()["attributes"] == {"error": text}


def test_token_for_the_mfa_audience_is_invalid(api):
    refused(api.call("GET", "/api/v2/users", api.mfa_jwt(1)), 401, None, "Invalid token")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/users", "read:users"),
        ("POST", "/users", "create:users"),
        ("GET", "/users/x", "read:users"),
        ("PATCH", "/users/x", "update:users"),
        ("DELETE", "/users/x", "delete:users"),
        ("GET", "/users-by-email", "read:users"),
        ("GET", "/users/x/authentication-methods", "read:authentication_methods"),
        ("POST", "/users/x/authentication-methods", "create:authentication_methods"),
        ("PUT", "/users/x/authentication-methods", "update:authentication_methods"),
        ("DELETE", "/users/x/authentication-methods", "delete:authentication_methods"),
        ("GET", "/users/x/authentication-methods/y", "read:authentication_methods"),
        ("PATCH", "/users/x/authentication-methods/y", "update:authentication_methods"),
        ("DELETE", "/users/x/authentication-methods/y", "delete:authentication_methods"),
        ("POST", "/users/x/recovery-code-regeneration", "update:users"),
        ("POST", "/users/x/multifactor/actions/invalidate-remember-browser", "update:users"),
    ],
)
def test_missing_scope_is_named(api, method, path, scope):
    token = api.management_token(scope="read:logs")
    answer = api.call(method, f"/api/v2{path}", token)
    refused(answer, 403, "insufficient_scope", f"Insufficient scope, expected any of: {scope}")


# Routing


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/nothing", id="unknown resource"),
        pytest.param("/users/", id="slash at the end"),
        pytest.param("/users/a/b", id="unknown part of a user"),
        pytest.param("/users//authentication-methods", id="empty user id"),
        pytest.param("", id="root"),
    ],
)
def test_unknown_path_is_404_in_the_management_format(api, path):
    refused(api.manage("GET", path), 404, None)


@pytest.mark.parametrize("path", ["/nothing", "/mfa", "/mfa/authenticators/a/b", "/oauth/token"])
def test_unknown_path_elsewhere_is_404_in_the_authentication_format(api, path):
    answer = api.call("GET", path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "error_description"}


def test_user_id_with_a_slash_works_only_if_encoded(api):
    assert api.manage("GET", "/users/oauth2%7Cname%7Ca%2Fb+c").json()["user_id"] == "oauth2|name|a/b+c"
    refused(api.manage("GET", "/users/oauth2%7Cname%7Ca/b+c"), 404, None)


def test_ids_are_decoded_exactly_once(api):
    refused(api.manage("GET", "/users/oauth2%257Cname%257Ca%252Fb+c"), 404, "inexistent_user")


@pytest.mark.parametrize(
    "user_id",
    [
        pytest.param("auth0|nobody", id="well-formed id"),
        pytest.param("..", id="two dots"),
        pytest.param(".", id="one dot"),
        pytest.param("a b", id="space"),
        pytest.param("é", id="non-ascii letter"),
    ],
)
def test_unknown_user_is_named(api, user_id):
    path = f"/users/{quote(user_id, safe='').replace('.', '%2E')}"
    refused(api.manage("GET", path), 404, "inexistent_user", "The user does not exist.")


# Users


@pytest.mark.parametrize(
    ("parameters", "keys"),
    [
        pytest.param({"fields": "email,user_id"}, {"email", "user_id"}, id="by default included"),
        pytest.param({"fields": "email", "include_fields": "true"}, {"email"}, id="explicitly included"),
    ],
)
def test_fields_are_selected(api, parameters, keys):
    assert set(api.manage("GET", f"/users/{quote(api.user_id(1))}", params=parameters).json()) == keys


def test_fields_are_excluded(api):
    profile = api.manage("GET", "/users", params={"fields": "email", "include_fields": "false"}).json()[0]
    assert "email" not in profile and "user_id" in profile


def test_by_email_is_case_sensitive(api):
    assert api.manage("GET", "/users-by-email", params={"email": "USER00001@example.com"}).json() == []
    refused(api.manage("GET", "/users-by-email"), 400, "invalid_query_string")


def test_multifactor_only_says_that_there_are_factors(api):
    users = api.manage("GET", "/users").json()
    marked = [user["email"][4:9] for user in users if user.get("multifactor") == ["guardian"]]
    unmarked = [user["email"][4:9] for user in users if "multifactor" not in user]
    assert {"00002", "00003", "00004", "00019"} <= set(marked)
    assert {"00001", "00005", "00006", "00008", "00018"} <= set(unmarked)


def test_pages_are_disjoint_and_complete(api):
    pages = [api.manage("GET", "/users", params={"page": page, "per_page": 10}).json() for page in range(4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert len({user["user_id"] for page in pages for user in page}) == 25


def test_totals_envelope(api):
    answer = api.manage("GET", "/users", params={"include_totals": "true", "per_page": 10, "page": 2}).json()
    assert {**answer, "users": len(answer["users"])} == {"start": 20, "limit": 10, "length": 5, "users": 5, "total": 25}


def test_search_and_sort(api):
    parameters = {"q": "email:user0000*", "sort": "email:-1", "fields": "email"}
    emails = [user["email"] for user in api.manage("GET", "/users", params=parameters).json()]
    assert emails == [f"user0000{i}@example.com" for i in range(9, 0, -1)]


def test_page_beyond_the_thousandth_record_is_an_error(make_api):
    api = make_api(users=1200)
    assert len(api.manage("GET", "/users", params={"page": 9, "per_page": 100}).json()) == 100
    answer = api.manage("GET", "/users", params={"page": 10, "per_page": 100})
    refused(answer, 400, "invalid_paging")
    assert answer.json()["message"].startswith("You can only page through the first 1000 records.")


@pytest.mark.parametrize(("value", "total"), [("all", 1200), ("capped", 1000)])
def test_total_beyond_1000_is_switchable(make_api, value, total):
    api = make_api({"search-total": value}, users=1200)
    assert api.manage("GET", "/users", params={"include_totals": "true", "per_page": 1}).json()["total"] == total


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users", id="users"),
        pytest.param("/users/oauth2%7Cname%7Ca%2Fb+c/authentication-methods", id="authentication methods"),
    ],
)
@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"page": "-1"}, id="negative page"),
        pytest.param({"page": "x"}, id="page is no number"),
        pytest.param({"per_page": "101"}, id="per_page too high"),
        pytest.param({"per_page": "1.5"}, id="per_page is a fraction"),
        pytest.param({"per_page": ""}, id="per_page is empty"),
        pytest.param({"include_totals": "1"}, id="include_totals is no boolean"),
    ],
)
def test_paging_is_validated(api, path, parameters):
    refused(api.manage("GET", path, params=parameters), 400, "invalid_query_string")


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"q": "email:"}, id="query without a value"),
        pytest.param({"sort": "email"}, id="sort without a direction"),
        pytest.param({"sort": "app_metadata:1"}, id="sort by an object"),
        pytest.param({"q": "name:jane", "search_engine": "v1"}, id="the first search engine"),
        pytest.param({"q": "name:jane", "search_engine": "v2"}, id="the second search engine"),
    ],
)
def test_malformed_search_is_400(api, parameters):
    refused(api.manage("GET", "/users", params=parameters), 400, "invalid_query_string")


def test_an_address_that_is_too_long_is_refused_before_it_is_read(make_api):
    api = make_api({"longest-address": 100})
    answer = api.manage("GET", "/users", params={"q": "x" * 100})
    refused(answer, 414)
    assert "x-ratelimit-limit" not in answer.headers
    assert api.manage("GET", "/users", params={"q": "name:x"}).status_code == 200
    assert api.call("GET", "/mfa/authenticators?" + "x" * 100).json()["error"] == "uri_too_long"


def test_a_body_of_more_than_a_megabyte_is_refused(api):
    body = {"user_metadata": {"text": "x" * 1_000_000}}
    refused(api.manage("PATCH", f"/users/{quote(api.user_id(1))}", json=body), 413)


def test_user_can_be_created_found_changed_and_deleted(api):
    body = {"connection": "Username-Password-Authentication", "email": "New@example.com", "password": "Long-Enough-1"}
    created = api.manage("POST", "/users", json={**body, "user_metadata": {"a": 1, "b": 2}})
    assert created.status_code == 201
    path = f"/users/{quote(created.json()['user_id'])}"
    changes = {"email": "other@example.com", "user_metadata": {"b": None, "c": 3}}
    changed = api.manage("PATCH", path, json=changes).json()
    assert changed["user_metadata"] == {"a": 1, "c": 3}
    assert api.manage("GET", "/users-by-email", params={"email": "new@example.com"}).json() == []
    assert len(api.manage("GET", "/users-by-email", params={"email": "other@example.com"}).json()) == 1
    assert api.manage("DELETE", path).status_code == 204
    refused(api.manage("GET", path), 404, "inexistent_user")
    assert api.manage("DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param({"a": None}, {"user_metadata": {"b": 2}, "app_metadata": {"b": 2}}, id="a null removes a member"),
        pytest.param({}, {"user_metadata": {}}, id="an empty object removes all"),
        pytest.param({"a": None, "b": None}, {"user_metadata": {}}, id="no member is left"),
    ],
)
def test_metadata_can_be_emptied(api, change, left):
    path = f"/users/{quote(api.user_id(1))}"
    for value in ({"a": 1, "b": 2}, change):
        answer = api.manage("PATCH", path, json={"user_metadata": value, "app_metadata": value})
    for profile in (answer.json(), api.manage("GET", path).json()):
        assert {name: profile[name] for name in ("user_metadata", "app_metadata") if name in profile} == left


def test_empty_metadata_of_a_new_user_are_shown_as_those_of_an_old_one(api):
    body = {"connection": "email", "email": "new@example.com", "user_metadata": {}, "app_metadata": {}}
    created = api.manage("POST", "/users", json=body).json()
    assert (created["user_metadata"], "app_metadata" in created) == ({}, False)


def test_a_new_password_is_dated_in_the_profile(api):
    path = f"/users/{quote(api.user_id(1))}"
    assert "last_password_reset" not in api.manage("PATCH", path, json={"nickname": "n"}).json()
    changed = api.manage("PATCH", path, json={"password": "Another-One-2"}).json()
    assert changed["last_password_reset"] == changed["updated_at"]
    assert api.manage("GET", path).json()["last_password_reset"] == changed["updated_at"]


def test_a_null_takes_a_member_of_the_profile_away(api):
    path = f"/users/{quote(api.user_id(2))}"
    body = {"given_name": None, "nickname": None, "phone_number": "+1", "verify_phone_number": True}
    changed = api.manage("PATCH", path, json=body)
    assert changed.status_code == 200
    profile = api.manage("GET", path).json()
    assert (profile["phone_number"], {"given_name", "nickname", "verify_phone_number"} & profile.keys()) == (
        "+1",
        set(),
    )
    assert api.manage("PATCH", path, json={"email": None}).status_code == 200
    assert api.manage("GET", "/users-by-email", params={"email": "user00002@example.com"}).json() == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"phone_number": "hello"}, id="phone number of letters"),
        pytest.param({"phone_number": "+1234567890123456"}, id="phone number of 16 digits"),
        pytest.param({"email": "nobody"}, id="e-mail without a domain"),
        pytest.param({"picture": "me.png"}, id="picture without an address"),
        pytest.param({"username": ""}, id="empty user name"),
        pytest.param({"blocked": None}, id="blocked is null"),
        pytest.param({"app_metadata": None}, id="metadata are null"),
        pytest.param({"app_metadata": []}, id="metadata are a list"),
        pytest.param({"color": "blue"}, id="unknown member"),
        pytest.param("text", id="text"),
    ],
)
def test_a_wrong_profile_is_refused_before_the_user_is_looked_for(api, body):
    for user_id in (api.user_id(1), "auth0|nobody"):
        refused(api.manage("PATCH", f"/users/{quote(user_id)}", json=body), 400, "invalid_body")


def test_a_member_that_profiles_do_not_have_is_named_with_advice(api):
    answer = api.manage("PATCH", f"/users/{quote(api.user_id(1))}", json={"color": "blue", "size": 3, "name": "n"})
    refused(answer, 400, "invalid_body")
    assert (
        "'Additional properties not allowed: color,size (consider storing them in app_metadata"
        in answer.json()["message"]
    )


@pytest.mark.parametrize(
    ("connection", "body", "user_id", "name"),
    [
        ("staff", {"username": "anna", "password": "Long-Enough-1"}, "auth0|", "username"),
        ("phones", {"phone_number": "+12025550123", "password": "Long-Enough-1"}, "auth0|", "phone_number"),
        ("sms", {"phone_number": "+12025550123"}, "sms|", "phone_number"),
        ("email", {"email": "a@example.com"}, "email|", "email"),
    ],
)
def test_a_connection_says_what_a_user_needs(api, connection, body, user_id, name):
    missing = {key: value for key, value in body.items() if key != name}
    refused(api.manage("POST", "/users", json={"connection": connection, **missing}), 400, "invalid_body")
    created = api.manage("POST", "/users", json={"connection": connection, **body})
    assert created.status_code == 201 and created.json()["user_id"].startswith(user_id)
    assert ("email" in created.json()) == (name == "email")
    refused(api.manage("POST", "/users", json={"connection": connection, **body}), 409, "auth0_idp_error")
    if "password" in body:
        answer = api.login(1, realm=connection, username=body[name], password=body["password"])
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("connection", "code"),
    [
        ("corp-saml", "operation_not_supported"),
        ("corp-entra", "operation_not_supported"),
        ("name", "operation_not_supported"),
        ("nothing", "inexistent_connection"),
    ],
)
def test_nobody_is_created_where_an_identity_provider_says_who_there_is(api, connection, code):
    refused(api.manage("POST", "/users", json={"connection": connection, "email": "a@example.com"}), 400, code)


def test_a_weak_password_is_refused_without_saying_why(api):
    expected = {"statusCode": 400, "error": "Bad Request", "message": "PasswordStrengthError: Password is too weak"}
    body = {"connection": "Username-Password-Authentication", "email": "weak@example.com", "password": "secret"}
    answers = [
        api.manage("POST", "/users", json=body),
        api.manage("PATCH", f"/users/{quote(api.user_id(1))}", json={"password": "secret"}),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(400, expected)] * 2
    assert api.manage("GET", "/users-by-email", params={"email": "weak@example.com"}).json() == []


def test_creating_an_existing_user_is_409(api):
    body = {"connection": "Username-Password-Authentication", "email": "user00001@example.com", "password": "x"}
    refused(api.manage("POST", "/users", json=body), 409, "auth0_idp_error")


def test_deleted_seeded_user_stays_deleted_and_their_token_stops_working(api):
    token = api.mfa_jwt(1)
    assert api.manage("DELETE", f"/users/{quote(api.user_id(1))}").status_code == 204
    assert len(api.manage("GET", "/users").json()) == 24
    assert api.call("GET", "/mfa/authenticators", token).status_code == 401


# Authentication methods


def test_created_method_is_confirmed_masked_and_without_dates_of_use(api):
    answer = api.manage("POST", api.methods_path(1), json=PHONE)
    assert answer.status_code == 201
    assert set(answer.json()) == {
        "id", "type", "name", "phone_number", "created_at", "authentication_methods", "preferred_authentication_method"
    }  # fmt: skip
    assert answer.json()["phone_number"] == "XXXXXXXXXXX5044"
    (listed,) = api.methods(1)
    assert listed == {**answer.json(), "confirmed": True}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(EMAIL, id="email"),
        pytest.param(TOTP, id="totp"),
        pytest.param(
            {
                "type": "webauthn-roaming",
                "key_id": "k",
                "public_key": "cGs=",
                "relying_party_identifier": "login.example.com",
            },
            id="webauthn-roaming",
        ),
        pytest.param(
            {
                "type": "passkey",
                "key_id": "k",
                "public_key": "cGs=",
                "credential_backed_up": True,
                "transports": ["usb"],
            },
            id="passkey",
        ),
    ],
)
def test_all_types_can_be_created_and_no_secret_comes_back(api, body):
    answer = api.manage("POST", api.methods_path(1), json=body)
    assert answer.status_code == 201
    assert "totp_secret" not in answer.json()
    assert api.methods(1)[0]["type"] == body["type"]


@pytest.mark.parametrize("secret", [TOTP["totp_secret"], pytest.param("JBSWY3DPEHPK3PXP", id="80 bits")])
def test_method_created_by_an_administrator_works_at_login(api, secret):
    api.manage("POST", api.methods_path(1), json={**TOTP, "totp_secret": secret})
    answer = api.verify("otp", api.mfa_token(1), otp=api.otp(secret))
    assert answer.status_code == 200
    assert "last_auth_at" in api.methods(1)[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param([], "Payload validation error: 'Expected type object but found type array'.", id="list"),
        pytest.param({}, "Payload validation error: 'Missing required property: type'.", id="empty object"),
        pytest.param(
            {"type": "phone"},
            "Payload validation error: 'Missing required property: phone_number'.",
            id="phone without a number",
        ),
        pytest.param(
            {**PHONE, "confirmed": True},
            "Payload validation error: 'Additional properties not allowed: confirmed'.",
            id="unknown member",
        ),
        pytest.param(
            {**PHONE, "name": 7},
            "Payload validation error: 'Expected type string but found type integer' on property name "
            "(A human-readable label to identify the authentication method).",
            id="name is a number",
        ),
        pytest.param(
            {"type": "push"},
            "Payload validation error: 'No enum match for: push' on property type.",
            id="type that cannot be created",
        ),
        pytest.param(
            {**EMAIL, "name": "n" * 21},
            "Payload validation error: 'String is too long (21 chars), maximum 20' on property name "
            "(A human-readable label to identify the authentication method).",
            id="name too long",
        ),
    ],
)
def test_invalid_body_is_explained(api, body, message):
    refused(api.manage("POST", api.methods_path(1), json=body), 400, "invalid_body", message)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        pytest.param("POST", {**TOTP, "totp_secret": "not base32!"}, id="secret is not base32"),
        pytest.param("PUT", {}, id="object in place of a list"),
        pytest.param("PUT", [{"type": "webauthn-roaming"}], id="credential without members"),
        pytest.param("PUT", [{**EMAIL, "id": "email|dev_0000000000000000"}], id="member that cannot be set"),
    ],
)
def test_other_invalid_bodies(api, method, body):
    refused(api.manage(method, api.methods_path(1), json=body), 400, "invalid_body")


def test_body_that_is_not_json_is_400(api):
    refused(api.manage("POST", api.methods_path(1), content=b"{"), 400, "invalid_body")


def test_equal_method_is_409(api):
    api.manage("POST", api.methods_path(1), json=PHONE)
    answer = api.manage("POST", api.methods_path(1), json=PHONE)
    refused(answer, 409, None, "Authentication method already exists")


def test_second_equal_method_is_switchable(make_api):
    api = make_api({"post-equal-method-status": 201})
    for _number in range(2):
        assert api.manage("POST", api.methods_path(1), json=PHONE).status_code == 201
    assert len(api.methods(1)) == 2


def test_limit_of_authenticators(api):
    for i in range(50):
        assert api.manage("POST", api.methods_path(1), json={**EMAIL, "email": f"a{i}@example.com"}).status_code == 201
    refused(api.manage("POST", api.methods_path(1), json=PHONE), 403, None)


def test_set_replaces_everything_and_answers_unmasked_in_order(api):
    answer = api.manage("PUT", api.methods_path(4), json=[EMAIL, PHONE, TOTP])
    assert [item["type"] for item in answer.json()] == ["email", "phone", "totp"]
    assert answer.json()[0]["email"] == "foo@example.com"
    assert answer.json()[1]["phone_number"] == "+44207183875044"
    assert all("confirmed" not in item for item in answer.json())
    assert sorted(item["type"] for item in api.methods(4)) == ["email", "phone", "totp"]


def test_the_order_of_the_list_is_neither_that_of_the_set_nor_that_of_creation(api):
    api.manage("PUT", api.methods_path(1), json=[EMAIL, PHONE, TOTP])
    assert [item["type"] for item in api.methods(1)] == ["email", "totp", "phone"]


def test_a_shuffled_list_is_in_any_order_and_its_pages_are_of_one(make_api):
    api = make_api({"method-order": "shuffled"})
    phones = [{**PHONE, "phone_number": f"+4420718387{number:02d}"} for number in range(20)]
    set_ids = [item["id"] for item in api.manage("PUT", api.methods_path(1), json=[EMAIL, *phones, TOTP]).json()]
    listed = [item["id"] for item in api.methods(1)]
    assert listed == [item["id"] for item in api.methods(1)]
    assert sorted(listed) == sorted(set_ids) and listed != set_ids
    pages = [api.manage("GET", f"{api.methods_path(1)}?per_page=7&page={page}").json() for page in range(4)]
    assert [item["id"] for page in pages for item in page] == listed


@pytest.mark.parametrize(("value", "kept"), [("off", False), ("on", True)])
def test_set_keeping_ids_is_switchable(make_api, value, kept):
    api = make_api({"put-keeps-ids": value})
    first = api.manage("PUT", api.methods_path(1), json=[EMAIL]).json()[0]["id"]
    second = api.manage("PUT", api.methods_path(1), json=[EMAIL]).json()[0]["id"]
    assert (first == second) is kept


def test_name_and_preferred_method_can_be_changed_and_nothing_else(api):
    path = f"{api.methods_path(3)}/{quote(api.methods(3)[0]['id'], safe='')}"
    answer = api.manage("PATCH", path, json={"name": "New", "preferred_authentication_method": "voice"}).json()
    assert (answer["name"], answer["preferred_authentication_method"]) == ("New", "voice")
    assert "confirmed" not in answer
    refused(api.manage("PATCH", path, json={"phone_number": "+442071838750"}), 400, "invalid_body")


def test_only_a_phone_can_have_a_preferred_method(api):
    path = f"{api.methods_path(2)}/{quote(api.methods(2)[0]['id'], safe='')}"
    refused(api.manage("PATCH", path, json={"preferred_authentication_method": "sms"}), 400, "invalid_body")


def test_linked_methods_show_their_link_and_are_deleted_together(api):
    linked = [item for item in api.methods(4) if "link_id" in item]
    assert {item["type"] for item in linked} == {"push", "totp"}
    assert len({item["link_id"] for item in linked}) == 1
    path = f"{api.methods_path(4)}/{quote(linked[0]['id'], safe='')}"
    assert api.manage("DELETE", path).status_code == 204
    assert [item["type"] for item in api.methods(4)] == ["recovery-code"]


@pytest.mark.parametrize("status", [404, 204])
def test_second_delete_is_switchable(make_api, status):
    api = make_api({"missing-method-status": status})
    path = f"{api.methods_path(2)}/{quote(api.methods(2)[0]['id'], safe='')}"
    assert api.manage("DELETE", path).status_code == 204
    assert api.manage("DELETE", path).status_code == status


@pytest.mark.parametrize("status", [204, 404])
def test_deleting_all_of_an_unknown_user_is_switchable(make_api, status):
    api = make_api({"delete-all-unknown-user-status": status})
    assert api.manage("DELETE", "/users/nobody/authentication-methods").status_code == status


def test_channel_ids_of_a_phone_are_not_methods(api):
    phone = api.methods(3)[0]
    path = f"{api.methods_path(3)}/{quote(phone['authentication_methods'][0]['id'], safe='')}"
    refused(api.manage("GET", path), 404, None)


@pytest.mark.parametrize("kind", ["sms", "voice", "phone"])
def test_an_unlisted_enrollment_is_deleted_by_the_ids_of_either_view(api, kind):
    # API.md §8: the cure for a user at the limit.
    phone = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+442071838750"}
    assert api.call("POST", "/mfa/associate", api.mfa_jwt(1), json=phone).status_code == 200
    rows = [row for row in api.call("GET", "/mfa/authenticators", api.mfa_jwt(1)).json() if not row["active"]]
    (suffix,) = {row["id"].partition("|")[2] for row in rows if row.get("oob_channel") in ("sms", "voice")}
    assert suffix not in str(api.methods(1))
    path = f"{api.methods_path(1)}/{quote(f'{kind}|{suffix}', safe='')}"
    assert [api.manage("DELETE", path).status_code for _time in range(2)] == [204, 404]
    assert suffix not in api.call("GET", "/mfa/authenticators", api.mfa_jwt(1)).text


@pytest.mark.parametrize(("value", "count"), [("off", 0), ("on", 1)])
def test_unconfirmed_in_this_view_is_switchable(make_api, value, count):
    assert len(make_api({"unconfirmed-in-management": value}).methods(6)) == count


def test_total_is_left_out_when_it_is_zero(api):
    answer = api.manage("GET", api.methods_path(1), params={"include_totals": "true"}).json()
    assert answer == {"authenticators": [], "start": 0, "limit": 50}


def test_total_is_left_out_on_a_page_past_the_end(api):
    answer = api.manage("GET", api.methods_path(10), params={"include_totals": "true", "page": 1}).json()
    assert answer == {"authenticators": [], "start": 50, "limit": 50}


def test_methods_are_paged(api):
    answer = api.manage("GET", api.methods_path(10), params={"include_totals": "true", "page": 1, "per_page": 1}).json()
    assert (answer["start"], answer["limit"], answer["total"], len(answer["authenticators"])) == (1, 1, 2, 1)


# Recovery codes and remembered browsers


def test_after_regeneration_the_old_code_is_refused(api):
    path = f"/users/{quote(api.user_id(4))}/recovery-code-regeneration"
    code = api.manage("POST", path).json()["recovery_code"]
    assert len(code) == 24 and not set(code) & set("0IO")
    old = api.verify("recovery-code", api.mfa_token(4), recovery_code="4444AAAABBBBCCCCDDDDEEEE")
    assert old.status_code == 403
    assert api.verify("recovery-code", api.mfa_token(4), recovery_code=code).status_code == 200
    assert sum(item["type"] == "recovery-code" for item in api.methods(4)) == 1


def test_regeneration_without_factors_is_switchable(make_api):
    assert make_api().manage("POST", "/users/oauth2%7Cname%7Ca%2Fb+c/recovery-code-regeneration").status_code == 200
    api = make_api({"regenerate-without-factors-status": 404})
    path = f"/users/{quote(api.user_id(1))}/recovery-code-regeneration"
    refused(api.manage("POST", path), 404, "enrollment_not_found", "Enrollment not found")


def test_invalidating_remembered_browsers_has_no_response_body(api):
    path = f"/users/{quote(api.user_id(1))}/multifactor/actions/invalidate-remember-browser"
    answer = api.manage("POST", path)
    assert (answer.status_code, answer.content) == (204, b"")
