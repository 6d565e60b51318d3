# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the options of a login go together, which scopes it asks for, and which authenticator is challenged."""

from __future__ import annotations

import jwt
import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, RefusedError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.obtain import (
    asked_scopes,
    check,
    choose,
    missing_scopes,
    obtain,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import MFA_SCOPES, TokenSet

NAMES = (
    *("username", "password", "realm", "audience", "mfa_token", "otp", "recovery_code", "challenge"),
    *("authenticator_id", "oob_code", "binding_code", "refresh_token", "redirect_uri", "code", "callback_url"),
    *("code_verifier", "state", "scopes"),
)
MFA = "https://tenant.example.com/mfa/"
BY_PASSWORD = {"username": "me", "password": "canary"}
BY_CODE = {"grant": "authorization_code", "redirect_uri": "https://app.example.com/callback"}
VERIFIER = "v" * 43


def given(**options):
    defaults = {"grant": "password", "offline_access": False, "push_timeout": 60.0}
    return {**dict.fromkeys(NAMES), **defaults, **options}


@pytest.mark.parametrize(
    "options",
    [
        BY_PASSWORD,
        {**BY_PASSWORD, "realm": "Users", "audience": "https://a/", "otp": "123456", "offline_access": True},
        {**BY_PASSWORD, "recovery_code": "R"},
        {**BY_PASSWORD, "challenge": "sms", "authenticator_id": "sms|dev_1"},
        {"mfa_token": "Fe26.2*x", "challenge": "push", "push_timeout": 0},
        {"mfa_token": "Fe26.2*x", "oob_code": "o", "binding_code": "123456"},
        {"mfa_token": "Fe26.2*x", "oob_code": "o"},
        {"grant": "refresh_token", "refresh_token": "r", "scopes": ["enroll"]},
        BY_CODE,
        {**BY_CODE, "audience": "https://a/", "offline_access": True},
        {**BY_CODE, "code": "c", "code_verifier": VERIFIER},
        {**BY_CODE, "callback_url": "https://app.example.com/callback?x", "state": "s", "code_verifier": VERIFIER},
    ],
)
def test_options_that_go_together(options):
    check(given(**options))


@pytest.mark.parametrize(
    "options, said",
    [
        ({}, "No user given"),
        ({"password": "canary"}, "No user given"),
        ({"username": "me"}, "username needs password"),
        ({**BY_PASSWORD, "mfa_token": "Fe26.2*x", "otp": "123456"}, "username does not go with mfa_token"),
        ({"mfa_token": "Fe26.2*x", "realm": "Users", "otp": "123456"}, "realm does not go with mfa_token"),
        ({"mfa_token": "Fe26.2*x"}, "mfa_token needs a second step"),
        ({"mfa_token": "canäry", "otp": "123456"}, "mfa_token is empty or holds characters"),
        ({"mfa_token": jwt.encode({}, "k" * 32), "otp": "123456"}, "mfa_token holds an access token"),
        ({"mfa_token": "", "otp": "123456"}, "mfa_token is empty"),
        ({"username": "", "password": "canary"}, "username is empty"),
        ({"username": "me", "password": ""}, "password is empty"),
        ({**BY_PASSWORD, "otp": ""}, "otp is empty"),
        ({**BY_PASSWORD, "otp": "123456", "recovery_code": "R"}, "otp and recovery_code exclude each other"),
        ({**BY_PASSWORD, "otp": "123456", "challenge": "sms"}, "otp and challenge exclude each other"),
        ({**BY_PASSWORD, "oob_code": "o"}, "oob_code needs mfa_token"),
        ({"mfa_token": "Fe26.2*x", "challenge": "sms", "oob_code": "o"}, "challenge and oob_code exclude each other"),
        ({**BY_PASSWORD, "binding_code": "123456"}, "binding_code needs oob_code"),
        ({**BY_PASSWORD, "authenticator_id": "sms|dev_1"}, "authenticator_id needs challenge"),
        ({**BY_PASSWORD, "challenge": "sms", "authenticator_id": "nonsense"}, "is not an ID"),
        ({**BY_PASSWORD, "challenge": "sms", "authenticator_id": "push|dev_1"}, "is none for challenge=sms"),
        ({**BY_PASSWORD, "challenge": "push", "push_timeout": -1}, "push_timeout -1 is not from 0"),
        ({**BY_PASSWORD, "refresh_token": "canary"}, "refresh_token does not go with grant=password"),
        ({**BY_PASSWORD, "code": "canary"}, "code does not go with grant=password"),
        ({"grant": "refresh_token"}, "grant=refresh_token needs refresh_token"),
        ({"grant": "refresh_token", "refresh_token": "a b"}, "refresh_token is empty or holds characters"),
        ({"grant": "refresh_token", "refresh_token": "r", "username": "me"}, "username does not go with"),
        ({"grant": "refresh_token", "refresh_token": "r", "audience": "x"}, "audience does not go with"),
        ({"grant": "refresh_token", "refresh_token": "r", "offline_access": True}, "offline_access does not go with"),
        ({"grant": "authorization_code"}, "grant=authorization_code needs redirect_uri"),
        ({**BY_CODE, "otp": "123456"}, "otp does not go with grant=authorization_code"),
        ({**BY_CODE, "redirect_uri": "callback"}, "redirect_uri is not an absolute address"),
        ({**BY_CODE, "redirect_uri": "https://app.example.com/#x"}, "redirect_uri is not an absolute address"),
        ({**BY_CODE, "redirect_uri": "http://["}, "redirect_uri is not an absolute address"),
        ({**BY_CODE, "code": "c"}, "code or callback_url needs code_verifier"),
        ({**BY_CODE, "code": "c", "code_verifier": "canary"}, "code_verifier has not 43 to 128"),
        ({**BY_CODE, "code": "c", "callback_url": "x", "code_verifier": VERIFIER}, "code and callback_url exclude"),
        ({**BY_CODE, "callback_url": "x", "code_verifier": VERIFIER}, "callback_url needs state"),
        ({**BY_CODE, "state": "s"}, "state needs callback_url"),
        ({**BY_CODE, "code": "c", "state": "s", "code_verifier": VERIFIER}, "state needs callback_url"),
        ({**BY_CODE, "code_verifier": VERIFIER}, "code_verifier needs code or callback_url"),
    ],
)
def test_options_that_do_not(options, said):
    with pytest.raises(ConfigurationError) as caught:
        check(given(**options))
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.hint or "characters that no token has" in caught.value.message


def test_bad_options_reach_nothing():
    with pytest.raises(ConfigurationError):
        obtain(None, given(), False, None)


@pytest.mark.parametrize(
    "options, scopes",
    [
        ({}, MFA_SCOPES),
        ({"audience": MFA}, MFA_SCOPES),
        ({"audience": "https://a/"}, ()),
        ({"offline_access": True}, (*MFA_SCOPES, "offline_access")),
        ({"scopes": ["enroll"]}, ("enroll",)),
        ({"scopes": ["enroll read:authenticators", "enroll"]}, ("enroll", "read:authenticators")),
        ({"scopes": ["offline_access"], "offline_access": True}, ("offline_access",)),
        ({"scopes": []}, ()),
        ({"grant": "refresh_token"}, ()),
        ({"grant": "refresh_token", "scopes": ["enroll"]}, ("enroll",)),
        ({"grant": "authorization_code"}, MFA_SCOPES),
    ],
)
def test_the_scopes_that_are_asked_for(options, scopes):
    assert asked_scopes(given(**options), MFA) == scopes


def test_the_scopes_that_are_missing():
    tokens = TokenSet("t", scope=("enroll",))
    assert missing_scopes(("enroll", "x", "offline_access"), tokens) == ["x", "offline_access"]
    assert missing_scopes(("enroll", "offline_access"), TokenSet("t", scope=("enroll",), refresh_token="r")) == []
