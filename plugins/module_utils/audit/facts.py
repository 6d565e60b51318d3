# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit knows of the tenant itself: two requests a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Protocol, TypeVar

from ..auth0.api.guardian import NO_POLICY
from ..auth0.factors import FACTORS
from ..auth0.wire.errors import Auth0Error, AuthenticationError, ForbiddenError

_T = TypeVar("_T")


class TenantApi(Protocol):
    """What it takes to know the tenant."""

    def factors(self) -> dict[str, bool]:
        """Which factors are on."""

    def policy(self) -> str:
        """When MFA is asked for."""


@dataclass(frozen=True)
class TenantFacts:
    """Settings of the tenant that decide what an enrolled factor is worth. None is what could not be read.

    :ivar mfa_policies: when logins ask for a second factor, as ``GET /guardian/policies`` names it; empty for never
    :ivar enabled_factors: names of the factors that are not switched off
    :ivar note: what could not be read, and why
    """

    mfa_policies: tuple[str, ...] | None = None
    enabled_factors: frozenset[str] | None = None
    note: str | None = None

    @classmethod
    def read(cls, api: TenantApi) -> TenantFacts:
        """Ask the tenant (scopes ``read:guardian_factors`` and ``read:mfa_policies``). What it refuses is left out.

        :raises AuthenticationError: the token is not accepted at all
        """
        notes: list[str] = []
        policy = _asked(api.policy, "read:mfa_policies", "whether the tenant requires MFA", notes)
        factors = _asked(api.factors, "read:guardian_factors", "which factors are switched off", notes)
        return cls(
            mfa_policies=None if policy is None else () if policy == NO_POLICY else (policy,),
            # A factor that nobody can switch off is not listed.
            enabled_factors=None if factors is None else frozenset(name for name in FACTORS if factors.get(name, True)),
            note=" ".join(notes) or None,
        )

    def as_row(self) -> dict[str, Any]:
        """As a run keeps it: plain JSON, the same for the same facts."""
        return {
            "mfa_policies": None if self.mfa_policies is None else list(self.mfa_policies),
            "enabled_factors": None if self.enabled_factors is None else sorted(self.enabled_factors),
            "note": self.note,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> TenantFacts:
        """What :meth:`as_row` returned."""
        policies, factors = row["mfa_policies"], row["enabled_factors"]
        return cls(
            None if policies is None else tuple(policies), None if factors is None else frozenset(factors), row["note"]
        )


UNKNOWN = TenantFacts()


def _asked(ask: Callable[[], _T], scope: str, what: str, notes: list[str]) -> _T | None:
    try:
        return ask()
    except AuthenticationError:
        raise
    except ForbiddenError:
        notes.append("Not known: %s. The application lacks the scope %s." % (what, scope))
    except Auth0Error as error:
        notes.append("Not known: %s. %s" % (what, error))
    return None
