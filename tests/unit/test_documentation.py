# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written down twice because Ansible wants it so says the same in both places."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    ENVIRONMENT,
    connection_spec,
    from_environment,
    target_spec,
    user_spec,
)

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))


@pytest.mark.parametrize(
    "fragment, spec",
    [
        (ModuleDocFragment.DOCUMENTATION, connection_spec()),
        (ModuleDocFragment.TARGET, target_spec()),
        (ModuleDocFragment.USER, user_spec()),
    ],
    ids=["connection", "target", "user"],
)
def test_options_of_the_fragment_are_those_of_the_spec(fragment, spec):
    documented = yaml.safe_load(fragment)["options"]
    assert documented.keys() == spec.keys()
    for name, option in spec.items():
        assert documented[name]["type"] == option["type"], name
        assert documented[name].get("default") == option.get("default"), name
        variables = option["fallback"][1] if "fallback" in option else []
        variables = [*variables, *([ENVIRONMENT[name]] if name in ENVIRONMENT else [])]
        assert all("E(%s)" % variable in str(documented[name]["description"]) for variable in variables), name


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["action_groups"] == {"auth0": MODULES}


@pytest.mark.parametrize("name", ["api_token", "client_secret", "private_key", "proxy", "mfa_token", "password", "otp"])
def test_secrets_are_marked(name):
    assert {**connection_spec(), **user_spec()}[name]["no_log"] is True


NOTHING = {name: None for name in ("auth0_domain", "base_url", *ENVIRONMENT)}
EVERYTHING = {**{variable: variable.lower() for variable in ENVIRONMENT.values()}, "AUTH0_DOMAIN": "prod.example.com"}


@pytest.mark.parametrize(
    "given, environment, added",
    [
        ({}, {}, {}),
        ({}, EVERYTHING, {"auth0_domain": "prod.example.com", "api_token": "auth0_api_token"}),
        ({}, {"AUTH0_CLIENT_SECRET": "s"}, {"client_secret": "s"}),
        ({}, {"AUTH0_CLIENT_SECRET": ""}, {}),
        # What a task says is never joined by another credential.
        ({"client_secret": "mine"}, EVERYTHING, {"auth0_domain": "prod.example.com"}),
        ({"private_key": "mine"}, EVERYTHING, {"auth0_domain": "prod.example.com"}),
        ({"api_token": "mine", "auth0_domain": "mine.example.com"}, EVERYTHING, {}),
        (
            {"api_token": "mine", "base_url": "https://login.example.com"},
            EVERYTHING,
            {"auth0_domain": "prod.example.com"},
        ),
        ({"api_token": "mine", "base_url": "http://127.0.0.1:8090"}, EVERYTHING, {}),
    ],
)
def test_the_environment_adds_only_what_the_task_leaves_open(given, environment, added):
    assert from_environment({**NOTHING, **given}, environment) == added
