# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook's variables have their types and defaults, and what is wrong with them is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.action import variables as plugin
from ansible_collections.mfaops.auth0.plugins.action.variables import (
    OF_EVERY_PLAYBOOK,
    check,
    has_secrets,
    of_inventory,
    of_tenant,
    unknown,
)

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {
    "audits": {"type": "path", "required": True, "example": "mfa-audits"},
    "policy": {"type": "path"},
    "most_users": {"type": "int", "default": 25},
    "send_mail": {"type": "bool", "default": True},
    "level": {"type": "str", "choices": ["low", "high"], "default": "low"},
    "reviewed": {"type": "list", "elements": "str"},
}


def test_what_is_not_set_has_its_default_or_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values, wrong = check(OPTIONS, {"audits": "a"})
    defaults = {"policy": None, "most_users": 25, "send_mail": True, "level": "low", "reviewed": None}
    assert values == {"audits": str(tmp_path / "a"), **defaults} and wrong == []


def test_texts_of_the_command_line_get_their_types():
    values, wrong = check(OPTIONS, {"audits": "/a", "most_users": "3", "send_mail": "false", "reviewed": "x,y"})
    assert wrong == [] and (values["most_users"], values["send_mail"], values["reviewed"]) == (3, False, ["x", "y"])


def test_a_path_is_the_callers(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check(OPTIONS, {"audits": "~/a", "policy": "/p"})[0]["audits"] == str(tmp_path / "a")


@pytest.mark.parametrize("given", [{}, {"audits": None}, {"audits": ""}])
def test_a_required_variable_that_is_not_set_is_told_with_an_example(given):
    assert check(OPTIONS, given)[1] == [
        "audits is required. Set it in the inventory or on the command line: -e audits=mfa-audits."
    ]


def test_a_required_variable_may_come_from_a_file():
    option = {"type": "list", "elements": "dict", "required": True, "example": "@tenants.yml"}
    assert check({"tenants": option}, {})[1] == [
        "tenants is required. Set it in the inventory or on the command line: -e @tenants.yml."
    ]


def test_a_misspelled_choice_is_told_with_the_nearest():
    assert check(OPTIONS, {"audits": "a", "level": "hgh"})[1] == [
        "value of level must be one of: low, high, got: hgh. Did you mean high?"
    ]


def test_everything_that_is_wrong_is_told():
    wrong = check(OPTIONS, {"most_users": "many", "level": "middle"})[1]
    assert [name for name in ("audits", "most_users", "level") if not any(name in each for each in wrong)] == []


@pytest.mark.parametrize(
    "name, near",
    [("most_user", "most_users"), ("sendmail", "send_mail"), ("tenants", "tenant"), ("Audits", "audits")],
)
def test_a_misspelled_name_is_told(name, near):
    known = (*OPTIONS, *OF_EVERY_PLAYBOOK)
    assert unknown([name], known) == ["%s is not a variable of this playbook. Did you mean %s?" % (name, near)]


def test_a_variable_of_somebody_else_is_not_ours_to_refuse():
    assert unknown(["vault_client_secret", "environment_name", "region", "audits"], OPTIONS) == []


POLICY = ("policy_file", "allow_lockout", "result_file", *OF_EVERY_PLAYBOOK)


def test_a_misspelled_name_of_an_inventory_is_told():
    (told,) = of_inventory(["tenant", "allow_lockot", "vault_client_secret", "region", "policies"], POLICY)
    assert told.endswith("allow_lockot, which no playbook of this collection has. Did you mean allow_lockout?")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["results_file"], id="a variable of another playbook, remediate"),
        pytest.param(["allow_lockot", "allow_lockout"], id="what it is near to is set as well"),
        pytest.param(["policy", "audit_host", "policies"], id="not near enough for an inventory"),
    ],
)
def test_a_name_of_an_inventory_may_be_for_something_else(names):
    assert of_inventory(names, POLICY) == []


def test_options_of_the_tenant_are_told_with_the_nearest():
    assert of_tenant({"auth0_domain": "x", "client_secret": "y"}) == []
    assert of_tenant({"auth0_domian": "x", "shade": "y"}) == [
        "tenant has an option that no module has: auth0_domian. Did you mean auth0_domain?",
        "tenant has an option that no module has: shade.",
    ]
    assert of_tenant("example.eu.auth0.com") != []


