# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what each kind does to the requests that match, and which descriptions are refused."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from tests.emulator.http.faults import KINDS
from tests.emulator.launch import start

README = Path(__file__).parents[3] / "emulator" / "README.md"
LIMIT_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
EVERYONE = {"sort": "created_at:1", "per_page": 5, "include_totals": "true"}


def inject(api, **fault):
    answer = api.call("POST", "/_control/faults", json=fault)
    assert answer.status_code == 201, answer.text


def numbers(answer):
    """The numbers in the addresses of the listed users."""
    return [int(user["email"][4:9]) for user in answer.json()["users"]]


# Rate limits


def test_limit_reports_when_the_next_token_comes(api):
    inject(api, kind="limit", seconds=7, path="/api/v2/*")
    before = time.time()
    answer = api.manage("GET", "/users")
    assert answer.status_code == 429
    assert answer.json()["errorCode"] == "too_many_requests"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 6 < int(answer.headers["x-ratelimit-reset"]) - before < 10


@pytest.mark.parametrize("kind", ["limit", "status"])
def test_limit_headers_can_be_left_out(api, kind):
    inject(api, kind=kind, limit_headers=False, headers={"retry-after": "3"})
    answer = api.call("GET", "/mfa/authenticators")
    assert answer.status_code == {"limit": 429, "status": 503}[kind]
    assert not any(name in answer.headers for name in LIMIT_HEADERS)
    assert answer.headers["retry-after"] == "3"


def test_limit_has_the_body_of_the_api_that_was_called(api):
    inject(api, kind="limit")
    assert api.call("GET", "/mfa/authenticators").json()["error"] == "too_many_requests"


# Broken answers


def test_malformed_is_carried_out_and_answered_with_half_the_json(api):
    path = api.methods_path(2)
    inject(api, kind="malformed", method="POST")
    body = {"type": "email", "email": "second@example.com"}
    answer = api.manage("POST", path, json=body)
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert [method["type"] for method in api.methods(2)] == ["totp", "email"]


def test_malformed_cuts_even_the_shortest_answer(api):
    path = api.methods_path(1)
    inject(api, kind="malformed")
    with pytest.raises(json.JSONDecodeError):
        api.manage("GET", path).json()


def test_truncated_is_carried_out_and_closed_in_the_middle_of_the_body():
    with start(users=3) as emulator:
        host, _separator, port = emulator.domain.partition(":")
        client = http.client.HTTPConnection(host, int(port), timeout=5)
        emulator.control("POST", "faults", {"kind": "truncated"})
        client.request("GET", "/.well-known/jwks.json")
        answer = client.getresponse()
        promised = int(answer.headers["content-length"])
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
        assert 0 < len(caught.value.partial) < promised
        client.close()
        client.request("GET", "/.well-known/jwks.json")
        assert len(client.getresponse().read()) == promised
        client.close()


# Unknown and missing members


@pytest.mark.parametrize("number", [pytest.param(2, id="otp"), pytest.param(3, id="phone")])
def test_unknown_adds_an_unknown_factor_and_unknown_members(api, number):
    known = api.methods(number)
    inject(api, kind="unknown", path="*/authentication-methods")
    methods = api.methods(number)
    assert [method["type"] for method in methods] == [*(method["type"] for method in known), "hologram"]
    assert methods[-1]["id"].startswith("hologram|")
    assert methods[-1]["id"] not in {method["id"] for method in known}
    assert all(method["x_unknown"] == {"level": 3} for method in methods)
    assert api.methods(number) == known


def test_unknown_also_changes_answers_of_the_mfa_api(api):
    token = api.mfa_token(2)
    inject(api, kind="unknown")
    rows = api.call("GET", "/mfa/authenticators", token).json()
    assert rows[-1]["authenticator_type"] == "hologram"


