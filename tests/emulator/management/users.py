# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users in the Management API (API.md §3.2 to §3.4, §3.6)."""

from __future__ import annotations

import secrets

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, Schema, anything, boolean, invalid_body, record, text
from ..http.validation import flag, invalid_query, page_of, select_fields
from ..search.language import EVERYTHING, SEARCHABLE, Query, SearchError, parse
from ..search.user_search import TooManyUsers, search
from ..users.connections import DATABASE, EMAIL, PHONES, SMS, STAFF, Connection, local_id
from ..users.models import User
from ..users.passwords import is_strong
from ..users.profiles import identity, new_profile
from ..users.times import iso
from ..users.views import answered_profile, laid_over, profile_view
from .connections import keeps_profiles_in_step, password_policy

PAGEABLE = 1000
SEARCH_ENGINE = "v3"
_ORGANIZATIONS = "organization_id"
# What a user of a connection needs; the passwordless ones are told by their strategy, all other databases need any name.
_NEEDED = {DATABASE: "email", STAFF: "username", PHONES: "phone_number", EMAIL: "email", SMS: "phone_number"}


def _profile(nullable: bool) -> dict[str, Schema]:
    """The members of a profile that can be written; a null takes one away again."""
    phone = "The user's phone number (following the E.164 recommendation)"
    return {
        "email": text("The user's email", form="email", nullable=nullable),
        "username": text(
            "The user's username. Only valid if the connection requires a username", 1, 128, nullable=nullable
        ),
        "given_name": text("The user's given name(s)", 1, 150, nullable=nullable),
        "family_name": text("The user's family name(s)", 1, 150, nullable=nullable),
        "name": text("The user's full name", 1, 300, nullable=nullable),
        "nickname": text("The user's nickname", 1, 300, nullable=nullable),
        "picture": text("A URI pointing to the user's picture", form="strict-uri", nullable=nullable),
        "phone_number": text(phone, pattern=r"^\+[0-9]{1,15}$", nullable=nullable),
        "blocked": boolean("Whether this user was blocked by an administrator (true) or not (false)"),
        "email_verified": boolean("Whether this email address is verified (true) or unverified (false)"),
        "phone_verified": boolean("Whether this phone number has been verified (true) or not (false)"),
        "user_metadata": anything("User metadata to which this user has read/write access"),
        "app_metadata": anything("User metadata to which this user has read-only access"),
    }


def _login(nullable: bool) -> dict[str, Schema]:
    return {
        "connection": text("Name of the connection this user should be created in", 1),
        "password": text("Password of this user. Only valid for auth0 connection strategy", 1, nullable=nullable),
        "verify_email": boolean("Whether the user will receive a verification email"),
    }


_PROFILE = frozenset(_profile(False))
_SYNCHRONIZED = {"family_name", "given_name", "name", "nickname", "picture"}
# What Auth0 says to a member that a profile does not have (public threads).
_ADVICE = (
    " (consider storing them in app_metadata or user_metadata. "
    'See "Users Metadata" in https://auth0.com/docs/api/v2/changes for more details)'
)
_CREATE = Body(
    record(
        {
            **_profile(False),
            **_login(False),
            "user_id": text("The external user's id", 0, 255, pattern=r"^\S*$"),
        },
        ["connection"],
    ),
    _ADVICE,
)
_UPDATE = Body(
    record(
        {
            **_profile(True),
            **_login(True),
            "verify_phone_number": boolean("Whether the user will receive a text to verify the phone number"),
            "client_id": text("Auth0 client ID", 1),
        }
    ),
    _ADVICE,
)


def existing_user(call: Call) -> User:
    """The user named in the path; 404 ``inexistent_user`` when there is none."""
    user = call.tenant.find(call.path["id"])
    if user is None:
        raise management_error(404, "The user does not exist.", "inexistent_user")
    return user


def get_user(call: Call) -> tuple[int, dict]:
    """``GET /users/{id}``."""
    return 200, select_fields(call, answered_profile(existing_user(call)))


def users_by_email(call: Call) -> tuple[int, list]:
    """``GET /users-by-email``: exact and case-sensitive."""
    address = call.query.get("email")
    if not address:
        raise invalid_query("Missing required property: email")
    return 200, [select_fields(call, answered_profile(user)) for user in call.tenant.find_by_email(address)]


