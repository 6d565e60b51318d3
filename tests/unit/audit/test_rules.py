# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalog of rules: texts for people."""

from __future__ import annotations

import os
import re
from pathlib import Path
from textwrap import fill

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_rule_is_explained(rule):
    assert RULES[rule.id] is rule and re.fullmatch("[a-z]+(-[a-z]+)*", rule.id)
    for text in (rule.risk, rule.remediation):
        assert text[:1].isupper() and text.endswith(".")
    assert rule.title and not rule.title.endswith(".")
    # The table for a terminal has no more room.
    assert len(rule.title) <= 34


def test_no_title_stands_for_two_rules():
    assert len({rule.title for rule in RULES.values()}) == len(RULES)


def test_the_rules_are_in_the_order_of_their_severity():
    places = [SEVERITIES.index(rule.severity) for rule in RULES.values()]
    assert places == sorted(places)


def test_no_rule_is_critical_by_itself():
    """That is for privileged users, or for a policy that says so."""
    assert "critical" not in {rule.severity for rule in RULES.values()}


def test_what_is_low_already_is_never_one_step_lower():
    assert not [rule.id for rule in RULES.values() if rule.lower_where and rule.severity == SEVERITIES[-1]]


GUIDE = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "guide_rules.rst"
BEGIN, END = (
    ".. begin of the rules: tests/unit/audit/test_rules.py writes them from the code\n",
    ".. end of the rules\n",
)


def in_words(rule) -> str:
    """A rule as the guide has it."""
    severity = rule.severity + (f"; one step lower where {rule.lower_where}" if rule.lower_where else "")
    facts = {"Severity": severity, "Needs to see": ", ".join(rule.needs), "References": "; ".join(rule.references)}
    fields = "\n".join(f":{name}: {text}" for name, text in facts.items() if text)
    texts = [f"``{rule.id}``", fields, fill(rule.risk, 150), fill(rule.remediation, 150)]
    return "\n\n".join([f"{rule.title}\n{'~' * len(rule.title)}", *texts])


def test_the_guide_has_every_rule_as_it_is():
    head, rest = GUIDE.read_text(encoding="utf-8").split(BEGIN)
    tail = rest.split(END)[1]
    expected = "\n" + "\n\n".join(["The rules\n---------", *map(in_words, RULES.values())]) + "\n\n"
    if os.environ.get("WRITE_GUIDE"):
        GUIDE.write_text(head + BEGIN + expected + END + tail, encoding="utf-8")
    assert rest.split(END)[0] == expected, "Run this test with WRITE_GUIDE=1, and see what changed."
