# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's log: its entries, both ways of reading it, retention."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.emulator.actions import routes as actions
from tests.emulator.guardian import routes as guardian
from tests.emulator.management import (
    access,
    authentication_methods,
    identities,
    jobs,
    logs,
    organizations,
    users,
)
from tests.emulator.state import event_log
from tests.emulator.state.event_log import EventLog, event_fields
from tests.emulator.users.models import User
from tests.emulator.users.times import DAY

NOW = 1_700_000_000_000


def write_user(api, count=1):
    user_id = quote(api.user_id(1))
    for number in range(count):
        assert api.manage("PATCH", f"/users/{user_id}", json={"nickname": f"n{number}"}).status_code == 200


def ids(answer):
    return [entry["log_id"] for entry in answer.json()]


def next_link(answer):
    return re.fullmatch(r'<https://tenant\.test(/api/v2/logs\?[^>]+)>; rel="next"', answer.headers["link"])[1]


def test_every_write_of_the_management_api_has_a_description():
    modules = (users, identities, organizations, authentication_methods, access, guardian, jobs, actions, logs)
    routes = [route for module in modules for route in module.ROUTES]
    writes = {(route.method, route.pattern) for route in routes if route.method != "GET"}
    assert writes == logs.WRITES.keys()


def test_a_write_leaves_an_entry_without_secrets(api):
    body = {
        "connection": "Username-Password-Authentication",
        "email": "new@example.com",
        "password": "Very-Secret-9",
    }
    created = api.manage("POST", "/users", json=body, headers={"user-agent": "probe/1"}).json()
    newest, older, token = api.manage("GET", "/logs").json()
    assert (token["type"], token["audience"]) == ("seccft", api.management_audience)
    assert newest["details"]["request"]["auth"]["credentials"]["scopes"] == token["scope"].split()
    assert (newest["type"], newest["description"], newest["client_id"]) == ("sapi", "Create a User", "m2m")
    request = newest["details"]["request"]
    assert (request["method"], request["path"], request["userAgent"]) == ("post", "/api/v2/users", "probe/1")
    assert request["body"] == {**body, "password": "*****"}
    assert newest["details"]["response"] == {"body": created, "statusCode": 201}
    assert (older["type"], older["user_id"]) == ("ss", created["user_id"])
    assert older["details"]["body"]["password"] == "*****"


def test_neither_recovery_codes_nor_otp_secrets_are_logged(api):
    code = api.manage("POST", f"/users/{quote(api.user_id(4))}/recovery-code-regeneration").json()["recovery_code"]
    secret = "HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF"
    api.manage("POST", api.methods_path(1), json={"type": "totp", "totp_secret": secret})
    text = api.manage("GET", "/logs").text
    assert "recovery-code-regeneration" in text and code not in text and secret not in text


def test_refused_writes_and_reads_leave_no_entry(api):
    api.manage("PATCH", "/users/nobody", json={})
    api.manage("GET", "/users")
    assert [entry["type"] for entry in api.manage("GET", "/logs").json()] == ["seccft"]


@pytest.mark.parametrize(
    "method, path, body, code",
    [
        pytest.param("DELETE", "/users/{id}", None, "sdu", id="user deleted"),
        pytest.param("PUT", "/guardian/factors/duo", {"enabled": True}, "gd_tenant_update", id="factor enabled"),
        pytest.param("PUT", "/guardian/policies", [], "gd_tenant_update", id="policies set"),
        pytest.param("DELETE", "/users/{id}/authenticators", None, "gd_unenroll", id="authenticators deleted"),
    ],
)
def test_other_entries_of_management_writes(api, method, path, body, code):
    api.manage(method, path.replace("{id}", quote(api.user_id(2))), json=body)
    assert {entry["type"] for entry in api.manage("GET", "/logs").json()} == {code, "sapi", "seccft"}


