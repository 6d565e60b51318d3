# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass, field

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.changes import had
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import AboutPolicy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.past import Past, Terms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import ConnectionPolicy, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.pseudonyms import Pseudonyms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.html import page
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import Lists
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.one_pass import OnePass

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import found_of, judged, reading
from tests.unit.audit.reports.test_html import figures

AT = "2026-06-%02dT12:00:00.000Z"
STALE = authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321")
USED = authenticator("phone", created=900, used=1, phone_number="XXXXXXXX4321")
PATIENT = Policy(stale_days=365, stale_warning_days=None)
CANARY = "canary"


@dataclass
class Reported:
    """What came of one pass."""

    made: OnePass
    files: dict[str, bytes]
    judged_on: list[Terms] = field(default_factory=list)

    def lines(self, name: str) -> list[dict]:
        return [json.loads(line) for line in gzip.decompress(self.files[name]).splitlines()]

    def words(self) -> dict[str, str]:
        """user -> word of the stale device."""
        return {each["user_id"]: each["status"] for each in self.lines("findings.jsonl.gz") if each["rule"] == "stale"}


def report(
    directory, records, known=(), *, day=1, policy=Policy(), former=Policy(), about=(), masked=None, acted=None
) -> Reported:
    judged_on: list[Terms] = []

    def judge(terms):
        judged_on.append(terms)
        return lambda record: judged(record, *terms)

    directory.mkdir()
    with (
        Past(str(directory), AT % day, Terms(policy), lambda run: Terms(former)) as past,
        Lists(str(directory), AT % day) as lists,
    ):
        past.know(known)
        made = OnePass("run%d" % day, AT % day, judge, Terms(policy), past, lists, masked, acted)
        made.over(records)
        made.about_policy(AboutPolicy(list(about), {}, []))
        made.rest("gone")
        return Reported(made, {name: file.read() for name, file in lists.finished()}, judged_on)


def test_two_runs_in_a_row(tmp_path):
    first = report(tmp_path / "1", [reading(number, STALE) for number in range(4)])
    assert set(first.words().values()) == {"new"}
    now = [
        {**reading(0, STALE, authenticator("otp", created=1)), "before": had([reading(0, STALE)["authenticators"][0]])},
        reading(1, USED),
        {**reading(2), "authenticators": None, "gone": True},
    ]
    second = report(tmp_path / "2", now, first.lines("findings.jsonl.gz"), day=2)
    assert second.words() == {
        "auth0|00000": "persisting",
        "auth0|00001": "resolved",
        "auth0|00002": "gone",
        "auth0|00003": "gone",
    }
    assert (second.made.tally.gone, len(second.lines("users.jsonl.gz"))) == (1, 2)
    assert [each["authenticator_id"] for each in second.lines("changes.jsonl.gz")] == ["totp|dev_1"]
    assert second.made.changes.figures()["added"] == 1
    statuses = second.made.differences.figures("run1", AT % 1)["statuses"]
    assert statuses["persisting"] == second.made.tally.findings.total()
    # Every finding that was known has a line.
    ids = {each["id"] for each in second.lines("findings.jsonl.gz")}
    assert {each["id"] for each in first.lines("findings.jsonl.gz")} <= ids


def test_the_former_policy_judges_once_made_and_only_where_it_is_needed(tmp_path):
    known = [found for number in range(3) for found in found_of(STALE, user_id="auth0|%05d" % number)]
    records = [reading(0, STALE), reading(1, STALE), reading(2, USED)]
    same = report(tmp_path / "1", records, known, day=2)
    assert same.judged_on == [Terms(Policy())]
    other = report(tmp_path / "2", records, known, day=2, policy=PATIENT)
    assert other.judged_on == [Terms(PATIENT), Terms(Policy())]
    assert list(other.words().values()) == ["not-asked", "not-asked", "resolved"]


