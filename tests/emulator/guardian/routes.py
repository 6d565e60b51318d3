# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/guardian/*`` and the per-user endpoints that are older than authentication methods (API.md §3.2, §3.5)."""

from __future__ import annotations

from ..factors.enrollment import begin_enrollment
from ..http.errors import ApiError, management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, array, boolean, record, text
from ..http.validation import invalid_path
from ..management.users import existing_user
from ..state.guardian import FACTORS, MESSAGE_TYPES, POLICIES, TICKET_FACTORS, Ticket, ticket_id
from ..state.tenant import Tenant
from ..users.masking import mask_phone
from ..users.models import Authenticator, User
from ..users.times import iso
from ..users.views import active_factors

_ENABLED = Body(record({"enabled": boolean("Whether this factor is enabled (true) or disabled (false).")}, ["enabled"]))
_MESSAGE_TYPES = Body(
    record(
        {
            "message_types": array(
                text(values=MESSAGE_TYPES),
                "The list of phone factors to enable on the tenant. Can include `sms` and `voice`.",
            )
        },
        ["message_types"],
    )
)
_POLICIES = Body(array(text("The MFA policy", values=POLICIES)))
_TICKET = Body(
    record(
        {
            "user_id": text("user_id for the enrollment ticket", form="user-id"),
            "email": text("alternate email to which the enrollment email will be sent", form="email"),
            "send_mail": boolean("Send an email to the user to start the enrollment"),
            "email_locale": text("Optional. Specify the locale of the enrollment email. Used with send_email."),
            "factor": text("Optional. Specifies which factor the user must enroll with.", values=TICKET_FACTORS),
            "allow_multiple_enrollments": boolean(
                "Optional. Allows a user who has previously enrolled in MFA to enroll with additional factors."
            ),
        },
        ["user_id"],
    )
)
CUSTOM_DOMAIN = "auth0-custom-domain"
PROVIDERS = ("duo", "google-authenticator")
# The published ``auth_method`` of each type; e-mail has none.
_AUTH_METHOD = {
    "totp": "authenticator",
    "push": "guardian",
    "phone": "sms",
    "webauthn-roaming": "webauthn-roaming",
    "webauthn-platform": "webauthn-platform",
}
_ENROLLMENTS = (*_AUTH_METHOD, "email")


# Configuration


def list_factors(call: Call) -> tuple[int, list]:
    """``GET /guardian/factors``."""
    factors = call.tenant.guardian.factors
    return 200, [{"name": name, "enabled": factors[name], "trial_expired": False} for name in FACTORS]


def set_factor(call: Call) -> tuple[int, dict]:
    """``PUT /guardian/factors/{name}``; enabling only e-mail or only platform WebAuthn is accepted (recorded)."""
    name = call.path["name"]
    if name not in FACTORS:
        raise invalid_path(f"No enum match for: {name}", "name")
    enabled = call.content["enabled"]
    call.tenant.guardian.factors[name] = enabled
    _record_change(call)
    return 200, {"enabled": enabled}


def get_message_types(call: Call) -> tuple[int, dict]:
    """``GET /guardian/factors/phone/message-types``."""
    return 200, {"message_types": list(call.tenant.guardian.message_types)}


def set_message_types(call: Call) -> tuple[int, dict]:
    """``PUT /guardian/factors/phone/message-types``: for phones enrolled from now on."""
    types = list(dict.fromkeys(call.content["message_types"]))
    guardian, switches = call.tenant.guardian, call.tenant.switches
    if not guardian.factors["sms"] and switches["message-types-without-phone-status"] == 404:
        raise management_error(404, "The phone factor does not exist.")
    guardian.message_types = tuple(types)
    _record_change(call)
    return 200, {"message_types": types}


def get_policies(call: Call) -> tuple[int, list]:
    """``GET /guardian/policies``: a bare array, empty for "never"."""
    return 200, list(call.tenant.guardian.policies)


def set_policies(call: Call) -> tuple[int, list]:
    """``PUT /guardian/policies``."""
    policies = list(dict.fromkeys(call.content))
    if "confidence-score" in policies and not call.tenant.switches["adaptive-mfa"]:
        text = "The requestor is not entitled to perform this operation."  # codespell:ignore requestor
        raise management_error(403, text, "not_entitled")
    call.tenant.guardian.policies = policies
    _record_change(call)
    return 200, list(call.content)


def _record_change(call: Call) -> None:
    call.tenant.record_event("gd_tenant_update", client_id=call.principal, description="Guardian tenant update")


# Tickets


