# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""auth0-python 4, unmodified, against the tenant of the one argument; silent when all is well."""

from __future__ import annotations

import sys

from auth0.authentication import GetToken
from auth0.exceptions import Auth0Error
from auth0.management import Auth0
from auth0.rest import RestClientOptions

DOMAIN = sys.argv[1]
DATABASE = "Username-Password-Authentication"


def fails(call, status, code):
    """Hold an error against the expected one."""
    try:
        call()
    except Auth0Error as error:
        assert (error.status_code, error.error_code) == (status, code), (error, error.error_code)
        return error
    raise AssertionError(f"expected {status} {code}")


def tokens():
    """Returns a token for the Management API."""
    wrong = GetToken(DOMAIN, "m2m", "wrong")
    fails(lambda: wrong.client_credentials(f"https://{DOMAIN}/api/v2/"), 401, "access_denied")
    application = GetToken(DOMAIN, "app", "app-secret")
    login = {"password": "Correct-Horse-7", "realm": DATABASE, "scope": "enroll offline_access"}
    audience = f"https://{DOMAIN}/mfa/"
    fails(lambda: application.login("user00002@example.com", audience=audience, **login), 403, "mfa_required")
    first = application.login("user00001@example.com", audience=audience, **login)
    assert (first["expires_in"], first["token_type"]) == (600, "Bearer")
    again = application.refresh_token(first["refresh_token"])
    assert again["access_token"] != first["access_token"]
    return GetToken(DOMAIN, "m2m", "m2m-secret").client_credentials(f"https://{DOMAIN}/api/v2/")["access_token"]


def users_and_methods(auth0):
    """Create, read, change and remove one user and the methods; leaves nothing behind."""
    body = {"connection": DATABASE, "email": "four@example.com", "password": "Long-Enough-1", "email_verified": True}
    user_id = auth0.users.create(body)["user_id"]
    users = auth0.users
    assert users.get(user_id)["email"] == "four@example.com"
    assert users.list(q=f'user_id:"{user_id}"', search_engine="v3")["users"][0]["user_id"] == user_id
    assert [user["user_id"] for user in auth0.users_by_email.search_users_by_email("four@example.com")] == [user_id]
    created = users.create_authentication_method(user_id, {"type": "phone", "phone_number": "+44207183875044"})
    assert created["phone_number"] == "XXXXXXXXXXX5044"
    (enrollment,) = users.get_guardian_enrollments(user_id)
    assert enrollment["auth_method"] == "sms"
    assert auth0.guardian.get_enrollment(enrollment["id"])["status"] == "confirmed"
    renamed = users.update_authentication_method_by_id(user_id, created["id"], {"name": "Work"})
    assert renamed["name"] == "Work"
    assert users.get_authentication_method_by_id(user_id, created["id"])["confirmed"] is True
    codes = {users.regenerate_recovery_code(user_id)["recovery_code"] for _attempt in range(2)}
    assert len(codes) == 2
    totp = [{"type": "totp", "totp_secret": "5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4SYJQXNBQ"}]
    assert [item["type"] for item in users.update_authentication_methods(user_id, totp)] == ["totp"]
    (listed,) = users.get_authentication_methods(user_id)
    users.delete_authentication_method_by_id(user_id, listed["id"])
    fails(lambda: users.get_authentication_method_by_id(user_id, listed["id"]), 404, "Not Found")
    users.invalidate_remembered_browsers(user_id)
    users.delete_multifactor(user_id, "google-authenticator")
    users.delete_authenticators(user_id)
    users.delete_authentication_methods(user_id)
    assert users.get_authentication_methods(user_id) == []
    ticket = auth0.guardian.create_enrollment_ticket({"user_id": user_id, "send_mail": False})
    assert ticket["ticket_url"].endswith(f"ticket={ticket['ticket_id']}")
    users.delete(user_id)
    fails(lambda: users.get(user_id), 404, "inexistent_user")


def tenant_settings(auth0):
    """Factors, Actions, logs and exports."""
    assert {"name", "enabled"} <= auth0.guardian.all_factors()[0].keys()
    assert auth0.guardian.update_factor("otp", {"enabled": True}) == {"enabled": True}
    triggers = auth0.actions.get_triggers()["triggers"]
    assert any((trigger["id"], trigger["status"]) == ("post-login", "CURRENT") for trigger in triggers)
    trigger = [{"id": "post-login", "version": "v3"}]
    code = "exports.onExecutePostLogin = async (event, api) => {};"
    action = auth0.actions.create_action({"name": "four", "supported_triggers": trigger, "code": code})
    assert [found["id"] for found in auth0.actions.get_actions(action_name="four")["actions"]] == [action["id"]]
    auth0.actions.delete_action(action["id"], force=True)
    assert auth0.logs.search(per_page=1)["logs"][0]["type"] == "sapi"
    last = auth0.logs.search(per_page=1, include_totals=False)[0]["log_id"]
    assert auth0.logs.search(from_param=last, take=10) == []
    job = auth0.jobs.export_users({"format": "json", "fields": [{"name": "user_id"}]})
    assert auth0.jobs.get(job["id"])["type"] == "users_export"


def main():
    """The whole scenario."""
    auth0 = Auth0(DOMAIN, tokens(), RestClientOptions(retries=0))
    users_and_methods(auth0)
    tenant_settings(auth0)
    fails(lambda: auth0.users.list(page=10, per_page=100), 400, "invalid_paging")


main()