def test_unknown_adds_no_row_to_other_lists(api):
    inject(api, kind="unknown", path="/api/v2/users")
    answer = api.manage("GET", "/users", params=EVERYONE)
    assert numbers(answer) == [1, 2, 3, 4, 5]
    assert "x_unknown" in answer.json() and all("x_unknown" in user for user in answer.json()["users"])


def test_sparse_leaves_members_out_of_every_object(api):
    path = api.methods_path(2)
    inject(api, kind="sparse", members=["last_auth_at", "confirmed"], path="*/authentication-methods")
    (method,) = api.manage("GET", path).json()
    assert "last_auth_at" not in method and "confirmed" not in method and method["type"] == "totp"


@pytest.mark.parametrize("kind", ["unknown", "sparse", "shift", "duplicate"])
def test_errors_are_not_distorted(api, kind):
    members = {"members": ["error"]} if kind == "sparse" else {}
    inject(api, kind=kind, **members)
    assert api.call("GET", "/mfa/authenticators").json() == {
        "error": "invalid_token",
        "error_description": "Missing or malformed bearer token",
    }


# Changes by somebody else


@pytest.mark.parametrize(
    ("kind", "page", "rows", "expected"),
    [
        pytest.param("shift", 0, 1, [2, 3, 4, 5, 6], id="shift leaves the first page alone"),
        pytest.param("shift", 1, 1, [7, 8, 9, 10, 11], id="shift by one"),
        pytest.param("shift", 1, 3, [9, 10, 11, 12, 13], id="shift by three"),
        pytest.param("shift", 2, 2, [13], id="shift on the last page"),
        pytest.param("duplicate", 0, 1, [1, 1, 2, 3, 4], id="duplicate on the first page"),
        pytest.param("duplicate", 1, 1, [5, 6, 7, 8, 9], id="duplicate by one"),
        pytest.param("duplicate", 1, 2, [4, 5, 6, 7, 8], id="duplicate by two"),
        pytest.param("duplicate", 2, 1, [10, 11, 12, 13], id="duplicate on the last page"),
        pytest.param("fewer", 0, 2, [1, 2, 3], id="fewer on the first page"),
        pytest.param("fewer", 2, 5, [], id="fewer than none"),
        pytest.param("more", 1, 2, [6, 7, 8, 9, 10, 11, 12], id="more on a page in the middle"),
        pytest.param("more", 2, 2, [11, 12, 13, 11, 12], id="more on the last page"),
    ],
)
def test_pages_are_off_by_rows(make_api, kind, page, rows, expected):
    api = make_api(users=13)
    inject(api, kind=kind, rows=rows, path="/api/v2/users")
    answer = api.manage("GET", "/users", params={**EVERYONE, "page": page})
    assert numbers(answer) == expected
    assert answer.json()["length"] == len(expected)


def test_a_shifted_page_next_to_the_1000th_user_is_no_error(make_api):
    api = make_api(users=1100)
    inject(api, kind="shift", path="/api/v2/users")
    answer = api.manage("GET", "/users", params={"per_page": 100, "page": 9})
    assert len(answer.json()) == 99


def test_a_list_without_pages_is_shifted_by_itself(api):
    token = api.mfa_token(9)
    rows = api.call("GET", "/mfa/authenticators", token).json()
    inject(api, kind="shift")
    assert api.call("GET", "/mfa/authenticators", token).json() == rows[1:]


def test_the_user_in_the_path_is_deleted_just_before(api):
    path = api.methods_path(2)
    inject(api, kind="delete-user", path="*/authentication-methods")
    assert api.manage("GET", path).json()["errorCode"] == "inexistent_user"
    answer = api.manage("GET", "/users-by-email", params={"email": "user00002@example.com"})
    assert answer.json() == []


def test_a_named_user_is_deleted_while_users_are_listed(api):
    inject(api, kind="delete-user", path="/api/v2/users", user_id=api.user_id(3))
    assert numbers(api.manage("GET", "/users", params=EVERYONE)) == [1, 2, 4, 5, 6]


