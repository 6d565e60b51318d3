# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ends beside the factors: auth0_user_session, auth0_refresh_token, auth0_user_block, and auth0_remembered_browser for many users."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from .conftest import PASSWORD, Tenant, email

pytestmark = pytest.mark.run_by("module")

SESSION = "mfaops.auth0.auth0_user_session"
TOKEN = "mfaops.auth0.auth0_refresh_token"
BLOCK = "mfaops.auth0.auth0_user_block"
BROWSER = "mfaops.auth0.auth0_remembered_browser"
CALLBACK = "http://127.0.0.1:49152/callback"
ABSENT = {"state": "absent"}


# A password is enough, and two wrong ones block.
SHORT_LOGINS = {"mfa-policy": "never", "brute-force-threshold": 2}


@pytest.fixture(autouse=True)
def short_logins(tenant):
    tenant.running.reset(switches=SHORT_LOGINS)


def browser(tenant: Tenant, number: int) -> requests.Session:
    """A browser in which the user has just logged in."""
    browsing = requests.Session()
    start = authorize(tenant, browsing)
    state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
    given = {"state": state, "username": email(number), "password": PASSWORD}
    answer = browsing.post(tenant.running.url + "/u/login", data=given, allow_redirects=False, timeout=10)
    assert "code=" in answer.headers["location"]
    return browsing


def authorize(tenant: Tenant, browsing: requests.Session) -> requests.Response:
    query = {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK}
    return browsing.get(tenant.running.url + "/authorize", params=query, allow_redirects=False, timeout=10)


def is_logged_in(tenant: Tenant, browsing: requests.Session) -> bool:
    return "code=" in authorize(tenant, browsing).headers["location"]


def refresh_token(tenant: Tenant, number: int) -> str:
    return tenant.log_in(number, scope="openid offline_access", audience="")["refresh_token"]


def refreshes(tenant: Tenant, token: str) -> bool:
    answer = requests.post(
        tenant.running.url + "/oauth/token",
        json={"grant_type": "refresh_token", "client_id": "app", "client_secret": "app-secret", "refresh_token": token},
        timeout=10,
    )
    return answer.ok


def block(tenant: Tenant, number: int) -> None:
    for _time in range(2):
        tenant.log_in(number, password="wrong")
    assert is_blocked(tenant, number)


def is_blocked(tenant: Tenant, number: int) -> bool:
    return tenant.log_in(number).get("error") == "too_many_attempts"


def give_two(tenant: Tenant, module: str, number: int):
    """Something of the user's that the module ends, and whether it still works."""
    if module == SESSION:
        both = [browser(tenant, number) for _time in range(2)]
        return lambda: [is_logged_in(tenant, each) for each in both]
    if module == TOKEN:
        tokens = [refresh_token(tenant, number) for _time in range(2)]
        return lambda: [refreshes(tenant, token) for token in tokens]
    block(tenant, number)
    return lambda: [is_blocked(tenant, number)]


HOW_MANY = {SESSION: 2, TOKEN: 2, BLOCK: 1}


@pytest.mark.parametrize("module", HOW_MANY)
def test_all_end_once_and_those_of_others_do_not(tenant, module):
    works, others = give_two(tenant, module, 3), give_two(tenant, module, 5)
    task = {module: {"email": email(3), **ABSENT}}
    tenant.forget_requests()
    (checked,) = tenant.results(tenant.operator, {**task, "check_mode": True, "diff": True})
    assert tenant.writes() == [] and all(works())
    done, again = tenant.results(tenant.operator, {**task, "diff": True}, task)
    assert [checked["changed"], done["changed"], again["changed"]] == [True, True, False]
    assert not any(works()) and all(others())
    assert done["count"] == len(done["removed"]) == HOW_MANY[module] == checked["count"]
    assert (again["count"], again["removed"]) == (0, []) and done["user_id"] == tenant.user_id(3)
    assert done["diff"] == checked["diff"] and done["diff"]["after"] == ""
    assert len(done["diff"]["before"].splitlines()) == HOW_MANY[module]
    assert [path.split()[0] for path in tenant.writes()] == ["DELETE"]


