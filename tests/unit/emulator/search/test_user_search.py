# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search by index finds the same users as checking each one, and reads only its page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.search.language import EVERYTHING, parse
from tests.emulator.search.user_search import WALKABLE, TooManyUsers, candidates, search
from tests.emulator.users.seed import Population
from tests.emulator.users.times import iso
from tests.emulator.users.views import profile_view

START = 1_790_000_000_000
COUNT = 150
BOTH = ("sms", "voice")
SMALL = Population(7, COUNT, START, BOTH)
PROFILES = {i: profile_view(SMALL.user(i)) for i in range(1, COUNT + 1)}
MILLION = Population(7, 1_000_000, START, BOTH)

MOMENTS = st.integers(1, COUNT).map(lambda i: PROFILES[i]["created_at"]) | st.sampled_from(["*", "2024-01-01"])
INDEXED = st.one_of(
    st.builds("created_at:{}{} TO {}{}".format, st.sampled_from("[{"), MOMENTS, MOMENTS, st.sampled_from("]}")),
    st.integers(0, COUNT + 1).map(lambda i: f'email:"user{i:05d}@example.com"'),
    st.integers(1, COUNT).map(lambda i: f'user_id:"{SMALL.user_id(i)}"'),
    st.builds(
        lambda number, length: f"email:{f'USER{number:05d}@example.com'[:length]}*",
        st.integers(0, 160),
        st.integers(3, 21),
    ),
)
OTHER = st.sampled_from(['given_name:"Ada"', "blocked:true", "NOT blocked:true", "logins_count:[100 TO *]"])
QUERIES = st.one_of(
    INDEXED,
    st.lists(INDEXED | OTHER, min_size=2, max_size=3).map(" AND ".join),
    st.lists(INDEXED | OTHER, min_size=2, max_size=3).map(" OR ".join),
    INDEXED.map(lambda text: f"NOT ({text})"),
)
SORTS = st.sampled_from([None, ("created_at", False), ("created_at", True), ("email", True), ("last_login", False)])
ASIDE = st.dictionaries(
    st.integers(1, COUNT + 3),
    st.none() | st.integers(0, 99).map(lambda number: {"blocked": True, "email": f"user{number:05d}@example.org"}),
    max_size=8,
)


def as_kept(position, changes):
    """The profile of a changed (or created) user."""
    if changes is None:
        return None
    base = PROFILES.get(position) or {"user_id": f"auth0|new{position}", "created_at": iso(START + position)}
    return {**base, **changes}


def by_looking_at_each(aside, query, sort):
    everyone = [profile for _position, profile in sorted((PROFILES | aside).items()) if profile and query(profile)]
    if sort is None:
        return everyone
    field, descending = sort
    present = [profile for profile in everyone if field in profile]
    absent = [profile for profile in everyone if field not in profile]
    return sorted(present, key=lambda profile: profile[field], reverse=descending) + absent


@given(QUERIES, SORTS, ASIDE, st.integers(0, 30), st.integers(0, 40))
def test_the_index_finds_the_same_users_as_checking_each_one(text, sort, changes, start, count):
    query = parse(text)
    aside = {position: as_kept(position, change) for position, change in changes.items()}
    expected = by_looking_at_each(aside, query, sort)
    found, total = search(SMALL, aside, query, sort, start, count)
    assert total == len(expected)
    # Users with equal sort keys may come in either order.
    key = (lambda profile: profile["user_id"]) if sort is None else (lambda profile: profile.get(sort[0]))
    assert [key(profile) for profile in found] == [key(profile) for profile in expected[start : start + count]]


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("email:user*", 1_000_000),
        ("email:user0*", 9_999),
        ("email:user00001*", 1),
        ("email:user1*", 10_000 + 100_000 + 1),
        ("email:user10000*", 1 + 10 + 1),
        ("email:user100000*", 1 + 1),
        ("email:user1000000*", 1),
        ("email:user1000001*", 0),
        ("email:user000001*", 0),
        ("email:user00001@*", 1),
        ("email:user00001@example.com*", 1),
        ("email:user00001@example.org*", 0),
        ("email:userx*", 0),
        ("email:nobody*", 0),
        ('email:"USER00077@example.com"', 1),
        ('email:"user1000001@example.com"', 0),
        (f'user_id:"{MILLION.user_id(999_999)}"', 1),
        ("email:user00* AND email:user0001*", 10),
        ("email:(user0001* OR user00015* OR user00099*)", 11),
        ('email:"user00007@example.com" OR organization_id:"org_1" OR organization_id:"org_2"', 1),
        ("email:user9* AND (email:user99999* OR created_at:[* TO 2000-01-01])", 11),
    ],
)
def test_totals_at_a_million_are_exact(text, total):
    assert search(MILLION, {}, parse(text), None, 0, 1)[1] == total


