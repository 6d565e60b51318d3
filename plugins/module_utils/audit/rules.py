# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules as data: what each of them means to its reader. What breaks them is in ``verdict.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Mapping

from ..auth0.factors import names
from .records import Severity


@dataclass(frozen=True)
class Rule:
    """A rule as its reader sees it.

    :ivar severity: unless the policy says otherwise, and for users who are not privileged
    :ivar title: at most 34 characters
    :ivar needs: what an audit has to see; without it, the rule finds nothing
    :ivar lower_where: when the severity is one step lower; None for never
    """

    id: str
    severity: Severity
    title: str
    risk: str
    remediation: str
    references: tuple[str, ...]
    needs: tuple[str, ...]
    lower_where: str | None = None


_RESISTANT = ", ".join(names(lambda row: row.phishing_resistant))
_IDP = "the identity provider does MFA for the user"
_IN_USE = "the user has another strong factor in use, or " + _IDP

# In the order of all lists: by severity, then by what is done first.
RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "no-mfa",
            "high",
            "No usable second factor",
            "Anybody who guesses, phishes or reuses the password can take over the account, and can then enroll a factor "
            "of their own, because the first enrollment asks for no other factor.",
            "Send the user an enrollment ticket, or require MFA by policy, so that the user enrolls at the next login. If "
            "the user has a factor that is switched off in the tenant, decide whether to switch it on again.",
            ("NIST SP 800-63B-4, AAL2", "PCI DSS 4.0.1, 8.4", "CIS Controls 8.1, 6.3", "MITRE ATT&CK T1078"),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "recovery-code-only",
            "high",
            "Only a recovery code",
            "A recovery code is not a second factor: it is used up by one login. Until the user enrolls a factor, whoever "
            "has the password can enroll one in the user's place.",
            "Ask whether the user lost the device or removed it. Send the user an enrollment ticket, and replace the "
            "recovery code if it was used or may have been seen.",
            ("NIST SP 800-63B-4, 4.2 account recovery", "PCI DSS 4.0.1, 8.4", "MITRE ATT&CK T1078"),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "break-glass",
            "high",
            "Break-glass user can be phished",
            "The account of last resort has wide permissions, is exempt from other checks, and is rarely watched. A "
            "password with a code that can be relayed does not protect it.",
            "Enroll a phishing-resistant factor (%s), best two security keys in different places. Use the account once in a "
            "while to prove that it works." % _RESISTANT,
            (
                "NIST SP 800-63B-4, 3.2.5 phishing resistance",
                "NIST SP 800-53 Rev. 5, AC-2(2)",
                "CIS Controls 8.1, 6.5",
            ),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "unread",
            "high",
            "Authenticators could not be read",
            "Nothing is known about this user. The account may be protected or not.",
            "Read the error in the user's row of users.jsonl.gz, remove its cause, and run the audit again.",
            (),
            (),
            _IDP,
        ),
        Rule(
            "weak-only",
            "medium",
            "Only weak factors",
            "Text messages and calls can be diverted by SIM swapping or read by an adversary in the middle. E-mail is often "
            "protected by the same password, and the MFA API does not challenge a user who has only e-mail.",
            "Enroll a phishing-resistant factor (%s), push or an authenticator app. Then remove the weak factor, or keep it "
            "as the second choice." % _RESISTANT,
            ("NIST SP 800-63B-4, 3.1.3 out-of-band authenticators", "MITRE ATT&CK T1111"),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "not-challenged",
            "medium",
            "Logged in without being asked",
            "The user has a factor, and it was not used for the last login or in the time before it for which a browser is "
            "remembered. So a password alone may be enough: the MFA policy or an Action leaves out this user or this "
            "application. An intruder who has such a way in looks the same.",
            "Find the login in the tenant's log, and see which application it was and whether MFA was asked. A session that "
            "was still open, a refresh token, or a device that was removed since may explain it. If nothing does, correct "
            "the policy or the Action.",
            ("PCI DSS 4.0.1, 8.5.1", "MITRE ATT&CK T1556.006", "MITRE ATT&CK T1539"),
            ("authenticators", "their dates", "last login"),
            _IDP,
        ),
        Rule(
            "dormant-user",
            "medium",
            "User does not log in",
            "Nobody would notice that somebody else uses the account. Its password may be in an old leak, and its owner may "
            "have left.",
            "Ask whether the account is still needed. If not, block it, or delete it where your records allow that. Leave its "
            "factors in place: without them, the password alone opens the account.",
            (
                "PCI DSS 4.0.1, 8.2.6",
                "CIS Controls 8.1, 5.3",
                "NIST SP 800-53 Rev. 5, AC-2(3)",
                "MITRE ATT&CK T1078",
            ),
            ("last login", "creation of the account"),
        ),
        Rule(
            "stale",
            "medium",
            "Not used for a long time",
            "The device may be lost, sold or in other hands, and a number may belong to somebody else by now. It still "
            "opens the account.",
            "Ask whether the user still has it. If not, remove it, provided that another confirmed factor remains. If the "
            "user does not log in at all, block the account instead.",
            ("PCI DSS 4.0.1, 8.2.6", "CIS Controls 8.1, 5.3", "MITRE ATT&CK T1098.005"),
            ("authenticators", "their dates"),
            _IN_USE,
        ),
        Rule(
            "odd-date",
            "medium",
            "Date that cannot be right",
            "A date is in the future, before the enrollment, missing or unreadable. So nobody can tell how long it was not "
            "used, and other rules may not see what they look for.",
            "Look at the dates in users.jsonl.gz and at the user in Auth0's dashboard. If an import or a script wrote them, "
            "correct it. If the user cannot say that the authenticator is in use, remove it and enroll it again. Where a date is "
            "unreadable, remove it in the dashboard, because remediation leaves it alone.",
            ("NIST SP 800-53 Rev. 5, AU-8",),
            ("authenticators", "their dates", "last login", "creation of the account"),
            _IN_USE + ", or the date is of the account",
        ),
        Rule(
            "unknown-factor",
            "medium",
            "Type that is not known",
            "This version of the audit does not know the type, so it cannot tell whether it protects the user.",
            "See in Auth0's documentation what it is. Update the collection, or report the type, so that it is counted.",
            (),
            ("authenticators",),
            "the user has a strong factor, or " + _IDP,
        ),
        Rule(
            "exemption-expired",
            "medium",
            "Exemption has expired",
            "What was accepted for a time counts again, or nobody has looked since whether it still has to be accepted.",
            "Ask its owner. Remove it from the policy, or renew it with a reason that holds.",
            (),
            (),
        ),
        Rule(
            "never-used",
            "low",
            "Never used since enrollment",
            "Nobody knows whether it works, or whether the user enrolled it. A factor that an intruder added looks the same.",
            "Ask whether the user enrolled it. If so, let the user log in with it once. If not, remove it.",
            ("MITRE ATT&CK T1098.005",),
            ("authenticators", "their dates"),
        ),
        Rule(
            "single-factor",
            "low",
            "One factor and no way back",
            "Whoever loses the only device is locked out, and has to be let in again by a person. That is a way in for "
            "anybody who can talk that person into it.",
            "Let the user enroll a second device, best of another kind, or give the user a recovery code to keep.",
            ("NIST SP 800-63B-4, 4.2 account recovery",),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "no-recovery-code",
            "low",
            "No recovery code",
            "Whoever loses the devices has to be let in again by a person, who may let in somebody else.",
            "Create a recovery code, and let the user keep it where the devices are not.",
            ("NIST SP 800-63B-4, 4.2 account recovery",),
            ("authenticators", "the tenant's factors"),
        ),
        Rule(
            "too-many",
            "low",
            "Many second factors",
            "Nobody keeps an eye on so many devices. One more, which an intruder adds, is not noticed.",
            "Go through the list with the user, and remove what the user does not know or need.",
            ("MITRE ATT&CK T1098.005",),
            ("authenticators",),
        ),
        Rule(
            "unconfirmed",
            "low",
            "Enrollment not confirmed",
            "It protects nothing, and the user may believe that the enrollment succeeded.",
            "Complete the enrollment with its code, or remove it and start again.",
            (),
            ("authenticators", "their dates"),
        ),
        Rule(
            "exemption-unused",
            "low",
            "Exemption that fits nobody",
            "A pattern with a mistake exempts nobody, or somebody else later. An exemption that is left over does too.",
            "Correct its pattern, or remove it from the policy.",
            (),
            ("every user of the tenant",),
        ),
    )
}

Action = Literal["remove", "ticket", "rotate"]

# What remediation can do about a finding of each rule.
ACTIONS: Mapping[str, Action] = {
    "stale": "remove",
    "never-used": "remove",
    "unconfirmed": "remove",
    "odd-date": "remove",
    "no-mfa": "ticket",
    "recovery-code-only": "ticket",
    "no-recovery-code": "rotate",
}


def action_of(rule: str, authenticator_id: str | None) -> Action | None:
    """What remediation can do about one finding; None where only a person can.

    :param authenticator_id: None where the finding is about the account, which has nothing to remove
    """
    action = ACTIONS.get(rule)
    return None if action == "remove" and authenticator_id is None else action
