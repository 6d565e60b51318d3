# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.findings import finding_id
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import user_row
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record, record_of
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead

from tests.unit.audit.fake_tenant import NOW, TENANT, authenticator, user

USER = "auth0|00001"


def findings(authenticators):
    record = record_of(0, profile_record(user(1)), UserRead(USER, None, tuple(authenticators)), NOW)
    return user_row(TENANT, record, NOW, Policy())["findings"]


def test_a_finding_is_named_by_tenant_rule_user_and_authenticator():
    several = [authenticator("phone", id="phone|b", created=200), authenticator("email", id="email|c", created=0)]
    found = findings(several)
    assert {each["rule"] for each in found} >= {"weak-only", "never-used"}
    for each in found:
        assert each["id"] == finding_id(TENANT, each["rule"], USER, each["authenticator_id"])
        assert re.fullmatch("[0-9a-f]{32}", each["id"])


def test_a_finding_keeps_its_id_as_it_grows_older():
    young, old = (findings([authenticator(created=days)]) for days in (40, 400))
    assert [each["id"] for each in young] == [each["id"] for each in old]
    assert young[-2:] != old[-2:]


def test_the_id_tells_tenants_rules_users_authenticators_and_links_apart():
    parts = ("a.example", "stale", "auth0|1", "totp|1")
    ids = {finding_id(*parts), finding_id(*parts, "totp|1"), finding_id(*parts[:3], None)} | {
        finding_id(*parts[:place], other, *parts[place + 1 :]) for place in range(4) for other in ("other", "auth0|1|")
    }
    assert len(ids) == 11
    assert finding_id("t", "r", "a|b", "c") != finding_id("t", "r", "a", "b|c")


PUSH = authenticator("push", id="push|dev_2", link_id="link_1", created=200)
ITS_OTP = authenticator("otp", id="totp|dev_1", link_id="link_1", created=200)


@pytest.mark.parametrize(
    "has", [[PUSH], [ITS_OTP], [PUSH, ITS_OTP], [ITS_OTP, PUSH], [PUSH, replace(ITS_OTP, confirmed=False)]]
)
def test_the_id_stays_while_a_twin_comes_or_goes(has):
    (first,) = [each for each in findings([PUSH, ITS_OTP]) if each["rule"] == "never-used"]
    (now,) = [each for each in findings(has) if each["rule"] == "never-used"]
    assert now["id"] == first["id"] and now["link_id"] == "link_1"
    assert now["authenticator_id"] == ("push|dev_2" if PUSH in has else "totp|dev_1")
