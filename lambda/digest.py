# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message about a run, for a person on call with a phone. It has figures and a link, and names nobody. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Mapping, Sequence

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import STATES, State, Status, Summary
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.page_model import first_things
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.words import grouped, people, plural
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import as_time
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import visible

from told import Told, nobody

CHANGES, ALWAYS = "changes", "always"
# A schedule is not exact: what is due a week after the last message must not wait for another day.
_WEEK = timedelta(days=6, hours=12)
# What SNS takes.
_LONGEST_SUBJECT = 100
_MOST_TO_DO = 3


def is_due(mode: str, told: Told, last_run: str | None, last_sent: str | None, now: datetime) -> bool:
    """Whether a message is sent about the run: when something changed, else weekly.

    :param mode: ``CHANGES`` or ``ALWAYS``
    :param last_run: the last run that a message was sent about, or that had nothing to tell
    :param last_sent: when the last message was sent, ISO 8601
    """
    sent = as_time(last_sent) if last_sent else None
    if mode == ALWAYS or sent is None or now - sent >= _WEEK:
        return True
    if told.before is None or told.before["run"] != last_run:
        return True  # nobody was told what the runs in between found
    return _has_changed(told, told.before)


def _has_changed(told: Told, before: Summary) -> bool:
    figures, changes = told.figures, told.figures["changes"]
    return (
        figures["partial"]
        or before["partial"]
        or figures["policy"] != before["policy"]
        or figures["note"] != before["note"]
        or any(_count(told, word) for word in ("new", "reopened", "resolved"))
        or bool(changes and changes["added_to_privileged"])
        or list(map(len, told.exemptions)) != list(map(len, told.exemptions_before))
    )


def subject(told: Told) -> str:
    """At most 100 ASCII characters, the news first."""
    figures, new = told.figures, sum(told.high.new.values())
    gained = _gained(told)
    if figures["partial"]:
        news = "PARTIAL, %s of %s read" % (_read(told), plural(figures["coverage"]["listed"], "user"))
    elif told.before is None:
        news = "first run, %s" % plural(new, "high finding")
    else:
        devices = ["%s on privileged accounts" % plural(gained, "new device")] if gained else []
        findings = [plural(new, "new high finding")] if new else []
        news = ", ".join(devices + findings) or "no new high findings"
    return _subject(news, figures["tenant"])


def failure_subject(tenant: str) -> str:
    """The same for a run that failed."""
    return _subject("FAILED", tenant)


def _subject(news: str, tenant: str) -> str:
    return visible("MFA audit: %s, %s" % (news, tenant)).encode("ascii", "replace").decode()[:_LONGEST_SUBJECT]


