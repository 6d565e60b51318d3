# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run in steps that end and begin again, each as in a process of its own, is the run that one call makes."""

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import begin, conclude, read, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import TransportError

from tests.unit.audit.fake_tenant import NOW
from tests.unit.audit.test_run import ONE_BY_ONE, StopAfter, audit, files_of, latest_files, tenant_of


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 12)


def clock():
    return NOW


def test_many_segments_read_each_user_once_and_make_the_reports_of_one_call(tmp_path):
    store, other = FolderStore(str(tmp_path / "segments")), FolderStore(str(tmp_path / "whole"))
    tenant = tenant_of(40)
    with store.hold():
        history = History.of(store)
        started = begin(tenant, tenant, store, history, ONE_BY_ONE, stop=Stop(), clock=clock)
    assert started.checkpoint.to_read == 40 and tenant.reads == []
    reasons = []
    while not reasons or reasons[-1] is not None:
        ledger = Ledger.load(store, started.checkpoint.run)
        walk = read(tenant, tenant, ledger, ONE_BY_ONE, stop=StopAfter(tenant, len(tenant.reads) + 15), clock=clock)
        reasons.append(walk.stopped)
        assert len(reasons) < 9
    assert len(reasons) > 2 and sorted(tenant.reads) == sorted(set(tenant.reads)) and len(tenant.reads) == 40
    requests = tenant.requests
    made = [
        conclude(store, History.of(store), Ledger.load(store, ledger.checkpoint.run), NOW, None, walk.costs)
        for _time in range(2)
    ]
    assert tenant.requests == requests and files_of(store, made[0]) == files_of(store, made[1])
    undisturbed = run(*(tenant_of(40),) * 2, other, ONE_BY_ONE, clock=clock)
    assert files_of(store, made[0]) == files_of(other, undisturbed)
    assert Ledger.load(store, ledger.checkpoint.run).checkpoint.reported


class Refusing(FolderStore):
    """Does not answer when it is asked for some names."""

    def __init__(self, folder: str, ending: str) -> None:
        super().__init__(folder)
        self._ending = ending

    def read(self, name):
        self._check(name)
        return super().read(name)

    def open(self, name):
        self._check(name)
        return super().open(name)

    def _check(self, name: str) -> None:
        if name.endswith(self._ending):
            raise StoreError("no answer")


@pytest.mark.parametrize("ending", ["checkpoint.json", "000000000.jsonl.gz", "findings.jsonl.gz"])
def test_a_store_that_does_not_answer_is_not_taken_for_a_damaged_one(tmp_path, ending):
    # A new run beside the one that could not be read, or findings that seem to be new, would be the end of it.
    store = FolderStore(str(tmp_path))
    audit(tenant_of(20), store)
    before = latest_files(store)
    with pytest.raises(StoreError, match="no answer"):
        audit(tenant_of(20), Refusing(str(tmp_path), ending), days=1)
    assert latest_files(store) == before


def test_the_source_of_the_policy_is_in_the_summary(tmp_path):
    store = FolderStore(str(tmp_path))
    order = type(ONE_BY_ONE)(ONE_BY_ONE.tenant, policy=Policy(), policy_source="policies/one.yml, version 7", threads=1)
    outcome = run(*(tenant_of(3),) * 2, store, order, clock=clock)
    assert outcome.summary["versions"]["policy"] == "policies/one.yml, version 7"
    assert "policy" not in audit(tenant_of(3), store, days=1).summary["versions"]


def lost(_user_id):
    raise TransportError("no answer")


def test_a_run_of_some_users_and_one_that_read_nobody_do_not_become_the_latest(tmp_path):
    store = FolderStore(str(tmp_path))
    whole = audit(tenant_of(10), store)
    before = store.read("latest.json")
    some = type(ONE_BY_ONE.scope)(user_ids=(tenant_of(3).users[0]["user_id"],))
    audit(tenant_of(10), store, type(ONE_BY_ONE)(ONE_BY_ONE.tenant, some, threads=1), days=1)
    assert store.read("latest.json") == before
    down = tenant_of(10)
    down.list_authenticators = lost
    nobody = audit(down, store, days=2)
    assert nobody.summary["partial"] and store.read("latest.json") == before
    tenant = tenant_of(10)
    full = type(ONE_BY_ONE)(ONE_BY_ONE.tenant, full=True, threads=1, resume=False)
    cut = audit(tenant, store, full, days=3, stop=StopAfter(tenant, 4))
    latest = json.loads(store.read("latest.json")[0])
    assert (latest["run"], latest["partial"], latest["complete"]["run"]) == (cut.run, True, whole.run)
