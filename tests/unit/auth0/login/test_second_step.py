# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a second step needs, what it sends, and which authenticator a challenge goes to."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application, Challenge, TokenEndpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.second_step import (
    Answer,
    ChallengeSent,
    Otp,
    RecoveryCode,
    SendChallenge,
    choose,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, RefusedError

GRANTED = {"access_token": "t1", "expires_in": 600}
LISTED = [{"id": "sms|dev_1", "authenticator_type": "oob", "active": True, "oob_channel": "sms", "name": "XXXX0001"}]
CODE_SENT = {"challenge_type": "oob", "oob_code": "o1", "binding_method": "prompt"}
PUSH_SENT = {"challenge_type": "oob", "oob_code": "o1"}


class Transport:
    """Answers with these one after the other."""

    connection = Connection.from_options(auth0_domain="tenant.example.com")
    budget = Budget()

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def request(self, _method, path, *, action, json=None, bearer=None):
        self.sent.append({"path": path, **(json or {}), **({"bearer": bearer} if bearer else {})})
        return self.answers.pop(0)


def take(step, *answers):
    """The token, or what the step raises; what was sent."""
    transport = Transport(*answers)
    try:
        result = step.token(TokenEndpoint(transport, Application("app")), "Fe26.2*m")
    except ChallengeSent as sent:
        result = sent
    return result, transport.sent


@pytest.mark.parametrize(
    "step, said",
    [
        pytest.param(Otp(""), "otp is not a code of 6 digits", id="no otp"),
        pytest.param(RecoveryCode(""), "recovery_code is empty", id="no recovery code"),
        pytest.param(Answer("", None, 60), "oob_code is empty", id="no oob_code"),
        pytest.param(Answer("o1", "12345", 60), "binding_code is not a code of 6 digits", id="short code"),
        pytest.param(Answer("o1", None, 301), "push_timeout 301 is not between 0 and 300", id="too long"),
        pytest.param(SendChallenge("push", None, -1), "push_timeout -1 is not between 0 and 300", id="negative"),
        pytest.param(SendChallenge("sms", "nonsense", 60), "is not an ID", id="no ID"),
        pytest.param(
            SendChallenge("sms", "push|dev_1", 60),
            "push|dev_1 cannot be challenged with challenge=sms. Set it to an ID that begins with sms|",
            id="another channel",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(step, said):
    with pytest.raises(ConfigurationError) as caught:
        step.validate()
    assert said in str(caught.value) and caught.value.hint


@pytest.mark.parametrize(
    "step",
    [
        Otp("123456"),
        RecoveryCode("R"),
        Answer("o1", "123456", 60),
        Answer("o1", None, 0),
        SendChallenge("push", None, 300),
        SendChallenge("sms", "sms|dev_1", 60),
    ],
    ids=["otp", "recovery code", "code", "push, asked once", "longest push", "named authenticator"],
)
def test_what_is_complete(step):
    step.validate()
    assert "123456" not in repr(step) and "o1" not in repr(step)


@pytest.mark.parametrize(
    "step, grant, fields",
    [
        pytest.param(Otp("123456"), "mfa-otp", {"otp": "123456"}, id="otp"),
        pytest.param(RecoveryCode("R"), "mfa-recovery-code", {"recovery_code": "R"}, id="recovery code"),
        pytest.param(Answer("o1", "123456", 60), "mfa-oob", {"oob_code": "o1", "binding_code": "123456"}, id="code"),
        pytest.param(Answer("o1", None, 60), "mfa-oob", {"oob_code": "o1"}, id="push"),
    ],
)
def test_what_finishes_a_login(step, grant, fields):
    tokens, sent = take(step, GRANTED)
    assert tokens.access_token == "t1"
    (request,) = sent
    assert request["grant_type"].endswith("/" + grant) and request["mfa_token"] == "Fe26.2*m"
    assert fields.items() <= request.items() and ("binding_code" in request) is ("binding_code" in fields)


@pytest.mark.parametrize("step, used_up", [(Otp("123456"), False), (RecoveryCode("R"), True)], ids=["otp", "recovery"])
def test_a_recovery_code_is_used_up(step, used_up):
    assert take(step, GRANTED)[0].used_up is used_up


@pytest.mark.parametrize(
    "step, answer",
    [
        pytest.param(SendChallenge("sms", "sms|dev_1", 60), CODE_SENT, id="a code"),
        pytest.param(SendChallenge("push", "push|dev_1", 0), PUSH_SENT, id="a push that is not waited for"),
    ],
)
def test_another_task_goes_on_where_the_user_has_to_answer(step, answer):
    stopped, sent = take(step, answer)
    assert isinstance(stopped, ChallengeSent) and stopped.mfa_token == "Fe26.2*m"
    assert stopped.challenge == Challenge("o1", answer.get("binding_method"))
    assert [each["path"] for each in sent] == ["/mfa/challenge"]
    assert stopped.replace(hint="Other.").challenge == stopped.challenge


def test_a_push_is_waited_for():
    tokens, sent = take(SendChallenge("push", "push|dev_1", 60), PUSH_SENT, GRANTED)
    assert tokens.access_token == "t1"
    assert [each["path"] for each in sent] == ["/mfa/challenge", "/oauth/token"]


def test_the_only_authenticator_of_a_channel_is_found_with_the_mfa_token():
    _stopped, sent = take(SendChallenge("sms", None, 60), LISTED, CODE_SENT)
    assert (sent[0]["path"], sent[0]["bearer"]) == ("/mfa/authenticators", "Fe26.2*m")
    assert sent[1]["authenticator_id"] == "sms|dev_1"


def row(authenticator_id, factor, confirmed=True, channels=(), **shown):
    return Authenticator(authenticator_id, factor, "mfa", confirmed, channels, **shown)


ROWS = [
    row("voice|dev_1", "phone", channels=("voice",), phone_number="XXXXXXXXX0001"),
    row("sms|dev_1", "phone", channels=("sms",), phone_number="XXXXXXXXX0001"),
    row("push|dev_2", "push"),
    row("totp|dev_3", "otp"),
    row("email|dev_4", "email", email="****@exam*******"),
    row("push|dev_5", "push", confirmed=False),
]


@pytest.mark.parametrize(
    "channel, chosen",
    [("sms", "sms|dev_1"), ("voice", "voice|dev_1"), ("push", "push|dev_2"), ("email", "email|dev_4")],
)
def test_the_one_that_can_be_challenged_this_way(channel, chosen):
    assert choose(channel, ROWS) == chosen


def test_none_is_told_with_what_there_is():
    with pytest.raises(
        RefusedError, match="no confirmed authenticator for challenge=sms. The user has: email, otp, push."
    ):
        choose("sms", ROWS[2:])
    with pytest.raises(RefusedError, match="The user has: none at all"):
        choose("push", ROWS[5:])


def test_two_are_named_as_far_as_they_are_shown():
    with pytest.raises(RefusedError, match="authenticator_id") as caught:
        choose("sms", [*ROWS, row("sms|dev_6", "phone", channels=("sms",), phone_number="XXXXXXXXX0002")])
    assert "sms|dev_1 (XXXXXXXXX0001), sms|dev_6 (XXXXXXXXX0002)" in str(caught.value)
