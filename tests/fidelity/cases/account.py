# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and refresh tokens, and the My Account API. Each function is a case of the manifest."""

from __future__ import annotations

from ..checks import NotSeen, equal, has_status, holds
from ..lab import Lab
from ..tenant import Answer, encoded
from .token import exchange

UNKNOWN = encoded("totp|dev_AAAAAAAAAAAAAAAA")


def no_sessions(lab: Lab) -> None:
    equal("sessions", has_status(of_the_plan(lab, "GET", f"{lab.user}/sessions"), 200).member("sessions"), [])


def end_sessions(lab: Lab) -> None:
    has_status(of_the_plan(lab, "DELETE", f"{lab.user}/sessions"), 202)


def end_refresh_tokens(lab: Lab) -> None:
    has_status(of_the_plan(lab, "DELETE", f"{lab.user}/refresh-tokens"), 202)


def revoke_access(lab: Lab) -> None:
    has_status(of_the_plan(lab, "POST", f"{lab.user}/revoke-access", json={}), 202)


def refresh_token_is_listed(lab: Lab) -> None:
    lab.bare()
    token = has_status(lab.login(scope="read:authenticators offline_access"), 200).member("refresh_token")
    if token is None:
        raise NotSeen("the application gets no refresh token")
    found = has_status(of_the_plan(lab, "GET", f"{lab.user}/refresh-tokens"), 200)
    holds(any(item["client_id"] == lab.application().client_id for item in found.body["tokens"]), "it is not listed")
    holds(token.encode() not in found.content, "the token itself is shown")


def refresh_narrows(lab: Lab) -> None:
    lab.bare()
    asked = "read:authenticators enroll offline_access"
    token = has_status(lab.login(scope=asked), 200).member("refresh_token")
    if token is None:
        raise NotSeen("the application gets no refresh token")
    granted = has_status(exchange(lab, token, scope="enroll"), 200).body.get("scope", "").split()
    holds("read:authenticators" not in granted, "the scope is not narrower")


def my_factors(lab: Lab) -> None:
    found = has_status(me(lab, "GET", "/factors"), 200).body["factors"]
    holds(
        all(isinstance(item["type"], str) and isinstance(item["usage"], list) for item in found), "type or usage is odd"
    )


def my_methods(lab: Lab) -> None:
    found = has_status(me(lab, "GET", "/authentication-methods"), 200).body["authentication_methods"]
    shown = [item for item in found if item["type"] == "totp"]
    equal("OTP apps", [(item["confirmed"], item["usage"]) for item in shown], [(True, ["secondary"])])


def my_enrollment_is_202(lab: Lab) -> None:
    if not lab.factors()["otp"]:
        raise NotSeen("the tenant does not offer the factor otp")
    body = has_status(me(lab, "POST", "/authentication-methods", json={"type": "totp"}), 202).body
    missing = {"id", "auth_session", "barcode_uri", "manual_input_code"} - set(body)
    holds(not missing, f"missing: {', '.join(sorted(missing))}")


def my_unknown_method(lab: Lab) -> None:
    has_status(me(lab, "GET", f"/authentication-methods/{UNKNOWN}"), 404)


def my_wrong_media_type(lab: Lab) -> None:
    has_status(me(lab, "POST", "/authentication-methods", form={"type": "totp"}), 415)


def of_the_plan(lab: Lab, method: str, path: str, **options: object) -> Answer:
    """A request that only some plans have."""
    answer = lab.manage(method, path, **options)
    if answer.status == 403:
        raise NotSeen("the tenant's plan does not have it")
    return answer


def me(lab: Lab, method: str, path: str, **options) -> Answer:
    """A request to the My Account API, of a user with an OTP app."""
    return lab.tenant.send(method, f"/me/v1{path}", token=my_token(lab), **options)


def my_token(lab: Lab) -> str:
    """The user's token for the My Account API."""
    secret = lab.with_otp()
    answer = lab.login("me")
    if answer.member("error") in ("access_denied", "invalid_target", "unauthorized_client"):
        raise NotSeen("the application has no access to the My Account API")
    return lab.finished(answer, secret)