@pytest.mark.parametrize(
    ("module", "option"),
    [
        pytest.param(SESSION, "session_ids", id="sessions"),
        pytest.param(TOKEN, "refresh_token_ids", id="refresh tokens"),
    ],
)
def test_those_that_are_named_end_and_never_somebody_elses(tenant, module, option):
    works, others = give_two(tenant, module, 3), give_two(tenant, module, 5)
    mine, foreign = (
        tenant.results(tenant.operator, {module: {"email": email(number), **ABSENT}, "check_mode": True})[0]["removed"]
        for number in (3, 5)
    )
    ids = [mine[1]["id"], foreign[0]["id"], "over long ago"]
    task = {module: {"email": email(3), **ABSENT, option: ids}}
    done, again, none = tenant.results(tenant.operator, task, task, {module: {"email": email(3), **ABSENT, option: []}})
    assert [done["changed"], again["changed"], none["changed"]] == [True, False, False]
    assert done["removed"] == [mine[1]] and works() == [True, False] and all(others())
    (said,) = done["warnings"]
    assert "the user does not have %s, over long ago" % foreign[0]["id"] in said and "warnings" not in none
    wrong = tenant.results(
        tenant.operator,
        {module: {"email": email(3), **ABSENT, option: None}},
        {module: {"email": email(3), **ABSENT, option: ["", "x"]}},
    )
    assert [result["failed"] for result in wrong] == [True, True] and works() == [True, False]
    assert "null" in wrong[0]["msg"] and "empty ID" in wrong[1]["msg"]


def test_only_what_an_operator_needs_is_told(tenant):
    token = refresh_token(tenant, 3)
    browser(tenant, 3)
    block(tenant, 3)
    shown = tenant.results(tenant.operator, *({module: {"email": email(3), **ABSENT}} for module in HOW_MANY))
    assert set(shown[0]["removed"][0]) == {"id", "client_ids", "created_at", "last_interacted_at", "expires_at"}
    assert set(shown[1]["removed"][0]) == {
        "id", "client_id", "session_id", "created_at", "last_exchanged_at", "expires_at",
    }  # fmt: skip
    assert shown[2]["removed"] == [{"identifier": email(3), "connection": "Username-Password-Authentication"}]
    assert "127.0.0.1" not in str([result["removed"] for result in shown]) and token not in str(shown)


@pytest.mark.parametrize("module", HOW_MANY)
def test_a_lost_answer_is_told_as_the_user_is_and_nothing_is_sent_twice(tenant, module):
    works = give_two(tenant, module, 3)
    tenant.forget_requests()
    tenant.fault(kind="lost", method="DELETE", path="*")
    (done,) = tenant.results(tenant.operator, {module: {"email": email(3), **ABSENT}})
    assert done["changed"] and not done["failed"] and done["count"] == HOW_MANY[module] and not any(works())
    assert len(tenant.requests("DELETE")) == 1


def test_what_ends_later_is_told_and_is_no_doubt_without_a_lost_answer(tenant):
    tenant.running.reset(switches={"mfa-policy": "never", "revocation-delay": 60})
    give_two(tenant, SESSION, 3)
    task = {SESSION: {"email": email(3), **ABSENT}}
    done, again = tenant.results(tenant.operator, task, task)
    assert done["changed"] and again["changed"] and not again["failed"]
    tenant.fault(kind="lost", method="DELETE", path="*")
    (lost,) = tenant.results(tenant.operator, task)
    assert lost["failed"] and lost["changed"] and (lost["removed"], lost["count"]) == ([], 0)
    assert "2 of 2 are still listed" in lost["hint"] and "safe to run the task again" in lost["hint"]


@pytest.mark.parametrize("module", HOW_MANY)
def test_who_cannot_be_read_again_is_told(tenant, module):
    give_two(tenant, module, 3)
    tenant.fault(kind="lost", method="DELETE", path="*")
    tenant.fault(
        kind="status", status=403, method="GET", path="*%s*" % ("user-blocks" if module == BLOCK else "users/"), after=1
    )
    (result,) = tenant.results(tenant.operator, {module: {"user_id": tenant.user_id(3), **ABSENT}})
    assert result["failed"] and result["changed"] and "could not be read again" in result["hint"]


SCOPES = {
    SESSION: ("read:sessions", "delete:sessions"),
    TOKEN: ("read:refresh_tokens", "delete:refresh_tokens"),
    BLOCK: ("read:users", "update:users"),
}


