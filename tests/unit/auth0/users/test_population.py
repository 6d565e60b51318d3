# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import tracemalloc
from datetime import timedelta
from itertools import islice

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import UserPage
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.population import Population, PopulationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ServerError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.audit.fake_tenant import FakeTenant, days_ago, user

START = days_ago(1000)


def tenant_of(offsets, **more) -> FakeTenant:
    """Users created so many milliseconds after START."""
    return FakeTenant(
        [user(number, START + timedelta(milliseconds=offset)) for number, offset in enumerate(offsets)], **more
    )


def ids(tenant: FakeTenant) -> list[str]:
    return [each["user_id"] for each in Population(tenant)]


# Bursts of users created in the same millisecond, between them gaps of a millisecond up to a year.
BURSTS = st.lists(st.tuples(st.integers(1, 3 * 10**10), st.integers(1, 350)), max_size=12)


@settings(deadline=None, max_examples=60)
@given(bursts=BURSTS, page_cap=st.sampled_from([100, 50, 7]))
def test_every_user_comes_exactly_once_whatever_the_dates(bursts, page_cap):
    offsets, moment = [], 0
    for gap, size in bursts:
        moment += gap
        offsets += [moment] * min(size, 9 * page_cap)
    tenant = tenant_of(offsets, page_cap=page_cap)
    assert sorted(ids(tenant)) == sorted(each["user_id"] for each in tenant.users)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 999, 1000, 1001, 2500])
def test_the_wall_is_not_felt(size):
    tenant = tenant_of(range(size))
    assert len(set(ids(tenant))) == len(tenant.users)


@pytest.mark.parametrize(("size", "most"), [(0, 2), (100, 1), (500, 6), (10_000, 102)])
def test_a_hundred_users_cost_about_one_request(size, most):
    tenant = tenant_of(range(size))
    ids(tenant)
    assert tenant.requests <= most


@pytest.mark.parametrize("size", [1000, 999])
def test_a_thousand_of_one_millisecond_can_be_listed(size):
    assert len(ids(tenant_of([7] * size))) == size


def test_more_of_one_millisecond_hide_nobody_who_was_created_later():
    population = Population(tenant_of([3] * 5 + [7] * 1100 + [8] * 200))
    assert len({each["user_id"] for each in population}) == 1205
    assert (
        "more users created at 2023-09-05T12:00:00.007Z cannot be listed with the search, at least 100"
        in population.incomplete
    )
    assert (population.total, population.listed) == (1305, 1205)


def test_a_search_keeps_its_condition_on_every_page():
    tenant = tenant_of(range(250))
    honest = tenant.list_users

    def searching(query, **more):
        since = re.fullmatch(r"blocked:true OR x|\(blocked:true OR x\) AND (created_at:.*)", query)[1]
        return honest(query=since, **more)

    tenant.list_users = searching
    assert len(list(Population(tenant, "blocked:true OR x"))) == 250


def test_whoever_can_do_nothing_with_a_part_is_told():
    population = Population(tenant_of([7] * 1001))
    list(population)
    with pytest.raises(PopulationError, match="^Could not list all users: Auth0 counts 1001 users, of whom 1000 were"):
        population.check()
    whole = Population(tenant_of(range(3)))
    list(whole)
    whole.check()


def test_a_user_deleted_meanwhile_hides_nobody():
    tenant = tenant_of(range(450))
    seen = []
    for each in Population(tenant):
        if not seen:
            del tenant.users[:30]
        seen.append(each["user_id"])
    assert len(seen) == 450


def test_a_user_created_meanwhile_comes_too():
    tenant = tenant_of(range(150))
    walk = iter(Population(tenant))
    first = next(walk)
    tenant.users.append(user(150, START + timedelta(days=1)))
    assert len({first["user_id"], *(each["user_id"] for each in walk)}) == 151


def test_the_total_is_what_auth0_said_first():
    tenant = tenant_of(range(3))
    population = Population(tenant)
    assert population.total is None
    assert (len(list(population)), population.total) == (3, 3)


@pytest.mark.parametrize("size", [1, 100, 250, 1200])
def test_a_total_that_auth0_leaves_out_ends_nothing_early(size):
    tenant = tenant_of(range(size))
    honest = tenant.list_users

    def without_total(**query):
        answer = honest(**query)
        return type(answer)(answer.users, 0)

    tenant.list_users = without_total
    assert len(ids(tenant)) == size