def create_ticket(call: Call) -> tuple[int, dict]:
    """``POST /guardian/enrollments/ticket``: for one enrollment within five days; ``send_mail`` mails it."""
    body = call.content
    tenant, address_of_tenant = call.tenant, _address_of_links(call)
    user = tenant.find(body["user_id"])
    if user is None:
        raise management_error(404, "The user does not exist.", "inexistent_user")
    now = tenant.now()
    ticket = Ticket(
        ticket_id(), user.id, now, body.get("factor"), allows_further=body.get("allow_multiple_enrollments", False)
    )
    tenant.guardian.tickets[ticket.id] = ticket
    url = f"{address_of_tenant}mfa/enrollment?ticket={ticket.id}"
    address = body.get("email") or user.email
    if body.get("send_mail") and address:
        user.received.append({"channel": "email", "to": address, "ticket_url": url, "sent_at": now})
    return 200, {"ticket_id": ticket.id, "ticket_url": url}


def _address_of_links(call: Call) -> str:
    """Where links lead: to the tenant, or to the custom domain that the header ``auth0-custom-domain`` chooses."""
    tenant, wanted = call.tenant, call.headers.get(CUSTOM_DOMAIN)
    known, switches = tenant.switches["custom-domains"], tenant.switches
    if wanted is None:
        if len(known) > 1 and switches["missing-custom-domain-status"] == 409:
            raise management_error(409, "The tenant has multiple verified custom domains.")
        return tenant.issuer
    if not 3 <= len(wanted) <= 255 or wanted not in known:
        raise management_error(switches["unknown-custom-domain-status"], "The custom domain does not exist.")
    return f"https://{wanted}/"


def redeem_ticket(tenant: Tenant, body: object) -> dict:
    """Enroll as the user who opens the ticket's page; the new authenticators are confirmed at once.

    :param body: ``ticket`` (its id), ``factor`` unless the ticket names it, ``phone_number`` or ``email`` where needed.
    :returns: the new authenticators (``id``, ``type``, for an OTP app its ``secret``) and the recovery code, if
        one was issued.
    :raises ValueError: the ticket is unknown, used or too old, or the factor cannot be enrolled with it.
    """
    if not isinstance(body, dict) or not isinstance(body.get("ticket"), str):
        raise ValueError('expected {"ticket": id, "factor": name}')
    guardian, now = tenant.guardian, tenant.now()
    ticket = guardian.tickets.get(body["ticket"])
    if ticket is None or ticket.used or now >= ticket.expires_at:
        raise ValueError("the ticket is unknown, was used, or is older than five days")
    user = tenant.find(ticket.user_id)
    if user is None:
        raise ValueError("the ticket's user was deleted")
    first = not active_factors(user)
    if not first and not ticket.allows_further:
        raise ValueError("the user is enrolled already and the ticket does not allow further enrollments")
    if tenant.is_full(user):
        raise ValueError("Guardian - User has created the maximum amount of authenticators")
    factor = body.get("factor", ticket.factor)
    if factor not in TICKET_FACTORS or factor != (ticket.factor or factor):
        raise ValueError(f"expected the factor {ticket.factor or ' or '.join(TICKET_FACTORS)}")
    if not guardian.factors["sms" if factor == "phone" else factor]:
        raise ValueError(f"the factor '{factor}' is not enabled on this tenant")
    added = begin_enrollment(tenant, user, factor, body)
    ticket.used = True
    answer: dict[str, object] = {
        "authenticators": [
            {"id": item.id, "type": item.type, **({"secret": item.secret} if item.secret else {})} for item in added
        ]
    }
    if guardian.factors["recovery-code"] and user.recovery_code is None:
        answer["recovery_code"] = tenant.issue_recovery_code(user, confirmed=False)
    tenant.confirm(user, added[0])
    if first:
        tenant.record_event("gd_enrollment_complete", user, authenticator=added[0])
    return answer


# Enrollments


def get_enrollment(call: Call) -> tuple[int, dict]:
    """``GET /guardian/enrollments/{id}``: the ID with or without its type."""
    _user, item = _existing_enrollment(call)
    return 200, _enrollment(call.tenant, item)


def delete_enrollment(call: Call) -> tuple[int, None]:
    """``DELETE /guardian/enrollments/{id}``: with its pair."""
    user, item = _existing_enrollment(call)
    call.tenant.remove_authenticator(user, item)
    call.tenant.record_event("gd_unenroll", user, call.principal, item, "Unenroll device account")
    return 204, None


