# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address ``/_control/``: how a test or a demo changes the tenant from outside. No token, no limits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from ..actions.remember_browser import remember_browser_choice
from ..factors.verification import challenged
from ..guardian.routes import redeem_ticket
from ..http.faults import is_whole, read_fault
from ..state.rate_limits import PLANS
from ..state.seed_file import add_users, read_users
from ..switches import OF_THE_START, PRESETS, read_switches, written
from ..users.times import iso
from .emulation import Emulation

PREFIX = "/_control/"
MOST_USERS = 10_000_000
MOST_NEWCOMERS = 10_000  # in one request; unlike seeded users they are in memory
LATEST = 253_370_764_800_000  # the year 9999, milliseconds; later times have no ISO form


def answer(emulation: Emulation, method: str, path: str, query_string: str, body: bytes) -> tuple[int, Any]:
    """The status and JSON body for one control request; a mistake is answered with 400 or 404 and an ``error`` text."""
    action = _ACTIONS.get((method, path.removeprefix(PREFIX)))
    if action is None:
        known = ", ".join(f"{verb} {name}" for verb, name in _ACTIONS)
        return 404, {"error": f"no such control address; known are {known}"}
    try:
        return action(emulation, dict(parse_qsl(query_string)), _parsed(body))
    except ValueError as error:
        return 400, {"error": str(error)}


def _parsed(body: bytes) -> Any:
    """The JSON value; None without one. Raises ``ValueError`` that says where it is wrong."""
    if not body:
        return None
    try:
        return json.loads(body.decode(), object_pairs_hook=_without_twins, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: see line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"the body is not UTF-8 text: see its byte {error.start + 1}") from None
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None


