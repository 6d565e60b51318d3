# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of a seed file with several identities, enterprise connections, metadata and values of one's choice, as the API tells them."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

import pytest
import requests

from tests.emulator.launch import start
from tests.emulator.users.connections import connection_of

FILE = """
users:
- email: Nora.Roth@Corp.example.com
  identities:
  - connection: corp-saml
    provider: samlp
    user_id: corp-saml|nroth
  - connection: google-oauth2
    user_id: '109876543210987654321'
    profileData: {email: nora@example.net}
  app_metadata: {plan: gold, level: 12, roles: [admin, auditor], empty: [], since: 2024-01-02}
  user_metadata: {language: de}
  last login: 2 days ago
  authenticators:
  - {factor: otp, enrolled: 200 days ago, last used: 150 days ago}
- email: Ivo.Ito@Example.com
  connection: azure
  provider: waad
  last login: never
  authenticators:
  - factor: phone
    number: +15005550123
    enrolled: 3 days ago
    raw: {last_auth_at: '2099-01-01T00:00:00.000Z', enrolled_at: 0000-00-00, name: "\\uD83D"}
- email: Jana.Keller@Example.com
  raw: {last_login: 0000-00-00, name: 5, email: [a], multifactor_last_modified: soon}
"""
NAMES = ("user_id", "email", "name", "last_login", "identities", "app_metadata", "multifactor_last_modified")


