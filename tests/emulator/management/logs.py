# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/logs`` of the Management API, and the entries that Management API writes leave there (API.md §3.8)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.validation import check_number, flag, invalid_query, page_of, select_fields
from ..search.language import SearchError, parse

DEFAULT_TAKE = 50
MOST_TAKEN = 100
SEARCHABLE = frozenset(
    (
        "client_id", "client_name", "connection", "connection_id", "date", "description", "ip", "log_id", "strategy",
        "strategy_type", "type", "user_id", "user_name",
    )
)  # fmt: skip
PAGEABLE = 1000
_SECRETS = frozenset(
    (
        "password", "totp_secret", "recovery_code", "secrets", "client_secret", "credentials", "httpAuthorization",
        "httpCustomHeaders", "datadogApiKey", "splunkToken", "segmentWriteKey", "sumoSourceAddress",
        "mixpanelServiceAccountPassword", "auth_token", "aws_secret_access_key", "p12",
    )
)  # fmt: skip
# The name of each write, which is its entry's description (recorded for writes about users).
WRITES = {
    ("POST", "/api/v2/users"): "Create a User",
    ("PATCH", "/api/v2/users/{id}"): "Update a User",
    ("DELETE", "/api/v2/users/{id}"): "Delete a User",
    ("POST", "/api/v2/users/{id}/identities"): "Link a User Account",
    ("DELETE", "/api/v2/users/{id}/identities/{provider}/{user_id}"): "Unlink a User Identity",
    ("POST", "/api/v2/organizations"): "Create an Organization",
    ("DELETE", "/api/v2/organizations/{organization_id}"): "Delete an Organization",
    ("POST", "/api/v2/organizations/{organization_id}/members"): "Add Members to an Organization",
    ("DELETE", "/api/v2/organizations/{organization_id}/members"): "Delete Members from an Organization",
    ("POST", "/api/v2/users/{id}/authentication-methods"): "Creates an authentication method for a given user",
    ("PUT", "/api/v2/users/{id}/authentication-methods"): (
        "Update all authentication methods by replacing them with the given ones"
    ),
    ("DELETE", "/api/v2/users/{id}/authentication-methods"): "Delete all authentication methods for the given user",
    ("PATCH", "/api/v2/users/{id}/authentication-methods/{method_id}"): "Update an authentication method",
    ("DELETE", "/api/v2/users/{id}/authentication-methods/{method_id}"): "Delete an authentication method by ID",
    ("DELETE", "/api/v2/users/{id}/authenticators"): "Delete All Authenticators",
    ("DELETE", "/api/v2/users/{id}/multifactor/{provider}"): "Delete a User's Multi-factor Provider",
    ("POST", "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser"): (
        "Invalidate All Remembered Browsers for Multi-factor Authentication (MFA)"
    ),
    ("POST", "/api/v2/users/{id}/recovery-code-regeneration"): (
        "Generate New Multi-factor Authentication (MFA) Recovery Code"
    ),
    ("DELETE", "/api/v2/users/{id}/sessions"): "Delete sessions for user",
    ("DELETE", "/api/v2/sessions/{session_id}"): "Delete session",
    ("POST", "/api/v2/sessions/{session_id}/revoke"): "Revokes a session",
    ("DELETE", "/api/v2/users/{id}/refresh-tokens"): "Delete refresh tokens for a user",
    ("DELETE", "/api/v2/refresh-tokens/{token_id}"): "Delete a refresh token",
    ("POST", "/api/v2/users/{id}/revoke-access"): "Revokes selected resources from a user",
    ("DELETE", "/api/v2/user-blocks/{id}"): "Unblock a user",
    ("DELETE", "/api/v2/user-blocks"): "Unblock by identifier",
    ("POST", "/api/v2/guardian/enrollments/ticket"): "Create a multi-factor authentication enrollment ticket",
    ("DELETE", "/api/v2/guardian/enrollments/{id}"): "Delete a multi-factor authentication enrollment",
    ("PUT", "/api/v2/guardian/factors/{name}"): "Update multi-factor authentication type",
    ("PUT", "/api/v2/guardian/factors/phone/message-types"): "Update the Enabled Phone Factors",
    ("PUT", "/api/v2/guardian/policies"): "Update multi-factor authentication policies",
    ("POST", "/api/v2/jobs/users-exports"): "Create export users job",
    ("POST", "/api/v2/actions/actions"): "Create an action",
    ("PATCH", "/api/v2/actions/actions/{id}"): "Update an action",
    ("DELETE", "/api/v2/actions/actions/{id}"): "Delete an action",
    ("POST", "/api/v2/actions/actions/{id}/deploy"): "Deploy an action",
    ("POST", "/api/v2/actions/actions/{id}/versions/{version_id}/deploy"): "Roll back to a previous action version",
    ("PATCH", "/api/v2/actions/triggers/{id}/bindings"): "Update trigger bindings",
}


