# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports of users: the job's life, the link, and the file."""

from __future__ import annotations

import csv
import gzip
import io
import json
from urllib.parse import quote, urlsplit

import pytest

from tests.emulator.management.exports import lines, rows as exported_rows
from tests.emulator.state.jobs import Job
from tests.emulator.users.models import User

DATABASE = "con_0000000000000001"


def start(api, **body):
    answer = api.manage("POST", "/jobs/users-exports", json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    return f"/jobs/{answer.json()['id']}"


def fetch(api, job):
    location = urlsplit(api.manage("GET", job).json()["location"])
    return api.call("GET", f"{location.path}?{location.query}")


def export(api, **body):
    job = start(api, **body)
    api.advance(2)
    answer = fetch(api, job)
    assert answer.headers["content-type"] == "application/gzip"
    return gzip.decompress(answer.content).decode()


def fields(*names):
    return [{"name": name} for name in names]


def rows(api, **body):
    return [json.loads(line) for line in export(api, **body).splitlines()]


def job_of(file_format, *names):
    return Job("job_1", 0, None, file_format, None, tuple((name, name) for name in names))


def written(job, user):
    return list(lines(job, exported_rows(job, [user])))


def test_a_job_follows_the_tenants_clock(make_api):
    api = make_api({"export-seconds": 600})
    job = start(api)
    seen = []
    for _step in range(3):
        answer = api.manage("GET", job).json()
        seen.append((answer["status"], "location" in answer))
        assert api.manage("GET", f"{job}/errors").status_code == 204
        api.advance(300)
    assert seen == [("pending", False), ("processing", False), ("completed", True)]


def test_a_failed_job_has_errors_and_no_file(make_api):
    api = make_api({"export-outcome": "failed"})
    job = start(api)
    api.advance(2)
    answer = api.manage("GET", job).json()
    assert (answer["status"], "location" in answer) == ("failed", False)
    errors = api.manage("GET", f"{job}/errors")
    assert (errors.status_code, errors.json()["id"]) == (200, answer["id"])


def test_the_link_expires_after_60_seconds_and_the_job_renews_it(api):
    job = start(api)
    api.advance(2)
    location = urlsplit(api.manage("GET", job).json()["location"])
    link = f"{location.path}?{location.query}"
    assert location.path.endswith("/tenant.test.json.gz")
    api.advance(59)
    assert api.call("GET", link).status_code == 200
    api.advance(2)
    assert api.call("GET", link).status_code == 403
    assert fetch(api, job).status_code == 200


def test_a_link_downloads_only_its_own_job(api):
    one, other = start(api), start(api)
    api.advance(2)
    link = urlsplit(api.manage("GET", one).json()["location"])
    path = link.path.replace(one.rpartition("/")[2], other.rpartition("/")[2])
    assert api.call("GET", f"{path}?{link.query}").status_code == 403
    assert api.call("GET", link.path).status_code == 403


def test_a_job_disappears_after_24_hours(api):
    job = start(api)
    api.advance(86_400)
    renewed = {"authorization": f"Bearer {api.management_token()}"}
    for path in (job, f"{job}/errors"):
        answer = api.call("GET", f"/api/v2{path}", headers=renewed)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "inexistent_job")


def test_json_is_one_object_per_line(api):
    exported = rows(api, fields=[{"name": "email"}, {"name": "identities[0].connection", "export_as": "store"}])
    assert len(exported) == 25
    assert exported[1] == {"email": "user00002@example.com", "store": "Username-Password-Authentication"}


def test_without_fields_a_predefined_set_is_exported(api):
    assert {"user_id", "email", "created_at"} <= rows(api, limit=1)[0].keys()


def test_limit_and_connection_restrict_the_rows(api):
    asked = fields("email", "identities[0].connection")
    exported = rows(api, limit=20, connection_id=DATABASE, fields=asked)
    assert len(exported) == 20
    assert {row["identities[0].connection"] for row in exported} == {"Username-Password-Authentication"}
    assert "user00016@example.com" not in {row["email"] for row in exported}


