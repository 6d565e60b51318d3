# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_remediation against the embedded tenant: users with each finding that can be acted on, audited; then half
of the findings get out of date.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
from urllib.parse import quote

import pytest
import yaml

from tests.emulator.launch import start
from tests.support import in_process, playbook
from tests.support.playbook import BIN, ROOT, environment

from .conftest import Tenant, code_of
from .test_playbooks import audit_of, decide

REMEDIATION = "mfaops.auth0.auth0_mfa_remediation"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE = {"factor": "phone", "number": "+15005550123", "enrolled": "300 days ago", "last used": "1 day ago"}
CODE = {"factor": "recovery-code", "enrolled": "300 days ago"}
STALE = {"factor": "otp", "secret": SECRET, "enrolled": "400 days ago", "last used": "300 days ago"}
PUSH = {"factor": "push", "secret": SECRET, "enrolled": "400 days ago", "last used": "300 days ago"}
UNUSED = {"factor": "otp", "secret": SECRET, "enrolled": "300 days ago"}
ODD = {**STALE, "raw": {"last_auth_at": "2099-01-01T00:00:00.000Z"}}
PENDING = {"factor": "otp", "secret": SECRET, "enrolled": "20 hours ago", "unconfirmed": True}
PENDING["raw"] = {"created_at": "2026-01-01T00:00:00.000Z"}

# What each finding is about, as it is when the audit sees it. Of each kind a second user changes before the decision is carried out.
CASES = {
    "stale": [STALE, PHONE, CODE],
    "stale-pair": [PUSH, PHONE, CODE],
    "never-used": [UNUSED, PHONE, CODE],
    "odd-date": [ODD, PHONE, CODE],
    "unconfirmed": [PENDING, CODE],
    "no-mfa": [],
    "recovery-code-only": [CODE],
    "no-recovery-code": [PHONE],
}
ACTIONS = {
    **dict.fromkeys(("stale", "stale-pair", "never-used", "odd-date", "unconfirmed"), "remove"),
    **dict.fromkeys(("no-mfa", "recovery-code-only"), "ticket"),
    "no-recovery-code": "rotate",
}


