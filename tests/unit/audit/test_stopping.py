# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ends a run early, and how it waits."""

from __future__ import annotations

import math
import threading

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop, Stopped


@pytest.mark.parametrize("seconds", [1e9, 1e12, 1.7e12, 1e300, math.inf])
@pytest.mark.parametrize("deadline", [math.inf, 1e300])
def test_a_wait_of_any_length_ends_when_the_run_has_to(seconds, deadline):
    stop, waiting = Stop(deadline), threading.Event()
    told = threading.Thread(target=lambda: waiting.wait(10) and stop.tell("Enough."))
    told.start()
    waiting.set()
    with pytest.raises(Stopped, match="Enough"):
        stop.sleep(seconds)
    told.join()


@pytest.mark.parametrize("seconds", [0, -1, -1e300, -math.inf, math.nan])
def test_what_is_no_time_to_wait_is_not_waited_for(seconds):
    stop = Stop()
    stop.sleep(seconds)
    assert stop.reason() is None


@pytest.mark.parametrize("seconds", [5, 1e300, math.inf])
def test_a_wait_past_the_deadline_ends_at_the_deadline(seconds):
    with pytest.raises(Stopped, match="The time limit was reached"):
        Stop(0.01).sleep(seconds)