class Told:
    """What the Management API answers."""

    def __init__(self, emulator):
        self._url = f"{emulator.url}/api/v2"
        body = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
        body["audience"] = f"https://{emulator.domain}/api/v2/"
        token = requests.post(f"{emulator.url}/oauth/token", json=body, timeout=5).json()["access_token"]
        self._headers = {"authorization": f"Bearer {token}"}

    def get(self, path, **query):
        answer = requests.get(f"{self._url}{path}", params=query, headers=self._headers, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, query):
        return [user["user_id"].partition("|")[0] for user in self.get("/users", q=query)]

    def exported(self, **body):
        body = {"fields": [{"name": name} for name in NAMES], **body}
        job = requests.post(f"{self._url}/jobs/users-exports", json=body, headers=self._headers, timeout=5).json()
        content = requests.get(self.get(f"/jobs/{job['id']}")["location"], timeout=5).content
        return [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    path = tmp_path_factory.mktemp("seed") / "users.yml"
    path.write_text(FILE)
    with start(users=0, seed_file=path, switches={"export-seconds": 0}) as emulator:
        yield Told(emulator)


def test_a_user_has_several_identities_and_the_first_one_names_the_user(told):
    user = told.get("/users")[0]
    assert user["user_id"] == "samlp|corp-saml|nroth"
    assert user["identities"] == [
        {"connection": "corp-saml", "user_id": "corp-saml|nroth", "provider": "samlp", "isSocial": False},
        {
            "connection": "google-oauth2",
            "user_id": "109876543210987654321",
            "provider": "google-oauth2",
            "isSocial": True,
            "profileData": {"email": "nora@example.net"},
        },
    ]
    assert told.get("/users")[1]["user_id"].startswith("waad|azure|")


def test_only_databases_write_addresses_in_lower_case(told):
    assert told.found("email:nora*") == ["samlp"]
    assert [len(told.get("/users-by-email", email=f"{name}@Example.com")) for name in ("Ivo.Ito", "ivo.ito")] == [1, 0]
    assert len(told.get("/users-by-email", email="jana.keller@example.com")) == 1


def test_metadata_are_answered_and_searched(told):
    user = told.get("/users")[0]
    assert user["app_metadata"]["since"] == "2024-01-02" and user["user_metadata"] == {"language": "de"}
    for query in (
        'identities.connection:"corp-saml"',
        "identities.provider:samlp",
        'identities.connection:"google-oauth2" AND app_metadata.plan:gold',
        "app_metadata.roles:auditor",
        "app_metadata.level:[2 TO 20]",
        "_exists_:app_metadata.roles AND NOT _exists_:app_metadata.empty",
        'user_metadata.language:"de"',
        "identities.isSocial:true",
    ):
        assert told.found(query) == ["samlp"], query
    assert told.found("NOT identities.connection:corp-saml") == ["waad", "auth0"]


def test_the_last_login_is_not_that_of_a_factor(told):
    user = told.get("/users")[0]
    (method,) = told.get(f"/users/{quote(user['user_id'], safe='')}/authentication-methods")
    assert user["last_login"] > method["last_auth_at"]
    assert "last_login" not in told.get("/users")[1]


def test_values_of_ones_choice_are_laid_over_every_answer_but_not_searched(told):
    users = told.get("/users", q="name:jana*")
    (listed,) = users
    (by_email,) = told.get("/users-by-email", email="jana.keller@example.com")
    by_id = told.get(f"/users/{quote(listed['user_id'], safe='')}")
    for user in (listed, by_email, by_id, told.exported()[2]):
        assert (user["last_login"], user["name"], user["email"]) == ("0000-00-00", 5, ["a"])
    assert told.get("/users", fields="name", q="name:jana*") == [{"name": 5}]


def test_an_authenticator_says_what_the_file_says(told):
    user = told.get("/users")[1]
    (method,) = told.get(f"/users/{quote(user['user_id'], safe='')}/authentication-methods")
    assert method["last_auth_at"] == "2099-01-01T00:00:00.000Z"
    assert (method["enrolled_at"], method["name"]) == ("0000-00-00", "\ud83d")


def test_an_export_has_all_of_it(told):
    rows = told.exported()
    assert [row["user_id"].partition("|")[0] for row in rows] == ["samlp", "waad", "auth0"]
    assert len(rows[0]["identities"]) == 2 and rows[0]["app_metadata"]["plan"] == "gold"
    assert rows[0]["multifactor_last_modified"] < rows[1]["multifactor_last_modified"] < "2099"
    assert rows[2]["multifactor_last_modified"] == "soon"


def test_a_connection_of_the_file_can_be_exported_by_its_id(told):
    connection = connection_of("corp-saml", "samlp")
    assert len(connection.id) == 20 and connection.strategy_type == "enterprise"
    assert [row["user_id"] for row in told.exported(connection_id=connection.id)] == ["samlp|corp-saml|nroth"]


def test_seeded_users_have_one_identity_in_the_documented_form(make_api):
    users = make_api().manage("GET", "/users").json()
    assert len(users) == 25
    for user in users:
        (identity,) = user["identities"]
        provider, _pipe, local = user["user_id"].partition("|")
        assert (identity["provider"], identity["user_id"]) == (provider, local)
        assert identity["isSocial"] is (provider != "auth0") and identity["connection"]


def test_users_of_an_identity_provider_are_not_created_by_others_unless_the_tenant_lets_it(make_api):
    for connection, sides in (("google-oauth2", (400, 201)), ("name", (400, 201)), ("corp-saml", (400, 400))):
        for switch, status in zip(("refused", "created"), sides):
            answer = make_api({"social-users": switch}).manage("POST", "/users", json={"connection": connection})
            assert answer.status_code == status
            if status == 400:
                assert (
                    answer.json()["errorCode"] == "operation_not_supported" and connection in answer.json()["message"]
                )
            else:
                (identity,) = answer.json()["identities"]
                assert answer.json()["user_id"] == f"{identity['provider']}|{identity['user_id']}"
                assert identity["isSocial"] and (connection != "name" or identity["user_id"].startswith("name|"))


def test_an_address_keeps_its_case_in_a_social_connection(make_api):
    api = make_api({"social-users": "created"})
    for connection, expected in (("google-oauth2", "New@Example.com"), ("Username-Password-Authentication", None)):
        body = {"connection": connection, "email": "New@Example.com"} | (
            {} if expected else {"password": "Long-Horse-7"}
        )
        user = api.manage("POST", "/users", json=body).json()
        assert user["email"] == (expected or "new@example.com")
        changed = api.manage("PATCH", f"/users/{quote(user['user_id'])}", json={"email": "Other@Example.com"}).json()
        assert changed["email"] == ("Other@Example.com" if expected else "other@example.com")
