# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of an audit: who is meant, and what is worth a finding. Pure; where it comes from is elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Literal, Mapping

from ...auth0.factors import names
from ...auth0.wire.errors import ConfigurationError
from ..records import Place, Severity

SECOND_FACTORS = frozenset(names(lambda row: row.second_factor))
LONGEST_DAYS = 3650
_MOST_IDS_SHOWN = 100

# Who does MFA for the users of a connection: Auth0, the identity provider, or nobody, so that its users are out of scope.
Mfa = Literal["auth0", "idp", "none"]


@dataclass(frozen=True)
class Member:
    """A value in ``app_metadata``.

    :ivar path: names of members with dots between them, such as ``staff.role``
    :ivar value: what stands there, or is among what stands there where that is a list
    """

    path: str
    value: str | int | bool


@dataclass(frozen=True)
class People:
    """Some of the users: whoever one of these fits.

    :ivar user_ids: patterns (``*`` and ``?``) of user IDs, upper and lower case apart
    :ivar emails: patterns of e-mail addresses, in any case
    :ivar app_metadata: values that the profile holds
    """

    user_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    app_metadata: tuple[Member, ...] = ()


@dataclass(frozen=True)
class ConnectionPolicy:
    """Who does MFA for the users of some connections.

    :ivar name: a pattern (``*`` and ``?``) of names of connections
    """

    name: str
    mfa: Mfa


