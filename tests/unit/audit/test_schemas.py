# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import os

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.changes import changes_of, had
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.pseudonyms import Pseudonyms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.schemas import FORMS, published, schema
from jsonschema import Draft202012Validator

from tests.support.playbook import ROOT
from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import HOSTILE, Runs, found_of, judged, reading
from tests.unit.audit.test_reports import a_tenant, audited

EVERY = [
    authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321", channels=("sms", "voice")),
    authenticator("shoe-size", id="shoe-size|1", confirmed=False),
    authenticator("push", id="push|1", link_id="one", created=None),
]


@pytest.fixture(scope="module")
def validators() -> dict[str, Draft202012Validator]:
    return {name: Draft202012Validator(schema(name)) for name in FORMS}


@pytest.mark.parametrize("name", FORMS)
def test_the_published_schema_is_that_of_the_code(name):
    file = ROOT / "docs" / "schemas" / f"{name}.schema.json"
    if os.environ.get("WRITE_SCHEMAS"):
        file.write_text(published(name), encoding="utf-8")
    content = file.read_text(encoding="utf-8")
    assert content == published(name), "Run this test with WRITE_SCHEMAS=1, and see what changed."


@pytest.mark.parametrize("name", FORMS)
def test_it_is_a_schema_that_says_what_it_is_of(name):
    made = schema(name)
    Draft202012Validator.check_schema(made)
    assert made["description"] and ":`" not in json.dumps(made) and "None" not in json.dumps(made)


def test_what_a_run_writes_is_valid(tmp_path, validators):
    audited(tmp_path, a_tenant())
    validators["summary"].validate(json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")))
    with gzip.open(tmp_path / "users.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert {len(row["findings"]) > 0 for row in rows} and any(row["error"] for row in rows)
    for row in rows:
        validators["users"].validate(row)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_so_is_whatever_users_are_called(validators, name, masked):
    pseudonyms = Pseudonyms(b"k" * 32)
    record = {**reading(1, *EVERY, name=name, email=None), "before": had([]), "before_at": None}
    row = judged(record, connections=[name])
    validators["users"].validate(pseudonyms.user(row) if masked else row)
    for found in found_of(*EVERY, name=name, user_id=name):
        found["exempted"] = {"reason": name, "owner": name, "expires": "2026-12-31"}
        validators["findings"].validate(pseudonyms.found(found) if masked else found)
    for change in changes_of(record, row, "run1"):
        validators["changes"].validate(pseudonyms.change(change) if masked else change)


def test_so_is_what_was_found_before(validators):
    runs = Runs()
    runs.run(reading(1, *EVERY), reading(2), reading(3))
    runs.run(reading(1, authenticator("otp", created=3, used=1)), reading(2, error="lost"), missing="gone")
    assert {"resolved", "not-read", "gone"} <= {found["status"] for found in runs.known}
    for found in runs.known:
        validators["findings"].validate(found)


@pytest.mark.parametrize(
    "change",
    [{"made_up": 1}, {"status": "fixed"}, {"age_days": "old"}, {"schema_version": 2}, {"exempted": {"reason": "x"}}],
)
def test_a_mistake_is_noticed(validators, change):
    found = found_of(*EVERY)[0]
    assert validators["findings"].is_valid(found)
    assert not validators["findings"].is_valid({**found, **change})
    del found["rule"]
    assert not validators["findings"].is_valid(found)