def _without_twins(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in members:
        if name in made:
            raise ValueError(f"the body has '{name}' twice in one object")
        made[name] = value
    return made


def _refuse(constant: str) -> None:
    raise ValueError(f"the body is not JSON: it has no {constant}")


def _ready(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"ready": True, "domain": emulation.tenant.domain}


def _wanted(body: Any, name: str, rule: tuple[Callable[[Any], bool], str]) -> Any:
    """The only member of the body."""
    is_allowed, expected = rule
    if not isinstance(body, dict) or set(body) != {name} or not is_allowed(body[name]):
        raise ValueError(f"expected an object with {name}, {expected}")
    return body[name]


_PLAN = (lambda value: isinstance(value, str) and value in PLANS, f"one of {', '.join(sorted(PLANS))}")
_EVERY = (lambda value: is_whole(value, 1, MOST_USERS), f"a whole number from 1 to {MOST_USERS}")
_COUNT = (lambda value: is_whole(value, 1, MOST_NEWCOMERS), f"a whole number from 1 to {MOST_NEWCOMERS}")
_RESET = {
    "users": (lambda value: is_whole(value, 0, MOST_USERS), f"a whole number from 0 to {MOST_USERS}"),
    "seed": (lambda value: is_whole(value, 0), "a whole number from 0"),
    "plan": _PLAN,
    "preset": (lambda value: value in PRESETS, f"one of {', '.join(PRESETS)}"),
    "switches": (lambda value: isinstance(value, dict), "an object of texts by switch name"),
}


def _reset(emulation: Emulation, _query: dict, body: Any) -> tuple[int, None]:
    wanted = {} if body is None else body
    if not isinstance(wanted, dict) or set(wanted) - set(_RESET):
        raise ValueError(f"expected an object with {', '.join(_RESET)}, or none of them")
    for name, value in wanted.items():
        is_allowed, expected = _RESET[name]
        if not is_allowed(value):
            raise ValueError(f"{name} must be {expected}")
    changes = {name: value for name, value in wanted.items() if name != "switches"}
    if "preset" in wanted or "switches" in wanted:
        changes["switches"] = read_switches(_assignments(wanted.get("switches", {})), wanted.get("preset"))
    emulation.reset(**changes)
    return 204, None


def _assignments(switches: dict[str, Any]) -> list[str]:
    """As on the command line. YAML reads on and off as booleans, and so a playbook sends them."""
    texts = {name: ("off", "on")[value] if isinstance(value, bool) else value for name, value in switches.items()}
    return [f"{name}={text}" for name, text in texts.items()]


def _read_switches(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {name: written(value) for name, value in emulation.tenant.switches.items()}


def _change_switches(emulation: Emulation, query: dict, body: Any) -> tuple[int, dict]:
    if not isinstance(body, dict) or not body:
        raise ValueError("expected an object of texts by switch name")
    for name in body:
        if name in OF_THE_START:
            raise ValueError(f"switch '{name}': says how the tenant starts; POST reset can start it so")
    values = read_switches(_assignments(body))
    emulation.tenant.change_switches({name: values[name] for name in body})
    return _read_switches(emulation, query, body)


def _add_users(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    tenant = emulation.tenant
    return 201, {"users": add_users(read_users(body, tenant.now(), tenant.switches["message-types"]), tenant)}


def _change_plan(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    emulation.tenant.change_plan(_wanted(body, "plan", _PLAN))
    return 200, {"plan": emulation.tenant.plan}


def _log_in_many(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    return 200, {"users": emulation.tenant.log_in_many(_wanted(body, "every", _EVERY))}


def _sign_up_many(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    users = emulation.tenant.sign_up_many(_wanted(body, "count", _COUNT))
    return 201, {"users": len(users), "first": users[0].email, "last": users[-1].email}


def _read_clock(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"now": iso(emulation.tenant.now())}


def _set_clock(emulation: Emulation, query: dict, body: Any) -> tuple[int, dict]:
    tenant = emulation.tenant
    if not isinstance(body, dict) or set(body) not in ({"now"}, {"advance_seconds"}):
        raise ValueError('expected {"now": ISO time} or {"advance_seconds": number}')
    if "now" in body:
        target = round(_moment(body["now"]).timestamp() * 1000)
    else:
        seconds = body["advance_seconds"]
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) < 1e11:
            raise ValueError("advance_seconds must be a number")
        target = tenant.now() + round(seconds * 1000)
    if not 0 <= target < LATEST:
        raise ValueError("the clock can be set to times from 1970 to 9998 only")
    tenant.move_clock(target - tenant.now())
    return _read_clock(emulation, query, body)


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            f"now must be an ISO time with a time zone, such as 2026-03-01T12:00:00Z, not {json.dumps(text)}"
        )
    return moment


def _read_requests(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, list]:
    names = ("method", "path", "principal", "status")
    return 200, [{**dict(zip(names, entry)), "time": iso(entry[-1])} for entry in emulation.requests]


def _forget_requests(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, None]:
    emulation.requests.clear()
    return 204, None


def _add_fault(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    emulation.faults.add(read_fault(body))
    return 201, body


def _read_faults(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, [dataclasses.asdict(fault) for fault in emulation.faults.pending]


def _forget_faults(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, None]:
    emulation.faults.clear()
    return 204, None


def _read_rates(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, emulation.tenant.limiter.gauge()


def _read_codes(emulation: Emulation, query: dict, _body: Any) -> tuple[int, Any]:
    user = emulation.tenant.find(query.get("user_id", ""))
    if user is None:
        return 404, {"error": "no such user; expected user_id="}
    return 200, [{**message, "sent_at": iso(message["sent_at"])} for message in user.received]


def _answer_push(emulation: Emulation, query: dict, approved: bool) -> tuple[int, Any]:
    tenant = emulation.tenant
    user = tenant.find(query.get("user_id", ""))
    if user is None:
        return 404, {"error": "no such user; expected user_id="}
    challenge = tenant.answer_push(user, approved)
    if challenge is None:
        return 404, {"error": "no push waits for an answer: none was sent within the last 5 minutes"}
    if not approved:
        tenant.record_event("gd_auth_rejected", user, authenticator=challenged(user, challenge))
    return 200, {"authenticator_id": challenge.authenticator_id, "approved": approved}


def _read_tickets(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, list]:
    return 200, [
        {
            "ticket": ticket.id,
            "user_id": ticket.user_id,
            "factor": ticket.factor,
            "expires_at": iso(ticket.expires_at),
            "used": ticket.used,
        }
        for ticket in emulation.tenant.guardian.tickets.values()
    ]


def _redeem_ticket(emulation: Emulation, _query: dict, body: Any) -> tuple[int, dict]:
    return 201, redeem_ticket(emulation.tenant, body)


def _read_remember_browser(emulation: Emulation, _query: dict, _body: Any) -> tuple[int, dict]:
    return 200, {"remember_browser": remember_browser_choice(emulation.tenant)}


_ACTIONS = {
    ("GET", "ready"): _ready,
    ("POST", "reset"): _reset,
    ("GET", "switches"): _read_switches,
    ("PUT", "switches"): _change_switches,
    ("PUT", "plan"): _change_plan,
    ("POST", "logins"): _log_in_many,
    ("POST", "users"): _add_users,
    ("POST", "users/create"): _sign_up_many,
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
    ("POST", "push/approve"): lambda emulation, query, body: _answer_push(emulation, query, True),
    ("POST", "push/reject"): lambda emulation, query, body: _answer_push(emulation, query, False),
}
