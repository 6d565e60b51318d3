# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users in the Management API. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import equal, has_status, holds, refused_by_management
from ..lab import Lab
from ..tenant import Answer, encoded

NOBODY = "/users/" + encoded("auth0|ffffffffffffffffffffffff")


def profile(lab: Lab) -> None:
    body = has_status(lab.manage("GET", lab.user), 200).body
    equal("user_id and email", (body["user_id"], body["email"]), (lab.user_id, lab.email))
    holds(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["created_at"]) is not None, "created_at is odd")


def identity(lab: Lab) -> None:
    (identity,) = has_status(lab.manage("GET", lab.user), 200).body["identities"]
    members = {name: identity.get(name) for name in ("connection", "provider", "isSocial")}
    equal("identity", members, {"connection": lab.given.connection, "provider": "auth0", "isSocial": False})
    equal("user_id", f"auth0|{identity['user_id']}", lab.user_id)


def content_type(lab: Lab) -> None:
    answer = has_status(lab.manage("GET", lab.user), 200)
    equal("content-type", answer.headers.get("content-type"), "application/json; charset=utf-8")


def unknown(lab: Lab) -> None:
    refused_by_management(lab.manage("GET", NOBODY), 404, "The user does not exist.", "inexistent_user")


def slash_in_the_path(lab: Lab) -> None:
    has_status(lab.manage("GET", "/users/oauth2%7Cname%7Ca/b"), 404)


def fields(lab: Lab) -> None:
    body = has_status(lab.manage("GET", lab.user, query={"fields": "email,name"}), 200).body
    equal("members", sorted(body), ["email", "name"])


def without_fields(lab: Lab) -> None:
    query = {"fields": "email", "include_fields": "false"}
    body = has_status(lab.manage("GET", lab.user, query=query), 200).body
    holds("email" not in body and "user_id" in body, "email is there, or user_id is not")


def by_email(lab: Lab) -> None:
    assert lab.user_id
    found = has_status(lab.manage("GET", "/users-by-email", query={"email": lab.email}), 200).body
    equal("users", [user["user_id"] for user in found], [lab.user_id])


def by_email_is_case_sensitive(lab: Lab) -> None:
    assert lab.user_id
    equal("users", has_status(lab.manage("GET", "/users-by-email", query={"email": lab.email.upper()}), 200).body, [])


def address_is_lower_cased(lab: Lab) -> None:
    try:
        body = has_status(lab.patch_user(email=lab.email.upper()), 200).body
        equal("email", body["email"], lab.email)
    finally:
        has_status(lab.patch_user(email=lab.email, email_verified=False), 200)
        lab.forget()


def duplicate(lab: Lab) -> None:
    assert lab.user_id
    answer = create(lab, connection=lab.given.connection, email=lab.email, password="Correct-Horse-7-Battery")
    refused_by_management(answer, 409, "The user already exists.")


def missing_connection(lab: Lab) -> None:
    refused_by_management(create(lab, email=f"x-{lab.email}"), 400, code="invalid_body")


def unknown_connection(lab: Lab) -> None:
    connection = "no-such-connection"
    refused_by_management(
        create(lab, connection=connection, email=f"x-{lab.email}", password="Correct-Horse-7-Battery"), 400
    )


def metadata_are_merged(lab: Lab) -> None:
    has_status(lab.patch_user(app_metadata={"a": 1, "b": 2}), 200)
    body = has_status(lab.patch_user(app_metadata={"b": None, "c": 3}), 200).body
    equal("app_metadata", body["app_metadata"], {"a": 1, "c": 3})


def empty_app_metadata(lab: Lab) -> None:
    has_status(lab.patch_user(app_metadata={"a": 1}), 200)
    has_status(lab.patch_user(app_metadata={}), 200)
    holds(not has_status(lab.manage("GET", lab.user), 200).body.get("app_metadata"), "app_metadata are still there")


def empty_user_metadata(lab: Lab) -> None:
    has_status(lab.patch_user(user_metadata={"a": 1}), 200)
    has_status(lab.patch_user(user_metadata={}), 200)
    equal("user_metadata", has_status(lab.manage("GET", lab.user), 200).body.get("user_metadata"), {})


def unknown_property(lab: Lab) -> None:
    refused_by_management(lab.patch_user(color="red"), 400, code="invalid_body")


def multifactor(lab: Lab) -> None:
    lab.with_otp()
    equal("multifactor", has_status(lab.manage("GET", lab.user), 200).body.get("multifactor"), ["guardian"])


def no_multifactor(lab: Lab) -> None:
    lab.bare()
    holds(not has_status(lab.manage("GET", lab.user), 200).body.get("multifactor"), "multifactor is there")


def delete_unknown(lab: Lab) -> None:
    has_status(lab.manage("DELETE", NOBODY), 204)


def recovery_code(lab: Lab) -> None:
    lab.with_otp()
    code = has_status(lab.manage("POST", f"{lab.user}/recovery-code-regeneration"), 200).body["recovery_code"]
    holds(re.fullmatch("[1-9A-Z]{24}", code) is not None, "the code is not 24 digits and capitals")


def recovery_code_is_new_each_time(lab: Lab) -> None:
    lab.with_otp()
    path = f"{lab.user}/recovery-code-regeneration"
    codes = {has_status(lab.manage("POST", path), 200).body["recovery_code"] for _number in range(2)}
    equal("different codes", len(codes), 2)


def recovery_code_of_unknown(lab: Lab) -> None:
    has_status(lab.manage("POST", f"{NOBODY}/recovery-code-regeneration"), 404)


def forget_browsers(lab: Lab) -> None:
    answer = has_status(lab.manage("POST", f"{lab.user}/multifactor/actions/invalidate-remember-browser"), 204)
    equal("bytes of the body", len(answer.content), 0)


def password_change(lab: Lab) -> None:
    has_status(lab.change_password(), 200)
    holds("last_password_reset" in has_status(lab.manage("GET", lab.user), 200).body, "last_password_reset is missing")


def no_blocks(lab: Lab) -> None:
    equal(
        "blocks", has_status(lab.manage("GET", f"/user-blocks/{encoded(lab.user_id)}"), 200).body, {"blocked_for": []}
    )


def unblock(lab: Lab) -> None:
    has_status(lab.manage("DELETE", f"/user-blocks/{encoded(lab.user_id)}"), 204)


def first_enrollment(lab: Lab) -> None:
    lab.bare()
    equal("enrollments", has_status(lab.manage("GET", f"{lab.user}/enrollments"), 200).body, [])


def only_one_enrollment(lab: Lab) -> None:
    lab.with_otp()
    has_status(lab.add(type="phone", phone_number="+15005550100"), 201)
    found = has_status(lab.manage("GET", f"{lab.user}/enrollments"), 200).body
    equal("enrollments", [item["status"] for item in found], ["confirmed"])


def all_authenticators(lab: Lab) -> None:
    lab.with_otp()
    has_status(lab.manage("DELETE", f"{lab.user}/authenticators"), 204)
    equal("methods", lab.listed(), [])


def unknown_provider(lab: Lab) -> None:
    has_status(lab.manage("DELETE", f"{lab.user}/multifactor/no-such-provider"), 400)


def create(lab: Lab, **members: str) -> Answer:
    """``POST`` a user that must not come into being; one that did is removed."""
    answer = lab.manage("POST", "/users", json=members)
    if answer.status == 201:
        has_status(lab.manage("DELETE", f"/users/{encoded(answer.body['user_id'])}"), 204)
    return answer
