# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs over a tenant in memory."""

from __future__ import annotations

import json
import math
import os
import random
import re
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.plan import SWEEP
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Member, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import LATEST
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import USERS
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import plan, report, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop, Stopped, UnstartedError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError, TakenError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    ServerError,
    TransportError,
)

from tests.unit.audit.fake_tenant import NOW, TENANT, FakeTenant, authenticator, user

ONE_BY_ONE = Order(TENANT, threads=1, patience=0.0)
LOST = ServerError("Could not list the authenticators: down", status=503)


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(str(tmp_path / "audits"))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 12)


def tenant_of(size: int, **more) -> FakeTenant:
    marked = {"last_login": "2026-05-01T00:00:00.000Z", "multifactor_last_modified": "2026-04-01T00:00:00.000Z"}
    return FakeTenant([user(number, **marked) for number in range(size)], **more)


def as_it_was(policy):
    """A report by the policy of its run."""
    return policy


def audit(tenant, store, order=ONE_BY_ONE, days=0, **more):
    return run(tenant, tenant, store, order, clock=lambda: NOW + timedelta(days=days), **more)


def rows_of(store, outcome) -> list[dict]:
    with store.open(outcome.keys[USERS]) as file:
        return list(read_lines(file, USERS))


def files_of(store, outcome) -> dict[str, bytes]:
    return {name: store.read(key)[0] for name, key in outcome.keys.items()}


def latest_files(store) -> dict[str, bytes]:
    return {name: store.read(key)[0] for name, key in json.loads(store.read(LATEST)[0])["keys"].items()}


def adds_up(coverage) -> bool:
    parts = ("read", "unread", "gone", "out_of_scope", "not_reached")
    return coverage["listed"] == sum(coverage[part] for part in parts) and min(coverage[part] for part in parts) >= 0


class NoWaiting(Stop):
    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing is waited for")


class StopAfter(Stop):
    """Says stop when the tenant has been asked for so many users."""

    def __init__(self, tenant, reads: int) -> None:
        super().__init__()
        self._tenant, self._reads = tenant, reads

    def reason(self):
        if len(self._tenant.reads) >= self._reads:
            self.tell("Enough.")
        return super().reason()


def test_everybody_is_read_once_and_nothing_is_missing(store):
    tenant = tenant_of(40)
    outcome = audit(tenant, store)
    assert tenant.reads == [each["user_id"] for each in tenant.users]
    assert [row["user_id"] for row in rows_of(store, outcome)] == tenant.reads
    coverage = outcome.summary["coverage"]
    assert coverage == {
        "source": "export", "listed": 40, "listed_is_lower_bound": False, "read": 40, "carried": 0, "unread": 0, "gone": 0,
        "out_of_scope": 0, "not_reached": 0,
    }  # fmt: skip
    assert (outcome.summary["partial"], outcome.summary["reason"]) == (False, None)
    assert outcome.costs["requests"] == tenant.requests == 40 + 5
    assert json.loads(store.read(LATEST)[0]) == {
        "run": outcome.run, "partial": False, "keys": dict(outcome.keys), "whole_tenant": True,
        "complete": {"run": outcome.run, "keys": dict(outcome.keys)},
    }  # fmt: skip


@pytest.mark.parametrize("threads", [1, 4, 32])
def test_the_same_bytes_whatever_the_threads_do(store, tmp_path, threads):
    one = audit(tenant_of(60), store)
    other_store = FolderStore(str(tmp_path / "other"))
    other = audit(tenant_of(60), other_store, replace(ONE_BY_ONE, threads=threads))
    assert files_of(store, one) == files_of(other_store, other)


def test_a_run_that_was_cut_off_says_so_and_the_next_one_goes_on(store, tmp_path):
    tenant = tenant_of(40)
    cut = audit(tenant, store, stop=StopAfter(tenant, 17))
    assert cut.summary["partial"] and cut.summary["reason"] == "Enough."
    assert adds_up(cut.summary["coverage"])
    assert (cut.summary["coverage"]["read"], cut.summary["coverage"]["not_reached"]) == (17, 23)
    whole = audit(tenant, store)
    assert whole.run == cut.run
    assert Counter(tenant.reads) == Counter(each["user_id"] for each in tenant.users)
    undisturbed = FolderStore(str(tmp_path / "other"))
    assert files_of(store, whole) == files_of(undisturbed, audit(tenant_of(40), undisturbed))
    assert whole.costs["requests"] == tenant.requests


def test_a_tenant_of_five_windows_is_read_after_five_runs(store):
    tenant = tenant_of(50)
    for window in range(1, 6):
        outcome = audit(tenant, store, stop=StopAfter(tenant, 10 * window))
        assert outcome.summary["coverage"]["read"] == 10 * window
    assert audit(tenant, store).summary["partial"] is False
    assert Counter(tenant.reads).most_common(1)[0][1] <= 2


@pytest.mark.parametrize("stored", ["user@example.com", "User@Example.com", "USER@example.com"])
@pytest.mark.parametrize("given", ["user@example.com", "User@Example.com"])
def test_the_case_of_an_address_makes_no_difference(store, given, stored):
    tenant = tenant_of(5)
    tenant.users[2]["email"] = stored
    outcome = audit(tenant, store, Order(TENANT, Scope(emails=(given,)), threads=1))
    assert [row["email"] for row in rows_of(store, outcome)] == [stored] and not outcome.summary["partial"]