def test_entries_of_a_login_name_user_and_authenticator(api):
    mfa_token = api.mfa_token(2)
    api.verify("otp", mfa_token, otp=api.otp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
    (entry,) = api.manage("GET", "/logs", params={"q": "type:gd_auth_succeed"}).json()
    assert entry["user_id"] == api.user_id(2)
    assert entry["details"]["authenticator"]["id"] == api.methods(2)[0]["id"]


def test_the_entry_of_a_removal_names_the_enrollment(api):
    suffix = next(item["id"] for item in api.methods(3)).partition("|")[2]
    api.manage("DELETE", f"/guardian/enrollments/{suffix}")
    (entry,) = api.manage("GET", "/logs", params={"q": "type:gd_unenroll"}).json()
    assert entry["details"]["enrollment"] == {"_id": suffix, "user_id": api.user_id(3)}
    assert entry["details"]["authenticator"]["phone_number"] == "+15005550103"


# Checkpoint mode


def test_checkpoint_mode_ascends_from_the_next_entry(api):
    token = api.management_token()
    write_user(api, 5)
    newest_first = ids(api.manage("GET", "/logs"))
    assert newest_first == sorted(newest_first, reverse=True)
    answer = api.manage("GET", "/logs", params={"from": newest_first[-1], "take": 2})
    assert ids(answer) == newest_first[-2:-4:-1]
    seen = ids(answer)
    while page := ids(answer := api.call("GET", next_link(answer), token)):
        seen += page
    assert seen == newest_first[-2::-1]


def test_an_empty_page_links_to_itself_and_continues_later(api):
    token = api.management_token()
    write_user(api)
    last, *_older = ids(api.manage("GET", "/logs"))
    answer = api.manage("GET", "/logs", params={"from": last})
    assert answer.json() == []
    assert next_link(answer) == f"/api/v2/logs?from={last}&take=50"
    write_user(api)
    assert len(api.call("GET", next_link(answer), token).json()) == 1


def test_checkpoint_mode_ignores_all_other_parameters(api):
    write_user(api, 3)
    first = ids(api.manage("GET", "/logs"))[-1]
    ignored = {"q": "type:fn", "page": "x", "sort": "nonsense", "include_totals": "true", "fields": "type"}
    plain = api.manage("GET", "/logs", params={"from": first}).json()
    assert api.manage("GET", "/logs", params={"from": first, **ignored}).json() == plain
    assert len(plain) == 3


def test_at_most_100_entries_are_taken(api):
    assert api.manage("GET", "/logs", params={"from": "x", "take": 101}).status_code == 400


# Search


def test_search_by_type_user_and_date(api):
    write_user(api, 2)
    api.advance(3600)
    api.manage("DELETE", f"/users/{quote(api.user_id(2))}")
    middle = api.manage("GET", "/logs", params={"q": "type:sdu"}).json()[0]["date"]
    for query, count in [
        ("type:sapi", 3),
        ("type:sapi AND date:{* TO %s}" % middle, 2),
        ("date:[%s TO *]" % middle, 2),
        ('user_id:"auth0|nobody"', 0),
        ("description:Update*", 2),
        ("nickname:n1", 0),
    ]:
        assert len(api.manage("GET", "/logs", params={"q": query}).json()) == count, query


def test_search_pages_sorts_and_counts(api):
    write_user(api, 5)
    ascending = ids(api.manage("GET", "/logs", params={"sort": "date:1"}))
    assert ascending == sorted(ascending)
    page = api.manage("GET", "/logs", params={"page": 1, "per_page": 2, "include_totals": "true", "sort": "date:1"})
    body = page.json()
    assert [entry["log_id"] for entry in body["logs"]] == ascending[2:4]
    assert {name: body[name] for name in ("start", "limit", "length", "total")} == {
        "start": 2,
        "limit": 2,
        "length": 2,
        "total": 6,  # with the token's own entry
    }


def test_search_can_select_fields(api):
    write_user(api)
    assert api.manage("GET", "/logs", params={"fields": "type"}).json() == [{"type": "sapi"}, {"type": "seccft"}]


@pytest.mark.parametrize(
    "params, code",
    [
        pytest.param({"page": 10, "per_page": 100}, "invalid_paging", id="beyond 1000 entries"),
        pytest.param({"q": "type:"}, "invalid_query_string", id="malformed query"),
        pytest.param({"sort": "type:1"}, "invalid_query_string", id="malformed sort"),
        pytest.param({"per_page": 101}, "invalid_query_string", id="page too large"),
    ],
)
def test_searches_that_are_refused(api, params, code):
    answer = api.manage("GET", "/logs", params=params)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_one_entry_by_id_and_one_users_entries(api):
    api.manage("DELETE", f"/users/{quote(api.user_id(2))}/authenticators")
    user_id = api.user_id(2)
    mine = api.manage("GET", f"/users/{quote(user_id)}/logs").json()
    assert [entry["type"] for entry in mine] == ["gd_unenroll"]
    assert api.manage("GET", f"/logs/{mine[0]['log_id']}").json() == mine[0]
    assert api.manage("GET", "/users/nobody/logs").json() == []
    assert api.manage("GET", "/logs/nothing").status_code == 404


# Retention


def fields():
    return event_fields("ss", User({"user_id": "auth0|1"}, "Username-Password-Authentication"), None, None, "", None)


@pytest.mark.parametrize("plan, days", [("free", 1), ("essentials", 5), ("professional", 10), ("enterprise", 30)])
def test_the_plan_decides_how_long_entries_are_stored(plan, days):
    log = EventLog(plan)
    log.write(NOW, **fields())
    log.write(NOW + 1, **fields())
    first, second = log.entries(NOW + days * DAY - 1)
    assert log.entries(NOW + days * DAY) == [second]
    assert log.find(first["log_id"], NOW) is None
    assert log.after(first["log_id"], 10, NOW) == [second]


def test_ids_ascend_when_the_clock_is_set_back():
    log = EventLog("free")
    for moment in (NOW, NOW - DAY, NOW + 1):
        log.write(moment, **fields())
    entries = log.entries(NOW)
    assert [entry["log_id"] for entry in entries] == sorted(entry["log_id"] for entry in entries)
    assert [entry["date"][:10] for entry in entries] == ["2023-11-14", "2023-11-13", "2023-11-14"]


def test_the_log_has_a_largest_size(monkeypatch):
    monkeypatch.setattr(event_log, "MOST_ENTRIES", 20)
    log = EventLog("free")
    for moment in range(50):
        log.write(NOW + moment, **fields())
    assert len(log.entries(NOW)) <= 20
