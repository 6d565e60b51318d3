# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator as operator, through the Management API."""

from __future__ import annotations

import pytest

from .conftest import email

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_mfa_authenticator"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE_NUMBER = {"phone_number": "+442071838750"}
PHONE = {"type": "phone", **PHONE_NUMBER}
KEY = {"key_id": "a2V5", "public_key": "cHVibGlj", "relying_party_identifier": "example.com"}


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"factor": "phone", "phone_number": "+442071838750", "name": "work"}, "phone"),
        ({"factor": "voice", "phone_number": "+442071838750"}, "phone"),
        ({"factor": "email", "email_address": "chuck334@example.com"}, "email"),
        ({"factor": "email", "email_address": "ab@x.io"}, "email"),
        ({"factor": "otp", "totp_secret": SECRET}, "totp"),
        ({"factor": "webauthn-roaming", "credential": KEY}, "webauthn-roaming"),
        ({"factor": "passkey", "credential": {"key_id": "cGFzcw", "public_key": "cHVi"}}, "passkey"),
    ],
    ids=["phone", "voice", "email", "short email", "otp", "security key", "passkey"],
)
def test_present_twice_then_absent_twice_each_after_check_mode(tenant, options, kind):
    user = {**tenant.operator, "email": email(1)}
    named = {key: value for key, value in options.items() if key not in ("name", "totp_secret")}
    present = {MODULE: options, "diff": True}
    if {"phone_number", "email_address"} & named.keys():
        named["masked_match"] = "accept"
    absent = {MODULE: {"state": "absent", "allow_last_factor": True, **named}, "diff": True}
    results = tenant.results(
        user, *[{**present, "check_mode": True}, present, present, {**absent, "check_mode": True}, absent, absent]
    )
    assert not [result["msg"] for result in results if result.get("failed")]
    assert [result["changed"] for result in results] == [True, True, False, True, True, False]
    would_make, made, _again, would_go, gone, _gone_again = results
    assert made["authenticator"]["id"].startswith(kind + "|dev_") and made["authenticator"]["confirmed"] is True
    assert would_make["diff"]["after"] == made["diff"]["after"].replace(
        made["authenticator"]["id"], "(known after enrollment)"
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
    assert result["failed"] and "leave the user without a second factor" in result["msg"]
    assert tenant.writes() == []


def test_the_recovery_code_is_not_removed(tenant):
    code = next(method["id"] for method in tenant.methods(8) if method["type"] == "recovery-code")
    (result,) = tenant.results(
        tenant.operator, {MODULE: {"email": email(8), "state": "absent", "authenticator_id": code}}
    )
    assert result["failed"] and "auth0_recovery_code" in result["msg"]


def test_the_preferred_method_is_changed_in_place(tenant):
    prefer = {
        MODULE: {"email": email(3), "factor": "phone", "phone_number": "+15005550103", "preferred_method": "voice"},
        "diff": True,
    }
    checked, done, again = tenant.results(tenant.operator, {**prefer, "check_mode": True}, prefer, prefer)
    assert [result["changed"] for result in (checked, done, again)] == [True, True, False]
    assert checked["diff"] == done["diff"] and "voice first" in done["diff"]["after"]
    assert tenant.methods(3)[0]["preferred_authentication_method"] == "voice"


def test_another_public_key_under_one_key_id_is_refused(tenant):
    other = {"credential": {**KEY, "public_key": "b3RoZXI="}}
    made, refused = tenant.results(
        {**tenant.operator, "email": email(1)},
        {MODULE: {"factor": "webauthn-roaming", "credential": KEY}},
        {MODULE: {"factor": "webauthn-roaming", **other}},
    )
    assert made["changed"] and refused["failed"] and "different public_key" in refused["msg"]


@pytest.mark.parametrize("selector, requests, again", [("all", 2, False), ("everything", 1, True)])
def test_all_go_one_by_one_and_everything_with_one_request_when_asked_twice(tenant, selector, requests, again):
    selected = {"email": email(9), "state": "absent", "selector": selector}
    told = {MODULE: {**selected, "max_removals": 5, "allow_last_factor": True}, "diff": True}
    before = {method["id"] for method in tenant.methods(9)}
    few, last, checked, gone, second = tenant.results(
        tenant.operator,
        {MODULE: {**selected, "allow_last_factor": True}},
        {MODULE: {**selected, "max_removals": 5}},
        {**told, "check_mode": True},
        told,
        told,
    )
    assert few["failed"] and "max_removals is 1" in few["msg"]
    assert last["failed"] and "leave the user without a second factor" in last["msg"]
    assert [result["changed"] for result in (checked, gone, second)] == [True, True, again]
    assert set(checked["removed_ids"]) == set(gone["removed_ids"]) == before
    assert checked["diff"] == gone["diff"] and gone["authenticators"] == []
    assert [write.split()[0] for write in tenant.writes()] == ["DELETE"] * (requests + again)
    assert tenant.methods(9) == []


def test_everything_clears_the_pending_enrollments_that_the_list_does_not_show(tenant):
    tenant.running.reset(users=6)
    headers = {"Authorization": "Bearer " + tenant.user_token(1)}
    for _number in range(50):
        tenant.post("/mfa/associate", {"authenticator_types": ["otp"]}, headers=headers)
    full = {MODULE: {**tenant.application, "mfa_token": tenant.user_token(1), "factor": "phone", **PHONE_NUMBER}}
    everything = {MODULE: {**tenant.operator, "email": email(1), "state": "absent", "selector": "everything"}}
    refused, checked, cleared, enrolled = tenant.results({}, full, {**everything, "check_mode": True}, everything, full)
    assert refused["failed"] and "maximum amount of authenticators" in refused["msg"]
    assert (checked["changed"], cleared["changed"], cleared["removed_ids"]) == (True, True, [])
    assert enrolled["changed"] and len(tenant.requests("DELETE")) == 1


def test_an_id_that_is_not_listed_is_tried(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    (pending,) = tenant.results(user, {MODULE: {"factor": "phone", **PHONE_NUMBER}})
    pending_id = pending["authenticator"]["id"]
    assert pending_id.startswith("sms|") and tenant.methods(1) == []
    absent = {"state": "absent", "authenticator_id": pending_id}
    conditional, checked, gone, again = tenant.results(
        {**tenant.operator, "email": email(1)},
        {MODULE: {**absent, "selector": "unconfirmed"}},
        {MODULE: absent, "check_mode": True},
        {MODULE: absent},
        {MODULE: absent},
    )
    assert [result["changed"] for result in (conditional, checked, gone, again)] == [False, False, True, False]
    assert gone["removed_ids"] == [pending_id] and again["removed_ids"] == []
    assert "selector cannot be checked and nothing was sent" in conditional["warnings"][0]
    assert "Auth0 does not list " + pending_id in checked["warnings"][0]
    assert again["warnings"] == ["The user has no authenticator with the ID " + pending_id]
    assert len(tenant.requests("DELETE")) == 2


def test_a_number_that_fits_the_mask_is_not_told_as_the_same(tenant):
    other = {"factor": "phone", "phone_number": "+19995550103"}
    absent = {"state": "absent", "allow_last_factor": True, **other}
    (before,) = tenant.methods(3)
    counted, accepted, refused, checked, rejected, gone = tenant.results(
        {**tenant.operator, "email": email(3)},
        {MODULE: other},
        {MODULE: {**other, "masked_match": "accept"}},
        {MODULE: absent},
        {MODULE: {**other, "masked_match": "reject"}, "check_mode": True},
        {MODULE: {**other, "masked_match": "reject"}},
        {MODULE: {**absent, "authenticator_id": before["id"]}},
    )
    assert (counted["changed"], counted["matched_by"]) == (False, "mask")
    assert "XXXXXXXX0103, which fits +19995550103 but may be another one" in counted["warnings"][0]
    assert (accepted["changed"], accepted["matched_by"], "warnings" in accepted) == (False, "mask", False)
    assert refused["failed"] and "XXXXXXXX0103, which fits +19995550103 but may be another one" in refused["msg"]
    assert checked["changed"] and rejected["changed"] and rejected["matched_by"] is None
    assert gone["removed_ids"] == [before["id"]] and gone["matched_by"] == "id"


def test_what_was_not_used_for_long_goes_and_the_rest_stays(tenant):
    tenant.running.control("PUT", "clock", {"advance_seconds": -60})
    tenant.management("POST", "/users/%s/authentication-methods" % tenant.user_id(2).replace("|", "%7C"), PHONE)
    tenant.running.control("PUT", "clock", {"advance_seconds": 60})
    unused = {MODULE: {"email": email(2), "state": "absent", "selector": "unused", "max_removals": 3}}
    ages = ("36500d", "1s")
    none, checked, gone, again = tenant.results(
        {**tenant.operator, "allow_last_factor": True},
        {MODULE: {**unused[MODULE], "unused_for": ages[0]}},
        {MODULE: {**unused[MODULE], "unused_for": ages[1], "factor": "phone"}, "check_mode": True},
        {MODULE: {**unused[MODULE], "unused_for": ages[1], "factor": "phone"}},
        {MODULE: {**unused[MODULE], "unused_for": ages[1], "factor": "phone"}},
    )
    assert [result["changed"] for result in (none, checked, gone, again)] == [False, True, True, False]
    assert [removed.partition("|")[0] for removed in gone["removed_ids"]] == ["phone"]
    assert [method["type"] for method in tenant.methods(2)] == ["totp"]


@pytest.mark.parametrize(
    "options, says",
    [
        ({"factor": "push"}, "An operator cannot create factor=push"),
        ({"factor": "otp"}, "totp_secret is required"),
        ({"factor": "passkey"}, "credential is required"),
        ({"factor": "webauthn-roaming", "credential": {"key_id": "a", "public_key": "b"}}, "relying_party_identifier"),
        ({"state": "confirmed", "factor": "otp"}, "An operator cannot confirm"),
        ({"state": "absent", "selector": "unused"}, "require each other"),
        ({"state": "absent", "selector": "unused", "unused_for": "long"}, "unused_for 'long' is not a number"),
        ({"state": "absent", "selector": "all", "max_removals": 0}, "max_removals 0 is not 1 or more"),
        ({"selector": "all"}, "selector requires state=absent"),
    ],
    ids=[
        "push",
        "otp without totp_secret",
        "passkey without credential",
        "security key without its site",
        "confirmed",
        "unused without unused_for",
        "unused_for that is no age",
        "max_removals 0",
        "selector without absent",
    ],
)
def test_what_this_side_cannot_do_is_refused_before_any_request(tenant, options, says):
    tenant.forget_requests()
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(3), **options}})
    assert result["failed"] and says in result["msg"]
    assert tenant.requests() == []


def test_one_is_removed_only_if_it_still_fits(tenant):
    (phone,) = tenant.methods(3)
    stale = {"email": email(3), "state": "absent", "authenticator_id": phone["id"], "selector": "unused"}
    used, pending, unused = tenant.results(
        {**tenant.operator, "allow_last_factor": True},
        {MODULE: {**stale, "unused_for": "36500d"}},
        {MODULE: {**stale, "selector": "unconfirmed"}},
        {MODULE: {**stale, "unused_for": "1s"}},
    )
    assert [result["changed"] for result in (used, pending, unused)] == [False, False, True]
    assert used["kept"] == pending["kept"] == [{"id": phone["id"], "reason": "It does not match the selector."}]
