# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grants: what is asked, what a refusal and a lost answer say, how a push is waited for, how an application signs."""

from __future__ import annotations

import base64

import time
from dataclasses import dataclass

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    MfaRequiredError,
    ServerError,
    TransportError,
    from_response,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.token_set import TokenSet, claims
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import (
    Application,
    Challenge,
    TokenEndpoint,
)

TOKENS = {"access_token": "opaque", "expires_in": 600, "scope": "enroll read:authenticators"}
APP = Application("app", "app-secret")
LOST = AmbiguousWriteError("Could not do it: the connection was lost", hint="from the transport")
UNREACHABLE = TransportError("Could not do it: connection refused")


class Transport:
    """Answers with these one after the other; errors are raised."""

    connection = Connection.from_options(auth0_domain="tenant.example.com")
    budget = Budget()

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.sent: list[dict] = []

    def request(self, method, path, *, action, json=None, bearer=None):
        self.sent.append({"method": method, "path": path, **json})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def refusal(status, code, said):
    return from_response("do it", status, {}, {"error": code, "error_description": said})


PENDING = refusal(400, "authorization_pending", "Authorization pending: please repeat the request in a few seconds.")
SLOW_DOWN = refusal(400, "slow_down", "Too fast")
CONSUMING = {
    "refresh": ("r1",),
    "authorization_code": ("c1", "v1", "https://app.example.com/callback"),
    "mfa_otp": ("m1", "123456"),
    "mfa_oob": ("m1", "o1", "123456"),
    "mfa_recovery_code": ("m1", "R" * 24),
}
HARMLESS = {"client_credentials": ("https://a/",), "password": ("me", "pw", "https://a/", ("enroll",), "Users")}


# What is asked for


@pytest.mark.parametrize(
    "call, arguments, fields",
    [
        (
            "password",
            ("me", "pw", "https://a/", ("enroll", "x"), None),
            {
                "grant_type": "password",
                "username": "me",
                "password": "pw",
                "audience": "https://a/",
                "scope": "enroll x",
            },
        ),
        (
            "password",
            ("me", "pw", "https://a/", (), "Users"),
            {
                "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
                "username": "me",
                "password": "pw",
                "audience": "https://a/",
                "realm": "Users",
            },
        ),
        ("refresh", ("r1",), {"grant_type": "refresh_token", "refresh_token": "r1"}),
        ("refresh", ("r1", ("enroll",)), {"grant_type": "refresh_token", "refresh_token": "r1", "scope": "enroll"}),
        (
            "authorization_code",
            ("c1", "v1", "https://app.example.com/callback"),
            {
                "grant_type": "authorization_code",
                "code": "c1",
                "code_verifier": "v1",
                "redirect_uri": "https://app.example.com/callback",
            },
        ),
        (
            "mfa_recovery_code",
            ("m1", "R1"),
            {
                "grant_type": "http://auth0.com/oauth/grant-type/mfa-recovery-code",
                "mfa_token": "m1",
                "recovery_code": "R1",
            },
        ),
        (
            "mfa_oob",
            ("m1", "o1"),
            {"grant_type": "http://auth0.com/oauth/grant-type/mfa-oob", "mfa_token": "m1", "oob_code": "o1"},
        ),
    ],
    ids=["password", "realm", "refresh", "narrowed refresh", "authorization code", "recovery code", "push"],
)
def test_a_grant_asks_for_what_the_contract_says(call, arguments, fields):
    transport = Transport(TOKENS)
    getattr(TokenEndpoint(transport, APP), call)(*arguments)
    credentials = {"client_id": "app", "client_secret": "app-secret"}
    assert transport.sent == [{"method": "POST", "path": "/oauth/token", **credentials, **fields}]


