# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many users: each once, in order, and nobody is lost."""

from __future__ import annotations

import random
import threading
import time
import tracemalloc
from types import SimpleNamespace

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MFA_VIEW, Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.reading import (
    Reading,
    Target,
    progress_line,
    read_all,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.row_filter import RowFilter
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    CredentialsError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)

FATAL_ONES = [CredentialsError("no"), RateLimitError("slow"), InsufficientScopeError("no"), TransportError("gone")]


def walk(api, targets, threads=8, **options):
    """A walk by many threads, and what it gave."""
    reading = Reading(api, targets, threads=threads, **options)
    return reading, list(reading)


class Tenant:
    """Any user, read by many threads.

    :ivar fail: gets the number of a user and of the request, and raises what this request meets
    """

    def __init__(self, fail=lambda user, request: None, slow=0.002):
        self.fail, self.slow = fail, slow
        self._lock, self._chance = threading.Lock(), random.Random(7)
        self.asked, self.at_once, self.most_at_once = [], 0, 0

    def find_user_id(self, email):
        return "a|" + email.partition("@")[0]

    def list_authenticators(self, user_id):
        number = int(user_id[2:])
        with self._lock:
            self.asked.append(number)
            request = len(self.asked)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            pause = self._chance.choice((0, self.slow / 2, self.slow))
        try:
            time.sleep(pause)
            self.fail(number, request)
            return []
        finally:
            with self._lock:
                self.at_once -= 1


def lazily(*numbers):
    return (Target(user_id="a|%d" % number) for number in numbers)


def numbers(users):
    return [int(user.user_id[2:]) for user in users]


def failing(error, when):
    def fail(user, request):
        if when(user, request):
            raise error

    return fail


def away_from(first, lasts=lambda: True):
    """When a tenant is away: this user and those behind it meet that, and whoever is asked for again."""
    seen = set()

    def when(user, _request):
        again = user in seen
        seen.add(user)
        return (user >= first or again) and lasts()

    return when


def test_many_threads_read_users_at_once_and_tell_them_in_order():
    tenant = Tenant(failing(NotFoundError("gone"), lambda user, _request: user % 7 == 3))
    _reading, users = walk(tenant, lazily(*range(200)))
    assert numbers(users) == list(range(200)) and 1 < tenant.most_at_once <= 8
    assert [user.error is not None for user in users] == [number % 7 == 3 for number in range(200)]


def test_many_threads_tell_each_user_once_whose_addresses_and_ids_are_named():
    targets = [*ids(3, 1, 3), *(Target(email="%d@example.com" % number) for number in (1, 2, 2, 4))]
    for threads in (1, 8):
        _reading, users = walk(Tenant(), targets, threads)
        assert numbers(users) == [3, 1, 2, 4]


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("error", FATAL_ONES, ids=lambda error: type(error).__name__)
def test_an_error_that_everybody_would_meet_comes_after_those_who_were_read_before(error, threads):
    tenant = Tenant(failing(error, lambda user, _request: user >= 20))
    reading, users = walk(tenant, lazily(*range(100)), threads)
    assert reading.stopped is error and numbers(users) == list(range(21))
    assert [user.error for user in users] == [None] * 20 + [error]
    assert len(tenant.asked) <= 20 + 2 * threads
    _reading, users = walk(tenant, ids(*range(30)), threads)
    assert numbers(users) == list(range(30)) and [user.error for user in users[:21]] == [None] * 20 + [error]
    assert all("was not reached" in str(user.error) for user in users[21:])


