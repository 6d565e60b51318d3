# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator_info against the embedded tenant."""

from __future__ import annotations

import gzip
import itertools
import json
from datetime import datetime, timedelta

import pytest

from tests.emulator.launch import start

from .conftest import email

pytestmark = [pytest.mark.run_by("module"), pytest.mark.realistic]

INFO = "mfaops.auth0.auth0_mfa_authenticator_info"


def ids(result: dict) -> list[str]:
    return [row["id"] for row in result["authenticators"]]


def test_the_tenant_of_this_file_is_as_a_real_one(tenant):
    switches = tenant.running.control("GET", "switches")
    assert (switches["log-delay"], switches["compression"], switches["method-order"]) == ("5", "on", "shuffled")


def test_operator_sees_a_phone_once_with_its_dates(tenant):
    by_email, by_id = tenant.results(
        tenant.operator, {INFO: {"email": email(3)}}, {INFO: {"user_id": tenant.user_id(3)}}
    )
    assert by_email["authenticators"] == by_id["authenticators"]
    (phone,) = by_email["authenticators"]
    assert phone["id"].startswith("phone|dev_")
    assert (phone["factor"], phone["view"], phone["confirmed"]) == ("phone", "management", True)
    assert phone["channels"] == ["sms", "voice"]
    assert phone["phone_number"] == "XXXXXXXX0103"
    assert phone["enrolled_at"] < phone["last_auth_at"]
    assert by_email["user_id"] == tenant.user_id(3)
    assert by_email["changed"] is False


def test_the_user_sees_the_same_phone_as_two_rows_that_are_twins(tenant):
    (result,) = tenant.results(tenant.user(3), {INFO: {"factor": "phone"}})
    sms, voice = result["authenticators"]
    assert (sms["channels"], voice["channels"]) == (["sms"], ["voice"])
    assert sms["twin_ids"] == [voice["id"]] and voice["twin_ids"] == [sms["id"]]
    assert sms["view"] == "mfa" and sms["last_auth_at"] is None
    assert result["user_id"] is None


def test_unconfirmed_enrollments_are_listed_on_request_only(tenant):
    plain, all_of_them = tenant.results(tenant.user(6), {INFO: {}}, {INFO: {"include_unconfirmed": True}})
    assert not [row for row in plain["authenticators"] if row["factor"] == "otp"]
    assert [row["confirmed"] for row in all_of_them["authenticators"] if row["factor"] == "otp"] == [False]


def test_factor_and_channel_filters(tenant):
    otp, sms, none = tenant.results(
        tenant.operator,
        {INFO: {"email": email(9), "factor": "otp"}},
        {INFO: {"email": email(9), "factor": "sms"}},
        {INFO: {"email": email(9), "factor": "push"}},
    )
    assert [row["factor"] for row in otp["authenticators"]] == ["otp"]
    assert [row["factor"] for row in sms["authenticators"]] == ["phone"]
    assert none["authenticators"] == [] and not none["failed"]


def test_push_and_its_otp_are_twins_for_the_operator(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"email": email(4)}})
    twins = {row["factor"]: row["twin_ids"] for row in result["authenticators"]}
    rows = {row["factor"]: row["id"] for row in result["authenticators"]}
    assert twins["push"] == [rows["otp"]] and twins["otp"] == [rows["push"]]


def test_ids_with_slash_plus_and_pipe_reach_their_user(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"user_id": "oauth2|name|a/b+c"}})
    assert [row["factor"] for row in result["authenticators"]] == ["phone"]


def test_one_request_per_user_and_no_write_in_any_mode(tenant):
    user_id = tenant.user_id(2)
    tenant.forget_requests()
    checked, done = tenant.results(
        {**tenant.operator}, {INFO: {"user_id": user_id}, "check_mode": True}, {INFO: {"user_id": user_id}}
    )
    assert ids(checked) == ids(done)
    assert len(tenant.requests("GET")) == 2
    assert tenant.writes() == []


def test_two_users_with_one_address_are_listed_by_id(tenant):
    other = {"connection": "email", "email": email(3)}
    created = tenant.management("POST", "/users", other)
    (result,) = tenant.results(tenant.operator, {INFO: {"email": email(3)}})
    assert result["failed"]
    assert created["user_id"] in result["msg"] and tenant.user_id(3) in result["msg"]


