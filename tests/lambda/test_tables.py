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
import sqlglot
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import FoundRow, Summary, UserRow
from sqlglot import exp

import tables

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_aws.rst"
FORMS = {"users": UserRow, "findings": FoundRow, "runs": Summary}
Kind = exp.DataType.Type
PLAIN = {str: {Kind.TEXT}, int: {Kind.INT, Kind.BIGINT}, bool: {Kind.BOOLEAN}, float: {Kind.DOUBLE}}
BLOCK = re.compile(r"^\.\. code-block:: sql\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def statements() -> list[exp.Expression]:
    """Those of the guide, as Athena's parser would take them."""
    return [sqlglot.parse_one(each, dialect="athena") for each in BLOCK.findall(GUIDE.read_text(encoding="utf-8"))]


TABLES = {each.this.this.name.removeprefix("mfa_"): each for each in statements() if isinstance(each, exp.Create)}
QUERIES = [each for each in statements() if isinstance(each, exp.Select)]


def kind(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="hive")


def columns(table: str) -> dict[str, exp.DataType]:
    return {each.name: each.kind for each in TABLES[table].this.expressions}


def properties(table: str) -> dict[str, str]:
    found = TABLES[table].args["properties"].expressions
    return {each.name: each.args["value"].name for each in found if each.key == exp.Property.key}


def fits(column: exp.DataType, hint: object) -> bool:
    """Whether a type of Athena can hold what the annotation allows."""
    origin, arguments, inner = typing.get_origin(hint), typing.get_args(hint), column.expressions
    if origin in (typing.Union, UnionType):
        return all(fits(column, each) for each in arguments if each is not NoneType)
    if origin is typing.Literal:
        return column.this is Kind.TEXT
    if column.this is Kind.STRUCT:
        if typing.is_typeddict(hint):
            members = typing.get_type_hints(hint)
        elif origin is dict:
            members = dict.fromkeys(typing.get_args(arguments[0]), arguments[1])
        else:
            return False
        return all(each.name in members and fits(each.kind, members[each.name]) for each in inner)
    if origin is list:
        return column.this is Kind.ARRAY and fits(inner[0], arguments[0])
    if origin is dict:
        return column.this is Kind.MAP and inner[0].this is Kind.TEXT and fits(inner[1], arguments[1])
    return column.this in PLAIN.get(hint, ())


def test_the_guide_makes_every_table_that_is_copied():
    assert set(TABLES) == set(FORMS) and len(QUERIES) == 3


@pytest.mark.parametrize("table", FORMS)
def test_the_columns_are_members_of_the_rows_and_hold_their_values(table):
    members = typing.get_type_hints(FORMS[table])
    assert not [name for name, kind in columns(table).items() if name not in members or not fits(kind, members[name])]


@pytest.mark.parametrize("table", FORMS)
def test_a_table_is_where_its_copies_are_and_the_keys_have_its_partitions(table):
    figures = {"tenant": "${tenant}", "planned": "2026-06-01T12:00:00.000Z", "run": "R"}
    folder = tables.key(figures, table, "f").replace("2026-06-01", "${date}").removesuffix("run=R/f")
    assert properties(table)["storage.location.template"] == "s3://BUCKET/PREFIX/" + folder
    assert TABLES[table].find(exp.LocationProperty).name == f"s3://BUCKET/PREFIX/tables/{table}/"
    partitions = TABLES[table].find(exp.PartitionedByProperty).this.expressions
    named = dict(re.findall(r"(\w+)=(\S+?)/", folder))
    assert {each.name: "${%s}" % each.name for each in partitions} == named
    # A column of the name of a partition would be an error in Athena.
    assert not set(named) & set(columns(table))
    projected = {name.split(".")[1] for name in properties(table) if name.endswith(".type")}
    assert projected == set(named) and properties(table)["projection.enabled"] == "true"


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_asks_for_columns_and_partitions_of_its_table(query):
    table = query.find(exp.From).name.removeprefix("mfa_")
    own = {each.alias for each in query.find_all(exp.Alias)}
    own |= {each.name for alias in query.find_all(exp.TableAlias) for each in alias.columns}
    asked = {each.parts[0].name for each in query.find_all(exp.Column)}
    # Without both partitions Athena would read, and charge for, everything.
    assert {"tenant", "date"} <= asked <= {*columns(table), *own, "tenant", "date", "$path"}


def test_a_column_that_cannot_hold_its_values_is_noticed():
    assert fits(kind("array<struct<id:string,confirmed:boolean>>"), typing.get_type_hints(UserRow)["authenticators"])
    assert not fits(kind("string"), int) and not fits(kind("array<int>"), list[str])
    assert not fits(kind("struct<x:int>"), dict[str, int]) and not fits(kind("struct<x:int>"), int)
    assert fits(kind("map<string,int>"), dict[str, int]) and not fits(kind("map<int,int>"), dict[str, int])
