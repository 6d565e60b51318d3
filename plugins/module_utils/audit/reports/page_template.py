# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How ``report.html`` looks: its style, its script, its markup, and the markup of one finding.

Strings and not files beside this one: a program that contains the audit can be packed without its data files, as AnsiballZ does.
There is neither a ``style`` nor an ``on...`` attribute, because the page's own policy lets no browser follow one.
"""

from __future__ import annotations

# The colors that text has, on the backgrounds that it stands on; the tests hold their contrast against WCAG 2.2.
LIGHT = {
    "page": "#f6f7f9",
    "card": "#ffffff",
    "text": "#1a2230",
    "soft": "#566173",
    "line": "#dde2e9",
    "track": "#e9edf2",
    "link": "#1d4fa3",
    "strong": "#17744a",
    "weak": "#8f5d00",
    "none": "#b42b2b",
    "elsewhere": "#3a64ab",
    "unknown": "#667182",
    "critical": "#8c1553",
    "high": "#b42b2b",
    "medium": "#8f5d00",
    "low": "#3a64ab",
    "warn": "#fff5de",
}
DARK = {
    "page": "#11151b",
    "card": "#1a2028",
    "text": "#e6eaf0",
    "soft": "#a3aebc",
    "line": "#323b47",
    "track": "#2a323d",
    "link": "#8fb8f5",
    "strong": "#4dc08b",
    "weak": "#e3ab45",
    "none": "#f08080",
    "elsewhere": "#82adf0",
    "unknown": "#97a4b5",
    "critical": "#f08bbd",
    "high": "#f08080",
    "medium": "#e3ab45",
    "low": "#82adf0",
    "warn": "#382e17",
}
STATE_COLORS = ("strong", "weak", "none", "elsewhere", "unknown")
SEVERITY_COLORS = ("critical", "high", "medium", "low")


def _variables(colors: dict[str, str]) -> str:
    return " ".join("--%s: %s;" % pair for pair in colors.items())


STYLE = (
    "\n:root { color-scheme: light dark; %s }\n" % _variables(LIGHT)
    + "@media (prefers-color-scheme: dark) { :root { %s } }\n" % _variables(DARK)
    # Paper is white, whatever the screen is.
    + "@media print { :root { color-scheme: light; %s } }\n" % _variables(LIGHT)
    + "".join(".c-%s { color: var(--%s); fill: var(--%s); }\n" % ((name,) * 3) for name in STATE_COLORS)
    + "".join(".c-%s, #f .%s { color: var(--%s); }\n" % (name, name[0], name) for name in SEVERITY_COLORS)
    + """\
