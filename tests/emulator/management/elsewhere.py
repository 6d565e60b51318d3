# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of the Management API, as far as a whole export of a tenant reads it: settings that are kept and shown, kinds of
objects that the tenant has none of, and what its applications may not do.

Shapes and values are recorded (auth0-deploy-cli, its dump of a tenant; go-auth0), paths and methods those of auth0-python's
generated client, names of scopes those of the Management API's own description in the same recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..http.errors import ApiError, management_error, unknown_path
from ..http.routing import Call, Handler, Route
from ..http.schemas import Body, array, boolean, record, text
from ..http.validation import select_fields
from ..state.configuration import BRUTE_FORCE, merged
from .listing import listed

_PREFIX = "/api/v2/"
_OBJECT = Body({"type": "object"})
_BRUTE_FORCE_BODY = Body(
    record(
        {
            "enabled": boolean(),
            "shields": array(text(values=["block", "user_notification"])),
            "mode": text(values=["count_per_identifier_and_ip", "count_per_identifier"]),
            "allowlist": array(text()),
            "max_attempts": {"type": "integer", "minimum": 1, "maximum": 100},
        }
    )
)
_TIMEOUTS = {"mfa_session_inactivity_timeout": 2592000, "mfa_session_overall_timeout": 7776000}  # the longest ones
_GUARDIAN_MEMBERS: dict[str, dict] = {
    "display_remember_me_checkbox": boolean(),
    "remember_me_default_value": boolean(),
    **{name: {"type": "integer", "minimum": 3600, "maximum": longest} for name, longest in _TIMEOUTS.items()},
}
_GUARDIAN_BODY = Body(record(_GUARDIAN_MEMBERS, [*_GUARDIAN_MEMBERS]))
_CODE_MEMBERS = {"otp_length": {"type": "integer"}, "otp_expiration_time": {"type": "integer"}}
_CODE_BODY = Body(record(_CODE_MEMBERS, [*_CODE_MEMBERS]))


# Settings


def _missing(status: int, message: str, code: str | None = None) -> Callable[[], ApiError]:
    return lambda: management_error(status, message, code)


@dataclass(frozen=True)
class Settings:
    """One object that is read, and written as a whole (PUT) or in part (PATCH).

    :param scope: the part of its scopes' names after ``read:`` and ``update:``.
    :param title: the published name of the write.
    :param initial: what it is until it is written.
    :param missing: how it is refused until then, if that is so.
    :param body: what may be written.
    :param defaults: what a read has where the write left it out.
    :param write_only: members that the answer to the write has, and no read.
    :param unseen: members that no answer has.
    :param is_read: whether it can be read at all.
    """

    path: str
    scope: str
    method: str
    title: str
    initial: dict = field(default_factory=dict)
    missing: Callable[[], ApiError] | None = None
    body: Body = _OBJECT
    defaults: dict = field(default_factory=dict)
    write_only: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    is_read: bool = True