@dataclass(frozen=True)
class Exemption:
    """Findings that somebody has decided to live with for a time.

    :ivar rule: ID of the rule; None for every rule
    :ivar reason: why
    :ivar owner: who answers for it
    :ivar expires: the last day on which it holds
    """

    rule: str | None
    users: People
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What an audit looks for, and in whom. Every threshold is in days and is reached on that day.

    :ivar stale_days: a confirmed authenticator that was not used for this long is ``stale``
    :ivar stale_warning_days: from this age on it is a warning; no effect where it does not come before ``stale_days``, and
        None for no warnings. The same goes for the other two.
    :ivar never_used_days: one that was enrolled this long ago and never used is ``never-used``
    :ivar unconfirmed_days: one that was created this long ago and is not confirmed is ``unconfirmed``
    :ivar dormant_days: a user who did not log in for this long is ``dormant-user``
    :ivar not_challenged_days: the last login of a ``not-challenged`` user is more than this after the last use of a factor.
        Remembered browsers live for 30 days.
    :ivar too_many: more second factors than this are too many for one user
    :ivar weak_factors: a user with none but these is ``weak-only``. E-mail is among them, because NIST SP 800-63B-4 does
        not accept it as a second factor, and because Auth0 issues a token for its MFA API without a challenge to a user
        who has nothing else.
    :ivar severities: rule -> severity in place of the rule's own
    :ivar off: IDs of rules that find nothing
    :ivar grace_days: for so many days a new account need not have a second factor
    :ivar connections: the first that fits a connection counts. Without one, Auth0 does MFA for databases and passwordless
        connections, and the identity provider does it for social and enterprise connections.
    :ivar blocked: what becomes of blocked users
    :ivar never_logged_in: what becomes of users who never logged in
    :ivar excluded: users who are out of scope
    :ivar privileged: users whose findings are one step more severe, and who come first
    :ivar break_glass: users of last resort. They must have a phishing-resistant factor, and are never stale or dormant.
    :ivar exemptions: findings that are marked and do not count
    :ivar name: what the reports call it, such as the name of the profile it begins with
    :raises ConfigurationError: a value is out of range
    """

    stale_days: int = 90
    stale_warning_days: int | None = 45
    never_used_days: int = 30
    never_used_warning_days: int | None = None
    unconfirmed_days: int = 1
    dormant_days: int = 90
    dormant_warning_days: int | None = None
    not_challenged_days: int = 31
    too_many: int = 8
    weak_factors: tuple[str, ...] = ("email", "phone")
    severities: Mapping[str, Severity] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    grace_days: int = 1
    connections: tuple[ConnectionPolicy, ...] = ()
    blocked: Place = "aside"
    never_logged_in: Place = "aside"
    excluded: People = People()
    privileged: People = People()
    break_glass: People = People()
    exemptions: tuple[Exemption, ...] = ()
    name: str = "default"

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name.endswith("_days") and not (value is None and name.endswith("warning_days")):
                first = 0 if name == "grace_days" else 1
                if not isinstance(value, int) or isinstance(value, bool) or not first <= value <= LONGEST_DAYS:
                    raise ConfigurationError(
                        "%s %r is not a whole number of days from %d to %d" % (name, value, first, LONGEST_DAYS)
                    )
        unknown = sorted(set(self.weak_factors) - SECOND_FACTORS)
        if unknown:
            raise ConfigurationError(
                "weak_factors contains %s, but accepts only second factors" % ", ".join(map(repr, unknown)),
                hint="Choose from %s." % ", ".join(sorted(SECOND_FACTORS)),
            )

    @property
    def paths(self) -> tuple[str, ...]:
        """The members of ``app_metadata`` that it takes to know who is meant; no others are read."""
        people = (self.excluded, self.privileged, self.break_glass, *(each.users for each in self.exemptions))
        return tuple(sorted({member.path for some in people for member in some.app_metadata}))

    def paths_beyond(self, own: Policy) -> tuple[str, ...]:
        """Those of its paths that a reading by another policy did not keep."""
        kept = set(own.paths)
        return tuple(path for path in self.paths if kept.isdisjoint(_and_those_above(path)))

    def as_row(self) -> dict[str, Any]:
        """The policy as it is in the checkpoint, complete: plain JSON, the same for the same policy."""
        row = asdict(self)
        row["severities"] = dict(sorted(self.severities.items()))
        row["off"] = sorted(self.off)
        row["weak_factors"] = sorted(self.weak_factors)
        for each in row["exemptions"]:
            each["expires"] = each["expires"].isoformat()
        plain: dict[str, Any] = json.loads(json.dumps(row))  # lists for tuples, as it comes back from a store
        return plain

    def as_summary(self) -> dict[str, Any]:
        """The same for people to read: a digest takes the place of a long list of IDs."""
        row = self.as_row()
        for people in (
            row["excluded"],
            row["privileged"],
            row["break_glass"],
            *(each["users"] for each in row["exemptions"]),
        ):
            if len(people["user_ids"]) > _MOST_IDS_SHOWN:
                text = "\n".join(people["user_ids"])
                people["user_ids_digest"] = "%d IDs, sha256:%s" % (
                    len(people["user_ids"]),
                    sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
                )
                people["user_ids"] = []
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Policy:
        """The policy of a run that is stored. What a run of an earlier version did not know is as it is by default.

        :raises TypeError, KeyError, ValueError: not what :meth:`as_row` returned
        """
        made: dict[str, Any] = dict(row)
        for name in ("excluded", "privileged", "break_glass"):
            if name in made:
                made[name] = _people(made[name])
        if "connections" in made:
            made["connections"] = tuple(ConnectionPolicy(**each) for each in made["connections"])
        if "exemptions" in made:
            made["exemptions"] = tuple(
                Exemption(**{**each, "users": _people(each["users"]), "expires": date.fromisoformat(each["expires"])})
                for each in made["exemptions"]
            )
        if "off" in made:
            made["off"] = frozenset(made["off"])
        return cls(**{**made, "weak_factors": tuple(made["weak_factors"])})


def _people(row: Mapping[str, Any]) -> People:
    members = tuple(Member(**each) for each in row["app_metadata"])
    return People(tuple(row["user_ids"]), tuple(row["emails"]), members)


def _and_those_above(path: str) -> set[str]:
    names = path.split(".")
    return {".".join(names[:count]) for count in range(1, len(names) + 1)}
