# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log's delay: entries arrive later than they happen."""

from __future__ import annotations

import pytest

from tests.emulator.state.event_log import EventLog

NOW = 1_700_000_000_000


def written(delay, number=200, seed=7):
    """A log into which something happened each millisecond, and what is in it after all have arrived."""
    log = EventLog("enterprise", delay, seed)
    for i in range(number):
        log.write(NOW + i, description=str(i))
    return log, log.entries(NOW + number + delay * 1000)


def test_without_delay_an_entry_is_there_at_once_even_after_the_clock_was_set_back():
    log = EventLog("enterprise", 0, 7)
    log.write(NOW, description="first")
    log.write(NOW - 1000, description="second")
    assert [entry["description"] for entry in log.entries(NOW - 1000)] == ["first", "second"]


def test_an_entry_arrives_between_a_quarter_of_the_delay_and_all_of_it():
    log = EventLog("enterprise", 8, 7)
    log.write(NOW, description="late")
    assert log.entries(NOW + 1999) == []
    (entry,) = log.entries(NOW + 8000)
    assert log.find(entry["log_id"], NOW + 8000) is entry
    assert entry["date"] == "2023-11-14T22:13:20.000Z"
    assert "20231114221322" <= entry["log_id"][3:17] <= "20231114221328"


def test_what_has_not_arrived_is_found_in_no_way():
    log, (_first, *_others, last) = written(8)
    later = EventLog("enterprise", 8, 7)
    for i in range(200):
        later.write(NOW + i, description=str(i))
    assert later.find(last["log_id"], NOW + 199) is None
    assert later.after("0", 1000, NOW + 199) == []


def test_entries_come_in_the_order_of_their_ids_and_not_of_their_dates():
    _log, entries = written(5)
    assert len(entries) == 200
    ids = [entry["log_id"] for entry in entries]
    assert ids == sorted(ids) and len(set(ids)) == 200
    assert [entry["date"] for entry in entries] != sorted(entry["date"] for entry in entries)
    assert [entry["description"] for entry in entries] == [entry["description"] for entry in written(5)[1]]


@pytest.mark.parametrize("take", [1, 7, 50])
def test_whoever_reads_on_from_the_last_id_misses_nothing(take):
    log = EventLog("enterprise", 3, 7)
    cursor, seen = "0", []
    for tick in range(0, 12_000, 10):
        if tick < 6_000:
            log.write(NOW + tick, description=str(tick))
        page = log.after(cursor, take, NOW + tick)
        seen += [entry["description"] for entry in page]
        cursor = page[-1]["log_id"] if page else cursor
    assert sorted(seen, key=int) == [str(tick) for tick in range(0, 6_000, 10)]


def test_nothing_is_copied_unless_something_is_late():
    log, _entries = written(0, number=3)
    assert log.entries(NOW + 3) is log.entries(NOW + 4)
    log.delay = 4
    log.write(NOW + 5, description="late")
    assert [entry["description"] for entry in log.entries(NOW + 5)] == ["0", "1", "2"]
    assert [entry["description"] for entry in log.after("0", 10, NOW + 5)] == ["0", "1", "2"]
    assert log.after("0", 10, NOW + 4005) == log.entries(NOW + 4005) and len(log.entries(NOW + 4005)) == 4
