# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way the options speak of, what each way needs, and what each sends."""

from __future__ import annotations

from email.utils import formatdate

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application, TokenEndpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login import operator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.browser import AuthorizationCode, begin
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import (
    ClientSecret,
    PrivateKey,
    Reread,
    SharedToken,
    as_operator,
    shared_token,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.refresh import Refresh
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.second_step import (
    Otp,
    StoppedLogin,
    TwoSteps,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.user import Password, as_user
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
    MfaRequiredError,
    from_response,
)

TENANT = Connection.from_options(auth0_domain="tenant.example.com")
MFA = "https://tenant.example.com/mfa/"
CALLBACK = "https://app.example.com/callback"
VERIFIER = "v" * 43
MFA_REQUIRED = from_response(
    "log in as me", 403, {}, {"error": "mfa_required", "error_description": "more", "mfa_token": "Fe26.2*m"}
)


def granted(name="t1", **more):
    return {"access_token": name, "expires_in": 600, **more}


BUDGET = Budget()


class Transport:
    """Answers with these one after the other; errors are raised."""

    connection = TENANT
    budget = BUDGET

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        pass

    def send(self, _method, path, headers, _body, *, bucket, attempt):
        assert headers["Authorization"].startswith("Bearer ") and bucket == "management"
        return self.request("GET", path, action=attempt.action)

    def request(self, _method, path, *, action, json=None, bearer=None):
        self.sent.append({"path": path, **(json or {})})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def endpoint(*answers):
    return TokenEndpoint(Transport(*answers), Application("app"))


def password(*answers, **changes):
    given = {"username": "me", "password": "canary", "realm": None, "audience": MFA}
    return Password(endpoint(*answers), **{**given, **changes})


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# Which way the options speak of

NOTHING = {
    name: None
    for name in (
        "api_token",
        "client_id",
        "client_secret",
        "private_key",
        "mfa_token",
        "username",
        "password",
        "realm",
        "otp",
    )
}


@pytest.mark.parametrize(
    "options, way",
    [
        pytest.param({"api_token": "t"}, GivenToken("api_token", "t"), id="token"),
        pytest.param(
            {"api_token": "t", "client_id": "a", "client_secret": "s"},
            GivenToken("api_token", "t"),
            id="token and secret",
        ),
        pytest.param(
            {"api_token": "", "client_id": "a", "client_secret": "s"},
            ClientSecret(Application("a", "s"), TENANT, BUDGET),
            id="secret",
        ),
        pytest.param(
            {"client_id": "a", "private_key": "k"},
            PrivateKey(Application("a", private_key="k", signing_algorithm="PS256"), TENANT, BUDGET),
            id="key",
        ),
    ],
)
def test_the_way_of_an_operator(options, way):
    assert as_operator({**NOTHING, "signing_algorithm": "PS256", **options}, TENANT, BUDGET) == way


def issued(client_id="a", audience="https://tenant.example.com/api/v2/", **more):
    return jwt.encode({"azp": client_id, "aud": audience, **more}, "k" * 32)


BY_SECRET = {**NOTHING, "client_id": "a", "client_secret": "s", "signing_algorithm": "RS256"}


@pytest.mark.parametrize(
    "token, options, renewed",
    [
        pytest.param(issued(), {}, True, id="the same application"),
        pytest.param(issued(audience=["https://tenant.example.com/api/v2/", "x"]), {}, True, id="one of its audiences"),
        pytest.param(issued("b"), {}, False, id="another application"),
        pytest.param(issued(audience="https://other.example.com/api/v2/"), {}, False, id="another tenant"),
        pytest.param(issued(), {"client_id": None}, False, id="no application"),
        pytest.param(issued(), {"client_secret": None}, False, id="no credential"),
        pytest.param(issued(), {"client_secret": None, "private_key": "k"}, True, id="a key"),
        pytest.param(jwt.encode({}, "k" * 32), {"client_id": ""}, False, id="a token that says nothing"),
        pytest.param("t", {}, False, id="a text"),
    ],
)
def test_a_token_is_renewed_by_the_application_that_it_was_issued_to_and_no_other(token, options, renewed):
    way = as_operator({**BY_SECRET, "api_token": token, **options}, TENANT, BUDGET)
    assert isinstance(way, SharedToken if renewed else GivenToken)
    assert way.token().access_token == token and (renewed or way.renew() is None)


def test_a_token_that_is_refused_is_renewed(granting):
    transport = granting(granted("t2"))
    way = as_operator({**BY_SECRET, "api_token": issued()}, TENANT, BUDGET)
    assert given_by(way.renew()) == "t2" and transport.sent[0]["client_secret"] == "s"


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    "ends_in, answer, again",
    [
        pytest.param(601, None, False, id="long enough"),
        pytest.param(599, None, True, id="not long enough"),
        pytest.param(None, None, False, id="without an end"),
        pytest.param(86400, AuthenticationError("revoked"), True, id="refused"),
        pytest.param(86400, ForbiddenError("no scope"), False, id="without the scope of the check"),
    ],
)
def test_a_shared_token_stays_while_it_is_good_for_long_enough_by_the_servers_clock(granting, ends_in, answer, again):
    # The local clock is a day behind.
    budget = Budget(clock=lambda: NOW - 86400)
    budget._server.hear({"date": formatdate(NOW, usegmt=True)}, NOW - 86400, NOW - 86400)
    transport = granting(answer or {}, granted("new"))
    token = issued(**({} if ends_in is None else {"exp": int(NOW + ends_in)}))
    tokens = shared_token({**BY_SECRET, "api_token": token}, TENANT, budget, 600)
    assert given_by(tokens) == ("new" if again else token)
    assert [sent["path"] for sent in transport.sent] == ["/api/v2/guardian/factors", "/oauth/token"][: 1 + again]


