# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes after a segment of a run. Decisions only."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Checkpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error

from outage import Outage
from settings import State

# For so many seconds a segment waits for a tenant that is away, and then the state machine does, at no cost.
PATIENCE = 30
PAUSE = 60
# So many segments in a row may store nothing new, although the tenant answers.
MOST_IDLE = 2
# For so many seconds in a row a tenant or a service of AWS may be away, or a rate limit may let nothing through.
LONGEST_HELD = 3600
# A service of AWS is waited for as long again as it has been away, within these seconds.
SHORTEST_AWAY, LONGEST_AWAY = 15, 300


class NoProgress(Auth0Error):
    """Segments end, and nothing new is stored: another one would not help."""


class Walked(NamedTuple):
    """What became of reading in one segment.

    :ivar checkpoint: of the run after it; None where there is no run yet, or it was not looked at
    :ivar stored: whether anything new is stored
    :ivar stopped: why it ended early; None where everybody is read
    :ivar in_time: whether its end was the deadline or the rate limit, and not the tenant
    :ivar held: seconds for which the rate limit lets nothing through; 0 where that did not end it
    :ivar took: seconds that the segment took
    """

    checkpoint: Checkpoint | None
    stored: bool
    stopped: str | None
    in_time: bool
    held: float = 0.0
    took: float = 0.0


def after(before: State, walked: Walked) -> State:
    """The state after a segment of reading.

    :raises NoProgress: nothing new was stored again, so there is no use in another segment
    """
    known = State(**_place(before, walked.checkpoint))
    if walked.stopped is None:
        return known.model_copy(update={"next": "report"})
    wait = math.ceil(walked.held) if walked.in_time else PAUSE
    if walked.stored:
        return known.model_copy(update={"wait": wait})
    if walked.held or not walked.in_time:
        held = before.held + wait + (0 if walked.in_time else max(math.ceil(walked.took), 1))
        if held > LONGEST_HELD:
            raise NoProgress("Nobody could be read for %d s: %s" % (held, walked.stopped), hint=_hint(known))
        return known.model_copy(update={"wait": wait, "held": held, "idle": before.idle})
    idle = before.idle + 1
    if idle >= MOST_IDLE:
        raise NoProgress(
            "%d segments in a row stored nothing new: %s" % (idle, walked.stopped),
            hint=_hint(known, " Increase the function's timeout or AUDIT_RATE_LIMIT_SHARE."),
        )
    return known.model_copy(update={"wait": wait, "idle": idle})


def without(before: State, checkpoint: Checkpoint | None, outage: Outage, stored: bool, took: float) -> State:
    """The state after a segment that ended because a service of AWS is away.

    :param checkpoint: of the run as far as it is stored; None where it was not looked at
    :param stored: whether the segment stored anything new before
    :param took: seconds that the segment took
    :raises NoProgress: it has been away for too long
    """
    held = 0 if stored else before.held + max(math.ceil(took), 1)
    wait = min(max(held, SHORTEST_AWAY), LONGEST_AWAY)
    known = before.model_copy(update={**_place(before, checkpoint), "wait": wait, "held": held + wait})
    if known.held > LONGEST_HELD:
        said = "%s does not work, and nothing new was stored for %d s: %s" % (outage.service, held, outage.message)
        raise NoProgress(said, status=outage.status, code=outage.code, hint=_hint(known))
    return known


def _place(before: State, checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Which run it is after one more segment, and how far that is: as it was, where the checkpoint was not looked at."""
    run, read, to_read = before.run, before.read, before.to_read
    if checkpoint is not None:
        run, read, to_read = checkpoint.run, checkpoint.first, checkpoint.to_read
    return {"run": run, "segment": before.segment + 1, "read": read, "to_read": to_read}


def _hint(known: State, advice: str = "") -> str:
    if known.run is None:
        return "Nothing is stored." + advice
    return "What was read is kept, and the next run goes on with it."
