# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator as the user, through the MFA API."""

from __future__ import annotations

from .conftest import code_of, email

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
    assert checked["authenticator"]["id"] == "(known after enrolment)"
    assert checked["diff"]["after"] == "(known after enrolment): otp, unconfirmed\n"
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
    assert "needs the oob_code" in lacking["msg"]
    assert changes([done, done_again]) == [True, False]
    assert {row["confirmed"] for row in done["authenticators"]} == {True}

    absent = {
        MODULE: {"state": "absent", "factor": "sms", "phone_number": PHONE, "allow_last_factor": True},
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
    assert refused["failed"] and "last confirmed factor" in refused["msg"] and "allow_last_factor" in refused["msg"]
    assert changes([gone, again]) == [True, False]
    assert tenant.methods(2) == []


def test_an_mfa_token_lists_but_does_not_remove(tenant):
    absent = {MODULE: {"state": "absent", "factor": "phone", "allow_last_factor": True}}
    (result,) = tenant.results(tenant.user(3), absent)
    assert result["failed"] and "mfa_token can list authenticators but not remove them" in result["msg"]
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
    assert result["failed"] and "may lose the last confirmed factor" in result["msg"]
    assert len(tenant.methods(4)) == 3


def test_check_mode_refuses_what_the_mfa_token_cannot_do(tenant):
    absent = {MODULE: {"state": "absent", "factor": "phone", "allow_last_factor": True}}
    second = {MODULE: {"factor": "otp"}}
    tasks = [absent, {**absent, "check_mode": True}, second, {**second, "check_mode": True}]
    done, checked, enrolled, enrol_checked = tenant.results(tenant.user(3), *tasks)
    assert done["failed"] and done["msg"] == checked["msg"]
    assert enrolled["failed"] and enrolled["msg"] == enrol_checked["msg"] and "Log in with otp" in enrolled["msg"]
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


def test_what_the_enrolment_returned_survives_a_lost_second_reading(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1), "max_wait": 0}
    tenant.fault(kind="slow", seconds=0, path="/mfa/authenticators", method="GET")
    tenant.fault(kind="close", path="/mfa/authenticators", method="GET")
    (result,) = tenant.results(user, {MODULE: {"factor": "otp"}})
    assert changes([result]) == [True]
    assert len(result["enrollment"]["secret"]) == 32
    assert "the result is predicted" in result["warnings"][0]


def test_other_factors_are_refused_before_any_request(tenant):
    tenant.forget_requests()
    (result,) = tenant.results(tenant.user(1), {MODULE: {"factor": "push"}})
    assert result["failed"] and "push cannot be enrolled" in result["msg"]
    assert tenant.requests() == [] and email(1) not in result["msg"]
