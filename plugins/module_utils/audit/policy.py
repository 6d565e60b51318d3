# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The thresholds of an audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..auth0.factors import names
from ..auth0.wire.errors import ConfigurationError

SECOND_FACTORS = frozenset(names(lambda row: row.second_factor))
_LONGEST = 3650


@dataclass(frozen=True)
class Policy:
    """When an enrollment is worth a finding. Every threshold is in days and is reached on that day.

    :ivar stale_days: a confirmed authenticator not used for this long is C(stale)
    :ivar never_used_days: one never used since it was enrolled this long ago is C(never-used)
    :ivar unconfirmed_days: one still not confirmed this long after it was created is C(unconfirmed)
    :ivar weak_factors: factors that alone make a user C(weak-only); e-mail is among them because NIST SP 800-63B-4
        does not accept it as a second factor and Auth0 mints a token for its MFA API without any challenge to a
        user who has nothing else
    :raises ConfigurationError: a value is out of range
    """

    stale_days: int = 90
    never_used_days: int = 30
    unconfirmed_days: int = 1
    weak_factors: tuple[str, ...] = ("email", "phone")

    def __post_init__(self) -> None:
        for name in ("stale_days", "never_used_days", "unconfirmed_days"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LONGEST:
                raise ConfigurationError("%s %r is not a whole number of days from 1 to %d" % (name, value, _LONGEST))
        unknown = sorted(set(self.weak_factors) - SECOND_FACTORS)
        if unknown:
            raise ConfigurationError(
                "weak_factors names %s, which is no factor" % ", ".join(map(repr, unknown)),
                hint="Choose from %s." % ", ".join(sorted(SECOND_FACTORS)),
            )

    def as_dict(self) -> dict[str, object]:
        """The thresholds as JSON-ready data, for the summary."""
        return {**asdict(self), "weak_factors": sorted(self.weak_factors)}
