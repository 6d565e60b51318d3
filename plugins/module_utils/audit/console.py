# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell around a run: what is shown while it lasts and at its end, and the signals that end it early."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator

from ..auth0.wire.errors import Auth0Error, visible
from .run import Progress, Tell
from .stopping import Stop
from .words import plural

if TYPE_CHECKING:
    from tqdm import tqdm

EVERY = 30.0
_PHASES = {"listing": "Listing the users", "reading": "Reading the users", "reporting": "Writing the reports"}


class OutputError(Auth0Error):
    """What has to be shown cannot be written."""


def show(text: str) -> None:
    """Write to standard output. If nobody reads it any more, that is no error.

    :raises OutputError: it cannot be written for another reason
    """
    if sys.stdout is None:  # it was closed before the process began
        return
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at its end, and would say so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise OutputError(
                "Could not write to standard output: %s" % error.strerror, hint="The reports are in the folder."
            ) from None


def say(text: str) -> None:
    """Write a line to standard error, in a form that cannot steer the terminal. Nothing depends on it."""
    try:
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return


@contextmanager
def progress() -> Iterator[Tell]:
    """What to call as a run goes on: shows a bar on a terminal where tqdm is installed, and lines elsewhere."""
    shown = _Bar.make() if sys.stderr is not None and sys.stderr.isatty() else None
    if shown is None:
        yield Lines(say)
        return
    try:
        yield shown
    finally:
        shown.close()


class Lines:
    """A line as each phase begins and for each note, and one every half minute."""

    def __init__(
        self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic, every: float = EVERY
    ) -> None:
        self._write, self._clock, self._every = write, clock, every
        self._phase: str | None = None
        self._began = self._said = 0.0
        self._before = 0

    def __call__(self, news: Progress) -> None:
        now = self._clock()
        if news.note:
            self._write(news.note)
        if news.phase != self._phase:
            self._phase, self._began, self._before = news.phase, now, news.done
        elif now - self._said < self._every:
            return
        self._said = now
        self._write(self._text(news, now))

    def _text(self, news: Progress, now: float) -> str:
        text = _PHASES[news.phase]
        if news.phase != "reading" or news.total is None:
            return text
        text += ": %d of %d" % (news.done, news.total)
        if news.unread:
            text += ", %d unread" % news.unread
        seconds, done = now - self._began, news.done - self._before
        if seconds > 0 and done > 0:
            minutes = (news.total - news.done) * seconds / done / 60
            text += ", %.1f a second, %s left" % (done / seconds, plural(round(minutes), "minute"))
        return text


class _Bar:
    """The bar of tqdm."""

    def __init__(self, kind: type[tqdm]) -> None:
        self._kind = kind
        self._bar: tqdm | None = None
        self._phase: str | None = None

    @classmethod
    def make(cls) -> _Bar | None:
        """One, if tqdm is installed."""
        try:
            from tqdm import tqdm
        except ImportError:
            return None
        return cls(tqdm)

    def __call__(self, news: Progress) -> None:
        if news.phase != self._phase:
            self._phase = news.phase
            if news.phase != "reading":
                self.close()
                say(_PHASES[news.phase])
        if news.note:
            self._say(news.note)
        if news.phase != "reading":
            return
        if self._bar is None:
            self._bar = self._kind(
                total=news.total, initial=news.done, unit=" users", dynamic_ncols=True, file=sys.stderr
            )
        if news.unread:
            self._bar.set_postfix(unread=news.unread, refresh=False)
        self._bar.update(news.done - self._bar.n)

    def _say(self, text: str) -> None:
        """A line above the bar."""
        if self._bar is not None:
            self._bar.clear()
        say(text)
        if self._bar is not None:
            self._bar.refresh()

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


# So many seconds after the first signal, another one is still of the same stop.
_SAME_STOP = 1.0


def watch(stop: Stop) -> None:
    """From now on the first signal that means the end tells the run to stop, and the second one ends the process at once.

    They are waited for by a thread, because what a run waits with must not be touched by a handler that interrupts it.
    """
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # What was ignored from the start stays so: nohup, or a shell's background.
    signals = {each for each in wanted if signal.getsignal(each) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    threading.Thread(target=_wait, args=(signals, stop), daemon=True).start()


def _wait(signals: set[signal.Signals], stop: Stop) -> None:
    first = signal.Signals(signal.sigwait(signals))
    stop.tell("It was stopped by %s." % first.name)
    say(
        "Stopping: what is under way is finished, and what was read is stored. Another %s ends it at once." % first.name
    )
    # Some supervisors signal a process and its group, which is one stop that comes twice.
    same_until = time.monotonic() + _SAME_STOP
    second = signal.sigwait(signals)
    while time.monotonic() < same_until:
        second = signal.sigwait(signals)
    # What other threads wait for must not delay this.
    os._exit(128 + second)