_GUARDIAN = "guardian/factors/"
_ATTACK = "attack-protection/"
_NO_TEMPLATE = _missing(404, "The template does not exist.", "inexistent_email_template")
_NO_PROVIDER = _missing(404, "There is not a configured email provider", "inexistent_email_provider")
SETTINGS = (
    Settings("branding", "branding", "PATCH", "Update branding settings"),
    Settings(
        "prompts",
        "prompts",
        "PATCH",
        "Update prompt settings",
        {"universal_login_experience": "new", "identifier_first": False},
    ),
    Settings(
        "prompts/{prompt}/custom-text/{language}",
        "prompts",
        "PUT",
        "Set custom text for a specific prompt and language",
    ),
    Settings("prompts/{prompt}/partials", "prompts", "PUT", "Set partials for a prompt"),
    Settings(
        BRUTE_FORCE, "attack_protection", "PATCH", "Update Brute-force Protection settings", body=_BRUTE_FORCE_BODY
    ),
    Settings(
        _ATTACK + "breached-password-detection",
        "attack_protection",
        "PATCH",
        "Update Breached Password Detection settings",
        {
            "enabled": False,
            "shields": [],
            "admin_notification_frequency": [],
            "method": "standard",
            "stage": {"pre-user-registration": {"shields": []}, "pre-change-password": {"shields": []}},
        },
    ),
    Settings(
        _ATTACK + "suspicious-ip-throttling",
        "attack_protection",
        "PATCH",
        "Update Suspicious IP Throttling settings",
        {
            "enabled": True,
            "shields": ["admin_notification", "block"],
            "allowlist": [],
            "stage": {
                "pre-login": {"max_attempts": 100, "rate": 864000},
                "pre-user-registration": {"max_attempts": 50, "rate": 1200},
                "pre-custom-token-exchange": {"max_attempts": 10, "rate": 600000},
            },
        },
    ),
    Settings(
        _ATTACK + "bot-detection",
        "attack_protection",
        "PATCH",
        "Update Bot Detection settings",
        {
            "challenge_password_policy": "never",
            "challenge_passwordless_policy": "never",
            "challenge_password_reset_policy": "never",
            "allowlist": [],
            "bot_detection_level": "medium",
            "monitoring_mode_enabled": False,
        },
    ),
    Settings(
        _ATTACK + "captcha",
        "attack_protection",
        "PATCH",
        "Update captcha settings",
        {
            "active_provider_id": "auth_challenge",
            "simple_captcha": {},
            "auth_challenge": {"fail_open": False},
            "recaptcha_v2": {"site_key": ""},
            "recaptcha_enterprise": {"site_key": "", "project_id": ""},
            "hcaptcha": {"site_key": ""},
            "friendly_captcha": {"site_key": ""},
            "arkose": {
                "site_key": "",
                "client_subdomain": "client-api",
                "verify_subdomain": "verify-api",
                "fail_open": False,
            },
        },
    ),
    Settings(
        "risk-assessments/settings",
        "attack_protection",
        "PATCH",
        "Update risk assessment settings",
        {"enabled": False},
    ),
    Settings(
        "risk-assessments/settings/new-device",
        "attack_protection",
        "PATCH",
        "Update new device assessor",
        {"remember_for": 30},
    ),
    Settings(
        _GUARDIAN + "push-notification/providers/sns",
        "guardian_factors",
        "PUT",
        "Update AWS SNS configuration",
        write_only=("aws_secret_access_key",),
    ),
    Settings(
        _GUARDIAN + "push-notification/providers/apns",
        "guardian_factors",
        "PUT",
        "Update APNS configuration",
        defaults={"enabled": True},
        unseen=("p12",),
    ),
    *(
        Settings(
            _GUARDIAN + "push-notification/providers/" + name,
            "guardian_factors",
            "PUT",
            title,
            unseen=(secret,),
            is_read=False,
        )
        for name, title, secret in (
            ("fcm", "Updates FCM configuration", "server_key"),
            ("fcmv1", "Updates FCMV1 configuration", "server_credentials"),
        )
    ),
    Settings(_GUARDIAN + "duo/settings", "guardian_factors", "PUT", "Set the DUO account configuration"),
    # Defaults and bounds are documented, the scopes of these three are not; terraform-provider-auth0 was recorded reading them.
    Settings(
        "guardian/settings",
        "guardian_factors",
        "PUT",
        "Set the Guardian Settings",
        {
            "display_remember_me_checkbox": True,
            "remember_me_default_value": False,
            "mfa_session_inactivity_timeout": 604800,
            "mfa_session_overall_timeout": 2592000,
        },
        body=_GUARDIAN_BODY,
    ),
    *(
        Settings(
            f"{_GUARDIAN}{factor}/settings",
            "guardian_factors",
            "PUT",
            f"Set the {factor.title()} Factor Settings",
            {"otp_length": 6, "otp_expiration_time": 300},
            body=_CODE_BODY,
        )
        for factor in ("phone", "email")
    ),
    # Not in the published description; go-auth0 and terraform-provider-auth0 were recorded using them.
    Settings(
        _GUARDIAN + "webauthn-roaming/settings",
        "guardian_factors",
        "PUT",
        "Update WebAuthn roaming settings",
        {"userVerification": "discouraged", "overrideRelyingParty": False},
        defaults={"overrideRelyingParty": False},
    ),
    Settings(
        _GUARDIAN + "webauthn-platform/settings",
        "guardian_factors",
        "PUT",
        "Update WebAuthn platform settings",
        {"overrideRelyingParty": False},
    ),
    Settings(
        _GUARDIAN + "push-notification/selected-provider",
        "guardian_factors",
        "PUT",
        "Update push notification provider configuration",
        {"provider": "guardian"},
    ),
    *(
        setting
        for factor in ("sms", "phone")
        for setting in (
            Settings(
                _GUARDIAN + factor + "/providers/twilio",
                "guardian_factors",
                "PUT",
                "Update Twilio configuration",
                defaults={"from": None, "messaging_service_sid": None},
            ),
            Settings(
                _GUARDIAN + factor + "/templates",
                "guardian_factors",
                "PUT",
                "Update enrollment and verification templates",
            ),
            Settings(
                _GUARDIAN + factor + "/selected-provider",
                "guardian_factors",
                "PUT",
                "Update phone provider configuration",
                {"provider": "auth0"},
            ),
        )
    ),
    Settings("emails/provider", "email_provider", "PATCH", "Update email provider", missing=_NO_PROVIDER),
    Settings("email-templates/{name}", "email_templates", "PATCH", "Patch an email template", missing=_NO_TEMPLATE),
)


