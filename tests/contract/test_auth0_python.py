# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unmodified public client drives the emulator."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management import Auth0, ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.types.set_user_authentication_methods import SetUserAuthenticationMethods

from .observed import start


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


@pytest.fixture
def tenant_client(monkeypatch):
    """The client as its documentation shows it: domain and secret, nothing else; over TLS."""
    with start(users=3, tls=True, switches={"action-build-seconds": 0, "export-seconds": 0}) as emulator:
        monkeypatch.setenv("SSL_CERT_FILE", emulator.ca_file)
        with httpx.Client() as http_client:
            yield ManagementClient(
                domain=emulator.domain, client_id="m2m", client_secret="m2m-secret", httpx_client=http_client
            )


def test_guardian(tenant_client):
    (user,) = tenant_client.users.list_users_by_email(email="user00003@example.com")
    (enrollment,) = tenant_client.users.enrollments.get(user.user_id)
    assert (enrollment.status, enrollment.auth_method) == ("confirmed", "sms")
    enrollments = tenant_client.guardian.enrollments
    assert enrollments.get(enrollment.id).id == enrollment.id
    enrollments.delete(enrollment.id)
    with pytest.raises(ApiError) as caught:
        enrollments.get(enrollment.id)
    assert (caught.value.status_code, caught.value.body["errorCode"]) == (404, "enrollment_not_found")
    ticket = enrollments.create_ticket(user_id=user.user_id, factor="otp", send_mail=False)
    assert ticket.ticket_url.endswith(f"?ticket={ticket.ticket_id}")
    factors = tenant_client.guardian.factors
    assert factors.set("otp", enabled=False).enabled is False
    assert {factor.name: factor.enabled for factor in factors.list()}["otp"] is False
    assert factors.phone.set_message_types(message_types=["sms"]).message_types == ["sms"]
    policies = tenant_client.guardian.policies
    assert policies.set(request=[]) == policies.list() == []
    tenant_client.users.authenticators.delete_all(user.user_id)
    tenant_client.users.multifactor.delete_provider(user.user_id, "google-authenticator")
    tenant_client.users.multifactor.invalidate_remember_browser(user.user_id)


def test_actions(tenant_client):
    actions = tenant_client.actions
    trigger = next(trigger for trigger in actions.triggers.list().triggers if trigger.status == "CURRENT")
    code = "exports.onExecutePostLogin = async (event, api) => {};"
    action = actions.create(name="six", supported_triggers=[{"id": trigger.id, "version": trigger.version}], code=code)
    assert actions.get(action.id).status == "built"
    assert actions.deploy(action.id).number == 1
    assert [found.id for found in actions.list(action_name="six")] == [action.id]
    reference = {"ref": {"type": "action_id", "value": action.id}, "display_name": "six"}
    bound = actions.triggers.bindings.update_many("post-login", bindings=[reference]).bindings
    assert [binding.id for binding in actions.triggers.bindings.list("post-login")] == [bound[0].id]
    assert actions.update(action.id, code=code + "\n").id == action.id
    actions.delete(action.id, force=True)
    assert list(actions.triggers.bindings.list("post-login")) == []


def test_logs_and_exports(tenant_client):
    (user,) = tenant_client.users.list_users_by_email(email="user00003@example.com")
    tenant_client.users.update(user.user_id, name="Renamed")
    newest = next(iter(tenant_client.logs.list(per_page=10)))
    assert newest.type == "sapi" and tenant_client.logs.get(newest.log_id).log_id == newest.log_id
    job = tenant_client.jobs.users_exports.create(format="json", fields=[{"name": "user_id"}, {"name": "multifactor"}])
    finished = tenant_client.jobs.get(job.id)
    with httpx.Client() as http_client:
        lines = gzip.decompress(http_client.get(finished.location).content).decode().splitlines()
    assert {json.loads(line)["user_id"] for line in lines} >= {user.user_id}
