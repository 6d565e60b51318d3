# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import line as json_line
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.ocsf import event, line
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import HOSTILE, found_of

AT = "2026-06-01T12:00:00.000Z"
STALE = authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321")
EXEMPTED = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}


@pytest.fixture(scope="module")
def ocsf() -> Draft202012Validator:
    """The published schema of a Compliance Finding in OCSF 1.8.0."""
    return Draft202012Validator(OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0")).get_class_schema("compliance_finding"))


def stale(**changes) -> dict:
    (found,) = [each for each in found_of(STALE) if each["rule"] == "stale"]
    return {**found, **changes}


def closed(status: str) -> dict:
    return stale(status=status, closed_at=AT)


@pytest.mark.parametrize("status", ["new", "persisting", "reopened"])
@pytest.mark.parametrize("exempted", [None, EXEMPTED])
def test_a_finding_that_holds_is_a_valid_event(ocsf, status, exempted):
    ocsf.validate(event(stale(status=status, exempted=exempted), AT))


@pytest.mark.parametrize("status", ["resolved", "not-read", "out-of-scope", "gone", "not-asked"])
def test_and_so_is_one_that_does_not(ocsf, status):
    ocsf.validate(event(closed(status), AT))


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_users_are_called(ocsf, name):
    for found in found_of(STALE, name=name, email=None, user_id=name, connections=[name]):
        made = event(found, AT)
        ocsf.validate(made)
        assert made["resources"][0]["name"] == name


def test_the_schema_would_notice_a_mistake(ocsf):
    made = event(stale(), AT)
    assert not ocsf.is_valid({**made, "severity_id": "high"})
    assert not ocsf.is_valid({**made, "finding_info": {"title": "no ID"}})
    assert not ocsf.is_valid({**made, "made_up": 1})


@pytest.mark.parametrize(
    "found, activity, status, compliance",
    [
        (stale(), 1, "New", "Fail"),
        (stale(status="persisting"), 2, "New", "Fail"),
        (stale(status="reopened"), 2, "New", "Fail"),
        (stale(warning=True), 1, "New", "Warning"),
        (stale(exempted=EXEMPTED), 1, "Suppressed", "Fail"),
        (closed("resolved"), 3, "Resolved", "Pass"),
        (closed("gone"), 3, "Archived", "Unknown"),
        (closed("out-of-scope"), 3, "Archived", "Unknown"),
        (closed("not-asked"), 3, "Archived", "Unknown"),
        (closed("not-read"), 2, "Unknown", "Unknown"),
        (stale(status="not-asked", closed_at=AT, exempted=EXEMPTED, warning=True), 3, "Archived", "Unknown"),
    ],
)
def test_only_what_is_resolved_passes(found, activity, status, compliance):
    made = event(found, AT)
    assert (made["type_uid"], made["class_uid"], made["category_uid"]) == (200300 + activity, 2003, 2)
    assert (made["status"], made["compliance"]["status"]) == (status, compliance)
    assert made["finding_info"]["uid"] == found["id"]
    assert made["status_detail"] == found["status"]


def test_what_an_earlier_run_closed_is_told_once():
    assert event({**closed("resolved"), "closed_at": "2026-05-31T12:00:00.000Z"}, AT) is None


def test_user_and_authenticator_are_the_resources():
    user, device = event(stale(privileged=True, connections=["staff"]), AT)["resources"]
    assert (user["uid"], user["name"]) == ("auth0|00001", "user00001@example.com")
    assert user["labels"] == ["connection: staff", "privileged"]
    assert (device["uid"], device["name"]) == ("phone|dev_1", "XXXXXXXX4321")


def test_a_finding_about_the_policy_has_no_user(ocsf):
    made = event(stale(user_id=None, user="exemptions[0]", authenticator_id=None, seen=None), AT)
    ocsf.validate(made)
    assert [each["type"] for each in made["resources"]] == ["Audit policy"]


def test_times_are_milliseconds():
    made = event(stale(first_seen="2026-05-30T12:00:00.001Z"), AT)
    assert (made["time"], made["finding_info"]["first_seen_time"]) == (1780315200000, 1780142400001)


@pytest.mark.parametrize("name", [*HOSTILE, "\0uid\0", '"\\u0000uid\\u0000"', "\ud800", "100% %(uid)s"])
def test_a_line_is_the_event_whatever_users_are_called(name):
    for found in found_of(STALE, name=name, email=None, user_id=name, connections=[name]):
        for more in (
            {},
            {"exempted": {**EXEMPTED, "reason": name}},
            {"warning": True},
            {"status": "gone", "closed_at": AT},
            {"user_id": None},
            {"tenant": "100% %(uid)s"},
        ):
            made = {**found, **more}
            assert json.loads(line(made, AT)) == json.loads(json.dumps(event(made, AT)))
            assert line(made, AT) == json_line(event(made, AT))
        assert line({**found, "closed_at": "2026-05-01T12:00:00.000Z", "status": "gone"}, AT) is None
