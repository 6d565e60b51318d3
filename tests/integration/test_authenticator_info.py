# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_authenticator_info against the embedded tenant."""

from __future__ import annotations

from tests.emulator.launch import start

from .conftest import email

INFO = "mfaops.auth0.auth0_mfa_authenticator_info"


def ids(result: dict) -> list[str]:
    return [row["id"] for row in result["authenticators"]]


def test_operator_sees_a_phone_once_with_its_dates(tenant):
    by_email, by_id = tenant.results(
        tenant.operator, {INFO: {"email": email(3)}}, {INFO: {"user_id": tenant.user_id(3)}}
    )
    assert by_email["authenticators"] == by_id["authenticators"]
    (phone,) = by_email["authenticators"]
    assert phone["id"].startswith("phone|dev_")
    assert (phone["factor"], phone["view"], phone["confirmed"]) == ("phone", "management", True)
    assert phone["channels"] == ["sms", "voice"]
    assert phone["phone_number"] == "XXXXXXXX0103"
    assert phone["enrolled_at"] < phone["last_auth_at"]
    assert by_email["user_id"] == tenant.user_id(3)
    assert by_email["changed"] is False


def test_the_user_sees_the_same_phone_as_two_rows_that_are_twins(tenant):
    (result,) = tenant.results(tenant.user(3), {INFO: {"factor": "phone"}})
    sms, voice = result["authenticators"]
    assert (sms["channels"], voice["channels"]) == (["sms"], ["voice"])
    assert sms["twin_ids"] == [voice["id"]] and voice["twin_ids"] == [sms["id"]]
    assert sms["view"] == "mfa" and sms["last_auth_at"] is None
    assert result["user_id"] is None


def test_unconfirmed_enrolments_are_listed_on_request_only(tenant):
    plain, all_of_them = tenant.results(tenant.user(6), {INFO: {}}, {INFO: {"include_unconfirmed": True}})
    assert not [row for row in plain["authenticators"] if row["factor"] == "otp"]
    assert [row["confirmed"] for row in all_of_them["authenticators"] if row["factor"] == "otp"] == [False]


def test_factor_and_channel_filters(tenant):
    otp, sms, none = tenant.results(
        tenant.operator,
        {INFO: {"email": email(9), "factor": "otp"}},
        {INFO: {"email": email(9), "factor": "sms"}},
        {INFO: {"email": email(9), "factor": "push"}},
    )
    assert [row["factor"] for row in otp["authenticators"]] == ["otp"]
    assert [row["factor"] for row in sms["authenticators"]] == ["phone"]
    assert none["authenticators"] == [] and not none["failed"]


def test_push_and_its_otp_are_twins_for_the_operator(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"email": email(4)}})
    twins = {row["factor"]: row["twin_ids"] for row in result["authenticators"]}
    rows = {row["factor"]: row["id"] for row in result["authenticators"]}
    assert twins["push"] == [rows["otp"]] and twins["otp"] == [rows["push"]]


def test_ids_with_slash_plus_and_pipe_reach_their_user(tenant):
    (result,) = tenant.results(tenant.operator, {INFO: {"user_id": "oauth2|name|a/b+c"}})
    assert [row["factor"] for row in result["authenticators"]] == ["phone"]


def test_one_request_per_user_and_no_write_in_any_mode(tenant):
    user_id = tenant.user_id(2)
    tenant.forget_requests()
    checked, done = tenant.results(
        {**tenant.operator}, {INFO: {"user_id": user_id}, "check_mode": True}, {INFO: {"user_id": user_id}}
    )
    assert ids(checked) == ids(done)
    assert len(tenant.requests("GET")) == 2
    assert tenant.writes() == []


def test_two_users_with_one_address_are_listed_by_id(tenant):
    other = {"connection": "google-oauth2", "email": email(3), "password": "Correct-Horse-7"}
    created = tenant.management("POST", "/users", other)
    (result,) = tenant.results(tenant.operator, {INFO: {"email": email(3)}})
    assert result["failed"]
    assert created["user_id"] in result["msg"] and tenant.user_id(3) in result["msg"]


def test_a_tenant_behind_tls_is_reached_with_ca_path_only(tenant):
    with start(users=5, tls=True) as secure:
        operator = {"auth0_domain": secure.domain, "client_id": "m2m", "client_secret": "m2m-secret", "email": email(3)}
        user = {**tenant.user(3), "auth0_domain": secure.domain}
        del user["base_url"]
        refused, as_operator, as_user = tenant.results(
            {},
            {INFO: operator},
            {INFO: {**operator, "ca_path": secure.ca_file}},
            {INFO: {**user, "ca_path": secure.ca_file}},
        )
    assert refused["failed"] and "its certificate is not trusted" in refused["msg"] and "ca_path" in refused["msg"]
    assert len(as_operator["authenticators"]) == 1 and len(as_user["authenticators"]) >= 2