def test_rows_repeated_across_pages_come_once():
    tenant = tenant_of(range(250))
    honest = tenant.list_users

    def repeating(**query):
        answer = honest(**query)
        return type(answer)(answer.users + answer.users[-3:], answer.total)

    tenant.list_users = repeating
    assert len(ids(tenant)) == 250


def test_matches_that_are_counted_and_not_shown_are_an_error():
    tenant = tenant_of(range(250), page_cap=0)
    with pytest.raises(PopulationError, match="counts 250 matches and returns none"):
        ids(tenant)


def test_users_without_a_date_that_can_be_read_come_too():
    odd = {"user_id": "auth0|odd"}
    tenant = tenant_of(range(230))
    honest = tenant.list_users

    def with_odd(**query):
        answer = honest(**query)
        return answer if query["query"] else type(answer)((odd, *answer.users), answer.total + 1)

    tenant.list_users = with_odd
    population = Population(tenant)
    assert len({each["user_id"] for each in population}) == 231
    assert population.incomplete is None


def test_full_pages_for_ever_end_the_walk():
    tenant = tenant_of([7] * 100)
    honest = tenant.list_users

    def for_ever(**query):
        tenant.requests = 0
        asked.append(query["page"])
        answer = honest(**{**query, "page": 0})
        return type(answer)(answer.users, 10**6)

    asked: list[int] = []
    tenant.list_users = for_ever
    population = Population(tenant)
    assert len(list(population)) == 100
    assert population.incomplete == "Auth0 counts 1000000 users, of whom 100 were listed"
    assert len(asked) < 20


def test_matches_that_were_counted_before_are_not_forgotten_on_an_empty_page():
    tenant = tenant_of([7] * 250)
    honest = tenant.list_users

    def ending(**query):
        answer = honest(**query)
        return type(answer)((), 0) if query["page"] else answer

    tenant.list_users = ending
    population = Population(tenant)
    assert len(list(population)) == 100
    assert population.incomplete == "Auth0 counts 250 users, of whom 100 were listed"


def listing(tenant) -> tuple[list[str], Population]:
    population = Population(tenant)
    return [each["user_id"] for each in population], population


class Distorted(FakeTenant):
    """Some of its answers are not what they should be.

    :ivar distort: gets an answer and its number, from 0
    """

    def list_users(self, **query):
        number = self.asked = getattr(self, "asked", -1) + 1
        return self.distort(super().list_users(**query), number)


def distorted(offsets, distort, **more) -> Distorted:
    tenant = Distorted(tenant_of(offsets).users, **more)
    tenant.distort = distort
    return tenant


def kept(answer, users) -> UserPage:
    return UserPage(tuple(users), answer.total)


