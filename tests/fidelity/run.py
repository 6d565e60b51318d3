# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding a tenant against the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import requests

from .checks import Differs, NotSeen
from .lab import Lab
from .manifest import Case, Manifest, Side

HOLDS, DIFFERS, NOT_SEEN = "holds", "differs", "not seen"
SWITCHES = "switches"
# What an answer without an expected member leads to.
_ODD = (LookupError, TypeError, ValueError, AttributeError, StopIteration, RuntimeError)


@dataclass(frozen=True)
class Found:
    """The outcome of a case: :data:`HOLDS`, :data:`DIFFERS` or :data:`NOT_SEEN`, and why."""

    case: Case
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Seen:
    """What a probe saw: the value, or None and why not."""

    side: Side
    value: bool | int | str | tuple | None
    why: str = ""


@dataclass
class Results:
    """All outcomes of a run, complete or not."""

    cases: list[Found] = field(default_factory=list)
    switches: list[Seen] = field(default_factory=list)


def run(lab: Lab, manifest: Manifest, results: Results, areas: tuple[str, ...] = ()) -> Iterator[Found | Seen]:
    """Check every case and look for every switch; yields each outcome and adds it to ``results``.

    :param areas: IDs of areas to check, with :data:`SWITCHES` for the switches; empty: everything.

    Raises ``CannotRun`` where what was given is wrong, and ``requests.RequestException`` where the tenant is away.
    """
    for area in manifest.areas:
        if areas and area.id not in areas:
            continue
        for case in area.cases:
            results.cases.append(_check(lab, case))
            yield results.cases[-1]
    for side in manifest.switches if not areas or SWITCHES in areas else ():
        results.switches.append(_look(lab, side))
        yield results.switches[-1]


def _check(lab: Lab, case: Case) -> Found:
    missing = _missing(lab, case.needs)
    if missing:
        return Found(case, NOT_SEEN, missing)
    outcome, why, _value = _outcome(lab, case.check)
    return Found(case, outcome, why)


def _look(lab: Lab, side: Side) -> Seen:
    if side.hidden:
        return Seen(side, None, side.hidden)
    missing = _missing(lab, side.needs)
    if missing:
        return Seen(side, None, missing)
    outcome, why, value = _outcome(lab, side.probe)
    return Seen(side, value if outcome == HOLDS else None, why)


def _missing(lab: Lab, needs: tuple[str, ...]) -> str:
    missing = [need for need in needs if not lab.given.has(need)]
    return f"needs {' and '.join(missing)}" if missing else ""


def _outcome(lab: Lab, function: Callable) -> tuple[str, str, bool | int | str | tuple | None]:
    try:
        return HOLDS, "", function(lab)
    except NotSeen as reason:
        return NOT_SEEN, str(reason), None
    except Differs as difference:
        return DIFFERS, str(difference), None
    except requests.RequestException as error:
        lab.tenant.send("GET", "/api/v2/")  # raises where the tenant is away
        return DIFFERS, f"no answer: {type(error).__name__}", None
    except _ODD as error:
        return DIFFERS, f"an answer is not as documented: {type(error).__name__} {error}", None