def test_a_challenge_names_the_authenticator():
    transport = Transport({"challenge_type": "oob", "oob_code": "o1", "binding_method": "prompt"})
    assert TokenEndpoint(transport, APP).challenge("m1", "sms|dev_1") == Challenge("o1", "prompt")
    assert transport.sent == [
        {
            "method": "POST",
            "path": "/mfa/challenge",
            "mfa_token": "m1",
            "challenge_type": "oob",
            "authenticator_id": "sms|dev_1",
            "client_id": "app",
            "client_secret": "app-secret",
        }
    ]


def test_the_address_for_the_browser_has_no_secret_and_leaves_out_what_is_empty():
    endpoint = TokenEndpoint(Transport(), APP)
    address = endpoint.authorization_url("https://app.example.com/callback", "https://a/", (), "challenge", "state")
    assert address == (
        "https://tenant.example.com/authorize?response_type=code&client_id=app"
        "&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&audience=https%3A%2F%2Fa%2F"
        "&state=state&code_challenge=challenge&code_challenge_method=S256"
    )


# What comes back


@pytest.mark.parametrize(
    "answer, scope",
    [
        ({"access_token": "opaque", "scope": "a b"}, ("a", "b")),
        ({"access_token": "opaque", "scope": ""}, ()),
        ({"access_token": "opaque"}, ("enroll",)),
        ({"access_token": jwt.encode({"scope": "b"}, "k" * 32)}, ("b",)),
        ({"access_token": jwt.encode({"scope": ""}, "k" * 32)}, ()),
        ({"access_token": jwt.encode({}, "k" * 32)}, ("enroll",)),
    ],
    ids=["response", "empty response", "request", "token", "empty token", "request beside a token that is silent"],
)
def test_without_a_scope_in_the_answer_the_token_is_asked_and_then_the_request_counts(answer, scope):
    assert TokenEndpoint(Transport(answer), APP).password("me", "pw", "https://a/", ("enroll",), None).scope == scope


def test_no_secret_is_part_of_a_repr():
    secrets = TokenSet("canary", refresh_token="canary", recovery_code="canary"), Challenge("canary")
    assert "canary" not in repr((*secrets, Application("app", "canary", "canary")))


@pytest.mark.parametrize("call", CONSUMING)
def test_a_lost_answer_of_a_grant_that_uses_something_up_is_ambiguous_and_says_what_to_do(call):
    transport = Transport(LOST)
    with pytest.raises(AmbiguousWriteError) as caught:
        getattr(TokenEndpoint(transport, APP), call)(*CONSUMING[call])
    assert len(transport.sent) == 1
    assert "again" in caught.value.hint and caught.value.hint != LOST.hint


@pytest.mark.parametrize("call", HARMLESS)
def test_a_lost_answer_of_a_plain_login_may_be_asked_for_again(call):
    transport = Transport(LOST)
    with pytest.raises(TransportError, match="Run the task again") as caught:
        getattr(TokenEndpoint(transport, APP), call)(*HARMLESS[call])
    assert len(transport.sent) == 1 and not isinstance(caught.value, AmbiguousWriteError)


@pytest.mark.parametrize("answer", [None, [], {}, {"access_token": 1}], ids=["no body", "list", "empty", "number"])
def test_an_answer_without_a_token(answer):
    for call, arguments in CONSUMING.items():
        with pytest.raises(AmbiguousWriteError, match="not in the documented format"):
            getattr(TokenEndpoint(Transport(answer), APP), call)(*arguments)
    for call, arguments in HARMLESS.items():
        with pytest.raises(ServerError, match="not in the documented format"):
            getattr(TokenEndpoint(Transport(answer), APP), call)(*arguments)


