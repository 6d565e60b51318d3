# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What processes tell each other about a tenant's limit, and that whatever becomes of the file, each goes on."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import ledger as module
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.ledger import Ledger, directory

from .test_budget import Answer, Clock

ANSWER = (50.0, 7.0, 1_700_000_001.0, (-0.5, 0.5), None)


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Where the file is made."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def file_of(runtime: Path) -> Path:
    (path,) = (runtime / "mfaops-auth0").iterdir()
    return path


def tell(ledger: Ledger, *numbers: int, route: str = "GET /api/v2/users") -> None:
    for number in numbers:
        with ledger.held():
            ledger.tell(number, "management", route, time.time())


def heard(ledger: Ledger) -> list[int]:
    with ledger.held() as told:
        return [each.number for each in told]


def test_each_hears_once_what_the_others_told_and_not_itself(runtime):
    one, two = Ledger("a.example.com"), Ledger("A.example.com")
    tell(one, 1, 2)
    assert (heard(two), heard(two), heard(one)) == ([1, 2], [], [])
    tell(two, 7)
    tell(one, 3)
    assert (heard(one), heard(two)) == ([], [3])  # one heard the 7 when it told the 3
    with one.held():
        one.tell(3, "management", "GET /", time.time(), ANSWER)
    with two.held() as told:
        assert told[0].answer == ANSWER and told[0].route == "GET /"
    assert heard(Ledger("b.example.com")) == []


def test_the_file_is_the_users_own_and_names_no_tenant(runtime):
    tell(Ledger("a.example.com"), 1)
    path = file_of(runtime)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "example" not in path.name and b"example" not in path.read_bytes()


def test_what_is_old_or_not_yet_is_not_learned(runtime):
    now = time.time()
    with (teller := Ledger("a")).held():
        for number, at in enumerate((now - 200, now - 60, now, now + 60)):
            teller.tell(number, "management", "GET /", at)
    assert heard(Ledger("a")) == [1, 2]


def test_a_file_stays_short_and_nobody_misses_or_hears_twice(runtime):
    one, two = Ledger("a"), Ledger("a")
    numbers = []
    for start in range(0, 3000, 100):
        tell(one, *range(start, start + 100))
        numbers += heard(two)
    assert numbers == list(range(3000)) and file_of(runtime).stat().st_size <= module._LONGEST
    assert heard(Ledger("a"))[-1] == 2999


@given(content=st.binary(max_size=200), cut=st.integers(0, 200))
def test_whatever_is_in_the_file_they_go_on(tmp_path_factory, content, cut):
    with pytest.MonkeyPatch.context() as patch:
        runtime = tmp_path_factory.mktemp("runtime")
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        one, two = Ledger("a"), Ledger("a")
        tell(one, 1, 2)
        path = file_of(runtime)
        path.write_bytes(path.read_bytes()[:cut] + content)
        heard(two)
        tell(one, 3)
        assert 3 in heard(two)


def test_a_file_that_was_removed_is_made_again(runtime):
    one, two = Ledger("a"), Ledger("a")
    tell(one, 1)
    heard(two)
    file_of(runtime).unlink()
    tell(one, 2)
    assert heard(two) == [2]


def test_a_process_that_was_stopped_with_the_lock_stops_nobody(runtime, monkeypatch):
    monkeypatch.setattr(module, "_LONGEST_LOCK", 0.05)
    one, two = Ledger("a"), Ledger("a")
    tell(one, 1)
    with one.held():
        tell(two, 2)
    tell(two, 3)
    assert heard(one) == []
    tell(one, 4)
    assert heard(Ledger("a")) == [1, 4]


@pytest.mark.parametrize("what", ["a file in place of the directory", "open to others", "a link", "a file of others"])
def test_what_others_could_write_is_not_used(runtime, what):
    folder = runtime / "mfaops-auth0"
    if what == "a file in place of the directory":
        folder.write_text("")
    elif what == "a link":
        (runtime / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(runtime / "elsewhere")
    else:
        tell(Ledger("a"), 1)
        (folder if what == "open to others" else file_of(runtime)).chmod(0o777)
    one = Ledger("a")
    tell(one, 2)
    assert heard(Ledger("a")) == []


def test_without_a_runtime_directory_it_is_a_directory_of_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    for runtime in ("", "relative", str(tmp_path / "missing")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        assert directory() == str(tmp_path / ("mfaops-auth0-%d" % os.getuid()))


def test_where_nothing_can_be_written_a_process_goes_on_alone(monkeypatch):
    def none_found() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setattr(module.tempfile, "gettempdir", none_found)
    ledger = Ledger("acme.example.com")
    tell(ledger, 1)
    assert heard(ledger) == []


# What budgets make of it


def answered(remaining: float, clock: Clock, **more) -> Answer:
    return Answer(
        headers={
            "x-ratelimit-limit": "10",
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(int(clock.now) + 1),
        },
        **more,
    )


def test_a_process_that_comes_new_knows_that_the_bucket_is_empty(runtime):
    clock = Clock()
    # At the beginning of a second: the bucket is filled at its end.
    clock.now = int(time.time()) + 0.1
    budgets = [Budget(ledger=Ledger("a"), clock=clock, sleep=clock.sleep) for _each in range(2)]
    budgets[0].send("GET", "management", "try", lambda: answered(0, clock))
    assert clock.slept == []
    budgets[1].send("GET", "management", "try", lambda: answered(0, clock))
    assert sum(clock.slept) > 0.2
    alone = Budget(clock=clock, sleep=clock.sleep)
    slept = sum(clock.slept)
    alone.send("GET", "management", "try", lambda: answered(0, clock))
    assert sum(clock.slept) == slept


def test_nobody_waits_long_for_the_answer_to_a_process_that_was_killed(runtime):
    clock = Clock()
    clock.now = time.time()
    killed, other = (Budget(ledger=Ledger("a"), clock=clock, sleep=clock.sleep) for _each in range(2))
    killed._take_turn("management", "GET /", 0.0, "try")
    other.send("GET", "management", "try", lambda: answered(9, clock))
    assert 9 < sum(clock.slept) < 11


def test_the_rate_that_a_task_was_given_is_its_own(runtime):
    clock = Clock()
    clock.now = time.time()
    one, two = (Budget(max_rate=0.1, ledger=Ledger("a"), clock=clock, sleep=clock.sleep) for _each in range(2))
    for each in (one, two):
        each.send("GET", "management", "try", lambda: answered(9, clock))
    assert clock.slept == []


def test_a_ledger_that_is_dropped_keeps_no_file_open(runtime):
    before = len(os.listdir("/proc/self/fd"))
    for number in range(5):
        tell(Ledger("t.example"), number)
    assert len(os.listdir("/proc/self/fd")) == before
