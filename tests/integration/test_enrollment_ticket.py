# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_enrollment_ticket and auth0_remembered_browser against the embedded tenant."""

from __future__ import annotations

import json
import re
import stat
from urllib.parse import quote

import pytest

from .conftest import email

pytestmark = pytest.mark.run_by("module")

TICKET = "mfaops.auth0.auth0_mfa_enrollment_ticket"
KEEP = {"existing_file": "keep"}
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


def test_a_ticket_is_not_mailed_to_nobody(tenant):
    tenant.running.reset(users=40, switches={"user-kinds": "mixed"})
    without, other = "samlp|corp-saml|CN=User 00023,OU=Sales/EMEA,O=Corp + Co", tenant.user_id(20)
    for options in ({"user_id": without}, {"users": [{"user_id": without}, {"user_id": other}]}):
        for check_mode in (True, False):
            task = {TICKET: {**options, "send_mail": True}, "check_mode": check_mode}
            (result,) = tenant.results(tenant.operator, task)
            said = result["msg"] if "user_id" in options else result["users"][0]["error"]["msg"]
            assert result["failed"] and f"The user {without} has no e-mail address" in said
    assert tenant.running.control("GET", f"codes?user_id={quote(other)}")
    assert not any(without in ticket["user_id"] for ticket in tenant.running.control("GET", "tickets"))
    (result,) = tenant.results(
        tenant.operator, {TICKET: {"user_id": without, "send_mail": True, "mail_to": "else@example.org"}}
    )
    assert result["changed"]


def test_without_the_scope_it_is_told_that_the_address_was_not_checked(tenant):
    scope = {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "Insufficient scope, expected any of: read:users",
        "errorCode": "insufficient_scope",
    }
    tenant.running.control(
        "POST",
        "faults",
        {"kind": "status", "status": 403, "path": "/api/v2/users/*", "body": scope},
    )
    (result,) = tenant.results(tenant.operator, {TICKET: {"user_id": tenant.user_id(1), "send_mail": True}})
    assert result["changed"] and any("read:users" in text for text in result["warnings"])


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


@pytest.mark.run_by("ansible-playbook")
def test_a_link_goes_to_a_file_that_only_its_owner_can_read(tenant):
    path = tenant.folder / "ticket"
    task = {TICKET: {"email": email(1), "factor": "otp", "ticket_file": str(path)}}
    (checked,) = tenant.results(tenant.operator, {**task, "check_mode": True})
    assert checked["changed"] and not path.exists() and "ticket_file" not in checked
    played = tenant.play(tenant.operator, task, options=("-vvvv",))
    (made,) = played.results
    link = path.read_text().strip()
    assert made["changed"] and made["ticket_file"] == str(path) and not {"ticket_id", "ticket_url"} & made.keys()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and re.search(r"/mfa/enrollment\?ticket=\w{32}$", link)
    assert link not in played.output and link.partition("=")[2] not in played.output
    tenant.running.control("POST", "tickets/redeem", {"ticket": link.partition("=")[2], "factor": "otp"})


def test_a_link_that_nobody_may_have_read_is_not_overwritten(tenant):
    path = tenant.folder / "ticket"
    task = {TICKET: {"email": email(1), "ticket_file": str(path)}}
    (first,) = tenant.results(tenant.operator, task)
    link = path.read_text()
    tenant.forget_requests()
    for refused in tenant.results(tenant.operator, {**task, "check_mode": True}, task):
        assert refused["failed"] and "exists already, and nobody may have read it yet" in refused["msg"]
    assert first["changed"] and path.read_text() == link and tenant.requests() == []


def test_a_link_that_is_there_may_be_kept_for_one_user_or_for_many(tenant):
    path, folder = tenant.folder / "ticket", tenant.folder / "tickets"
    one = {TICKET: {"email": email(1), "ticket_file": str(path), "existing_file": "keep"}}
    users = [{"email": email(2)}, {"email": email(16), "ticket_file": str(tenant.folder / "mine")}]
    many = {TICKET: {"users": users, "tickets_folder": str(folder), "existing_file": "keep"}}
    made = tenant.results(tenant.operator, one, many)
    links = {each: each.read_text() for each in (path, tenant.folder / "mine", *folder.iterdir())}
    assert made[0]["changed"] and made[1]["counts"]["changed"] == 2 and len(links) == 3
    tenant.forget_requests()
    users.append({"email": email(3)})
    checked, kept, foreseen, rest = tenant.results(
        tenant.operator, {**one, "check_mode": True}, one, {**many, "check_mode": True}, many
    )
    assert {each.read_text() for each in links} == {*links.values()}
    for result in (checked, kept):
        assert not result["changed"] and result["ticket_file"] == str(path)
    for result in (foreseen, rest):
        assert [row["result"] for row in result["users"]] == ["unchanged", "unchanged", "changed"]
        assert [bool(row["ticket_file"]) for row in result["users"]] == [True, True, result is rest]
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 1


