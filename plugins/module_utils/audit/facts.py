# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit knows of the tenant itself: two requests a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TenantFacts:
    """Settings of the tenant that decide what an enrolled factor is worth. None is what could not be read.

    :ivar mfa_policies: when logins ask for a second factor, as ``GET /guardian/policies`` names it; empty for never
    :ivar enabled_factors: names of the factors that are switched on
    """

    mfa_policies: tuple[str, ...] | None = None
    enabled_factors: frozenset[str] | None = None


UNKNOWN = TenantFacts()
