# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk of a run: whatever ends it, what was read is kept; and what it waits for is told."""

from __future__ import annotations

import itertools
import threading
from time import sleep

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import side_by_side
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    ServerError,
    TransportError,
)

from tests.unit.audit.fake_tenant import NOW, TENANT, FakeTenant, user

USERS = 60
ANY_NUMBER = pytest.mark.parametrize("threads", [1, 32])
UNEXPECTED = pytest.mark.parametrize(
    "error", [OverflowError, KeyboardInterrupt, MemoryError, SystemExit, RecursionError], ids=lambda kind: kind.__name__
)


class Time:
    """A clock that only waits move."""

    def __init__(self) -> None:
        self.now = 0.0

    def stop(self, slept=lambda: None) -> Stop:
        """What a run waits with, in no time."""

        made = Stop(clock=lambda: self.now)

        def sleep(seconds: float) -> None:
            self.now += seconds
            slept()

        made.sleep = sleep
        return made


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(str(tmp_path / "audits"))


def audit(tenant, store, threads=1, clock=lambda: NOW, **more):
    order = Order(TENANT, threads=threads, patience=more.pop("patience", 0.0))
    return run(tenant, tenant, store, order, clock=clock, **more)


def tenant_of(size: int = USERS, **more) -> FakeTenant:
    return FakeTenant([user(number) for number in range(size)], **more)


def kept(store) -> int:
    """How many users of the last run are kept."""
    return History.of(store).find(None).checkpoint.first


def goes_on(tenant, store, threads) -> None:
    """The next run reads the others, and everybody is in it once."""
    before = kept(store)
    tenant.reads.clear()
    outcome = audit(tenant, store, threads)
    assert (len(set(tenant.reads)), len(tenant.reads)) == (USERS - before, USERS - before)
    assert outcome.summary["coverage"]["read"] == USERS and not outcome.summary["partial"]


@UNEXPECTED
@ANY_NUMBER
@pytest.mark.parametrize("place", [0, 1, 7, 30, 59])
def test_an_error_that_nobody_expects_from_the_tenant_loses_nobody_who_was_read_before(store, error, threads, place):
    tenant = tenant_of(authenticators={"auth0|%05d" % place: error("odd")})
    with pytest.raises(error):
        audit(tenant, store, threads)
    assert kept(store) == place
    tenant.authenticators.clear()
    goes_on(tenant, store, threads)


@UNEXPECTED
@ANY_NUMBER
@pytest.mark.parametrize("place", [1, 2, 31, 60])
def test_an_error_of_whoever_is_told_loses_nobody_who_was_read(store, error, threads, place):
    def tell(news):
        if news.phase == "reading" and news.done == place:
            raise error("odd")

    tenant = tenant_of()
    with pytest.raises(error):
        audit(tenant, store, threads, tell=tell)
    assert kept(store) == place
    goes_on(tenant, store, threads)


@UNEXPECTED
@ANY_NUMBER
def test_an_error_of_the_clock_loses_nobody_who_was_read_before(store, error, threads):
    asked = itertools.count()
    begun = []

    def clock():
        if begun and next(asked) == 20:
            raise error("odd")
        return NOW

    def tell(news):
        begun.extend([news] if news.phase == "reading" else [])

    with pytest.raises(error):
        audit(tenant_of(), store, threads, clock=clock, tell=tell)
    assert kept(store) == 21
    goes_on(tenant_of(), store, threads)


@ANY_NUMBER
def test_an_error_while_a_second_part_is_read_keeps_that_part_as_well(store, threads, monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 12 + 2 * threads)
    tenant = tenant_of(authenticators={"auth0|00040": OverflowError("odd")})
    with pytest.raises(OverflowError):
        audit(tenant, store, threads)
    assert kept(store) == 40
    tenant.authenticators.clear()
    goes_on(tenant, store, threads)


@ANY_NUMBER
def test_an_error_in_the_second_try_keeps_what_was_tried_before(store, threads):
    down = ServerError("down", status=503)
    ids = ["auth0|%05d" % number for number in (3, 9, 20)]
    tenant = tenant_of(authenticators={ids[0]: [down, []], ids[1]: [down, OverflowError("odd")], ids[2]: [down, []]})
    with pytest.raises(OverflowError):
        audit(tenant, store, threads)
    checkpoint = History.of(store).find(None).checkpoint
    assert (checkpoint.first, checkpoint.again) == (USERS, 1)
    tenant.authenticators.clear()
    outcome = audit(tenant, store, threads)
    assert outcome.summary["coverage"]["read"] == USERS and not outcome.summary["partial"]


