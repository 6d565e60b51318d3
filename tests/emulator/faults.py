# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what a client meets when the network or the service fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KINDS = ("status", "close", "lost", "slow")
LONGEST_SECONDS = 3600
_MEMBERS = {"method", "path", "count", "kind", "status", "headers", "body", "seconds"}


@dataclass
class Fault:
    """One fault for the next ``count`` requests that match.

    :param method: HTTP method, ``*`` for any.
    :param path: glob on the decoded path.
    :param kind: ``status`` (answer with ``status``, ``headers``, ``body``; not carried out), ``close`` (connection
        closed, not carried out), ``lost`` (carried out, connection closed), ``slow`` (answer after ``seconds``).
    """

    kind: str
    path: str = "*"
    method: str = "*"
    count: int = 1
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 1.0


def read_fault(description: object) -> Fault:
    """The fault that a JSON object describes; ``ValueError`` says what is wrong with it."""
    if not isinstance(description, dict) or not set(description) <= _MEMBERS:
        raise ValueError(f"a fault is an object with members of {', '.join(sorted(_MEMBERS))}")
    if description.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    fault = Fault(**description)
    if not isinstance(fault.count, int) or fault.count < 1:
        raise ValueError("count must be a whole number from 1")
    if not isinstance(fault.status, int) or not 400 <= fault.status <= 599:
        raise ValueError("status must be a whole number from 400 to 599")
    if not isinstance(fault.seconds, (int, float)) or not 0 <= fault.seconds <= LONGEST_SECONDS:
        raise ValueError(f"seconds must be a number from 0 to {LONGEST_SECONDS}")
    if not isinstance(fault.method, str) or not isinstance(fault.path, str):
        raise ValueError("method and path must be strings")
    if not isinstance(fault.headers, dict) or not all(isinstance(value, str) for value in fault.headers.values()):
        raise ValueError("headers must be an object of strings")
    return fault


class Faults:
    """The faults that are still to happen, in the order they were asked for."""

    def __init__(self):
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Make ``fault`` happen to the requests to come."""
        self._pending.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self._pending.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches a request, counted down; None when the request is to go well."""
        for fault in self._pending:
            if fault.method in ("*", method) and fnmatchcase(path, fault.path):
                fault.count -= 1
                if fault.count == 0:
                    self._pending.remove(fault)
                return fault
        return None
