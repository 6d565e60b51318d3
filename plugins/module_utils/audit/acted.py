# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people had done about findings since they were found, for the next report. Remediation writes it; no audit does."""

from __future__ import annotations

import json
from typing import Mapping

from ..auth0.times import as_time
from .records import ActedNote, Action

# In the audit's folder, beside its runs: rows of the form ``records.ActedRow``.
ACTED = "acted.jsonl"
WORDS: Mapping[Action, str] = {"remove": "removed", "ticket": "ticket mailed", "rotate": "recovery code made"}


def acted_notes(content: bytes) -> dict[str, ActedNote]:
    """What was done last about each finding, by its ID.

    :param content: of :data:`ACTED`. What is no row in it says nothing: a report must not fail for it.
    """
    notes: dict[str, ActedNote] = {}
    for line in content.splitlines():
        try:
            row = json.loads(line)
            note: ActedNote = {"action": row["action"], "at": row["at"]}
            if row["result"] == "done" and note["action"] in WORDS and as_time(note["at"]) is not None:
                notes[str(row["finding"])] = note
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return notes


def in_words(note: ActedNote) -> str:
    """It with its day, for a person."""
    return "%s %s" % (WORDS[note["action"]], note["at"][:10])