@ANY_NUMBER
@pytest.mark.parametrize("kind, first, again", [("users", 20, 0), ("unread", USERS, 1)])
def test_a_list_of_who_is_to_be_read_that_is_damaged_is_told_and_loses_nobody(
    store, threads, kind, first, again, monkeypatch
):
    whole = getattr(Ledger, kind)
    down = ServerError("down", status=503)

    def damaged(ledger):
        yield from itertools.islice(whole(ledger), first if kind == "users" else again)
        raise StoreError("the file is damaged")

    monkeypatch.setattr(Ledger, kind, damaged)
    tenant = tenant_of(authenticators={"auth0|%05d" % number: down for number in (3, 9)})
    with pytest.raises(StoreError, match="damaged"):
        audit(tenant, store, threads)
    checkpoint = History.of(store).find(None).checkpoint
    assert (checkpoint.first, checkpoint.again, checkpoint.finished) == (first, again, None)


def test_a_walk_that_one_user_ends_has_nobody_elses_error_in_a_record(store):
    time = Time()
    own = {"auth0|%05d" % number: ServerError("Could not list the authenticators of auth0|%05d: x" % number, status=503)
           for number in range(20, USERS)}  # fmt: skip
    # From then on nobody else is answered, either.
    tenant = tenant_of(authenticators={"auth0|%05d" % number: [[], own["auth0|00020"]] for number in range(20)} | own)
    outcome = audit(tenant, store, 8, patience=100.0, stop=time.stop())
    records = list(History.of(store).find(outcome.run).records())
    assert 20 <= len(records) < USERS
    for record in records[20:]:
        assert record["error"] == str(own[record["profile"]["user_id"]])
    assert "of one user: x" in outcome.summary["reason"] and "auth0|" not in outcome.summary["reason"]


@ANY_NUMBER
@pytest.mark.parametrize(("size", "answered"), [(20, 0), (USERS, 0), (USERS, 7), (200, 100)])
def test_whoever_is_asked_while_the_tenant_is_away_is_not_tried_and_read_later(store, size, threads, answered):
    time, lasts = Time(), 180.0

    class Away(FakeTenant):
        def list_authenticators(self, user_id):
            again = user_id in self.reads
            if (again or user_id >= "auth0|%05d" % answered) and time.now < lasts:
                raise ServerError("down", status=503)
            return super().list_authenticators(user_id)

    tenant = Away([user(number) for number in range(size)])
    outcome = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    coverage = outcome.summary["coverage"]
    # Whoever is being read when the walk ends may count as not reached, too.
    assert answered - threads < coverage["read"] <= answered
    assert (coverage["unread"], coverage["not_reached"]) == (0, size - coverage["read"])
    assert outcome.summary["reason"].startswith("down (status 503).")
    time.now = lasts
    again = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    assert again.run == outcome.run and again.summary["coverage"]["read"] == size
    assert sorted(tenant.reads) == sorted(set(tenant.reads))


def broken(numbers):
    """Users who always fail."""
    return {"auth0|%05d" % number: ServerError("broken", status=500) for number in numbers}


@ANY_NUMBER
@pytest.mark.parametrize("first", [0, 1, 150])
def test_users_in_a_row_who_always_fail_are_unread_and_everybody_else_is_read_every_night(store, threads, first):
    time, down = Time(), range(first, first + 150)
    tenant = tenant_of(400, authenticators=broken(down))
    for _night in range(3):
        tenant.reads.clear()
        outcome = audit(tenant, store, threads, patience=30.0, stop=time.stop())
        coverage = outcome.summary["coverage"]
        assert (coverage["read"], coverage["unread"], coverage["not_reached"]) == (250, 150, 0)
        assert outcome.summary["partial"] and outcome.summary["reason"] == "Users who could not be read: 150."
        assert History.of(store).find(outcome.run).checkpoint.finished
        # Nobody is waited for, apart from the seconds until it is known that somebody is answered.
        assert time.now < 30 * (_night + 1)


