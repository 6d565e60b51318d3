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
    AmbiguousWriteError,
    AuthenticationError,
    InsufficientScopeError,
    ServerError,
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


@pytest.mark.parametrize("exp", [-(10**400), -1e308, float("-inf"), 0, True])
def test_an_end_that_is_no_time_is_long_ago(exp):
    with pytest.raises(AuthenticationError, match="expired long ago"):
        check(token(exp=exp))


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


def enrolling(answer, fields):
    api = MfaApi(TokenEndpoint(Transport(answer), Application("app")), given("opaque"))
    return api.associate(fields) if fields else api.list_authenticators()


OTP = {"authenticator_type": "otp", "secret": "JBSWY3DP", "barcode_uri": "otpauth://x", "recovery_codes": ["R1"]}
SMS = {"authenticator_type": "oob", "binding_method": "prompt", "oob_channel": "sms", "oob_code": "Fe26.2*oob"}
PUSH = {"authenticator_type": "oob", "oob_channel": "auth0", "oob_code": "Fe26.2*oob", "barcode_uri": "otpauth://y"}
AS_OTP = {"authenticator_types": ["otp"]}
AS_SMS = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+442071838750"}
AS_PUSH = {"authenticator_types": ["oob"], "oob_channels": ["auth0"]}


@pytest.mark.parametrize("fields, answer", [(AS_OTP, OTP), (AS_SMS, SMS), (AS_PUSH, PUSH)], ids=["otp", "sms", "push"])
def test_an_enrollment_is_what_was_asked_for_with_what_confirms_it(fields, answer):
    enrollment = enrolling({**answer, "level": 3}, fields)
    assert (enrollment.secret, enrollment.oob_code) == (answer.get("secret"), answer.get("oob_code"))
    for other in (OTP, SMS, PUSH):
        if other["authenticator_type"] != answer["authenticator_type"]:
            with pytest.raises(AmbiguousWriteError, match="authenticator_type is not what was sent"):
                enrolling(other, fields)


@pytest.mark.parametrize(
    "fields, answer, changes",
    [
        (AS_OTP, OTP, {"secret": ["x"]}),
        (AS_OTP, OTP, {"secret": None}),
        (AS_OTP, OTP, {"barcode_uri": 5}),
        (AS_OTP, OTP, {"recovery_codes": 5}),
        (AS_OTP, OTP, {"recovery_codes": [5]}),
        (AS_SMS, SMS, {"oob_code": ""}),
        (AS_SMS, SMS, {"oob_code": None}),
        (AS_SMS, SMS, {"oob_channel": {}}),
        (AS_PUSH, PUSH, {"barcode_uri": None}),
    ],
)
def test_an_enrollment_that_cannot_be_read_exists_and_what_can_be_read_is_told(fields, answer, changes):
    with pytest.raises(AmbiguousWriteError, match=r"not in the documented format \(%s" % list(changes)[0]) as caught:
        enrolling({**answer, **changes}, fields)
    assert "Check the user's authenticators" in caught.value.hint
    told = caught.value.facts()
    for name in ("secret", "barcode_uri", "oob_code", "recovery_codes"):
        assert told.get(name) == (None if name in changes else answer.get(name))


ROW = {"id": "sms|dev_1", "authenticator_type": "oob", "active": True, "oob_channel": "sms", "name": "XX67"}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"statusCode": 500},
        {"authenticators": [ROW]},
        ["x"],
        *(
            [{**ROW, **change}]
            for change in ({"id": 5}, {"authenticator_type": None}, {"active": "no"}, {"active": None}, {"name": 5})
        ),
        [{name: value for name, value in ROW.items() if name != "active"}],
        [{name: value for name, value in ROW.items() if name != "oob_channel"}],
        [ROW, {**ROW, "active": False}],
    ],
)
def test_a_list_that_is_not_as_documented_is_not_an_empty_one(answer):
    with pytest.raises(ServerError, match="Could not list the user's authenticators: .*documented format"):
        enrolling(answer, None)


def test_a_row_that_comes_twice_is_one_and_a_new_kind_is_shown():
    new = {"id": "hologram|dev_2", "authenticator_type": "hologram", "active": True, "level": 3}
    assert [row.id for row in enrolling([ROW, ROW, new], None)] == ["sms|dev_1", "hologram|dev_2"]


def test_a_removal_that_answers_something_else_may_have_been_carried_out():
    with pytest.raises(AmbiguousWriteError, match="documented format"):
        MfaApi(TokenEndpoint(Transport({"error": "x"}), Application("app")), given("opaque")).delete("sms|dev_1")