GARBLED = {
    **{
        "expires_in is %s" % name: {"expires_in": value}
        for name, value in {
            "a text": "600",
            "a list": [600],
            "null": None,
            "without a bound": 1e308,
            "huge": 10**400,
            "negative": -1,
            "no number": float("nan"),
            "endless": float("inf"),
            "true": True,
        }.items()
    },
    **{
        "access_token is %s" % name: {"access_token": value}
        for name, value in {
            "empty": "",
            "not ASCII": "zs\u00e9",
            "with a blank": "a b",
            "with a newline": "a\n",
            "null": None,
            "half a character": "\ud800",
        }.items()
    },
    "scope is a list": {"scope": ["enroll"]},
    "refresh_token is a number": {"refresh_token": 5},
    "recovery_code is a list": {"recovery_code": ["x"]},
}


@pytest.mark.parametrize("change", GARBLED.values(), ids=GARBLED)
def test_what_a_grant_answers_is_checked_where_it_comes_in(change):
    for calls, error in ((CONSUMING, AmbiguousWriteError), (HARMLESS, ServerError)):
        for call, arguments in calls.items():
            with pytest.raises(error, match=r"not in the documented format \(%s " % list(change)[0]):
                getattr(TokenEndpoint(Transport({**TOKENS, **change}), APP), call)(*arguments)


def test_what_replaces_a_used_up_code_is_told_although_the_rest_cannot_be_read():
    answer = {**TOKENS, "expires_in": "soon", "recovery_code": "NEW1", "refresh_token": ["r2"]}
    with pytest.raises(AmbiguousWriteError) as caught:
        TokenEndpoint(Transport(answer), APP).mfa_recovery_code("m1", "OLD1")
    assert caught.value.facts()["recovery_code"] == "NEW1" and caught.value.facts()["changed"] is True
    assert "refresh_token" not in caught.value.facts()


@pytest.mark.parametrize("mfa_token", ["", "m\u00fcde", "a b"], ids=["empty", "not ASCII", "with a blank"])
def test_an_mfa_token_that_cannot_be_sent_is_refused_where_it_comes_in(mfa_token):
    required = from_response("log in", 403, {}, {"error": "mfa_required", "mfa_token": mfa_token})
    with pytest.raises(ServerError, match="not in the documented format"):
        TokenEndpoint(Transport(required), APP).password("me", "pw", "https://a/", (), None)


@pytest.mark.parametrize("answer", [None, {}, {"challenge_type": "otp"}], ids=["no body", "empty", "no oob_code"])
def test_a_challenge_without_an_oob_code_may_have_been_sent(answer):
    with pytest.raises(AmbiguousWriteError, match="not in the documented format .*Run the task again"):
        TokenEndpoint(Transport(answer), APP).challenge("m1", "sms|dev_1")


@pytest.mark.parametrize(
    "call, said, hint",
    [
        ("refresh", "Unknown or invalid refresh token.", "Log in again"),
        ("authorization_code", "Invalid authorization code", "new authorization_url"),
        ("mfa_oob", "Invalid binding_code.", "works only once and expires after 5 minutes"),
        ("mfa_recovery_code", "Invalid recovery_code.", "Only the user's newest recovery code"),
    ],
    ids=["refresh", "authorization code", "code that was sent", "recovery code"],
)
def test_a_refusal_says_what_to_do(call, said, hint):
    with pytest.raises(AuthenticationError, match=hint):
        getattr(TokenEndpoint(Transport(refusal(403, "invalid_grant", said)), APP), call)(*CONSUMING[call])


def test_a_refresh_may_ask_for_a_second_step():
    answer = {"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": "m1"}
    with pytest.raises(MfaRequiredError) as caught:
        TokenEndpoint(Transport(from_response("do it", 403, {}, answer)), APP).refresh("r1")
    assert caught.value.mfa_token == "m1"


# The wait for a push


def poll(*answers, timeout=60):
    clock, transport = Clock(), Transport(*answers)
    try:
        return TokenEndpoint(transport, APP).poll_oob("m1", "o1", timeout, sleep=clock.sleep, clock=clock), clock.slept
    except Exception as error:
        return error, clock.slept