def first_enrollment(call: Call) -> tuple[int, list]:
    """``GET /users/{id}/enrollments``: the first confirmed enrollment alone, or none (recorded).

    A user with nothing but pending ones may have the first of those (switchable).
    """
    items = [item for item in existing_user(call).authenticators if item.type in _ENROLLMENTS]
    shown = [item for item in items if item.confirmed]
    if call.tenant.switches["unconfirmed-enrollment"]:
        shown = shown or items
    methods = [{"auth_method": _AUTH_METHOD[item.type]} if item.type in _AUTH_METHOD else {} for item in shown]
    return 200, [
        {**_enrollment(call.tenant, item), "type": item.type, **method} for item, method in zip(shown[:1], methods)
    ]


def delete_authenticators(call: Call) -> tuple[int, None]:
    """``DELETE /users/{id}/authenticators``: everything at once, pending enrollments included."""
    if call.tenant.switches["delete-all-unknown-user-status"] == 404:
        existing_user(call)
    user = call.tenant.find(call.path["id"])
    if user is not None:
        for item in user.authenticators:
            call.tenant.record_event("gd_unenroll", user, call.principal, item, "Unenroll device account")
        call.tenant.remove_all_authenticators(user)
    return 204, None


def delete_provider(call: Call) -> tuple[int, None]:
    """``DELETE /users/{id}/multifactor/{provider}``: ``google-authenticator`` stands for OTP apps (switchable)."""
    provider = call.path["provider"]
    if provider not in PROVIDERS:
        raise invalid_path(f"No enum match for: {provider}", "provider")
    user = existing_user(call)
    if provider == "google-authenticator" and call.tenant.switches["provider-delete"] == "otp":
        for item in [item for item in user.authenticators if item.type == "totp" and item.link_id is None]:
            call.tenant.remove_authenticator(user, item)
    return 204, None


def _existing_enrollment(call: Call) -> tuple[User, Authenticator]:
    kind, _separator, suffix = call.path["id"].rpartition("|")
    for user in call.tenant.users_with_device(suffix):
        for item in user.authenticators:
            named = item.suffix == suffix and (not kind or kind in (item.type, *item.channels))
            if named and item.type in _ENROLLMENTS:
                return user, item
    raise _enrollment_not_found()


def _enrollment_not_found() -> ApiError:
    return management_error(404, "Enrollment not found", "enrollment_not_found")


def _enrollment(tenant: Tenant, item: Authenticator) -> dict:
    """The enrollment as the API shows it; unknown members are left out."""
    answer = {"id": item.id, "status": "confirmed" if item.confirmed else "pending"}
    if item.name is not None:
        answer["name"] = item.name
    if item.type == "push":
        answer["identifier"] = item.suffix.removeprefix("dev_")
    if item.phone_number is not None:
        answer["phone_number"] = item.phone_number if tenant.shows_numbers else mask_phone(item.phone_number)
    if item.enrolled_at is not None:
        answer["enrolled_at"] = iso(item.enrolled_at)
    if item.last_auth_at is not None:
        answer["last_auth"] = iso(item.last_auth_at)
    return answer


_GUARDIAN = "/api/v2/guardian"
_USER = "/api/v2/users/{id}"
ROUTES = [
    Route("GET", _GUARDIAN + "/factors", list_factors, ("read:guardian_factors",)),
    Route("PUT", _GUARDIAN + "/factors/{name}", set_factor, ("update:guardian_factors",), body=_ENABLED),
    Route("GET", _GUARDIAN + "/factors/phone/message-types", get_message_types, ("read:guardian_factors",)),
    Route(
        "PUT",
        _GUARDIAN + "/factors/phone/message-types",
        set_message_types,
        ("update:guardian_factors",),
        body=_MESSAGE_TYPES,
    ),
    Route("GET", _GUARDIAN + "/policies", get_policies, ("read:mfa_policies",)),
    Route("PUT", _GUARDIAN + "/policies", set_policies, ("update:mfa_policies",), body=_POLICIES),
    Route(
        "POST",
        _GUARDIAN + "/enrollments/ticket",
        create_ticket,
        ("create:guardian_enrollment_tickets",),
        body=_TICKET,
    ),
    Route("GET", _GUARDIAN + "/enrollments/{id}", get_enrollment, ("read:guardian_enrollments",)),
    Route("DELETE", _GUARDIAN + "/enrollments/{id}", delete_enrollment, ("delete:guardian_enrollments",)),
    Route("GET", _USER + "/enrollments", first_enrollment, ("read:users", "read:current_user"), "read-users"),
    Route("DELETE", _USER + "/authenticators", delete_authenticators, ("delete:guardian_enrollments",)),
    Route("DELETE", _USER + "/multifactor/{provider}", delete_provider, ("update:users",), "write-users"),
]
