# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit function with small numbers, and with one thing that goes wrong. Runs inside the function; ``plan.json`` beside it says what.

``key`` is a part of a key, ``number`` which write of such a key is meant. There the process ends (``exit``: ``before`` or ``after`` it), hangs
(``exit``: ``hang``), or S3 refuses that write (``refuse``: the status). ``exit_after_reads``: it ends when so many users were read. Once in
all; then it runs as it should.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import credentials
import deadline
import handler as real
import segments
import stores
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import budget
from botocore.awsrequest import AWSResponse
from botocore.config import Config

HERE = Path(__file__).parent
PLAN: dict[str, Any] = json.loads((HERE / "plan.json").read_text())
_DONE = HERE / "done"
_REFUSALS = {"503": ("SlowDown", "Please reduce your request rate."), "403": ("AccessDenied", "Access Denied")}

scan.CHUNK = PLAN.get("chunk", scan.CHUNK)
budget.ATTEMPTS = PLAN.get("attempts", budget.ATTEMPTS)
real.PATIENCE = PLAN.get("patience", real.PATIENCE)
real.REQUEST_TIMEOUT = credentials.REQUEST_TIMEOUT = PLAN.get("timeout", credentials.REQUEST_TIMEOUT)
deadline.LONGEST_HOLD = PLAN.get("longest_hold", deadline.LONGEST_HOLD)
deadline._FIRST_WRITE = PLAN.get("write", deadline._FIRST_WRITE)
segments.PAUSE = PLAN.get("pause", segments.PAUSE)
segments.LONGEST_HELD = PLAN.get("longest_held", segments.LONGEST_HELD)

_lock = threading.Lock()
_count = 0


def is_due(number: int) -> bool:
    """Whether this is the n-th time in a process, and the first process."""
    global _count
    with _lock:
        _count += 1
        if _count != number or _DONE.exists():
            return False
        _DONE.touch()
        return True


def impatient(service: str, config: Config, **more: Any) -> Any:
    """A client that does not try again, which takes seconds."""
    return _client(service, config=config.merge(Config(retries={"total_max_attempts": 1})), **more)


_client, boto3.client = boto3.client, impatient


def refused(request: Any, **_more: Any) -> AWSResponse | None:
    """The answer of an S3 that refuses."""
    if PLAN["key"] not in request.url or not is_due(PLAN.get("number", 1)):
        return None
    code, message = _REFUSALS[PLAN["refuse"]]
    content = "<Error><Code>%s</Code><Message>%s</Message></Error>" % (code, message)
    return AWSResponse(request.url, int(PLAN["refuse"]), {}, Raw(content.encode()))


class Raw:
    """A content as the library wants one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_options: Any) -> Any:
        yield self._content


if "refuse" in PLAN:
    stores._s3().meta.events.register("before-send.s3.PutObject", refused)

if "exit" in PLAN:
    _put = stores.S3Store._put

    def put(self: stores.S3Store, name: str, content: Any, **condition: str) -> str:
        """Ends the process, or hangs."""
        due = PLAN["key"] in self.place(name) and is_due(PLAN.get("number", 1))
        if due and PLAN["exit"] == "before":
            os._exit(7)
        answer = _put(self, name, content, **condition)
        if due and PLAN["exit"] == "hang":
            time.sleep(600)
        if due:
            os._exit(7)
        return answer

    stores.S3Store._put = put

if "exit_after_reads" in PLAN:
    _list = ManagementApi.list_authenticators

    def list_authenticators(self: ManagementApi, user_id: str) -> Any:
        """Ends the process after so many."""
        found = _list(self, user_id)
        if is_due(PLAN["exit_after_reads"]):
            os._exit(8)
        return found

    ManagementApi.list_authenticators = list_authenticators

handler = real.handler