def test_a_run_that_does_not_resume_reads_others_first(store):
    tenant = tenant_of(30)
    audit(tenant, store, stop=StopAfter(tenant, 10))
    audit(tenant, store, replace(ONE_BY_ONE, resume=False), stop=StopAfter(tenant, 20), days=1)
    assert tenant.reads == [each["user_id"] for each in tenant.users[:20]]
    audit(tenant, store, replace(ONE_BY_ONE, resume=False), days=2)
    assert tenant.reads[20:30] == [each["user_id"] for each in tenant.users[20:]]
    assert tenant.reads[30:] == [each["user_id"] for each in tenant.users[:20]]


def test_an_unread_user_is_tried_again_at_the_end_and_keeps_the_place(store, tmp_path):
    tenant = tenant_of(40, authenticators={"auth0|00003": [LOST, []], "auth0|00017": [LOST, []]})
    tenant.authenticators["auth0|00003"][1] = tenant.authenticators["auth0|00017"][1] = [authenticator()]
    outcome = audit(tenant, store, replace(ONE_BY_ONE, patience=60.0))
    # Each time somebody who was answered before is asked for first: it was not the tenant that was away.
    assert tenant.reads[-2:] == ["auth0|00003", "auth0|00017"] and len(tenant.reads) == 42 + 2
    assert (outcome.summary["partial"], outcome.summary["coverage"]["unread"]) == (False, 0)
    undisturbed = FolderStore(str(tmp_path / "other"))
    same = {name: [authenticator()] for name in ("auth0|00003", "auth0|00017")}
    assert files_of(store, outcome) == files_of(undisturbed, audit(tenant_of(40, authenticators=same), undisturbed))


def test_who_cannot_be_read_at_all_is_unread_and_never_clean(store):
    broken = ServerError("Could not list the authenticators of auth0|00001: broken", status=500)
    outcome = audit(tenant_of(3, authenticators={"auth0|00001": broken}), store)
    row = rows_of(store, outcome)[1]
    assert (row["protection"], row["error"], row["findings"][0]["rule"]) == ("unknown", str(broken), "unread")
    assert outcome.summary["coverage"]["unread"] == 1 and adds_up(outcome.summary["coverage"])
    assert outcome.summary["reason"] == "Users who could not be read: 1."
    # The run is finished all the same: the next one reads this user again.
    tenant = tenant_of(3)
    audit(tenant, store, days=1)
    assert "auth0|00001" in tenant.reads


class Hasty(Stop):
    """Waits in no time."""

    def __init__(self, seconds: float = math.inf) -> None:
        self.time = 0.0
        super().__init__(seconds, clock=lambda: self.time)

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        reason = self.reason()
        if reason is not None:
            raise Stopped(reason)


def test_a_404_of_something_in_between_is_not_taken_for_gone(store):
    tenant = tenant_of(
        3, authenticators={"auth0|%05d" % number: NotFoundError("no page", status=404) for number in range(3)}
    )
    outcome = audit(tenant, store)
    assert outcome.summary["partial"] and outcome.summary["coverage"]["unread"] == 3


def test_a_list_without_marks_of_change_reads_everybody(store):
    tenant = tenant_of(40)
    order = Order(TENANT, Scope(emails=tuple(each["email"] for each in tenant.users)), threads=1)
    audit(tenant, store, order)
    tenant.reads.clear()
    audit(tenant, store, order, days=1)
    assert len(tenant.reads) == 40


def test_users_who_never_can_be_read_do_not_hold_up_every_run(store):
    down = ServerError("down", status=503)
    tenant = tenant_of(40, authenticators={"auth0|%05d" % number: down for number in range(20, 30)})
    order, stop = replace(ONE_BY_ONE, threads=12, patience=600.0), Hasty()
    outcome = audit(tenant, store, order, stop=stop)
    assert (
        outcome.summary["coverage"]["unread"] == 10 and outcome.summary["reason"] == "Users who could not be read: 10."
    )
    assert stop.time < 120
    assert Ledger.load(store, outcome.run).checkpoint.reported


def test_a_user_deleted_meanwhile_is_gone_and_not_unread(store):
    outcome = audit(
        tenant_of(3, authenticators={"auth0|00001": NotFoundError("gone", status=404, code="inexistent_user")}), store
    )
    assert [row["user_id"] for row in rows_of(store, outcome)] == ["auth0|00000", "auth0|00002"]
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 1)


@pytest.mark.parametrize("error", [CredentialsError, InsufficientScopeError])
def test_refused_credentials_end_the_run_and_keep_what_was_read(store, error):
    refusal = error("Could not list the authenticators of auth0|00007: refused", status=401)
    tenant = tenant_of(20, authenticators={"auth0|%05d" % number: refusal for number in range(7, 20)})
    outcome = audit(tenant, store)
    assert (outcome.summary["coverage"]["read"], outcome.summary["coverage"]["not_reached"]) == (7, 13)
    assert "refused" in outcome.summary["reason"] and "auth0|" not in outcome.summary["reason"]
    tenant.authenticators.clear()
    assert audit(tenant, store).summary["partial"] is False


