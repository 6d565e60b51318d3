# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unmodified public client drives the emulator."""

from __future__ import annotations

import httpx
import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management import Auth0
from auth0.management.core.api_error import ApiError
from auth0.management.types.set_user_authentication_methods import SetUserAuthenticationMethods

from tests.emulator.launch import start


@pytest.fixture(scope="module")
def emulator():
    with start(users=1150) as running:
        yield running


@pytest.fixture(scope="module")
def management(emulator):
    token = GetToken(emulator.domain, "m2m", "m2m-secret", protocol="http").client_credentials(
        f"https://{emulator.domain}/api/v2/"
    )
    with httpx.Client(trust_env=False) as http_client:
        yield Auth0(
            base_url=f"{emulator.url}/api/v2", token=token["access_token"], max_retries=0, httpx_client=http_client
        )


@pytest.fixture
def user_id(management):
    created = management.users.create(
        connection="Username-Password-Authentication",
        email="chuck334@example.com",
        password="Long-Enough-1",
        email_verified=True,
    )
    yield created.user_id
    management.users.delete(created.user_id)


def test_wrong_secret(emulator):
    client = GetToken(emulator.domain, "m2m", "wrong", protocol="http")
    with pytest.raises(Auth0Error) as caught:
        client.client_credentials(f"https://{emulator.domain}/api/v2/")
    assert (caught.value.status_code, caught.value.error_code) == (401, "access_denied")


def test_login_with_a_realm_and_mfa_required(emulator):
    client = GetToken(emulator.domain, "app", "app-secret", protocol="http")
    login = {"password": "Correct-Horse-7", "realm": "Username-Password-Authentication"}
    audience = f"https://{emulator.domain}/mfa/"
    answer = client.login("user00001@example.com", audience=audience, **login)
    assert answer["expires_in"] == 600
    with pytest.raises(Auth0Error) as caught:
        client.login("user00002@example.com", audience=audience, **login)
    assert (caught.value.status_code, caught.value.error_code) == (403, "mfa_required")


def test_authentication_methods(management, user_id):
    methods = management.users.authentication_methods
    created = methods.create(user_id, type="email", name="Test", email="chuck334@example.com")
    assert created.email == "chuc****@exam*******"
    listed = methods.list(user_id)
    assert [(item.id, item.confirmed) for item in listed.items] == [(created.id, True)]
    assert methods.update(user_id, created.id, name="Test2").name == "Test2"
    assert methods.get(user_id, created.id).name == "Test2"
    methods.delete(user_id, created.id)
    assert methods.list(user_id).items == []
    done = methods.set(
        user_id,
        request=[
            SetUserAuthenticationMethods(type="phone", name="MyPhone", phone_number="+44207183875044"),
            SetUserAuthenticationMethods(type="totp", totp_secret="5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4SYJQXNBQ"),
        ],
    )
    assert [item.type for item in done] == ["phone", "totp"]
    assert done[0].phone_number == "+44207183875044"
    assert {item.type for item in methods.list(user_id)} == {"phone", "totp"}
    methods.delete_all(user_id)
    assert methods.list(user_id).items == []


def test_id_with_a_slash(management):
    assert management.users.get("oauth2|name|a/b+c").user_id == "oauth2|name|a/b+c"
    assert len(management.users.authentication_methods.list("oauth2|name|a/b+c").items) == 1


def test_recovery_code(management, user_id):
    first = management.users.regenerate_recovery_code(user_id).recovery_code
    second = management.users.regenerate_recovery_code(user_id).recovery_code
    assert len(first) == len(second) == 24 and first != second


def test_users_by_email_and_search(management):
    (found,) = management.users.list_users_by_email(email="user00007@example.com")
    pager = management.users.list(q=f'user_id:"{found.user_id}"', search_engine="v3")
    assert [user.user_id for user in pager.items] == [found.user_id]


def test_listing_runs_into_the_wall(management):
    seen = []
    with pytest.raises(ApiError) as caught:
        for user in management.users.list(per_page=100):
            seen.append(user.user_id)
    assert len(set(seen)) == 1000
    assert (caught.value.status_code, caught.value.body["errorCode"]) == (400, "invalid_paging")


def test_missing_user_is_typed(management):
    with pytest.raises(ApiError) as caught:
        management.users.authentication_methods.list("auth0|nobody")
    assert (caught.value.status_code, caught.value.body["errorCode"]) == (404, "inexistent_user")


def test_retries_end_when_the_budget_is_back():
    with start(users=3, plan="free") as emulator, httpx.Client(trust_env=False) as http_client:
        token = GetToken(emulator.domain, "m2m", "m2m-secret", protocol="http").client_credentials(
            f"https://{emulator.domain}/api/v2/"
        )
        client = Auth0(base_url=f"{emulator.url}/api/v2", token=token["access_token"], httpx_client=http_client)
        for _number in range(4):
            client.users.list(per_page=1)
        statuses = [entry["status"] for entry in emulator.control("GET", "requests") if "users" in entry["path"]]
        assert statuses.count(200) == 4 and 429 in statuses
