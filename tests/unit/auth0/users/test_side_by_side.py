# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work that several threads do at once looks as if one had done it, but for the time that it takes."""

from __future__ import annotations

import itertools
import random
import threading
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.side_by_side import side_by_side

ANY_NUMBER = pytest.mark.parametrize("threads", [1, 2, 32])


class Broken(Exception):
    """What the work raises."""


class Left(BaseException):
    """What is no Exception, such as KeyboardInterrupt."""


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    wait_until(lambda: not set(threading.enumerate()) - before)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 80), st.integers(1, 40), st.randoms(use_true_random=False))
def test_results_are_in_the_order_of_the_items_however_long_each_takes(count, threads, chance):
    pauses = [chance.choice((0, 0, 0.001, 0.003)) for _item in range(count)]

    def work(item):
        time.sleep(pauses[item])
        return item * item

    assert list(side_by_side(work, range(count), threads)) == [item * item for item in range(count)]


def test_as_many_are_worked_on_at_once_as_there_are_threads():
    together = threading.Barrier(8)
    assert list(side_by_side(lambda _item: together.wait(10) >= 0, range(16), 8)) == [True] * 16


def test_the_callers_own_thread_does_the_work_of_one():
    assert set(side_by_side(lambda _item: threading.get_ident(), range(3), 1)) == {threading.get_ident()}


@ANY_NUMBER
def test_only_some_items_are_taken_before_their_turn(threads):
    taken = []

    def items():
        for item in itertools.count():
            taken.append(item)
            yield item

    most = 0
    for given_out, _result in enumerate(side_by_side(lambda item: item, items(), threads)):
        most = max(most, len(taken) - given_out)
        if given_out == 500:
            break
    assert most <= 2 * threads


@ANY_NUMBER
@pytest.mark.parametrize("error", [Broken, Left])
def test_what_the_work_raises_comes_after_the_results_before_it_and_nothing_else_is_begun(threads, error):
    begun = []

    def work(item):
        begun.append(item)
        time.sleep(random.Random(item).choice((0, 0.01)))
        if item >= 50:
            raise error(item)
        return item

    results = []
    with pytest.raises(error) as caught:
        for result in side_by_side(work, itertools.count(), threads):
            results.append(result)
    assert results == list(range(50)) and caught.value.args == (50,)
    assert len(begun) <= 50 + threads


@ANY_NUMBER
def test_what_the_items_raise_comes_after_all_results(threads):
    def items():
        yield from range(5)
        raise Broken

    results = []
    with pytest.raises(Broken):
        for result in side_by_side(lambda item: time.sleep(0.01) or item, items(), threads):
            results.append(result)
    assert results == list(range(5))


def test_an_interruption_of_the_items_does_not_wait_for_the_work():
    release = threading.Event()

    def items():
        yield from range(5)
        raise Left

    with pytest.raises(Left):
        list(side_by_side(lambda _item: release.wait(10), items(), 8))
    release.set()


@ANY_NUMBER
def test_whoever_stops_in_the_middle_does_not_wait_and_nothing_else_is_begun(threads):
    release, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        if item >= 3:
            release.wait(10)
        return item

    results = side_by_side(work, itertools.count(), threads)
    assert [next(results) for _item in range(3)] == [0, 1, 2]
    results.close()
    before = list(begun)
    release.set()
    assert before == begun and len(begun) <= 3 + threads


def test_memory_is_flat():
    def peak(count):
        tracemalloc.start()
        try:
            for _result in side_by_side(str, range(count), 4):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)
    assert peak(20_000) < peak(2_000) + 50_000