@pytest.mark.parametrize("content", ["", "https://example.org/mfa\n", "notes\nhttps://example.org/mfa?ticket=a\n"])
def test_a_file_without_a_link_is_neither_kept_nor_overwritten(tenant, content):
    path = tenant.folder / "ticket"
    path.write_text(content)
    options = {"ticket_file": str(path), **KEEP}
    for user in ({"email": email(1), **options}, {"users": [{"email": email(1), "ticket_file": str(path)}], **KEEP}):
        (refused,) = tenant.results(tenant.operator, {TICKET: user})
        assert refused["failed"] and "exists already" in refused["msg"] and path.read_text() == content
    assert tenant.requests() == []


@pytest.mark.parametrize("kind", ["lost", "close"])
def test_a_request_that_may_have_been_carried_out_leaves_no_file_and_is_not_sent_again(tenant, kind):
    path = tenant.folder / "ticket"
    task = {TICKET: {"email": email(1), "ticket_file": str(path)}}
    tenant.fault(kind=kind, method="POST", path="*/enrollments/ticket")
    lost, again = tenant.results(tenant.operator, task, task)
    assert lost["failed"] and "may exist that nobody received" in lost["msg"] and again["changed"]
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 2 and list(tenant.folder.iterdir()) == [path]


@pytest.mark.parametrize(
    "options, said",
    [
        ({"email": email(1), "ticket_file": "/nowhere/ticket"}, "is not an existing directory"),
        ({"email": email(1), "ticket_file": None}, "ticket_file is null"),
        ({"email": email(1), "ticket_file": "ticket", "send_mail": True}, "the link is written to no file"),
        ({"email": email(1), "tickets_folder": "tickets"}, "required by 'tickets_folder': users"),
        ({"users": [], "tickets_folder": "tickets", "send_mail": True}, "the link is written to no file"),
        ({"users": [{"email": email(1)}]}, "ticket_file is required, unless tickets_folder or send_mail is set"),
        ({"users": [{"email": email(1), "ticket_file": "/nowhere/t"}]}, "is not an existing directory"),
        ({"users": [{"email": email(1), "mail_to": "a@example.com"}], "tickets_folder": "t"}, "require send_mail"),
        ({"users": [{"email": email(1), "factor": "passkey"}], "send_mail": True}, "value of factor must be one of"),
        ({"users": [{"email": email(1)}], "email": email(2), "send_mail": True}, "mutually exclusive"),
        ({"email": email(1), "custom_domain": "https://login.example.com"}, "is not a host name"),
        ({"email": email(1), "custom_domain": "login.example.com/mfa"}, "is not a host name"),
        ({"email": email(1), "custom_domain": "login.example.com:443"}, "is not a host name"),
        ({"email": email(1), "custom_domain": ""}, "is not a host name"),
    ],
)
def test_what_cannot_be_right_is_told_before_the_first_request(tenant, options, said):
    tenant.forget_requests()
    (refused,) = tenant.results(tenant.operator, {TICKET: options})
    assert refused["failed"] and said in refused["msg"] and tenant.requests() == []


def test_a_link_leads_to_the_custom_domain_that_is_asked_for(tenant):
    tenant.running.reset(switches={"custom-domains": "login.example.com,login.example.org"})
    for domain in ("login.example.org", "Login.Example.Com"):
        (result,) = tenant.results(tenant.operator, {TICKET: {"email": email(1), "custom_domain": domain}})
        assert result["changed"] and result["ticket_url"].startswith("https://%s/mfa/" % domain.lower())
        assert "warnings" not in result
    (without,) = tenant.results(tenant.operator, {TICKET: {"email": email(1)}})
    assert without["ticket_url"].startswith("https://%s/mfa/" % tenant.running.domain)


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_custom_domain_that_the_tenant_does_not_have_is_told(tenant, status):
    tenant.running.reset(switches={"unknown-custom-domain-status": status})
    task = {TICKET: {"email": email(1), "custom_domain": "other.example.com"}}
    (refused,) = tenant.results(tenant.operator, task)
    assert refused["failed"] and refused["status"] == status and not refused["changed"]
    assert "Check that other.example.com is a custom domain of this tenant" in refused["hint"]
    (nobody,) = tenant.results(tenant.operator, {TICKET: {**task[TICKET], "email": "nobody@example.com"}})
    assert "no user has this e-mail address" in nobody["msg"]


