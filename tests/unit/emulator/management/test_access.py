# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, refresh tokens and blocks: how they come to be, how they are shown and removed, and that they then no longer work."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

import pytest

from ..client import SECRET_2, refused
from ..oauth.test_refresh_tokens import OFFLINE, first_token, refresh, unknown
from ..universal_login.test_authorize import EVERYTHING, MFA, answer_of, authorize, exchange, log_in, post

NOBODY = "auth0%7Cnobody"


@pytest.fixture
def api(make_api):
    """Where a password is enough, so that each login is short."""
    return make_api({"mfa-policy": "never"})


def browser(api, number=1, **parameters):
    """The cookie of a browser in which the user has just logged in, and the code that the application got."""
    _state, answer = log_in(api, number, **parameters)
    cookie = re.search(r"(?:^|, )auth0=([\w-]+);", answer.headers["set-cookie"])[1]
    return cookie, answer_of(answer)["code"]


def visit(api, cookie, **parameters):
    """What ``/authorize`` answers to this browser."""
    return authorize(api, cookie=f"auth0={cookie}", **parameters)


def path(api, number, kind):
    return f"/users/{quote(api.user_id(number), safe='')}/{kind}"


def sessions(api, number=1, **query):
    return api.manage("GET", path(api, number, "sessions"), params=query).json()


def tokens(api, number=1, **query):
    return api.manage("GET", path(api, number, "refresh-tokens"), params=query).json()


def is_accepted(answer):
    assert (answer.status_code, answer.content) == (202, b"")


# Sessions


def test_a_login_leaves_a_session_that_lets_the_browser_in_without_a_password(api):
    cookie, _code = browser(api)
    assert "code" in answer_of(visit(api, cookie)) and "code" in answer_of(visit(api, cookie, prompt="none"))
    assert visit(api, cookie, prompt="login").headers["location"].startswith("/u/login")
    (session,) = sessions(api)["sessions"]
    assert session["user_id"] == api.user_id(1) and session["clients"] == [{"client_id": "app"}]
    assert [each["name"] for each in session["authentication"]["methods"]] == ["pwd"]


def test_the_session_is_named_in_the_id_token(api):
    _cookie, code = browser(api, scope="openid", **EVERYTHING)
    payload = exchange(api, code).json()["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sid"] == sessions(api)["sessions"][0]["id"]


def test_a_password_grant_leaves_no_session(api):
    assert api.login(1).status_code == 200
    assert sessions(api) == {"sessions": []}


def test_a_session_ends_after_three_days_without_use_and_after_seven_in_any_case(api):
    cookie, _code = browser(api)
    for _day in range(3):
        api.advance(2 * 86400)
        assert "code" in answer_of(visit(api, cookie))
    api.advance(86400)
    assert "code" not in answer_of(visit(api, cookie)) and sessions(api) == {"sessions": []}
    cookie, _code = browser(api)
    api.advance(3 * 86400)
    assert "code" not in answer_of(visit(api, cookie))


def test_a_session_of_before_is_asked_for_the_second_step_alone(api):
    cookie, _code = browser(api, 2)
    location = visit(api, cookie, acr_values=MFA).headers["location"]
    assert location.startswith("/u/mfa?")
    assert answer_of(visit(api, cookie, acr_values=MFA, prompt="none"))["error"] == "interaction_required"
    state = location.partition("state=")[2]
    answer = post(api, "/u/mfa", state, session=cookie, code=api.otp(SECRET_2))
    assert "code" in answer_of(answer) and "set-cookie" not in answer.headers
    (session,) = sessions(api, 2)["sessions"]
    assert [each["name"] for each in session["authentication"]["methods"]] == ["pwd", "mfa"]


@pytest.mark.parametrize("how", ["all", "one", "revoke", "revoke access"])
def test_a_deleted_session_no_longer_works_and_others_do(api, how):
    cookie, _code = browser(api)
    other, _code = browser(api, 3)
    (session,) = sessions(api)["sessions"]
    method, where = {
        "all": ("DELETE", path(api, 1, "sessions")),
        "one": ("DELETE", f"/sessions/{session['id']}"),
        "revoke": ("POST", f"/sessions/{session['id']}/revoke"),
        "revoke access": ("POST", path(api, 1, "revoke-access")),
    }[how]
    is_accepted(api.manage(method, where))
    assert "code" not in answer_of(visit(api, cookie)) and sessions(api) == {"sessions": []}
    assert api.manage("GET", f"/sessions/{session['id']}").status_code == 404
    assert "code" in answer_of(visit(api, other))