def body(told: Told, notes: Sequence[str] = ()) -> str:
    """The message, its most important line first.

    :param notes: what is to be known of the run, and what became of other outputs, one sentence each
    """
    paragraphs = [
        [_state(told), "Tenant: %s" % told.figures["tenant"]],
        ["TO DO FIRST", *_numbered(_to_do(told))],
        ["NEW: CRITICAL AND HIGH", *_new(told)],
        ["PROTECTION", *_protection(told)],
        _exemptions(told),
        list(notes),
        ["Report: %s" % told.place.link, "It names people, this message does not. Run %s." % told.figures["run"]],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


# What a person does about a run that failed: because of a mistake; because something was away or too slow; because of a damaged run.
CORRECT = "Correct this, and start the audit again or wait for the next one. Until then nobody is audited."
GOES_ON = (
    "Check the status of what is named above (AWS, Auth0 or the tenant), and do what is said there. The next run starts by itself, and "
    "goes on."
)
BEGINS_ANEW = "Start the audit again, or wait for the next run. It begins anew, and nothing has to be corrected before."


def failure_body(tenant: str, why: Sequence[str], to_do: str = CORRECT) -> str:
    """The message about a run that failed, and is not retried.

    :param why: line by line
    :param to_do: ``CORRECT``, ``GOES_ON`` or ``BEGINS_ANEW``
    """
    lines = ["FAILED. %s" % nobody(why[0]), *map(nobody, why[1:]), "Tenant: %s" % tenant]
    return "%s\n\nTO DO FIRST\n1. %s\n\nEarlier reports stay where they are.\n" % ("\n".join(lines), to_do)


def _state(told: Told) -> str:
    figures, coverage = told.figures, told.figures["coverage"]
    if figures["partial"]:
        at_least = "at least " if coverage["listed_is_lower_bound"] else ""
        verb = "was" if coverage["read"] == 1 else "were"
        read = "%s of %s%s %s read." % (_read(told), at_least, plural(coverage["listed"], "user"), verb)
        return "PARTIAL. %s %s" % (nobody(figures["reason"] or ""), read)
    carried = ", %s of them by an earlier run" % grouped(coverage["carried"]) if coverage["carried"] else ""
    aside = sum(sum(states.values()) for states in figures["aside"].values())
    others = [(coverage["out_of_scope"], "out of scope"), (coverage["gone"], "deleted meanwhile")]
    others.append((aside, "of them set aside, and in no figure below"))
    rest = "".join(" %s %s." % (grouped(count), words) for count, words in others if count)
    return "Complete. %s read%s.%s" % (plural(coverage["read"], "user was", "users were"), carried, rest)


def _to_do(told: Told) -> list[str]:
    figures, unread, gained = told.figures, told.figures["coverage"]["unread"], _gained(told)
    found = []
    if gained:
        ask = "Ask its owner who enrolled it." if gained == 1 else "Ask their owners who enrolled them."
        found.append("%s on privileged accounts. %s" % (plural(gained, "new device"), ask))
    if figures["partial"] and unread:
        found.append("See in the report why %s could not be read. The next run tries again." % people(unread))
    elif figures["partial"] and not figures["coverage"]["read"] and not figures["coverage"]["not_reached"]:
        found.append("Check the tenant and the application that the audit logs in with: they show no user to read.")
    elif figures["partial"]:
        found.append("Wait for the next run, which goes on. If it is partial too, see the function's log.")
    new = [rule for rule in RULES if told.high.new[rule]]
    for rule in (*new, *(each.rule for each in first_things(figures) if each.rule not in new)):
        if rule != "unread" or not figures["partial"]:
            found.append(
                "%s: %s. %s" % (RULES[rule].title, _whom(told, rule), _first_sentence(RULES[rule].remediation))
            )
    return found[:_MOST_TO_DO] or ["Nothing."]


def _whom(told: Told, rule: str) -> str:
    its, new = told.figures["rules"][rule], told.high.new[rule]
    whom = [people(its["people"]) if its["people"] else plural(sum(its["severities"].values()), "finding")]
    whom += ["%s privileged" % grouped(its["privileged"])] if its["privileged"] else []
    whom += ["%s new" % grouped(new)] if new and told.before is not None else []
    return ", ".join(whom)


def _new(told: Told) -> list[str]:
    before = told.before
    partial = ", when a run was partial" if before and before["partial"] else ""
    lines = [
        (
            "Since %s%s:" % (_day(before, told.figures), partial)
            if before
            else "There is no earlier run to compare with, so everything is new."
        )
    ]
    found = ["- %s: %s" % (RULES[rule].title, grouped(told.high.new[rule])) for rule in RULES if told.high.new[rule]]
    affected, newly = told.high.privileged, told.high.newly_privileged if before else 0
    privileged = "Privileged people with critical or high findings: %s" % grouped(affected)
    words: Sequence[tuple[Status, str]] = (
        ("resolved", "resolved"),
        ("reopened", "reopened"),
        ("gone", "of deleted users"),
        ("not-read", "unknown because the user, a date or a type could not be read"),
    )
    others = ["%s %s" % (grouped(_count(told, word)), text) for word, text in words if _count(told, word)]
    return [
        *lines,
        *(found or ["- none"]),
        "%s%s." % (privileged, ", %s of them with a new one" % grouped(newly) if newly else ""),
        *(["Findings of all severities: %s." % ", ".join(others)] if others else []),
    ]


def _protection(told: Told) -> list[str]:
    users, privileged = told.figures["users"], told.figures["privileged"]
    total, staff = sum(users.values()), sum(privileged.values())
    if not total or not told.figures["coverage"]["read"]:
        return ["Nobody was read, so nothing is known."]
    lines = ["Strong second factor: %s of %s (%s)." % (grouped(users["strong"]), plural(total, "user"), _share(users))]
    if told.complete is not None:
        lines.append(_change(told.figures, told.complete, told.before))
    elif told.before is not None:
        lines.append("There is no complete run before to compare with.")
    words = {"weak": "only weak factors", "none": "no factor", "elsewhere": "at the identity provider"}
    others = ["%s %s" % (grouped(users[state]), words.get(state, state)) for state in STATES[1:] if users[state]]
    if others:
        lines.append("Others: %s." % ", ".join(others))
    if staff:
        lines.append("Privileged people with one: %s of %s." % (grouped(privileged["strong"]), grouped(staff)))
    return lines


def _change(figures: Summary, before: Summary, last: Summary | None) -> str:
    """The protection next to that of the last complete run.

    :param last: the run that the findings are compared with
    """
    old, new = before["users"], figures["users"]
    users = new["strong"] - old["strong"]
    change = "%s more" % grouped(users) if users > 0 else "%s fewer" % grouped(-users) if users else "as many"
    facts = [_share(old)]
    if last is None or last["run"] != before["run"]:
        facts.append("the last complete run")
    if before["policy"] != figures["policy"]:
        facts.append("judged by another policy")
    doubt = " This run is partial, so the difference may mean nothing." if figures["partial"] else ""
    return "That is %s %s on %s (%s).%s" % (
        change,
        "than" if users else "as",
        _day(before, figures),
        ", ".join(facts),
        doubt,
    )


def _exemptions(told: Told) -> list[str]:
    expired, expiring = told.exemptions
    lines = []
    if expired:
        lines.append("Expired: %s. Their findings count again." % grouped(len(expired)))
    if expiring:
        lines.append(
            "Expire within 14 days: %s. The last day of the first one is %s." % (grouped(len(expiring)), expiring[0])
        )
    return ["EXEMPTIONS", *lines] if lines else []


def _numbered(texts: Sequence[str]) -> list[str]:
    return ["%d. %s" % (number, text) for number, text in enumerate(texts, 1)]


def _read(told: Told) -> str:
    return grouped(told.figures["coverage"]["read"])


def _gained(told: Told) -> int:
    changes = told.figures["changes"]
    return changes["added_to_privileged"] if changes else 0


def _count(told: Told, word: Status) -> int:
    history = told.figures["history"]
    return history["statuses"][word] if history else 0


def _share(users: Mapping[State, int]) -> str:
    return "%.1f %%" % (100 * users["strong"] / sum(users.values()))


def _day(before: Summary, figures: Summary) -> str:
    """The day of a run before, with the time where both are of one day."""
    day, time = before["reported"][:10], before["reported"][11:16]
    return "%s, %s UTC" % (day, time) if day == figures["reported"][:10] else day


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."
