# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at ``/_control/``: the tenant at a glance, while developing a playbook. One file, no script, no secrets."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import jinja2

from ..search.language import EVERYTHING, Query, Term
from ..search.user_search import TooManyUsers, search
from ..state.tenant import Tenant
from ..switches import SWITCHES, written
from ..users.masking import mask_email, mask_phone
from ..users.models import Authenticator, User
from ..users.times import DAY, HOUR, iso
from .emulation import Emulation

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
USERS_PER_PAGE = 20
PAGES = 50
REQUESTS = 15
# Query parameters whose values are shown; others may hold codes, tickets or signatures.
_SHOWN = frozenset(
    "email fields from include_fields include_totals page per_page q sort take type actionName triggerId".split()
)
_TEMPLATE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
)


def render(emulation: Emulation, query: dict[str, str]) -> bytes:
    """The page, UTF-8.

    :param query: ``email`` is the beginning of an address, ``page`` starts at 0; a malformed page means the first.
    """
    tenant = emulation.tenant
    email = query.get("email", "").strip().lower()
    text = query.get("page", "0")
    page = min(int(text), PAGES - 1) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    users, total = _users(tenant, email, page * USERS_PER_PAGE)
    pages = max(1, min(-(-(total or 0) // USERS_PER_PAGE), PAGES))
    now = tenant.now()
    content = _TEMPLATE.render(
        domain=tenant.domain,
        plan=tenant.plan,
        population=_users(tenant, "", 0)[1],
        clock=iso(now)[:19].replace("T", " "),
        moved=_duration(tenant.offset),
        factors=[name for name, enabled in tenant.guardian.factors.items() if enabled],
        preset=emulation.preset,
        switches=[
            {"name": name, "value": written(value), "default": written(SWITCHES[name].default)}
            for name, value in tenant.switches.items()
            if value != SWITCHES[name].default
        ],
        switch_count=len(SWITCHES),
        gauge=[_gauge(bucket) for bucket in tenant.limiter.gauge()],
        email=email,
        users=[_user(user, now) for user in users],
        total=total,
        page=page,
        pages=pages,
        previous=_link(email, page - 1) if page else None,
        next=_link(email, page + 1) if page + 1 < pages else None,
        faults=emulation.faults.pending,
        requests=[_request(entry) for entry in islice(reversed(emulation.requests), REQUESTS)],
    )
    return content.encode()


def _users(tenant: Tenant, email: str, start: int) -> tuple[list[User], int | None]:
    """One page of users, and how many there are; nobody and None where only looking through too many would tell."""
    query = EVERYTHING
    if email:
        query = Query(
            lambda profile: profile.get("email", "").lower().startswith(email),
            (Term("email", "prefix", email),),
            complete=True,
        )
    aside = {position: user and user.profile for position, user in tenant.store.aside().items()}
    try:
        profiles, total = search(tenant.store.population, aside, query, None, start, USERS_PER_PAGE)
    except TooManyUsers:
        return [], None
    users = [tenant.find(profile["user_id"]) for profile in profiles]
    return [user for user in users if user is not None], total


def _user(user: User, now: int) -> dict:
    last_login = user.profile.get("last_login")
    return {
        "id": user.id,
        "name": user.profile.get("name", ""),
        "email": user.email or "",
        "email_verified": user.profile.get("email_verified", not user.email),
        "blocked": user.profile.get("blocked", False),
        "last_login": last_login[:16].replace("T", " ") if last_login else "never",
        "authenticators": [_authenticator(item, now) for item in user.authenticators],
    }


def _authenticator(item: Authenticator, now: int) -> dict:
    if not item.confirmed:
        state = f"unconfirmed for {_duration(now - item.created_at)}"
    elif item.last_auth_at is not None:
        state = f"used {_duration(now - item.last_auth_at)} ago"
    else:
        state = f"never used, created {_duration(now - item.created_at)} ago"
    target = mask_phone(item.phone_number) if item.phone_number else mask_email(item.email) if item.email else ""
    return {"type": item.type, "confirmed": item.confirmed, "state": state, "target": target}


def _gauge(bucket: dict) -> dict:
    share = bucket["remaining"] / bucket["limit"]
    level = "out" if share < 0.1 else "low" if share < 0.5 else ""
    return {**bucket, "percent": round(share * 100), "level": level}


def _request(entry: tuple) -> dict:
    method, path, principal, status, arrived = entry
    path, separator, query = path.partition("?")
    if separator:
        pairs = parse_qsl(query, keep_blank_values=True)
        path += "?" + "&".join(f"{name}={value if name in _SHOWN else '…'}" for name, value in pairs)
    return {"method": method, "path": path, "principal": principal, "status": status, "time": iso(arrived)[11:19]}


def _duration(milliseconds: int) -> str:
    size = abs(milliseconds)
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", HOUR // 60), ("second", 1000)):
        if size >= length:
            count = size // length
            return f"{'-' if milliseconds < 0 else ''}{count} {unit}{'' if count == 1 else 's'}"
    return "0 seconds"


def _link(email: str, page: int) -> str:
    return f"?{urlencode({'email': email, 'page': page} if email else {'page': page})}#users"