def test_users_who_always_fail_and_are_all_that_is_to_be_read_are_told_from_a_tenant_that_is_away_by_those_carried_over(
    store,
):
    time, tenant = Time(), tenant_of(300, export=[])
    tenant.export = tenant.users
    for each in tenant.users:
        each["multifactor_last_modified"] = "2026-01-01T00:00:00.000Z"
    assert audit(tenant, store, patience=30.0, stop=time.stop()).summary["coverage"]["read"] == 300
    for each in tenant.users[:100]:
        each["multifactor_last_modified"] = "2026-05-30T00:00:00.000Z"
    tenant.authenticators.update(broken(range(100)))
    for _night in range(2):
        outcome = audit(tenant, store, patience=30.0, stop=time.stop())
        assert History.of(store).find(outcome.run).checkpoint.finished
        assert outcome.summary["coverage"]["unread"] == 100 and outcome.summary["coverage"]["not_reached"] == 0


@ANY_NUMBER
def test_one_request_that_nobody_is_answered_is_an_absence_whatever_else_the_tenant_answers(store, threads):
    time, tenant = Time(), tenant_of(400, authenticators=broken(range(400)))
    outcome = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    assert outcome.summary["coverage"]["not_reached"] == 400 and not History.of(store).find(None).checkpoint.finished
    tenant.authenticators.clear()
    again = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    assert again.run == outcome.run and again.summary["coverage"]["read"] == 400


@ANY_NUMBER
def test_a_tenant_that_comes_and_goes_loses_nobody(store, threads):
    time = Time()

    class Flaps(FakeTenant):
        asked = 0

        def list_authenticators(self, user_id):
            self.asked += 1
            time.now += 0.5
            if time.now % 40 < 20 and time.now < 600:
                raise ServerError("down", status=503)
            return super().list_authenticators(user_id)

    tenant = Flaps([user(number) for number in range(400)])
    for _call in range(20):
        outcome = audit(tenant, store, threads, patience=30.0, stop=time.stop())
        if History.of(store).find(outcome.run).checkpoint.finished:
            break
    coverage = outcome.summary["coverage"]
    assert outcome.run.startswith("000001") and coverage["read"] + coverage["unread"] == 400
    # With many threads some meet it twice.
    assert outcome.summary["partial"] == (coverage["unread"] > 0)
    time.now = 600.0
    assert audit(tenant, store, threads).summary["coverage"]["read"] == 400


@ANY_NUMBER
def test_a_tenant_that_is_away_at_the_second_try_is_waited_for_by_the_run(store, threads):
    time, lasts = Time(), 180.0

    class Away(FakeTenant):
        def list_authenticators(self, user_id):
            tried = len({*self.reads, *failed}) == size
            if user_id in ids and user_id not in failed:
                failed.add(user_id)
                raise ServerError("down", status=503)
            if tried and time.now < lasts:
                raise ServerError("down", status=503)
            return super().list_authenticators(user_id)

    size, failed = 300, set()
    ids = {"auth0|%05d" % number for number in range(0, size, 3)}
    tenant = Away([user(number) for number in range(size)])
    outcome = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    assert outcome.summary["reason"].startswith("down (status 503).") and kept(store) == size
    time.now = lasts
    again = audit(tenant, store, threads, patience=30.0, stop=time.stop())
    assert again.run == outcome.run and again.summary["coverage"]["read"] == size


def test_who_always_fails_is_stored_part_by_part_as_everybody_is(store, monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 22)
    time, kept_then = Time(), []

    def tell(news):
        kept_then.append(news.done - news.kept if news.phase == "reading" and news.done > news.kept else 0)

    audit(tenant_of(400, authenticators=broken(range(50, 350))), store, patience=30.0, stop=time.stop(), tell=tell)
    assert 0 < max(kept_then) <= 22


@pytest.mark.parametrize("user_id", ["auth0|a:b", "samlp|corp|x.y+z@example.com", "auth0|ü"])
def test_the_reason_of_a_run_names_nobody(store, user_id):
    refusal = CredentialsError("Could not list the authenticators of %s: no" % user_id, status=401)
    tenant = tenant_of(3, authenticators={user_id: refusal})
    tenant.users[1]["user_id"] = user_id
    outcome = audit(tenant, store)
    assert outcome.summary["reason"] == "Could not list the authenticators of one user: no (status 401)."


