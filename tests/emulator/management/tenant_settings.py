# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/tenants/settings`` (recorded: go-auth0 ``TestTenantManager``; members and flags: the types of node-auth0 6).

Of the settings these have an effect here: ``default_directory``, ``default_token_quota``, and the flags
``disable_management_api_sms_obfuscation`` and ``revoke_refresh_token_grant``.
"""

from __future__ import annotations

from typing import Any

from ..http.routing import Call, Route
from ..http.schemas import Body, Schema, array, boolean, record, text
from ..http.validation import select_fields
from ..state.configuration import PLAIN_NUMBERS, REVOCATION_ENDS_GRANT, SANDBOXES, merged

_QUOTA = {"type": "integer", "minimum": 1, "maximum": 2147483647}
TOKEN_QUOTA: Schema = {
    **record(
        {
            "client_credentials": {
                **record({"enforce": boolean(), "per_day": _QUOTA, "per_hour": _QUOTA}),
                "minProperties": 1,
            }
        },
        ["client_credentials"],
    ),
    "type": ["object", "null"],
}
_FLAGS = (
    "allow_changing_enable_sso allow_legacy_delegation_grant_types allow_legacy_ro_grant_types allow_legacy_tokeninfo_endpoint "
    "change_pwd_flow_v1 custom_domains_provisioning dashboard_insights_view dashboard_log_streams_next "
    "disable_clickjack_protection_headers disable_fields_map_fix disable_impersonation enable_adfs_waad_email_verification "
    "enable_apis_section enable_client_connections enable_custom_domain_in_emails enable_dynamic_client_registration "
    "enable_idtoken_api2 enable_legacy_logs_search_v2 enable_legacy_profile enable_pipeline2 enable_public_signup_user_exists_error "
    "enable_sso enforce_client_authentication_on_passwordless_start genai_trial improved_signup_bot_detection_in_classic "
    "local_resource_discovery mfa_show_factor_list_on_enrollment new_universal_login_experience_enabled "
    "no_disclose_enterprise_connections remove_alg_from_jwks trust_azure_adfs_email_verified_connection_property universal_login "
    "use_scope_descriptions_for_consent"
).split()
_OBJECT: Schema = {"type": ["object", "null"]}
_BOOLEAN: Schema = {"type": ["boolean", "null"]}
_NUMBER: Schema = {"type": "number", "minimum": 0}
_TEXTS: Schema = {**array(text()), "type": ["array", "null"]}
_SETTINGS: dict[str, Schema] = {
    **dict.fromkeys(
        (
            "change_password device_flow error_page guardian_mfa_page mtls oidc_logout security_headers session_cookie sessions"
        ).split(),
        _OBJECT,
    ),
    **dict.fromkeys(
        (
            "default_audience default_directory default_redirection_uri friendly_name legacy_sandbox_version picture_url "
            "resource_parameter_profile sandbox_version support_email support_url"
        ).split(),
        text(),
    ),
    **dict.fromkeys(
        (
            "allow_organization_name_in_authentication_api authorization_response_iss_parameter_supported "
            "client_id_metadata_document_supported customize_mfa_in_postlogin_action enable_ai_guide "
            "include_session_metadata_in_tenant_logs phone_consolidated_experience pushed_authorization_requests_supported "
            "skip_non_verifiable_callback_uri_confirmation_prompt"
        ).split(),
        _BOOLEAN,
    ),
    **dict.fromkeys(
        (
            "ephemeral_session_lifetime ephemeral_session_lifetime_in_minutes idle_ephemeral_session_lifetime "
            "idle_ephemeral_session_lifetime_in_minutes idle_session_lifetime idle_session_lifetime_in_minutes session_lifetime "
            "session_lifetime_in_minutes"
        ).split(),
        _NUMBER,
    ),
    **dict.fromkeys(("acr_values_supported", "allowed_logout_urls", "enabled_locales"), _TEXTS),
    "default_token_quota": {
        **record({"clients": TOKEN_QUOTA, "organizations": TOKEN_QUOTA}),
        "type": ["object", "null"],
    },
    "flags": record(dict.fromkeys((*_FLAGS, PLAIN_NUMBERS, REVOCATION_ENDS_GRANT), boolean())),
}
_UPDATE = Body(record(_SETTINGS))
_MINUTES = "_in_minutes"


def get_settings(call: Call) -> tuple[int, dict]:
    """``GET /tenants/settings``."""
    settings = call.tenant.configuration.settings
    return 200, select_fields(call, {**settings, "sandbox_versions_available": SANDBOXES})


def update_settings(call: Call) -> tuple[int, dict]:
    """``PATCH /tenants/settings``: flags are merged, everything else is replaced; the available sandboxes are not answered (recorded)."""
    configuration = call.tenant.configuration
    values = _in_hours(call.content)
    if "flags" in values:
        values["flags"] = configuration.settings["flags"] | values["flags"]
    configuration.settings = merged(configuration.settings, values)
    return 200, configuration.settings


def _in_hours(content: dict) -> dict[str, Any]:
    """The settings with lifetimes in hours, which may be written in minutes as well, and are read in hours alone (recorded)."""
    values = {}
    for name, value in content.items():
        if name.endswith(_MINUTES):
            name, hours = name.removesuffix(_MINUTES), value / 60
            value = int(hours) if hours == int(hours) else hours
        values[name] = value
    return values


_PATH = "/api/v2/tenants/settings"
ROUTES = [
    Route("GET", _PATH, get_settings, ("read:tenant_settings",)),
    Route("PATCH", _PATH, update_settings, ("update:tenant_settings",), body=_UPDATE, title="Update tenant settings"),
]
