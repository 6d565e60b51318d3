# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import boto3
import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import asff
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.asff import Selection, finding
from botocore.validate import validate_parameters
from moto import mock_aws

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import HOSTILE, found_of

AT = "2026-06-01T12:00:00.000Z"
WHERE = (AT, "123456789012", "eu-west-1")
EXEMPTED = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}
EVERY = ("critical", "high", "medium", "low")


@pytest.fixture
def hub(monkeypatch):
    """A client of a Security Hub that is switched on."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("securityhub", region_name="eu-west-1")
        client.enable_security_hub()
        yield client


def no_mfa(**changes) -> dict:
    return {**found_of()[0], **changes}


def active(*rows) -> dict:
    """What Security Hub shows, if these were sent."""
    return selected(rows, severities=EVERY).active(sent=True)


def states(selection: Selection) -> dict[str, str]:
    return {made["Id"]: made["RecordState"] for batch in selection.batches() for made in batch}


def many(count: int, **changes) -> list[dict]:
    return [no_mfa(id="%032d" % number, user_id="auth0|%d" % number, **changes) for number in range(count)]


def selected(rows, **more) -> Selection:
    selection = Selection(*WHERE, **more)
    for found in rows:
        selection.add(found)
    return selection


def valid(made: dict) -> bool:
    """Whether it is what AWS's own description of the call asks for."""
    shape = boto3.client("securityhub", region_name="eu-west-1").meta.service_model.shape_for("AwsSecurityFinding")
    validate_parameters(made, shape)
    return True


