# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What judging, the comparison with the run before, and each list of a report cost for a user.

``python -m tests.bench.bench_report [--users 1000000] [--part NAME]`` prints processor time and peak memory;
nothing is asserted. Three of ten users have a stale device, and a third of those is fixed in the second run.

``report`` is everything that follows on the last reading: the readings are in a store, and all files of a report are made and stored.
``rejudged`` makes them again by another policy, compared with the first report.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import islice

from tests.emulator.launch import PROJECT_ROOT

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
AT = "2026-06-01T12:00:00.000Z"
TENANT = "example.eu.auth0.com"
PARTS = ("judging", "past", "pseudonyms", "tally", "lists", "report", "rejudged")


def iso(days: float) -> str:
    """The time so many days before NOW."""
    return (NOW - timedelta(days=days)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


USED, LONG_AGO, CREATED = iso(3), iso(200), iso(900)


def records(users: int, fixed: bool) -> Iterator[dict]:
    """Readings of so many users.

    :param fixed: every tenth has used the device since
    """
    for number in range(users):
        stale = number % 10 < (2 if fixed else 3)
        device = {"factor": "phone" if number % 3 else "otp", "confirmed": True, "created_at": CREATED}
        device.update(id="%s|dev_%012x" % (device["factor"], number), last_auth_at=LONG_AGO if stale else USED)
        key = "auth0|%024x" % (number * 2654435761 % 2**60)  # in no order
        yield {
            "number": number,
            "profile": {
                "user_id": key,
                "email": "user%07d@example.com" % number,
                "name": "User Number %d" % number,
                "created_at": CREATED,
                "last_login": USED,
                "blocked": False,
                "identities": [
                    {"connection": "Username-Password-Authentication", "provider": "auth0", "is_social": False}
                ],
                "multifactor_last_modified": None,
                "app_metadata": {},
                "unreadable": [],
            },
            "read_at": AT,
            "authenticators": [device],
            "error": None,
            "gone": False,
            "before": None,
            "before_at": None,
        }


def stored(folder: str, users: int):
    """A run that has read everybody and has no report yet."""
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import (
        CARRIED,
        OUT,
        PLAN,
        Checkpoint,
        Ledger,
    )
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import written
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import NOTHING
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore

    def in_order() -> Iterator[dict]:
        for number, record in enumerate(records(users, False)):
            record["profile"]["user_id"] = "auth0|%024x" % number
            yield record

    checkpoint = Checkpoint(
        run="000001-20260601T120000Z", tenant=TENANT, scope=Scope().as_row(), policy=Policy().as_row(), full=True, base=None, source="export",
        planned=AT, to_read=0, carried=users, unseen=0, incomplete=None, note=None, costs=NOTHING, finished=AT,
    )  # fmt: skip
    store = FolderStore(folder)
    with written(()) as plan, written(in_order()) as carried, written(()) as out:
        return store, Ledger.begin(store, checkpoint, {PLAN: plan, CARRIED: carried, OUT: out})


def measure_whole(part: str, users: int) -> None:
    """A whole report in this process."""
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import files
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import report

    with tempfile.TemporaryDirectory() as folder:
        store, ledger = stored(folder, users)
        spent = time.process_time()
        figures, keys = files.write(store, History(store, ()), ledger, files.Wish(files.OWN, Policy(), NOW), None)
        if part == "rejudged":
            ledger.advance(reported=True)
            spent = time.process_time()
            made = report(store, None, lambda _policy: Policy(stale_days=30, stale_warning_days=None), NOW)
            figures, keys = made.summary, made.keys
        spent = time.process_time() - spent
        page = os.path.getsize(os.path.join(folder, keys[files.REPORT]))
    tell(part, users, spent, sum(figures["findings"].values()), f", page {page} bytes")


def tell(part: str, users: int, spent: float, findings: int, more: str = "") -> None:
    """One line."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{part:15}{spent:10.1f} s{spent / users * 1e6:8.1f} µs a user{findings:10} findings{peak:6} MB{more}")


def measure(part: str, users: int) -> None:
    """One part in this process."""
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.found import found_rows
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import Judge
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines, write_lines
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.past import Past, Terms
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.pseudonyms import Pseudonyms
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import Lists
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import Tally

    policy, spent, findings = Policy(), 0.0, 0
    judge = Judge(TENANT, policy, NOW)
    clock = time.process_time

    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        if part == "judging":
            take = judge.row
        elif part == "past":
            file = stack.enter_context(open(os.path.join(directory, "known"), "w+b"))
            known = (found for record in records(users, False) for found in found_rows(judge.row(record), "run1", AT))
            write_lines(known, file)
            file.seek(0)
            past = stack.enter_context(Past(directory, AT, Terms(policy), lambda run: Terms(policy)))
            started = clock()
            past.know(read_lines(file, "known"))
            spent += clock() - started
            take = partial(past.mark, judge=lambda terms: ())
        elif part == "pseudonyms":
            take = Pseudonyms(b"k" * 32).user
        elif part == "tally":
            take = Tally().add
        else:
            lists = stack.enter_context(Lists(directory, AT))

            def take(row):
                lists.user(row)
                for found in found_rows(row, "run2", AT):
                    lists.found(found)

        given = records(users, True)
        if part != "judging":
            given = map(judge.row, given)
        while chunk := list(islice(given, 500)):
            started = clock()
            for row in chunk:
                take(row)
            spent += clock() - started
            findings += sum(len(row.get("findings", ())) for row in chunk)
        started = clock()
        if part == "past":
            for _closed in past.rest("gone"):
                pass
        if part == "lists":
            for _name, _file in lists.finished():
                pass
        spent += clock() - started
    tell(part, users, spent, findings)


def main() -> None:
    """Each part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        (measure_whole if options.part in ("report", "rejudged") else measure)(options.part, options.users)
        return
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "build" / "collections")}
    for part in [options.part] if options.part else PARTS:
        command = [sys.executable, "-m", "tests.bench.bench_report", "--here", "--part", part]
        subprocess.run([*command, "--users", str(options.users)], cwd=PROJECT_ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
