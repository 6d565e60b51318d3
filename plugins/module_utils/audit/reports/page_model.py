# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``report.html`` says: every word, figure and place of it, and nothing of how it looks. Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Iterable, Mapping, Sequence
from urllib.parse import quote

from ...auth0.factors import FACTORS
from ...auth0.times import as_time
from ...auth0.wire.errors import visible
from .. import ranks
from ..records import (
    EXPORT,
    GIVEN,
    SEARCH,
    SEVERITIES,
    STATES,
    AgeFigures,
    ChangeRow,
    CoverageFigures,
    GroupFigures,
    HistoryFigures,
    Severity,
    ShownFinding,
    State,
    Status,
    Summary,
)
from ..rules import RULES, Rule, action_of
from ..words import grouped, people, plural

LABELS: Mapping[State, str] = {
    "strong": "strong",
    "weak": "weak only",
    "none": "no factor",
    "elsewhere": "elsewhere",
    "unknown": "unknown",
}
# What the legend has although nobody is so.
_ALWAYS = ("strong", "weak", "none")
_SOURCES = {EXPORT: "an export", SEARCH: "the user search", GIVEN: "a list"}
# What a text of the tenant is cut to, in a table and in a paragraph.
_LONGEST, _LONGEST_TEXT = 80, 1500
# So many runs are in the trend, and so many exemptions in their table.
_MOST_RUNS, _MOST_EXEMPTIONS = 60, 50
# So many new devices of privileged users are named.
_GAINS = 4
# So many groups are to be seen at once.
_UNFOLDED = 8
# An exemption with fewer days left is told.
_SOON = 14
# So many findings are in the line that the playbook is called with.
_IDS = 5
_AUTH0_DOMAIN = re.compile(r"([a-z0-9][a-z0-9-]*)(?:\.([a-z]{2}(?:-[0-9]+)?))?\.auth0\.com", re.ASCII)
_MARKS = ("new", "persisting", "reopened", "exempted", "privileged", "break-glass", "warning")


@dataclass(frozen=True)
class Part:
    """A part of a bar; its place is in percent."""

    state: State
    start: float
    width: float


@dataclass(frozen=True)
class InState:
    """Users with one kind of protection."""

    state: State
    label: str
    users: int
    share: str


@dataclass(frozen=True)
class ToDo:
    """One thing to do first."""

    rule: str
    title: str
    severity: Severity
    whom: str


@dataclass(frozen=True)
class Item:
    """Somebody, and what is new about them."""

    who: str
    what: str


@dataclass(frozen=True)
class News:
    """One thing that is new. ``loud``: it comes first."""

    text: str
    loud: bool = False
    items: tuple[Item, ...] = ()
    more: str | None = None


@dataclass(frozen=True)
class RunPoint:
    """One run in the trend."""

    day: str
    partial: bool
    users: int
    strong: str
    none: int
    findings: int


@dataclass(frozen=True)
class Line:
    """One line of the trend. ``points`` are in percent of its height and width."""

    title: str
    color: str
    points: str
    first: str
    last: str
    since: str
    until: str


@dataclass(frozen=True)
class Coverage:
    """Users who have one factor."""

    name: str
    users: int
    share: str
    width: float
    color: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int


@dataclass(frozen=True)
class Tick:
    """A label below the histogram."""

    x: float
    anchor: str
    label: str


@dataclass(frozen=True)
class Mark:
    """A threshold in the histogram."""

    x: float
    y: float
    at: float
    text_y: float
    anchor: str
    label: str


@dataclass(frozen=True)
class Ages:
    """The histogram."""

    text: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    rows: tuple[Bar, ...]


@dataclass(frozen=True)
class Row:
    """Users in a group by protection, for the kinds of protection that are in use."""

    name: str
    users: tuple[int, ...]
    stack: tuple[Part, ...]


@dataclass(frozen=True)
class Group:
    """The users of each connection, or of each e-mail domain."""

    id: str
    title: str
    name: str
    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    note: str


@dataclass(frozen=True)
class RuleText:
    """A rule that found something: what that means, and what to do."""

    id: str
    title: str
    severity: Severity
    figures: str
    risk: str
    remediation: str
    references: str
    command: str | None
    command_note: str