def test_what_is_refused_from_the_start_is_an_error_and_no_report(store):
    refusal = AuthenticationError("refused", status=401)
    tenant = tenant_of(5, authenticators={"auth0|%05d" % number: refusal for number in range(5)})
    with pytest.raises(AuthenticationError):
        audit(tenant, store)
    assert store.read(LATEST) is None


def test_the_export_falls_back_to_the_search_and_says_so(store):
    outcome = audit(tenant_of(250, export=BadRequestError("no exports here", status=400)), store)
    assert outcome.summary["coverage"]["source"] == "search"
    assert outcome.summary["coverage"]["read"] == 250 and not outcome.summary["partial"]
    assert "no exports here" in outcome.summary["note"]


def test_an_export_with_too_few_users_is_completed_by_the_search(store):
    tenant = tenant_of(30)
    tenant.export = tenant.users[:20]
    outcome = audit(tenant, store)
    assert outcome.summary["coverage"]["read"] == 30 and not outcome.summary["partial"]


@pytest.mark.parametrize("export", [None, BadRequestError("no exports here", status=400)])
def test_users_that_are_counted_and_not_listed_make_the_run_partial(store, export):
    tenant = tenant_of(30, count=37, export=export)
    outcome = audit(tenant, store)
    assert outcome.summary["partial"]
    assert adds_up(outcome.summary["coverage"])
    assert (outcome.summary["coverage"]["listed"], outcome.summary["coverage"]["not_reached"]) == (37, 7)


GONE = NotFoundError("gone", status=404, code="inexistent_user")


def stale(tenant, deleted, missing):
    """The export shows users who were deleted before it was made, and does not show others."""
    tenant.export = [each for number, each in enumerate(tenant.users) if number not in missing]
    names = ["auth0|%05d" % number for number in deleted]
    tenant.users = [each for each in tenant.users if each["user_id"] not in names]
    tenant.authenticators.update(dict.fromkeys(names, GONE))
    return tenant


def test_the_newest_users_are_searched_for_where_an_old_export_does_not_show_them(store):
    tenant = stale(tenant_of(40), range(5), range(35, 40))
    outcome = audit(tenant, store)
    assert not outcome.summary["partial"] and "newest" in outcome.summary["note"]
    assert [row["user_id"] for row in rows_of(store, outcome)] == ["auth0|%05d" % number for number in range(5, 40)]
    coverage = outcome.summary["coverage"]
    assert (coverage["source"], coverage["listed"], coverage["gone"]) == ("export", 40, 5)


def test_the_newest_users_are_searched_for_where_those_who_were_deleted_are_carried_over(store):
    tenant = tenant_of(40)
    audit(tenant, store)
    tenant.users += [user(number) for number in range(40, 45)]
    outcome = audit(stale(tenant, range(10, 15), range(40, 45)), store, days=1)
    assert {"auth0|%05d" % number for number in range(40, 45)} <= {row["user_id"] for row in rows_of(store, outcome)}


def test_who_is_gone_does_not_stand_in_for_who_is_missing(store):
    tenant = stale(tenant_of(40), range(5), range(20, 25))
    outcome = audit(tenant, store)
    coverage = outcome.summary["coverage"]
    assert adds_up(coverage)
    assert (coverage["listed"], coverage["read"], coverage["gone"], coverage["not_reached"]) == (40, 30, 5, 5)
    assert outcome.summary["reason"] == "Users that the tenant counts and does not list: 5."
    assert report(store, None, as_it_was, NOW).summary["reason"] == outcome.summary["reason"]


@pytest.mark.parametrize("answered", [0, 5])
def test_users_who_are_said_to_be_gone_while_the_tenant_counts_them_are_unread_and_keep_their_findings(store, answered):
    tenant = tenant_of(40)
    first = audit(tenant, store, replace(ONE_BY_ONE, full=True))
    lists, there = tenant.list_authenticators, [each["user_id"] for each in tenant.users[:answered]]

    def denies(user_id):
        if user_id not in there:
            raise GONE
        return lists(user_id)

    tenant.list_authenticators = denies
    outcome = audit(tenant, store, replace(ONE_BY_ONE, full=True), days=1)
    coverage = outcome.summary["coverage"]
    assert (coverage["listed"], coverage["read"], coverage["unread"], coverage["gone"]) == (
        40,
        answered,
        40 - answered,
        0,
    )
    assert outcome.summary["reason"] == "Users who could not be read: %d." % (40 - answered) and adds_up(coverage)
    statuses = outcome.summary["history"]["statuses"]
    assert (statuses["gone"], statuses["not-read"]) == (0, 40 - answered) and len(rows_of(store, outcome)) == 40
    tenant.list_authenticators = lists
    after = audit(tenant, store, replace(ONE_BY_ONE, full=True), days=2)
    statuses = after.summary["history"]["statuses"]
    assert statuses["reopened"] == 0 and after.summary["counted"] == first.summary["counted"]