def test_the_management_token_of_the_request_stays_expired(api):
    old = api.management_token()
    inject(api, kind="expire-token")
    for _number in range(2):
        answer = api.call("GET", "/api/v2/users", old)
        assert answer.status_code == 401
        assert answer.json()["message"] == "Expired token received for JSON Web Token validation"
    assert api.call("GET", "/api/v2/users", api.management_token()).status_code == 200


@pytest.mark.parametrize("kind", ["mfa_token", "mfa_jwt"])
def test_either_bearer_of_the_mfa_api_expires(api, kind):
    token = getattr(api, kind)(1 if kind == "mfa_jwt" else 2)
    inject(api, kind="expire-token")
    answer = api.call("GET", "/mfa/authenticators", token)
    assert (answer.status_code, answer.json()["error"]) == (401, "expired_token")


# What is in between, and what is beside the answer


def test_a_proxy_answers_with_a_page_of_its_own_and_nothing_of_the_tenant(make_api):
    api = make_api({"request-id": "on"})
    inject(api, kind="proxy", method="DELETE", status=407, headers={"Retry-After": "3"})
    answer = api.manage("DELETE", api.methods_path(2))
    assert (answer.status_code, answer.headers["content-type"]) == (407, "text/html")
    assert answer.headers["proxy-authenticate"] == 'Basic realm="proxy"' and answer.headers["retry-after"] == "3"
    assert "<h1>" in answer.text
    assert not {"cf-ray", "x-auth0-requestid", *LIMIT_HEADERS} & set(answer.headers)
    assert len(api.methods(2)) == 1
    inject(api, kind="proxy", path="/oauth/token")
    answer = api.call("POST", "/oauth/token")
    assert answer.status_code == 503 and "proxy-authenticate" not in answer.headers
    assert answer.headers["content-type"] == "text/html"


def test_headers_take_the_place_of_the_answers_own(api):
    inject(api, kind="headers", headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "X-Other": "1"}, count=2)
    for method, path, status in (("GET", "/api/v2/users", 401), ("GET", "/mfa/authenticators", 401)):
        answer = api.call(method, path)
        assert answer.status_code == status and answer.headers["x-other"] == "1"
        assert answer.headers.get_list("date") == ["Thu, 01 Jan 2026 00:00:00 GMT"]


def test_an_answer_as_deep_as_no_parser_goes(api):
    inject(api, kind="nested", method="DELETE", path="/api/v2/*")
    inject(api, kind="nested", method="GET", path="/api/v2/users")
    removed = api.manage("DELETE", api.methods_path(2))
    assert (removed.status_code, removed.content) == (204, b"")  # what has no body stays so
    assert api.methods(2) == []
    answer = api.manage("GET", "/users")
    assert answer.status_code == 200 and answer.text.startswith("[[[") and answer.text.count("]") == 100_000
    with pytest.raises(RecursionError):
        answer.json()


def test_an_answer_that_has_what_the_client_sent(api):
    inject(api, kind="echo", path="/oauth/token")
    sent = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
    answer = api.token(**sent, audience=api.management_audience).json()
    assert json.loads(answer["x_request"]["body"]) == {**sent, "audience": api.management_audience}
    inject(api, kind="echo", path="/api/v2/users")
    users = api.call("GET", "/api/v2/users", answer["access_token"]).json()
    assert {user["x_request"]["headers"]["authorization"] for user in users} == {f"Bearer {answer['access_token']}"}


# Descriptions


def test_pending_faults_are_listed_with_their_counts(api):
    inject(api, kind="slow", seconds=0, count=2)
    api.call("GET", "/nothing")
    (fault,) = api.call("GET", "/_control/faults").json()
    assert (fault["kind"], fault["count"]) == ("slow", 1)


