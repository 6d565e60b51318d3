# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that cannot be right: refused before anything is sent, and the option is named."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted, check, missing_option
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

NUMBER, SECRET = "+442071838750", "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    "wanted, says",
    [
        (Wanted("present"), "factor, authenticator_id or selector "),
        (Wanted("absent"), "factor, authenticator_id or selector "),
        (Wanted("absent", authenticator_id=".."), "authenticator_id '..' "),
        (Wanted("present", "phone", phone_number="020 7183 8750"), "phone_number '020 7183 8750' "),
        (Wanted("present", "email", email_address="nobody"), "email_address 'nobody' "),
        (Wanted("present", "otp", name="x" * 21), "name 'xxx"),
        (Wanted("present", "otp", name=""), "name '' "),
        (Wanted("present", "otp", totp_secret="not base32!"), "totp_secret is not "),
        (Wanted("confirmed", "otp", code="12345"), "code is not "),
        (Wanted("confirmed", "otp", code="１２３４５６"), "code is not "),
        (Wanted("present", "phone", email_address="a@example.com"), "email_address .* factor=phone"),
        (Wanted("present", "phone", "voice", email_address="a@example.com"), "email_address .* factor=voice"),
        (Wanted("present", "phone", totp_secret=SECRET), "totp_secret .* factor=phone"),
        (Wanted("present", "otp", preferred_method="sms"), "preferred_method .* factor=otp"),
        (Wanted("present", "otp", credential={"key_id": "k"}), "credential .* factor=otp"),
        (Wanted("present", "otp", phone_number=NUMBER), "phone_number .* factor=otp"),
        (Wanted("present", "otp", code="123456"), "code .* state=confirmed"),
        (Wanted("absent", "otp", oob_code="x"), "oob_code .* state=confirmed"),
        (Wanted("absent", "otp", name="a"), "name .* state=present"),
        (Wanted("confirmed", "phone", preferred_method="sms"), "preferred_method .* state=present"),
        (Wanted("absent", "otp", totp_secret=SECRET), "totp_secret .* state=present"),
        (Wanted("present", "otp", selector="all"), "selector .* state=absent"),
        (Wanted("present", "otp", unused_for=5), "unused_for .* state=absent"),
        (Wanted("absent", selector="unused"), "selector=unused and unused_for "),
        (Wanted("absent", selector="all", unused_for=5), "selector=unused and unused_for "),
        (Wanted("absent", selector="unused", unused_for=0), "unused_for is 0"),
        (Wanted("absent", selector="all", max_removals=0), "max_removals 0 "),
        (Wanted("absent", "otp", selector="everything"), "factor .* selector=everything"),
        (
            Wanted("absent", authenticator_id="totp|dev_1", selector="everything"),
            "authenticator_id .* selector=everything",
        ),
        (Wanted("absent", phone_number=NUMBER, selector="everything"), "phone_number .* selector=everything"),
        (Wanted("absent", "otp", masked_match="accept"), "masked_match requires phone_number or email_address"),
        (Wanted("absent", "phone", phone_number=NUMBER, masked_match="reject"), "masked_match=reject .* state=present"),
        (
            Wanted("confirmed", "phone", phone_number=NUMBER, masked_match="accept"),
            "masked_match=accept .* state=present or absent",
        ),
        (Wanted("confirmed", "push", oob_code="x", push_timeout=0), "push_timeout 0 "),
        (Wanted("confirmed", "push", oob_code="x", push_timeout=300.5), "push_timeout 300.5 "),
    ],
    ids=str,
)
def test_the_option_is_named_with_its_value_unless_it_is_secret(wanted, says):
    with pytest.raises(ConfigurationError, match="^" + says) as caught:
        check(wanted)
    for secret in (wanted.totp_secret, wanted.code):
        assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    "wanted, advice",
    [
        (Wanted("absent", selector="unused"), "unused_for=90d"),
        (Wanted("absent", selector="unused", unused_for=0), "selector=all"),
    ],
)
def test_what_to_set_instead_is_told(wanted, advice):
    with pytest.raises(ConfigurationError) as caught:
        check(wanted)
    assert advice in caught.value.hint


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("absent", authenticator_id="totp|dev_1"),
        Wanted("absent", selector="all", max_removals=1),
        Wanted("absent", selector="unused", unused_for=1),
        Wanted("absent", selector="everything", allow_last_factor=True),
        Wanted("absent", "phone", phone_number=NUMBER, masked_match="accept"),
        Wanted("present", "email", email_address="a@b", masked_match="reject"),
        Wanted("absent", "phone", phone_number="+1234567"),
        Wanted("present", "phone", phone_number=NUMBER, preferred_method="sms", name="x" * 20),
        # Of one that exists, the ID says which factor it is.
        Wanted("present", authenticator_id="phone|dev_1", preferred_method="sms"),
        Wanted("present", "email", email_address="a@b"),
        Wanted("present", "otp", totp_secret=SECRET + "===="),
        Wanted("present", "passkey", credential={"key_id": "k"}),
        Wanted("confirmed", "otp", code="012345"),
        Wanted("confirmed", "push", oob_code="x", push_timeout=0.5),
        Wanted("confirmed", "push", oob_code="x", push_timeout=300),
    ],
    ids=str,
)
def test_what_can_be_right(wanted):
    check(wanted)


@pytest.mark.parametrize(
    "needs, missing",
    [
        ((), None),
        (("phone_number",), None),
        (("phone_number", "totp_secret", "name"), "totp_secret"),
        (("credential", "credential.key_id"), None),
        (("credential.relying_party_identifier",), "credential.relying_party_identifier"),
    ],
)
def test_the_first_option_that_is_needed_and_not_given(needs, missing):
    wanted = Wanted("present", phone_number=NUMBER, credential={"key_id": "k"})
    assert missing_option(wanted, needs) == missing


def test_a_part_of_an_option_that_is_not_given_is_missing():
    assert missing_option(Wanted("present"), ("credential.key_id",)) == "credential.key_id"


def test_secrets_are_left_out_of_the_text_of_a_task():
    text = repr(Wanted("present", "otp", totp_secret=SECRET, code="123456", oob_code="canary"))
    assert SECRET not in text and "123456" not in text and "canary" not in text


@pytest.mark.parametrize(
    "option, value, said", [("phone_number", "442071838750", "Quote it"), ("code", "123 456", "without spaces")]
)
def test_what_yaml_changed_is_told_with_what_to_write(option, value, said):
    state = "confirmed" if option == "code" else "present"
    with pytest.raises(ConfigurationError) as caught:
        check(Wanted(state=state, factor="phone", **{option: value}))
    assert said in caught.value.hint
