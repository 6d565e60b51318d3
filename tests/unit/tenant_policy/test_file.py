# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tenant's policy file may say, how its mistakes are told, and that an export says what the tenant has."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import Action, Binding
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import names
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.action_rollout import ActionOutcome
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import WantedAction, check
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import plan as plan_action
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import POLICIES, TenantMfa, plan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, RefusedError
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.differences import of_action, of_mfa
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.export import action_of, as_file, policy_of
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.schema import schema
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file import checked, document
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.checked import FileError
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.form import published

ROOT = Path(__file__).parents[3]
GUARDIAN = names(lambda row: row.guardian_name)


@pytest.fixture
def policy_of_text(tmp_path):
    def made(text: str):
        (tmp_path / "policy.yml").write_text(text, encoding="utf-8")
        return load(str(tmp_path / "policy.yml"))

    return made


@pytest.fixture
def mistakes(policy_of_text, tmp_path):
    def told(text: str) -> list[str]:
        with pytest.raises(FileError) as caught:
            policy_of_text(text)
        return [line.replace(str(tmp_path) + "/", "") for line in caught.value.lines]

    return told


def test_what_is_not_named_is_left_alone(policy_of_text):
    policy = policy_of_text("version: 1\nfactors: {phone: false, otp: true}\n")
    assert policy.mfa == TenantMfa({"phone": False, "otp": True}) and policy.actions == ()
    assert policy_of_text("version: 1\npolicy: never\n").mfa == TenantMfa(policy="never")


def test_how_phones_are_contacted_waits_until_they_are_on(policy_of_text):
    text = "version: 1\nphone_message_types: [sms]\n"
    assert policy_of_text(text + "factors: {phone: false}\n").mfa == TenantMfa({"phone": False})
    assert policy_of_text(text + "factors: {phone: true}\n").mfa == TenantMfa({"phone": True}, ("sms",))


def test_everything_that_a_file_may_say(policy_of_text, tmp_path):
    (tmp_path / "hide.js").write_text("// code\n")
    policy = policy_of_text("""version: 1
phone_message_types: [voice, sms]
policy: confidence-score
actions:
  - {name: one, code_file: hide.js, dependencies: {axios: "1.10"}, position: 2}
  - {name: two, code: x, deployed: false, trigger: post-user-registration, runtime: node22, trigger_version: v2}
  - {name: three, state: absent, force: true}
""")
    assert policy.mfa == TenantMfa({}, ("sms", "voice"), "confidence-score")
    assert policy.actions == (
        WantedAction("one", code="// code\n", dependencies={"axios": "1.10"}, position=2),
        WantedAction(
            "two",
            code="x",
            deploy=False,
            bound=None,
            trigger="post-user-registration",
            runtime="node22",
            trigger_version="v2",
        ),
        WantedAction("three", state="absent", force=True),
    )


@pytest.mark.parametrize(
    "text, told",
    [
        ("", ["policy.yml:1:1: the file says nothing; expected a mapping that begins with version: 1"]),
        (
            "version: 1\n",
            ["policy.yml:1:1: the file sets nothing; expected factors, phone_message_types, policy or actions"],
        ),
        (
            "version: 1\npolicyy: never\nfactor_disabled: [phone]\n",
            [
                'policy.yml:2:1: unknown key "policyy"; expected policy',
                'policy.yml:3:1: unknown key "factor_disabled"; expected factors',
            ],
        ),
        (
            "version: 1\nfactors: {fone: true, otp: on}\npolicy: always\n",
            [
                'policy.yml:2:11: unknown key "fone"; expected phone',
                'policy.yml:2:28: factors.otp is "on"; expected true or false',
                'policy.yml:3:9: policy is "always"; expected one of all-applications, confidence-score, never',
            ],
        ),
        (
            "version: 1\nphone_message_types: []\n",
            ["policy.yml:2:22: phone_message_types is empty; expected at least one entry"],
        ),
        (
            "version: 1\nactions:\n  - {name: a, code: x}\n  - {name: a, code: x}\n  - {code: x}\n",
            [
                'policy.yml:4:12: the Action "a" a second time; expected it once',
                "policy.yml:5:5: actions[2] lacks name; expected name",
            ],
        ),
        (
            "version: 1\nactions:\n  - {name: a}\n  - {name: b, code: x, code_file: y}\n  - {name: c, code_file: none.js}\n"
            "  - {name: d, code: ''}\n  - {name: e, code: x, dependencies: {axios: 1.10}}\n",
            [
                "policy.yml:3:5: actions[0] has no code; expected code or code_file",
                "policy.yml:4:5: actions[1] has both; expected code or code_file",
                "policy.yml:5:26: none.js: it cannot be read: No such file or directory; expected a file that you may read",
                "policy.yml:6:21: actions[3].code is empty; expected JavaScript",
                "policy.yml:7:46: actions[4].dependencies.axios is 1.10; expected text in quotes",
            ],
        ),
        (
            "version: 1\nactions:\n  - {name: a, code: x, deployed: false, bound: true}\n"
            "  - {name: b, code: x, bound: false, position: 1}\n  - {name: c, state: absent, code: x}\n",
            [
                "policy.yml:3:48: actions[0] is bound and not deployed; expected deployed: true, or no bound",
                "policy.yml:4:48: actions[1] has a position and is not bound; expected bound: true",
                "policy.yml:5:36: actions[2].code of an Action that is absent; expected no such key",
            ],
        ),
    ],
)
def test_every_mistake_is_told_with_its_place(mistakes, text, told):
    assert mistakes(text) == told


