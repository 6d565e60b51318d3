# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks people copy, each run as it stands, with the variables it has at its top."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import BIN, ROOT, environment

from .conftest import Tenant, email
from .test_ending import SHORT_LOGINS, block, browser, is_blocked, refresh_token

PLAYBOOKS = ROOT / "playbooks"
EMAIL = {"type": "email", "email": "new@example.com"}


def play(tenant: Tenant, name: str, *options: str, succeeds: bool = True, **variables: object) -> str:
    """Run a playbook; its output."""
    environ = {**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"}
    given = json.dumps({"tenant": {"base_url": tenant.running.url}, **variables})
    command = [BIN / "ansible-playbook", PLAYBOOKS / (name + ".yml"), "-e", given, *options]
    before = tokens(tenant)
    run = subprocess.run(
        command,
        env=environ,
        cwd=tenant.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (run.returncode == 0) is succeeds, run.stdout
    assert "Traceback" not in run.stdout and "m2m-secret" not in run.stdout and "eyJ" not in run.stdout
    # A module warns about a user, whom it names; Ansible about the playbook.
    assert not re.search(r"^\[(DEPRECATION )?WARNING\]: (?!\S+: )", run.stdout, re.MULTILINE)
    # However many tasks and users there are.
    assert tokens(tenant) - before <= 1
    return run.stdout


def tokens(tenant: Tenant) -> int:
    """How many tokens the operator asked for."""
    return len([each for each in tenant.requests("POST", "/oauth/token") if each["principal"] == "m2m"])


def changed(output: str) -> int:
    return int(re.search(r"changed=(\d+)", output)[1])


def audit_of(tenant: Tenant) -> list[dict]:
    """What the audit finds, in files as it writes them; the rows of the users."""
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import FINDINGS, FINDINGS_CSV, USERS
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
    from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
    from tests.support.operator import management_api

    budget = Budget()
    with management_api(tenant.running.url, budget) as api:
        outcome = run(api, budget, FolderStore(str(tenant.folder / "audits")), Order(tenant.running.domain))
    tenant.forget_requests()  # an export is begun with a POST, although it only reads
    for name in (USERS, FINDINGS, FINDINGS_CSV):
        (tenant.folder / name).write_bytes((tenant.folder / "audits" / outcome.keys[name]).read_bytes())
    with gzip.open(tenant.folder / USERS, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def decide(path: Path, decisions: dict[str, str]) -> None:
    """Fill in the column of findings.csv.

    :param decisions: by ID of the finding
    """
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows:
        row[header.index("decision")] = decisions.get(row[header.index("finding_id")], "")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def removable(rows: list[dict]) -> tuple[dict, dict]:
    """A user with a device that was not used for long beside another one, and the finding."""
    return next(
        (row, finding)
        for row in rows
        for finding in row["findings"]
        if finding["rule"] in ("stale", "never-used") and sum(each["protects"] for each in row["authenticators"]) > 1
        if not row["privileged"] and not any(each["factor"] == "push" for each in row["authenticators"])
    )


def test_every_playbook_is_tested_and_checks_its_variables_first():
    tested = set(re.findall(r'play\(\s*tenant,\s*"(\w+)"', Path(__file__).read_text()))
    # What needs AWS is played against a local one.
    tested |= set(re.findall(r'"mfaops\.auth0\.(\w+)"', (ROOT / "tests" / "lambda" / "test_deploy.py").read_text()))
    for path in sorted(PLAYBOOKS.glob("*.yml")):
        (content,) = yaml.safe_load(path.read_text())
        assert path.stem in {*tested, "demo"}
        first = [each for each in content if each != "connection"]
        assert first[:4] == ["name", "hosts", "gather_facts", "vars"], path.name
        assert "mfaops.auth0.variables" in content["tasks"][0] or path.stem == "demo", path.name


@pytest.mark.oldest
@pytest.mark.parametrize(
    "name, options, says",
    [
        ("reset_lost_phone", {}, "user is required"),
        ("audit", {}, "audits is required. Set it in the inventory or on the command line: -e audits=mfa-audits."),
        (
            "policy",
            {"policy_file": "a", "policyfile": "x"},
            "policyfile is not a variable of this playbook. Did you mean policy_file?",
        ),
        ("policy", {"policy_file": "p", "fail_on_drift": "perhaps"}, "fail_on_drift"),
        ("policy", {"policy_file": "p", "lockout_check": "skipped"}, "lockout_check must be one of: required, skip"),
        ("rotate_recovery_codes", {"codes_folder": "c", "most_codes": "ten"}, "most_codes"),
        (
            "audit",
            {"audits": "a", "tenant": {"auth0_domian": "x"}},
            "tenant has an option that no module has: auth0_domian. Did you mean auth0_domain?",
        ),
        ("reset_lost_phone", {"user": email(3), "ticket_file": "link"}, "ticket_file is set, but there is no link"),
        (
            "reset_lost_phone",
            {"user": email(3), "ticket_file": "link", "send_mail": False, "create_ticket": False},
            "or there is none",
        ),
        (
            "reset_users",
            {"users_file": "u", "tickets_folder": "links"},
            "tickets_folder is set, but the tickets are mailed",
        ),
    ],
)
def test_a_wrong_variable_is_told_before_the_first_request(tenant, name, options, says):
    said = re.sub(r"\s+", " ", play(tenant, name, "-e", json.dumps(options), succeeds=False))
    assert "Nothing was done. " in said and says in said and tenant.requests() == []


@pytest.mark.oldest
def test_a_lost_phone_is_reset(tenant):
    before = tenant.methods(9)
    checked = play(tenant, "reset_lost_phone", "--check", "--diff", user=email(9))
    assert tenant.methods(9) == before and all(method["id"] in checked for method in before)
    few = play(tenant, "reset_lost_phone", user=email(9), most_authenticators=1, succeeds=False)
    assert "max_removals is 1" in few and tenant.methods(9) == before
    done = play(tenant, "reset_lost_phone", user=email(9))
    assert tenant.methods(9) == [] and changed(done) == 3
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 1
    mails = tenant.running.control("GET", "codes?user_id=" + tenant.user_id(9).replace("|", "%7C"))
    assert mails[-1]["ticket_url"] not in done
    again = play(tenant, "reset_lost_phone", user=email(9), send_mail=False)
    assert re.search(r"Give this link to the user\. .*/mfa/enrollment\?ticket=\w+", again)
    # What Auth0 does not list may have been there, so nobody can say that nothing was removed.
    assert changed(again) == 3
    filed = play(tenant, "reset_lost_phone", user=email(9), send_mail=False, ticket_file="link")
    assert "ticket=" not in filed and "/mfa/enrollment?ticket=" in (tenant.folder / "link").read_text()
    assert stat.S_IMODE((tenant.folder / "link").stat().st_mode) == 0o600
    # Somebody may still have to read that link, so nothing is done that would need another one.
    tenant.management("POST", "/users/%s/authentication-methods" % tenant.user_id(9).replace("|", "%7C"), EMAIL)
    for place, said in (("link", "exists already"), ("no/link", "There is no directory")):
        refused = play(tenant, "reset_lost_phone", user=email(9), send_mail=False, ticket_file=place, succeeds=False)
        assert said in refused and len(tenant.methods(9)) == 1


# The writes of a reset, in their order.
RESET = [
    ("DELETE", "/sessions"),
    ("DELETE", "/refresh-tokens"),
    ("POST", "/invalidate-remember-browser"),
    ("DELETE", "/authentication-methods"),
    ("POST", "/enrollments/ticket"),
    ("DELETE", "/user-blocks/"),
]


def steps_of(tenant: Tenant) -> list[tuple[str, str]]:
    """The writes of a reset that were sent, in their order."""
    sent = [write.split() for write in tenant.writes()]
    return [next(step for step in RESET if step[0] == method and step[1] in path) for method, path in sent]


def give_all(tenant: Tenant, number: int) -> None:
    """A session, a refresh token and a block."""
    browser(tenant, number)
    refresh_token(tenant, number)
    block(tenant, number)


def test_what_lets_in_ends_before_the_authenticators_go_and_the_block_goes_last(tenant):
    tenant.running.reset(switches=SHORT_LOGINS)
    give_all(tenant, 3)
    tenant.forget_requests()
    checked = play(tenant, "reset_lost_phone", "--check", user=email(3))
    assert tenant.writes() == [] and changed(checked) == 6
    assert changed(play(tenant, "reset_lost_phone", user=email(3))) == 6 and steps_of(tenant) == RESET
    assert not is_blocked(tenant, 3)
    give_all(tenant, 3)
    tenant.forget_requests()
    off = dict.fromkeys(
        ("end_sessions", "revoke_refresh_tokens", "forget_browsers", "create_ticket", "unblock"), "false"
    )
    play(tenant, "reset_lost_phone", user=email(3), **off)
    assert steps_of(tenant) == [("DELETE", "/authentication-methods")] and is_blocked(tenant, 3)


def test_a_reset_of_many_takes_the_same_steps_and_leaves_out_who_failed(tenant):
    tenant.running.reset(switches=SHORT_LOGINS)
    for number in (2, 3):
        give_all(tenant, number)
    before = tenant.methods(2)
    (tenant.folder / "users.txt").write_text("%s\n%s\n" % (email(2), email(3)))
    tenant.fault(kind="status", method="DELETE", path="*%s/refresh-tokens" % tenant.user_id(2))
    tenant.forget_requests()
    said = play(tenant, "reset_users", users_file="users.txt", succeeds=False)
    why = "authenticators are still there: %s (line 1): Could not revoke the refresh tokens" % email(2)
    assert why in re.sub(r"\s+", " ", said) and email(3) not in said.partition("PLAY RECAP")[0].rpartition("TASK")[2]
    assert list(dict.fromkeys(steps_of(tenant))) == RESET
    assert tenant.methods(2) == before and tenant.methods(3) == []
    assert is_blocked(tenant, 2) and not is_blocked(tenant, 3)


def test_a_reset_that_ended_before_the_block_went_is_finished_without_another_ticket(tenant):
    tenant.running.reset(switches=SHORT_LOGINS)
    block(tenant, 3)
    (tenant.folder / "users.txt").write_text(email(3) + "\n")
    given = {"users_file": "users.txt", "send_mail": False, "tickets_folder": "links"}
    tenant.fault(kind="status", method="DELETE", path="*/user-blocks/*")
    said = re.sub(r"\s+", " ", play(tenant, "reset_users", succeeds=False, **given))
    assert "Reset, but perhaps still blocked: %s (line 1)" % email(3) in said and is_blocked(tenant, 3)
    (link,) = (tenant.folder / "links").iterdir()
    written = link.read_text()
    tenant.forget_requests()
    again = play(tenant, "reset_users", **given)
    assert "%s (line 1) was reset by an earlier run" % email(3) in re.sub(r"\s+", " ", again) and changed(again) == 1
    assert steps_of(tenant) == [("DELETE", "/user-blocks/")] and not is_blocked(tenant, 3)
    assert link.read_text() == written and written.strip() not in again


@pytest.mark.parametrize("name", ["reset_lost_phone", "reset_users"])
def test_a_plan_without_sessions_is_told_before_anything_is_removed(tenant, name):
    tenant.running.reset(switches={"session-management": "off"})
    before = tenant.methods(3)
    (tenant.folder / "users.txt").write_text(email(3) + "\n")
    given = {"user": email(3)} if name == "reset_lost_phone" else {"users_file": "users.txt"}
    tenant.forget_requests()
    said = re.sub(r"\s+", " ", play(tenant, name, succeeds=False, **given))
    assert "Enterprise plans" in said and "-e end_sessions=false" in said
    assert tenant.methods(3) == before and tenant.writes(refused=False) == []
    play(tenant, name, end_sessions=False, revoke_refresh_tokens=False, **given)
    assert tenant.methods(3) == []


def test_a_reset_that_fails_tells_what_the_user_has_now(tenant):
    tenant.fault(kind="status", method="POST", path="*/invalidate-remember-browser")
    said = re.sub(r"\s+", " ", play(tenant, "reset_lost_phone", user=email(9), succeeds=False))
    assert "%s still has: " % email(9) in said
    tenant.fault(kind="status", method="POST", path="*/enrollments/ticket")
    said = re.sub(r"\s+", " ", play(tenant, "reset_lost_phone", user=email(9), succeeds=False))
    assert "%s has no second factor now: A PASSWORD IS ENOUGH TO LOG IN" % email(9) in said
    tenant.fault(kind="status", method="DELETE", path="*/authentication-methods")
    said = re.sub(r"\s+", " ", play(tenant, "reset_lost_phone", user=email(3), succeeds=False))
    assert "%s still has: phone phone|dev_" % email(3) in said
    # Whichever run did it: now the first user has none, although this run fails at once.
    tenant.fault(kind="status", method="DELETE", path="*/authentication-methods")
    said = re.sub(r"\s+", " ", play(tenant, "reset_lost_phone", user=email(9), succeeds=False))
    assert "%s has no second factor now" % email(9) in said


@pytest.mark.parametrize("kind", ["lost", "close"])
def test_a_reset_whose_answer_is_lost_is_not_told_as_nothing_removed(tenant, kind):
    tenant.fault(kind=kind, method="DELETE", path="*/authentication-methods")
    # The readings afterward fail as well.
    tenant.fault(kind="slow", seconds=0, method="GET", path="*/authentication-methods", count=3)
    tenant.fault(kind="close", method="GET", path="*/authentication-methods", count=20)
    said = re.sub(r"\s+", " ", play(tenant, "reset_lost_phone", user=email(3), succeeds=False))
    assert "could not be read: check what the user has now" in said and "removed nothing" not in said
    assert len(tenant.requests("DELETE")) == 1


@pytest.mark.realistic
@pytest.mark.oldest
def test_users_of_a_list_are_onboarded(tenant):
    users = tenant.folder / "users.csv"
    # 16 has no second factor, 2 has an OTP app, 18 a passkey and nothing else.
    lines = ["name, email, phone_number", "work, %s, +442071838750" % email(1)]
    lines += [", %s," % email(number) for number in (16, 2, 18)]
    users.write_text("\n".join(lines) + "\n")
    checked = play(tenant, "onboard_users", "--check", users_csv=str(users))
    assert changed(checked) == 2 and tenant.methods(1) == []
    done = play(tenant, "onboard_users", users_csv=str(users))
    assert changed(done) == 2
    assert [(method["type"], method["name"]) for method in tenant.methods(1)] == [("phone", "work")]
    (ticket,) = tenant.running.control("GET", "tickets")
    assert ticket["user_id"] == tenant.user_id(16)
    again = play(tenant, "onboard_users", users_csv=str(users), send_tickets=False)
    assert changed(again) == 0 and "may be another one" not in again
    users.write_text("\n".join([lines[0], ", %s, +19995550103" % email(3), lines[1]]) + "\n")
    fits = play(tenant, "onboard_users", users_csv=str(users))
    assert "may be another one: %s" % email(3) in re.sub(r"\s+", " ", fits) and "[WARNING]" not in fits


def test_who_got_no_ticket_is_told_after_the_others_got_theirs(tenant):
    users = tenant.folder / "users.csv"
    users.write_text("email,phone_number,name\n%s,,\n%s,,\n" % (email(1), email(16)))
    tenant.fault(kind="lost", method="POST", path="*/enrollments/ticket")
    told = play(tenant, "onboard_users", users_csv=str(users), custom_domain="login.example.com", succeeds=False)
    assert re.search(r"user000(01|16)@example.com: Could not create an enrollment ticket", re.sub(r"\s+", " ", told))
    # One of them may have been mailed, and is not mailed again.
    assert len(tenant.requests("POST", "/enrollments/ticket")) == 2
    mails = [
        mail
        for number in (1, 16)
        for mail in tenant.running.control("GET", "codes?user_id=" + tenant.user_id(number).replace("|", "%7C"))
    ]
    assert {mail["ticket_url"].partition("?")[0] for mail in mails} == {"https://login.example.com/mfa/enrollment"}


@pytest.mark.parametrize(
    "lines, says",
    [
        (["email,phone", "a@example.com,1"], "needs a header with the columns"),
        (["email,phone_number,name", "user00001@example.com,+442071838750"], "the same number of values on every line"),
        (["email,phone_number,name", '"a@example.com",,'], "must not contain commas or quotes"),
        (["email,phone_number,name", "nobody@example.com,+442071838750,x"], "no user has this e-mail address"),
        (["email,phone_number,name", "", "user00001@example.com,+44,x"], "is not an E.164 number such as"),
        (["email,phone_number,name", "", "user00001@example.com,+44,x"], "users.csv line 3"),
        (["email,phone_number,name", "nobody,,"], "Not an e-mail address: "),
        (["email,phone_number,name", ""], "at least one user"),
    ],
    ids=[
        "wrong header",
        "missing value",
        "quotes",
        "unknown user",
        "wrong number",
        "its line",
        "wrong address",
        "nobody",
    ],
)
def test_a_list_that_is_wrong_is_told(tenant, lines, says):
    users = tenant.folder / "users.csv"
    users.write_text("\n".join(lines))
    output = play(tenant, "onboard_users", users_csv=str(users), succeeds=False)
    assert says in re.sub(r"\s+", " ", output)
    assert tenant.writes() == []


@pytest.mark.oldest
def test_the_users_of_a_list_are_reset_and_who_cannot_be_is_told(tenant):
    users = tenant.folder / "users.txt"
    users.write_text("\ufeff%s\n\n%s\n" % (email(3), tenant.user_id(2)))
    checked = play(tenant, "reset_users", "--check", users_file="users.txt")
    assert tenant.writes() == [] and changed(checked) == 3
    few = play(tenant, "reset_users", users_file="users.txt", most_users=1, succeeds=False)
    assert "2 users have to be changed, but max_users is 1" in few and tenant.writes() == []
    users.write_text(users.read_text() + "nobody@example.com\n")
    done = play(tenant, "reset_users", users_file="users.txt", succeeds=False)
    said = re.sub(r"\s+", " ", done)
    assert re.search(r"Nothing was done in this run for nobody@example.com \(line 4\): .*no user has this e-mail", said)
    assert "Reset, " not in said and "Not reset" not in said
    assert tenant.methods(2) == tenant.methods(3) == []
    reset = {tenant.user_id(2), tenant.user_id(3)}
    assert {ticket["user_id"] for ticket in tenant.running.control("GET", "tickets")} == reset
    users.write_text(email(4) + "\n")
    play(tenant, "reset_users", users_file="users.txt", send_mail=False, tickets_folder="links")
    (link,) = (tenant.folder / "links").iterdir()
    assert "/mfa/enrollment?ticket=" in link.read_text() and tenant.methods(4) == []
    # Somebody may still have to read that link, so nothing is done that would need another one.
    tenant.management("POST", "/users/%s/authentication-methods" % tenant.user_id(4).replace("|", "%7C"), EMAIL)
    again = play(tenant, "reset_users", users_file="users.txt", send_mail=False, tickets_folder="links", succeeds=False)
    assert "Nothing was done in this run for %s (line 1): " % email(4) in re.sub(r"\s+", " ", again)
    assert "exists already" in again and len(tenant.methods(4)) == 1
    lost = play(
        tenant, "reset_users", users_file="users.txt", send_mail=False, tickets_folder="no/links", succeeds=False
    )
    assert "There is no directory" in lost and len(tenant.methods(4)) == 1
    users.write_text("nobody\n")
    assert "users.txt line 1" in play(tenant, "reset_users", users_file="users.txt", succeeds=False)
    users.write_text("\n\n")
    assert "names nobody" in play(tenant, "reset_users", users_file="users.txt", succeeds=False)


@pytest.mark.realistic
@pytest.mark.oldest
def test_old_recovery_codes_are_rotated(tenant):
    folder = tenant.folder / "codes"
    old = [method for method in tenant.methods(8) if method["type"] == "recovery-code"]
    assert old
    checked = play(tenant, "rotate_recovery_codes", "--check", codes_folder=str(folder), max_age="1d")
    assert not folder.exists() and tenant.methods(8)[-1:] is not None
    few = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d", most_codes=0, succeeds=False)
    assert "most_codes is 0" in few and tenant.writes() == []
    done = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d")
    again = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d")
    rotated = len(tenant.requests("POST", "recovery-code-regeneration"))
    assert rotated == len(list(folder.iterdir())) >= 1 and changed(again) == 0 and "failed=0" in checked
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in done


@pytest.mark.oldest
def test_what_was_decided_is_done_once(tenant):
    row, finding = removable(audit_of(tenant))
    decide(tenant.folder / "findings.csv", {finding["id"]: "remove"})
    checked = play(tenant, "remediate", "--check", findings="findings.csv")
    assert tenant.writes() == [] and changed(checked) == 1 and not (tenant.folder / "acted.jsonl").exists()
    done = play(tenant, "remediate", findings="findings.csv")
    again = play(tenant, "remediate", findings="findings.jsonl.gz", reviewed=[finding["id"]])
    assert (changed(done), changed(again)) == (1, 0)
    (write,) = tenant.writes()
    assert write.startswith("DELETE ") and write.endswith(finding["authenticator_id"].replace("|", "%7C"))
    said = "remove %s %s (%s)" % (row["email"], finding["authenticator_id"], finding["rule"])
    assert "would " + said in checked and "done: " not in checked and "done: " + said in done and "Done at " in again
    (acted,) = map(json.loads, (tenant.folder / "acted.jsonl").read_text().splitlines())
    assert (acted["finding"], acted["result"]) == (finding["id"], "done")


def test_the_recap_counts_what_was_changed_although_something_failed(tenant):
    rows = audit_of(tenant)
    _row, finding = removable(rows)
    bare, *_others = [each for row in rows for each in row["findings"] if each["rule"] == "no-mfa"]
    tenant.fault(kind="status", status=403, method="POST", path="*/enrollments/ticket")
    failed = play(
        tenant, "remediate", findings="findings.jsonl.gz", reviewed=[finding["id"], bare["id"]], succeeds=False
    )
    assert changed(failed) == 1 and "failed=1" in failed and "1 of 2 decisions failed" in failed
    missing = play(tenant, "remediate", findings="no.such", succeeds=False)
    assert "%s cannot be read: No such file" % (tenant.folder / "no.such") in missing and changed(missing) == 0


@pytest.mark.oldest
def test_a_tenant_is_audited(tenant):
    planned = play(tenant, "audit", "--check", audits="audits")
    assert re.search(r"A run would read (\d+) of \1 users", planned) and not (tenant.folder / "audits").exists()
    done = play(tenant, "audit", audits="audits")
    assert "no-mfa" in done and changed(done) == 0
    (page,) = (tenant.folder / "audits").glob("runs/*/report/report.html")
    assert str(page) in done
    play(tenant, "audit", audits="audits", fail_on="high", succeeds=False)
    (tenant.folder / "wrong.yml").write_text("version: 1\nblocked: no\nprofile: pcii\n")
    wrong = play(tenant, "audit", audits="audits", policy="wrong.yml", succeeds=False)
    for place in ('2:10: blocked is "no"; expected one of in, out, aside', '3:10: profile is "pcii"; expected pci'):
        assert "\n%s:%s" % (tenant.folder / "wrong.yml", place) in in_lines(wrong)


def in_lines(output: str) -> str:
    """What a task's message says; before ansible-core 2.19 the message is shown as JSON."""
    return "\n".join(line.strip() for line in output.replace("\\n", "\n").replace('\\"', '"').splitlines())


@pytest.mark.oldest
def test_remember_browser_is_hidden(tenant):
    assert changed(play(tenant, "hide_remember_browser", "--check")) == 1
    assert changed(play(tenant, "hide_remember_browser")) == 1
    assert tenant.running.control("GET", "remember-browser") == {"remember_browser": False}
    assert changed(play(tenant, "hide_remember_browser", action_position=1)) == 0


@pytest.mark.oldest
def test_drift_from_the_policy_is_told_and_mended(tenant):
    play(tenant, "export_policy", policy_file="policy.yml")
    policy = tenant.folder / "policy.yml"
    assert changed(play(tenant, "policy", "--check", fail_on_drift=True, policy_file="policy.yml")) == 0
    policy.write_text(policy.read_text().replace("duo: false", "duo: true"))
    given = {"policy_file": "policy.yml", "result_file": "result.json"}
    drift = play(tenant, "policy", "--check", "--diff", fail_on_drift=True, **given, succeeds=False)
    assert "The tenant differs from the policy" in drift and '+    "duo": "on"' in drift and tenant.writes() == []
    result = json.loads((tenant.folder / "result.json").read_text())
    assert result["changed"] and result["check_mode"]
    assert result["differences"] == [{"setting": "factors.duo", "before": False, "after": True}]
    assert changed(play(tenant, "policy", **given)) == 1 and changed(play(tenant, "policy", **given)) == 0


def test_a_policy_needs_a_file_without_mistakes(tenant):
    none = play(tenant, "policy", "--check", succeeds=False)
    assert "policy_file is required" in none
    (tenant.folder / "policy.yml").write_text("policyy: never\nfactor_disabled: [phone]\n")
    wrong = play(tenant, "policy", policy_file="policy.yml", result_file="result.json", succeeds=False)
    mistakes = json.loads((tenant.folder / "result.json").read_text())["mistakes"]
    assert [each.partition("policy.yml:")[2] for each in mistakes] == [
        "1:1: the file lacks version; expected version",
        '1:1: unknown key "policyy"; expected policy',
        '2:1: unknown key "factor_disabled"; expected factors',
    ]
    assert "\n" + mistakes[1] in in_lines(wrong) and tenant.requests() == []


def start(tenant: Tenant, folder: Path, name: str, *options: str, succeeds: bool = True) -> str:
    """Run a playbook by its name in the collection, from a folder, as a guide prints it; its output."""
    environ = {**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"}
    given = json.dumps({"tenant": {"base_url": tenant.running.url}})
    command = [BIN / "ansible-playbook", "mfaops.auth0." + name, "-e", given, *options]
    # A shell that lies about where it is must not matter.
    run = subprocess.run(command, env={**environ, "PWD": "/"}, cwd=folder, capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    assert (run.returncode == 0) is succeeds, output
    return re.sub(r"\s+", " ", output)


@pytest.mark.parametrize("name", ["./deep/my codes", "~/codes", "/absolute/codes"])
def test_paths_of_a_playbook_are_the_callers(tenant, name, monkeypatch):
    here, home = tenant.folder / "here", tenant.folder / "home"
    (here / "deep").mkdir(parents=True)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    name = name.replace("/absolute", str(tenant.folder))
    folder = Path(name.replace("~", str(home)))
    folder = folder if folder.is_absolute() else here / folder
    output = start(tenant, here, "rotate_recovery_codes", "-e", json.dumps({"codes_folder": name, "max_age": "1d"}))
    assert list(folder.iterdir()) and "The new codes are in %s," % folder.resolve() in output
    assert not list((PLAYBOOKS).glob("**/my codes"))


@pytest.mark.oldest
def test_files_of_a_playbook_are_the_callers(tenant):
    (tenant.folder / "users.csv").write_text("email,phone_number,name\n%s,+442071838750,\n" % email(1))
    start(tenant, tenant.folder, "onboard_users", "-e", "users_csv=users.csv")
    assert len(tenant.methods(1)) == 1
    audit_of(tenant)
    reviewed = json.dumps({"reviewed": []})
    start(tenant, tenant.folder, "remediate", "-e", "findings=findings.jsonl.gz", "-e", reviewed)
    assert (tenant.folder / "acted.jsonl").exists()
    for name, option, said in (
        ("onboard_users", "users_csv", "There is no file %s."),
        ("remediate", "findings", "%s cannot be read: No such file"),
    ):
        missing = start(tenant, tenant.folder, name, "-e", option + "=no.such", "-e", reviewed, succeeds=False)
        assert said % (tenant.folder / "no.such") in missing
    (tenant.folder / "broken").write_bytes(b"\x1f\x8bbroken")
    broken = start(tenant, tenant.folder, "remediate", "-e", "findings=broken", "-e", reviewed, succeeds=False)
    assert "%s cannot be read: " % (tenant.folder / "broken") in broken


def test_a_shared_directory_keeps_its_mode_and_the_reader_is_told(tenant):
    folder = tenant.folder / "shared"
    folder.mkdir()
    folder.chmod(0o775)
    output = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o775 and list(folder.iterdir())
    assert "(mode 0775)" in output


def test_a_rotation_that_was_cut_off_is_completed_by_the_next_run(tenant):
    folder = tenant.folder / "codes"
    tenant.fault(kind="slow", seconds=20, method="POST", path="*/recovery-code-regeneration")
    given = {"tenant": {"base_url": tenant.running.url}, "codes_folder": str(folder), "max_age": "1d"}
    process = subprocess.Popen(
        [BIN / "ansible-playbook", PLAYBOOKS / "rotate_recovery_codes.yml", "-e", json.dumps(given)],
        env={**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    # The others get theirs meanwhile.
    notes: list[Path] = []
    while not (len(notes) == 1 and list(folder.glob("[!.]*"))) and time.monotonic() < deadline:
        time.sleep(2)
        notes = list(folder.glob(".*.pending"))
    (note,) = notes
    # The module is in a session of its own: it is the process that has the note open.
    (module,) = [
        int(path.parts[2]) for path in Path("/proc").glob("[0-9]*/fd/*") if os.path.realpath(path) == str(note)
    ]
    for process_id in (process.pid, module):
        os.kill(process_id, signal.SIGKILL)
    process.wait()
    whose = json.loads(note.read_text())["user_id"]
    tenant.running.control("DELETE", "faults")
    checked = play(tenant, "rotate_recovery_codes", "--check", codes_folder=str(folder), max_age="1d")
    done = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d")
    again = play(tenant, "rotate_recovery_codes", codes_folder=str(folder), max_age="1d")
    assert [changed(output) for output in (checked, done, again)] == [1, 1, 0]
    assert (folder / note.name[1 : -len(".pending")]).exists() and not list(folder.glob(".*"))
    assert "the recovery code of %s, so nobody may know" % whose in re.sub(r"\s+", " ", done)
