# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a policy file may begin with: the days without use after which well-known standards want an account disabled."""

from __future__ import annotations

from .model import Policy


def _unused(name: str, days: int, warning_days: int) -> Policy:
    return Policy(
        stale_days=days,
        stale_warning_days=warning_days,
        dormant_days=days,
        dormant_warning_days=warning_days,
        name=name,
    )


PROFILES = {
    policy.name: policy
    for policy in (
        Policy(),
        # PCI DSS 4.0.1, 8.2.6: inactive accounts are removed or disabled within 90 days.
        _unused("pci", 90, 60),
        # CIS Controls 8.1, 5.3: dormant accounts are deleted or disabled after 45 days.
        _unused("cis", 45, 30),
        # NIST SP 800-53 rev. 5, AC-2(3) with the values of the FedRAMP High baseline: 35 days.
        _unused("fedramp-high", 35, 21),
        # DISA, General Purpose Operating System SRG, SRG-OS-000118: identifiers are disabled after 35 days of inactivity.
        _unused("stig", 35, 21),
    )
}
