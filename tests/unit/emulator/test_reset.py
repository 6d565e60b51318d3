# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``POST /_control/reset``: a tenant that was used and reset answers as one that was just started."""

from __future__ import annotations

import time

import pytest
import requests

from tests.emulator.launch import start

from .client import SECRET_2

JS = "exports.onExecutePostLogin = async (event, api) => {};"
MANAGEMENT = (
    "/users?include_totals=true",
    "/users?q=email:user00003*",
    "/guardian/factors",
    "/guardian/policies",
    "/guardian/factors/phone/message-types",
    "/actions/actions",
    "/actions/triggers/post-login/bindings",
    "/logs",
)
CONTROL = ("clock", "requests", "faults", "tickets", "remember-browser")


@pytest.fixture
def same_time(monkeypatch):
    """All tenants of the test start in the same millisecond, from which their dates count."""
    now = time.time_ns()
    monkeypatch.setattr("tests.emulator.state.tenant.time.time_ns", lambda: now)


def answers(api, token):
    """What the tenant tells about itself, by every API."""
    told = {path: api.call("GET", f"/_control/{path}").json() for path in CONTROL}
    told["rates"] = [
        {name: value for name, value in bucket.items() if name != "reset"}
        for bucket in api.call("GET", "/_control/rates").json()
    ]
    for path in MANAGEMENT:
        answer = api.call("GET", f"/api/v2{path}", token)
        told[path] = (answer.status_code, answer.json())
    told["methods"] = [api.call("GET", f"/api/v2{api.methods_path(number)}", token).json() for number in range(1, 11)]
    logins = [api.login(number) for number in range(1, 21)]
    told["logins"] = [(login.status_code, login.json().get("error"), login.json().get("scope")) for login in logins]
    return told


def use(api):
    """Change what can be changed, and leave faults, failed logins and a moved clock behind."""
    api.manage("POST", "/users", json={"connection": "Username-Password-Authentication", "email": "new@example.com",
                                       "password": "Correct-Horse-7"})  # fmt: skip
    api.manage("DELETE", api.methods_path(2))
    api.manage("POST", api.methods_path(3), json={"type": "email", "email": "new@example.com"})
    api.manage("PUT", "/guardian/factors/duo", json={"enabled": True})
    api.manage("PUT", "/guardian/policies", json=["all-applications"])
    api.manage("POST", "/guardian/enrollments/ticket", json={"user_id": api.user_id(5)})
    trigger = [{"id": "post-login", "version": "v3"}]
    api.manage("POST", "/actions/actions", json={"name": "mine", "code": JS, "supported_triggers": trigger})
    for _number in range(11):
        api.login(1, password="wrong")
    api.advance(3600)
    api.call("POST", "/_control/faults", json={"kind": "status", "count": 99, "path": "/nothing"})


def test_a_tenant_after_reset_answers_as_a_new_one(make_api, same_time):
    new, used = make_api(), make_api()
    expected = answers(new, new.management_token())
    use(used)
    assert answers(used, used.management_token()) != expected
    assert used.call("POST", "/_control/reset").status_code == 204
    assert answers(used, used.management_token()) == expected


@pytest.mark.parametrize(
    "options",
    [{"users": 3}, {"seed": 8}, {"plan": "free"}, {"switches": {"mfa-required-status": "401"}}],
    ids=lambda options: next(iter(options)),
)
def test_reset_takes_what_the_command_line_takes_and_the_next_one_goes_back(make_api, same_time, options):
    def told(api):
        users = [profile["user_id"] for profile in api.manage("GET", "/users").json()]
        return users, api.login(2).status_code, len(api.call("GET", "/_control/rates").json())

    first, other = make_api(), make_api(**options)
    expected = told(first)
    assert told(other) != expected
    assert first.call("POST", "/_control/reset", json=options).status_code == 204
    assert told(first) == told(make_api(**options))
    assert first.call("POST", "/_control/reset").status_code == 204
    assert told(first) == expected


def test_reset_takes_a_preset_which_switches_change(api):
    def delays():
        switches = api._observed._app.emulation.tenant.switches
        return switches["latency-ms"], switches["search-delay"]

    before = delays()
    assert api.call("POST", "/_control/reset", json={"preset": "realistic"}).status_code == 204
    realistic = delays()
    assert realistic[0] > before[0] and realistic[1] > before[1]
    api.call("POST", "/_control/reset", json={"preset": "realistic", "switches": {"latency-ms": "1"}})
    assert delays() == (1, realistic[1])
    api.call("POST", "/_control/reset")
    assert delays() == before


def test_after_reset_no_token_counts_as_expired_and_no_mfa_token_is_known(api):
    token, mfa_token = api.management_token(), api.mfa_token(2)
    api.call("POST", "/_control/faults", json={"kind": "expire-token", "path": "/api/v2/*"})
    assert api.call("GET", "/api/v2/users", token).status_code == 401
    api.call("POST", "/_control/reset")
    assert api.call("GET", "/api/v2/users", token).status_code == 200
    assert api.verify("otp", mfa_token, otp=api.otp(SECRET_2)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "expected an object with users, seed, plan, preset, switches"),
        ({"user": 3}, "expected an object with users, seed, plan, preset, switches"),
        ({"users": -1}, "users must be a whole number"),
        ({"users": True}, "users must be a whole number"),
        ({"seed": "7"}, "seed must be a whole number"),
        ({"plan": "platinum"}, "plan must be one of"),
        ({"plan": []}, "plan must be one of"),
        ({"preset": "dreamed"}, "preset must be one of realistic"),
        ({"preset": "/etc/hosts"}, "preset must be one of realistic"),
        ({"switches": ["otp-reuse=on"]}, "switches must be an object"),
        ({"switches": {"no-such": "on"}}, "switch 'no-such': unknown"),
        ({"switches": {"otp-reuse": "yes"}}, "switch 'otp-reuse': expected on or off"),
    ],
    ids=lambda part: str(part) if not isinstance(part, str) else "",
)
def test_a_wrong_reset_says_what_is_wrong_and_changes_nothing(api, body, said):
    api.call("GET", "/nothing")
    answer = api.call("POST", "/_control/reset", json=body)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert len(api.call("GET", "/_control/requests").json()) == 1


def test_the_users_of_a_seed_file_are_there_again(tmp_path):
    path = tmp_path / "users.yml"
    path.write_text("users:\n  - email: ada@example.org\n    authenticators:\n      - factor: otp\n")
    with start(users=2, seed_file=path) as running:
        body = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}

        def addresses():
            audience = f"https://{running.domain}/api/v2/"
            token = requests.post(f"{running.url}/oauth/token", json={**body, "audience": audience}, timeout=5).json()
            headers = {"authorization": f"Bearer {token['access_token']}"}
            users = requests.get(f"{running.url}/api/v2/users", headers=headers, timeout=5).json()
            return sorted(user["email"] for user in users)

        before = addresses()
        assert "ada@example.org" in before
        running.reset(users=3)
        assert addresses() == sorted([*before, "user00003@example.com"])
