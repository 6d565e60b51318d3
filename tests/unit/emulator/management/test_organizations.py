# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations and their members, in the forms that were recorded."""

from __future__ import annotations

from urllib.parse import quote

import pytest


@pytest.fixture
def organization(api):
    body = {"name": "corp", "display_name": "Corp", "branding": {"logo_url": "https://example.com/logo.gif"}}
    answer = api.manage("POST", "/organizations", json=body)
    assert answer.status_code == 201
    assert answer.json() == {**body, "id": answer.json()["id"]}
    return answer.json()


def test_members_are_added_listed_and_removed(api, organization):
    path = f"/organizations/{organization['id']}/members"
    ids = [api.user_id(number) for number in (3, 2, 11)]
    assert api.manage("POST", path, json={"members": ids}).status_code == 204
    assert api.manage("POST", path, json={"members": ids[:1]}).status_code == 204
    answer = api.manage("GET", path, params={"include_totals": "true"}).json()
    assert (answer["start"], answer["limit"], answer["total"]) == (0, 50, 3)
    assert [row["user_id"] for row in answer["members"]] == ids
    assert set(answer["members"][0]) == {"user_id", "email", "picture", "name"}
    first = api.manage("GET", path, params={"take": 2}).json()
    rest = api.manage("GET", path, params={"take": 2, "from": first["next"]}).json()
    assert [row["user_id"] for row in first["members"] + rest["members"]] == ids and "next" not in rest
    assert api.manage("DELETE", path, json={"members": ids[1:]}).status_code == 204
    assert [row["user_id"] for row in api.manage("GET", path).json()] == ids[:1]


def test_a_user_knows_the_organizations(api, organization):
    members = {"members": [api.user_id(11)]}
    assert api.manage("POST", f"/organizations/{organization['id']}/members", json=members).status_code == 204
    path = f"/users/{quote(api.user_id(11), safe='')}/organizations"
    assert api.manage("GET", path).json() == [organization]
    assert api.manage("DELETE", f"/organizations/{organization['id']}").status_code == 204
    assert api.manage("GET", path).json() == []


def test_the_user_search_finds_members(make_api):
    """Documented, with ``NOT`` for those who are no members; whatever the number of users."""
    api = make_api(users=1_000_000)
    one, two = (api.manage("POST", "/organizations", json={"name": name}).json()["id"] for name in ("one", "two"))
    ids = [api.user_id(number) for number in (2, 3, 4)]
    api.manage("POST", f"/organizations/{one}/members", json={"members": ids[:2]})
    api.manage("POST", f"/organizations/{two}/members", json={"members": ids[1:]})

    def found(query):
        answer = api.manage(
            "GET", "/users", params={"q": query, "sort": "created_at:1", "include_totals": "true"}
        ).json()
        assert answer["total"] == answer["length"] and not any("organization_id" in user for user in answer["users"])
        return [user["user_id"] for user in answer["users"]]

    assert (found(f'organization_id:"{one}"'), found(f"organization_id:{two}")) == (ids[:2], ids[1:])
    assert found(f"organization_id:{one} AND organization_id:{two}") == [ids[1]]
    assert found(f"organization_id:{one} AND NOT organization_id:{two}") == [ids[0]]
    assert found(f'user_id:"{ids[0]}" AND NOT organization_id:{two}') == [ids[0]]
    assert found(f'user_id:"{ids[2]}" AND NOT organization_id:{two}') == []
    assert found(f"organization_id:{one} AND email:user00003*") == [ids[1]]
    api.manage("DELETE", f"/users/{quote(ids[0])}")
    assert found(f"organization_id:{one}") == [ids[1]] and found("organization_id:org_0000000000000000") == []
    api.manage("DELETE", f"/organizations/{one}")
    assert found(f"organization_id:{one}") == []


def test_a_deleted_user_is_no_member(api, organization):
    path = f"/organizations/{organization['id']}/members"
    api.manage("POST", path, json={"members": [api.user_id(3)]})
    api.manage("DELETE", f"/users/{quote(api.user_id(3))}")
    assert api.manage("GET", path).json() == []


def test_organizations_are_found_by_name(api, organization):
    assert api.manage("GET", "/organizations").json() == [organization]
    assert api.manage("GET", "/organizations/name/corp").json() == organization
    assert api.manage("GET", f"/organizations/{organization['id']}").json() == organization


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/organizations/org_0000000000000000", None, 404, id="unknown ID"),
        pytest.param("GET", "/organizations/name/other", None, 404, id="unknown name"),
        pytest.param("POST", "/organizations", {"name": "corp"}, 409, id="name that is there"),
        pytest.param("POST", "/organizations", {"name": "Corp!"}, 400, id="wrong name"),
        pytest.param("POST", "/organizations/{id}/members", {"members": ["auth0|nobody"]}, 400, id="unknown user"),
        pytest.param("POST", "/organizations/{id}/members", {"members": []}, 400, id="nobody"),
    ],
)
def test_refusals(api, organization, method, path, body, status):
    path = path.replace("{id}", organization["id"])
    assert api.manage(method, path, **({} if body is None else {"json": body})).status_code == status
