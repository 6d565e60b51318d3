# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking passwords and second steps, whichever API asked for it: verification, quotas and log entries."""

from __future__ import annotations

import hmac

import pyotp

from ..http.errors import oauth_error
from ..state.quotas import FAILED_CODES, FAILED_RECOVERY_CODES, QUOTA_OF_CHANNEL, QuotaExceeded
from ..state.tenant import Tenant
from ..users.connections import DATABASE
from ..users.models import Authenticator, Challenge, User
from ..users.views import active_factors, implicit_email

OTP_SECONDS = 30
_MESSAGE_EVENTS = {"sms": "gd_send_sms", "voice": "gd_send_voice", "email": "gd_send_email", "push": "gd_send_pn"}


class _Totp(pyotp.TOTP):
    """Takes the short secrets that Auth0 stores as well; pyotp by itself insists on 112 bits."""

    min_secret_length_bits = 0


class WrongCode(Exception):
    """A code that is wrong or was used before."""


def same_text(given: str, expected: str) -> bool:
    """Whether two texts are equal, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def database_user(tenant: Tenant, name: str, connection: str = DATABASE) -> User | None:
    """The user of a database who logs in with this e-mail address, username or phone number, and a password."""
    for user in tenant.find_by_name(name.lower(), connection):
        if user.password is not None:
            return user
    return None


def check_password(tenant: Tenant, user: User | None, password: str, client_id: str) -> User:
    """The user, if the password is right.

    Otherwise raises 403 ``invalid_grant``, or 429 ``too_many_attempts`` after too many wrong passwords.
    """
    now = tenant.now() / 1000
    if user is not None and tenant.locks_out(user):
        text = "Your account has been blocked after multiple consecutive login attempts."
        raise oauth_error(429, "too_many_attempts", text)
    if user is None or not same_text(password, user.password or ""):
        if user is not None:
            tenant.failed_logins.add(user.id, now)
            tenant.record_event("fp", user, client_id, description="Wrong email or password.")
            if tenant.locks_out(user):
                tenant.record_event("limit_wc", user, client_id)
        raise oauth_error(403, "invalid_grant", "Wrong email or password.")
    tenant.failed_logins.forget(user.id)
    if user.profile.get("blocked"):
        raise oauth_error(401, "unauthorized", "user is blocked")
    return user


def use_message_quota(tenant: Tenant, user: User, channel: str) -> None:
    """Count a message or a push that is about to be sent. Raises ``QuotaExceeded``."""
    tenant.quotas.take(QUOTA_OF_CHANNEL[channel], user.id, tenant.now() / 1000)


def send(tenant: Tenant, user: User, client_id: str, session: str, item: Authenticator, channel: str) -> str:
    """Send a code or a push; returns the ``oob_code``. The caller has counted it with :func:`use_message_quota`."""
    tenant.record_event(_MESSAGE_EVENTS[channel], user, client_id, item)
    return tenant.challenge(user, session, item, channel)


def verify_otp(
    tenant: Tenant, user: User, client_id: str, otp: str, only: Authenticator | None = None
) -> Authenticator:
    """The OTP app that the code belongs to, marked as used; only ``only`` is tried if it is given.

    Raises ``WrongCode``. After ten failures it raises ``QuotaExceeded``, even for a right code.
    """
    _check_failures(tenant, user, client_id)
    step = tenant.now() // 1000 // OTP_SECONDS
    for item in user.authenticators:
        if (
            item.type == "totp"
            and (only is None or item is only)
            and tenant.is_usable(item)
            and _accepts(tenant, item, otp, step)
        ):
            return _succeed(tenant, user, client_id, item)
    raise _failed(tenant, user, client_id, only)


def verify_code(tenant: Tenant, user: User, client_id: str, challenge: Challenge, code: str) -> Authenticator:
    """The authenticator to which the code was sent, marked as used. Raises as :func:`verify_otp` does."""
    _check_failures(tenant, user, client_id)
    item = challenged(user, challenge)
    if challenge.used or item is None or not same_text(code, challenge.code or ""):
        raise _failed(tenant, user, client_id, item)
    challenge.used = True
    return _succeed(tenant, user, client_id, item)


def take_push(tenant: Tenant, user: User, client_id: str, challenge: Challenge) -> Authenticator | None:
    """The device that approved the push, marked as used; None if it has not approved, or the push was used before."""
    item = challenged(user, challenge)
    if not challenge.approved or challenge.used or item is None:
        return None
    challenge.used = True
    return _succeed(tenant, user, client_id, item)


def verify_recovery_code(tenant: Tenant, user: User, client_id: str, code: str) -> str:
    """Use up the recovery code; returns its replacement. Raises as :func:`verify_otp` does."""
    now = tenant.now()
    try:
        tenant.quotas.check(FAILED_RECOVERY_CODES, user.id, now / 1000)
    except QuotaExceeded:
        tenant.record_event("gd_recovery_rate_limit_exceed", user, client_id)
        raise
    item = next((item for item in user.authenticators if item.type == "recovery-code" and item.confirmed), None)
    if item is None or not same_text(code, user.recovery_code or ""):
        tenant.quotas.take(FAILED_RECOVERY_CODES, user.id, now / 1000)
        tenant.record_event("gd_recovery_failed", user, client_id, item)
        raise WrongCode
    tenant.record_event("gd_recovery_succeed", user, client_id, item)
    return tenant.issue_recovery_code(user, confirmed=True, used_at=now)


def open_challenge(tenant: Tenant, user: User, session: str, oob_code: str) -> Challenge:
    """The challenge of an ``oob_code``; raises an OAuth error if the code is malformed, expired or another login's."""
    sealed = tenant.sealer.open(oob_code)
    if sealed is None or sealed.get("kind") != "oob":
        raise oauth_error(tenant.switches["malformed-mfa-token-status"], "invalid_grant", "Malformed oob_code")
    challenge = user.challenges.get(sealed["txn"]) if sealed["sub"] == user.id else None
    if challenge is None or challenge.session != session:
        status = tenant.switches["mismatched-oob-code-status"]
        raise oauth_error(status, "invalid_request", "The oob_code doesn't match the mfa_token")
    if tenant.now() >= sealed["exp"]:
        raise oauth_error(tenant.switches["expired-token-status"], "expired_token", "oob_code is expired")
    return challenge