def list_users(call: Call) -> tuple[int, list | dict]:
    """``GET /users``: search, sorted and paged, up to the 1000th match."""
    page, per_page = page_of(call)
    include_totals = flag(call, "include_totals", False)
    engine = call.query.get("search_engine", SEARCH_ENGINE)
    if engine != SEARCH_ENGINE:  # v1 and v2, which the documents still list, were switched off
        raise invalid_query(f"No enum match for: {engine}", "search_engine", "The version of the search engine")
    query, sort = _query(call), _sort(call)
    start = page * per_page
    if start + per_page > PAGEABLE:
        raise management_error(
            400,
            "You can only page through the first 1000 records. "
            "See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation",
            "invalid_paging",
        )
    store = call.tenant.store
    changed = store.aside()
    raw = {user.id: user.raw for user in changed.values() if user and user.raw}
    aside = {position: user and profile_view(user) for position, user in changed.items()}
    aside = call.tenant.search_delay.applied(aside, call.tenant.now())
    aside |= _members_of_organizations(call, aside)
    try:
        profiles, total = search(store.population, aside, query, sort, start, per_page)
    except TooManyUsers:
        raise management_error(503, "The query exceeded the timeout. Please try refining your search.") from None
    shown = ({name: value for name, value in profile.items() if name != _ORGANIZATIONS} for profile in profiles)
    users = [select_fields(call, laid_over(profile, raw.get(profile["user_id"], {}))) for profile in shown]
    if not include_totals:
        return 200, users
    if call.tenant.switches["search-total"] == "capped":
        total = min(total, PAGEABLE)
    return 200, {"start": start, "limit": per_page, "length": len(users), "users": users, "total": total}


def _members_of_organizations(call: Call, aside: dict[int, dict | None]) -> dict[int, dict]:
    """By position the profiles of all members, with what the search finds them by, and no answer shows."""
    store = call.tenant.store
    memberships: dict[int, list[str]] = {}
    for organization in call.tenant.organizations.values():
        for position in filter(None, map(store.position, organization.members)):
            memberships.setdefault(position, []).append(organization.id)
    found = {}
    for position, ids in memberships.items():
        profile = aside[position] if position in aside else store.population.profile_view(position)
        if profile is not None:
            found[position] = {**profile, _ORGANIZATIONS: ids}
    return found


def _query(call: Call) -> Query:
    query = call.query.get("q", "").strip()
    try:
        return parse(query) if query else EVERYTHING
    except SearchError as error:
        raise invalid_query(f"Invalid query: {error}", "q") from None


def _sort(call: Call) -> tuple[str, bool] | None:
    sort = call.query.get("sort")
    if not sort:
        return None
    field, _separator, order = sort.partition(":")
    sortable = field in SEARCHABLE and field not in ("app_metadata", "user_metadata", "identities")
    if not sortable or order not in ("1", "-1"):
        raise invalid_query("Invalid sort: expected field:1 or field:-1 of a sortable field", "sort")
    return field, order == "-1"


def create_user(call: Call) -> tuple[int, dict]:
    """``POST /users``."""
    body, tenant = call.content, call.tenant
    connection = tenant.connections.get(body["connection"])
    if connection is None:
        raise management_error(400, "The connection does not exist.", "inexistent_connection")
    is_social = connection.strategy_type == "social"
    if connection.strategy_type not in ("database", "passwordless") and not (
        is_social and tenant.switches["social-users"] == "created"
    ):
        # That these two kinds are the ones is documented; how others are refused is not.
        text = f"Users cannot be created in the connection ({connection.name})."
        raise management_error(
            400, f"{text} It must either be a database or a passwordless connection.", "operation_not_supported"
        )
    email = _address(body, connection)
    is_database = connection.strategy_type == "database"
    needed = [_NEEDED[connection.name]] if connection.name in _NEEDED else []
    for name in needed + (["password"] if is_database else []):
        if not body.get(name):
            raise invalid_body(f"Missing required property: {name}")
    provider = connection.strategy
    own_id = local_id(connection, body.get("user_id") or secrets.token_hex(12))
    user_id = f"{provider}|{own_id}"
    names = {email, *(body[name] for name in needed if name != "email")} - {None}
    taken = any(tenant.find_by_name(name, connection.name) for name in names)
    if taken or tenant.find(user_id) is not None or user_id in tenant.linked:
        raise management_error(409, "The user already exists.", "auth0_idp_error")
    if is_database:
        _require_strength(call, connection, body["password"])
    identities = [identity(connection.name, provider, own_id, is_social)]
    profile = new_profile(user_id, identities, email, tenant.now())
    profile |= {key: value for key, value in body.items() if key in _PROFILE and key != "email"}
    profile = _without_empty_app_metadata(profile)
    user = User(profile, connection.name, body.get("password"))
    tenant.add(user)
    _record_signup(call, user, body)
    return 201, profile


def _require_strength(call: Call, connection: Connection, password: str) -> None:
    """400 for a password that the connection's policy refuses; unlike a sign-up it does not say why (a public thread)."""
    if not is_strong(password, *password_policy(call.tenant, connection)):
        raise management_error(400, "PasswordStrengthError: Password is too weak")


