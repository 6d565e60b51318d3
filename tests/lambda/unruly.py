# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit function with small parts, and with one thing that goes wrong. Runs inside the function; ``plan.json`` beside it says what.

``writes``: at the n-th write (or read) of a key with this text in it, once in all: ``before`` or ``after`` it the process ends (``exit``), or S3
refuses (``503``, ``403``).
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import credentials
import deadline
import handler as real
import segments
import stores
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi

HERE = Path(__file__).parent
PLAN = json.loads((HERE / "plan.json").read_text())

scan.CHUNK = PLAN.get("chunk", scan.CHUNK)
real.PATIENCE = PLAN.get("patience", real.PATIENCE)
deadline.LONGEST_HOLD = PLAN.get("longest_hold", deadline.LONGEST_HOLD)
segments.PAUSE = PLAN.get("pause", segments.PAUSE)
segments.LONGEST_HELD = PLAN.get("longest_held", segments.LONGEST_HELD)
credentials.REQUEST_TIMEOUT = real.REQUEST_TIMEOUT = PLAN.get("timeout", credentials.REQUEST_TIMEOUT)

_lock = threading.Lock()
_count = 0
_REFUSALS = {"503": ("SlowDown", "Please reduce your request rate."), "403": ("AccessDenied", "Access Denied")}


def _is_due() -> bool:
    """Whether it is now, and for the first time."""
    global _count
    with _lock:
        _count += 1
        if _count != PLAN.get("number", 1) or (HERE / "done").exists():
            return False
        (HERE / "done").touch()
        return True


def _refused(request, **_more):
    from botocore.awsrequest import AWSResponse

    code, message = _REFUSALS[PLAN["refuse"]]
    if PLAN["key"] not in request.url or not (_refusing or _is_due()):
        return None
    _refusing.append(True)

    class Raw:
        def stream(self, **_options):
            yield b"<Error><Code>%s</Code><Message>%s</Message></Error>" % (code.encode(), message.encode())

    return AWSResponse(request.url, int(PLAN["refuse"]), {}, Raw())


_refusing: list[bool] = []


if "refuse" in PLAN:
    for _operation in ("PutObject", "GetObject"):
        if _operation == PLAN.get("operation", "PutObject"):
            stores._s3().meta.events.register("before-send.s3." + _operation, _refused)

if "exit" in PLAN:
    _put = stores.S3Store._put

    def put(self, name, content, **condition):
        due = PLAN["key"] in self.place(name) and _is_due()
        if due and PLAN["exit"] == "before":
            os._exit(7)
        answer = _put(self, name, content, **condition)
        if due:
            os._exit(7)
        return answer

    stores.S3Store._put = put

if "exit_after_reads" in PLAN:
    _list = ManagementApi.list_authenticators

    def list_authenticators(self, user_id):
        found = _list(self, user_id)
        PLAN["number"] = PLAN["exit_after_reads"]
        if _is_due():
            os._exit(8)
        return found

    ManagementApi.list_authenticators = list_authenticators

handler = real.handler
