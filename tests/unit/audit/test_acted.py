# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.acted import acted_notes, in_words
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import Tally
from hypothesis import given, strategies as st

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import judged, reading

REMOVED = {"action": "remove", "at": "2026-03-01T06:00:00.000Z"}


def row(finding="f1", action="remove", result="done", at="2026-03-01T06:00:00.000Z"):
    return json.dumps({"finding": finding, "action": action, "result": result, "at": at}).encode() + b"\n"


def test_the_last_thing_that_was_done_is_said_with_its_day():
    content = row(action="ticket") + row(action="ticket", at="2026-04-01T06:00:00.000Z") + row(result="skipped")
    notes = acted_notes(content + row("f2") + row("f3", result="failed") + row("f4", action="rotate"))
    assert {finding: in_words(note) for finding, note in notes.items()} == {
        "f1": "ticket mailed 2026-04-01",
        "f2": "removed 2026-03-01",
        "f4": "recovery code made 2026-03-01",
    }


@given(st.binary())
def test_what_is_no_row_says_nothing(content):
    assert acted_notes(content + b"\n" + row()) == {"f1": REMOVED}


@pytest.mark.parametrize("wrong", [{"action": []}, {"action": "dance"}, {"at": 5}, {"at": "soon"}])
def test_a_row_that_is_none_takes_nothing_from_the_others(wrong):
    assert acted_notes(row() + b"[]\n{}\n" + row("f2", **wrong)) == {"f1": REMOVED}


def test_the_report_says_beside_a_finding_what_was_done():
    user = judged(reading(1, authenticator("phone", created=900, used=200)))
    (stale,) = [each["id"] for each in user["findings"] if each["rule"] == "stale"]
    for finding in user["findings"]:
        finding["acted"] = REMOVED if finding["id"] == stale else None
    tally = Tally()
    tally.add(user)
    assert [each["note"] for each in tally.worst()["stale"]] == ["removed 2026-03-01"]
    assert not any("removed" in (each["note"] or "") for each in tally.worst()["weak-only"])