def _read(setting: Settings) -> Handler:
    def answer(call: Call) -> tuple[int, dict]:
        present = _present(call, setting)
        if _key(call, setting) in call.tenant.configuration.documents:
            present = {**setting.defaults, **_without(present, setting.write_only)}
        return 200, select_fields(call, present)

    return answer


def _write(setting: Settings) -> Handler:
    def answer(call: Call) -> tuple[int, dict]:
        documents = call.tenant.configuration.documents
        if setting.method == "PUT":
            documents[_key(call, setting)] = _without(call.content, setting.unseen)
        else:
            documents[_key(call, setting)] = merged(_present(call, setting), call.content)
        return 200, documents[_key(call, setting)]

    return answer


def _without(document: dict, names: tuple[str, ...]) -> dict:
    return {name: value for name, value in document.items() if name not in names}


def _present(call: Call, setting: Settings) -> dict:
    document = call.tenant.configuration.documents.get(_key(call, setting))
    if document is None and setting.missing is not None:
        raise setting.missing()
    return setting.initial if document is None else document


def _key(call: Call, setting: Settings) -> str:
    return setting.path.format(**call.path)


# The page template of Universal Login is a text in an object, and is written as a text.

_TEMPLATE = "branding/templates/universal-login"


def get_template(call: Call) -> tuple[int, dict]:
    """``GET /branding/templates/universal-login``."""
    document = call.tenant.configuration.documents.get(_TEMPLATE)
    if document is None:
        raise management_error(404, "Template does not exist.", "inexistent_template")
    return 200, document


def set_template(call: Call) -> tuple[int, dict]:
    """``PUT /branding/templates/universal-login``: 201 with an empty object (recorded)."""
    content = call.content
    call.tenant.configuration.documents[_TEMPLATE] = content if isinstance(content, dict) else {"body": content}
    return 201, {}


def delete_template(call: Call) -> tuple[int, None]:
    """``DELETE /branding/templates/universal-login``."""
    call.tenant.configuration.documents.pop(_TEMPLATE, None)
    return 204, None


_TEMPLATE_BODY = Body(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "properties": {"template": {"type": "string"}}, "required": ["template"]},
        ]
    }
)


# Objects that the tenant has none of


def none_of(name: str) -> Handler:
    """A list in one of the usual shapes."""

    def answer(call: Call) -> tuple[int, list | dict]:
        return 200, listed(call, name, [], dict, str)

    return answer


def _always(value: Any) -> Handler:
    def answer(_call: Call) -> tuple[int, Any]:
        return 200, value

    return answer


# By path: the scope, and the member that holds them.
NONE_OF = {
    "rules": ("rules", "rules"),
    "hooks": ("hooks", "hooks"),
    "flows": ("flows", "flows"),
    "flows/vault/connections": ("flows_vault_connections", "connections"),
    "forms": ("forms", "forms"),
    "self-service-profiles": ("self_service_profiles", "self_service_profiles"),
    "network-acls": ("network_acls", "network_acls"),
    "user-attribute-profiles": ("user_attribute_profiles", "user_attribute_profiles"),
    "connection-profiles": ("connection_profiles", "connection_profiles"),
    "token-exchange-profiles": ("token_exchange_profiles", "token_exchange_profiles"),
    "event-streams": ("event_streams", "eventStreams"),
    "prompts/rendering": ("prompts", "configs"),
}
_FIXED: dict[str, tuple[str, Any]] = {
    "rules-configs": ("rules_configs", []),
    "actions/modules": ("actions", {"modules": [], "total": 0, "page": 0, "per_page": 50}),
    "branding/phone/providers": ("phone_providers", {"providers": []}),
    "branding/phone/templates": ("phone_templates", {"templates": []}),
}


def no_theme(_call: Call) -> tuple[int, None]:
    """``GET /branding/themes/default``."""
    message = "There was an error retrieving branding settings: invalid theme ID"
    raise management_error(404, message, "theme_not_found")


def no_signals(_call: Call) -> tuple[int, None]:
    """``GET /supplemental-signals``: not of this plan."""
    message = "Please upgrade your subscription to enable Akamai Signals."
    raise management_error(403, message, "insufficient_scope")


