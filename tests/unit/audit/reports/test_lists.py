# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.changes import changes_of, had
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import (
    ALWAYS,
    MORE,
    OCSF,
    USERS_CSV,
    Lists,
)

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import found_of, judged, reading

AT = "2026-06-01T12:00:00.000Z"
EXEMPTED = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}
STALE = authenticator("phone", created=900, used=200)


def made(directory, **more) -> dict[str, bytes]:
    """The content of each file of two users, one of whom has a finding that was closed."""
    with Lists(str(directory), AT, **more) as lists:
        for number in (1, 2):
            record = {**reading(number, STALE), "before": had([])}
            lists.user(judged(record))
            for change in changes_of(record, judged(record), "run1"):
                lists.change(change)
        for found in found_of(STALE):
            lists.found(found)
        lists.found({**found_of()[0], "status": "resolved", "closed_at": AT})
        return {name: file.read() for name, file in lists.finished()}


def table(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def lines(content: bytes) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(content).splitlines()]


def test_every_list_has_its_lines(tmp_path):
    files = made(tmp_path)
    assert files.keys() == {*ALWAYS, *MORE}
    found = len(found_of(STALE))
    assert {name: len(lines(content)) for name, content in files.items() if name.endswith(".gz")} == {
        "users.jsonl.gz": 2,
        "findings.jsonl.gz": found + 1,
        "changes.jsonl.gz": 2,
        "ocsf.jsonl.gz": found + 1,
    }
    # What is closed needs no decision.
    assert [files[name].count(b"\r\n") for name in ("users.csv", "findings.csv")] == [3, found + 1]


@pytest.mark.parametrize("more", [(), (OCSF,), (USERS_CSV, USERS_CSV)])
def test_some_may_be_left_out(tmp_path, more):
    assert made(tmp_path, more=more).keys() == {*ALWAYS, *more}


def test_a_byte_order_mark_is_for_csv_only(tmp_path):
    marked = {name for name, content in made(tmp_path, bom=True).items() if content.startswith(b"\xef\xbb\xbf")}
    assert marked == {"users.csv", "findings.csv"}


def test_every_list_has_privileged_users_first_then_the_most_severe(tmp_path):
    """Whatever order the users are read in."""
    with Lists(str(tmp_path), AT) as lists:
        for number, (severity, privileged, more) in enumerate(
            [
                ("low", False, {}),
                ("critical", False, {"place": "aside"}),
                ("high", False, {"break_glass": True}),
                ("critical", True, {"exempted": EXEMPTED}),
                ("medium", True, {}),
                ("critical", False, {}),
                ("low", True, {"closed_at": AT, "status": "resolved"}),
                ("critical", True, {}),
            ]
        ):
            found = {**found_of(STALE)[0], "id": str(number), "severity": severity, "privileged": privileged, **more}
            lists.found(found)
            row = judged(reading(number), privileged=privileged, place=found["place"])
            lists.user({**row, "findings": [found] if found["closed_at"] is None else []})
            for change in changes_of({**reading(number, STALE), "before": had([])}, row, "run1"):
                lists.change({**change, "break_glass": found["break_glass"]})
        files = {name: file.read() for name, file in lists.finished()}
    order = ["7", "4", "5", "2", "0", "3", "1", "6"]
    assert [each["id"] for each in lines(files["findings.jsonl.gz"])] == order
    assert [each["finding_info"]["uid"] for each in lines(files["ocsf.jsonl.gz"])] == order
    assert [each["finding_id"] for each in table(files["findings.csv"])] == order[:-1]
    users = ["auth0|%05d" % number for number in (7, 4, 3, 6, 5, 2, 0, 1)]
    assert [each["user_id"] for each in lines(files["users.jsonl.gz"])] == users
    assert [each["user_id"] for each in table(files["users.csv"])] == users
    changes = [each["user_id"][-1] for each in lines(files["changes.jsonl.gz"])]
    assert changes == ["3", "4", "6", "7", "2", "0", "1", "5"]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    assert made(tmp_path / "a") == made(tmp_path / "b")
