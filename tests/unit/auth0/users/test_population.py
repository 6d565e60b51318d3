# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.population import Population, PopulationError
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


@pytest.mark.parametrize(("size", "most"), [(0, 1), (100, 1), (500, 6), (10_000, 102)])
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
    assert "at least 100 users created at 2023-09-05T12:00:00.007Z cannot be listed" in population.incomplete
    assert (population.total, population.listed) == (1305, 1205)


def test_a_search_keeps_its_condition_on_every_page():
    tenant = tenant_of(range(250))
    honest = tenant.list_users

    def searching(query, **more):
        since = re.fullmatch(r"blocked:true OR x|\(blocked:true OR x\) AND (created_at:.*)", query)[1]
        return honest(query=since, **more)

    tenant.list_users = searching
    assert len(list(Population(tenant, "blocked:true OR x"))) == 250


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
