# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator as the user, through the MFA API."""

from __future__ import annotations

import stat

import pytest

from .conftest import code_of, email

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_mfa_authenticator"
PHONE = "+442071838750"


def changes(results: list[dict]) -> list[bool]:
    assert not [result["msg"] for result in results if result.get("failed")]
    return [result["changed"] for result in results]


def test_an_otp_app_from_nothing_to_confirmed_and_nothing_twice(tenant):
    token = tenant.user_token(1)
    user = {**tenant.application, "mfa_token": token}
    present = {MODULE: {"factor": "otp"}, "diff": True}
    checked, made, again = tenant.results(user, {**present, "check_mode": True}, present, present)
    assert changes([checked, made, again]) == [True, True, False]
    assert checked["authenticator"]["id"] == "(known after enrollment)"
    assert checked["diff"]["after"] == "(known after enrollment): otp, unconfirmed\n"
    assert made["authenticator"]["id"].startswith("totp|dev_") and made["authenticator"]["confirmed"] is False
    assert len(made["enrollment"]["secret"]) == 32 and len(made["enrollment"]["recovery_codes"]) == 1
    assert made["diff"]["before"] == "" and made["authenticator"]["id"] in made["diff"]["after"]
    assert "enrollment" not in checked and "enrollment" not in again
    assert len(tenant.requests("POST", "/mfa/associate")) == 1

    confirmed = {
        MODULE: {"state": "confirmed", "factor": "otp", "code": code_of(made["enrollment"]["secret"], tenant.running)}
    }
    checked, done, again = tenant.results(user, {**confirmed, "check_mode": True}, confirmed, confirmed)
    assert changes([checked, done, again]) == [True, True, False]
    assert checked["authenticator"] == done["authenticator"] == again["authenticator"]
    assert done["authenticator"]["confirmed"] is True

    without_code = {MODULE: {"state": "confirmed", "factor": "otp"}}
    assert changes(tenant.results(user, without_code)) == [False]


