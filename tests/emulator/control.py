# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address ``/_control/``: what a test or a demo does to the tenant from outside. No token, no limits."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .actions import remember_browser_choice
from .faults import read_fault
from .guardian_routes import redeem_ticket
from .models import iso
from .verification import challenged

if TYPE_CHECKING:
    from .app import Emulator

PREFIX = "/_control/"
LATEST = 253_370_764_800_000  # the year 9999, milliseconds; later times have no ISO form


def answer(emulator: Emulator, method: str, path: str, query_string: str, body: bytes) -> tuple[int, Any]:
    """The status and JSON body for one control request; mistakes give 400 or 404 with an ``error`` text."""
    action = _ACTIONS.get((method, path.removeprefix(PREFIX)))
    if action is None:
        known = ", ".join(f"{verb} {name}" for verb, name in _ACTIONS)
        return 404, {"error": f"no such control address; known are {known}"}
    try:
        return action(emulator, dict(parse_qsl(query_string)), json.loads(body) if body else None)
    except (ValueError, RecursionError) as error:
        return 400, {"error": str(error)}


def _ready(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"ready": True, "domain": emulator.tenant.domain}


def _read_clock(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"now": iso(emulator.tenant.now())}


def _set_clock(emulator: Emulator, query: dict, body: Any) -> tuple[int, dict]:
    tenant = emulator.tenant
    if not isinstance(body, dict) or set(body) not in ({"now"}, {"advance_seconds"}):
        raise ValueError('expected {"now": ISO time} or {"advance_seconds": number}')
    if "now" in body:
        moment = datetime.fromisoformat(str(body["now"]))
        if moment.tzinfo is None:
            raise ValueError("now needs a time zone, such as Z")
        target = round(moment.timestamp() * 1000)
    else:
        seconds = body["advance_seconds"]
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) < 1e11:
            raise ValueError("advance_seconds must be a number")
        target = tenant.now() + round(seconds * 1000)
    if not 0 <= target < LATEST:
        raise ValueError("the clock can be set to times from 1970 to 9998 only")
    tenant.move_clock(target - tenant.now())
    return _read_clock(emulator, query, body)


def _read_requests(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, list]:
    names = ("method", "path", "principal", "status")
    return 200, [{**dict(zip(names, entry)), "time": iso(entry[-1])} for entry in emulator.requests]


def _forget_requests(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, None]:
    emulator.requests.clear()
    return 204, None


def _add_fault(emulator: Emulator, _query: dict, body: Any) -> tuple[int, dict]:
    emulator.faults.add(read_fault(body))
    return 201, body


def _read_faults(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, [dataclasses.asdict(fault) for fault in emulator.faults.pending]


def _forget_faults(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, None]:
    emulator.faults.clear()
    return 204, None


def _read_rates(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, emulator.tenant.limiter.gauge()


def _read_codes(emulator: Emulator, query: dict, _body: Any) -> tuple[int, Any]:
    user = emulator.tenant.find(query.get("user_id", ""))
    if user is None:
        return 404, {"error": "no such user; expected user_id="}
    return 200, [{**message, "sent_at": iso(message["sent_at"])} for message in user.received]


def _answer_push(emulator: Emulator, query: dict, approved: bool) -> tuple[int, Any]:
    tenant = emulator.tenant
    user = tenant.find(query.get("user_id", ""))
    if user is None:
        return 404, {"error": "no such user; expected user_id="}
    challenge = tenant.answer_push(user, approved)
    if challenge is None:
        return 404, {"error": "no push waits for an answer: none was sent within the last 5 minutes"}
    if not approved:
        tenant.record_event("gd_auth_rejected", user, authenticator=challenged(user, challenge))
    return 200, {"authenticator_id": challenge.authenticator_id, "approved": approved}


def _read_tickets(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, [
        {
            "ticket": ticket.id,
            "user_id": ticket.user_id,
            "factor": ticket.factor,
            "expires_at": iso(ticket.expires_at),
            "used": ticket.used,
        }
        for ticket in emulator.tenant.guardian.tickets.values()
    ]


def _redeem_ticket(emulator: Emulator, _query: dict, body: Any) -> tuple[int, dict]:
    return 201, redeem_ticket(emulator.tenant, body)


def _read_remember_browser(emulator: Emulator, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"remember_browser": remember_browser_choice(emulator.tenant)}


_ACTIONS = {
    ("GET", "ready"): _ready,
    ("GET", "clock"): _read_clock,
    ("PUT", "clock"): _set_clock,
    ("GET", "requests"): _read_requests,
    ("DELETE", "requests"): _forget_requests,
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): _read_faults,
    ("DELETE", "faults"): _forget_faults,
    ("GET", "rates"): _read_rates,
    ("GET", "codes"): _read_codes,
    ("GET", "tickets"): _read_tickets,
    ("POST", "tickets/redeem"): _redeem_ticket,
    ("GET", "remember-browser"): _read_remember_browser,
    ("POST", "push/approve"): lambda emulator, query, body: _answer_push(emulator, query, True),
    ("POST", "push/reject"): lambda emulator, query, body: _answer_push(emulator, query, False),
}
