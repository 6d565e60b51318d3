# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refresh tokens: families, rotation, scope and refusals."""

from __future__ import annotations

import pytest

from ..client import APP, refused

OFFLINE = "enroll read:authenticators offline_access"


def refresh(api, token, **parameters):
    return api.token(grant_type="refresh_token", refresh_token=token, **{**APP, **parameters})


def first_token(api, number=1, scope=OFFLINE):
    return api.login(number, scope=scope).json()["refresh_token"]


def unknown(answer):
    refused(answer, 403, "invalid_grant", "Unknown or invalid refresh token.")


def test_only_offline_access_gives_a_refresh_token(api):
    assert "refresh_token" not in api.login(1).json()
    assert "refresh_token" not in api.login(1, scope="enroll").json()


def test_application_without_the_grant_gets_no_refresh_token(api):
    client = {"client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret"}
    answer = api.login(1, scope=OFFLINE, **client).json()
    assert "refresh_token" not in answer and "offline_access" not in answer["scope"]


def test_refreshed_token_works_and_its_audience_decides_its_lifetime(api):
    token = first_token(api)
    api.advance(3 * 86400)
    answer = refresh(api, token).json()
    assert (answer["expires_in"], answer["scope"]) == (600, OFFLINE)
    assert "refresh_token" not in answer
    assert api.call("GET", "/mfa/authenticators", answer["access_token"]).status_code == 200


def test_scope_can_be_narrowed_but_not_widened(api):
    token = first_token(api)
    answer = refresh(api, token, scope="enroll remove:authenticators").json()
    assert answer["scope"] == "enroll"
    assert refresh(api, token).json()["scope"] == OFFLINE


def test_refresh_does_not_count_as_a_login(api):
    token = first_token(api)
    before = api.manage("GET", "/users-by-email", params={"email": "user00001@example.com"}).json()
    refresh(api, token)
    after = api.manage("GET", "/users-by-email", params={"email": "user00001@example.com"}).json()
    assert before == after


def test_rotation_replaces_the_token_every_time(make_api):
    api = make_api({"rotating-applications": "app,spa"})
    first = first_token(api)
    second = refresh(api, first).json()["refresh_token"]
    third = refresh(api, second).json()["refresh_token"]
    assert len({first, second, third}) == 3


def test_reuse_of_a_rotated_token_revokes_the_family_only(make_api):
    api = make_api({"rotating-applications": "app"})
    first, other = first_token(api), first_token(api)
    second = refresh(api, first).json()["refresh_token"]
    unknown(refresh(api, first))
    unknown(refresh(api, second))
    assert refresh(api, other).status_code == 200


@pytest.mark.parametrize("token", ["v1.nothing", "x"])
def test_unknown_token_is_refused(api, token):
    unknown(refresh(api, token))


def test_another_applications_token_is_unknown(api):
    token = first_token(api)
    unknown(refresh(api, token, client_id="spa", client_secret=None))
    assert refresh(api, token).status_code == 200


def test_deleted_user_has_no_tokens(api):
    token = first_token(api)
    api.manage("DELETE", f"/users/{api.user_id(1)}")
    unknown(refresh(api, token))


def test_blocked_user_is_refused(api):
    token = first_token(api)
    api.manage("PATCH", f"/users/{api.user_id(1)}", json={"blocked": True})
    refused(refresh(api, token), 401, "unauthorized")


def test_no_challenge_on_refresh_unless_the_switch_says_so(make_api):
    for switch, status in (("off", 200), ("on", 403)):
        api = make_api({"mfa-on-refresh": switch})
        otp = api.verify("otp", api.mfa_token(2, scope=OFFLINE), otp=api.otp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
        answer = refresh(api, otp.json()["refresh_token"])
        assert answer.status_code == status
        if status == 403:
            refused(answer, 403, "mfa_required")
            assert answer.json()["mfa_token"].startswith("Fe26.2*")
