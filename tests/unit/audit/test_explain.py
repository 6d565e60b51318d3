# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.explain import explain
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    ConnectionPolicy,
    Exemption,
    People,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
DATABASE = {"connection": "Username-Password-Authentication", "provider": "auth0", "is_social": False}
CORP = {"connection": "corp-eu", "provider": "waad", "is_social": False}


def lines(policy=Policy(), **members):
    usual = {
        "user_id": "auth0|1",
        "email": "ann@example.com",
        "created_at": "2026-11-20T00:00:00.000Z",
        "last_login": "2026-11-21T00:00:00.000Z",
        "identities": [DATABASE],
    }
    return explain(profile_record({**usual, **members}), policy, NOW)


def about(name, *args, **members):
    return [line.split(":", 1)[1].strip() for line in lines(*args, **members) if line.startswith(name + ":")]


def test_everything_that_applies_to_a_user_is_told_with_the_part_of_the_policy_that_says_so():
    mine = People(emails=("*@example.com",))
    policy = Policy(
        name="Ours",
        grace_days=10,
        connections=(ConnectionPolicy("x", "none"), ConnectionPolicy("corp-*", "idp")),
        privileged=People(("auth0|1",), ("ann@*",)),
        exemptions=(
            Exemption("stale", People(("auth0|2",)), "Not hers", "ops", date(2027, 1, 1)),
            Exemption("stale", mine, "On leave", "ops", date(2026, 12, 1)),
            Exemption(None, mine, "Tests", "dev", date(2026, 11, 1)),
        ),
        severities={"stale": "high"},
        off=frozenset({"too-many", "never-used"}),
    )
    assert lines(policy, identities=[DATABASE, CORP]) == [
        "User:          auth0|1, ann@example.com",
        "Policy:        Ours",
        "Scope:         in scope",
        "Connection:    Username-Password-Authentication (auth0): Auth0 asks for the second factor (by default)",
        "Connection:    corp-eu (waad): the identity provider asks for the second factor (connections[1]: corp-*)",
        "Second factor: Auth0 asks for the second factor: of several connections the strictest counts",
        "Privileged:    yes (privileged.user_ids: auth0|1; privileged.emails: ann@*): findings are one step more severe",
        "Break-glass:   no",
        "Grace:         needs no second factor until 2026-11-30 00:00 UTC",
        "Exemption:     stale, until 2026-12-01, in 4 days, by ops: On leave (exemptions[1].users.emails: *@example.com)",
        "Exemption:     every rule, expired on 2026-11-01, by dev: Tests (exemptions[2].users.emails: *@example.com)",
        "Threshold:     stale from day 90, warning from day 45",
        "Threshold:     unconfirmed from day 1",
        "Threshold:     dormant-user from day 90",
        "Threshold:     not-challenged from day 31",
        "Weak factors:  email, phone",
        "Severities:    stale high",
        "Rules off:     never-used, too-many",
    ]


@pytest.mark.parametrize(
    "policy, members, told",
    [
        (Policy(), {"blocked": True}, "aside, because blocked (blocked: aside). No finding counts for fail_on."),
        (
            Policy(never_logged_in="out"),
            {"last_login": None},
            "out of scope, because never logged in (never_logged_in: out)",
        ),
        (
            Policy(excluded=People(emails=("*@example.com",))),
            {},
            "out of scope, because excluded (exclude.emails: *@example.com)",
        ),
        (
            Policy(connections=(ConnectionPolicy("*", "none"),)),
            {},
            "out of scope, because connection Username-Password-Authentication",
        ),
    ],
)
def test_why_a_user_is_not_in_scope_is_told(policy, members, told):
    assert about("Scope", policy, **members) == [told]


@pytest.mark.parametrize(
    "identity, told",
    [
        ({**CORP, "connection": None}, "? (waad): Auth0 asks for the second factor (its name is not known)"),
        ({**CORP, "provider": None}, "corp-eu (?): Auth0 asks for the second factor (its kind is not known)"),
        (
            {**CORP, "provider": None, "is_social": True},
            "corp-eu (?): the identity provider asks for the second factor (by default)",
        ),
        (CORP, "corp-eu (waad): the identity provider asks for the second factor (by default)"),
    ],
)
def test_who_asks_for_the_second_factor_is_told(identity, told):
    assert about("Connection", identities=[identity]) == [told]


def test_what_cannot_be_read_is_told():
    members = {"identities": None, "unreadable": ["identities", "last_login"], "last_login": None}
    assert about("Connection", **members) == ["none is known, so Auth0 asks for the second factor"]
    assert about("Unreadable", **members) == ["identities, last_login. Nothing was decided by them."]
    assert about("Scope", **members) == ["in scope"]


def test_who_is_for_emergencies_has_no_threshold_of_use():
    policy = Policy(break_glass=People(("auth0|1",)))
    assert about("Break-glass", policy)[0].startswith("yes (break_glass.user_ids: auth0|1): must have")
    assert not any("stale" in each or "dormant" in each for each in about("Threshold", policy))


@pytest.mark.parametrize(
    "created, told",
    [
        (None, "none, because nobody knows when the account was created"),
        ("2026-01-01T00:00:00.000Z", "none, because the account is older: it ended 2026-01-08 00:00 UTC"),
        ("2027-01-01T00:00:00.000Z", "none, because the account has a date in the future"),
        ("9999-12-31T00:00:00.000Z", "none, because the account has a date in the future"),
    ],
)
def test_why_there_is_no_grace_is_told(created, told):
    assert about("Grace", Policy(grace_days=7), created_at=created) == [told]


def test_a_name_cannot_steer_the_terminal():
    text = "\n".join(lines(email="a\x1b[2J\u202e@b.c", identities=[{**CORP, "connection": "a\nScope: in"}]))
    assert "\x1b" not in text and "\u202e" not in text and "\nScope: in" not in text
