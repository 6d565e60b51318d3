# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError


def test_the_defaults_of_the_guide():
    assert Policy().as_dict() == {
        "stale_days": 90,
        "never_used_days": 30,
        "unconfirmed_days": 1,
        "weak_factors": ["email", "phone"],
    }


@pytest.mark.parametrize("name", ["stale_days", "never_used_days", "unconfirmed_days"])
@pytest.mark.parametrize("value", [0, -1, 3651, 1.5, "90", True, None])
def test_a_threshold_out_of_range_is_named(name, value):
    with pytest.raises(ConfigurationError, match=name):
        Policy(**{name: value})


@pytest.mark.parametrize("factor", ["sms", "recovery-code", ""])
def test_a_weak_factor_that_is_none_is_named(factor):
    with pytest.raises(ConfigurationError, match="weak_factors names '%s'" % factor):
        Policy(weak_factors=("phone", factor))
