# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs on what others left: damaged, copied, under a wrong clock, half begun; and what a run leaves when it ends early."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import plan as roll, scan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import packed, read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.plan import SWEEP
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import LATEST, point
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import files
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import plan, report
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop, UnstartedError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import (
    ExpiredError,
    FolderStore,
    StoreError,
    TakenError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from tests.unit.audit.fake_tenant import NOW, FakeTenant, authenticator, user
from tests.unit.audit.test_ledger import profile
from tests.unit.audit.test_run import (
    LOST,
    ONE_BY_ONE,
    Killed,
    StopAfter,
    as_it_was,
    audit,
    files_of,
    latest_files,
    rows_of,
    small_chunks,
    store,
    tenant_of,
)

__all__ = ["small_chunks", "store"]  # fixtures


class Unlocked(FolderStore):
    """A place where nobody can tell whether another worker is there."""

    def hold(self):
        return nullcontext()


def test_of_two_workers_who_begin_at_once_one_stops_and_the_plan_of_the_other_stays(store):
    ours, theirs = tenant_of(30), tenant_of(29)
    theirs.users.append(user(99))
    first, second = Unlocked(store.folder), Unlocked(store.folder)
    exported = ours.users_export

    def meanwhile(job_id):
        # Both have asked which runs there are. The other one begins, and reads a part.
        audit(theirs, second, stop=StopAfter(theirs, 17))
        return exported(job_id)

    ours.users_export = meanwhile
    with pytest.raises(TakenError):
        audit(ours, first)
    assert ours.reads == []
    outcome = audit(theirs, second)
    assert not outcome.summary["partial"]
    assert [row["user_id"] for row in rows_of(second, outcome)] == [each["user_id"] for each in theirs.users]


def test_a_copy_of_a_run_is_no_run_and_is_in_nobodys_way(store):
    tenant = tenant_of(40)
    cut = audit(tenant, store, stop=StopAfter(tenant, 17))
    shutil.copytree(*(os.path.join(store.folder, "runs", cut.run + end) for end in ("", ".bak")))
    whole = audit(tenant, store)
    assert (whole.run, whole.summary["partial"], whole.summary["note"], len(tenant.reads)) == (cut.run, False, None, 40)
    for order in (ONE_BY_ONE, replace(ONE_BY_ONE, full=True), replace(ONE_BY_ONE, resume=False)):
        assert audit(tenant, store, order, days=1).summary["note"] is None
    # By the name of a run it is told, and its readings count for nothing.
    shutil.copytree(*(os.path.join(store.folder, "runs", name) for name in (cut.run, "000009-20260601T120000Z")))
    later = audit(tenant, store, days=2)
    assert later.run.startswith("000010-") and "000009-20260601T120000Z" in later.summary["note"]


def harmed(store, run: str, name: str, content: bytes | None = None) -> None:
    """Cut a file of a run short, or remove it."""
    path = os.path.join(store.folder, "runs", run, name)
    if content is None:
        os.unlink(path)
    else:
        with open(path, "wb") as file:
            file.write(content)


@pytest.mark.parametrize("content", [b"\x1f\x8b", None])
@pytest.mark.parametrize("order", [ONE_BY_ONE, replace(ONE_BY_ONE, full=True), replace(ONE_BY_ONE, resume=False)])
def test_a_damaged_part_of_an_earlier_run_stops_nobody_and_its_users_are_read_again(store, order, content):
    tenant = tenant_of(40)
    first = audit(tenant, store)
    harmed(store, first.run, "parts/000000010.jsonl.gz", content)
    with pytest.raises(StoreError, match="parts/000000010.jsonl.gz"):
        report(store, None, as_it_was, NOW)
    tenant.reads.clear()
    told: list = []
    outcome = audit(tenant, store, order, days=1, tell=lambda progress: told.append(progress.note))
    assert {each["user_id"] for each in tenant.users[10:]} <= set(tenant.reads)
    assert order.full or len(tenant.reads) == 31
    assert not outcome.summary["partial"] and len(rows_of(store, outcome)) == 40
    assert first.run in outcome.summary["note"] and "parts/000000010.jsonl.gz" in " ".join(filter(None, told))
    assert audit(tenant, store, days=2).summary["note"] is None


@pytest.mark.parametrize("order", [ONE_BY_ONE, replace(ONE_BY_ONE, full=True), replace(ONE_BY_ONE, resume=False)])
def test_no_older_run_takes_the_place_of_one_that_cannot_be_read_without_a_word(store, order):
    tenant = tenant_of(40)
    first, second = audit(tenant, store), audit(tenant, store, days=1)
    harmed(store, second.run, "checkpoint.json", b"{")
    with pytest.raises(StoreError, match=second.run):
        report(store, None, as_it_was, NOW)
    assert second.run in plan(tenant, store, order).listing.note
    outcome = audit(tenant, store, order, days=2)
    assert outcome.run > second.run and second.run in outcome.summary["note"] and not outcome.summary["partial"]
    assert outcome.summary["base"] == (None if order.full else first.run)
    with pytest.raises(StoreError, match=second.run):
        audit(tenant, store, replace(ONE_BY_ONE, since=second.run), days=3)


@pytest.mark.parametrize("name", ["parts/000000000.jsonl.gz", "plan"])
def test_a_run_that_is_damaged_is_not_gone_on_with(store, name):
    tenant = tenant_of(40)
    cut = audit(tenant, store, stop=StopAfter(tenant, 17))
    harmed(store, cut.run, History.of(store).find(None).checkpoint.file("plan") if name == "plan" else name)
    told: list = []
    outcome = audit(tenant, store, days=1, tell=lambda progress: told.append(progress.note))
    assert outcome.run != cut.run and "The run %s cannot be gone on with." % cut.run in " ".join(filter(None, told))
    assert not outcome.summary["partial"] and len(rows_of(store, outcome)) == 40


def test_a_clock_that_was_wrong_once_changes_neither_the_order_of_runs_nor_whose_turn_it_is(store):
    tenant = tenant_of(60)
    wrong = audit(tenant, store, days=365)
    later = [audit(tenant, store, days=1), audit(tenant, store, replace(ONE_BY_ONE, resume=False), days=2)]
    assert [each.summary["base"] for each in later] == [wrong.run, later[0].run]
    assert wrong.run < later[0].run < later[1].run == json.loads(store.read(LATEST)[0])["run"]
    cut = audit(tenant, store, replace(ONE_BY_ONE, full=True), days=3, stop=StopAfter(tenant, len(tenant.reads) + 20))
    assert cut.summary["partial"] and audit(tenant, store, replace(ONE_BY_ONE, full=True), days=4).run == cut.run
    other = FolderStore(store.folder + "-other")
    tenant = tenant_of(60)
    audit(tenant, other, days=365)
    tenant.reads.clear()
    for days in range(SWEEP):
        audit(tenant, other, days=days)
    assert set(tenant.reads) == {each["user_id"] for each in tenant.users}


def test_since_a_run_without_going_on_reads_others_each_time(store):
    tenant = tenant_of(40)
    first = audit(tenant, store)
    for each in tenant.users:
        each["last_login"] = "2026-05-30T00:00:00.000Z"
    order = replace(ONE_BY_ONE, since=first.run, resume=False)
    tenant.reads.clear()
    for days in range(1, 5):
        audit(tenant, store, order, days=days, stop=StopAfter(tenant, 10 * days))
    assert {each["user_id"] for each in tenant.users} == set(tenant.reads)


class Listening(FolderStore):
    """Counts what is read, and calls somebody for each file that is written."""

    def __init__(self, folder: str, written=lambda name: None) -> None:
        super().__init__(folder)
        self.reads: Counter = Counter()
        self._written = written

    def read(self, name):
        self.reads[name] += 1
        return super().read(name)

    def _store(self, name, content, once):
        self._written(name)
        super()._store(name, content, once)


def test_each_checkpoint_is_read_once_at_most(store):
    tenant = tenant_of(20)
    for days in range(4):
        audit(tenant, store, days=days)
    names = {"runs/%s/checkpoint.json" % run for run in store.names("runs")}
    for ask in (
        lambda listening: plan(tenant, listening, ONE_BY_ONE),
        lambda listening: report(listening, None, as_it_was, NOW),
        lambda listening: audit(tenant, listening, days=5),
    ):
        listening = Listening(store.folder)
        ask(listening)
        assert all(listening.reads[name] <= 1 for name in names)


def test_a_run_reads_as_many_checkpoints_as_it_needs_and_keeps_a_policy_once(store, monkeypatch):
    monkeypatch.setattr(files, "_TREND", 3)
    tenant = tenant_of(5)
    for days in range(9):
        audit(tenant, store, days=days)
    listening = Listening(store.folder)
    audit(tenant, listening, days=9)
    read = [name for name in listening.reads if name.endswith("checkpoint.json")]
    assert sorted(read)[:3] == ["runs/%s/checkpoint.json" % run for run in store.names("runs")[-4:-1]]
    assert len({id(ledger.checkpoint.policy) for ledger in History.of(store)}) == 1


def test_a_run_that_finds_nobody_closes_no_finding(store):
    tenant = tenant_of(5)
    people = tenant.users
    first = audit(tenant, store).summary["history"]["statuses"]
    assert first["new"] == 5
    tenant.users = []
    empty = audit(tenant, store, days=1).summary
    assert empty["partial"] and (empty["history"]["statuses"]["gone"], empty["history"]["statuses"]["not-read"]) == (
        0,
        5,
    )
    tenant.users = people
    after = audit(tenant, store, days=2).summary["history"]["statuses"]
    assert (after["persisting"], after["new"], after["reopened"]) == (5, 0, 0)


class StopAt(Stop):
    """Says stop when it is asked the n-th time."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.asks_left = number

    def reason(self):
        self.asks_left -= 1
        if self.asks_left == 0:
            self.tell("Enough.")
        return super().reason()


def test_a_run_that_is_stopped_before_it_has_a_plan_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr(roll, "_STRIDE", 1)
    number, unstarted = 1, 0
    while True:
        stop = StopAt(number)
        try:
            audit(tenant_of(12), store, stop=stop)
            break
        except UnstartedError as error:
            assert "The run could not begin: Enough." in str(error)
            unstarted += 1
        assert store.names("runs") == [] and store.read(LATEST) is None
        number += 1
    assert unstarted > 24  # while users are listed, and while the plan is written


def test_a_stop_while_the_reports_are_written_does_not_end_that(store):
    stop = Stop()
    listening = Listening(store.folder, lambda name: "/report/" in name and stop.tell("Enough."))
    outcome = audit(tenant_of(20), listening, stop=stop)
    assert stop.reason() and not outcome.summary["partial"] and set(outcome.keys) == set(latest_files(store))
    assert History.of(store).find(None).checkpoint.reported


def test_who_is_killed_while_the_reports_are_written_reads_nothing_again(store):
    tenant = tenant_of(20)

    def killed(name):
        if name.endswith("/report/summary.json"):
            raise Killed

    with pytest.raises(Killed):
        audit(tenant, Listening(store.folder, killed))
    assert store.read(LATEST) is None and len(tenant.reads) == 20
    outcome = audit(tenant, store)
    assert len(tenant.reads) == 20 and not outcome.summary["partial"]


def test_a_report_that_is_made_later_replaces_nothing(store):
    outcome = audit(tenant_of(10, authenticators={"auth0|00003": [authenticator(created=80, used=60)]}), store)
    files, pointer = files_of(store, outcome), store.read(LATEST)
    keys = set()

    def stricter(policy):
        return replace(policy, stale_days=10)

    for days, judged_by in ((0, as_it_was), (365, as_it_was), (0, stricter)):
        other = report(store, None, judged_by, NOW + timedelta(days=days))
        assert report(store, None, judged_by, NOW + timedelta(days=days)).keys == other.keys
        keys |= set(other.keys.values())
        if (days, judged_by) == (0, as_it_was):
            assert files_of(store, other) == files
    assert len(keys) == 3 * len(outcome.keys) and not keys & set(outcome.keys.values())
    assert (files_of(store, outcome), store.read(LATEST)) == (files, pointer)


@pytest.mark.parametrize("named, pointed", [(1, True), (2, True), (3, False), (9, True), (None, True)])
def test_the_pointer_names_the_last_run_that_has_reports(store, named, pointed):
    runs = [audit(tenant_of(3), store, replace(ONE_BY_ONE, resume=False), days=days).run for days in range(3)]
    gone = "000009-20260601T120000Z"
    other = {"run": {9: gone}.get(named) or runs[(named or 1) - 1], "partial": True, "keys": {}}
    content = b"{" if named is None else json.dumps(other).encode()
    store.write(LATEST, content, store.read(LATEST)[1])
    figures = {"partial": False, "coverage": {"read": 3, "carried": 0}}
    point(store, Ledger.load(store, runs[1]).checkpoint, figures, {})
    assert (json.loads(store.read(LATEST)[0])["run"] == runs[1]) is pointed


def folder_of_three_runs(folder: str) -> FakeTenant:
    """One that is whole, one that carries readings over and tried a user again, and one that was cut off."""
    tenant, store = tenant_of(40), FolderStore(folder)
    audit(tenant, store)
    tenant.users[3]["last_login"] = "2026-05-09T00:00:00.000Z"
    tenant.authenticators[tenant.users[3]["user_id"]] = [LOST, LOST, LOST, LOST, LOST, LOST]
    audit(tenant, store, days=1)
    tenant.authenticators.clear()
    audit(tenant, store, replace(ONE_BY_ONE, full=True), days=2, stop=StopAfter(tenant, len(tenant.reads) + 17))
    return tenant


def files_below(folder: str) -> list[str]:
    found = (os.path.join(above, name) for above, _folders, names in os.walk(folder) for name in names)
    return sorted(os.path.relpath(path, folder) for path in found)


def survives(tenant, store) -> None:
    """Whatever there is in the folder, nothing ends in a traceback, and who asks for everything anew gets it."""
    for attempt in (
        lambda: plan(tenant, store, ONE_BY_ONE),
        lambda: report(store, None, as_it_was, NOW),
        lambda: audit(tenant, store, days=3),
    ):
        with suppress(StoreError, ConfigurationError):
            attempt()
    anew = audit(tenant, store, replace(ONE_BY_ONE, full=True, resume=False), days=4)
    assert len(rows_of(store, anew)) == 40 and not anew.summary["partial"]


@pytest.fixture(scope="module")
def damaged_by(tmp_path_factory):
    """Calls with a folder of three runs, to which something was done, one after the other."""
    whole, folder = (str(tmp_path_factory.mktemp("runs") / name) for name in ("whole", "folder"))
    with patch.object(os, "fsync"), patch.object(scan, "CHUNK", 12):
        tenant = folder_of_three_runs(whole)

        def after(harm) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(whole, folder)
            harm(folder)
            survives(tenant, FolderStore(folder))

        yield whole, after


def test_no_byte_of_a_folder_that_changes_ends_a_run_in_a_traceback(damaged_by):
    whole, after = damaged_by
    chance = random.Random(11)
    for name in files_below(whole):

        def changed(folder, name=name):
            with open(os.path.join(folder, name), "rb+") as file:
                content = bytearray(file.read())
                for _time in range(chance.choice((1, 1, 4)) if content else 0):
                    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
                file.seek(0)
                file.write(content[: chance.choice((None, None, chance.randrange(len(content) + 1)))])

        after(changed)


def test_no_file_that_takes_the_place_of_another_ends_a_run_in_a_traceback(damaged_by):
    whole, after = damaged_by
    names = [name for name in files_below(whole) if name.endswith(".gz")]
    # The last file of each kind, such as "parts/.jsonl.gz".
    kinds = {re.sub(r"^runs/[^/]*/|-[0-9a-f]{16}|\d{9}", "", name): name for name in names}
    part, plan_file, carried, found = (
        kinds[kind] for kind in ("parts/.jsonl.gz", "plan.jsonl.gz", "carried.jsonl.gz", "report/findings.jsonl.gz")
    )
    places = [(other, part) for other in kinds.values() if other != part]
    for other, name in (*places, (plan_file, carried), (part, plan_file), (kinds["report/users.jsonl.gz"], found)):
        after(lambda folder, name=name, other=other: shutil.copy(*(os.path.join(folder, o) for o in (other, name))))


@pytest.mark.parametrize("order", [ONE_BY_ONE, replace(ONE_BY_ONE, full=True)])
def test_a_reading_of_another_form_counts_for_nobody(store, order):
    tenant = tenant_of(12)
    first = audit(tenant, store)
    name = "runs/%s/parts/000000000.jsonl.gz" % first.run
    with store.open(name) as file:
        rows = list(read_lines(file, name))
    for harm in (
        {"authenticators": [{}]}, {"authenticators": 1}, {"profile": {"user_id": "auth0|1"}}, {"read_at": None}, {"gone": 0},
        {"authenticators": [{"id": "a", "factor": "otp", "confirmed": True, "of": "a later version"}]}, {"before": [1]},
        {"profile": {**rows[0]["profile"], "identities": [5]}},
    ):  # fmt: skip
        store.put(name, io.BytesIO(packed([{**rows[0], **harm}, *rows[1:]])))
        with pytest.raises(StoreError, match="another form.*Move the directory"):
            report(store, first.run, as_it_was, NOW)
        assert first.run in audit(tenant, store, order, days=1).summary["note"]
        shutil.rmtree(os.path.join(store.folder, "runs", History.of(store).find(None).checkpoint.run))


def test_what_a_killed_process_leaves_of_its_database_is_nothing(tmp_path):
    with roll.Roll(str(tmp_path), lambda: None) as users:
        users.add({**profile("auth0|1"), "email": "ann@example.com"})
        assert os.listdir(tmp_path) == []


def test_readings_that_expired_are_not_damage(store, monkeypatch):
    tenant = tenant_of(12)
    first = audit(tenant, store)
    opened = type(store).open

    def forgetful(self, name):
        if name.startswith("runs/%s/parts/" % first.run):
            raise ExpiredError("%s is missing" % name)
        return opened(self, name)

    monkeypatch.setattr(type(store), "open", forgetful)
    summary = audit(tenant, store, days=40).summary
    assert summary["note"].startswith("What was read in these runs has expired: %s. " % first.run)
    assert "amaged" not in summary["note"] and (summary["partial"], summary["coverage"]["read"]) == (False, 12)