def list_logs(call: Call) -> tuple[int, list | dict]:
    """``GET /logs``: with ``from``, everything after that entry; otherwise a search."""
    if "from" in call.query:
        return 200, _next_entries(call)
    return 200, _search(call, call.tenant.log.entries(call.tenant.now()))


def list_user_logs(call: Call) -> tuple[int, list | dict]:
    """``GET /users/{id}/logs``; an unknown user has none."""
    entries = call.tenant.log.entries(call.tenant.now())
    return 200, _search(call, [entry for entry in entries if entry["user_id"] == call.path["id"]])


def get_log(call: Call) -> tuple[int, dict]:
    """``GET /logs/{id}``."""
    entry = call.tenant.log.find(call.path["id"], call.tenant.now())
    if entry is None:
        raise management_error(404, "The log does not exist.", "inexistent_log")
    return 200, entry


def _next_entries(call: Call) -> list[dict]:
    """Checkpoint mode: ascending, all other parameters ignored; an empty page links to itself."""
    text = "Number of entries to retrieve when using the from parameter"
    take = check_number(call, "take", DEFAULT_TAKE, MOST_TAKEN, text)
    after = call.query["from"]
    entries = call.tenant.log.after(after, take, call.tenant.now())
    link = urlencode({"from": entries[-1]["log_id"] if entries else after, "take": take})
    url = f"{call.scheme}://{call.tenant.domain}/api/v2/logs?{link}"
    call.answer_headers["link"] = f'<{url}>; rel="next"'
    return entries


def _search(call: Call, entries: list[dict]) -> list[dict] | dict:
    page, per_page = page_of(call)
    include_totals = flag(call, "include_totals", False)
    query = (call.query.get("q") or call.query.get("search") or "").strip()
    if query:
        try:
            matches = parse(query, SEARCHABLE)
        except SearchError as error:
            raise invalid_query(f"Invalid query: {error}", "q") from None
        entries = [entry for entry in entries if matches(entry)]
    start = page * per_page
    if start + per_page > PAGEABLE:
        raise management_error(400, "You can only page through the first 1000 records.", "invalid_paging")
    entries = _sorted(entries, call.query.get("sort", "date:-1"))
    items = [select_fields(call, entry) for entry in entries[start : start + per_page]]
    if not include_totals:
        return items
    return {"start": start, "limit": per_page, "length": len(items), "logs": items, "total": len(entries)}


def _sorted(entries: list[dict], sort: str) -> list[dict]:
    if sort not in ("date:1", "date:-1"):
        raise invalid_query("Invalid sort: expected date:1 or date:-1", "sort")
    by_date = sorted(entries, key=lambda entry: entry["date"])  # they are in the order of their arrival
    return by_date[::-1] if sort == "date:-1" else by_date


# Entries


def record_write(call: Call, route: Route, path: str, status: int, answer: Any) -> None:
    """Write the ``sapi`` entry of a Management write that succeeded, without the secrets in its bodies."""
    # Recorded with the scopes for writes about users, and without them for others.
    credentials = {"scopes": list(call.scopes)} if route.pattern.startswith("/api/v2/users") else {}
    request = {
        "auth": {"credentials": credentials, "strategy": "jwt", "user": {}},
        "body": _masked(_sent(call)),
        "channel": "api",
        "ip": "127.0.0.1",
        "method": route.method.lower(),
        "path": path,
        "query": call.query,
        "userAgent": call.headers.get("user-agent", ""),
    }
    response = {"body": {} if answer is None else _masked(answer), "statusCode": status}
    description = route.title or WRITES[route.method, route.pattern]
    details = {"request": request, "response": response}
    call.tenant.record_event("sapi", client_id=call.principal, description=description, details=details)


def _sent(call: Call) -> Any:
    try:
        return call.json()
    except ValueError:  # no body, or one that the endpoint ignored
        return {}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "*****" if name in _SECRETS else _masked(inner) for name, inner in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


_SCOPES = ("read:logs", "read:logs_users")
ROUTES = [
    Route("GET", "/api/v2/logs", list_logs, _SCOPES, "read-logs"),
    Route("GET", "/api/v2/logs/{id}", get_log, _SCOPES, "read-logs"),
    Route("GET", "/api/v2/users/{id}/logs", list_user_logs, _SCOPES, "read-logs"),
]
