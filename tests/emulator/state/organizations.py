# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations: users of one business customer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Organization:
    """``id`` is ``org_`` and 16 alphanumerics, ``members`` are IDs of users in the order in which they were added."""

    id: str
    name: str
    display_name: str
    branding: dict = field(default_factory=dict)
    metadata: dict = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
