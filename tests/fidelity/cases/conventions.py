# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conventions of all APIs: bearers, paths, bodies, headers. Each function is a case of the manifest."""

from __future__ import annotations

from ..checks import equal, has_status, holds, refused_by_management
from ..lab import Lab
from ..tenant import Answer, encoded


def management_without_token(lab: Lab) -> None:
    refused_by_management(plain(lab, None), 401)


def opaque_bearer(lab: Lab) -> None:
    refused_by_management(plain(lab, "opaque"), 400, "Bad HTTP authentication header format", "Bearer")


def other_signature(lab: Lab) -> None:
    head, body, _signature = lab.token().split(".")
    answer = plain(lab, f"{head}.{body}.{'A' * 342}")
    refused_by_management(answer, 401, "Invalid token")
    equal("attributes", answer.member("attributes"), {"error": "Invalid token"})


def unknown_management_path(lab: Lab) -> None:
    refused_by_management(lab.manage("GET", "/no-such-path"), 404)


def unknown_management_method(lab: Lab) -> None:
    has_status(lab.manage("PUT", "/users-by-email", json={}), 404, 405)


def broken_json(lab: Lab) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {lab.token()}"}
    answer = lab.tenant.send("PATCH", f"/api/v2{lab.user}", headers=headers, form="{")
    refused_by_management(answer, 400)


def encoded_pipe(lab: Lab) -> None:
    path = lab.user_id.replace("|", "%7C")
    equal("user_id", has_status(lab.manage("GET", f"/users/{path}"), 200).member("user_id"), lab.user_id)


def limit_headers(lab: Lab) -> None:
    headers = has_status(lab.manage("GET", lab.user), 200).headers
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        holds(headers.get(name, "").isdecimal(), f"{name} is no whole number")


def reset_in_unix_seconds(lab: Lab) -> None:
    reset = int(has_status(lab.manage("GET", lab.user), 200).headers["x-ratelimit-reset"])
    holds(abs(reset - lab.tenant.now()) < 3700, "x-ratelimit-reset is not about now")


def limit_headers_of_a_refusal(lab: Lab) -> None:
    answer = has_status(lab.manage("GET", f"/users/{encoded('auth0|ffffffffffffffffffffffff')}"), 404)
    holds("x-ratelimit-remaining" in answer.headers, "there is no x-ratelimit-remaining")


def date(lab: Lab) -> None:
    holds("date" in has_status(lab.manage("GET", lab.user), 200).headers, "there is no Date")


def large_body(lab: Lab) -> None:
    answer = lab.patch_user(user_metadata={"large": "x" * 1_100_000})
    has_status(answer, 400, 413)


def my_account_without_token(lab: Lab) -> None:
    answer = has_status(lab.tenant.send("GET", "/me/v1/factors"), 401)
    for name in ("type", "status", "title", "detail"):
        holds(name in answer.body, f"{name} is missing")


def plain(lab: Lab, token: str | None) -> Answer:
    """A read of the Management API with this bearer."""
    return lab.tenant.send("GET", "/api/v2/guardian/factors", token=token)
