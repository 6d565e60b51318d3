# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run keeps is what its plan says, or it is an error that names the file."""

from __future__ import annotations

import io
import json
import os
import shutil

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import (
    AGAIN,
    CARRIED,
    FIRST,
    OUT,
    PLAN,
    Checkpoint,
    Ledger,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import packed, read_lines, written
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError, TakenError

RUN, OTHER = "000001-20260601T120000Z", "000002-20260601T120000Z"
FREE = {"requests": 0, "rate_limited": 0, "waited_seconds": 0.0, "duration_seconds": 0.0}
POLICY = Policy().as_row()
# In each part one user cannot be read, and the one of the first part can be at the second try.
UNREAD = (1, 4, 7)


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(str(tmp_path / "audits"))


def profile(user_id: str) -> dict:
    return {
        "user_id": user_id,
        "email": None,
        "name": None,
        "created_at": None,
        "last_login": None,
        "blocked": False,
        "identities": [],
        "multifactor_last_modified": None,
        "app_metadata": {},
        "unreadable": [],
    }


def planned(number: int, user_id: str) -> dict:
    return {"number": number, "profile": profile(user_id), "before": None, "before_at": None}


def record(number: int, error: str | None = None, user_id: str | None = None) -> dict:
    return {
        "number": number,
        "profile": profile(user_id or "auth0|%02d" % number),
        "read_at": "2026-06-01T12:00:00.000Z",
        "authenticators": None if error else [],
        "error": error,
        "gone": False,
    }


def begun(store, run: str = RUN, users: int = 9, first: int = 0) -> Ledger:
    plan = [planned(n, "auth0|%02d" % (first + n)) for n in range(users)]
    others = [record(n, user_id="carried|%d" % n) for n in range(4)]
    checkpoint = Checkpoint(
        run=run, tenant="t", scope={}, policy=POLICY, full=True, base=None, source="export", planned="2026-06-01T12:00:00.000Z",
        to_read=users, carried=4, unseen=0, incomplete=None, note=None, costs=FREE,
    )  # fmt: skip
    with written(plan) as whole, written(others) as carried:
        return Ledger.begin(store, checkpoint, {PLAN: whole, CARRIED: carried})


@pytest.fixture
def whole(store) -> Ledger:
    """A run of three parts of three users, and three parts of one user who was tried again."""
    ledger = begun(store)
    for part in range(3):
        numbers = range(3 * part, 3 * part + 3)
        ledger.keep(FIRST, [record(n, "lost" if n in UNREAD else None) for n in numbers], FREE)
    for number in UNREAD:
        ledger.keep(AGAIN, [record(number, None if number == 1 else "lost again")], FREE)
    return ledger


def path_of(ledger, name: str) -> str:
    return os.path.join(ledger._store.folder, "runs", ledger.checkpoint.run, name)


def rows_of(path: str) -> list[dict]:
    with open(path, "rb") as file:
        return list(read_lines(file, path))


def replaced(path: str, rows) -> None:
    with open(path, "wb") as file:
        file.write(packed(rows))


def test_everybody_comes_once_in_the_order_of_the_plan_with_the_last_try(whole):
    records = list(whole.records())
    assert [each["number"] for each in records[:9]] == list(range(9))
    assert [each["error"] for each in records[:9] if each["error"]] == ["lost again"] * 2
    assert [each["profile"]["user_id"] for each in records[9:]] == ["carried|%d" % n for n in range(4)]
    whole.check()


def copied(path, other):
    shutil.copy(other, path)


def missing(path, _other):
    os.unlink(path)


def torn(path, _other):
    with open(path, "rb+") as file:
        file.truncate(os.path.getsize(path) - 5)


def emptied(path, _other):
    replaced(path, [])


def cut_short(path, _other):
    replaced(path, rows_of(path)[:-1])


def lengthened(path, _other):
    rows = rows_of(path)
    replaced(path, [*rows, rows[-1]])


def turned_round(path, _other):
    replaced(path, rows_of(path)[::-1])


def of_somebody_else(path, _other):
    rows = rows_of(path)
    rows[0]["profile"]["user_id"] = "auth0|stranger"
    replaced(path, rows)


def no_records(path, _other):
    replaced(path, [[1]] * len(rows_of(path)))


EVERY = (copied, missing, torn, emptied, lengthened, of_somebody_else, no_records)
PARTS = ["parts/%09d.jsonl.gz" % number for number in (0, 3, 6)]
TRIES = ["again/%09d.jsonl.gz" % number for number in (0, 1, 2)]


@pytest.mark.parametrize("harm", [*EVERY, cut_short, turned_round])
@pytest.mark.parametrize("number", range(3))
def test_a_part_that_is_not_as_the_run_left_it_is_named(whole, harm, number):
    path, other = (path_of(whole, PARTS[(number + shift) % 3]) for shift in (0, 1))
    harm(path, other)
    with pytest.raises(StoreError, match="parts/"):
        list(whole.records())
    with pytest.raises(StoreError, match="Move the directory|No such file"):
        whole.check()


@pytest.mark.parametrize("harm", EVERY)
@pytest.mark.parametrize("number", range(3))
def test_a_second_try_that_is_not_as_the_run_left_it_is_named(whole, harm, number):
    path, other = (path_of(whole, TRIES[(number + shift) % 3]) for shift in (0, 1))
    harm(path, other)
    with pytest.raises(StoreError, match="again/"):
        list(whole.records())


def test_a_second_try_of_whom_the_first_could_read_is_not_believed(whole):
    path = path_of(whole, PARTS[2])
    replaced(path, [{**each, "error": None} for each in rows_of(path)])
    with pytest.raises(StoreError, match="again/"):
        list(whole.records())


@pytest.mark.parametrize("harm", [missing, torn, emptied, cut_short, lengthened, turned_round, no_records])
@pytest.mark.parametrize("kind", ["plan", "carried"])
def test_a_list_that_is_not_as_the_run_left_it_is_named(whole, harm, kind):
    harm(path_of(whole, whole.checkpoint.file(kind)), None)
    with pytest.raises(StoreError, match="%s-" % kind):
        whole.check()


def test_who_came_before_the_damage_is_known(whole):
    missing(path_of(whole, PARTS[1]), None)
    known = []
    with pytest.raises(StoreError):
        for each in whole.records():
            known.append(each["number"])
    assert known == [0, 1, 2]


def test_a_part_that_nobody_counted_is_counted_if_it_is_of_the_plan(store):
    ledger = begun(store)
    ledger.keep(FIRST, [record(n) for n in range(3)], FREE)
    store.put("runs/%s/%s" % (RUN, PARTS[1]), io.BytesIO(packed([record(n) for n in range(3, 6)])))
    store.put("runs/%s/%s" % (RUN, PARTS[2]), io.BytesIO(packed([record(n) for n in range(3)])))
    with pytest.raises(StoreError, match=PARTS[2]):
        ledger.adopt(FIRST)
    assert ledger.checkpoint.first == 6
    emptied(path_of(ledger, PARTS[2]), None)
    with pytest.raises(StoreError, match=PARTS[2]):
        ledger.adopt(FIRST)


def test_of_two_who_begin_one_run_the_second_changes_nothing(store):
    first = begun(store)
    before = list(first.users())
    with pytest.raises(TakenError):
        begun(store, first=100)
    assert list(Ledger.load(store, RUN).users()) == before
    first.keep(FIRST, [record(n) for n in range(9)], FREE)
    first.check()


def test_a_worker_that_was_killed_before_its_first_checkpoint_left_no_run(store):
    os.unlink(path_of(begun(store), "checkpoint.json"))
    assert Ledger.load(store, RUN) is None
    begun(store).check()


def test_a_copy_is_not_taken_for_the_run(store):
    folder = path_of(begun(store), "")
    shutil.copytree(folder, os.path.join(store.folder, "runs", OTHER))
    with pytest.raises(StoreError, match="runs/%s/checkpoint.json .*belongs to the run '%s'" % (OTHER, RUN)):
        Ledger.load(store, OTHER)


@pytest.mark.parametrize(
    "change",
    [{"first": 10}, {"first": -1}, {"again": 1}, {"carried": -1}, {"first": "3"}, {"digests": {}}, {"digests": None}, {"x": 1}],
)  # fmt: skip
def test_a_checkpoint_that_cannot_be_right_is_named(store, change):
    path = path_of(begun(store), "checkpoint.json")
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**content, **change}, file)
    with pytest.raises(StoreError, match="runs/%s/checkpoint.json cannot be read" % RUN):
        Ledger.load(store, RUN)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"{}"])
