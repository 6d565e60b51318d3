# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: parsing, and that the README lists all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulator.switches import PRESETS, SWITCHES, listed, read_preset, read_switches, written

README = Path(__file__).parents[2] / "emulator" / "README.md"


def test_readme_lists_every_switch_with_its_default():
    section = README.read_text(encoding="utf-8").partition("\n## Switches\n")[2]
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| `?([^|` ]+)`? \|", section, re.MULTILINE))
    assert documented == {name: written(switch.default) for name, switch in SWITCHES.items()}


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_every_allowed_value_can_be_set(name):
    switch = SWITCHES[name]
    for value in switch.choices or (switch.default,):
        value = (value,) if isinstance(switch.default, tuple) and switch.choices else value
        assert read_switches([f"{name}={written(value)}"])[name] == value


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
        "latency-tail=41",
        "mfa-token-lifetime=99999999999",
        "custom-domains=localhost",
        "custom-domains=LOGIN.example.com",
        "custom-domains=10.0.0.1",
        "custom-domains=https://login.example.com",
        "custom-domains=login.example.com:443",
        "custom-domains=login example.com",
        "custom-domains=-login.example.com",
        "custom-domains=login.example.com,login.example.com",
        "user-kinds=fax:3",
        "user-kinds=sms",
        "user-kinds=sms:60,samlp:41",
        "user-kinds=sms:1,sms:1",
    ],
)
def test_wrong_assignment_is_named(assignment):
    with pytest.raises(ValueError, match=assignment.partition("=")[0]):
        read_switches([assignment])


@pytest.mark.parametrize(
    "text", ["", "login.example.com", "xn--bcher-kva.example", "a.b.c.example.com,l0gin.example.org"]
)
def test_custom_domains_are_host_names(text):
    assert written(read_switches([f"custom-domains={text}"])["custom-domains"]) == text


@pytest.mark.parametrize(
    ("assignments", "said"),
    [
        (["mfa-polcy=never"], "switch 'mfa-polcy': unknown; did you mean mfa-policy? python -m tests.emulator --list"),
        (["zzz=1"], "switch 'zzz': unknown; python -m tests.emulator --list-switches lists all"),
        (["otp-reuse=on", "poll-interval=1", "otp-reuse=on"], "switch 'otp-reuse': is given twice"),
    ],
)
def test_a_switch_that_is_mistaken_is_told_with_what_helps(assignments, said):
    with pytest.raises(ValueError) as raised:
        read_switches(assignments)
    assert said in str(raised.value) and len(str(raised.value)) < 160


def test_the_list_has_every_switch_with_its_values():
    lines = listed().splitlines()
    assert [line.partition("=")[0] for line in lines] == sorted(SWITCHES)
    assert "mfa-policy=all-applications  (all-applications or never)" in lines


def test_every_preset_can_be_read_and_changes_something():
    assert "realistic" in PRESETS
    defaults = read_switches([])
    for name in PRESETS:
        assert {switch: value for switch, value in read_preset(name).items() if value != defaults[switch]}


def test_a_preset_takes_the_place_of_defaults_and_an_assignment_that_of_the_preset(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("otp-reuse: on\nmessage-types: sms\nmfa-token-lifetime: 600\nenabled-factors:\n", encoding="utf-8")
    expected = {"otp-reuse": True, "message-types": ("sms",), "mfa-token-lifetime": 600, "enabled-factors": ()}
    assert read_preset(str(path)) == expected
    assert read_switches(["otp-reuse=off"], str(path)) == read_switches([]) | expected | {"otp-reuse": False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("otp-reuse: on\nno-such: on\n", "mine.yml:2: switch 'no-such': unknown"),
        ("otp-reuse: yes\n", "mine.yml:1: switch 'otp-reuse': expected on or off, not 'yes'"),
        ("otp-reuse: on\notp-reuse: off\n", "mine.yml:2: switch 'otp-reuse' is there twice"),
        ("message-types: [sms]\n", "mine.yml:1: expected a switch and its value"),
        ("- otp-reuse\n", "expected lines such as"),
        ("", "mine.yml: is empty; expected lines such as"),
        ("# nothing\n", "mine.yml: is empty; expected lines such as"),
        ("otp-reuse: on\npoll-interval: 'on\n", "mine.yml:3: is not YAML: while scanning a quoted scalar"),
        ("otp-reuse: on\n\x07", "mine.yml:2: is not YAML: U+0007"),
        (b"otp-reuse: on\n\xff\xfe\xff", "mine.yml:2: is not UTF-8 text"),
        (None, "no such file, and the known names are realistic"),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_what_is_wrong_in_a_preset_is_told_in_one_line(tmp_path, text, said):
    path = tmp_path / "mine.yml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError) as raised:
        read_preset(str(path))
    assert said in str(raised.value) and "mine.yml" in str(raised.value) and "\n" not in str(raised.value)