def challenged(user: User, challenge: Challenge) -> Authenticator | None:
    """The authenticator that was challenged; None if it was deleted."""
    implicit = implicit_email(user)
    candidates = user.authenticators + ([implicit] if implicit else [])
    return next((item for item in candidates if item.id == challenge.authenticator_id), None)


def _accepts(tenant: Tenant, item: Authenticator, otp: str, step: int) -> bool:
    """Whether the code is of the present or the previous step; each is accepted once (RFC 6238 §5.2, switchable)."""
    generator = _Totp(item.secret)
    for candidate in (step, step - 1):
        if same_text(otp, generator.generate_otp(candidate)):
            if candidate <= item.last_otp_step and not tenant.switches["otp-reuse"]:
                return False
            item.last_otp_step = candidate
            return True
    return False


def _check_failures(tenant: Tenant, user: User, client_id: str) -> None:
    try:
        tenant.quotas.check(FAILED_CODES, user.id, tenant.now() / 1000)
    except QuotaExceeded:
        tenant.record_event("gd_otp_rate_limit_exceed", user, client_id)
        raise


def _failed(tenant: Tenant, user: User, client_id: str, item: Authenticator | None) -> WrongCode:
    tenant.quotas.take(FAILED_CODES, user.id, tenant.now() / 1000)
    tenant.record_event("gd_auth_failed", user, client_id, item)
    return WrongCode()


def _succeed(tenant: Tenant, user: User, client_id: str, item: Authenticator) -> Authenticator:
    """Record the use of an authenticator and return it; the first use of a pending one confirms it."""
    first = not active_factors(user)
    if item.confirmed:
        item.last_auth_at = tenant.now()
    else:
        tenant.confirm(user, item)
        if first:
            tenant.record_event("gd_enrollment_complete", user, client_id, item)
    tenant.record_event("gd_auth_succeed", user, client_id, item)
    return item