@pytest.mark.run_by("ansible-playbook")
def test_a_tenant_behind_tls_is_reached_with_ca_path_only(tenant):
    with start(users=5, tls=True) as secure:
        operator = {"auth0_domain": secure.domain, "client_id": "m2m", "client_secret": "m2m-secret", "email": email(3)}
        user = {**tenant.user(3), "auth0_domain": secure.domain}
        del user["base_url"]
        refused, as_operator, as_user = tenant.results(
            {},
            {INFO: operator},
            {INFO: {**operator, "ca_path": secure.ca_file}},
            {INFO: {**user, "ca_path": secure.ca_file}},
        )
    assert refused["failed"] and "its certificate is not trusted" in refused["msg"] and "ca_path" in refused["msg"]
    assert len(as_operator["authenticators"]) == 1 and len(as_user["authenticators"]) >= 2


def test_many_users_in_one_task_each_with_a_result_of_their_own(tenant):
    gone = "auth0|0123456789abcdef01234567"
    named = [tenant.user_id(3), gone, tenant.user_id(1)]
    tenant.forget_requests()
    (result,) = tenant.results(tenant.operator, {INFO: {"user_ids": named, "emails": [email(4), "nobody@example.com"]}})
    assert not result["failed"] and result["changed"] is False and result["unread"] == 2
    assert [user["user_id"] for user in result["users"]] == [*named, tenant.user_id(4), None]
    assert [None if user["error"] else len(user["authenticators"]) for user in result["users"]] == [1, None, 0, 3, None]
    assert result["users"][1]["authenticators"] is None
    assert result["users"][1]["error"]["error_code"] == "inexistent_user"
    assert "no user has this e-mail address" in result["users"][4]["error"]["msg"]
    assert "2 of 5 users could not be read" in result["warnings"][0]
    assert len(tenant.requests("POST", "/oauth/token")) - 1 <= 1


def test_a_search_reads_all_of_its_matches_with_one_request_each(tenant):
    tenant.forget_requests()
    everyone, some, none = tenant.results(
        tenant.operator,
        {INFO: {"query": "*"}},
        {INFO: {"query": 'email:"%s" OR email:"%s"' % (email(3), email(9))}},
        {INFO: {"query": 'email:"nobody@example.com"'}},
    )
    assert [len(result["users"]) for result in (everyone, some, none)] == [20, 2, 0]
    assert {user["email"] for user in some["users"]} == {email(3), email(9)}
    assert none["unread"] == 0 and not none["failed"]
    assert len(tenant.requests("GET", "/authentication-methods")) == 22


@pytest.fixture
def full(tenant):
    """The tenant with more users than a page of a search has, which takes its time to answer."""
    switches = {"latency-ms": "50"}
    tenant.running.control("POST", "reset", {"users": 130, "plan": "unlimited", "switches": switches})
    return tenant


def test_users_are_read_side_by_side_and_told_in_order(full):
    (one_by_one,) = full.results(full.operator, {INFO: {"query": "*"}})
    slow, *_others = [user["user_id"] for user in one_by_one["users"]]
    methods = "/authentication-methods"
    full.fault(kind="slow", path="/api/v2/users/%s%s" % (slow, methods), seconds=2)
    full.forget_requests()
    (result,) = full.results(full.operator, {INFO: {"query": "*"}})
    assert len(result["users"]) == 130 and result["users"] == one_by_one["users"]
    # The answer to the first user came after two seconds. By then there was more than one other.
    sent = {entry["path"]: datetime.fromisoformat(entry["time"]) for entry in full.requests("GET", methods)}
    (first,) = [moment for path, moment in sent.items() if slow.partition("|")[2] in path]
    assert len(sent) == 130 and sum(moment < first + timedelta(seconds=2) for moment in sent.values()) > 10


