# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request parameters and client authentication of the Authentication and MFA APIs (API.md §1)."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any
from urllib.parse import parse_qsl, unquote

from .clients import CLIENTS, Client
from .errors import ApiError, oauth_error
from .routing import Call


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
    """The client by ``client_id`` and ``client_secret`` in the body or by HTTP Basic; 401 when they do not fit."""
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
    client = CLIENTS.get(client_id) if isinstance(client_id, str) else None
    if client is None or not isinstance(secret, str) or not same_text(secret, client.secret):
        raise _unauthorized()
    call.principal = client.id
    return client


def require_grant(client: Client, grant: str) -> None:
    """403 ``unauthorized_client`` unless the grant is enabled on the application."""
    if grant not in client.grants:
        raise oauth_error(
            403,
            "unauthorized_client",
            f"Grant type '{grant}' not allowed for the client.",
            error_uri="https://auth0.com/docs/clients/client-grant-types",
        )


def same_text(given: str, expected: str) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _unauthorized() -> ApiError:
    return oauth_error(401, "access_denied", "Unauthorized")