def refused(user_id, kind=ForbiddenError, status=403):
    return kind("Could not list the authenticators of %s: no" % user_id, status=status)


@ANY_NUMBER
@pytest.mark.parametrize("place", [0, 30, USERS - 1])
@pytest.mark.parametrize("kind", [ForbiddenError, AuthenticationError])
def test_a_user_who_is_refused_alone_is_unread_and_all_others_are_read_in_every_run(store, threads, kind, place):
    user_id = "auth0|%05d" % place
    tenant = tenant_of(authenticators={user_id: refused(user_id, kind)})
    for _night in range(3):
        outcome = audit(tenant, store, threads)
        coverage = outcome.summary["coverage"]
        assert (coverage["read"], coverage["unread"], coverage["not_reached"]) == (USERS - 1, 1, 0)
        assert outcome.summary["reason"] == "Users who could not be read: 1."
        checkpoint = History.of(store).find(outcome.run).checkpoint
        assert checkpoint.finished and checkpoint.reported


def test_users_who_are_refused_one_after_the_other_end_a_call_and_not_the_run(store):
    ids = ["auth0|%05d" % number for number in (10, 11, 12)]
    tenant = tenant_of(authenticators={user_id: refused(user_id) for user_id in ids})
    outcome = audit(tenant, store)
    assert outcome.summary["reason"].startswith("Could not list the authenticators of one user: no (status 403).")
    outcome = audit(tenant, store)
    coverage = outcome.summary["coverage"]
    assert (coverage["read"], coverage["unread"]) == (USERS - len(ids), len(ids))
    assert History.of(store).find(outcome.run).checkpoint.finished


@ANY_NUMBER
def test_a_run_that_nobody_may_read_is_an_error_that_names_nobody(store, threads):
    ids = ["auth0|%05d" % number for number in range(2)]
    tenant = tenant_of(2, authenticators={user_id: refused(user_id) for user_id in ids})
    with pytest.raises(ForbiddenError) as caught:
        audit(tenant, store, threads)
    assert str(caught.value) == "Could not list the authenticators of one user: no (status 403)."
    assert store.read("latest.json") is None


@ANY_NUMBER
@pytest.mark.parametrize("kind", [CredentialsError, InsufficientScopeError])
@pytest.mark.parametrize("left", [1, 30])
def test_who_goes_on_without_the_right_credentials_is_told_so_and_changes_nothing(store, threads, kind, left):
    class Ends(Stop):
        def reason(self):
            return "Enough." if len(tenant.reads) >= USERS - left else None

    tenant = tenant_of()
    audit(tenant, store, 1, stop=Ends())
    before, latest = kept(store), store.read("latest.json")
    tenant.authenticators = {each["user_id"]: refused(each["user_id"], kind) for each in tenant.users}
    with pytest.raises(kind):
        audit(tenant, store, threads)
    assert (kept(store), store.read("latest.json")) == (before, latest) == (USERS - left, latest)
    tenant.authenticators.clear()
    goes_on(tenant, store, threads)


@ANY_NUMBER
def test_credentials_that_are_refused_before_the_second_try_are_told_and_the_run_goes_on_later(store, threads):
    user_id = "auth0|00007"
    tenant = tenant_of(authenticators={user_id: [ServerError("down", status=503), refused(user_id, CredentialsError)]})
    outcome = audit(tenant, store, threads)
    assert "no (status 403)" in outcome.summary["reason"]
    with pytest.raises(CredentialsError):
        audit(tenant, store, threads)
    tenant.authenticators.clear()
    assert not audit(tenant, store, threads).summary["partial"]


GONE = NotFoundError("gone", status=404, code="inexistent_user")