@pytest.mark.parametrize("module", SCOPES)
def test_a_missing_scope_is_named(tenant, module):
    give_two(tenant, module, 3)
    user_id = tenant.user_id(3)
    for scopes, missing in (("read:logs", SCOPES[module][0]), (SCOPES[module][0], SCOPES[module][1])):
        token = requests.post(
            tenant.running.url + "/oauth/token",
            json={
                "grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret", "scope": scopes,
                "audience": "https://%s/api/v2/" % tenant.running.domain,
            },
            timeout=10,
        ).json()["access_token"]  # fmt: skip
        options = {"base_url": tenant.running.url, "api_token": token, "user_id": user_id, **ABSENT}
        (result,) = tenant.results({}, {module: options})
        assert result["failed"] and not result["changed"] and result["required_scope"] == missing, result


@pytest.mark.parametrize("module", [SESSION, TOKEN])
def test_a_plan_without_it_is_told(tenant, module):
    tenant.running.reset(switches={"session-management": "off"})
    (result,) = tenant.results(tenant.operator, {module: {"email": email(3), **ABSENT}})
    assert (
        result["failed"] and not result["changed"] and (result["status"], "Enterprise" in result["hint"]) == (403, True)
    )


def test_a_list_of_many_pages_is_read_whole(tenant):
    for _time in range(101):
        refresh_token(tenant, 3)
    tenant.forget_requests()
    (done,) = tenant.results(tenant.operator, {TOKEN: {"email": email(3), **ABSENT}})
    assert done["count"] == 101 and len(tenant.requests("GET", "refresh-tokens")) == 3


# Many users


@pytest.mark.parametrize("module", HOW_MANY)
def test_many_users_end_in_one_task(tenant, module):
    works = [give_two(tenant, module, number) for number in (2, 3)]
    users = [{"email": email(number)} for number in (2, 3, 4)] + [{"email": "nobody@example.com", "source": "line 4"}]
    task = {module: {"users": users, **ABSENT}}
    (checked,) = tenant.results(tenant.operator, {**task, "check_mode": True})
    assert all(all(each()) for each in works)
    done, again = tenant.results(tenant.operator, {**task, "diff": True}, task)
    for result, expected in ((checked, 2), (done, 2), (again, 0)):
        assert result["failed"] and result["counts"] == {
            "changed": expected, "unchanged": 3 - expected, "failed": 1, "not_reached": 0,
        }  # fmt: skip
        assert result["changed"] is bool(expected) and "no user has this e-mail address" in result["users"][3]["msg"]
    assert not any(any(each()) for each in works)
    assert [user["count"] for user in done["users"]] == [HOW_MANY[module]] * 2 + [0, 0]
    assert set(done["users"][0]) == set(done["users"][3])


@pytest.mark.parametrize("module", [*HOW_MANY, BROWSER])
def test_more_than_max_users_are_left_alone(tenant, module):
    for number in (2, 3):
        if module != BROWSER:
            give_two(tenant, module, number)
    tenant.forget_requests()
    users = [{"email": email(number)} for number in (2, 3)]
    (result,) = tenant.results(tenant.operator, {module: {"users": users, "max_users": 1, **ABSENT}})
    assert (
        result["failed"] and not result["changed"] and "2 users have to be changed, but max_users is 1" in result["msg"]
    )
    assert tenant.writes() == []


def test_the_browsers_of_many_users_are_forgotten_in_one_task(tenant):
    users = [{"email": email(number)} for number in (2, 3, 4)]
    task = {BROWSER: {"users": users, **ABSENT}}
    checked, done = tenant.results(tenant.operator, {**task, "check_mode": True}, {**task, "diff": True})
    assert checked["counts"] == done["counts"] and done["counts"]["changed"] == 3 and done["diff"] == []
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 3
    assert "count" not in done["users"][0]


def test_a_lost_answer_is_told_of_its_user_and_the_others_are_done(tenant):
    tenant.fault(kind="lost", method="POST", path="*/invalidate-remember-browser")
    users = [{"email": email(number)} for number in (2, 3, 4)]
    (done,) = tenant.results(tenant.operator, {BROWSER: {"users": users, **ABSENT}})
    assert done["failed"] and done["counts"] == {"changed": 2, "unchanged": 0, "failed": 1, "not_reached": 0}
    (lost,) = [user for user in done["users"] if user["failed"]]
    assert lost["changed"] and "may have been forgotten" in lost["error"]["hint"]
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 3
