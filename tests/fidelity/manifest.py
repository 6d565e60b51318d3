# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest: every fact as data, and what is known of each switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import yaml

from .lab import Lab

FILE = Path(__file__).with_name("manifest.yml")
EVIDENCE = ("recording", "openapi", "documentation", "sdk", "thread", "unknown")
NEEDS = ("application", "second-application", "actions", "settings", "waiting", "lockout")


@dataclass(frozen=True)
class Case:
    """One fact.

    :param area: the ID of its area.
    :param id: also the name of the function that checks it.
    :param evidence: one of :data:`EVIDENCE`.
    :param needs: of :data:`NEEDS`, what a caller has to give or allow.
    :param source: where the evidence is, if that can be told in a word.
    """

    area: str
    id: str
    fact: str
    evidence: str
    needs: tuple[str, ...] = ()
    source: str = ""

    @property
    def name(self) -> str:
        """``area.id``."""
        return f"{self.area}.{self.id}"

    @property
    def check(self) -> Callable[[Lab], None]:
        """Raises ``Differs`` or ``NotSeen``."""
        return getattr(import_module(f"{__package__}.cases.{self.area}"), self.id)


@dataclass(frozen=True)
class Area:
    """A part of the API: what people call it, and its cases."""

    id: str
    title: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Side:
    """What is known of a switch.

    :param needs: as of a case.
    :param hidden: why it cannot be seen from outside; empty if it can.
    :param hidden_when: sets of values of other switches, as texts, each of which hides it.
    :param within: how far a measured value may be from the true one.
    """

    name: str
    needs: tuple[str, ...] = ()
    hidden: str = ""
    hidden_when: tuple[dict[str, str], ...] = ()
    within: int = 0

    def is_hidden_by(self, switches: dict[str, str]) -> bool:
        """Whether these values of all switches, as texts, and of ``plan`` hide this one."""
        return bool(self.hidden) or any(
            all(_fits(wanted, switches[name]) for name, wanted in values.items()) for values in self.hidden_when
        )

    @property
    def probe(self) -> Callable[[Lab], bool | int | str | tuple]:
        """Returns the value; raises ``Differs`` or ``NotSeen``."""
        return getattr(import_module(f"{__package__}.probes"), self.name.replace("-", "_"))


@dataclass(frozen=True)
class Manifest:
    """All areas and all switches."""

    areas: tuple[Area, ...]
    switches: tuple[Side, ...]


@cache
def read() -> Manifest:
    """The manifest of this directory."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Manifest(
        tuple(_area(area) for area in document["areas"]),
        tuple(_side(side) for side in document["switches"]),
    )


def _area(area: dict) -> Area:
    common = area.get("needs", [])
    cases = (
        Case(area["id"], **{**case, "needs": tuple(dict.fromkeys(common + case.get("needs", [])))})
        for case in area["cases"]
    )
    return Area(area["id"], area["title"], tuple(cases))


def _side(side: dict) -> Side:
    values = {**side, "needs": tuple(side.get("needs", ())), "hidden_when": tuple(side.get("hidden_when", ()))}
    return Side(**values)


def _fits(wanted: str, value: str) -> bool:
    entries = value.split(",") if value else []
    if wanted.startswith("!"):
        return wanted[1:] not in entries
    if wanted == "<2":
        return len(entries) < 2
    return value == wanted
