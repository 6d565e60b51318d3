# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Campaigns: tests that try many examples. How many they try, and how many they tried.

The environment's ``MFAOPS_CAMPAIGN`` multiplies the number: 20 for a night, 0.1 while writing. The counts are printed at the end.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

MULTIPLIER = float(os.environ.get("MFAOPS_CAMPAIGN", "1"))
# The same examples in every `make test`, so that what fails there was not there before; a longer campaign looks for others.
REPEATABLE = MULTIPLIER <= 1
_TRIED: Counter[str] = Counter()


def examples(number: int) -> int:
    """How many examples to try where ``number`` fit into ``make test``."""
    return max(1, round(number * MULTIPLIER))


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
