# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One audit run: reads every user of a tenant and writes the three reports into a directory."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Callable, Protocol

from ..auth0.users.population import Population, UserSearch
from ..auth0.users.reading import AuthenticatorLists
from .policy import Policy
from .records import Summary
from .reports.html import page
from .reports.summary import Costs, Tally, summary
from .reports.users import write_through
from .scan import Scan

USERS, SUMMARY, REPORT = "users.jsonl.gz", "summary.json", "report.html"


class Api(UserSearch, AuthenticatorLists, Protocol):
    """What an audit needs of the Management API. It only reads."""


def run(
    api: Api,
    budget: Costs,
    tenant: str,
    policy: Policy,
    directory: str,
    *,
    clock: Callable[[], datetime],
    remaining: Callable[[], float] = lambda: float("inf"),
    margin: float = 0.0,
) -> Summary:
    """The summary of an audit of every user; its ``partial`` says whether anything is missing. The directory gets
    ``users.jsonl.gz``, ``summary.json`` and ``report.html``.

    :param budget: the budget of that API, for its counters
    :param tenant: domain of the tenant
    :param directory: an existing one
    :param clock: returns the aware time; ages are counted to the time of its first call
    :param remaining: seconds that the caller has left
    :param margin: how many of those to keep for the request in flight and for the reports
    :raises Auth0Error: nothing could be read at all
    """
    started = clock()
    population, tally = Population(api), Tally()
    scan = Scan(api, tenant, policy, started, remaining, margin)
    for row in write_through(scan.rows(population), os.path.join(directory, USERS)):
        tally.add(row)
    figures = summary(tenant, tally, scan.coverage, population.total, policy, budget, started, clock(), _versions())
    _write(directory, SUMMARY, json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    _write(directory, REPORT, page(figures, tally.worst()))
    return figures


def _write(directory: str, name: str, text: str) -> None:
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("auth0-python", "httpx", "jinja2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
