# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command that a guide or a playbook's header prints is run as printed, from a folder with only the reader's own files."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest

from tests.support.playbook import BIN, ROOT, environment

from .conftest import email
from .test_playbooks import audit_of

PRINTED = re.compile(r"^(?:#| ) +(?:\$ )?(ansible-playbook mfaops\.auth0\..*)$", re.MULTILINE)
SOURCES = [*(ROOT / "docs" / "docsite" / "rst").glob("*.rst"), *(ROOT / "playbooks").glob("*.yml")]
COMMANDS = sorted({command for source in SOURCES for command in PRINTED.findall(source.read_text())})


def test_every_playbook_has_a_command():
    called = {re.match(r"ansible-playbook mfaops\.auth0\.(\w+)", command)[1] for command in COMMANDS}
    assert called == {path.stem for path in (ROOT / "playbooks").glob("*.yml")} - {"demo"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_runs_as_printed(tenant, command):
    _path, rows = audit_of(tenant)
    finding = next(
        finding["id"]
        for row in rows
        for finding in row["findings"]
        if finding["rule"] in ("stale", "never-used") and len(row["authenticators"]) > 1
    )
    (tenant.folder / "reviewed.yml").write_text(json.dumps({"reviewed": [finding]}))
    (tenant.folder / "users.csv").write_text("email,phone_number,name\n%s,+442071838750,work phone\n" % email(1))
    (tenant.folder / "policy.yml").write_text((ROOT / "docs/examples/gitops/policy.yml").read_text())
    words = shlex.split(command.replace("/secure/", str(tenant.folder) + "/"))
    # A domain is called by HTTPS; the embedded tenant of the tests speaks HTTP.
    words += ["-e", json.dumps({"tenant": {"base_url": tenant.running.url}})]
    run = subprocess.run(
        [BIN / words[0], *words[1:]],
        cwd=tenant.folder,
        env={**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    drift = "fail_on_drift=true" in command
    assert (run.returncode == 0) is not drift, run.stdout
    assert not drift or "The tenant differs from the policy" in run.stdout
