# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide for users, as it is printed, on a terminal: a test reads, logs in with the browser, scans and types."""

from __future__ import annotations

import json
import re
import textwrap

import pytest
import requests
import segno
import yaml

from tests.support.playbook import ROOT
from tests.support.terminal import Terminal

from .conftest import Tenant, code_of, email
from .test_browser_login import ADDRESS, free_address
from .test_mfa_token import browse

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_as_the_user.rst"
# Light and dark modules, the upper one first.
BLOCKS = {"\u2588": "00", "\u2580": "01", "\u2584": "10", " ": "11"}


def tasks_below(heading: str) -> list[list[dict]]:
    """The tasks of each example in a section of the guide, with a callback URL that nobody uses."""
    section = GUIDE.read_text().partition("\n%s\n---" % heading)[2]
    section = re.split(r"\n[^\n]+\n-----+\n", section)[0].replace("http://127.0.0.1:8765/callback", free_address())
    blocks = re.findall(r"code-block:: yaml\n\n((?:(?:   .*)?\n)+)", section)
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def playing(tenant: Tenant, *tasks: dict) -> Terminal:
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/mfaops.auth0.auth0": {"base_url": tenant.running.url}},
        "vars": {"app_client_id": "app", "app_client_secret": "app-secret"},
        "tasks": list(tasks),
    }
    return Terminal(tenant.folder, [play])


def keep(tenant: Tenant, name: str) -> dict:
    """A task that writes down what only the test may know."""
    content = {"content": "{{ %s | to_json }}" % name, "dest": str(tenant.folder / (name + ".json")), "mode": "0600"}
    return {"ansible.builtin.copy": content, "no_log": True}


def kept(tenant: Tenant, name: str) -> dict:
    return json.loads((tenant.folder / (name + ".json")).read_text())


def scanned(terminal: str) -> list[str]:
    """The modules of the QR code on the terminal, row by row, without the light ones around it."""
    lines = re.findall("\x1b\\[97;40m([\u2588\u2580\u2584 ]+)\x1b\\[0m", terminal)
    rows = ["".join(BLOCKS[character][half] for character in line) for line in lines for half in (0, 1)]
    return [row[4:-4] for row in rows if "1" in row]


def matrix_of(address: str) -> list[str]:
    return ["".join(str(int(bool(module))) for module in row) for row in segno.make_qr(address).matrix]


def test_a_login_with_the_browser_and_a_first_app(tenant):
    ((login,), _by_hand), ((start, *rest),) = tasks_below("Log in with a browser"), tasks_below("Enroll an OTP app")
    terminal = playing(tenant, login, start, keep(tenant, "otp_app"), *rest)
    requests.get(browse(tenant, terminal.read(ADDRESS.replace("60", "180")), 1), timeout=10)
    terminal.read("(enter the code that the app shows)")
    enrollment = kept(tenant, "otp_app")["enrollment"]
    # Who scans the terminal reads the address that Auth0 gave.
    assert scanned(terminal.shown) == matrix_of(enrollment["barcode_uri"])
    terminal.type(code_of(enrollment["secret"], tenant.running))
    assert terminal.end() == 0, terminal.shown
    assert [method["type"] for method in tenant.methods(1) if method["confirmed"]].count("totp") == 1
    log = (tenant.folder / "log").read_text()
    for secret in (enrollment["secret"], "eyJ", "app-secret"):
        assert secret not in terminal.shown and secret not in log
    assert "\u2584" not in log and enrollment["qr_text"] is None


def test_a_login_with_a_browser_that_is_elsewhere(tenant):
    _here, by_hand = tasks_below("Log in with a browser")
    terminal = playing(tenant, *by_hand, keep(tenant, "login"))
    back = browse(tenant, terminal.read(r"browser and log in:\s+(http\S+)"), 1)
    terminal.read("(at which the browser ended)")
    terminal.type(back)
    assert terminal.end() == 0, terminal.shown
    assert kept(tenant, "login")["access_token"] and back.partition("code=")[2][:20] not in terminal.shown


def test_a_push_device_is_scanned_and_waited_for(tenant):
    start, wait = next(
        tasks for tasks in tasks_below("Enroll a phone, an e-mail address or a push device") if "push" in str(tasks)
    )
    token = {"ansible.builtin.set_fact": {"login": {"access_token": tenant.user_token(1)}}, "no_log": True}
    terminal = playing(tenant, token, start, keep(tenant, "device"), wait)
    terminal.read(r"(TASK \[Wait until the user has scanned it\])")
    assert scanned(terminal.shown) == matrix_of(kept(tenant, "device")["enrollment"]["barcode_uri"])
    tenant.running.control("POST", "push/approve?user_id=" + tenant.user_id(1).replace("|", "%7C"))
    assert terminal.end() == 0, terminal.shown
    assert "push" in [method["type"] for method in tenant.methods(1)]


@pytest.mark.parametrize("shown", ["pause", "debug"])
def test_a_code_as_text_keeps_its_lines_where_ansible_prints_it(tenant, shown):
    enroll = {
        "mfaops.auth0.auth0_mfa_authenticator": {**tenant.user(1), "factor": "otp", "qr_text": True},
        "register": "otp_app",
        "no_log": True,
    }
    show = {
        "pause": {"ansible.builtin.pause": {"prompt": "{{ otp_app.enrollment.qr_text }}", "seconds": 1}},
        "debug": {"ansible.builtin.debug": {"msg": "{{ otp_app.enrollment.qr_text.splitlines() }}"}},
    }
    terminal = playing(tenant, enroll, keep(tenant, "otp_app"), show[shown])
    assert terminal.end() == 0, terminal.shown
    enrollment = kept(tenant, "otp_app")["enrollment"]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.shown)
    lines = re.findall("[\u2588\u2580\u2584][\u2588\u2580\u2584 ]{20,}", plain)
    assert lines == enrollment["qr_text"].splitlines() and email(1) not in plain
