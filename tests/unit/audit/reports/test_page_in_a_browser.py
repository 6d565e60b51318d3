# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page in Chromium, where there is one: its script runs under its own policy, and it prints on few pages."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES

from tests.unit.audit.history import HOSTILE
from tests.unit.audit.reports.test_html import finding, shown, user_with

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def chromium(tmp_path, html: str, *options: str) -> subprocess.CompletedProcess:
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    command += [
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    command += ["--enable-logging=stderr", "--virtual-time-budget=2000", *options, file.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def test_the_script_runs_and_the_browser_complains_of_nothing(tmp_path):
    html = shown(
        *(user_with(number, finding("no-mfa", number), name=name, email=None) for number, name in enumerate(HOSTILE))
    )
    done = chromium(tmp_path, html, "--dump-dom", "--timezone=Europe/Berlin")
    assert f"{len(HOSTILE)} of {len(HOSTILE)} rows" in done.stdout
    assert re.search(r'<time datetime="[^"]*">2026-06-01 12:00 UTC \(', done.stdout)
    assert done.stdout.count('<th scope="col"><button') == 8
    assert "CONSOLE" not in done.stderr


def test_a_report_of_more_than_four_hundred_findings_prints_on_six_pages(tmp_path):
    rules = list(RULES)[:5]
    html = shown(*(user_with(number, *(finding(rule, number) for rule in rules)) for number in range(100)))
    chromium(tmp_path, html, f"--print-to-pdf={tmp_path / 'report.pdf'}")
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "report.pdf").read_bytes())
    assert 1 < len(pages) <= 6
