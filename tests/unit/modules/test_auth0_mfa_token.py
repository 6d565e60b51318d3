# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the options of mfaops.auth0.auth0_mfa_token go together, as Ansible checks them before the module runs."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mfaops.auth0.plugins.module_utils.module import module_arguments
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.token_set import TokenSet
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.obtain import Obtained
from ansible_collections.mfaops.auth0.plugins.modules.auth0_mfa_token import PARTS, result_of

USER = {"username": "me", "password": "canary"}
STOPPED = {"mfa_token": "canary"}
REFRESH = {"grant": "refresh_token", "refresh_token": "canary"}
BROWSER = {"grant": "authorization_code", "redirect_uri": "https://app.example.com/callback"}
EXCHANGE = {**BROWSER, "code": "canary", "code_verifier": "canary"}
BACK = {**BROWSER, "callback_url": "canary", "state": "canary", "code_verifier": "canary"}


def errors(options):
    arguments = module_arguments(PARTS)
    arguments.pop("supports_check_mode")
    return ArgumentSpecValidator(**arguments).validate(options).error_messages


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(USER, id="password"),
        pytest.param(
            {**USER, "realm": "Users", "audience": "https://a/", "otp": "123456", "offline_access": True}, id="otp"
        ),
        pytest.param({**USER, "recovery_code": "R"}, id="recovery code"),
        pytest.param({**USER, "challenge": "sms", "authenticator_id": "sms|dev_1"}, id="challenge"),
        pytest.param({**STOPPED, "challenge": "push", "push_timeout": 0}, id="stopped login, challenge"),
        pytest.param({**STOPPED, "oob_code": "o", "binding_code": "123456"}, id="stopped login, code"),
        pytest.param({**STOPPED, "oob_code": "o"}, id="stopped login, push"),
        pytest.param({**REFRESH, "scopes": ["enroll"], "offline_access": False, "push_timeout": 5}, id="refresh"),
        pytest.param(BROWSER, id="begin in the browser"),
        pytest.param(
            {**BROWSER, "audience": "https://a/", "offline_access": True}, id="another audience in the browser"
        ),
        pytest.param(EXCHANGE, id="code"),
        pytest.param(BACK, id="callback URL"),
    ],
)
def test_options_that_go_together(options):
    assert errors(options) == []


SECOND_STEPS = "mutually exclusive: otp|recovery_code|challenge|oob_code"


@pytest.mark.parametrize(
    "options, said",
    [
        pytest.param({}, "grant is password but any of the following are missing: username, mfa_token", id="nothing"),
        pytest.param({"password": "canary"}, "required together: username, password", id="password without name"),
        pytest.param({"username": "me"}, "required together: username, password", id="name without password"),
        pytest.param({**USER, **STOPPED, "otp": "123456"}, "mutually exclusive: mfa_token|username", id="two logins"),
        pytest.param(
            {**STOPPED, "realm": "Users"}, "mutually exclusive: mfa_token|realm", id="realm of a stopped login"
        ),
        pytest.param({"realm": "Users"}, "missing parameter(s) required by 'realm': username", id="realm alone"),
        pytest.param({**USER, "otp": "123456", "recovery_code": "R"}, SECOND_STEPS, id="otp and recovery code"),
        pytest.param({**USER, "otp": "123456", "challenge": "sms"}, SECOND_STEPS, id="otp and challenge"),
        pytest.param({**STOPPED, "challenge": "sms", "oob_code": "o"}, SECOND_STEPS, id="challenge and its answer"),
        pytest.param({**USER, "oob_code": "o"}, "required by 'oob_code': mfa_token", id="answer without its login"),
        pytest.param(
            {**USER, "binding_code": "1"}, "required by 'binding_code': oob_code", id="code without challenge"
        ),
        pytest.param(
            {**USER, "authenticator_id": "sms|dev_1"},
            "required by 'authenticator_id': challenge",
            id="ID without channel",
        ),
        pytest.param(
            {**USER, "refresh_token": "canary"}, "mutually exclusive: refresh_token|username", id="two grants"
        ),
        pytest.param(
            {**USER, "code": "canary"}, "required by 'code': redirect_uri, code_verifier", id="code of a browser"
        ),
        pytest.param({**USER, "grant": "authorization_code"}, "missing: redirect_uri", id="no redirect_uri"),
        pytest.param({**BROWSER, **USER}, "mutually exclusive: redirect_uri|username", id="password in the browser"),
        pytest.param({**BROWSER, "otp": "123456"}, "mutually exclusive: redirect_uri|otp", id="otp in the browser"),
        pytest.param(
            {**BROWSER, "refresh_token": "r"}, "exclusive: refresh_token|redirect_uri", id="refresh in the browser"
        ),
        pytest.param({"grant": "refresh_token"}, "missing: refresh_token", id="no refresh token"),
        pytest.param({**REFRESH, "username": "me"}, "exclusive: refresh_token|username", id="refresh and name"),
        pytest.param({**REFRESH, "audience": "x"}, "exclusive: refresh_token|audience", id="refresh and audience"),
        pytest.param({**BROWSER, "code": "c"}, "required by 'code': code_verifier", id="code without verifier"),
        pytest.param({**EXCHANGE, "callback_url": "x", "state": "s"}, "exclusive: code|callback_url", id="two codes"),
        pytest.param({**BROWSER, "state": "s"}, "required together: callback_url, state", id="state without URL"),
        pytest.param({**EXCHANGE, "state": "s"}, "required together: callback_url, state", id="state beside code"),
        pytest.param(
            {**BROWSER, "callback_url": "x", "code_verifier": "v"},
            "required together: callback_url, state",
            id="no state",
        ),
        pytest.param(
            {**BROWSER, "callback_url": "x", "state": "s"},
            "required by 'callback_url': code_verifier",
            id="no verifier",
        ),
        pytest.param({**USER, "challenge": "fax"}, "must be one of: sms, voice, push, email", id="unknown channel"),
    ],
)
def test_options_that_do_not_go_together(options, said):
    found = errors(options)
    assert said in " ".join(found) and "canary" not in " ".join(found)


@pytest.mark.parametrize(
    "lives, seconds, until", [(600, 600, "2026-03-01T12:10:00.000Z"), (0, None, None)], ids=["told", "not told"]
)
def test_a_token_of_which_auth0_does_not_say_how_long_it_lives_has_no_end(lives, seconds, until):
    result = result_of(
        Obtained(tokens=TokenSet("t", expires_in=lives)), [], datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    )
    assert (result["expires_in"], result["expires_at"]) == (seconds, until)
