# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeded users: deterministic, findable, believable."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.switches import KINDS, MIXED, SWITCHES
from tests.emulator.users import kinds
from tests.emulator.users.seed import GALLERY_SIZE, SECOND_GALLERY, Population
from tests.emulator.users.times import DAY
from tests.emulator.users.views import active_factors, profile_view

START = 1_790_000_000_000
COUNT = 500
BOTH = ("sms", "voice")


@pytest.fixture(scope="module")
def users():
    population = Population(7, COUNT, START, BOTH)
    return [population.user(i) for i in range(1, COUNT + 1)]


def test_same_seed_gives_the_same_users(users):
    again = Population(7, COUNT, START, BOTH)
    assert [again.user(i) for i in range(1, COUNT + 1)] == users


def test_phones_have_the_message_types_of_the_tenant():
    (phone,) = Population(7, COUNT, START, ("voice",)).user(3).authenticators
    assert (phone.channels, phone.preferred) == (("voice",), "voice")


def test_the_number_of_users_changes_only_dates():
    one, other = Population(7, 1_000_000, START, BOTH).user(321), Population(7, COUNT, START, BOTH).user(321)
    assert [item.id for item in one.authenticators] == [item.id for item in other.authenticators]
    differing = {name for name in one.profile if one.profile[name] != other.profile.get(name)}
    assert differing <= {"created_at", "updated_at", "last_login"}


@pytest.mark.parametrize("i", range(1, GALLERY_SIZE + 1))
def test_the_gallery_does_not_depend_on_the_number_of_users(i):
    assert Population(7, 1_000_000, START, BOTH).user(i) == Population(7, GALLERY_SIZE, START, BOTH).user(i)


def test_users_are_numbered_in_the_order_of_their_creation(users):
    created = [user.profile["created_at"] for user in users]
    assert created == sorted(set(created))


def test_profile_and_user_have_the_same_profile(users):
    population = Population(7, COUNT, START, BOTH)
    assert [population.profile(i) for i in range(1, COUNT + 1)] == [user.profile for user in users]


def test_another_seed_gives_other_users(users):
    other = Population(8, COUNT, START, BOTH)
    assert all(other.user(i).id != users[i - 1].id for i in range(GALLERY_SIZE + 1, COUNT + 1))


def test_another_start_changes_only_dates():
    first, second = Population(7, COUNT, START, BOTH).user(9), Population(7, COUNT, START + DAY, BOTH).user(9)
    assert first.id == second.id
    assert [item.id for item in first.authenticators] == [item.id for item in second.authenticators]
    assert [item.last_auth_at + DAY for item in first.authenticators] == [
        item.last_auth_at for item in second.authenticators
    ]


@given(st.integers(0, 2**32), st.integers(1, 1_000_000))
def test_id_and_address_lead_back_to_the_user(seed, i):
    population = Population(seed, 1_000_000, START, BOTH)
    assert population.index_of_id(population.user_id(i)) == i
    assert population.index_of_email(population.email(i)) == i


def name_of(kind):
    return next(name for name, known in kinds.KINDS.items() if known is kind)


def test_the_switch_knows_the_kinds():
    assert set(kinds.KINDS) == set(KINDS)


@given(st.integers(0, 2**32), st.integers(GALLERY_SIZE + 1, 1_000_000))
def test_ids_of_all_kinds_lead_back_to_the_user(seed, i):
    population = Population(seed, 1_000_000, START, BOTH, MIXED)
    user_id, address = population.user_id(i), population.email(i)
    assert population.index_of_id(user_id) == i and population.index_of_id(user_id + "0") is None
    assert address is None or population.index_of_email(address) == i


def test_the_shares_are_those_of_the_switch():
    population = Population(7, 20_000, START, BOTH, MIXED)
    first = GALLERY_SIZE + len(SECOND_GALLERY) + 1
    counted = Counter(name_of(population.kind(i)) for i in range(first, 20_001))
    shares = kinds.shares_of(MIXED)
    for name in KINDS:
        assert abs(counted[name] / 20_000 * 100 - shares.get(name, 100 - sum(shares.values()))) < 1, name


def test_each_kind_has_what_it_logs_in_by():
    population = Population(7, 2_000, START, BOTH, MIXED)
    for i in range(GALLERY_SIZE + 1, 2_001):
        kind, user = population.kind(i), population.user(i)
        assert user.profile == population.profile(i)
        assert ("email" in user.profile) == ("email_verified" in user.profile) == kind.has_email
        assert len(user.profile["identities"]) == (2 if kind.linked else 1)
        assert (user.password is None) == (kind.provider != "auth0")
        assert kind.is_enterprise or kind.identifier in user.profile
        assert all(item.target for item in user.authenticators if item.type in ("email", "phone"))


