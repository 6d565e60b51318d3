# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change of many users at once, and of the plan, by the control address."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from urllib.parse import quote, urlsplit

import pytest

from tests.emulator.users.seed import Population
from tests.emulator.users.store import UserStore


def log_in(api, every):
    return api.call("POST", "/_control/logins", json={"every": every}).json()["users"]


def last_logins(api):
    """By number, what the search, each user's own address and an export say; all have to say the same."""
    names = ("email", "last_login", "logins_count")
    found = api.manage("GET", "/users", params={"per_page": 100}).json()
    single = [api.manage("GET", f"/users/{quote(user['user_id'], safe='')}").json() for user in found]
    job = api.manage("POST", "/jobs/users-exports", json={"fields": [{"name": name} for name in names]}).json()["id"]
    link = urlsplit(api.manage("GET", f"/jobs/{job}").json()["location"])
    exported = gzip.decompress(api.call("GET", f"{link.path}?{link.query}").content).splitlines()
    said = [
        [tuple(user.get(name) for name in names) for user in users]
        for users in (found, single, map(json.loads, exported))
    ]
    assert said[0] == said[1] == said[2]
    return {int(email[4:9]): (moment, count or 0) for email, moment, count in said[0]}


@pytest.fixture
def exporting(make_api):
    return make_api({"export-seconds": 0})


def test_every_so_manyth_user_has_logged_in_just_now(exporting):
    api = exporting
    deleted = quote(api.user_id(21), safe="")
    api.manage("DELETE", f"/users/{deleted}")
    before = last_logins(api)
    began = api.now().isoformat(timespec="milliseconds")[:-6] + "Z"
    assert log_in(api, 7) == 2
    after = last_logins(api)
    assert {number for number in after if after[number] != before[number]} == {7, 14}
    assert all(after[number][0] >= began and after[number][1] == before[number][1] + 1 for number in (7, 14))
    api.advance(60)
    assert log_in(api, 14) == 1
    assert last_logins(api)[14][0] > after[14][0] and last_logins(api)[7] == after[7]


def test_a_user_who_was_changed_before_has_logged_in_too_and_stays_changed(exporting):
    api = exporting
    user_id = quote(api.user_id(14), safe="")
    api.manage("PATCH", f"/users/{user_id}", json={"name": "Other"})
    before = last_logins(api)
    assert log_in(api, 14) == 1
    assert last_logins(api)[14][1] == before[14][1] + 1
    assert api.manage("GET", f"/users/{user_id}").json()["name"] == "Other"


def test_logins_of_a_million_users_need_no_memory():
    store = UserStore(Population(7, 1_000_000, 1_790_000_000_000, ("sms",)))
    tracemalloc.start()
    assert store.log_in(2, 1_790_000_000_000) == 500_000
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 10_000
    assert store.find(store.population.user_id(999_998)).profile["last_login"] == "2026-09-21T14:13:20.000Z"


def test_new_users_are_listed_log_in_and_every_second_one_has_an_otp_app(make_api):
    api = make_api({"mfa-policy": "never"}, users=2)
    answers = [api.call("POST", "/_control/users/create", json={"count": count}).json() for count in (3, 1)]
    assert answers == [
        {"users": 3, "first": "new00001@example.com", "last": "new00003@example.com"},
        {"users": 1, "first": "new00004@example.com", "last": "new00004@example.com"},
    ]
    users = api.manage("GET", "/users", params={"sort": "created_at:-1"}).json()
    new = {user["email"]: user for user in users if user["email"].startswith("new")}
    assert len(new) == 4 and len({user["user_id"] for user in new.values()}) == 4
    types = {
        email: [
            method["type"]
            for method in api.manage("GET", f"/users/{quote(user['user_id'])}/authentication-methods").json()
        ]
        for email, user in sorted(new.items())
    }
    assert list(types.values()) == [[], ["totp"], [], ["totp"]]
    assert api.login(1, username="new00001@example.com").status_code == 200


def test_the_plan_changes_at_once_and_the_buckets_begin_anew(make_api):
    api = make_api(plan="free")
    api.hold_limits()
    token = api.management_token()
    statuses = [api.call("GET", "/api/v2/users", token).status_code for _request in range(3)]
    assert statuses == [200, 200, 429]
    assert api.call("PUT", "/_control/plan", json={"plan": "enterprise"}).json() == {"plan": "enterprise"}
    answer = api.call("GET", "/api/v2/users", token)
    assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (200, "50")
    assert answer.headers["x-ratelimit-remaining"] == "49"


def test_a_reset_undoes_all_of_it(make_api):
    api = make_api({"export-seconds": 0}, plan="free", users=25)
    api.call("PUT", "/_control/plan", json={"plan": "unlimited"})
    before = last_logins(api)
    log_in(api, 1)
    api.call("POST", "/_control/users/create", json={"count": 2})
    api.call("POST", "/_control/reset")
    assert {row["limit"] for row in api.call("GET", "/_control/rates").json() if row["api"] == "management"} == {2}
    api.call("PUT", "/_control/plan", json={"plan": "unlimited"})
    api._management_token = None
    after = last_logins(api)
    assert {number: count for number, (_moment, count) in after.items()} == {
        number: count for number, (_moment, count) in before.items()
    }
    answer = api.call("POST", "/_control/users/create", json={"count": 1}).json()
    assert answer["first"] == "new00001@example.com"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "plan", {"plan": "golden"}),
        ("PUT", "plan", None),
        ("POST", "logins", {"every": 0}),
        ("POST", "logins", {"every": 2, "count": 1}),
        ("POST", "users/create", {"count": 10_001}),
        ("POST", "users/create", []),
    ],
)
def test_a_wrong_request_says_what_is_expected(api, method, path, body):
    answer = api.call(method, f"/_control/{path}", json=body)
    assert answer.status_code == 400 and "expected an object with" in answer.json()["error"]
