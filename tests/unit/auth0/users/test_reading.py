# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many users: each once, in order, and nobody is lost."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.reading import (
    Reading,
    Target,
    UserRead,
    with_progress,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    RateLimitError,
    ServerError,
)


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


@pytest.mark.parametrize("error", [NotFoundError("gone"), ServerError("broken"), BadRequestError("odd")])
def test_a_user_who_cannot_be_read_has_an_entry_and_the_walk_goes_on(error):
    reading, users = read(Api(u2=error), ids(1, 2, 3))
    assert [user.error for user in users] == [None, error, None]
    assert users[1].authenticators is None and reading.stopped is None


def test_an_address_that_is_nobodys_has_an_entry():
    error = NotFoundError("nobody")
    _reading, (user,) = read(Api(**{"7": error}), [Target(email="7@example.com")])
    assert user == UserRead(None, "7@example.com", error=error)


@pytest.mark.parametrize("error", [AuthenticationError("no"), RateLimitError("slow")])
def test_what_the_next_user_would_meet_as_well_ends_the_walk_and_nobody_is_lost(error):
    api = Api(u2=error)
    reading, users = read(api, ids(1, 2, 3, 4))
    assert reading.stopped is error
    assert [user.error for user in users] == [None, error, error, error]
    assert api.asked == ["a|1", "a|2"]


def test_a_search_that_breaks_off_ends_the_walk():
    broken = ServerError("search")

    def search():
        yield from ids(1)
        raise broken

    reading, users = read(Api(), search())
    assert reading.stopped is broken and [user.user_id for user in users] == ["a|1"]


def test_a_search_is_not_gone_on_with_once_the_walk_has_stopped():
    def search():
        yield from ids(1, 2)
        raise AssertionError("nobody should ask for more")

    error = AuthenticationError("no")
    reading, users = read(Api(u1=error), search())
    assert reading.stopped is error and [user.error for user in users] == [error]


def test_a_user_who_was_read_is_not_listed_again_as_unread_and_nobody_is_asked_for_twice():
    error = AuthenticationError("no")
    api = Api(u3=error)
    _reading, users = read(api, ids(8, 8, 3, 8, 8))
    assert [(user.user_id, user.error) for user in users] == [("a|8", None), ("a|3", error)]
    assert api.asked == ["a|8", "a|3"]


def test_progress_is_told_after_every_so_many():
    told = []
    users = [UserRead("a|%d" % number, None, error=NotFoundError("x") if number == 2 else None) for number in range(5)]
    assert list(with_progress(users, 2, lambda *figures: told.append(figures))) == users
    assert told == [(2, 0), (4, 1)]
