# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from datetime import date

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    ConnectionPolicy,
    Exemption,
    Member,
    People,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError


def test_the_default_thresholds():
    row = Policy().as_row()
    assert (row["stale_days"], row["never_used_days"], row["unconfirmed_days"]) == (90, 30, 1)
    assert row["weak_factors"] == ["email", "phone"]


FULL = Policy(
    stale_days=60,
    severities={"stale": "high"},
    off=frozenset({"too-many"}),
    connections=(ConnectionPolicy("corp-*", "idp"),),
    privileged=People(emails=("*@ops.example.com",), app_metadata=(Member("staff.role", "admin"),)),
    exemptions=(Exemption("stale", People(("auth0|1",)), "On leave", "ops", date(2027, 1, 31)),),
    name="pci",
)


@pytest.mark.parametrize("policy", [Policy(), FULL])
def test_a_policy_comes_back_from_the_row_of_a_run(policy):
    assert Policy.from_row(json.loads(json.dumps(policy.as_row()))) == policy


def test_a_run_of_an_earlier_version_has_the_defaults_of_what_it_did_not_know():
    row = {"stale_days": 60, "never_used_days": 7, "unconfirmed_days": 2, "weak_factors": ["email"]}
    assert Policy.from_row(row) == Policy(stale_days=60, never_used_days=7, unconfirmed_days=2, weak_factors=("email",))


def test_only_the_members_that_it_names_are_read():
    assert FULL.paths == ("staff.role",)
    assert Policy().paths == ()


@pytest.mark.parametrize("name", ["stale_days", "never_used_days", "unconfirmed_days"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(0, id="zero"),
        pytest.param(-1, id="negative"),
        pytest.param(3651, id="above ten years"),
        pytest.param(1.5, id="not whole"),
        pytest.param("90", id="text"),
        pytest.param(True, id="true"),
        pytest.param(None, id="none"),
    ],
)
def test_a_threshold_out_of_range_is_named(name, value):
    with pytest.raises(ConfigurationError, match=name):
        Policy(**{name: value})


@pytest.mark.parametrize("value", [1, 3650])
def test_the_bounds_of_a_threshold_are_allowed(value):
    assert Policy(stale_days=value, never_used_days=value, unconfirmed_days=value).stale_days == value


@pytest.mark.parametrize(
    "factor",
    [
        pytest.param("sms", id="a channel"),
        pytest.param("recovery-code", id="a recovery code"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_weak_factor_that_is_not_a_second_factor_is_named(factor):
    with pytest.raises(ConfigurationError, match="weak_factors contains '%s'" % factor) as caught:
        Policy(weak_factors=("phone", factor))
    assert "otp" in caught.value.hint and "recovery-code" not in caught.value.hint


def test_a_summary_has_the_digest_of_many_ids_and_the_row_has_them_all():
    many = tuple("auth0|%d" % number for number in range(101))
    policies = [Policy(privileged=People(ids)) for ids in (many, many[:-1], (*many[:-1], "auth0|x"))]
    shown = [policy.as_summary()["privileged"] for policy in policies]
    assert shown[0]["user_ids"] == [] and shown[0]["user_ids_digest"].startswith("101 IDs, sha256:")
    assert shown[1]["user_ids"] == list(many[:-1]) and "user_ids_digest" not in shown[1]
    assert shown[0] != shown[2]
    assert Policy.from_row(policies[0].as_row()) == policies[0]
