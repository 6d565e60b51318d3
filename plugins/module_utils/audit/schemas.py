# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON Schemas of what an audit writes, made from the forms in :mod:`.records`. They are published in ``docs/schemas/``."""

from __future__ import annotations

import inspect
import json
import re
import typing
from types import UnionType
from typing import Any, Literal, Mapping, Union

from .records import SCHEMA_VERSION, ChangeRow, FoundRow, Summary, UserRow

ADDRESS = "https://raw.githubusercontent.com/mfaops/auth0/main/docs/schemas/%s.schema.json"
# The file, without its extension, and the form of each of its lines, or of all of it.
FORMS: Mapping[str, type] = {"users": UserRow, "findings": FoundRow, "changes": ChangeRow, "summary": Summary}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a form.

    :param name: a key of :data:`FORMS`
    """
    return schema_of(FORMS[name], name, "%s of an MFA audit" % name.capitalize(), SCHEMA_VERSION)


def schema_of(form: type, name: str, title: str, version: int) -> dict[str, Any]:
    """The JSON Schema of any form that has a ``schema_version``.

    :param name: of the published file, without its extension
    """
    definitions: dict[str, Any] = {}
    made = _form(form, definitions)
    made["properties"]["schema_version"] = {"const": version}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS % name,
        "title": title,
        **made,
        **({"$defs": dict(sorted(definitions.items()))} if definitions else {}),
    }


def published(name: str) -> str:
    """The schema as it is published, for ``docs/schemas/NAME.schema.json``."""
    return as_text(schema(name))


def as_text(made: Mapping[str, Any]) -> str:
    """A schema as the content of its file."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _form(form: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a TypedDict.

    :param definitions: those of the forms that it contains; grows
    """
    hints = typing.get_type_hints(form)
    required: frozenset[str] = form.__required_keys__  # type: ignore[attr-defined]
    return {
        "description": _plain(inspect.getdoc(form) or ""),
        "type": "object",
        "properties": {name: _type(hint, definitions) for name, hint in hints.items()},
        "required": [name for name in hints if name in required],
        "additionalProperties": False,
    }


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of what an annotation says."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return {}
    if typing.is_typeddict(hint):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}  # it is being made
            definitions[hint.__name__] = _form(hint, definitions)
        return {"$ref": "#/$defs/" + hint.__name__}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, UnionType):
        made = [_type(part, definitions) for part in parts]
        if all(set(each) == {"type"} for each in made):
            return {"type": [each["type"] for each in made]}
        return {"anyOf": made}
    if origin is list:
        return {"type": "array", "items": _type(parts[0], definitions)}
    if origin is dict:
        of_key, of_value = (_type(part, definitions) for part in parts)
        names = {"propertyNames": of_key} if "enum" in of_key else {}
        return {"type": "object", **names, "additionalProperties": of_value}
    return {"type": _PLAIN[hint]}


def _plain(docstring: str) -> str:
    """The docstring for somebody who reads JSON and not our code."""
    text = re.sub(r":\w+:`~?\.*([^`]*)`", r"\1", docstring).replace("``", "")
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))
