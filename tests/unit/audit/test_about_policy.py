# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs find in the policy itself, and what becomes of it from run to run."""

from __future__ import annotations

import dataclasses
import html
import json
from datetime import date, timedelta

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Exemption, Member, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.pseudonyms import Pseudonyms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import table
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import report

from tests.unit.audit.fake_tenant import NOW
from tests.unit.audit.test_run import ONE_BY_ONE, StopAfter, audit, small_chunks, store, tenant_of

__all__ = ["small_chunks", "store"]  # fixtures

SOON, LATER = date(2026, 6, 2), date(2027, 5, 1)
NOBODY, LAST = "auth0|nobody", "auth0|00039"
OFF = frozenset({"exemption-unused"})


def exempting(*user_ids: str, expires: date = LATER, **more) -> Policy:
    return Policy(
        exemptions=tuple(Exemption("stale", People((each,)), "a safe", "security", expires) for each in user_ids),
        **more,
    )


def by(policy: Policy, **more):
    return dataclasses.replace(ONE_BY_ONE, policy=policy, **more)


def words(store, outcome) -> dict[str, str]:
    """What became of each finding about the policy, by its rule."""
    with store.open(outcome.keys["findings.jsonl.gz"]) as file:
        rows = [row for row in read_lines(file, "findings") if row["user_id"] is None]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["rule"]: row["status"] for row in rows}


def cut_off(tenant, store, policy, days):
    return audit(
        tenant, store, by(policy, resume=False, full=True), days, stop=StopAfter(tenant, len(tenant.reads) + 17)
    )


@pytest.mark.parametrize("days", [1, 300])
def test_a_partial_run_resolves_no_exemption_that_fits_nobody(store, days):
    tenant, policy = tenant_of(40), exempting(NOBODY)
    assert words(store, audit(tenant, store, by(policy))) == {"exemption-unused": "new"}
    partial = cut_off(tenant, store, policy, days)
    assert partial.summary["partial"] and words(store, partial) == {"exemption-unused": "not-read"}
    assert partial.summary["history"]["statuses"]["resolved"] == 0
    whole = audit(tenant, store, by(policy, resume=False), days + 1)
    assert words(store, whole) == {"exemption-unused": "persisting"}


@pytest.mark.parametrize(
    "after, word",
    [
        pytest.param(exempting("auth0|00001"), "resolved", id="its pattern was corrected"),
        pytest.param(Policy(), "resolved", id="it was removed"),
        pytest.param(exempting(NOBODY, off=OFF), "not-asked", id="the rule is off"),
    ],
)
def test_what_was_done_about_an_exemption_counts_in_a_partial_run_too(store, after, word):
    tenant = tenant_of(40)
    audit(tenant, store, by(exempting(NOBODY)))
    assert words(store, cut_off(tenant, store, after, 1)) == {"exemption-unused": word}


def test_a_partial_run_that_read_whom_it_fits_resolves_it(store):
    tenant, policy = tenant_of(39), exempting(LAST)
    assert words(store, audit(tenant, store, by(policy))) == {"exemption-unused": "new"}
    tenant.users = tenant_of(40).users  # the new one is read first
    assert words(store, cut_off(tenant, store, policy, 1)) == {"exemption-unused": "resolved"}


def test_an_exemption_that_expired_is_a_finding_of_another_rule_and_resolved_by_who_prolongs_it(store):
    tenant = tenant_of(20)
    assert words(store, audit(tenant, store, by(exempting(NOBODY, expires=SOON)))) == {"exemption-unused": "new"}
    expired = audit(tenant, store, by(exempting(NOBODY, expires=SOON)), 9)
    assert words(store, expired) == {"exemption-unused": "not-asked", "exemption-expired": "new"}
    cut = cut_off(tenant, store, exempting(NOBODY, expires=SOON), 10)
    assert words(store, cut) == {"exemption-unused": "not-asked", "exemption-expired": "persisting"}
    prolonged = cut_off(tenant, store, exempting(NOBODY), 11)
    assert words(store, prolonged) == {"exemption-unused": "not-asked", "exemption-expired": "resolved"}
    assert words(store, audit(tenant, store, by(exempting(NOBODY), resume=False), 12)) == {
        "exemption-unused": "persisting",
        "exemption-expired": "resolved",
    }


def test_a_delta_run_knows_everybody(store):
    tenant, policy = tenant_of(40), exempting(LAST)
    audit(tenant, store, by(policy))
    tenant.users = tenant.users[:39]
    delta = audit(tenant, store, by(policy), 1)
    assert delta.summary["coverage"]["carried"] and words(store, delta) == {"exemption-unused": "new"}


@pytest.mark.parametrize("scope", [{"query": "created_at:[* TO *]"}, {"user_ids": ("auth0|00001",)}])
def test_a_run_of_some_users_says_nothing_of_who_fits_nobody(store, scope):
    tenant, policy = tenant_of(5), exempting(NOBODY)
    for days in (0, 1):
        assert words(store, audit(tenant, store, by(policy, scope=Scope(**scope)), days)) == {}


def test_another_policy_over_a_partial_run_leaves_its_findings_unread(store):
    tenant = tenant_of(40)
    audit(tenant, store, by(exempting(NOBODY)))
    cut_off(tenant, store, exempting(NOBODY), 1)
    other = exempting(NOBODY, stale_days=30)
    made = report(store, None, lambda _policy: other, NOW + timedelta(days=2))
    assert words(store, made) == {"exemption-unused": "not-read"}


def vips(*emails: str, path: str = "vip") -> Policy:
    return Policy(privileged=People(emails=emails, app_metadata=(Member(path, True),)))


def test_patterns_that_fit_nobody_are_in_summary_table_and_page(store):
    tenant = tenant_of(20)
    tenant.users[3]["app_metadata"] = {"vip": "true"}
    policy = vips("ceo@example.net", tenant.users[1]["email"])
    outcome = audit(tenant, store, by(policy))
    told = (
        "Patterns of the policy that fit nobody: privileged.emails: ceo@example.net, privileged.app_metadata: vip = true. "
        "Values in app_metadata that fit no pattern because of their type: vip (users: 1)."
    )
    assert outcome.summary["note"] == told and not outcome.summary["partial"]
    assert "Note: " + told in table(outcome.summary, outcome.costs)
    assert told in html.unescape(store.read(outcome.keys["report.html"])[0].decode())
    judged = report(store, None, lambda _policy: Policy(), NOW)
    assert judged.summary["note"] is None
    again = report(store, None, lambda policy: policy, NOW, pseudonyms=Pseudonyms(b"k" * 32))
    assert "ceo@example.net" not in json.dumps(again.summary)


def test_a_partial_run_and_one_of_some_users_say_nothing_of_patterns_that_fit_nobody(store):
    tenant, policy = tenant_of(40), vips("ceo@example.net")
    assert cut_off(tenant, store, policy, 0).summary["note"] is None
    some = audit(tenant, store, by(policy, scope=Scope(user_ids=("auth0|00001",))), 1)
    assert some.summary["note"] is None


def test_what_is_the_reason_already_is_no_note_in_the_table(store):
    outcome = audit(tenant_of(3), store, by(Policy(), scope=Scope(user_ids=("auth0|00001", "auth0|none"))))
    assert outcome.summary["note"] in outcome.summary["reason"]
    assert "Note:" not in table(outcome.summary, outcome.costs)
