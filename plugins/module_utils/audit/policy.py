# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The thresholds of an audit."""

from __future__ import annotations

from dataclasses import dataclass

from ..auth0.factors import names
from ..auth0.wire.errors import ConfigurationError
from .records import Thresholds

SECOND_FACTORS = frozenset(names(lambda row: row.second_factor))
LONGEST_DAYS = 3650


@dataclass(frozen=True)
class Policy:
    """When an enrollment is worth a finding. Every threshold is in days and is reached on that day.

    :ivar stale_days: a confirmed authenticator that was not used for this long is ``stale``
    :ivar never_used_days: one that was enrolled this long ago and never used is ``never-used``
    :ivar unconfirmed_days: one that was created this long ago and is not confirmed is ``unconfirmed``
    :ivar weak_factors: a user with none but these is ``weak-only``. E-mail is among them, because NIST SP 800-63B-4 does
        not accept it as a second factor, and because Auth0 issues a token for its MFA API without a challenge to a user
        who has nothing else.
    :raises ConfigurationError: a value is out of range
    """

    stale_days: int = 90
    never_used_days: int = 30
    unconfirmed_days: int = 1
    weak_factors: tuple[str, ...] = ("email", "phone")

    def __post_init__(self) -> None:
        for name in ("stale_days", "never_used_days", "unconfirmed_days"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LONGEST_DAYS:
                raise ConfigurationError(
                    "%s %r is not a whole number of days from 1 to %d" % (name, value, LONGEST_DAYS)
                )
        unknown = sorted(set(self.weak_factors) - SECOND_FACTORS)
        if unknown:
            raise ConfigurationError(
                "weak_factors contains %s, but accepts only second factors" % ", ".join(map(repr, unknown)),
                hint="Choose from %s." % ", ".join(sorted(SECOND_FACTORS)),
            )

    def as_row(self) -> Thresholds:
        """The thresholds as they are in the summary."""
        return {
            "stale_days": self.stale_days,
            "never_used_days": self.never_used_days,
            "unconfirmed_days": self.unconfirmed_days,
            "weak_factors": sorted(self.weak_factors),
        }