def test_most_users_may_be_deleted_during_a_run_where_the_tenant_counts_them_no_more(store):
    tenant = tenant_of(8, authenticators={"auth0|%05d" % number: GONE for number in range(1, 8)})
    outcome = audit(tenant, store)
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 7)


def test_where_nobody_is_read_before_a_run_is_cut_off_nobody_is_gone(store):
    tenant = tenant_of(30, authenticators={"auth0|%05d" % number: GONE for number in range(30)})
    coverage = audit(tenant, store, stop=StopAfter(tenant, 20)).summary["coverage"]
    assert (coverage["gone"], coverage["read"]) == (0, 0) and coverage["unread"] and adds_up(coverage)


def test_users_who_come_and_go_while_the_audit_runs_do_not_make_it_partial(store):
    tenant = tenant_of(40, authenticators={"auth0|00030": GONE, "auth0|00031": GONE})
    lists = tenant.list_authenticators

    def meanwhile(user_id):
        if len(tenant.reads) < 10:
            tenant.users.append(user(100 + len(tenant.reads), NOW + timedelta(minutes=len(tenant.reads))))
        if user_id == "auth0|00020":
            tenant.users.remove(tenant.users[3])  # was read already
        return lists(user_id)

    tenant.list_authenticators = meanwhile
    outcome = audit(tenant, store)
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 2)
    assert (outcome.summary["coverage"]["listed"], len(rows_of(store, outcome))) == (40, 38)


def test_a_count_of_the_most_that_is_counted_proves_nothing(store):
    tenant = tenant_of(1020, most_counted=1000)
    tenant.export = tenant.users[:1000]
    outcome = audit(tenant, store)
    assert not outcome.summary["partial"] and len(rows_of(store, outcome)) == 1020
    assert "may not count further than 1000" in outcome.summary["note"]


def test_where_nobody_can_tell_how_many_users_there_are_the_run_is_partial(store):
    tenant = FakeTenant([user(number, NOW - timedelta(days=3)) for number in range(1010)], most_counted=1000)
    outcome = audit(tenant, store)
    assert outcome.summary["partial"] and outcome.summary["coverage"]["listed_is_lower_bound"]
    assert outcome.summary["coverage"]["read"] == 1010


def from_the_future(size: int) -> FakeTenant:
    """A tenant whose first user was created by a clock that is wrong by years."""
    tenant = tenant_of(size)
    tenant.users[0]["created_at"] = "2031-01-01T00:00:00.000Z"
    return tenant


@pytest.mark.parametrize("export", [None, ForbiddenError("no export", status=403)])
def test_a_user_of_the_future_makes_no_run_partial_where_others_are_created_all_the_time(store, export):
    tenant = from_the_future(40)
    tenant.export = export
    for days in range(3):
        # Created just before the list was begun, and the search learns of it later.
        late = user(1000 + days, NOW + timedelta(days=days, seconds=-1))

        def read(user_id, late=late):
            if late not in tenant.users:
                tenant.users.append(late)
            return FakeTenant.list_authenticators(tenant, user_id)

        tenant.list_authenticators = read
        outcome = audit(tenant, store, days=days)
        assert (outcome.summary["partial"], outcome.summary["reason"]) == (False, None)
        assert adds_up(outcome.summary["coverage"])


@pytest.mark.parametrize("deleted", [0, 1])
def test_a_user_of_the_future_who_is_deleted_hides_nobody_and_misses_nobody(store, deleted):
    tenant = from_the_future(40)
    tenant.authenticators[tenant.users[deleted]["user_id"]] = GONE
    outcome = audit(tenant, store)
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 1)


def test_who_is_created_while_the_list_is_made_and_is_deleted_then_misses_nobody(store):
    tenant = tenant_of(40)
    new = user(99, NOW + timedelta(seconds=1))
    tenant.authenticators[new["user_id"]] = GONE

    def download(_location):
        tenant.users.append(new)
        return map(json.dumps, list(tenant.users))

    tenant.download = download
    outcome = audit(tenant, store)
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 1)


def test_somebody_is_missed_although_there_is_a_user_of_the_future(store):
    tenant = from_the_future(40)
    tenant.export = [each for each in tenant.users if each["user_id"] != "auth0|00007"]
    tenant.search = LOST
    outcome = audit(tenant, store)
    assert outcome.summary["partial"] and outcome.summary["coverage"]["not_reached"] == 1


@pytest.mark.parametrize("error", [LOST, TransportError("gone")])
def test_a_run_whose_users_cannot_be_counted_at_the_end_is_not_finished(store, error):
    tenant = tenant_of(20)
    counts = tenant.count_users

    def failing(query=None):
        if tenant.reads:
            raise error
        return counts(query)

    tenant.count_users = failing
    outcome = audit(tenant, store)
    assert outcome.summary["reason"] == "The users could not be counted again at the end: %s" % error
    tenant.count_users = counts
    whole = audit(tenant, store)
    assert (whole.run, whole.summary["partial"], len(tenant.reads)) == (outcome.run, False, 20)