def test_a_token_that_expires_while_many_read_is_renewed_once(full):
    full.fault(kind="expire-token", path="/api/v2/users/*/authentication-methods", after=40)
    full.forget_requests()
    (result,) = full.results(full.operator, {INFO: {"query": "*"}})
    assert not result["failed"] and result["unread"] == 0 and len(result["users"]) == 130
    assert len(full.requests("POST", "/oauth/token")) == 2
    refused = [entry for entry in full.requests("GET", "/authentication-methods") if entry["status"] == 401]
    assert 1 <= len(refused) <= 32


def test_ages_are_counted_back_from_the_time_of_the_tenant(tenant):
    used = datetime.fromisoformat(max(method["last_auth_at"] for method in tenant.methods(3)))
    tenant.running.control("PUT", "clock", {"now": (used + timedelta(days=10)).isoformat()})
    by_token = {"base_url": tenant.running.url, "api_token": tenant.operator_token()}
    for access, named in itertools.product(
        [tenant.operator, by_token], [{"user_id": tenant.user_id(3)}, {"user_ids": [tenant.user_id(3)]}]
    ):
        tasks = [{INFO: {**named, "last_used_before": age}} for age in ("9d", "11d")]
        found = [len(user["authenticators"]) for result in tenant.results(access, *tasks) for user in result["users"]]
        assert found == [1, 0], named


def test_filters_leave_rows_out_and_no_users(tenant):
    users = {"user_ids": [tenant.user_id(number) for number in (2, 6, 9)]}
    filters = [
        {"factor": "otp"},
        {"last_used_before": "0s"},
        {"last_used_before": "36500d"},
        {"last_used_after": "36500d"},
        {"created_after": "2000-01-01"},
        {"created_before": "2000-01-01"},
        {"confirmed": False},
    ]
    results = tenant.results(tenant.operator, *[{INFO: {**users, **each}} for each in filters])
    counts = [[len(user["authenticators"]) for user in result["users"]] for result in results]
    everything = [len(tenant.methods(number)) for number in (2, 6, 9)]
    nothing = [0, 0, 0]
    assert counts == [[1, 0, 1], everything, nothing, everything, everything, nothing, nothing]


def test_what_ends_the_reading_fails_the_task_and_keeps_what_was_read(full):
    pages = [full.management("GET", "/users?per_page=60&page=%d" % page) for page in (0, 1)]
    named = [user["user_id"] for page in pages for user in page]
    lost = "/api/v2/users/%s/authentication-methods" % named[100]
    full.fault(kind="status", status=429, path=lost, count=99, headers={"retry-after": "30"})
    (result,) = full.results({**full.operator, "max_wait": 1}, {INFO: {"user_ids": named}})
    assert result["failed"] and result["changed"] is False
    read = [user["error"] is None for user in result["users"]]
    assert [user["user_id"] for user in result["users"]] == named and result["unread"] == read.count(False)
    # Not more than 64 are begun before their turn.
    assert all(read[:36]) and not any(read[100:])


@pytest.mark.parametrize(
    "options, says",
    [
        ({"user_ids": ["auth0|1", ".."]}, "user_ids '..' is not an ID"),
        ({"emails": ["nobody"]}, "emails 'nobody' is not an e-mail address"),
        ({"query": " "}, "query is empty"),
        ({"query": "*", "user_ids": ["auth0|1"]}, "mutually exclusive"),
        ({"email": "a@example.com", "emails": ["b@example.com"]}, "mutually exclusive"),
        ({"query": "*", "created_before": "yesterday"}, "neither an age nor a date"),
        ({"query": "*", "progress_every": 0}, "progress_every is 0, but must be at least 1"),
        ({"query": "*", "progress_path": "/no/such/folder/x"}, "progress_path '/no/such/folder/x' cannot be written"),
        ({"query": "*", "username": "a", "password": "b"}, "mutually exclusive"),
        ({"username": "a", "password": "b", "created_before": "1d"}, "shows no dates"),
    ],
    ids=[
        "user_ids with ..",
        "emails without @",
        "empty query",
        "query and user_ids",
        "email and emails",
        "created_before that is no date",
        "progress_every 0",
        "progress_path in no directory",
        "query as the user",
        "dates as the user",
    ],
)
def test_bad_input_is_refused_before_any_request(tenant, options, says):
    tenant.forget_requests()
    (result,) = tenant.results(tenant.operator, {INFO: options})
    assert result["failed"] and says in result["msg"]
    assert tenant.requests() == []


