# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``report.html``: one page that needs neither a network nor JavaScript."""

from __future__ import annotations

from typing import TypedDict

from ...auth0.factors import FACTORS
from ...auth0.wire.errors import visible
from ..records import EXPORT, GIVEN, SEARCH, SEVERITIES, STATES, AgeFrom, ShownFinding, State, Summary
from ..rules import RULES
from .summary import coverage_text

# A string and not a file beside this one: a program that contains the audit can be packed without its data files, as
# AnsiballZ does.
_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>MFA audit of {{ s.tenant }}</title>
<style>
:root {
  --page: #f5f6f8; --card: #ffffff; --text: #1b2430; --soft: #5a6675; --line: #dfe3e9; --track: #eceff3;
  --strong: #1f8a5b; --weak: #c98200; --none: #cf3a3a; --elsewhere: #3b74c4; --unknown: #7b8794;
  --critical: #8f1d4f; --high: #cf3a3a; --medium: #c98200; --low: #3b74c4; --warn: #fff4dc; --warn-line: #c98200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --text: #e6eaf0; --soft: #9aa6b4; --line: #303945; --track: #28303a;
    --strong: #3fb37f; --weak: #e0a334; --none: #ec6a6a; --elsewhere: #6fa3ea; --unknown: #8593a3;
    --critical: #e883b4; --high: #ec6a6a; --medium: #e0a334; --low: #6fa3ea; --warn: #3a2f17; --warn-line: #e0a334;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 48px; }
header { margin-bottom: 20px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 14px; }
p { margin: 0 0 8px; }
.soft { color: var(--soft); }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px; margin-bottom: 18px;
}
.partial { background: var(--warn); border-color: var(--warn-line); border-left-width: 6px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; }
.two .card { margin-bottom: 18px; min-width: 0; }
.headline { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: baseline; margin-bottom: 14px; }
.headline strong { font-size: 44px; line-height: 1; font-variant-numeric: tabular-nums; }
.headline span { font-size: 17px; }
svg { display: block; width: 100%; }
.stack { height: 26px; border-radius: 6px; overflow: hidden; background: var(--track); }
.bar { height: 10px; border-radius: 5px; overflow: hidden; background: var(--track); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; margin: 12px 0 0; padding: 0; list-style: none; }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
{% for name in colors -%}
.fill-{{ name }} { fill: var(--{{ name }}); } .dot.{{ name }} { background: var(--{{ name }}); }
{% endfor -%}
.measure { margin-bottom: 13px; }
.measure:last-child { margin-bottom: 0; }
.measure div { display: flex; justify-content: space-between; gap: 12px; margin-bottom: 4px; }
.measure b { font-variant-numeric: tabular-nums; }
.tag {
  display: inline-block; font-size: 12px; font-weight: 600; line-height: 1; padding: 4px 8px; border: 1px solid;
  border-radius: 20px; white-space: nowrap;
}
.tag.critical { color: var(--critical); } .tag.high { color: var(--high); } .tag.medium { color: var(--medium); } .tag.low { color: var(--low); }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th {
  text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); padding: 6px 10px 6px 0;
}
td { border-bottom: 1px solid var(--line); padding: 7px 10px 7px 0; vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
td .id { display: block; font-size: 12px; color: var(--soft); }
.findings { table-layout: fixed; margin-top: 12px; }
.findings th:nth-child(1) { width: 40%; } .findings th:nth-child(2) { width: 30%; }
.more { margin-top: 12px; }
.small { font-size: 13px; }
h2 .tag { margin: 0 4px; vertical-align: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 20px; }
li { margin-bottom: 6px; }
@media (max-width: 720px) {
  main { padding: 20px 12px 32px; }
  .two { grid-template-columns: 1fr; gap: 0; }
  .card { padding: 16px; }
  .headline strong { font-size: 36px; }
  .findings thead { display: none; }
  .findings tr { display: block; border-bottom: 1px solid var(--line); padding: 10px 0; }
  .findings td { display: grid; grid-template-columns: 84px 1fr; border: 0; padding: 2px 0; }
  .findings td::before { content: attr(data-label); color: var(--soft); }
  .findings td .id { grid-column: 2; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  body { background: none; font-size: 12px; }
  main { max-width: none; padding: 0; }
  .card { break-inside: avoid; border-radius: 0; }
  .card.long { break-inside: auto; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
</style>
</head>
<body>
<main>
<header>
<h1>MFA audit of {{ s.tenant }}</h1>
<p class="soft">{{ s.reported | moment }} UTC
{%- if s.oldest_reading %}, oldest reading {{ s.oldest_reading | moment }} UTC{% endif %}</p>
</header>

{% if s.partial %}
<section class="card partial" role="alert">
<h2>This report is partial</h2>
<p>{{ s.reason }}</p>
<p>{{ coverage }}.
Whether the users who are missing here are protected is not known.</p>
</section>
{% endif %}

<section class="card">
<div class="headline"><strong>{{ s.users.strong | share(seen) }}</strong>
<span>of {{ seen }} users have a strong second factor</span></div>
<svg class="stack" role="img" aria-label="Users by protection; the figures follow">
{% for part in stack %}
<rect class="fill-{{ part.state }}" x="{{ part.start }}%" width="{{ part.width }}%" height="100%"></rect>
{% endfor %}
</svg>
<ul class="legend">
{% for state in states %}<li><span class="dot {{ state }}"></span>{{ labels[state] }} <b>{{ s.users[state] }}</b>
<span class="soft">{{ s.users[state] | share(seen) }}</span></li>{% endfor %}
</ul>
</section>

<div class="two">
<section class="card">
<h2>Findings</h2>
{% for rule in rules %}
{% set count = s.findings[rule.id] %}
<div class="measure">
<div><span><span class="dot {{ rule.severity }}"></span>{{ rule.title }}</span><b>{{ count }}</b></div>
<svg class="bar" role="img" aria-label="{{ count }}, severity {{ rule.severity }}">
<rect class="fill-{{ rule.severity }}" width="{{ count | width(most_findings) }}%" height="100%"></rect></svg></div>
{% endfor %}
<p class="soft more">
{% for severity in severities %}<span class="dot {{ severity }}"></span>{{ severity }}&#160; {% endfor %}</p>
</section>
<section class="card">
<h2>Factors in use</h2>
{% for factor, users in s.factors.items() %}
{% set strength = factor | strength(t.weak_factors) %}
<div class="measure">
<div><span>{{ factor }}{% if strength == "weak" %} <span class="soft">weak</span>{% endif %}</span>
<b>{{ users }}</b></div>
<svg class="bar" role="img" aria-label="{{ users }} users">
<rect class="fill-{{ strength }}" width="{{ users | width(most_users) }}%" height="100%"></rect></svg></div>
{% else %}
<p class="soft">None.</p>
{% endfor %}
<p class="soft more">Users who have confirmed each factor. A user may have several.</p>
{% if s.unknown_types %}
<p>Types that this version does not know and does not count as MFA:
{% for type, users in s.unknown_types.items() %}{{ type }} ({{ users }}){{ ", " if not loop.last }}{% endfor %}.</p>
{% endif %}
</section>
</div>

{% for rule in rules %}
{% set count = s.findings[rule.id] %}
<section class="card long">
<h2>{{ rule.title }} <span class="tag {{ rule.severity }}">{{ rule.severity }}</span>
<span class="soft">{{ count }}</span></h2>
<p>{{ rule.risk }}</p>
<p><b>What to do.</b> {{ rule.remediation }}</p>
{% if rule.references %}<p class="soft small">{{ rule.references | join(" · ") }}</p>{% endif %}
{% if count %}
<table class="findings">
{% set aged = findings[rule.id][0].age_days is not none %}
<thead><tr><th>User</th><th>Authenticator</th>{% if aged %}<th>Age</th>{% endif %}<th>Last login</th></tr></thead>
<tbody>
{% for f in findings[rule.id] %}
<tr><td data-label="User">{{ f.user }}{% if f.blocked %} <span class="soft">blocked</span>{% endif %}
{% if f.user != f.user_id %}<span class="id">{{ f.user_id }}</span>{% endif %}
{% if f.error %}<span class="id">{{ f.error }}</span>{% endif %}</td>
<td data-label="Device">{% if f.factor %}{{ f.factor }}{% if f.device %} {{ f.device }}{% endif %}
<span class="id">{{ f.authenticator_id }}</span>
{% else %}{{ "unknown" if f.error else f.factors | join(", ") or "none" }}{% endif %}</td>
{% if aged %}<td data-label="Age">{{ f.age_days }} days<span class="id">{{ dates[f.age_from] }}</span></td>{% endif %}
<td data-label="Last login">{{ f.last_login[:10] if f.last_login else "never" }}</td></tr>
{% endfor %}
</tbody>
</table>
{% set hidden = count - findings[rule.id] | length %}
{% if hidden %}<p class="soft more">{{ hidden }} more in users.jsonl.gz.</p>{% endif %}
{% endif %}
</section>
{% endfor %}

<section class="card">
<h2>What this audit cannot see</h2>
<ul>{% for limit in s.limits %}<li>{{ limit }}</li>{% endfor %}</ul>
</section>

<section class="card">
<h2>The run</h2>
<dl>
<dt>Run</dt><dd>{{ s.run }}{% if s.base %}, on the readings of {{ s.base }}{% endif %}</dd>
<dt>Users</dt><dd>{{ coverage }}; taken from {{ sources[c.source] }}</dd>
<dt>Thresholds</dt><dd>stale after {{ t.stale_days }} days, never used after {{ t.never_used_days }},
unconfirmed after {{ t.unconfirmed_days }}; weak: {{ t.weak_factors | join(", ") or "none" }}</dd>
<dt>Planned, reported</dt><dd>{{ s.planned }}, {{ s.reported }}</dd>
<dt>Made with</dt><dd>
{% for name, version in s.versions.items() %}{{ name }} {{ version }}{{ ", " if not loop.last }}{% endfor %}</dd>
</dl>
</section>
</main>
</body>
</html>
"""

_LABELS: dict[State, str] = {
    "strong": "strong",
    "weak": "weak only",
    "none": "no second factor",
    "elsewhere": "elsewhere",
    "unknown": "unknown",
}
_DATES: dict[AgeFrom, str] = {
    "last_auth_at": "since last use",
    "enrolled_at": "since enrollment",
    "created_at": "since creation",
}
_SOURCES = {EXPORT: "an export", SEARCH: "the user search", GIVEN: "a list"}


class _Part(TypedDict):
    """A part of the headline's bar; its place is in percent."""

    state: State
    start: float
    width: float


def page(figures: Summary, findings: dict[str, list[ShownFinding]]) -> str:
    """The whole report as HTML. Everything that comes from the tenant is escaped.

    :param findings: the worst of each rule
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=_seen
    )
    environment.filters.update(moment=_moment, share=_share, width=_width, strength=_strength)
    return environment.from_string(_TEMPLATE).render(
        s=figures,
        c=figures["coverage"],
        t=figures["policy"],
        seen=sum(figures["users"].values()),
        coverage=coverage_text(figures["coverage"]),
        sources=_SOURCES,
        states=STATES,
        labels=_LABELS,
        stack=_stack(figures["users"]),
        colors=STATES + SEVERITIES,
        severities=SEVERITIES,
        rules=list(RULES.values()),
        dates=_DATES,
        most_findings=max(figures["findings"].values()),
        most_users=max(figures["factors"].values(), default=0),
        findings=findings,
    )


def _seen(value: object) -> object:
    """What is put into the page: a text of the tenant cannot turn the writing direction of what stands beside it."""
    return type(value)(visible(value)) if isinstance(value, str) else value


def _stack(users: dict[State, int]) -> list[_Part]:
    """The parts of the headline's bar, in percent of all users."""
    total, start = sum(users.values()), 0.0
    parts: list[_Part] = []
    for state in STATES:
        width = _width(users[state], total)
        parts.append({"state": state, "start": round(start, 2), "width": width})
        start += width
    return parts


def _width(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _share(part: int, whole: int) -> str:
    """A percentage that is 0 % or 100 % only for none or all."""
    percent = _width(part, whole)
    if 0 < percent < 1:
        return "<1 %"
    return ">99 %" if 99 < percent < 100 else "%.0f %%" % percent


def _strength(factor: str, weak_factors: list[str]) -> str:
    if not FACTORS[factor].second_factor:
        return "unknown"
    return "weak" if factor in weak_factors else "strong"


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")
