# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a policy applies to one user, in words, with the part of the policy that says so. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Iterator

from ..auth0.api.profiles import Identity
from ..auth0.times import as_time
from ..auth0.wire.errors import visible
from .people import SOON, Section, Standing, Term, day, standing, who_does_mfa
from .policy.model import Mfa, Policy
from .records import ProfileRecord, UserRow
from .words import plural

_MFA: dict[Mfa, str] = {
    "auth0": "Auth0 asks for the second factor",
    "idp": "the identity provider asks for the second factor",
    "none": "out of scope",
}
_WIDTH = 14


def explain(profile: ProfileRecord, policy: Policy, now: datetime) -> list[str]:
    """Lines for a person: who the user is to the policy, and when something becomes a finding.

    :param now: aware; the time that the user is judged at
    """
    return ["%-*s %s" % (_WIDTH, name + ":", visible(text)) for name, text in _facts(profile, policy, now)]


def seen(row: UserRow) -> list[str]:
    """Lines for a person: what the audit last saw of the user, and what it makes of that."""
    told = [("Read at", row["read_at"]), ("Protection", row["protection"])]
    told += [("Not read", row["error"])] if row["error"] else []
    for each in row["authenticators"]:
        used = each["last_auth_at"] or "never"
        told.append(("Has", "%s %s, last used %s" % (each["factor"], each["id"], used)))
    for finding in row["findings"]:
        about = " of %s" % finding["authenticator_id"] if finding["authenticator_id"] else ""
        told.append(
            (
                "Finding",
                "%s (%s)%s%s"
                % (finding["rule"], finding["severity"], about, ", exempted" if finding["exempted"] else ""),
            )
        )
    return ["%-*s %s" % (_WIDTH, name + ":", visible(text)) for name, text in told]


def _facts(profile: ProfileRecord, policy: Policy, now: datetime) -> Iterator[tuple[str, str]]:
    found = standing(profile, policy, now)
    yield "User", ", ".join(filter(None, (profile["user_id"], profile["email"])))
    yield "Policy", policy.name
    yield "Scope", _scope(found, policy)
    for identity in profile["identities"]:
        yield "Connection", _connection(identity, policy)
    if not profile["identities"]:
        yield "Connection", "none is known, so %s" % _MFA["auth0"]
    elif len(profile["identities"]) > 1:
        yield "Second factor", _MFA[
            "idp" if found.by_idp else "auth0"
        ] + ": of several connections the strictest counts"
    yield "Privileged", _section(found, "privileged", "findings are one step more severe")
    yield "Break-glass", _section(
        found, "break_glass", "must have a phishing-resistant factor, and is never stale or dormant"
    )
    yield "Grace", _grace(profile, found, policy, now)
    yield from _exemptions(found, policy, now)
    yield from _thresholds(found, policy)
    if profile["unreadable"]:
        yield "Unreadable", "%s. Nothing was decided by them." % ", ".join(profile["unreadable"])


def _scope(found: Standing, policy: Policy) -> str:
    if found.place == "in":
        return "in scope"
    where = {
        "blocked": "blocked: %s" % policy.blocked,
        "never logged in": "never_logged_in: %s" % policy.never_logged_in,
    }
    told = where.get(found.why or "") or _by(_of_section(found, "exclude"))
    text = "%s, because %s" % ("out of scope" if found.place == "out" else "aside", found.why)
    text += " (%s)" % told if told else ""
    return text + (". No finding counts for fail_on." if found.place == "aside" else "")


def _connection(identity: Identity, policy: Policy) -> str:
    name, provider = identity["connection"], identity["provider"]
    mfa, by = who_does_mfa(policy, name, provider, identity["is_social"])
    if by is not None:
        why = "connections[%d]: %s" % (policy.connections.index(by), by.name)
    elif not name:
        why = "its name is not known"
    else:
        why = "by default" if provider or identity["is_social"] else "its kind is not known"
    return "%s (%s): %s (%s)" % (name or "?", provider or "?", _MFA[mfa], why)


def _of_section(found: Standing, section: Section) -> list[Term]:
    return [term for term in found.terms if term.section == section]


def _by(terms: list[Term]) -> str:
    return "; ".join(map(str, terms))


def _section(found: Standing, section: Section, means: str) -> str:
    terms = _of_section(found, section)
    return "yes (%s): %s" % (_by(terms), means) if terms else "no"


def _grace(profile: ProfileRecord, found: Standing, policy: Policy, now: datetime) -> str:
    created = as_time(profile["created_at"])
    if not policy.grace_days:
        return "none"
    if created is None:
        return "none, because nobody knows when the account was created"
    if created > now and not found.in_grace:
        return "none, because the account has a date in the future"
    until = (created + timedelta(days=policy.grace_days)).strftime("%Y-%m-%d %H:%M UTC")
    if found.in_grace:
        return "needs no second factor until %s" % until
    return "none, because the account is older: it ended %s" % until


def _exemptions(found: Standing, policy: Policy, now: datetime) -> Iterator[tuple[str, str]]:
    today = day(now)
    numbers = sorted({term.number for term in found.terms if term.number is not None})
    for number in numbers:
        each = policy.exemptions[number]
        left = (each.expires - today).days
        when = "expired on %s" if left < 0 else "until %s"
        soon = ", in %s" % plural(left, "day") if 0 <= left <= SOON.days else ""
        by = _by([term for term in found.terms if term.number == number])
        yield "Exemption", "%s, %s%s, by %s: %s (%s)" % (
            each.rule or "every rule",
            when % each.expires.isoformat(),
            soon,
            each.owner,
            each.reason,
            by,
        )
    if not numbers:
        yield "Exemption", "none"


def _thresholds(found: Standing, policy: Policy) -> Iterator[tuple[str, str]]:
    for rule, days, warning in (
        ("stale", policy.stale_days, policy.stale_warning_days),
        ("never-used", policy.never_used_days, policy.never_used_warning_days),
        ("unconfirmed", policy.unconfirmed_days, None),
        ("dormant-user", policy.dormant_days, policy.dormant_warning_days),
        ("not-challenged", policy.not_challenged_days, None),
    ):
        if rule not in policy.off and not (found.break_glass and rule in ("stale", "dormant-user")):
            text = "%s from day %d" % (rule, days)
            yield "Threshold", text + (", warning from day %d" % warning if warning and warning < days else "")
    if "too-many" not in policy.off:
        yield "Threshold", "too-many above %d second factors" % policy.too_many
    if "weak-only" not in policy.off:
        yield "Weak factors", ", ".join(policy.weak_factors) or "none"
    if policy.severities:
        yield "Severities", ", ".join("%s %s" % each for each in sorted(policy.severities.items()))
    if policy.off:
        yield "Rules off", ", ".join(sorted(policy.off))
