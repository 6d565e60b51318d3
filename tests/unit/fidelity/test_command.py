# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.fidelity`` as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from tests.emulator.launch import PROJECT_ROOT
from tests.emulator.switches import read_switches
from tests.fidelity import __main__ as program
from tests.fidelity import manifest, report
from tests.fidelity import tenant as tenants
from tests.fidelity.checks import CannotRun
from tests.fidelity.run import Results, Seen, run

SECRETS = {"AUTH0_CLIENT_SECRET": "m2m-secret", "AUTH0_APP_CLIENT_SECRET": "app-secret"}
ENVIRONMENT = {"AUTH0_CLIENT_ID": "m2m", "AUTH0_APP_CLIENT_ID": "app", **SECRETS}


def start(url, *arguments, **environment):
    command = [sys.executable, "-m", "tests.fidelity", "--target", url, *arguments]
    given = {name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")}
    return subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env={**given, **ENVIRONMENT, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def users_made(emulator):
    """The requests that made or deleted a user, and their statuses."""
    return [
        (entry["method"], entry["status"])
        for entry in emulator.control("GET", "requests")
        if (entry["method"], entry["path"]) == ("POST", "/api/v2/users")
        or (entry["method"] == "DELETE" and entry["path"].count("/") == 4 and "/users/" in entry["path"])
    ]


def test_a_run_writes_a_preset_and_no_secret(emulator, tmp_path):
    chosen = {"mfa-required-status": "401", "session-management": "off", "poll-interval": "0", "export-seconds": "0"}
    emulator.reset(users=20, switches=chosen)
    files = {name: tmp_path / name for name in ("preset.yml", "report.json")}
    arguments = (
        "--yes",
        "--area",
        "switches",
        "--area",
        "token",
        "--preset-file",
        str(files["preset.yml"]),
        "--json-file",
        str(files["report.json"]),
    )
    process = start(emulator.url, *arguments)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    assert "\n  --switch mfa-required-status=401\n" in output

    switches = read_switches([], str(files["preset.yml"]))
    assert (switches["mfa-required-status"], switches["session-management"]) == (401, False)
    report = json.loads(files["report.json"].read_text(encoding="utf-8"))
    assert {case["outcome"] for case in report["cases"]} == {"holds"}
    assert report["switches"]["adaptive-mfa"] == {"value": None, "why": "needs settings"}

    everything = output + "".join(file.read_text(encoding="utf-8") for file in files.values())
    assert not [secret for secret in (*SECRETS.values(), "Fe26", "eyJ") if secret in everything]
    made = users_made(emulator)
    # The second one is in a connection for which users are not created, as the report says.
    assert made == [("POST", 201), ("POST", 400), ("DELETE", 204)]
    assert switches["social-users"] == "refused"


def test_it_says_what_it_will_do_and_asks(emulator):
    emulator.reset(users=20)
    process = start(emulator.url)
    output = process.communicate("no\n", timeout=30)[0]
    assert process.returncode == 2
    assert emulator.url in output and "deletes it at the end" in output and output.endswith("Go on? [y/N] ")
    assert emulator.control("GET", "requests") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_made_is_removed_after_an_interruption(emulator, number):
    emulator.reset(users=20, plan="enterprise")
    process = start(emulator.url, "--yes", "--area", "methods")
    deadline = time.monotonic() + 30
    while ("POST", 201) not in users_made(emulator):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130, output
    assert "what was made has been removed" in output
    assert users_made(emulator)[-1] == ("DELETE", 204)


def test_a_wrong_secret_is_told_and_nothing_is_made(emulator):
    emulator.reset(users=20)
    process = start(emulator.url, "--yes", AUTH0_CLIENT_SECRET="wrong-secret")
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 2
    assert "no Management API token: 401 access_denied / Unauthorized" in output and "wrong-secret" not in output
    assert users_made(emulator) == []


@pytest.mark.parametrize(
    ("arguments", "environment", "text"),
    [
        ((), {"AUTH0_APP_CLIENT_SECRET": "wrong-secret"}, "users cannot log in through the application app: 401"),
        (
            (),
            {"AUTH0_APP_CLIENT_ID": "app-without-mfa", "AUTH0_APP_CLIENT_SECRET": "app-without-mfa-secret"},
            "users cannot log in through the application app-without-mfa: 403",
        ),
        (("--connection", "nope"), {}, "no user in the connection nope: 400"),
    ],
    ids=["secret", "grants", "connection"],
)
def test_a_wrong_setup_is_told_and_is_no_difference(emulator, arguments, environment, text):
    emulator.reset(users=20)
    process = start(emulator.url, "--yes", "--area", "methods", *arguments, **environment)
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 2, output
    assert f"tests.fidelity: {text}" in output
    assert "Differs" not in output and ("POST", 201) not in users_made(emulator)


def test_a_tenant_that_goes_away_ends_the_run_and_differs_in_nothing(make_lab):
    with make_lab() as lab:
        lab.tenant.target = "http://127.0.0.1:9"
        results = Results()
        with pytest.raises(requests.ConnectionError):
            list(run(lab, manifest.read(), results, ("token",)))
        assert results.cases == []


def test_what_is_not_auth0_gives_no_token(make_lab):
    with make_lab() as lab:
        lab.tenant.begin(wrong=1)
        with pytest.raises(CannotRun, match="no Management API token: 418"):
            lab.token()


@pytest.mark.parametrize(
    ("ends_with", "left", "code", "said"),
    [
        (KeyboardInterrupt(), [], 130, "Interrupted: what was made has been removed, and the report is not complete."),
        (KeyboardInterrupt(), ["the user x"], 130, "Interrupted: the report is not complete."),
        (CannotRun("no token"), ["the user x"], 2, "tests.fidelity: no token"),
        (requests.ConnectionError(), [], 2, "tests.fidelity: no answer from http://127.0.0.1:9: ConnectionError"),
    ],
)
def test_an_end_before_the_first_answer_is_told_without_a_report(monkeypatch, capsys, ends_with, left, code, said):
    class Ended(program.Lab):
        def token(self):
            self.left_behind += left
            raise ends_with

    monkeypatch.setattr(program, "Lab", Ended)
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)
    for name, value in {**ENVIRONMENT, "AUTH0_BASE_URL": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    assert program.main(["--yes"]) == code
    out, err = capsys.readouterr()
    assert "| Area |" not in out
    lines = [line for line in err.splitlines() if line and not line.endswith("removing what was made.")]
    assert lines == [said, *(f"tests.fidelity: could not remove {what}. Remove it yourself." for what in left)]


def test_what_was_measured_is_told_with_how_exact_it_is():
    results = Results(
        switches=[
            Seen(side, 4, "") for side in manifest.read().switches if side.name in ("log-delay", "longest-address")
        ]
    )
    said = "Measured, and so not exact: log-delay within 3 s."
    assert said in report.text(results, manifest.read()) and f"# {said}\n" in report.preset(results)
    assert "Measured" not in report.preset(Results())


def test_nobody_who_could_answer_is_one_line_and_no_request(emulator):
    emulator.reset(users=20)
    process = start(emulator.url)
    output = process.communicate("", timeout=30)[0]
    assert process.returncode == 2 and "--yes" in output and "Traceback" not in output
    assert emulator.control("GET", "requests") == []


@pytest.mark.parametrize(
    ("arguments", "environment", "text"),
    [
        (
            ["--target", "https://example.eu.auth0.com", "--preset-file", "/no/such/x.yml"],
            ENVIRONMENT,
            "/no/such/x.yml cannot",
        ),
        ([], {}, "expected --target"),
        (["--target", "example.eu.auth0.com"], ENVIRONMENT, "expected --target with http"),
        (["--target", "https://example.eu.auth0.com"], {"AUTH0_CLIENT_ID": "x"}, "AUTH0_CLIENT_SECRET"),
        (["--also", "everything"], ENVIRONMENT, "invalid choice"),
    ],
)
def test_a_wrong_command_line_is_one_line(capsys, arguments, environment, text):
    with pytest.raises(SystemExit) as ended:
        program.read_arguments(arguments, environment)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and text in said and said.count("\n") == 1


def test_the_domain_of_the_environment_is_enough():
    options = program.read_arguments([], {**ENVIRONMENT, "AUTH0_DOMAIN": "example.eu.auth0.com"})
    assert options.target == "https://example.eu.auth0.com"
    assert "app-secret" not in repr(options.given)


def test_codes_are_those_of_the_rfc():
    """RFC 6238, appendix B, the last six of its eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert [tenants.one_time_code(secret, moment) for moment in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]


def test_half_of_the_request_budget_is_left(make_lab):
    """On a plan of two requests a second the third one waits, and no request is refused."""
    pauses = []
    with make_lab(plan="free") as lab:
        wait = lab.tenant._pause
        lab.tenant._pause = lambda seconds: (pauses.append(seconds), wait(seconds))
        statuses = [lab.manage("GET", "/guardian/factors").status for _number in range(4)]
    assert statuses == [200] * 4
    assert pauses and all(0 < pause <= 2 for pause in pauses)