@pytest.mark.parametrize(
    "answers, slept",
    [
        ([TOKENS], []),
        ([PENDING, PENDING, TOKENS], [5, 5]),
        ([PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, TOKENS], [5, 10, 10, 15]),
        ([PENDING, LOST, PENDING, TOKENS], [5, 10, 10]),
        ([UNREACHABLE, TOKENS], [10]),
    ],
    ids=["at-once", "pending", "slow-down", "lost", "unreachable"],
)
def test_polls_are_five_seconds_apart_or_more(answers, slept):
    tokens, waited = poll(*answers)
    assert tokens.access_token == "opaque" and waited == slept


@pytest.mark.parametrize("timeout, asked", [(0, 1), (4, 1), (5, 2), (12, 3), (60, 13)])
def test_nobody_answers(timeout, asked):
    error, slept = poll(*[PENDING] * 20, timeout=timeout)
    assert error.__class__ is AuthenticationError and error.code == "authorization_pending"
    assert "did not answer the push within %d s" % timeout in str(error)
    assert len(slept) == asked - 1 and sum(slept) <= timeout


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "access_denied", "MFA Authorization rejected."),
        refusal(403, "invalid_grant", "MFA Authorization rejected."),
    ],
    ids=["observed", "documented"],
)
def test_the_user_rejects(answer):
    error, slept = poll(PENDING, answer)
    assert error.__class__ is AuthenticationError and "The user rejected the push" in str(error) and slept == [5]


def test_a_wait_that_ends_with_slow_down_is_no_answer_either():
    error, _slept = poll(SLOW_DOWN, timeout=1)
    assert error.code == "authorization_pending" and "did not answer" in str(error)


def test_other_refusals_end_the_wait():
    error, _slept = poll(PENDING, refusal(401, "expired_token", "mfa_token is expired"))
    assert isinstance(error, AuthenticationError) and error.code == "expired_token"
    error, _slept = poll(refusal(400, "invalid_request", "Missing required parameter: binding_code"))
    assert isinstance(error, BadRequestError) and "Set binding_code" in str(error)


def test_an_approval_that_went_with_a_lost_answer_is_told_as_that():
    error, _slept = poll(PENDING, LOST, refusal(403, "invalid_grant", "Invalid oob_code."))
    assert isinstance(error, AmbiguousWriteError)


def test_a_tenant_that_stays_away():
    error, slept = poll(PENDING, *[UNREACHABLE] * 9)
    assert error is UNREACHABLE and slept == [5, 10, 20]
    for_good = TransportError("its certificate is not trusted", lasting=True)
    assert poll(for_good) == (for_good, [])


# What a token says of itself


def payload(text: bytes) -> str:
    return "e30.%s.c2ln" % base64.urlsafe_b64encode(text).decode().rstrip("=")


def test_claims_of_a_jwt():
    assert claims(jwt.encode({"aud": "x", "scope": "ä"}, "k" * 32)) == {"aud": "x", "scope": "ä"}


@pytest.mark.parametrize(
    "bearer",
    ["", "opaque", "Fe26.2*a*b", "a.b", "..", "a.ä.b", payload(b"[1]"), payload(b"{"), payload(b"[" * 99_999), "a.%.b"],
    ids=lambda value: value[:12],
)
def test_there_are_none_in_anything_else(bearer):
    assert claims(bearer) is None


@given(st.text() | st.text().map(lambda text: "a.%s.b" % text) | st.binary().map(payload))
def test_no_text_is_too_strange(bearer):
    said = claims(bearer)
    assert said is None or isinstance(said, dict)


# How an application signs


