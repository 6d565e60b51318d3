# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import UNKNOWN, TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    InsufficientScopeError,
    ServerError,
)

REFUSED = InsufficientScopeError("Could not read: Insufficient scope", status=403)
DOWN = ServerError("Could not read: down", status=503)


class Tenant:
    """Answers, or raises what is an error."""

    def __init__(self, factors, policy):
        self._factors, self._policy = factors, policy

    def factors(self):
        return self._give(self._factors)

    def policy(self):
        return self._give(self._policy)

    @staticmethod
    def _give(what):
        if isinstance(what, Exception):
            raise what
        return what


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("never", ()), ("all-applications", ("all-applications",)), ("confidence-score", ("confidence-score",))],
)
def test_whether_mfa_is_required(policy, expected):
    assert TenantFacts.read(Tenant({}, policy)).mfa_policies == expected


def test_what_cannot_be_switched_off_is_on():
    found = TenantFacts.read(Tenant({"otp": True, "phone": False, "duo": False}, "never"))
    assert found.enabled_factors == set(FACTORS) - {"phone", "duo"} and "passkey" in found.enabled_factors
    assert found.note is None


@pytest.mark.parametrize(
    ("tenant", "factors", "policies", "note"),
    [
        (Tenant(REFUSED, "never"), False, True, "read:guardian_factors"),
        (Tenant({}, REFUSED), True, False, "read:mfa_policies"),
        (Tenant(DOWN, "never"), False, True, "Could not read: down"),
    ],
)
def test_what_the_tenant_refuses_is_left_out_with_a_note(tenant, factors, policies, note):
    found = TenantFacts.read(tenant)
    assert (found.enabled_factors is not None, found.mfa_policies is not None) == (factors, policies)
    assert note in found.note


def test_without_both_scopes_nothing_is_known():
    found = TenantFacts.read(Tenant(REFUSED, REFUSED))
    assert (found.enabled_factors, found.mfa_policies) == (UNKNOWN.enabled_factors, UNKNOWN.mfa_policies)
    assert "read:guardian_factors" in found.note and "read:mfa_policies" in found.note


def test_a_token_that_is_not_accepted_ends_the_run():
    with pytest.raises(AuthenticationError):
        TenantFacts.read(Tenant(AuthenticationError("no", status=401), "never"))


@pytest.mark.parametrize("facts", [UNKNOWN, TenantFacts((), frozenset({"otp", "phone"}), "a note")])
def test_facts_come_back_as_they_were_kept(facts):
    assert TenantFacts.from_row(json.loads(json.dumps(facts.as_row()))) == facts
