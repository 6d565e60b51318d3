# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with one user. Pure: no clock, no request.

Where one rule says all that another would, only that one finds something; with it switched off, the other does. What cannot be
told because of a date that cannot be right, or of a type that is not known, has a finding of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Iterator, NamedTuple, Sequence

from ..auth0.authenticators import Authenticator
from ..auth0.factors import FACTORS, RECOVERY_CODE, names
from ..auth0.times import as_time
from .facts import TenantFacts
from .findings import Finding
from .people import Standing
from .policy.model import Policy
from .records import SEVERITIES, AgeFrom, ProfileRecord, Severity, State
from .rules import RULES
from .devices import SKEW, Age, Device, age, days_between, devices, unused

# Auth0 lists these beside the authenticators. Nobody enrolls them.
NO_FACTORS = frozenset({"password", "email-verification"})
_RESISTANT = frozenset(names(lambda row: row.phishing_resistant))
_LOWEST = SEVERITIES[-1]
_PLACES = {rule: place for place, rule in enumerate(RULES)}


class Judgment(NamedTuple):
    """What the rules make of one user.

    :ivar protecting: IDs of the authenticators that protect the user
    :ivar findings: in the order of :data:`RULES`
    """

    protection: State
    protecting: frozenset[str]
    findings: list[Finding]


