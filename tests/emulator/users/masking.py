# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How phone numbers and e-mail addresses are masked (API.md §2.1, as observed in recorded answers)."""

from __future__ import annotations

KEPT = 4


def mask_phone(number: str) -> str:
    """All characters but the last four become ``X``, the ``+`` included; the length is kept."""
    return "X" * (len(number) - KEPT) + number[-KEPT:]


def mask_email(address: str) -> str:
    """The local part and the domain keep their first four characters; a shorter local part becomes ``****``."""
    local, _at, domain = address.rpartition("@")
    local = "*" * KEPT if len(local) <= KEPT else _keep_start(local)
    return f"{local}@{_keep_start(domain)}"


def _keep_start(text: str) -> str:
    return text[:KEPT] + "*" * (len(text) - KEPT)