def pem(key, encryption=serialization.NoEncryption()):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256"])
def test_an_assertion_is_signed_for_one_request(key, algorithm):
    application = Application("m2m", private_key=pem(key), signing_algorithm=algorithm)
    first, second = (application.credentials("https://tenant.example.com/", time.time()) for _number in range(2))
    assert first.keys() == {"client_id", "client_assertion_type", "client_assertion"}
    assert first["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    read = [
        jwt.decode(
            fields["client_assertion"],
            key.public_key(),
            algorithms=[algorithm],
            audience="https://tenant.example.com/",
            issuer="m2m",
        )
        for fields in (first, second)
    ]
    assert {said["sub"] for said in read} == {"m2m"} and read[0]["jti"] != read[1]["jti"]
    assert all(0 < said["exp"] - said["iat"] <= 300 for said in read)


def test_a_secret_or_nothing_at_all():
    assert APP.credentials("https://t/", 0) == {"client_id": "app", "client_secret": "app-secret"}
    assert Application("spa").credentials("https://t/", 0) == {"client_id": "spa"}


@pytest.fixture(
    params=["text", "cut", "encrypted", "public", "elliptic", "edwards", "not-ascii"],
)
def wrong_key(request, key):
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "text": "canary",
        "cut": pem(key)[:200],
        "encrypted": pem(key, serialization.BestAvailableEncryption(b"canary")),
        "public": public.decode(),
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "edwards": pem(ed25519.Ed25519PrivateKey.generate()),
        "not-ascii": "-----BEGIN PRIVATE KEY-----\ncanäry\n-----END PRIVATE KEY-----",
    }[request.param]


def test_a_wrong_key_is_named_and_not_quoted(wrong_key):
    transport = Transport()
    with pytest.raises(ConfigurationError, match="private_key is not an unencrypted RSA key") as caught:
        TokenEndpoint(transport, Application("m2m", private_key=wrong_key)).client_credentials("https://a/")
    assert caught.value.__cause__ is None and transport.sent == []
    assert not [line for line in wrong_key.splitlines() if line in str(caught.value) and "BEGIN PRIVATE" not in line]


def test_a_refused_assertion_points_at_the_key(key):
    refused = refusal(401, "invalid_client", "Failed client authentication")
    endpoint = TokenEndpoint(Transport(refused), Application("m2m", private_key=pem(key)))
    with pytest.raises(AuthenticationError, match="private_key and signing_algorithm") as caught:
        endpoint.client_credentials("https://a/")
    assert "client_secret" not in str(caught.value)


@dataclass
class Ahead:
    """A budget whose server's clock is this far ahead, as far as is known."""

    ahead: float = 0

    def now(self):
        return 1_700_000_000 + self.ahead


@pytest.mark.parametrize("seconds", [90, -90, 3600, -3600])
def test_an_assertion_that_the_wrong_clock_signed_is_signed_once_more(key, seconds):
    transport = Transport(refusal(401, "invalid_client", "Failed client authentication"), {"access_token": "t"})
    transport.budget = Ahead()
    heard = transport.request

    def answer(*arguments, **options):
        transport.budget.ahead = seconds
        return heard(*arguments, **options)

    transport.request = answer
    TokenEndpoint(transport, Application("m2m", private_key=pem(key))).client_credentials("https://a/")
    issued = [
        jwt.decode(sent["client_assertion"], options={"verify_signature": False})["iat"] for sent in transport.sent
    ]
    assert issued == [1_700_000_000, 1_700_000_000 + seconds]


@pytest.mark.parametrize(
    "seconds, says", [(90, "90 s behind Auth0's"), (-3600, "3600 s ahead of Auth0's"), (0, "signing_algorithm match")]
)
def test_a_refused_assertion_names_the_clocks_that_differ(key, seconds, says):
    refused = refusal(401, "invalid_client", "Failed client authentication")
    transport = Transport(refused, refused)
    transport.budget = Ahead(seconds)
    with pytest.raises(AuthenticationError, match=says) as caught:
        TokenEndpoint(transport, Application("m2m", private_key=pem(key))).client_credentials("https://a/")
    assert ("clock" in str(caught.value)) is bool(seconds)
    assert len(transport.sent) == 1