class Rulebook:
    """The rules under one policy, ready for many users."""

    def __init__(self, policy: Policy, facts: TenantFacts) -> None:
        self._policy = policy
        self._on = frozenset(FACTORS) if facts.enabled_factors is None else facts.enabled_factors
        self._weak = frozenset(policy.weak_factors)
        self._asked = frozenset(RULES) - policy.off
        self._remembered = timedelta(days=policy.not_challenged_days)
        self._severities = {
            (rule, privileged, lower): self._severity(rule, privileged, lower)
            for rule in RULES
            for privileged in (False, True)
            for lower in (False, True)
        }

    def severity(self, rule: str, privileged: bool = False, lower: bool = False) -> Severity:
        """How severe a finding is.

        :param lower: one step lower than the rule's own; a severity that the policy sets stays as it is
        """
        return self._severities[rule, privileged, lower]

    def _severity(self, rule: str, privileged: bool, lower: bool) -> Severity:
        own = self._policy.severities.get(rule)
        step = SEVERITIES.index(own or RULES[rule].severity) + (lower and own is None)
        return SEVERITIES[max(min(step, len(SEVERITIES) - 1) - privileged, 0)]

    def asks(self, rule: str) -> bool:
        """Whether the policy wants to know."""
        return rule in self._asked

    def unread(self, standing: Standing) -> Judgment:
        """Of a user whose authenticators could not be read."""
        found = standing.place != "out" and "unread" in self._asked
        return Judgment(
            "unknown", frozenset(), [self._finding("unread", standing, lower=standing.by_idp)] if found else []
        )

    def judge(
        self, profile: ProfileRecord, authenticators: Sequence[Authenticator], standing: Standing, now: datetime
    ) -> Judgment:
        """Of a user whose authenticators were read.

        :param authenticators: from the Management view
        :param now: aware time that the ages are counted to
        """
        has = _Has(authenticators, self._on, self._weak, now)
        protection = has.protection(standing.by_idp)
        found: list[Finding] = []
        if standing.place != "out":
            found += self._of_protection(has, protection, standing)
            found += self._of_devices(has, standing, now)
            found += self._of_logins(profile, has, standing, now)
            found = [each for each in found if each.rule in self._asked]
        if len(found) > 1:
            found.sort(key=_place)
        return Judgment(protection, has.protecting, found)

    def _of_protection(self, has: _Has, protection: State, standing: Standing) -> Iterator[Finding]:
        """Whether the user has what it takes, and a way back."""
        if standing.break_glass and not has.resistant:
            yield self._finding("break-glass", standing)
        if has.confirmed > self._policy.too_many:
            yield self._finding("too-many", standing)
        if standing.by_idp:
            return
        if protection == "none" and not standing.in_grace:
            has_code = has.recovery_code and "recovery-code-only" in self._asked
            yield self._finding("recovery-code-only" if has_code else "no-mfa", standing)
        if protection == "weak":
            yield self._finding("weak-only", standing)
        if has.usable and not has.recovery_code:
            if len(has.usable) == 1 and has.strong and "single-factor" in self._asked:
                yield self._finding("single-factor", standing)
            elif RECOVERY_CODE in self._on:
                yield self._finding("no-recovery-code", standing)

    def _of_devices(self, has: _Has, standing: Standing, now: datetime) -> Iterator[Finding]:
        """What is wrong with single devices. It is worse where the user has no other that is in good order."""
        old = {device: verdict for device in has.devices if (verdict := self._by_age(device, standing, now))}
        good = [device for device in has.strong if not device.odd and (device not in old or old[device].warning)]
        for device in has.devices:
            lower = standing.by_idp or any(other is not device for other in good)
            if device in old:
                yield self._aged(device.first, old[device], standing, lower)
            if device.odd:
                yield self._finding("odd-date", standing, device.first, lower=lower)
        for each in has.recovery_codes:
            # Its age is no matter, but its last use tells whether a login was asked.
            if each.last_auth_at and each.last_auth_at - now > SKEW or "last_auth_at" in each.unread_dates:
                yield self._finding("odd-date", standing, each, lower=True)
        for each in has.unknown:
            yield self._finding("unknown-factor", standing, each, lower=standing.by_idp or bool(has.strong))

    def _by_age(self, device: Device, standing: Standing, now: datetime) -> _Old | None:
        """The rule about age that a device breaks; None where it breaks none, or where nobody can know its age."""
        policy, known = self._policy, age(device.methods, now)
        if known is None or not device.datable:
            return None
        if not device.confirmed:
            return _reached("unconfirmed", known, policy.unconfirmed_days, None)
        if standing.break_glass:
            return None
        never_used = unused(device.methods, now) if "never-used" in self._asked else None
        if never_used is None:
            return _reached("stale", known, policy.stale_days, policy.stale_warning_days)
        thresholds = [(policy.never_used_days, policy.never_used_warning_days)]
        if "stale" in self._asked:
            # What was never used is not in use either. Whichever comes first counts.
            thresholds.append((policy.stale_days, policy.stale_warning_days))
        return _reached(
            "never-used",
            never_used,
            min(days for days, _warning in thresholds),
            min((warning for _days, warning in thresholds if warning is not None), default=None),
        )

    def _aged(self, about: Authenticator | None, old: _Old, standing: Standing, lower: bool) -> Finding:
        finding = self._finding(old.rule, standing, about, old.age, lower and old.rule == "stale")
        if old.warning:
            return finding._replace(warning=True, severity=_LOWEST)
        if old.rule == "never-used" and "stale" in self._asked and old.age.days >= self._policy.stale_days:
            as_stale = self.severity("stale", standing.privileged, lower)
            return finding._replace(severity=min(finding.severity, as_stale, key=SEVERITIES.index))
        return finding

    def _of_logins(self, profile: ProfileRecord, has: _Has, standing: Standing, now: datetime) -> Iterator[Finding]:
        """What the dates of the profile tell."""
        last_login, created = as_time(profile["last_login"]), as_time(profile["created_at"])
        unreadable = profile["unreadable"]
        in_future = any(date is not None and date - now > SKEW for date in (last_login, created))
        if in_future or "last_login" in unreadable or "created_at" in unreadable or not (last_login or created):
            yield self._finding("odd-date", standing, lower=True)
        if not (standing.break_glass or profile["blocked"] or "last_login" in unreadable):
            # Who has never logged in did not do so since the account was created.
            since = last_login or created
            if since:
                known = Age(days_between(since, now), "last_login" if last_login else "created_at")
                dormant = _reached("dormant-user", known, self._policy.dormant_days, self._policy.dormant_warning_days)
                if dormant:
                    yield self._aged(None, dormant, standing, False)
        used = has.last_use(now)
        if last_login and last_login - now <= SKEW and used and last_login - used.at > self._remembered:
            known = Age(days_between(used.at, now), used.known_by)
            yield self._finding("not-challenged", standing, known=known, lower=standing.by_idp)

    def _finding(
        self,
        rule: str,
        standing: Standing,
        about: Authenticator | None = None,
        known: Age | None = None,
        lower: bool = False,
    ) -> Finding:
        severity = self.severity(rule, standing.privileged, lower)
        days, counted_from = known or (None, None)
        if about is None:
            return Finding(rule, severity, age_days=days, age_from=counted_from)
        return Finding(rule, severity, False, about.id, about.link_id, about.factor, days, counted_from)


