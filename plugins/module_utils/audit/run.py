# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One audit run into one folder: the same from a playbook, a shell and the Lambda."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Callable

from .policy import Policy
from ..auth0.users.population import Population
from .reports.html import page
from .reports.summary import Tally, summary
from .reports.users import written
from .scan import Scan

USERS, SUMMARY, REPORT = "users.jsonl.gz", "summary.json", "report.html"


def run(
    api,
    budget,
    tenant: str,
    policy: Policy,
    folder: str,
    *,
    clock: Callable[[], datetime],
    remaining: Callable[[], float] = lambda: float("inf"),
    margin: float = 0.0,
) -> dict:
    """Audit every user of the tenant and write C(users.jsonl.gz), C(summary.json) and C(report.html) into a folder.

    :param api: a C(ManagementApi), or anything with its C(list_users) and C(list_authenticators); only read from
    :param budget: the C(Budget) of that API, for its counters
    :param tenant: domain of the tenant
    :param folder: an existing folder
    :param clock: returns the aware time; the time of the first call is what ages are counted to
    :param remaining: seconds left to the caller
    :param margin: seconds of those to keep for what is in flight and for the reports
    :returns: the summary; C(partial) says whether anything is missing
    :raises Auth0Error: nothing could be read at all
    """
    started = clock()
    population, tally = Population(api), Tally()
    scan = Scan(api, tenant, policy, started, remaining, margin)
    for row in written(scan.rows(population), os.path.join(folder, USERS)):
        tally.add(row)
    figures = summary(tenant, tally, scan.coverage, population.total, policy, budget, started, clock(), _versions())
    _write(folder, SUMMARY, json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    _write(folder, REPORT, page(figures, tally.worst()))
    return figures


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("auth0-python", "httpx", "jinja2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