def test_a_phone_with_its_twin_confirmed_and_removed_by_number(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    present = {MODULE: {"factor": "phone", "phone_number": PHONE}}
    made, again = tenant.results(user, present, present)
    assert changes([made, again]) == [True, False]
    assert made["authenticator"]["phone_number"] == "XXXXXXXXX8750"
    (by_voice,) = tenant.results(user, {MODULE: {"factor": "voice", "phone_number": PHONE}})
    assert by_voice["authenticator"]["id"] in made["authenticator"]["twin_ids"]
    assert made["authenticator"]["twin_ids"] == [made["authenticator"]["id"].replace("sms|", "voice|")]

    sent = tenant.running.control("GET", "codes?user_id=" + tenant.user_id(1).replace("|", "%7C"))[-1]
    confirm = {"state": "confirmed", "factor": "phone", "phone_number": PHONE, "code": sent["code"]}
    lacking, done, done_again = tenant.results(
        user, {MODULE: confirm}, *[{MODULE: {**confirm, "oob_code": made["enrollment"]["oob_code"]}}] * 2
    )
    assert "oob_code is required to confirm" in lacking["msg"]
    assert changes([done, done_again]) == [True, False]
    assert {row["confirmed"] for row in done["authenticators"]} == {True}

    absent = {
        MODULE: {
            **{"state": "absent", "factor": "sms", "phone_number": PHONE},
            **{"masked_match": "accept", "allow_last_factor": True},
        },
        "diff": True,
    }
    checked, gone, gone_again = tenant.results(user, {**absent, "check_mode": True}, absent, absent)
    assert changes([checked, gone, gone_again]) == [True, True, False]
    both = sorted([made["authenticator"]["id"], *made["authenticator"]["twin_ids"]])
    assert checked["removed_ids"] == gone["removed_ids"] == both and gone_again["removed_ids"] == []
    assert checked["diff"] == gone["diff"]
    assert len(tenant.requests("DELETE")) == 1


def test_the_last_factor_stays_unless_told(tenant):
    # 2 is the documented secret of the second user of the gallery.
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    refused, gone, again = (
        tenant.results(tenant.user(2), {MODULE: {"state": "absent", "factor": "otp", **options}})[0]
        for options in (
            {},
            {"allow_last_factor": True, "otp": code_of(secret, tenant.running)},
            {"allow_last_factor": True},
        )
    )
    assert (
        refused["failed"]
        and "leave the user without a second factor" in refused["msg"]
        and "allow_last_factor" in refused["msg"]
    )
    assert changes([gone, again]) == [True, False]
    assert tenant.methods(2) == []


def test_an_mfa_token_lists_but_does_not_remove(tenant):
    absent = {MODULE: {"state": "absent", "factor": "phone", "allow_last_factor": True}}
    (result,) = tenant.results(tenant.user(3), absent)
    assert result["failed"] and "It cannot remove an authenticator" in result["msg"]
    assert tenant.writes() == []


def test_removing_the_push_reports_the_otp_that_went_with_it(tenant):
    code = code_of("NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S", tenant.running)
    absent = {"state": "absent", "factor": "push", "allow_last_factor": True, "otp": code}
    (result,) = tenant.results(tenant.user(4), {MODULE: absent})
    assert changes([result]) == [True]
    assert [removed.partition("|")[0] for removed in result["removed_ids"]] == ["push", "totp"]


def test_a_push_is_not_removed_when_only_an_otp_that_may_be_its_twin_is_left(tenant):
    code = code_of("NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S", tenant.running)
    (result,) = tenant.results(tenant.user(4, otp=code), {MODULE: {"state": "absent", "factor": "push"}})
    assert result["failed"] and "leave the user without a second factor" in result["msg"]
    assert len(tenant.methods(4)) == 3


def test_check_mode_refuses_what_the_mfa_token_cannot_do(tenant):
    absent = {MODULE: {"state": "absent", "factor": "phone", "allow_last_factor": True}}
    second = {MODULE: {"factor": "otp"}}
    tasks = [absent, {**absent, "check_mode": True}, second, {**second, "check_mode": True}]
    done, checked, enrolled, enroll_checked = tenant.results(tenant.user(3), *tasks)
    assert done["failed"] and done["msg"] == checked["msg"]
    assert enrolled["failed"] and enrolled["msg"] == enroll_checked["msg"] and "Set otp as well" in enrolled["msg"]
    assert tenant.writes() == []


def test_a_wrong_code_confirms_nothing(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(6)}
    wrong, still_pending = tenant.results(
        user,
        {MODULE: {"state": "confirmed", "factor": "otp", "code": "000000"}},
        {MODULE: {"factor": "otp"}},
    )
    assert wrong["failed"] and wrong["status"] == 403 and wrong["error_code"] == "invalid_grant"
    assert still_pending["authenticator"]["confirmed"] is False


def test_what_the_enrollment_returned_survives_a_lost_second_reading(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1), "max_wait": 0}
    tenant.fault(kind="slow", seconds=0, path="/mfa/authenticators", method="GET")
    tenant.fault(kind="close", path="/mfa/authenticators", method="GET")
    (result,) = tenant.results(user, {MODULE: {"factor": "otp"}})
    assert changes([result]) == [True]
    assert len(result["enrollment"]["secret"]) == 32
    assert "the result is predicted" in result["warnings"][0]


@pytest.mark.parametrize(
    "options, says",
    [
        ({"factor": "webauthn-roaming"}, "webauthn-roaming cannot be enrolled"),
        ({"factor": "duo"}, "does not show factor=duo"),
        ({"factor": "otp", "name": "mine"}, "name cannot be set"),
        ({"state": "absent", "selector": "unused", "unused_for": "90d"}, "needs dates"),
        ({"factor": "phone", "phone_number": PHONE, "qr_text": True}, "require state=present and factor=otp or push"),
        ({"factor": "otp", "qr_path": "/no/such/folder/x.png"}, "qr_path '/no/such/folder/x.png' cannot be written"),
    ],
    ids=["security key", "duo", "name", "unused", "QR code of a phone", "qr_path in no directory"],
)
def test_what_this_side_cannot_do_is_refused_before_any_request(tenant, options, says):
    tenant.forget_requests()
    (result,) = tenant.results(tenant.user(1), {MODULE: options})
    assert result["failed"] and says in result["msg"]
    assert tenant.requests() == [] and email(1) not in result["msg"]