def test_a_list_shows_what_the_user_is_without_making_the_authenticators():
    for kinds_of in (MIXED, SWITCHES["user-kinds"].default):
        population = Population(7, 2_000, START, BOTH, kinds_of)
        for i in range(1, 2_001):
            assert population.profile_view(i) == profile_view(population.user(i))


def test_the_second_gallery_has_every_kind():
    assert {*SECOND_GALLERY, "database", "google-oauth2"} == set(KINDS)
    population = Population(7, 500, START, BOTH, ("sms:1",))
    assert [name_of(population.kind(i)) for i in range(21, 41)] == list(SECOND_GALLERY)
    assert population.kind(21).connection == "corp-saml" and Population(7, 500, START, BOTH).kind(21).has_email


def test_without_shares_all_are_database_users():
    population = Population(7, 500, START, BOTH, SWITCHES["user-kinds"].parse(""))
    assert {name_of(population.kind(i)) for i in range(41, 501)} == {"database"}


@pytest.mark.parametrize(
    "user_id",
    [
        pytest.param("", id="empty"),
        pytest.param("auth0|", id="provider alone"),
        pytest.param("auth0|000000000000000000000000", id="database user"),
        pytest.param("google-oauth2|100000000000000000000", id="social user"),
        pytest.param("..", id="two dots"),
        pytest.param("auth0|É", id="non-ascii letter"),
    ],
)
def test_unknown_ids_have_no_user(user_id):
    assert Population(7, COUNT, START, BOTH).index_of_id(user_id) is None


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("user1@example.com", id="too few digits"),
        pytest.param("user00501@example.com", id="number too high"),
        pytest.param("USER00001@example.com", id="upper case"),
        pytest.param("", id="empty"),
    ],
)
def test_unknown_addresses_have_no_user(address):
    assert Population(7, COUNT, START, BOTH).index_of_email(address) is None


def test_ids_are_unique(users):
    assert len({user.id for user in users}) == COUNT


def test_the_dates_of_an_authenticator_are_in_order(users):
    for user in users:
        for item in user.authenticators:
            if item.enrolled_at is not None:
                assert item.created_at < item.enrolled_at
            if item.last_auth_at is not None:
                assert item.enrolled_at <= item.last_auth_at <= START


def test_pending_enrollments_are_younger_than_a_day(users):
    pending = [item for user in users for item in user.authenticators if not item.confirmed]
    assert pending
    assert all(START - item.created_at < DAY for item in pending)


def test_all_kinds_of_authenticators_are_there(users):
    kinds = Counter(item.type for user in users for item in user.authenticators)
    assert set(kinds) == {
        "totp", "phone", "push", "email", "webauthn-roaming", "webauthn-platform", "passkey", "recovery-code"
    }  # fmt: skip


def test_shares_of_users_are_realistic(users):
    without_factor = sum(not active_factors(user) for user in users) / COUNT
    social = sum(user.password is None for user in users) / COUNT
    never_logged_in = sum("last_login" not in user.profile for user in users) / COUNT
    assert 0.2 < without_factor < 0.4
    assert 0.05 < social < 0.2
    assert 0.01 < never_logged_in < 0.1
    assert any(user.profile.get("blocked") for user in users[GALLERY_SIZE:])


def test_the_gallery_is_as_documented(users):
    kinds = {
        i: sorted((item.type, item.confirmed) for item in user.authenticators)
        for i, user in enumerate(users[:GALLERY_SIZE], 1)
    }
    assert kinds == {
        1: [],
        2: [("totp", True)],
        3: [("phone", True)],
        4: [("push", True), ("recovery-code", True), ("totp", True)],
        5: [],
        6: [("totp", False)],
        7: [("webauthn-roaming", True)],
        8: [("recovery-code", True)],
        9: [("phone", True), ("totp", True)],
        10: [("phone", True), ("phone", True)],
        11: [("phone", True)],
        12: [("totp", True)],
        13: [("phone", True)],
        14: [("totp", True)],
        15: [("totp", True)],
        16: [],
        17: [("totp", True)],
        18: [("passkey", True)],
        19: [("email", True)],
        20: [("phone", True)],
    }
    assert users[10].id == "oauth2|name|a/b+c"
    assert not users[0].profile["email_verified"] and users[4].profile["email_verified"]
