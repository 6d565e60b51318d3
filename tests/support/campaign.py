# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Campaigns: tests that try many examples. How many they try, and how many they tried.

The environment's ``MFAOPS_CAMPAIGN`` multiplies the number: 20 for a night, 0.1 while writing. The counts are printed at the end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hypothesis import HealthCheck, settings

MULTIPLIER = float(os.environ.get("MFAOPS_CAMPAIGN", "1"))
# The same examples in every `make test`, so that what fails there was not there before; a longer campaign looks for others.
_REPEATABLE = MULTIPLIER <= 1
_TRIED: Counter[str] = Counter()


def trying(number: int, suppress: Iterable[HealthCheck] = ()) -> settings:
    """The settings of a campaign of which so many examples fit into ``make test``.

    :param suppress: health checks to leave out beside those that say that a run of a module takes its time
    """
    # Also imported where hypothesis is not installed.
    from hypothesis import HealthCheck, settings

    return settings(
        max_examples=max(1, round(number * MULTIPLIER)),
        deadline=None,
        database=None,
        derandomize=_REPEATABLE,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, *suppress],
    )


def tried(campaign: str, number: int = 1) -> None:
    """Count what a campaign has tried."""
    _TRIED[campaign] += number


# The hooks of pytest; tests/conftest.py takes them over.


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over its counts."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["campaigns"] = dict(_TRIED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """The counts of a worker that has ended."""
    _TRIED.update(getattr(node, "workeroutput", {}).get("campaigns", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each campaign."""
    for campaign, number in sorted(_TRIED.items()):
        terminalreporter.write_line(f"campaign {campaign}: {number} examples")