class _Old(NamedTuple):
    """A rule about age that is broken, or will be soon."""

    rule: str
    age: Age
    warning: bool


def _reached(rule: str, known: Age, days: int, warning_days: int | None) -> _Old | None:
    if known.days >= days:
        return _Old(rule, known, False)
    return _Old(rule, known, True) if warning_days is not None and known.days >= warning_days else None


class _Use(NamedTuple):
    """The last use of a second factor, and the date that tells it."""

    at: datetime
    known_by: AgeFrom


class _Has:
    """What one user has.

    :ivar devices: second factors, confirmed or not
    :ivar usable: those of them that are confirmed and not switched off in the tenant; ``strong`` those of these
    :ivar confirmed: how many of them are confirmed
    :ivar protecting: IDs of the methods of those that are usable
    :ivar resistant: whether one cannot be phished
    :ivar recovery_codes: confirmed ones; ``recovery_code`` whether one can be used
    :ivar unknown: authenticators of types that this version does not know
    """

    def __init__(
        self, authenticators: Sequence[Authenticator], on: frozenset[str], weak: frozenset[str], now: datetime
    ) -> None:
        self.devices = devices(authenticators, now)
        self.usable: list[Device] = []
        self.strong: list[Device] = []
        self.confirmed, self.resistant = 0, False
        protecting: list[str] = []
        for device in self.devices:
            self.confirmed += device.confirmed
            factors = {each.factor for each in device.methods if each.confirmed and each.factor in on}
            if factors:
                self.usable.append(device)
                protecting += [each.id for each in device.methods if each.confirmed and each.factor in on]
                self.resistant = self.resistant or not factors.isdisjoint(_RESISTANT)
                if not factors <= weak:
                    self.strong.append(device)
        self.protecting = frozenset(protecting)
        self.recovery_codes = [each for each in authenticators if each.factor == RECOVERY_CODE and each.confirmed]
        self.recovery_code = bool(self.recovery_codes) and RECOVERY_CODE in on
        self.unknown = [each for each in authenticators if each.kind is None and each.factor not in NO_FACTORS]

    def protection(self, by_idp: bool) -> State:
        """How well this protects the user.

        :param by_idp: the identity provider does MFA for the user
        """
        if self.usable:
            return "strong" if self.strong else "weak"
        if by_idp:
            return "elsewhere"
        return "unknown" if any(each.confirmed for each in self.unknown) else "none"

    def last_use(self, now: datetime) -> _Use | None:
        """When a factor was last used; where none was, since when the first of them could have been.

        None where nobody can know, or where there is no factor.
        """
        if not self.usable or not all(device.datable for device in self.devices if device.confirmed):
            return None
        rows = [each for device in self.devices if device.confirmed for each in device.methods]
        # Whatever else there is may have been asked for as well.
        others = [*self.recovery_codes, *self.unknown]
        if any("last_auth_at" in each.unread_dates for each in others):
            return None
        uses = [each.last_auth_at for each in (*rows, *others) if each.last_auth_at]
        if uses:
            return None if max(uses) - now > SKEW else _Use(max(uses), "last_auth_at")
        names: tuple[AgeFrom, ...] = ("enrolled_at", "created_at")
        since = (next((_Use(date, name) for name in names if (date := getattr(each, name))), None) for each in rows)
        return min(filter(None, since), default=None)


def _place(finding: Finding) -> tuple[int, str]:
    return _PLACES[finding.rule], finding.authenticator_id or ""