@dataclass(frozen=True)
class Shown:
    """One row of the table of findings. ``link`` is the user in the Auth0 dashboard; None where nobody knows the address."""

    id: str
    rule: str
    severity: Severity
    user: str
    user_id: str | None
    link: str | None
    tags: tuple[str, ...]
    factor: str | None
    device: str | None
    note: str | None
    age_days: int | None
    first_seen: str
    status: str
    exempted: str | None
    rank: ranks.Rank


@dataclass(frozen=True)
class ExemptionText:
    """One exemption of the policy. ``loud``: somebody should do something about it."""

    state: str
    loud: bool
    rule: str
    users: str
    reason: str
    owner: str
    expires: str
    findings: int


@dataclass(frozen=True)
class PageModel:
    """The page, in its order."""

    tenant: str
    state: str
    reported: str
    planned: str
    oldest_reading: str | None
    coverage: str
    reason: str | None
    protected: str
    sentence: str
    since: str | None
    stack: tuple[Part, ...]
    legend: tuple[InState, ...]
    used: tuple[str, ...]
    privileged: str | None
    first: tuple[ToDo, ...]
    news: tuple[News, ...]
    trend: tuple[RunPoint, ...]
    lines: tuple[Line, ...]
    factors: tuple[Coverage, ...]
    unknown_types: tuple[tuple[str, int], ...]
    ages: Ages
    groups: tuple[Group, ...]
    rules: tuple[RuleText, ...]
    quiet: str | None
    findings: tuple[tuple[Shown, ...], ...]
    counts: tuple[int, ...]
    severities: tuple[Severity, ...]
    marks: tuple[str, ...]
    aside: tuple[Row, ...]
    aside_note: str
    exemptions: tuple[ExemptionText, ...]
    more_exemptions: str | None
    facts: tuple[str, ...]
    limits: tuple[str, ...]
    run: tuple[tuple[str, str], ...]


def page_model(
    figures: Summary,
    worst: Mapping[str, Sequence[ShownFinding]],
    changes: Sequence[ChangeRow],
    earlier: Sequence[Summary],
    *,
    pseudonyms: bool,
) -> PageModel:
    """What the page says. The parameters are those of :func:`.html.page`."""
    before = _before(figures["history"], earlier)
    users = figures["users"]
    total = sum(users.values())
    found = [rule for rule in ranks.rules_in_order(figures["rules"]) if figures["findings"][rule]]
    runs = [each for each in (*earlier, figures) if sum(each["users"].values())][-_MOST_RUNS:]
    used = [each for each in STATES if users[each] or any(others[each] for others in figures["aside"].values())]
    dashboard = None if pseudonyms else _dashboard(figures["tenant"])
    return PageModel(
        tenant=figures["tenant"],
        state="Partial" if figures["partial"] else "Complete",
        reported=figures["reported"],
        planned=figures["planned"],
        oldest_reading=figures["oldest_reading"],
        coverage=_covered(figures["coverage"]),
        reason=cut(figures["reason"] or "", _LONGEST_TEXT) if figures["partial"] else None,
        protected=share(users["strong"], total),
        sentence=_sentence(users),
        since=_since(figures, before, earlier),
        stack=_stack(users),
        legend=tuple(
            InState(each, LABELS[each], users[each], share(users[each], total))
            for each in STATES
            if users[each] or each in _ALWAYS
        ),
        used=tuple(LABELS[each] for each in used),
        privileged=_privileged(figures["privileged"]),
        first=first_things(figures),
        news=_news(figures, changes),
        trend=tuple(_point(each) for each in runs),
        lines=_lines(runs),
        factors=_factors(figures),
        unknown_types=tuple((cut(name), count) for name, count in list(figures["unknown_types"].items())[:20]),
        ages=_ages(figures["ages"], figures["policy"]),
        groups=(
            _group("connections", "Protection by connection", "Connection", figures["connections"], used),
            _group("domains", "Protection by e-mail domain", "Domain", figures["domains"], used),
        ),
        rules=tuple(_rule_text(RULES[rule], figures, worst.get(rule, ())) for rule in found),
        quiet=_quiet(figures),
        findings=tuple(tuple(_shown(each, dashboard) for each in worst.get(rule, ())) for rule in found),
        counts=tuple(figures["findings"][rule] for rule in found),
        severities=SEVERITIES,
        marks=_MARKS,
        aside=tuple(_row(why, states, used) for why, states in figures["aside"].items()),
        aside_note=_aside_note(figures),
        exemptions=_exemptions(figures)[:_MOST_EXEMPTIONS],
        more_exemptions=_more(len(figures["policy"].get("exemptions", ())) - _MOST_EXEMPTIONS, "exemption"),
        facts=_facts(figures),
        limits=tuple(figures["limits"]),
        run=_run(figures, before),
    )


