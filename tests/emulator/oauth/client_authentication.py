# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request parameters and client authentication of the Authentication and MFA APIs (API.md §1)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote

import jwt

from ..factors.verification import same_text
from ..http.errors import ApiError, oauth_error
from ..http.routing import Call
from ..state.clients import Client
from .client_assertion import ASSERTION_TYPE, assertion_problem


def read_parameters(call: Call) -> dict[str, str]:
    """The string parameters of a JSON or form body."""
    if call.headers.get("content-type", "").partition(";")[0].strip() == "application/x-www-form-urlencoded":
        return dict(parse_qsl(call.body.decode("utf-8", "replace")))
    body = read_json(call)
    return {name: value for name, value in body.items() if isinstance(value, str)}


def read_json(call: Call) -> dict[str, Any]:
    """The JSON object in the body; 400 ``invalid_request`` for anything else."""
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise oauth_error(400, "invalid_request", "The body is not a JSON object")
    return body


def required(parameters: dict, name: str) -> str:
    """The value of a parameter; 400 ``invalid_request`` when it is missing or empty."""
    value = parameters.get(name)
    if not value or not isinstance(value, str):
        raise oauth_error(400, "invalid_request", f"Missing required parameter: {name}")
    return value


def authenticate_client(call: Call, parameters: dict) -> Client:
    """The client by ``client_id`` and ``client_secret`` in the body or by HTTP Basic, or by ``client_assertion``.

    401 if they do not match. A public application has no secret and sends only its ``client_id``.
    """
    if "client_assertion" in parameters:
        return _by_assertion(call, parameters)
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    scheme, _separator, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _unauthorized() from None
        client_id, secret = (unquote(part) for part in text.partition(":")[::2])
    if not client_id:
        raise oauth_error(400, "invalid_request", "Missing required parameter: client_id")
    client = call.tenant.applications.find(client_id)
    if client is None or client.key_file is not None:
        raise _unauthorized()
    if client.secret is not None and (not isinstance(secret, str) or not same_text(secret, client.secret)):
        raise _unauthorized()
    call.principal = client.id
    return client


def _by_assertion(call: Call, parameters: dict) -> Client:
    """The client that signed the assertion; 401 ``invalid_client``, with the reason in the log only, as Auth0 does."""
    if parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise oauth_error(400, "invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
    assertion = required(parameters, "client_assertion")
    client = call.tenant.applications.find(_signer(assertion))
    if client is None or client.key_file is None or parameters.get("client_id", client.id) != client.id:
        problem = "no application with a key has this client_id"
    else:
        tenant = call.tenant
        problem = assertion_problem(tenant.issuer, tenant.used_assertions, client, assertion, tenant.now() / 1000)
    if problem is not None:
        details = {"client_authentication_error": problem}
        call.tenant.record_event("feccft", description="Failed client authentication", details=details)
        raise oauth_error(401, "invalid_client", "Failed client authentication")
    call.principal = client.id
    return client


def _signer(assertion: str) -> str:
    """The client ID that an assertion claims, unverified; empty if it claims none."""
    try:
        return str(jwt.decode(assertion, options={"verify_signature": False}).get("iss"))
    except jwt.InvalidTokenError:
        return ""


def require_grant(client: Client, grant: str) -> None:
    """403 ``unauthorized_client`` unless the grant is enabled on the application."""
    if grant not in client.grants:
        raise oauth_error(
            403,
            "unauthorized_client",
            f"Grant type '{grant}' not allowed for the client.",
            error_uri="https://auth0.com/docs/clients/client-grant-types",
        )


def _unauthorized() -> ApiError:
    return oauth_error(401, "access_denied", "Unauthorized")
