# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of a run for queries with Athena, in keys that it takes for partitions:

    tables/TABLE/tenant=TENANT/date=DATE/run=RUN/FILE

A table may contain one kind of file only, which the reports of a run are not. DATE is the day of the plan in UTC.
"""

from __future__ import annotations

import io
import json

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import path
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import Summary
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import OWN, SUMMARY
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import FINDINGS, USERS
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import Store

from told import Told


def copy(store: Store, told: Told) -> dict[str, str]:
    """Store the copies, in place of earlier ones of the same run.

    :raises StoreError: a file cannot be read or written
    """
    figures = told.figures
    for table, name in (("users", USERS), ("findings", FINDINGS)):
        with store.open(path(figures["run"], "%s/%s" % (OWN, name))) as file:
            store.put(key(figures, table, name), file)
    # Athena takes each line for a row.
    line = json.dumps(figures, sort_keys=True, separators=(",", ":")) + "\n"
    store.put(key(figures, "runs", SUMMARY), io.BytesIO(line.encode()))
    return {}


def key(figures: Summary, table: str, name: str) -> str:
    """Where a copy is.

    :param table: ``users``, ``findings`` or ``runs``
    """
    parts = (table, figures["tenant"], figures["planned"][:10], figures["run"], name)
    return "tables/%s/tenant=%s/date=%s/run=%s/%s" % parts