def address(case: str, state: str) -> str:
    return f"{case}.{state}@example.com"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A tenant with two users for each case."""
    users = [
        {"email": address(case, state), "user_id": f"auth0|{case}-{state}", "last login": "1 day ago"}
        | {"created": "500 days ago", "authenticators": authenticators}
        for case, authenticators in CASES.items()
        for state in ("holds", "changes")
    ]
    file = tmp_path_factory.mktemp("seed") / "users.yml"
    file.write_text(yaml.safe_dump({"users": users}))
    with start(users=0, seed_file=file, switches={"unconfirmed-in-management": "on"}) as running:
        yield running


@pytest.fixture
def tenant(seeded, tmp_path):
    seeded.reset()
    return Tenant(seeded, tmp_path, in_process.play)


def user_id(case: str, state: str) -> str:
    return f"auth0|{case}-{state}"


def decided(tenant: Tenant) -> dict[str, tuple[str, str]]:
    """Audit the tenant, and write a decision about each user into findings.csv; the case and state by ID of the finding."""
    rows = {row["user_id"]: row for row in audit_of(tenant)}
    found = {
        next(
            finding["id"]
            for finding in rows[user_id(case, state)]["findings"]
            if finding["rule"] == case.removesuffix("-pair")
        ): (case, state)
        for case in CASES
        for state in ("holds", "changes")
    }
    decide(tenant.folder / "findings.csv", {identity: ACTIONS[case] for identity, (case, _state) in found.items()})
    return found


def methods(tenant: Tenant, who: str) -> list[dict]:
    return tenant.management("GET", "/users/%s/authentication-methods" % quote(who))


def log_in_with_otp(tenant: Tenant, case: str) -> None:
    """What the user does in between: a login with the device, which confirms one that is pending."""
    login = tenant.log_in(0, username=address(case, "changes"))
    token = login.get("mfa_token") or login["access_token"]
    grant = "http://auth0.com/oauth/grant-type/mfa-otp"
    code = code_of(SECRET, tenant.running)
    tenant.post("/oauth/token", {"grant_type": grant, "mfa_token": token, "otp": code})


def get_out_of_date(tenant: Tenant) -> None:
    """What happens to the users of the state "changes" after the audit."""
    for case in ("stale", "stale-pair", "unconfirmed"):
        log_in_with_otp(tenant, case)
    (unused,) = [each for each in methods(tenant, user_id("never-used", "changes")) if each["type"] == "totp"]
    gone = "/users/%s/authentication-methods/%s" % (quote(user_id("never-used", "changes")), quote(unused["id"]))
    tenant.management("DELETE", gone)
    # The other device goes, so that the odd one is the last.
    (phone,) = [each for each in methods(tenant, user_id("odd-date", "changes")) if each["type"] == "phone"]
    last = "/users/%s/authentication-methods/%s" % (quote(user_id("odd-date", "changes")), quote(phone["id"]))
    tenant.management("DELETE", last)
    for case in ("no-mfa", "recovery-code-only"):
        path = "/users/%s/authentication-methods" % quote(user_id(case, "changes"))
        tenant.management("POST", path, {"type": "phone", "name": "new", "phone_number": "+15005550124"})
    code = "/users/%s/recovery-code-regeneration" % quote(user_id("no-recovery-code", "changes"))
    tenant.management("POST", code)
    tenant.forget_requests()


def task(tenant: Tenant, **options) -> dict:
    given = {
        "findings": str(tenant.folder / "findings.csv"),
        "results_path": str(tenant.folder / "acted.jsonl"),
        "codes_folder": str(tenant.folder / "codes"),
    }
    return {REMEDIATION: {**given, **options}}


def results(tenant: Tenant, *tasks: dict) -> list[dict]:
    return tenant.results(tenant.operator, *tasks)


REASONS = {
    "stale": r"It was used since the audit, at 20",
    "stale-pair": r"used since the audit|was used or enrolled since the audit",
    "never-used": r"It is gone already\.",
    "odd-date": r"may leave the user without a second factor\.$",
    "unconfirmed": r"since the audit",
    "no-mfa": r"The user has a second factor: phone\.",
    "recovery-code-only": r"The user has a second factor: phone\.",
    "no-recovery-code": r"The user has a recovery code now\.",
}


def test_what_holds_is_done_once_and_what_does_not_stays(tenant):
    found = decided(tenant)
    get_out_of_date(tenant)
    checked, done, again = results(tenant, {**task(tenant), "check_mode": True}, task(tenant), task(tenant))
    assert (checked["changed"], done["changed"], again["changed"]) == (True, True, False)
    for result, word in ((checked, "planned"), (done, "done")):
        expected = {"done": 0, "planned": 0, "skipped": len(CASES), "failed": 0, "not-reached": 0, word: len(CASES)}
        assert result["counts"] == expected
        for row in result["results"]:
            case, state = found[row["finding"]]
            assert (row["result"], row["user_id"]) == (word if state == "holds" else "skipped", user_id(case, state))
            assert state == "holds" or re.search(REASONS[case], row["reason"]), row
    told = [{**row, "at": None, "result": row["result"].replace("planned", "done")} for row in checked["results"]]
    assert told == [{**row, "at": None} for row in done["results"]]
    writes = sorted(request.partition("/api/v2/")[2] for request in tenant.writes())
    expected = [(case, user_id(case, "holds").replace("|", "%7C")) for case in CASES]
    tickets = [case for case, _who in expected if ACTIONS[case] == "ticket"]
    assert writes == sorted(
        ["guardian/enrollments/ticket"] * len(tickets)
        + ["users/%s/recovery-code-regeneration" % who for case, who in expected if ACTIONS[case] == "rotate"]
        + [
            "users/%s/authentication-methods/%s" % (who, row["authenticator_id"].replace("|", "%7C"))
            for case, who in expected
            for row in done["results"]
            if row["action"] == "remove" and found[row["finding"]] == (case, "holds")
        ]
    )
    assert all(row["reason"].startswith("Done at ") for row in again["results"] if found[row["finding"]][1] == "holds")
    for case in tickets:
        mails = tenant.running.control("GET", "codes?user_id=" + quote(user_id(case, "holds")))
        assert len(mails) == 1 and mails[0]["to"] == address(case, "holds")
    pair = next(row for row in done["results"] if found[row["finding"]] == ("stale-pair", "holds"))
    assert sorted(each.partition("|")[0] for each in pair["removed"]) == ["push", "totp"]


def test_the_file_has_a_line_for_each_decision_and_no_secret(tenant):
    decided(tenant)
    played = tenant.play(tenant.operator, task(tenant))
    lines = (tenant.folder / "acted.jsonl").read_text()
    rows = [json.loads(line) for line in lines.splitlines()]
    (result,) = played.results
    by_finding = sorted(result["results"], key=lambda row: row["finding"])
    assert sorted(rows, key=lambda row: row["finding"]) == by_finding
    files = list((tenant.folder / "codes").iterdir())
    assert sorted(map(str, files)) == sorted(row["path"] for row in rows if row["path"]) and len(files) == 2
    secrets = [file.read_text().strip() for file in files]
    for who in (user_id(case, state) for case in CASES for state in ("holds", "changes")):
        secrets += [
            each["ticket_url"]
            for each in tenant.running.control("GET", "codes?user_id=" + quote(who))
            if "ticket_url" in each
        ]
    assert len(secrets) == 6 and all(secrets)
    for secret in secrets:
        assert secret not in lines and secret not in played.output
        assert secret.rpartition("=")[2] not in lines + played.output
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tenant.folder / "codes").stat().st_mode) == 0o700


def test_check_mode_writes_nothing_and_shows_the_lines_that_the_file_would_get(tenant):
    decided(tenant)
    before = sorted(tenant.folder.rglob("*"))
    (checked,) = results(tenant, {**task(tenant), "check_mode": True, "diff": True})
    assert not checked.get("warnings")
    assert checked["changed"] and tenant.writes() == [] and sorted(tenant.folder.rglob("*")) == before
    (done,) = results(tenant, {**task(tenant), "diff": True})
    shown = [
        sorted((json.dumps({**json.loads(line), "at": None}) for line in result["diff"]["after"].splitlines()))
        for result in (checked, done)
    ]
    written = (tenant.folder / "acted.jsonl").read_text()
    assert shown[0] == shown[1] and len(shown[0]) == 2 * len(CASES) and done["diff"]["after"] == written


def test_a_user_who_was_blocked_since_the_audit_gets_no_ticket_unasked(tenant):
    found = decided(tenant)
    who = user_id("no-mfa", "holds")
    tenant.management("PATCH", "/users/" + quote(who), {"blocked": True})
    reviewed = [identity for identity, where in found.items() if where == ("no-mfa", "holds")]
    skipped, named = results(
        tenant, task(tenant, reviewed=reviewed), task(tenant, reviewed=reviewed, include=["blocked"])
    )
    assert skipped["results"][0]["reason"] == "The user is blocked. To act all the same, add blocked to include."
    assert (skipped["changed"], named["counts"]["done"]) == (False, 1)
    assert len(tenant.requests("POST", "enrollments/ticket")) == 1


@pytest.mark.parametrize("option", ["most_removals", "most_tickets", "most_codes"])
def test_more_than_allowed_is_refused_before_the_first_request(tenant, option):
    decided(tenant)
    (refused,) = results(tenant, task(tenant, **{option: 1}))
    assert refused["failed"] and "but %s is 1" % option in refused["msg"] and tenant.requests() == []
    assert not (tenant.folder / "codes").exists()


def test_what_failed_is_told_with_everything_that_was_done_and_done_by_the_next_task(tenant):
    decided(tenant)
    tenant.fault(kind="status", status=403, method="POST", path="*/enrollments/ticket")
    failed, then = results(tenant, task(tenant), task(tenant))
    assert failed["failed"] and failed["changed"] and "1 of 16 decisions failed, and" in failed["msg"]
    counts = failed["counts"]
    assert counts["failed"] == 1 and counts["done"] >= len(CASES) * 2 - 4 and sum(counts.values()) == 16
    assert not then.get("failed") and then["counts"]["done"] == 16 - counts["done"]
    assert len(tenant.requests("POST", "enrollments/ticket")) == 5


def test_a_code_that_a_killed_run_may_have_lost_is_made_again(tenant):
    decided(tenant)
    tenant.fault(kind="close", method="POST", path="*/recovery-code-regeneration", count=2)
    lost, then = results(tenant, task(tenant), task(tenant))
    assert lost["counts"]["failed"] == 2 and lost["changed"]
    assert then["counts"]["done"] == 2 and len(then["warnings"]) == 2
    assert len(list((tenant.folder / "codes").iterdir())) == 2


def test_a_finding_of_another_tenant_or_user_is_refused(tenant):
    decided(tenant)
    file = tenant.folder / "findings.csv"
    file.write_text(file.read_text().replace("auth0|stale-holds", "auth0|no-mfa-holds"))
    (refused,) = results(tenant, task(tenant))
    assert refused["failed"] and "are not those of the ID" in refused["msg"] and tenant.requests() == []


def test_who_lost_the_last_factor_before_the_run_is_not_named(tenant):
    found = decided(tenant)
    who = user_id("stale", "holds")
    for method in methods(tenant, who):
        if method["type"] in ("phone", "totp"):
            path = "/users/%s/authentication-methods/%s" % (quote(who), quote(method["id"]))
            tenant.management("DELETE", path)
    reviewed = [identity for identity, where in found.items() if where == ("stale", "holds")]
    (result,) = results(tenant, task(tenant, reviewed=reviewed))
    assert result["without_second_factor"] == [] and result["counts"]["skipped"] == 1


@pytest.mark.oldest
def test_as_the_playbook_with_everything_printed(seeded, tmp_path):
    seeded.reset()
    tenant = Tenant(seeded, tmp_path, playbook.play)
    decided(tenant)
    given = {"tenant": {"base_url": seeded.url}, "findings": "findings.csv", "results_file": "acted.jsonl"}
    command = [BIN / "ansible-playbook", ROOT / "playbooks" / "remediate.yml", "-vvvv", "-e", json.dumps(given)]
    environ = {**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"}
    run = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True)
    files = list((tmp_path / "recovery-codes").iterdir())
    assert len(files) == 2 and "changed=1" in run.stdout
    said = run.stdout + run.stderr + (tmp_path / "acted.jsonl").read_text()
    for secret in ("m2m-secret", "eyJ", "ticket=", *(file.read_text().strip() for file in files)):
        assert secret not in said


def test_the_next_report_says_what_was_done(tenant):
    found = decided(tenant)
    (result,) = results(tenant, task(tenant, results_path=str(tenant.folder / "audits" / "acted.jsonl")))
    assert result["counts"]["done"] == len(found)
    rows = {row["user_id"]: row for row in audit_of(tenant)}
    left = {each["rule"] for row in rows.values() for each in row["findings"] if each["id"] in found}
    assert left == {"no-mfa", "recovery-code-only"}
    newest = max((tenant.folder / "audits").glob("runs/*/report/report.html"), key=lambda path: path.stat().st_mtime)
    assert newest.read_text().count("ticket mailed 20") >= 4
