# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the embedded tenant takes as a body is what the published document says, but for the differences listed here."""

from __future__ import annotations

import re

import pytest

from tests.emulator.actions import routes as actions
from tests.emulator.guardian import routes as guardian
from tests.emulator.management import authentication_methods, jobs, users

from .openapi import documents

# The place in a body that differs, and why.
DIFFERENCES = {
    "PATCH /users/{id} additionalProperties": "public threads: others are refused, as in POST; the document allows any",
    "POST /users/{id}/authentication-methods /name minLength": "the document bounds it in PUT alone; a name has one length",
    "POST /users/{id}/authentication-methods /name maxLength": "the same",
    "PATCH /users/{id}/authentication-methods/{} /name minLength": "the same",
    "PATCH /users/{id}/authentication-methods/{} /name maxLength": "the same",
    "POST /actions/actions /dependencies/* required": "a package without name and version cannot be installed",
    "PATCH /actions/actions/{id} /dependencies/* required": "the same",
    "POST /actions/actions /secrets/* required": "a secret without a name cannot be addressed",
    "PATCH /actions/actions/{id} /secrets/* required": "the same",
    "POST /actions/actions /supported_triggers/*/id enum": "recorded: the trigger mcp-tool",
    "POST /actions/actions /supported_triggers/*/compatible_triggers/*/id enum": "the same",
    "PATCH /actions/actions/{id} /supported_triggers/*/id enum": "the same",
    "PATCH /actions/actions/{id} /supported_triggers/*/compatible_triggers/*/id enum": "the same",
    "PATCH /actions/triggers/{}/bindings /bindings/*/ref required": "a reference without both refers to nothing",
    "PATCH /actions/triggers/{}/bindings /bindings/*/secrets/* required": "as for the Action",
}
KEPT = ("type", "enum", "minLength", "maxLength", "pattern", "format", "minimum", "minItems")
ROUTES = [
    route
    for module in (users, authentication_methods, guardian, jobs, actions)
    for route in module.ROUTES
    if route.body is not None
]


def operation(method, pattern):
    """``PATCH /users/{id}``; a parameter that is not the first may have any name."""
    template = pattern.removeprefix("/api/v2")
    return f"{method} {re.sub(r'[{](?!id[}])[^}]+[}]', '{}', template).replace('triggers/{id}', 'triggers/{}')}"


@pytest.fixture(scope="module")
def published(shared):
    """The schema of every JSON body, by operation."""
    assert shared.is_dir()
    document = documents()["/api/v2"]
    return {
        operation(method.upper(), template): resolved(
            it["requestBody"]["content"]["application/json"]["schema"], document
        )
        for template, operations in document["paths"].items()
        for method, it in operations.items()
        if isinstance(it, dict) and "application/json" in it.get("requestBody", {}).get("content", {})
    }


def resolved(schema, document):
    if "$ref" in schema:
        found = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolved(found, document)
    if len(schema.get("oneOf", ())) == 1:
        return resolved(schema["oneOf"][0], document)
    changed = dict(schema)
    if "items" in schema:
        changed["items"] = resolved(schema["items"], document)
    if "properties" in schema:
        changed["properties"] = {name: resolved(it, document) for name, it in schema["properties"].items()}
    return changed


def rules(schema, place=""):
    """Every rule of a schema by its place, without texts and defaults."""
    found = {}
    for key in KEPT:
        value = schema.get(key)
        if value is not None and (key, value) != ("minLength", 0):
            found[f"{place} {key}"] = sorted(value) if isinstance(value, (list, tuple)) else value
    if schema.get("type") == "object":
        if schema.get("required"):
            found[f"{place} required"] = sorted(schema["required"])
        found[f"{place} additionalProperties"] = schema.get("additionalProperties", True)
    for name, inner in schema.get("properties", {}).items():
        found |= rules(inner, f"{place}/{name}")
    if "items" in schema:
        found |= rules(schema["items"], f"{place}/*")
    return found


def test_every_body_is_checked_as_published(published):
    served = {operation(route.method, route.pattern): rules(route.body.schema) for route in ROUTES}
    assert served.keys() == published.keys()
    differing = {
        f"{name} {place.strip()}"
        for name, ours in served.items()
        for theirs in [rules(published[name])]
        for place in ours.keys() | theirs.keys()
        if ours.get(place) != theirs.get(place)
    }
    assert differing == DIFFERENCES.keys()