@pytest.mark.parametrize("masked", [None, Pseudonyms(b"k" * 32)])
def test_what_was_done_about_a_finding_stands_beside_it_whether_it_holds_or_not(tmp_path, masked):
    known = [found for number in (1, 2, 3) for found in found_of(STALE, user_id="auth0|%05d" % number)]
    note = {"action": "remove", "at": AT % 1}
    acted = {each["id"]: note for each in known if each["rule"] == "stale" and each["user_id"] != "auth0|00003"}
    records = [reading(1, STALE), reading(2, USED), reading(3, STALE)]
    made = report(tmp_path / "1", records, known, day=2, masked=masked, acted=acted)
    stale = [each for each in made.lines("findings.jsonl.gz") if each["rule"] == "stale"]
    assert sorted((each["status"], each["acted"]) for each in stale if each["acted"]) == [
        ("persisting", note),
        ("resolved", note),
    ]
    assert sum(each["acted"] is None for each in stale) == 1
    cells = list(csv.DictReader(io.StringIO(made.files["findings.csv"].decode(), newline="")))
    assert [each["acted"] for each in cells].count("removed") == 1
    assert sum(each["unmapped"]["acted"] == note for each in made.lines("ocsf.jsonl.gz")) == 2
    assert [each["note"] for each in made.made.tally.worst()["stale"]].count("removed 2026-06-01") == 1
    users = [finding["acted"] for each in made.lines("users.jsonl.gz") for finding in each["findings"]]
    assert users.count(note) == 1
    # A later report keeps what was done, also where the file of results is gone.
    if masked is None:
        again = report(tmp_path / "2", records, made.lines("findings.jsonl.gz"), day=3)
        assert [each["acted"] for each in again.lines("findings.jsonl.gz")].count(note) == 1


def test_findings_about_the_policy_are_in_every_list(tmp_path):
    about = {**found_of()[0], "id": "p", "user_id": None, "email": None, "user": "exemptions[0]", "seen": None}
    made = report(tmp_path / "1", [], about=[about])
    assert [each["user"] for each in made.lines("findings.jsonl.gz")] == ["exemptions[0]"]
    assert made.made.tally.findings.total() == 1
    again = report(tmp_path / "2", [], made.lines("findings.jsonl.gz"), day=2)
    assert [each["status"] for each in again.lines("findings.jsonl.gz")] == ["resolved"]


def test_with_pseudonyms_neither_lists_nor_page_name_anybody(tmp_path):
    named = {"name": CANARY, "email": f"{CANARY}@{CANARY}.example"}
    identity = [{"connection": CANARY, "provider": "samlp", "is_social": False}]
    phone = authenticator("phone", id=f"phone|{CANARY}", created=900, used=200, phone_number=CANARY, name=CANARY)
    records = [
        {**reading(1, phone, user_id=f"auth0|{CANARY}1", **named, identities=identity), "before": had([])},
        reading(2, error=f"Could not read auth0|{CANARY}2", user_id=f"auth0|{CANARY}2", **named),
        {**reading(3, user_id=f"auth0|{CANARY}3", **named), "gone": True},
    ]
    known = found_of(STALE, user_id=f"auth0|{CANARY}3", **named) + found_of(user_id=f"auth0|{CANARY}4", **named)
    about = {**found_of()[0], "id": CANARY, "user_id": None, "email": None, "user": CANARY, "seen": None}
    naming = Policy(excluded=People((f"{CANARY}*",)), connections=(ConnectionPolicy(CANARY, "idp"),))
    plain = report(tmp_path / "1", records, known, day=2, about=[about])
    masked = report(tmp_path / "2", records, known, day=2, about=[about], masked=Pseudonyms(b"k" * 32))
    for one in (plain, masked):
        pass_ = one.made
        counted = {**figures(pass_.tally, policy=naming, changes=pass_.changes.figures()), "note": CANARY}
        counted = Pseudonyms(b"k" * 32).summary(counted) if one is masked else counted
        html = page(counted, pass_.tally.worst(), pass_.changes.first(), pseudonyms=one is masked)
        texts = {
            name: (gzip.decompress(content) if name.endswith(".gz") else content).decode()
            for name, content in one.files.items()
        }
        texts.update(page=html, summary=json.dumps(counted))
        for name, text in texts.items():
            assert (CANARY in text) == (one is plain), name
