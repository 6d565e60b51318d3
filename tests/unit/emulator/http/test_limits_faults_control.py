# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits on answers, faults, request log and clock, as seen through the application."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

LIMIT_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v2/users"), ("GET", "/api/v2/nothing"), ("GET", "/mfa/authenticators"),
                         ("POST", "/oauth/token"), ("GET", "/nothing")]
)  # fmt: skip
def test_limit_headers_are_on_every_answer(api, method, path):
    answer = api.call(method, path)
    assert all(answer.headers[name].isdigit() for name in LIMIT_HEADERS)


def test_an_empty_bucket_is_429_in_the_management_format(make_api):
    api = make_api(plan="free")
    api.hold_limits()
    answers = [api.manage("GET", "/users") for _number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json() == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "Global limit has been reached",
        "errorCode": "too_many_requests",
    }
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    assert "retry-after" not in answers[-1].headers


def test_an_empty_bucket_is_429_in_the_authentication_format(make_api):
    api = make_api(plan="professional")
    api.hold_limits()
    answers = [api.call("GET", "/mfa/authenticators") for _number in range(30)]
    refusal = next(answer for answer in answers if answer.status_code == 429)
    assert refusal.json()["error"] == "too_many_requests"


def test_retry_after_is_switchable(make_api):
    api = make_api({"retry-after": "on"}, plan="free")
    api.hold_limits()
    answers = [api.manage("GET", "/users") for _number in range(3)]
    assert answers[-1].headers["retry-after"] == "1"


@pytest.mark.parametrize(("group", "limit"), [("other", "10"), ("read-users", "40")])
def test_group_of_authentication_methods_is_switchable(make_api, group, limit):
    api = make_api({"authentication-methods-group": group}, plan="professional")
    answer = api.manage("GET", "/users/oauth2%7Cname%7Ca%2Fb+c/authentication-methods")
    assert answer.headers["x-ratelimit-limit"] == limit


@pytest.mark.parametrize("seconds", [0, 90, -90, 3600, -3600, 90 * 86400])
def test_date_and_reset_are_the_time_of_the_tenant(make_api, seconds):
    api = make_api(plan="free")
    api.advance(seconds)
    answer = api.call("GET", "/nothing")
    date = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert date == pytest.approx(time.time() + seconds, abs=2)
    assert 0 <= int(answer.headers["x-ratelimit-reset"]) - date <= 61


def test_moving_the_clock_fills_no_bucket(make_api):
    api = make_api(plan="free")
    api.hold_limits()
    for _number in range(3):
        api.manage("GET", "/users")
        api.advance(3600)
    assert api.manage("GET", "/users").status_code == 429


def test_control_is_not_limited_and_not_logged(make_api):
    api = make_api(plan="free")
    assert {api.call("GET", "/_control/ready").status_code for _number in range(10)} == {200}
    assert api.call("GET", "/_control/requests").json() == []


# Request log


def test_requests_are_logged_raw_with_principal_and_status(api):
    api.manage("GET", "/users/oauth2%7Cname%7Ca%2Fb+c", params={"fields": "email"})
    api.call("GET", "/mfa/authenticators", api.mfa_jwt(1))
    api.call("GET", "/nothing")
    log = api.call("GET", "/_control/requests").json()
    user_id = api.user_id(1)
    assert [(entry["method"], entry["path"], entry["principal"], entry["status"]) for entry in log] == [
        ("POST", "/oauth/token", "m2m", 200),
        ("GET", "/api/v2/users/oauth2%7Cname%7Ca%2Fb+c?fields=email", "m2m", 200),
        ("POST", "/oauth/token", "app", 200),
        ("GET", "/mfa/authenticators", user_id, 200),
        ("GET", "/nothing", None, 404),
    ]


def test_no_secret_is_in_the_log(api):
    token = api.mfa_jwt(1)
    api.call("GET", "/mfa/authenticators", token)
    text = api.call("GET", "/_control/requests").text
    assert "secret" not in text and "Correct-Horse" not in text and token not in text


