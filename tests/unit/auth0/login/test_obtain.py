# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way the options of a login speak of, which scopes it asks for, and what comes out."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.token_set import TokenSet
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import (
    MFA_SCOPES,
    Application,
    Challenge,
    TokenEndpoint,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.obtain import (
    Obtained,
    asked_scopes,
    missing_scopes,
    obtain,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
    from_response,
)

NAMES = (
    *("username", "password", "realm", "audience", "mfa_token", "otp", "recovery_code", "challenge"),
    *("authenticator_id", "oob_code", "binding_code", "refresh_token", "redirect_uri", "code", "callback_url"),
    *("code_verifier", "state", "scopes"),
)
MFA = "https://tenant.example.com/mfa/"
BY_PASSWORD = {"username": "me", "password": "canary"}
BY_REFRESH = {"grant": "refresh_token", "refresh_token": "r1"}
BY_CODE = {"grant": "authorization_code", "redirect_uri": "https://app.example.com/callback"}
STOPPED = {"mfa_token": "Fe26.2*given"}
VERIFIER = "v" * 43
GRANTED = {"access_token": "t1", "expires_in": 600, "scope": "enroll"}
MFA_REQUIRED = from_response(
    "log in as me", 403, {}, {"error": "mfa_required", "error_description": "more", "mfa_token": "Fe26.2*new"}
)


def given(**options):
    defaults = {"grant": "password", "offline_access": False, "push_timeout": 60.0}
    return {**dict.fromkeys(NAMES), **defaults, **options}


class Transport:
    """Answers with these one after the other; errors are raised."""

    connection = Connection.from_options(auth0_domain="tenant.example.com")
    budget = Budget()

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def request(self, _method, path, *, action, json=None, bearer=None):
        self.sent.append({"path": path, **(json or {})})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(options, *answers, check_mode=False):
    """What was obtained and sent."""
    transport = Transport(*answers)
    result = obtain(TokenEndpoint(transport, Application("app")), given(**options), check_mode)
    return result, transport.sent


@pytest.mark.parametrize(
    "options, said",
    [
        pytest.param(STOPPED, "mfa_token needs a second step", id="stopped login without second step"),
        pytest.param({"mfa_token": "", "otp": "123456"}, "mfa_token is empty", id="empty mfa_token"),
        pytest.param({"username": "", "password": "canary"}, "username is empty", id="empty name"),
        pytest.param({"username": "me", "password": ""}, "password is empty", id="empty password"),
        pytest.param({**BY_PASSWORD, "realm": ""}, "realm is empty", id="empty realm"),
        pytest.param({**BY_PASSWORD, "audience": ""}, "audience is empty", id="empty audience"),
        pytest.param({**BY_PASSWORD, "otp": ""}, "otp is not a code of 6 digits", id="empty otp"),
        pytest.param({**BY_PASSWORD, "recovery_code": ""}, "recovery_code is empty", id="empty recovery code"),
        pytest.param({**STOPPED, "oob_code": ""}, "oob_code is empty", id="empty oob_code"),
        pytest.param({**STOPPED, "oob_code": "o", "binding_code": ""}, "binding_code is not a code", id="empty code"),
        pytest.param(
            {**BY_PASSWORD, "challenge": "sms", "authenticator_id": "push|dev_1"},
            "cannot be challenged with challenge=sms",
            id="authenticator of another channel",
        ),
        pytest.param({**BY_PASSWORD, "challenge": "push", "push_timeout": -1}, "push_timeout -1", id="negative wait"),
        pytest.param({**BY_REFRESH, "refresh_token": "a b"}, "refresh_token is empty or has", id="no refresh token"),
        pytest.param({**BY_REFRESH, "offline_access": True}, "offline_access does not go with", id="offline refresh"),
        pytest.param({**BY_CODE, "redirect_uri": "callback"}, "redirect_uri 'callback' is not", id="relative address"),
        pytest.param({**BY_CODE, "code_verifier": VERIFIER}, "code_verifier needs code or", id="verifier alone"),
        pytest.param({**BY_CODE, "code": "", "code_verifier": VERIFIER}, "code is empty", id="empty code of a browser"),
        pytest.param({**BY_CODE, "code": "c", "code_verifier": "canary"}, "code_verifier is not", id="no verifier"),
        pytest.param(
            {**BY_CODE, "callback_url": "", "state": "s", "code_verifier": VERIFIER},
            "callback_url is empty",
            id="no URL",
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check mode"])
def test_options_that_cannot_be_right_reach_nothing(options, said, check_mode):
    with pytest.raises(ConfigurationError) as caught:
        run(options, check_mode=check_mode)
    assert said in str(caught.value) and caught.value.hint
    assert "canary" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options, grants",
    [
        pytest.param({**BY_PASSWORD, "otp": "123456"}, ["password", "mfa-otp"], id="otp"),
        pytest.param({**BY_PASSWORD, "recovery_code": "R"}, ["password", "mfa-recovery-code"], id="recovery code"),
        pytest.param({**STOPPED, "otp": "123456"}, ["mfa-otp"], id="stopped login"),
        pytest.param({**STOPPED, "oob_code": "o", "binding_code": "123456"}, ["mfa-oob"], id="code"),
        pytest.param({**STOPPED, "oob_code": "o"}, ["mfa-oob"], id="push"),
        pytest.param(BY_REFRESH, ["refresh_token"], id="refresh"),
        pytest.param({**BY_CODE, "code": "c", "code_verifier": VERIFIER}, ["authorization_code"], id="browser"),
    ],
)
def test_a_login_that_ends_with_a_token(options, grants):
    answers = [MFA_REQUIRED, GRANTED] if len(grants) == 2 else [GRANTED]
    result, sent = run(options, *answers)
    assert [each["grant_type"].rpartition("/")[2] for each in sent] == grants
    assert (result.tokens.access_token, result.mfa_token, result.challenge, result.browser) == ("t1", None, None, None)
    assert result.changed is ("recovery_code" in options)


def test_a_user_without_a_factor_needs_no_second_step():
    result, sent = run({**BY_PASSWORD, "recovery_code": "R"}, GRANTED)
    assert result == Obtained(result.tokens) and len(sent) == 1


def test_a_login_without_its_second_step_gives_the_mfa_token():
    result, sent = run(BY_PASSWORD, MFA_REQUIRED)
    assert result == Obtained(mfa_token="Fe26.2*new")
    assert (sent[0]["audience"], sent[0]["scope"]) == (MFA, " ".join(MFA_SCOPES))


@pytest.mark.parametrize(
    "options, answers, mfa_token",
    [
        pytest.param(BY_PASSWORD, [MFA_REQUIRED], "Fe26.2*new", id="password"),
        pytest.param(STOPPED, [], None, id="stopped login, whose token the task has"),
    ],
)
def test_a_challenge_waits_for_another_task(options, answers, mfa_token):
    sent = {"oob_code": "o1", "binding_method": "prompt"}
    result, _sent = run({**options, "challenge": "sms", "authenticator_id": "sms|dev_1"}, *answers, sent)
    assert result == Obtained(mfa_token=mfa_token, challenge=Challenge("o1", "prompt"))


def test_a_refresh_may_stop_at_a_second_step():
    assert run(BY_REFRESH, MFA_REQUIRED)[0] == Obtained(mfa_token="Fe26.2*new")


@pytest.mark.parametrize(
    "refresh_token, returned",
    [
        pytest.param(None, None, id="none in the response"),
        pytest.param("r1", None, id="the same one"),
        pytest.param("r2", "r2", id="another one"),
    ],
)
def test_a_refresh_token_that_is_replaced_is_a_change(refresh_token, returned):
    result, _sent = run(BY_REFRESH, {**GRANTED, "refresh_token": refresh_token})
    assert (result.tokens.refresh_token, result.changed) == (returned, returned is not None)


def test_a_login_in_the_browser_begins_in_check_mode_as_well():
    for check_mode in (False, True):
        result, sent = run(BY_CODE, check_mode=check_mode)
        assert result.browser.authorization_url.startswith("https://tenant.example.com/authorize?")
        assert sent == [] and result.tokens is None


@pytest.mark.parametrize(
    "options, changed",
    [
        pytest.param({**BY_PASSWORD, "otp": "123456"}, False, id="otp"),
        pytest.param({**BY_PASSWORD, "offline_access": True}, False, id="a refresh token"),
        pytest.param({**STOPPED, "recovery_code": "R"}, True, id="recovery code"),
        pytest.param(BY_REFRESH, False, id="refresh"),
        pytest.param({**BY_CODE, "code": "c", "code_verifier": VERIFIER}, False, id="browser"),
    ],
)
def test_check_mode_sends_nothing_that_uses_up_something(options, changed):
    assert run(options, check_mode=True) == (Obtained(changed=changed), [])


def test_an_address_of_another_login_is_refused_in_check_mode_as_well():
    back = {"callback_url": "https://app.example.com/callback?code=c&state=theirs", "state": "ours"}
    for check_mode in (False, True):
        with pytest.raises(AuthenticationError, match="state in callback_url"):
            run({**BY_CODE, **back, "code_verifier": VERIFIER}, check_mode=check_mode)


@pytest.mark.parametrize(
    "options, scopes",
    [
        pytest.param({}, MFA_SCOPES, id="the MFA API by default"),
        pytest.param({"audience": MFA}, MFA_SCOPES, id="the MFA API by name"),
        pytest.param({"audience": "https://a/"}, (), id="all of another API"),
        pytest.param({"offline_access": True}, (*MFA_SCOPES, "offline_access"), id="a refresh token as well"),
        pytest.param({"scopes": ["enroll"]}, ("enroll",), id="one scope"),
        pytest.param(
            {"scopes": ["enroll read:authenticators", "enroll"]},
            ("enroll", "read:authenticators"),
            id="in one text, twice",
        ),
        pytest.param(
            {"scopes": ["offline_access"], "offline_access": True}, ("offline_access",), id="a refresh token, twice"
        ),
        pytest.param({"scopes": []}, (), id="none"),
        pytest.param({"grant": "refresh_token"}, (), id="those of the login"),
        pytest.param({"grant": "refresh_token", "scopes": ["enroll"]}, ("enroll",), id="fewer than those of the login"),
        pytest.param({"grant": "authorization_code"}, MFA_SCOPES, id="in the browser"),
    ],
)
def test_the_scopes_that_are_asked_for(options, scopes):
    assert asked_scopes(given(**options), MFA) == scopes


def test_the_scopes_that_are_missing():
    tokens = TokenSet("t", scope=("enroll",))
    assert missing_scopes(("enroll", "x", "offline_access"), tokens) == ["x", "offline_access"]
    assert missing_scopes(("enroll", "offline_access"), TokenSet("t", scope=("enroll",), refresh_token="r")) == []