def test_a_tenant_that_wants_a_custom_domain_is_told(tenant):
    switches = {"custom-domains": "login.example.com,login.example.org", "missing-custom-domain-status": 409}
    tenant.running.reset(switches=switches)
    (refused,) = tenant.results(tenant.operator, {TICKET: {"email": email(1)}})
    assert refused["failed"] and "set custom_domain to one of them" in refused["msg"]


def test_many_users_get_a_ticket_each_in_a_file_of_its_own(tenant):
    folder = tenant.folder / "tickets"
    users = [{"email": email(1)}, {"user_id": tenant.user_id(16), "ticket_file": str(tenant.folder / "mine")}]
    options = {"tickets_folder": str(folder), "users": users, "custom_domain": "login.example.com"}
    foreseen, done = tenant.results(tenant.operator, {TICKET: options, "check_mode": True}, {TICKET: options})
    assert foreseen["counts"] == done["counts"] == {"changed": 2, "unchanged": 0, "failed": 0, "not_reached": 0}
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 2 and stat.S_IMODE(folder.stat().st_mode) == 0o700
    first, second = done["users"]
    assert second["ticket_file"] == str(tenant.folder / "mine") and first["ticket_file"].startswith(str(folder))
    for number, row in ((1, first), (16, second)):
        path = tenant.folder / row["ticket_file"]
        link = path.read_text().strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and link.startswith("https://login.example.com/")
        ticket = link.partition("=")[2]
        assert ticket not in json.dumps(done)
        tenant.running.control("POST", "tickets/redeem", {"ticket": ticket, "factor": "otp"})
        assert "totp" in [method["type"] for method in tenant.methods(number)]


def test_many_users_are_mailed_each_as_the_list_says(tenant):
    users = [
        {"email": email(1), "email_locale": "de"},
        {"email": "nobody@example.com", "source": "users.csv line 3"},
        {"email": email(16), "mail_to": "else@example.org", "factor": "otp"},
    ]
    (result,) = tenant.results(tenant.operator, {TICKET: {"send_mail": True, "users": users}})
    assert result["failed"] and [row["result"] for row in result["users"]] == ["changed", "failed", "changed"]
    assert "each user in the list gets another ticket" in result["hint"]
    for number, to in ((1, email(1)), (16, "else@example.org")):
        (mail,) = tenant.running.control("GET", "codes?user_id=" + tenant.user_id(number).replace("|", "%7C"))
        assert mail["to"] == to and mail["ticket_url"] not in json.dumps(result)


def test_of_many_users_nobody_whose_link_may_be_unread_gets_another_one(tenant):
    options = {"tickets_folder": str(tenant.folder / "tickets"), "users": [{"email": email(1)}]}
    (_first,) = tenant.results(tenant.operator, {TICKET: options})
    options["users"].append({"email": email(16)})
    (again,) = tenant.results(tenant.operator, {TICKET: options})
    assert [row["result"] for row in again["users"]] == ["failed", "changed"]
    assert "exists already" in again["msg"] and len(tenant.requests("POST", "/enrollments/ticket")) == 2


def test_more_users_than_allowed_get_no_ticket(tenant):
    options = {"send_mail": True, "max_users": 1, "users": [{"email": email(1)}, {"email": email(16)}]}
    (refused,) = tenant.results(tenant.operator, {TICKET: options})
    assert refused["failed"] and "2 users have to be changed, but max_users is 1" in refused["msg"]
    assert tenant.requests("POST", "/enrollments/ticket") == []


def test_a_lost_answer_is_one_users_and_told_of_that_user_only(tenant):
    tenant.fault(kind="lost", method="POST", path="*/enrollments/ticket")
    options = {"send_mail": True, "users": [{"email": email(number)} for number in (1, 2, 16)]}
    (result,) = tenant.results(tenant.operator, {TICKET: options})
    assert result["counts"] == {"changed": 2, "unchanged": 0, "failed": 1, "not_reached": 0}
    assert "may have been mailed" in result["msg"] and len(tenant.requests("POST", "/enrollments/ticket")) == 3


def test_browsers_are_forgotten(tenant):
    task = {BROWSER: {"email": email(3), "state": "absent"}}
    checked, done, again = tenant.results(tenant.operator, {**task, "check_mode": True}, task, task)
    assert [result["changed"] for result in (checked, done, again)] == [True, True, True]
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 2
