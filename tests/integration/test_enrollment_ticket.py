# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_enrollment_ticket and auth0_remembered_browser against the embedded tenant."""

from __future__ import annotations

import pytest

from .conftest import email

pytestmark = pytest.mark.run_by("module")

TICKET = "mfaops.auth0.auth0_mfa_enrollment_ticket"
BROWSER = "mfaops.auth0.auth0_remembered_browser"


def test_a_ticket_lets_the_user_enroll(tenant):
    task = {TICKET: {"email": email(1), "factor": "otp"}}
    checked, made, another = tenant.results(tenant.operator, {**task, "check_mode": True}, task, task)
    assert [result["changed"] for result in (checked, made, another)] == [True, True, True]
    assert "ticket_url" not in checked and made["ticket_id"] in made["ticket_url"]
    assert made["ticket_id"] != another["ticket_id"] and made["user_id"] == tenant.user_id(1)
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 2
    tenant.running.control("POST", "tickets/redeem", {"ticket": made["ticket_id"], "factor": "otp"})
    assert [method["type"] for method in tenant.methods(1) if method["type"] == "totp"] == ["totp"]


@pytest.mark.run_by("ansible-playbook")
def test_a_mailed_ticket_is_not_in_the_result(tenant):
    played = tenant.play(
        tenant.operator,
        {TICKET: {"email": email(1), "send_mail": True, "mail_to": "else@example.org", "email_locale": "de"}},
        options=("-vvvv",),
    )
    (result,) = played.results
    assert result["changed"] and not {"ticket_id", "ticket_url"} & result.keys()
    (mail,) = tenant.running.control("GET", "codes?user_id=" + tenant.user_id(1).replace("|", "%7C"))
    assert mail["to"] == "else@example.org"
    assert mail["ticket_url"] not in played.output


def test_a_lost_answer_is_told_and_never_sent_twice(tenant):
    tenant.fault(kind="lost", method="POST", path="*/enrollments/ticket")
    (result,) = tenant.results(tenant.operator, {TICKET: {"email": email(1), "send_mail": True}})
    assert result["failed"] and "may have been mailed" in result["msg"]
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 1


@pytest.mark.parametrize(
    "options", [{"mail_to": "a@example.com"}, {"email_locale": "de"}], ids=["mail_to", "email_locale"]
)
def test_what_goes_with_mail_only_is_refused_before_any_request(tenant, options):
    (result,) = tenant.results(tenant.operator, {TICKET: {"email": email(1), **options}})
    assert (
        result["failed"] and "mail_to and email_locale require send_mail" in result["msg"] and tenant.requests() == []
    )


def test_browsers_are_forgotten(tenant):
    task = {BROWSER: {"email": email(3), "state": "absent"}}
    checked, done, again = tenant.results(tenant.operator, {**task, "check_mode": True}, task, task)
    assert [result["changed"] for result in (checked, done, again)] == [True, True, True]
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 2