def test_findings_are_imported_and_read_back(hub):
    rows = [
        no_mfa(),
        no_mfa(id="2" * 32, exempted=EXEMPTED),
        no_mfa(id="3" * 32, status="resolved", closed_at=AT),
        *found_of(authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321")),
    ]
    shown = active(no_mfa(id="2" * 32), no_mfa(id="3" * 32))
    selection = selected(rows, severities=EVERY, active=shown)
    sent = [made for batch in selection.batches() for made in batch]
    assert len(sent) == len(rows)
    for batch in selection.batches():
        done = hub.batch_import_findings(Findings=batch)
        assert (done["FailedCount"], done["SuccessCount"]) == (0, len(batch))
    back = {each["Id"]: each for each in hub.get_findings(MaxResults=100)["Findings"]}
    assert back.keys() == {found["id"] for found in rows}
    for made in sent:
        assert {name: back[made["Id"]][name] for name in made} == made
    # The same findings again replace what is there.
    for batch in selected(
        [{**found, "status": "persisting"} for found in rows], severities=EVERY, active=shown
    ).batches():
        hub.batch_import_findings(Findings=batch)
    assert len(hub.get_findings(MaxResults=100)["Findings"]) == len(rows)


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_users_are_called(name):
    rows = found_of(
        authenticator("phone", created=900, used=200, name=name * 3, id="phone|" + name),
        name=name,
        email=None,
        user_id=name,
        connections=[name] * 30,
    )
    for found in rows:
        made = finding({**found, "exempted": {**EXEMPTED, "reason": name, "owner": name}}, *WHERE)
        assert valid(made)
        assert len(made["Title"]) <= 256 and len(made["Resources"][0]["Id"]) <= 512
        assert max(map(len, made["Resources"][0]["Details"]["Other"].values())) <= 1024
        assert len(json.dumps(made).encode()) < 240_000


@pytest.mark.parametrize(
    "changes, state, compliance",
    [
        ({}, "ACTIVE", "FAILED"),
        ({"status": "persisting"}, "ACTIVE", "FAILED"),
        ({"exempted": EXEMPTED}, "ARCHIVED", "FAILED"),
        ({"severity": "medium"}, "ARCHIVED", "FAILED"),
        ({"status": "resolved", "closed_at": AT}, "ARCHIVED", "PASSED"),
        ({"status": "resolved", "closed_at": "2026-05-01T12:00:00.000Z"}, "ARCHIVED", "PASSED"),
        ({"status": "resolved", "closed_at": AT, "severity": "low"}, "ARCHIVED", "PASSED"),
        ({"status": "gone", "closed_at": AT}, "ARCHIVED", "NOT_AVAILABLE"),
        ({"status": "out-of-scope", "closed_at": AT}, "ARCHIVED", "NOT_AVAILABLE"),
        ({"status": "not-asked", "closed_at": AT, "exempted": EXEMPTED}, "ARCHIVED", "NOT_AVAILABLE"),
    ],
)
def test_what_is_shown_and_is_not_to_be_shown_is_archived_and_only_what_is_resolved_passes(changes, state, compliance):
    selection = selected([no_mfa(**changes)], active=active(no_mfa()))
    ((made,),) = selection.batches()
    assert valid(made)
    assert (made["RecordState"], made["Compliance"]["Status"]) == (state, compliance)
    # What somebody decided in Security Hub is theirs.
    assert "Workflow" not in made and "Note" not in made
    assert bool(selection.active(sent=True)) is (state == "ACTIVE")
    # What is not shown is not archived.
    assert bool(states(selected([no_mfa(**changes)]))) is (state == "ACTIVE")


def test_an_exemption_is_told_among_the_details():
    details = finding(no_mfa(exempted=EXEMPTED), *WHERE)["Resources"][0]["Details"]["Other"]
    assert details["exempted"] == "until 2026-12-31 by security: a safe"
    assert "exempted" not in finding(no_mfa(), *WHERE)["Resources"][0]["Details"]["Other"]


@pytest.mark.parametrize("closed_at", [AT, None])
def test_what_was_not_read_stays_as_it_is(closed_at):
    shown = active(no_mfa())
    selection = selected([no_mfa(status="not-read", closed_at=closed_at)], active=shown)
    selection.archive_unknown()
    assert states(selection) == {} and selection.active(sent=True) == shown


def test_what_no_finding_is_about_any_more_is_archived_by_a_run_that_knows_all():
    lost = no_mfa(id="lost", severity="critical")
    selection = selected([no_mfa()], active=active(no_mfa(), lost))
    assert states(selection) == {no_mfa()["id"]: "ACTIVE"} and "lost" in selection.active(sent=True)
    selection.archive_unknown()
    ((made, _other),) = selection.batches()
    assert valid(made) and (made["Id"], made["RecordState"]) == ("lost", "ARCHIVED")
    assert (made["Compliance"]["Status"], made["Severity"]["Label"]) == ("NOT_AVAILABLE", "CRITICAL")
    assert made["CreatedAt"] == lost["first_seen"] and selection.active(sent=True) == active(no_mfa())


def test_until_all_is_sent_whatever_may_be_shown_is_kept():
    rows = [no_mfa(id="old", status="resolved", closed_at=AT), no_mfa(id="new")]
    selection = selected(rows, active=active(no_mfa(id="old")))
    assert set(selection.active(sent=False)) == {"old", "new"} and set(selection.active(sent=True)) == {"new"}


def test_what_is_left_out_is_archived_by_the_next_run():
    rows = [no_mfa(id=each, status="resolved", closed_at=AT) for each in ("a", "b")]
    first = selected(rows, active=active(no_mfa(id="a"), no_mfa(id="b")), most=1)
    second = selected(rows, active=first.active(sent=True), most=1)
    assert {**states(first), **states(second)} == {"a": "ARCHIVED", "b": "ARCHIVED"}
    assert second.active(sent=True) == {}


@pytest.mark.parametrize(
    "region, partition", [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_each_partition_has_its_names(region, partition):
    made = finding(no_mfa(), AT, "123456789012", region)
    assert made["ProductArn"] == f"arn:{partition}:securityhub:{region}:123456789012:product/123456789012/default"


def test_by_default_only_critical_and_high_ones_are_sent():
    rows = [no_mfa(id=severity, severity=severity) for severity in EVERY]
    (batch,) = selected(rows).batches()
    assert [made["Id"] for made in batch] == ["critical", "high"]


def test_beyond_the_most_the_first_of_the_list_are_kept_and_closing_comes_first():
    rows = [
        no_mfa(id="persisting", status="persisting"),
        no_mfa(id="new"),
        no_mfa(id="critical", severity="critical"),
        no_mfa(id="privileged", privileged=True),
        no_mfa(id="closed", status="resolved", closed_at=AT),
    ]
    selection = selected(rows, most=3, active=active(no_mfa(id="closed")))
    (batch,) = selection.batches()
    assert [made["Id"] for made in batch] == ["closed", "privileged", "critical"]
    assert selection.left_out == 2


def test_a_batch_is_what_one_call_takes(monkeypatch):
    assert [len(batch) for batch in selected(many(205)).batches()] == [100, 100, 5]
    size = len(json.dumps(finding(no_mfa(), *WHERE)).encode())
    monkeypatch.setattr(asff, "MOST_BYTES_IN_A_BATCH", 10 * (size + 100))
    batches = list(selected(many(25)).batches())
    assert sum(map(len, batches)) == 25 and len(batches) == 3
    assert all(sum(len(json.dumps(each).encode()) for each in batch) <= 10 * (size + 100) for batch in batches)
