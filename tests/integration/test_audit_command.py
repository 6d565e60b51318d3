# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit from a shell, as a stranger calls it: another directory, a plain environment, a tenant behind TLS."""

from __future__ import annotations

import json
import gzip
import os
import pty
import resource
import signal
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.playbook import ROOT
from tests.support.shell import Shell, wait_until

from .conftest import email, reset

USERS = 60


@pytest.fixture(scope="module")
def secure():
    """One tenant behind TLS for all tests of this file."""
    with start(users=USERS, tls=True, switches={"export-seconds": 0}) as running:
        yield running


@pytest.fixture
def shell(request, secure, tmp_path) -> Shell:
    reset(request, secure)
    return Shell(tmp_path, secure)


def reads(running) -> list[str]:
    """Whose authenticators were asked for, in order."""
    return [
        entry["path"].split("/")[4]
        for entry in running.control("GET", "requests")
        if "/authentication-methods" in entry["path"]
    ]


def one_line(text: str) -> str:
    """The message of a call that failed."""
    (line,) = [line for line in text.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in text
    return line


def adds_up(coverage: dict) -> bool:
    parts = ("read", "unread", "gone", "out_of_scope", "not_reached")
    return coverage["listed"] == sum(coverage[part] for part in parts)


def slow(running, seconds: float = 0.05, after: int = 0) -> None:
    """Every list of authenticators takes so long."""
    fault = {"method": "GET", "path": "/api/v2/users/*/authentication-methods", "kind": "slow"}
    running.control("POST", "faults", {**fault, "seconds": seconds, "after": after, "count": 10_000})


@pytest.mark.realistic
def test_plan_run_report_and_another_run(shell, secure):
    planned = shell("plan")
    assert planned.code == 0 and "To read: 60" in planned.out and reads(secure) == []
    assert not shell.folder.exists()
    first = shell("run")
    assert (first.code, len(shell.rows())) == (0, USERS) and "60 read" in first.out
    assert sorted(reads(secure)) == sorted(set(reads(secure))) and len(reads(secure)) == USERS
    for line in first.out.splitlines()[-3:]:
        name, _colon, path = line.partition(": ")
        assert path.endswith(name) and os.path.isfile(path)
    secure.control("DELETE", "requests")
    again = shell("report")
    assert again.code == 0 and secure.control("GET", "requests") == []
    delta = shell("run")
    assert delta.code == 0 and 0 < len(reads(secure)) <= 3 and len(shell.rows()) == USERS
    full = shell("run", "--full")
    assert full.code == 0 and len(reads(secure)) >= USERS and shell.summary()["coverage"]["carried"] == 0


def test_nobody_else_may_read_what_is_kept(shell):
    os.umask(0o022)
    assert shell("run").code == 0
    for path in [shell.folder, *shell.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_without_the_authority_nothing_is_sent(shell, secure):
    shell.tenant = shell.tenant[:2]
    ended = shell("run")
    assert ended.code == 2 and "certificate" in one_line(ended.err) and secure.control("GET", "requests") == []


@pytest.mark.parametrize(
    "environment, part",
    [
        ({"AUTH0_CLIENT_SECRET": "canary-secret"}, "client_id and client_secret"),
        ({"AUTH0_CLIENT_ID": "nobody"}, "client_id and client_secret"),
        ({"AUTH0_CLIENT_SECRET": ""}, "No credentials given"),
        ({"AUTH0_API_TOKEN": "canary-token"}, "token"),
        ({"AUTH0_CLIENT_SECRET": "", "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": "canary-key"}, "private_key"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_wrong_credentials_are_one_line(shell, command, environment, part):
    shell.environment.update(environment)
    ended = shell(command)
    assert ended.code == 2 and ended.out == "" and part in one_line(ended.err)
    assert "canary" not in ended.err and not (shell.folder / "runs").exists()


def test_a_secret_in_a_file_serves_as_well(shell):
    path = shell.here / "secret"
    path.write_text(shell.environment.pop("AUTH0_CLIENT_SECRET") + "\n")
    assert shell("run", "--client-secret-file", str(path)).code == 0


def test_a_secret_that_is_replaced_in_its_file_is_read_again(shell, secure):
    path = shell.here / "secret"
    path.write_text("m2m-readonly-secret-of-last-year")
    # The first request is held up, and meanwhile the file is replaced.
    secure.control("POST", "faults", {"method": "POST", "path": "/oauth/token", "kind": "slow", "seconds": 1})
    del shell.environment["AUTH0_CLIENT_SECRET"]
    with shell.begin("plan", "--client-secret-file", str(path)) as process:
        wait_until(lambda: secure.control("GET", "requests"))
        path.write_text("m2m-readonly-secret")
        assert process.wait(30) == 0, process.stderr.read()
    assert [entry["status"] for entry in secure.control("GET", "requests") if entry["method"] == "POST"][:2] == [
        401,
        200,
    ]


def test_a_private_key_in_a_file_serves_as_well(shell):
    from tests.emulator.launch import PROJECT_ROOT

    shell.environment.update(AUTH0_CLIENT_ID="m2m-jwt")
    del shell.environment["AUTH0_CLIENT_SECRET"]
    key = str(PROJECT_ROOT / "tests" / "emulator" / "m2m-jwt.pem")
    assert shell("plan", "--private-key-file", key).code == 0


@pytest.mark.parametrize(
    "where, part",
    [
        (["--auth0-domain", "nothing.example.invalid"], "host name is unknown"),
        (["--auth0-domain", "https://example.eu.auth0.com"], "not a domain"),
        (["--base-url", "http://example.eu.auth0.com"], "plain http"),
        ([], "No tenant is given"),
    ],
)
def test_a_wrong_address_is_one_line(shell, where, part):
    shell.tenant = where
    ended = shell("run")
    assert ended.code == 2 and part in one_line(ended.err)


def test_a_missing_scope_is_named(shell, secure):
    body = {"statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope"}
    body["message"] = "Insufficient scope, expected any of: read:authentication_methods"
    path = "/api/v2/users/*/authentication-methods"
    fault = {"method": "GET", "path": path, "kind": "status", "status": 403, "body": body, "count": 10_000}
    secure.control("POST", "faults", fault)
    ended = shell("run")
    assert ended.code == 2 and "read:authentication_methods" in one_line(ended.err)


@pytest.mark.parametrize("folder", ["/proc/audits", "/dev/null/audits", "/dev/null"])
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(shell, secure, folder):
    shell.folder = folder
    ended = shell("run")
    assert ended.code == 2 and "Could not write to " in one_line(ended.err) and secure.control("GET", "requests") == []


@pytest.mark.parametrize("kib", [0, 4, 12])
def test_a_full_disk_is_told_and_there_is_a_next_time(shell, kib):
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, kib * 1024))

    ended = shell("run", preexec_fn=full)
    assert ended.code == 2 and "Could not write" in one_line(ended.err)
    assert shell("run").code == 0 and len(shell.rows()) == USERS
    assert len({row["user_id"] for row in shell.rows()}) == USERS


def test_two_at_once_on_one_folder_do_not_disturb_each_other(shell, secure):
    slow(secure)
    with shell.begin("run", "--threads", "1") as first:
        wait_until(lambda: reads(secure))
        second = shell("run")
        assert second.code == 2 and "Another audit is working" in one_line(second.err)
        assert first.wait(60) == 0
    assert len(shell.rows()) == USERS and len(reads(secure)) == USERS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_keeps_what_is_read_and_the_next_run_goes_on(shell, secure, number):
    slow(secure)
    with shell.begin("run", "--threads", "2") as process:
        wait_until(lambda: len(reads(secure)) > 5)
        process.send_signal(number)
        _out, err = process.communicate(timeout=20)
    assert process.returncode == 3 and "Traceback" not in err
    summary = shell.summary()
    assert summary["partial"] and number.name in summary["reason"] and adds_up(summary["coverage"])
    before = shell.latest()["run"]
    secure.control("DELETE", "faults")
    ended = shell("run")
    assert ended.code == 0 and shell.latest()["run"] == before
    assert len({row["user_id"] for row in shell.rows()}) == USERS and sorted(reads(secure)) == sorted(
        set(reads(secure))
    )


def test_one_stop_that_comes_as_two_signals_keeps_what_is_read(shell, secure):
    slow(secure)
    with shell.begin("run", "--threads", "2") as process:
        wait_until(lambda: len(reads(secure)) > 5)
        # As GNU timeout does: to the process and to its group.
        process.send_signal(signal.SIGTERM)
        assert next(line for line in process.stderr if "Stopping" in line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 3
    assert shell.summary()["partial"] and shell.rows()


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_it_at_once(shell, secure, number, code):
    slow(secure, 20)
    with shell.begin("run", "--threads", "1") as process:
        wait_until(lambda: reads(secure))
        process.send_signal(number)
        assert next(line for line in process.stderr if "Stopping" in line)
        time.sleep(1.2)
        process.send_signal(number)
        assert process.wait(5) == code
    secure.reset()
    assert shell("run").code == 0 and len(shell.rows()) == USERS


def test_a_signal_that_was_ignored_from_the_start_stays_so(shell, secure):
    slow(secure)
    with shell.begin("run", "--threads", "2", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
        wait_until(lambda: len(reads(secure)) > 5)
        run.send_signal(signal.SIGHUP)
        assert run.wait(30) == 0


@pytest.mark.realistic
def test_a_deadline_stops_it_and_the_next_run_goes_on(shell, secure):
    slow(secure, 0.2)
    cut = shell("run", "--threads", "1", "--deadline", "6s")
    assert cut.code == 3 and "PARTIAL: The time limit was reached." in cut.out
    read = shell.summary()["coverage"]["read"]
    assert 0 < read < USERS
    secure.control("DELETE", "faults")
    assert shell("run").code == 0 and len(reads(secure)) == USERS


@pytest.mark.realistic
def test_no_resume_begins_another_run(shell, secure):
    slow(secure, 0.2)
    assert shell("run", "--threads", "1", "--deadline", "6s").code == 3
    before = shell.latest()["run"]
    secure.control("DELETE", "faults")
    assert shell("run", "--no-resume").code == 0
    assert shell.latest()["run"] != before and len(shell.rows()) == USERS


@pytest.mark.parametrize("command", ["plan", "run", "report"])
def test_nobody_has_to_read_what_it_prints(shell, command):
    assert shell("run").code == 0
    reader, writer = os.pipe()
    os.close(reader)
    with shell.begin(command, stdout=writer) as process:
        os.close(writer)
        _out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and "Broken" not in err and "Traceback" not in err
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *shell.words(command)],
        cwd=shell.here,
        env=shell.environment,
        timeout=30,
        check=False,
    )
    assert closed.returncode == 0


def test_a_full_standard_output_is_no_clean_run(shell):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = shell("run", stdout=full)
    assert ended.code == 2 and "No space left" in one_line(ended.err) and len(shell.rows()) == USERS


def test_a_terminal_gets_a_bar_and_others_get_lines(shell, secure):
    slow(secure, 0.02)
    leader, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with shell.begin("run", "--threads", "1", stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(leader, 4096):
                shown += part
        except OSError:  # the other end was closed
            pass
        assert process.wait(30) == 0
    os.close(leader)
    assert b"users/s" in shown and b"60/60" in shown
    lines = shell("run", "--full").err
    assert lines.splitlines()[0] == "Listing the users" and "\r" not in lines


def test_what_fails_is_for_the_caller_to_say(shell):
    assert shell("run").code == 0
    found = shell.summary()["findings"]
    assert found["no-mfa"] and found["never-used"]
    assert [shell("report", "--fail-on", level).code for level in ("high", "medium", "low", "none")] == [1, 1, 1, 0]


def test_a_finding_wins_over_partial_and_partial_over_clean(shell):
    given = "".join(f"{email(number)}\n" for number in range(USERS)) + "nobody@example.com\n"
    assert shell("run", "--emails-file", "-", given=given).code == 3
    assert shell("report").code == 3
    assert shell("report", "--fail-on", "low").code == 1


def found_in(rows: list[dict]) -> dict[str, list[str]]:
    """The IDs of the findings of each user. Each folder has a past of its own, which is in the findings as well."""
    return {row["user_id"]: [each["id"] for each in row["findings"]] for row in rows}


@pytest.mark.realistic
def test_a_search_a_list_of_ids_and_a_list_of_addresses_are_the_same_users(shell, tmp_path):
    wanted = [email(number) for number in (3, 7, 11)]
    shell.folder = tmp_path / "by-query"
    query = " OR ".join('email:"%s"' % each for each in wanted)
    assert shell("run", "--query", query).code == 0
    rows = shell.rows()
    assert [row["email"] for row in rows] == wanted
    ids = tmp_path / "ids"
    ids.write_text("# reviewed\n" + "".join(row["user_id"] + "  # %s\n" % row["email"] for row in rows))
    for name, options, given in (
        ("by-id", ["--user-ids-file", str(ids)], None),
        ("by-address", ["--emails-file", "-"], "\n".join(wanted)),
    ):
        shell.folder = tmp_path / name
        ended = shell("run", *options, given=given)
        assert ended.code == 0, ended.err
        assert found_in(shell.rows()) == found_in(rows)


@pytest.mark.realistic
def test_an_address_that_nobody_has_makes_it_partial_and_is_named(shell):
    ended = shell("run", "--emails-file", "-", given="%s\nnobody@example.com\n" % email(3))
    assert ended.code == 3 and "nobody@example.com" in ended.err


@pytest.mark.parametrize("options", [["--user-ids-file", "missing"], ["--emails-file", "/"], ["--query", " "]])
def test_a_list_that_cannot_be_read_is_not_everybody(shell, secure, options):
    ended = shell("run", *options)
    assert ended.code == 2 and one_line(ended.err) and secure.control("GET", "requests") == []


def derived(ended) -> dict:
    """The summary of a report that was made later."""
    (line,) = [line for line in ended.out.splitlines() if line.startswith("summary.json: ")]
    return json.loads(Path(line.partition(": ")[2]).read_text())


def test_a_report_of_another_day_counts_the_ages_to_it_and_replaces_nothing(shell):
    assert shell("run").code == 0
    before, pointer = shell.summary(), shell.latest()
    ended = shell("report", "--as-of", "2030-01-01")
    made = derived(ended)
    assert ended.code == 0 and made["reported"] == "2030-01-01T00:00:00.000Z"
    assert made["findings"]["stale"] > before["findings"]["stale"]
    assert made["coverage"] == before["coverage"]
    assert (shell.summary(), shell.latest()) == (before, pointer)


def test_a_report_has_the_thresholds_of_its_run_where_none_are_given(shell):
    assert shell("run", "--stale-days", "3650", "--weak-factors", "email").code == 0
    policy = derived(shell("report", "--never-used-days", "7"))["policy"]
    assert (policy["stale_days"], policy["never_used_days"]) == (3650, 7)
    assert policy["weak_factors"] == ["email"]


def test_a_report_of_what_is_not_there_makes_nothing(shell):
    ended = shell("report")
    assert ended.code == 2 and "There is no run in" in one_line(ended.err) and not shell.folder.exists()
    assert shell("run").code == 0
    assert "Known runs" in one_line(shell("report", "--run", "other").err)


POLICY = """\
version: 1
profile: pci
privileged:
  emails: [%s]
exclude:
  emails: [%s]
"""


def test_a_policy_says_who_is_meant_and_another_one_judges_the_same_readings_without_a_request(shell, secure):
    vip, left_out = email(3), email(4)
    (shell.here / "policy.yml").write_text(POLICY % (vip, left_out))
    planned = shell("plan", "--policy", "policy.yml")
    assert planned.code == 0 and "Out of scope of the policy: 1" in planned.out, planned.err
    ended = shell("run", "--policy", "policy.yml", "--threads", "1")
    assert ended.code == 0, ended.err
    rows = {row["email"]: row for row in shell.rows()}
    assert rows[vip]["privileged"] and (rows[left_out]["place"], rows[left_out]["authenticators"]) == ("out", [])
    (first, *_others), ids = reads(secure), {row["email"]: row["user_id"] for row in shell.rows()}
    assert first == ids[vip].replace("|", "%7C") and ids[left_out].replace("|", "%7C") not in reads(secure)
    coverage = shell.summary()["coverage"]
    assert coverage["out_of_scope"] == 1 and adds_up(coverage)

    secure.control("DELETE", "requests")
    (shell.here / "other.yml").write_text("version: 1\nthresholds: {stale: {days: 3}}\n")
    other = shell("report", "--policy", "other.yml")
    assert other.code == 3, other.err  # of whom the first policy left out nobody knows anything
    assert "derived/" in other.out and secure.control("GET", "requests") == []


def test_what_is_wrong_with_a_policy_is_told_with_its_line_before_anything_is_sent(shell, secure):
    (shell.here / "policy.yml").write_text("version: 1\nprivileged:\n  email: [a@example.com]\nprofile: pcii\n")
    ended = shell("run", "--policy", "policy.yml")
    assert ended.code == 2 and secure.control("GET", "requests") == []
    assert "policy.yml:3:3" in ended.err and "policy.yml:4:10" in ended.err
    both = shell("run", "--policy", "policy.yml", "--stale-days", "3")
    assert both.code == 2 and "--policy and --stale-days do not go together" in both.err


def test_one_user_is_explained_from_what_was_read(shell, secure):
    assert shell("run").code == 0
    secure.control("DELETE", "requests")
    known = shell("explain", email(3))
    assert known.code == 0 and email(3) in known.out and "Protection:" in known.out, known.err
    unknown = shell("explain", "nobody@example.com")
    assert unknown.code == 2 and "knows no user 'nobody@example.com'" in one_line(unknown.err)
    assert secure.control("GET", "requests") == []


@pytest.mark.realistic
def test_the_difference_to_the_run_before_is_listed_and_only_what_is_new_fails(shell):
    assert shell("run", "--fail-on", "new:low").code == 1
    assert shell("run", "--full", "--no-resume", "--fail-on", "new:low").code == 0
    listed = shell("diff")
    assert listed.code == 0 and "compared with" in listed.out, listed.err
    assert not [line for line in listed.out.splitlines() if line.startswith("new ")]
    first = shell("diff", "--run", sorted(path.name for path in (shell.folder / "runs").iterdir())[0])
    assert [line for line in first.out.splitlines() if line.startswith("new ")]


def test_a_report_for_others_names_nobody(shell):
    assert shell("run").code == 0
    names = {text for row in shell.rows() for text in (row["user_id"], row["email"], row["name"]) if text}
    refused = shell("report", "--pseudonyms")
    assert refused.code == 2 and "MFAOPS_PSEUDONYM_KEY" in one_line(refused.err)
    shell.environment["MFAOPS_PSEUDONYM_KEY"] = "k" * 32
    made = shell("report", "--pseudonyms")
    assert made.code == 0, made.err
    (folder,) = (shell.folder / "runs").glob("*/derived/*")
    for file in folder.iterdir():
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
        assert not [name for name in names if name in text], file.name
    assert not [name for name in names if name in made.out]


@pytest.mark.parametrize("name", ["policy", "users", "findings", "changes", "summary"])
def test_a_schema_is_printed_as_it_is_published(shell, name):
    shell.folder = None
    printed = shell("schema", name)
    assert printed.code == 0 and printed.out == (ROOT / "docs" / "schemas" / (name + ".schema.json")).read_text()
