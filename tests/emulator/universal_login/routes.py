# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``GET /authorize`` and the login pages behind it (API.md §1.3): authorization code, with PKCE."""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..actions.remember_browser import remember_browser_choice
from ..factors.enrollment import begin_enrollment, otp_barcode_uri
from ..factors.verification import (
    WrongCode,
    check_password,
    database_user,
    open_challenge,
    send,
    take_push,
    use_message_quota,
    verify_code,
    verify_otp,
    verify_recovery_code,
)
from ..http import browsers
from ..http.errors import ApiError, oauth_error
from ..http.routing import Call, Route
from ..oauth.issuing import needs_second_step, user_grant
from ..state.clients import AUTHORIZATION_CODE, Client
from ..state.logins import BROWSER_LIFETIME, Login, Request
from ..state.quotas import QuotaExceeded
from ..state.sessions import Device
from ..state.tenant import Tenant
from ..users.masking import mask_email, mask_phone
from ..users.models import Authenticator, User
from ..users.views import active_factors, row_id
from .pages import challenge_page, enrollment_page, error_page, login_page, recovery_code_page

CALLBACK = "https://app.example.com/callback"
COOKIE = "auth0-mf"
SESSION_COOKIE = "auth0"
FORCES_MFA = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LABELS = {"otp": "OTP app", "push": "Push notification", "sms": "SMS", "voice": "Voice call", "email": "E-mail"}


# The request


def authorize(call: Call) -> tuple[int, bytes | None]:
    """``GET /authorize``: 302 to the login page, or to the application, with a code for a browser in which the user is logged in.

    An unknown client or ``redirect_uri`` gives an error page (400), because nothing can be sent to the application.
    """
    client = call.tenant.applications.find(call.query.get("client_id", ""))
    redirect_uri = call.query.get("redirect_uri", "")
    if client is None or AUTHORIZATION_CODE not in client.grants:
        return _html(call, error_page(f"Unknown client: {call.query.get('client_id', '')}"), 400)
    call.principal = client.id
    if not is_callback(redirect_uri):
        text = "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs."
        return _html(call, error_page(text), 400)
    state = call.query.get("state")
    try:
        request = _checked(call.tenant, client, redirect_uri, call.query)
        user, due = _logged_in(call, request)
        if call.query.get("prompt") == "none" and (user is None or due):
            raise oauth_error(401, "interaction_required" if user else "login_required", "Login required")
    except ApiError as error:
        return _redirect(call, _with(redirect_uri, {**error.body, "state": state}))
    login = call.tenant.logins.start(request, call.tenant.now())
    if user is None:
        return _redirect(call, f"/u/login?{urlencode({'state': login.id})}")
    login.user_id = user.id
    return _redirect(call, f"/u/mfa?{urlencode({'state': login.id})}") if due else _finish(call, login)


def _logged_in(call: Call, request: Request) -> tuple[User | None, bool]:
    """The user of the browser's session, and whether a second step is due; ``prompt=login`` leaves the session aside."""
    tenant = call.tenant
    session = tenant.sessions.of_cookie(_cookie(call, SESSION_COOKIE), tenant.now())
    user = tenant.find(session.user_id) if session is not None else None
    if user is None or user.profile.get("blocked") or call.query.get("prompt") == "login":
        return None, False
    asked = request.forces_mfa or request.audience == tenant.mfa_audience or "mfa" not in session.methods
    return user, request.forces_mfa or asked and needs_second_step(tenant, request.audience, user)