def test_no_file_is_told(tmp_path):
    with pytest.raises(FileError, match="none.yml:1:1: it cannot be read: No such file or directory"):
        load(str(tmp_path / "none.yml"))


def test_the_published_schema_is_the_one_that_is_checked():
    file = ROOT / "docs" / "schemas" / "tenant-policy.schema.json"
    if os.environ.get("WRITE_SCHEMAS"):
        file.write_text(published(schema()), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == published(schema())
    assert json.loads(file.read_text())["$id"].endswith("/docs/schemas/" + file.name)


STATES = st.builds(
    TenantMfa,
    st.fixed_dictionaries({}, optional=dict.fromkeys(GUARDIAN, st.booleans())),
    st.sampled_from([None, (), ("sms",), ("sms", "voice")]),
    st.sampled_from(POLICIES),
)
CODE = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.sampled_from(
        ["a\n", "a\n\n", "  a\n b\t\n", "\ta: {{ b }}\r\nc", "é\u2028\u200b", "# a\n---\n- *b", "on", "1.10", "\x1b[2J"]
    ),
).filter(str.strip)
ACTIONS = st.builds(
    Action,
    id=st.just("a-1"),
    name=st.just("mine"),
    code=CODE,
    trigger=st.sampled_from(["post-login", "credentials-exchange"]),
    trigger_version=st.sampled_from(["v2", "v3"]),
    runtime=st.sampled_from(["node18", "node22"]),
    dependencies=st.dictionaries(st.sampled_from(["axios", "on", "1"]), st.sampled_from(["1.10", "1", "latest"])),
    secrets=st.sampled_from([(), ("KEY",)]),
    deployed=st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(STATES, st.none() | ACTIONS, st.booleans())
def test_applying_an_export_changes_nothing(tmp_path_factory, state, action, bound):
    bindings = (Binding("b-0", "other", "other"), *([Binding("b-1", "a-1", "mine")] if bound and action else []))
    path = tmp_path_factory.getbasetemp() / "export.yml"
    path.write_bytes(
        as_file(policy_of(state, [action_of("mine", action, bindings)]), "example.eu.auth0.com", ["x\ny"]).encode()
    )
    policy = load(str(path))
    (wanted,) = policy.actions
    check(wanted, 60)
    assert plan(policy.mfa, state) == ()
    assert not plan_action(wanted, action, bindings, "v3", "node22").changes


def test_what_does_not_read_back_the_same_is_refused(monkeypatch):
    monkeypatch.setattr(document, "MOST_EVENTS", 5)
    with pytest.raises(RefusedError, match="cannot be written as YAML"):
        as_file(policy_of(TenantMfa({"otp": True, "push": True}), []), "example.eu.auth0.com", [])


def test_a_policy_that_nobody_knows_and_no_message_types_are_left_out():
    assert policy_of(TenantMfa({"otp": True}, (), "new-one"), []) == {"version": 1, "factors": {"otp": True}}


def test_differences_are_told_one_by_one():
    before = TenantMfa({"otp": True, "phone": True}, ("sms",), "never")
    after = TenantMfa({"otp": True, "phone": False, "push": True}, ("sms", "voice"), "all-applications")
    assert [tuple(each.values()) for each in of_mfa(before, after)] == [
        ("factors.phone", True, False),
        ("factors.push", False, True),
        ("phone_message_types", ["sms"], ["sms", "voice"]),
        ("policy", "never", "all-applications"),
    ]
    action = Action("a", "mine", "x", "post-login", "v3", "node22", {}, (), False)
    changed = replace(action, code="y", deployed=True)
    bound = (Binding("b", "a", "mine"),)
    assert [tuple(each.values()) for each in of_action("mine", ActionOutcome(True, action, changed, (), bound))] == [
        ("actions.mine.code", "other code", "the code of the file"),
        ("actions.mine.deployed", False, True),
        ("actions.mine.position", None, 1),
    ]
    assert [*of_action("mine", ActionOutcome(True, None, action, (), ()))] == [
        {"setting": "actions.mine", "before": None, "after": "present"}
    ]
    assert not [*of_action("mine", ActionOutcome(False, action, action, (), ()))]


def test_a_package_that_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(checked, "_is_there", lambda name: name != "ruamel.yaml")
    with pytest.raises(ConfigurationError, match="needs ruamel.yaml, which cannot be imported"):
        load("policy.yml")
