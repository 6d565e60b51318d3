# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/_control/switches`` and ``/_control/users``: what a tenant that runs becomes."""

from __future__ import annotations

import pytest

from tests.emulator.state.tenant import Tenant
from tests.emulator.switches import OF_THE_START, SWITCHES, read_switches, written

JS = "exports.onExecutePostLogin = async (event, api) => {};"
TRIGGER = [{"id": "post-login", "version": "v3"}]


def switch(api, **values):
    answer = api.call(
        "PUT", "/_control/switches", json={name.replace("_", "-"): value for name, value in values.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def action(api):
    made = api.manage(
        "POST", "/actions/actions", json={"name": "mine", "code": JS, "supported_triggers": TRIGGER}
    ).json()
    return f"/actions/actions/{made['id']}"


def test_switches_are_told_as_written(api):
    assert api.call("GET", "/_control/switches").json() == {
        name: written(one.default) for name, one in SWITCHES.items()
    }


def test_builds_fail_from_now_on_and_a_binding_comes_too_early(make_api):
    api = make_api({"action-build-seconds": 0})
    switch(api, action_build_outcome="failed", failed_build_errors=True)
    broken = api.manage("GET", action(api)).json()
    assert broken["status"] == "failed"
    told = switch(api, action_build_outcome="built", action_bind_delay_seconds=60)
    assert (told["failed-build-errors"], told["action-bind-delay-seconds"]) == ("on", "60")
    api.manage("DELETE", f"/actions/actions/{broken['id']}")
    path = action(api)
    assert api.manage("POST", f"{path}/deploy").status_code == 200
    bindings = {"bindings": [{"ref": {"type": "action_name", "value": "mine"}, "display_name": "mine"}]}
    early = api.manage("PATCH", "/actions/triggers/post-login/bindings", json=bindings)
    assert early.status_code == 400 and "has not been deployed yet" in early.json()["message"]
    api.advance(60)
    assert api.manage("PATCH", "/actions/triggers/post-login/bindings", json=bindings).status_code == 200


def another(switch_):
    """A value that is not the default."""
    if isinstance(switch_.default, bool):
        return not switch_.default
    if isinstance(switch_.default, tuple):
        return switch_.choices[:1] or ("x.example.com",)
    others = [value for value in switch_.choices if value != switch_.default]
    return others[0] if others else 3 if isinstance(switch_.default, int) else "other"


@pytest.mark.parametrize("name", sorted(set(SWITCHES) - set(OF_THE_START)))
def test_a_tenant_whose_switch_was_changed_is_as_one_that_started_so(make_api, name):
    text = written(another(SWITCHES[name]))
    changed, started = make_api(), make_api({name: text})
    assert switch(changed, **{name: text})[name] == text
    tenants = [api._observed._app.emulation.tenant for api in (changed, started)]
    assert tenants[0].switches == tenants[1].switches != make_api()._observed._app.emulation.tenant.switches
    for told in (
        lambda tenant: [tenant.latency.draw("/") for _draw in range(3)],
        lambda tenant: vars(tenant.search_delay),
        lambda tenant: tenant.log.delay,
        lambda tenant: tenant.request_ids.headers("authentication"),
    ):
        assert told(tenants[0]) == told(tenants[1])
    changed.call("POST", "/_control/reset")
    assert changed.call("GET", "/_control/switches").json()[name] == written(SWITCHES[name].default)


class Noting(dict):
    """Switches that note which of them were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)


def test_what_is_asked_for_at_the_start_alone_cannot_be_changed_later(signer):
    switches = Noting(read_switches([]))
    tenant = Tenant("tenant.test", 5, 7, "unlimited", switches, signer)
    at_start = switches.asked
    tenant.switches = followed = Noting(switches)
    tenant.change_plan("free")
    tenant._follow_switches()
    assert at_start - followed.asked <= set(OF_THE_START)


def test_quotas_of_users_follow_their_switch(api):
    def wrong_codes():
        mfa_token = api.mfa_token(2)
        return [api.verify("otp", mfa_token, otp="000000").status_code for _number in range(12)].count(429)

    assert wrong_codes() == 2
    switch(api, user_quotas="off")
    assert wrong_codes() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "expected an object of texts"),
        ([], "expected an object of texts"),
        ({"no-such": "on"}, "switch 'no-such': unknown"),
        ({"otp-reuse": "yes"}, "switch 'otp-reuse': expected on or off"),
        ({"otp-reuse": "on", "mfa-policy": "never"}, "switch 'mfa-policy': says how the tenant starts"),
    ],
)
def test_a_wrong_change_says_what_is_wrong_and_changes_nothing(api, body, said):
    before = api.call("GET", "/_control/switches").json()
    answer = api.call("PUT", "/_control/switches", json=body)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert api.call("GET", "/_control/switches").json() == before


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"otp-reuse": on}', "the body is not JSON: see line 1, column 15"),
        (b'{\n  "otp-reuse": on\n}', "the body is not JSON: see line 2, column 16"),
        (b'{"log-delay": NaN}', "the body is not JSON: it has no NaN"),
        (b'{"otp-reuse": "on", "otp-reuse": "off"}', "the body has 'otp-reuse' twice in one object"),
        (b'{"otp-reuse": "\xff"}', "the body is not UTF-8 text: see its byte 16"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b"\xef\xbb\xbf{}", "the body is not JSON: see line 1, column 1"),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_what_is_no_json_is_told_with_its_place(api, body, said):
    answer = api.call("PUT", "/_control/switches", content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": said})


def test_users_with_dates_of_ones_choice(make_api):
    api = make_api({"search-delay": 60})
    phone = {"factor": "phone", "number": "+15005550123", "raw": {"last_auth_at": "2099-01-01T00:00:00.000Z"}}
    odd = {"email": "odd@example.com", "name": "Zoë 😀", "authenticators": [phone], "raw": {"last_login": "0000-00-00"}}
    assert api.call("POST", "/_control/users", json={"users": [odd]}).json() == {"users": 1}
    (user,) = api.manage("GET", "/users", params={"q": 'email:"odd@example.com"'}).json()
    assert (user["name"], user["last_login"]) == ("Zoë 😀", "0000-00-00")
    (method,) = api.manage("GET", f"/users/{user['user_id'].replace('|', '%7C')}/authentication-methods").json()
    assert method["last_auth_at"] == "2099-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (
            [{"email": "new@example.com"}, {"email": "user00002@example.com"}],
            "body: user 2: this user is seeded already",
        ),
        (
            [{"email": "new@example.com"}, {"email": "new@example.com"}],
            "body: user 2: this name to log in by is that of user 1",
        ),
        (
            [{"email": "new@example.com"}, {"email": "b@example.com", "created": "2026-02-30"}],
            "body: user 2: created must be an age",
        ),
        ([{"email": "new@example.com", "color": "red"}], "color"),
        (None, "users"),
    ],
)
def test_a_mistake_adds_nobody(api, users, said):
    answer = api.call("POST", "/_control/users", json={"users": users} if users else None)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert api.manage("GET", "/users-by-email", params={"email": "new@example.com"}).json() == []