def test_a_push_is_enrolled_waited_for_and_removed_with_its_otp(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    picture = tenant.folder / "push.png"
    present = {MODULE: {"factor": "push", "qr_path": str(picture), "qr_text": True}}
    checked, made, again = tenant.results(user, {**present, "check_mode": True}, present, present)
    assert changes([checked, made, again]) == [True, True, False]
    assert made["authenticator"]["factor"] == "push" and made["enrollment"]["secret"] is None
    assert "enrollment_tx_id" in made["enrollment"]["barcode_uri"]
    assert picture.read_bytes().startswith(b"\x89PNG") and stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert len(made["enrollment"]["qr_text"].splitlines()) > 15

    confirmed = {"state": "confirmed", "factor": "push", "oob_code": made["enrollment"]["oob_code"]}
    (too_late,) = tenant.results(user, {MODULE: {**confirmed, "push_timeout": 1}})
    assert too_late["failed"] and "push" in too_late["msg"]
    user_id = tenant.user_id(1).replace("|", "%7C")
    tenant.running.control("POST", "push/approve?user_id=" + user_id)
    done, again = tenant.results(user, *[{MODULE: confirmed}] * 2)
    assert changes([done, again]) == [True, False]
    assert {row["factor"] for row in done["authenticators"] if row["confirmed"]} >= {"push", "otp"}

    absent = {MODULE: {"state": "absent", "factor": "push", "allow_last_factor": True}}
    gone, gone_again = tenant.results(user, absent, absent)
    assert changes([gone, gone_again]) == [True, False]
    assert [each.partition("|")[0] for each in gone["removed_ids"]] == ["push", "totp"]


def test_an_email_address_other_than_the_verified_one(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    address = {"factor": "email", "email_address": "second-address@example.org"}
    checked, made, again = tenant.results(user, {MODULE: address, "check_mode": True}, *[{MODULE: address}] * 2)
    assert changes([checked, made, again]) == [True, True, False]
    user_id = tenant.user_id(1).replace("|", "%7C")
    sent = tenant.running.control("GET", "codes?user_id=" + user_id)[-1]
    assert sent["to"] == "second-address@example.org"
    confirm = {**address, "state": "confirmed", "code": sent["code"], "oob_code": made["enrollment"]["oob_code"]}
    done, again = tenant.results(user, *[{MODULE: confirm}] * 2)
    assert changes([done, again]) == [True, False] and done["authenticator"]["confirmed"]


def test_a_verified_email_is_kept_with_the_reason(tenant):
    tenant.forget_requests()
    (result,) = tenant.results(tenant.user(3), {MODULE: {"state": "absent", "factor": "email"}})
    assert changes([result]) == [False]
    (kept,) = result["kept"]
    assert kept["id"].startswith("email|") and "every verified e-mail address" in kept["reason"]
    assert tenant.writes() == []


def test_a_selector_removes_what_is_pending_and_nothing_else(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    tenant.results(user, {MODULE: {"factor": "otp"}}, {MODULE: {"factor": "phone", "phone_number": PHONE}})
    absent = {MODULE: {"state": "absent", "selector": "unconfirmed", "max_removals": 2}}
    few, checked, gone, again = tenant.results(
        user,
        {MODULE: {"state": "absent", "selector": "unconfirmed"}},
        {**absent, "check_mode": True},
        absent,
        absent,
    )
    assert few["failed"] and "max_removals is 1" in few["msg"]
    assert changes([checked, gone, again]) == [True, True, False]
    assert checked["removed_ids"] == gone["removed_ids"]
    assert sorted(each.partition("|")[0] for each in gone["removed_ids"]) == ["sms", "totp", "voice"]
    assert [each["id"].partition("|")[0] for each in gone["kept"]] == ["recovery-code"]


def test_what_was_removed_before_an_error_is_reported(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    tenant.results(user, {MODULE: {"factor": "otp"}}, {MODULE: {"factor": "phone", "phone_number": PHONE}})
    tenant.fault(kind="slow", seconds=0, method="DELETE", path="/mfa/authenticators/*")
    tenant.fault(
        kind="status", status=403, method="DELETE", path="/mfa/authenticators/*", body={"error": "access_denied"}
    )
    absent = {"state": "absent", "selector": "unconfirmed", "max_removals": 2}
    cut_off, again = tenant.results(user, *[{MODULE: absent}] * 2)
    assert cut_off["failed"] and cut_off["changed"] is True
    assert sorted(each.partition("|")[0] for each in cut_off["removed_ids"]) == ["sms", "voice"]
    assert changes([again]) == [True] and len(again["removed_ids"]) == 1