def test_what_is_no_token_is_not_returned_as_one():
    with pytest.raises(ConfigurationError, match="api_token is not a token"):
        shared_token({**NOTHING, "api_token": "canary"}, TENANT, BUDGET, 600)
    given = issued("b")
    assert given_by(shared_token({**BY_SECRET, "api_token": given}, TENANT, BUDGET, 600)) == given


@pytest.mark.parametrize("options", [{}, {"client_id": "a"}, {"api_token": ""}], ids=["nothing", "only an ID", "empty"])
def test_an_operator_without_credentials(options):
    with pytest.raises(
        ConfigurationError, match="No credentials given. Set client_id with client_secret or private_key"
    ):
        as_operator({**NOTHING, **options}, TENANT, BUDGET)


def test_the_way_of_a_user():
    app = endpoint()
    by_name = {**NOTHING, "username": "me", "password": "p", "realm": "Users"}
    login = Password(app, "me", "p", "Users", MFA)
    assert as_user({**NOTHING, "mfa_token": "t"}, app) == GivenToken("mfa_token", "t")
    assert as_user(by_name, app) == login
    assert as_user({**by_name, "otp": "123456"}, app) == TwoSteps(app, login, Otp("123456"))


# What each way needs


@pytest.mark.parametrize(
    "way, said",
    [
        pytest.param(GivenToken("api_token", "can ary"), "api_token is empty or has characters", id="token"),
        pytest.param(GivenToken("mfa_token", ""), "mfa_token is empty or has characters", id="no token"),
        pytest.param(
            ClientSecret(Application("", "canary"), TENANT, BUDGET), "client_id is empty", id="secret without ID"
        ),
        pytest.param(ClientSecret(Application("a"), TENANT, BUDGET), "client_secret is empty", id="no secret"),
        pytest.param(PrivateKey(Application("", None, "k"), TENANT, BUDGET), "client_id is empty", id="key without ID"),
        pytest.param(
            PrivateKey(Application("a", None, "canary"), TENANT, BUDGET),
            "private_key is not an unencrypted",
            id="no key",
        ),
        pytest.param(password(username=""), "username is empty", id="no name"),
        pytest.param(password(password=""), "password is empty", id="no password"),
        pytest.param(password(realm=""), "realm is empty", id="no realm"),
        pytest.param(password(audience=""), "audience is empty", id="no audience"),
        pytest.param(StoppedLogin("canäry"), "mfa_token is empty or has characters", id="stopped login"),
        pytest.param(StoppedLogin(jwt.encode({}, "k" * 32)), "mfa_token is an access token", id="finished login"),
        pytest.param(TwoSteps(endpoint(), password(username=""), Otp("123456")), "username is empty", id="first step"),
        pytest.param(
            TwoSteps(endpoint(), password(), Otp("canary")), "otp is not a code of 6 digits", id="second step"
        ),
        pytest.param(Refresh(endpoint(), "can ary"), "refresh_token is empty or has characters", id="refresh token"),
        pytest.param(
            AuthorizationCode(endpoint(), CALLBACK, "canary", code="c"),
            "code_verifier is not 43 to 128",
            id="verifier",
        ),
        pytest.param(AuthorizationCode(endpoint(), CALLBACK, VERIFIER, code=""), "code is empty", id="no code"),
        pytest.param(
            AuthorizationCode(endpoint(), "callback", VERIFIER, code="c"), "redirect_uri 'callback' is not", id="path"
        ),
        pytest.param(
            AuthorizationCode(endpoint(), CALLBACK + "#x", VERIFIER, code="c"), "without a fragment", id="fragment"
        ),
        pytest.param(
            AuthorizationCode(endpoint(), "http://[", VERIFIER, code="c"), "is not an absolute", id="no address"
        ),
        pytest.param(
            AuthorizationCode(endpoint(), CALLBACK, VERIFIER, callback_url="", state="s"),
            "callback_url is empty",
            id="url",
        ),
        pytest.param(
            AuthorizationCode(endpoint(), CALLBACK, VERIFIER, callback_url=CALLBACK, state=""),
            "state is empty",
            id="state",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(way, said):
    with pytest.raises(ConfigurationError) as caught:
        way.validate()
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.hint and "canary" not in str(caught.value)


def test_a_login_of_another_browser_is_refused_before_anything_is_sent():
    app = endpoint()
    way = AuthorizationCode(app, CALLBACK, VERIFIER, callback_url=CALLBACK + "?code=c&state=theirs", state="ours")
    with pytest.raises(AuthenticationError, match="state in callback_url belongs to another login"):
        way.validate()
    assert app.transport.sent == []


def test_what_is_complete(pem):
    back = {"callback_url": CALLBACK + "?code=c&state=s", "state": "s"}
    for way in (
        GivenToken("api_token", "t"),
        ClientSecret(Application("a", "s"), TENANT, BUDGET),
        PrivateKey(Application("a", None, pem), TENANT, BUDGET),
        password(),
        TwoSteps(endpoint(), StoppedLogin("Fe26.2*m"), Otp("123456")),
        Refresh(endpoint(), "r"),
        AuthorizationCode(endpoint(), CALLBACK, VERIFIER, code="c"),
        AuthorizationCode(endpoint(), CALLBACK, VERIFIER, **back),
    ):
        way.validate()


def test_no_secret_is_part_of_a_repr():
    ways = (
        GivenToken("api_token", "canary"),
        ClientSecret(Application("a", "canary"), TENANT, BUDGET),
        TwoSteps(endpoint(), password(), Otp("canary")),
        StoppedLogin("canary"),
        Refresh(endpoint(), "canary"),
        AuthorizationCode(endpoint(), CALLBACK, "canary", "canary", "canary", "canary"),
        begin(endpoint(), CALLBACK, MFA, ()),
    )
    assert "canary" not in repr(ways) and "code_challenge" not in repr(ways)


# What each way gives, and gives again


def given_by(tokens):
    return tokens and tokens.access_token


def test_a_given_token_is_all_there_is():
    way = GivenToken("api_token", "t")
    assert (way.token().access_token, way.token().expires_in, way.renew()) == ("t", float("inf"), None)


@pytest.mark.parametrize("kind", [ClientSecret, PrivateKey])
def test_an_application_gets_a_token_as_often_as_it_needs_one(monkeypatch, pem, kind):
    transport = Transport(granted("t1"), granted("t2"))
    monkeypatch.setattr(operator, "Transport", lambda connection, budget: transport)
    application = Application("a", "s") if kind is ClientSecret else Application("a", None, pem)
    way = kind(application, TENANT, BUDGET)
    assert [given_by(way.token()), given_by(way.renew())] == ["t1", "t2"]
    proof = {"client_secret"} if kind is ClientSecret else {"client_assertion", "client_assertion_type"}
    for sent in transport.sent:
        assert (sent["grant_type"], sent["audience"]) == ("client_credentials", "https://tenant.example.com/api/v2/")
        assert sent.keys() - {"path", "grant_type", "audience", "client_id"} == proof


class Kept:
    """Credentials as they are kept somewhere: the last of these, from then on; an error is raised."""

    def __init__(self, *kept):
        self.kept, self.loaded = list(kept), 0

    def __call__(self):
        self.loaded += 1
        now = self.kept.pop(0) if len(self.kept) > 1 else self.kept[0]
        if isinstance(now, Exception):
            raise now
        return now


def with_secret(secret):
    return ClientSecret(Application("a", secret), TENANT, BUDGET)


REFUSED = AuthenticationError("wrong secret")


@pytest.fixture
def granting(monkeypatch):
    """Makes the endpoint answer with these; returns it."""

    def answer(*answers):
        transport = Transport(*answers)
        monkeypatch.setattr(operator, "Transport", lambda connection, budget: transport)
        return transport

    return answer


@pytest.mark.parametrize("call", ["token", "renew"])
def test_credentials_that_were_replaced_are_read_again_once_they_are_refused(granting, call):
    kept, transport = Kept(with_secret("old"), with_secret("new")), granting(granted("t1"), REFUSED, granted("t2"))
    way = Reread(kept)
    assert given_by(way.token()) == "t1" and kept.loaded == 1
    assert given_by(getattr(way, call)()) == "t2" and kept.loaded == 2
    assert [sent["client_secret"] for sent in transport.sent] == ["old", "old", "new"]


@pytest.mark.parametrize("call", ["token", "renew"])
@pytest.mark.parametrize(
    "others",
    [with_secret("old"), ConfigurationError("the file is empty"), with_secret("")],
    ids=["the same", "none", "incomplete"],
)
def test_a_refusal_stands_where_there_are_no_other_credentials(granting, others, call):
    kept, transport = Kept(with_secret("old"), others), granting(REFUSED)
    with pytest.raises(AuthenticationError, match="wrong secret"):
        getattr(Reread(kept), call)()
    assert kept.loaded == 2 and len(transport.sent) == 1


def test_other_credentials_that_are_refused_as_well_are_not_read_again(granting):
    kept, transport = Kept(with_secret("old"), with_secret("new"), with_secret("newer")), granting(REFUSED, REFUSED)
    with pytest.raises(AuthenticationError):
        Reread(kept).token()
    assert kept.loaded == 2 and len(transport.sent) == 2


def test_a_given_token_that_was_replaced_is_read_again():
    way = Reread(Kept(GivenToken("api_token", "old"), GivenToken("api_token", "new")))
    assert [given_by(way.token()), given_by(way.renew()), way.renew()] == ["old", "new", None]


def test_credentials_that_are_missing_are_told_before_the_first_request():
    with pytest.raises(ConfigurationError, match="no file"):
        Reread(Kept(ConfigurationError("no file")))
    with pytest.raises(ConfigurationError, match="client_secret"):
        Reread(Kept(with_secret(""))).validate()


def test_a_password_logs_in_as_often_as_needed():
    way = password(granted("t1"), granted("t2"), realm="Users")
    assert [given_by(way.token()), given_by(way.renew())] == ["t1", "t2"]
    assert [sent["realm"] for sent in way.endpoint.transport.sent] == ["Users", "Users"]


def test_a_password_stops_where_a_second_step_is_needed():
    with pytest.raises(MfaRequiredError) as caught:
        password(MFA_REQUIRED).token()
    assert caught.value.mfa_token == "Fe26.2*m"


def two_steps(*answers):
    app = endpoint(*answers)
    first = Password(app, "me", "canary", None, MFA)
    return TwoSteps(app, first, Otp("123456")), app.transport


def test_a_second_step_is_taken_where_auth0_asks_for_it():
    way, transport = two_steps(MFA_REQUIRED, granted("t1"))
    assert given_by(way.token()) == "t1" and way.renew() is None
    assert [sent["grant_type"].rpartition("/")[2] for sent in transport.sent] == ["password", "mfa-otp"]
    assert transport.sent[1]["mfa_token"] == "Fe26.2*m"


def test_a_second_step_is_left_out_where_auth0_does_not_ask_for_it():
    way, transport = two_steps(granted("t1"))
    assert given_by(way.token()) == "t1"
    assert len(transport.sent) == 1


def test_a_login_goes_on_where_another_task_stopped():
    app = endpoint(granted("t1"))
    way = TwoSteps(app, StoppedLogin("Fe26.2*m"), Otp("123456"))
    assert given_by(way.token()) == "t1"
    assert [sent["mfa_token"] for sent in app.transport.sent] == ["Fe26.2*m"]
    assert StoppedLogin("Fe26.2*m").renew() is None


@pytest.mark.parametrize(
    "answers, sent",
    [
        pytest.param([granted("t1"), granted("t2")], ["r1", "r1"], id="one for all"),
        pytest.param([granted("t1", refresh_token="r2"), granted("t2")], ["r1", "r2"], id="rotating"),
    ],
)
def test_a_refresh_uses_the_newest_refresh_token(answers, sent):
    app = endpoint(*answers)
    way = Refresh(app, "r1", ("enroll",))
    assert [given_by(way.token()), given_by(way.renew())] == ["t1", "t2"]
    assert [(each["refresh_token"], each["scope"]) for each in app.transport.sent] == [
        (name, "enroll") for name in sent
    ]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"code": "c"}, id="the code itself"),
        pytest.param({"callback_url": CALLBACK + "?code=c&state=s", "state": "s"}, id="in an address"),
    ],
)
def test_a_code_from_the_browser_is_exchanged_once(given):
    app = endpoint(granted("t1"))
    way = AuthorizationCode(app, CALLBACK, VERIFIER, **given)
    assert given_by(way.token()) == "t1" and way.renew() is None
    (sent,) = app.transport.sent
    assert (sent["code"], sent["code_verifier"], sent["redirect_uri"]) == ("c", VERIFIER, CALLBACK)


def test_a_login_in_the_browser_begins_without_a_request():
    app = endpoint()
    login = begin(app, CALLBACK, MFA, ("enroll",))
    assert app.transport.sent == [] and login.state in login.authorization_url
    assert login.code_verifier not in login.authorization_url
