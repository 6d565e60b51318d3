# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builds of Actions, by the tenant's clock in nanoseconds since 1970."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from ..state.actions import Content
from ..state.tenant import Tenant


def nanoseconds(tenant: Tenant) -> int:
    """The tenant's time, in nanoseconds since 1970."""
    return tenant.now() * 1_000_000 + time.time_ns() % 1_000_000


def build_status(content: Content, tenant: Tenant) -> str:
    """``pending`` for the first half of the build's time, then ``building``, then what the switch says."""
    duration = build_nanoseconds(tenant)
    elapsed = nanoseconds(tenant) - content.build_started
    if elapsed >= duration:
        return tenant.switches["action-build-outcome"]
    return "pending" if elapsed < duration / 2 else "building"


def build_errors(content: Content) -> list[dict]:
    """``errors`` of a build that failed."""
    names = [entry["name"] for entry in content.dependencies]
    message = f"The npm package {names[0]} was not found in the registry." if names else "SyntaxError: Unexpected token"
    return [{"id": "build_failed", "msg": message, "url": ""}]


def has_arrived(deployed_at: int, tenant: Tenant) -> bool:
    """Whether an Action that was deployed then can be bound."""
    return nanoseconds(tenant) - deployed_at >= tenant.switches["action-bind-delay-seconds"] * 1_000_000_000


def build_nanoseconds(tenant: Tenant) -> int:
    """How long a build takes, in nanoseconds."""
    return tenant.switches["action-build-seconds"] * 1_000_000_000


def iso_nanoseconds(moment: int) -> str:
    """``2025-01-13T06:20:55.301776679Z``, as Actions write times."""
    seconds, rest = divmod(moment, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