@pytest.mark.parametrize(
    ("tenant", "scope"),
    [
        (tenant_of(0), Scope()),
        (tenant_of(9), Scope(query="created_at:[2099-01-01T00:00:00.000Z TO *]")),
        (tenant_of(9), Scope(user_ids=("auth0|x",), emails=("x@example.com",))),
        (tenant_of(3, authenticators={"auth0|%05d" % number: GONE for number in range(3)}), Scope()),
    ],
    ids=["empty tenant", "query", "list", "all gone"],
)
def test_a_run_that_audits_nobody_is_not_clean(store, tenant, scope):
    outcome = audit(tenant, store, Order(TENANT, scope, threads=1))
    assert outcome.summary["partial"] and not rows_of(store, outcome)
    assert "nobody" in outcome.summary["reason"].lower() and adds_up(outcome.summary["coverage"])


def test_an_export_that_lost_users_beside_the_search_keeps_its_marks_of_change(store):
    tenant = tenant_of(60, authenticators={"auth0|00001": [authenticator()]})
    audit(tenant, store)
    tenant.reads.clear()
    tenant.export = tenant.users[:50]
    assert audit(tenant, store, days=1).summary["coverage"]["carried"] > 45


def test_a_list_that_breaks_off_is_partial(store):
    tenant = tenant_of(30, export=BadRequestError("no", status=400))
    outcome = None
    pages = tenant.list_users

    def breaking(**options):
        if tenant.requests > 3:
            raise ServerError("down", status=503)
        return pages(**options)

    tenant.page_cap, tenant.list_users = 10, breaking
    outcome = audit(tenant, store)
    assert outcome.summary["partial"] and "cut off" in outcome.summary["reason"]
    assert outcome.summary["coverage"]["listed_is_lower_bound"]
    assert 0 < outcome.summary["coverage"]["read"] < 30


