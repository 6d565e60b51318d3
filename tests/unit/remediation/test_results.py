# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
from datetime import timedelta

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import ActedRow
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.acting import Done
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.results import ResultsFile, acted_row

from .test_acting import NOW, READ, TICKET, decision

STALE = decision()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "acted.jsonl"


def task(path, *outcomes: Done, at=NOW, check_mode=False):
    with ResultsFile("results_path", str(path), check_mode) as results:
        for done in outcomes:
            results.add(acted_row(done, "example.eu.auth0.com", at))


def done_at(path, what, now=NOW):
    with ResultsFile("results_path", str(path), True) as results:
        return results.done_at(what, now)


def test_a_row_has_every_member_and_the_file_is_its_owners(path):
    task(path, Done(STALE, "done", removed=("phone|1",), changed=True))
    (row,) = map(json.loads, path.read_text().splitlines())
    assert set(row) == set(ActedRow.__annotations__)
    assert (row["finding"], row["result"], row["removed"], row["at"]) == (
        STALE.finding,
        "done",
        ["phone|1"],
        iso(NOW),
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_check_mode_reads_the_file_and_makes_none(path):
    task(path, Done(STALE, "done"), check_mode=True)
    assert not path.exists() and done_at(path, STALE) is None


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_lines_that_are_added_are_told_also_where_they_are_not_written(path, check_mode):
    task(path, Done(STALE, "skipped", "used"))
    before = path.read_text()
    with ResultsFile("results_path", str(path), check_mode) as results:
        for done in (Done(STALE, "skipped", "used"), Done(STALE, "done")):
            results.add(acted_row(done, "example.eu.auth0.com", NOW))
    assert len(results.added) == 1 and json.loads(results.added[0])["result"] == "done"
    assert path.read_text() == before + ("" if check_mode else results.added[0])


@pytest.mark.parametrize(
    "what, at, known",
    [
        (STALE, READ, True),
        (STALE, READ - timedelta(seconds=1), False),
        (TICKET, READ - timedelta(days=1), True),
        (TICKET, READ - timedelta(days=3), False),
    ],
)
def test_what_was_done_counts_since_the_audit_and_a_ticket_as_long_as_it_is_valid(path, what, at, known):
    task(path, Done(what, "done"), Done(what, "skipped", "later"), at=at)
    assert done_at(path, what) == (iso(at) if known else None)


def test_only_what_was_done_counts(path):
    task(path, *[Done(STALE, result, "why") for result in ("skipped", "failed", "not-reached")])
    assert done_at(path, STALE) is None


def test_what_the_file_says_already_is_not_written_again(path):
    skipped = Done(STALE, "skipped", "why")
    task(path, skipped)
    before = path.read_bytes()
    task(path, skipped, at=NOW + timedelta(days=1))
    assert path.read_bytes() == before
    task(path, Done(STALE, "skipped", "another"))
    task(path, Done(TICKET, "done"), Done(TICKET, "skipped", "Done at %s." % iso(NOW)))
    assert [json.loads(line)["result"] for line in path.read_text().splitlines()] == ["skipped", "skipped", "done"]
    path.write_bytes(before)
    task(path, Done(STALE, "skipped", "another"))
    assert len(path.read_bytes().splitlines()) == 2


def test_a_row_that_was_cut_off_is_dropped_and_the_others_stay(path):
    task(path, Done(TICKET, "done"), Done(STALE, "done"))
    content = path.read_bytes()
    path.write_bytes(content[:-30])
    assert done_at(path, TICKET) and not done_at(path, STALE)
    assert path.read_bytes() == content[:-30]
    task(path, Done(STALE, "done"))
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"root:x:0", b"{}\n", b"[]\n", b'{"action": 1}\n'])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_file_that_is_something_else_stays_as_it_is(path, content, check_mode):
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="what this module writes"):
        task(path, check_mode=check_mode)
    assert path.read_bytes() == content


def test_two_tasks_do_not_write_at_once(path):
    with ResultsFile("results_path", str(path), False):
        with pytest.raises(ConfigurationError, match="being written by another task"):
            task(path)
    task(path, Done(STALE, "done"))


def test_a_place_where_no_file_can_be_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "acted.jsonl"):
        with pytest.raises(ConfigurationError, match="results_path .* (cannot be written|is not a regular file)"):
            task(path)
