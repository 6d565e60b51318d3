# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an access token says of itself is believed before it is sent."""

from __future__ import annotations

import time

import jwt
import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    InsufficientScopeError,
    from_response,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.mfa import MfaApi, check_access_token
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application, TokenEndpoint

AUDIENCE = "https://tenant.example.com/mfa/"
NOW = 1_700_000_000
GOOD = {"aud": AUDIENCE, "exp": NOW + 600, "scope": "enroll read:authenticators"}


def token(**changes):
    said = {**GOOD, **changes}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, "k" * 32)


def check(bearer, scope="enroll"):
    check_access_token(bearer, "do it", scope, AUDIENCE, NOW)


@pytest.mark.parametrize(
    "bearer",
    [
        token(),
        token(aud=["https://tenant.example.com/userinfo", AUDIENCE]),
        token(aud=None),
        token(exp=None),
        token(exp=NOW - 2),
        token(exp="soon"),
        token(scope=None),
        token(scope=["enroll"]),
        "Fe26.2*sealed",
        "opaque",
    ],
    ids=[
        *(
            "all right",
            "two audiences",
            "no audience",
            "no end",
            "within the clocks' difference",
            "an end that is no number",
        ),
        *("no scope", "scopes as a list", "mfa_token", "opaque"),
    ],
)
def test_a_token_that_may_do_is_let_through(bearer):
    check(bearer)


@pytest.mark.parametrize(
    "audience",
    ["https://tenant.example.com/mfa", "https://tenant.example.com/userinfo", ["x"]],
    ids=["slash missing", "another API", "a list"],
)
def test_another_audience(audience):
    with pytest.raises(AuthenticationError, match="not for the audience %s" % AUDIENCE) as caught:
        check(token(aud=audience))
    assert caught.value.status is None and "for the /mfa/ audience" in caught.value.hint


def test_an_expired_token():
    with pytest.raises(AuthenticationError, match="expired 3 s ago.*younger than 600 s"):
        check(token(exp=NOW - 3))


def test_nothing_has_expired_before_the_clock_of_auth0_is_known():
    check_access_token(token(exp=NOW - 9999), "do it", "enroll", AUDIENCE, None)


@pytest.mark.parametrize("scope", ["", "read:authenticators", "enrolled"], ids=["none", "another", "a longer word"])
def test_a_missing_scope(scope):
    with pytest.raises(InsufficientScopeError, match="lacks the scope enroll.*auth0_mfa_token") as caught:
        check(token(scope=scope))
    assert caught.value.required_scope == "enroll" and "status" not in caught.value.facts()


def given(bearer):
    return Bearer(GivenToken("mfa_token", bearer))


class Transport:
    connection = Connection.from_options(auth0_domain="tenant.example.com")
    budget = Budget()

    def __init__(self, answer=None) -> None:
        self.answer, self.sent = answer, []

    def request(self, *request, **_options):
        self.sent.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "call, scope",
    [
        (lambda api: api.list_authenticators(), "read:authenticators"),
        (lambda api: api.associate({"authenticator_types": ["otp"]}), "enroll"),
        (lambda api: api.confirm("123456"), "enroll"),
        (lambda api: api.confirm("123456", "oob"), "enroll"),
        (lambda api: api.confirm_push("oob", 0), "enroll"),
        (lambda api: api.delete("totp|dev_1"), "remove:authenticators"),
    ],
    ids=["list", "associate", "confirm an OTP", "confirm a code", "confirm a push", "remove"],
)
def test_every_call_checks_the_scope_it_needs_before_it_is_sent(call, scope):
    transport = Transport()
    api = MfaApi(TokenEndpoint(transport, Application("app")), given(token(exp=time.time() + 600, scope="other")))
    with pytest.raises(InsufficientScopeError) as caught:
        call(api)
    assert caught.value.required_scope == scope and transport.sent == []


@pytest.mark.parametrize(
    "bearer, code, hint",
    [
        ("Fe26.2*sealed", "invalid_token", "This is an mfa_token, not an access token"),
        ("Fe26.2*sealed", "expired_token", "The mfa_token expired"),
        (
            "opaque",
            "invalid_token",
            "for the /mfa/ audience that is younger than 600 s and has the scope read:authenticators",
        ),
    ],
    ids=["mfa_token", "expired mfa_token", "access token"],
)
def test_a_401_tells_the_two_bearers_apart(bearer, code, hint):
    refused = from_response("list", 401, {}, {"error": code, "error_description": "no"})
    with pytest.raises(AuthenticationError, match=hint):
        MfaApi(TokenEndpoint(Transport(refused), Application("app")), given(bearer)).list_authenticators()