def test_a_delta_run_reads_who_changed_who_is_new_and_a_part_of_the_rest(store):
    tenant = tenant_of(100)
    first = audit(tenant, store)
    tenant.reads.clear()
    tenant.users[5]["last_login"] = "2026-05-30T00:00:00.000Z"
    tenant.users[6]["multifactor_last_modified"] = "2026-05-30T00:00:00.000Z"
    tenant.users.append(user(100))
    second = audit(tenant, store, days=1)
    assert second.summary["base"] == first.run != second.run
    must = ["auth0|00100", "auth0|00005", "auth0|00006"]
    assert set(must) <= set(tenant.reads) and tenant.reads[0] == "auth0|00100"
    assert len(tenant.reads) == 3 + -(-98 // SWEEP)
    coverage = second.summary["coverage"]
    assert (coverage["listed"], coverage["read"], coverage["carried"]) == (101, 101, 101 - len(tenant.reads))
    rows = {row["user_id"]: row for row in rows_of(store, second)}
    assert len(rows) == 101
    assert rows["auth0|00005"]["read_at"] == "2026-06-02T12:00:00.000Z"
    assert second.summary["oldest_reading"] == "2026-06-01T12:00:00.000Z"


def test_ages_of_carried_readings_are_counted_to_the_day_of_the_report(store):
    tenant = tenant_of(40, authenticators={"auth0|%05d" % n: [authenticator(created=80, used=44)] for n in range(40)})
    first = audit(tenant, store)
    assert first.summary["findings"]["stale"] == 0
    later = audit(tenant, store, days=46)
    assert later.summary["findings"]["stale"] == 40
    again = report(store, first.run, as_it_was, NOW + timedelta(days=46))
    assert again.summary["findings"]["stale"] == 40 and again.run == first.run


def test_full_reads_everybody_and_since_names_a_run(store):
    tenant = tenant_of(40)
    first = audit(tenant, store)
    audit(tenant, store, days=1)
    tenant.reads.clear()
    audit(tenant, store, replace(ONE_BY_ONE, full=True), days=2)
    assert len(tenant.reads) == 40
    third = audit(tenant, store, replace(ONE_BY_ONE, since=first.run), days=3)
    assert third.summary["base"] == first.run
    with pytest.raises(ConfigurationError, match="There is no run 'nonsense' of these users. Known runs: " + first.run):
        audit(tenant, store, replace(ONE_BY_ONE, since="nonsense"), days=4)


@pytest.mark.parametrize("anybody", [True, False])
def test_without_marks_of_change_everybody_is_read(store, anybody):
    tenant = tenant_of(40, authenticators={"auth0|00001": [authenticator()]} if anybody else {})
    for each in tenant.users:
        del each["multifactor_last_modified"]
    audit(tenant, store)
    tenant.reads.clear()
    second = audit(tenant, store, days=1)
    assert (len(tenant.reads), second.summary["base"]) == (40, None)


def test_a_report_by_members_of_app_metadata_that_were_not_read_is_partial(store):
    def privileged(path):
        return Policy(privileged=People(app_metadata=(Member(path, "x"),)))

    outcome = audit(tenant_of(3), store, replace(ONE_BY_ONE, policy=privileged("staff")))
    for path, reason in (("staff", None), ("staff.role", None), ("dept", "The run did not read app_metadata: dept. ")):
        again = report(store, outcome.run, lambda _own, path=path: privileged(path), NOW)
        assert again.summary["partial"] == bool(reason)
        assert (again.summary["reason"] or "").startswith(reason or "")
        assert ("fit nobody" in (again.summary["note"] or "")) == (not reason)


def test_another_scope_or_policy_is_another_run(store):
    tenant = tenant_of(30)
    audit(tenant, store, stop=StopAfter(tenant, 10))
    chosen = Order(TENANT, Scope(user_ids=("auth0|00003", "auth0|00003"), emails=("user00004@example.com",)), threads=1)
    tenant.reads.clear()
    outcome = audit(tenant, store, chosen)
    assert tenant.reads == ["auth0|00003", "auth0|00004"]
    assert outcome.summary["coverage"]["source"] == "given"
    audit(tenant, store, replace(ONE_BY_ONE, policy=Policy(stale_days=10)), stop=StopAfter(tenant, 12))
    assert len(store.names("runs")) == 3


def test_a_list_with_somebody_who_does_not_exist_is_told(store):
    scope = Scope(user_ids=("auth0|00001", "auth0|nobody"), emails=("nobody@example.com",))
    tenant = tenant_of(3, authenticators={"auth0|nobody": NotFoundError("no such user", status=404)})
    told: list = []
    outcome = audit(tenant, store, Order(TENANT, scope, threads=1), tell=lambda progress: told.append(progress.note))
    coverage = outcome.summary["coverage"]
    assert (coverage["read"], coverage["gone"], coverage["not_reached"], adds_up(coverage)) == (1, 0, 2, True)
    assert outcome.summary["reason"] == "Given IDs and e-mail addresses that nobody has: 2. Correct the list."
    assert "No user has auth0|nobody, nobody@example.com." in " ".join(filter(None, told))


class Lookups(FakeTenant):
    """Tells of each lookup."""

    looked_up = staticmethod(lambda _user_id: None)

    def user(self, user_id, fields):
        self.looked_up(user_id)
        return super().user(user_id, fields)


def given(size: int, **more) -> tuple[Lookups, Order]:
    tenant = Lookups([user(number) for number in range(size)])
    scope = Scope(user_ids=tuple(each["user_id"] for each in tenant.users))
    return tenant, replace(ONE_BY_ONE, scope=scope, **more)


@pytest.mark.parametrize("threads", [1, 8])
def test_a_stop_ends_the_lookup_of_given_users_at_once(store, threads):
    tenant, order = given(200, threads=threads)
    stop = Stop()
    tenant.looked_up = lambda user_id: user_id == "auth0|00020" and stop.tell("Enough.")
    with pytest.raises(UnstartedError, match="Enough"):
        audit(tenant, store, order, stop=stop)
    assert tenant.requests <= 21 + 2 * threads


def test_given_users_are_looked_up_by_all_threads_at_once_and_the_progress_is_told(store):
    tenant, order = given(65, threads=8)
    meet, stop, told = threading.Barrier(8), Hasty(), []

    def looked_up(user_id):
        # The first one is looked up alone.
        if user_id != "auth0|00000":
            meet.wait(10)
        stop.time += 1

    tenant.looked_up = looked_up
    audit(tenant, store, order, stop=stop, tell=lambda progress: told.append(progress.note))
    assert any(note and re.fullmatch("Looked up [0-9]+ of 65 users.", note) for note in told)


def test_a_plan_counts_the_requests_that_look_up_given_users(store):
    tenant, order = given(5)
    scope = replace(order.scope, emails=("user00001@example.com", "USER00002@example.com", "nobody@example.com"))
    planned = plan(tenant, store, replace(order, scope=scope))
    assert (planned.to_read, planned.listing.requests, planned.requests) == (5, tenant.requests, 5 + 5 + 1 + 2 + 2)


@pytest.mark.parametrize("number", [0, 7])
@pytest.mark.parametrize("readable", [False, True])
@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("error", [ForbiddenError("no", status=403), BadRequestError("odd", status=400)])
def test_who_cannot_be_looked_up_alone_is_unread_and_all_others_are_read(store, threads, error, readable, number):
    tenant, order = given(20, threads=threads)
    refused = "auth0|%05d" % number

    def looked_up(user_id):
        if user_id == refused:
            raise error

    tenant.looked_up = looked_up
    if not readable:
        tenant.authenticators[refused] = error
    outcome = audit(tenant, store, order)
    coverage = outcome.summary["coverage"]
    assert (coverage["read"], coverage["unread"], coverage["listed"]) == (19, 1, 20)
    row = next(row for row in rows_of(store, outcome) if row["user_id"] == refused)
    assert (row["protection"], row["why"], [each["rule"] for each in row["findings"]]) == ("unknown", None, ["unread"])
    assert row["error"]


def test_one_odd_answer_beside_others_is_waited_for(store):
    tenant, order = given(20, threads=8, patience=600.0)
    odd = set()

    def looked_up(user_id):
        if user_id == "auth0|00001" and user_id not in odd:
            odd.add(user_id)
            raise ServerError("a redirect", status=302)
        # The others are answered after that.
        time.sleep(0.01 * (user_id != "auth0|00000"))

    tenant.looked_up = looked_up
    assert audit(tenant, store, order, stop=Hasty()).summary["coverage"]["read"] == 20


def test_an_address_that_cannot_be_looked_up_makes_the_run_partial(store):
    tenant, order = given(3)
    by_email = tenant.users_by_email

    def refused(email, fields):
        if email == "firewall@example.com":
            raise ForbiddenError("Could not find firewall@example.com", status=403)
        return by_email(email, fields)

    tenant.users_by_email = refused
    scope = replace(order.scope, emails=("firewall@example.com", "user00001@example.com"))
    outcome = audit(tenant, store, replace(order, scope=scope))
    assert outcome.summary["reason"] == "Given e-mail addresses that Auth0 refuses to look up: 1."
    assert (outcome.summary["coverage"]["read"], outcome.summary["coverage"]["not_reached"]) == (3, 1)


def test_one_id_for_two_addresses_makes_the_run_partial(store):
    tenant, order = given(3)
    by_email = tenant.users_by_email
    tenant.users_by_email = lambda email, fields: [
        {**each, "user_id": "auth0|same"} for each in by_email(email, fields)
    ]
    scope = Scope(emails=("user00000@example.com", "USER00000@example.com", "user00001@example.com"))
    outcome = audit(tenant, store, replace(order, scope=scope))
    assert "with another e-mail address: 1." in outcome.summary["reason"]
    assert outcome.summary["coverage"]["not_reached"] == 1


@pytest.mark.parametrize("size", [1, 200])
@pytest.mark.parametrize("error", [ForbiddenError, CredentialsError, InsufficientScopeError])
def test_where_no_given_user_may_be_looked_up_nothing_begins(store, size, error):
    tenant, order = given(size, threads=4)

    def looked_up(_user_id):
        raise error("no")

    tenant.looked_up = looked_up
    with pytest.raises(error):
        audit(tenant, store, order)
    assert store.names("runs") == []


def test_a_tenant_that_is_away_while_given_users_are_looked_up_is_told_once_and_waited_for(store):
    tenant, order = given(100, threads=8, patience=600.0)
    told, stop = [], Hasty()

    def looked_up(user_id):
        if user_id >= "auth0|00040" and stop.time < 5:
            raise TransportError("lost")

    tenant.looked_up = looked_up
    outcome = audit(tenant, store, order, stop=stop, tell=lambda progress: told.append(progress.note))
    assert outcome.summary["coverage"]["read"] == 100
    assert 1 <= sum("Waiting up to 600 s" in (note or "") for note in told) <= 8


def test_a_user_whom_the_search_still_counts_after_the_deletion_is_no_missing_user(store):
    tenant, stop = tenant_of(20, authenticators={"auth0|00007": GONE}), Hasty()
    counts = tenant.count_users
    tenant.count_users = lambda query=None: counts(query) + (bool(tenant.reads) and stop.time < 20)
    outcome = audit(tenant, store, replace(ONE_BY_ONE, patience=600.0), stop=stop)
    assert (outcome.summary["partial"], outcome.summary["coverage"]["gone"]) == (False, 1)
    assert 20 <= stop.time < 40


def test_who_is_counted_after_a_minute_is_missing(store):
    tenant, stop = tenant_of(20, authenticators={"auth0|00007": GONE}, count=20), Hasty()
    outcome = audit(tenant, store, replace(ONE_BY_ONE, patience=600.0), stop=stop)
    assert outcome.summary["reason"] == "Users that the tenant counts and does not list: 1."
    assert 30 < stop.time < 70


def test_a_count_at_the_end_that_fails_is_told_while_it_is_waited_for_and_in_the_reason(store):
    tenant, told, stop = tenant_of(20), [], Hasty(100.0)
    counts = tenant.count_users

    def count(query=None):
        if tenant.reads:
            raise ServerError("The total is missing", status=200)
        return counts(query)

    tenant.count_users = count
    order = replace(ONE_BY_ONE, patience=600.0)
    outcome = audit(tenant, store, order, stop=stop, tell=lambda progress: told.append(progress.note))
    assert outcome.summary["reason"].startswith(
        "The time limit was reached. The users could not be counted again at the"
    )
    assert outcome.summary["reason"].endswith("The total is missing (status 200).")
    assert sum("counted again. The total is missing" in (note or "") for note in told) == 1


@pytest.mark.parametrize("told, advice", [(True, "Start it again."), (False, "Allow the run more time.")])
def test_what_could_not_begin_says_what_helps(store, told, advice):
    stop = Hasty() if told else Hasty(0.0)
    if told:
        stop.tell("It was stopped by SIGTERM.")
    with pytest.raises(UnstartedError) as caught:
        audit(tenant_of(3), store, stop=stop)
    assert str(caught.value).endswith("Nothing is stored. " + advice)


def test_what_the_deletion_of_users_cannot_explain_is_not_waited_for(store):
    tenant, stop = tenant_of(20, authenticators={"auth0|00007": GONE}, count=22), Hasty()
    outcome = audit(tenant, store, replace(ONE_BY_ONE, patience=600.0), stop=stop)
    assert outcome.summary["reason"] == "Users that the tenant counts and does not list: 3." and stop.time == 0


def test_the_folder_of_another_tenant_is_refused_before_the_first_request(store):
    audit(tenant_of(3), store)
    tenant = tenant_of(3)
    with pytest.raises(ConfigurationError, match="are of example.eu.auth0.com, not of other.auth0.com"):
        audit(tenant, store, Order("other.auth0.com"))
    assert tenant.requests == 0


def test_no_time_to_list_the_users_is_told_and_stores_nothing(store):
    stop = Stop()
    stop.tell("Enough.")
    tenant = tenant_of(3, export=TransportError("lost"))
    with pytest.raises(UnstartedError, match="The run could not begin: Enough."):
        audit(tenant, store, Order(TENANT, patience=60), stop=stop)
    assert store.names("runs") == []


def test_a_tenant_that_never_answered_is_not_waited_for(store):
    tenant = tenant_of(3)

    def refused(query=None):
        raise TransportError("connection refused")

    tenant.count_users = refused
    with pytest.raises(TransportError, match="connection refused"):
        audit(tenant, store, Order(TENANT, patience=600), stop=NoWaiting())


def test_a_tenant_that_answers_with_an_error_at_first_is_waited_for(store):
    tenant, left = tenant_of(3), [ServerError("down", status=503), AmbiguousWriteError("no token yet")]
    count = tenant.count_users

    def counted(query=None):
        if left:
            raise left.pop()
        return count(query)

    tenant.count_users = counted
    stop = Hasty()
    assert audit(tenant, store, Order(TENANT, patience=600), stop=stop).summary["coverage"]["read"] == 3
    assert stop.time > 0


def test_a_plan_counts_and_stores_nothing(store):
    tenant = tenant_of(40)
    planned = plan(tenant, store, ONE_BY_ONE)
    assert (planned.to_read, planned.carried, planned.listing.source) == (40, 0, "export")
    assert tenant.reads == [] and not os.path.exists(store.folder)


def test_a_plan_tells_of_the_run_that_is_not_finished(store):
    tenant = tenant_of(40)
    assert plan(tenant, store, ONE_BY_ONE).unfinished is None
    cut = audit(tenant, store, stop=StopAfter(tenant, 17))
    unfinished = plan(tenant, store, ONE_BY_ONE).unfinished
    assert (unfinished.run, unfinished.first, unfinished.to_read) == (cut.run, 17, 40)
    audit(tenant, store)
    assert plan(tenant, store, ONE_BY_ONE).unfinished is None


class Killed(BaseException):
    """As a SIGKILL: nothing that comes after is carried out."""


class DyingStore(FolderStore):
    """Dies at the n-th write, before or after it."""

    def __init__(self, folder: str, at: int, before: bool) -> None:
        super().__init__(folder)
        self._left, self._before = at, before

    def _store(self, name, content, once):
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        super()._store(name, content, once)
        if self._left == 0:
            raise Killed


def test_whoever_is_killed_loses_no_user_and_repeats_no_more_than_a_chunk(tmp_path):
    undisturbed = FolderStore(str(tmp_path / "undisturbed"))
    broken = {"auth0|%05d" % number: ServerError("broken", status=500) for number in (3, 9, 44)}
    want = files_of(undisturbed, audit(tenant_of(50, authenticators=broken), undisturbed))
    for seed in range(60):
        dice = random.Random(seed)
        folder, kills = str(tmp_path / str(seed)), 0
        tenant = tenant_of(50, authenticators=broken)
        while True:
            dying = DyingStore(folder, dice.randint(1, 9) if kills < 8 else 10**6, dice.random() < 0.5)
            try:
                audit(tenant, dying)
                break
            except Killed:
                kills += 1
            if any(ledger.checkpoint.reported for ledger in History.of(dying)):
                break  # killed after the very last write
        assert latest_files(dying) == want, seed
        assert len(tenant.reads) <= 53 + kills * scan.CHUNK


def test_a_second_worker_stops_and_changes_nothing(store, tmp_path):
    tenant = tenant_of(30)

    class Unlocked(FolderStore):
        def hold(self):
            import contextlib

            return contextlib.nullcontext()

    first, second = Unlocked(store.folder), Unlocked(store.folder)
    audit(tenant, first, stop=StopAfter(tenant, 5))
    lists = tenant.list_authenticators
    intruder = tenant_of(30)

    def interrupted(user_id):
        if len(tenant.reads) == 8:
            audit(intruder, second)
        return lists(user_id)

    tenant.list_authenticators = interrupted
    with pytest.raises(TakenError):
        audit(tenant, first)
    outcome = report(first, None, as_it_was, NOW)
    assert not outcome.summary["partial"] and len(rows_of(first, outcome)) == 30


def test_a_store_that_fails_is_told_and_the_run_goes_on_later(store, tmp_path):
    tenant = tenant_of(40)

    class Full(FolderStore):
        writes = 0

        def _store(self, name, content, once):
            self.writes += 1
            if self.writes > 5:
                raise StoreError("No space left on device")
            super()._store(name, content, once)

    with pytest.raises(StoreError, match="No space left"):
        audit(tenant, Full(store.folder))
    outcome = audit(tenant, store)
    assert not outcome.summary["partial"] and len(rows_of(store, outcome)) == 40
