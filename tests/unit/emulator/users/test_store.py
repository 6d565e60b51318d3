# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a million users, only those that changed are stored."""

from __future__ import annotations

import pytest

from tests.emulator.users.models import User
from tests.emulator.users.seed import Population
from tests.emulator.users.store import REMEMBERED, UserStore

START = 1_790_000_000_000


@pytest.fixture
def store():
    return UserStore(Population(7, 1_000_000, START, ("sms", "voice")))


def read_others(store, first=100):
    """Read so many other users that earlier ones are no longer in memory."""
    for i in range(first, first + REMEMBERED):
        assert store.find(store.population.user_id(i)) is not None


def test_a_user_that_was_only_read_is_forgotten(store):
    read_others(store)
    read_others(store, 10_000)
    assert len(store.aside()) == REMEMBERED


def test_a_user_is_the_same_object_while_it_is_remembered(store):
    user_id = store.population.user_id(50)
    assert store.find(user_id) is store.find(user_id)


def test_reading_again_keeps_a_user_remembered(store):
    user_id = store.population.user_id(50)
    user = store.find(user_id)
    for i in range(100, 100 + 2 * REMEMBERED):
        store.find(store.population.user_id(i))
        assert store.find(user_id) is user


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda user: user.authenticators.clear(), id="authenticators"),
        pytest.param(
            lambda user: setattr(user.authenticators[0], "last_auth_at", START), id="authenticator's last use"
        ),
        pytest.param(lambda user: user.profile.update(blocked=True), id="profile"),
        pytest.param(lambda user: user.received.append({"code": "123456"}), id="messages"),
        pytest.param(lambda user: setattr(user, "password", "Other-Horse-8"), id="password"),
    ],
)
def test_a_changed_user_is_kept_however_it_was_changed(store, change):
    user_id = store.population.user_id(2)
    user = store.find(user_id)
    change(user)
    read_others(store)
    assert store.find(user_id) is user
    assert len(store.aside()) == REMEMBERED + 1


def test_a_deleted_user_stays_deleted(store):
    user_id = store.population.user_id(2)
    store.find(user_id)
    store.remove(user_id)
    read_others(store)
    assert store.find(user_id) is None
    assert store.aside()[2] is None


def test_a_created_user_is_kept_and_comes_last():
    store = UserStore(Population(7, 3, START, ("sms", "voice")))
    store.add(User({"user_id": "auth0|new", "email": "new@example.com"}, "c"))
    assert [user.email for user in store] == [*map(store.population.email, (1, 2, 3)), "new@example.com"]
    assert store.ids_at("new@example.com") == ["auth0|new"]
    store.remove("auth0|new")
    assert store.find("auth0|new") is None
    assert len(list(store)) == 3


def test_a_user_created_with_the_id_of_a_deleted_one_takes_its_place():
    store = UserStore(Population(7, 3, START, ("sms", "voice")))
    user_id = store.population.user_id(2)
    store.remove(user_id)
    again = User({"user_id": user_id, "email": "again@example.com"}, "c")
    store.add(again)
    assert store.find(user_id) is again
    assert [user.id for user in store].count(user_id) == 1


def test_removing_an_unknown_user_is_no_error(store):
    store.remove("auth0|unknown")
    assert store.aside() == {}


def test_walking_all_users_remembers_none():
    store = UserStore(Population(7, 300, START, ("sms", "voice")))
    assert sum(1 for _user in store) == 300
    assert store.aside() == {}
