# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mfaops.auth0.plugins.module_utils.audit import ranks
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from hypothesis import given, strategies as st

from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import found_of, judged, reading

FOUND = found_of(authenticator("phone", created=900, used=200))[0]
FINDINGS = st.fixed_dictionaries(
    {
        "severity": st.sampled_from(SEVERITIES),
        "privileged": st.booleans(),
        "break_glass": st.booleans(),
        "rule": st.sampled_from(sorted(RULES)),
        "exempted": st.sampled_from([None, {"reason": "a", "owner": "b", "expires": "2026-12-31"}]),
        "place": st.sampled_from(["in", "aside"]),
        "closed_at": st.sampled_from([None, "2026-06-01T12:00:00.000Z"]),
    }
)


@given(st.lists(FINDINGS))
def test_findings_that_count_come_first_then_privileged_users_then_the_most_severe(several):
    """Said once more, without a rank."""
    ordered = sorted(({**FOUND, **each} for each in several), key=ranks.of_found)
    for one, other in zip(ordered, ordered[1:]):
        parts = [
            3 if each["closed_at"] else 2 if each["place"] == "aside" else 1 if each["exempted"] else 0
            for each in (one, other)
        ]
        assert parts == sorted(parts)
        if parts[0] == parts[1]:
            assert one["privileged"] >= other["privileged"]
            if one["privileged"] == other["privileged"]:
                assert SEVERITIES.index(one["severity"]) <= SEVERITIES.index(other["severity"])


@given(FINDINGS)
def test_break_glass_users_are_before_nobody(found):
    one, other = ({**FOUND, **found, "break_glass": is_one} for is_one in (True, False))
    assert ranks.of_found(one) == ranks.of_found(other)


def test_a_rule_of_an_earlier_version_has_a_rank():
    assert ranks.of_found({**FOUND, "rule": "shared-phone", "closed_at": "2026-06-01T12:00:00.000Z"}) > ranks.of_found(
        FOUND
    )


def test_the_findings_of_one_user_are_in_this_order():
    admin = Policy(privileged=People(emails=("*",)), severities={"stale": "low"})
    for policy in (Policy(), admin):
        row = judged(reading(1, authenticator("phone", created=900, used=200)), policy)
        severities = [SEVERITIES.index(each["severity"]) for each in row["findings"]]
        assert len(severities) > 1 and severities == sorted(severities)


def figures(severity: str | None = None, people: int = 1, privileged: int = 0) -> dict:
    counts = {each: int(each == severity) for each in SEVERITIES}
    return {"severities": counts, "people": people, "privileged": privileged}


def test_rules_come_by_their_worst_finding_then_by_privileged_people_then_by_people():
    its = {
        "no-mfa": figures(None, people=0),
        "stale": figures("medium", people=500),
        "weak-only": figures("medium", people=1, privileged=1),
        "too-many": figures("critical"),
        "single-factor": figures("medium", people=900),
    }
    assert ranks.rules_in_order(its) == ["too-many", "weak-only", "single-factor", "stale", "no-mfa"]
    assert [ranks.worst(its[rule]) for rule in ("too-many", "no-mfa")] == ["critical", None]
