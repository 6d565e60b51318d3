# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bodies of the Management API's writes may hold, as JSON Schema.

The facts are those of Auth0's published OpenAPI; ``tests/contract/test_bodies.py`` holds the two against each other and
lists the differences. The descriptions are ours: Auth0 puts its own into the messages of refusals.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from .errors import ApiError, management_error

Schema = dict[str, Any]


_FORMATS = FormatChecker(())
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


@_FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or _EMAIL.fullmatch(value) is not None


@_FORMATS.checks("hostname")
def _is_hostname(value: object) -> bool:
    return not isinstance(value, str) or _HOSTNAME.fullmatch(value) is not None


@_FORMATS.checks("strict-uri", raises=ValueError)
def _is_absolute(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and parts.netloc)


@_FORMATS.checks("user-id")
def _is_user_id(value: object) -> bool:
    return value != ""


@_FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()


class Body:
    """A checked body.

    :param schema: plain JSON Schema; it is prepared once, with its route.
    :param advice: what is said to a member that is not allowed.
    """

    def __init__(self, schema: Schema, advice: str = ""):
        self.schema = schema
        self._advice = advice
        self._validator = Draft202012Validator(schema, format_checker=_FORMATS)

    def check(self, value: Any) -> Any:
        """The value, if it is as the schema says; otherwise raises 400 ``invalid_body`` about the outermost mistake."""
        error = min(self._validator.iter_errors(value), key=_precedence, default=None)
        if error is not None:
            name = ".".join(map(str, error.absolute_path)) or None
            advice = self._advice if error.validator == "additionalProperties" else ""
            raise invalid_body(_reason(error) + advice, name, error.schema.get("description", ""))
        return value


def text(
    description: str = "",
    shortest: int | None = None,
    longest: int | None = None,
    *,
    values: Sequence[str] | None = None,
    pattern: str | None = None,
    form: str | None = None,
    nullable: bool = False,
) -> Schema:
    """A text; lengths count characters, ``form`` is a format's name such as ``email``."""
    rules = {"minLength": shortest, "maxLength": longest, "enum": values, "pattern": pattern, "format": form}
    kind = ["string", "null"] if nullable else "string"
    return {"type": kind, "description": description, **{key: rule for key, rule in rules.items() if rule is not None}}


def boolean(description: str = "") -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def whole_number(description: str = "", least: int | None = None) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, **({} if least is None else {"minimum": least})}


def array(items: Schema, description: str = "", fewest: int | None = None) -> Schema:
    """A list of such items."""
    limits = {} if fewest is None else {"minItems": fewest}
    return {"type": "array", "description": description, "items": items, **limits}


def record(properties: Mapping[str, Schema], required: Sequence[str] = (), *, is_open: bool = False) -> Schema:
    """An object; a closed one has no other properties than these."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": is_open,
    }


def anything(description: str = "") -> Schema:
    """An object of any properties."""
    return {"type": "object", "description": description}


def invalid_body(reason: str, name: str | None = None, description: str = "") -> ApiError:
    """400 ``invalid_body``: ``Payload validation error: '<reason>' on property <name> (<description>).``"""
    return management_error(400, message("Payload", reason, name, description), "invalid_body")


def message(subject: str, reason: str, name: str | None, description: str) -> str:
    """The text of a refusal, worded as in public reports (API.md §0.1)."""
    where = f" on property {name}" if name is not None else ""
    return f"{subject} validation error: '{reason}'{where}{f' ({description})' if where and description else ''}."


def json_type(value: object) -> str:
    """The JSON type name of a parsed value."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _precedence(error: ValidationError) -> tuple[int, bool, bool]:
    """Of several mistakes the outermost is told, a missing property first, then one too many."""
    return len(error.absolute_path), error.validator != "required", error.validator != "additionalProperties"


def _reason(error: ValidationError) -> str:
    keyword, limit, value = error.validator, error.validator_value, error.instance
    if keyword == "type":
        expected = limit if isinstance(limit, str) else limit[0]
        return f"Expected type {expected} but found type {json_type(value)}"
    if keyword == "required":
        return f"Missing required property: {next(name for name in limit if name not in value)}"
    if keyword == "additionalProperties":
        unknown = [name for name in value if name not in error.schema["properties"]]
        return f"Additional properties not allowed: {','.join(unknown)}"
    if keyword == "format":
        return f"Object didn't pass validation for format {limit}: {value}"
    if keyword == "pattern":
        return f"String does not match pattern {limit}: {value}"
    if keyword == "minimum":
        return f"Value {value} is less than minimum {limit}"
    if keyword == "maximum":
        return f"Value {value} is greater than maximum {limit}"
    if keyword == "anyOf":
        return 'Data does not match any schemas from "anyOf"'
    if keyword == "minProperties":
        return f"Too few properties defined ({len(value)}), minimum {limit}"
    if keyword == "enum":
        return f"No enum match for: {value}"
    kind, unit = ("String", " chars") if isinstance(value, str) else ("Array", "")
    side, bound = ("short", "minimum") if keyword.startswith("min") else ("long", "maximum")
    return f"{kind} is too {side} ({len(value)}{unit}), {bound} {limit}"
