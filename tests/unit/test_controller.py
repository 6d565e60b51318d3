# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users import into a controller, held against the rules by which AWX checks a credential type and a survey."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.environment import (
    ENVIRONMENT,
    for_renewal,
    from_environment,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION
from tests.support.controller import CREDENTIAL_TYPE, SURVEYS, injected

NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
FIELD = {
    "type": "object",
    "required": ["id", "label"],
    "properties": {
        "id": {"type": "string", "pattern": NAME, "not": {"enum": ["tower", "awx"]}},
        "label": {"type": "string", "minLength": 1},
        "help_text": {"type": "string"},
        "type": {"enum": ["string", "boolean"]},
        "format": {"enum": ["ssh_private_key", "url"]},
        "choices": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
        "multiline": {"type": "boolean"},
        "secret": {"type": "boolean"},
        "ask_at_runtime": {"type": "boolean"},
        "default": {"type": "string"},
    },
    "additionalProperties": False,
}
# The controller decides whether a name is reserved; values are passed through a terminal, so they are ASCII.
VARIABLES = {
    "type": "object",
    "propertyNames": {"pattern": NAME},
    "additionalProperties": {"pattern": "^[\x00-\x7f]*$"},
}
TYPE = {
    "type": "object",
    "required": ["name", "kind", "inputs", "injectors"],
    "properties": {
        "name": {"type": "string", "maxLength": 512},
        "description": {"type": "string"},
        # Others are the controller's own.
        "kind": {"enum": ["cloud", "net"]},
        "inputs": {
            "type": "object",
            "properties": {
                "fields": {"type": "array", "items": FIELD},
                "required": {"type": "array", "items": {"type": "string"}},
            },
            "additionalProperties": False,
        },
        "injectors": {
            "type": "object",
            "properties": {"env": VARIABLES, "extra_vars": VARIABLES, "file": {"type": "object"}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
QUESTION = {
    "type": "object",
    "required": ["type", "question_name", "variable", "required"],
    "properties": {
        "type": {"enum": ["text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"]},
        "question_name": {"type": "string", "minLength": 1},
        "question_description": {"type": "string"},
        "variable": {"type": "string", "pattern": NAME},
        "required": {"type": "boolean"},
        "min": {"type": "integer"},
        "max": {"type": "integer"},
        "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "default": {},
    },
    "if": {"properties": {"type": {"enum": ["multiplechoice", "multiselect"]}}},
    "then": {"required": ["choices"]},
    "additionalProperties": False,
}
SURVEY = {
    "type": "object",
    "required": ["name", "description", "spec"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "spec": {"type": "array", "minItems": 1, "items": QUESTION},
    },
    "additionalProperties": False,
}
ROOT = Path(__file__).resolve().parents[2]
FIELDS = CREDENTIAL_TYPE["inputs"]["fields"]
NOTHING = {"auth0_domain": None, "base_url": None, **dict.fromkeys(ENVIRONMENT)}


def wrong(schema: dict, value: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def test_a_controller_accepts_the_credential_type():
    assert wrong(TYPE, CREDENTIAL_TYPE) == []
    ids = [field["id"] for field in FIELDS]
    assert len(ids) == len(set(ids)) and set(CREDENTIAL_TYPE["inputs"]["required"]) <= set(ids)
    for field in FIELDS:
        assert field.get("default") is None or field["default"] in field.get("choices", [field["default"]])
        # A controller refuses these of a field that is no text.
        assert field["type"] == "string" or not {"choices", "multiline", "format", "secret"} & set(field)
    assert not [name for name in CREDENTIAL_TYPE["injectors"]["env"] if name.startswith("ANSIBLE_")]


@pytest.mark.parametrize(
    "mistake",
    [
        {"kind": "ssh"},
        {"inputs": {"fields": [{"id": "a"}]}},
        {"inputs": {"fields": [{"id": "a-b", "label": "x"}]}},
        {"inputs": {"fields": [{"id": "a", "label": "x", "type": "integer"}]}},
        {"injectors": {"env": {"1A": "x"}}},
        {"injectors": {"env": {"A": "ü"}}},
        {"injectors": {"variables": {}}},
    ],
)
def test_a_mistake_in_a_credential_type_is_found(mistake):
    assert wrong(TYPE, {**CREDENTIAL_TYPE, **mistake})


def test_every_injected_variable_is_one_that_modules_read_and_every_field_is_injected():
    fallbacks = {name for option in CONNECTION.options.values() for name in (option.get("fallback") or ((), []))[1]}
    read = {*ENVIRONMENT.values(), *fallbacks, "AUTH0_DOMAIN", "AUTH0_BASE_URL"}
    # A token expires, and the application gets one; so a credential has none.
    assert set(CREDENTIAL_TYPE["injectors"]["env"]) == read - {"AUTH0_API_TOKEN"}
    for field in FIELDS:
        assert (
            "of " + field["id"]
            in injected(**{"domain": "", "client_id": "", field["id"]: "of " + field["id"]}).values()
        )


def test_secrets_are_kept_secret():
    assert {field["id"] for field in FIELDS if field.get("secret")} == {"client_secret", "private_key"}
    choices = next(field for field in FIELDS if field["id"] == "signing_algorithm")["choices"]
    assert choices == CONNECTION.options["signing_algorithm"]["choices"]


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"client_secret": "s"}, {"auth0_domain": "t.eu.auth0.com", "client_secret": "s"}),
        ({"private_key": "k"}, {"auth0_domain": "t.eu.auth0.com", "private_key": "k"}),
        (
            {"client_secret": "s", "base_url": "https://login.example.com"},
            {"auth0_domain": "t.eu.auth0.com", "base_url": "https://login.example.com", "client_secret": "s"},
        ),
    ],
)
def test_what_is_left_empty_counts_as_not_given(given, expected):
    environment = injected(domain="t.eu.auth0.com", client_id="c", **given)
    assert from_environment(NOTHING, environment) == expected
    assert for_renewal({**NOTHING, **expected}, environment) == {}
    assert environment["AUTH0_CLIENT_ASSERTION_SIGNING_ALG"] == "RS256"


@pytest.mark.parametrize("playbook", SURVEYS)
def test_a_controller_accepts_the_survey(playbook):
    survey = SURVEYS[playbook]
    assert wrong(SURVEY, survey) == []
    variables = [question["variable"] for question in survey["spec"]]
    assert len(variables) == len(set(variables))
    for question in survey["spec"]:
        default = question["default"]
        if question["type"] == "integer":
            assert isinstance(default, int) and question["min"] <= default <= question["max"]
        else:
            assert isinstance(default, str) and default in question.get("choices", [default])


@pytest.mark.parametrize("playbook", SURVEYS)
def test_a_survey_asks_for_variables_of_its_playbook(playbook):
    text = (ROOT / "playbooks" / (playbook + ".yml")).read_text()
    for question in SURVEYS[playbook]["spec"]:
        assert re.search(r"^ +%s:" % question["variable"], text, re.MULTILINE), question["variable"]


def test_the_guide_names_every_file():
    examples = ROOT / "docs" / "examples"
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_controller.rst").read_text()
    for folder in ("controller", "execution_environment"):
        for path in (examples / folder).iterdir():
            assert "``%s``" % path.relative_to(examples) in guide
            assert json.loads(path.read_text()) if path.suffix == ".json" else yaml.safe_load(path.read_text())
