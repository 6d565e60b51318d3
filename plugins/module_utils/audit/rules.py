# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about one user -> findings. Pure: no clock, no request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterable, Sequence

from ..auth0.factors import names
from .findings import Finding, finding_id
from .policy import Policy

SEVERITIES = ("high", "medium", "low")

# Auth0 sets last_auth_at at the confirmation itself, so that "used once" and "only enrolled" look alike. The codes that
# confirm an enrollment live five minutes: what is not later than that is the confirmation, not a use.
CONFIRMATION = timedelta(minutes=5)

_DATES = ("last_auth_at", "enrolled_at", "created_at")


@dataclass(frozen=True)
class Rule:
    """A rule as its reader sees it.

    :ivar severity: one of :data:`SEVERITIES`
    """

    id: str
    severity: str
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
            "A guessed, phished or reused password is enough to take the account over, and whoever takes it over can "
            "enroll a factor of their own, because a first enrollment asks for none.",
            "Send the user an enrollment ticket, or require MFA by policy so that the next login enrolls. "
            "A recovery code alone is no second factor.",
            ("NIST SP 800-63B-4, AAL2", "PCI DSS 4.0.1, 8.4", "CIS Controls 8.1, 6.3", "MITRE ATT&CK T1078"),
        ),
        Rule(
            "unread",
            "high",
            "Authenticators could not be read",
            "Nothing is known about this user: neither that the account is protected nor that it is not.",
            "See the error of the user's row in users.jsonl, remove its cause and run the audit again.",
            (),
        ),
        Rule(
            "weak-only",
            "medium",
            "Only weak factors",
            "Text messages and calls can be diverted by SIM swap or read by an adversary in the middle; e-mail often "
            "hangs on the same password, and Auth0 does not challenge a user of its MFA API who has e-mail alone.",
            "Enroll a phishing-resistant factor (%s), push or an authenticator app. Then remove the weak factor, or keep it "
            "as the second choice." % ", ".join(names(lambda row: row.phishing_resistant)),
            ("NIST SP 800-63B-4, 3.1.3 out-of-band authenticators", "MITRE ATT&CK T1111"),
        ),
        Rule(
            "stale",
            "medium",
            "Not used for a long time",
            "The device may be lost, sold or in other hands; a number may have been given to somebody else. It still "
            "opens the account.",
            "Ask the user whether it is still theirs; remove it if not, provided that another confirmed factor "
            "remains.",
            ("PCI DSS 4.0.1, 8.2.6", "CIS Controls 8.1, 5.3", "MITRE ATT&CK T1098.005"),
        ),
        Rule(
            "never-used",
            "low",
            "Never used since it was enrolled",
            "Nobody knows whether it works, or whether its owner is the one who enrolled it: a factor added by an "
            "intruder looks like this.",
            "Confirm the enrollment with the user; let them log in with it once, or remove it.",
            ("MITRE ATT&CK T1098.005",),
        ),
        Rule(
            "unconfirmed",
            "low",
            "Enrollment begun, not confirmed",
            "It protects nothing, and it hides from the user that the enrollment failed.",
            "Finish the enrollment with its code, or remove it and begin again.",
            (),
        ),
    )
}


def age(authenticators: Sequence, now: datetime) -> tuple[int | None, str | None]:
    """Whole days since the last use, else since enrollment, else since creation, and the name of that date.

    :param authenticators: one, or both of a pair: then the later date counts
    """
    for name in _DATES:
        dates = [getattr(authenticator, name) for authenticator in authenticators]
        known = [date for date in dates if date is not None]
        if known:
            return max((now - max(known)).days, 0), name
    return None, None


def mfa_state(authenticators: Iterable, policy: Policy) -> str:
    """How well a user is protected: C(strong), C(weak) (only weak factors) or C(none).

    Unconfirmed authenticators do not count.
    """
    usable = {each.factor for each in authenticators if each.is_second_factor}
    if not usable:
        return "none"
    return "weak" if usable <= set(policy.weak_factors) else "strong"


def assess(tenant: str, user_id: str, authenticators: Sequence, now: datetime, policy: Policy) -> list[Finding]:
    """Everything the rules find about one user whose authenticators were read, in the order of :data:`RULES`.

    One device that Auth0 lists as two linked methods (push and its OTP) gives one finding. An authenticator that was
    never used is not called stale as well. One without any date is not judged by age.

    :param tenant: domain of the tenant
    :param authenticators: C(Authenticator) objects of the Management view
    :param now: aware time the ages are counted to
    """
    findings = []
    state = mfa_state(authenticators, policy)
    if state != "strong":
        rule = {"none": "no-mfa", "weak": "weak-only"}[state]
        findings.append(Finding(finding_id(tenant, rule, user_id, None), rule))
    for device in _devices(authenticators):
        rule, days, counted_from = _judge(device, now, policy)
        if rule:
            named = device[0]
            identity = finding_id(tenant, rule, user_id, named.id)
            findings.append(Finding(identity, rule, named.id, named.factor, days, counted_from))
    order = list(RULES)
    return sorted(findings, key=lambda finding: (order.index(finding.rule), finding.authenticator_id or ""))


def unread(tenant: str, user_id: str) -> Finding:
    """The finding about a user whose authenticators could not be read."""
    return Finding(finding_id(tenant, "unread", user_id, None), "unread")


def _devices(authenticators: Sequence) -> list[list]:
    """Second factors, the methods that share a C(link_id) together; first the one that brings the other."""
    devices: dict[str, list] = {}
    for each in sorted(authenticators, key=lambda one: (not (one.kind and one.kind.brings), one.id)):
        if each.kind and each.kind.second_factor:
            devices.setdefault(each.link_id or each.id, []).append(each)
    return list(devices.values())


def _judge(device: list, now: datetime, policy: Policy) -> tuple[str | None, int | None, str | None]:
    """The rule one device breaks, with the age and its date; C(None) where it breaks none."""
    days, counted_from = age(device, now)
    if days is None:
        return None, None, None
    if not any(each.confirmed for each in device):
        return ("unconfirmed" if days >= policy.unconfirmed_days else None), days, counted_from
    enrolled_days, enrolled_from = _unused_since(device, now)
    if enrolled_days is None:
        return ("stale" if days >= policy.stale_days else None), days, counted_from
    return ("never-used" if enrolled_days >= policy.never_used_days else None), enrolled_days, enrolled_from


def _unused_since(device: list, now: datetime) -> tuple[int | None, str | None]:
    """Age of an enrollment that was never used after its confirmation; C(None) for a device that was."""
    for each in device:
        enrolled = each.enrolled_at or each.created_at
        if each.last_auth_at and (enrolled is None or each.last_auth_at - enrolled > CONFIRMATION):
            return None, None
    name = "enrolled_at" if any(each.enrolled_at for each in device) else "created_at"
    enrolled = [getattr(each, name) for each in device if getattr(each, name)]
    return (max((now - max(enrolled)).days, 0), name) if enrolled else (None, None)