class Time:
    """A clock that moves when somebody sleeps, and runs a little by itself."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def __call__(self):
        return self.now


def test_a_tenant_that_is_away_is_waited_for_and_only_some_users_are_lost_to_it():
    now = Time()
    tenant = Tenant(failing(TransportError("gone"), away_from(50, lambda: now() < 100)))
    reading, users = walk(tenant, lazily(*range(300)), patience=600, sleep=now.sleep, clock=now)
    assert reading.stopped is None and numbers(users) == list(range(300)) and 100 <= now() < 131
    # Some for each thread, and one for each of the pauses of 1, 2, 4, 8, 16, 30, 30 and 30 seconds but the last.
    lost = [number for number, user in enumerate(users) if user.error is not None]
    assert 8 <= len(lost) <= 4 * 8 + 7 and lost[0] == 50
    # And whoever was known to be answered before, once.
    assert len(tenant.asked) == 301


def test_a_tenant_that_stays_away_for_longer_than_the_patience_ends_the_walk():
    now, error = Time(), ServerError("503", status=503)
    tenant = Tenant(failing(error, away_from(50)))
    reading, users = walk(tenant, lazily(*range(300)), patience=100, sleep=now.sleep, clock=now)
    assert reading.stopped is error and now() == 100 and numbers(users) == list(range(len(users)))
    assert [user.error for user in users[:50]] == [None] * 50 and 51 <= len(users) < 90


def test_users_who_always_fail_are_no_absence_of_the_tenant():
    tenant = Tenant(failing(ServerError("odd"), lambda user, _request: user % 5 == 0))
    reading, users = walk(tenant, lazily(*range(100)), patience=600, sleep=lambda _seconds: pytest.fail("a pause"))
    assert reading.stopped is None and sum(user.error is not None for user in users) == 20


UNREADABLE = [TransportError("gone"), ServerError("500", status=500), RateLimitError("429")]


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("error", UNREADABLE, ids=lambda error: type(error).__name__)
def test_any_number_of_users_in_a_row_who_cannot_be_read_is_no_absence_while_somebody_else_is_answered(error, threads):
    tenant = Tenant(failing(error, lambda user, _request: 50 <= user < 250), slow=0)
    options = {"patience": 30, "sleep": lambda _seconds: pytest.fail("a pause")}
    reading, users = walk(tenant, lazily(*range(300)), threads, **options)
    assert reading.stopped is None and numbers(users) == list(range(300))
    assert [user.error for user in users] == [None] * 50 + [error] * 200 + [None] * 50
    # One request more for each time that the tenant might have been away.
    assert 300 < len(tenant.asked) <= 300 + 200 // threads + 1


@pytest.mark.parametrize("threads", [1, 8])
def test_where_nobody_was_answered_yet_others_are_asked_for(threads):
    tenant, others = Tenant(failing(ServerError("500", status=500), lambda user, _request: user < 400), slow=0), []

    def somebody():
        for number in (10, 100, 900, 901):
            others.append(number)
            yield "a|%d" % number

    now = Time()
    options = {"patience": 30, "sleep": now.sleep, "clock": now, "others": somebody()}
    reading, users = walk(tenant, lazily(*range(500)), threads, **options)
    assert reading.stopped is None and [user.error is None for user in users] == [False] * 400 + [True] * 100
    # Each is asked for once, and only while there is no answer.
    assert others == [10, 100, 900] and now() == 3


def test_somebody_who_is_gone_or_refused_is_an_answer():
    for answer in (NotFoundError("404"), ForbiddenError("403"), BadRequestError("400")):
        fail = {900: answer}
        tenant = Tenant(
            lambda user, _request: failing(fail.get(user, TransportError("gone")), lambda *_asked: True)(0, 0)
        )
        pauses = {"sleep": lambda _seconds: pytest.fail("a pause")}
        reading, users = walk(tenant, lazily(*range(20)), 1, patience=30, others=["a|900"] * 20, **pauses)
        assert reading.stopped is None and len(users) == 20


def test_how_often_the_tenant_has_answered_is_known():
    tenant = Tenant(failing(ServerError("500", status=500), lambda user, _request: user >= 3), slow=0)
    reading, counts = Reading(tenant, lazily(*range(9)), threads=1, patience=30), []
    for _user in reading:
        counts.append(reading.answers)
    # Somebody else is asked for only before the next user.
    assert counts == [1, 2, 3, 3, 4, 5, 6, 7, 8]


def test_what_the_sleep_of_a_pause_raises_ends_the_walk_after_those_who_were_read_before():
    class Stopped(Exception):
        pass

    def stop(_seconds):
        raise Stopped

    tenant, users = Tenant(failing(TransportError("gone"), away_from(50))), []
    with pytest.raises(Stopped):
        for user in Reading(tenant, lazily(*range(300)), threads=8, patience=600, sleep=stop):
            users.append(user)
    assert numbers(users) == list(range(len(users))) and len(users) >= 50


def test_an_interrupted_walk_asks_for_nobody_else():
    before, tenant = set(threading.enumerate()), Tenant(slow=0.02)
    with pytest.raises(KeyboardInterrupt):
        for number, _user in enumerate(Reading(tenant, lazily(*range(1000)), threads=8)):
            if number == 20:
                raise KeyboardInterrupt
    deadline = time.monotonic() + 10
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before and len(tenant.asked) <= 20 + 1 + 2 * 8


def test_memory_does_not_grow_with_the_number_of_users():
    class Empty:
        def list_authenticators(self, user_id):
            return []

    def peak(count):
        tracemalloc.start()
        try:
            targets = (Target(user_id="a|%d" % number) for number in range(count))
            assert sum(1 for _user in Reading(Empty(), targets, threads=4)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)
    assert peak(10_000) < peak(1_000) + 100_000


class Api:
    """Users a|1 to a|9; an id or address with an error raises it."""

    def __init__(self, **errors):
        self.errors, self.asked = errors, []

    def find_user_id(self, email):
        self.asked.append(email)
        self._raise_for(email[0])
        return "a|" + email[0]

    def list_authenticators(self, user_id):
        self.asked.append(user_id)
        self._raise_for("u" + user_id[-1])
        return []

    def _raise_for(self, key):
        if key in self.errors:
            raise self.errors[key]


def ids(*numbers):
    return [Target(user_id="a|%d" % number) for number in numbers]


def read(api, targets):
    reading = Reading(api, targets)
    return reading, list(reading)


def test_each_user_once_and_in_order():
    targets = [*ids(3, 1, 3), Target(email="1@example.com"), Target(email="2@example.com")]
    reading, users = read(Api(), targets)
    assert [(user.user_id, user.email) for user in users] == [("a|3", None), ("a|1", None), ("a|2", "2@example.com")]
    assert all(user.authenticators == () and user.error is None for user in users)
    assert reading.stopped is None


@pytest.mark.parametrize(
    "error",
    [NotFoundError("gone"), ServerError("broken"), BadRequestError("odd")],
    ids=lambda error: type(error).__name__,
)
def test_a_user_who_cannot_be_read_has_an_entry_and_the_walk_goes_on(error):
    reading, users = read(Api(u2=error), ids(1, 2, 3))
    assert [user.error for user in users] == [None, error, None]
    assert users[1].authenticators is None and reading.stopped is None


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("error", [AuthenticationError("no"), ForbiddenError("no")], ids=lambda error: error.__class__)
def test_a_user_who_is_refused_alone_has_an_entry_wherever_he_is(error, threads):
    for place in (0, 20, 39):
        tenant = Tenant(failing(error, lambda user, _request: user == place))
        for targets in (lazily(*range(40)), ids(*range(40))):
            reading, users = walk(tenant, targets, threads)
            assert reading.stopped is None and numbers(users) == list(range(40))
            assert [number for number, user in enumerate(users) if user.error is error] == [place]


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_where_everybody_is_refused_the_walk_has_failed(size, threads):
    own = [ForbiddenError("no %d" % number) for number in range(size)]

    def fail(user, _request):
        raise own[user]

    for targets in (lazily(*range(size)), ids(*range(size))):
        tenant = Tenant(fail)
        reading, users = walk(tenant, targets, threads)
        assert reading.stopped in own and len(tenant.asked) <= 8 + 2 * threads
        for number, user in zip(numbers(users), users):
            assert user.error is own[number] or "was not reached" in str(user.error)


def test_an_address_that_is_nobodys_has_an_entry():
    error = NotFoundError("nobody")
    _reading, (user,) = read(Api(**{"7": error}), [Target(email="7@example.com")])
    assert user == UserRead(None, "7@example.com", error=error)


@pytest.mark.parametrize("error", FATAL_ONES, ids=lambda error: type(error).__name__)
def test_what_the_next_user_would_meet_as_well_ends_the_walk_and_nobody_is_lost(error):
    api = Api(u2=error)
    reading, users = read(api, ids(1, 2, 3, 4))
    assert reading.stopped is error
    assert [user.error for user in users[:2]] == [None, error]
    assert ["was not reached" in str(user.error) for user in users[2:]] == [True, True]
    assert api.asked == ["a|1", "a|2"]


def test_a_search_that_breaks_off_ends_the_walk():
    broken = ServerError("search")

    def search():
        yield from ids(1)
        raise broken

    reading, users = read(Api(), search())
    assert reading.stopped is broken and [user.user_id for user in users] == ["a|1"]


def test_a_search_is_not_asked_for_more_once_the_walk_has_stopped():
    def search():
        yield from ids(1, 2)
        raise AssertionError("nobody should ask for more")

    error = CredentialsError("no")
    reading, users = read(Api(u1=error), search())
    assert reading.stopped is error and [user.error for user in users] == [error]


def test_a_user_who_was_read_is_not_listed_again_as_unread_and_nobody_is_asked_for_twice():
    error = CredentialsError("no")
    api = Api(u3=error)
    _reading, users = read(api, ids(8, 8, 3, 8, 8))
    assert [(user.user_id, user.error) for user in users] == [("a|8", None), ("a|3", error)]
    assert api.asked == ["a|8", "a|3"]


def test_everybody_who_was_named_is_listed_once_after_the_walk_has_stopped():
    error = CredentialsError("no")
    addresses = [Target(email="%d@example.com" % number) for number in (3, 4)]
    _reading, users = read(Api(u1=error), [*ids(1, 2, 2), *addresses])
    assert [(user.user_id, user.email) for user in users] == [
        ("a|1", None),
        ("a|2", None),
        (None, "3@example.com"),
        (None, "4@example.com"),
    ]
    assert users[0].error is error and all("was not reached" in str(user.error) for user in users[1:])


def test_the_reason_of_who_was_not_reached_says_what_to_do_and_not_whose_request_it_was():
    error = InsufficientScopeError(
        "Could not list the authenticators of a|1: no", status=403, code="insufficient_scope", request_id="req-1",
        hint="Add the scope.", required_scope="read:x",
    )  # fmt: skip
    _reading, users = read(Api(u1=error), ids(1, 2))
    entry = users[1].entry(EVERYTHING)["error"]
    assert "a|1" not in str(entry) and "req-1" not in str(entry)
    assert {**entry, "msg": None, "request_id": "req-1"} == {**error.facts(), "msg": None}


@pytest.mark.parametrize("lazy", [True, False])
def test_who_was_not_asked_any_more_has_no_error_of_another_user(lazy):
    """Everybody waits for the one who asks alone, and that one meets the end."""
    own = {number: ServerError("Could not read a|%d" % number, status=503) for number in range(300)}
    is_away = away_from(50)

    def fail(user, request):
        if is_away(user, request):
            raise own[user]

    now = Time()
    targets = lazily(*range(300)) if lazy else ids(*range(300))
    reading, users = walk(Tenant(fail), targets, patience=100, sleep=now.sleep, clock=now)
    assert reading.stopped in own.values() and len(users) >= 50 and (len(users) < 90 if lazy else len(users) == 300)
    for number, user in zip(numbers(users), users):
        if number >= 50 and user.error is not own[number]:
            assert not lazy and "was not reached" in str(user.error)


def test_how_a_tenant_that_is_away_is_told_while_it_is_waited_for():
    now, seen, error = Time(), [], TransportError("gone")
    tenant = Tenant(failing(error, away_from(20, lambda: now() < 50)))

    def sleep(seconds):
        seen.append(reading.away)
        now.sleep(seconds)

    reading = Reading(tenant, lazily(*range(100)), threads=4, patience=600, sleep=sleep, clock=now)
    assert reading.away is None and len(list(reading)) == 100
    assert seen and set(seen) == {error} and reading.away is None


def test_an_address_that_is_named_twice_is_looked_up_once():
    options = {"query": None, "user_ids": None, "emails": ["nobody@example.com", "nobody@example.com"]}
    reading = Reading.from_options(Api(), {**options, "progress_every": 1})
    assert reading.total == 1 and len(list(reading)) == 1


EVERYTHING = RowFilter(confirmed=None)


def read_everything(api, targets, every=100, report=None):
    return read_all(Reading(api, targets), lambda: EVERYTHING, every, report or (lambda *figures: None))


def test_the_result_has_an_entry_for_each_user_and_counts_the_unread():
    error = NotFoundError("gone", status=404, code="inexistent_user")
    result = read_everything(Api(u2=error), ids(1, 2))
    assert result == {
        "changed": False,
        "unread": 1,
        "users": [
            {"user_id": "a|1", "email": None, "authenticators": [], "error": None},
            {
                "user_id": "a|2",
                "email": None,
                "authenticators": None,
                "error": {"msg": str(error), "status": 404, "error_code": "inexistent_user"},
            },
        ],
    }


def test_a_walk_that_ends_early_fails_with_the_result_so_far():
    with pytest.raises(AuthenticationError) as caught:
        read_everything(Api(u2=CredentialsError("no", status=401)), ids(1, 2, 3))
    progress = caught.value.progress
    assert (progress["changed"], progress["unread"]) == (False, 2)
    assert [user["user_id"] for user in progress["users"]] == ["a|1", "a|2", "a|3"]
    assert [user["error"] and user["error"]["status"] for user in progress["users"]] == [None, 401, 401]


def test_progress_is_told_after_every_so_many():
    told = []
    read_everything(Api(u2=NotFoundError("x")), ids(1, 2, 3, 4, 5), 2, lambda *figures: told.append(figures))
    assert told == [(2, 1), (4, 1)]


def test_progress_can_be_told_after_every_user():
    told = []
    read_everything(Api(), ids(1, 2), 1, lambda *figures: told.append(figures))
    assert told == [(1, 0), (2, 0)]


def test_the_result_has_the_rows_that_fit():
    api = Api()
    api.list_authenticators = lambda user_id: [row(1), row(2, confirmed=False)]
    result = read_all(Reading(api, ids(1)), lambda: RowFilter(confirmed=False), 100, lambda *figures: None)
    assert [shown["id"] for shown in result["users"][0]["authenticators"]] == ["sms|dev_2"]


def test_the_filter_is_made_once_when_somebody_was_read():
    api = Api()
    asked_before = []
    read_all(
        Reading(api, ids(1, 2, 3)),
        lambda: asked_before.append(list(api.asked)) or EVERYTHING,
        100,
        lambda *figures: None,
    )
    assert asked_before == [["a|1"]]


@pytest.mark.parametrize("every", [0, -1])
def test_progress_after_no_user_is_refused_before_the_first(every):
    api = Api()
    with pytest.raises(ConfigurationError, match="progress_every is %d, but" % every):
        read_everything(api, ids(1), every)
    assert api.asked == []


@pytest.mark.parametrize(
    "total, line",
    [
        pytest.param(20, "8 of 20 users, 1 unread, 3 s waited for the rate limit", id="known"),
        pytest.param(
            None, "8 of an unknown number of users, 1 unread, 3 s waited for the rate limit", id="not known yet"
        ),
    ],
)
def test_a_line_of_progress_says_how_many_there_are_if_that_is_known(total, line):
    assert progress_line(8, total, 1, 3.2) == line


def row(number, **fields):
    return Authenticator(
        **{"id": "sms|dev_%d" % number, "factor": "phone", "view": MFA_VIEW, "confirmed": True, **fields}
    )


def test_an_entry_has_the_rows_that_fit_and_names_linked_ones_that_do_not():
    user = UserRead("a|1", None, (row(1), row(1, id="voice|dev_1", channels=("voice",)), row(2, confirmed=False)))
    (shown,) = user.entry(RowFilter(channel="voice"))["authenticators"]
    assert (shown["id"], shown["twin_ids"]) == ("voice|dev_1", ["sms|dev_1"])


def test_an_entry_of_a_user_without_fitting_rows_is_empty_and_no_error():
    assert UserRead("a|1", "1@example.com", (row(1),)).entry(RowFilter(factor="otp")) == {
        "user_id": "a|1",
        "email": "1@example.com",
        "authenticators": [],
        "error": None,
    }


def options(**given):
    return {"user_ids": None, "emails": None, "query": None, **given}


def test_named_users_are_read_by_id_first_and_their_number_is_known():
    reading = Reading.from_options(Api(), options(emails=["2@example.com"], user_ids=["a|1"]))
    assert reading.total == 2
    assert [user.user_id for user in reading] == ["a|1", "a|2"]


class Searched(Api):
    """Has the users of a search as well."""

    def list_users(self, page, per_page, query, sort, fields):
        self.asked.append(query)
        users = [{"user_id": "a|1", "email": "1@example.com", "created_at": "2026-01-01T00:00:00.000Z"}]
        return SimpleNamespace(unnamed=0, users=users, total=1)


@pytest.mark.parametrize(
    "query, sent",
    [
        pytest.param("*", None, id="every user"),
        pytest.param(" * ", None, id="every user, with spaces"),
        pytest.param(" blocked:true ", "blocked:true", id="a search"),
    ],
)
def test_users_of_a_search_are_counted_once_the_search_has_begun(query, sent):
    api = Searched()
    reading = Reading.from_options(api, options(query=query))
    assert reading.total is None and api.asked == []
    assert [(user.user_id, user.email) for user in reading] == [("a|1", "1@example.com")]
    assert reading.total == 1 and api.asked == [sent, "a|1"]


def test_how_to_read_every_user_is_told():
    with pytest.raises(ConfigurationError) as caught:
        Reading.from_options(Api(), options(query=""))
    assert "*" in caught.value.hint


@pytest.mark.parametrize(
    "given, message",
    [
        pytest.param({"query": " "}, "query is empty", id="empty search"),
        pytest.param({"user_ids": ["a|1", ".."]}, r"user_ids '\.\.' is not an ID", id="dots instead of an ID"),
        pytest.param({"emails": ["nobody"]}, "emails 'nobody' is not an e-mail", id="no address"),
    ],
)
def test_users_that_cannot_be_meant_are_refused(given, message):
    with pytest.raises(ConfigurationError, match=message):
        Reading.from_options(Api(), options(**given))


def test_a_search_that_does_not_show_all_its_users_ends_with_an_error_after_those_it_shows():
    class Hiding(Searched):
        def list_users(self, **query):
            page = super().list_users(**query)
            return SimpleNamespace(unnamed=0, users=page.users, total=3)

    reading = Reading.from_options(Hiding(), options(query="*"))
    assert [user.user_id for user in reading] == ["a|1"]
    assert "counts 3 users, of whom 1 were listed" in str(reading.stopped)