@ANY_NUMBER
def test_a_user_is_gone_only_by_the_word_of_two_answers(store, threads):
    down = ServerError("down", status=503)
    odd = {"auth0|00003": [GONE, []], "auth0|00009": [GONE, GONE], "auth0|00020": [GONE, down]}
    tenant = tenant_of(authenticators=odd)
    outcome = audit(tenant, store, threads)
    records = {record["profile"]["user_id"]: record for record in History.of(store).find(outcome.run).records()}
    assert records["auth0|00003"]["authenticators"] == [] and not records["auth0|00003"]["gone"]
    assert records["auth0|00009"]["gone"] and records["auth0|00009"]["error"] is None
    assert records["auth0|00020"]["error"] is not None and not records["auth0|00020"]["gone"]
    coverage = outcome.summary["coverage"]
    assert (coverage["read"], coverage["gone"], coverage["unread"]) == (USERS - 2, 1, 1)
    assert len(tenant.reads) == USERS + 3


@ANY_NUMBER
@pytest.mark.parametrize(
    "scope", [Scope(), Scope(query="email:*"), Scope(user_ids=tuple("auth0|%05d" % i for i in range(9)))]
)
def test_nobody_is_audited_where_everybody_is_said_to_be_gone(store, threads, scope):
    tenant = tenant_of(9, authenticators={"auth0|%05d" % number: GONE for number in range(9)})
    outcome = run(tenant, tenant, store, Order(TENANT, scope, threads=threads), clock=lambda: NOW)
    assert outcome.summary["partial"] and outcome.summary["coverage"]["read"] == 0


class Told(list):
    """The notes of a run."""

    def __call__(self, news):
        if news.note and news.phase == "reading":
            self.append(news.note)


@ANY_NUMBER
def test_a_tenant_that_is_away_is_told_after_a_while_and_less_and_less_often(store, threads, monkeypatch):
    monkeypatch.setattr(side_by_side, "_IDLE", 0.001)
    time, told = Time(), Told()
    gone = TransportError("Could not list the authenticators of auth0|1: the connection was lost")

    class Away(FakeTenant):
        def list_authenticators(self, user_id):
            if len(self.reads) >= 10 and time.now < 300:
                raise gone
            return super().list_authenticators(user_id)

    outcome = audit(
        Away([user(number) for number in range(USERS)]),
        store,
        threads,
        tell=told,
        patience=600.0,
        stop=time.stop(lambda: sleep(0.003)),
    )
    assert outcome.summary["coverage"]["unread"] == 0
    assert 2 <= len(told) <= 6
    assert all(note.startswith("Nobody could be read for ") and note.endswith(str(gone)) for note in told)


@ANY_NUMBER
def test_an_answer_that_does_not_come_is_told(store, threads, monkeypatch):
    monkeypatch.setattr(side_by_side, "_IDLE", 0.001)
    time, noted, told = Time(), threading.Event(), []
    tenant = tenant_of()
    lists = tenant.list_authenticators

    def slow(user_id):
        if user_id >= "auth0|00020":
            for _try in range(1000):
                if noted.wait(0.01):
                    break
                time.now += 1
        return lists(user_id)

    def tell(news):
        if news.note and news.phase == "reading":
            told.append(news.note)
            noted.set()

    tenant.list_authenticators = slow
    audit(tenant, store, threads, tell=tell, stop=time.stop())
    assert told and all(note.endswith(" s. Auth0 has not answered yet.") for note in told)


def test_who_is_gone_or_cannot_be_read_for_reasons_of_his_own_is_no_silence(store):
    time, told = Time(), Told()

    class Slow(FakeTenant):
        def list_authenticators(self, user_id):
            time.now += 9
            raise GONE

    audit(Slow([user(number) for number in range(9)]), store, tell=told, patience=600.0, stop=time.stop())
    assert told == []


def test_what_a_note_says():
    silence, away = scan._Silence(), TransportError("no connection")
    assert silence.note(9.9, away, 0.0) is None
    assert silence.note(10.0, None, 49.6) == (
        "Nobody could be read for 10 s. The rate limit holds the next request back for 50 s more."
    )
    assert silence.note(19.0, None, 40.0) is None
    assert silence.note(20.0, away, 0.0) == (
        "Nobody could be read for 20 s. Auth0 is asked again now and then. no connection."
    )
    assert silence.note(39.0, away, 0.0) is None
    # Somebody was answered meanwhile.
    assert silence.note(3.0, away, 0.0) is None
    assert silence.note(11.0, None, 0.0) == "Nobody could be read for 11 s. Auth0 has not answered yet."
