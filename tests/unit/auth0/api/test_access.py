# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer about sessions, refresh tokens and blocks must hold, and what is kept of it."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.access import (
    Blocks,
    RefreshTokens,
    RememberedBrowsers,
    Sessions,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    ServerError,
)

from .answering import Answering

USER = "auth0|1"
MEMBERS = {Sessions: "sessions", RefreshTokens: "tokens", Blocks: "blocked_for"}
PAGED = [Sessions, RefreshTokens]
KINDS = [*MEMBERS, RememberedBrowsers]
PERSONAL = {"initial_ip": "192.0.2.1", "initial_user_agent": "a browser"}


def listed(kind, *answers):
    return kind(Answering(*answers)).listed(USER)


def rows(*ids):
    return [{"id": each, "user_id": USER} for each in ids]


@pytest.mark.parametrize("kind", MEMBERS)
@pytest.mark.parametrize(
    "answer", [None, {}, [], {"next": "x"}, {"sessions": None, "tokens": None, "blocked_for": None}, 5]
)
def test_absent_is_not_empty(kind, answer):
    with pytest.raises(ServerError, match="not in the documented format"):
        listed(kind, answer)
    assert listed(kind, {MEMBERS[kind]: []}) == []


@pytest.mark.parametrize("kind", PAGED)
@pytest.mark.parametrize(
    "row", [{}, {"id": ""}, {"id": ".."}, {"id": 5}, {"id": "s", "user_id": "auth0|2"}, {"id": "a b"}], ids=repr
)
def test_a_row_that_does_not_name_what_is_the_users_is_no_row(kind, row):
    with pytest.raises(ServerError, match="not in the documented format"):
        listed(kind, {MEMBERS[kind]: [row]})


@pytest.mark.parametrize("kind", PAGED)
@pytest.mark.parametrize(
    ("pages", "ids"),
    [
        pytest.param([(["a", "b"], {})], ["a", "b"], id="one page"),
        pytest.param([(["a"], {"next": "a"}), (["b"], {})], ["a", "b"], id="two pages"),
        pytest.param([(["a"], {"next": "a", "total": 1})], ["a"], id="a cursor on the last page, and a total"),
        pytest.param([(["a"], {"next": "a"}), ([], {})], ["a"], id="a cursor on the last page"),
        pytest.param([(["a", "b"], {"next": "b"}), (["b", "c"], {})], ["a", "b", "c"], id="a row that comes twice"),
    ],
)
def test_pages_are_followed_to_their_end(kind, pages, ids):
    answers = [{MEMBERS[kind]: rows(*page), **members} for page, members in pages]
    assert [each.id for each in listed(kind, *answers)] == ids


@pytest.mark.parametrize("kind", PAGED)
@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([(["a"], {"total": 2})], id="fewer than the total"),
        pytest.param([(["a", "b"], {"total": 1})], id="more than the total"),
        pytest.param([(["a"], {"next": "a"}), (["a"], {"next": "a"})], id="no end"),
        pytest.param([([each], {"next": each}) for each in map(str, range(100))], id="more pages than anybody has"),
    ],
)
def test_pages_that_are_not_whole_are_no_list(kind, pages):
    answers = [{MEMBERS[kind]: rows(*page), **members} for page, members in pages]
    with pytest.raises(ServerError, match="not in the documented format"):
        listed(kind, *answers)


def test_what_is_personal_is_not_kept_and_a_date_that_nobody_can_read_is_unknown():
    session = {
        "id": "s", "created_at": "2026-03-01T08:00:00Z", "last_interacted_at": {}, "expires_at": None,
        "device": PERSONAL, "clients": [{"client_id": "app"}, {}],
    }  # fmt: skip
    (found,) = listed(Sessions, {"sessions": [session]})
    assert found.shown == {
        "id": "s", "client_ids": ["app"], "created_at": "2026-03-01T08:00:00.000Z",
        "last_interacted_at": None, "expires_at": None,
    }  # fmt: skip
    (found,) = listed(
        RefreshTokens, {"tokens": [{"id": "t", "client_id": "app", "session_id": None, "device": PERSONAL}]}
    )
    assert found.shown == {
        "id": "t", "client_id": "app", "session_id": None, "created_at": None, "last_exchanged_at": None,
        "expires_at": None,
    }  # fmt: skip
    block = {"identifier": "one@example.com", "ip": "192.0.2.1", "connection": "c"}
    first, second = listed(Blocks, {"blocked_for": [block, {**block, "ip": "192.0.2.2"}]})
    assert first.shown == second.shown == {"identifier": "one@example.com", "connection": "c"} and first.id != second.id


@pytest.mark.parametrize("kind", PAGED)
def test_only_a_refusal_that_names_no_scope_is_one_of_the_plan(kind):
    with pytest.raises(ForbiddenError) as plan:
        listed(kind, ForbiddenError("no"))
    with pytest.raises(InsufficientScopeError) as scope:
        listed(kind, InsufficientScopeError("no", hint="Add the scope."))
    assert "Enterprise" in plan.value.hint and scope.value.hint == "Add the scope."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [{"statusCode": 500}, ["x"], 5])
def test_an_answer_that_says_something_else_leaves_a_doubt(kind, answer):
    with pytest.raises(AmbiguousWriteError) as caught:
        kind(Answering(answer)).end_all(USER)
    assert "safe to run the task again" in caught.value.hint


@pytest.mark.parametrize("kind", PAGED)
def test_one_that_is_gone_is_no_error_and_a_user_who_does_not_exist_is(kind):
    kind(Answering(NotFoundError("gone"))).end_one(USER, "s")
    with pytest.raises(NotFoundError):
        kind(Answering(NotFoundError("no user"))).end_all(USER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("user_id", ["", "..", "nobody"])
def test_nothing_is_sent_for_what_is_no_user(kind, user_id):
    access = kind(Answering())
    for ask in (access.listed, access.end_all) if access.shown else (access.end_all,):
        with pytest.raises(ConfigurationError):
            ask(user_id)
