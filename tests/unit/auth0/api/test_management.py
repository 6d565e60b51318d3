# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of the Management API: absent is not empty, and a total is held against the rows."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    NotFoundError,
    ServerError,
)

from .answering import Answering

UNDOCUMENTED = "not in the documented format"
ROWS = [{"id": "totp|dev_%d" % number, "type": "totp", "confirmed": True} for number in range(3)]
# What no call of this client may take for an empty list.
ABSENT = [None, {}, {"statusCode": 500}, {"error": "x"}, "", 5, {"authenticators": None, "users": None}]
PAGE = {"authenticators": ROWS, "start": 0, "limit": 100, "total": 3}


def methods(*pages):
    return [row.id for row in Answering(*pages).list_authenticators("auth0|1")]


def test_a_user_without_authenticators_has_an_empty_list_without_a_total():
    assert methods({"authenticators": [], "start": 0, "limit": 100}) == []


def test_pages_are_followed_until_the_total_is_there_although_they_overlap_or_are_short():
    first, second = {**PAGE, "authenticators": ROWS[:2], "limit": 2}, {**PAGE, "authenticators": ROWS[1:]}
    assert methods(first, second) == [row["id"] for row in ROWS]


def test_a_row_that_comes_twice_is_one_row():
    assert methods({**PAGE, "authenticators": [*ROWS, ROWS[0]]}) == [row["id"] for row in ROWS]


@pytest.mark.parametrize(
    "page",
    [
        *ABSENT,
        {"total": 3, "authenticators": []},
        ROWS,
        {**PAGE, "authenticators": ROWS[0]},
        {**PAGE, "authenticators": ROWS[:2]},
        {**PAGE, "total": 2},
        {**PAGE, "total": None},
        {**PAGE, "total": "3"},
        {**PAGE, "total": True, "authenticators": ROWS[:1]},
        {"authenticators": ROWS},
        {**PAGE, "authenticators": [*ROWS[:2], {**ROWS[1], "type": "phone"}], "total": 2},
    ],
)
def test_a_missing_member_is_not_nothing(page):
    with pytest.raises(ServerError, match=UNDOCUMENTED):
        methods(page, {"authenticators": [], "start": 100, "limit": 100})


@pytest.mark.parametrize("value", [5, None, [], {}, True, "", " ", "a b", "..", "totp", "|x", "totp|", "a\nb"])
def test_an_id_is_an_id(value):
    with pytest.raises(ServerError, match=r"authenticators\[0\].id "):
        methods({"authenticators": [{**ROWS[0], "id": value}], "total": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"type": "phone"},
        {"type": "email", "email": None},
        {"type": 5},
        {"type": None},
        {"name": ["x"]},
        {"confirmed": "false"},
        {"confirmed": 0},
        {"phone_number": 5},
        {"link_id": 7},
        {"authentication_methods": {}},
        {"authentication_methods": ["sms"]},
        {"authentication_methods": [{"type": 5}]},
    ],
)
def test_a_row_is_checked_member_by_member(change):
    with pytest.raises(ServerError, match=r"authenticators\[0\]\.(phone_number|%s)" % list(change)[-1]):
        methods({"authenticators": [{**ROWS[0], **change}], "total": 1})


def test_what_nobody_knows_yet_is_let_through():
    new = {**ROWS[0], "type": "hologram", "level": {"of": [3]}, "created_at": {"odd": 1}, "name": None}
    (row,) = Answering({"authenticators": [new], "total": 1, "next": "x"}).list_authenticators("auth0|1")
    assert (row.factor, row.created_at, row.last_used_at) == ("hologram", None, None)


@pytest.mark.parametrize("answer", [*ABSENT, {"users": []}, {"users": [], "length": 3}, {"users": None}])
def test_a_page_of_users_without_members_is_not_a_tenant_without_users(answer):
    with pytest.raises(ServerError, match=UNDOCUMENTED):
        Answering(answer).list_users()


def test_rows_that_name_nobody_are_counted_and_the_others_stay():
    page = Answering({"users": ["x", {"user_id": 5}, {}, {"user_id": "auth0|1"}], "total": 4}).list_users()
    assert (page.users, page.total, page.unnamed) == (({"user_id": "auth0|1"},), 4, 3)


def test_users_are_counted_with_one_row():
    assert Answering({"users": [{"user_id": "auth0|1"}], "total": 250}).count_users() == 250
    assert Answering({"users": [], "length": 0}).count_users() == 0
    for answer in ({"total": 0}, {}, {"total": None}):
        with pytest.raises(ServerError, match="total is"):
            Answering({"users": [{"user_id": "auth0|1"}], **answer}).count_users()


