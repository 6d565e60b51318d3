# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people had done about findings since they were found, for the next report. Remediation writes it; no audit does."""

from __future__ import annotations

import json

# In the audit's folder, beside its runs: rows of the form ``records.ActedRow``.
ACTED = "acted.jsonl"
_WORDS = {"remove": "removed", "ticket": "ticket mailed", "rotate": "recovery code made"}


def acted_notes(content: bytes) -> dict[str, str]:
    """What was done last about each finding, in words with the day, by the ID of the finding.

    :param content: of :data:`ACTED`. What is no row in it says nothing: a report must not fail for it.
    """
    notes: dict[str, str] = {}
    for line in content.splitlines():
        try:
            row = json.loads(line)
            if row["result"] == "done":
                notes[str(row["finding"])] = "%s %s" % (_WORDS[row["action"]], row["at"][:10])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return notes
