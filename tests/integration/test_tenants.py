# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several tenants in one inventory: each shipped playbook reaches the one that is meant, with its own secrets, and asks it for one token."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
import yaml
from ansible.constants import DEFAULT_VAULT_ID_MATCH
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.emulator.launch import start
from tests.support.playbook import BIN, environment

from .conftest import Tenant, email
from .test_playbooks import audit_of, decide, removable

pytestmark = pytest.mark.oldest


@pytest.fixture(scope="module")
def second():
    """Another tenant."""
    with start(users=20) as running:
        yield running


@pytest.fixture
def tenants(tenant, second):
    """A tenant for development and one for production, in an inventory with a vault."""
    second.reset()
    folder = tenant.folder
    both = {"dev": tenant, "prod": replace(tenant, running=second)}
    vault = VaultLib([(DEFAULT_VAULT_ID_MATCH, VaultSecret(b"vault-password"))])
    (folder / "vault-password").write_text("vault-password")
    inventory = {"auth0": {"hosts": dict.fromkeys(both), "vars": {"audits": "audits/{{ inventory_hostname }}"}}}
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump(inventory))
    for name, each in both.items():
        own = folder / "inventory" / "host_vars" / name
        own.mkdir(parents=True)
        given = {"base_url": each.running.url, "client_id": "m2m", "client_secret": "{{ vault_client_secret }}"}
        (own / "tenant.yml").write_text(yaml.safe_dump({"tenant": given, "policy_file": "policy-of-%s.yml" % name}))
        (own / "vault.yml").write_bytes(vault.encrypt("vault_client_secret: m2m-secret\n"))
    return both


def play(tenants: dict[str, Tenant], name: str, *options: str) -> str:
    """Run a playbook of the collection with the inventory; its output."""
    for each in tenants.values():
        each.forget_requests()
    command = [BIN / "ansible-playbook", "-i", "inventory", "--vault-password-file", "vault-password"]
    run = subprocess.run(
        [*command, "mfaops.auth0." + name, *options],
        env={**environment(), "AUTH0_DOMAIN": "nowhere.invalid"},
        cwd=tenants["dev"].folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0 and "m2m-secret" not in run.stdout, run.stdout
    return run.stdout


def tokens(tenants: dict[str, Tenant]) -> list[int]:
    return [len(each.requests("POST", "/oauth/token")) for each in tenants.values()]


def test_a_playbook_reaches_the_tenants_that_are_meant(tenants):
    users = tenants["dev"].folder / "users.csv"
    lines = ["%s,+4420718387%02d,new" % (email(number), number) for number in range(1, 11)]
    users.write_text("\n".join(["email,phone_number,name", *lines]) + "\n")
    play(tenants, "onboard_users", "-e", "target=prod", "-e", "users_csv=users.csv")
    # Ten users, one token.
    assert tokens(tenants) == [0, 1] and tenants["dev"].requests() == []
    assert [len(each.methods(1)) for each in tenants.values()] == [0, 1]
    audited = play(tenants, "audit", "-e", "target=auth0")
    assert tokens(tenants) == [1, 1]
    pages = sorted(page.parts[-5] for page in (users.parent / "audits").glob("*/runs/*/report/report.html"))
    assert pages == ["dev", "prod"] and re.search(r"dev +: ok=", audited) and re.search(r"prod +: ok=", audited)


@pytest.mark.parametrize(
    "name, options",
    [
        ("reset_lost_phone", ("-e", "user=" + email(3))),
        ("rotate_recovery_codes", ("-e", "codes_folder=codes", "-e", "max_age=1d")),
        ("hide_remember_browser", ()),
        ("reset_users", ("-e", "users_file=users.txt")),
        ("remediate", ("-e", "findings=findings.csv")),
    ],
)
def test_every_other_playbook_reaches_it_as_well(tenants, name, options):
    folder = tenants["prod"].folder
    (folder / "users.txt").write_text("%s\n" % email(4))
    if name == "remediate":
        _row, finding = removable(audit_of(tenants["prod"]))
        decide(folder / "findings.csv", {finding["id"]: "remove"})
    play(tenants, name, "--check", "-e", "target=prod", *options)
    assert tokens(tenants) == [0, 1] and tenants["dev"].requests() == []


def test_a_policy_goes_from_one_tenant_to_the_next(tenants):
    play(tenants, "export_policy", "-e", "target=dev")
    assert tokens(tenants) == [1, 0]
    (tenants["dev"].folder / "policy-of-prod.yml").write_bytes(
        (tenants["dev"].folder / "policy-of-dev.yml").read_bytes()
    )
    play(tenants, "policy", "-e", "target=prod", "-e", "fail_on_drift=true")
    assert tokens(tenants) == [0, 1] and tenants["prod"].writes() == []