@pytest.mark.parametrize("answer", [None, [], {}, {"id": ""}, {"id": 5}, {"id": "a b"}, {"id": "."}])
def test_a_started_export_has_an_id_or_its_answer_was_lost(answer):
    with pytest.raises(AmbiguousWriteError, match=UNDOCUMENTED) as caught:
        Answering(answer).start_users_export(("user_id",))
    assert "gone in a day" in caught.value.hint
    assert Answering({"id": "job_1", "status": "pending"}).start_users_export(("user_id",)) == "job_1"


def test_a_lost_start_of_an_export_says_what_may_have_happened():
    with pytest.raises(AmbiguousWriteError, match="lost") as caught:
        Answering(AmbiguousWriteError("lost", hint="Check the user.")).start_users_export(("user_id",))
    assert "gone in a day" in caught.value.hint


JOB = {"id": "job_1", "status": "completed", "location": "https://files.example.com/?s=canary", "percentage_done": 100}


def test_a_completed_job_has_a_link():
    job = Answering(JOB).users_export("job_1")
    assert (job.status, job.location, job.percentage_done) == ("completed", JOB["location"], 100)
    assert "canary" not in repr(job)


@pytest.mark.parametrize("status", ["pending", "processing", "hologram"])
def test_a_job_that_runs_has_none_whatever_it_says(status):
    job = Answering({**JOB, "status": status, "percentage_done": "half"}).users_export("job_1")
    assert (job.status, job.location, job.percentage_done) == (status, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"location": None},
        {"location": ""},
        {"location": 5},
        {"status": None},
        {"status": 5},
        {"id": "job_2"},
        {"id": None},
    ],
)
def test_a_job_that_is_not_as_documented_is_an_error(change):
    with pytest.raises(ServerError, match=UNDOCUMENTED):
        Answering({**JOB, **change}).users_export("job_1")


def test_a_failed_job_says_why_on_one_line():
    job = Answering({"id": "job_1", "status": "failed", "status_details": "no\nroom"}).users_export("job_1")
    assert (job.status, job.details) == ("failed", "no room")


def test_more_users_than_there_are_is_not_believed():
    users = [{"user_id": "auth0|%d" % number} for number in (1, 2, 2)]
    assert Answering({"users": users, "total": 2}).list_users().total == 2
    with pytest.raises(ServerError, match="total is 1, but users has 2 different ones"):
        Answering({"users": users, "total": 1}).list_users()


def test_a_length_that_is_not_told_contradicts_nothing():
    assert Answering({"users": [{"user_id": "auth0|1"}], "total": 1, "length": None}).list_users().total == 1


@pytest.mark.parametrize("answer", [*ABSENT, [{}], [{"user_id": None}], [{"user_id": "auth0|1"}, {}]])
def test_nobody_has_an_address_only_where_auth0_says_so(answer):
    with pytest.raises(ServerError, match=UNDOCUMENTED):
        Answering(answer).find_user_id("me@example.com")
    with pytest.raises(NotFoundError, match="no user has this e-mail address"):
        Answering([]).find_user_id("me@example.com")


READS = {"factors": [], "message_types": [], "policy": None}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("answer", [*ABSENT, [5], {"message_types": ["sms", 5]}, [{"name": "otp"}], ["a", "b"]])
def test_a_setting_that_is_not_told_is_not_off(read, answer):
    with pytest.raises(ServerError, match=UNDOCUMENTED):
        getattr(GuardianApi(Answering(answer)), read)()


def test_every_tenant_has_factors():
    with pytest.raises(ServerError, match="is empty"):
        GuardianApi(Answering([])).factors()


WRITES = {
    "create": lambda api: api.create_authenticator("auth0|1", {"type": "email", "email": "a@example.com"}),
    "update": lambda api: api.update_authenticator("auth0|1", "totp|dev_1", {"name": "x"}),
    "delete": lambda api: api.delete_authenticator("auth0|1", "totp|dev_1"),
    "delete all": lambda api: api.delete_all_authenticators("auth0|1"),
    "regenerate": lambda api: api.regenerate_recovery_code("auth0|1"),
    "set factor": lambda api: GuardianApi(api).set_factor("otp", True),
    "set message types": lambda api: GuardianApi(api).set_message_types(("sms",)),
    "set policy": lambda api: GuardianApi(api).set_policy("never"),
    "ticket": lambda api: GuardianApi(api).create_ticket("auth0|1", {}),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("answer", [{"statusCode": 500}, {"error": "x"}, ["x"], 5, {"enabled": 1, "recovery_code": 5}])
def test_a_write_whose_answer_says_something_else_may_have_been_carried_out(write, answer):
    with pytest.raises(AmbiguousWriteError, match=UNDOCUMENTED) as caught:
        WRITES[write](Answering(answer))
    assert caught.value.hint
