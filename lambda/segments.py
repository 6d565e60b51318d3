# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes after a segment of a run. Decisions only."""

from __future__ import annotations

import math
from typing import NamedTuple

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Checkpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error

from settings import State

# Seconds until a tenant that is away, or refuses, is asked again.
PAUSE = 60
# So many segments in a row may store nothing new.
MOST_IDLE = 2
# For so many seconds in a row a rate limit may let nothing through.
LONGEST_HELD = 3600
_KEPT = "What was read is kept, and the next run goes on with it."


class NoProgress(Auth0Error):
    """Segments end, and nothing new is stored: another one would not help."""


class Walked(NamedTuple):
    """What became of reading in one segment.

    :ivar checkpoint: of the run after it; None where there is no run yet
    :ivar stored: whether anything new is stored
    :ivar stopped: why it ended early; None where everybody is read
    :ivar in_time: whether its end was the deadline or the rate limit, and not the tenant
    :ivar held: seconds for which the rate limit lets nothing through; 0 where that did not end it
    """

    checkpoint: Checkpoint | None
    stored: bool
    stopped: str | None
    in_time: bool
    held: float = 0.0


def after(before: State, walked: Walked) -> State:
    """The state after a segment of reading.

    :raises NoProgress: nothing new was stored again, so there is no use in another segment
    """
    checkpoint = walked.checkpoint
    known = State(
        run=checkpoint.run if checkpoint else None,
        segment=before.segment + 1,
        read=checkpoint.first if checkpoint else 0,
        to_read=checkpoint.to_read if checkpoint else 0,
    )
    if walked.stopped is None:
        return known.model_copy(update={"next": "report"})
    wait = math.ceil(walked.held) if walked.in_time else PAUSE
    if walked.stored:
        return known.model_copy(update={"wait": wait})
    if walked.held:
        held = before.held + wait
        if held > LONGEST_HELD:
            raise NoProgress("The rate limit has let nothing through for %d s. %s" % (held, walked.stopped), hint=_KEPT)
        return known.model_copy(update={"wait": wait, "held": held, "idle": before.idle})
    idle = before.idle + 1
    if idle >= MOST_IDLE:
        hint = _KEPT if checkpoint else "Nothing is stored. Increase the function's timeout or AUDIT_RATE_LIMIT_SHARE."
        raise NoProgress("%d segments in a row stored nothing new: %s" % (idle, walked.stopped), hint=hint)
    return known.model_copy(update={"wait": wait, "idle": idle})