* { box-sizing: border-box; }
html { scroll-padding-top: 12px; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
.wrap { max-width: 1240px; margin: 0 auto; padding: 16px 20px 40px; }
h1 { font-size: 20px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 15px; line-height: 1.3; margin: 0 0 10px; }
h3 { font-size: 13px; line-height: 1.3; margin: 0 0 6px; }
p { margin: 0 0 6px; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.soft { color: var(--soft); }
.small { font-size: 12.5px; }
.number, td.n, th.n { font-variant-numeric: tabular-nums; }
td.n, th.n { text-align: right; }
.skip { position: absolute; left: -999px; }
.skip:focus { position: static; }
.only { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; margin-bottom: 12px; }
header > div { flex: 1 1 480px; min-width: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 16px; margin: 0; padding: 0; list-style: none; }
nav a { display: inline-block; line-height: 24px; }
.state { font-weight: 600; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin-bottom: 12px;
  min-width: 0;
}
.card > :last-child { margin-bottom: 0; }
.partial { background: var(--warn); border-color: var(--weak); border-left-width: 6px; padding: 8px 14px; }
.partial h2 { margin-bottom: 2px; }
.two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 12px; }
.lead { font-size: 18px; line-height: 1.4; margin: 0 0 10px; }
.lead b { font-size: 26px; line-height: 1.1; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; overflow: visible; }
.stack rect, .bar rect { height: 100%; }
.stack { height: 18px; border-radius: 4px; overflow: hidden; background: var(--track); }
.bar { height: 6px; border-radius: 3px; overflow: hidden; background: var(--track); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 8px 0 0; padding: 0; list-style: none; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: currentColor; }
.first { margin: 0; padding: 0; list-style: none; counter-reset: n; }
.first > li { counter-increment: n; display: grid; grid-template-columns: 26px 1fr; padding: 7px 0; }
.first > li + li { border-top: 1px solid var(--line); }
.first > li::before { content: counter(n); color: var(--soft); font-size: 18px; line-height: 1.2; }
.first p { margin: 0; }
.news { margin: 0; padding: 0; list-style: none; }
.news > li { padding: 5px 0; }
.news > li + li { border-top: 1px solid var(--line); }
.news ul { margin: 2px 0 0; padding-left: 18px; }
.sev { font-weight: 600; white-space: nowrap; }
.tag { border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; font-size: 11.5px; white-space: nowrap; }
.measure { display: grid; grid-template-columns: 1fr max-content; gap: 2px 12px; margin-bottom: 9px; }
.measure svg { grid-column: 1 / -1; }
.scroll { overflow-x: auto; position: relative; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th { text-align: left; font-weight: 600; color: var(--soft); padding: 4px 10px 4px 0; vertical-align: bottom; }
thead th { border-bottom: 1px solid var(--line); }
td, tbody th { border-bottom: 1px solid var(--line); padding: 4px 10px 4px 0; vertical-align: top; overflow-wrap: anywhere; }
tbody th { color: inherit; font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
td.day { white-space: nowrap; }
td svg.bar { height: 10px; margin-top: 4px; }
.matrix tbody th { min-width: 130px; }
.matrix th, .matrix td { padding-right: 8px; }
.matrix td { text-align: right; font-variant-numeric: tabular-nums; }
.matrix td:has(svg) { width: 76px; padding-right: 0; }
.matrix svg.bar { min-width: 60px; }
.matrix th.n { white-space: nowrap; }
.chart { height: 84px; border-bottom: 1px solid var(--line); margin-bottom: 4px; }
.chart polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke: currentColor; }
.ends { display: flex; justify-content: space-between; gap: 12px; color: var(--soft); font-size: 12.5px; }
.hist { color: var(--elsewhere); }
.hist rect { fill: currentColor; }
.hist .axis { stroke: var(--line); }
.hist .mark { stroke: var(--text); stroke-dasharray: 4 3; }
.hist text { fill: var(--soft); font-size: 12px; }
.hist text.named { fill: var(--text); }
details > summary { cursor: pointer; min-height: 24px; }
.rules details { border-top: 1px solid var(--line); }
.rules summary { display: grid; grid-template-columns: 14px minmax(0, 44ch) 64px minmax(0, 1fr); gap: 0 12px; padding: 6px 0; list-style: none; }
.rules summary::-webkit-details-marker { display: none; }
.rules summary::before { content: "\\25B8"; color: var(--soft); }
.rules details[open] summary::before { content: "\\25BE"; }
.rules .body { padding: 0 0 10px 26px; max-width: 86ch; }
.rules .figures { text-align: right; }
pre, code { font: 12px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: 4px 0 0; padding: 8px 10px; background: var(--track); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
.tools { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin-bottom: 8px; }
.tools[hidden] { display: none; }
.tools label { display: grid; gap: 2px; font-size: 12.5px; color: var(--soft); }
.tools input, .tools select, .tools button, #f th button {
  font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--soft); border-radius: 4px; min-height: 30px; padding: 2px 8px;
}
.tools input { width: 240px; max-width: 100%; }
#f th button { border: 0; padding: 0; min-height: 24px; font-weight: 600; color: var(--soft); cursor: pointer; white-space: nowrap; }
#f th[aria-sort=ascending] button::after { content: " \\25B2"; }
#f th[aria-sort=descending] button::after { content: " \\25BC"; }
#f { table-layout: fixed; }
#f td:nth-child(1) { font-weight: 600; }
#f th:nth-child(1) { width: 74px; } #f th:nth-child(2) { width: 132px; } #f th:nth-child(4) { width: 20%; }
#f th:nth-child(5) { width: 66px; } #f th:nth-child(6) { width: 92px; } #f th:nth-child(7) { width: 148px; }
#f th:nth-child(8) { width: 84px; } #f td:nth-child(5) { text-align: right; padding-right: 18px; }
#f i { display: block; font-style: normal; color: var(--soft); font-size: 12px; unicode-bidi: isolate; }
#f u { text-decoration: none; border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; font-size: 11.5px; white-space: nowrap; }
#f td:nth-child(8) {
  font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; user-select: all; -webkit-user-select: all; padding-right: 0;
}
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 18px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.plain { margin: 0; padding-left: 18px; }
.plain li { margin-bottom: 4px; }
@media screen and (max-width: 760px) {
  .wrap { padding: 12px 12px 28px; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .card { padding: 12px; }
  .rules summary { grid-template-columns: 14px minmax(0, 1fr) 64px; }
  .rules .figures { grid-column: 2 / -1; text-align: left; }
  .rules .body { padding-left: 0; }
  .hist { min-width: 620px; }
  .hist text { font-size: 19px; }
  #f, #f tbody { display: block; }
  #f thead { display: block; }
  #f thead tr { display: flex; flex-wrap: wrap; gap: 2px 14px; }
  #f thead th:nth-child(n) { width: auto; border: 0; padding: 0; }
  #f tbody tr { display: block; border-top: 1px solid var(--line); padding: 8px 0; }
  #f tbody tr[hidden] { display: none; }
  #f tbody td { display: grid; grid-template-columns: 84px minmax(0, 1fr); border: 0; padding: 1px 0; text-align: left; }
  #f tbody td:nth-child(5) { text-align: left; padding-right: 0; }
  #f tbody td::before { color: var(--soft); font-weight: 400; grid-row: 1 / span 3; }
  #f tbody td > * { grid-column: 2; justify-self: start; }
  #f td:nth-child(1)::before { content: "Severity"; } #f td:nth-child(2)::before { content: "Rule"; }
  #f td:nth-child(3)::before { content: "User"; } #f td:nth-child(4)::before { content: "Device"; }
  #f td:nth-child(5)::before { content: "Age"; } #f td:nth-child(6)::before { content: "First seen"; }
  #f td:nth-child(7)::before { content: "Status"; } #f td:nth-child(8)::before { content: "ID"; }
  #f tbody td:empty { display: none; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 6px; }
}
@media print {
  @page { margin: 9mm; }
  body { background: none; font-size: 8pt; line-height: 1.25; }
  .wrap { max-width: none; padding: 0; }
  nav, .skip, .tools, .tools[hidden], .screen, .card:not(.rules) > details { display: none; }
  .card { border-radius: 0; padding: 4pt 6pt; margin-bottom: 4pt; break-inside: avoid; }
  .card.long { break-inside: auto; border: 0; padding: 0; }
  .two { gap: 0 4pt; }
  h1 { font-size: 13pt; } h2 { font-size: 9.5pt; margin-bottom: 2pt; } h3, .small, .ends, .tag { font-size: 7.5pt; }
  p { margin-bottom: 2pt; }
  .lead { font-size: 10pt; margin-bottom: 4pt; } .lead b { font-size: 14pt; }
  .first > li { padding: 2pt 0; } .news > li { padding: 1.5pt 0; }
  .measure { margin-bottom: 3pt; }
  .chart { height: 26pt; }
  .hist { width: 60%; }
  .hist text { font-size: 19px; }
  .scroll { overflow: visible; }
  .matrix tbody th { min-width: 0; overflow-wrap: normal; }
  .matrix th, .matrix td { padding-right: 4pt; }
  .matrix td:has(svg), .matrix th:has(.only) { display: none; }
  .matrix { font-size: 6.5pt; }
  #run dl { columns: 2; display: block; }
  #run dt { display: inline; } #run dt::after { content: ": "; } #run dd { display: inline; } #run dd::after { content: "\\A"; white-space: pre; }
  table { font-size: 7pt; line-height: 1.15; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  td, th, tbody th { padding: 1pt 5pt 1pt 0; }
  td svg.bar { height: 6pt; margin-top: 1pt; }
  .rules { font-size: 7pt; line-height: 1.2; }
  .rules > div { columns: 2; column-gap: 10pt; }
  h2 { break-after: avoid; }
  .rules details { break-inside: avoid; }
  .rules summary { display: block; padding: 2pt 0 0; min-height: 0; }
  .rules summary::before, .rules details[open] summary::before { content: none; }
  .rules summary span + span::before { content: " · "; color: var(--text); font-weight: 400; }
  .rules .body { max-width: none; padding: 0 0 2pt; }
  .rules p { margin-bottom: 0; display: inline; }
  .rules .small { font-size: inherit; }
  .rules details::details-content { content-visibility: visible; height: auto; }
  .plain li { margin-bottom: 1pt; }
  #f th { font-size: 6.5pt; }
  #f td, #f td:nth-child(8) {
    white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-size: 6.5pt; line-height: 1.2; padding: .3pt 4pt .3pt 0; vertical-align: baseline;
  }
  #f th:nth-child(1) { width: 6%; } #f th:nth-child(2) { width: 12%; } #f th:nth-child(4) { width: 21%; }
  #f th:nth-child(5) { width: 6%; } #f th:nth-child(6) { width: 8%; } #f th:nth-child(7) { width: 11%; }
  #f th:nth-child(8) { width: 8%; }
  #f td:nth-child(8) { font-size: 6pt; }
  #f td i { display: none; }
  #f u { border: 0; padding: 0; font-size: 6.5pt; }
  #f tbody.off { display: none; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@media not print { .paper { display: none; } }
"""
)

SCRIPT = """
(() => {
  const find = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const grouped = (number) => String(number).replace(/\\B(?=(\\d{3})+$)/g, ",");
  const local = new Intl.DateTimeFormat([], {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  for (const time of find("time")) {
    const moment = new Date(time.dateTime);
    if (!isNaN(moment)) time.append(" (" + local.format(moment) + ")");
  }
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();

  const table = document.getElementById("f");
  if (!table) return;
  const rows = find("tbody tr", table).map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    cells: [...row.cells].map((cell) => cell.textContent.trim()),
    marks: [row.cells[6].firstChild.data.trim(), ...find("u", row).map((mark) => mark.textContent)],
  }));
  const severities = ["critical", "high", "medium", "low"];
  const tools = document.getElementById("tools");
  const [text, severity, rule, status] = find("input, select", tools);
  const count = document.getElementById("count");
  tools.hidden = false;
  const filter = () => {
    const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text: all, cells, marks } of rows) {
      const fits = words.every((word) => all.includes(word))
        && (!severity.value || cells[0] === severity.value)
        && (!rule.value || cells[1] === rule.value)
        && (!status.value || marks.includes(status.value));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = grouped(shown) + " of " + grouped(rows.length) + (rows.length === 1 ? " row" : " rows");
  };
  let waiting = 0;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  for (const select of [severity, rule, status]) select.addEventListener("change", filter);
  find("button", tools)[0].addEventListener("click", () => {
    for (const each of [text, severity, rule, status]) each.value = "";
    filter();
    text.focus();
  });
  for (const link of find("a[data-rule]")) {
    link.addEventListener("click", () => {
      rule.value = link.dataset.rule;
      filter();
    });
  }
  filter();

  const value = (entry, column) => {
    const shown = entry.cells[column];
    if (column === 0) return severities.indexOf(shown);
    if (column === 4) return shown ? parseInt(shown.replace(/,/g, ""), 10) : -1;
    return shown.toLowerCase();
  };
  const heads = find("thead th", table);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = column === 4 ? "descending" : "ascending";
      const other = column === 4 ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        return x < y ? -sign : x > y ? sign : 0;
      });
      const bodies = find("tbody", table);
      const room = bodies[0].rows.length;
      rows.forEach(({ row }, place) => bodies[place < room ? 0 : bodies.length - 1].append(row));
    });
  });
})();
"""

# One finding. End tags that HTML does without are left out: there are up to a hundred of each rule.
ROW = (
    "<tr><td class={{ f.severity[0] }}>{{ f.severity }}<td>{{ f.rule }}<td>"
    "{% if href %}<a href={{ href }}>{{ f.user | own }}</a>{% else %}{{ f.user | own }}{% endif %}"
    "{% for tag in f.tags %} <u>{{ tag }}</u>{% endfor %}{% if ids and f.user_id %}<i>{{ f.user_id }}</i>{% endif %}"
    "<td>{% if f.factor %}{{ f.factor | own }} {% endif %}{% if f.device %}{{ f.device | own }}{% endif %}"
    "{% if f.note %}{{ f.note | own }}{% endif %}"
    "<td>{% if f.age_days is not none %}{{ f.age_days | n }}{% endif %}<td>{{ f.first_seen }}<td>{{ f.status }}"
    "{% if f.exempted %} <u>exempted</u><i>{{ f.exempted }}</i>{% endif %}"
    "<td>{{ f.id }}"
)

PAGE = """\
{% macro time(moment) %}<time datetime="{{ moment }}">{{ moment[:10] }} {{ moment[11:16] }} UTC</time>{% endmacro %}
{% macro head(names, numbers=()) %}
<thead><tr>
{% for name in names %}<th scope="col">{{ name }}</th>{% endfor %}
{% for name in numbers %}<th scope="col" class="n">{{ name }}</th>{% endfor %}
</tr></thead>
{% endmacro %}
{% macro matrix(group, rows, used, label, bars) %}
<div class="scroll" role="group" tabindex="0" aria-label="{{ label }}"><table class="matrix">
<thead><tr><th scope="col">{{ group.name }}{% for state in used %}<th scope="col" class="n">{{ state }}{% endfor %}{% if bars %}<th scope="col">
<span class="only">Share</span>{% endif %}