def test_no_users_is_no_error(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"user_ids": [], "emails": []}})
    assert (result["users"], result["unread"], result["failed"]) == ([], 0, False)


@pytest.mark.oldest
@pytest.mark.run_by("ansible-playbook")
def test_progress_is_printed_while_the_task_runs(tenant):
    path = tenant.folder / "progress"
    tasks = [
        {INFO: {"query": "*", "progress_every": 8}, "name": "Read everyone"},
        {INFO: {"query": "*", "progress_every": 8, "progress_path": str(path)}},
    ]
    quiet = tenant.play(tenant.operator, tasks[0])
    told = tenant.play(tenant.operator, *tasks, options=("-v",))
    assert "Read everyone: " not in quiet.output
    lines = [line for line in told.output.splitlines() if line.startswith("localhost: Read everyone: ")]
    assert [line.split(",")[0] for line in lines] == [
        "localhost: Read everyone: %d of 20 users" % users for users in (8, 16)
    ]
    # Printed before the result, so while the task ran.
    assert told.output.index(lines[-1]) < told.output.index('"users"')
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["8 of 20 users", "16 of 20 users"]


@pytest.mark.oldest
@pytest.mark.run_by("ansible-playbook")
def test_a_long_reading_can_run_in_the_background(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"query": "*"}, "async": 60, "poll": 1})
    assert not result["failed"] and len(result["users"]) == 20


def test_a_summary_has_each_user_in_one_row(tenant):
    options = {**tenant.operator, "summary": True}
    tenant.forget_requests()
    (everybody,) = tenant.results(options, {INFO: {"query": "*"}})
    rows = {row["email"]: row for row in (user["summary"] for user in everybody["users"])}
    assert len(rows) == len(everybody["users"]) == 20
    assert len(tenant.requests("GET", "/authentication-methods")) == 20 and len(tenant.requests("GET")) <= 23
    for user in everybody["users"]:
        row, seconds = user["summary"], [each for each in user["authenticators"] if each["second_factor"]]
        assert row["second_factor"] == bool(seconds) and row["factors"] == sorted({each["factor"] for each in seconds})
        assert (row["protection"] in ("strong", "weak")) == row["second_factor"] and row["error"] is None
        assert row["user_id"] == user["user_id"] and row["connection"] == row["identities"][0]["connection"]
    assert rows[email(1)]["protection"] == "none" and not rows[email(1)]["second_factor"]
    # A filter does not make a user look unprotected.
    by_name, by_id, one = tenant.results(
        options,
        {INFO: {"emails": [email(2), email(3)], "factor": "duo"}},
        {INFO: {"user_ids": [tenant.user_id(2), "auth0|nobody"], "factor": "duo"}},
        {INFO: {"email": email(2)}},
    )
    assert [user["summary"] for user in by_name["users"]] == [rows[email(2)], rows[email(3)]]
    assert by_id["users"][0]["summary"] == one["users"][0]["summary"] == rows[email(2)]
    nobody = by_id["users"][1]
    assert nobody["summary"]["error"] == nobody["error"]["msg"] and nobody["summary"]["protection"] == "unknown"
    assert nobody["summary"]["second_factor"] is None and nobody["authenticators"] is None


def test_the_protection_of_a_summary_is_that_of_an_audit(tenant):
    audit, summary = tenant.results(
        tenant.operator,
        {"mfaops.auth0.auth0_mfa_audit": {"folder": str(tenant.folder / "audit")}},
        {INFO: {"query": "*", "summary": True}},
    )
    with gzip.open(audit["files"]["users.jsonl.gz"], "rt") as lines:
        audited = {row["user_id"]: row["protection"] for row in map(json.loads, lines)}
    assert {user["user_id"]: user["summary"]["protection"] for user in summary["users"]} == audited


def test_the_user_sees_no_summary(tenant):
    (refused,) = tenant.results(tenant.user(1), {INFO: {"summary": True}})
    assert refused["failed"] and "remove summary" in refused["msg"]
