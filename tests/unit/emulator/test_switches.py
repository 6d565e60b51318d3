# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: parsing, and that the README lists all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulator.switches import SWITCHES, read_switches

README = Path(__file__).parents[2] / "emulator" / "README.md"


def _as_text(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_readme_lists_every_switch_with_its_default():
    section = README.read_text(encoding="utf-8").partition("\n## Switches\n")[2]
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| `?([^|` ]+)`? \|", section, re.MULTILINE))
    assert documented == {name: _as_text(switch.default) for name, switch in SWITCHES.items()}


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_every_allowed_value_can_be_set(name):
    switch = SWITCHES[name]
    for value in switch.choices or (switch.default,):
        value = (value,) if isinstance(switch.default, tuple) and switch.choices else value
        assert read_switches([f"{name}={_as_text(value)}"])[name] == value


@pytest.mark.parametrize(
    "assignment",
    [
        "otp-reuse",
        "no-such=on",
        "otp-reuse=maybe",
        "mfa-required-status=500",
        "message-types=fax",
        "mfa-token-lifetime=x",
        "search-total=some",
    ],
)
def test_wrong_assignment_is_named(assignment):
    with pytest.raises(ValueError, match=assignment.partition("=")[0]):
        read_switches([assignment])