# What no application was granted: by scope, the methods and paths.
_VERBS = {"GET": "read", "POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}
UNGRANTED = {
    "agents": "GET POST agents, GET PATCH DELETE agents/{id}",
    "anomaly_blocks": "GET DELETE anomaly/blocks/ips/{id}",
    "client_credentials": "GET POST clients/{id}/credentials, GET PATCH DELETE clients/{id}/credentials/{credential_id}",
    "client_grants": "POST client-grants, DELETE client-grants/{id}",
    "clients": "POST clients, DELETE clients/{id}",
    "connection_profiles": "POST connection-profiles, PATCH DELETE connection-profiles/{id}",
    "connections": "POST connections, DELETE connections/{id}",
    "custom_domains": "POST custom-domains, DELETE custom-domains/{id}",
    "custom_signing_keys": "GET PUT DELETE keys/custom-signing",
    "device_credentials": "GET POST device-credentials, DELETE device-credentials/{id}",
    "directory_provisionings": "GET connections-directory-provisionings, GET POST PATCH DELETE connections/{id}/directory-provisioning",
    "email_provider": "POST DELETE emails/provider",
    "email_templates": "POST email-templates",
    "encryption_keys": "GET POST keys/encryption, GET DELETE keys/encryption/{id}",
    "event_streams": "POST event-streams, PATCH DELETE event-streams/{id}",
    "events": "GET events",
    "flows": "POST flows, PATCH DELETE flows/{id}",
    "flows_vault_connections": "POST flows/vault/connections, PATCH DELETE flows/vault/connections/{id}",
    "forms": "POST forms, PATCH DELETE forms/{id}",
    "grants": "GET DELETE grants, DELETE grants/{id}",
    "groups": "GET groups, GET DELETE groups/{id}",
    "hooks": "POST hooks, PATCH DELETE hooks/{id}",
    "network_acl_keys": "GET POST keys/network-acls, GET DELETE keys/network-acls/{id}",
    "network_acls": "POST network-acls, PATCH PUT DELETE network-acls/{id}",
    "organizations": "PATCH organizations/{id}",
    "phone_providers": "POST branding/phone/providers, PATCH DELETE branding/phone/providers/{id}",
    "phone_templates": "POST branding/phone/templates, PATCH DELETE branding/phone/templates/{id}",
    "rate_limit_policies": "GET POST rate-limit-policies, GET PATCH DELETE rate-limit-policies/{id}",
    "resource_servers": "POST resource-servers, PATCH DELETE resource-servers/{id}",
    "rules": "POST rules, PATCH DELETE rules/{id}",
    "rules_configs": "PUT DELETE rules-configs/{id}",
    "scim_config": "GET connections-scim-configurations, GET POST PATCH DELETE connections/{id}/scim-configuration",
    "scim_token": "GET POST connections/{id}/scim-configuration/tokens",
    "self_service_profiles": "POST self-service-profiles, PATCH DELETE self-service-profiles/{id}",
    "signing_keys": "GET keys/signing, GET keys/signing/{id}",
    "stats": "GET stats/active-users, GET stats/daily",
    "token_exchange_profiles": "POST token-exchange-profiles, PATCH DELETE token-exchange-profiles/{id}",
    "user_attribute_profiles": "POST user-attribute-profiles, PATCH DELETE user-attribute-profiles/{id}",
    "user_tickets": "POST tickets/email-verification, POST tickets/password-change",
    "vdcs_templates": "GET POST verifiable-credentials/verification/templates",
}


def never(_call: Call) -> tuple[int, None]:
    """What an administrator reaches who grants such a scope: the tenant does not have it."""
    raise unknown_path("management")


def _ungranted() -> list[Route]:
    routes = []
    for scope, operations in UNGRANTED.items():
        for operation in operations.split(", "):
            *methods, path = operation.split(" ")
            routes += [Route(method, _PREFIX + path, never, (f"{_VERBS[method]}:{scope}",)) for method in methods]
    return routes


ROUTES = [
    *(Route("GET", _PREFIX + it.path, _read(it), (f"read:{it.scope}",)) for it in SETTINGS if it.is_read),
    *(
        Route(it.method, _PREFIX + it.path, _write(it), (f"update:{it.scope}",), body=it.body, title=it.title)
        for it in SETTINGS
    ),
    *(Route("GET", _PREFIX + path, none_of(name), (f"read:{scope}",)) for path, (scope, name) in NONE_OF.items()),
    *(Route("GET", _PREFIX + path, _always(value), (f"read:{scope}",)) for path, (scope, value) in _FIXED.items()),
    Route("GET", _PREFIX + _TEMPLATE, get_template, ("read:branding",)),
    Route(
        "PUT",
        _PREFIX + _TEMPLATE,
        set_template,
        ("update:branding",),
        body=_TEMPLATE_BODY,
        title="Set template for New Universal Login Experience",
    ),
    Route(
        "DELETE",
        _PREFIX + _TEMPLATE,
        delete_template,
        ("delete:branding",),
        title="Delete template for New Universal Login Experience",
    ),
    Route("GET", _PREFIX + "branding/themes/default", no_theme, ("read:branding",)),
    Route("GET", _PREFIX + "supplemental-signals", no_signals, ("read:attack_protection",)),
    *_ungranted(),
]
