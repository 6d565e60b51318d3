# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lists import entries


@pytest.mark.parametrize(
    "text, found",
    [
        ("", []),
        ("# nobody\n\n  \n", []),
        ("auth0|1\r\n  auth0|2  # the boss\nauth0|3#4", [(1, "auth0|1"), (2, "auth0|2"), (3, "auth0|3#4")]),
        ("\n#\nauth0|1", [(3, "auth0|1")]),
    ],
)
def test_a_list_has_one_entry_a_line(text, found):
    assert list(entries(text)) == found