DISTORTIONS = st.dictionaries(
    st.integers(0, 12),
    st.sampled_from(
        [
            lambda answer: kept(answer, ()),
            lambda answer: kept(answer, answer.users[3:]),
            lambda answer: kept(answer, answer.users[:-3]),
            lambda answer: kept(answer, answer.users[::2]),
            lambda answer: kept(answer, answer.users[::-1]),
            lambda answer: kept(answer, answer.users * 2),
            lambda answer: UserPage(answer.users[1:], answer.total, 1),
            lambda answer: UserPage((), 0),
            lambda answer: UserPage(answer.users, 0),
        ]
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(bursts=BURSTS, distortions=DISTORTIONS, page_cap=st.sampled_from([100, 50, 7]))
def test_a_list_is_whole_or_says_that_it_is_not(bursts, distortions, page_cap):
    offsets, moment = [], 0
    for gap, size in bursts:
        moment += gap
        offsets += [moment] * min(size, 9 * page_cap)
    tenant = distorted(
        offsets, lambda answer, number: distortions.get(number, lambda same: same)(answer), page_cap=page_cap
    )
    found, population = [], Population(tenant)
    try:
        found = [each["user_id"] for each in population]
    except PopulationError:
        assert offsets and population.listed == 0
        return
    assert len(found) == len(set(found)) == population.listed
    # Two answers after the other that nobody is there are believed.
    empty = not found and {0, 1} <= set(distortions)
    assert len(found) == len(tenant.users) or population.incomplete or empty


@pytest.mark.parametrize("size", [40, 250, 1500])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_rows_that_one_page_leaves_out_are_found_by_another_walk(size, number):
    def shifted(answer, at):
        return kept(answer, answer.users[7:]) if at == number else answer

    tenant = distorted(range(size), shifted)
    found, population = listing(tenant)
    assert (len(found), len(set(found)), population.incomplete) == (size, size, None)
    assert (population.total, population.listed) == (size, size)


def test_rows_that_are_always_left_out_are_missing_and_said_to_be():
    found, population = listing(distorted(range(250), lambda answer, _at: kept(answer, answer.users[1:])))
    assert population.listed == len(set(found)) == len(found) < 250
    assert re.match(
        r"Auth0 counts 250 users, of whom \d+ were listed; the search no longer shows", population.incomplete
    )


@pytest.mark.parametrize("size", [1000, 1500])
def test_counts_that_end_at_the_wall_hide_no_gap_in_the_middle(size):
    """Where Auth0 counts to 1000 only, no sum shows that an answer without rows was not the end."""

    def capped(answer, at):
        return UserPage((), 0) if at == 5 else UserPage(answer.users, min(answer.total, 1000))

    found, population = listing(distorted(range(size), capped))
    assert (len(set(found)), population.incomplete) == (size, None)

    def ending(answer, at):
        return UserPage((), 0) if at >= 5 else UserPage(answer.users, min(answer.total, 1000))

    found, population = listing(distorted(range(size), ending))
    assert "no longer shows who was created at" in population.incomplete


def test_counts_that_end_at_the_wall_say_that_a_moment_may_be_more_crowded():
    def capped(answer, _at):
        return UserPage(answer.users, min(answer.total, 1000))

    found, population = listing(distorted([7] * 1100 + [9] * 30, capped))
    assert len(set(found)) == 1030
    assert "cannot be listed with the search, if there are any" in population.incomplete
    found, population = listing(distorted([7] * 999 + [9] * 300, capped))
    assert (len(set(found)), population.incomplete) == (1299, None)


def test_two_crowded_moments_are_two_reasons_and_no_reason_to_walk_again():
    tenant = tenant_of([7] * 1100 + [8] + [9] * 1001 + [10] * 5)
    found, population = listing(tenant)
    assert len(found) == 2006
    assert "2023-09-05T12:00:00.007Z cannot be listed with the search, at least 100;" in population.incomplete
    assert "2023-09-05T12:00:00.009Z cannot be listed with the search, at least 1" in population.incomplete
    assert tenant.requests < 30


def test_rows_that_name_nobody_are_counted_and_end_nothing():
    def unnamed(answer, _at):
        return UserPage(answer.users[1:], answer.total, min(1, len(answer.users)))

    found, population = listing(distorted(range(30), unnamed))
    assert len(found) == 29 and population.unnamed == 1
    assert population.incomplete == "Auth0 counts 30 users, of whom 29 were listed; rows that name no user: 1"


def test_users_who_go_meanwhile_are_not_missing():
    tenant = tenant_of(range(450))
    population = Population(tenant)
    for number, _user in enumerate(population):
        if number == 10:
            del tenant.users[300:320]
    assert (population.listed, population.total, population.incomplete) == (430, 430, None)


def test_an_error_in_the_middle_comes_after_what_was_listed():
    def failing(answer, at):
        if at == 3:
            raise ServerError("Could not list the users: away", status=503)
        return answer

    found = []
    with pytest.raises(ServerError, match="away"):
        for user in Population(distorted(range(900), failing)):
            found.append(user["user_id"])
    assert len(found) == len(set(found)) == 298


def test_nobody_counts_where_auth0_tells_no_total():
    found, population = listing(distorted(range(250), lambda answer, _at: UserPage(answer.users, 0)))
    assert len(found) == 250 and population.incomplete == "Auth0 does not tell how many users there are"


def test_memory_grows_by_bytes_a_user():
    def pages():
        for number in range(0, 100_000, 100):
            yield tuple(user(each, START + timedelta(milliseconds=each)) for each in range(number, number + 100))

    source = pages()

    class Endless:
        def list_users(self, **_query):
            return UserPage(next(source, ()), 100_000)

    tracemalloc.start()
    try:
        for _user in islice(Population(Endless()), 50_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20


def test_rows_left_out_in_the_middle_are_found_where_no_sum_can_tell():
    def capped(answer, at):
        users = answer.users[3:] if at in (4, 5) else answer.users
        return UserPage(users, min(answer.total, 1000))

    found, population = listing(distorted(range(1500), capped))
    assert (len(found), len(set(found)), population.incomplete) == (1500, 1500, None)