def _record_signup(call: Call, user: User, body: dict) -> None:
    seen = {name: value for name, value in body.items() if name != "verify_email"}
    if "password" in seen:
        seen["password"] = "*****"
    seen.update(client_id=call.principal, tenant=call.tenant.domain)
    call.tenant.record_event("ss", user, call.principal, details={"body": seen})


def update_user(call: Call) -> tuple[int, dict]:
    """``PATCH /users/{id}``: metadata are merged at the first level, everything else is replaced."""
    user = existing_user(call)
    body = call.content
    connection = call.tenant.connections[user.connection]
    _require_changeable(call, connection, body)
    email = _address(body, connection)
    if body.get("password") is not None:
        _require_strength(call, connection, body["password"])
    profile = {**user.profile, "updated_at": iso(call.tenant.now())}
    for name, value in body.items():
        if name in ("app_metadata", "user_metadata"):
            profile[name] = _merged(profile.get(name, {}), value)
        elif name in _PROFILE and value is None:
            profile.pop(name, None)
        elif name in _PROFILE:
            profile[name] = value
    if email:
        profile["email"] = email
    if body.get("password") is not None:
        profile["last_password_reset"] = profile["updated_at"]
        user.password = body["password"]
        call.tenant.failed_logins.forget(user.id)
    call.tenant.before_write(user)
    user.profile = _without_empty_app_metadata(profile)
    call.tenant.index_address(user)
    return 200, answered_profile(user)


def _require_changeable(call: Call, connection: Connection, body: dict) -> None:
    """400 for members that the identity provider says (recorded; for an address, of enterprise users alone, a support article)."""
    if connection.strategy_type == "enterprise" and "email" in body:
        raise management_error(400, "Cannot update email for this user", "operation_not_supported")
    synchronized = sorted(_SYNCHRONIZED & body.keys())
    if synchronized and keeps_profiles_in_step(call.tenant, connection):
        raise management_error(
            400,
            f"The following user attributes cannot be updated: {', '.join(synchronized)}. The connection ({connection.name}) must either be "
            "a database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user profile "
            "attributes at each login'. For more information, see "
            "https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync",
            "operation_not_supported",
        )


def _merged(metadata: dict, change: dict) -> dict:
    """Metadata after a change: null removes a member, an empty object all of them (recorded)."""
    return {key: value for key, value in {**metadata, **change}.items() if value is not None} if change else {}


def _without_empty_app_metadata(profile: dict) -> dict:
    """The profile as it is answered: empty ``user_metadata`` are shown, empty ``app_metadata`` are not (recorded)."""
    return profile if profile.get("app_metadata") != {} else {k: v for k, v in profile.items() if k != "app_metadata"}


def delete_user(call: Call) -> tuple[int, None]:
    """``DELETE /users/{id}``: 204 for an unknown user too (the published description lists no 404)."""
    user = call.tenant.find(call.path["id"])
    if user is not None:
        call.tenant.remove(user.id)
        call.tenant.record_event("sdu", user, call.principal, description="User successfully deleted")
    return 204, None


def regenerate_recovery_code(call: Call) -> tuple[int, dict]:
    """``POST /users/{id}/recovery-code-regeneration``: the old code stops working; not idempotent."""
    user = existing_user(call)
    if not user.authenticators and call.tenant.switches["regenerate-without-factors-status"] == 404:
        raise management_error(404, "Enrollment not found", "enrollment_not_found")
    return 200, {"recovery_code": call.tenant.issue_recovery_code(user, confirmed=True)}


def invalidate_remember_browser(call: Call) -> tuple[int, None]:
    """``POST /users/{id}/multifactor/actions/invalidate-remember-browser``: neither request nor response has a body."""
    call.tenant.browsers.forget(existing_user(call).id)
    return 204, None


def _address(body: dict, connection: Connection) -> str | None:
    """The address as the connection stores it: only databases write it in lower case (API.md §8)."""
    address = body.get("email")
    return address.lower() if address is not None and connection.strategy_type == "database" else address


_USERS = "/api/v2/users"
ROUTES = [
    Route("GET", _USERS, list_users, ("read:users",), "read-users"),
    Route("POST", _USERS, create_user, ("create:users",), "write-users", _CREATE),
    Route("GET", _USERS + "/{id}", get_user, ("read:users",), "read-users"),
    Route("PATCH", _USERS + "/{id}", update_user, ("update:users",), "write-users", _UPDATE),
    Route("DELETE", _USERS + "/{id}", delete_user, ("delete:users",), "delete-users"),
    Route("GET", "/api/v2/users-by-email", users_by_email, ("read:users",), "read-users"),
    Route("POST", _USERS + "/{id}/recovery-code-regeneration", regenerate_recovery_code, ("update:users",)),
    Route(
        "POST",
        _USERS + "/{id}/multifactor/actions/invalidate-remember-browser",
        invalidate_remember_browser,
        ("update:users",),
    ),
]
