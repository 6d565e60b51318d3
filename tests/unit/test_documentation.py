# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written down twice because Ansible wants it so says the same in both places."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.doc_fragments.attributes import ModuleDocFragment as Attributes
from ansible_collections.mfaops.auth0.plugins.doc_fragments.connection import ModuleDocFragment as Connection
from ansible_collections.mfaops.auth0.plugins.module_utils import entries, module as base
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error

from tests.support.documented import PREFIX, returned

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("auth0_*.py"))
DOCSITE = ROOT / "docs" / "docsite"

SHARED = {name: part for name, part in {**vars(base), "USERS": entries.USERS}.items() if isinstance(part, base.Part)}
FRAGMENTS = {
    "mfaops.auth0.attributes": Attributes.DOCUMENTATION,
    "mfaops.auth0.connection": Connection.DOCUMENTATION,
    **{
        "mfaops.auth0.connection.%s" % name.lower(): text
        for name, text in vars(Connection).items()
        if name.isupper() and name != "DOCUMENTATION"
    },
}
# What Ansible does with an option, and what it assumes where nothing is said.
FACTS = {
    "type": "str",
    "elements": None,
    "required": False,
    "default": None,
    "choices": None,
    "aliases": None,
}


def fragment_of(name: str) -> str:
    """The fragment that documents a shared part."""
    return "mfaops.auth0.connection" + ("" if name == "CONNECTION" else "." + name.lower())


def parts_of(name: str) -> tuple[base.Part, ...]:
    """The parts that a module hands to ``run``."""
    module = importlib.import_module(PREFIX + name)
    with mock.patch.object(module, "run") as run:
        module.main()
    (_task, *parts), _nothing = run.call_args
    return tuple(parts)


def documentation_of(name: str) -> dict:
    return yaml.safe_load(importlib.import_module(PREFIX + name).DOCUMENTATION)


def documented_options(name: str) -> dict[str, dict]:
    """The options of a module's documentation, those of its fragments included."""
    documentation = documentation_of(name)
    options = dict(documentation["options"])
    for fragment in documentation["extends_documentation_fragment"]:
        options.update(yaml.safe_load(FRAGMENTS[fragment]).get("options", {}))
    return options


def flat(options: dict[str, dict], nested: str, prefix: str = "") -> dict[str, dict]:
    """What is said about each option, by name; ``a.b`` for an option within another."""
    found = {}
    for name, option in options.items():
        found[prefix + name] = {fact: option.get(fact, otherwise) for fact, otherwise in FACTS.items()}
        found.update(flat(option.get(nested, {}), nested, "%s%s." % (prefix, name)))
    return found


def differences(documented: dict[str, dict], accepted: dict[str, dict]) -> list[str]:
    """What is said of each option that differs, so that a reader sees it in the first lines of a failure."""
    return [
        "%s: documented %s, accepted %s" % (name, documented.get(name), accepted.get(name))
        for name in sorted({*documented, *accepted})
        if documented.get(name) != accepted.get(name)
    ]


@pytest.mark.parametrize("name", MODULES)
def test_every_option_is_documented_as_it_is(name):
    accepted = base.module_arguments(parts_of(name))["argument_spec"]
    assert differences(flat(documented_options(name), "suboptions"), flat(accepted, "options")) == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_the_fragments_of_its_shared_parts_and_no_others(name):
    shared = {fragment_of(shared) for shared, part in SHARED.items() if part in parts_of(name)}
    assert {*documentation_of(name)["extends_documentation_fragment"]} == {"mfaops.auth0.attributes"} | shared


@pytest.mark.parametrize("name", MODULES)
def test_no_option_is_in_two_parts(name):
    options = [option for part in parts_of(name) for option in part.options]
    assert sorted(options) == sorted(set(options))


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_of_a_module_names_options_it_has(name):
    arguments = base.module_arguments(parts_of(name))
    rules = [*arguments["mutually_exclusive"], *arguments["required_together"], *arguments["required_one_of"]]
    rules += [(option, *others) for option, others in arguments["required_by"].items()]
    rules += [(option, *others) for option, _value, others, *_one_is_enough in arguments["required_if"]]
    assert {option for rule in rules for option in rule} <= arguments["argument_spec"].keys()


@pytest.mark.parametrize("name", SHARED)
def test_a_fragment_documents_the_options_of_its_part(name):
    documented = yaml.safe_load(FRAGMENTS[fragment_of(name)])["options"]
    assert differences(flat(documented, "suboptions"), flat(SHARED[name].options, "options")) == []


@pytest.mark.parametrize("name", SHARED)
def test_a_fragment_names_the_environment_variables_of_its_part(name):
    documented = yaml.safe_load(FRAGMENTS[fragment_of(name)])["options"]
    for option, spec in SHARED[name].options.items():
        variables = spec["fallback"][1] if "fallback" in spec else []
        variables = [*variables, *([base.ENVIRONMENT[option]] if option in base.ENVIRONMENT else [])]
        assert all("E(%s)" % variable in str(documented[option]["description"]) for variable in variables), option


@pytest.mark.parametrize("name", MODULES)
def test_a_module_leads_to_a_guide_that_uses_it(name):
    documentation = documentation_of(name)
    fragments = [yaml.safe_load(FRAGMENTS[each]) for each in documentation["extends_documentation_fragment"]]
    also = [each for part in (documentation, *fragments) for each in part.get("seealso", [])]
    guides = [each["ref"].rpartition(".")[2] for each in also if "ref" in each]
    assert any("mfaops.auth0." + name in (DOCSITE / "rst" / (guide + ".rst")).read_text() for guide in guides)


def test_every_environment_variable_is_declared_where_options_that_name_it_link_to():
    named = {
        found
        for text in [*FRAGMENTS.values(), *map(str, map(documentation_of, MODULES))]
        for found in re.findall(r"E\((\w+)\)", text)
    }
    described = re.findall(r"^\.\. envvar:: (\w+)$", (DOCSITE / "rst" / "environment.rst").read_text(), re.MULTILINE)
    assert yaml.safe_load((DOCSITE / "config.yml").read_text())["envvar_directives"] == described
    assert named == {*described}


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["action_groups"] == {"auth0": MODULES}


# What ``fail_json`` says of any error beside ``msg``.
FACTS_OF_AN_ERROR = Auth0Error(
    "x", status=403, code="insufficient_scope", request_id="8a0bb6a5e7c1f3d2", required_scope="read:users", hint="y"
).facts()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_documents_what_a_failure_returns(name):
    documented = {fact: returned(name).get(fact) for fact in FACTS_OF_AN_ERROR}
    assert [fact for fact, said in documented.items() if not said or "failure" not in said["returned"]] == []
    one = returned("auth0_recovery_code")
    same = ("description", "returned", "type")
    assert all(said[word] == one[fact][word] for fact, said in documented.items() for word in same)
    types = {"int": int, "str": str}
    assert all(isinstance(FACTS_OF_AN_ERROR[fact], types[said["type"]]) for fact, said in documented.items())


SECRETS = ("api_token", "client_secret", "private_key", "proxy", "mfa_token", "password", "otp", "recovery_code")
SECRETS += ("refresh_token", "oob_code", "binding_code", "code_verifier", "totp_secret")


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_never_logged(name):
    accepted = base.module_arguments(parts_of(name))["argument_spec"]
    assert [option for option in SECRETS if option in accepted and accepted[option].get("no_log") is not True] == []
