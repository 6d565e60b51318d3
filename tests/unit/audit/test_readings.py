# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.people import value_at
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record

METADATA = {"staff": {"role": "admin", "salary": "canary"}, "token": "canary", "flag": False, "nothing": None}


def test_of_app_metadata_only_what_the_policy_names_is_kept_and_is_found_there():
    paths = ("staff.role", "flag", "nothing", "not.there")
    kept = profile_record({"user_id": "a|1", "app_metadata": METADATA}, paths)["app_metadata"]
    assert kept == {"staff.role": "admin", "flag": False}
    assert [value_at(kept, path) for path in paths] == [value_at(METADATA, path) for path in paths]
    assert "canary" not in json.dumps(profile_record({"user_id": "a|1", "app_metadata": METADATA}))
