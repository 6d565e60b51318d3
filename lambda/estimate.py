# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scheduled audit makes in AWS, and how long a run takes and what it costs. Calls nobody.

    python lambda/estimate.py --users 100000 --limit 16 [--share 0.9] [--memory 1769]

Prices are AWS's list prices for us-east-1, as if there were no free tiers. A run that reads only who changed has fewer requests. Storage, logs,
keys and Security Hub are not in it, because they grow with what is found and kept.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path
from typing import NamedTuple

TEMPLATE = Path(__file__).resolve().with_name("template.yaml")
# One user has one list of authenticators.
REQUESTS_PER_USER = 1
# A segment of 900 s keeps the rest for its start and its end.
SEGMENT_SECONDS = 780
# After that Lambda ends the function, as the template says.
TIMEOUT = 900
# The reports are one segment, which takes so much of a processor for each user, by tests/bench/bench_audit.py on a busy machine. Those of a
# tenant with more findings, a slower processor or a busy S3 must not end it.
REPORT_SECONDS_PER_USER = 0.00024
MARGIN = 3
# Megabytes for which Lambda gives a whole processor. More of it makes one thread no faster.
WHOLE_PROCESSOR = 1769
# That of the template.
MEMORY = WHOLE_PROCESSOR
# Of its disk, megabytes, as the template says. The first part costs nothing.
STORAGE, FREE_STORAGE = 4096, 512
# Beside its segments, an execution enters Who, Start, Begin and Finished; each segment is the segment and the question whether there is
# more. The reports are a segment of their own.
OTHER_TRANSITIONS = 4
TRANSITIONS_PER_SEGMENT = 2
# Dollars.
_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
_STORAGE_GB_SECOND = 0.0000000309
_TRANSITION = 25 / 1_000_000
_METRIC, _ALARM, _SECRET, _DASHBOARD = 0.30, 0.10, 0.40, 3.00
METRICS, ALARMS = 33, 6
# More of them nobody has. A larger number is a mistake.
_MOST = 1e9


class Estimate(NamedTuple):
    """What a run that reads everybody takes.

    :ivar seconds: of reading; what others use of the limit makes it longer
    :ivar segments: of reading
    :ivar report: seconds of the segment that makes the reports
    :ivar function: dollars for the function, with its disk
    :ivar machine: dollars for the state machine
    """

    requests: int
    seconds: float
    segments: int
    report: float
    transitions: int
    function: float
    machine: float


def estimate(
    users: int, limit: float, share: float = 0.9, architecture: str = "arm64", memory: int = MEMORY
) -> Estimate:
    """What a run takes.

    :param users: to read
    :param limit: requests each second that the tenant's plan allows
    :param share: the part of it that log-ins and other applications leave
    :param memory: of the function, megabytes
    """
    requests = users * REQUESTS_PER_USER
    seconds = requests / (limit * share)
    segments = max(1, math.ceil(seconds / SEGMENT_SECONDS))
    transitions = OTHER_TRANSITIONS + TRANSITIONS_PER_SEGMENT * (segments + 1)
    report = users * REPORT_SECONDS_PER_USER * max(1.0, WHOLE_PROCESSOR / memory)
    a_second = memory / 1024 * _GB_SECOND[architecture] + (STORAGE - FREE_STORAGE) / 1024 * _STORAGE_GB_SECOND
    function = (seconds + report) * a_second
    return Estimate(requests, seconds, segments, report, transitions, function, transitions * _TRANSITION)


def advice(report: float, memory: int) -> str:
    """What to do about reports that take so long; empty if there is time enough.

    :param report: seconds
    :param memory: of the function, megabytes
    """
    if report * MARGIN <= TIMEOUT:
        return ""
    if memory < WHOLE_PROCESSOR:
        return "Deploy with Memory=%d, so that they are made in time, also on a bad day." % WHOLE_PROCESSOR
    return "No function of Lambda is faster, so try it before you rely on it."


def a_month(runs: int, run: Estimate) -> float:
    """Dollars a month for one tenant, with its metrics, alarms, dashboard and secret."""
    return runs * (run.function + run.machine) + METRICS * _METRIC + ALARMS * _ALARM + _SECRET + _DASHBOARD


def created(template: str) -> list[tuple[str, str]]:
    """Name and type of what the template makes."""
    resources = template.partition("\nResources:\n")[2].partition("\nOutputs:\n")[0]
    return re.findall(r"^  (\w+):\n    Type: (AWS::[\w:]+)$", resources, re.MULTILINE)


def duration(seconds: float) -> str:
    """In the unit that people would choose."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size * (2 if unit == "days" else 1):
            return "%.1f %s" % (seconds / size, unit)
    return "%.0f seconds" % seconds


def _between(text: str, most: float, words: str) -> float:
    """The number above 0.

    :raises ArgumentTypeError: it is none, or too large
    """
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise argparse.ArgumentTypeError("%r is not %s" % (text, words))
    return number


def _positive(text: str) -> float:
    return _between(text, _MOST, "a number above 0, such as 1000, and at most a billion")


def _count(text: str) -> int:
    number = _positive(text)
    if number != int(number):
        raise argparse.ArgumentTypeError("%r is not a whole number" % text)
    return int(number)


def _part(text: str) -> float:
    return _between(text, 1, "a part, above 0 and at most 1")


def _plural(number: int, word: str) -> str:
    return "%d %s%s" % (number, word, "" if number == 1 else "s")


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="What the scheduled audit makes in AWS, takes and costs.")
    parser.add_argument("--users", type=_count, required=True, help="users of the tenant")
    parser.add_argument("--limit", type=_positive, required=True, help="requests each second that the plan allows")
    parser.add_argument("--share", type=_part, default=0.9, help="the part of it that others leave, 0.9 by default")
    parser.add_argument("--architecture", choices=_GB_SECOND, default="arm64")
    parser.add_argument("--memory", type=_count, default=MEMORY, help="of the function in MB, %d by default" % MEMORY)
    parser.add_argument("--runs", type=_count, default=30, help="in a month, 30 by default")
    options = parser.parse_args(arguments)
    run = estimate(options.users, options.limit, options.share, options.architecture, options.memory)
    print("One stack for each tenant makes:")
    for name, kind in created(TEMPLATE.read_text()):
        print("  %-15s %s" % (name, kind))
    print(
        "A run that reads all of %s takes %s beside those that list the users, %s and %s,"
        % (
            _plural(options.users, "user"),
            _plural(run.requests, "request"),
            duration(run.seconds),
            _plural(run.segments, "segment"),
        )
    )
    print(
        "and costs $%.4f for the function and $%.4f for %d transitions." % (run.function, run.machine, run.transitions)
    )
    told = "Its reports take about %.0f of the %d seconds that the function has, with %d MB."
    words = [told % (run.report, TIMEOUT, options.memory), advice(run.report, options.memory)]
    print(" ".join(filter(None, words)))
    print(
        "A month with %s of this kind: $%.2f, of which $%.2f are for %d metrics, %d alarms, a dashboard and a secret."
        % (_plural(options.runs, "run"), a_month(options.runs, run), a_month(0, run), METRICS, ALARMS)
    )
    print("Not counted: what is stored in S3, lines of the log, keys of KMS, and findings that Security Hub is sent.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
