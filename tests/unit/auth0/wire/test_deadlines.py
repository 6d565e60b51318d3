# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines of many requests, kept by one thread."""

from __future__ import annotations

import os
import threading
import time

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.deadlines import Deadlines


class Calls:
    """Calls that tell by their names that they were made."""

    def __init__(self, number):
        self.made, self.changed = [], threading.Condition()
        self.each = [self._call(name) for name in range(number)]

    def _call(self, name):
        def call():
            with self.changed:
                self.made.append(name)
                self.changed.notify_all()

        return call

    def wait_for(self, number):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.made) >= number, 10)
        return self.made


def soon(seconds=0.0):
    return time.monotonic() + seconds


def test_calls_are_made_in_the_order_of_their_times_whenever_they_were_set():
    deadlines, calls = Deadlines(), Calls(4)
    for name, seconds in enumerate([3600, 0.3, 0.1, 0.2]):
        deadlines.set(calls.each[name], soon(seconds))
    assert calls.wait_for(3) == [2, 3, 1]


def test_what_is_called_off_or_set_for_later_is_not_called_before():
    deadlines, calls = Deadlines(), Calls(3)
    for call in calls.each:
        deadlines.set(call, soon(0.2))
    deadlines.off(calls.each[0])
    deadlines.off(calls.each[0])
    deadlines.set(calls.each[1], soon(3600))
    assert calls.wait_for(1) == [2]
    deadlines.set(calls.each[1], soon())
    assert calls.wait_for(2) == [2, 1]


def test_one_thread_is_enough_for_any_number():
    before, deadlines, calls = threading.active_count(), Deadlines(), Calls(1000)
    for call in calls.each:
        deadlines.set(call, soon(0.1))
    assert threading.active_count() <= before + 1
    assert sorted(calls.wait_for(1000)) == list(range(1000))


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_deadlines_are_kept_after_a_fork():
    deadlines, calls = Deadlines(), Calls(2)
    deadlines.set(calls.each[0], soon())
    calls.wait_for(1)
    child = os.fork()
    if child == 0:
        made = False
        try:
            deadlines.set(calls.each[1], soon())
            with calls.changed:
                made = calls.changed.wait_for(lambda: len(calls.made) == 2, 5)
        finally:
            os._exit(0 if made else 1)
    assert os.waitpid(child, 0)[1] == 0
