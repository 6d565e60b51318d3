# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which runs a folder has, in which order, and which of them count."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from unittest.mock import patch

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History, rank
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from hypothesis import given, strategies as st

from tests.unit.audit.test_ledger import begun

ORDER = Order("t")
NAMES = ["%06d-20260601T120000Z" % number for number in (1, 2, 3)]


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(str(tmp_path / "audits"))


def ran(store, run: str, **changes) -> None:
    """A run that is stored."""
    changes = {"scope": ORDER.scope.as_row(), "policy": ORDER.policy.as_row(), **changes}
    begun(store, run).advance(**changes)


def readable(history: History) -> list[str]:
    """The oldest first."""
    return [ledger.checkpoint.run for ledger in history][::-1]


def damage(store, run: str) -> None:
    with open(os.path.join(store.folder, "runs", run, "checkpoint.json"), "wb") as file:
        file.write(b"{")


@given(st.lists(st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(timezone.utc)), max_size=8))
def test_a_new_run_comes_after_all_others_whatever_the_clock_says(moments):
    with tempfile.TemporaryDirectory() as folder, patch.object(os, "fsync"):
        store, names = FolderStore(folder), []
        for moment in moments:
            names.append(History.of(store).next_name(moment))
            ran(store, names[-1])
        assert readable(History.of(store)) == names == sorted(names)


def test_a_number_of_more_digits_comes_later():
    assert rank("999999-20260601T120000Z") < rank("1000000-20250601T120000Z")


def test_a_new_run_comes_after_one_that_cannot_be_read(store):
    for name in NAMES:
        ran(store, name)
    damage(store, NAMES[2])
    assert History.of(store).next_name(datetime(2026, 6, 1, tzinfo=timezone.utc)) == "000004-20260601T000000Z"


@pytest.mark.parametrize("name", [NAMES[0] + ".bak", "copy", "x" + NAMES[0], "000009-20260601T120000Z-2", "1-x"])
def test_a_directory_of_another_name_is_no_run(store, name):
    ran(store, NAMES[0], finished="2026-06-01T13:00:00.000Z")
    shutil.copytree(os.path.join(store.folder, "runs", NAMES[0]), os.path.join(store.folder, "runs", name))
    history = History.of(store)
    assert (readable(history), history.damaged) == ([NAMES[0]], {})


def test_a_copy_by_the_name_of_a_run_is_told_and_not_used(store):
    ran(store, NAMES[0])
    shutil.copytree(os.path.join(store.folder, "runs", NAMES[0]), os.path.join(store.folder, "runs", NAMES[1]))
    history = History.of(store)
    assert readable(history) == [NAMES[0]] and "copy" in str(history.damaged[NAMES[1]])


def test_the_last_run_is_found_or_none_or_why_it_cannot_be(store):
    with pytest.raises(ConfigurationError, match="There is no run in the folder"):
        History.of(store).find(None)
    for name in NAMES:
        ran(store, name)
    assert History.of(store).find(None).checkpoint.run == NAMES[2]
    with pytest.raises(ConfigurationError, match="no run 'x'. Known runs: %s" % ", ".join(NAMES)):
        History.of(store).find("x")
    damage(store, NAMES[2])
    for wanted in (None, NAMES[2]):
        with pytest.raises(StoreError, match="runs/%s/" % NAMES[2]):
            History.of(store).find(wanted)
    assert History.of(store).find(NAMES[1]).checkpoint.run == NAMES[1]


def unfinished(store, order=ORDER) -> str | None:
    ledger = History.of(store).unfinished(order)
    return ledger.checkpoint.run if ledger else None


def test_the_last_run_of_the_same_order_is_gone_on_with(store):
    assert unfinished(store) is None
    ran(store, NAMES[0])
    assert unfinished(store) == NAMES[0]
    assert unfinished(store, replace(ORDER, scope=Scope(query="x:y"))) is None
    assert unfinished(store, replace(ORDER, policy=Policy(stale_days=3))) is None
    assert unfinished(store, replace(ORDER, full=True)) == NAMES[0]
    ran(store, NAMES[1], full=False, base=NAMES[0])
    assert unfinished(store, replace(ORDER, full=True)) is None
    assert unfinished(store, replace(ORDER, since=NAMES[0])) == NAMES[1]
    assert unfinished(store, replace(ORDER, since=NAMES[1])) is None
    ran(store, NAMES[2], finished="2026-06-01T13:00:00.000Z", reported=True)
    assert unfinished(store) is None


def test_a_run_that_is_named_and_is_none_is_told_even_where_another_could_be_gone_on_with(store):
    ran(store, NAMES[0])
    with pytest.raises(ConfigurationError, match="There is no run 'nosuchrun' of these users.*%s" % NAMES[0]):
        unfinished(store, replace(ORDER, since="nosuchrun"))
    assert unfinished(store, replace(ORDER, since=NAMES[0])) == NAMES[0]


def test_what_cannot_be_read_may_have_been_the_last_so_an_older_run_is_not_gone_on_with(store):
    ran(store, NAMES[0])
    ran(store, NAMES[1])
    damage(store, NAMES[1])
    assert unfinished(store) is None and History.of(store).damaged_after(NAMES[0]) == [NAMES[1]]
    ran(store, NAMES[2])
    assert unfinished(store) == NAMES[2] and History.of(store).damaged_after(NAMES[2]) == []


def earlier(store, order=ORDER):
    base, ledgers = History.of(store).earlier(order)
    return base, [ledger.checkpoint.run for ledger in ledgers]


def test_the_last_complete_run_is_the_base_and_later_ones_know_some_users_better(store):
    assert earlier(store) == (None, [])
    ran(store, NAMES[0])
    assert earlier(store) == (None, NAMES[:1])
    ran(store, NAMES[1], finished="2026-06-01T13:00:00.000Z")
    ran(store, NAMES[2])
    assert earlier(store) == (NAMES[1], NAMES[1:])
    assert earlier(store, replace(ORDER, full=True)) == (None, NAMES[1:])
    assert earlier(store, replace(ORDER, since=NAMES[0])) == (NAMES[0], NAMES)
    damage(store, NAMES[0])
    with pytest.raises(StoreError, match="runs/%s/" % NAMES[0]):
        earlier(store, replace(ORDER, since=NAMES[0]))


def test_a_folder_of_another_tenant_is_refused(store):
    History.of(store).check_tenant("u")
    ran(store, NAMES[0])
    History.of(store).check_tenant("t")
    with pytest.raises(ConfigurationError, match="are of t, not of u"):
        History.of(store).check_tenant("u")
