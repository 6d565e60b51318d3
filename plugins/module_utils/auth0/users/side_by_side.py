# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same work for many items at once, with the results in the order of the items.

The threads are not those of ``concurrent.futures``, which Python waits for before it ends: a request that takes a minute, or
waits for one, must not hold a task that has failed or was interrupted.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Callable, Generator, Generic, Iterable, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# More users than the rate limits of most plans keep busy, at the time that real tenants take to answer.
AT_ONCE = 32
# Whoever waits for a result does something else as often. In seconds.
_IDLE = 1.0


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, idle: Callable[[], None] | None = None
) -> Generator[Result, None, None]:
    """What the work returns for each item.

    What the work or the items raise comes out after all results that precede it. From then on, and after the iterator is
    closed, no other item is begun.

    :param items: may be lazy and endless. At most twice as many as there are threads are taken before their turn.
    :param threads: how many items are worked on at once
    :param idle: is called now and then while the next result is waited for. Without it, the caller's own thread does the work
        if there is to be only one.
    """
    if threads == 1 and idle is None:
        yield from map(work, items)
        return
    crew = _Crew(work)
    ahead: deque[Future[Result]] = deque()
    source, failure = iter(items), None
    most_ahead = 2 * threads if threads > 1 else 1
    try:
        while not crew.has_failed:
            try:
                item = next(source)
            except StopIteration:
                break
            except Exception as error:
                failure = error
                break
            if crew.size < threads:
                crew.grow()
            ahead.append(crew.begin(item))
            while ahead and (len(ahead) == most_ahead or ahead[0].done()):
                yield _result(ahead.popleft(), idle)
        while ahead:
            yield _result(ahead.popleft(), idle)
        if failure is not None:
            raise failure
    finally:
        crew.dismiss()


def _result(future: Future[Result], idle: Callable[[], None] | None) -> Result:
    while idle is not None and not future.done() and not wait((future,), _IDLE).done:
        idle()
    return future.result()


class _Crew(Generic[Item, Result]):
    """Threads that work on items in the order of their coming.

    :ivar size: how many there are
    """

    def __init__(self, work: Callable[[Item], Result]) -> None:
        self._work = work
        self._jobs: SimpleQueue[tuple[int, Item, Future[Result]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._begun = self.size = 0
        # The place of the first item that failed. Those before it are still wanted, even if nobody has begun them.
        self._failed = math.inf

    @property
    def has_failed(self) -> bool:
        """Whether an item failed, so that further ones are of no use."""
        return self._failed < math.inf

    def grow(self) -> None:
        """One thread more."""
        threading.Thread(target=self._run, daemon=True).start()
        self.size += 1

    def begin(self, item: Item) -> Future[Result]:
        """Where the result will be."""
        future: Future[Result] = Future()
        self._jobs.put((self._begun, item, future))
        self._begun += 1
        return future

    def dismiss(self) -> None:
        """Begin nothing more."""
        self._fail(-1)
        for _thread in range(self.size):
            self._jobs.put(None)

    def _fail(self, place: int) -> None:
        with self._lock:
            self._failed = min(self._failed, place)

    def _run(self) -> None:
        for place, item, future in iter(self._jobs.get, None):
            if place > self._failed:
                continue
            try:
                future.set_result(self._work(item))
            except BaseException as error:
                self._fail(place)
                future.set_exception(error)
