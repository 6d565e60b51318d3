# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says: the score of each area, what differs, and which side of each switch the tenant is on."""

from __future__ import annotations

import json

import yaml

from .manifest import EVIDENCE, Manifest
from .run import DIFFERS, HOLDS, NOT_SEEN, Found, Results, Seen

_EVIDENCE = {
    "recording": "Recorded",
    "openapi": "OpenAPI",
    "documentation": "Documented",
    "sdk": "SDKs",
    "thread": "Threads",
    "unknown": "Nobody knows",
}


def written(value: bool | int | str | tuple) -> str:
    """A switch's value as the embedded tenant's command line takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def table(results: Results, manifest: Manifest) -> str:
    """The score of each area that was checked, and of all of them, with what the facts rest on, as a Markdown table."""
    head = ["Area", "Facts", "Hold", "Differ", "Not seen", *(_EVIDENCE[kind] for kind in EVIDENCE)]
    rows = {
        area.title: _numbers([found for found in results.cases if found.case.area == area.id])
        for area in manifest.areas
    }
    rows = {title: numbers for title, numbers in rows.items() if numbers[0]}
    rows["All"] = _numbers(results.cases)
    lines = [f"| {title} | {' | '.join(map(str, numbers))} |" for title, numbers in rows.items()]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])


def _numbers(cases: list[Found]) -> list[int]:
    outcomes = [found.outcome for found in cases]
    kinds = [found.case.evidence for found in cases]
    counts = [outcomes.count(outcome) for outcome in (HOLDS, DIFFERS, NOT_SEEN)]
    return [len(cases), *counts, *(kinds.count(kind) for kind in EVIDENCE)]


def text(results: Results, manifest: Manifest) -> str:
    """The whole report for people."""
    parts = [table(results, manifest)]
    for outcome, title in ((DIFFERS, "Differs from what is known"), (NOT_SEEN, "Not seen")):
        found = [entry for entry in results.cases if entry.outcome == outcome]
        if found:
            lines = [
                f"  {entry.case.name}: {entry.case.fact} ({entry.case.evidence})\n    {entry.why}" for entry in found
            ]
            parts.append(f"{title}:\n" + "\n".join(lines))
    if seen := _seen(results):
        lines = [f"  --switch {entry.side.name}={written(value)}" for entry, value in seen]
        parts.append("The tenant's side of what is not documented, for the embedded tenant:\n" + "\n".join(lines))
    if measured := _measured(results):
        parts.append(f"Measured, and so not exact: {measured}.")
    if unseen := [entry for entry in results.switches if entry.value is None]:
        parts.append("Switches not seen:\n" + "\n".join(f"  {entry.side.name}: {entry.why}" for entry in unseen))
    return "\n\n".join(parts)


def preset(results: Results) -> str:
    """A file for ``python -m tests.emulator --preset``: the switches that were seen, as YAML."""
    values = {entry.side.name: written(value) for entry, value in _seen(results)}
    head = "# What the fidelity suite saw of a tenant. Start the embedded tenant with it: --preset FILE\n"
    if measured := _measured(results):
        head += f"# Measured, and so not exact: {measured}.\n"
    return head + yaml.safe_dump(values, default_flow_style=False)


def as_json(results: Results) -> str:
    """All outcomes, for programs."""
    cases = [
        {"case": entry.case.name, "evidence": entry.case.evidence, "outcome": entry.outcome, "why": entry.why}
        for entry in results.cases
    ]
    switches = {
        entry.side.name: {"value": None if entry.value is None else written(entry.value), "why": entry.why}
        for entry in results.switches
    }
    return json.dumps({"cases": cases, "switches": switches}, indent=2) + "\n"


def _seen(results: Results) -> list[tuple[Seen, bool | int | str | tuple]]:
    return [(entry, entry.value) for entry in results.switches if entry.value is not None]


def _measured(results: Results) -> str:
    """The switches that were seen and whose values are seconds, each with how far the true one may be away; empty without any."""
    return ", ".join(
        f"{entry.side.name} within {entry.side.within} s" for entry, _value in _seen(results) if entry.side.within
    )