def test_a_deletion_is_carried_out_later(make_api):
    api = make_api({"mfa-policy": "never", "revocation-delay": "60"})
    cookie, _code = browser(api)
    token = first_token(api)
    is_accepted(api.manage("DELETE", path(api, 1, "sessions")))
    is_accepted(api.manage("DELETE", path(api, 1, "refresh-tokens")))
    assert "code" in answer_of(visit(api, cookie)) and refresh(api, token).status_code == 200
    assert len(sessions(api)["sessions"]) == len(tokens(api)["tokens"]) == 1
    api.advance(60)
    assert "code" not in answer_of(visit(api, cookie)) and sessions(api) == {"sessions": []}
    unknown(refresh(api, token))


def test_pages_follow_a_cursor_until_there_is_none(api):
    for _number in range(5):
        browser(api)
    everything = [each["id"] for each in sessions(api)["sessions"]]
    found, cursor = [], {}
    for length in (2, 2, 1):
        page = sessions(api, take=2, include_totals="true", **cursor)
        assert (len(page["sessions"]), page["total"], "next" in page) == (length, 5, length == 2)
        found += [each["id"] for each in page["sessions"]]
        cursor = {"from": page.get("next")}
    assert found == everything
    for query in ({"take": 0}, {"take": 101}, {"from": "x"}):
        assert api.manage("GET", path(api, 1, "sessions"), params=query).status_code == 400


# Refresh tokens


def test_a_refresh_token_is_shown_without_itself(api):
    token = first_token(api)
    answer = api.manage("GET", path(api, 1, "refresh-tokens"))
    (shown,) = answer.json()["tokens"]
    assert token not in answer.text and shown["id"] not in token
    assert (shown["client_id"], shown["session_id"], shown["last_exchanged_at"]) == ("app", None, None)
    assert shown["resource_servers"] == [{"audience": api.mfa_audience, "scopes": OFFLINE}]
    refresh(api, token)
    assert tokens(api)["tokens"][0]["last_exchanged_at"] is not None
    assert api.manage("GET", f"/refresh-tokens/{shown['id']}").json()["id"] == shown["id"]


def test_rotation_keeps_the_id(make_api):
    api = make_api({"rotating-applications": "app"})
    token = first_token(api)
    before = tokens(api)["tokens"][0]["id"]
    refresh(api, token)
    assert [each["id"] for each in tokens(api)["tokens"]] == [before]


@pytest.mark.parametrize("how", ["all", "one", "revoke access"])
def test_a_deleted_refresh_token_no_longer_works_and_others_do(api, how):
    token, other = first_token(api), first_token(api, 5)
    (shown,) = tokens(api)["tokens"]
    method, where = {
        "all": ("DELETE", path(api, 1, "refresh-tokens")),
        "one": ("DELETE", f"/refresh-tokens/{shown['id']}"),
        "revoke access": ("POST", path(api, 1, "revoke-access")),
    }[how]
    is_accepted(api.manage(method, where))
    unknown(refresh(api, token))
    assert tokens(api) == {"tokens": []} and api.manage("GET", f"/refresh-tokens/{shown['id']}").status_code == 404
    assert refresh(api, other).status_code == 200


def test_refresh_tokens_outlive_a_deleted_session_unless_it_is_revoked(api):
    kept = []
    for how in ("delete", "revoke", "revoke access", "preserve"):
        _cookie, code = browser(api, scope=OFFLINE, audience=api.mfa_audience)
        token = exchange(api, code).json()["refresh_token"]
        (session,) = sessions(api)["sessions"]
        assert tokens(api)["tokens"][-1]["session_id"] == session["id"]
        if how == "delete":
            api.manage("DELETE", f"/sessions/{session['id']}")
        elif how == "revoke":
            api.manage("POST", f"/sessions/{session['id']}/revoke")
        else:
            body = {"session_id": session["id"], "preserve_refresh_tokens": how == "preserve"}
            is_accepted(api.manage("POST", path(api, 1, "revoke-access"), json=body))
        assert sessions(api) == {"sessions": []}
        kept.append(refresh(api, token).status_code == 200)
    assert kept == [True, False, False, True]


# Blocks


def block(api, number=1, failures=10):
    for _failure in range(failures):
        refused(api.login(number, password="wrong"), 403, "invalid_grant")


def blocks(api, number=1, **query):
    answer = api.manage("GET", f"/user-blocks/{quote(api.user_id(number), safe='')}", params=query)
    assert answer.status_code == 200
    return answer.json()["blocked_for"]