SECRETS = {
    "tenants": {
        "type": "list",
        "elements": "dict",
        "options": {
            "domain": {"type": "str", "required": True},
            "key": {"type": "str", "no_log": True},
            "length": {"type": "int", "no_log": True},
            "algorithm": {"type": "str", "choices": ["RS256", "PS256"], "no_log": True},
            "policy": {"type": "path"},
        },
    },
    "code": {"type": "int", "no_log": True},
}


@pytest.mark.parametrize(
    "given, told",
    [
        ({"tenants": [{"domain": "d", "length": "S3CRET"}]}, "length"),
        ({"tenants": [{"domain": "d", "algorithm": "S3CRET"}]}, "algorithm"),
        ({"tenants": [{"key": "S3CRET"}]}, "domain"),
        ({"tenants": [{"domain": "d", "keey": "S3CRET", "length": "S3CRET"}]}, "keey"),
        ({"tenants": {"domain": "d", "key": "S3CRET"}}, "tenants"),
        ({"tenants": ["S3CRET"]}, "tenants"),
        ({"tenants": "S3CRET"}, "tenants"),
        ({"tenants": [["S3CRET"]]}, "tenants"),
        ({"code": "S3CRET"}, "code"),
        ({"code": ["S3CRET"]}, "code"),
        ({"code": {"S3CRET": 1}}, "code"),
    ],
)
def test_no_value_of_a_secret_is_told(given, told):
    (wrong,) = [" ".join(check(SECRETS, given)[1])]
    assert told in wrong and "S3CRET" not in wrong


def test_a_misspelled_member_is_told_with_the_nearest():
    assert check(SECRETS, {"tenants": [{"domain": "d", "keyy": "k", "shade": "x"}]})[1] == [
        "tenants.keyy does not exist. Did you mean key? tenants.shade does not exist."
    ]


def test_members_have_their_types_and_paths_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values, wrong = check(SECRETS, {"tenants": [{"domain": "d", "length": "3", "policy": "p"}]})
    (tenant,) = values["tenants"]
    assert wrong == [] and (tenant["length"], tenant["policy"], tenant["key"]) == (3, str(tmp_path / "p"), None)


def test_which_variables_are_hidden():
    assert has_secrets(SECRETS["tenants"]) and has_secrets(SECRETS["code"])
    assert not any(map(has_secrets, OPTIONS.values()))


class Hosts(dict):
    """As Ansible has the variables of the hosts."""

    raw_get = dict.__getitem__


@pytest.mark.parametrize(
    "own, told",
    [
        ({}, ["The inventory has tenants, but this playbook runs for localhost. Name a tenant with -e target=dev."]),
        ({"tenant": {}}, []),
        ({"target": "localhost"}, []),
    ],
)
def test_an_inventory_of_tenants_that_is_not_used_is_told(own, told):
    hosts = Hosts(other={}, dev={"tenant": {}}, localhost=own)
    given = {**own, "hostvars": hosts, "inventory_hostname": "localhost", "groups": {"all": ["other", "dev"]}}
    assert plugin.ActionModule._doubts(None, given, set(), POLICY) == told
    # A playbook that does not run for tenants has nothing to do with them.
    assert plugin.ActionModule._doubts(None, given, set(), ("region",)) == []


# What results have anyway, or what Ansible takes for the results of a loop.
RESERVED = {
    "changed",
    "failed",
    "msg",
    "results",
    "skipped",
    "rc",
    "invocation",
    "warnings",
    "deprecations",
    "exception",
}


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_the_variables_of_a_playbook_are_described_and_none_is_reserved(path):
    ((first, *_others),) = [play["tasks"] for play in yaml.safe_load(path.read_text())]
    options = first.get("mfaops.auth0.variables", {"options": {}})["options"]
    assert RESERVED.isdisjoint(options) and {*OF_EVERY_PLAYBOOK}.isdisjoint(options)
    below = {name: each for option in options.values() for name, each in option.get("options", {}).items()}
    every = [*options.items(), *below.items()]
    assert [name for name, option in every if not option.get("description") or not option.get("type")] == []
    assert [name for name, option in options.items() if option.get("required", False) != ("example" in option)] == []
