# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of the JSON Schema of a file that people write. Their descriptions are what an editor shows."""

from __future__ import annotations

import json
from typing import Any, Iterable

LONGEST_LIST = 10_000
# No blank at either end.
TRIMMED = r"^\S(.*\S)?$"

Schema = dict[str, Any]


def mapping(description: str, *, required: Iterable[str] = (), **properties: Schema) -> Schema:
    """An object with these members and no others; one of them at least."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": list(required)} if required else {"minProperties": 1}),
    }


def list_of(items: Schema, description: str, *, empty: bool = False) -> Schema:
    """A list of at most :data:`LONGEST_LIST` entries.

    :param empty: whether it may have none
    """
    return {
        "description": description,
        "type": "array",
        "items": items,
        "maxItems": LONGEST_LIST,
        **({} if empty else {"minItems": 1}),
    }


def text(description: str) -> Schema:
    """A text without a blank at either end."""
    return {"description": description, "type": "string", "pattern": TRIMMED, "maxLength": 1000}


def one_of(values: Iterable[str], description: str) -> Schema:
    """One of these words."""
    return {"description": description, "type": "string", "enum": list(values)}


def flag(description: str) -> Schema:
    """``true`` or ``false``."""
    return {"description": description, "type": "boolean"}


def document(address: str, title: str, description: str, version: int, **properties: Schema) -> Schema:
    """The JSON Schema (draft 2020-12) of a file that begins with the version of its form.

    :param address: where it is published
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": title,
        **mapping(
            description,
            required=["version"],
            version={"description": "Version of this form.", "type": "integer", "enum": [version]},
            **properties,
        ),
    }


def published(schema: Schema) -> str:
    """A schema as it stands in ``docs/schemas``."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
