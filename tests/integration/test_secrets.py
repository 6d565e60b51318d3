# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret leaves the place it belongs to: not in output, not in a diff, not in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from .conftest import email
from .test_failures import AUTHENTICATOR, CODE, INFO

CANARY = "canary-%s-5f3a9"
SEED = "CANARYCANARY2345CANARYCANARY2345"


def canaries(*names: str) -> dict[str, str]:
    return {name: CANARY % name.replace("_", "-") for name in names}


def files_with(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


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
        options=("-vvvv",),
    )
    otp, phone, code, _listed = played.results
    issued = [
        otp["enrollment"]["secret"],
        *otp["enrollment"]["recovery_codes"],
        phone["enrollment"]["oob_code"],
        code["recovery_code"],
    ]
    assert len(issued) == 4 and all(issued)
    for secret in [*issued, token, "Fe26.2*", "eyJ", "app-secret", "m2m-secret", "Correct-Horse-7"]:
        assert secret not in played.output