<tbody>
{% for row in rows %}<tr><th scope=row>{{ row.name | own }}{% for users in row.users %}<td>{{ users | n }}{% endfor %}{% if bars %}<td>
<svg class="bar" aria-hidden="true">{% for part in row.stack %}
<rect class=c-{{ part.state }} x={{ part.start }}% width={{ part.width }}% />{% endfor %}</svg>{% endif %}

{% endfor %}
</table></div>
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>MFA audit of {{ m.tenant }}</title>
<style>{{ style }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<div class="wrap">
<header>
<div>
<h1>MFA audit of {{ m.tenant | own }}</h1>
<p class="soft"><span class="state">{{ m.state }}</span> · {{ time(m.reported) }} · {{ m.coverage }}</p>
</div>
<nav aria-label="Sections"><ul>
<li><a href="#trend">Trend</a></li><li><a href="#groups">Groups</a></li><li><a href="#rules">Rules</a></li>
<li><a href="#findings">Findings</a></li><li><a href="#tenant">Tenant</a></li><li><a href="#run">Run</a></li>
</ul></nav>
</header>
<main id="main">
{% if m.reason %}
<section class="card partial" aria-labelledby="h-partial">
<h2 id="h-partial">This report is partial</h2>
<p>{{ m.reason }} Whether the users who are missing here are protected is not known.</p>
</section>
{% endif %}

<section class="card" aria-label="Protection">
<p class="lead"><b>{{ m.protected }}</b> {{ m.sentence }}
{% if m.since %}<span class="soft">{{ m.since }}</span>{% endif %}</p>
<svg class="stack" role="img" aria-label="Users by protection; the figures follow">
{% for part in m.stack %}<rect class=c-{{ part.state }} x={{ part.start }}% width={{ part.width }}% />{% endfor %}</svg>
<ul class="legend">
{% for each in m.legend %}<li><span class="dot c-{{ each.state }}"></span>{{ each.label }} <b class="number">{{ each.users | n }}</b>
<span class="soft">{{ each.share }}</span></li>{% endfor %}
</ul>
{% if m.privileged %}<p class="small more">{{ m.privileged }}</p>{% endif %}
</section>

<div class="two">
<section class="card" aria-labelledby="h-first">
<h2 id="h-first">Do first</h2>
{% if m.first %}
<ol class="first">
{% for each in m.first %}
<li><div><p><b><a href="#rule-{{ each.rule }}">{{ each.title }}</a></b> <span class="sev c-{{ each.severity }}">{{ each.severity }}</span></p>
<p>{{ each.whom }} <span class="screen">· <a href="#findings" data-rule="{{ each.rule }}">show the findings</a></span></p></div></li>
{% endfor %}
</ol>
{% else %}<p>Nothing: no finding counts.</p>{% endif %}
</section>
<section class="card" aria-labelledby="h-new">
<h2 id="h-new">New</h2>
<ul class="news">
{% for each in m.news %}<li>{% if each.loud %}<b>{{ each.text }}</b>{% else %}{{ each.text }}{% endif %}
{% if each.items %}<ul>{% for item in each.items %}<li>{{ item.who | own }}: {{ item.what | own }}</li>{% endfor %}{% if each.more %}
<li>{{ each.more }}</li>{% endif %}</ul>{% endif %}</li>
{% endfor %}
</ul>
</section>
</div>

<div class="two">
<section class="card" id="trend" aria-labelledby="h-trend">
<h2 id="h-trend">Trend</h2>
{% if m.trend | length > 1 %}
{% for line in m.lines %}
<h3>{{ line.title }}</h3>
<svg class="chart c-{{ line.color }}" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"
aria-label="{{ line.title }}: from {{ line.first }} to {{ line.last }}; the figures are in the table">
<polyline points="{{ line.points }}"/></svg>
<p class="ends"><span>{{ line.since }}: {{ line.first }}</span><span>{{ line.until }}: {{ line.last }}</span></p>
{% endfor %}
<details><summary>The runs in figures</summary>
<div class="scroll" role="group" tabindex="0" aria-label="The runs in figures"><table>
{{ head(["Run"], ["Users", "Strong", "No factor", "Findings"]) }}
<tbody>{% for run in m.trend %}<tr><th scope="row">{{ run.day }}{% if run.partial %} <span class="tag">partial</span>{% endif %}</th>
<td class="n">{{ run.users | n }}</td><td class="n">{{ run.strong }}</td><td class="n">{{ run.none | n }}</td>
<td class="n">{{ run.findings | n }}</td></tr>{% endfor %}</tbody>
</table></div></details>
{% else %}<p class="soft">This is the first run that is kept. The trend begins with the next one.</p>{% endif %}
</section>
<section class="card" aria-labelledby="h-factors">
<h2 id="h-factors">Users by factor</h2>
{% for each in m.factors %}
<div class="measure"><span>{{ each.name }}{% for note in each.notes %} <span class="tag">{{ note }}</span>{% endfor %}</span>
<span class="number"><b>{{ each.users | n }}</b> <span class="soft">{{ each.share }}</span></span>
<svg class="bar" aria-hidden="true"><rect class=c-{{ each.color }} width={{ each.width }}% /></svg></div>
{% else %}<p class="soft">Nobody has one.</p>{% endfor %}
<p class="soft small">Users who have confirmed each factor, of all in the figure at the top. A user may have several.</p>
{% if m.unknown_types %}<p class="small">Types that this version does not know and does not count:
{% for name, users in m.unknown_types %}{{ name | own }} ({{ users | n }}){{ ", " if not loop.last }}{% endfor %}.</p>{% endif %}
</section>
</div>

<section class="card" aria-labelledby="h-ages">
<h2 id="h-ages">Age of last use</h2>
<div class="scroll" role="group" tabindex="0" aria-label="The histogram"><svg class="hist" viewBox="0 0 1000 180" role="img" aria-label="{{ m.ages.text }}">
<line class="axis" x1="0" y1="150" x2="1000" y2="150"/>
{% for bar in m.ages.bars %}<rect x="{{ bar.x }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ bar.height }}">
<title>{{ bar.label }}: {{ bar.count | n }}</title></rect>{% endfor %}
{% for tick in m.ages.ticks %}<text x="{{ tick.x }}" y="168" text-anchor="{{ tick.anchor }}">{{ tick.label }}</text>{% endfor %}
{% for mark in m.ages.marks %}<line class="mark" x1="{{ mark.x }}" y1="{{ mark.y }}" x2="{{ mark.x }}" y2="150"/>
<text class="named" x="{{ mark.at }}" y="{{ mark.text_y }}" text-anchor="{{ mark.anchor }}">{{ mark.label }}</text>{% endfor %}
</svg></div>
<p class="soft small">{{ m.ages.text }}</p>
<details><summary class="small">The histogram in figures</summary>
<div class="scroll" role="group" tabindex="0" aria-label="The histogram in figures"><table>{{ head(["Last use"], ["Authenticators"]) }}
<tbody>{% for bar in m.ages.rows %}<tr><th scope="row">{{ bar.label }}</th>
<td class="n">{{ bar.count | n }}</td></tr>{% endfor %}</tbody></table></div></details>
</section>

<div class="two" id="groups">
{% for group in m.groups %}
<section class="card" aria-labelledby="h-{{ group.id }}">
<h2 id="h-{{ group.id }}">{{ group.title }}</h2>
{% if group.rows %}
{{ matrix(group, group.rows, m.used, group.title, true) }}
{% if group.folded %}<details><summary class="small">{{ group.folded | length | plural("more row") }}</summary>
{{ matrix(group, group.folded, m.used, group.title ~ ", the other rows", false) }}</details>{% endif %}
<p class="soft small">{{ group.note }}</p>
{% else %}<p class="soft">Nobody.</p>{% endif %}
</section>
{% endfor %}
</div>

<section class="card long rules" id="rules" aria-labelledby="h-rules">
<h2 id="h-rules">Rules: what was found, and what to do</h2>
<div>
{% for rule in m.rules %}
<details id="rule-{{ rule.id }}"><summary><span><b>{{ rule.title }}</b> <span class="soft">{{ rule.id }}</span></span>
<span class="sev c-{{ rule.severity }}">{{ rule.severity }}</span><span class="figures number">{{ rule.figures }}</span></summary>
<div class="body"><p>{{ rule.risk }}</p>
<p><b>What to do.</b> {{ rule.remediation }}</p>
{% if rule.command %}<div class="screen"><p class="small">{{ rule.command_note }}</p><pre>{{ rule.command }}</pre></div>{% endif %}
{% if rule.references %}<p class="soft small">{{ rule.references }}</p>{% endif %}</div></details>
{% endfor %}
{% if m.quiet %}<p class="soft">{{ m.quiet }}</p>{% endif %}
</div>
</section>

<section class="card long" id="findings" aria-labelledby="h-findings">
<h2 id="h-findings">Findings</h2>
{% if rows %}
<p>{{ shown }}</p>
{% if paper %}<p class="paper">{{ paper }}</p>{% endif %}
<div class="tools" id="tools" role="search" aria-label="Filter the findings" hidden>
<label>Find <input type="search" autocomplete="off" spellcheck="false"></label>
<label>Severity <select><option value="">all</option>{% for each in m.severities %}<option>{{ each }}</option>{% endfor %}</select></label>
<label>Rule <select><option value="">all</option>{% for rule in m.rules %}<option>{{ rule.id }}</option>{% endfor %}</select></label>
<label>Marked <select><option value="">all</option>{% for each in m.marks %}<option>{{ each }}</option>{% endfor %}</select></label>
<button type="button">Show all</button>
<span id="count" role="status"></span>
</div>
<table id="f" aria-label="Findings, privileged users first, then the most severe">
{{ head(["Severity", "Rule", "User", "Device", "Age, d", "First seen", "Status", "ID"]) }}
<tbody>
{{ rows }}</tbody>
{% if more_rows %}<tbody class="off">
{{ more_rows }}</tbody>
{% endif %}
</table>
{% else %}<p>None.</p>{% endif %}
</section>

{% if m.aside %}
<section class="card" id="aside" aria-labelledby="h-aside">
<h2 id="h-aside">Users set aside</h2>
<p>The policy sets these users aside. They are not in the figures above, and their findings do not count.</p>
<div class="scroll" role="group" tabindex="0" aria-labelledby="h-aside"><table>
{{ head(["Because"], m.used) }}
<tbody>{% for row in m.aside %}<tr><th scope="row">{{ row.name }}</th>{% for users in row.users %}
<td class="n">{{ users | n }}</td>{% endfor %}</tr>{% endfor %}</tbody>
</table></div>
<p class="soft small">{{ m.aside_note }}</p>
</section>
{% endif %}

{% if m.exemptions %}
<section class="card" aria-labelledby="h-exemptions">
<h2 id="h-exemptions">Exemptions</h2>
<div class="scroll" role="group" tabindex="0" aria-labelledby="h-exemptions"><table>
{{ head(["State", "Rule", "Users", "Reason", "Owner", "Last day"], ["Findings"]) }}
<tbody>{% for each in m.exemptions %}<tr><td class=day>{% if each.loud %}<b>{{ each.state }}</b>{% else %}{{ each.state }}{% endif %}</td>
<td>{{ each.rule }}</td><td>{{ each.users | own }}</td><td>{{ each.reason | own }}</td><td>{{ each.owner | own }}</td>
<td class=day>{{ each.expires }}</td><td class="n">{{ each.findings | n }}</td></tr>{% endfor %}</tbody>
</table></div>
{% if m.more_exemptions %}<p class="soft small">{{ m.more_exemptions }}</p>{% endif %}
</section>
{% endif %}

<div class="two">
<section class="card" id="tenant" aria-labelledby="h-tenant">
<h2 id="h-tenant">The tenant</h2>
<ul class="plain">{% for fact in m.facts %}<li>{{ fact }}</li>{% endfor %}</ul>
</section>
<section class="card" aria-labelledby="h-limits">
<h2 id="h-limits">What this audit cannot see</h2>
<ul class="plain">{% for limit in m.limits %}<li>{{ limit }}</li>{% endfor %}</ul>
</section>
</div>

<section class="card" id="run" aria-labelledby="h-run">
<h2 id="h-run">The run</h2>
<dl>{% for name, text in m.run %}<dt>{{ name }}</dt><dd>{{ text }}</dd>{% endfor %}
<dt>Planned</dt><dd>{{ time(m.planned) }}</dd>
{% if m.oldest_reading %}<dt>Oldest reading</dt><dd>{{ time(m.oldest_reading) }}</dd>{% endif %}
<dt>Reported</dt><dd>{{ time(m.reported) }}</dd></dl>
</section>
</main>
</div>
<script>{{ script }}</script>
</body>
</html>
"""
