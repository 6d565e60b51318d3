# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user's own token can do, and what is sent to the MFA API for it."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.mfa import Enrollment
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import MFA_VIEW
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.steps import (
    Confirm,
    Enroll,
    Remove,
    RemoveAll,
    Update,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_side import UserSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
)

from tests.unit.auth0.users.fake_account import Mfa, seen

NUMBER = "+442071838750"


@pytest.mark.parametrize(
    "step, fields",
    [
        (Enroll("otp"), {"authenticator_types": ["otp"]}),
        (Enroll("push"), {"authenticator_types": ["oob"], "oob_channels": ["auth0"]}),
        (
            Enroll("email", email_address="a@b.c"),
            {"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "a@b.c"},
        ),
        (
            Enroll("phone", phone_number=NUMBER),
            {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": NUMBER},
        ),
        (
            Enroll("phone", "voice", NUMBER),
            {"authenticator_types": ["oob"], "oob_channels": ["voice"], "phone_number": NUMBER},
        ),
    ],
    ids=str,
)
def test_what_each_enrollment_sends_and_hands_out(step, fields):
    api = Mfa()
    enrollment = UserSide(api).carry_out(step).enrollment
    assert api.calls == [("associate", fields)]
    assert enrollment == Enrollment(fields["authenticator_types"][0], oob_code="sent")


@pytest.mark.parametrize(
    "step, request_",
    [
        (Confirm("totp|a", "111111"), ("confirm", "111111", None)),
        (Confirm("sms|b", "222222", "sent"), ("confirm", "222222", "sent")),
        (Confirm("push|c", None, "sent", 7.5), ("confirm push", "sent", 7.5)),
        (Remove("totp|a"), ("delete", "totp|a")),
    ],
    ids=str,
)
def test_what_the_other_steps_send(step, request_):
    api = Mfa(seen("totp|a", confirmed=False), seen("sms|b", "phone"), seen("push|c", "push", confirmed=False))
    api.codes = {"111111": "totp|a", "222222": "sms|b"}
    assert UserSide(api).carry_out(step).enrollment is None
    assert api.calls == [request_]


@pytest.mark.parametrize("step", [Update("totp|a", "n"), RemoveAll(), Confirm("totp|a")], ids=str)
def test_what_the_mfa_api_has_no_request_for_sends_none(step):
    api = Mfa(seen("totp|a"))
    with pytest.raises(TypeError, match=type(step).__name__):
        UserSide(api).carry_out(step)
    assert api.calls == []


def test_the_rows_are_those_of_the_mfa_api_and_nobody_needs_the_users_id():
    api = Mfa(seen("totp|a"))
    side = UserSide(api)
    assert (side.view, side.user_id, side.authenticators()) == (MFA_VIEW, None, api.rows)


COMPLETE = {"otp": {}, "push": {}, "phone": {"phone_number": NUMBER}, "email": {"email_address": "a@b.c"}}


@pytest.mark.parametrize("factor", FACTORS)
def test_which_factors_a_user_enrolls(factor):
    wanted = Wanted("present", factor, **COMPLETE.get(factor, {}))
    if factor in COMPLETE:
        UserSide(Mfa()).check(wanted)
    else:
        with pytest.raises(ConfigurationError, match=r"factor=%s[. ]" % factor) as caught:
            UserSide(Mfa()).check(wanted)
        assert caught.value.hint


def test_which_factors_a_user_can_enroll_is_told_by_the_words_of_the_option():
    with pytest.raises(ConfigurationError) as caught:
        UserSide(Mfa()).check(Wanted("present", "webauthn-roaming"))
    assert "otp, phone, sms, voice, push, email" in caught.value.hint


@pytest.mark.parametrize(
    "wanted, says",
    [
        (Wanted("present", "phone"), "phone_number is required to enroll factor=phone[.]"),
        (Wanted("present", "phone", "sms"), "phone_number is required to enroll factor=sms[.]"),
        (Wanted("present", "email"), "email_address is required to enroll factor=email[.]"),
        (Wanted("absent", "passkey"), ".* factor=passkey[.]"),
        (Wanted("present", "passkey", authenticator_id="passkey|a"), ".* factor=passkey[.]"),
        (Wanted("present", authenticator_id="totp|a", name="n"), "name cannot be set"),
        (Wanted("present", "otp", name=""), "name cannot be set"),
        (Wanted("present", "phone", phone_number=NUMBER, preferred_method="sms"), "preferred_method cannot be set"),
        (Wanted("present", "otp", totp_secret="A" * 16), "totp_secret cannot be set"),
        (Wanted("absent", "webauthn-roaming", credential={"key_id": "k"}), "credential cannot be set"),
        (Wanted("absent", selector="unused", unused_for=1), "selector=unused needs dates"),
    ],
)
def test_what_the_mfa_api_cannot_do_is_refused(wanted, says):
    with pytest.raises(ConfigurationError, match="^" + says):
        UserSide(Mfa()).check(wanted)


@pytest.mark.parametrize(
    "wanted", [Wanted("absent", "passkey"), Wanted("present", "otp", name="n"), Wanted("absent", selector="unused")]
)
def test_who_can_do_it_instead_is_told(wanted):
    with pytest.raises(ConfigurationError) as caught:
        UserSide(Mfa()).check(wanted)
    assert "operator" in caught.value.hint


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("present", "webauthn-roaming", authenticator_id="webauthn-roaming|a"),
        Wanted("present", authenticator_id="totp|a"),
        Wanted("absent", "webauthn-roaming"),
        Wanted("absent", selector="all"),
        Wanted("confirmed", "phone", code="123456", oob_code="x"),
    ],
    ids=str,
)
def test_what_the_mfa_api_can_do_needs_no_more(wanted):
    UserSide(Mfa()).check(wanted)


EMAIL, OTP, PENDING = seen("email|a", "email"), seen("totp|b"), seen("totp|c", confirmed=False)
UNKNOWN = seen("new|d", "something-new")


@pytest.mark.parametrize(
    "step, actual, refused",
    [
        pytest.param(Enroll("otp"), (), None, id="the first one can be enrolled"),
        pytest.param(Enroll("otp"), (PENDING,), None, id="an unfinished enrollment is none"),
        pytest.param(Enroll("otp"), (EMAIL,), None, id="a verified address is none"),
        pytest.param(Enroll("push"), (EMAIL, OTP), "enroll another", id="no second one"),
        pytest.param(Enroll("push"), (UNKNOWN,), "enroll another", id="one of an unknown kind counts"),
        pytest.param(Confirm("totp|c", "1"), (PENDING, OTP), None, id="confirming is allowed"),
        pytest.param(Remove("totp|c"), (PENDING,), "remove an authenticator", id="removing is not"),
    ],
)
def test_what_an_mfa_token_can_do(step, actual, refused):
    api = Mfa(*actual)
    UserSide(api).check_step(step, actual)  # an access token can do all of it
    api.holds_mfa_token = True
    if refused is None:
        UserSide(api).check_step(step, actual)
    else:
        with pytest.raises(AuthenticationError, match="mfa_token .* cannot %s" % refused) as caught:
            UserSide(api).check_step(step, actual)
        assert "otp" in caught.value.hint
    assert api.calls == []