@pytest.mark.parametrize("text", ["email:user1*", "email:user10000*", "email:user5*"])
def test_candidates_of_a_prefix_begin_and_end_with_the_prefix(text):
    prefix = text.removeprefix("email:").rstrip("*")
    ranges, exact = candidates(MILLION, parse(text))
    assert exact
    for part in ranges:
        assert MILLION.email(part[0]).startswith(prefix) and MILLION.email(part[-1]).startswith(prefix)
        assert not MILLION.email(part[0] - 1).startswith(prefix)
        assert part[-1] == MILLION.count or not MILLION.email(part[-1] + 1).startswith(prefix)


def test_paging_by_created_at_finds_each_user_once_at_a_million():
    reached, seen = iso(MILLION.created_at(999_700)), []
    while True:
        page, total = search(MILLION, {}, parse(f"created_at:[{reached} TO *]"), ("created_at", False), 0, 100)
        seen += [profile["email"] for profile in page if profile["email"] not in seen[-1:]]
        if total <= 100:
            break
        reached = page[-1]["created_at"]
    assert seen == [MILLION.email(i) for i in range(999_700, 1_000_001)]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        pytest.param(None, [1, 2], id="oldest first"),
        pytest.param(("created_at", True), [1_000_000, 999_999], id="newest first"),
    ],
)
def test_a_page_without_a_query_checks_no_other_users(sort, order):
    page, total = search(MILLION, {}, EVERYTHING, sort, 0, 2)
    assert [profile["email"] for profile in page] == [MILLION.email(i) for i in order]
    assert total == 1_000_000


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        pytest.param("blocked:true", None, id="field that is not indexed"),
        pytest.param("NOT email:user00001*", None, id="negation"),
        pytest.param("email:user*", ("last_login", False), id="sort by another field"),
        pytest.param("email:user00001* OR blocked:true", None, id="alternative that is not indexed"),
    ],
)
def test_a_query_with_too_many_users_to_check_is_refused(text, sort):
    with pytest.raises(TooManyUsers):
        search(MILLION, {}, parse(text), sort, 0, 10)


def test_an_indexed_condition_makes_a_query_small_enough():
    page, total = search(MILLION, {}, parse("email:user00* AND blocked:true"), None, 0, 100)
    assert total == len(page) > 3
    assert all(profile["blocked"] for profile in page)


def test_creation_ascends_with_the_number():
    population = Population(7, WALKABLE, START, BOTH)
    created = [population.created_at(i) for i in range(1, 3000)]
    assert created == sorted(set(created))


# Through the API


def test_a_refused_query_is_503(make_api):
    api = make_api(users=WALKABLE + 1)
    answer = api.manage("GET", "/users", params={"q": "blocked:true"})
    assert (answer.status_code, answer.json()["error"]) == (503, "Service Unavailable")


def test_changed_created_and_deleted_users_are_found_in_their_present_state(api):
    api.manage("PATCH", "/users/oauth2%7Cname%7Ca%2Fb+c", json={"email": "moved@example.com"})
    api.manage("DELETE", f"/users/{api.user_id(3)}")
    body = {
        "connection": "Username-Password-Authentication",
        "email": "user000990@example.com",
        "password": "Long-Pass-9",
    }
    api.manage("POST", "/users", json=body)
    params = {"q": "email:user0*", "include_totals": "true", "sort": "created_at:-1", "per_page": 3}
    answer = api.manage("GET", "/users", params=params).json()
    assert answer["total"] == 25 - 2 + 1
    assert [user["email"] for user in answer["users"]] == [
        "user000990@example.com", "user00025@example.com", "user00024@example.com"
    ]  # fmt: skip
