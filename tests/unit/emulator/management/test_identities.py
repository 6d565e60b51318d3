# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linking: one user with several identities, and back."""

from __future__ import annotations

from urllib.parse import quote

import pytest

DATABASE = "con_0000000000000001"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


def path_of(user_id, *more):
    return "/".join(["/users", *(quote(part, safe="") for part in (user_id, *more))])


def link(api, number, other, **body):
    provider, _pipe, local_id = other.partition("|")
    path = f"{path_of(api.user_id(number))}/identities"
    return api.manage("POST", path, json={"provider": provider, "user_id": local_id, **body})


def test_the_other_user_becomes_an_identity(api):
    main, other = api.user_id(2), api.user_id(3)
    answer = link(api, 2, other, connection_id=DATABASE)
    assert answer.status_code == 201
    assert [f"{one['provider']}|{one['user_id']}" for one in answer.json()] == [main, other]
    assert [one["profileData"]["email"] for one in answer.json()] == ["user00002@example.com", "user00003@example.com"]
    assert api.manage("GET", path_of(main)).json()["identities"] == answer.json()
    refused(api.manage("GET", path_of(other)), 404, "inexistent_user")
    assert api.manage("GET", "/users-by-email", params={"email": "user00003@example.com"}).json() == []
    assert len(api.manage("GET", "/users").json()) == 24


def test_an_identity_becomes_a_user_again_with_a_new_profile_and_the_old_authenticators(api):
    main, other = api.user_id(2), api.user_id(3)
    assert api.manage("PATCH", path_of(other), json={"app_metadata": {"plan": "gold"}}).status_code == 200
    before = api.manage("GET", path_of(other)).json()
    methods = api.manage("GET", path_of(other) + "/authentication-methods").json()
    both = link(api, 2, other).json()
    answer = api.manage("DELETE", path_of(main) + "/identities/auth0/" + other.partition("|")[2])
    assert (answer.status_code, answer.json()) == (200, both[:1])
    after = api.manage("GET", path_of(other)).json()
    assert after["email"] == before["email"] and after["created_at"] > before["created_at"]
    assert not {"app_metadata", "last_login"} & set(after)
    assert api.manage("GET", path_of(other) + "/authentication-methods").json() == methods


def test_an_id_with_its_provider_is_taken_as_well(api):
    other = api.user_id(3)
    assert link(api, 2, other, user_id=other).json()[1]["user_id"] == other.partition("|")[2]


def test_a_user_with_several_identities_brings_them_all(make_api):
    api = make_api({"user-kinds": "mixed"}, users=40)
    other = api.user_id(37)
    assert [one["provider"] for one in link(api, 2, other).json()] == ["auth0", "auth0", "google-oauth2"]
    google = api.manage("GET", path_of(api.user_id(2))).json()["identities"][2]
    assert (
        api.manage("DELETE", path_of(api.user_id(2), "identities", "google-oauth2", google["user_id"])).status_code
        == 200
    )
    alone = api.manage("GET", path_of(f"google-oauth2|{google['user_id']}")).json()
    assert (alone["email"], alone["identities"][0]["isSocial"]) == ("user00037@mail.example.org", True)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"user_id": "nobody"}, 400, "inexistent_identity", id="nobody"),
        pytest.param({"connection_id": "con_0000000000000002"}, 400, "inexistent_identity", id="other connection"),
        pytest.param({"connection_id": "x"}, 400, "invalid_body", id="no connection ID"),
        pytest.param({"link_with": "a.b.c"}, 400, "invalid_body", id="a token beside the ID"),
    ],
)
def test_what_cannot_be_linked(api, body, status, code):
    refused(link(api, 2, api.user_id(3), **body), status, code)


def test_nobody_is_linked_twice_or_to_itself(api):
    refused(link(api, 2, api.user_id(2)), 400, "invalid_body")
    other = api.user_id(3)
    assert link(api, 2, other).status_code == 201
    refused(link(api, 4, other), 409, "identity_conflict")
    path = path_of(api.user_id(2)) + "/identities/auth0/"
    refused(api.manage("DELETE", path + api.user_id(2).partition("|")[2]), 400, "invalid_uri")
    refused(api.manage("DELETE", path + "nobody"), 404, "inexistent_identity")


def test_the_other_user_may_be_told_by_a_token(api):
    path = f"{path_of(api.user_id(2))}/identities"
    refused(api.manage("POST", path, json={"link_with": "a.b.c"}), 400, "inexistent_identity")
    token = api.login(1, scope="openid").json()["id_token"]
    assert [one["profileData"]["email"] for one in api.manage("POST", path, json={"link_with": token}).json()] == [
        "user00002@example.com",
        "user00001@example.com",
    ]
