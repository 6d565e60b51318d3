# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
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


def test_the_same_rows_give_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    assert made(tmp_path / "a") == made(tmp_path / "b")