def test_log_can_be_emptied(api):
    api.call("GET", "/nothing")
    assert api.call("DELETE", "/_control/requests").status_code == 204
    assert api.call("GET", "/_control/requests").json() == []


# Faults


def test_status_fault_affects_only_matching_requests_and_only_count_times(api):
    fault = {"method": "GET", "path": "/api/v2/users/*", "count": 2, "kind": "status", "status": 503}
    assert api.call("POST", "/_control/faults", json=fault).status_code == 201
    path = "/users/oauth2%7Cname%7Ca%2Fb+c"
    assert [api.manage("GET", path).status_code for _number in range(3)] == [503, 503, 200]


def test_status_fault_takes_headers_and_body(api):
    fault = {"kind": "status", "status": 429, "headers": {"retry-after": "7"}, "body": {"x": 1}}
    api.call("POST", "/_control/faults", json=fault)
    answer = api.call("GET", "/mfa/authenticators")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (429, "7", {"x": 1})


def test_path_of_a_fault_is_matched_decoded(api):
    fault = {"path": "/api/v2/users/oauth2|name|a/b+c", "kind": "status", "status": 500}
    api.call("POST", "/_control/faults", json=fault)
    assert api.manage("GET", "/users/oauth2%7Cname%7Ca%2Fb+c").status_code == 500


def test_status_fault_keeps_the_request_from_being_carried_out(api):
    path = api.methods_path(2)
    api.call("POST", "/_control/faults", json={"method": "DELETE", "kind": "status", "status": 500})
    assert api.manage("DELETE", path).status_code == 500
    assert len(api.methods(2)) == 1


def test_faults_can_be_deleted(api):
    api.call("POST", "/_control/faults", json={"kind": "status"})
    assert api.call("DELETE", "/_control/faults").status_code == 204
    assert api.call("GET", "/nothing").status_code == 404


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param([], id="list"),
        pytest.param({}, id="no kind"),
        pytest.param({"kind": "earthquake"}, id="unknown kind"),
        pytest.param({"kind": "close", "count": 0}, id="count too low"),
        pytest.param({"kind": "close", "color": "red"}, id="unknown member"),
        pytest.param({"kind": "status", "status": 100}, id="status of no answer"),
        pytest.param({"kind": "status", "headers": {"x": 1}}, id="header is a number"),
        pytest.param({"kind": "slow", "seconds": "long"}, id="seconds is a text"),
        pytest.param({"kind": "close", "path": 1}, id="path is a number"),
    ],
)
def test_wrong_fault_is_400(api, fault):
    assert api.call("POST", "/_control/faults", json=fault).status_code == 400


# Clock


def test_clock_can_be_set_and_keeps_running(api):
    assert api.call("PUT", "/_control/clock", json={"now": "2030-01-01T00:00:00Z"}).status_code == 200
    assert api.now().isoformat().startswith("2030-01-01T00:00:0")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty object"),
        pytest.param([], id="list"),
        pytest.param({"now": "soon"}, id="no time"),
        pytest.param({"now": 7}, id="time is a number"),
        pytest.param({"now": "2030-01-01"}, id="date without a time zone"),
        pytest.param({"advance_seconds": "1"}, id="seconds is a text"),
        pytest.param({"advance_seconds": 1e11}, id="seconds too high"),
        pytest.param({"now": "2030-01-01T00:00:00Z", "advance_seconds": 1}, id="both members"),
        pytest.param({"now": "9999-12-31T00:00:00Z"}, id="year too late"),
    ],
)
def test_wrong_clock_is_400(api, body):
    answer = api.call("PUT", "/_control/clock", json=body)
    assert answer.status_code == 400 and answer.json()["error"].startswith(
        ("expected {", "now must be", "advance_seconds", "the clock")
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("POST", "clock"), ("GET", "codes")])
def test_unknown_control_address_is_404(api, method, path):
    assert api.call(method, f"/_control/{path}").status_code == 404