def _before(history: HistoryFigures | None, earlier: Sequence[Summary]) -> Summary | None:
    """The run that this one is compared with; the last one where nobody compared the findings."""
    if history is None:
        return earlier[-1] if earlier else None
    return next((each for each in reversed(earlier) if each["run"] == history["base"]), None)


def share(part: int, whole: int) -> str:
    """A percentage that is 0 % or 100 % only for none or all."""
    percent = _width(part, whole)
    if 0 < percent < 1:
        return "<1 %"
    return ">99 %" if 99 < percent < 100 else "%.0f %%" % percent


def cut(text: str, longest: int = _LONGEST) -> str:
    """A text of the tenant, short enough for a table, with what cannot be seen made visible."""
    shown = visible(text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _more(count: int, what: str) -> str | None:
    return "%s." % plural(count, "more " + what) if count > 0 else None


def _width(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _stack(users: Mapping[State, int]) -> tuple[Part, ...]:
    """The parts of a bar, in percent of all users."""
    total, start, parts = sum(users.values()), 0.0, []
    for state in STATES:
        width = _width(users[state], total)
        if width:
            parts.append(Part(state, round(start, 2), width))
        start += width
    return tuple(parts)


def _day(moment: str) -> str:
    return moment[:10]


def _covered(coverage: CoverageFigures) -> str:
    at_least = "at least " if coverage["listed_is_lower_bound"] else ""
    return "%s of %s%s read" % (grouped(coverage["read"]), at_least, plural(coverage["listed"], "user"))


def _sentence(users: Mapping[State, int]) -> str:
    total = sum(users.values())
    text = "of %s %s a strong second factor" % (plural(total, "user"), "has" if total == 1 else "have")
    rest = [
        (users["weak"], "%s only weak ones", None),
        (users["none"], "%s none", None),
        (users["elsewhere"], "%s are protected by their identity provider", "%s is protected by the identity provider"),
        (users["unknown"], "of %s it is not known", None),
    ]
    told = [(one if one and count == 1 else words) % grouped(count) for count, words, one in rest if count]
    if len(told) > 1:
        told[-1] = "and " + told[-1]
    return text + ("; " + ", ".join(told) if told else "") + "."


def _since(figures: Summary, last: Summary | None, earlier: Sequence[Summary]) -> str | None:
    """How the protection changed since the last complete run: what a partial one did not read is no change.

    :param last: the run that the findings are compared with; a report by another policy is compared with its own run only
    """
    if last is None:
        return None
    if not last["partial"] or last["run"] == figures["run"]:
        before, named = last, "the run of"
    else:
        complete = [each for each in earlier[: earlier.index(last)] if not each["partial"]]
        if not complete:
            return "There is no complete run before to compare with."
        before, named = complete[-1], "the last complete run, of"
    old, new = before["users"], figures["users"]
    when = "%s, %s" % (_day(before["reported"]), _gap(before["reported"], figures["reported"]))
    if not sum(old.values()) or not sum(new.values()):
        return "It cannot be compared with %s %s." % (named, when)
    points = _percent(new) - _percent(old)
    users = new["strong"] - old["strong"]
    change = (
        "As much as" if abs(points) < 0.05 else "%s %.1f points from" % ("Up" if points > 0 else "Down", abs(points))
    )
    # What an earlier version stored has no policy of this form.
    policy = ", which another policy judged" if before.get("policy") != figures["policy"] else ""
    return "%s %s %s (%s%s)%s." % (change, named, when, "+" if users >= 0 else "-", plural(abs(users), "user"), policy)


def _percent(users: Mapping[State, int]) -> float:
    return 100 * users["strong"] / sum(users.values())


def _gap(first: str, last: str) -> str:
    """How far apart two moments are, in words."""
    one, other = as_time(first), as_time(last)
    if one is None or other is None:
        return "an unknown time before"
    seconds = (other - one).total_seconds()
    if seconds < 0:
        return "which is after this report"
    days = int(seconds // 86400)
    if days:
        return plural(days, "day") + " before"
    hours = int(seconds // 3600)
    return plural(hours, "hour") + " before" if hours else "less than an hour before"


def _privileged(users: Mapping[State, int]) -> str | None:
    total = sum(users.values())
    if not total:
        return None
    strong, without = users["strong"], total - users["strong"]
    if total > 1 and strong in (0, total):
        return "Privileged: %s of %s %s a strong second factor." % (
            ("all", people(total), "have") if strong else ("none", people(total), "has")
        )
    if total == 1:
        return "Privileged: 1 person, who %s a strong second factor." % ("has" if strong else "does not have")
    text = "Privileged: %s of %s %s a strong second factor" % (
        grouped(strong),
        people(total),
        "has" if strong == 1 else "have",
    )
    return text + (", %s %s not." % (grouped(without), "does" if without == 1 else "do") if without else ".")


def first_things(figures: Summary) -> tuple[ToDo, ...]:
    """The three rules to begin with."""
    counting = [
        (rule, severity)
        for rule in ranks.rules_in_order(figures["rules"])
        if (severity := ranks.worst(figures["rules"][rule])) is not None
    ]
    return tuple(ToDo(rule, RULES[rule].title, severity, _whom(figures, rule)) for rule, severity in counting[:3])


def _whom(figures: Summary, rule: str) -> str:
    its = figures["rules"][rule]
    if not its["people"]:
        return plural(sum(its["severities"].values()), "finding")
    if not its["privileged"]:
        return people(its["people"])
    if its["people"] == 1:
        return "1 privileged person"
    return "%s, %s of them privileged" % (people(its["people"]), grouped(its["privileged"]))


def _news(figures: Summary, changes: Sequence[ChangeRow]) -> tuple[News, ...]:
    devices, history = figures["changes"], figures["history"]
    news = []
    if devices and devices["added_to_privileged"]:
        gains = [each for each in changes if each["change"] == "added" and (each["privileged"] or each["break_glass"])]
        items = [Item(cut(each["user"]), _gain(each)) for each in gains[:_GAINS]]
        more = devices["added_to_privileged"] - len(items)
        count = devices["added_to_privileged"]
        text = "%s on %s. Ask %s enrolled %s." % (
            plural(count, "new factor"),
            (
                "privileged or break-glass accounts"
                if any(not each["privileged"] for each in gains)
                else "privileged accounts"
            ),
            *(("its owner who", "it") if count == 1 else ("their owners whether they", "them")),
        )
        news.append(News(text, True, tuple(items), "and %s more" % grouped(more) if more else None))
    if history is None or not _compared(figures):
        return (*news, News("There is no earlier run to compare with, so every finding is new."))
    statuses = history["statuses"]
    told = ", ".join("%s %s" % (grouped(count), severity) for severity, count in history["new"].items() if count)
    # An exempted one that is back does not count.
    back = min(statuses["reopened"], sum(history["new"].values()))
    news.append(
        News(
            "New findings: %s%s." % (told or "none", ", %s of them reopened" % grouped(back) if back else ""),
            bool(told),
        )
    )
    news.append(News("Resolved since the run before: %s." % grouped(statuses["resolved"])))
    lost: list[tuple[Status, str]] = [
        ("not-read", "not read"),
        ("out-of-scope", "out of scope"),
        ("gone", "deleted"),
        ("not-asked", "not asked by now"),
    ]
    others = ["%s %s" % (grouped(statuses[word]), words) for word, words in lost if statuses[word]]
    if others:
        news.append(News("Neither found again nor resolved: %s." % ", ".join(others)))
    if devices and (devices["added"] or devices["removed"]):
        news.append(
            News(
                "Devices of all users: %s added, %s removed." % (grouped(devices["added"]), grouped(devices["removed"]))
            )
        )
    return tuple(news)


def _compared(figures: Summary) -> bool:
    """Whether there is a run before; without one everything is new."""
    return figures["history"] is not None and figures["history"]["base"] is not None


def _gain(change: ChangeRow) -> str:
    named = [change["factor"], *([cut(change["device"], 40)] if change["device"] else [])]
    when = ", enrolled %s" % _day(change["at"]) if change["at"] else ""
    return " ".join(named) + when + (" (break-glass)" if change["break_glass"] else "")


def _counting(figures: Summary) -> int:
    """How many findings count; a summary of an earlier version counts all."""
    return sum(figures.get("counted", figures["findings"]).values())


def _point(figures: Summary) -> RunPoint:
    users = figures["users"]
    total = sum(users.values())
    return RunPoint(
        _day(figures["reported"]),
        figures["partial"],
        total,
        "%.1f %%" % _percent(users),
        users["none"],
        _counting(figures),
    )


def _lines(runs: Sequence[Summary]) -> tuple[Line, ...]:
    if len(runs) < 2:
        return ()
    moments = [as_time(each["reported"]) for each in runs]
    ends = _day(runs[0]["reported"]), _day(runs[-1]["reported"])
    strong = [_percent(each["users"]) for each in runs]
    findings = [float(_counting(each)) for each in runs]
    return (
        Line(
            "Users with a strong second factor",
            "strong",
            _points(moments, strong, 100.0),
            "%.1f %%" % strong[0],
            "%.1f %%" % strong[-1],
            *ends,
        ),
        Line(
            "Findings that count",
            "high",
            _points(moments, findings, max(findings)),
            grouped(int(findings[0])),
            grouped(int(findings[-1])),
            *ends,
        ),
    )


def _points(moments: Sequence[datetime | None], values: Sequence[float], top: float) -> str:
    """A polyline in a square of 100, by time, or by number where a time cannot be read or the clock went back."""
    known = [each for each in moments if each is not None]
    span = (known[-1] - known[0]).total_seconds() if len(known) == len(values) else 0.0
    if span > 0 and known == sorted(known):
        across = [100 * (each - known[0]).total_seconds() / span for each in known]
    else:
        across = [100 * place / (len(values) - 1) for place in range(len(values))]
    return " ".join("%.1f,%.1f" % (x, 98 - 96 * value / top if top else 98) for x, value in zip(across, values))


def _factors(figures: Summary) -> tuple[Coverage, ...]:
    total = sum(figures["users"].values())
    weak, enabled = figures["policy"]["weak_factors"], figures["tenant_facts"]["enabled_factors"]
    rows = []
    for name, users in sorted(figures["factors"].items(), key=lambda each: (-each[1], each[0])):
        factor, notes = FACTORS[name], []
        if name in weak:
            notes.append("weak")
        if factor.phishing_resistant:
            notes.append("phishing-resistant")
        if not factor.second_factor:
            notes.append("way back")
        if enabled is not None and factor.guardian_name is not None and name not in enabled:
            notes.append("switched off in the tenant")
        color = "unknown" if not factor.second_factor else "weak" if name in weak else "strong"
        rows.append(Coverage(name, users, share(users, total), _width(users, total), color, tuple(notes)))
    return tuple(rows)


_LEFT, _RIGHT, _TOP, _BASE = 2.0, 998.0, 42.0, 150.0


def _ages(figures: AgeFigures, policy: Mapping[str, Any]) -> Ages:
    """The histogram, 1000 wide: a bar for each step, and at the right one for all that is older."""
    step, counts = figures["days"], figures["counts"]
    width = (_RIGHT - _LEFT) / len(counts)
    bars = _bars(step, counts, width)
    return Ages(
        _ages_text(figures, policy["stale_days"]),
        tuple(each for each in bars if each.count),
        _ticks(step, len(counts), width),
        _marks(step, len(counts), width, policy),
        bars,
    )


def _bars(step: int, counts: Sequence[int], width: float) -> tuple[Bar, ...]:
    bars, most = [], max(counts)
    for place, count in enumerate(counts):
        # A single one among thousands can still be seen.
        height = max(round((_BASE - _TOP) * count / most, 1), 1.5) if count else 0.0
        last = place == len(counts) - 1
        label = "%d days or more" % (place * step) if last else "%d to %d days" % (place * step, (place + 1) * step - 1)
        x = round(_LEFT + place * width + 1, 1)
        bars.append(Bar(x, round(_BASE - height, 1), round(width - 2, 1), height, label, count))
    return tuple(bars)


def _ticks(step: int, bars: int, width: float) -> tuple[Tick, ...]:
    places = range(0, bars - 1, max(bars // 4, 1))
    ticks = [Tick(round(_LEFT + at * width, 1), "middle" if at else "start", grouped(at * step)) for at in places]
    return (*ticks, Tick(_RIGHT, "end", "%s days and more" % grouped((bars - 1) * step)))


def _marks(step: int, bars: int, width: float, policy: Mapping[str, Any]) -> tuple[Mark, ...]:
    """The thresholds, one label below the other; one that is off the scale has an arrow."""
    stale, warning = policy["stale_days"], policy.get("stale_warning_days")
    thresholds = [("warning", warning)] if warning is not None and warning < stale else []
    marks = []
    for line, (word, days) in enumerate([*thresholds, ("stale", stale)]):
        x = round(min(_LEFT + days / step * width, _RIGHT), 1)
        text_y = 14.0 + 20 * line
        label = "%s from %s%s" % (word, plural(days, "day"), " →" if days > bars * step else "")
        at, anchor = (x - 5, "end") if x > 800 else (x + 5, "start")
        marks.append(Mark(x, text_y - 10, at, text_y, anchor, label))
    return tuple(marks)


def _ages_text(figures: AgeFigures, stale_days: int) -> str:
    step, counts = figures["days"], figures["counts"]
    text = "%s by days since their last use; %s never used." % (
        plural(sum(counts), "confirmed authenticator"),
        grouped(figures["never_used"]),
    )
    # Only where a bar begins at the threshold is it known how many are past it.
    first, odd = divmod(stale_days, step)
    if odd or first >= len(counts) or not sum(counts):
        return text
    past = share(sum(counts[first:]), sum(counts))
    return "%s %s of the used ones at or past the threshold of %s." % (text, past, plural(stale_days, "day"))


def _row(name: str, users: Mapping[State, int], used: Sequence[State]) -> Row:
    return Row(cut(name, 48), tuple(users[state] for state in used), _stack(users))


def _group(identity: str, title: str, name: str, figures: GroupFigures, used: Sequence[State]) -> Group:
    rows = [_row(each["name"], each["users"], used) for each in figures["largest"]]
    if sum(figures["rest"].values()):
        others = plural(figures["others"], "other") if figures["others"] else "others"
        rows.append(_row(others, figures["rest"], used))
    note = (
        "A user with several connections is counted in each."
        if identity == "connections"
        else "Users without an e-mail address are not in this table."
    )
    return Group(identity, title, name, tuple(rows[:_UNFOLDED]), tuple(rows[_UNFOLDED:]), note)


def _rule_text(rule: Rule, figures: Summary, worst: Sequence[ShownFinding]) -> RuleText:
    its = figures["rules"][rule.id]
    counted = sum(its["severities"].values())
    told = [plural(counted, "finding")] if counted != its["people"] else []
    if its["people"]:
        told.append(_whom(figures, rule.id))
    told += [
        "%s %s" % (grouped(count), word)
        for count, word in (
            (its["new"] if _compared(figures) else 0, "new"),
            (its["warnings"], "a warning" if its["warnings"] == 1 else "warnings"),
            (its["exempted"], "exempted"),
            (its["aside"], "of users set aside"),
        )
        if count
    ]
    severity = ranks.worst(its) or rule.severity
    ids = [
        each["id"]
        for each in worst
        if each["exempted"] is None and not each["warning"] and action_of(rule.id, each["authenticator_id"])
    ][:_IDS]
    command = _command(ids) if ids else None
    return RuleText(
        rule.id,
        rule.title,
        severity,
        " · ".join(told),
        rule.risk,
        rule.remediation,
        " · ".join(rule.references),
        command,
        "With the IDs of %s. Run it with --check first. Add or remove IDs as you decide:"
        % ("the finding" if len(ids) == 1 else "the %d worst findings" % len(ids)),
    )


def _command(ids: Sequence[str]) -> str:
    """How the playbook is called that acts on these findings."""
    return "ansible-playbook mfaops.auth0.remediate -e findings=findings.jsonl.gz -e '%s'" % json.dumps(
        {"reviewed": list(ids)}
    )


def _quiet(figures: Summary) -> str | None:
    quiet = [rule.title for rule in RULES.values() if not figures["findings"][rule.id]]
    off = figures["policy"].get("off", ())
    asked = [rule.title for rule in RULES.values() if not figures["findings"][rule.id] and rule.id not in off]
    silent = [rule.title for rule in RULES.values() if rule.id in off and rule.title in quiet]
    parts = []
    if asked:
        parts.append("Nothing found: %s." % "; ".join(asked))
    if silent:
        parts.append("Switched off by the policy: %s." % "; ".join(silent))
    return " ".join(parts) or None


def _dashboard(tenant: str) -> str | None:
    """Where the Auth0 dashboard shows users of the tenant; None for a custom domain or a private cloud, where nobody can tell.

    As Auth0's own command-line client has it: the name and the region of the tenant, and ``us`` for the oldest tenants.
    """
    match = _AUTH0_DOMAIN.fullmatch(tenant)
    return "https://manage.auth0.com/dashboard/%s/%s/users/" % (match[2] or "us", match[1]) if match else None


def _link(dashboard: str | None, user_id: str | None) -> str | None:
    """The address of a user: the ID percent-encoded, and that in Base64 without padding."""
    if dashboard is None or user_id is None or len(user_id) > _LONGEST:
        return None
    try:
        encoded = quote(user_id, safe="").encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return dashboard + base64.urlsafe_b64encode(encoded).decode().rstrip("=")


def _shown(finding: ShownFinding, dashboard: str | None) -> Shown:
    tags = [
        word
        for word, told in (
            ("privileged", finding["privileged"]),
            ("break-glass", finding["break_glass"]),
            ("warning", finding["warning"]),
        )
        if told
    ]
    exempted, user_id = finding["exempted"], finding["user_id"]
    return Shown(
        # A pseudonym says what it stands for, and only its beginning is to be seen.
        id=finding["id"].removeprefix("finding-"),
        rule=finding["rule"],
        severity=finding["severity"],
        user=cut(finding["user"]),
        user_id=cut(user_id, 64) if user_id is not None and user_id != finding["user"] else None,
        link=_link(dashboard, user_id),
        tags=tuple(tags),
        factor=cut(finding["factor"], 40) if finding["factor"] else None,
        device=cut(finding["device"], 48) if finding["device"] else None,
        note=cut(finding["note"], 120) if finding["note"] else None,
        age_days=finding["age_days"],
        first_seen=_day(finding["first_seen"]),
        status=finding["status"],
        exempted=(
            "%s (%s), until %s" % (cut(exempted["reason"], 60), cut(exempted["owner"], 40), exempted["expires"])
            if exempted
            else None
        ),
        rank=ranks.of_finding(finding, finding["privileged"]),
    )


def _aside_note(figures: Summary) -> str:
    told = [
        "%s %s" % (grouped(figures["rules"][rule]["aside"]), rule) for rule in RULES if figures["rules"][rule]["aside"]
    ]
    return "Their findings: %s. They are in findings.jsonl.gz." % (", ".join(told) or "none")


def _exemptions(figures: Summary) -> tuple[ExemptionText, ...]:
    """The exemptions of the policy, first those that somebody should do something about."""
    reported = as_time(figures["reported"])
    today = reported.date() if reported else date.min
    used = {(each["reason"], each["owner"], each["expires"]): each["findings"] for each in figures["exempted"]}
    rows = []
    for each in figures["policy"].get("exemptions", ()):
        expires = date.fromisoformat(each["expires"])
        left = (expires - today).days
        findings = used.get((each["reason"], each["owner"], each["expires"]), 0)
        if left < 0:
            order, state = 0, "expired"
        elif left <= _SOON:
            order, state = 1, plural(left, "day") + " left" if left else "expires today"
        elif not findings:
            order, state = 2, "exempts nothing"
        else:
            order, state = 3, "in force"
        rows.append(
            (
                order,
                each["expires"],
                ExemptionText(
                    state,
                    order < 3,
                    each["rule"] or "every rule",
                    cut(_who(each["users"])),
                    cut(each["reason"], 160),
                    cut(each["owner"], 60),
                    each["expires"],
                    findings,
                ),
            )
        )
    return tuple(text for _order, _expires, text in sorted(rows, key=lambda each: each[:2]))


def _who(users: Mapping[str, Any]) -> str:
    members = ["%s = %s" % (each["path"], each["value"]) for each in users["app_metadata"]]
    ids = users.get("user_ids_digest", "").partition(",")[0]
    return ", ".join(filter(None, [*users["emails"], *users["user_ids"], *members, ids])) or "users by their IDs"


def _facts(figures: Summary) -> tuple[str, ...]:
    policies, enabled = figures["tenant_facts"]["mfa_policies"], figures["tenant_facts"]["enabled_factors"]
    told = []
    if policies is None:
        told.append("Whether logins require a second factor could not be read. It takes the scope read:mfa_policies.")
    elif not policies:
        told.append(
            "The tenant's policy never requires a second factor. Only Actions and applications can ask for one."
        )
    else:
        told.append("The tenant's policy for a second factor: %s." % ", ".join(map(cut, policies)))
    if enabled is None:
        told.append("Which factors are switched on could not be read. It takes the scope read:guardian_factors.")
        return tuple(told)
    told.append("Switched on: %s." % (", ".join(enabled) or "none"))
    off = [
        "%s (%s)" % (name, people(users))
        for name, users in figures["factors"].items()
        if FACTORS[name].guardian_name is not None and name not in enabled
    ]
    if off:
        told.append("Enrolled, but switched off, so that they protect nobody: %s." % ", ".join(off))
    return tuple(told)


def _run(figures: Summary, before: Summary | None) -> tuple[tuple[str, str], ...]:
    coverage, policy = figures["coverage"], figures["policy"]
    counts = ["%s read" % grouped(coverage["read"])]
    if coverage["carried"]:
        counts[0] += " (%s of them by an earlier run)" % grouped(coverage["carried"])
    counts += [
        "%s %s" % (grouped(count), word)
        for count, word in (
            (coverage["unread"], "could not be read"),
            (coverage["gone"], "deleted meanwhile"),
            (coverage["out_of_scope"], "out of scope"),
            (coverage["not_reached"], "not reached"),
        )
        if count
    ]
    rows = [
        ("Run", figures["run"] + (", on the readings of %s" % figures["base"] if figures["base"] else "")),
        ("Users", "%s; taken from %s" % (", ".join(counts), _SOURCES.get(coverage["source"], coverage["source"]))),
        ("Policy", _thresholds(policy)),
    ]
    if before is not None:
        rows.append(("Compared with", "%s, %s" % (before["run"], _gap(before["reported"], figures["reported"]))))
    if figures["note"]:
        rows.append(("Note", cut(figures["note"], _LONGEST_TEXT)))
    rows.append(("Made with", ", ".join("%s %s" % each for each in figures["versions"].items())))
    return tuple(rows)


def _thresholds(policy: Mapping[str, Any]) -> str:
    named = (
        ("stale_days", "stale after %s"),
        ("stale_warning_days", "warned from %s"),
        ("never_used_days", "never used after %s"),
        ("unconfirmed_days", "unconfirmed after %s"),
        ("dormant_days", "dormant after %s"),
        ("not_challenged_days", "not challenged after %s"),
    )
    told = [words % plural(policy[name], "day") for name, words in named if policy.get(name) is not None]
    told.append("weak: %s" % (", ".join(policy["weak_factors"]) or "none"))
    return "%s: %s" % (cut(str(policy.get("name", "default"))), ", ".join(told))


def rows_in_order(model: PageModel, per_rule: int) -> list[Shown]:
    """The findings that are shown, in the order of all lists; at most so many of each rule."""
    kept: Iterable[Shown] = (each for rule in model.findings for each in rule[:per_rule])
    return sorted(kept, key=lambda each: each.rank)


def shown_text(model: PageModel, per_rule: int) -> str:
    """How many findings are shown, and where the others are."""
    total, kept = sum(model.counts), sum(min(len(rule), per_rule) for rule in model.findings)
    if kept == total:
        return "All %s." % plural(total, "finding") if total != 1 else "One finding."
    return "The %d worst of each rule: %s of %s findings. All are in findings.jsonl.gz and findings.csv." % (
        per_rule,
        grouped(kept),
        grouped(total),
    )
