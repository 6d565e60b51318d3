# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``latest.json`` never points to less than before."""

from __future__ import annotations

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import _pointer, moved
from hypothesis import given
from hypothesis import strategies as st

RUNS = ["%06d-20260101T000000Z" % number for number in range(1, 6)]


def pointer(run: str, partial: bool = False, whole: bool = True) -> dict:
    return {"run": run, "partial": partial, "keys": {"file": run}, "whole_tenant": whole, "complete": None}


def test_the_last_run_and_the_last_complete_one_are_named():
    first = moved(None, pointer(RUNS[0]), True, lambda _run: True)
    assert (first["run"], first["complete"]["run"]) == (RUNS[0], RUNS[0])
    second = moved(first, pointer(RUNS[1], partial=True), True, lambda _run: True)
    assert (second["run"], second["complete"]) == (RUNS[1], {"run": RUNS[0], "keys": {"file": RUNS[0]}})
    third = moved(second, pointer(RUNS[1]), True, lambda _run: True)
    assert (third["run"], third["partial"], third["complete"]["run"]) == (RUNS[1], False, RUNS[1])


def test_a_partial_run_that_read_nobody_is_not_named_and_a_complete_one_is():
    assert moved(None, pointer(RUNS[0], partial=True), False, lambda _run: True) is None
    assert moved(None, pointer(RUNS[0]), False, lambda _run: True)["run"] == RUNS[0]


def test_what_is_no_longer_there_is_replaced():
    first = moved(None, pointer(RUNS[3]), True, lambda _run: True)
    again = moved(first, pointer(RUNS[0]), True, lambda _run: False)
    assert (again["run"], again["complete"]["run"]) == (RUNS[0], RUNS[0])


@given(st.lists(st.tuples(st.sampled_from(RUNS), st.booleans(), st.booleans(), st.booleans())))
def test_in_any_order_it_moves_forward_only(events):
    before = None
    for run, partial, whole, has_read in events:
        after = moved(before, pointer(run, partial, whole), has_read, lambda _run: True)
        if before is not None and before["whole_tenant"]:
            assert after["whole_tenant"] and after["run"] >= before["run"]
            assert before["complete"] is None or after["complete"]["run"] >= before["complete"]["run"]
        before = after


def test_what_an_earlier_version_wrote_is_understood_and_anything_else_is_nothing():
    old = _pointer(b'{"run": "000001-20260101T000000Z", "partial": false, "keys": {"a": "b"}}')
    assert old["complete"] == {"run": "000001-20260101T000000Z", "keys": {"a": "b"}} and old["whole_tenant"]
    assert [_pointer(content) for content in (b"", b"{", b"[]", b'{"run": 1, "partial": true, "keys": {}}')] == [
        None
    ] * 4
