# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user search. Each function is a case of the manifest."""

from __future__ import annotations

from ..checks import NotSeen, equal, has_status, holds, refused_by_management
from ..lab import Lab
from ..tenant import Answer


def envelope(lab: Lab) -> None:
    body = has_status(search(lab, include_totals="true", per_page=1), 200).body
    equal("members", sorted(body), ["length", "limit", "start", "total", "users"])
    equal("limit and length", (body["limit"], body["length"]), (1, len(body["users"])))


def plain_list(lab: Lab) -> None:
    holds(isinstance(has_status(search(lab, per_page=1), 200).body, list), "the body is not an array")


def default_page(lab: Lab) -> None:
    equal("limit", has_status(search(lab, include_totals="true"), 200).member("limit"), 50)


def page_of_101(lab: Lab) -> None:
    refused_by_management(search(lab, per_page=101), 400, code="invalid_query_string")


def past_1000(lab: Lab) -> None:
    answer = search(lab, page=10, per_page=100)
    refused_by_management(answer, 400, code="invalid_paging")
    start = "You can only page through the first 1000 records."
    holds(answer.body["message"].startswith(start), f"got {answer.told()}")


def up_to_1000(lab: Lab) -> None:
    has_status(search(lab, page=9, per_page=100, fields="user_id"), 200)


def nothing_found(lab: Lab) -> None:
    body = has_status(search(lab, q=f'email:"nobody-{lab.email}"', include_totals="true"), 200).body
    equal("users and total", (body["users"], body["total"]), ([], 0))


def prefix(lab: Lab) -> None:
    has_status(search(lab, q="name:j*", per_page=1), 200)


def suffix(lab: Lab) -> None:
    has_status(search(lab, q="name:*usa", per_page=1), 200)


def short_suffix(lab: Lab) -> None:
    refused_by_management(search(lab, q="name:*sa", per_page=1), 400)


def bare_terms(lab: Lab) -> None:
    has_status(search(lab, q="jane smith", per_page=1), 200)


def field_with_alternatives(lab: Lab) -> None:
    has_status(search(lab, q="name:(jane OR john)", per_page=1), 200)


def exists(lab: Lab) -> None:
    has_status(search(lab, q="_exists_:email", per_page=1), 200)


def ranges(lab: Lab) -> None:
    has_status(search(lab, q="created_at:[2020-01-01 TO 2021-01-01} AND NOT blocked:true", per_page=1), 200)


def unbalanced(lab: Lab) -> None:
    refused_by_management(search(lab, q="name:(jane", per_page=1), 400, code="invalid_query_string")


def factors_are_not_searchable(lab: Lab) -> None:
    answer = has_status(search(lab, q='multifactor:"guardian"', per_page=1), 200, 400)
    equal("users", answer.body if answer.status == 200 else [], [])


def old_engines(lab: Lab) -> None:
    has_status(search(lab, q="name:jane", search_engine="v2", per_page=1), 400)


def sort(lab: Lab) -> None:
    found = has_status(search(lab, sort="created_at:1", per_page=10, fields="created_at"), 200).body
    moments = [user["created_at"] for user in found]
    equal("order", moments == sorted(moments), True)


def sort_by_metadata(lab: Lab) -> None:
    has_status(search(lab, sort="user_metadata:1", per_page=1), 400)


def from_is_not_a_cursor(lab: Lab) -> None:
    answer = search(lab, take=1, per_page=2)
    if answer.status == 400:
        raise NotSeen("the tenant refuses take")
    holds(isinstance(has_status(answer, 200).body, list), "take changes the answer")


def search(lab: Lab, **query: str | int) -> Answer:
    """``GET /users``."""
    return lab.manage("GET", "/users", query={"search_engine": "v3", **query})
