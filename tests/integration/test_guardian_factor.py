# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_guardian_factor against the embedded tenant."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_guardian_factor"


def changes(results: list[dict]) -> list[bool]:
    assert not [result["msg"] for result in results if result.get("failed")]
    return [result["changed"] for result in results]


def test_twice_after_check_mode_with_a_diff(tenant):
    wanted = {
        "enabled": ["duo", "otp"],
        "disabled": ["email"],
        "phone_message_types": ["sms"],
        "policy": "never",
        "lockout_check": "skip",
    }
    task = {MODULE: wanted, "diff": True}
    checked, done, again = tenant.results(tenant.operator, {**task, "check_mode": True}, task, task)
    assert changes([checked, done, again]) == [True, True, False]
    assert checked["diff"] == done["diff"]
    before, after = done["diff"]["before"], done["diff"]["after"]
    differing = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    assert differing == {
        "duo": ("off", "on"),
        "email": ("on", "off"),
        "phone_message_types": (["sms", "voice"], ["sms"]),
        "policy": ("all-applications", "never"),
    }
    assert (done["factors"]["duo"], done["factors"]["email"], done["policy"]) == (True, False, "never")
    assert done["phone_message_types"] == ["sms"]
    # MFA is no longer asked for before a factor goes.
    assert [write.rpartition("/")[2] for write in tenant.writes()] == ["policies", "duo", "message-types", "email"]


def test_mfa_is_asked_for_only_once_the_factors_are_on(tenant):
    tenant.results(tenant.operator, {MODULE: {"disabled": ["otp"], "policy": "never", "allow_lockout": True}})
    tenant.forget_requests()
    (result,) = tenant.results(tenant.operator, {MODULE: {"enabled": ["otp"], "policy": "confidence-score"}})
    assert result["changed"]
    assert [write.rpartition("/")[2] for write in tenant.writes()] == ["otp", "policies"]


def test_only_what_is_named_is_read(tenant):
    types, factors = tenant.results(
        tenant.operator, {MODULE: {"phone_message_types": ["sms", "voice"]}}, {MODULE: {"enabled": ["otp"]}}
    )
    assert changes([types, factors]) == [False, False]
    assert types["factors"] == {} and factors["policy"] is None and factors["phone_message_types"] is None
    assert [entry["path"].rpartition("/")[2] for entry in tenant.requests("GET")] == ["message-types", "factors"]


def test_mfa_without_a_factor_is_refused_unless_told(tenant):
    everything = {"disabled": ["otp", "phone", "push", "email", "webauthn-roaming", "webauthn-platform", "duo"]}
    checked, refused, told, never = tenant.results(
        tenant.operator,
        {MODULE: everything, "check_mode": True},
        {MODULE: everything},
        {MODULE: {**everything, "allow_no_factor": True}, "check_mode": True},
        {MODULE: {**everything, "policy": "never"}, "check_mode": True},
    )
    for result in (checked, refused):
        assert result["failed"] and "no factor is on" in result["msg"] and "allow_no_factor" in result["hint"]
    assert changes([told, never]) == [True, True]
    assert tenant.writes() == []


def test_users_without_another_factor_stop_a_factor_from_going_off(tenant):
    task = {MODULE: {"disabled": ["phone", "otp"]}}
    checked, refused = tenant.results(tenant.operator, {**task, "check_mode": True}, task)
    assert checked["changed"] and checked["lockout"]["locked_out"] == len(checked["lockout"]["sample"]) > 0
    assert checked["lockout"]["refused"] and "Applying this is refused" in checked["warnings"][0]
    assert refused["failed"] and not refused["changed"] and refused["lockout"] == checked["lockout"]
    assert "Nothing was changed" in refused["msg"] and "allow_lockout=true" in refused["hint"]
    assert tenant.writes() == []
    tenant.forget_requests()
    allowed, unseen = tenant.results(
        tenant.operator,
        {MODULE: {"disabled": ["phone", "otp"], "allow_lockout": True}},
        {MODULE: {"disabled": ["push"], "lockout_check": "skip"}},
    )
    assert changes([allowed, unseen]) == [True, True] and unseen["lockout"]["source"] is None


def test_what_was_set_before_an_error_is_reported(tenant):
    body = {"statusCode": 403, "message": "Please upgrade your subscription", "errorCode": "insufficient_entitlement"}
    tenant.fault(kind="status", status=403, method="PUT", path="*/policies", body=body)
    task = {MODULE: {"enabled": ["duo"], "policy": "confidence-score"}}
    cut_off, again = tenant.results(tenant.operator, task, task)
    assert cut_off["failed"] and cut_off["changed"] and cut_off["applied"] == ["duo=True"]
    assert cut_off["error_code"] == "insufficient_entitlement" and "upgrade your subscription" in cut_off["msg"]
    assert changes([again]) == [True]


def test_message_types_without_the_phone_factor_are_told(tenant):
    tenant.running.reset(switches={"message-types-without-phone-status": 404})
    tenant.results(tenant.operator, {MODULE: {"disabled": ["phone"], "allow_lockout": True}})
    (result,) = tenant.results(tenant.operator, {MODULE: {"phone_message_types": ["sms"]}})
    assert result["failed"] and result["status"] == 404


def test_bad_input_is_refused_before_any_request(tenant):
    both, empty, nothing = tenant.results(
        tenant.operator,
        {MODULE: {"enabled": ["otp"], "disabled": ["otp", "push"]}},
        {MODULE: {"phone_message_types": []}},
        {MODULE: {}},
    )
    assert "otp cannot be both enabled and disabled" in both["msg"]
    assert "phone_message_types is empty" in empty["msg"]
    assert "one of the following is required" in nothing["msg"]
    assert tenant.requests() == []
