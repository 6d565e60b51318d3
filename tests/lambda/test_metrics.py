# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES

import metrics

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_aws.rst"
TEMPLATE = ROOT / "lambda" / "template.yaml"


def test_the_names_are_those_that_alarms_and_queries_were_made_with():
    assert set(metrics.UNITS) == {
        *("Complete", "Partial", "UsersUnread", "UsersNotReached", "PrivilegedNotStrong", "NewHighFindings"),
        *("UsersStrong", "UsersWeak", "UsersNone", "UsersElsewhere", "UsersUnknown"),
        *("Requests", "RateLimited", "AgeOfOldestReadingHours", "RunDurationSeconds", "OutputsFailed"),
        *("FindingsNoMfa", "FindingsRecoveryCodeOnly", "FindingsBreakGlass", "FindingsUnread", "FindingsWeakOnly"),
        *("FindingsNotChallenged", "FindingsDormantUser", "FindingsStale", "FindingsOddDate", "FindingsUnknownFactor"),
        *("FindingsExemptionExpired", "FindingsNeverUsed", "FindingsSingleFactor", "FindingsNoRecoveryCode"),
        *("FindingsTooMany", "FindingsUnconfirmed", "FindingsExemptionUnused"),
    }
    assert len({metrics.of_rule(rule) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("variable", [None, "POWERTOOLS_SERVICE_NAME"])
def test_a_line_of_the_log_has_every_value_and_the_tenant_as_its_only_dimension(capsys, monkeypatch, variable):
    if variable:
        monkeypatch.setenv(variable, "somebody")
    metrics.emit("example.eu.auth0.com", {name: number + 0.5 for number, name in enumerate(metrics.UNITS)})
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    (described,) = told["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], described["Dimensions"]) == ("MfaAudit", [["tenant"]])
    assert {each["Name"]: each["Unit"] for each in described["Metrics"]} == dict(metrics.UNITS)
    assert told["tenant"] == "example.eu.auth0.com"
    assert [told[name] for name in metrics.UNITS] == [[number + 0.5] for number in range(len(metrics.UNITS))]


def test_the_guide_explains_each_of_them():
    text = GUIDE.read_text(encoding="utf-8")
    explained = set(
        re.findall(r"``([A-Z][a-z]+[A-Za-z]*)``", text[text.index("Metrics\n---") : text.index("Security Hub\n---")])
    )
    of_rules = {metrics.of_rule(rule) for rule in RULES}
    assert explained - {"MfaAudit", "ExecutionsFailed"} == set(metrics.UNITS) - of_rules | {"FindingsNoMfa"}


def names_in(template: str) -> set[str]:
    """Our metrics in the alarms and the dashboard of a template. Rows of a dashboard repeat the namespace as a dot."""
    alarms = re.findall(r"Namespace: (\S+)\n\s+MetricName: (\w+)\n", template)
    rows = re.findall(r'\["([\w/]+|\.)",\s*"(\w+)"', template)
    namespace, found = "", {name for space, name in alarms if space == metrics.NAMESPACE}
    for space, name in rows:
        namespace = namespace if space == "." else space
        found |= {name} if namespace == metrics.NAMESPACE else set()
    return found


def test_the_names_of_a_template_are_found():
    text = """
      Namespace: MfaAudit
      MetricName: One
      Namespace: AWS/States
      MetricName: Other
      "metrics": [["MfaAudit", "Two", "tenant", "x"], [".", "Three", ".", "."], ["AWS/Lambda", "Not"], [".", "Neither"]]
    """
    assert names_in(text) == {"One", "Two", "Three"}


def test_the_template_uses_no_other_names():
    if not TEMPLATE.exists():
        pytest.skip("there is no template yet")
    used = names_in(TEMPLATE.read_text())
    assert {"Complete", "Partial"} <= used <= set(metrics.UNITS)