@pytest.mark.parametrize("by", ["ID", "identifier"])
def test_a_block_is_listed_and_removed(api, by):
    block(api, failures=9)
    assert blocks(api) == []
    block(api, failures=1)
    address = "user00001@example.com"
    expected = [{"identifier": address, "ip": "127.0.0.1", "connection": "Username-Password-Authentication"}]
    refused(api.login(1), 429, "too_many_attempts")
    where, query = f"/user-blocks/{quote(api.user_id(1), safe='')}", {}
    if by == "identifier":
        where, query = "/user-blocks", {"identifier": address}
    assert api.manage("GET", where, params=query).json() == {"blocked_for": expected}
    for _time in range(2):
        answer = api.manage("DELETE", where, params=query)
        assert (answer.status_code, answer.content) == (204, b"")
    assert blocks(api) == [] and api.login(1).status_code == 200


def test_how_many_wrong_passwords_block_can_be_set(make_api):
    api = make_api({"brute-force-threshold": "2"})
    block(api, failures=2)
    refused(api.login(1), 429, "too_many_attempts")


def test_blocks_that_are_not_in_force_are_left_out_on_request(make_api):
    api = make_api({"brute-force-protection": "off"})
    block(api)
    assert len(blocks(api)) == 1 and blocks(api, consider_brute_force_enablement="true") == []


def test_wrong_passwords_and_the_block_are_in_the_log(make_api):
    api = make_api({"brute-force-threshold": "2"})
    block(api, failures=2)
    assert [entry["type"] for entry in api.manage("GET", "/logs").json()] == ["seccft", "limit_wc", "fp", "fp"]


# All of them

READ_AND_WRITE = [
    ("GET", "/users/{user}/sessions", "read:sessions"),
    ("DELETE", "/users/{user}/sessions", "delete:sessions"),
    ("GET", "/sessions/{session}", "read:sessions"),
    ("DELETE", "/sessions/{session}", "delete:sessions"),
    ("POST", "/sessions/{session}/revoke", "delete:sessions,delete:refresh_tokens"),
    ("GET", "/users/{user}/refresh-tokens", "read:refresh_tokens"),
    ("DELETE", "/users/{user}/refresh-tokens", "delete:refresh_tokens"),
    ("GET", "/refresh-tokens/{token}", "read:refresh_tokens"),
    ("DELETE", "/refresh-tokens/{token}", "delete:refresh_tokens"),
    ("POST", "/users/{user}/revoke-access", "delete:sessions,delete:refresh_tokens"),
    ("GET", "/user-blocks/{user}", "read:users"),
    ("DELETE", "/user-blocks/{user}", "update:users"),
    ("GET", "/user-blocks?identifier=a@example.com", "read:users"),
    ("DELETE", "/user-blocks?identifier=a@example.com", "update:users"),
]


@pytest.mark.parametrize(("method", "where", "scope"), READ_AND_WRITE)
def test_each_needs_its_scope_and_a_plan(make_api, method, where, scope):
    api = make_api({"session-management": "off"})
    answer = api.call(
        method, "/api/v2" + where.format(user=NOBODY, session="s", token="t"), api.management_token(scope="read:logs")
    )
    assert answer.json()["errorCode"] == "insufficient_scope"
    assert answer.json()["message"] == f"Insufficient scope, expected any of: {scope}"
    answer = api.manage(method, where.format(user=NOBODY, session="s", token="t"))
    assert (answer.status_code == 403) == ("user-blocks" not in where)


@pytest.mark.parametrize(
    ("method", "where", "status"),
    [
        ("GET", "/users/{user}/sessions", 404),
        ("DELETE", "/users/{user}/sessions", 404),
        ("GET", "/sessions/nothing", 404),
        ("DELETE", "/sessions/nothing", 202),
        ("POST", "/sessions/nothing/revoke", 404),
        ("GET", "/users/{user}/refresh-tokens", 404),
        ("DELETE", "/users/{user}/refresh-tokens", 404),
        ("GET", "/refresh-tokens/nothing", 404),
        ("DELETE", "/refresh-tokens/nothing", 202),
        ("GET", "/user-blocks/{user}", 404),
        ("DELETE", "/user-blocks/{user}", 404),
        ("GET", "/user-blocks?identifier=nobody@example.com", 200),
        ("DELETE", "/user-blocks?identifier=nobody@example.com", 204),
        ("GET", "/user-blocks", 400),
        ("DELETE", "/user-blocks", 400),
    ],
)
def test_what_does_not_exist(api, method, where, status):
    assert api.manage(method, where.format(user=NOBODY)).status_code == status