def is_callback(redirect_uri: str) -> bool:
    """Whether the address is a registered callback: the application's own, or any port and path of loopback."""
    try:
        parts = urlsplit(redirect_uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if redirect_uri == CALLBACK:
        return True
    plain = redirect_uri.isascii() and redirect_uri.isprintable() and "@" not in parts.netloc and not parts.fragment
    return plain and parts.scheme == "http" and host in _LOOPBACK


def _checked(tenant: Tenant, client: Client, redirect_uri: str, query: dict[str, str]) -> Request:
    if query.get("response_type") != "code":
        raise oauth_error(400, "unsupported_response_type", "This tenant supports response_type=code only")
    if query.get("response_mode", "query") != "query":
        raise oauth_error(400, "invalid_request", "This tenant supports response_mode=query only")
    challenge = query.get("code_challenge")
    if challenge is None and client.secret is None:
        raise oauth_error(400, "invalid_request", "Missing required parameter: code_challenge")
    if challenge is not None and query.get("code_challenge_method") != "S256":
        raise oauth_error(400, "invalid_request", "code_challenge_method must be S256")
    if challenge is not None and not _CHALLENGE.fullmatch(challenge):
        raise oauth_error(400, "invalid_request", "code_challenge must have 43 characters of base64url")
    audience, scope = user_grant(tenant, client, query)
    forces_mfa = FORCES_MFA in query.get("acr_values", "").split()
    nonce, state = query.get("nonce"), query.get("state")
    return Request(client.id, redirect_uri, state, audience, scope, challenge, nonce, forces_mfa)


# Name and password


def show_login(call: Call) -> tuple[int, bytes | None]:
    """``GET /u/login``."""
    login = _login(call, call.query)
    if login is None:
        return _lost(call)
    return _html(call, login_page(login.id, "", ""))


def post_login(call: Call) -> tuple[int, bytes | None]:
    """``POST /u/login``: 302 to the next page, or the same page with 400."""
    form = _form(call)
    login = _login(call, form)
    if login is None or login.user_id:
        return _lost(call)
    tenant, request = call.tenant, login.request
    name = form.get("username", "")
    try:
        user = check_password(tenant, database_user(tenant, name), form.get("password", ""), request.client_id)
    except ApiError as error:
        return _html(call, login_page(login.id, name, error.body["error_description"]), 400)
    login.user_id = call.principal = user.id
    for_mfa_api = request.audience == tenant.mfa_audience
    due = needs_second_step(tenant, request.audience, user)
    if due and not for_mfa_api and not request.forces_mfa:
        due = not tenant.browsers.knows(_cookie(call, COOKIE), user.id, tenant.now())
    if not due and not request.forces_mfa:
        return _finish(call, login)
    tenant.record_event("gd_start_auth", user, request.client_id)
    return _redirect(call, f"/u/mfa?{urlencode({'state': login.id})}")


# The second step


def show_mfa(call: Call) -> tuple[int, bytes | None]:
    """``GET /u/mfa``."""
    login, user = _under_way(call, call.query)
    if login is None:
        return _lost(call)
    return _second_step(call, login, user)


def post_mfa(call: Call) -> tuple[int, bytes | None]:
    """``POST /u/mfa``: send a code, or verify one; 302 to the application, or the page again (400 after a mistake)."""
    form = _form(call)
    login, user = _under_way(call, form)
    if login is None:
        return _lost(call)
    if login.done:
        return _finish(call, login)
    login.remember = form.get("rememberBrowser") == "true"
    wanted = form.get("authenticator_id", "")
    try:
        if form.get("action") == "send":
            notice = _send(call.tenant, login, user, wanted)
            return _second_step(call, login, user, wanted, notice)
        notice = _verify(call.tenant, login, user, form)
    except WrongCode:
        return _second_step(call, login, user, wanted, error="The code is not valid.")
    except QuotaExceeded:
        return _second_step(call, login, user, wanted, error="Too many codes. Wait for some minutes before retrying.")
    except ApiError as error:
        return _second_step(call, login, user, wanted, error=error.body["error_description"])
    if notice:
        return _second_step(call, login, user, wanted, notice)
    login.done = login.verified = True
    if login.recovery_code:
        return _html(call, recovery_code_page(login.id, login.recovery_code))
    return _finish(call, login)


def _second_step(
    call: Call, login: Login, user: User, chosen: str = "", notice: str = "", error: str = ""
) -> tuple[int, bytes]:
    """The page of the second step: a challenge, or the enrollment of a first factor."""
    tenant = call.tenant
    status = 400 if error else 200
    methods = [(row_id(item, channel), _label(item, channel)) for item, channel in tenant.challengeable(user)]
    if methods or any(map(tenant.is_usable, active_factors(user))):
        chosen = chosen or (methods[0][0] if methods else "")
        offers = remember_browser_choice(tenant) is not False
        return _html(call, challenge_page(login.id, methods, chosen, notice, error, offers), status)
    item = _enrolling(tenant, login, user)
    return _html(call, enrollment_page(login.id, item.secret, otp_barcode_uri(tenant, user, item), error), status)


def _enrolling(tenant: Tenant, login: Login, user: User) -> Authenticator:
    """The OTP app that this login enrolls; the first call creates it, and the user's recovery code if one is due."""
    for item in user.authenticators:
        if item.id == login.enrolling:
            return item
    item = begin_enrollment(tenant, user, "otp", {}, login.request.client_id)[0]
    login.enrolling = item.id
    if tenant.guardian.factors["recovery-code"] and user.recovery_code is None:
        login.recovery_code = tenant.issue_recovery_code(user, confirmed=False)
    return item


def _label(item: Authenticator, channel: str) -> str:
    if item.phone_number is not None:
        return f"{_LABELS[channel]} to {mask_phone(item.phone_number)}"
    return f"{_LABELS[channel]} to {mask_email(item.email)}" if item.email is not None else _LABELS[channel]


def _send(tenant: Tenant, login: Login, user: User, wanted: str) -> str:
    for item, channel in tenant.challengeable(user):
        if wanted == row_id(item, channel) and channel != "otp":
            use_message_quota(tenant, user, channel)
            login.oob_code = send(tenant, user, login.request.client_id, login.id, item, channel)
            return f"Sent: {_label(item, channel)}"
    raise oauth_error(400, "invalid_request", "Choose an authenticator that something can be sent to.")


def _verify(tenant: Tenant, login: Login, user: User, form: dict[str, str]) -> str:
    """Check what was entered; returns a notice if the user still has to wait, else an empty text.

    Raises ``WrongCode``, ``QuotaExceeded`` or ``ApiError``.
    """
    client_id, code = login.request.client_id, form.get("code", "").strip()
    if login.enrolling:
        verify_otp(tenant, user, client_id, code, _enrolling(tenant, login, user))
    elif form.get("recovery_code"):
        login.recovery_code = verify_recovery_code(tenant, user, client_id, form["recovery_code"].strip())
    elif login.oob_code and not form.get("authenticator_id", "").startswith("totp|"):
        challenge = open_challenge(tenant, user, login.id, login.oob_code)
        if challenge.channel != "push":
            verify_code(tenant, user, client_id, challenge, code)
        elif challenge.approved is None:
            return "Waiting for your answer on the device."
        elif take_push(tenant, user, client_id, challenge) is None:
            raise oauth_error(400, "access_denied", "MFA Authorization rejected.")
    else:
        verify_otp(tenant, user, client_id, code)
    return ""


# Ends and helpers


def _finish(call: Call, login: Login) -> tuple[int, None]:
    tenant, request, now = call.tenant, login.request, call.tenant.now()
    cookies = []
    if login.remember and remember_browser_choice(tenant) is not False:
        value = tenant.browsers.remember(login.user_id, now)
        seconds = BROWSER_LIFETIME // 1000
        cookies.append(f"{COOKIE}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax")
    device = Device(call.headers.get("user-agent", ""))
    session = tenant.sessions.of_cookie(_cookie(call, SESSION_COOKIE), now)
    if session is None or session.user_id != login.user_id:
        session = tenant.sessions.start(login.user_id, now, ("pwd",), device)
        cookies.append(f"{SESSION_COOKIE}={session.cookie}; Path=/; HttpOnly; SameSite=Lax")
    if login.verified and "mfa" not in session.methods:
        session.methods += ("mfa",)
    tenant.sessions.use(session, request.client_id, now, device)
    call.answer_headers["set-cookie"] = cookies
    code = tenant.logins.finish(login, session.id, now)
    return _redirect(call, _with(request.redirect_uri, {"code": code, "state": request.state}))


def _login(call: Call, parameters: dict[str, str]) -> Login | None:
    return call.tenant.logins.find(parameters.get("state", ""), call.tenant.now())


def _under_way(call: Call, parameters: dict[str, str]) -> tuple[Login | None, User | None]:
    """The login that has passed the password step, and its user."""
    login = _login(call, parameters)
    user = call.tenant.find(login.user_id) if login is not None else None
    if user is None:
        return None, None
    call.principal = user.id
    return login, user


def _lost(call: Call) -> tuple[int, bytes]:
    return _html(call, error_page("This login is unknown or over. Go back to the application and start again."), 400)


def _form(call: Call) -> dict[str, str]:
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    return {"state": call.query.get("state", ""), **form}


def _cookie(call: Call, name: str) -> str | None:
    try:
        morsel = SimpleCookie(call.headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _with(address: str, parameters: dict[str, str | None]) -> str:
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _redirect(call: Call, address: str) -> tuple[int, None]:
    call.answer_headers["location"] = address
    return 302, None


def _html(call: Call, page: bytes, status: int = 200) -> tuple[int, bytes]:
    call.answer_headers |= {
        **browsers.HEADERS,
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": "frame-ancestors 'none'",
    }
    return status, page


ROUTES = [
    Route("GET", "/authorize", authorize),
    Route("GET", "/u/login", show_login),
    Route("POST", "/u/login", post_login),
    Route("GET", "/u/mfa", show_mfa),
    Route("POST", "/u/mfa", post_mfa),
]
