# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ends, and what is told of it, whatever Auth0 answers."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.access import Found
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.ending import Ended, due, end
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    ForbiddenError,
    NotFoundError,
    ServerError,
    TransportError,
)

USER = "auth0|1"
IDS = st.lists(st.sampled_from("abcdef"), unique=True)
DOUBTS = [AmbiguousWriteError("lost"), ServerError("no", status=500)]
REFUSALS = [ForbiddenError("no", status=403), NotFoundError("no", status=404)]


def found(*ids):
    return tuple(Found(each, {"id": each}) for each in ids)


class Account:
    """A user's things, some of which cannot be ended, or only with a lost answer."""

    noun, shown = "things", True

    def __init__(self, *ids, error=None, acts=True, at=None, unread=False):
        """
        :param error: what ending raises
        :param acts: whether it ends them all the same
        :param at: the one with which it happens, if they end one by one
        :param unread: whether nobody can read the user afterward
        """
        self.ids, self.error, self.acts, self.at, self.unread = [*ids], error, acts, at, unread
        self.sent = []

    def listed(self, user_id):
        if self.sent and self.unread:
            raise ServerError("down")
        return [*found(*self.ids)]

    def end_all(self, user_id):
        self._end("all", [*self.ids], self.error)

    def end_one(self, user_id, found_id):
        self._end(found_id, [found_id], self.error if found_id == self.at else None)

    def _end(self, what, ids, error):
        self.sent.append(what)
        if error is None or self.acts:
            self.ids = [each for each in self.ids if each not in ids]
        if error is not None:
            raise error


class Hidden(Account):
    shown = False

    def listed(self, user_id):
        raise AssertionError("nobody knows them")


def facts_of(account, ids=None):
    """What the task tells when it fails."""
    with pytest.raises(Auth0Error) as caught:
        end(account, USER, ids, check_mode=False)
    facts = caught.value.facts()
    return facts.get("changed", False), [row["id"] for row in facts.get("removed", ())], facts.get("count")


@given(IDS, st.none() | IDS)
def test_all_or_those_that_are_named_and_the_users(has, ids):
    going = [each.id for each in due(found(*has), ids)]
    assert going == [each for each in has if ids is None or each in ids]


@given(IDS, st.none() | IDS, st.booleans())
def test_what_was_to_end_ended_once_and_the_rest_did_not(has, ids, check_mode):
    account = Account(*has)
    outcome = end(account, USER, ids, check_mode)
    going = due(found(*has), ids)
    assert outcome == Ended(found(*has), going) and outcome.changed is bool(going)
    if check_mode or not going:
        assert account.sent == [] and account.ids == has
    else:
        assert account.sent == (["all"] if ids is None else [each.id for each in going])
        assert account.ids == [each for each in has if each not in [one.id for one in going]]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_nobody_can_read_may_have_changed(check_mode):
    account = Hidden()
    outcome = end(account, USER, None, check_mode)
    assert outcome.changed and outcome.before is None and account.sent == ([] if check_mode else ["all"])


@pytest.mark.parametrize("error", DOUBTS)
def test_a_doubt_is_resolved_by_reading(error):
    assert end(Account("a", "b", error=error), USER, None, False).changed
    # Auth0 may carry it out later, so something may have changed.
    assert facts_of(Account("a", "b", error=error, acts=False)) == (True, [], 0)
    assert facts_of(Account("a", "b", error=error, unread=True)) == (True, [], 0)


@pytest.mark.parametrize("error", [*DOUBTS, TransportError("no connection")])
def test_a_doubt_about_one_of_several(error):
    named = ["a", "b", "c"]
    assert facts_of(Account("a", "b", "c", error=error, at="b"), named) == (True, ["a", "b"], 2)
    assert facts_of(Account("a", "b", "c", error=error, at="b", acts=False), named) == (True, ["a"], 1)
    assert facts_of(Account("a", "b", "c", error=error, at="b", unread=True), named) == (True, ["a"], 1)
    assert end(Account("a", "b", "c", error=error, at="c"), USER, named, False).changed


@pytest.mark.parametrize("error", [*REFUSALS, TransportError("no connection")])
def test_a_refusal_changes_nothing(error):
    account = Account("a", "b", error=error, acts=False)
    assert facts_of(account) == (False, [], None) and account.sent == ["all"]


@pytest.mark.parametrize("error", REFUSALS)
def test_a_refusal_after_some_ended_tells_them(error):
    account = Account("a", "b", error=error, at="b", acts=False)
    assert facts_of(account, ["a", "b"]) == (True, ["a"], 1)


def test_what_is_listed_still_although_auth0_answered_that_it_is_gone_is_gone():
    """Auth0 ends sessions a moment after it answered."""

    class Slow(Account):
        def _end(self, what, ids, error):
            self.sent.append(what)
            if error is not None:
                raise error

    slow = Slow("a", "b", error=AmbiguousWriteError("lost"), at="b")
    assert facts_of(slow, ["a", "b"]) == (True, ["a"], 1)
