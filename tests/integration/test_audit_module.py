# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_audit against the embedded tenant: the same audit as from a shell."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.checked import FileError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import REPORT, SUMMARY
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import ALWAYS, CHANGES, MORE
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run as audit
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

from tests.support.operator import management_api
from tests.support.shell import Shell

from .conftest import email

pytestmark = pytest.mark.realistic

AUDIT = "mfaops.auth0.auth0_mfa_audit"


def results(tenant, *tasks):
    return tenant.results(tenant.operator, *tasks)


def task(tenant, **options):
    return {AUDIT: {"folder": str(tenant.folder / "audits"), "resume": True, **options}}


@pytest.mark.run_by("module")
def test_the_first_run_reads_everybody_and_the_next_few(tenant):
    first, second = results(tenant, task(tenant), task(tenant))
    users = first["coverage"]["listed"]
    assert first["partial"] is False and first["changed"] is False
    assert first["coverage"]["read"] == users > 0
    assert second["coverage"]["carried"] > users / 2
    assert Path(first["files"]["report.html"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    figures = json.loads(Path(second["files"]["summary.json"]).read_text(encoding="utf-8"))
    assert figures["coverage"] == second["coverage"] and figures["users"] == second["protection"]
    assert tenant.writes() == ["POST /api/v2/jobs/users-exports"] * 2


@pytest.mark.run_by("module")
def test_check_mode_is_a_plan_that_reads_nobody_and_writes_nothing(tenant):
    (result,) = results(tenant, {**task(tenant), "check_mode": True})
    plan = result["plan"]
    assert plan["users"] == plan["to_read"] == plan["requests"] > 0 and plan["carried"] == 0
    assert not tenant.requests(part="authentication-methods")
    assert not (tenant.folder / "audits").exists()


@pytest.mark.run_by("module")
def test_a_finding_at_the_severity_fails_the_task_and_the_result_is_whole(tenant):
    passed, failed = results(tenant, task(tenant, fail_on="none"), task(tenant, fail_on="high"))
    assert not passed.get("failed")
    assert failed["failed"] and failed["changed"] is False
    assert failed["msg"].startswith("The audit has findings of severity high or above.")
    assert set(failed["files"]) == set(passed["files"]) and failed["findings"]


@pytest.mark.run_by("module")
def test_a_partial_run_fails_unless_it_may(tenant):
    odd = {"kind": "status", "status": 404, "body": "not here", "method": "GET", "count": 10_000, "after": 3}
    tenant.running.control("POST", "faults", {**odd, "path": "/api/v2/users/*/authentication-methods"})
    lenient, strict = results(tenant, task(tenant, fail_if_partial=False), task(tenant, resume=False))
    assert lenient["partial"] and lenient["reason"] and not lenient.get("failed")
    assert strict["failed"] and strict["reason"] in strict["msg"]


@pytest.mark.run_by("module")
@pytest.mark.parametrize(
    "options, said",
    [
        ({"user_ids": []}, "user_ids is empty"),
        ({"query": " "}, "query is empty"),
        ({"deadline": "soon"}, "deadline 'soon' is not a number with a unit"),
        ({"full": True, "since": "20260101T000000Z"}, "mutually exclusive"),
        ({"threads": 0}, "threads 0 is not a whole number from 1 to"),
        ({"query": None}, "query is null"),
        ({"since": "20260101T000000Z"}, "There is no run '20260101T000000Z'"),
    ],
)
def test_what_cannot_be_right_is_told_before_the_first_request(tenant, options, said):
    (result,) = results(tenant, task(tenant, **options))
    assert result["failed"] and said in result["msg"]
    if "since" not in options or "full" in options:
        assert tenant.requests() == []


def test_the_shell_works_in_the_folder_of_the_module(tenant):
    """Through ansible-playbook, with only some users."""
    addresses = [email(number) for number in range(1, 9)]
    (played,) = results(tenant, task(tenant, emails=addresses))
    assert played["coverage"]["read"] == 8, played["reason"]
    shell = Shell(tenant.folder, tenant.running)
    (shell.here / "emails.txt").write_text("\n".join(addresses), encoding="utf-8")
    ended = shell("run", "--emails-file", "emails.txt")
    assert ended.code == 0, ended.err
    assert "8 read" in ended.out and shell.latest()["run"] != played["run"]


def by_library(tenant, folder: Path) -> dict[str, Path]:
    budget = Budget(1.0, 60.0)
    with management_api(tenant.running.url, budget) as api:
        order = Order(tenant.running.domain, threads=1)
        outcome = audit(api, budget, FolderStore(str(folder)), order, tenant=GuardianApi(api))
    return {name: folder / key for name, key in outcome.keys.items()}


def by_shell(tenant, folder: Path) -> dict[str, Path]:
    shell = Shell(tenant.folder, tenant.running)
    shell.folder = folder
    ended = shell("run", "--threads", "1")
    assert ended.code == 0, ended.err
    return {name: folder / key for name, key in shell.latest()["keys"].items()}


def by_module(tenant, folder: Path) -> dict[str, Path]:
    (played,) = results(tenant, {AUDIT: {"folder": str(folder), "threads": 1}})
    return {name: Path(path) for name, path in played["files"].items()}


def without_the_time_of_the_run(path: Path, day: str) -> str:
    """The content with one word in place of each moment of that day, and of what is made of it."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    text = re.sub(rf"{day}[T ]\d\d:\d\d(:\d\d\.\d+Z)?", "TIME", text)
    text = re.sub(r"\d{6}-%sT\d{6}Z" % day.replace("-", ""), "RUN", text)
    # It is made of the times as well.
    text = re.sub(r",s[0-9a-f]{15}\r\n", ",SUM\r\n", text)
    return re.sub(r'("days": |time":)[\d.e-]+', "TIME", text)


@pytest.mark.run_by("module")
def test_module_shell_and_library_make_the_same_files(tenant):
    """Every file of a first run and of one after a change, but for the time of day.

    One thread, because who was read first is read first again when nothing has changed; but of users who were read in the same
    millisecond anybody may be first, so lines are compared without their order.
    """
    ways = (by_library, by_shell, by_module)
    for change in (None, 3):
        if change:
            method, *_others = [each for each in tenant.methods(change) if each["type"] not in ("password", "email")]
            path = "/users/%s/authentication-methods/%s" % (tenant.user_id(change), method["id"])
            tenant.management("DELETE", path.replace("|", "%7C"))
        files = [way(tenant, tenant.folder / way.__name__) for way in ways]
        day = json.loads(files[0][SUMMARY].read_text(encoding="utf-8"))["planned"][:10]
        assert set(files[0]) == set(files[1]) == set(files[2]) == {*ALWAYS, *MORE, SUMMARY, REPORT}
        for name in files[0]:
            one, other, last = (sorted(without_the_time_of_the_run(each[name], day).splitlines()) for each in files)
            assert one == other == last, name
    assert gzip.decompress(files[0][CHANGES].read_bytes())


def test_progress_is_printed_while_it_runs(tenant):
    output = tenant.play(tenant.operator, task(tenant), options=("-v",)).output
    assert "Listing the users" in output and "Writing the reports" in output


def test_what_is_wrong_with_a_policy_is_said_in_the_same_words_by_module_shell_and_library(tenant):
    policy = tenant.folder / "policy.yml"
    policy.write_text("version: 1\nprivileged:\n  email: [a@example.com]\nprofile: pcii\n")
    (result,) = results(tenant, task(tenant, policy=str(policy)))
    ended = Shell(tenant.folder, tenant.running)("run", "--policy", str(policy))
    with pytest.raises(FileError) as caught:
        load(str(policy), RULES, date(2026, 11, 27))
    assert result["failed"] and (ended.code, ended.err) == (2, "error: %s\n" % result["msg"])
    assert result["msg"] == str(caught.value) and tenant.requests() == []
    first, *lines = result["msg"].splitlines()
    assert first == "The policy cannot be used. Correct the file. Nothing was sent."
    assert [line.split(": ")[0] for line in lines] == ["%s:%s" % (policy, place) for place in ("3:3", "4:10")]
    assert result["mistakes"] == lines
