# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables for Athena, as the guide defines them, have the columns that the rows have, and lie where the copies are."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from types import NoneType, UnionType

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import FoundRow, Summary, UserRow

import tables

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_aws.rst"
FORMS = {"users": UserRow, "findings": FoundRow, "runs": Summary}
PLAIN = {str: {"string"}, int: {"int", "bigint"}, bool: {"boolean"}, float: {"double"}}


def definition(table: str) -> str:
    """That of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    return re.search(
        r"   CREATE EXTERNAL TABLE mfa_%s \((.*?)\n\n   *\S*\n*(?=\S|   CREATE|\Z)" % table, text + "\n\n", re.S
    )[1]


def parts(text: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append(text[start:place])
            start = place + 1
    return [each.strip() for each in (*found, text[start:])]


def fits(column: str, hint: object) -> bool:
    """Whether a type of Athena can hold what the annotation allows."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return all(fits(column, each) for each in arguments if each is not NoneType)
    if origin is typing.Literal:
        return column == "string"
    if typing.is_typeddict(hint) and column.startswith("struct<"):
        members = typing.get_type_hints(hint)
        return all(fits(kind, members[name]) for name, kind in (each.split(":", 1) for each in parts(column[7:-1])))
    if origin is list:
        return column.startswith("array<") and fits(column[6:-1], arguments[0])
    if origin is dict and column.startswith("map<string,"):
        return fits(column[11:-1].strip(), arguments[1])
    if origin is dict and column.startswith("struct<"):
        names = typing.get_args(arguments[0])
        return all(
            name in names and fits(kind, arguments[1])
            for name, kind in (each.split(":", 1) for each in parts(column[7:-1]))
        )
    return hint in PLAIN and column in PLAIN[hint]


@pytest.mark.parametrize("table", FORMS)
def test_the_columns_are_members_of_the_rows_and_hold_their_values(table):
    text = definition(table)
    columns = dict(each.split(None, 1) for each in parts(text[: text.index("\n   )")]))
    members = typing.get_type_hints(FORMS[table])
    assert columns and not [name for name, kind in columns.items() if not fits(kind, members[name])]
    # Those are partitions; a column of the same name would be an error in Athena.
    assert not {"tenant", "date"} & set(columns)


@pytest.mark.parametrize("table", FORMS)
def test_a_table_is_where_its_copies_are(table):
    text = definition(table)
    figures = {"tenant": "${tenant}", "planned": "${date}....", "run": "R"}
    key = tables.key({**figures, "planned": "2026-06-01T12:00:00.000Z"}, table, "f")
    folder = key.replace("2026-06-01", "${date}").removesuffix("run=R/f")
    assert "'storage.location.template' = 's3://BUCKET/PREFIX/%s'" % folder in text
    assert "LOCATION 's3://BUCKET/PREFIX/tables/%s/'" % table in text


def test_a_column_that_cannot_hold_its_values_is_noticed():
    assert fits("array<struct<id:string,confirmed:boolean>>", typing.get_type_hints(UserRow)["authenticators"])
    assert not fits("string", int) and not fits("array<int>", list[str]) and not fits("struct<x:int>", dict[str, int])
