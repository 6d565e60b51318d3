# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a wrong type: one line that says so, no traceback, no request, and none of the task's secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.modules.auth0_action import by_name
from tests.support.campaign import MULTIPLIER, tried
from tests.support.wrong_options import canary, end_of

PROJECT = Path(__file__).parents[2]
OLDEST = PROJECT / ".venv" / "oldest" / "bin" / "python"
ACTION = {"base_url": "http://127.0.0.1:9", "client_id": "m2m", "name": "mine", "code": "code", "max_wait": 0}


@pytest.mark.parametrize("python", [Path(sys.executable), OLDEST], ids=["newest ansible-core", "oldest ansible-core"])
def test_no_option_of_any_type_ends_in_a_traceback_or_prints_another_ones_secret(python):
    if not python.exists():
        pytest.skip("the main environment has the oldest ansible-core")
    command = [python, "-m", "tests.support.wrong_options", str(MULTIPLIER)]
    env = {"PYTHONPATH": str(PROJECT / "build" / "collections"), "LC_ALL": "C.UTF-8", "no_proxy": "127.0.0.1"}
    ended = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=600, check=True)
    found = json.loads(ended.stdout)
    tried("options", found["cases"])
    assert found["problems"] == []
    assert found["cases"] >= min(MULTIPLIER, 1) * 8000


@pytest.mark.parametrize(
    "secrets",
    [
        {"API_KEY": canary(1)},
        {"API_KEY": {"nested": canary(1)}},
        [{"API_KEY": canary(1)}],
        [{"name": "API_KEY", "val": canary(1)}],
        [{"name": {"x": canary(1)}, "value": "v"}],
        [canary(1)],
        canary(1),
        "API_KEY=" + canary(1),
    ],
    ids=str,
)
def test_a_secret_that_is_not_as_documented_is_not_printed(secrets):
    output, _asked = end_of("auth0_action", {**ACTION, "client_secret": canary(2), "secrets": secrets}, True)
    assert json.loads(output)["failed"] and "canary" not in output


def test_a_misspelled_option_does_not_print_its_value():
    output, asked = end_of("auth0_action", {**ACTION, "client_secrte": canary(1)}, True)
    assert "Unsupported parameters" in output and "canary" not in output and not asked


@pytest.mark.parametrize(
    "given",
    [{"A": "1.6.8", "B": "2"}, [{"name": "A", "version": "1.6.8"}, {"name": "B", "version": 2}]],
    ids=["mapping", "list"],
)
def test_packages_are_named_in_a_mapping_or_a_list(given):
    wanted = {"A": {"version": "1.6.8"}, "B": {"version": "2"}}
    assert by_name("dependencies", given, ("version", "registry_url"), True) == wanted


@pytest.mark.parametrize(
    "given, said",
    [
        ({"axios": 1.10}, "The version of axios in dependencies is a number, not a text. Quote it, as in '1.10'"),
        ([{"name": "axios", "version": 1.10}], "The version of axios in dependencies is a number"),
        ({"axios": True}, "is true or false, not a text"),
        ({"axios": None}, "axios in dependencies has no version"),
        ([{"name": "a", "version": "1"}, {"name": "a", "version": "2"}], "has a name that is there twice"),
        ([{"version": "1"}], "other members than name and version"),
        ([["axios", "1"]], "neither a mapping by name nor a list"),
        ("axios=1", "neither a mapping by name nor a list"),
    ],
    ids=str,
)
def test_a_version_that_yaml_changed_is_refused(given, said):
    with pytest.raises(ConfigurationError) as refused:
        by_name("dependencies", given, ("version", "registry_url"), True)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("auth0_action", {"trigger_version": 1.10}, "trigger_version is a number, not a text. Quote it"),
        ("auth0_action", {"runtime": 22.0}, "runtime is a number, not a text"),
        (
            "auth0_action",
            {"secrets": {"PIN": 0o12345}},
            "The value of PIN in secrets is a number, not a text. Quote it",
        ),
        ("auth0_action", {"secrets": {"KEY": None}}, "KEY in secrets has no value"),
        ("auth0_action", {"secrets": [{"name": "KEY", "value": None}]}, "KEY in secrets has no value"),
        ("auth0_action", {"secrets": None}, "secrets is null"),
        ("auth0_mfa_authenticator", {"username": "u", "password": 12345678}, "password is a number, not a text"),
        (
            "auth0_mfa_authenticator",
            {"username": "u", "password": "p-p-p-p", "otp": 0o12345},
            "otp is a number, not a text",
        ),
        ("auth0_mfa_authenticator", {"user_id": ["auth0|1"]}, "user_id is a list, not a text"),
        ("auth0_mfa_authenticator", {"email": {"a": "b"}}, "email is a mapping, not a text"),
        ("auth0_mfa_authenticator", {"user_id": "u", "client_secret": True}, "client_secret is true or false"),
        ("auth0_mfa_authenticator", {"user_id": "u", "timeout": True}, "timeout is true or false, not a number"),
        ("auth0_mfa_authenticator_info", {"user_ids": [1.5]}, "An element of user_ids is a number, not a text"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_yaml_made_of_a_text_is_refused_before_any_request(name, options, said):
    base = {**ACTION, "factor": "otp"} if name == "auth0_mfa_authenticator" else ACTION
    needed = {"auth0_action": ("name", "code"), "auth0_mfa_authenticator": ("factor",)}.get(name, ())
    given = {key: base[key] for key in ("base_url", "client_id", "max_wait", *needed)}
    output, asked = end_of(name, {**given, **options}, False)
    assert said in json.loads(output)["msg"] and not asked


def test_a_complete_code_may_be_a_number():
    options = {**ACTION, "factor": "otp", "username": "u", "password": "p-p-p-p", "otp": 123456}
    output, asked = end_of(
        "auth0_mfa_authenticator", {k: v for k, v in options.items() if k not in ("name", "code")}, False
    )
    assert asked, output
