# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/userinfo``, and revoking a refresh token."""

from __future__ import annotations

import pytest

from ..client import APP, refused
from .test_refresh_tokens import OFFLINE, first_token, refresh, unknown


@pytest.fixture
def api(make_api):
    """Where a password is enough."""
    return make_api({"mfa-policy": "never"})


def claims(api, scope):
    token = api.login(3, audience=None, scope=scope).json()["access_token"]
    return api.call("GET", "/userinfo", token)


def test_the_scope_decides_what_is_told(api):
    user_id = api.user_id(3)
    assert claims(api, "openid").json() == {"sub": user_id}
    told = claims(api, "openid profile email").json()
    assert (told["email"], told["email_verified"], told["sub"]) == ("user00003@example.com", True, user_id)
    assert told["name"] and told["updated_at"]


def test_a_token_without_openid_is_refused(api):
    answer = claims(api, "profile")
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_token_of_an_api_works_with_openid(api):
    token = api.login(1, scope="openid enroll").json()["access_token"]
    assert api.call("POST", "/userinfo", token).json() == {"sub": api.user_id(1)}


def test_no_other_token_works(api):
    assert api.call("GET", "/userinfo").headers["www-authenticate"] == 'Bearer realm="Users"'
    for token in ("garbage", api.management_token()):
        assert api.call("GET", "/userinfo", token).status_code == 401
    token = api.login(3, audience=None, scope="openid").json()["access_token"]
    api.advance(86400)
    assert api.call("GET", "/userinfo", token).status_code == 401


def revoke(api, token, **parameters):
    return api.call("POST", "/oauth/revoke", json={**APP, "token": token, **parameters})


def test_a_revoked_refresh_token_does_not_work_any_more(api):
    token, other = first_token(api), first_token(api)
    answer = revoke(api, token)
    assert (answer.status_code, answer.content) == (200, b"")
    unknown(refresh(api, token))
    assert refresh(api, other).status_code == 200
    assert revoke(api, token).status_code == 200
    assert [entry["type"] for entry in api.manage("GET", "/logs", params={"q": "type:srrt"}).json()] == ["srrt"]


def test_a_revocation_may_end_the_whole_grant(api):
    flags = {"revoke_refresh_token_grant": True}
    assert api.manage("PATCH", "/tenants/settings", json={"flags": flags}).status_code == 200
    token, same = first_token(api), first_token(api)
    scope = first_token(api, scope=f"{OFFLINE} openid")
    other = api.login(1, audience=None, scope="offline_access").json()["refresh_token"]
    assert revoke(api, token).status_code == 200
    for ended in (token, same, scope):
        unknown(refresh(api, ended))
    assert refresh(api, other).status_code == 200


def test_only_the_application_that_has_it_may_revoke_a_token(api):
    token = first_token(api)
    refused(revoke(api, token, client_id="spa", client_secret=None), 400, "invalid_request")
    refused(revoke(api, token, client_secret="wrong"), 401, "access_denied")
    refused(revoke(api, ""), 400, "invalid_request", "Missing required parameter: token")
    assert revoke(api, "nothing").status_code == 200
    assert refresh(api, token).status_code == 200


def test_discovery_names_both(api):
    told = api.call("GET", "/.well-known/openid-configuration").json()
    assert told["userinfo_endpoint"].endswith("/userinfo")
    assert told["revocation_endpoint"].endswith("/oauth/revoke")