def test_multifactor_marks_the_enrolled_users(api):
    by_email = {row["email"]: row for row in rows(api, fields=fields("email", "multifactor"))}
    assert by_email["user00002@example.com"]["multifactor"] == ["guardian"]
    for number in (1, 5, 6, 8):
        assert "multifactor" not in by_email[f"user{number:05d}@example.com"]


def test_multifactor_last_modified_is_not_the_last_use(api):
    def modified():
        exported = rows(api, fields=fields("email", "multifactor_last_modified"))
        return {row["email"]: row.get("multifactor_last_modified") for row in exported}

    before = modified()
    newest = max(item["enrolled_at"] for item in api.methods(9))
    assert before["user00009@example.com"] == newest
    assert before["user00001@example.com"] is None
    method = quote(api.methods(9)[0]["id"])
    api.manage("DELETE", f"{api.methods_path(9)}/{method}")
    assert modified()["user00009@example.com"] > newest


def test_last_password_reset_is_known_after_a_change(api):
    api.manage("PATCH", f"/users/{quote(api.user_id(2))}", json={"password": "Another-Horse-8"})
    exported = rows(api, fields=fields("email", "last_password_reset"))
    assert [row["email"] for row in exported if "last_password_reset" in row] == ["user00002@example.com"]


def test_csv_escapes_what_a_spreadsheet_would_run(api):
    text = export(api, format="csv", fields=[{"name": "email"}, {"name": "given_name", "export_as": "first name"}])
    parsed = list(csv.reader(io.StringIO(text)))
    assert parsed[0] == ["email", "first name"]
    assert dict(parsed)["user00015@example.com"] == "'=1+1"


@pytest.mark.parametrize(
    "value, cell",
    [
        pytest.param("plain", "plain", id="plain text"),
        pytest.param("a,b", '"a,b"', id="comma"),
        pytest.param('say "x"', '"say ""x"""', id="quotes"),
        pytest.param("+1500", '"\'+1500"', id="plus sign"),
        pytest.param("-1", '"\'-1"', id="minus sign"),
        pytest.param("@cmd", '"\'@cmd"', id="at sign"),
        pytest.param(True, "true", id="boolean"),
        pytest.param(["a"], '"[""a""]"', id="list"),
        pytest.param(None, "", id="null"),
    ],
)
def test_csv_cells(value, cell):
    user = User({"user_id": "auth0|1", "name": value}, "x")
    assert written(job_of("csv", "name"), user) == ["name\r\n", f"{cell}\r\n"]


def test_nested_fields_that_are_missing_are_left_out():
    user = User({"user_id": "auth0|1", "app_metadata": {"plan": {"name": "gold"}}, "identities": []}, "x")
    job = job_of("json", "app_metadata.plan.name", "app_metadata.plan.name.x", "identities[0].connection")
    assert written(job, user) == ['{"app_metadata.plan.name":"gold"}\n']


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"format": "xml"}, id="unknown format"),
        pytest.param({"limit": 0}, id="limit too low"),
        pytest.param({"limit": "5"}, id="limit is a text"),
        pytest.param({"connection_id": "Username-Password-Authentication"}, id="name in place of a connection id"),
        pytest.param({"connection_id": "con_ffffffffffffffff"}, id="unknown connection"),
        pytest.param({"fields": [{"export_as": "x"}]}, id="field without a name"),
        pytest.param({"fields": [{"name": "x" * 101}]}, id="field name too long"),
        pytest.param({"fields": ["email"]}, id="field is a text"),
        pytest.param(
            {"format": "csv", "fields": [{"name": f"app_metadata.f{i}"} for i in range(31)]}, id="too many csv fields"
        ),
        pytest.param({"format": "csv", "fields": [{"name": "app_metadata"}]}, id="csv field is an object"),
        pytest.param({"unknown": 1}, id="unknown member"),
    ],
)
def test_wrong_orders_are_400(api, body):
    assert api.manage("POST", "/jobs/users-exports", json=body).status_code == 400


def test_json_has_no_limit_of_columns(api):
    asked = fields("email", *(f"app_metadata.f{i}" for i in range(40)))
    assert len(rows(api, fields=asked)) == 25
