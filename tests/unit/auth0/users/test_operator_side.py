# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an operator can do, and what is sent to the Management API for it."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MANAGEMENT_VIEW
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.steps import (
    Confirm,
    Enroll,
    Remove,
    RemoveAll,
    Update,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from tests.unit.auth0.users.fake_account import EMAIL, USER, Management, managed

NUMBER = "+442071838750"
SECRET = "HJ6XM2DNERXDAVCUONGWKRTC"
KEY = {"key_id": "k", "public_key": "p", "relying_party_identifier": "example.com"}


@pytest.mark.parametrize(
    "step, request_",
    [
        (
            Enroll("otp", totp_secret=SECRET, name="app"),
            ("create", USER, {"type": "totp", "totp_secret": SECRET, "name": "app"}),
        ),
        (Enroll("phone", phone_number=NUMBER), ("create", USER, {"type": "phone", "phone_number": NUMBER})),
        (
            Enroll("phone", "voice", NUMBER),
            ("create", USER, {"type": "phone", "phone_number": NUMBER, "preferred_authentication_method": "voice"}),
        ),
        (
            Enroll("phone", "voice", NUMBER, preferred_method="sms"),
            ("create", USER, {"type": "phone", "phone_number": NUMBER, "preferred_authentication_method": "sms"}),
        ),
        (Enroll("email", email_address="a@b.c"), ("create", USER, {"type": "email", "email": "a@b.c"})),
        (Enroll("webauthn-roaming", credential=KEY), ("create", USER, {"type": "webauthn-roaming", **KEY})),
        (Enroll("passkey", credential=KEY), ("create", USER, {"type": "passkey", **KEY})),
        (Update("totp|a", name="new"), ("update", USER, "totp|a", {"name": "new"})),
        (
            Update("phone|a", preferred_method="sms"),
            ("update", USER, "phone|a", {"preferred_authentication_method": "sms"}),
        ),
        (Remove("totp|a"), ("delete", USER, "totp|a")),
        (RemoveAll(), ("delete all", USER)),
    ],
    ids=str,
)
def test_what_each_step_sends(step, request_):
    api = Management(managed("totp|a"), managed("phone|a", "phone"))
    OperatorSide(api, USER).carry_out(step)
    assert api.calls == [request_]


def test_an_address_is_looked_up_once_and_when_it_is_needed():
    api = Management(managed("totp|a"))
    side = OperatorSide(api, email=EMAIL)
    assert api.calls == []
    assert (side.view, side.user_id, side.authenticators()) == (MANAGEMENT_VIEW, USER, api.rows)
    side.carry_out(Remove("totp|a"))
    assert side.regenerate_recovery_code() == "NEWCODE"
    assert api.calls == [("find", EMAIL), ("list", USER), ("delete", USER, "totp|a"), ("regenerate", USER)]


def test_a_user_id_that_is_none_is_refused_before_anything_is_sent():
    with pytest.raises(ConfigurationError, match="^user_id 'a/b' "):
        OperatorSide(Management(), "a/b")


COMPLETE = {
    "otp": {"totp_secret": SECRET},
    "phone": {"phone_number": NUMBER},
    "email": {"email_address": "a@b.c"},
    "webauthn-roaming": {"credential": KEY},
    "passkey": {"credential": {"key_id": "k", "public_key": "p"}},
}


@pytest.mark.parametrize("factor", FACTORS)
def test_which_factors_an_operator_creates(factor):
    wanted = Wanted("present", factor, **COMPLETE.get(factor, {}))
    if factor in COMPLETE:
        OperatorSide(Management(), USER).check(wanted)
    else:
        with pytest.raises(ConfigurationError, match="factor=%s[.]" % factor) as caught:
            OperatorSide(Management(), USER).check(wanted)
        assert all(name in caught.value.hint for name in (*COMPLETE, "auth0_mfa_enrollment_ticket"))


@pytest.mark.parametrize(
    "wanted, missing",
    [
        (Wanted("present", "otp"), "totp_secret is required to create factor=otp "),
        (Wanted("present", "phone"), "phone_number is required to create factor=phone "),
        (Wanted("present", "phone", "voice"), "phone_number is required to create factor=voice "),
        (Wanted("present", "email"), "email_address is required "),
        (Wanted("present", "passkey"), "credential is required "),
        (Wanted("present", "webauthn-roaming"), "credential is required "),
        (Wanted("present", "passkey", credential={"key_id": "k"}), "credential.public_key is required "),
        (Wanted("present", "passkey", credential={"key_id": "", "public_key": "p"}), "credential.key_id is required "),
        (
            Wanted("present", "webauthn-roaming", credential={"key_id": "k", "public_key": "p"}),
            "credential.relying_party_identifier is required ",
        ),
    ],
)
def test_the_option_that_is_missing_is_named(wanted, missing):
    with pytest.raises(ConfigurationError, match="^" + missing):
        OperatorSide(Management(), USER).check(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Wanted("present", "push", authenticator_id="push|a", name="n"), id="one that exists"),
        pytest.param(Wanted("present", authenticator_id="push|a", name="n"), id="one that exists, by its ID alone"),
        pytest.param(Wanted("absent", "push"), id="a removal"),
    ],
)
def test_what_creates_nothing_needs_no_more(wanted):
    OperatorSide(Management(), USER).check(wanted)


def test_an_operator_cannot_confirm_and_is_told_who_can():
    with pytest.raises(ConfigurationError, match="operator cannot confirm") as caught:
        OperatorSide(Management(), USER).check(Wanted("confirmed", "otp", code="123456"))
    assert "mfa_token" in caught.value.hint
    with pytest.raises(TypeError):
        OperatorSide(Management(), USER).carry_out(Confirm("totp|a", "123456"))


@pytest.mark.parametrize("step", [Enroll("otp"), Update("totp|a"), Remove("totp|a"), RemoveAll()], ids=str)
def test_no_step_is_refused_before_auth0_sees_it(step):
    api = Management()
    OperatorSide(api, USER).check_step(step, (managed("totp|a"),))
    assert api.calls == []
