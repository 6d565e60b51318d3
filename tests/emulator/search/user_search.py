# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding users by a query without checking each of them.

Seeded users are ordered by ``created_at`` and their addresses are numbered, so that ranges of ``created_at``, an exact
``email`` or ``user_id`` and a prefix of ``email`` are ranges of positions. A query made of these alone, with AND and OR, sorted
by ``created_at`` or not at all, reads only its page. Any other query checks each user that those conditions leave, and is
refused if that is more than 50,000 users: Auth0 answers 503 to a search that takes over two seconds (API.md §3.6).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice

from ..users.seed import Population
from ..users.times import iso
from .language import Alternatives, Query, Term, field_values

WALKABLE = 50_000


class TooManyUsers(Exception):
    """More than 50,000 users would have to be checked one by one."""


def search(
    population: Population,
    aside: dict[int, dict | None],
    query: Query,
    sort: tuple[str, bool] | None,
    start: int,
    count: int,
) -> tuple[list[dict], int]:
    """The matches from ``start``, at most ``count``, and how many there are in all.

    :param aside: profiles, by position, of users that differ from their seed; None for a deleted one.
    :param sort: field and whether descending; without it the order is that of the positions.
    """
    ranges, exact = candidates(population, query)
    matching = {position: profile for position, profile in aside.items() if profile is not None and query(profile)}
    if exact and (sort is None or sort[0] == "created_at"):
        descending = sort is not None and sort[1]
        positions = _page(population, ranges, aside, matching, sort is not None, descending, start, count)
        hidden = sum(any(position in part for part in ranges) for position in aside)
        total = sum(map(len, ranges)) - hidden + len(matching)
    else:
        found = _walk(population, ranges, aside, query) | matching
        ordered = sorted(found) if sort is None else _sorted(found, *sort)
        positions, total = ordered[start : start + count], len(ordered)
    return [matching.get(position) or population.profile_view(position) for position in positions], total


def candidates(population: Population, query: Query) -> tuple[list[range], bool]:
    """Disjoint, ascending ranges that hold every seeded match, and whether they hold nothing else."""
    ranges, exact = _meeting(population, query.terms)
    return ranges, exact and query.complete


def _meeting(population: Population, terms: tuple[Term | Alternatives, ...]) -> tuple[list[range], bool]:
    """The ranges of who meets all of these conditions, and whether they hold nobody else."""
    ranges, exact = [range(1, population.count + 1)], True
    for term in terms:
        if isinstance(term, Alternatives):
            options = [_meeting(population, option) for option in term.options]
            found = _union([part for parts, _is_exact in options for part in parts])
            exact = exact and all(is_exact for _parts, is_exact in options)
        else:
            known = _ranges_of(population, term)
            if known is None:
                exact = False
                continue
            found = known
            if term.kind == "prefix" and not population.all_have_email:
                exact = False  # users without an address are in the ranges
        ranges = [part for one in ranges for other in found if (part := _common(one, other))]
    return ranges, exact


def _union(ranges: list[range]) -> list[range]:
    """The same numbers in disjoint, ascending ranges."""
    united: list[range] = []
    for part in sorted(ranges, key=lambda part: part.start):
        if united and part.start <= united[-1].stop:
            united[-1] = range(united[-1].start, max(united[-1].stop, part.stop))
        else:
            united.append(part)
    return united


def _ranges_of(population: Population, term: Term) -> list[range] | None:
    if term.field == "organization_id":
        return []  # whoever is a member of one differs from the seed
    if (term.field, term.kind) == ("created_at", "range"):
        return [_created_between(population, term)]
    if term.field == "email" and term.kind == "prefix":
        return population.indexes_of_email_prefix(term.value)
    if term.field in ("email", "user_id") and term.kind == "equals":
        find = population.index_of_name if term.field == "email" else population.index_of_id
        i = find(term.value)
        if i and term.field == "email" and (population.email(i) or "").lower() != term.value:
            return []
        return [range(i, i + 1)] if i else []
    return None


def _created_between(population: Population, term: Term) -> range:
    everyone = range(1, population.count + 1)

    def moment(i: int) -> datetime:
        return datetime.fromtimestamp(population.created_at(i) / 1000, timezone.utc)

    low, high = 0, population.count
    if term.low is not None:
        low = (bisect_left if term.low_included else bisect_right)(everyone, term.low, key=moment)
    if term.high is not None:
        high = (bisect_right if term.high_included else bisect_left)(everyone, term.high, key=moment)
    return everyone[low:high]


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _page(
    population: Population,
    ranges: list[range],
    aside: dict[int, dict | None],
    matching: dict[int, dict],
    by_creation: bool,
    descending: bool,
    start: int,
    count: int,
) -> list[int]:
    seeded = (position for position in _positions(ranges, descending) if position not in aside)
    others = matching.items()
    if by_creation:
        seeded_keys = ((iso(population.created_at(position)), position) for position in seeded)
        other_keys = [(profile.get("created_at", ""), position) for position, profile in others]
    else:
        seeded_keys = (("", position) for position in seeded)
        other_keys = [("", position) for position, _profile in others]
    merged = heapq.merge(seeded_keys, sorted(other_keys, reverse=descending), reverse=descending)
    return [position for _key, position in islice(merged, start, start + count)]


def _positions(ranges: list[range], descending: bool) -> Iterator[int]:
    for part in reversed(ranges) if descending else ranges:
        yield from reversed(part) if descending else part


def _walk(population: Population, ranges: list[range], aside: dict[int, dict | None], query: Query) -> dict[int, dict]:
    if sum(map(len, ranges)) > WALKABLE:
        raise TooManyUsers
    profiles = ((position, population.profile(position)) for position in _positions(ranges, False))
    return {position: profile for position, profile in profiles if position not in aside and query(profile)}


def _sorted(found: dict[int, dict], field: str, descending: bool) -> list[int]:
    """Positions by the field's first value; users without one come last."""
    values = {position: field_values(found[position], field)[:1] for position in sorted(found)}
    present = [position for position, value in values.items() if value]
    absent = [position for position, value in values.items() if not value]
    return sorted(present, key=lambda position: values[position], reverse=descending) + absent
