# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications registered in the tenant, and the scopes they were granted."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT_CREDENTIALS = "client_credentials"
PASSWORD = "password"
PASSWORD_REALM = "http://auth0.com/oauth/grant-type/password-realm"
MFA_OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
MFA_OOB = "http://auth0.com/oauth/grant-type/mfa-oob"
MFA_RECOVERY_CODE = "http://auth0.com/oauth/grant-type/mfa-recovery-code"
MFA_GRANTS = (MFA_OTP, MFA_OOB, MFA_RECOVERY_CODE)
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"

OIDC_SCOPES = ("openid", "profile", "email", "address", "phone")
OFFLINE_ACCESS = "offline_access"
MFA_SCOPES = ("enroll", "read:authenticators", "remove:authenticators")
ME_SCOPES = (
    "create:me:authentication_methods",
    "read:me:authentication_methods",
    "update:me:authentication_methods",
    "delete:me:authentication_methods",
    "read:me:factors",
)
READ_SCOPES = (
    "read:users",
    "read:users_app_metadata",
    "read:authentication_methods",
    "read:guardian_enrollments",
    "read:guardian_factors",
    "read:mfa_policies",
    "read:sessions",
    "read:refresh_tokens",
    "read:logs",
    "read:logs_users",
    "read:actions",
    "read:attack_protection",
    "read:branding",
    "read:client_grants",
    "read:clients",
    "read:connection_profiles",
    "read:connections",
    "read:custom_domains",
    "read:email_provider",
    "read:email_templates",
    "read:event_streams",
    "read:flows",
    "read:flows_vault_connections",
    "read:forms",
    "read:hooks",
    "read:log_streams",
    "read:network_acls",
    "read:organization_members",
    "read:organizations",
    "read:phone_providers",
    "read:phone_templates",
    "read:prompts",
    "read:resource_servers",
    "read:roles",
    "read:rules",
    "read:rules_configs",
    "read:self_service_profiles",
    "read:tenant_settings",
    "read:token_exchange_profiles",
    "read:user_attribute_profiles",
)
WRITE_SCOPES = (
    "create:users",
    "update:users",
    "delete:users",
    "update:users_app_metadata",
    "create:authentication_methods",
    "update:authentication_methods",
    "delete:authentication_methods",
    "delete:guardian_enrollments",
    "create:guardian_enrollment_tickets",
    "update:guardian_factors",
    "update:mfa_policies",
    "delete:sessions",
    "delete:refresh_tokens",
    "create:actions",
    "update:actions",
    "delete:actions",
    "update:attack_protection",
    "update:branding",
    "delete:branding",
    "update:client_grants",
    "update:clients",
    "update:connections",
    "update:custom_domains",
    "update:email_provider",
    "update:email_templates",
    "create:log_streams",
    "update:log_streams",
    "delete:log_streams",
    "update:prompts",
    "create:roles",
    "update:roles",
    "delete:roles",
    "update:tenant_settings",
    "create:organizations",
    "delete:organizations",
    "create:organization_members",
    "delete:organization_members",
)
MANAGEMENT_SCOPES = READ_SCOPES + WRITE_SCOPES


def described(scope: str) -> str:
    """What a Management scope is for, in words: ``Read Log Streams``."""
    return scope.replace(":", " ").replace("_", " ").title()


@dataclass(frozen=True)
class Client:
    """An application: which grants it may use and which Management scopes it was granted.

    :param secret: None for a public application, or for one with a ``key_file``.
    :param my_account: whether it was granted the scopes of the My Account API.
    :param key_file: file name of its private key, with which it signs the assertions that authenticate it.
    """

    id: str
    secret: str | None
    grants: tuple[str, ...]
    management_scopes: tuple[str, ...] = ()
    my_account: bool = False
    key_file: str | None = None


CLIENTS = {
    client.id: client
    for client in (
        Client("m2m", "m2m-secret", (CLIENT_CREDENTIALS,), MANAGEMENT_SCOPES),
        Client("m2m-readonly", "m2m-readonly-secret", (CLIENT_CREDENTIALS,), READ_SCOPES),
        Client("m2m-jwt", None, (CLIENT_CREDENTIALS,), MANAGEMENT_SCOPES, key_file="m2m-jwt.pem"),
        Client(
            "app",
            "app-secret",
            (PASSWORD, PASSWORD_REALM, *MFA_GRANTS, AUTHORIZATION_CODE, REFRESH_TOKEN),
            my_account=True,
        ),
        Client("spa", None, (AUTHORIZATION_CODE, REFRESH_TOKEN)),
        Client("app-without-mfa", "app-without-mfa-secret", (PASSWORD, PASSWORD_REALM)),
    )
}