def test_a_checkpoint_that_is_none_is_named(store, content):
    with open(path_of(begun(store), "checkpoint.json"), "wb") as file:
        file.write(content)
    with pytest.raises(StoreError, match="runs/%s/checkpoint.json cannot be read" % RUN):
        Ledger.load(store, RUN)


def test_who_is_out_of_scope_was_not_read_and_is_told_last(store):
    rows = {
        PLAN: [{**planned(0, "auth0|00"), "before": [], "before_at": "earlier"}],
        CARRIED: [],
        OUT: [{"profile": profile(name)} for name in ("out|1", "out|2")],
    }
    checkpoint = Checkpoint(
        run=RUN, tenant="t", scope={}, policy=POLICY, full=True, base=None, source="export", planned="2026-06-01T12:00:00.000Z",
        to_read=1, carried=0, unseen=0, incomplete=None, note=None, costs=FREE, out_of_scope=2,
    )  # fmt: skip
    with written(rows[PLAN]) as plan, written(rows[CARRIED]) as carried, written(rows[OUT]) as out:
        ledger = Ledger.begin(store, checkpoint, {PLAN: plan, CARRIED: carried, OUT: out})
    ledger.keep(FIRST, [record(0)], FREE)
    read, *others = Ledger.load(store, RUN).records()
    assert (read["before"], read["before_at"]) == ([], "earlier")
    assert [each["profile"]["user_id"] for each in others] == ["out|1", "out|2"]
    assert all(each["authenticators"] is None and RUN in each["error"] for each in others)


@pytest.mark.parametrize("most", [1, 6, 64])
def test_anybody_is_of_all_of_the_run_each_once(store, most):
    ledger = begun(store, users=60)
    everybody = {"auth0|%02d" % number for number in range(60)} | {"carried|%d" % number for number in range(4)}
    for _again in range(9):
        chosen = ledger.anybody(most)
        assert len(set(chosen)) == len(chosen) <= most and set(chosen) <= everybody
        assert len(chosen) >= most // 2


def test_a_few_of_anybody_in_a_row_are_not_next_to_each_other(store):
    ledger = begun(store, run="000002-20260601T120000Z", users=99)
    for _again in range(50):
        chosen = ledger.anybody(64)
        for first in range(len(chosen) - 5):
            few = chosen[first : first + 5]
            # However half of the users is broken that came one after the other, one of the few is in the other half.
            assert {user_id < "auth0|50" for user_id in few} == {True, False}