def test_every_kind_is_in_the_readme():
    text = README.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` |" not in text] == []


def test_members_get_another_type(api):
    user = api.manage("GET", "/users").json()[0]
    inject(api, kind="retyped", members=["email", "identities", "email_verified"])
    other = api.manage("GET", "/users").json()[0]
    assert other["email"] == [user["email"]] and other["user_id"] == user["user_id"]
    assert other["identities"] == {"value": user["identities"]}
    assert other["email_verified"] == str(user["email_verified"])


def test_members_get_a_value_of_ones_choice(api):
    inject(api, kind="replaced", path="/api/v2/users", values={"last_login": "0000-00-00", "total": None, "nothing": 1})
    answer = api.manage("GET", "/users", params=EVERYONE).json()
    assert answer["total"] is None and "nothing" not in answer and len(answer["users"]) == 5
    assert {user["last_login"] for user in answer["users"] if "last_login" in user} == {"0000-00-00"}


def test_requests_that_match_go_before_a_fault(api):
    inject(api, kind="status", after=2, count=2, path="/nothing")
    assert [api.call("GET", "/nothing").status_code for _request in range(5)] == [404, 404, 503, 503, 404]


def test_a_part_of_the_body_is_always_less_than_all_of_it(api):
    whole = api.call("GET", "/.well-known/jwks.json").content
    for part, length in ((0, 0), (0.25, len(whole) // 4), (1, len(whole) - 1)):
        inject(api, kind="malformed", part=part)
        assert api.call("GET", "/.well-known/jwks.json").content == whole[:length]


def test_an_error_object_under_200_after_the_request_was_carried_out(api):
    user = api.manage("GET", "/users").json()[0]
    inject(api, kind="error-200", method="DELETE")
    answer = api.manage("DELETE", "/users/" + user["user_id"].replace("|", "%7C"))
    assert (answer.status_code, answer.json()["statusCode"]) == (200, 500)
    assert api.manage("GET", "/users").json()[0]["user_id"] != user["user_id"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param([], "a fault is an object", id="list"),
        pytest.param({}, "kind must be one of", id="no kind"),
        pytest.param({"kind": []}, "kind must be one of", id="kind is a list"),
        pytest.param({"kind": "slow", "status": 500}, "kind 'slow' has no 'status'", id="member of another kind"),
        pytest.param({"kind": "shift", "rows": 0}, "rows must be a whole number from 1 to 50", id="rows too low"),
        pytest.param({"kind": "replaced"}, "needs values", id="replaced without values"),
        pytest.param({"kind": "replaced", "values": ["x"]}, "values must be an object", id="values is a list"),
        pytest.param({"kind": "malformed", "part": 1.5}, "part must be", id="part of more than all"),
        pytest.param({"kind": "slow", "after": -1}, "after must be a whole number from 0", id="after is negative"),
        pytest.param({"kind": "shift", "rows": True}, "rows must be", id="rows is a boolean"),
        pytest.param({"kind": "sparse"}, "needs members", id="sparse without members"),
        pytest.param({"kind": "sparse", "members": []}, "members must be an array", id="sparse with no member named"),
        pytest.param(
            {"kind": "limit", "limit_headers": "no"},
            "limit_headers must be true or false",
            id="limit_headers is a text",
        ),
        pytest.param({"kind": "limit", "seconds": 1e9}, "seconds must be", id="seconds too high"),
        pytest.param({"kind": "status", "headers": {"x": "a\nb"}}, "headers must be", id="line break in a header"),
        pytest.param({"kind": "headers"}, "needs headers", id="headers without headers"),
        pytest.param(
            {"kind": "headers", "headers": {"Content-Length": "5"}}, "headers must be", id="length of the answer"
        ),
        pytest.param({"kind": "delete-user", "user_id": 7}, "user_id must be a string", id="user_id is a number"),
        pytest.param({"kind": "close", "method": None}, "method must be a string", id="method is null"),
    ],
)
def test_a_wrong_description_is_named(api, fault, said):
    answer = api.call("POST", "/_control/faults", json=fault)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert api.call("GET", "/_control/faults").json() == []
