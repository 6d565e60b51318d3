# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The campaign of answers once more, with answers that are made of the schemas of Auth0's OpenAPI documents.

Such an answer is complete nonsense in the right shape, and here and there in a wrong one. A task ends in a result or in one line.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, note
from hypothesis import strategies as st

from tests.integration.conftest import emulator, tenant  # noqa: F401  # pylint: disable=unused-import  # fixtures
from tests.integration.test_any_answer import SCENARIOS, judge, prepared
from tests.support.campaign import tried, trying
from tests.support.mutations import WRONG, Mutation, recording, replaying

from .openapi import described_answers

pytestmark = pytest.mark.run_by("module")

EACH = 8
DEEPEST = 6
SIMPLE = {
    "boolean": st.booleans(),
    "integer": st.integers(0, 3) | st.integers(),
    "number": st.integers(0, 3) | st.floats(allow_nan=False),
    "null": st.none(),
    "string": st.sampled_from(["x", "totp|dev_1", "2026-03-01T12:00:00.000Z", "otp", "sms", "built"]) | st.text(),
}


@st.composite
def values(draw, document: dict, schema: dict, depth: int = 0):
    """A value of this schema, in which about one part of twenty is wrong."""
    while "$ref" in schema:
        found = document
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from(WRONG))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return draw(values(document, draw(st.sampled_from(schema[word])), depth))
    if "allOf" in schema:
        parts = [draw(values(document, part, depth)) for part in schema["allOf"]]
        return {name: item for part in parts if isinstance(part, dict) for name, item in part.items()}
    kind = schema.get("type", "object")
    kind = draw(st.sampled_from(kind)) if isinstance(kind, list) else kind
    if kind == "array":
        length = 0 if depth > DEEPEST else draw(st.integers(0, 3))
        return [draw(values(document, schema.get("items", {}), depth + 1)) for _item in range(length)]
    if kind != "object":
        return draw(SIMPLE[kind])
    required = schema.get("required", ())
    members = [] if depth > DEEPEST else schema.get("properties", {}).items()
    return {
        name: draw(values(document, member, depth + 1))
        for name, member in members
        if name in required or draw(st.integers(0, 3))
    }


@st.composite
def described(draw, answers) -> Mutation:
    """One answer of this operation instead of the one that was recorded."""
    numbers = [number for number, each in enumerate(answers) if described_answers(each.method, each.target)]
    number = draw(st.sampled_from(numbers))
    document, schemas = described_answers(answers[number].method, answers[number].target)
    value = draw(values(document, draw(st.sampled_from(schemas)))) if schemas else None
    content = b"" if value is None else json.dumps(value).encode()
    return Mutation(number, "described", replace(answers[number].answer, content=content), undetectable=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_any_described_answer_ends_in_a_result_or_in_one_line(shared, tenant, name):  # noqa: F811
    task = prepared(tenant, name)
    with recording() as answers:
        (good,) = tenant.results({}, task)

    @trying(EACH, suppress=HealthCheck)
    @given(mutation=described(answers))
    def attempt(mutation):
        note(mutation)
        with replaying(mutation.applied(answers)) as asked:
            (result,) = tenant.results({}, task)
        tried("described answers")
        judge(mutation, good, answers, result, asked)

    attempt()
