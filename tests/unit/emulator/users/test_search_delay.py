# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user search shows writes late; requests by ID and by e-mail show them at once."""

from __future__ import annotations

from urllib.parse import quote

import pytest

NEW = {"connection": "Username-Password-Authentication", "email": "new@example.com", "password": "Very-Secret-9"}


def found(api, query):
    return [user["email"] for user in api.manage("GET", "/users", params={"q": query}).json()]


@pytest.fixture
def slow(make_api):
    """A tenant whose search is 30 seconds behind."""
    return make_api({"search-delay": 30})


def test_by_default_the_search_shows_a_write_at_once(api):
    api.manage("PATCH", f"/users/{quote(api.user_id(2))}", json={"nickname": "renamed"})
    assert found(api, "nickname:renamed") == ["user00002@example.com"]


def test_a_new_user_is_found_later(slow):
    user_id = slow.manage("POST", "/users", json=NEW).json()["user_id"]
    assert slow.manage("GET", f"/users/{quote(user_id)}").status_code == 200
    assert len(slow.manage("GET", "/users-by-email", params={"email": NEW["email"]}).json()) == 1
    assert found(slow, "email:new@example.com") == []
    assert slow.manage("GET", "/users", params={"include_totals": "true"}).json()["total"] == 25
    slow.advance(31)
    assert found(slow, "email:new@example.com") == ["new@example.com"]


def test_a_change_is_found_later(slow):
    path = f"/users/{quote(slow.user_id(2))}"
    for nickname in ("first", "second"):
        slow.manage("PATCH", path, json={"nickname": nickname})
        slow.advance(20)
    assert slow.manage("GET", path).json()["nickname"] == "second"
    assert found(slow, "nickname:first") == ["user00002@example.com"]
    assert found(slow, "nickname:second") == []
    slow.advance(20)
    assert found(slow, "nickname:second") == ["user00002@example.com"]


def test_a_deleted_user_is_found_until_the_delay_is_over(slow):
    for path in (slow.user_id(2), slow.manage("POST", "/users", json=NEW).json()["user_id"]):
        slow.advance(31)
        slow.manage("DELETE", f"/users/{quote(path)}")
        assert slow.manage("GET", f"/users/{quote(path)}").status_code == 404
    assert found(slow, "email:new@example.com") == ["new@example.com"]
    assert found(slow, "email:user00002@example.com") == []
    slow.advance(31)
    assert found(slow, "email:new@example.com") == []


def test_a_login_is_found_later(slow):
    before = slow.manage("GET", "/users", params={"q": "email:user00001@example.com"}).json()[0]["last_login"]
    assert slow.login(1).status_code == 200
    assert slow.manage("GET", "/users", params={"q": "email:user00001@example.com"}).json()[0]["last_login"] == before
    slow.advance(31)
    after = slow.manage("GET", "/users", params={"q": "email:user00001@example.com"}).json()[0]["last_login"]
    assert after > before
