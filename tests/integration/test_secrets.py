# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret leaves the place it belongs to: not in output, not in a diff, not in a file."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest

from tests.support.shell import Shell

from .conftest import email
from .test_failures import (
    ACTION,
    API_TOKEN,
    AUDIT,
    AUTHENTICATOR,
    BLOCK,
    BROWSER,
    CODE,
    FACTOR,
    INFO,
    REFRESH_TOKEN,
    REMEDIATION,
    SESSION,
    TICKET,
    TOKEN,
    decided,
)

pytestmark = pytest.mark.oldest

CANARY = "canary-%s-5f3a9"
SEED = "CANARYCANARY2345CANARYCANARY2345"


def canaries(*names: str) -> dict[str, str]:
    return {name: CANARY % name.replace("_", "-") for name in names}


def files_with(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in content(path)]


def content(path: Path) -> bytes:
    found = path.read_bytes()
    return found + gzip.decompress(found) if path.name.endswith(".gz") else found


@pytest.fixture
def temporary():
    """A short path: Ansible puts a socket into it, whose path may have 108 characters at most."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_no_secret_of_the_task_is_printed_or_left_behind(tenant, temporary, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(temporary))
    wrong = [
        {INFO: {**tenant.operator, "email": email(3), **canaries("client_secret")}},
        {CODE: {**tenant.operator, "email": email(3), **canaries("client_secret")}},
        {INFO: {**tenant.operator, "email": email(3), **canaries("api_token")}},
        {AUTHENTICATOR: {**tenant.operator, "email": email(1), "factor": "otp", "totp_secret": SEED}, "diff": True},
        {AUTHENTICATOR: {**tenant.application, "factor": "otp", **canaries("mfa_token")}},
        {AUTHENTICATOR: {**tenant.user(3), "factor": "otp", **canaries("password")}},
        {AUTHENTICATOR: {**tenant.user(3), "factor": "otp", **canaries("otp")}},
        {AUTHENTICATOR: {**tenant.user(1), "state": "confirmed", "factor": "otp", **canaries("code", "oob_code")}},
    ]
    played = tenant.play({}, *wrong, options=("-vvvv",))
    assert [bool(result.get("failed")) for result in played.results] == [
        True,
        True,
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    for secret in ("canary-", SEED):
        assert secret not in played.output
        # The playbook is what the operator wrote; everything else was made by the run.
        assert files_with(tenant.folder, secret) == [tenant.folder / "playbook.yml"]
        assert files_with(temporary, secret) == []


def test_tokens_and_codes_that_auth0_returns_are_not_printed(tenant):
    token = tenant.user_token(1)
    user = {**tenant.application, "mfa_token": token}
    played = tenant.play(
        {},
        {AUTHENTICATOR: {**user, "factor": "otp"}, "no_log": True},
        {AUTHENTICATOR: {**user, "factor": "phone", "phone_number": "+442071838750"}, "no_log": True},
        {CODE: {**tenant.operator, "email": email(2)}, "no_log": True, "diff": True},
        {INFO: {**tenant.user(3), "include_unconfirmed": True}},
        {AUDIT: {**tenant.operator, "folder": str(tenant.folder / "audits")}},
        {REMEDIATION: {**tenant.operator, **decided(tenant)}, "diff": True},
        {TICKET: {**tenant.operator, "email": email(2), "ticket_file": str(tenant.folder / "ticket")}},
        {TICKET: {**tenant.operator, "users": [{"email": email(2)}], "tickets_folder": str(tenant.folder / "tickets")}},
        {API_TOKEN: tenant.operator},
        {API_TOKEN: {**tenant.operator, "api_token": tenant.operator_token()}},
        options=("-vvvv",),
    )
    otp, phone, code, _listed, _audited, acted, ticket, tickets, shared, kept = played.results
    links = [Path(each["ticket_file"]).read_text().strip() for each in (ticket, *tickets["users"])]
    issued = [
        Path(acted["results"][0]["path"]).read_text().strip(),
        otp["enrollment"]["secret"],
        *otp["enrollment"]["recovery_codes"],
        phone["enrollment"]["oob_code"],
        code["recovery_code"],
        shared["access_token"],
        kept["access_token"],
        *links,
        *(link.partition("=")[2] for link in links),
    ]
    assert len(issued) == 11 and all(issued)
    for secret in [*issued, token, "Fe26.2*", "eyJ", "app-secret", "m2m-secret", "Correct-Horse-7"]:
        assert secret not in played.output


def test_no_secret_of_any_module_is_printed_or_left_behind(tenant, temporary, monkeypatch):
    """With ``-vvvv``, as JSON, with diffs, in failures and in successes."""
    monkeypatch.setenv("TMPDIR", str(temporary))
    operator = {**tenant.operator, "email": email(3)}
    browser = {"grant": "authorization_code", "redirect_uri": "https://app.example.com/callback"}
    app = tenant.application
    wrong = [
        {TICKET: {**operator, **canaries("client_secret")}},
        {BROWSER: {**operator, "state": "absent", **canaries("api_token")}},
        {FACTOR: {**tenant.operator, "enabled": ["otp"], **canaries("client_secret")}},
        {ACTION: {**tenant.operator, "name": "mine", "code": "x", **canaries("api_token")}},
        {ACTION: {**tenant.operator, "name": "mine", "code": "x", "secrets": [canaries("value") | {"name": "KEY"}]}},
        {INFO: {"base_url": tenant.running.url, "email": email(3), "client_id": "m2m", **canaries("private_key")}},
        {INFO: {**operator, "proxy": "http://user:%s@127.0.0.1:9" % (CANARY % "proxy"), "max_wait": 0}},
        {AUDIT: {**tenant.operator, "folder": str(tenant.folder / "audits"), **canaries("client_secret")}},
        {REMEDIATION: {**tenant.operator, **decided(tenant), **canaries("api_token")}},
        {API_TOKEN: {**tenant.operator, **canaries("client_secret")}},
        {API_TOKEN: {**tenant.operator, **canaries("api_token")}},
        {API_TOKEN: {"base_url": tenant.running.url, **canaries("api_token")}},
        {TOKEN: {**tenant.user(3), **canaries("password")}},
        {TOKEN: {**tenant.user(3), **canaries("otp")}},
        {TOKEN: {**tenant.user(3), **canaries("recovery_code")}},
        {TOKEN: {**app, **canaries("mfa_token", "oob_code", "binding_code")}},
        {TOKEN: {**app, "grant": "refresh_token", **canaries("refresh_token")}},
        {TOKEN: {**app, **browser, **canaries("code", "code_verifier")}},
        {
            TOKEN: {
                **app,
                **browser,
                "callback_url": "https://app.example.com/callback?code=%s&state=x" % (CANARY % "callback"),
                **canaries("state", "code_verifier"),
            }
        },
        {SESSION: {**operator, "state": "absent", **canaries("client_secret")}},
        {REFRESH_TOKEN: {**operator, "state": "absent", **canaries("api_token")}},
        {BLOCK: {**tenant.operator, "state": "absent", "users": [{"email": email(3), **canaries("passphrase")}]}},
    ]
    outputs = []
    for callback in (None, "whole_results"):
        played = tenant.play({}, *[{**task, "diff": True} for task in wrong], options=("-vvvv",), callback=callback)
        outputs.append(played.output)
    # One line for each task, and one for the task that keeps the results.
    assert sum(line.startswith("{") for line in outputs[1].splitlines()) == len(wrong) + 1
    assert [index for index, result in enumerate(played.results) if not result.get("failed")] == [4]
    for secret in ("canary-", "m2m-secret", "app-secret"):
        assert [secret in output for output in outputs] == [False, False]
        assert files_with(temporary, secret) == []
    assert files_with(tenant.folder, "canary-") == [tenant.folder / "playbook.yml"]


def test_no_secret_of_the_audits_command_is_printed_or_left_behind(tenant, temporary):
    shell = Shell(tenant.folder, tenant.running)
    shell.environment["TMPDIR"] = str(temporary)
    right = dict(shell.environment)
    file = tenant.folder / (CANARY % "path")
    file.write_text(CANARY % "file")
    outputs = []
    for variables, options, code in (
        ({}, (), 0),
        ({}, ("--client-secret", CANARY % "option"), 2),
        ({}, ("--client-secre=" + CANARY % "option",), 2),
        ({}, ("--client-secret-file", str(file)), 2),
        ({}, ("--client-secret-file", CANARY % "missing-path"), 2),
        ({}, ("--private-key-file", str(file)), 2),
        ({}, ("--proxy", "socks5://user:%s@127.0.0.1:9" % (CANARY % "proxy")), 2),
        ({}, ("--base-url", "https://user:%s@127.0.0.1:9" % (CANARY % "url")), 2),
        ({"AUTH0_CLIENT_SECRET": CANARY % "secret"}, (), 2),
        ({"AUTH0_API_TOKEN": CANARY % "token"}, (), 2),
        ({"AUTH0_CLIENT_SECRET": "", "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": CANARY % "key"}, (), 2),
    ):
        shell.environment = {**right, **variables}
        ended = shell("run", "--full", *options)
        assert ended.code == code, (options, ended)
        outputs.append(ended.out + ended.err)
    file.unlink()
    for secret in ("canary-", "m2m-readonly-secret", "eyJ"):
        assert [output for output in outputs if secret in output] == []
        assert files_with(tenant.folder, secret) == files_with(temporary, secret) == []
