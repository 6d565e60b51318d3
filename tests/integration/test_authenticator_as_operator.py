# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator as operator, through the Management API."""

from __future__ import annotations

import pytest

from .conftest import email

MODULE = "mfaops.auth0.auth0_mfa_authenticator"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"factor": "phone", "phone_number": "+442071838750", "name": "work"}, "phone"),
        ({"factor": "voice", "phone_number": "+442071838750"}, "phone"),
        ({"factor": "email", "email_address": "chuck334@example.com"}, "email"),
        ({"factor": "email", "email_address": "ab@x.io"}, "email"),
        ({"factor": "otp", "totp_secret": SECRET}, "totp"),
    ],
    ids=["phone", "voice", "email", "short email", "otp"],
)
def test_present_twice_then_absent_twice_each_after_check_mode(tenant, options, kind):
    user = {**tenant.operator, "email": email(1)}
    named = {key: value for key, value in options.items() if key not in ("name", "totp_secret")}
    present = {MODULE: options, "diff": True}
    absent = {MODULE: {"state": "absent", "allow_last_factor": True, **named}, "diff": True}
    results = tenant.results(
        user, *[{**present, "check_mode": True}, present, present, {**absent, "check_mode": True}, absent, absent]
    )
    assert not [result["msg"] for result in results if result.get("failed")]
    assert [result["changed"] for result in results] == [True, True, False, True, True, False]
    would_make, made, _again, would_go, gone, _gone_again = results
    assert made["authenticator"]["id"].startswith(kind + "|dev_") and made["authenticator"]["confirmed"] is True
    assert would_make["diff"]["after"] == made["diff"]["after"].replace(
        made["authenticator"]["id"], "(known after enrolment)"
    )
    assert SECRET not in str(results)
    assert would_go["removed_ids"] == gone["removed_ids"] == [made["authenticator"]["id"]]
    assert would_go["diff"] == gone["diff"] and gone["authenticators"] == []
    assert [write.split()[0] for write in tenant.writes()] == ["POST", "DELETE"]


def test_a_label_is_changed_in_place(tenant):
    rename = {
        MODULE: {"email": email(3), "factor": "phone", "phone_number": "+15005550103", "name": "new label"},
        "diff": True,
    }
    (before,) = tenant.methods(3)
    checked, done, again = tenant.results(tenant.operator, {**rename, "check_mode": True}, rename, rename)
    assert [result["changed"] for result in (checked, done, again)] == [True, True, False]
    assert checked["diff"] == done["diff"] and "new label" in done["diff"]["after"]
    (after,) = tenant.methods(3)
    assert after["id"] == before["id"] and after["name"] == "new label"


def test_two_phones_that_look_alike_are_both_named_and_left_alone(tenant):
    options = {"email": email(10), "state": "absent", "factor": "phone", "phone_number": "+15005550110"}
    by_number, by_id = tenant.results(
        tenant.operator, {MODULE: options}, {MODULE: {**options, "authenticator_id": tenant.methods(10)[0]["id"]}}
    )
    assert by_number["failed"] and "more than one" in by_number["msg"]
    assert all(method["id"] in by_number["msg"] for method in tenant.methods(10) + [{"id": by_id["removed_ids"][0]}])
    assert by_id["changed"] and len(tenant.methods(10)) == 1


def test_a_channel_id_of_the_users_view_names_the_same_phone(tenant):
    (phone,) = tenant.methods(3)
    sms = phone["id"].replace("phone|", "sms|")
    (result,) = tenant.results(
        tenant.operator,
        {MODULE: {"email": email(3), "state": "absent", "authenticator_id": sms, "allow_last_factor": True}},
    )
    assert result["removed_ids"] == [phone["id"]]


def test_removing_a_push_takes_its_otp_along_and_says_so(tenant):
    absent = {MODULE: {"email": email(4), "state": "absent", "factor": "push", "allow_last_factor": True}}
    checked, done, again = tenant.results(tenant.operator, {**absent, "check_mode": True}, absent, absent)
    assert [removed.partition("|")[0] for removed in done["removed_ids"]] == ["push", "totp"]
    assert checked["removed_ids"] == done["removed_ids"]
    assert again["changed"] is False


def test_an_id_that_is_not_what_the_other_options_describe_is_left_alone(tenant):
    before = tenant.methods(9)
    otp = next(method["id"] for method in before if method["type"] == "totp")
    phone = next(method["id"] for method in before if method["type"] == "phone")
    results = tenant.results(
        {**tenant.operator, "email": email(9), "state": "absent"},
        {MODULE: {"factor": "phone", "authenticator_id": otp}},
        {MODULE: {"authenticator_id": phone, "phone_number": "+19999999999"}},
        {MODULE: {"factor": "phone", "phone_number": "+4420718380109", "allow_last_factor": True}},
    )
    assert ["is not what the other options describe" in result.get("msg", "") for result in results] == [
        True,
        True,
        False,
    ]
    assert results[2]["changed"] is False and tenant.methods(9) == before


def test_the_last_factor_stays_unless_told(tenant):
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(4), "state": "absent", "factor": "push"}})
    assert result["failed"] and "last confirmed factor" in result["msg"]
    assert tenant.writes() == []


def test_the_recovery_code_is_not_removed(tenant):
    code = next(method["id"] for method in tenant.methods(8) if method["type"] == "recovery-code")
    (result,) = tenant.results(
        tenant.operator, {MODULE: {"email": email(8), "state": "absent", "authenticator_id": code}}
    )
    assert result["failed"] and "auth0_recovery_code" in result["msg"]
