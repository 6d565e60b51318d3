# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with one user. Pure: no clock, no request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterable, NamedTuple, Sequence

from ..auth0.authenticators import Authenticator
from ..auth0.factors import names
from .findings import Finding, finding_id
from .policy.model import Policy
from .records import AGE_FROM, AgeFrom, Severity, State

# Auth0 also sets last_auth_at when an enrollment is confirmed, so "used once" and "only enrolled" look alike. The codes
# that confirm an enrollment expire after five minutes: what is not later than that is the confirmation, not a use.
CONFIRMATION = timedelta(minutes=5)


class Age(NamedTuple):
    """Whole days, and the date that they are counted from."""

    days: int
    counted_from: AgeFrom


@dataclass(frozen=True)
class Rule:
    """A rule as its reader sees it."""

    id: str
    severity: Severity
    title: str
    risk: str
    remediation: str
    references: tuple[str, ...]


RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "no-mfa",
            "high",
            "No usable second factor",
            "Anybody who guesses, phishes or reuses the password can take over the account, and can then enroll a factor "
            "of their own, because the first enrollment asks for no other factor.",
            "Send the user an enrollment ticket, or require MFA by policy, so that the user enrolls at the next login. "
            "A recovery code alone is not a second factor.",
            ("NIST SP 800-63B-4, AAL2", "PCI DSS 4.0.1, 8.4", "CIS Controls 8.1, 6.3", "MITRE ATT&CK T1078"),
        ),
        Rule(
            "unread",
            "high",
            "Authenticators could not be read",
            "Nothing is known about this user. The account may be protected or not.",
            "Read the error in the user's row of users.jsonl.gz, remove its cause, and run the audit again.",
            (),
        ),
        Rule(
            "weak-only",
            "medium",
            "Only weak factors",
            "Text messages and calls can be diverted by SIM swapping or read by an adversary in the middle. E-mail is often "
            "protected by the same password, and the MFA API does not challenge a user who has only e-mail.",
            "Enroll a phishing-resistant factor (%s), push or an authenticator app. Then remove the weak factor, or keep it "
            "as the second choice." % ", ".join(names(lambda row: row.phishing_resistant)),
            ("NIST SP 800-63B-4, 3.1.3 out-of-band authenticators", "MITRE ATT&CK T1111"),
        ),
        Rule(
            "stale",
            "medium",
            "Not used for a long time",
            "The device may be lost, sold or in other hands, and a number may belong to somebody else by now. It still "
            "opens the account.",
            "Ask whether the user still has it. If not, remove it, provided that another confirmed factor remains.",
            ("PCI DSS 4.0.1, 8.2.6", "CIS Controls 8.1, 5.3", "MITRE ATT&CK T1098.005"),
        ),
        Rule(
            "never-used",
            "low",
            "Never used since enrollment",
            "Nobody knows whether it works, or whether the user enrolled it. A factor that an intruder added looks the same.",
            "Ask whether the user enrolled it. If so, let the user log in with it once. If not, remove it.",
            ("MITRE ATT&CK T1098.005",),
        ),
        Rule(
            "unconfirmed",
            "low",
            "Enrollment not confirmed",
            "It protects nothing, and the user may believe that the enrollment succeeded.",
            "Complete the enrollment with its code, or remove it and start again.",
            (),
        ),
    )
}


def age(authenticators: Sequence[Authenticator], now: datetime, dates: Sequence[AgeFrom] = AGE_FROM) -> Age | None:
    """The age by the first of the dates that is known; None where none is.

    :param authenticators: one, or both of a pair: then the later date counts
    """
    for name in dates:
        known: list[datetime] = [date for each in authenticators if (date := getattr(each, name)) is not None]
        if known:
            return Age(max((now - max(known)).days, 0), name)
    return None


def mfa_state(authenticators: Iterable[Authenticator], policy: Policy) -> State:
    """How well a user is protected. Unconfirmed authenticators do not count."""
    usable = {each.factor for each in authenticators if each.is_second_factor}
    if not usable:
        return "none"
    return "weak" if usable <= set(policy.weak_factors) else "strong"


def assess(
    tenant: str, user_id: str, authenticators: Sequence[Authenticator], now: datetime, policy: Policy
) -> list[Finding]:
    """Everything the rules find about one user whose authenticators were read, in the order of :data:`RULES`.

    One device that Auth0 lists as two linked methods (push and its OTP) gives one finding. An authenticator that was
    never used is not called stale as well. One without any date is not judged by age.

    :param tenant: domain of the tenant
    :param authenticators: from the Management view
    :param now: aware time that the ages are counted to
    """
    findings = []
    about_user = {"none": "no-mfa", "weak": "weak-only"}.get(mfa_state(authenticators, policy))
    if about_user:
        findings.append(Finding(finding_id(tenant, about_user, user_id, None), about_user))
    for device in _devices(authenticators):
        judgment = _judge(device, now, policy)
        if judgment:
            rule, known = judgment
            identity = finding_id(tenant, rule, user_id, device[0].id)
            findings.append(Finding(identity, rule, device[0].id, device[0].factor, known.days, known.counted_from))
    order = list(RULES)
    return sorted(findings, key=lambda finding: (order.index(finding.rule), finding.authenticator_id or ""))


def unread(tenant: str, user_id: str) -> Finding:
    """The finding about a user whose authenticators could not be read."""
    return Finding(finding_id(tenant, "unread", user_id, None), "unread")


def _devices(authenticators: Sequence[Authenticator]) -> list[list[Authenticator]]:
    """Second factors, with the methods that share a ``link_id`` together; first the one that brings the other."""
    devices: dict[str, list[Authenticator]] = {}
    for each in sorted(authenticators, key=lambda one: (not (one.kind and one.kind.brings), one.id)):
        if each.kind and each.kind.second_factor:
            devices.setdefault(each.link_id or each.id, []).append(each)
    return list(devices.values())


def _judge(device: list[Authenticator], now: datetime, policy: Policy) -> tuple[str, Age] | None:
    """The rule that one device breaks, with its age; None where it breaks none."""
    last = age(device, now)
    # A date that cannot be read may be today's.
    if last is None or any(each.unread_dates for each in device):
        return None
    if not any(each.confirmed for each in device):
        return ("unconfirmed", last) if last.days >= policy.unconfirmed_days else None
    unused = _unused(device, now)
    if unused is None:
        return ("stale", last) if last.days >= policy.stale_days else None
    return ("never-used", unused) if unused.days >= policy.never_used_days else None


def _unused(device: list[Authenticator], now: datetime) -> Age | None:
    """Age of an enrollment that was never used after its confirmation; None for a device that was."""
    for each in device:
        enrolled = each.enrolled_at or each.created_at
        if each.last_auth_at and (enrolled is None or each.last_auth_at - enrolled > CONFIRMATION):
            return None
    return age(device, now, ("enrolled_at", "created_at"))
