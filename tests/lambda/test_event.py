# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import json
import os
import re
from pathlib import Path

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.schemas import as_text, schema_of
from jsonschema import Draft202012Validator
from moto.events.models import EventPattern

import event
from told import High, OutputError, Place, Told

runs = importlib.import_module("tests.lambda.runs")
PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "event.schema.json"
GUIDE = PUBLISHED.parents[1] / "docsite" / "rst" / "guide_aws.rst"
SCHEMA = schema_of(event.Detail, "event", "Event of a scheduled MFA audit", event.VERSION)
PLACE = Place.of(runs.FUNCTION, runs.BUCKET, "example/runs/R/report/report.html")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A partial run after a complete one."""
    tenant = runs.Runs(runs.FolderStore(str(tmp_path_factory.mktemp("store"))))
    first = tenant.run()
    tenant.has = {1: [], 7: runs.unreadable(7)}
    second = tenant.run()
    return Told(second.summary, second.costs, PLACE, High(), first.summary)


def test_the_published_schema_is_that_of_the_code():
    if os.environ.get("WRITE_SCHEMAS"):
        PUBLISHED.write_text(as_text(SCHEMA), encoding="utf-8")
    Draft202012Validator.check_schema(SCHEMA)
    assert PUBLISHED.read_text(encoding="utf-8") == as_text(SCHEMA), "Run this test with WRITE_SCHEMAS=1."


def test_the_event_of_a_run_is_valid_and_has_its_figures(told):
    detail = event.detail(told)
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(detail)))
    assert (detail["status"], detail["reason"]) == ("partial", "Users who could not be read: 1.")
    assert (detail["base"], detail["coverage"]["read"]) == (told.before["run"], 19)
    assert set(detail["rules"]) == {rule for rule, count in told.figures["findings"].items() if count} >= {"no-mfa"}
    assert detail["report"]["key"] == "example/runs/R/report/report.html"


def test_an_event_names_nobody(told):
    text = json.dumps(event.detail(told))
    assert not [canary for canary in runs.CANARIES if canary in text]


def test_a_run_without_history_has_an_event(told):
    figures = {**told.figures, "history": None, "changes": None, "partial": False, "reason": None}
    detail = event.detail(Told(figures, told.costs, PLACE))
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(detail)))
    assert (detail["status"], detail["reason"], detail["base"]) == ("complete", None, None)


def test_the_largest_event_is_far_below_what_eventbridge_takes(told):
    huge = 10**12
    severities = dict.fromkeys(("critical", "high", "medium", "low"), huge)
    rule = {"people": huge, "privileged": huge, "severities": severities, "new": huge, "warnings": huge}
    figures = {
        **told.figures,
        "reason": "\U0001f468" * 10_000,
        "rules": {name: {**rule, "exempted": huge, "aside": huge} for name in RULES},
        "findings": dict.fromkeys(RULES, huge),
    }
    made = event.detail(Told(figures, told.costs, Place.of(runs.FUNCTION, "b" * 63, "k" * 1024)))
    assert len(json.dumps(made).encode()) < event.MOST_BYTES / 10


def test_an_event_that_is_refused_is_an_error_that_says_so(told):
    class Refuses:
        def put_events(self, Entries):
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "later"}]}

    with pytest.raises(OutputError, match="refused the event: InternalFailure later"):
        event.put(Refuses(), "default", told)


@pytest.mark.parametrize(
    "changes, fits",
    [
        ({"status": "partial"}, True),
        ({"new": {"critical": 0, "high": 1, "medium": 0, "low": 0}}, True),
        ({"new": {"critical": 2, "high": 0, "medium": 0, "low": 0}}, True),
        ({"new": {"critical": 0, "high": 0, "medium": 9, "low": 9}}, False),
    ],
)
def test_the_pattern_in_the_guide_fits_what_it_says(told, changes, fits):
    (block,) = re.findall(r"\.\. code-block:: json\n\n((?:   .*\n)+)", GUIDE.read_text(encoding="utf-8"))
    detail = {**event.detail(told), "status": "complete", **changes}
    whole = {"source": event.SOURCE, "detail-type": event.DETAIL_TYPE, "detail": detail}
    assert EventPattern.load(block).matches_event(whole) is fits
